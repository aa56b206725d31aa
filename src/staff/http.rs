//! `/api/v1/staff`; leave, capacity and handovers in files of their own.

mod absence;
mod handover;

use super::commands::{NewPassword, NewStaff};
use super::dto::{GrantIn, GrantOut, PasswordResetIn, StaffIn, StaffOut, StaffQuery};
use super::{commands, queries};
use crate::access::authenticate::local_day;
use crate::access::{Permit, op};
use crate::platform::crypto::hex;
use crate::platform::error::AppError;
use crate::platform::http::answer::{Answer, NoContent};
use crate::platform::http::etag::IfMatch;
use crate::platform::http::idempotency::{IdempotencyKey, write_once};
use crate::platform::http::json::Json;
use crate::platform::http::page::{List, Page, limit};
use crate::platform::kit::Kit;
use actix_web::web::{Data, Path, Query};
use actix_web::{delete, get, post};
use entity::id::{GrantId, StaffId};
use utoipa_actix_web::service_config::ServiceConfig;

/// Routes of this slice.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list_staff)
        .service(create_staff)
        .service(disable_staff)
        .service(reset_password)
        .service(grant_role)
        .service(revoke_role)
        .service(absence::list_absences)
        .service(absence::add_absence)
        .service(absence::end_absence)
        .service(absence::set_capacity)
        .service(handover::hand_over);
}

/// Lists people: of the units that the caller reaches, and for the district also those without a role yet.
#[utoipa::path(tag = "administration", params(StaffQuery), responses((status = 200, body = Page<StaffOut>)))]
#[get("/staff")]
async fn list_staff(
    permit: Permit<op::ListStaff>,
    kit: Data<Kit>,
    query: Query<StaffQuery>,
) -> Result<Answer<Page<StaffOut>>, AppError> {
    let (filter, limit) = (query.filter()?, limit(query.limit)?);
    let list = List::new("staff", &filter);
    let after = list.read::<StaffId>(query.cursor.as_deref())?;
    let (reach, day) = (permit.caller.reach(), local_day(kit.now()));
    let views = queries::list(kit.db.read(), &reach, day, &filter, after, limit + 1).await?;
    Answer::ok(&list.page(views, limit, |view| view.row.id, |view| Ok(view.into()))?)
}

/// Makes a person, who holds no role yet.
#[utoipa::path(tag = "administration", request_body = StaffIn, responses((status = 201, body = StaffOut)))]
#[post("/staff")]
async fn create_staff(
    permit: Permit<op::CreateStaff>,
    kit: Data<Kit>,
    key: IdempotencyKey,
    body: Json<StaffIn>,
) -> Result<Answer<StaffOut>, AppError> {
    let caller = permit.caller;
    let once = key.bind(
        &caller.actor.key(),
        caller.op.id(),
        &fingerprint(&kit, &body.digest),
    );
    let account = body.value.parse()?;
    let new = NewStaff {
        user_name: account.user_name,
        display_name: account.display_name,
        password_hash: kit.passwords.hash(account.password.plain().to_owned()).await?,
        synthetic: false,
    };
    write_once(
        &kit.db,
        &kit.vault,
        "staff.create",
        once,
        (caller, new),
        |tx, input| {
            Box::pin(async move {
                let row = commands::create(tx, input).await?;
                let (location, version) = (format!("/api/v1/staff/{}", row.id), row.version);
                let view = queries::view(tx, row, local_day(tx.now())).await?;
                Ok(Answer::created(&StaffOut::from(view), location)?.version(version))
            })
        },
    )
    .await
}

/// Disables a person: all log-ins end at once. Nobody disables themselves.
#[utoipa::path(tag = "administration", responses((status = 200, body = StaffOut)))]
#[post("/staff/{id}/disable")]
async fn disable_staff(
    permit: Permit<op::DisableStaff>,
    kit: Data<Kit>,
    id: Path<StaffId>,
    key: IdempotencyKey,
    version: IfMatch,
) -> Result<Answer<StaffOut>, AppError> {
    let caller = permit.caller;
    let once = key.bind(&caller.actor.key(), caller.op.id(), &[]);
    let input = (caller, *id, version);
    write_once(&kit.db, &kit.vault, "staff.disable", once, input, |tx, input| {
        Box::pin(async move {
            let row = commands::disable(tx, input).await?;
            let version = row.version;
            let view = queries::view(tx, row, local_day(tx.now())).await?;
            Ok(Answer::ok(&StaffOut::from(view))?.version(version))
        })
    })
    .await
}

/// Gives a person another password: all log-ins end at once. One's own is changed by `change_password`.
#[utoipa::path(tag = "administration", request_body = PasswordResetIn, responses((status = 200, body = StaffOut)))]
#[post("/staff/{id}/password")]
async fn reset_password(
    permit: Permit<op::ResetPassword>,
    kit: Data<Kit>,
    id: Path<StaffId>,
    key: IdempotencyKey,
    body: Json<PasswordResetIn>,
) -> Result<Answer<StaffOut>, AppError> {
    let caller = permit.caller;
    let once = key.bind(
        &caller.actor.key(),
        caller.op.id(),
        &fingerprint(&kit, &body.digest),
    );
    let plain = body.value.parse()?;
    let hash = kit.passwords.hash(plain.plain().to_owned()).await?;
    let input = (caller, *id, NewPassword { plain, hash });
    write_once(
        &kit.db,
        &kit.vault,
        "staff.reset_password",
        once,
        input,
        |tx, input| {
            Box::pin(async move {
                let row = commands::reset_password(tx, input).await?;
                let version = row.version;
                let view = queries::view(tx, row, local_day(tx.now())).await?;
                Ok(Answer::ok(&StaffOut::from(view))?.version(version))
            })
        },
    )
    .await
}

/// Gives a person a role in a unit. System, security and audit are for three different people.
#[utoipa::path(tag = "administration", request_body = GrantIn, responses((status = 201, body = GrantOut)))]
#[post("/staff/{id}/grants")]
async fn grant_role(
    permit: Permit<op::GrantRole>,
    kit: Data<Kit>,
    id: Path<StaffId>,
    key: IdempotencyKey,
    body: Json<GrantIn>,
) -> Result<Answer<GrantOut>, AppError> {
    let caller = permit.caller;
    let once = key.bind(&caller.actor.key(), caller.op.id(), &body.digest);
    let input = (caller, *id, body.value.parse()?);
    write_once(&kit.db, &kit.vault, "staff.grant", once, input, |tx, input| {
        Box::pin(async move {
            let row = commands::grant(tx, input).await?;
            let location = format!("/api/v1/staff/{}/grants/{}", row.staff_id, row.id);
            let unit_name = queries::unit_name(tx, row.unit_id).await?;
            Answer::created(&GrantOut::new(row, unit_name), location)
        })
    })
    .await
}

/// Takes a role back: it does not hold any more from today on.
#[utoipa::path(tag = "administration", responses((status = 204)))]
#[delete("/staff/{id}/grants/{grant_id}")]
async fn revoke_role(
    permit: Permit<op::RevokeRole>,
    kit: Data<Kit>,
    path: Path<(StaffId, GrantId)>,
) -> Result<NoContent, AppError> {
    let (id, grant) = path.into_inner();
    let input = (permit.caller, id, grant);
    kit.db
        .write("staff.revoke", input, |tx, input| {
            Box::pin(commands::revoke(tx, input))
        })
        .await?;
    Ok(NoContent)
}

/// The plain digest of a body that holds a password would tell it to whoever can guess.
fn fingerprint(kit: &Kit, digest: &[u8]) -> Vec<u8> {
    kit.vault.index("idempotency.request", &hex(digest))
}
