//! Working with tickets.

use crate::access::{Permit, op};
use crate::ledger::audit;
use crate::platform::error::{AppError, Fields, Rule};
use crate::platform::http::answer::Answer;
use crate::platform::http::etag::IfMatch;
use crate::platform::http::idempotency::{IdempotencyKey, write_once};
use crate::platform::http::json::Json;
use crate::platform::http::page::Page;
use crate::platform::personal::mask_numbers;
use crate::reference::Desk;
use crate::tickets::commands::Setting;
use crate::tickets::commands::act::{self, Action};
use crate::tickets::commands::look::{Look, record};
use crate::tickets::dto::{
    ActionIn, QueuesOut, Reason, ReceiptOut, RevealedRequesterOut, TicketDeadlinesOut, TicketOut, TicketRow,
    TicketsQuery, VerificationOut,
};
use crate::tickets::facts;
use crate::tickets::queries::{deadlines, detail, list, queues};
use crate::tickets::store::{self, label};
use actix_web::web::{Data, Path, Query};
use actix_web::{FromRequest, HttpRequest, get, post};
use entity::id::TicketId;
use entity::kind::Looked;
use serde_json::json;

/// What of a requester can be revealed.
const REVEALED: [&str; 2] = ["name", "phone"];

/// Tickets that the caller may see, filtered.
#[utoipa::path(tag = "tickets", params(TicketsQuery), responses((status = 200, body = Page<TicketRow>)))]
#[get("/tickets")]
pub async fn list_tickets(
    permit: Permit<op::ListTickets>,
    desk: Data<Desk>,
    query: Query<TicketsQuery>,
) -> Result<Answer<Page<TicketRow>>, AppError> {
    let reference = desk.reference().await?;
    let reach = permit.caller.reach();
    let by = (&permit.caller.actor, &reach);
    Answer::ok(&list::page(&desk.kit.db, &reference.directory, by, &query, desk.kit.now()).await?)
}

/// How many tickets are in which queue.
#[utoipa::path(tag = "tickets", responses((status = 200, body = QueuesOut)))]
#[get("/queues")]
pub async fn count_queues(
    permit: Permit<op::CountQueues>,
    desk: Data<Desk>,
) -> Result<Answer<QueuesOut>, AppError> {
    let reference = desk.reference().await?;
    let (kit, caller) = (&desk.kit, &permit.caller);
    let answer = kit.glances.get(format!("queues {:?}", caller.reach()), async {
        queues::counts(kit, &reference, caller).await
    });
    Answer::ok(&*answer.await?)
}

/// A ticket with its timeline, clocks, files, and what the caller may do now.
#[utoipa::path(tag = "tickets", responses((status = 200, body = TicketOut)))]
#[get("/tickets/{id}")]
pub async fn get_ticket(
    permit: Permit<op::GetTicket>,
    desk: Data<Desk>,
    id: Path<TicketId>,
) -> Result<Answer<TicketOut>, AppError> {
    let reference = desk.reference().await?;
    let (out, version) = detail::whole(&desk.kit, &reference, &permit.caller, *id).await?;
    Ok(Answer::ok(&out)?.version(version))
}

/// Acts on a ticket. `If-Match` names the version that was seen; a requester's own `supplement`, `urge` and `rate`
/// need none.
/// The answer holds of the timeline what the action added.
#[utoipa::path(tag = "tickets", request_body = ActionIn, responses((status = 200, body = TicketOut)))]
#[post("/tickets/{id}/actions")]
pub async fn act_on_ticket(
    permit: Permit<op::ActOnTicket>,
    request: HttpRequest,
    desk: Data<Desk>,
    id: Path<TicketId>,
    key: IdempotencyKey,
    body: Json<ActionIn>,
) -> Result<Answer<TicketOut>, AppError> {
    let caller = permit.caller;
    let exempt = matches!(
        body.value,
        ActionIn::Supplement { .. } | ActionIn::Rate { .. } | ActionIn::Urge { .. }
    );
    let version = if exempt {
        None
    } else {
        Some(IfMatch::extract(&request).await?)
    };
    body.value.check()?;
    let once = key.bind(&caller.actor.key(), caller.op.id(), &body.digest);
    let setting = Setting {
        kit: desk.kit.clone(),
        reference: desk.reference().await?,
        caller,
    };
    act::act(
        setting,
        once,
        Action {
            ticket: *id,
            version,
            action: body.value,
        },
    )
    .await
}

/// Why the ticket is due when it is, clock by clock and day by day.
///
/// What counted, what did not and why, by which line of the policy and which version of the working calendar.
#[utoipa::path(tag = "tickets", responses((status = 200, body = TicketDeadlinesOut)))]
#[get("/tickets/{id}/deadlines")]
pub async fn get_deadlines(
    permit: Permit<op::GetDeadlines>,
    desk: Data<Desk>,
    id: Path<TicketId>,
) -> Result<Answer<TicketDeadlinesOut>, AppError> {
    let reference = desk.reference().await?;
    let items = deadlines::of_ticket(&desk.kit, &reference, &permit.caller, *id).await?;
    Answer::ok(&TicketDeadlinesOut { items })
}

/// A signed receipt of the ticket as it stands.
#[utoipa::path(tag = "tickets", responses((status = 200, body = ReceiptOut)))]
#[get("/tickets/{id}/receipt")]
pub async fn get_receipt(
    permit: Permit<op::GetReceipt>,
    desk: Data<Desk>,
    id: Path<TicketId>,
) -> Result<Answer<ReceiptOut>, AppError> {
    Answer::ok(&detail::receipt(&desk.kit, &permit.caller, *id).await?)
}

/// Whether the timeline is unbroken.
#[utoipa::path(tag = "tickets", responses((status = 200, body = VerificationOut)))]
#[get("/tickets/{id}/verify")]
pub async fn verify_ticket(
    permit: Permit<op::VerifyTicket>,
    desk: Data<Desk>,
    id: Path<TicketId>,
) -> Result<Answer<VerificationOut>, AppError> {
    Answer::ok(&detail::verify(&desk.kit, &permit.caller, *id).await?)
}

/// Shows who asked, for a reason. Who looked, and why, is kept before the answer goes out.
#[utoipa::path(tag = "tickets", request_body = Reason, responses((status = 200, body = RevealedRequesterOut)))]
#[post("/tickets/{id}/reveal")]
pub async fn reveal_requester(
    permit: Permit<op::RevealRequester>,
    desk: Data<Desk>,
    id: Path<TicketId>,
    key: IdempotencyKey,
    body: Json<Reason>,
) -> Result<Answer<RevealedRequesterOut>, AppError> {
    let mut fields = Fields::default();
    let reason = fields.text("/reason", &body.value.reason, 200);
    if reason.chars().count() < 3 {
        fields.add("/reason", Rule::TooShort(3));
    }
    if body.value.fields.len() > REVEALED.len() {
        fields.add("/fields", Rule::TooMany(REVEALED.len()));
    }
    for (at, field) in body.value.fields.iter().enumerate() {
        if !REVEALED.contains(&field.as_str()) {
            let words = REVEALED.map(str::to_owned).to_vec();
            fields.add(format!("/fields/{at}"), Rule::OneOf(words));
        }
    }
    fields.finish()?;
    let caller = permit.caller;
    let once = key.bind(&caller.actor.key(), caller.op.id(), &body.digest);
    let input = (
        caller,
        (desk.kit.vault.clone(), desk.reference().await?),
        *id,
        body.value.fields,
        mask_numbers(&reason),
    );
    write_once(
        &desk.kit.db,
        &desk.kit.vault,
        "ticket.reveal",
        once,
        input,
        |tx, input| {
            Box::pin(async move {
                let (caller, (vault, reference), id, fields, reason) = input;
                let loaded = store::find(tx, *id).await?;
                let acting = facts::allow(&caller.actor, caller.op, &loaded)?;
                facts::check_reveal(&loaded, &acting, reference)?;
                audit::record(
                    tx,
                    caller,
                    "ticket",
                    id,
                    json!({ "fields": fields, "reason": reason }),
                );
                let looked = Look {
                    ticket: *id,
                    what: Looked::Requester,
                    acting,
                };
                record(tx, caller, &looked);
                let wants = |field: &str| fields.iter().any(|asked| asked == field);
                let first = loaded.requesters.first();
                let name = first
                    .and_then(|row| row.name_sealed.as_ref())
                    .filter(|_| wants("name"));
                let phone = first
                    .and_then(|row| row.phone_sealed.as_ref())
                    .filter(|_| wants("phone"));
                Answer::ok(&RevealedRequesterOut {
                    name: vault.open_optional(label::NAME, name)?,
                    phone: vault.open_optional(label::PHONE, phone)?,
                })
            })
        },
    )
    .await
}
