//! The event log, its consumers and timers: every event once and in order, whoever commits when; what is due happens
//! once, on however many instances; what comes of a clock that runs out and of a call-back that nobody answers.

mod callbacks;
mod clocks;
mod last_moment;
mod log;
mod notebook;
mod timers;

use crate::support::{Backend, Client, TestApp};
use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, QueryResult, Statement};
use serde_json::{Value, json};
use uuid::Uuid;

const REQUESTER: &str = "13900000001";

fn request() -> Value {
    json!({ "requester": { "phone": REQUESTER }, "category": "120302", "title": "广场舞噪声", "content": "很吵",
        "place": { "address": "羊桥社区" } })
}

async fn register(client: &Client) -> Value {
    let made = client.post("/api/v1/tickets", &request()).await;
    made.expect(201);
    made.body["ticket"].clone()
}

fn id_of(ticket: &Value) -> String {
    ticket["id"].as_str().unwrap().to_owned()
}

/// Up to the call-back.
async fn answer(app: &TestApp, ticket: &Value) {
    let (id, handler) = (id_of(ticket), app.handler_of(ticket).await);
    for step in [
        json!({ "action": "sign" }),
        json!({ "action": "first_contact", "reached": true, "by": "电话" }),
        json!({ "action": "reply", "result": "solved", "public_text": "已办结" }),
    ] {
        handler.act(&id, &step).await.expect(200);
    }
    let lead = app.staff("lead-440703002101").await;
    lead.act(&id, &json!({ "action": "approve" })).await.expect(200);
}

async fn rows(db: &DatabaseConnection, sql: &str) -> Vec<QueryResult> {
    db.query_all_raw(Statement::from_string(db.get_database_backend(), sql))
        .await
        .unwrap()
}

async fn number(db: &DatabaseConnection, sql: &str) -> i64 {
    rows(db, sql).await[0].try_get("", "n").unwrap()
}

/// A clock of a ticket.
fn clock(ticket: &Value, kind: &str) -> Value {
    ticket["clocks"]
        .as_array()
        .unwrap()
        .iter()
        .find(|clock| clock["kind"] == kind)
        .unwrap()
        .clone()
}

/// Entries of one kind.
fn entries(ticket: &Value, kind: &str) -> Vec<Value> {
    ticket["timeline"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["kind"] == kind)
        .cloned()
        .collect()
}

pub async fn callback(app: &TestApp, ticket: &str) -> entity::callback::Model {
    use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
    entity::callback::Entity::find()
        .filter(entity::callback::Column::TicketId.eq(ticket.parse::<Uuid>().unwrap()))
        .one(app.app.kit().db.read())
        .await
        .unwrap()
        .unwrap()
}

async fn on_postgres() -> Option<TestApp> {
    if !Backend::postgres_is_there() {
        return None;
    }
    Some(TestApp::start(Backend::Postgres).await)
}

#[expect(
    clippy::disallowed_methods,
    reason = "holds a transaction open beside the application"
)]
pub async fn begin(db: &DatabaseConnection) -> DatabaseTransaction {
    use sea_orm::TransactionTrait;
    db.begin().await.unwrap()
}
