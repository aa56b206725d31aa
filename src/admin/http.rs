//! `/api/v1/settings`, `/api/v1/audit`, `/api/v1/signing-keys`.

use super::dto::{AuditOut, AuditQuery, KeyOut, SettingIn, SettingOut};
use super::rules::Known;
use super::{commands, queries};
use crate::access::tokens::{self, NewKey};
use crate::access::{Permit, op};
use crate::platform::error::{AppError, Code};
use crate::platform::http::answer::Answer;
use crate::platform::http::etag::IfMatch;
use crate::platform::http::idempotency::{IdempotencyKey, write_once};
use crate::platform::http::json::Json;
use crate::platform::http::page::{List, Page, limit};
use crate::platform::kit::Kit;
use actix_web::web::{Data, Path, Query};
use actix_web::{get, post, put};
use entity::id::AuditId;
use utoipa_actix_web::service_config::ServiceConfig;

/// Routes of this slice.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list_settings)
        .service(put_setting)
        .service(list_audit)
        .service(rotate_key);
}

/// Lists the settings that can be changed at run time.
#[utoipa::path(tag = "administration", responses((status = 200, body = Page<SettingOut>)))]
#[get("/settings")]
async fn list_settings(
    _permit: Permit<op::ListSettings>,
    kit: Data<Kit>,
) -> Result<Answer<Page<SettingOut>>, AppError> {
    let rows = queries::settings(kit.db.read()).await?;
    let items = rows
        .into_iter()
        .map(|(known, row)| SettingOut::new(known, row))
        .collect();
    Answer::ok(&Page {
        items,
        next_cursor: None,
    })
}

/// Gives a setting another value. `If-Match` is `"0"` as long as the default holds.
#[utoipa::path(tag = "administration", request_body = SettingIn, responses((status = 200, body = SettingOut)))]
#[put("/settings/{id}")]
async fn put_setting(
    permit: Permit<op::PutSetting>,
    kit: Data<Kit>,
    id: Path<String>,
    version: IfMatch,
    body: Json<SettingIn>,
) -> Result<Answer<SettingOut>, AppError> {
    let known = Known::from_id(&id).ok_or_else(|| AppError::new(Code::NotFound))?;
    let input = (permit.caller, known, version, body.value.parse(known)?);
    let row = kit
        .db
        .write("setting.put", input, |tx, input| {
            Box::pin(commands::put_setting(tx, input))
        })
        .await?;
    let version = row.version;
    Ok(Answer::ok(&SettingOut::new(known, Some(row)))?.version(version))
}

/// Lists the audit log, newest first.
#[utoipa::path(tag = "administration", params(AuditQuery), responses((status = 200, body = Page<AuditOut>)))]
#[get("/audit")]
async fn list_audit(
    _permit: Permit<op::ListAudit>,
    kit: Data<Kit>,
    query: Query<AuditQuery>,
) -> Result<Answer<Page<AuditOut>>, AppError> {
    let (filter, limit) = (query.filter()?, limit(query.limit)?);
    let list = List::new("audit", &filter);
    let before = list.read::<AuditId>(query.cursor.as_deref())?;
    let rows = queries::audit(kit.db.read(), filter, before, limit + 1).await?;
    Answer::ok(&list.page(rows, limit, |row| row.id, |row| Ok(row.into()))?)
}

/// Makes a new key that signs from now on. The one before it verifies tokens for two more hours, and receipts for good.
#[utoipa::path(tag = "administration", responses((status = 200, body = KeyOut)))]
#[post("/signing-keys/rotation")]
async fn rotate_key(
    permit: Permit<op::RotateKey>,
    kit: Data<Kit>,
    key: IdempotencyKey,
) -> Result<Answer<KeyOut>, AppError> {
    let caller = permit.caller;
    let once = key.bind(&caller.actor.key(), caller.op.id(), &[]);
    let input = (caller, NewKey::make(&kit)?);
    let answer = write_once(
        &kit.db,
        &kit.vault,
        "signing_key.rotate",
        once,
        input,
        |tx, input| Box::pin(commands::rotate_key(tx, input)),
    )
    .await?;
    tokens::load_keys(&kit).await?;
    Ok(answer)
}
