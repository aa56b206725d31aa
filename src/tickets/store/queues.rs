//! Rows of `queue_count`.

use crate::platform::db::{Tx, pieces};
use crate::platform::error::AppError;
use entity::id::UnitId;
use entity::kind::TicketState;
use entity::queue_count;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveValue::Set, EntityTrait};

/// Adds to the counts of queues.
///
/// # Errors
/// When the database does not answer.
pub async fn add_to_queues(
    tx: &Tx,
    differences: impl IntoIterator<Item = ((UnitId, TicketState), i64)>,
) -> Result<(), AppError> {
    let rows: Vec<_> = differences
        .into_iter()
        .filter(|(_, difference)| *difference != 0)
        .map(|((unit, state), difference)| queue_count::ActiveModel {
            unit_id: Set(unit),
            state: Set(state),
            n: Set(difference),
        })
        .collect();
    let column = queue_count::Column::N;
    for some in pieces(rows) {
        let sum = Expr::col((queue_count::Entity, column)).add(Expr::cust("excluded.n"));
        queue_count::Entity::insert_many(some)
            .on_conflict(
                OnConflict::columns([queue_count::Column::UnitId, queue_count::Column::State])
                    .value(column, sum)
                    .to_owned(),
            )
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}
