//! Codes by which a client that a resident let in has its tokens: for a minute, once.

use crate::id::{ClientId, ResidentId, SessionId};
use sea_orm::entity::prelude::*;

/// A row of `authorization_code`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "authorization_code")]
pub struct Model {
    /// SHA-256 of the code.
    #[sea_orm(primary_key, auto_increment = false)]
    pub code_hash: Vec<u8>,
    pub client_id: ClientId,
    #[sea_orm(column_type = "Text")]
    pub redirect_uri: String,
    /// SHA-256 of the verifier, as the client sent it (RFC 7636 §4.2).
    #[sea_orm(column_type = "Text")]
    pub challenge: String,
    #[sea_orm(column_type = "Text")]
    pub scope: String,
    pub resident_id: ResidentId,
    pub expires_at: DateTimeUtc,
    pub used_at: Option<DateTimeUtc>,
    /// The log-in that was had for it: ended if the code comes again.
    pub session_id: Option<SessionId>,
}

impl ActiveModelBehavior for ActiveModel {}
