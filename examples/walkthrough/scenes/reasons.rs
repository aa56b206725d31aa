//! Why a deadline is when it is, and who looked.

use super::Registered;
use super::extended::tell_day;
use crate::client::{Client, same};
use crate::service::Service;
use crate::tell;
use anyhow::Context;
use serde_json::json;

/// A deadline over a holiday, that of the ticket, and the access log as the resident sees it.
pub async fn walk(service: &Service, resident: &Client, noise: &Registered) -> anyhow::Result<()> {
    tell::scene("Why then, and who looked · 时限为何如此，谁看过");
    let operator = service.staff("operator").await?;
    let question = json!({ "category": "120302", "at": "2026-09-30T10:00:00+08:00" });
    let simulated = operator
        .post("/api/v1/deadlines/simulate", &question)
        .await?
        .expect(200)?;
    let resolve = simulated
        .items()?
        .iter()
        .find(|deadline| deadline["clock"] == "resolve")
        .context("the clock of the resolution")?;
    same(
        "seven working days over the National Day",
        &resolve["due_at"],
        &json!("2026-10-15T09:30:00Z"),
    )?;
    let days = resolve["days"].as_array().context("days")?;
    same("days from the first to the last", days.len(), 16)?;
    days.iter().for_each(tell_day);

    let own = resident
        .get(&format!("{}/deadlines", noise.path()))
        .await?
        .expect(200)?;
    same(
        "the requester sees the promise alone",
        own.items()?.iter().all(|clock| clock["clock"] == "resolve"),
        true,
    )?;
    let looks = resident
        .get(&format!("{}/access-log", noise.path()))
        .await?
        .expect(200)?;
    let looks = looks.items()?;
    same("somebody looked", looks.is_empty(), false)?;
    same(
        "names of staff in it",
        looks.iter().any(|look| look.get("actor_name").is_some()),
        false,
    )?;
    for look in looks.iter().take(3) {
        tell::says(&format!(
            "{} {} {} {}",
            look["at"], look["unit_name"], look["role"], look["label"]
        ));
    }
    Ok(())
}
