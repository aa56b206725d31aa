//! The paper trail of an emergency call: a ticket that opens with the call and goes where it goes. The call has its own
//! clocks; nothing here may stop it.

use super::prepare::{Contact, Prepared};
use super::register;
use super::{Setting, callback};
use crate::access::actor::{Acting, Actor};
use crate::access::authenticate::local_day;
use crate::access::permit::Caller;
use crate::access::policy::Op;
use crate::intake::place;
use crate::orgs::rules::MatchedBy;
use crate::platform::db::Tx;
use crate::platform::error::AppError;
use crate::platform::kit::Kit;
use crate::platform::personal::Personal;
use crate::reference::Reference;
use crate::residents::rules::Phone;
use crate::tickets::facts;
use crate::tickets::rules::lifecycle::{By, Command};
use crate::tickets::store::{self, Doer, Plan, Said, apply};
use entity::id::{ResidentId, StaffId, TicketId, UnitId};
use entity::kind::{Channel, Role, Standing, TicketResult, TicketState};
use serde_json::json;
use std::sync::Arc;

/// The service of emergency calls in the catalogue (of 1001 紧急呼叫).
const SERVICE: &str = "100105";

/// What is known of an emergency when it opens.
#[derive(Clone, Debug)]
pub struct Emergency {
    /// The community.
    pub unit: UnitId,
    /// In a few words.
    pub title: String,
    /// What is known.
    pub content: String,
    /// Building, entrance and door.
    pub address: Option<String>,
    /// Who lives there, if the register knows them.
    pub resident: Option<ResidentId>,
    /// Their name.
    pub name: Option<String>,
    /// Their number.
    pub phone: Option<String>,
}

/// What the ticket follows.
#[derive(Clone, Debug)]
pub enum Turn {
    /// Somebody has taken the call on.
    Signed(StaffId),
    /// The call was dealt with.
    Settled(TicketResult, String),
    /// The call is closed.
    Closed,
}

/// Opens the ticket of a call; none where the catalogue knows no emergencies or the unit is gone: the call opens all the
/// same.
///
/// # Errors
/// When the database does not answer.
pub async fn open(
    tx: &Tx,
    kit: &Kit,
    reference: &Arc<Reference>,
    emergency: &Emergency,
) -> Result<Option<TicketId>, AppError> {
    let day = local_day(tx.now());
    let service = reference.catalogue.find(SERVICE, day);
    let unit = reference.directory.current(emergency.unit, day);
    let (Some(service), Some(unit)) = (service, unit) else {
        tracing::error!(service = SERVICE, unit = %emergency.unit, "an emergency call has no ticket");
        return Ok(None);
    };
    let prepared = Prepared {
        requester: Contact {
            phone: emergency.phone.as_deref().and_then(Phone::parse),
            name: emergency.name.clone().map(Personal::new),
            resident_id: emergency.resident,
        },
        standing: Standing::Myself,
        on_behalf_of: None,
        consent: None,
        anonymous: false,
        request_type: service.default_type,
        service_id: service.id,
        category: service.code.clone(),
        sensitive: service.sensitive,
        accepts_by_itself: true,
        urgency: service.urgency,
        phone_call_id: None,
        channel: Channel::Callbell,
        title: emergency.title.clone(),
        content: emergency.content.clone(),
        form: None,
        place: place::Place {
            address: emergency.address.clone(),
            ..place::Place::default()
        },
        place_unit_id: unit.id,
        place_matched: (MatchedBy::Unit, None),
        place_path: unit.path.clone(),
        place_name: reference.directory.full_name(unit.id),
        confidential: false,
        wants_reply: true,
        attachments: Vec::new(),
        hold: false,
        redirect: None,
    };
    let setting = Setting {
        kit: kit.clone(),
        reference: Arc::clone(reference),
        caller: nobody(),
    };
    register::by_itself(tx, &setting, &prepared).await.map(Some)
}

/// The service itself, which asks nobody.
fn nobody() -> Caller {
    Caller {
        actor: Actor::Anonymous,
        acting: Acting {
            role: Role::Integration,
            unit: None,
            path: None,
        },
        op: Op::RegisterTicket,
        request_id: None,
    }
}

/// Takes the ticket along. One that somebody has moved by hand stays where they put it.
///
/// # Errors
/// When the database does not answer.
pub async fn follow(
    tx: &Tx,
    kit: &Kit,
    reference: &Arc<Reference>,
    ticket: TicketId,
    turn: &Turn,
) -> Result<(), AppError> {
    let mut loaded = store::lock(tx, ticket).await?;
    let mut plan = Plan::new(facts::life(&loaded));
    let said = |text: Option<&String>, public| Said {
        public_text: text.cloned(),
        public,
        data: json!({ "by_call": true }),
        ..Said::default()
    };
    let by = |staff| By {
        staff,
        ..By::default()
    };
    let steps: Vec<(Command, By, Said)> = match turn {
        Turn::Signed(staff) => vec![(Command::Sign, by(Some(*staff)), said(None, true))],
        Turn::Settled(result, text) => vec![
            (
                Command::FirstContact { reached: true },
                by(None),
                said(None, true),
            ),
            (Command::Reply(*result), by(None), said(Some(text), false)),
        ],
        Turn::Closed => {
            let reply = store::waiting_reply(tx, &kit.vault, ticket).await?;
            vec![(Command::Approve, by(None), said(reply.as_ref(), true))]
        }
    };
    for (command, by, said) in steps {
        if plan.decide(&command, by, said).is_err() {
            tracing::warn!(%ticket, command = command.kind().word(), state = %loaded.ticket.state, "the ticket of a call went its own way");
            return Ok(());
        }
    }
    apply(tx, (&kit.vault, reference), &mut loaded, &plan, Doer::SYSTEM).await?;
    if loaded.ticket.state == TicketState::Callback {
        callback::open(tx, kit, &loaded, true).await?;
    }
    Ok(())
}
