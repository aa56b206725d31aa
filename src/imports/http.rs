//! `/api/v1/imports`.

use super::commands::{self, NewImport};
use super::dto::{FileImportLineOut, FileImportLinesQuery, FileImportOut, FileImportQuery, FileImportsQuery};
use super::{kinds, read, store};
use crate::access::permit::Caller;
use crate::access::{Permit, op};
use crate::platform::blob::sealed::{SealedWriter, Written};
use crate::platform::error::{AppError, Code};
use crate::platform::http::answer::{Answer, NoContent};
use crate::platform::http::idempotency::{IdempotencyKey, write_once};
use crate::platform::http::page::{List, Page, limit};
use crate::platform::http::upload::{LinesFile, WorkbookFile};
use crate::platform::http::{raw, upload};
use crate::platform::kit::Kit;
use actix_web::web::{Data, Path, Payload, Query};
use actix_web::{HttpRequest, delete, get, post};
use entity::id::ImportId;
use entity::kind::{FileFormat, ImportKind};
use futures_util::StreamExt;
use utoipa_actix_web::service_config::ServiceConfig;

/// Largest workbook, in bytes: its texts are in memory while it is read.
const WORKBOOK_MOST: usize = 32 << 20;

/// The longest first line, in bytes.
const HEAD_MOST: usize = 4_096;

/// Routes of this slice.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list_imports)
        .service(import_residents)
        .service(import_staff)
        .service(import_tickets)
        .service(get_import)
        .service(delete_import)
        .service(list_import_lines);
}

/// A file as it comes, and how it is to be read.
type Incoming = (IdempotencyKey, Query<FileImportQuery>, HttpRequest, Payload);

async fn receive(
    kit: &Kit,
    caller: Caller,
    kind: ImportKind,
    (key, query, request, payload): Incoming,
) -> Result<Answer<FileImportOut>, AppError> {
    let media = raw::media(&request);
    let (format, most) = match media.as_str() {
        "text/csv" => (FileFormat::Csv, kit.config.bulk.max_import_bytes),
        upload::WORKBOOK => (
            FileFormat::Xlsx,
            kit.config.bulk.max_import_bytes.min(WORKBOOK_MOST),
        ),
        _ => {
            return Err(AppError::new(Code::UnsupportedMediaType).say(
                format!("请使用 text/csv 或 {}", upload::WORKBOOK),
                format!("Send text/csv or {}", upload::WORKBOOK),
            ));
        }
    };
    let id: ImportId = kit.ids.id();
    let new = NewImport {
        kind,
        format,
        dry_run: query.dry_run.unwrap_or(false),
    };
    // The row first: a file that breaks off leaves something to be swept by.
    kit.db
        .write("import.begin", (caller.clone(), id, new), |tx, input| {
            Box::pin(commands::begin(tx, input))
        })
        .await?;
    let out = SealedWriter::new(
        &kit.blobs,
        &kit.vault,
        &store::blob_key(id),
        store::blob_label(id),
    );
    let head = Head {
        line: Vec::new(),
        // A workbook is looked into when it is read.
        wanted: (format == FileFormat::Csv).then(|| kinds::head(new.kind)),
    };
    let kept = keep(out, payload, (head, most)).await;
    let answered = match kept {
        Ok(file) => taken(kit, caller, key, (id, file, new)).await,
        Err(error) => Err(error),
    };
    let is_new = answered.as_ref().is_ok_and(|answer| !answer.is_replayed());
    if !is_new {
        // Nobody names it: a repeat, or nothing that can be taken.
        let dropped = kit
            .db
            .write("import.forget", id, |tx, id| {
                Box::pin(store::drop_unarrived(tx, *id))
            })
            .await?;
        if dropped {
            kit.blobs.remove(&store::blob_key(id)).await?;
        }
    }
    answered
}

/// The first line of a file as it comes: who sends another head hears so at once.
struct Head {
    line: Vec<u8>,
    wanted: Option<&'static [&'static str]>,
}

impl Head {
    /// Takes a piece of the file, or its end.
    fn take(&mut self, piece: Option<&[u8]>) -> Result<(), AppError> {
        let Some(wanted) = self.wanted else { return Ok(()) };
        let piece_or_end = piece.unwrap_or(b"\n");
        let end = piece_or_end.iter().position(|byte| *byte == b'\n');
        let part = piece_or_end.get(..end.unwrap_or(piece_or_end.len()));
        self.line.extend_from_slice(part.unwrap_or_default());
        if end.is_none() && self.line.len() <= HEAD_MOST {
            return Ok(());
        }
        self.wanted = None;
        read::check_head(wanted, &self.line)
    }
}

/// Keeps a file of at most so many bytes, or nothing of it.
async fn keep(mut out: SealedWriter, payload: Payload, checks: (Head, usize)) -> Result<Written, AppError> {
    match fill(&mut out, payload, checks).await {
        Ok(()) => out.finish().await,
        Err(error) => {
            out.give_up().await;
            Err(error)
        }
    }
}

async fn fill(
    out: &mut SealedWriter,
    mut payload: Payload,
    (mut head, most): (Head, usize),
) -> Result<(), AppError> {
    while let Some(piece) = payload.next().await {
        let broken = |_| AppError::new(Code::MalformedBody).say("上传中断", "The upload broke off");
        let piece = piece.map_err(broken)?;
        if out.size() + length(piece.len()) > length(most) {
            return Err(upload::too_large(most));
        }
        head.take(Some(&piece))?;
        out.write(&piece).await?;
    }
    if out.size() == 0 {
        return Err(AppError::new(Code::FileEmpty));
    }
    head.take(None)
}

fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

async fn taken(
    kit: &Kit,
    caller: Caller,
    key: IdempotencyKey,
    (id, file, new): (ImportId, Written, NewImport),
) -> Result<Answer<FileImportOut>, AppError> {
    // The key of a try is none for the import that follows it: its answer would say that all is done.
    let digest = [&file.sha256[..], &[u8::from(new.dry_run)]].concat();
    let once = key.bind(&caller.actor.key(), caller.op.id(), &digest);
    let input = (kit.clone(), caller, id, file);
    write_once(&kit.db, &kit.vault, "import.arrived", once, input, |tx, input| {
        Box::pin(async move {
            let row = commands::arrived(tx, input).await?;
            let location = format!("/api/v1/imports/{}", row.id);
            Answer::created(&FileImportOut::from(row), location)
        })
    })
    .await
}

/// The caller's imports, newest first.
#[utoipa::path(tag = "bulk", params(FileImportsQuery), responses((status = 200, body = Page<FileImportOut>)))]
#[get("/imports")]
async fn list_imports(
    permit: Permit<op::ListImports>,
    kit: Data<Kit>,
    query: Query<FileImportsQuery>,
) -> Result<Answer<Page<FileImportOut>>, AppError> {
    let (list, most) = (
        List::new("imports", &permit.caller.actor.key()),
        limit(query.limit)?,
    );
    let before = list.read::<ImportId>(query.cursor.as_deref())?;
    let (staff, _) = permit.caller.staff()?;
    let rows = store::list(kit.db.read(), staff, before, most + 1).await?;
    Answer::ok(&list.page(rows, most, |row| row.id, |row| Ok(row.into()))?)
}

/// Brings in residents and merchants. Lines have the columns `kind,name,phone,id_number,email,address,unit_code,labels`, labels
/// parted by `|`. Who is there with the same name and number (or identity number, or address) is left as is.
#[utoipa::path(
    tag = "bulk",
    params(FileImportQuery),
    request_body(content((LinesFile = "text/csv"), (WorkbookFile = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
    responses((status = 201, body = FileImportOut))
)]
#[post("/imports/residents")]
async fn import_residents(
    permit: Permit<op::ImportResidents>,
    kit: Data<Kit>,
    incoming: Incoming,
) -> Result<Answer<FileImportOut>, AppError> {
    receive(&kit, permit.caller, ImportKind::Residents, incoming).await
}

/// Brings in members of staff. Lines have the columns `user_name,display_name,password`. They hold no role yet: roles are
/// granted by the security administrator. Of who is there nothing is changed.
#[utoipa::path(
    tag = "bulk",
    params(FileImportQuery),
    request_body(content((LinesFile = "text/csv"), (WorkbookFile = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
    responses((status = 201, body = FileImportOut))
)]
#[post("/imports/staff")]
async fn import_staff(
    permit: Permit<op::ImportStaff>,
    kit: Data<Kit>,
    incoming: Incoming,
) -> Result<Answer<FileImportOut>, AppError> {
    receive(&kit, permit.caller, ImportKind::Staff, incoming).await
}

/// Brings over tickets of a former system, as they ended. Lines have the columns
/// `former_number,registered_at,closed_at,channel,category,request_type,unit_code,handled_by,title,content,reply,result,
/// requester_name,requester_phone`, with the words of this document and times of China unless they have an offset. They are
/// archived at once: to be found, read and counted; no clock runs and nobody is told. A former number comes over once.
#[utoipa::path(
    tag = "bulk",
    params(FileImportQuery),
    request_body(content((LinesFile = "text/csv"), (WorkbookFile = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
    responses((status = 201, body = FileImportOut))
)]
#[post("/imports/tickets")]
async fn import_tickets(
    permit: Permit<op::ImportTickets>,
    kit: Data<Kit>,
    incoming: Incoming,
) -> Result<Answer<FileImportOut>, AppError> {
    receive(&kit, permit.caller, ImportKind::Tickets, incoming).await
}

/// How far an import is.
#[utoipa::path(tag = "bulk", responses((status = 200, body = FileImportOut)))]
#[get("/imports/{id}")]
async fn get_import(
    permit: Permit<op::GetImport>,
    kit: Data<Kit>,
    id: Path<ImportId>,
) -> Result<Answer<FileImportOut>, AppError> {
    let row = store::find(kit.db.read(), *id).await?;
    commands::allow(&permit.caller, &row)?;
    Answer::ok(&row.into())
}

/// Ends an import, or removes its report. What it has written stays.
#[utoipa::path(tag = "bulk", responses((status = 204)))]
#[delete("/imports/{id}")]
async fn delete_import(
    permit: Permit<op::DeleteImport>,
    kit: Data<Kit>,
    id: Path<ImportId>,
) -> Result<NoContent, AppError> {
    let input = (permit.caller, *id);
    kit.db
        .write("import.delete", input, |tx, input| {
            Box::pin(commands::delete(tx, input))
        })
        .await?;
    Ok(NoContent)
}

/// What came of each line, in the order of the file.
#[utoipa::path(tag = "bulk", params(FileImportLinesQuery), responses((status = 200, body = Page<FileImportLineOut>)))]
#[get("/imports/{id}/lines")]
async fn list_import_lines(
    permit: Permit<op::ListImportLines>,
    kit: Data<Kit>,
    id: Path<ImportId>,
    query: Query<FileImportLinesQuery>,
) -> Result<Answer<Page<FileImportLineOut>>, AppError> {
    let row = store::find(kit.db.read(), *id).await?;
    commands::allow(&permit.caller, &row)?;
    let (list, most) = (
        List::new("import lines", &(row.id, query.outcome)),
        limit(query.limit)?,
    );
    let after = list.read::<i64>(query.cursor.as_deref())?.unwrap_or(0);
    let rows = store::lines(kit.db.read(), row.id, query.outcome, (after, most + 1)).await?;
    Answer::ok(&list.page(rows, most, |row| row.line, |row| Ok(row.into()))?)
}
