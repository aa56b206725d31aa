//! What the full-text index holds of a ticket: bigrams of masked text, in the database's own form.

use crate::id::TicketId;
use sea_orm::entity::prelude::*;

/// A row of `ticket_search`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "ticket_search")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub ticket_id: TicketId,
    #[sea_orm(column_type = "Text")]
    pub terms: String,
}

impl ActiveModelBehavior for ActiveModel {}
