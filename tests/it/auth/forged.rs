//! Access tokens that were not made here, or not for this: every one is refused (RFC 8725).

use super::logged_in;
use crate::on_both;
use crate::support::TestApp;
use aws_lc_rs::hmac;
use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use entity::signing_key;
use hotline::platform::crypto::signer::StoredKey;
use sea_orm::EntityTrait;
use serde_json::{Value, json};

/// What a forger may have: a good token, the public key, a key pair of their own — and for mistakes that only we could
/// make, the key itself.
struct Forge {
    good: String,
    header: Value,
    claims: Value,
    real: StoredKey,
    own: StoredKey,
    now: i64,
}

/// A name and a token.
type Case = (String, String);

fn encode(text: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

fn with(value: &Value, name: &str, new: Value) -> Value {
    let mut value = value.clone();
    if new == json!("absent") {
        value.as_object_mut().unwrap().remove(name);
    } else {
        value[name] = new;
    }
    value
}

fn sign(key: &StoredKey, header: &str, claims: &str) -> String {
    let signed = format!("{}.{}", encode(header), encode(claims));
    let pair = Ed25519KeyPair::from_pkcs8(&key.private).unwrap();
    let signature = encode(pair.sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

impl Forge {
    async fn new(app: &TestApp) -> Self {
        let good = logged_in(app, "operator").await.0.token().to_owned();
        let part = |at: usize| {
            let bytes = URL_SAFE_NO_PAD.decode(good.split('.').nth(at).unwrap()).unwrap();
            serde_json::from_slice::<Value>(&bytes).unwrap()
        };
        let kit = app.app.kit();
        let row = signing_key::Entity::find()
            .one(kit.db.read())
            .await
            .unwrap()
            .unwrap();
        let private = kit
            .vault
            .open("signing_key.private", &row.private_sealed)
            .unwrap();
        Self {
            header: part(0),
            claims: part(1),
            real: StoredKey {
                id: row.id,
                public: row.public_key,
                private,
            },
            own: StoredKey::generate().unwrap(),
            now: app.clock.now().timestamp(),
            good,
        }
    }

    /// Signed by the real key, whatever it says.
    fn ours(&self, header: &Value, claims: &Value) -> String {
        sign(&self.real, &header.to_string(), &claims.to_string())
    }

    fn unsigned(&self) -> Vec<Case> {
        let [_, payload, signature] = self.parts();
        let mut cases = Vec::new();
        for alg in ["none", "None", "NONE", "nOnE", ""] {
            let header = encode(with(&self.header, "alg", json!(alg)).to_string());
            cases.push((
                format!("alg {alg:?}, no signature"),
                format!("{header}.{payload}."),
            ));
            cases.push((
                format!("alg {alg:?}, another's signature"),
                format!("{header}.{payload}.{signature}"),
            ));
        }
        cases
    }

    /// The public key taken for a shared secret, and other algorithms.
    fn confused(&self) -> Vec<Case> {
        let public = &self.real.public;
        let der = [
            &[
                0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
            ],
            public.as_slice(),
        ]
        .concat();
        let pem = format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
            STANDARD.encode(&der)
        );
        let secrets: [(&str, Vec<u8>); 6] = [
            ("raw", public.clone()),
            ("base64url", encode(public).into_bytes()),
            ("der", der),
            ("pem", pem.into_bytes()),
            ("kid", self.real.id.clone().into_bytes()),
            ("empty", Vec::new()),
        ];
        let algorithms = [
            ("HS256", hmac::HMAC_SHA256),
            ("HS384", hmac::HMAC_SHA384),
            ("HS512", hmac::HMAC_SHA512),
        ];
        let mut cases = Vec::new();
        for (alg, algorithm) in algorithms {
            for (name, secret) in &secrets {
                let header = with(&self.header, "alg", json!(alg));
                let signed = format!(
                    "{}.{}",
                    encode(header.to_string()),
                    encode(self.claims.to_string())
                );
                let tag = hmac::sign(&hmac::Key::new(algorithm, secret), signed.as_bytes());
                cases.push((
                    format!("{alg} with the public key as {name}"),
                    format!("{signed}.{}", encode(tag)),
                ));
            }
        }
        for alg in ["RS256", "ES256", "PS256", "ES512", "Ed448", "dir", "A128KW"] {
            cases.push((
                format!("alg {alg}"),
                self.ours(&with(&self.header, "alg", json!(alg)), &self.claims),
            ));
        }
        cases
    }

    /// A key that the forger brings along, or names.
    fn foreign(&self) -> Vec<Case> {
        let x = encode(&self.own.public);
        let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": self.own.id, "x": x });
        let forged = |header: &Value| sign(&self.own, &header.to_string(), &self.claims.to_string());
        let mut cases = vec![("our kid, their key".to_owned(), forged(&self.header))];
        let kids = [
            json!(self.own.id),
            json!(""),
            json!("0"),
            json!("../../../../dev/null"),
            json!("/dev/null"),
            json!("' OR '1'='1"),
            json!("x' UNION SELECT public_key FROM signing_key --"),
            json!("\u{0}"),
            json!("k".repeat(2000)),
            json!(null),
            json!(7),
            json!([self.real.id]),
            json!({ "kid": self.real.id }),
            json!("absent"),
        ];
        for kid in kids {
            let name: String = format!("kid {kid}").chars().take(60).collect();
            cases.push((name, forged(&with(&self.header, "kid", kid))));
        }
        for (name, value) in [
            ("jwk", jwk.clone()),
            ("jku", json!("https://forger.example/jwks.json")),
            (
                "jku",
                json!(format!("{}/.well-known/jwks.json", "http://127.0.0.1:1")),
            ),
            ("x5u", json!("https://forger.example/cert.pem")),
            ("x5c", json!([STANDARD.encode(&self.own.public)])),
        ] {
            let header = with(&self.header, name, value);
            cases.push((format!("{name}, our kid"), forged(&header)));
            cases.push((
                format!("{name}, their kid"),
                forged(&with(&header, "kid", json!(self.own.id))),
            ));
            cases.push((
                format!("{name}, no kid"),
                forged(&with(&header, "kid", json!("absent"))),
            ));
        }
        cases
    }

    /// Made by our key, but for something else, by somebody else, or at another time.
    fn misused(&self) -> Vec<Case> {
        let (sid, other) = (json!(uuid::Uuid::nil()), json!("another"));
        let now = self.now;
        let headers = [
            ("typ", json!("JWT")),
            ("typ", json!("receipt+jwt")),
            ("typ", json!("")),
            ("typ", json!("absent")),
            ("typ", json!(null)),
            ("typ", json!(["at+jwt"])),
            ("typ", json!("at+jwt ")),
            ("crit", json!(["exp"])),
            ("crit", json!([])),
        ];
        let claims = [
            ("iss", other.clone()),
            ("iss", json!("")),
            ("iss", json!("absent")),
            ("iss", json!(null)),
            ("aud", other),
            ("aud", json!("")),
            ("aud", json!("absent")),
            ("aud", json!(["another"])),
            ("aud", json!(null)),
            ("exp", json!(now)),
            ("exp", json!(now - 1)),
            ("exp", json!(0)),
            ("exp", json!(-1)),
            ("exp", json!("absent")),
            ("exp", json!("9999999999")),
            ("exp", json!(null)),
            ("exp", json!(1e300)),
            ("iat", json!(now + 61)),
            ("iat", json!(now + 86_400)),
            ("iat", json!("absent")),
            ("iat", json!("now")),
            ("sid", sid),
            ("sid", json!("absent")),
            ("sid", json!("x")),
            ("sid", json!("' OR '1'='1")),
            ("sub", json!("absent")),
            ("kind", json!("god")),
            ("jti", json!("absent")),
        ];
        let headers = headers.into_iter().map(|(name, value)| {
            (
                format!("{name} {value}"),
                self.ours(&with(&self.header, name, value), &self.claims),
            )
        });
        let claims = claims.into_iter().map(|(name, value)| {
            (
                format!("{name} {value}"),
                self.ours(&self.header, &with(&self.claims, name, value)),
            )
        });
        headers.chain(claims).collect()
    }

    fn damaged(&self) -> Vec<Case> {
        let parts = self.parts();
        let mut cases = Vec::new();
        for end in (0..self.good.len()).step_by(self.good.len() / 40) {
            cases.push((format!("cut off at {end}"), self.good[..end].to_owned()));
            cases.push((format!("beginning at {end}"), format!("x{}", &self.good[end..])));
        }
        for (at, part) in parts.iter().enumerate() {
            let bytes = URL_SAFE_NO_PAD.decode(part).unwrap();
            for bit in (0..bytes.len() * 8).step_by(bytes.len() * 8 / 16) {
                let mut flipped = bytes.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                let mut parts = parts.map(str::to_owned);
                parts[at] = encode(flipped);
                cases.push((format!("part {at}, bit {bit}"), parts.join(".")));
            }
        }
        let [h, p, s] = parts;
        let last = if s.ends_with('A') { "B" } else { "A" };
        let texts = [
            String::new(),
            ".".into(),
            "..".into(),
            "...".into(),
            h.into(),
            format!("{h}."),
            format!("{h}.{p}"),
            format!("{h}.{p}."),
            format!(".{p}.{s}"),
            format!("{h}..{s}"),
            format!("..{s}"),
            format!("{h}.{p}.{s}."),
            format!("{h}.{p}.{s}.{s}"),
            format!(".{h}.{p}.{s}"),
            format!("{p}.{h}.{s}"),
            format!("{h}.{p}.{s}="),
            format!("{h}.{p}.{s}A"),
            format!("{h}.{p}.{}{last}", &s[..s.len() - 1]),
            format!("{h} .{p}.{s}"),
            format!("{h}.{p}.{}", "A".repeat(86)),
            format!("{h}.{p}.{}", "/".repeat(86)),
            "a.b.c".into(),
            json!({ "protected": h, "payload": p, "signature": s }).to_string(),
            "null".into(),
            "x".repeat(5000),
        ];
        cases.extend(
            texts
                .into_iter()
                .map(|text| (format!("{:.70}", format!("{text:?}")), text)),
        );
        cases
    }

    fn parts(&self) -> [&str; 3] {
        let parts: Vec<&str> = self.good.split('.').collect();
        parts.try_into().unwrap()
    }
}

on_both! {
    /// Several hundred, all 401; and the good one works before and after.
    async fn no_forged_token_is_accepted(app: TestApp) {
        let forge = Forge::new(&app).await;
        let operator = app.with_token(&forge.good);
        operator.get("/api/v1/tickets").await.expect(200);
        // What the forge makes is refused for what is wrong with it, not for how it is made.
        app.with_token(&forge.ours(&forge.header, &forge.claims)).get("/api/v1/tickets").await.expect(200);

        let mut cases = [forge.unsigned(), forge.confused(), forge.foreign(), forge.misused(), forge.damaged()].concat();
        let request = json!({
            "requester": { "phone": "13900000001" }, "category": "120302", "title": "噪声", "content": "噪声",
            "place": { "address": "羊桥社区" }
        });
        let registered = operator.post("/api/v1/tickets", &request).await;
        let (_, tokens) = logged_in(&app, "operator").await;
        cases.push(("a receipt".into(), registered.text_at("/receipt/jws")));
        cases.push(("a refresh token".into(), tokens["refresh_token"].as_str().unwrap().to_owned()));
        cases.push(("a client's secret".into(), "A".repeat(43)));
        cases.push(("a client that there is not".into(), forge.ours(&forge.header, &with(&forge.claims, "kind", json!("client")))));
        assert!(cases.len() >= 60, "{}", cases.len());
        for (name, token) in &cases {
            assert_ne!(token, &forge.good, "{name}");
            let answer = app.with_token(token).get("/api/v1/tickets").await;
            assert_eq!(answer.status, 401, "{name}: {}", answer.text);
            let code = answer.body["code"].as_str().unwrap();
            assert!(["token_invalid", "token_expired", "session_revoked"].contains(&code), "{name}: {code}");
            answer.problem(401, code);
        }
        operator.get("/api/v1/tickets").await.expect(200);
    }

    /// The header itself: another scheme, none, or none at all.
    async fn a_token_comes_as_a_bearer(app: TestApp) {
        let (operator, _) = logged_in(&app, "operator").await;
        let ask = async |value: String| {
            let nobody = app.nobody();
            nobody.send(nobody.request("GET", "/api/v1/tickets").header("authorization", value)).await
        };
        let token = operator.token();
        ask(format!("bearer {token}")).await.expect(200);
        for wrong in [token.to_owned(), format!("Basic {token}"), format!("Token {token}"), format!("Bearer:{token}"), "Bearer".into()] {
            ask(wrong).await.problem(401, "token_invalid");
        }
        app.nobody().get("/api/v1/tickets").await.problem(401, "unauthenticated");
        let query = app.nobody().get(&format!("/api/v1/tickets?access_token={token}")).await;
        assert!(query.status == 401 || query.status == 400, "{}", query.status);
    }
}
