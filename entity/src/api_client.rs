//! Integrators' clients, known by a secret.

use crate::id::{ClientId, UnitId};
use crate::kind::Channel;
use sea_orm::entity::prelude::*;

/// A row of `api_client`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "api_client")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ClientId,
    #[sea_orm(column_type = "Text")]
    pub name: String,
    pub channel: Channel,
    /// Where it may register tickets.
    pub unit_id: UnitId,
    #[sea_orm(column_type = "Text")]
    pub unit_path: String,
    pub created_at: DateTimeUtc,
    pub expires_at: Option<DateTimeUtc>,
    pub revoked_at: Option<DateTimeUtc>,
    pub version: i64,
    /// What it has leave for.
    #[sea_orm(column_type = "JsonBinary")]
    pub scopes: Json,
    /// Where residents may be sent back to once they let it in.
    #[sea_orm(column_type = "JsonBinary")]
    pub redirect_uris: Json,
}

impl ActiveModelBehavior for ActiveModel {}
