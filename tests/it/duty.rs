//! Who is on duty: shifts, stand-ins, who is called for a unit, gaps, contacts, and rosters from files.

mod contacts;
mod import;
mod now;
mod shifts;
mod stand_ins;

use crate::support::{Answer, Client, TestApp, fresh_key};
use serde_json::{Value, json};

const SHIFTS: &str = "/api/v1/duty/shifts";
const DISTRICT: &str = "440703";
const STREET: &str = "440703002";
const HERE: &str = "440703002101";
const NEXT_DOOR: &str = "440703002102";
const FAR: &str = "440703005101";
const A: &str = "handler-a-440703002101";
const B: &str = "handler-b-440703002101";
const LEAD: &str = "lead-440703002101";
const MANAGER: &str = "manager-440703002";

async fn unit_id(app: &TestApp, code: &str) -> Value {
    app.unit(code).await["id"].clone()
}

/// The key of somebody of the demonstration.
async fn id_of(app: &TestApp, user_name: &str) -> Value {
    let secadmin = app.staff("secadmin").await;
    let found = secadmin.get(&format!("/api/v1/staff?q={user_name}")).await;
    found.expect(200).body["items"][0]["id"].clone()
}

async fn ids_of(app: &TestApp, user_names: &[&str]) -> Vec<Value> {
    let mut ids = Vec::new();
    for name in user_names {
        ids.push(id_of(app, name).await);
    }
    ids
}

/// Somebody new, without a role.
async fn new_staff(app: &TestApp, user_name: &str) -> String {
    let body =
        json!({ "user_name": user_name, "display_name": user_name, "password": hotline::demo::PASSWORD });
    let made = app.staff("sysadmin").await.post("/api/v1/staff", &body).await;
    made.expect(201).text_at("/id")
}

/// A shift of a community, long after those of the demonstration.
async fn shift(app: &TestApp, code: &str, members: &[&str], from: &str, until: &str) -> Value {
    json!({
        "unit_id": unit_id(app, code).await, "post": "duty", "starts_at": from, "ends_at": until,
        "members": ids_of(app, members).await,
    })
}

/// Makes a shift; what the answer says of it.
async fn made(client: &Client, body: &Value) -> Value {
    let made = client.post(SHIFTS, body).await;
    made.expect(201);
    let path = format!("{SHIFTS}/{}", made.text_at("/id"));
    assert_eq!(made.headers["location"], path.as_str());
    assert_eq!(client.get(&path).await.expect(200).body, made.body);
    made.body
}

fn path(shift: &Value) -> String {
    format!("{SHIFTS}/{}", shift["id"].as_str().unwrap())
}

fn etag(shift: &Value) -> String {
    format!("\"{}\"", shift["version"])
}

async fn delete(client: &Client, path: &str, etag: Option<&str>) -> Answer {
    let mut request = client.request("DELETE", path);
    if let Some(etag) = etag {
        request = request.header("If-Match", etag);
    }
    client.send(request).await
}

/// What a PUT sends to leave a shift as it is.
fn as_it_is(shift: &Value) -> Value {
    let members = shift["members"].as_array().unwrap();
    let members: Vec<&Value> = members.iter().map(|member| &member["staff_id"]).collect();
    json!({ "starts_at": shift["starts_at"], "ends_at": shift["ends_at"], "members": members })
}

/// The same with some fields otherwise.
fn but(body: &Value, changes: Value) -> Value {
    let mut body = body.clone();
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// Shifts of a unit that meet a span.
async fn listed(client: &Client, query: &str) -> Vec<Value> {
    let answer = client.get(&format!("{SHIFTS}?limit=100&{query}")).await;
    answer.expect(200).body["items"].as_array().unwrap().clone()
}

/// The shift of the demonstration that goes on in a unit now.
async fn current(app: &TestApp, code: &str) -> Value {
    let (unit, now) = (unit_id(app, code).await, app.clock.now());
    let until = now + chrono::TimeDelta::seconds(1);
    let query = format!(
        "unit_id={}&from={}&to={}",
        unit.as_str().unwrap(),
        now.format("%Y-%m-%dT%H:%M:%SZ"),
        until.format("%Y-%m-%dT%H:%M:%SZ")
    );
    let found = listed(&app.staff("sysadmin").await, &query).await;
    let own = found
        .into_iter()
        .find(|shift| shift["unit_id"] == unit && shift["post"] == "duty");
    own.unwrap()
}

/// Who is called at a level of a unit, in order.
async fn called(client: &Client, unit: &Value, level: usize, at: Option<&str>) -> Vec<Value> {
    let at = at.map_or(String::new(), |at| format!("&at={at}"));
    let answer = client
        .get(&format!(
            "/api/v1/duty/now?unit_id={}{at}",
            unit.as_str().unwrap()
        ))
        .await;
    let level = answer.expect(200).body["levels"][level].clone();
    let people = level["people"].as_array().unwrap();
    assert_eq!(level["empty"], people.is_empty());
    people.iter().map(|person| person["staff_id"].clone()).collect()
}
