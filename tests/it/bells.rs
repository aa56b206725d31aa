//! The call-bell: homes, next of kin, devices and their secrets, ladders, and the file by which many are registered.

mod devices;
mod homes;
mod import;
mod ladders;

use crate::support::{Answer, Client, TestApp};
use serde_json::{Value, json};

const HOMES: &str = "/api/v1/callbell/homes";
const DEVICES: &str = "/api/v1/callbell/devices";
const LADDERS: &str = "/api/v1/callbell/ladders";
const DISTRICT: &str = "440703";
const STREET: &str = "440703002";
const YANGQIAO: &str = "440703002101";
const JIANAN: &str = "440703002102";
const LEAD: &str = "lead-440703002101";
const MANAGER: &str = "manager-440703002";

/// Values that must stand nowhere plain.
const NAME: &str = "欧阳测铃声";
const PHONE: &str = "13612345678";
const SPOKEN: &str = "从东侧小门进，左手第二户";
const ACCESS: &str = "钥匙藏在绿萝花盆下";
const MEDICAL: &str = "装有心脏起搏器";
const KIN_NAME: &str = "司徒亲属丙";
const KIN_PHONE: &str = "13712348765";

/// The id of a unit.
async fn unit(app: &TestApp, code: &str) -> Value {
    app.unit(code).await["id"].clone()
}

/// A home of which everything is known.
async fn home(app: &TestApp) -> Value {
    json!({
        "unit_id": unit(app, YANGQIAO).await, "resident_name": NAME, "phone": "136 1234 5678", "building": "3栋",
        "entrance": "2单元", "door": "501房", "spoken": SPOKEN, "access_notes": ACCESS, "medical_notes": MEDICAL,
        "language": "粤语", "labels": ["独居老人", "独居老人"], "lat": 22.61, "lng": 113.08,
        "kin": [
            { "name": KIN_NAME, "phone": KIN_PHONE, "relation": "女儿", "policy": "immediate", "consent_at": "2026-11-01T00:00:00Z" },
            { "name": "司徒亲属丁", "phone": "0750-3322110转8", "relation": "侄子", "policy": "never" },
        ],
    })
}

/// Registers it.
async fn made(app: &TestApp, by: &Client) -> Answer {
    let made = by.post(HOMES, &home(app).await).await;
    made.expect(201);
    made
}

/// Where a thing that was made is.
fn at(made: &Answer) -> String {
    made.headers["location"].to_str().unwrap().to_owned()
}

/// Registers a device at a home, or in 羊桥社区.
async fn device(app: &TestApp, by: &Client, serial: &str, home: Option<&Value>) -> Answer {
    let mut body = json!({ "serial": serial, "kind": "bell", "location": "卧室" });
    match home {
        Some(home) => body["home_id"] = home.clone(),
        None => body["unit_id"] = unit(app, YANGQIAO).await,
    }
    let made = by.post(DEVICES, &body).await;
    made.expect(201);
    made
}

/// A POST without a body.
async fn push(by: &Client, path: &str) -> Answer {
    let request = by
        .request("POST", path)
        .header("Idempotency-Key", crate::support::fresh_key());
    by.send(request).await
}

async fn delete(by: &Client, path: &str) -> Answer {
    by.send(by.request("DELETE", path)).await
}

/// Keys of a page.
fn ids(page: &Answer) -> Vec<Value> {
    page.expect(200);
    let items = page.body["items"].as_array().unwrap();
    items.iter().map(|item| item["id"].clone()).collect()
}
