//! `/api/v1/routing-rules`; assignment policies in a file of its own.

mod assignment;

use super::commands;
use super::dto::{RuleIn, RuleOut, RulePatch, RulesQuery};
use super::queries::{self, Wanted};
use crate::access::authenticate::local_day;
use crate::access::{Permit, op};
use crate::platform::error::AppError;
use crate::platform::http::answer::Answer;
use crate::platform::http::etag::IfMatch;
use crate::platform::http::idempotency::{IdempotencyKey, write_once};
use crate::platform::http::json::Json;
use crate::platform::http::page::{self, List, Page};
use crate::platform::kit::Kit;
use actix_web::web::{Data, Path, Query};
use actix_web::{get, patch, post};
use entity::id::RuleId;
use utoipa_actix_web::service_config::ServiceConfig;

/// Routes of this slice.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list_rules)
        .service(create_rule)
        .service(update_rule)
        .service(assignment::list_assignment_policies)
        .service(assignment::create_assignment_policy)
        .service(assignment::update_assignment_policy);
}

/// Lists routing rules in the order in which they are tried.
#[utoipa::path(tag = "administration", params(RulesQuery), responses((status = 200, body = Page<RuleOut>)))]
#[get("/routing-rules")]
async fn list_rules(
    permit: Permit<op::ListRules>,
    kit: Data<Kit>,
    query: Query<RulesQuery>,
) -> Result<Answer<Page<RuleOut>>, AppError> {
    let limit = page::limit(query.limit)?;
    let wanted = Wanted::new(&query)?;
    let list = List::new("rules", &wanted);
    let after: Option<(i32, RuleId)> = list.read(query.cursor.as_deref())?;
    let rows = queries::list(kit.db.read(), &permit.caller, &wanted, after, limit).await?;
    Answer::ok(&list.page(rows, limit, |row| (row.rank, row.id), |row| Ok(row.into()))?)
}

/// Makes a routing rule.
#[utoipa::path(tag = "administration", request_body = RuleIn, responses((status = 201, body = RuleOut)))]
#[post("/routing-rules")]
async fn create_rule(
    permit: Permit<op::CreateRule>,
    kit: Data<Kit>,
    key: IdempotencyKey,
    body: Json<RuleIn>,
) -> Result<Answer<RuleOut>, AppError> {
    let caller = permit.caller;
    let once = key.bind(&caller.actor.key(), caller.op.id(), &body.digest);
    let input = (caller, body.value.parse(local_day(kit.now()))?);
    write_once(&kit.db, &kit.vault, "rule.create", once, input, |tx, input| {
        Box::pin(async move {
            let row = commands::create(tx, input).await?;
            let (location, version) = (format!("/api/v1/routing-rules/{}", row.id), row.version);
            Ok(Answer::created(&row.into(), location)?.version(version))
        })
    })
    .await
}

/// Changes a routing rule, or retires it by its last day.
#[utoipa::path(tag = "administration", params(("id" = RuleId, Path, description = "The rule's key")), request_body = RulePatch, responses((status = 200, body = RuleOut)))]
#[patch("/routing-rules/{id}")]
async fn update_rule(
    permit: Permit<op::UpdateRule>,
    kit: Data<Kit>,
    id: Path<RuleId>,
    version: IfMatch,
    body: Json<RulePatch>,
) -> Result<Answer<RuleOut>, AppError> {
    let input = (permit.caller, *id, version, body.value.parse()?);
    let row = kit
        .db
        .write("rule.update", input, |tx, input| {
            Box::pin(commands::update(tx, input))
        })
        .await?;
    let version = row.version;
    Ok(Answer::ok(&row.into())?.version(version))
}
