//! Open311: who may read what by a key. That the protocol is spoken as others know it, `scripts/clients.sh` shows.

use crate::on_both;
use crate::support::{Answer, Client, TestApp};
use serde_json::{Value, json};
use std::path::PathBuf;

const ROOT: &str = "/open311/v2";

/// A client with this leave, and its key.
async fn key(app: &TestApp, scopes: Value) -> (String, String) {
    let made = app.client(scopes).await;
    let id = made.text_at("/client/id");
    (format!("{id}:{}", made.text_at("/client_secret")), id)
}

async fn post(client: &Client, path: &str, form: &[(&str, &str)]) -> Answer {
    client
        .send(client.request("POST", &format!("{ROOT}{path}")).form(form))
        .await
}

async fn submit(client: &Client, key: &str) -> String {
    let form = [
        ("api_key", key),
        ("service_code", "120302"),
        ("address_string", "羊桥社区"),
        ("description", "吵"),
    ];
    let made = post(client, "/requests.json", &form).await;
    made.expect(201);
    made.text_at("/0/service_request_id")
}

async fn read(client: &Client, path: &str, key: &str) -> Answer {
    client.get(&format!("{ROOT}{path}?api_key={key}")).await
}

on_both! {
    /// Another client's requests are not there, whatever is asked.
    async fn a_key_opens_its_own_requests_alone(app: TestApp) {
        let nobody = app.nobody();
        let both = json!(["tickets:read", "tickets:write"]);
        let (mine, _) = key(&app, both.clone()).await;
        let (other, _) = key(&app, both).await;
        let number = submit(&nobody, &mine).await;
        let found = read(&nobody, "/requests.json", &mine).await;
        assert_eq!(found.text_at("/0/service_request_id"), number);
        assert_eq!(read(&nobody, "/requests.json", &other).await.body, json!([]));
        read(&nobody, &format!("/requests/{number}.json"), &other).await.expect(404);
        let update = [("api_key", other.as_str()), ("service_request_id", &number), ("update_id", "1"), ("description", "x")];
        post(&nobody, "/servicerequestupdates.json", &update).await.expect(404);
        assert_eq!(read(&nobody, "/servicerequestupdates.json", &other).await.body, json!([]));
    }

    /// Leave that the client does not hold is not to be had by a key either.
    async fn a_key_has_the_clients_leave(app: TestApp) {
        let nobody = app.nobody();
        let (reader, _) = key(&app, json!(["tickets:read"])).await;
        let (writer, _) = key(&app, json!(["tickets:write"])).await;
        let form = [("api_key", reader.as_str()), ("service_code", "120302"), ("address_string", "羊桥社区"), ("description", "吵")];
        post(&nobody, "/requests.json", &form).await.expect(403);
        submit(&nobody, &writer).await;
        read(&nobody, "/requests.json", &writer).await.expect(403);
        read(&nobody, "/requests.json", &reader).await.expect(200);
    }

    /// It is remembered that a secret was right, and yet a revoked one is refused at once.
    async fn a_revoked_secret_is_refused_at_once(app: TestApp) {
        let nobody = app.nobody();
        let (key, id) = key(&app, json!(["tickets:read"])).await;
        for _ in 0..2 {
            read(&nobody, "/requests.json", &key).await.expect(200);
        }
        let secadmin = app.staff("secadmin").await;
        secadmin.send(secadmin.request("DELETE", &format!("/api/v1/clients/{id}"))).await.expect(204);
        read(&nobody, "/requests.json", &key).await.expect(403);
    }

    /// Who guesses has to wait, and is told so.
    async fn guesses_are_slowed(app: TestApp) {
        let nobody = app.nobody();
        let (_, id) = key(&app, json!(["tickets:read"])).await;
        let mut last = 0;
        for guess in 0..8 {
            let answer = read(&nobody, "/requests.json", &format!("{id}:{guess}")).await;
            last = answer.status;
            if last == 429 {
                assert!(answer.headers.contains_key("retry-after"), "{}", answer.text);
                break;
            }
            answer.expect(403);
        }
        assert_eq!(last, 429);
    }

    /// A repeat by the same key is told from another request, as everywhere.
    async fn a_repeat_by_its_key_makes_no_second_request(app: TestApp) {
        let nobody = app.nobody();
        let (key, _) = key(&app, json!(["tickets:read", "tickets:write"])).await;
        let form = [("api_key", key.as_str()), ("service_code", "120302"), ("address_string", "羊桥社区"), ("description", "吵")];
        let once = || async {
            let request = nobody.request("POST", &format!("{ROOT}/requests.json"));
            let answer = nobody.send(request.header("Idempotency-Key", "one").form(&form)).await;
            answer.expect(201);
            answer.text_at("/0/service_request_id")
        };
        assert_eq!(once().await, once().await);
        let all = read(&nobody, "/requests.json", &key).await;
        assert_eq!(all.body.as_array().unwrap().len(), 1);
    }
}

#[test]
fn the_document_is_as_checked_in() {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("openapi/open311.json");
    let known = std::fs::read_to_string(&file).unwrap_or_default();
    let mut now = hotline::open311::document().to_pretty_json().unwrap();
    now.push('\n');
    assert!(
        known == now,
        "openapi/open311.json is not what the code serves: run `make openapi`"
    );
}
