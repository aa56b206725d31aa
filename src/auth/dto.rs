//! Wire shapes of logging in.

use crate::platform::personal::Personal;
use chrono::{DateTime, Utc};
use entity::id::{ClientId, ResidentId, UnitId};
use entity::kind::{ActorKind, Role};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A member of staff logs in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StaffLoginIn {
    /// User name.
    #[schema(example = "operator")]
    pub user_name: String,
    /// Password.
    #[schema(value_type = String, example = "demonstration only")]
    pub password: Personal,
    /// One-time password of the second factor (RFC 6238), where there is one.
    #[schema(value_type = Option<String>, example = "123456")]
    pub totp: Option<Personal>,
    /// What logs in, for the list of log-ins.
    pub client: Option<String>,
}

/// A code is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeIn {
    /// The telephone number, as typed.
    #[schema(value_type = String, example = "138 1234 1234")]
    pub phone: Personal,
}

/// A resident logs in with a code.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeLoginIn {
    /// The telephone number, as typed.
    #[schema(value_type = String, example = "138 1234 1234")]
    pub phone: Personal,
    /// The code of the message.
    #[schema(value_type = String, example = "123456")]
    pub code: Personal,
    /// Who of those who share the telephone.
    pub resident_id: Option<ResidentId>,
    /// What logs in.
    pub client: Option<String>,
}

/// A resident logs in with a password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResidentLoginIn {
    /// The telephone number, as typed.
    #[schema(value_type = String, example = "138 1234 1234")]
    pub phone: Personal,
    /// The password.
    #[schema(value_type = String, example = "demonstration only")]
    pub password: Personal,
    /// What logs in.
    pub client: Option<String>,
}

/// A refresh token.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshIn {
    /// As it was given.
    #[schema(value_type = String, example = "r1.q1b0Zl3Wc0l1d2V4YW1wbGVfb2ZfYV90b2tlbg")]
    pub refresh_token: Personal,
}

/// A new password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordIn {
    /// The one in force; a resident without one leaves it out.
    #[schema(value_type = Option<String>, example = "demonstration only")]
    pub current: Option<Personal>,
    /// The new one: 12 to 128 characters.
    #[schema(value_type = String, example = "another demonstration")]
    pub new: Personal,
}

/// A second factor is confirmed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnrolIn {
    /// The secret that was answered without a code; empty at first.
    #[schema(value_type = Option<String>)]
    pub secret: Option<Personal>,
    /// A code made from it, as a proof.
    #[schema(value_type = Option<String>, example = "123456")]
    pub code: Option<Personal>,
}

/// The secret of a second factor; enrolled once a code made from it is sent.
#[derive(Debug, Serialize, ToSchema)]
pub struct EnrolOut {
    /// Base32, for an authenticator; absent once enrolled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Whether it is in force.
    pub enrolled: bool,
}

/// Tokens of a log-in.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokensOut {
    /// For the header `Authorization: Bearer …`.
    #[schema(example = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiLnpLrkvosifQ.c2lnbmF0dXJlLW9mLWFuLWV4YW1wbGU")]
    pub access_token: String,
    /// `Bearer`.
    #[schema(example = "Bearer")]
    pub token_type: &'static str,
    /// Seconds that the access token lives.
    #[schema(example = 600)]
    pub expires_in: i64,
    /// For a new access token; works once.
    #[schema(example = "r1.q1b0Zl3Wc0l1d2V4YW1wbGVfb2ZfYV90b2tlbg")]
    pub refresh_token: String,
}

/// Somebody who shares a telephone.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShareOut {
    /// Key, for `resident_id`.
    pub resident_id: ResidentId,
    /// Name, masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "张*")]
    pub name: Option<String>,
}

/// A log-in with a code: tokens, or those who share the telephone.
#[derive(Debug, Serialize, ToSchema)]
pub struct CodeLoginOut {
    /// Tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<TokensOut>,
    /// Who shares the telephone: send the same code again with one of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub choose: Vec<ShareOut>,
}

/// That a code is under way.
#[derive(Debug, Serialize, ToSchema)]
pub struct CodeOut {
    /// Seconds that it is valid.
    #[schema(example = 300)]
    pub expires_in: i64,
}

/// An app that the caller let act for them.
#[derive(Debug, Serialize, ToSchema)]
pub struct MyAppOut {
    /// The app.
    pub id: ClientId,
    /// Its name.
    #[schema(example = "邻里")]
    pub name: String,
    /// What it may do, parted by blanks.
    #[schema(example = "tickets:read tickets:write")]
    pub scope: String,
    /// When it was let in.
    pub since: DateTime<Utc>,
    /// When it last had a token.
    pub last_used_at: DateTime<Utc>,
}

/// Apps that the caller let act for them.
#[derive(Debug, Serialize, ToSchema)]
pub struct MyAppsOut {
    /// Newest first; one that was let in twice stands twice.
    pub items: Vec<MyAppOut>,
}

/// A role of the caller.
#[derive(Debug, Serialize, ToSchema)]
pub struct MyRoleOut {
    /// The role.
    pub role: Role,
    /// In Chinese.
    #[schema(example = "经办人")]
    pub label: String,
    /// Where.
    pub unit_id: UnitId,
    /// The unit's name.
    #[schema(example = "羊桥社区")]
    pub unit_name: String,
    /// Line posts.
    pub posts: Vec<String>,
    /// Whether it waits for a second factor.
    pub withheld: bool,
}

/// Who the caller is.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeOut {
    /// `staff`, `resident` or `client`.
    pub kind: ActorKind,
    /// Key.
    pub id: Uuid,
    /// Name, for staff and clients.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Roles held today.
    pub roles: Vec<MyRoleOut>,
}
