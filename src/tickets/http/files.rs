//! Files: sent first, bound to a ticket by the action that names them.

use crate::access::{Permit, op};
use crate::attachments::{self, commands::Upload};
use crate::platform::crypto::{hex, sha256};
use crate::platform::error::{AppError, Code, Rule};
use crate::platform::http::answer::Answer;
use crate::platform::http::idempotency::{IdempotencyKey, write_once};
use crate::platform::kit::Kit;
use crate::reference::Desk;
use crate::tickets::dto::AttachmentOut;
use crate::tickets::queries::detail;
use crate::tickets::view;
use actix_multipart::{Field, Multipart};
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, ETAG};
use actix_web::web::{Data, Path};
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, get, post, web};
use bytes::{Bytes, BytesMut};
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
            return Ok((name, claimed, content(field, limit).await?));
        }
    }
    Err(AppError::field("/file", Rule::Required))
}

async fn content(mut field: Field, limit: usize) -> Result<Bytes, AppError> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = field.next().await {
        let chunk =
            chunk.map_err(|_| AppError::new(Code::MalformedBody).say("上传中断", "The upload broke off"))?;
        if bytes.len() + chunk.len() > limit {
            return Err(AppError::new(Code::BodyTooLarge).say(
                format!("文件最大 {limit} 字节"),
                format!("A file has at most {limit} bytes"),
            ));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

/// A file's content, for who may see the ticket.
#[utoipa::path(
    tag = "tickets",
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>))
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
    // RFC 6266, RFC 8187: the name in UTF-8, and always as a download.
    let encoded: String = name
        .bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect();
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, row.media_type))
        .insert_header((
            CONTENT_DISPOSITION,
            format!("attachment; filename*=UTF-8''{encoded}"),
        ))
        .insert_header((ETAG, format!("\"{}\"", hex(&row.sha256))))
        .body(bytes))
}
