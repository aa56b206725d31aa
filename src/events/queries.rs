//! Parts of the log that somebody may see.

use super::dto::{EventOut, EventPage};
use super::rules::Types;
use crate::access::Reach;
use crate::ledger::events::last_position;
use crate::orgs::store::within;
use crate::platform::error::AppError;
use entity::event;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

/// Positions that are looked through at a time.
const WINDOW: i64 = 5_000;
/// And so many times, at the most, for one answer.
const WINDOWS: usize = 10;

/// Which events are asked for.
pub struct Asked {
    /// After this position.
    pub after: i64,
    /// Of these types.
    pub types: Types,
    /// Of this thing.
    pub subject: Option<Uuid>,
    /// So many of them.
    pub most: u64,
}

/// A part of the log. However little of it somebody may see, an answer looks through a bounded part.
///
/// # Errors
/// When the database does not answer.
pub async fn page(conn: &impl ConnectionTrait, reach: &Reach, asked: &Asked) -> Result<EventPage, AppError> {
    let last = last_position(conn).await?;
    let most = usize::try_from(asked.most).unwrap_or(usize::MAX);
    let (mut from, mut items) = (asked.after, Vec::new());
    for _ in 0..WINDOWS {
        if from >= last || items.len() >= most {
            break;
        }
        let to = (from + WINDOW).min(last);
        let left = most - items.len();
        let rows = part(conn, reach, asked, (from, to), left).await?;
        from = match rows.last().and_then(|row| row.position) {
            Some(position) if rows.len() >= left => position,
            _ => to,
        };
        items.extend(rows.iter().map(EventOut::from));
    }
    Ok(EventPage {
        items,
        next_after: from,
        more: from < last,
    })
}

async fn part(
    conn: &impl ConnectionTrait,
    reach: &Reach,
    asked: &Asked,
    (from, to): (i64, i64),
    most: usize,
) -> Result<Vec<event::Model>, AppError> {
    let chosen = super::rules::all()
        .into_iter()
        .filter(|kind| asked.types.choose(kind));
    let mut select = event::Entity::find()
        .filter(event::Column::Position.gt(from))
        .filter(event::Column::Position.lte(to))
        .filter(within(event::Column::UnitPath, reach))
        .filter(event::Column::Kind.is_in(chosen));
    if let Some(subject) = asked.subject {
        select = select.filter(event::Column::SubjectId.eq(subject));
    }
    let rows = select
        .order_by_asc(event::Column::Position)
        .limit(u64::try_from(most).unwrap_or(u64::MAX))
        .all(conn)
        .await?;
    Ok(rows)
}
