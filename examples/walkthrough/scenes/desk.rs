//! What the operator settles on the line: answer, reject, redirect; and what a requester takes back.

use super::TICKETS;
use crate::client::{Client, same};
use crate::service::Service;
use crate::tell;
use serde_json::{Value, json};

pub async fn walk(service: &Service) -> anyhow::Result<()> {
    tell::scene("On the line · 即答、不予受理、转接: what the operator settles at once");
    let operator = service.staff("operator").await?;

    let question = held(&operator, "020103", "居住证签注要带什么材料").await?;
    let answer =
        json!({ "action": "answer_now", "public_text": "带身份证、居住证和居住证明，到社区窗口办理。" });
    let closed = operator.act(&question, answer).await?.expect(200)?;
    same("answered 即答", closed.text_at("/state")?, "closed")?;
    same("the result", closed.text_at("/result")?, "answered")?;

    let lawsuit = held(&operator, "9901", "要求撤销法院判决").await?;
    let reject = json!({ "action": "reject", "reason": "judicial" });
    operator
        .act(&lawsuit, reject)
        .await?
        .problem(422, "invalid_input")?;
    tell::says("nobody is turned away without the channel that is right");
    let reject =
        json!({ "action": "reject", "reason": "judicial", "channel_told": "向上一级人民法院提起上诉" });
    let rejected = operator.act(&lawsuit, reject).await?.expect(200)?;
    same("not accepted 不予受理", rejected.text_at("/state")?, "rejected")?;
    let late = json!({ "action": "accept" });
    operator
        .act(&lawsuit, late)
        .await?
        .problem(409, "action_not_allowed")?;

    let danger = held(&operator, "9901", "楼上有人打架").await?;
    let redirect = json!({ "action": "redirect", "line": "police_110" });
    let redirected = operator.act(&danger, redirect).await?.expect(200)?;
    same("passed on 已转出", redirected.text_at("/state")?, "redirected")?;

    let mistaken = held(&operator, "120302", "已经不吵了").await?;
    let withdraw = json!({ "action": "withdraw", "reason": "来电人撤回诉求" });
    let withdrawn = operator.act(&mistaken, withdraw).await?.expect(200)?;
    same("taken back 已撤单", withdrawn.text_at("/state")?, "withdrawn")
}

/// Registers a request and keeps it on the line.
async fn held(operator: &Client, category: &str, title: &str) -> anyhow::Result<String> {
    let request = json!({
        "requester": { "phone": "13900000007", "name": "演示来电人" },
        "category": category, "title": title, "content": title,
        "place": { "address": "羊桥社区" }, "hold": true
    });
    let answer = operator.post(TICKETS, &request).await?.expect(201)?;
    same(
        "the state",
        &answer.body["ticket"]["state"],
        &Value::from("registered"),
    )?;
    Ok(answer.text_at("/ticket/id")?.to_owned())
}
