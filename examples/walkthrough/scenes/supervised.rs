//! The centre watches over a ticket until its unit has answered, and looks at everything at the end of the day.

use super::worker;
use crate::client::same;
use crate::service::Service;
use crate::tell;
use anyhow::{Context, ensure};
use serde_json::json;

pub async fn walk(service: &Service) -> anyhow::Result<()> {
    tell::scene(
        "Supervision · 督办: the supervisor (督办员) demands an answer and ends it, nobody else does",
    );
    let ticket = worker::another(service, "路灯三次报修未亮", "演示路路灯不亮，已报三次。").await?;
    let handler = ticket.handler(service).await?;
    worker::begin(&handler, &ticket).await?;
    let supervisor = service.staff("supervisor").await?;
    let demand = json!({
        "action": "supervise", "reason": "群众多次反映，限期答复",
        "limit": { "amount": 1, "unit": "working_days" }
    });
    handler
        .act(&ticket.id, demand.clone())
        .await?
        .problem(403, "forbidden")?;
    let demanded = supervisor.act(&ticket.id, demand.clone()).await?.expect(200)?;
    same("under supervision", &demanded.body["supervised"], &json!(true))?;
    supervisor
        .act(&ticket.id, demand)
        .await?
        .problem(409, "already_open")?;
    let lead = service.staff("lead-440703002101").await?;
    tell::says(&format!(
        "the unit's lead is told: {}",
        lead.told("ticket_supervised").await?
    ));
    let answer = json!({ "action": "answer_supervision", "text": "今晚更换灯具" });
    lead.act(&ticket.id, answer).await?.expect(200)?;
    let close = json!({ "action": "close_supervision", "reason": "已落实" });
    lead.act(&ticket.id, close.clone())
        .await?
        .problem(403, "forbidden")?;
    let closed = supervisor.act(&ticket.id, close).await?.expect(200)?;
    same("over", &closed.body["supervised"], &json!(false))
}

/// What stands where, and how well it went.
pub async fn look(service: &Service) -> anyhow::Result<()> {
    tell::scene("The supervisor's desk and the figures · 督导台与指标");
    let supervisor = service.staff("supervisor").await?;
    let desk = supervisor.get("/api/v1/desk").await?.expect(200)?;
    let lamps = &desk.body["lamps"];
    tell::says(&format!(
        "lamps 时限灯: {} green, {} yellow, {} orange, {} red; {} supervised, {} wait for a call-back",
        lamps["green"],
        lamps["yellow"],
        lamps["orange"],
        lamps["red"],
        desk.body["supervised"],
        desk.body["callbacks"]
    ));
    for unit in desk.body["units"].as_array().context("no units")? {
        tell::says(&format!(
            "{}: {} open, {} overdue",
            unit["unit_name"], unit["open"], unit["overdue"]
        ));
    }
    let figures = supervisor
        .get("/api/v1/figures?from=2026-09-01&to=2026-10-31&by=unit")
        .await?
        .expect(200)?;
    for row in figures.items()? {
        let share = |key: &str| {
            let percent = row[key]["percent"].as_f64();
            percent.map_or("—".to_owned(), |percent| {
                format!("{percent}% of {}", row[key]["n"])
            })
        };
        tell::says(&format!(
            "{}: {} dispatched 派单, signed in time 按时签收率 {}, resolved in time 按时办结率 {}, satisfied 满意率 {}, \
             returned 退单率 {}, reworked 重办率 {}",
            row["unit_name"],
            row["dispatched"],
            share("signed_in_time"),
            share("resolved_in_time"),
            share("satisfied"),
            share("returned"),
            share("reworked"),
        ));
    }
    ensure!(
        figures
            .items()?
            .iter()
            .any(|row| row["reworked"]["percent"].as_f64() > Some(0.0)),
        "the rework is in no figure"
    );
    let unsplit = supervisor
        .get("/api/v1/figures?from=2026-09-01&to=2026-10-31")
        .await?
        .expect(200)?;
    let whole = &unsplit.items()?[0];
    let sum: i64 = figures
        .items()?
        .iter()
        .filter_map(|row| row["signed_in_time"]["n"].as_i64())
        .sum();
    same(
        "what is counted by unit adds up",
        Some(sum),
        whole["signed_in_time"]["n"].as_i64(),
    )
}
