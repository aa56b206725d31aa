//! The community worker signs, gets in touch, notes, replies; another person approves.

use super::{COMMUNITY, Registered, TICKETS};
use crate::client::{Client, same};
use crate::service::Service;
use crate::tell;
use anyhow::ensure;
use serde_json::json;

pub async fn walk(service: &Service, resident: &Client, ticket: &Registered) -> anyhow::Result<()> {
    tell::scene(
        "The community worker (社区专干) handles it · 办理: sign, contact, note, reply; the lead approves",
    );
    let handler = ticket.handler(service).await?;
    let queue = handler.get(&format!("{TICKETS}?queue=mine")).await?.expect(200)?;
    ensure!(
        queue.items()?.iter().any(|row| row["id"] == ticket.id),
        "it is not in the queue"
    );
    let seen = handler.get(&ticket.path()).await?.expect(200)?;
    same(
        "what they may do now",
        &seen.body["actions"],
        &json!(["sign", "request_return", "note"]),
    )?;
    same(
        "the caller's number for the unit",
        seen.text_at("/requesters/0/phone")?,
        "139****0001",
    )?;

    handler
        .act(&ticket.id, json!({ "action": "sign" }))
        .await?
        .expect(200)?;
    handler
        .act(&ticket.id, reply())
        .await?
        .problem(409, "contact_required")?;
    reveal(service, &handler, ticket).await?;
    let contact =
        json!({ "action": "first_contact", "reached": true, "by": "电话", "internal_text": "居民在家" });
    handler.act(&ticket.id, contact).await?.expect(200)?;
    let photo = crate::photo::taken_at_the_door();
    let file = handler
        .upload("现场.jpg", "image/jpeg", &photo)
        .await?
        .expect(201)?;
    let note = json!({
        "action": "note", "public_text": "工作人员已到现场", "internal_text": "舞队约三十人，领队愿意配合",
        "attachments": [file.text_at("/id")?]
    });
    handler.act(&ticket.id, note).await?.expect(200)?;
    handler.act(&ticket.id, reply()).await?.expect(200)?;

    handler
        .act(&ticket.id, json!({ "action": "approve" }))
        .await?
        .problem(403, "forbidden")?;
    let before = resident.get(&ticket.path()).await?.expect(200)?;
    same(
        "the reply is shown before it is approved",
        before.holds("已协调调低音量"),
        false,
    )?;
    same("the public note is shown", before.holds("工作人员已到现场"), true)?;
    same("the internal note is shown", before.holds("领队愿意配合"), false)?;
    tell::says("the resident reads the public note (公开), not the internal one (内部), and no reply yet");

    let lead = service.staff(&format!("lead-{COMMUNITY}")).await?;
    let waiting = lead
        .get(&format!("{TICKETS}?queue=approval"))
        .await?
        .expect(200)?;
    ensure!(
        waiting.items()?.iter().any(|row| row["id"] == ticket.id),
        "it does not wait"
    );
    lead.act(&ticket.id, json!({ "action": "approve" }))
        .await?
        .expect(200)?;
    let after = resident.get(&ticket.path()).await?.expect(200)?;
    same("the state 待回访", after.text_at("/state")?, "callback")?;
    same(
        "the reply is shown after the approval",
        after.holds("已协调调低音量"),
        true,
    )?;
    tell::says(&format!(
        "approved 审核通过: the resident reads the reply and may {}",
        after.body["actions"]
    ));
    Ok(())
}

/// What is masked is shown for a reason, and the auditor sees who looked.
async fn reveal(service: &Service, handler: &Client, ticket: &Registered) -> anyhow::Result<()> {
    let reason = json!({ "fields": ["phone"], "reason": "先行联系诉求人" });
    let shown = handler
        .post(&format!("{}/reveal", ticket.path()), &reason)
        .await?
        .expect(200)?;
    same("the number", shown.text_at("/phone")?, "+8613900000001")?;
    let auditor = service.staff("auditor").await?;
    let log = auditor
        .get("/api/v1/audit?action=reveal_requester")
        .await?
        .expect(200)?;
    let entry = log.items()?.first().cloned().unwrap_or_default();
    tell::says(&format!(
        "audit 审计: {} looked, because {}",
        entry["actor_name"], entry["detail"]["reason"]
    ));
    same(
        "the reason in the audit log",
        entry["detail"]["reason"].as_str(),
        Some("先行联系诉求人"),
    )
}

/// The reply of the first round.
pub fn reply() -> serde_json::Value {
    json!({
        "action": "reply", "result": "solved",
        "public_text": "已协调调低音量，九点前结束。", "internal_text": "领队签字承诺"
    })
}

/// Another request, dispatched to the community.
pub async fn another(service: &Service, title: &str, content: &str) -> anyhow::Result<Registered> {
    let operator = service.staff("operator").await?;
    let request = json!({
        "requester": { "phone": "13900000001" }, "category": "120302", "title": title, "content": content,
        "place": { "address": "白沙街道羊桥社区演示路1号" }
    });
    let answer = operator.post(TICKETS, &request).await?.expect(201)?;
    same("the state", answer.text_at("/ticket/state")?, "dispatched")?;
    Registered::from(&answer)
}

/// Signs, and gets in touch.
pub async fn begin(handler: &Client, ticket: &Registered) -> anyhow::Result<()> {
    handler
        .act(&ticket.id, json!({ "action": "sign" }))
        .await?
        .expect(200)?;
    let contact = json!({ "action": "first_contact", "reached": true, "by": "电话" });
    handler.act(&ticket.id, contact).await?.expect(200)?;
    Ok(())
}

/// The whole way in few steps, up to the call-back that nobody will answer.
pub async fn answer_quickly(service: &Service, ticket: &Registered) -> anyhow::Result<()> {
    tell::scene("The wheelchair is lent (轮椅借用), and nobody will answer the call-back");
    let handler = ticket.handler(service).await?;
    begin(&handler, ticket).await?;
    let reply = json!({ "action": "reply", "result": "solved", "public_text": "轮椅已送到家中。" });
    handler.act(&ticket.id, reply).await?.expect(200)?;
    let lead = service.staff(&format!("lead-{COMMUNITY}")).await?;
    let approved = lead
        .act(&ticket.id, json!({ "action": "approve" }))
        .await?
        .expect(200)?;
    same("the state 待回访", approved.text_at("/state")?, "callback")
}
