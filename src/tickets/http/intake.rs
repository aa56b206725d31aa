//! Before a ticket is there, and its registration.

use crate::access::actor::Actor;
use crate::access::authenticate::local_day;
use crate::access::{Permit, op};
use crate::intake::place;
use crate::platform::error::{AppError, Code, Fields};
use crate::platform::http::answer::Answer;
use crate::platform::http::idempotency::IdempotencyKey;
use crate::platform::http::json::Json;
use crate::reference::Desk;
use crate::residents::rules::Phone;
use crate::tickets::commands::{Setting, anonymous, register};
use crate::tickets::dto::{
    CallerIn, CallerOut, ContactIn, LookupIn, LookupOut, RegisterIn, RegisteredOut, SimilarIn, SimilarOut,
};
use crate::tickets::queries::similar;
use actix_web::post;
use actix_web::web::Data;

/// Who calls: people of the register with this number, masked, with their open and recent tickets.
#[utoipa::path(tag = "intake", request_body = CallerIn, responses((status = 200, body = Vec<CallerOut>)))]
#[post("/callers/identify")]
pub async fn identify_caller(
    permit: Permit<op::IdentifyCaller>,
    desk: Data<Desk>,
    body: Json<CallerIn>,
) -> Result<Answer<Vec<CallerOut>>, AppError> {
    let phone = Phone::parse(body.value.phone.plain()).ok_or_else(|| AppError::new(Code::PhoneInvalid))?;
    let reference = desk.reference().await?;
    Answer::ok(&similar::callers(&desk.kit, &reference, &permit.caller, &phone).await?)
}

/// Open tickets that may be the same matter: offered before a new one is registered.
#[utoipa::path(tag = "intake", request_body = SimilarIn, responses((status = 200, body = Vec<SimilarOut>)))]
#[post("/tickets/similar")]
pub async fn find_similar(
    permit: Permit<op::FindSimilar>,
    desk: Data<Desk>,
    body: Json<SimilarIn>,
) -> Result<Answer<Vec<SimilarOut>>, AppError> {
    let mut fields = Fields::default();
    let input = body.value;
    let category = fields.text("/category", &input.category, 12);
    let text = fields.text("/text", &input.text, 4000);
    let wanted = input.place.parse("/place", &mut fields);
    fields.finish()?;
    let contact = input
        .requester
        .map(ContactIn::parse)
        .transpose()?
        .unwrap_or_default();
    let reference = desk.reference().await?;
    let located = place::locate(&reference.directory, local_day(desk.kit.now()), &wanted)?;
    let resident = permit.caller.actor.resident_id();
    let staff = matches!(permit.caller.actor, Actor::Staff { .. });
    let matter = similar::Matter {
        phone: contact.phone.as_ref().filter(|_| staff),
        resident: resident.or(contact.resident_id.filter(|_| staff)),
        category: &category,
        place: located.unit.id,
        text: &text,
    };
    Answer::ok(&similar::find(&desk.kit, &permit.caller, &matter).await?)
}

/// Follows an anonymous request by its number and code; each wrong attempt makes the next one wait longer.
#[utoipa::path(tag = "tickets", request_body = LookupIn, responses((status = 200, body = LookupOut)))]
#[post("/tickets/lookup")]
pub async fn look_up_ticket(
    _permit: Permit<op::LookUpTicket>,
    desk: Data<Desk>,
    body: Json<LookupIn>,
) -> Result<Answer<LookupOut>, AppError> {
    let LookupIn { number, code } = body.value;
    let input = (desk.kit.clone(), desk.reference().await?, number, code);
    let found = desk
        .kit
        .db
        .write("ticket.lookup", input, |tx, input| {
            Box::pin(anonymous::look_up(tx, input))
        })
        .await?;
    Answer::ok(&anonymous::found(found)?)
}

/// Registers a request, and routes it unless an operator must look at it first.
#[utoipa::path(tag = "tickets", request_body = RegisterIn, responses((status = 201, body = RegisteredOut)))]
#[post("/tickets")]
pub async fn register_ticket(
    permit: Permit<op::RegisterTicket>,
    desk: Data<Desk>,
    key: IdempotencyKey,
    body: Json<RegisterIn>,
) -> Result<Answer<RegisteredOut>, AppError> {
    let caller = permit.caller;
    let once = key.bind(&caller.actor.key(), caller.op.id(), &body.digest);
    let reference = desk.reference().await?;
    let setting = Setting {
        kit: desk.kit.clone(),
        reference,
        caller,
    };
    let prepared = register::prepare(&setting, body.value, desk.kit.now())?;
    register::register(setting, once, prepared).await
}
