//! Rows of `attachment`.

use crate::platform::crypto::vault::Vault;
use crate::platform::db::{Tx, padded};
use crate::platform::error::{AppError, Code, Rule};
use chrono::{DateTime, Utc};
use entity::attachment;
use entity::id::{AttachmentId, TicketId};
use entity::kind::{ActorKind, AttachmentState, Visibility};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

const NAME: &str = "attachment.name";

/// Files of one entry at most.
pub const PER_ENTRY: usize = 10;

/// A file.
///
/// # Errors
/// `NotFound`.
pub async fn find(conn: &impl ConnectionTrait, id: AttachmentId) -> Result<attachment::Model, AppError> {
    attachment::Entity::find_by_id(id)
        .one(conn)
        .await?
        .ok_or_else(|| AppError::new(Code::NotFound))
}

/// Files of a ticket, in order.
///
/// # Errors
/// When the database does not answer.
pub async fn of_ticket(
    conn: &impl ConnectionTrait,
    ticket: TicketId,
) -> Result<Vec<attachment::Model>, AppError> {
    let rows = attachment::Entity::find()
        .filter(attachment::Column::TicketId.eq(ticket))
        .order_by_asc(attachment::Column::Id)
        .all(conn)
        .await?;
    Ok(rows)
}

/// Files of several tickets, in order.
///
/// # Errors
/// When the database does not answer.
pub async fn of_tickets(
    conn: &impl ConnectionTrait,
    tickets: &[TicketId],
) -> Result<Vec<attachment::Model>, AppError> {
    let rows = attachment::Entity::find()
        .filter(attachment::Column::TicketId.is_in(padded(tickets)))
        .order_by_asc(attachment::Column::Id)
        .all(conn)
        .await?;
    Ok(rows)
}

/// Binds files to an entry of a ticket: only one's own, stored, and bound to nothing yet.
///
/// # Errors
/// `InvalidInput` at `/attachments`.
pub async fn bind(
    tx: &Tx,
    files: &[AttachmentId],
    ticket: TicketId,
    entry: i64,
    visibility: Visibility,
    uploader: (ActorKind, Uuid),
) -> Result<(), AppError> {
    if files.is_empty() {
        return Ok(());
    }
    if files.len() > PER_ENTRY {
        return Err(AppError::field("/attachments", Rule::TooMany(PER_ENTRY)));
    }
    let bound = attachment::Entity::update_many()
        .col_expr(attachment::Column::TicketId, Expr::value(Some(ticket.0)))
        .col_expr(attachment::Column::EntrySeq, Expr::value(Some(entry)))
        .col_expr(attachment::Column::Visibility, Expr::value(visibility.word()))
        .col_expr(
            attachment::Column::State,
            Expr::value(AttachmentState::Bound.word()),
        )
        .filter(attachment::Column::Id.is_in(files.iter().copied()))
        .filter(attachment::Column::State.eq(AttachmentState::Stored))
        .filter(attachment::Column::UploaderKind.eq(uploader.0))
        .filter(attachment::Column::UploaderId.eq(uploader.1))
        .exec(tx)
        .await?;
    let wanted = u64::try_from(files.len()).unwrap_or(u64::MAX);
    if bound.rows_affected == wanted {
        Ok(())
    } else {
        Err(AppError::field("/attachments", Rule::Unknown))
    }
}

/// Files that were begun, or stored and never bound, before these instants.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn stray(
    conn: &impl ConnectionTrait,
    pending_before: DateTime<Utc>,
    stored_before: DateTime<Utc>,
) -> Result<Vec<attachment::Model>, AppError> {
    use sea_orm::Condition;
    let of = |state: AttachmentState, before: DateTime<Utc>| {
        Condition::all()
            .add(attachment::Column::State.eq(state))
            .add(attachment::Column::CreatedAt.lt(before))
    };
    let rows = attachment::Entity::find()
        .filter(
            Condition::any()
                .add(of(AttachmentState::Pending, pending_before))
                .add(of(AttachmentState::Stored, stored_before)),
        )
        .limit(50)
        .all(conn)
        .await?;
    Ok(rows)
}

/// A file's name.
///
/// # Errors
/// When it can't be opened.
pub fn name(vault: &Vault, row: &attachment::Model) -> Result<String, AppError> {
    vault.open_text(NAME, &row.name_sealed)
}

/// A file's name, sealed.
///
/// # Errors
/// When it can't be sealed.
pub(super) fn seal_name(vault: &Vault, name: &str) -> Result<Vec<u8>, AppError> {
    vault.seal_text(NAME, name)
}

/// Where a file lies in the store.
#[must_use]
pub fn blob_key(row: &attachment::Model) -> String {
    format!(
        "{}/{}.{}",
        row.created_at.format("%Y/%m/%d"),
        row.id,
        super::rules::extension(&row.media_type)
    )
}
