//! Folds what moved between queues into their counts. The event log is the list of differences; no request counts rows
//! or waits for a row of counts.

use crate::platform::db::Tx;
use crate::platform::error::AppError;
use crate::tickets::store::add_to_queues;
use entity::event;
use entity::id::UnitId;
use entity::kind::TicketState;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Folds a batch of events.
///
/// # Errors
/// When the database does not answer.
pub async fn fold(tx: &Tx, batch: Vec<event::Model>) -> Result<(), AppError> {
    add_to_queues(tx, differences(&batch)).await
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
