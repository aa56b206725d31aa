//! Call-backs: opened with the approval, answered by telephone, in the app or by a link, once a round.

use super::Setting;
use super::meaning::{self, Meant};
use super::refusal::refused;
use crate::access::actor::Actor;
use crate::access::authenticate::china;
use crate::access::permit::Caller;
use crate::ledger::timers;
use crate::platform::crypto::sha256;
use crate::platform::crypto::vault::Vault;
use crate::platform::db::{Tx, padded};
use crate::platform::error::{AppError, Code};
use crate::platform::kit::Kit;
use crate::reference::Reference;
use crate::residents;
use crate::residents::preference::{Preference, check_quiet};
use crate::settings;
use crate::tickets::dto::{CallbackOut, RatingIn};
use crate::tickets::facts;
use crate::tickets::rules::lifecycle::{By, Command, Refusal, Span};
use crate::tickets::rules::{attempts, number};
use crate::tickets::store::{self, Asked, Doer, Loaded, Plan, Said, apply, label, timer};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use entity::callback;
use entity::id::{CallbackId, TicketId};
use entity::kind::{ActorKind, CallbackState, ProceedingKind, TicketState};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
};
use serde_json::json;
use std::sync::Arc;

/// The secret part of a call-back's link: made from its id, so that the message can be written later.
pub fn token(vault: &Vault, id: CallbackId) -> String {
    URL_SAFE_NO_PAD.encode(vault.index("callback.token", &id.to_string()))
}

/// Opens, counts or answers the call-back of a round, as the command demands.
///
/// # Errors
/// When the database does not answer.
pub async fn follow(tx: &Tx, setting: &Setting, loaded: &Loaded, meant: &Meant) -> Result<(), AppError> {
    match &meant.command {
        Command::Approve => open(tx, &setting.kit, loaded, true).await,
        Command::MissCallback => count_attempt(tx, loaded.ticket.id).await,
        Command::Rate(_) => {
            let Some(rating) = &meant.rating else {
                return Ok(());
            };
            let kind = setting.caller.actor.identity().0;
            answer(tx, &setting.kit.vault, loaded, rating, kind).await
        }
        _ => Ok(()),
    }
}

/// Opens the call-back of a round; what follows from another ticket is not counted as a reply of its own.
///
/// # Errors
/// When the database does not answer.
pub async fn open(tx: &Tx, kit: &Kit, loaded: &Loaded, counts: bool) -> Result<(), AppError> {
    let id: CallbackId = tx.ids().id();
    let days = settings::store::callback_grace_days(tx).await?;
    let ends = tx.now() + TimeDelta::days(days.unwrap_or(kit.config.jobs.callback_grace_days));
    tx.stage(callback::ActiveModel {
        id: Set(id),
        ticket_id: Set(loaded.ticket.id),
        round: Set(loaded.ticket.round),
        unit_id: Set(loaded.lead().map(|leg| leg.unit_id)),
        unit_path: Set(loaded.lead_path().map(str::to_owned)),
        token_hash: Set(sha256(&[token(&kit.vault, id).as_bytes()])),
        state: Set(CallbackState::Open),
        counts: Set(counts),
        attempts: Set(0),
        tried_at: Set(None),
        contacted: Set(None),
        solved: Set(None),
        satisfied: Set(None),
        opinion_sealed: Set(None),
        answered_by: Set(None),
        created_at: Set(tx.now()),
        expires_at: Set(ends),
        answered_at: Set(None),
    });
    timers::set(tx, timer::CALLBACK, loaded.ticket.id.0, ends);
    Ok(())
}

/// The call-backs of several tickets, of all rounds.
///
/// # Errors
/// When the database does not answer.
pub async fn of_tickets(
    conn: &impl ConnectionTrait,
    ids: &[TicketId],
) -> Result<Vec<callback::Model>, AppError> {
    let rows = callback::Entity::find()
        .filter(callback::Column::TicketId.is_in(padded(ids)))
        .all(conn)
        .await?;
    Ok(rows)
}

/// The call-back of the latest round.
///
/// # Errors
/// When the database does not answer.
pub async fn latest(
    conn: &impl ConnectionTrait,
    ticket: TicketId,
) -> Result<Option<callback::Model>, AppError> {
    let row = callback::Entity::find()
        .filter(callback::Column::TicketId.eq(ticket))
        .order_by_desc(callback::Column::Round)
        .one(conn)
        .await?;
    Ok(row)
}

/// Whether somebody may note a call-back: not who handles it. One that reached nobody is not noted for the requester's
/// quiet hours, nor twice for a part of a day, nor more than three times.
///
/// # Errors
/// `Forbidden`, `QuietHours`, `CallbackTooSoon`, `CallbackAttemptsSpent`.
pub async fn check(tx: &Tx, caller: &Caller, loaded: &Loaded, reached: bool) -> Result<(), AppError> {
    if facts::handles(&caller.actor, loaded) {
        return Err(AppError::new(Code::Forbidden)
            .say("承办单位不得回访", "The unit that handles it does not call back"));
    }
    if reached {
        return Ok(());
    }
    if let Some(id) = loaded.requesters.first().and_then(|row| row.resident_id) {
        let resident = residents::store::find(tx, id).await?;
        check_quiet(&Preference::of(&resident), tx.now())?;
    }
    match latest(tx, loaded.ticket.id).await? {
        Some(row) if row.attempts >= attempts::MOST => Err(AppError::new(Code::CallbackAttemptsSpent)),
        Some(row) if !attempts::may_try(row.tried_at, tx.now(), china()) => {
            Err(AppError::new(Code::CallbackTooSoon))
        }
        _ => Ok(()),
    }
}

async fn count_attempt(tx: &Tx, ticket: TicketId) -> Result<(), AppError> {
    if let Some(row) = latest(tx, ticket).await? {
        let attempts = row.attempts + 1;
        let mut next = row.into_active_model();
        next.attempts = Set(attempts);
        next.tried_at = Set(Some(tx.now()));
        callback::Entity::update(next).exec(tx).await?;
    }
    Ok(())
}

async fn answer(
    tx: &Tx,
    vault: &Vault,
    loaded: &Loaded,
    rating: &RatingIn,
    by: ActorKind,
) -> Result<(), AppError> {
    let opinion = rating
        .opinion
        .as_ref()
        .map(|text| vault.seal_text(label::OPINION, text))
        .transpose()?;
    let Some(row) = latest(tx, loaded.ticket.id).await? else {
        // An answer given on the line is rated without a call-back having been opened.
        let now = tx.now();
        tx.stage(callback::ActiveModel {
            id: Set(tx.ids().id()),
            ticket_id: Set(loaded.ticket.id),
            round: Set(loaded.ticket.round),
            unit_id: Set(None),
            unit_path: Set(None),
            token_hash: Set(sha256(&[tx.ids().secret().as_bytes()])),
            state: Set(CallbackState::Answered),
            counts: Set(true),
            attempts: Set(0),
            tried_at: Set(None),
            contacted: Set(Some(rating.contacted)),
            solved: Set(Some(rating.solved)),
            satisfied: Set(Some(i32::from(rating.satisfied))),
            opinion_sealed: Set(opinion),
            answered_by: Set(Some(by)),
            created_at: Set(now),
            expires_at: Set(now),
            answered_at: Set(Some(now)),
        });
        return Ok(());
    };
    let mut next = row.into_active_model();
    next.state = Set(CallbackState::Answered);
    next.contacted = Set(Some(rating.contacted));
    next.solved = Set(Some(rating.solved));
    next.satisfied = Set(Some(i32::from(rating.satisfied)));
    next.opinion_sealed = Set(opinion);
    next.answered_by = Set(Some(by));
    next.answered_at = Set(Some(tx.now()));
    callback::Entity::update(next).exec(tx).await?;
    Ok(())
}

/// The call-back that a link names.
///
/// # Errors
/// `CallbackTokenInvalid`.
pub async fn by_token(conn: &impl ConnectionTrait, token: &str) -> Result<callback::Model, AppError> {
    callback::Entity::find()
        .filter(callback::Column::TokenHash.eq(sha256(&[token.as_bytes()])))
        .one(conn)
        .await?
        .ok_or_else(|| AppError::new(Code::CallbackTokenInvalid))
}

/// What the holder of a link sees.
///
/// # Errors
/// `CallbackTokenInvalid`.
pub async fn show(kit: &Kit, token: &str) -> Result<CallbackOut, AppError> {
    let conn = kit.db.read();
    let row = by_token(conn, token).await?;
    // What was used or has expired opens nothing: the message may be in other hands by now.
    if row.state != CallbackState::Open || row.expires_at <= kit.now() {
        return Err(AppError::new(Code::CallbackTokenInvalid));
    }
    let loaded = store::find(conn, row.ticket_id).await?;
    Ok(CallbackOut {
        number: number::spoken(&loaded.ticket.number),
        title: loaded.ticket.title,
        public_reply: store::approved_reply(conn, &kit.vault, row.ticket_id).await?,
        state: row.state,
        expires_at: row.expires_at,
    })
}

/// An answer by link: what is needed besides the transaction.
pub type ByLink = (Kit, Arc<Reference>, String, RatingIn);

/// Takes the answer of who has the link; the link works once, and until it expires.
///
/// # Errors
/// `CallbackTokenInvalid`, `ActionNotAllowed`.
pub async fn answer_by_link(tx: &Tx, (kit, reference, token, rating): &ByLink) -> Result<(), AppError> {
    let row = by_token(tx, token).await?;
    if row.state != CallbackState::Open || row.expires_at <= tx.now() {
        return Err(AppError::new(Code::CallbackTokenInvalid));
    }
    let mut loaded = store::lock(tx, row.ticket_id).await?;
    if loaded.ticket.round != row.round {
        return Err(AppError::new(Code::CallbackTokenInvalid));
    }
    let meant = meaning::rated(rating);
    let mut plan = Plan::new(facts::life(&loaded));
    let state = loaded.ticket.state;
    plan.decide(&meant.command, By::default(), meant.said.clone())
        .and_then(|()| raise_level(tx, &mut plan))
        .map_err(|why| refused(why, state))?;
    let resident = loaded
        .requesters
        .first()
        .and_then(|requester| requester.resident_id);
    // The link was sent to the requester alone, so the answer is theirs.
    let actor = resident.map_or(Actor::Anonymous, |id| Actor::Resident {
        id,
        session: uuid::Uuid::nil().into(),
        through: None,
    });
    let doer = Doer {
        actor: &actor,
        acting: None,
        request_id: None,
    };
    apply(tx, (&kit.vault, reference), &mut loaded, &plan, doer).await?;
    answer(tx, &kit.vault, &loaded, rating, ActorKind::Resident).await
}

/// Rounds that begin with the third rework: from then on the centre watches (提级督办).
const RAISED_FROM_ROUND: i32 = 4;

/// Puts a ticket under supervision that was taken up again for the third time.
///
/// # Errors
/// The refusal.
pub fn raise_level(tx: &Tx, plan: &mut Plan) -> Result<(), Refusal> {
    let life = plan.after();
    let raised = plan.begins_a_round()
        && life.state == TicketState::InProgress
        && life.round >= RAISED_FROM_ROUND
        && life.open(ProceedingKind::Supervision).is_none();
    if !raised {
        return Ok(());
    }
    let reason = "第三次重办，提级督办".to_owned();
    let said = Said {
        internal_text: Some(reason.clone()),
        public: true,
        data: json!({ "by_itself": true }),
        asked: vec![Asked {
            text: Some(reason),
            ..Asked::default()
        }],
        ..Said::default()
    };
    let command = Command::Supervise {
        id: tx.ids().id(),
        span: Span::Policy,
    };
    plan.decide(&command, By::default(), said)
}

/// Closes a call-back that nobody answered: the ticket counts as "not rated", never as satisfied.
///
/// # Errors
/// When the database does not answer.
pub async fn lapse(tx: &Tx, kit: &Kit, reference: &Reference, ticket: TicketId) -> Result<(), AppError> {
    // Locked first: an answer that is being written is waited for, and then counts.
    let mut loaded = store::lock(tx, ticket).await?;
    let Some(row) = latest(tx, ticket).await? else {
        return Ok(());
    };
    if row.state != CallbackState::Open || row.expires_at > tx.now() {
        return Ok(());
    }
    if loaded.ticket.state == TicketState::Callback {
        let mut plan = Plan::new(facts::life(&loaded));
        let said = Said {
            public: true,
            data: json!({ "rated": false }),
            ..Said::default()
        };
        let state = loaded.ticket.state;
        plan.decide(&Command::Lapse, By::default(), said)
            .map_err(|why| refused(why, state))?;
        apply(tx, (&kit.vault, reference), &mut loaded, &plan, Doer::SYSTEM).await?;
    }
    let mut next = row.into_active_model();
    next.state = Set(CallbackState::Lapsed);
    callback::Entity::update(next).exec(tx).await?;
    Ok(())
}
