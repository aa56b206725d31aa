//! Signed tokens and receipts: EdDSA (Ed25519), keys published as a JWK set.

use crate::platform::error::{AppError, Code};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use jsonwebtoken::dangerous::insecure_decode_claims;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

/// A key pair as it is stored.
#[derive(Clone)]
pub struct StoredKey {
    /// The `kid`.
    pub id: String,
    /// Public part, 32 bytes.
    pub public: Vec<u8>,
    /// Private part, PKCS #8.
    pub private: Vec<u8>,
}

impl StoredKey {
    /// Makes a key pair; its id is the thumbprint of the public part.
    ///
    /// # Errors
    /// When the generator fails.
    pub fn generate() -> Result<Self, AppError> {
        let (private, public) = ed25519::generate()?;
        // RFC 8037, appendix A.3: the thumbprint is taken over these members in this order.
        let canonical = format!(
            r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#,
            URL_SAFE_NO_PAD.encode(&public)
        );
        let id = URL_SAFE_NO_PAD.encode(super::sha256(&[canonical.as_bytes()]));
        Ok(Self { id, public, private })
    }
}

/// Key pairs by themselves, as others hold the public part.
pub mod ed25519 {
    use super::{Ed25519KeyPair, KeyPair};
    use crate::platform::error::{AppError, Code};

    fn failed() -> AppError {
        AppError::new(Code::Internal).because(anyhow::anyhow!("a key can't be made or read"))
    }

    /// A new pair: the private part (PKCS #8) and the public one, 32 bytes.
    ///
    /// # Errors
    /// When the generator fails.
    pub fn generate() -> Result<(Vec<u8>, Vec<u8>), AppError> {
        let pair = Ed25519KeyPair::generate().map_err(|_| failed())?;
        let private = pair.to_pkcs8v1().map_err(|_| failed())?.as_ref().to_vec();
        Ok((private, pair.public_key().as_ref().to_vec()))
    }

    fn read(private: &[u8]) -> Result<Ed25519KeyPair, AppError> {
        Ed25519KeyPair::from_pkcs8(private).map_err(|_| failed())
    }

    /// The public part of a private one.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn public(private: &[u8]) -> Result<Vec<u8>, AppError> {
        Ok(read(private)?.public_key().as_ref().to_vec())
    }

    /// A signature, 64 bytes.
    ///
    /// # Errors
    /// When the key can't be read.
    pub fn sign(private: &[u8], message: &[u8]) -> Result<Vec<u8>, AppError> {
        Ok(read(private)?.sign(message).as_ref().to_vec())
    }
}

/// A published key.
struct Published {
    key: DecodingKey,
    x: String,
    retires_at: Option<DateTime<Utc>>,
}

struct Ring {
    current: Option<(String, EncodingKey)>,
    verify: HashMap<String, Published>,
}

/// Fingerprints of tokens whose signatures were found good: the same token comes with each request of a log-in, and
/// a signature costs more than all else in its verification. Forgotten with the keys.
#[derive(Default)]
struct Seen {
    recent: HashSet<Vec<u8>>,
    older: HashSet<Vec<u8>>,
}

impl Seen {
    /// Fingerprints of a generation; there are two.
    const MOST: usize = 10_000;

    fn contains(&self, fingerprint: &[u8]) -> bool {
        self.recent.contains(fingerprint) || self.older.contains(fingerprint)
    }

    fn add(&mut self, fingerprint: Vec<u8>) {
        if self.recent.len() >= Self::MOST {
            self.older = std::mem::take(&mut self.recent);
        }
        self.recent.insert(fingerprint);
    }
}

/// Signs with the newest key and verifies with every published one.
#[derive(Clone)]
pub struct Signer {
    issuer: Arc<str>,
    ring: Arc<RwLock<Ring>>,
    seen: Arc<RwLock<Seen>>,
}

impl Signer {
    /// A signer without keys yet.
    #[must_use]
    pub fn new(issuer: &str) -> Self {
        Self {
            issuer: issuer.into(),
            ring: Arc::new(RwLock::new(Ring {
                current: None,
                verify: HashMap::new(),
            })),
            seen: Arc::default(),
        }
    }

    /// The name under which tokens are issued.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Takes all keys, each with the instant after which it verifies no more tokens; the first signs.
    pub fn load(&self, keys: &[(StoredKey, Option<DateTime<Utc>>)]) {
        let verify = keys.iter().map(|(key, retires_at)| {
            let x = URL_SAFE_NO_PAD.encode(&key.public);
            (
                key.id.clone(),
                Published {
                    key: DecodingKey::from_ed_der(&key.public),
                    x,
                    retires_at: *retires_at,
                },
            )
        });
        let ring = Ring {
            current: keys
                .first()
                .map(|(key, _)| (key.id.clone(), EncodingKey::from_ed_der(&key.private))),
            verify: verify.collect(),
        };
        let mut held = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        *held = ring;
        // Under the lock of the ring, which a verification holds until it has noted what it found.
        *self.seen.write().unwrap_or_else(PoisonError::into_inner) = Seen::default();
    }

    /// Signs claims as a compact JWS with the media type `typ`.
    ///
    /// # Errors
    /// When no key is loaded.
    pub fn sign<T: Serialize>(&self, typ: &str, claims: &T) -> Result<String, AppError> {
        let ring = self.ring.read().unwrap_or_else(PoisonError::into_inner);
        let (kid, key) = ring
            .current
            .as_ref()
            .ok_or_else(|| AppError::new(Code::Unavailable))?;
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(typ.to_owned());
        header.kid = Some(kid.clone());
        encode(&header, claims, key).map_err(|error| AppError::new(Code::Internal).because(error))
    }

    /// The id of the key that a token names, if this signer does not know that key.
    #[must_use]
    pub fn unknown_key(&self, token: &str) -> Option<String> {
        let kid = decode_header(token).ok()?.kid?;
        let ring = self.ring.read().unwrap_or_else(PoisonError::into_inner);
        (!ring.verify.contains_key(&kid)).then_some(kid)
    }

    /// Verifies a token: one algorithm, a known key, our issuer, the media type `typ`. The caller checks times,
    /// by the injected clock.
    ///
    /// # Errors
    /// `TokenInvalid`.
    pub fn verify<T: DeserializeOwned>(
        &self,
        typ: &str,
        token: &str,
        now: DateTime<Utc>,
    ) -> Result<T, AppError> {
        let invalid = || AppError::new(Code::TokenInvalid);
        let header = decode_header(token).map_err(|_| invalid())?;
        // RFC 7515 §4.1.11: who does not understand what is critical must refuse; we understand nothing beyond the rest.
        if header.alg != Algorithm::EdDSA || header.typ.as_deref() != Some(typ) || header.crit.is_some() {
            return Err(invalid());
        }
        let ring = self.ring.read().unwrap_or_else(PoisonError::into_inner);
        let published = header
            .kid
            .and_then(|kid| ring.verify.get(&kid))
            .ok_or_else(invalid)?;
        if published.retires_at.is_some_and(|end| end <= now) {
            return Err(invalid());
        }
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[&*self.issuer]);
        validation.validate_aud = false;
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        let fingerprint = super::sha256(&[token.as_bytes()]);
        let seen = self
            .seen
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(&fingerprint);
        if seen {
            return insecure_decode_claims::<T>(token).map_err(|_| invalid());
        }
        let claims = decode::<T>(token, &published.key, &validation)
            .map(|data| data.claims)
            .map_err(|_| invalid())?;
        self.seen
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .add(fingerprint);
        Ok(claims)
    }

    /// The published keys (RFC 7517, RFC 8037).
    #[must_use]
    pub fn jwks(&self) -> Value {
        let ring = self.ring.read().unwrap_or_else(PoisonError::into_inner);
        let mut keys: Vec<Value> = ring
            .verify
            .iter()
            .map(|(kid, published)| {
                let x = &published.x;
                json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": kid, "x": x })
            })
            .collect();
        keys.sort_by_key(|key| key["kid"].to_string());
        json!({ "keys": keys })
    }
}
