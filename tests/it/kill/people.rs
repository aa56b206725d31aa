//! Who work with the service.

use super::service::Service;
use crate::support::Client;
use chrono::{DateTime, Days, NaiveDate, Utc};
use hotline::demo::PASSWORD;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Who asks.
pub(super) const REQUESTER: &str = "13900000001";

/// Where requests go first, the community next door, and the department that does what neither may.
pub(super) const HOME: &str = "440703002101";
pub(super) const NEXT: &str = "440703002102";
pub(super) const DEPARTMENT: &str = "department-demo";

const STAFF: [&str; 13] = [
    "operator",
    "dispatcher",
    "supervisor",
    "arbiter",
    "callback",
    "manager-440703002",
    "handler-a-440703002101",
    "handler-b-440703002101",
    "lead-440703002101",
    "handler-a-440703002102",
    "lead-440703002102",
    "handler-department-demo",
    "lead-department-demo",
];

/// All of them, logged in.
pub(super) struct People {
    clients: BTreeMap<&'static str, Client>,
    /// Names by the keys of the staff.
    names: BTreeMap<String, &'static str>,
    /// Keys of units by their codes.
    units: BTreeMap<String, String>,
    today: NaiveDate,
}

impl People {
    /// Logs everybody in.
    pub(super) async fn log_in(service: &Service, now: DateTime<Utc>) -> Self {
        let nobody = Client::new(service.base(), None);
        let (mut clients, mut names) = (BTreeMap::new(), BTreeMap::new());
        for name in STAFF {
            let body = json!({ "user_name": name, "password": PASSWORD });
            let answer = nobody.post("/api/v1/auth/staff", &body).await;
            answer.expect(200);
            let client = nobody.with_token(answer.body["access_token"].as_str().unwrap());
            names.insert(client.get("/api/v1/me").await.text_at("/id"), name);
            clients.insert(name, client);
        }
        let body = json!({ "phone": REQUESTER, "code": service.code(REQUESTER) });
        let answer = nobody.post("/api/v1/auth/code/login", &body).await;
        answer.expect(200);
        let token = answer.text_at("/tokens/access_token");
        clients.insert("resident", nobody.with_token(&token));
        let found = nobody.get("/api/v1/units").await;
        let text = |unit: &Value, key: &str| unit[key].as_str().unwrap().to_owned();
        let units = found.body["items"].as_array().unwrap().iter();
        Self {
            clients,
            names,
            units: units.map(|unit| (text(unit, "code"), text(unit, "id"))).collect(),
            today: now.date_naive(),
        }
    }

    /// Somebody.
    pub(super) fn who(&self, name: &str) -> &Client {
        &self.clients[name]
    }

    /// The key of a unit.
    pub(super) fn unit(&self, code: &str) -> &str {
        &self.units[code]
    }

    /// Whether a ticket, or a part of it, is with this unit.
    pub(super) fn is_with(&self, thing: &Value, code: &str) -> bool {
        thing["unit_id"] == self.unit(code)
    }

    /// Who handles a ticket: the person who has it, else anybody of its unit.
    pub(super) fn handler(&self, thing: &Value) -> &'static str {
        let person = thing["staff_id"].as_str().and_then(|id| self.names.get(id));
        match person {
            Some(name) => name,
            None if self.is_with(thing, DEPARTMENT) => "handler-department-demo",
            None if self.is_with(thing, NEXT) => "handler-a-440703002102",
            None => "handler-a-440703002101",
        }
    }

    /// Who leads the unit that has it.
    pub(super) fn lead(&self, ticket: &Value) -> &'static str {
        if self.is_with(ticket, DEPARTMENT) {
            "lead-department-demo"
        } else if self.is_with(ticket, NEXT) {
            "lead-440703002102"
        } else {
            "lead-440703002101"
        }
    }

    /// Some days from now.
    pub(super) fn day_after(&self, days: u64) -> String {
        (self.today + Days::new(days)).to_string()
    }
}
