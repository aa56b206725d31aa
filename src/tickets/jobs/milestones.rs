//! Tells people what happened: the requester each milestone, the unit what waits for it. Read from the log, so that no
//! request waits for it; written once, since the cursor moves in the same transaction.

use super::audience::recipients;
use crate::notify::store::{Message, Outgoing};
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use crate::platform::kit::Kit;
use crate::reference::Reference;
use crate::residents;
use crate::residents::rules::Phone;
use crate::settings;
use crate::tickets::commands;
use crate::tickets::store::{self, Loaded, label};
use crate::tickets::texts::{self, Told};
use crate::tickets::view;
use entity::id::TicketId;
use entity::kind::{ActorKind, ClockKind, EntryKind, Lane, NoticeChannel, Urgency};
use entity::{callback, clock, event, ticket_requester};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// What telling needs.
pub struct Context {
    /// The tools.
    pub kit: Kit,
    /// The reference data.
    pub reference: Arc<Reference>,
}

/// What is known of the tickets of a batch: read at once, since each statement costs as much as ten rows.
struct Known {
    tickets: HashMap<TicketId, Loaded>,
    clocks: HashMap<TicketId, Vec<clock::Model>>,
    callbacks: Vec<callback::Model>,
    signature: String,
}

/// Tells of a batch of events.
///
/// # Errors
/// When the database does not answer.
pub async fn tell(tx: &Tx, context: &Context, batch: Vec<event::Model>) -> Result<(), AppError> {
    let milestones: Vec<(EntryKind, &event::Model)> = batch
        .iter()
        .filter_map(|event| {
            let kind = event
                .kind
                .strip_prefix("ticket.")
                .and_then(EntryKind::from_word)?;
            let told =
                texts::is_milestone(kind) && (kind != EntryKind::Recounted || moves_the_promise(event));
            told.then_some((kind, event))
        })
        .collect();
    if milestones.is_empty() {
        return Ok(());
    }
    let known = known(tx, &milestones).await?;
    let mut outgoing = Outgoing::default();
    for (kind, event) in milestones {
        let loaded = known
            .tickets
            .get(&TicketId(event.subject_id))
            .ok_or_else(|| AppError::new(Code::NotFound))?;
        tell_requester(tx, context, &mut outgoing, (&known, loaded), kind, event).await?;
        tell_staff(tx, context, &mut outgoing, loaded, kind, event)?;
    }
    outgoing.write(tx).await
}

async fn known(tx: &Tx, milestones: &[(EntryKind, &event::Model)]) -> Result<Known, AppError> {
    let of = |wanted: &dyn Fn(EntryKind) -> bool| {
        let ids: BTreeSet<TicketId> = milestones
            .iter()
            .filter(|(kind, _)| wanted(*kind))
            .map(|(_, event)| TicketId(event.subject_id))
            .collect();
        ids.into_iter().collect::<Vec<_>>()
    };
    let tickets = store::find_all(tx, &of(&|_| true)).await?;
    let approved = of(&|kind| kind == EntryKind::Approved);
    Ok(Known {
        signature: settings::store::signature(tx).await?,
        tickets: tickets
            .into_iter()
            .map(|loaded| (loaded.ticket.id, loaded))
            .collect(),
        clocks: store::clocks_of(
            tx,
            &of(&|kind| {
                matches!(
                    kind,
                    EntryKind::Dispatched
                        | EntryKind::Reassigned
                        | EntryKind::Recounted
                        | EntryKind::ExtensionGranted
                        | EntryKind::Resumed
                )
            }),
        )
        .await?,
        callbacks: if approved.is_empty() {
            Vec::new()
        } else {
            commands::callback::of_tickets(tx, &approved).await?
        },
    })
}

async fn tell_requester(
    tx: &Tx,
    context: &Context,
    outgoing: &mut Outgoing,
    (known, loaded): (&Known, &Loaded),
    kind: EntryKind,
    event: &event::Model,
) -> Result<(), AppError> {
    let ticket = &loaded.ticket;
    let vault = &context.kit.vault;
    let promised = known
        .clocks
        .get(&ticket.id)
        .and_then(|clocks| view::promised(clocks));
    let link = match kind {
        EntryKind::Approved => link(context, known, ticket.id, event),
        _ => None,
    };
    let unit = loaded.lead().map(|leg| leg.unit_name.as_str());
    let Some(told) = told(kind, event, ticket.wants_reply) else {
        return Ok(());
    };
    let Some(text) = texts::for_requester(told, ticket, unit, promised, link.as_deref()) else {
        return Ok(());
    };
    let text = format!("{}{text}", known.signature);
    let lane = if ticket.urgency == Urgency::P0 {
        Lane::Urgent
    } else {
        Lane::Normal
    };
    for requester in &loaded.requesters {
        let template = texts::template(told);
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
            let message = Message {
                dedup_key,
                ..base.clone()
            };
            outgoing.add(tx, vault, &message)?;
        }
        // Who wants no reply hears that the request was received, and no more.
        if !ticket.wants_reply && kind != EntryKind::Registered {
            continue;
        }
        if let Some((channel, address)) = address_of(tx, context, requester).await? {
            let dedup_key = format!("{}:{}:{channel}", event.id, requester.id);
            let message = Message {
                channel,
                address: Some(&address),
                dedup_key,
                ..base
            };
            outgoing.add(tx, vault, &message)?;
        }
    }
    Ok(())
}

/// Whether a clock that was counted again is the one of which people were told, and ends at another instant.
fn moves_the_promise(event: &event::Model) -> bool {
    let data = &event.data;
    data["clock"] == ClockKind::Resolve.word() && data["due_before"] != data["due_at"]
}

/// How an event is told to the requester; none where the event that came with it tells it.
fn told(kind: EntryKind, event: &event::Model, wants_reply: bool) -> Option<Told> {
    let at_once = event.data.get("at_once").is_some_and(|at_once| at_once == true);
    match kind {
        // Who wants no reply hears of the registration alone.
        _ if !at_once || !wants_reply => Some(Told::Alone(kind)),
        EntryKind::Registered => None,
        EntryKind::Dispatched => Some(Told::Received),
        _ => Some(Told::Alone(kind)),
    }
}

/// The link of the round's call-back.
fn link(context: &Context, known: &Known, ticket: TicketId, event: &event::Model) -> Option<String> {
    let round = event.data.get("round")?.as_i64()?;
    let row = known
        .callbacks
        .iter()
        .find(|row| row.ticket_id == ticket && i64::from(row.round) == round)?;
    let base = &context.kit.config.server.public_url;
    let token = commands::callback::token(&context.kit.vault, row.id);
    Some(format!("{base}/api/v1/callbacks/{token}"))
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

fn tell_staff(
    tx: &Tx,
    context: &Context,
    outgoing: &mut Outgoing,
    loaded: &Loaded,
    kind: EntryKind,
    event: &event::Model,
) -> Result<(), AppError> {
    let Some(text) = texts::for_staff(kind, &loaded.ticket) else {
        return Ok(());
    };
    let lane = if matches!(loaded.ticket.urgency, Urgency::P0 | Urgency::P1) {
        Lane::Urgent
    } else {
        Lane::Normal
    };
    for person in recipients(&context.reference, loaded, kind, event) {
        let template = texts::template(Told::Alone(kind));
        let message = Message {
            recipient: (ActorKind::Staff, Some(person.0)),
            channel: NoticeChannel::InApp,
            lane,
            template: &template,
            ticket: Some(loaded.ticket.id),
            address: None,
            body: &text,
            dedup_key: format!("{}:{person}:in_app", event.id),
        };
        outgoing.add(tx, &context.kit.vault, &message)?;
    }
    Ok(())
}
