//! Many tickets, each whole: for other systems, which read them in bulk.

use super::list::{col, scope};
use crate::access::permit::Caller;
use crate::attachments;
use crate::platform::error::AppError;
use crate::platform::kit::Kit;
use crate::reference::Reference;
use crate::tickets::commands::look::{Look, look_at_all};
use crate::tickets::dto::TicketOut;
use crate::tickets::facts::allow;
use crate::tickets::rules::open::over;
use crate::tickets::store::{self, Loaded};
use crate::tickets::view::{self, Whole};
use chrono::{DateTime, Utc};
use entity::id::TicketId;
use entity::kind::Looked;
use entity::ticket;
use sea_orm::sea_query::{Cond, ExprTrait, Order, Query};
use sea_orm::{ConnectionTrait, FromQueryResult};
use std::collections::HashMap;

/// So many are read at a time.
const AT_A_TIME: usize = 100;

/// From an instant, and before another.
pub type Span = (Option<DateTime<Utc>>, Option<DateTime<Utc>>);

/// Which tickets, and how many of them.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// With one of these numbers; any unless given.
    pub numbers: Option<Vec<String>>,
    /// Of one of these services; any unless given.
    pub categories: Vec<String>,
    /// Open ones, or those that are over.
    pub open: Option<bool>,
    /// Registered then.
    pub registered: Span,
    /// Changed last then.
    pub changed: Span,
    /// So many at most.
    pub limit: u64,
    /// After so many.
    pub offset: u64,
}

#[derive(FromQueryResult)]
struct Key {
    id: TicketId,
}

/// Tickets that the caller may see, newest first, as one by one would show them. Who looked is kept.
///
/// # Errors
/// When the database does not answer.
pub async fn find(
    kit: &Kit,
    reference: &Reference,
    caller: &Caller,
    wanted: &Wanted,
) -> Result<Vec<TicketOut>, AppError> {
    let conn = kit.db.reader().await?;
    let ids = ids(kit, &conn, caller, wanted).await?;
    let (mut found, mut looks) = (Vec::new(), Vec::new());
    for some in ids.chunks(AT_A_TIME) {
        for whole in load(&conn, some).await? {
            let acting = allow(&caller.actor, caller.op, &whole.loaded)?;
            found.push(view::ticket(kit, reference, &whole, &caller.actor, &acting)?);
            looks.push(Look {
                ticket: whole.loaded.ticket.id,
                what: Looked::Ticket,
                acting,
            });
        }
    }
    drop(conn);
    look_at_all(&kit.db, caller, looks).await?;
    Ok(found)
}

async fn ids(
    kit: &Kit,
    conn: &impl ConnectionTrait,
    caller: &Caller,
    wanted: &Wanted,
) -> Result<Vec<TicketId>, AppError> {
    use ticket::Column as C;
    let mut all = Cond::all()
        .add_option(wanted.registered.0.map(|from| col(C::CreatedAt).gte(from)))
        .add_option(wanted.registered.1.map(|to| col(C::CreatedAt).lt(to)))
        .add_option(wanted.changed.0.map(|from| col(C::UpdatedAt).gte(from)))
        .add_option(wanted.changed.1.map(|to| col(C::UpdatedAt).lt(to)))
        .add_option(
            wanted
                .numbers
                .as_ref()
                .map(|numbers| col(C::Number).is_in(numbers)),
        )
        .add_option(wanted.open.map(|open| {
            if open {
                col(C::State).is_not_in(over())
            } else {
                col(C::State).is_in(over())
            }
        }));
    if !wanted.categories.is_empty() {
        all = all.add(col(C::Category).is_in(&wanted.categories));
    }
    let select = Query::select()
        .column((ticket::Entity, C::Id))
        .from(ticket::Entity)
        .cond_where(scope(&kit.db, &caller.actor, &caller.reach()))
        .cond_where(all)
        .order_by((ticket::Entity, C::Id), Order::Desc)
        .limit(wanted.limit)
        .offset(wanted.offset)
        .to_owned();
    let rows = conn.query_all(&select).await?;
    let keys = rows
        .iter()
        .map(|row| Key::from_query_result(row, "").map(|key| key.id));
    Ok(keys.collect::<Result<_, _>>()?)
}

/// In the order of the ids.
async fn load(conn: &impl ConnectionTrait, ids: &[TicketId]) -> Result<Vec<Whole>, AppError> {
    let all = store::find_all(conn, ids).await?;
    let mut loaded: HashMap<TicketId, Loaded> = all.into_iter().map(|one| (one.ticket.id, one)).collect();
    let mut clocks = store::clocks_of(conn, ids).await?;
    let mut timelines = store::timelines(conn, ids).await?;
    let files = attachments::store::of_tickets(conn, ids).await?;
    let bound = files.into_iter().filter_map(|file| Some((file.ticket_id?, file)));
    let mut files = store::by_ticket(bound);
    let whole = |id: &TicketId| {
        Some(Whole {
            loaded: loaded.remove(id)?,
            clocks: clocks.remove(id).unwrap_or_default(),
            timeline: timelines.remove(id).unwrap_or_default(),
            files: files.remove(id).unwrap_or_default(),
        })
    };
    Ok(ids.iter().filter_map(whole).collect())
}
