//! The resident is called back, is not content, and the request is worked on again.

use super::worker::reply;
use super::{COMMUNITY, Registered};
use crate::client::{Client, same};
use crate::service::Service;
use crate::tell;
use anyhow::Context;
use serde_json::{Value, json};

pub async fn walk(service: &Service, resident: &Client, ticket: &Registered) -> anyhow::Result<()> {
    tell::scene("Call-back (回访), rework (重办), and the close (结案)");
    let text = resident.told("ticket_approved").await?;
    tell::says(&format!("told: {text}"));
    let link = text
        .split(service.base())
        .nth(1)
        .context("no link in the message")?
        .to_owned();

    let nobody = service.nobody();
    let shown = nobody.get(&link).await?.expect(200)?;
    tell::says(&format!(
        "whoever has the link reads the reply: {}",
        shown.body["public_reply"]
    ));
    let not_solved = json!({ "contacted": true, "solved": false, "satisfied": 2, "opinion": "昨晚还是很吵" });
    nobody.post(&link, &not_solved).await?.expect(204)?;
    nobody
        .post(&link, &not_solved)
        .await?
        .problem(404, "callback_token_invalid")?;
    let seen = resident.get(&ticket.path()).await?.expect(200)?;
    same("not solved: back to work", seen.text_at("/state")?, "in_progress")?;
    same("the round", seen.body["round"].as_i64(), Some(2))?;
    tell::says("not solved 未解决: the ticket goes into rework, round 2 (第二轮)");

    second_round(service, ticket, &nobody, &link).await?;

    let lead = service.staff(&format!("lead-{COMMUNITY}")).await?;
    let satisfied = json!({ "contacted": true, "solved": true, "satisfied": 5, "opinion": "这几天安静了" });
    let by_lead = json!({ "action": "call_back", "reached": true, "rating": satisfied });
    lead.act(&ticket.id, by_lead.clone())
        .await?
        .problem(403, "forbidden")?;
    tell::says("the handling unit may not do the call-back itself");
    let agent = service.staff("callback").await?;
    agent
        .act(&ticket.id, json!({ "action": "call_back", "reached": false }))
        .await?
        .expect(200)?;
    let closed = agent.act(&ticket.id, by_lead).await?.expect(200)?;
    same("closed 结案", closed.text_at("/state")?, "closed")?;
    timeline(resident, &agent, ticket).await
}

/// Contact, reply, sent back, reply, approved.
async fn second_round(
    service: &Service,
    ticket: &Registered,
    nobody: &Client,
    old_link: &str,
) -> anyhow::Result<()> {
    let handler = ticket.handler(service).await?;
    let lead = service.staff(&format!("lead-{COMMUNITY}")).await?;
    let contact = json!({ "action": "first_contact", "reached": true, "by": "上门" });
    handler.act(&ticket.id, contact).await?.expect(200)?;
    let mut second = reply();
    second["public_text"] = "已安装分贝显示屏，超过限值停止活动。".into();
    handler.act(&ticket.id, second.clone()).await?.expect(200)?;
    let shown = nobody.get(old_link).await?;
    same(
        "the old link shows what is not approved",
        shown.holds("分贝显示屏"),
        false,
    )?;
    let back = json!({ "action": "send_back", "reason": "请附安装照片" });
    lead.act(&ticket.id, back).await?.expect(200)?;
    tell::says("sent back 退回: the lead wants more");
    handler.act(&ticket.id, second).await?.expect(200)?;
    lead.act(&ticket.id, json!({ "action": "approve" }))
        .await?
        .expect(200)?;
    Ok(())
}

/// Every step is in the timeline, chained by hashes; the resident sees the public part.
async fn timeline(resident: &Client, agent: &Client, ticket: &Registered) -> anyhow::Result<()> {
    let whole = agent.get(&ticket.path()).await?.expect(200)?;
    let entries = whole.body["timeline"].as_array().context("no timeline")?;
    for entry in entries {
        let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
        tell::says(&format!(
            "{:>3} {} {} → {} {} {}",
            entry["seq"],
            text("label"),
            entry["from"].as_str().unwrap_or("—"),
            text("to"),
            text("actor_name"),
            text("public_text")
        ));
    }
    let public = resident.get(&ticket.path()).await?.expect(200)?;
    let shown = public.body["timeline"].as_array().map_or(0, Vec::len);
    tell::says(&format!(
        "the resident sees {shown} of these {} entries",
        entries.len()
    ));
    same("fewer entries for the resident", shown < entries.len(), true)?;
    let check = resident
        .get(&format!("{}/verify", ticket.path()))
        .await?
        .expect(200)?;
    same("the chain is unbroken", &check.body["intact"], &Value::from(true))
}
