//! What no rule can place goes to the dispatchers, never nowhere.

use super::call::explain;
use super::{COMMUNITY, Registered, TICKETS};
use crate::client::same;
use crate::scenes::mobile::unit_id;
use crate::service::Service;
use crate::tell;
use anyhow::ensure;
use serde_json::json;

pub async fn walk(service: &Service) -> anyhow::Result<Registered> {
    tell::scene("Nothing can place it · 派单池: the dispatcher (分转员) decides, with a reason");
    let operator = service.staff("operator").await?;
    let request = json!({
        "requester": { "phone": "13900000009", "name": "演示来电人" },
        "category": "9901",
        "title": "路边有不明装置发出响声",
        "content": "羊桥社区路口一个铁箱子一直响，不知道归谁管。",
        "place": { "address": "白沙街道羊桥社区路口" }
    });
    let answer = operator.post(TICKETS, &request).await?.expect(201)?;
    let ticket = Registered::from(&answer)?;
    same("the state", answer.text_at("/ticket/state")?, "pending_dispatch")?;
    explain(&answer.body["route"]);

    let dispatcher = service.staff("dispatcher").await?;
    let pool = dispatcher
        .get(&format!("{TICKETS}?queue=pool"))
        .await?
        .expect(200)?;
    ensure!(
        pool.items()?.iter().any(|row| row["id"] == ticket.id),
        "it is not in the pool"
    );
    let unit = unit_id(&dispatcher, COMMUNITY).await?;
    let dispatch = json!({ "action": "dispatch", "unit_id": unit, "reason": "社区先到场查看，再定归属" });
    let sent = dispatcher.act(&ticket.id, dispatch).await?.expect(200)?;
    same("dispatched 派单", sent.text_at("/state")?, "dispatched")?;
    tell::says(&format!(
        "dispatched 派单 → {} (nobody there will sign for it)",
        sent.body["unit_name"]
    ));
    Ok(ticket)
}
