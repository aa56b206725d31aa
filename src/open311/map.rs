//! From the hotline's words to the protocol's. Pure.

use super::dto::{AnsweredOut, ExtendedOut, NoteOut, PhotoOut, RequestOut, UpdateOut};
use crate::access::authenticate::china;
use crate::tickets::dto::{EntryOut, TicketOut};
use crate::tickets::rules::number;
use crate::tickets::rules::open::is_open;
use chrono::{DateTime, SecondsFormat, Utc};
use entity::id::AttachmentId;
use entity::kind::{ActorKind, EntryKind, TicketResult, TicketState};
use serde_json::Value;

/// An instant: with its offset, and without fractions, which some readers refuse.
pub(super) fn instant(at: DateTime<Utc>) -> String {
    at.with_timezone(&china())
        .to_rfc3339_opts(SecondsFormat::Secs, false)
}

/// The number as it is kept: the protocol's ids have no blanks.
pub(super) fn id(ticket: &TicketOut) -> String {
    number::parse(&ticket.row.number).unwrap_or_default()
}

/// `open` or `closed`: a strict reader knows no more.
pub(super) fn status(state: TicketState) -> &'static str {
    if is_open(state) { "open" } else { "closed" }
}

/// Where a request stands, in the words that FixMyStreet knows. What waits for the resident's own word is not fixed yet.
pub(super) fn update_status(state: TicketState, result: Option<TicketResult>) -> &'static str {
    use TicketState as S;
    match state {
        S::Registered | S::PendingDispatch | S::ReturnReview => "for_triage",
        S::Dispatched => "investigating",
        S::InProgress | S::ReplyReview | S::Callback => "in_progress",
        S::Suspended => "planned",
        S::Closed | S::Archived => match result {
            Some(TicketResult::Solved) => "fixed",
            Some(TicketResult::Unsolved) => "no_further_action",
            Some(TicketResult::Answered | TicketResult::Explained | TicketResult::Partly) | None => "closed",
        },
        S::Rejected | S::Redirected => "not_councils_responsibility",
        S::Withdrawn => "cancelled",
        S::Merged => "duplicate",
    }
}

/// A request, with more of it where that is asked for; `link` makes the link of a file.
pub(super) fn request(
    ticket: TicketOut,
    extensions: bool,
    link: impl Fn(AttachmentId) -> String,
) -> RequestOut {
    let theirs = |entry: &EntryOut| matches!(entry.actor_kind, ActorKind::Resident | ActorKind::Client);
    let said: Vec<&EntryOut> = ticket
        .timeline
        .iter()
        .filter(|entry| entry.public_text.is_some() && !theirs(entry))
        .collect();
    let notes = said.iter().map(|entry| NoteOut {
        datetime: instant(entry.at),
        description: entry.public_text.clone().unwrap_or_default(),
        r#type: entry.kind.word().to_owned(),
    });
    let photos: Vec<PhotoOut> = ticket
        .attachments
        .iter()
        .map(|file| PhotoOut {
            media_url: link(file.id),
            title: file.name.clone(),
        })
        .collect();
    let changed = ticket
        .timeline
        .last()
        .map_or(ticket.row.created_at, |entry| entry.at);
    let is_picture = |kind: &str| kind.starts_with("image/");
    RequestOut {
        service_request_id: id(&ticket),
        status: status(ticket.row.state).to_owned(),
        status_notes: said.last().and_then(|entry| entry.public_text.clone()),
        service_name: ticket.category_name.clone(),
        service_code: ticket.row.category.clone(),
        description: ticket.content.clone(),
        agency_responsible: ticket.row.unit_name.clone(),
        service_notice: Some(ticket.row.state.chinese().to_owned()),
        requested_datetime: instant(ticket.row.created_at),
        updated_datetime: instant(ticket.row.closed_at.unwrap_or(changed)),
        expected_datetime: ticket.promised_at.map(instant),
        address: ticket.address.clone().unwrap_or_else(|| ticket.row.place.clone()),
        address_id: None,
        zipcode: None,
        lat: ticket.lat,
        long: ticket.lng,
        media_url: ticket
            .attachments
            .iter()
            .find(|file| is_picture(&file.media_type))
            .map(|file| link(file.id)),
        attributes: extensions.then(|| {
            let form = ticket.form.iter().flatten();
            form.map(|(code, value)| AnsweredOut {
                code: code.clone(),
                value: plain(value),
            })
            .collect()
        }),
        notes: extensions.then(|| notes.collect()),
        extended_attributes: extensions.then(|| ExtendedOut {
            channel: ticket.row.channel.word().to_owned(),
            photos,
        }),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// That it was registered is the request itself; archiving it changes nothing for who asked.
const QUIET: [EntryKind; 2] = [EntryKind::Registered, EntryKind::Archived];

/// What happened to a request within a window, as far as who asked may know of it. That it was registered is the request
/// itself.
pub(super) fn updates(ticket: &TicketOut, within: impl Fn(DateTime<Utc>) -> bool) -> Vec<UpdateOut> {
    let number = id(ticket);
    let told = ticket
        .timeline
        .iter()
        .filter(|entry| entry.public && !QUIET.contains(&entry.kind) && within(entry.at));
    told.map(|entry| UpdateOut {
        update_id: format!("{number}-{}", entry.seq),
        service_request_id: number.clone(),
        status: update_status(entry.to, ticket.row.result).to_owned(),
        external_status_code: entry.to.word().to_owned(),
        updated_datetime: instant(entry.at),
        description: entry.public_text.clone().unwrap_or_else(|| entry.label.clone()),
        media_url: None,
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The closed words of FixMyStreet stand for closed states, and no other does.
    #[test]
    fn words_of_updates_agree_with_the_status() {
        let open = ["for_triage", "investigating", "in_progress", "planned"];
        for state in TicketState::ALL {
            for result in TicketResult::ALL.iter().copied().map(Some).chain([None]) {
                let word = update_status(*state, result);
                assert_eq!(open.contains(&word), status(*state) == "open", "{state} {word}");
            }
        }
    }

    #[test]
    fn instants_have_an_offset_and_no_fractions() {
        let at: DateTime<Utc> = "2026-11-27T00:00:00.123456Z".parse().unwrap();
        assert_eq!(instant(at), "2026-11-27T08:00:00+08:00");
    }
}
