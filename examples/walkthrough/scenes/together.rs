//! A department does a part of a community's ticket.

use super::{DEPARTMENT, mobile::unit_id, worker};
use crate::client::same;
use crate::service::Service;
use crate::tell;
use anyhow::Context;
use serde_json::json;

pub async fn walk(service: &Service) -> anyhow::Result<()> {
    tell::scene("Together · 会办: a department does a part, and the reply waits for it");
    let ticket = worker::another(service, "楼道堆放电动车充电", "三楼楼道飞线充电。").await?;
    let handler = ticket.handler(service).await?;
    worker::begin(&handler, &ticket).await?;
    let department = unit_id(&handler, DEPARTMENT).await?;
    let call = json!({
        "action": "co_handle", "unit_id": department, "what": "请核查充电设施并出具意见",
        "limit": { "amount": 1, "unit": "working_days" }
    });
    let called = handler.act(&ticket.id, call).await?.expect(200)?;
    let task = called.body["proceedings"][0].clone();
    let clock = called.body["clocks"]
        .as_array()
        .and_then(|clocks| clocks.iter().find(|clock| clock["kind"] == "task"))
        .context("the clock of the part")?;
    tell::says(&format!(
        "{} is called upon (协办), until {}",
        task["unit_name"], clock["due_at"]
    ));
    same(
        "one working day",
        &clock["due_at"],
        &json!("2026-09-29T09:30:00Z"),
    )?;

    let other = service.staff("handler-department-demo").await?;
    tell::says(&format!(
        "told there: {}",
        other.told("ticket_task_opened").await?
    ));
    handler
        .act(&ticket.id, worker::reply())
        .await?
        .problem(409, "tasks_open")?;
    let theirs = other.get(&ticket.path()).await?.expect(200)?;
    same(
        "what they may do",
        &theirs.body["actions"],
        &json!(["note", "finish_task"]),
    )?;
    let done = json!({ "action": "finish_task", "task_id": task["id"], "text": "线路已拆除，可在车棚充电" });
    other.act(&ticket.id, done).await?.expect(200)?;
    other.get(&ticket.path()).await?.problem(404, "not_found")?;
    tell::says("their part is done: the ticket is out of their sight again");
    let replied = handler.act(&ticket.id, worker::reply()).await?.expect(200)?;
    same("the state 答复待审", replied.text_at("/state")?, "reply_review")
}
