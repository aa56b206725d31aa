//! Tells people what happened: the requester each milestone, the unit what waits for it. Read from the log, so that no
//! request waits for it; written once, since the cursor moves in the same transaction.

use crate::notify::store::{Message, enqueue};
use crate::platform::db::Tx;
use crate::platform::error::AppError;
use crate::platform::kit::Kit;
use crate::reference::Reference;
use crate::residents;
use crate::residents::rules::Phone;
use crate::settings;
use crate::tickets::commands::callback;
use crate::tickets::store::{self, Loaded, label};
use crate::tickets::{texts, view};
use entity::id::{StaffId, TicketId};
use entity::kind::{ActorKind, EntryKind, Lane, NoticeChannel, Role, Urgency};
use entity::{event, ticket_requester};
use std::sync::Arc;

/// What telling needs.
pub struct Context {
    /// The tools.
    pub kit: Kit,
    /// The reference data.
    pub reference: Arc<Reference>,
}

/// Tells of a batch of events.
///
/// # Errors
/// When the database does not answer.
pub async fn tell(tx: &Tx, context: &Context, batch: Vec<event::Model>) -> Result<(), AppError> {
    let signature = settings::store::signature(tx).await?;
    for event in &batch {
        let Some(kind) = event.kind.strip_prefix("ticket.").and_then(EntryKind::from_word) else {
            continue;
        };
        if !texts::is_milestone(kind) {
            continue;
        }
        let id = TicketId(event.subject_id);
        let loaded = store::find(tx, id).await?;
        tell_requester(tx, context, &signature, &loaded, kind, event).await?;
        tell_staff(tx, context, &loaded, kind, event).await?;
    }
    Ok(())
}

async fn tell_requester(
    tx: &Tx,
    context: &Context,
    signature: &str,
    loaded: &Loaded,
    kind: EntryKind,
    event: &event::Model,
) -> Result<(), AppError> {
    let ticket = &loaded.ticket;
    let vault = &context.kit.vault;
    let promised = view::promised(&store::clocks(tx, ticket.id).await?);
    let round = event
        .data
        .get("round")
        .and_then(serde_json::Value::as_i64)
        .and_then(|n| i32::try_from(n).ok());
    let link = match (kind, round) {
        (EntryKind::Approved, Some(round)) => callback::of_round(tx, ticket.id, round).await?.map(|row| {
            let base = &context.kit.config.server.public_url;
            format!("{base}/api/v1/callbacks/{}", callback::token(vault, row.id))
        }),
        _ => None,
    };
    let unit = loaded.lead().map(|leg| leg.unit_name.as_str());
    let Some(text) = texts::for_requester(kind, ticket, unit, promised, link.as_deref()) else {
        return Ok(());
    };
    let text = format!("{signature}{text}");
    let lane = if ticket.urgency == Urgency::P0 {
        Lane::Urgent
    } else {
        Lane::Normal
    };
    for requester in &loaded.requesters {
        let template = texts::template(kind);
        let base = Message {
            recipient: (ActorKind::Resident, requester.resident_id.map(|id| id.0)),
            channel: NoticeChannel::InApp,
            lane,
            template: &template,
            ticket: Some(ticket.id),
            address: None,
            body: &text,
            dedup_key: String::new(),
        };
        if requester.resident_id.is_some() {
            let dedup_key = format!("{}:{}:in_app", event.id, requester.id);
            enqueue(
                tx,
                vault,
                &Message {
                    dedup_key,
                    ..base.clone()
                },
            )
            .await?;
        }
        // Who wants no reply hears that the request was received, and no more.
        if !ticket.wants_reply && kind != EntryKind::Registered {
            continue;
        }
        if let Some((channel, address)) = address_of(tx, context, requester).await? {
            let dedup_key = format!("{}:{}:{channel}", event.id, requester.id);
            enqueue(
                tx,
                vault,
                &Message {
                    channel,
                    address: Some(&address),
                    dedup_key,
                    ..base
                },
            )
            .await?;
        }
    }
    Ok(())
}

/// Where a message gets to the requester: the mobile number, else the e-mail address of the register.
async fn address_of(
    tx: &Tx,
    context: &Context,
    requester: &ticket_requester::Model,
) -> Result<Option<(NoticeChannel, String)>, AppError> {
    let vault = &context.kit.vault;
    let phone = vault.open_optional(label::PHONE, requester.phone_sealed.as_ref())?;
    if let Some(phone) = phone.filter(|phone| Phone::parse(phone).is_some_and(|phone| phone.takes_messages()))
    {
        return Ok(Some((NoticeChannel::Sms, phone)));
    }
    let Some(id) = requester.resident_id else {
        return Ok(None);
    };
    let row = residents::store::find(tx, id).await?;
    Ok(residents::view::plain_email(vault, &row)?.map(|address| (NoticeChannel::Email, address)))
}

async fn tell_staff(
    tx: &Tx,
    context: &Context,
    loaded: &Loaded,
    kind: EntryKind,
    event: &event::Model,
) -> Result<(), AppError> {
    let Some(leg) = loaded.lead() else { return Ok(()) };
    let Some(text) = texts::for_staff(kind, &loaded.ticket) else {
        return Ok(());
    };
    // Who took the unit over has its work.
    let heir = context.reference.directory.heir(leg.unit_id);
    let in_unit = |role: Role| {
        let roster = context.reference.roster.iter();
        roster
            .filter(move |colleague| [leg.unit_id, heir].contains(&colleague.unit) && colleague.role == role)
            .map(|colleague| colleague.id)
    };
    let people: Vec<StaffId> = match (kind, leg.staff_id) {
        (EntryKind::Replied | EntryKind::Overdue, _) => in_unit(Role::UnitLead).collect(),
        (_, Some(person)) => vec![person],
        (_, None) => in_unit(Role::Handler).collect(),
    };
    for person in people {
        let template = texts::template(kind);
        let message = Message {
            recipient: (ActorKind::Staff, Some(person.0)),
            channel: NoticeChannel::InApp,
            lane: Lane::Normal,
            template: &template,
            ticket: Some(loaded.ticket.id),
            address: None,
            body: &text,
            dedup_key: format!("{}:{person}:in_app", event.id),
        };
        enqueue(tx, &context.kit.vault, &message).await?;
    }
    Ok(())
}
