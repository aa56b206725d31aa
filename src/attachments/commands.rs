//! Keeping a file: row first, then the file, then the row says that the file is there.

use super::{rules, store};
use crate::platform::crypto::sha256;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use crate::platform::kit::Kit;
use bytes::Bytes;
use entity::attachment;
use entity::id::AttachmentId;
use entity::kind::{ActorKind, AttachmentState, Visibility};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

/// A file as it came.
#[derive(Clone, Debug)]
pub struct Upload {
    /// Its name.
    pub name: String,
    /// What the client says it is.
    pub claimed_type: Option<String>,
    /// Its content.
    pub bytes: Bytes,
    /// Who sends it.
    pub uploader: (ActorKind, Uuid),
}

/// Keeps a file; durable when it answers.
///
/// # Errors
/// `FileEmpty`, `FileTypeRefused`, `Unavailable`.
pub async fn keep(kit: &Kit, upload: Upload) -> Result<attachment::Model, AppError> {
    let accepted = rules::accept(upload.claimed_type.as_deref(), upload.bytes).map_err(refused)?;
    let row = attachment::ActiveModel {
        id: Set(kit.ids.id()),
        ticket_id: Set(None),
        entry_seq: Set(None),
        state: Set(AttachmentState::Pending),
        visibility: Set(Visibility::Internal),
        name_sealed: Set(store::seal_name(&kit.vault, &rules::safe_name(&upload.name))?),
        media_type: Set(accepted.media_type.to_owned()),
        size_bytes: Set(i64::try_from(accepted.bytes.len()).unwrap_or(i64::MAX)),
        sha256: Set(sha256(&[&accepted.bytes])),
        uploader_kind: Set(upload.uploader.0),
        uploader_id: Set(upload.uploader.1),
        created_at: Set(kit.now()),
    };
    let row = kit
        .db
        .write("attachment.begin", row, |tx, row| Box::pin(begin(tx, row)))
        .await?;
    kit.blobs.put(&store::blob_key(&row), accepted.bytes).await?;
    kit.db
        .write("attachment.stored", row.id, |tx, id| Box::pin(stored(tx, *id)))
        .await?;
    Ok(attachment::Model {
        state: AttachmentState::Stored,
        ..row
    })
}

async fn begin(tx: &Tx, row: &attachment::ActiveModel) -> Result<attachment::Model, AppError> {
    Ok(row.clone().insert(tx).await?)
}

async fn stored(tx: &Tx, id: AttachmentId) -> Result<(), AppError> {
    let updated = attachment::Entity::update_many()
        .col_expr(
            attachment::Column::State,
            Expr::value(AttachmentState::Stored.word()),
        )
        .filter(attachment::Column::Id.eq(id))
        .filter(attachment::Column::State.eq(AttachmentState::Pending))
        .exec(tx)
        .await?;
    // The sweeper may have taken an upload that dragged on for an hour.
    if updated.rows_affected == 1 {
        Ok(())
    } else {
        Err(AppError::new(Code::Unavailable))
    }
}

fn refused(refusal: rules::Refused) -> AppError {
    match refusal {
        rules::Refused::Empty => AppError::new(Code::FileEmpty),
        rules::Refused::Type(found) => {
            let found = found.unwrap_or("?");
            AppError::new(Code::FileTypeRefused)
                .say(format!("内容类型：{found}"), format!("The content is {found}"))
        }
        rules::Refused::SaysOtherwise { is } => AppError::new(Code::FileTypeRefused)
            .say(format!("内容实为 {is}"), format!("The content is in truth {is}")),
        rules::Refused::Broken => {
            AppError::new(Code::FileTypeRefused).say("图片已损坏", "The picture can't be read")
        }
    }
}
