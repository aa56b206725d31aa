//! Who looked at a ticket.

use super::detail::find_for;
use crate::access::permit::Caller;
use crate::access::policy::sees_internal;
use crate::platform::db::Db;
use crate::platform::error::AppError;
use crate::platform::http::page::{self, List, Page};
use crate::tickets::dto::{AccessOut, AccessQuery};
use entity::access_record;
use entity::id::{AccessId, TicketId};
use entity::kind::ActorKind;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

/// Looks at a ticket, newest first.
///
/// # Errors
/// `NotFound`, `InvalidCursor`.
pub async fn of_ticket(
    db: &Db,
    caller: &Caller,
    id: TicketId,
    query: &AccessQuery,
) -> Result<Page<AccessOut>, AppError> {
    let limit = page::limit(query.limit)?;
    let list = List::new("access", &id);
    let before: Option<AccessId> = list.read(query.cursor.as_deref())?;
    let conn = &db.reader().await?;
    let (_, acting) = find_for(conn, caller, id).await?;
    // Which apps somebody uses is for them alone.
    let mut whose = Condition::any().add(access_record::Column::ActorKind.ne(ActorKind::Resident));
    if let Some(me) = caller.actor.in_person() {
        whose = whose.add(access_record::Column::ActorId.eq(me.0));
    }
    let mut looks = access_record::Entity::find()
        .filter(access_record::Column::TicketId.eq(id))
        .filter(whose);
    if let Some(before) = before {
        looks = looks.filter(access_record::Column::Id.lt(before));
    }
    let rows = looks
        .order_by_desc(access_record::Column::Id)
        .limit(limit + 1)
        .all(conn)
        .await?;
    let names = sees_internal(acting.role);
    list.page(rows, limit, |row| row.id, |row| Ok(AccessOut::new(row, names)))
}
