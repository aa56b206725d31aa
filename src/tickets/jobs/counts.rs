//! Folds what moved between queues into their counts. The event log is the list of differences; no request counts rows
//! or waits for a row of counts.

use crate::platform::db::{Tx, pieces};
use crate::platform::error::AppError;
use entity::id::UnitId;
use entity::kind::TicketState;
use entity::{event, queue_count};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveValue::Set, EntityTrait};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Folds a batch of events.
///
/// # Errors
/// When the database does not answer.
pub async fn fold(tx: &Tx, batch: Vec<event::Model>) -> Result<(), AppError> {
    let rows: Vec<_> = differences(&batch)
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

fn differences(batch: &[event::Model]) -> BTreeMap<(UnitId, TicketState), i64> {
    let mut sums = BTreeMap::new();
    for event in batch.iter().filter(|event| event.subject_kind == "ticket") {
        let state = |key: &str| {
            event
                .data
                .get(key)
                .and_then(|word| word.as_str())
                .and_then(TicketState::from_word)
        };
        let unit = |key: &str| {
            let id = event
                .data
                .get(key)
                .and_then(|id| id.as_str())
                .and_then(|id| id.parse::<Uuid>().ok());
            UnitId(id.unwrap_or(Uuid::nil()))
        };
        if let Some(from) = state("from") {
            let unit = if from == TicketState::Registered || from == TicketState::PendingDispatch {
                UnitId(Uuid::nil())
            } else {
                unit("unit_before")
            };
            *sums.entry((unit, from)).or_insert(0) -= 1;
        }
        if let Some(to) = state("to") {
            let unit = if to == TicketState::Registered || to == TicketState::PendingDispatch {
                UnitId(Uuid::nil())
            } else {
                unit("unit_id")
            };
            *sums.entry((unit, to)).or_insert(0) += 1;
        }
    }
    sums
}
