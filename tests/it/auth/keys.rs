//! Keys that sign: published, replaced without a refused token, verified here by nothing but the published set.

use super::{logged_in, second_instance};
use crate::on_both;
use crate::support::Client;
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use serde_json::{Value, json};

/// Decodes a part of a compact JWS.
fn part(token: &str, at: usize) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(token.split('.').nth(at).unwrap()).unwrap()
}

/// Whether a compact JWS verifies with a published set; the key's id.
fn verified_by(jwks: &Value, jws: &str) -> Option<String> {
    let header: Value = serde_json::from_slice(&part(jws, 0)).unwrap();
    assert_eq!(header["alg"], "EdDSA");
    let keys = jwks["keys"].as_array().unwrap();
    let key = keys.iter().find(|key| key["kid"] == header["kid"])?;
    assert_eq!(
        (&key["kty"], &key["crv"], key.get("d")),
        (&json!("OKP"), &json!("Ed25519"), None)
    );
    let public = URL_SAFE_NO_PAD.decode(key["x"].as_str().unwrap()).unwrap();
    let (signed, _) = jws.rsplit_once('.').unwrap();
    let fits = UnparsedPublicKey::new(&ED25519, public).verify(signed.as_bytes(), &part(jws, 2));
    fits.is_ok().then(|| header["kid"].as_str().unwrap().to_owned())
}

async fn jwks(client: &Client) -> Value {
    let answer = client.get("/.well-known/jwks.json").await;
    answer.expect(200);
    answer.body
}

on_both! {
    /// Tokens and receipts of before and after verify, here and on the other instance; a repeat makes no second key.
    async fn keys_are_replaced_without_a_refused_token(app: TestApp) {
        let elsewhere = second_instance(&app).await;
        let (before, _) = logged_in(&app, "operator").await;
        let request = json!({
            "requester": { "phone": "13900000001" }, "category": "120302", "title": "噪声", "content": "噪声",
            "place": { "address": "羊桥社区" }
        });
        let receipt = before.post("/api/v1/tickets", &request).await.text_at("/receipt/jws");
        let old = verified_by(&jwks(&app.nobody()).await, before.token()).unwrap();

        let secadmin = app.staff("secadmin").await;
        secadmin.send(secadmin.request("POST", "/api/v1/signing-keys/rotation")).await.problem(400, "idempotency_key_missing");
        let rotated = secadmin.post_keyed("/api/v1/signing-keys/rotation", "rotation", &json!({})).await;
        let new = rotated.expect(200).text_at("/kid");
        assert_ne!(new, old);
        let repeated = secadmin.post_keyed("/api/v1/signing-keys/rotation", "rotation", &json!({})).await;
        assert_eq!(repeated.expect(200).text_at("/kid"), new);

        let (after, _) = logged_in(&app, "operator").await;
        let published = jwks(&app.nobody()).await;
        assert_eq!(published["keys"].as_array().unwrap().len(), 2);
        assert_eq!(verified_by(&published, before.token()), Some(old.clone()));
        assert_eq!(verified_by(&published, &receipt), Some(old.clone()));
        assert_eq!(verified_by(&published, after.token()), Some(new.clone()));
        let (signed, _) = after.token().rsplit_once('.').unwrap();
        let forged = format!("{signed}.{}", before.token().rsplit_once('.').unwrap().1);
        assert_eq!(verified_by(&published, &forged), None, "the check itself can fail");
        for client in [&before, &after] {
            client.get("/api/v1/tickets").await.expect(200);
            Client::new(&elsewhere, Some(client.token().to_owned())).get("/api/v1/tickets").await.expect(200);
        }

        // Years later both are published: who holds a receipt can still show it.
        app.turn(TimeDelta::days(1000));
        let third = Client::new(&second_instance(&app).await, None);
        let published = jwks(&third).await;
        assert_eq!(verified_by(&published, after.token()), Some(new));
        assert_eq!(verified_by(&published, &receipt), Some(old));
    }
}
