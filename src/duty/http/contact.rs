//! `/api/v1/duty/contacts`.

use crate::access::authenticate::local_day;
use crate::access::{Permit, op};
use crate::duty::commands;
use crate::duty::dto::contact::{DutyContactIn, DutyContactOut};
use crate::duty::queries;
use crate::platform::error::AppError;
use crate::platform::http::answer::Answer;
use crate::platform::http::etag::IfMatch;
use crate::platform::http::json::Json;
use crate::platform::kit::Kit;
use actix_web::web::{Data, Path};
use actix_web::{get, put};
use entity::id::StaffId;
use std::sync::Arc;

/// Shows how somebody is reached on duty. Number and address are masked for all but the person; who has said nothing is
/// reached in the application alone.
#[utoipa::path(tag = "duty", responses((status = 200, body = DutyContactOut)))]
#[get("/duty/contacts/{staff_id}")]
pub(super) async fn get_duty_contact(
    permit: Permit<op::GetDutyContact>,
    kit: Data<Kit>,
    id: Path<StaffId>,
) -> Result<Answer<DutyContactOut>, AppError> {
    let today = local_day(kit.now());
    let contact = queries::contact_of(kit.db.read(), &permit.caller, *id, today).await?;
    let own = permit.caller.actor.staff_id() == Some(*id);
    let out = DutyContactOut::of(*id, &contact, own, &kit.vault)?;
    Ok(Answer::ok(&out)?.version(contact.version))
}

/// Notes how somebody is reached on duty, in place of what was known. Of oneself, or by whoever leads the unit.
#[utoipa::path(tag = "duty", request_body = DutyContactIn, responses((status = 200, body = DutyContactOut)))]
#[put("/duty/contacts/{staff_id}")]
pub(super) async fn put_duty_contact(
    permit: Permit<op::PutDutyContact>,
    kit: Data<Kit>,
    id: Path<StaffId>,
    version: IfMatch,
    body: Json<DutyContactIn>,
) -> Result<Answer<DutyContactOut>, AppError> {
    let own = permit.caller.actor.staff_id() == Some(*id);
    let new = body.value.parse()?;
    let input = (permit.caller, *id, version, new, Arc::clone(&kit.vault));
    let contact = kit
        .db
        .write("duty.contact", input, |tx, input| {
            Box::pin(commands::contact::put(tx, input))
        })
        .await?;
    let out = DutyContactOut::of(*id, &contact, own, &kit.vault)?;
    Ok(Answer::ok(&out)?.version(contact.version))
}
