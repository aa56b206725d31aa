//! From rows to what a caller may see.

use super::dto::{
    AttachmentOut, ClockOut, EntryOut, ProceedingOut, ReceiptOut, RequesterOut, TicketOut, TicketRow,
};
use super::facts;
use super::queries::list;
use super::rules::number;
use super::store::{Loaded, label};
use crate::access::actor::{Acting, Actor};
use crate::access::policy::{Sight, identity_sight, sees_internal};
use crate::attachments;
use crate::platform::crypto::hex;
use crate::platform::crypto::vault::Vault;
use crate::platform::error::{AppError, Code};
use crate::platform::kit::Kit;
use crate::platform::personal::{blot, mask_name, mask_numbers, mask_phone};
use crate::reference::Reference;
use crate::residents;
use chrono::{DateTime, Utc};
use entity::id::ResidentId;
use entity::kind::{
    ActorKind, ClockKind, EntryKind, ProceedingKind, ProceedingState, Role, TicketState, Visibility,
};
use entity::{attachment, clock, proceeding, ticket, ticket_entry, ticket_requester};
use serde::Serialize;
use serde_json::{Map, Value};

/// Everything that belongs to a ticket.
pub struct Whole {
    /// Ticket, legs, requesters.
    pub loaded: Loaded,
    /// Clocks.
    pub clocks: Vec<clock::Model>,
    /// Timeline.
    pub timeline: Vec<ticket_entry::Model>,
    /// Files.
    pub files: Vec<attachment::Model>,
}

impl Whole {
    /// What a command left: of the timeline what it added, of the clocks what runs.
    pub fn after(mut loaded: Loaded) -> Self {
        let timeline = std::mem::take(&mut loaded.added);
        let clocks = std::mem::take(&mut loaded.running);
        Self {
            loaded,
            clocks,
            timeline,
            files: Vec::new(),
        }
    }
}

/// What a list shows of a ticket.
pub fn row(
    ticket: &ticket::Model,
    unit: Option<&str>,
    person: Option<&str>,
    now: DateTime<Utc>,
) -> TicketRow {
    TicketRow {
        id: ticket.id,
        number: number::spoken(&ticket.number),
        title: ticket.title.clone(),
        state: ticket.state,
        round: ticket.round,
        request_type: ticket.request_type,
        category: ticket.category.clone(),
        urgency: ticket.urgency,
        channel: ticket.channel,
        place: ticket.place_name.clone(),
        unit_name: unit.map(str::to_owned),
        staff_name: person.map(str::to_owned),
        next_due_at: ticket.next_due_at,
        overdue: ticket.next_due_at.is_some_and(|due| due <= now),
        lamp: list::lamp([ticket.yellow_at, ticket.orange_at, ticket.next_due_at], now),
        supervised: ticket.supervised,
        urges: ticket.urges,
        created_at: ticket.created_at,
        result: ticket.result.filter(|_| is_told(ticket.state)),
        closed_at: ticket.closed_at,
    }
}

/// A ticket for one caller in one role.
///
/// # Errors
/// When a sealed value can't be opened.
pub fn ticket(
    kit: &Kit,
    reference: &Reference,
    whole: &Whole,
    actor: &Actor,
    acting: &Acting,
) -> Result<TicketOut, AppError> {
    let ticket = &whole.loaded.ticket;
    let role = acting.role;
    let vault = &kit.vault;
    let internal = sees_internal(role);
    let lead = whole.loaded.lead();
    let sight = facts::sight(acting, &whole.loaded, reference);
    let names = if sight == Sight::Hidden {
        names(vault, &whole.loaded)?
    } else {
        Vec::new()
    };
    let seen = Seen {
        sight,
        internal,
        names: &names,
        me: actor.in_person(),
    };
    // Where somebody lives tells who they are.
    let shows_address = sight == Sight::Full || (sight == Sight::Masked && internal && !ticket.confidential);
    // A map works with points: a client reaches only what it registered, and gets back its own.
    let shows_point = shows_address || (role == Role::Integration && !ticket.confidential);
    let content = vault.open_text(label::CONTENT, &ticket.content_sealed)?;
    let form = vault.open_optional(label::FORM, ticket.form_sealed.as_ref())?;
    let service = reference.catalogue.get(ticket.service_id);
    let moment = facts::moment(&whole.loaded, &whole.clocks, reference, kit, kit.now());
    let person = lead
        .and_then(|leg| leg.staff_name.as_deref())
        .filter(|_| internal);
    Ok(TicketOut {
        row: TicketRow {
            title: seen.requesters_words(ticket.title.clone()),
            result: ticket.result.filter(|_| internal || is_told(ticket.state)),
            ..row(ticket, lead.map(|leg| leg.unit_name.as_str()), person, kit.now())
        },
        content: (role != Role::Analyst || !ticket.sensitive).then(|| seen.requesters_words(content)),
        category_name: service.map(|service| service.name.clone()).unwrap_or_default(),
        form: form
            .filter(|_| role != Role::Analyst)
            .and_then(|form| serde_json::from_str(&form).ok())
            .map(|form: Map<String, Value>| {
                let masked = form.into_iter().map(|(name, value)| (name, seen.value(value)));
                masked.collect()
            }),
        address: vault
            .open_optional(label::ADDRESS, ticket.address_sealed.as_ref())?
            .filter(|_| shows_address),
        lat: ticket.lat.filter(|_| shows_point),
        lng: ticket.lng.filter(|_| shows_point),
        confidential: ticket.confidential,
        wants_reply: ticket.wants_reply,
        promised_at: promised(&whole.clocks),
        requesters: requesters(vault, &whole.loaded.requesters, role, sight)?,
        unit_id: lead.map(|leg| leg.unit_id),
        staff_id: lead.and_then(|leg| leg.staff_id).filter(|_| internal),
        explanation: lead
            .map(|leg| seen.staffs_value(leg.explanation.clone()))
            .filter(|_| internal),
        clocks: whole
            .clocks
            .iter()
            .filter(|clock| internal || clock.kind == ClockKind::Resolve)
            .map(clock_out)
            .collect(),
        proceedings: proceedings(vault, &whole.loaded.proceedings, seen)?,
        no_return: ticket.no_return,
        hard_case: ticket.hard_case,
        merged_into: ticket.primary_id.filter(|_| internal),
        followers: ticket.followers,
        timeline: entries(vault, &whole.timeline, seen)?,
        attachments: files(vault, &whole.files, seen)?,
        actions: facts::actions(actor, &whole.loaded, reference, moment)
            .into_iter()
            .map(str::to_owned)
            .collect(),
        version: ticket.version,
    })
}

/// Whether the requester has been told the result.
pub fn is_told(state: TicketState) -> bool {
    matches!(
        state,
        TicketState::Callback | TicketState::Closed | TicketState::Archived
    )
}

/// Until when an answer is promised: the running clock of the resolution.
pub fn promised(clocks: &[clock::Model]) -> Option<DateTime<Utc>> {
    clocks
        .iter()
        // While it stands still nothing is promised.
        .filter(|clock| {
            clock.kind == ClockKind::Resolve && clock.stopped_at.is_none() && clock.paused_at.is_none()
        })
        .map(|clock| clock.due_at)
        .next_back()
}

/// Names of who asked, and for whom, as they may stand in texts.
///
/// # Errors
/// When a sealed value can't be opened.
pub fn names(vault: &Vault, loaded: &Loaded) -> Result<Vec<String>, AppError> {
    let mut names = Vec::new();
    for row in &loaded.requesters {
        names.extend(vault.open_optional(label::NAME, row.name_sealed.as_ref())?);
    }
    for row in &loaded.beneficiaries {
        names.extend(residents::view::plain(vault, row)?.0);
    }
    Ok(names)
}

fn requesters(
    vault: &Vault,
    rows: &[ticket_requester::Model],
    role: Role,
    sight: Sight,
) -> Result<Vec<RequesterOut>, AppError> {
    // Who handles it asks the ticket who it is, and the requester reads that they did; the register is the centre's.
    let registered = identity_sight(role, true) != Sight::Hidden;
    if sight == Sight::Hidden {
        return Ok(Vec::new());
    }
    rows.iter()
        .map(|row| {
            let name = vault.open_optional(label::NAME, row.name_sealed.as_ref())?;
            let phone = vault.open_optional(label::PHONE, row.phone_sealed.as_ref())?;
            let full = sight == Sight::Full;
            Ok(RequesterOut {
                resident_id: row.resident_id.filter(|_| registered),
                standing: row.standing,
                consent: vault
                    .open_optional(label::CONSENT, row.consent_sealed.as_ref())?
                    .map(|text| if full { text } else { mask_numbers(&text) }),
                name: name.map(|name| if full { name } else { mask_name(&name) }),
                phone: phone.map(|phone| if full { phone } else { mask_phone(&phone) }),
            })
        })
        .collect()
}

/// Whether a clock ran out before it was stopped.
pub fn breached(row: &clock::Model) -> bool {
    row.breached_at.is_some() || row.stopped_at.is_some_and(|stopped| stopped >= row.due_at)
}

fn clock_out(row: &clock::Model) -> ClockOut {
    ClockOut {
        kind: row.kind,
        round: row.round,
        amount: row.amount,
        unit: row.unit,
        started_at: row.started_at,
        due_at: row.due_at,
        first_due_at: row.first_due_at,
        extensions: row.extensions,
        paused_at: row.paused_at,
        by_plan: row.by_plan,
        proceeding_id: row.proceeding_id,
        stopped_at: row.stopped_at,
        breached: breached(row),
        provisional: row.provisional,
    }
}

/// The small lives. The requester reads what they were told of; units read all.
fn proceedings(
    vault: &Vault,
    rows: &[proceeding::Model],
    seen: Seen<'_>,
) -> Result<Vec<ProceedingOut>, AppError> {
    let internal = seen.internal;
    let told = |row: &&proceeding::Model| {
        internal
            || matches!(row.kind, ProceedingKind::Suspension | ProceedingKind::Milestone)
            || (row.kind == ProceedingKind::Extension && row.state == ProceedingState::Granted)
    };
    rows.iter()
        .filter(told)
        .map(|row| {
            let open = |sealed: &Option<Vec<u8>>| {
                let text = vault.open_optional(label::PROCEEDING, sealed.as_ref())?;
                Ok::<_, AppError>(text.map(|text| seen.staffs_words(text)))
            };
            Ok(ProceedingOut {
                id: row.id,
                kind: row.kind,
                label: row.kind.chinese().to_owned(),
                state: row.state,
                unit_id: row.unit_id,
                unit_name: row.unit_name.clone(),
                ground: row.ground,
                target_unit_id: row.target_unit_id,
                amount: row.amount,
                asked: open(&row.asked_sealed)?,
                answered: open(&row.answered_sealed)?,
                opened_at: row.opened_at,
                due_at: row.due_at,
                ended_at: row.ended_at,
            })
        })
        .collect()
}

/// How a caller sees texts. Numbers of persons in what the requester says are masked for all others; in what staff
/// write for each other they are masked for those who must not learn who asked.
#[derive(Clone, Copy)]
struct Seen<'a> {
    sight: Sight,
    internal: bool,
    /// Names to be blotted out for those who must not learn who asked.
    names: &'a [String],
    /// Who asks, where it is a resident in person.
    me: Option<ResidentId>,
}

impl Seen<'_> {
    fn requesters_words(self, text: String) -> String {
        match self.sight {
            Sight::Full => text,
            Sight::Masked => mask_numbers(&text),
            Sight::Hidden => blot(&mask_numbers(&text), self.names),
        }
    }

    /// What staff wrote.
    fn staffs_words(self, text: String) -> String {
        match self.sight {
            Sight::Hidden => self.requesters_words(text),
            Sight::Full | Sight::Masked => text,
        }
    }

    fn staffs_value(self, value: Value) -> Value {
        match self.sight {
            Sight::Hidden => self.value(value),
            Sight::Full | Sight::Masked => value,
        }
    }

    /// Which app somebody uses is for them, and for staff who may know who asks.
    fn names_actor_of(self, row: &ticket_entry::Model) -> bool {
        if row.actor_kind != ActorKind::Resident {
            return self.internal;
        }
        let mine = self.me.is_some_and(|me| row.actor_id == Some(me.0));
        mine || (self.internal && self.sight != Sight::Hidden)
    }

    fn words_of(self, row: &ticket_entry::Model, text: Option<String>) -> Option<String> {
        let theirs = matches!(row.actor_kind, ActorKind::Resident | ActorKind::Client)
            || matches!(
                row.kind,
                EntryKind::Supplemented
                    | EntryKind::Rated
                    | EntryKind::Corrected
                    | EntryKind::Withdrawn
                    | EntryKind::Appealed
                    | EntryKind::Reopened
                    | EntryKind::Urged
            );
        match self.sight {
            Sight::Masked if !theirs => text,
            _ => text.map(|text| self.requesters_words(text)),
        }
    }

    /// A value of the service's own form.
    fn value(self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.requesters_words(text)),
            Value::Array(items) => Value::Array(items.into_iter().map(|item| self.value(item)).collect()),
            Value::Object(members) => {
                let seen = members.into_iter().map(|(name, value)| (name, self.value(value)));
                Value::Object(seen.collect())
            }
            other => other,
        }
    }
}

/// The timeline; without what is internal, the requester sees which unit acted, not who.
fn entries(vault: &Vault, rows: &[ticket_entry::Model], seen: Seen<'_>) -> Result<Vec<EntryOut>, AppError> {
    let internal = seen.internal;
    rows.iter()
        .filter(|row| internal || row.public)
        .map(|row| {
            Ok(EntryOut {
                seq: row.seq,
                kind: row.kind,
                label: row.kind.chinese().to_owned(),
                at: row.at,
                actor_kind: row.actor_kind,
                actor_name: row.actor_name.clone().filter(|_| seen.names_actor_of(row)),
                role: row.role,
                unit_name: row.unit_name.clone(),
                from: row.from_state,
                to: row.to_state,
                public: row.public,
                public_text: seen.words_of(
                    row,
                    vault.open_optional(label::PUBLIC, row.public_sealed.as_ref())?,
                ),
                internal_text: if internal {
                    let text = vault.open_optional(label::INTERNAL, row.internal_sealed.as_ref())?;
                    seen.words_of(row, text)
                } else {
                    None
                },
                data: internal.then(|| seen.staffs_value(row.data.clone())),
                hash: hex(&row.hash),
            })
        })
        .collect()
}

fn files(vault: &Vault, rows: &[attachment::Model], seen: Seen<'_>) -> Result<Vec<AttachmentOut>, AppError> {
    rows.iter()
        .filter(|row| seen.internal || row.visibility == Visibility::Public)
        .map(|row| {
            let file = file(vault, row)?;
            // A file is often named after whom it is about.
            let name = seen.requesters_words(file.name);
            Ok(AttachmentOut { name, ..file })
        })
        .collect()
}

/// The name of a file as somebody sees it: often it is named after whom it is about.
///
/// # Errors
/// When a sealed value can't be opened.
pub fn file_name(
    vault: &Vault,
    row: &attachment::Model,
    loaded: &Loaded,
    sight: Sight,
) -> Result<String, AppError> {
    let names = names(vault, loaded)?;
    let seen = Seen {
        sight,
        internal: false,
        names: &names,
        me: None,
    };
    Ok(seen.requesters_words(attachments::store::name(vault, row)?))
}

/// A file.
///
/// # Errors
/// When its name can't be opened.
pub fn file(vault: &Vault, row: &attachment::Model) -> Result<AttachmentOut, AppError> {
    Ok(AttachmentOut {
        id: row.id,
        name: attachments::store::name(vault, row)?,
        media_type: row.media_type.clone(),
        size_bytes: row.size_bytes,
        sha256: hex(&row.sha256),
        visibility: row.visibility,
        entry: row.entry_seq,
    })
}

/// Claims of a receipt.
#[derive(Serialize)]
struct ReceiptClaims<'a> {
    iss: &'a str,
    iat: i64,
    sub: String,
    number: &'a str,
    received_at: DateTime<Utc>,
    entries: i64,
    head: &'a str,
}

/// A signed receipt of a ticket as it stands.
///
/// # Errors
/// When no key is loaded.
pub fn receipt(kit: &Kit, ticket: &ticket::Model, now: DateTime<Utc>) -> Result<ReceiptOut, AppError> {
    let head = hex(&ticket.head);
    let claims = ReceiptClaims {
        iss: kit.signer.issuer(),
        iat: now.timestamp(),
        sub: ticket.id.to_string(),
        number: &ticket.number,
        received_at: ticket.created_at,
        entries: ticket.entries,
        head: &head,
    };
    let jws = kit.signer.sign("receipt+jwt", &claims)?;
    Ok(ReceiptOut {
        number: number::spoken(&ticket.number),
        received_at: ticket.created_at,
        entries: ticket.entries,
        head,
        jws,
    })
}

/// A value as JSON, for the timeline's data and explanations.
///
/// # Errors
/// When it can't be serialised.
pub fn json(value: &impl Serialize) -> Result<Value, AppError> {
    serde_json::to_value(value).map_err(|error| AppError::new(Code::Internal).because(error))
}
