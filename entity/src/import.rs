//! Files that are read into the database in the background, and what came of each line.

use crate::id::{ImportId, StaffId};
use crate::kind::{FileFormat, ImportKind, WorkState};
use sea_orm::entity::prelude::*;

/// A row of `import`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "import")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ImportId,
    pub staff_id: StaffId,
    /// Whether who asked had shown a second factor: lines are taken by the rights of then, as far as they last.
    pub second_factor: bool,
    pub kind: ImportKind,
    pub format: FileFormat,
    /// Nothing is written but the report.
    pub dry_run: bool,
    pub state: WorkState,
    /// None until the file is there.
    pub size_bytes: Option<i64>,
    pub sha256: Option<Vec<u8>>,
    /// Lines that are dealt with: after a crash it goes on behind them.
    pub lines: i64,
    pub created: i64,
    pub unchanged: i64,
    pub refused: i64,
    /// Why it failed: a word of the contract's problems.
    #[sea_orm(column_type = "Text", nullable)]
    pub failure: Option<String>,
    /// How often it was begun since a line was last dealt with.
    pub attempts: i32,
    pub leased_by: Option<Uuid>,
    pub leased_until: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub finished_at: Option<DateTimeUtc>,
    /// When the report is removed.
    pub expires_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
