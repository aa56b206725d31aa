//! Wire shapes of clients.

use super::commands::{Change, NewClient};
use super::redirect;
use crate::platform::error::{AppError, Fields, Rule};
use chrono::{DateTime, Utc};
use entity::id::{ClientId, ClientSecretId, UnitId};
use entity::kind::{Channel, ClientScope};
use entity::{api_client, client_secret};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

const NAME_MAX: usize = 60;
const REDIRECTS_MAX: usize = 10;

/// Channels by which tickets come from other systems.
const CHANNELS: &[Channel] = &[
    Channel::Kiosk,
    Channel::Web,
    Channel::Tv,
    Channel::App,
    Channel::Partner,
];

/// An integrator's client.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClientOut {
    /// Key.
    pub id: ClientId,
    /// Name.
    #[schema(example = "羊桥社区触摸屏")]
    pub name: String,
    /// The channel that its tickets come by.
    #[schema(example = "kiosk")]
    pub channel: Channel,
    /// Where it may register tickets: in this unit and below.
    pub unit_id: UnitId,
    /// The unit's path.
    #[schema(example = "/440703/440703002/440703002101/")]
    pub unit_path: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<DateTime<Utc>>,
    /// What it has leave for.
    #[schema(value_type = Vec<ClientScope>, example = json!(["tickets:read", "tickets:write"]))]
    pub scopes: serde_json::Value,
    /// Where residents may be sent back to once they let it in.
    #[schema(value_type = Vec<String>, example = json!(["cn.example.app:/back"]))]
    pub redirect_uris: serde_json::Value,
    /// Its secrets, without what is secret of them, oldest first.
    pub secrets: Vec<SecretOut>,
}

/// A secret of a client.
#[derive(Debug, Serialize, ToSchema)]
pub struct SecretOut {
    /// Key.
    pub id: ClientSecretId,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When a token was last had by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<DateTime<Utc>>,
}

impl From<&client_secret::Model> for SecretOut {
    fn from(row: &client_secret::Model) -> Self {
        Self {
            id: row.id,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            revoked_at: row.revoked_at,
        }
    }
}

impl ClientOut {
    /// With those of the secrets that are its own.
    pub fn of(row: api_client::Model, secrets: &[client_secret::Model]) -> Self {
        let mine = secrets.iter().filter(|secret| secret.client_id == row.id);
        Self {
            secrets: mine.map(SecretOut::from).collect(),
            scopes: row.scopes,
            redirect_uris: row.redirect_uris,
            id: row.id,
            name: row.name,
            channel: row.channel,
            unit_id: row.unit_id,
            unit_path: row.unit_path,
            created_at: row.created_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
        }
    }
}

/// A new client and its secret: for `POST /oauth/token`.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewClientOut {
    /// The client. Its `id` is the `client_id`.
    pub client: ClientOut,
    /// The secret. It is told this once: keep it.
    #[schema(example = "q1b0Zl3Wc0l1d2V4YW1wbGVfb2ZfYV9zZWNyZXRfMDAwMDA")]
    pub client_secret: String,
}

/// A new secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewSecretOut {
    /// The secret's key, by which it is revoked.
    pub secret: SecretOut,
    /// The secret. It is told this once: keep it.
    #[schema(example = "q1b0Zl3Wc0l1d2V4YW1wbGVfb2ZfYV9zZWNyZXRfMDAwMDA")]
    pub client_secret: String,
}

/// Changes of a client: what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "羊桥社区触摸屏", "scopes": ["tickets:read", "tickets:write"]}))]
pub struct ClientPatch {
    /// Name.
    #[schema(max_length = 60)]
    pub name: Option<String>,
    /// What it has leave for, from its next request on.
    pub scopes: Option<Vec<ClientScope>>,
    /// Where residents may be sent back to once they let it in; an empty list ends it.
    #[schema(max_items = 10)]
    pub redirect_uris: Option<Vec<String>>,
}

impl ClientPatch {
    /// Checks all fields.
    pub fn parse(self) -> Result<Change, AppError> {
        let mut fields = Fields::default();
        let change = Change {
            name: self.name.map(|name| fields.text("/name", &name, NAME_MAX)),
            scopes: self.scopes.map(unique),
            redirect_uris: self.redirect_uris.map(|uris| redirects(&mut fields, uris)),
        };
        fields.finish()?;
        Ok(change)
    }
}

/// Addresses to which residents may be sent back.
fn redirects(fields: &mut Fields, uris: Vec<String>) -> Vec<String> {
    if uris.len() > REDIRECTS_MAX {
        fields.add("/redirect_uris", Rule::TooMany(REDIRECTS_MAX));
    }
    for (at, uri) in uris.iter().enumerate() {
        if !redirect::may_be(uri) {
            let form = "https, a scheme of your own with a dot, or http on 127.0.0.1, without a fragment";
            fields.add(format!("/redirect_uris/{at}"), Rule::Form(form));
        }
    }
    uris
}

/// Each once, in the order of the vocabulary.
fn unique(given: Vec<ClientScope>) -> Vec<ClientScope> {
    let all = ClientScope::ALL.iter().copied();
    all.filter(|scope| given.contains(scope)).collect()
}

/// Which clients to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ClientsQuery {
    /// Rows of a page, 1 to 100; 20 unless given.
    pub limit: Option<u64>,
    /// Where the page begins: `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// A client to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "便民服务（示例应用）", "channel": "app", "unit_id": "01a2f0c4-7d00-7000-8000-0123456789ab", "scopes": ["tickets:read", "tickets:write"], "redirect_uris": ["cn.example.app:/back"]}))]
pub struct ClientIn {
    /// Name.
    #[schema(example = "羊桥社区触摸屏", max_length = 60)]
    pub name: String,
    /// `kiosk`, `web`, `tv`, `app` or `partner`.
    #[schema(example = "kiosk")]
    pub channel: Channel,
    /// Where it may register tickets: in this unit and below.
    pub unit_id: UnitId,
    /// What it has leave for; `tickets:read` and `tickets:write` unless given.
    pub scopes: Option<Vec<ClientScope>>,
    /// Where residents may be sent back to once they let it in (authorization code with PKCE): `https`, a scheme of its own with
    /// a dot in it, or `http` on 127.0.0.1 with any port.
    #[serde(default)]
    #[schema(max_items = 10, example = json!(["cn.example.app:/back"]))]
    pub redirect_uris: Vec<String>,
    /// When it ends; without end unless given.
    pub expires_at: Option<DateTime<Utc>>,
}

impl ClientIn {
    /// Checks all fields.
    pub fn parse(self) -> Result<NewClient, AppError> {
        let mut fields = Fields::default();
        let name = fields.text("/name", &self.name, NAME_MAX);
        if !CHANNELS.contains(&self.channel) {
            let words = CHANNELS.iter().map(|channel| channel.word().to_owned());
            fields.add("/channel", Rule::OneOf(words.collect()));
        }
        let redirect_uris = redirects(&mut fields, self.redirect_uris);
        fields.finish()?;
        Ok(NewClient {
            redirect_uris,
            name,
            channel: self.channel,
            unit_id: self.unit_id,
            scopes: self.scopes.map_or_else(
                || vec![ClientScope::TicketsRead, ClientScope::TicketsWrite],
                unique,
            ),
            expires_at: self.expires_at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_client_comes_by_the_channel_of_a_machine() {
        let parse = |channel| {
            let client = ClientIn {
                name: " 触摸屏 ".into(),
                channel,
                unit_id: UnitId(Uuid::nil()),
                scopes: None,
                redirect_uris: Vec::new(),
                expires_at: None,
            };
            client.parse()
        };
        for channel in Channel::ALL {
            assert_eq!(parse(*channel).is_ok(), CHANNELS.contains(channel), "{channel}");
        }
        assert_eq!(parse(Channel::Kiosk).unwrap().name, "触摸屏");
    }
}
