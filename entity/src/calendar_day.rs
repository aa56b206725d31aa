//! Days that differ from the week: holidays and make-up working days.

use sea_orm::entity::prelude::*;

/// A row of `calendar_day`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "calendar_day")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: Date,
    pub working: bool,
    pub year: i32,
}

impl ActiveModelBehavior for ActiveModel {}
