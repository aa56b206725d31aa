//! Files: sent first, bound to a ticket by the action that names them.

use crate::access::{Permit, op};
use crate::attachments::{self, commands::Upload};
use crate::platform::crypto::sha256;
use crate::platform::error::{AppError, Code, Rule};
use crate::platform::http::answer::Answer;
use crate::platform::http::idempotency::{IdempotencyKey, write_once};
use crate::platform::http::upload;
use crate::platform::kit::Kit;
use crate::reference::Desk;
use crate::tickets::dto::AttachmentOut;
use crate::tickets::queries::detail;
use crate::tickets::view;
use actix_multipart::Multipart;
use actix_web::web::{Data, Path};
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, get, post, web};
use bytes::Bytes;
use entity::id::AttachmentId;
use futures_util::StreamExt;
use utoipa::ToSchema;

/// A file to be kept.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the shape of a multipart form, for the document")]
struct FileIn {
    /// The file: a picture, a PDF, a sound, a film, a document of Word or Excel.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Keeps a file. Its type is told by its content; pictures lose their metadata and with it the place where they were
/// taken. What no ticket names within 24 hours is removed.
#[utoipa::path(
    tag = "tickets",
    request_body(content = FileIn, content_type = "multipart/form-data"),
    responses((status = 201, body = AttachmentOut))
)]
#[post("/attachments")]
pub async fn upload_attachment(
    permit: Permit<op::UploadAttachment>,
    kit: Data<Kit>,
    key: IdempotencyKey,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<Answer<AttachmentOut>, AppError> {
    let caller = permit.caller;
    let (kind, id) = caller.actor.identity();
    let uploader = (kind, id.ok_or_else(|| AppError::new(Code::Unauthenticated))?);
    check_type(&request)?;
    let form = Multipart::from_request(&request, &mut payload.into_inner()).await;
    let form =
        form.map_err(|error| AppError::new(Code::MalformedBody).because(anyhow::anyhow!("{error}")))?;
    let (name, claimed_type, bytes) = read(form, kit.config.blob.max_file_bytes).await?;
    let once = key.bind(&caller.actor.key(), caller.op.id(), &sha256(&[&bytes]));
    let row = attachments::commands::keep(
        &kit,
        Upload {
            name,
            claimed_type,
            bytes,
            uploader,
        },
    )
    .await?;
    // A repeat keeps a second file for a moment, which nobody names and the sweeper removes.
    let vault = kit.vault.clone();
    write_once(
        &kit.db,
        &kit.vault,
        "attachment.answer",
        once,
        (vault, row),
        |_, (vault, row)| {
            Box::pin(async move {
                Answer::created(
                    &view::file(vault, row)?,
                    format!("/api/v1/attachments/{}", row.id),
                )
            })
        },
    )
    .await
}

/// Another type would be noticed only when the form is read, and then be taken for a form that can't be.
fn check_type(request: &HttpRequest) -> Result<(), AppError> {
    let given = request.mime_type().ok().flatten();
    if given.is_some_and(|mime| {
        mime.essence_str() == "multipart/form-data" && mime.get_param("boundary").is_some()
    }) {
        return Ok(());
    }
    Err(AppError::new(Code::UnsupportedMediaType)
        .say("请使用 multipart/form-data", "Send multipart/form-data"))
}

async fn read(mut form: Multipart, limit: usize) -> Result<(String, Option<String>, Bytes), AppError> {
    while let Some(field) = form.next().await {
        let field = field.map_err(|error| {
            AppError::new(Code::MalformedBody)
                .say("表单无法解析", "The form can't be parsed")
                .because(anyhow::anyhow!("{error}"))
        })?;
        if field.name() == Some("file") {
            let name = field
                .content_disposition()
                .and_then(|disposition| disposition.get_filename())
                .unwrap_or("file");
            let name = name.to_owned();
            let claimed = field.content_type().map(ToString::to_string);
            return Ok((name, claimed, upload::content(field, limit).await?));
        }
    }
    Err(AppError::field("/file", Rule::Required))
}

/// A file's content, for who may see the ticket.
#[utoipa::path(
    tag = "tickets",
    responses((status = 200, content_type = "*/*", body = upload::KeptFile))
)]
#[get("/attachments/{id}")]
pub async fn get_attachment(
    permit: Permit<op::GetAttachment>,
    desk: Data<Desk>,
    id: Path<AttachmentId>,
) -> Result<HttpResponse, AppError> {
    let (kit, reference) = (&desk.kit, desk.reference().await?);
    let (row, name) = detail::file(kit, &reference, &permit.caller, *id).await?;
    let bytes = kit.blobs.get(&attachments::store::blob_key(&row)).await?;
    Ok(upload::download(&name, row.media_type, &row.sha256, bytes))
}
