//! One ticket, whole.

use crate::access::Op;
use crate::access::actor::Acting;
use crate::access::permit::Caller;
use crate::attachments;
use crate::platform::crypto::hex;
use crate::platform::error::{AppError, Code};
use crate::platform::kit::Kit;
use crate::reference::Reference;
use crate::tickets::commands::look::{Look, look};
use crate::tickets::dto::{ReceiptOut, TicketOut, VerificationOut};
use crate::tickets::facts::{self, allow};
use crate::tickets::rules::chain;
pub use crate::tickets::store::joined;
use crate::tickets::store::{self, Loaded};
use crate::tickets::view::{self, Whole};
use entity::id::{AttachmentId, TicketId};
use entity::kind::{Looked, TicketState, Visibility};
use entity::{attachment, ticket};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

/// A ticket that the caller may see for this operation.
///
/// # Errors
/// `NotFound`, `Forbidden`.
pub async fn find_for(
    conn: &impl ConnectionTrait,
    caller: &Caller,
    id: TicketId,
) -> Result<(Loaded, Acting), AppError> {
    let loaded = store::find(conn, id).await?;
    let acting = allow(&caller.actor, caller.op, &loaded)?;
    Ok((loaded, acting))
}

/// The key and state of the ticket with this number, that the caller may see for this operation.
///
/// # Errors
/// `NotFound`, `Forbidden`.
pub async fn numbered(kit: &Kit, caller: &Caller, number: &str) -> Result<(TicketId, TicketState), AppError> {
    let conn = kit.db.read();
    let row = ticket::Entity::find()
        .filter(ticket::Column::Number.eq(number))
        .one(conn)
        .await?;
    let id = row.ok_or_else(|| AppError::new(Code::NotFound))?.id;
    let (loaded, _) = find_for(conn, caller, id).await?;
    Ok((id, loaded.ticket.state))
}

/// A ticket with all that belongs to it.
///
/// # Errors
/// `NotFound`.
pub async fn whole(
    kit: &Kit,
    reference: &Reference,
    caller: &Caller,
    id: TicketId,
) -> Result<(TicketOut, i64), AppError> {
    let conn = kit.db.reader().await?;
    let (loaded, acting) = find_for(&conn, caller, id).await?;
    let version = loaded.ticket.version;
    let whole = Whole {
        clocks: store::clocks(&conn, id).await?,
        timeline: store::timeline(&conn, id).await?,
        files: attachments::store::of_ticket(&conn, id).await?,
        loaded,
    };
    // Others may read with it while who looked is being written.
    drop(conn);
    let out = view::ticket(kit, reference, &whole, &caller.actor, &acting)?;
    let looked = Look {
        ticket: id,
        what: Looked::Ticket,
        acting,
    };
    look(&kit.db, caller, looked).await?;
    Ok((out, version))
}

/// A signed receipt of the ticket as it stands.
///
/// # Errors
/// `NotFound`.
pub async fn receipt(kit: &Kit, caller: &Caller, id: TicketId) -> Result<ReceiptOut, AppError> {
    let (loaded, _) = find_for(kit.db.read(), caller, id).await?;
    view::receipt(kit, &loaded.ticket, kit.now())
}

/// Checks the chain of the timeline.
///
/// # Errors
/// `NotFound`.
pub async fn verify(kit: &Kit, caller: &Caller, id: TicketId) -> Result<VerificationOut, AppError> {
    let conn = &kit.db.reader().await?;
    let (loaded, _) = find_for(conn, caller, id).await?;
    let timeline = store::timeline(conn, id).await?;
    let first_broken = chain::first_broken(&timeline, &loaded.ticket.head);
    Ok(VerificationOut {
        intact: first_broken.is_none(),
        entries: loaded.ticket.entries,
        head: hex(&loaded.ticket.head),
        first_broken,
    })
}

/// A file that the caller may see: of a ticket that they may see, and public if they see only what is public; or one
/// of their own that belongs to no ticket yet.
///
/// # Errors
/// `NotFound`.
pub async fn file(
    kit: &Kit,
    reference: &Reference,
    caller: &Caller,
    id: AttachmentId,
) -> Result<(attachment::Model, String), AppError> {
    use crate::access::policy::sees_internal;
    let missing = || AppError::new(Code::NotFound);
    let row = attachments::store::find(kit.db.read(), id).await?;
    let Some(ticket) = row.ticket_id else {
        let mine = caller.actor.identity() == (row.uploader_kind, Some(row.uploader_id));
        return if mine && row.state == entity::kind::AttachmentState::Stored {
            let name = attachments::store::name(&kit.vault, &row)?;
            Ok((row, name))
        } else {
            Err(missing())
        };
    };
    let loaded = store::find(kit.db.read(), ticket).await?;
    let acting = crate::access::policy::decide(
        &caller.actor,
        Op::GetAttachment,
        Op::GetAttachment,
        &crate::tickets::facts::facts(&loaded, Op::GetAttachment),
    )?;
    if row.visibility == Visibility::Internal && !sees_internal(acting.role) {
        return Err(missing());
    }
    let sight = facts::sight(&acting, &loaded, reference);
    let name = view::file_name(&kit.vault, &row, &loaded, sight)?;
    let looked = Look {
        ticket,
        what: Looked::Attachment,
        acting,
    };
    look(&kit.db, caller, looked).await?;
    Ok((row, name))
}
