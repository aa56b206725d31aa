//! Secrets of integrators' clients: two may be good at a time, so that one follows the other without a gap.

use crate::id::{ClientId, ClientSecretId};
use sea_orm::entity::prelude::*;

/// A row of `client_secret`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "client_secret")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ClientSecretId,
    pub client_id: ClientId,
    /// Argon2id, as a PHC string.
    #[sea_orm(column_type = "Text")]
    pub hash: String,
    pub created_at: DateTimeUtc,
    pub last_used_at: Option<DateTimeUtc>,
    pub revoked_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
