//! A unit gives a ticket back, and somebody else rules.

use super::{COMMUNITY, DEPARTMENT, TICKETS, mobile::unit_id, worker};
use crate::client::{Client, same};
use crate::service::Service;
use crate::tell;
use anyhow::ensure;
use serde_json::{Value, json};

pub async fn walk(service: &Service) -> anyhow::Result<()> {
    tell::scene(
        "Not ours · 退单与裁定: the unit gives it back with a ground, the arbiter (派单异议审核) rules",
    );
    let ticket = worker::another(service, "占道经营反复出现", "羊桥社区路口夜间占道经营。").await?;
    let handler = ticket.handler(service).await?;
    let department = unit_id(&handler, DEPARTMENT).await?;
    let before = handler.quiet_get(&ticket.path()).await?.expect(200)?;
    let back = handler
        .act(&ticket.id, give_back(&department))
        .await?
        .expect(200)?;
    same("the state 退单待审", back.text_at("/state")?, "return_review")?;

    let arbiter = service.staff("arbiter").await?;
    let waiting = arbiter
        .get(&format!("{TICKETS}?queue=returns"))
        .await?
        .expect(200)?;
    ensure!(
        waiting.items()?.iter().any(|row| row["id"] == ticket.id),
        "it does not wait for a ruling"
    );
    let precedents = arbiter
        .get(&format!("{}/precedents", ticket.path()))
        .await?
        .expect(200)?;
    tell::says(&format!(
        "precedents 先例 of this service: {} granted, {} refused",
        precedents.body["granted"], precedents.body["refused"]
    ));
    let itself = json!({ "action": "approve_return", "unit_id": department, "reason": "确需执法权" });
    handler
        .act(&ticket.id, itself.clone())
        .await?
        .problem(403, "forbidden")?;
    tell::says("who asks does not rule");
    let ruled = arbiter.act(&ticket.id, itself).await?.expect(200)?;
    same(
        "with the unit that was named",
        ruled.text_at("/unit_id")?,
        &department,
    )?;
    same("the state 待签收", ruled.text_at("/state")?, "dispatched")?;

    let after = arbiter.quiet_get(&ticket.path()).await?.expect(200)?;
    same(
        "the promise is the one that was made first",
        after.text_at("/promised_at")?,
        before.text_at("/promised_at")?,
    )?;
    tell::says(&format!(
        "granted → {}; the promise to the requester stays: {}",
        ruled.body["unit_name"], after.body["promised_at"]
    ));
    let hands = arbiter
        .get(&format!("{}/hands", ticket.path()))
        .await?
        .expect(200)?;
    for leg in hands.items()? {
        let left = if leg["to"].is_string() {
            "and gave it away"
        } else {
            "and has it"
        };
        tell::says(&format!(
            "hands 经手: {} {} min, {left}",
            leg["unit_name"], leg["minutes"]
        ));
    }
    refused(service, &arbiter, &department).await
}

/// The next one of its kind, which the unit has to keep.
async fn refused(service: &Service, arbiter: &Client, department: &str) -> anyhow::Result<()> {
    let next = worker::another(service, "又有占道经营", "同一路口。").await?;
    let handler = next.handler(service).await?;
    handler.act(&next.id, give_back(department)).await?.expect(200)?;
    let precedents = arbiter
        .get(&format!("{}/precedents", next.path()))
        .await?
        .expect(200)?;
    same(
        "the next ruling sees this one",
        &precedents.body["granted"],
        &json!(1),
    )?;
    let no = json!({ "action": "refuse_return", "reason": "白天由社区劝导，属社区职责" });
    let refused = arbiter.act(&next.id, no).await?.expect(200)?;
    same(
        "refused: the unit keeps it",
        &refused.body["no_return"],
        &json!(true),
    )?;
    let home = unit_id(arbiter, COMMUNITY).await?;
    same("and has it", refused.text_at("/unit_id")?, &home)?;
    tell::says("refused 不同意退单: the community keeps it, and may not give it back again");
    Ok(())
}

fn give_back(department: &str) -> Value {
    json!({
        "action": "request_return", "ground": "no_power", "basis": "街道履职事项清单第12项",
        "suggested_unit_id": department, "reason": "社区没有执法权"
    })
}
