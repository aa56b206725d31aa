//! Tells people what happened: the requester each milestone, the unit what waits for it. Read from the log, so that no
//! request waits for it; written once, since the cursor moves in the same transaction.

use super::assign;
use super::audience::recipients;
use crate::notify::store::{Message, Outgoing};
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use crate::platform::kit::Kit;
use crate::reference::Reference;
use crate::residents;
use crate::residents::preference::Preference;
use crate::residents::rules::Phone;
use crate::settings;
use crate::tickets::commands;
use crate::tickets::rules::attempts;
use crate::tickets::store::{self, Loaded, label};
use crate::tickets::texts::{self, Told};
use crate::tickets::view;
use entity::id::{ResidentId, TicketId};
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
    preferences: HashMap<ResidentId, Preference>,
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
        // What is treated with another ticket is with who has that one.
        let theirs = matches!(kind, EntryKind::Urged | EntryKind::Supplemented);
        let primary = loaded.ticket.primary_id.filter(|_| theirs);
        let primary = primary.and_then(|id| known.tickets.get(&id));
        tell_staff(tx, context, &mut outgoing, primary.unwrap_or(loaded), kind, event)?;
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
    let mut tickets = store::find_all(tx, &of(&|_| true)).await?;
    let primaries: Vec<TicketId> = tickets
        .iter()
        .filter_map(|loaded| loaded.ticket.primary_id)
        .collect();
    if !primaries.is_empty() {
        tickets.extend(store::find_all(tx, &primaries).await?);
    }
    let approved = of(&|kind| matches!(kind, EntryKind::Approved | EntryKind::CallbackAttempted));
    let residents: BTreeSet<ResidentId> = tickets
        .iter()
        .flat_map(|loaded| loaded.requesters.iter().filter_map(|row| row.resident_id))
        .collect();
    Ok(Known {
        preferences: residents::store::preferences(tx, &residents.into_iter().collect::<Vec<_>>()).await?,
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
    let call = callback_of(known, ticket.id, event);
    let link = match kind {
        EntryKind::Approved => call.map(|row| link(context, row)),
        // After the last attempt the link is all that remains.
        EntryKind::CallbackAttempted => match call.filter(|row| row.attempts >= attempts::MOST) {
            Some(row) => Some(link(context, row)),
            None => return Ok(()),
        },
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
            call: None,
            others: &[],
            address: None,
            body: &text,
            dedup_key: String::new(),
            not_before: None,
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
        let preference = requester.resident_id.and_then(|id| known.preferences.get(&id));
        let wanted = preference.and_then(|preference| preference.channel);
        if let Some((channel, address)) = address_of(tx, context, requester, wanted).await? {
            // What is told of the attempts is told once, however many events tell of it.
            let dedup_key = match (kind, call) {
                (EntryKind::CallbackAttempted, Some(row)) => format!("{}:{}:{channel}", row.id, requester.id),
                _ => format!("{}:{}:{channel}", event.id, requester.id),
            };
            let quiet_until = preference
                .filter(|_| lane != Lane::Urgent)
                .map(|reach| reach.from(tx.now()));
            let message = Message {
                channel,
                address: Some(&address),
                dedup_key,
                not_before: quiet_until,
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

/// The call-back of the round.
fn callback_of<'a>(known: &'a Known, ticket: TicketId, event: &event::Model) -> Option<&'a callback::Model> {
    let round = event.data.get("round")?.as_i64()?;
    let mut rows = known.callbacks.iter();
    rows.find(|row| row.ticket_id == ticket && i64::from(row.round) == round)
}

/// The link of a call-back.
fn link(context: &Context, row: &callback::Model) -> String {
    let base = context.kit.config.base();
    let token = commands::callback::token(&context.kit.vault, row.id);
    format!("{base}/api/v1/callbacks/{token}")
}

/// Where a message gets to the requester: the way that they chose, else the mobile number, else the e-mail address of
/// the register.
async fn address_of(
    tx: &Tx,
    context: &Context,
    requester: &ticket_requester::Model,
    wanted: Option<NoticeChannel>,
) -> Result<Option<(NoticeChannel, String)>, AppError> {
    let vault = &context.kit.vault;
    if wanted == Some(NoticeChannel::InApp) {
        return Ok(None);
    }
    if let (Some(NoticeChannel::Email), Some(id)) = (wanted, requester.resident_id) {
        let row = residents::store::find(tx, id).await?;
        if let Some(address) = residents::view::plain_email(vault, &row)? {
            return Ok(Some((NoticeChannel::Email, address)));
        }
    }
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
    let lead = loaded.lead();
    let has_person = lead.is_some_and(|leg| leg.staff_id.is_some());
    // Whoever is chosen in a moment is told then; if that is over by now, it is told by the event of the choice.
    let given = matches!(
        kind,
        EntryKind::Dispatched | EntryKind::Reassigned | EntryKind::Assigned
    );
    let chosen_since = has_person && event.data["staff_id"].is_null();
    if given && (chosen_since || lead.is_some_and(assign::waits)) {
        return Ok(());
    }
    let Some(text) = texts::for_staff(kind, &loaded.ticket, has_person) else {
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
            call: None,
            others: &[],
            address: None,
            body: &text,
            dedup_key: format!("{}:{person}:in_app", event.id),
            not_before: None,
        };
        outgoing.add(tx, &context.kit.vault, &message)?;
    }
    Ok(())
}
