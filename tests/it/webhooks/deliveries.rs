//! Messages that arrive: which, in which order, signed how.

use super::{WEBHOOKS, allowing, body, deliver, made, messages, note, register, shown, types};
use crate::support::{Receiver, TestApp, on_each};
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use hotline::platform::crypto::signed::{Signed, secret};
use serde_json::json;

fn signed(got: &crate::support::Got) -> (Signed<'_>, &str) {
    let signed = Signed {
        id: &got.headers["webhook-id"],
        timestamp: &got.headers["webhook-timestamp"],
        body: &got.body,
    };
    (signed, &got.headers["webhook-signature"])
}

/// Each event once, in the order of its ticket, signed by the secret that was told once; types and units are minded.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_arrive_in_order_and_signed() {
    on_each(async |backend| {
        let receiver = Receiver::start();
        let app = TestApp::start_with(backend, allowing).await;
        let operator = app.staff("operator").await;
        register(&operator).await;
        app.pass("events").await;
        let (id, told) = made(&app, &receiver, "/all", json!({})).await;
        let far = app.unit("440703005101").await["id"].clone();
        made(&app, &receiver, "/far", json!({ "unit_id": far })).await;
        made(&app, &receiver, "/notes", json!({ "types": ["ticket.noted"] })).await;
        let key = secret(&told).unwrap();
        let (first, second) = (register(&operator).await, register(&operator).await);
        for _ in 0..3 {
            note(&operator, &first).await;
            note(&operator, &second).await;
        }
        deliver(&app).await;
        let got = receiver.got();
        let at = |path: &str| {
            got.iter()
                .filter(|got| got.path == path)
                .cloned()
                .collect::<Vec<_>>()
        };
        assert_eq!((at("/far").len(), at("/notes").len()), (0, 6));
        // What happened before it was made is not told; what happens is told from the registration on.
        let all = at("/all");
        for ticket in [&first, &second] {
            let theirs: Vec<_> = all
                .iter()
                .filter(|got| body(got)["subject_id"] == **ticket)
                .cloned()
                .collect();
            assert_eq!(
                types(&theirs),
                [
                    "ticket.registered",
                    "ticket.accepted",
                    "ticket.dispatched",
                    "ticket.noted",
                    "ticket.noted",
                    "ticket.noted"
                ]
            );
            let positions: Vec<i64> = theirs
                .iter()
                .map(|got| body(got)["position"].as_i64().unwrap())
                .collect();
            assert!(
                positions.windows(2).all(|pair| pair[0] < pair[1]),
                "{positions:?}"
            );
        }
        assert_eq!(all.len(), 12);
        for got in &all {
            let (signed, signature) = signed(got);
            assert!(signed.is_by(&key, signature));
            assert_eq!(body(got)["id"], json!(got.headers["webhook-id"]));
            assert_eq!(got.headers["content-type"], "application/json");
            assert!(
                !String::from_utf8_lossy(&got.body).contains("13900000001"),
                "ids and kinds only"
            );
        }
        let listed = messages(&app, &id, "?state=delivered&limit=100").await;
        let items = listed.body["items"].as_array().unwrap();
        assert_eq!(items.len(), 12);
        assert!(
            items.iter().all(|item| item["attempts"][0]["status"] == 200),
            "{}",
            listed.text
        );
        deliver(&app).await;
        assert_eq!(receiver.got().len(), got.len(), "nothing twice");
        receiver.stop().await;
        app.stop().await;
    })
    .await;
}

/// After a new secret both sign for a day; with a key pair the receiver needs the public part alone. A message to try the
/// way is signed like any other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_change_without_a_gap() {
    on_each(async |backend| {
        let receiver = Receiver::start();
        let app = TestApp::start_with(backend, allowing).await;
        let (id, old) = made(&app, &receiver, "/hmac", json!({})).await;
        let admin = app.staff("sysadmin").await;
        let rotated = admin.post(&format!("{WEBHOOKS}/{id}/secret"), &json!({})).await;
        rotated.expect(200);
        let new = rotated.text_at("/secret");
        assert!(
            new != old && !shown(&app, &id).await.text.contains(&new),
            "told once"
        );
        let test = format!("{WEBHOOKS}/{id}/test");
        admin.post(&test, &json!({})).await.expect(200);
        deliver(&app).await;
        let got = receiver.got();
        let (message, signature) = signed(&got[0]);
        assert_eq!(types(&got), ["webhook.test"]);
        for key in [&old, &new] {
            assert!(message.is_by(&secret(key).unwrap(), signature));
        }
        app.turn(TimeDelta::hours(25));
        app.staff("sysadmin")
            .await
            .post(&test, &json!({}))
            .await
            .expect(200);
        deliver(&app).await;
        let got = receiver.got();
        let (message, signature) = signed(&got[1]);
        assert!(
            message.is_by(&secret(&new).unwrap(), signature)
                && !message.is_by(&secret(&old).unwrap(), signature)
        );

        let (id, public) = made(&app, &receiver, "/ed25519", json!({ "signing": "ed25519" })).await;
        assert_eq!(shown(&app, &id).await.text_at("/public_key"), public);
        app.staff("sysadmin")
            .await
            .post(&format!("{WEBHOOKS}/{id}/test"), &json!({}))
            .await
            .expect(200);
        deliver(&app).await;
        let got = receiver.got();
        let (message, signature) = signed(&got[2]);
        let key = UnparsedPublicKey::new(&ED25519, STANDARD.decode(&public["whpk_".len()..]).unwrap());
        let tag = STANDARD.decode(signature.strip_prefix("v1a,").unwrap()).unwrap();
        key.verify(&message.bytes(), &tag).unwrap();
        let mut other = message.bytes();
        other[3] ^= 1;
        assert!(key.verify(&other, &tag).is_err());
        receiver.stop().await;
        app.stop().await;
    })
    .await;
}

/// A client has webhooks of its own, for its part of the organisation; nobody else's are its to see.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_hears_of_its_part() {
    on_each(async |backend| {
        let receiver = Receiver::start();
        let app = TestApp::start_with(backend, allowing).await;
        let unit = app.unit("440703002101").await["id"].clone();
        let new = json!({ "name": "街道自有系统", "channel": "partner", "unit_id": unit, "scopes": ["webhooks:read", "webhooks:write"] });
        let made_client = app.staff("secadmin").await.post("/api/v1/clients", &new).await;
        made_client.expect(201);
        let client = app.program(&made_client).await;
        let body = json!({ "url": format!("{}/mine", receiver.base), "types": ["*"] });
        let own = client.post(WEBHOOKS, &body).await;
        own.expect(201);
        assert_eq!(own.body["webhook"]["unit_id"], unit);
        let (others, _) = made(&app, &receiver, "/others", json!({})).await;
        client
            .get(&format!("{WEBHOOKS}/{others}"))
            .await
            .problem(404, "not_found");
        assert_eq!(
            client.get(WEBHOOKS).await.body["items"].as_array().unwrap().len(),
            1
        );
        assert_eq!(
            app.staff("sysadmin").await.get(WEBHOOKS).await.body["items"]
                .as_array()
                .unwrap()
                .len(),
            2
        );
        let mut wider = body.clone();
        wider["unit_id"] = app.unit("440703").await["id"].clone();
        let refused = client.post(WEBHOOKS, &wider).await;
        assert_eq!(
            refused.problem(422, "invalid_input").rule("/unit_id"),
            Some("unknown")
        );
        register(&app.staff("operator").await).await;
        deliver(&app).await;
        assert_eq!(receiver.got().iter().filter(|got| got.path == "/mine").count(), 3);
        receiver.stop().await;
        app.stop().await;
    })
    .await;
}
