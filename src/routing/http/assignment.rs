//! `/api/v1/assignment-policies`.

use crate::access::authenticate::local_day;
use crate::access::{Permit, op};
use crate::platform::error::AppError;
use crate::platform::http::answer::Answer;
use crate::platform::http::etag::IfMatch;
use crate::platform::http::idempotency::{IdempotencyKey, write_once};
use crate::platform::http::json::Json;
use crate::platform::http::page::{self, List, Page};
use crate::platform::kit::Kit;
use crate::routing::dto::assignment::{
    AssignmentPoliciesQuery, AssignmentPolicyIn, AssignmentPolicyOut, AssignmentPolicyPatch,
};
use crate::routing::{commands, queries};
use actix_web::web::{Data, Path, Query};
use actix_web::{get, patch, post};
use entity::id::AssignmentPolicyId;

/// Lists assignment policies, oldest first.
#[utoipa::path(tag = "administration", params(AssignmentPoliciesQuery), responses((status = 200, body = Page<AssignmentPolicyOut>)))]
#[get("/assignment-policies")]
pub async fn list_assignment_policies(
    permit: Permit<op::ListAssignmentPolicies>,
    kit: Data<Kit>,
    query: Query<AssignmentPoliciesQuery>,
) -> Result<Answer<Page<AssignmentPolicyOut>>, AppError> {
    let limit = page::limit(query.limit)?;
    let wanted = (query.unit_id, query.on);
    let list = List::new("assignment_policies", &wanted);
    let after: Option<AssignmentPolicyId> = list.read(query.cursor.as_deref())?;
    let rows = queries::assignment::list(kit.db.read(), &permit.caller, wanted, after, limit).await?;
    Answer::ok(&list.page(rows, limit, |row| row.id, |row| Ok(row.into()))?)
}

/// Makes an assignment policy: how the tickets of a unit find their person.
#[utoipa::path(tag = "administration", request_body = AssignmentPolicyIn, responses((status = 201, body = AssignmentPolicyOut)))]
#[post("/assignment-policies")]
pub async fn create_assignment_policy(
    permit: Permit<op::CreateAssignmentPolicy>,
    kit: Data<Kit>,
    key: IdempotencyKey,
    body: Json<AssignmentPolicyIn>,
) -> Result<Answer<AssignmentPolicyOut>, AppError> {
    let caller = permit.caller;
    let once = key.bind(&caller.actor.key(), caller.op.id(), &body.digest);
    let input = (caller, body.value.parse(local_day(kit.now()))?);
    write_once(
        &kit.db,
        &kit.vault,
        "assignment_policy.create",
        once,
        input,
        |tx, input| {
            Box::pin(async move {
                let row = commands::assignment::create(tx, input).await?;
                let (location, version) = (format!("/api/v1/assignment-policies/{}", row.id), row.version);
                Ok(Answer::created(&row.into(), location)?.version(version))
            })
        },
    )
    .await
}

/// Retires an assignment policy by its last day.
#[utoipa::path(tag = "administration", params(("id" = AssignmentPolicyId, Path, description = "The policy's key")), request_body = AssignmentPolicyPatch, responses((status = 200, body = AssignmentPolicyOut)))]
#[patch("/assignment-policies/{id}")]
pub async fn update_assignment_policy(
    permit: Permit<op::UpdateAssignmentPolicy>,
    kit: Data<Kit>,
    id: Path<AssignmentPolicyId>,
    version: IfMatch,
    body: Json<AssignmentPolicyPatch>,
) -> Result<Answer<AssignmentPolicyOut>, AppError> {
    let input = (permit.caller, *id, version, body.value.valid_to);
    let row = kit
        .db
        .write("assignment_policy.end", input, |tx, input| {
            Box::pin(commands::assignment::end(tx, input))
        })
        .await?;
    let version = row.version;
    Ok(Answer::ok(&row.into())?.version(version))
}
