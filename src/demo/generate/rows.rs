//! Rows that are written together.

use crate::platform::db::Tx;
use crate::platform::error::AppError;
use crate::tickets::add_to_queues;
use entity::id::UnitId;
use entity::kind::TicketState;
use entity::{
    assignment, callback, clock, durable_timer, event, proceeding, ticket, ticket_entry, ticket_requester,
    ticket_search,
};
use sea_orm::{ActiveModelTrait, IntoActiveModel};
use std::collections::BTreeMap;

/// Rows of some tickets.
#[derive(Debug, Default)]
pub struct Rows {
    /// Tickets.
    pub tickets: Vec<ticket::Model>,
    /// For whom.
    pub requesters: Vec<ticket_requester::Model>,
    /// Who had them.
    pub legs: Vec<assignment::Model>,
    /// Small lives.
    pub proceedings: Vec<proceeding::Model>,
    /// Clocks.
    pub clocks: Vec<clock::Model>,
    /// Call-backs.
    pub callbacks: Vec<callback::Model>,
    /// Timelines.
    pub entries: Vec<ticket_entry::Model>,
    /// The log.
    pub events: Vec<event::ActiveModel>,
    /// What is due later.
    pub timers: Vec<durable_timer::Model>,
    /// Words to be found.
    pub terms: Vec<ticket_search::Model>,
    /// In which queues they are.
    pub queues: BTreeMap<(UnitId, TicketState), i64>,
}

impl Rows {
    /// Writes them.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn write(&self, tx: &Tx) -> Result<(), AppError> {
        macro_rules! stage {
            ($($rows:ident),+) => {$(
                for row in &self.$rows {
                    tx.stage(row.clone().into_active_model().reset_all());
                }
            )+};
        }
        stage!(
            tickets,
            requesters,
            legs,
            proceedings,
            clocks,
            callbacks,
            entries,
            timers,
            terms
        );
        self.events.iter().for_each(|row| tx.stage(row.clone()));
        add_to_queues(tx, self.queues.clone()).await
    }
}
