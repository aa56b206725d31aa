//! Making, changing and removing webhooks; trying them, and sending again.

use super::rules::FORMER_HOURS;
use super::sign::NewSecret;
use super::store::{self, Again};
use crate::access::Op;
use crate::access::actor::Actor;
use crate::access::authenticate::local_day;
use crate::access::permit::Caller;
use crate::access::policy::{Facts, Owner};
use crate::events::rules::{TEST, Types};
use crate::ledger::{audit, events};
use crate::orgs;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code, Rule};
use crate::platform::http::etag::IfMatch;
use crate::platform::kit::Kit;
use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{EventId, UnitId, WebhookId, WebhookMessageId};
use entity::kind::{Signing, WebhookState};
use entity::{webhook, webhook_message};
use serde_json::json;

/// What a command of somebody works with.
pub type Asked<T> = (Kit, Caller, T);

/// A webhook to be made.
#[derive(Clone, Debug)]
pub struct NewWebhook {
    /// Where messages go.
    pub url: String,
    /// What it is for.
    pub description: Option<String>,
    /// Events of this unit and below; of all that the client reaches unless given.
    pub unit_id: Option<UnitId>,
    /// Which events.
    pub types: Types,
    /// How messages are signed.
    pub signing: Signing,
}

/// Changes of a webhook: what is absent stays.
#[derive(Clone, Debug)]
pub struct Change {
    /// Where messages go.
    pub url: Option<String>,
    /// What it is for; an empty text removes it.
    pub description: Option<String>,
    /// Which events, from now on.
    pub types: Option<Types>,
    /// On or off.
    pub state: Option<WebhookState>,
    /// Switched on again, it is not told what happened while it was off.
    pub skip: bool,
}

/// Makes a webhook; its secret is nowhere but in the answer. It hears of what happens from now on.
///
/// # Errors
/// `InvalidInput` when the address or the unit won't do.
pub async fn create(
    tx: &Tx,
    (kit, caller, new): &Asked<NewWebhook>,
) -> Result<(webhook::Model, String), AppError> {
    check_url(kit, &new.url)?;
    let (unit_id, unit_path) = unit_of(tx, caller, new.unit_id).await?;
    let secret = NewSecret::make(&kit.vault, new.signing)?;
    let row = webhook::Model {
        id: tx.ids().id(),
        client_id: match &caller.actor {
            Actor::Client { id, .. } => Some(*id),
            _ => None,
        },
        created_by: caller.actor.staff_id(),
        unit_id,
        unit_path,
        url: new.url.clone(),
        description: new.description.clone(),
        types: json!(new.types.patterns()),
        signing: new.signing,
        secret_sealed: secret.sealed,
        former_sealed: None,
        former_until: None,
        state: WebhookState::Active,
        off_reason: None,
        failing_since: None,
        position: events::last_position(tx).await?,
        created_at: tx.now(),
        version: 1,
    };
    store::insert(tx, &row).await?;
    note(tx, caller, &row);
    Ok((row, secret.told))
}

/// Whose events a new webhook hears of.
async fn unit_of(tx: &Tx, caller: &Caller, asked: Option<UnitId>) -> Result<(UnitId, String), AppError> {
    let unknown = || AppError::field("/unit_id", Rule::Unknown);
    let unit = match (&caller.actor, asked) {
        (Actor::Client { unit_path, .. }, None) => {
            let code = unit_path
                .trim_end_matches('/')
                .rsplit('/')
                .next()
                .unwrap_or_default();
            orgs::store::find_by_code(tx, code).await?.ok_or_else(unknown)?
        }
        (_, None) => return Err(AppError::field("/unit_id", Rule::Required)),
        (_, Some(id)) => orgs::store::find(tx, id)
            .await
            .map_err(|error| match error.code() {
                Code::NotFound => unknown(),
                _ => error,
            })?,
    };
    let within = match &caller.actor {
        Actor::Client { unit_path, .. } => unit.path.starts_with(unit_path),
        _ => caller.reach().covers(&unit.path),
    };
    if !within || unit.valid_to.is_some_and(|last| last < local_day(tx.now())) {
        return Err(unknown());
    }
    Ok((unit.id, unit.path))
}

fn check_url(kit: &Kit, url: &str) -> Result<(), AppError> {
    let public = "an http or https address that is not of a private network";
    kit.outbound
        .check(url)
        .map(|_| ())
        .map_err(|_| AppError::field("/url", Rule::Form(public)))
}

/// A webhook that the caller may see, for an operation.
///
/// # Errors
/// `NotFound`, `Forbidden`.
pub fn allow(caller: &Caller, row: &webhook::Model) -> Result<(), AppError> {
    let facts = Facts {
        place: &row.unit_path,
        paths: vec![&row.unit_path],
        owners: row.client_id.map(Owner::Client).into_iter().collect(),
    };
    caller.decide(Op::GetWebhook, &facts).map(|_| ())
}

async fn lock(tx: &Tx, caller: &Caller, id: WebhookId) -> Result<webhook::Model, AppError> {
    let row = store::lock(tx, id).await?;
    allow(caller, &row)?;
    Ok(row)
}

/// Changes a webhook.
///
/// # Errors
/// `NotFound`, `StaleVersion`, `InvalidInput`.
pub async fn update(
    tx: &Tx,
    (kit, caller, (id, version, change)): &Asked<(WebhookId, IfMatch, Change)>,
) -> Result<webhook::Model, AppError> {
    let mut row = lock(tx, caller, *id).await?;
    version.check(row.version)?;
    if let Some(url) = &change.url {
        check_url(kit, url)?;
        row.url.clone_from(url);
    }
    if let Some(description) = &change.description {
        row.description = Some(description.clone()).filter(|text| !text.is_empty());
    }
    if let Some(types) = &change.types {
        row.types = json!(types.patterns());
    }
    if let Some(state) = change.state {
        row.off_reason = (state == WebhookState::Off).then(|| "by hand".to_owned());
        if state == WebhookState::Active && row.state == WebhookState::Off {
            row.failing_since = None;
            if change.skip {
                row.position = events::last_position(tx).await?;
            }
        }
        row.state = state;
    }
    store::update(tx, &mut row).await?;
    note(tx, caller, &row);
    Ok(row)
}

/// Removes a webhook, and what waits for it.
///
/// # Errors
/// `NotFound`, `StaleVersion`.
pub async fn delete(
    tx: &Tx,
    (_, caller, (id, version)): &Asked<(WebhookId, IfMatch)>,
) -> Result<(), AppError> {
    let row = lock(tx, caller, *id).await?;
    version.check(row.version)?;
    store::delete(tx, row.id).await?;
    note(tx, caller, &row);
    Ok(())
}

/// Gives a webhook another secret. The one before it signs, too, for a day.
///
/// # Errors
/// `NotFound`.
pub async fn rotate(
    tx: &Tx,
    (kit, caller, id): &Asked<WebhookId>,
) -> Result<(webhook::Model, String), AppError> {
    let mut row = lock(tx, caller, *id).await?;
    let secret = NewSecret::make(&kit.vault, row.signing)?;
    row.former_sealed = Some(std::mem::replace(&mut row.secret_sealed, secret.sealed));
    row.former_until = Some(tx.now() + TimeDelta::hours(FORMER_HOURS));
    store::update(tx, &mut row).await?;
    note(tx, caller, &row);
    Ok((row, secret.told))
}

/// Writes a message that says nothing happened, to try the way.
///
/// # Errors
/// `NotFound`, `ActionNotAllowed` while it is off.
pub async fn test(tx: &Tx, (_, caller, id): &Asked<WebhookId>) -> Result<webhook_message::Model, AppError> {
    let row = lock(tx, caller, *id).await?;
    if row.state == WebhookState::Off {
        return Err(AppError::new(Code::ActionNotAllowed).say("推送已停用", "It is switched off"));
    }
    let event: EventId = tx.ids().id();
    let body = json!({
        "id": event, "type": TEST, "timestamp": tx.now(), "position": 0, "subject_kind": "webhook",
        "subject_id": row.id, "unit_path": row.unit_path, "data": {},
    });
    let message = store::waiting(tx, row.id, (event, TEST, row.id.0, 0), body.to_string());
    store::write(tx, vec![message.clone()]).await?;
    Ok(message)
}

/// Sends one message once more, whatever became of it.
///
/// # Errors
/// `NotFound`, `Conflict` while it is on its way.
pub async fn resend(
    tx: &Tx,
    (_, caller, (id, message)): &Asked<(WebhookId, WebhookMessageId)>,
) -> Result<u64, AppError> {
    let row = lock(tx, caller, *id).await?;
    if !store::has(tx, row.id, *message).await? {
        return Err(AppError::new(Code::NotFound));
    }
    match store::again(tx, row.id, Again::One(*message)).await? {
        0 => Err(AppError::new(Code::Conflict).say("正在推送", "It is on its way")),
        again => Ok(again),
    }
}

/// Sends all that was given up once more; how many messages.
///
/// # Errors
/// `NotFound`.
pub async fn resend_dead(
    tx: &Tx,
    (_, caller, (id, since)): &Asked<(WebhookId, Option<DateTime<Utc>>)>,
) -> Result<u64, AppError> {
    let row = lock(tx, caller, *id).await?;
    store::again(tx, row.id, Again::Dead(*since)).await
}

fn note(tx: &Tx, caller: &Caller, row: &webhook::Model) {
    let detail = json!({
        "url": row.url, "unit": row.unit_id, "types": row.types, "state": row.state, "version": row.version,
    });
    audit::record(tx, caller, "webhook", row.id, detail);
}
