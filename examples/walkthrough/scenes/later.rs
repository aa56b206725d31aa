//! Two weeks later, after a restart: clocks have run out, and what was promised still holds.

use super::{COMMUNITY, Registered, TICKETS, mobile, receipt};
use crate::Left;
use crate::client::{Client, same, until};
use crate::service::Service;
use crate::tell;
use anyhow::{Context, ensure};
use serde_json::json;

pub async fn walk(service: &Service, left: &Left) -> anyhow::Result<()> {
    tell::scene(
        "Two weeks later · 两周后: started again on the same data, on a clock that shows Monday, 12 October",
    );
    let supervisor = service.staff("supervisor").await?;
    // Timers fire in the order in which they are due: once this one did, so did those before it.
    until("the close of the call-back", || async {
        let seen = supervisor.quiet_get(&left.unrated.path()).await?.expect(200)?;
        Ok((seen.text_at("/state")? == "closed").then_some(()))
    })
    .await?;
    overdue(service, &supervisor, &left.unsigned).await?;
    let resident = mobile::log_in(service, "13900000001", service.code("13900000001")?).await?;
    unrated(&resident, &left.unrated).await?;
    promised(service, &resident, &left.closed).await
}

/// Nobody signed: the clock ran out, the timeline says so, the unit's lead is told, the supervisor sees it first.
async fn overdue(service: &Service, supervisor: &Client, ticket: &Registered) -> anyhow::Result<()> {
    let seen = supervisor.get(&ticket.path()).await?.expect(200)?;
    let timeline = seen.body["timeline"].as_array().context("no timeline")?;
    let late = timeline.iter().filter(|entry| entry["kind"] == "overdue");
    same("clocks that ran out", late.clone().count(), 2)?;
    for entry in late {
        let data = &entry["data"];
        tell::says(&format!(
            "{}: clock {} was due at {}",
            entry["label"], data["clock"], data["due_at"]
        ));
    }
    let list = supervisor
        .get(&format!("{TICKETS}?queue=overdue"))
        .await?
        .expect(200)?;
    ensure!(
        list.items()?.iter().any(|row| row["id"] == ticket.id),
        "it is not in the list"
    );
    for row in list.items()? {
        tell::says(&format!(
            "{} {} {} since {}",
            row["number"], row["title"], row["unit_name"], row["next_due_at"]
        ));
    }
    let queues = supervisor.get("/api/v1/queues").await?.expect(200)?;
    same(
        "the count 超期",
        queues.body["overdue"].as_u64(),
        u64::try_from(list.items()?.len()).ok(),
    )?;
    let lead = service.staff(&format!("lead-{COMMUNITY}")).await?;
    tell::says(&format!(
        "the unit's lead was told: {}",
        lead.told("ticket_overdue").await?
    ));
    Ok(())
}

/// Silence is "not rated", never "satisfied"; and it can still be rated.
async fn unrated(resident: &Client, ticket: &Registered) -> anyhow::Result<()> {
    let seen = resident.get(&ticket.path()).await?.expect(200)?;
    let last = seen.body["timeline"]
        .as_array()
        .and_then(|entries| entries.last().cloned());
    tell::says(&format!(
        "nobody answered the call-back in a week: {} by {}, not rated",
        seen.body["state"],
        last.unwrap_or_default()["actor_kind"]
    ));
    let rate = json!({ "action": "rate", "rating": { "contacted": true, "solved": true, "satisfied": 4 } });
    let rated = resident.act(&ticket.id, rate).await?.expect(200)?;
    same("closed as before", rated.text_at("/state")?, "closed")
}

/// The receipt of the first day still verifies, and the timeline still holds what it names.
async fn promised(service: &Service, resident: &Client, ticket: &Registered) -> anyhow::Result<()> {
    let claims = receipt::verify(service, ticket).await?;
    let check = resident
        .get(&format!("{}/verify", ticket.path()))
        .await?
        .expect(200)?;
    same(
        "the chain is unbroken",
        check.body["intact"].as_bool(),
        Some(true),
    )?;
    let operator = service.staff("operator").await?;
    let whole = operator.get(&ticket.path()).await?.expect(200)?;
    let named = whole.body["timeline"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|entry| entry["seq"] == claims["entries"]);
    same(
        "the entry that the receipt names",
        named.map(|entry| &entry["hash"]),
        Some(&claims["head"]),
    )?;
    tell::says(&format!(
        "entry {} of {} has the hash that was signed two weeks ago",
        claims["entries"], check.body["entries"]
    ));
    let today = resident
        .get(&format!("{}/receipt", ticket.path()))
        .await?
        .expect(200)?;
    same(
        "today's receipt covers all entries",
        &today.body["entries"],
        &check.body["entries"],
    )
}
