//! Families of refresh tokens: one row a family.

use crate::id::{ClientId, SessionId};
use crate::kind::ActorKind;
use sea_orm::entity::prelude::*;

/// A row of `session`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "session")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SessionId,
    pub subject_kind: ActorKind,
    pub subject_id: Uuid,
    /// What logged in, as it named itself.
    #[sea_orm(column_type = "Text")]
    pub client: String,
    /// Of the current refresh token.
    pub secret_hash: Vec<u8>,
    /// Of the one before it.
    pub previous_hash: Option<Vec<u8>>,
    /// The current token, for a repeat of the one before within the grace.
    pub successor_sealed: Option<Vec<u8>>,
    /// Whether a second factor was shown at log-in.
    pub second_factor: bool,
    pub rotated_at: DateTimeUtc,
    pub expires_at: DateTimeUtc,
    pub revoked_at: Option<DateTimeUtc>,
    #[sea_orm(column_type = "Text", nullable)]
    pub revoked_why: Option<String>,
    pub created_at: DateTimeUtc,
    /// The client that a resident let in.
    pub client_id: Option<ClientId>,
    /// What the client may do for the resident, parted by blanks.
    #[sea_orm(column_type = "Text", nullable)]
    pub scope: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
