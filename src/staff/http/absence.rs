//! `/api/v1/staff/{id}/absences` and `…/capacity`.

use crate::access::authenticate::local_day;
use crate::access::{Permit, op};
use crate::platform::error::AppError;
use crate::platform::http::answer::{Answer, NoContent};
use crate::platform::http::etag::IfMatch;
use crate::platform::http::idempotency::{IdempotencyKey, write_once};
use crate::platform::http::json::Json;
use crate::platform::http::page::{List, Page, limit};
use crate::platform::kit::Kit;
use crate::staff::dto::StaffOut;
use crate::staff::dto::absence::{AbsenceIn, AbsenceOut, AbsencesQuery, CapacityIn};
use crate::staff::{commands, queries, store};
use actix_web::web::{Data, Path, Query};
use actix_web::{delete, get, post, put};
use entity::id::{AbsenceId, StaffId};

/// Lists somebody's leave, in the order in which it was noted.
#[utoipa::path(tag = "administration", params(AbsencesQuery), responses((status = 200, body = Page<AbsenceOut>)))]
#[get("/staff/{id}/absences")]
pub async fn list_absences(
    permit: Permit<op::ListAbsences>,
    kit: Data<Kit>,
    id: Path<StaffId>,
    query: Query<AbsencesQuery>,
) -> Result<Answer<Page<AbsenceOut>>, AppError> {
    let (conn, limit) = (kit.db.read(), limit(query.limit)?);
    let list = List::new("absences", &*id);
    let after = list.read::<AbsenceId>(query.cursor.as_deref())?;
    let grants = store::grants_of(conn, *id).await?;
    if grants.is_empty() {
        store::find(conn, *id).await?;
    }
    commands::absence::allow(&permit.caller, *id, &grants, local_day(kit.now()))?;
    let rows = store::absence::of(conn, *id, after, limit + 1).await?;
    Answer::ok(&list.page(rows, limit, |row| row.id, |row| Ok(row.into()))?)
}

/// Notes a leave. Nobody is given tickets on its days unless they are named; those that they have stay with them until
/// they are handed over.
#[utoipa::path(tag = "administration", request_body = AbsenceIn, responses((status = 201, body = AbsenceOut)))]
#[post("/staff/{id}/absences")]
pub async fn add_absence(
    permit: Permit<op::AddAbsence>,
    kit: Data<Kit>,
    id: Path<StaffId>,
    key: IdempotencyKey,
    body: Json<AbsenceIn>,
) -> Result<Answer<AbsenceOut>, AppError> {
    let caller = permit.caller;
    let once = key.bind(&caller.actor.key(), caller.op.id(), &body.digest);
    let input = (caller, *id, body.value.parse(local_day(kit.now()))?);
    write_once(&kit.db, &kit.vault, "absence.add", once, input, |tx, input| {
        Box::pin(async move {
            let row = commands::absence::add(tx, input).await?;
            let location = format!("/api/v1/staff/{}/absences/{}", row.staff_id, row.id);
            Answer::created(&row.into(), location)
        })
    })
    .await
}

/// Ends a leave: the person is there again from today on.
#[utoipa::path(tag = "administration", responses((status = 204)))]
#[delete("/staff/{id}/absences/{absence_id}")]
pub async fn end_absence(
    permit: Permit<op::EndAbsence>,
    kit: Data<Kit>,
    path: Path<(StaffId, AbsenceId)>,
) -> Result<NoContent, AppError> {
    let (id, absence) = path.into_inner();
    let input = (permit.caller, id, absence);
    kit.db
        .write("absence.end", input, |tx, input| {
            Box::pin(commands::absence::end(tx, input))
        })
        .await?;
    Ok(NoContent)
}

/// Sets how many open tickets somebody takes, beyond those that are given to them by name.
#[utoipa::path(tag = "administration", request_body = CapacityIn, responses((status = 200, body = StaffOut)))]
#[put("/staff/{id}/capacity")]
pub async fn set_capacity(
    permit: Permit<op::SetCapacity>,
    kit: Data<Kit>,
    id: Path<StaffId>,
    version: IfMatch,
    body: Json<CapacityIn>,
) -> Result<Answer<StaffOut>, AppError> {
    let input = (permit.caller, *id, version, body.value.parse()?);
    let (view, version) = kit
        .db
        .write("staff.capacity", input, |tx, input| {
            Box::pin(async move {
                let row = commands::absence::set_capacity(tx, input).await?;
                let version = row.version;
                Ok((queries::view(tx, row, local_day(tx.now())).await?, version))
            })
        })
        .await?;
    Ok(Answer::ok(&StaffOut::from(view))?.version(version))
}
