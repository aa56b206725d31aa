//! Verifying a receipt as anybody can: with the published keys and nothing else.

use super::Registered;
use crate::client::same;
use crate::service::{self, Service};
use crate::tell;
use anyhow::Context;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::Value;

/// Verifies the signature of a receipt; the signed claims.
pub async fn verify(service: &Service, ticket: &Registered) -> anyhow::Result<Value> {
    let jws = ticket.receipt["jws"].as_str().context("no receipt")?;
    let keys: JwkSet = serde_json::from_value(service::keys(service).await?)?;
    let header = decode_header(jws)?;
    same(
        "the receipt's media type",
        header.typ.as_deref(),
        Some("receipt+jwt"),
    )?;
    let kid = header.kid.context("the receipt names no key")?;
    let key = keys.find(&kid).context("the receipt's key is not published")?;
    let mut rules = Validation::new(Algorithm::EdDSA);
    // A receipt has no end.
    rules.required_spec_claims.clear();
    rules.validate_exp = false;
    let claims: Value = decode(jws, &DecodingKey::from_jwk(key)?, &rules)?.claims;
    same("the signed head", &claims["head"], &ticket.receipt["head"])?;
    tell::says(&format!(
        "the receipt's Ed25519 signature holds: {} entries received at {}, head {}…",
        claims["entries"],
        claims["received_at"].as_str().unwrap_or_default(),
        claims["head"]
            .as_str()
            .and_then(|head| head.get(..12))
            .unwrap_or_default()
    ));
    Ok(claims)
}
