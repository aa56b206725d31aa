//! `/api/v1/notices`, and the dead ones for administrators.

use super::dto::{DeadNoticeOut, DeadQuery, NoticeOut, NoticesQuery};
use super::store;
use crate::access::{Permit, op};
use crate::ledger::audit;
use crate::platform::error::{AppError, Code};
use crate::platform::http::answer::{Answer, NoContent};
use crate::platform::http::idempotency::{IdempotencyKey, write_once};
use crate::platform::http::page::{self, List, Page};
use crate::platform::kit::Kit;
use actix_web::web::{Data, Path, Query};
use actix_web::{get, post, put};
use entity::id::NoticeId;
use entity::notice;
use serde_json::json;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

/// Routes of this slice.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list_dead_notices)
        .service(list_notices)
        .service(read_notice)
        .service(resend_notice);
}

/// One's own messages, newest first.
#[utoipa::path(tag = "notices", params(NoticesQuery), responses((status = 200, body = Page<NoticeOut>)))]
#[get("/notices")]
async fn list_notices(
    permit: Permit<op::ListNotices>,
    kit: Data<Kit>,
    query: Query<NoticesQuery>,
) -> Result<Answer<Page<NoticeOut>>, AppError> {
    let person = own_id(permit.caller.actor.identity().1)?;
    let limit = page::limit(query.limit)?;
    let unread = query.unread.unwrap_or(false);
    let list = List::new("notices", &(person, unread));
    let before = list.read::<NoticeId>(query.cursor.as_deref())?;
    let rows = store::inbox(kit.db.read(), person, unread, before, limit + 1).await?;
    let page = list.page(
        rows,
        limit,
        |row: &notice::Model| row.id,
        |row| {
            let (_, text) = store::open(&kit.vault, &row)?;
            let (id, template, ticket_id) = (row.id, row.template, row.ticket_id);
            Ok(NoticeOut {
                id,
                template,
                ticket_id,
                text,
                created_at: row.created_at,
                read_at: row.read_at,
            })
        },
    )?;
    Answer::ok(&page)
}

/// Marks a message as read.
#[utoipa::path(tag = "notices", responses((status = 204)))]
#[put("/notices/{id}/read")]
async fn read_notice(
    permit: Permit<op::ReadNotice>,
    kit: Data<Kit>,
    id: Path<NoticeId>,
) -> Result<NoContent, AppError> {
    let person = own_id(permit.caller.actor.identity().1)?;
    kit.db
        .write("notice.read", (person, *id), |tx, input| {
            Box::pin(store::mark_read(tx, input))
        })
        .await?;
    Ok(NoContent)
}

/// Messages that could not be sent.
#[utoipa::path(tag = "administration", params(DeadQuery), responses((status = 200, body = Page<DeadNoticeOut>)))]
#[get("/notices/dead")]
async fn list_dead_notices(
    _permit: Permit<op::ListDeadNotices>,
    kit: Data<Kit>,
    query: Query<DeadQuery>,
) -> Result<Answer<Page<DeadNoticeOut>>, AppError> {
    let limit = page::limit(query.limit)?;
    let list = List::new("dead_notices", &());
    let before = list.read::<NoticeId>(query.cursor.as_deref())?;
    let rows = store::dead(kit.db.read(), before, limit + 1).await?;
    Answer::ok(&list.page(rows, limit, |row: &notice::Model| row.id, |row| Ok(to_dead(row)))?)
}

/// Puts a dead message back into the queue.
#[utoipa::path(tag = "administration", responses((status = 200, body = DeadNoticeOut)))]
#[post("/notices/{id}/resend")]
async fn resend_notice(
    permit: Permit<op::ResendNotice>,
    kit: Data<Kit>,
    id: Path<NoticeId>,
    key: IdempotencyKey,
) -> Result<Answer<DeadNoticeOut>, AppError> {
    let caller = permit.caller;
    let once = key.bind(&caller.actor.key(), caller.op.id(), &[]);
    write_once(
        &kit.db,
        &kit.vault,
        "notice.resend",
        once,
        (caller, *id),
        |tx, (caller, id)| {
            Box::pin(async move {
                let row = store::revive(tx, *id).await?;
                audit::record(tx, caller, "notice", row.id, json!({}));
                Answer::ok(&to_dead(row))
            })
        },
    )
    .await
}

fn own_id(id: Option<Uuid>) -> Result<Uuid, AppError> {
    id.ok_or_else(|| AppError::new(Code::Unauthenticated))
}

fn to_dead(row: notice::Model) -> DeadNoticeOut {
    DeadNoticeOut {
        id: row.id,
        channel: row.channel,
        lane: row.lane,
        template: row.template,
        state: row.state,
        attempts: row.attempts,
        last_error: row.last_error,
        created_at: row.created_at,
    }
}
