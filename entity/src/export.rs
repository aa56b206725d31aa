//! Lists that somebody wants as a file: written in the background, kept for a while.

use crate::id::ExportId;
use crate::kind::{ActorKind, FileFormat, WorkState};
use sea_orm::entity::prelude::*;

/// A row of `export`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "export")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ExportId,
    pub actor_kind: ActorKind,
    pub actor_id: Uuid,
    /// Whether who asked had shown a second factor: the file holds what they could see then, and no more than they may now.
    pub second_factor: bool,
    /// What is listed, by which filters. A filter may name a person.
    pub filters_sealed: Vec<u8>,
    pub format: FileFormat,
    /// What it is for; numbers of persons masked.
    #[sea_orm(column_type = "Text")]
    pub reason: String,
    pub state: WorkState,
    /// Lines that are written.
    pub written: i64,
    /// Lines that there were when it began.
    pub expected: Option<i64>,
    pub size_bytes: Option<i64>,
    pub sha256: Option<Vec<u8>>,
    /// By which rights it was written: who has others by now does not get it.
    pub reach_digest: Option<Vec<u8>>,
    /// Why it failed: a word of the contract's problems.
    #[sea_orm(column_type = "Text", nullable)]
    pub failure: Option<String>,
    pub attempts: i32,
    pub leased_by: Option<Uuid>,
    pub leased_until: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub finished_at: Option<DateTimeUtc>,
    /// When the file is removed and the row with it.
    pub expires_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
