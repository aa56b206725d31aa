//! Tickets that were handled in another system: brought over as they ended, to be found, read and counted. Nothing begins to
//! run for them, and nobody is told.

use super::Setting;
use super::register::{index_words, seal_requester};
use crate::access::authenticate::local_day;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use crate::platform::personal::Personal;
use crate::reference::Reference;
use crate::residents::commands::NewResident;
use crate::residents::import::{Known, known};
use crate::residents::rules::Phone;
use crate::tickets::rules::lifecycle::{Change, Decision, Event, Life};
use crate::tickets::rules::number;
use crate::tickets::store::{Doer, Loaded, Plan, Said, apply, label};
use chrono::{DateTime, Utc};
use entity::id::{RequesterId, ServiceId, TicketId, UnitId};
use entity::kind::{
    Channel, EntryKind, LegNature, RequestType, ResidentKind, Standing, TicketResult, TicketState, Urgency,
};
use entity::{assignment, ticket, ticket_requester};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
};
use serde_json::json;

/// A ticket of another system, checked.
#[derive(Clone, Debug)]
pub struct Historical {
    /// Its number there.
    pub former_number: String,
    /// When it was registered there.
    pub registered_at: DateTime<Utc>,
    /// When it was over.
    pub closed_at: DateTime<Utc>,
    /// The way in.
    pub channel: Channel,
    /// The service, of today's catalogue.
    pub service: ServiceId,
    /// The type.
    pub request_type: RequestType,
    /// Where it happened.
    pub place: UnitId,
    /// The unit that handled it.
    pub handled_by: UnitId,
    /// In one line, numbers masked.
    pub title: String,
    /// In full.
    pub content: String,
    /// What was answered.
    pub reply: Option<String>,
    /// What came of it.
    pub result: Option<TicketResult>,
    /// Who asked.
    pub name: Option<Personal>,
    /// Their number.
    pub phone: Option<Phone>,
}

/// The ticket that had this number in another system.
///
/// # Errors
/// When the database does not answer.
pub async fn find(conn: &impl ConnectionTrait, former_number: &str) -> Result<Option<TicketId>, AppError> {
    let found = ticket::Entity::find()
        .select_only()
        .column(ticket::Column::Id)
        .filter(ticket::Column::FormerNumber.eq(former_number))
        .into_tuple()
        .one(conn)
        .await?;
    Ok(found)
}

/// Brings a ticket over: archived, with one entry that tells so.
///
/// # Errors
/// When a unit or the service is gone; when the database does not answer.
pub async fn write(tx: &Tx, setting: &Setting, past: &Historical) -> Result<TicketId, AppError> {
    let Setting {
        kit,
        reference,
        caller,
    } = setting;
    let mut loaded = Loaded::of(row(tx, setting, past)?);
    let (id, place_name) = (loaded.ticket.id, loaded.ticket.place_name.clone());
    loaded.requesters = vec![requester(tx, setting, past, id).await?];
    let leg = leg(tx, reference, past, id)?;
    tx.stage(leg.clone().into_active_model().reset_all());
    let plan = plan(past, &leg);
    loaded.legs.push(leg);
    let doer = Doer {
        actor: &caller.actor,
        acting: Some(&caller.acting),
        request_id: caller.request_id.as_deref(),
    };
    apply(tx, (&kit.vault, reference), &mut loaded, &plan, doer).await?;
    for requester in &loaded.requesters {
        tx.stage(requester.clone().into_active_model().reset_all());
    }
    index_words(tx, setting, id, [&past.title, &past.content, &place_name]);
    Ok(id)
}

/// A ticket of which nothing is known but how it began and ended.
fn row(
    tx: &Tx,
    Setting { kit, reference, .. }: &Setting,
    past: &Historical,
) -> Result<ticket::Model, AppError> {
    let place = reference.directory.get(past.place);
    let place = place.ok_or_else(|| AppError::new(Code::PlaceUnknown))?;
    let service = reference.catalogue.get(past.service);
    let service = service.ok_or_else(|| AppError::new(Code::CategoryUnknown))?;
    Ok(ticket::Model {
        id: tx.ids().id_at(past.registered_at),
        number: number::make(local_day(past.registered_at), tx.ids().below(number::BOUND)),
        state: TicketState::Archived,
        round: 1,
        request_type: past.request_type,
        service_id: service.id,
        category: service.code.clone(),
        urgency: Urgency::P2,
        channel: past.channel,
        phone_call_id: None,
        former_number: Some(past.former_number.clone()),
        title: past.title.clone(),
        content_sealed: kit.vault.seal_text(label::CONTENT, &past.content)?,
        form_sealed: None,
        place_unit_id: place.id,
        place_path: place.path.clone(),
        place_name: reference.directory.full_name(place.id),
        address_sealed: None,
        lat: None,
        lng: None,
        confidential: false,
        anonymous: false,
        sensitive: service.sensitive,
        wants_reply: false,
        result: past.result,
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
        created_at: past.registered_at,
        closed_at: Some(past.closed_at),
        updated_at: tx.now(),
        version: 0,
    })
}

/// Who asked, as the other system has it.
async fn requester(
    tx: &Tx,
    setting: &Setting,
    past: &Historical,
    ticket: TicketId,
) -> Result<ticket_requester::Model, AppError> {
    let vault = &setting.kit.vault;
    // Numbers pass on to others in the course of years: who has it now is who asked only if the name is the same.
    let as_told = NewResident {
        name: past.name.clone(),
        phone: past.phone.clone(),
        ..NewResident::of(ResidentKind::Person)
    };
    let resident_id = match known(tx, vault, &as_told).await? {
        Known::As(id) if past.phone.is_some() => Some(id),
        _ => None,
    };
    let row = ticket_requester::Model {
        id: tx.ids().id::<RequesterId>(),
        ticket_id: ticket,
        resident_id,
        client_id: None,
        standing: Standing::Myself,
        on_behalf_of: None,
        name_sealed: None,
        phone_sealed: None,
        phone_index: None,
        consent_sealed: None,
        extraction_hash: None,
        created_at: past.registered_at,
    };
    let name = past.name.as_ref().map(Personal::plain);
    seal_requester(vault, row, past.phone.as_ref(), name)
}

/// The unit that handled it: its people may read it.
fn leg(
    tx: &Tx,
    reference: &Reference,
    past: &Historical,
    ticket: TicketId,
) -> Result<assignment::Model, AppError> {
    let unit = reference.directory.get(past.handled_by);
    let unit = unit.ok_or_else(|| AppError::new(Code::PlaceUnknown))?;
    Ok(assignment::Model {
        id: tx.ids().id(),
        ticket_id: ticket,
        nature: LegNature::Lead,
        unit_id: unit.id,
        unit_path: unit.path.clone(),
        unit_name: unit.name.clone(),
        staff_id: None,
        staff_name: None,
        post: None,
        explanation: json!({}),
        counts: false,
        started_at: past.registered_at,
        ended_at: None,
        closed_at: Some(past.closed_at),
    })
}

/// The one entry of its timeline. No clock has anything to do.
fn plan(past: &Historical, leg: &assignment::Model) -> Plan {
    let imported = Event {
        kind: EntryKind::Imported,
        to: TicketState::Archived,
        changes: past.result.map(Change::Result).into_iter().collect(),
    };
    let data = json!({ "former_number": past.former_number, "registered_at": past.registered_at,
        "closed_at": past.closed_at, "unit": leg.unit_name, "unit_id": leg.unit_id });
    let said = Said {
        public: true,
        public_text: past.reply.clone(),
        data,
        ..Said::default()
    };
    let decision = Decision {
        events: vec![imported],
        ticks: Vec::new(),
    };
    let mut plan = Plan::new(Life::new());
    plan.add(decision, said);
    plan
}
