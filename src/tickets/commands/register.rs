//! Registering a request: one transaction writes the ticket, for whom, its first entries, where it went, its clocks.

pub use super::prepare::prepare;
use super::prepare::{Contact, Prepared};
use super::routed::{self, Routed};
use super::{Setting, anonymous, meaning};
use crate::access::Op;
use crate::access::actor::Actor;
use crate::access::authenticate::local_day;
use crate::access::permit::Caller;
use crate::access::policy::{Facts, decide};
use crate::attachments;
use crate::platform::crypto::vault::Vault;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code, Rule};
use crate::platform::http::answer::Answer;
use crate::platform::http::idempotency::{Once, write_once};
use crate::platform::personal::mask_numbers;
use crate::residents;
use crate::residents::rules::Phone;
use crate::tickets::dto::RegisteredOut;
use crate::tickets::rules::lifecycle::{By, Decision, Event, Life, Tick};
use crate::tickets::rules::{likeness, number};
use crate::tickets::store::{Doer, Loaded, Plan, Said, apply, label};
use crate::tickets::view::{self, Whole};
use entity::id::{RequesterId, ResidentId, TicketId};
use entity::kind::{ClockKind, EntryKind, ResidentKind, TicketState, Visibility};
use entity::{phone_call, ticket, ticket_requester, ticket_search};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde_json::json;

/// Registers a checked request; once for its key.
///
/// # Errors
/// When files are not the caller's own, or the database does not answer.
pub async fn register(
    setting: Setting,
    once: Once,
    prepared: Prepared,
) -> Result<Answer<RegisteredOut>, AppError> {
    let (db, vault) = (setting.kit.db.clone(), setting.kit.vault.clone());
    write_once(
        &db,
        &vault,
        "ticket.register",
        once,
        (setting, prepared),
        |tx, input| Box::pin(write(tx, input)),
    )
    .await
}

async fn write(
    tx: &Tx,
    (setting, prepared): &(Setting, Prepared),
) -> Result<Answer<RegisteredOut>, AppError> {
    if let Some(call) = prepared.phone_call_id {
        let known = phone_call::Entity::find_by_id(call).one(tx).await?;
        let unknown = || AppError::field("/phone_call_id", Rule::Unknown);
        let path = known.ok_or_else(unknown)?.unit_path;
        let facts = Facts {
            paths: vec![&path],
            place: &path,
            owners: Vec::new(),
        };
        let reached = decide(
            &setting.caller.actor,
            Op::ListPhoneCalls,
            Op::ListPhoneCalls,
            &facts,
        );
        reached.map_err(|_| unknown())?;
    }
    let mut loaded = new_ticket(tx, setting, prepared)?;
    loaded.requesters = requesters(tx, setting, prepared, loaded.ticket.id).await?;
    let route = begin(tx, setting, prepared, &mut loaded).await?;
    if let (_, Some(uploader)) = setting.caller.actor.identity() {
        let kind = setting.caller.actor.identity().0;
        let id = loaded.ticket.id;
        attachments::store::bind(
            tx,
            &prepared.attachments,
            id,
            1,
            Visibility::Public,
            (kind, uploader),
        )
        .await?;
    }
    index(tx, setting, prepared, &loaded);
    answer(tx, setting, loaded, route)
}

/// Registers what nobody asked for in a request: the ticket of an emergency call.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn by_itself(tx: &Tx, setting: &Setting, prepared: &Prepared) -> Result<TicketId, AppError> {
    let mut loaded = new_ticket(tx, setting, prepared)?;
    loaded.requesters = requesters(tx, setting, prepared, loaded.ticket.id).await?;
    begin(tx, setting, prepared, &mut loaded).await?;
    index(tx, setting, prepared, &loaded);
    Ok(loaded.ticket.id)
}

fn new_ticket(tx: &Tx, setting: &Setting, prepared: &Prepared) -> Result<Loaded, AppError> {
    let vault = &setting.kit.vault;
    let now = tx.now();
    let seal =
        |label, text: &Option<String>| text.as_ref().map(|text| vault.seal_text(label, text)).transpose();
    let ticket = ticket::Model {
        id: tx.ids().id(),
        number: number::make(local_day(now), tx.ids().below(number::BOUND)),
        state: TicketState::Registered,
        round: 1,
        request_type: prepared.request_type,
        service_id: prepared.service_id,
        category: prepared.category.clone(),
        urgency: prepared.urgency,
        channel: prepared.channel,
        phone_call_id: prepared.phone_call_id,
        former_number: None,
        title: prepared.title.clone(),
        content_sealed: vault.seal_text(label::CONTENT, &prepared.content)?,
        form_sealed: seal(label::FORM, &prepared.form)?,
        place_unit_id: prepared.place_unit_id,
        place_path: prepared.place_path.clone(),
        place_name: prepared.place_name.clone(),
        address_sealed: seal(label::ADDRESS, &prepared.place.address)?,
        lat: prepared.place.point.map(|(lat, _)| lat),
        lng: prepared.place.point.map(|(_, lng)| lng),
        confidential: prepared.confidential,
        anonymous: prepared.anonymous,
        sensitive: prepared.sensitive,
        wants_reply: prepared.wants_reply,
        result: None,
        routes: 0,
        no_return: false,
        came_from: None,
        primary_id: None,
        followers: 0,
        proceedings: 0,
        supervised: false,
        hard_case: false,
        urges: 0,
        urged_at: None,
        appealed: false,
        rejected_by: None,
        replied_by: None,
        contacted: false,
        rated: false,
        entries: 0,
        head: Vec::new(),
        next_due_at: None,
        yellow_at: None,
        orange_at: None,
        created_at: now,
        closed_at: None,
        updated_at: now,
        version: 0,
    };
    Ok(Loaded::of(ticket))
}

/// Who asks: the resident who is logged in, or whom the operator or kiosk named.
async fn requesters(
    tx: &Tx,
    setting: &Setting,
    prepared: &Prepared,
    ticket: TicketId,
) -> Result<Vec<ticket_requester::Model>, AppError> {
    let vault = &setting.kit.vault;
    let (resident_id, phone, name) = match &setting.caller.actor {
        _ if prepared.anonymous => (None, None, None),
        Actor::Resident { id, .. } => known(tx, setting, *id).await?,
        _ => named(tx, setting, &prepared.requester).await?,
    };
    if let Some(other) = prepared.on_behalf_of {
        may_act_for(tx, setting, other, phone.as_ref()).await?;
    }
    let client_id = match &setting.caller.actor {
        Actor::Client { id, .. } if !prepared.anonymous => Some(*id),
        _ => None,
    };
    let row = ticket_requester::Model {
        id: tx.ids().id::<RequesterId>(),
        ticket_id: ticket,
        resident_id,
        client_id,
        standing: prepared.standing,
        on_behalf_of: prepared.on_behalf_of,
        name_sealed: None,
        phone_sealed: None,
        phone_index: None,
        consent_sealed: prepared
            .consent
            .as_ref()
            .map(|text| vault.seal_text(label::CONSENT, text))
            .transpose()?,
        extraction_hash: prepared
            .anonymous
            .then(|| anonymous::index(vault, ticket, &anonymous::code(vault, ticket))),
        created_at: tx.now(),
    };
    Ok(vec![seal_requester(vault, row, phone.as_ref(), name.as_deref())?])
}

/// A requester with name and number, sealed.
pub(super) fn seal_requester(
    vault: &Vault,
    row: ticket_requester::Model,
    phone: Option<&Phone>,
    name: Option<&str>,
) -> Result<ticket_requester::Model, AppError> {
    let canonical = phone.map(Phone::canonical);
    let phone_sealed = canonical
        .as_ref()
        .map(|phone| vault.seal_text(label::PHONE, phone));
    Ok(ticket_requester::Model {
        name_sealed: name.map(|name| vault.seal_text(label::NAME, name)).transpose()?,
        phone_sealed: phone_sealed.transpose()?,
        phone_index: canonical.as_ref().map(|phone| vault.index("phone", phone)),
        ..row
    })
}

type Known = (Option<ResidentId>, Option<Phone>, Option<String>);

async fn known(tx: &Tx, setting: &Setting, id: ResidentId) -> Result<Known, AppError> {
    let row = residents::store::find(tx, id).await?;
    let (name, phone) = residents::view::plain(&setting.kit.vault, &row)?;
    Ok((Some(id), phone.as_deref().and_then(Phone::parse), name))
}

/// A caller whose number is known once is that person; one whose number is new is registered with it, so that they
/// find their request when they log in later.
async fn named(tx: &Tx, setting: &Setting, contact: &Contact) -> Result<Known, AppError> {
    let vault = &setting.kit.vault;
    let plain = contact.name.as_ref().map(|name| name.plain().to_owned());
    if let Some(id) = contact.resident_id {
        let (_, phone, name) = known(tx, setting, id)
            .await
            .map_err(|_| AppError::field("/requester/resident_id", Rule::Unknown))?;
        return Ok((Some(id), contact.phone.clone().or(phone), plain.or(name)));
    }
    let Some(phone) = &contact.phone else {
        return Ok((None, None, plain));
    };
    let new = residents::commands::NewResident {
        name: contact.name.clone(),
        phone: Some(phone.clone()),
        ..residents::commands::NewResident::of(ResidentKind::Person)
    };
    let found = residents::commands::known_or_new(tx, vault, phone, &new).await?;
    let id = match found.as_slice() {
        [one] => Some(one.id),
        // A shared telephone: whose matter it is stays open until somebody says so.
        _ => None,
    };
    let name = match (&plain, found.as_slice()) {
        (None, [one]) => residents::view::plain(vault, one)?.0,
        _ => plain,
    };
    Ok((id, Some(phone.clone()), name))
}

/// Somebody may ask for another who named them as a contact and agreed; staff ask for whoever tells them to.
async fn may_act_for(
    tx: &Tx,
    setting: &Setting,
    other: ResidentId,
    phone: Option<&Phone>,
) -> Result<(), AppError> {
    let unknown = || AppError::field("/on_behalf_of", Rule::Unknown);
    residents::store::find(tx, other).await.map_err(|_| unknown())?;
    if matches!(setting.caller.actor, Actor::Staff { .. }) {
        return Ok(());
    }
    let phone = phone.ok_or_else(unknown)?;
    let agreed = residents::store::may_act_for(tx, &setting.kit.vault, phone).await?;
    if agreed.contains(&other) {
        Ok(())
    } else {
        Err(unknown())
    }
}

/// Who did it. Of a resident who leaves their name out nothing is kept, not even in which request it was.
fn doer<'a>(prepared: &Prepared, caller: &'a Caller) -> Doer<'a> {
    if !prepared.anonymous && matches!(caller.actor, Actor::Anonymous) {
        return Doer::SYSTEM;
    }
    if prepared.anonymous && matches!(caller.actor, Actor::Resident { .. }) {
        return Doer {
            actor: &Actor::Anonymous,
            acting: Some(&caller.acting),
            request_id: None,
        };
    }
    Doer {
        actor: &caller.actor,
        acting: Some(&caller.acting),
        request_id: caller.request_id.as_deref(),
    }
}

/// The first entries: registered, and unless an operator's look is due, accepted and routed.
async fn begin(
    tx: &Tx,
    setting: &Setting,
    prepared: &Prepared,
    loaded: &mut Loaded,
) -> Result<Option<Routed>, AppError> {
    let Setting {
        kit,
        reference,
        caller,
    } = setting;
    let doer = doer(prepared, caller);
    let goes_on = prepared.accepts_by_itself && !prepared.hold && prepared.redirect.is_none();
    let mut plan = Plan::new(Life::new());
    let registered = Decision {
        events: vec![Event {
            kind: EntryKind::Registered,
            to: TicketState::Registered,
            changes: Vec::new(),
        }],
        ticks: if goes_on {
            Vec::new()
        } else {
            vec![Tick::Start(ClockKind::Accept)]
        },
    };
    let data = json!({ "channel": prepared.channel, "category": prepared.category, "request_type": prepared.request_type });
    plan.add(
        registered,
        Said {
            public: true,
            data,
            ..Said::default()
        },
    );
    let mut route = None;
    if goes_on {
        let by = By {
            staff: caller.actor.staff_id(),
            ..By::default()
        };
        let routed = routed::route(reference, &loaded.ticket, Some(&prepared.place_matched), tx.now())?;
        routed::accept_and_route(&mut plan, by, &routed).map_err(|_| AppError::new(Code::Internal))?;
        route = Some(routed);
    }
    if let Some(line) = prepared.redirect {
        let meant = meaning::redirected(line, None);
        plan.decide(&meant.command, By::default(), meant.said)
            .map_err(|_| AppError::new(Code::Internal))?;
    }
    apply(tx, (&kit.vault, reference), loaded, &plan, doer).await?;
    Ok(route)
}

/// What is found of a ticket by its words.
fn terms(setting: &Setting, title: &str, content: &str, place: &str) -> String {
    let text = format!("{title} {} {place}", mask_numbers(content));
    setting.kit.db.search_document(&likeness::index_terms(&text))
}

fn index(tx: &Tx, setting: &Setting, prepared: &Prepared, loaded: &Loaded) {
    for requester in &loaded.requesters {
        tx.stage(requester.clone().into_active_model().reset_all());
    }
    let words = [&prepared.title, &prepared.content, &prepared.place_name].map(String::as_str);
    index_words(tx, setting, loaded.ticket.id, words);
}

/// Writes what a ticket is found by: words of its title, its text and its place.
pub(super) fn index_words(tx: &Tx, setting: &Setting, id: TicketId, [title, content, place]: [&str; 3]) {
    tx.stage(ticket_search::ActiveModel {
        ticket_id: Set(id),
        terms: Set(terms(setting, title, content, place)),
    });
}

/// Writes anew what is found of a ticket by its words.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn index_again(
    tx: &Tx,
    setting: &Setting,
    ticket: &ticket::Model,
    content: &str,
) -> Result<(), AppError> {
    let terms = terms(setting, &ticket.title, content, &ticket.place_name);
    ticket_search::Entity::update_many()
        .col_expr(ticket_search::Column::Terms, Expr::value(terms))
        .filter(ticket_search::Column::TicketId.eq(ticket.id))
        .exec(tx)
        .await?;
    Ok(())
}

fn answer(
    tx: &Tx,
    setting: &Setting,
    loaded: Loaded,
    route: Option<Routed>,
) -> Result<Answer<RegisteredOut>, AppError> {
    let Setting {
        kit,
        reference,
        caller,
    } = setting;
    let anonymous = loaded
        .ticket
        .anonymous
        .then(|| anonymous::code(&kit.vault, loaded.ticket.id));
    let receipt = view::receipt(kit, &loaded.ticket, tx.now())?;
    let staff = matches!(caller.actor, Actor::Staff { .. });
    let (id, version) = (loaded.ticket.id, loaded.ticket.version);
    let whole = Whole::after(loaded);
    let out = RegisteredOut {
        ticket: view::ticket(kit, reference, &whole, &caller.actor, &caller.acting)?,
        route: route.map(|routed| routed.explanation).filter(|_| staff),
        receipt,
        extraction_code: anonymous,
    };
    Ok(Answer::created(&out, format!("/api/v1/tickets/{id}"))?.version(version))
}
