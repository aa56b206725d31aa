//! `/api/v1/exports`.

use super::dto::{ExportIn, ExportOut, ExportsQuery};
use super::{commands, store};
use crate::access::{Op, Permit, Reach, op};
use crate::ledger::audit;
use crate::platform::blob::sealed;
use crate::platform::error::{AppError, Code};
use crate::platform::http::answer::{Answer, NoContent};
use crate::platform::http::idempotency::{IdempotencyKey, write_once};
use crate::platform::http::json::Json;
use crate::platform::http::page::{List, Page, limit};
use crate::platform::http::upload::{self, LinesFile, WorkbookFile};
use crate::platform::kit::Kit;
use crate::reference::Desk;
use crate::tickets::queries::list;
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpResponse, delete, get, post};
use entity::id::ExportId;
use entity::kind::WorkState;
use serde_json::json;
use std::future::ready;
use utoipa_actix_web::service_config::ServiceConfig;

/// Routes of this slice.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list_exports)
        .service(create_export)
        .service(get_export)
        .service(delete_export)
        .service(get_export_file);
}

/// The caller's exports, newest first.
#[utoipa::path(tag = "bulk", params(ExportsQuery), responses((status = 200, body = Page<ExportOut>)))]
#[get("/exports")]
async fn list_exports(
    permit: Permit<op::ListExports>,
    kit: Data<Kit>,
    query: Query<ExportsQuery>,
) -> Result<Answer<Page<ExportOut>>, AppError> {
    let (list, most) = (
        List::new("exports", &permit.caller.actor.key()),
        limit(query.limit)?,
    );
    let before = list.read::<ExportId>(query.cursor.as_deref())?;
    let rows = store::list(kit.db.read(), &permit.caller.actor, before, most + 1).await?;
    Answer::ok(&list.page(rows, most, |row| row.id, |row| Ok(row.into()))?)
}

/// Asks for a list of tickets as a file. It is written in the background, without a limit on its length, from what the caller
/// may see by then; `GET /exports/{id}` tells how far it is. Each ticket stands in it once, as it was when its line was
/// written. Of one caller at most three are on their way.
#[utoipa::path(tag = "bulk", request_body = ExportIn, responses((status = 201, body = ExportOut)))]
#[post("/exports")]
async fn create_export(
    permit: Permit<op::CreateExport>,
    desk: Data<Desk>,
    key: IdempotencyKey,
    body: Json<ExportIn>,
) -> Result<Answer<ExportOut>, AppError> {
    let (kit, caller) = (&desk.kit, permit.caller);
    let once = key.bind(&caller.actor.key(), caller.op.id(), &body.digest);
    let new = body.value.parse()?;
    let reference = desk.reference().await?;
    list::check(
        &kit.db,
        &reference.directory,
        &caller.actor,
        &new.query(),
        kit.now(),
    )
    .map_err(|error| error.below("/tickets"))?;
    let input = (kit.clone(), caller, new);
    write_once(&kit.db, &kit.vault, "export.create", once, input, |tx, input| {
        Box::pin(async move {
            let row = commands::create(tx, input).await?;
            let location = format!("/api/v1/exports/{}", row.id);
            Answer::created(&ExportOut::from(row), location)
        })
    })
    .await
}

/// How far an export is.
#[utoipa::path(tag = "bulk", responses((status = 200, body = ExportOut)))]
#[get("/exports/{id}")]
async fn get_export(
    permit: Permit<op::GetExport>,
    kit: Data<Kit>,
    id: Path<ExportId>,
) -> Result<Answer<ExportOut>, AppError> {
    let row = store::find(kit.db.read(), *id).await?;
    commands::allow(&permit.caller, &row)?;
    Answer::ok(&row.into())
}

/// Cancels an export, or removes its file.
#[utoipa::path(tag = "bulk", responses((status = 204)))]
#[delete("/exports/{id}")]
async fn delete_export(
    permit: Permit<op::DeleteExport>,
    kit: Data<Kit>,
    id: Path<ExportId>,
) -> Result<NoContent, AppError> {
    let input = (permit.caller, *id);
    kit.db
        .write("export.delete", input, |tx, input| {
            Box::pin(commands::delete(tx, input))
        })
        .await?;
    Ok(NoContent)
}

/// The file of an export that is done. Who had it, and when, is kept.
#[utoipa::path(
    tag = "bulk",
    responses((status = 200, description = "The file", content(
        (LinesFile = "text/csv"),
        (WorkbookFile = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    )))
)]
#[get("/exports/{id}/file")]
async fn get_export_file(
    permit: Permit<op::GetExportFile>,
    kit: Data<Kit>,
    id: Path<ExportId>,
) -> Result<HttpResponse, AppError> {
    let row = store::find(kit.db.read(), *id).await?;
    commands::allow(&permit.caller, &row)?;
    if row.state != WorkState::Done || row.expires_at <= kit.now() {
        return Err(AppError::new(Code::NotFound));
    }
    // What was written by rights that are no more is not handed out: it can be asked for anew.
    let reach = Reach::of(&permit.caller.actor, Op::CreateExport).digest();
    if row.reach_digest.as_ref() != Some(&reach) {
        return Err(AppError::new(Code::Forbidden).say(
            "权限已变更，请重新导出",
            "The rights by which it was written have changed; ask for it anew",
        ));
    }
    let input = (permit.caller, row.id);
    kit.db
        .write("export.handed_out", input, |tx, (caller, id)| {
            audit::record(tx, caller, "export", id, json!({}));
            Box::pin(ready(Ok(())))
        })
        .await?;
    let pieces = sealed::read(
        &kit.blobs,
        &kit.vault,
        &store::blob_key(row.id, row.attempts),
        store::blob_label(row.id),
    )
    .await?;
    let name = format!(
        "tickets-{}.{}",
        row.created_at.format("%Y%m%d-%H%M%S"),
        row.format
    );
    let digest = row.sha256.unwrap_or_default();
    Ok(upload::download_stream(
        &name,
        upload::media_type(row.format),
        &digest,
        pieces,
    ))
}
