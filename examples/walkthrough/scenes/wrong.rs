//! Wrong input changes nothing, and says what is wrong.

use super::{Registered, TICKETS};
use crate::client::{Client, fresh_key, same};
use crate::service::Service;
use crate::tell;
use reqwest::Method;
use serde_json::{Value, json};

pub async fn walk(service: &Service, resident: &Client, ticket: &Registered) -> anyhow::Result<()> {
    tell::scene("Wrong input · 错误输入: a problem document (RFC 9457) each, with a code of its own");
    let operator = service.staff("operator").await?;
    let before = count(&operator).await?;
    requests(&operator).await?;
    repeats_and_versions(&operator, ticket).await?;
    bodies(&operator).await?;
    who_asks(service, resident, ticket).await?;
    same("tickets after all this", count(&operator).await?, before)?;
    tell::says(&format!("nothing changed: {before} tickets before and after"));
    Ok(())
}

async fn count(operator: &Client) -> anyhow::Result<usize> {
    let page = operator
        .quiet_get(&format!("{TICKETS}?limit=100"))
        .await?
        .expect(200)?;
    Ok(page.items()?.len())
}

fn request(change: &Value) -> Value {
    let mut request = json!({
        "requester": { "phone": "13900000001" }, "category": "120302",
        "title": "噪声", "content": "噪声", "place": { "address": "羊桥社区" }
    });
    if let (Some(request), Some(change)) = (request.as_object_mut(), change.as_object()) {
        request.extend(change.clone());
    }
    request
}

async fn requests(operator: &Client) -> anyhow::Result<()> {
    let wrong = [
        (json!({ "requester": { "phone": "12345" } }), "phone_invalid"),
        (json!({ "category": "990199" }), "category_unknown"),
        (json!({ "request_type": "praise" }), "type_not_for_category"),
        (
            json!({ "category": "040201", "form": { "wheelchair_days": "a week" } }),
            "form_invalid",
        ),
        (
            json!({ "place": { "lat": 39.9, "lng": 116.4 } }),
            "outside_district",
        ),
        (json!({ "place": { "address": "天安门" } }), "place_unknown"),
        (
            json!({ "title": "", "place": {}, "content": "长".repeat(4001) }),
            "invalid_input",
        ),
        (json!({ "colour": "red" }), "invalid_input"),
    ];
    for (change, code) in wrong {
        operator
            .post(TICKETS, &request(&change))
            .await?
            .problem(422, code)?;
    }
    operator
        .get(&format!("{TICKETS}?limit=1000"))
        .await?
        .problem(422, "invalid_input")?;
    operator
        .get(&format!("{TICKETS}?queue=lost"))
        .await?
        .problem(422, "invalid_input")?;
    let page = operator.get(&format!("{TICKETS}?limit=1")).await?.expect(200)?;
    let cursor = page.text_at("/next_cursor")?;
    let other = format!("{TICKETS}?state=closed&limit=1&cursor={cursor}");
    operator.get(&other).await?.problem(400, "invalid_cursor")?;
    operator
        .get(&format!("{TICKETS}/not-an-id"))
        .await?
        .problem(404, "malformed_path")?;
    operator
        .delete(TICKETS)
        .await?
        .problem(405, "method_not_allowed")?;
    Ok(())
}

async fn repeats_and_versions(operator: &Client, ticket: &Registered) -> anyhow::Result<()> {
    let without = operator.request(Method::POST, TICKETS).json(&request(&json!({})));
    let without = operator
        .send(&format!("POST {TICKETS} without a key"), without)
        .await?;
    without.problem(400, "idempotency_key_missing")?;
    let key = fresh_key();
    let reveal = format!("{}/reveal", ticket.path());
    let reason = |reason: &str| json!({ "fields": ["phone"], "reason": reason });
    operator
        .post_with(&reveal, &reason("核实号码"), &key)
        .await?
        .expect(200)?;
    let reused = operator.post_with(&reveal, &reason("再看一次"), &key).await?;
    reused.problem(422, "idempotency_key_reused")?;
    let note = json!({ "action": "note", "internal_text": "备注" });
    operator
        .act_on(&ticket.id, note.clone(), None)
        .await?
        .problem(428, "precondition_required")?;
    operator
        .act_on(&ticket.id, note, Some("\"1\""))
        .await?
        .problem(412, "stale_version")?;
    Ok(())
}

async fn bodies(operator: &Client) -> anyhow::Result<()> {
    let sent = |what: &str, media_type: &'static str, body: Vec<u8>| {
        let request = operator.request(Method::POST, TICKETS).body(body);
        let request = request
            .header("Content-Type", media_type)
            .header("Idempotency-Key", fresh_key());
        let what = format!("POST {TICKETS} {what}");
        async move { operator.send(&what, request).await }
    };
    let json = "application/json";
    sent("half a body", json, b"{\"title\":".to_vec())
        .await?
        .problem(400, "malformed_body")?;
    sent("no UTF-8", json, b"{\"title\":\"\xff\"}".to_vec())
        .await?
        .problem(400, "malformed_body")?;
    sent("as a form", "text/plain", b"{}".to_vec())
        .await?
        .problem(415, "unsupported_media_type")?;
    sent("100 kB", json, vec![b' '; 100_000])
        .await?
        .problem(413, "body_too_large")?;
    let liar = operator
        .upload("照片.png", "image/png", &crate::photo::taken_at_the_door())
        .await?;
    liar.problem(422, "file_type_refused")?;
    let program = operator
        .upload("setup.exe", "application/octet-stream", b"MZ\x90\0\x03\0\0\0")
        .await?;
    program.problem(422, "file_type_refused")?;
    Ok(())
}

async fn who_asks(service: &Service, resident: &Client, ticket: &Registered) -> anyhow::Result<()> {
    service
        .nobody()
        .get(TICKETS)
        .await?
        .problem(401, "unauthenticated")?;
    let forged = service.with_token("forger", "eyJhbGciOiJub25lIn0.e30.");
    forged.get(TICKETS).await?.problem(401, "token_invalid")?;
    let wrong = json!({ "user_name": "operator", "password": "not the password" });
    service
        .nobody()
        .post("/api/v1/auth/staff", &wrong)
        .await?
        .problem(401, "credentials_wrong")?;
    let unknown = json!({ "user_name": "nobody-at-all", "password": "not the password" });
    service
        .nobody()
        .post("/api/v1/auth/staff", &unknown)
        .await?
        .problem(401, "credentials_wrong")?;
    resident.get("/api/v1/audit").await?.problem(403, "forbidden")?;
    // A score is the requester's: nobody else changes it.
    let rating = json!({ "contacted": true, "solved": true, "satisfied": 5 });
    let again = json!({ "action": "call_back", "reached": true, "rating": rating });
    let agent = service.staff("callback").await?;
    agent
        .act(&ticket.id, again)
        .await?
        .problem(409, "action_not_allowed")?;
    let leaver = service.staff("duty").await?;
    leaver
        .post("/api/v1/auth/logout", &json!({}))
        .await?
        .expect(204)?;
    leaver.get("/api/v1/me").await?.problem(401, "session_revoked")?;
    Ok(())
}
