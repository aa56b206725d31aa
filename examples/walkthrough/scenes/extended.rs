//! More time over a holiday, asked for, granted, and explained day by day.

use super::worker;
use crate::client::{Client, same};
use crate::service::Service;
use crate::tell;
use anyhow::Context;
use serde_json::{Value, json};

pub async fn walk(service: &Service, resident: &Client) -> anyhow::Result<()> {
    tell::scene(
        "More time · 延期: the unit asks before the end, one level up grants, and everybody reads why",
    );
    let ticket = worker::another(service, "墙面渗水要鉴定", "外墙渗水，要做鉴定。").await?;
    let handler = ticket.handler(service).await?;
    worker::begin(&handler, &ticket).await?;
    let ask = json!({ "action": "request_extension", "amount": 3, "reason": "需等待鉴定结果" });
    handler.act(&ticket.id, ask).await?.expect(200)?;
    let grant = json!({ "action": "grant_extension" });
    handler
        .act(&ticket.id, grant.clone())
        .await?
        .problem(403, "forbidden")?;
    let manager = service.staff("manager-440703002").await?;
    tell::says(&format!(
        "the street's manager is told: {}",
        manager.told("ticket_extension_requested").await?
    ));
    manager.act(&ticket.id, grant).await?.expect(200)?;

    let seen = resident.get(&ticket.path()).await?.expect(200)?;
    same(
        "the new promise",
        seen.text_at("/promised_at")?,
        "2026-10-16T09:30:00Z",
    )?;
    let why = seen.body["timeline"]
        .as_array()
        .and_then(|entries| entries.iter().find(|entry| entry["kind"] == "extension_granted"))
        .context("the resident does not read of it")?;
    tell::says(&format!(
        "the resident reads: {} {}",
        why["label"], why["public_text"]
    ));
    tell::says(&format!(
        "told: {}",
        resident.told("ticket_extension_granted").await?
    ));

    let explained = handler
        .get(&format!("{}/deadlines", ticket.path()))
        .await?
        .expect(200)?;
    let resolve = explained
        .items()?
        .iter()
        .find(|deadline| deadline["clock"] == "resolve")
        .context("the clock of the resolution")?;
    tell::says(&format!(
        "{} working days, {} of them added: due at {}, before that {}",
        resolve["amount"], resolve["extended"], resolve["due_at"], resolve["first_due_at"]
    ));
    let days = resolve["days"].as_array().context("days")?;
    let holidays = days.iter().filter(|day| day["counting"] == "holiday").count();
    same("days of the National Day holidays 国庆", holidays, 7)?;
    days.iter().for_each(tell_day);
    Ok(())
}

/// A day of a deadline, and what was counted by its end.
pub fn tell_day(day: &Value) {
    let text = |key: &str| day[key].as_str().unwrap_or_default().to_owned();
    tell::says(&format!("{} {} {}", text("day"), day["total"], text("label")));
}
