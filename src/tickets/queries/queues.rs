//! Counts of queues: read from what a job folds, never counted row by row.

use super::list;
use crate::access::permit::Caller;
use crate::platform::error::AppError;
use crate::platform::kit::Kit;
use crate::reference::Reference;
use crate::tickets::dto::{QueueOut, QueuesOut, TicketsQuery};
use entity::queue_count;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

/// Overdue tickets are counted so far, and no further.
const MOST: u64 = 1000;

/// Counts of the queues that the caller reaches.
///
/// # Errors
/// When the database does not answer.
pub async fn counts(kit: &Kit, reference: &Reference, caller: &Caller) -> Result<QueuesOut, AppError> {
    let reach = caller.reach();
    let rows = queue_count::Entity::find()
        .filter(queue_count::Column::N.gt(0))
        .all(kit.db.read())
        .await?;
    let queues = rows
        .into_iter()
        .filter_map(|row| {
            let unit = reference.directory.get(row.unit_id);
            let seen = match unit {
                Some(unit) => reach.covers(&unit.path),
                // What no unit has is the centre's.
                None => !reach.districts.is_empty(),
            };
            seen.then(|| QueueOut {
                unit_id: unit.map(|unit| unit.id),
                unit_name: unit.map(|unit| unit.name.clone()),
                state: row.state,
                n: row.n,
            })
        })
        .collect();
    let query = TicketsQuery {
        queue: Some("overdue".into()),
        ..TicketsQuery::default()
    };
    let now = kit.now();
    let overdue = list::count_up_to(
        &kit.db,
        &reference.directory,
        (&caller.actor, &reach),
        &query,
        now,
        MOST,
    )
    .await?;
    Ok(QueuesOut { queues, overdue })
}
