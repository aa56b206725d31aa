//! Vocabularies of what other systems are told.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

vocabulary! {
    /// Whether another system hears of events.
    WebhookState {
        Active = "active" "启用",
        Off = "off" "停用",
    }

    /// How messages to another system are signed (Standard Webhooks): `hmac` HMAC-SHA256 with a shared secret, `ed25519`
    /// with a key of which the system has the public part.
    Signing {
        Hmac = "hmac" "共享密钥",
        Ed25519 = "ed25519" "公钥签名",
    }

    /// How far a message to another system got.
    MessageState {
        Pending = "pending" "待送达",
        Delivered = "delivered" "已送达",
        Dead = "dead" "送达失败",
    }
}
