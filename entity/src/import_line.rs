//! What came of a line of a file. Values of the line are not kept.

use crate::id::ImportId;
use crate::kind::LineOutcome;
use sea_orm::entity::prelude::*;

/// A row of `import_line`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "import_line")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub import_id: ImportId,
    /// In the file: the head is the first.
    #[sea_orm(primary_key, auto_increment = false)]
    pub line: i64,
    pub outcome: LineOutcome,
    /// Blind index of what the line is about, to find it again in the same file.
    pub key_index: Option<Vec<u8>>,
    /// What was made or found.
    pub subject_id: Option<Uuid>,
    #[sea_orm(column_type = "Text", nullable)]
    pub message: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
