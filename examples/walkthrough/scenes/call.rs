//! A resident calls.

use super::{Registered, TICKETS};
use crate::client::{fresh_key, same};
use crate::service::Service;
use crate::tell;
use serde_json::{Value, json};

/// The matter, as the operator writes it down.
fn matter() -> Value {
    json!({
        "requester": { "phone": "139 0000 0001" },
        "category": "120302",
        "title": "广场舞噪声扰民",
        "content": "每晚七点到十点，小区广场音响声音很大，影响老人休息。回电13900000001。",
        "place": { "address": "白沙街道羊桥社区演示路1号" }
    })
}

pub async fn walk(service: &Service) -> anyhow::Result<Registered> {
    tell::scene(
        "A call comes in · 来电受理: the operator (话务员) sees who calls and registers the request (登记)",
    );
    let operator = service.staff("operator").await?;

    let callers = json!({ "phone": "+86 139-0000-0001" });
    let callers = operator
        .post("/api/v1/callers/identify", &callers)
        .await?
        .expect(200)?;
    same(
        "the caller's masked name",
        callers.body[0]["name"].as_str(),
        Some("演****"),
    )?;
    tell::says(&format!(
        "the number as spoken finds {} of {}, masked (脱敏), with {} open tickets",
        callers.body[0]["name"],
        callers.body[0]["community"],
        callers.body[0]["tickets"].as_array().map_or(0, Vec::len)
    ));
    let landline = json!({ "phone": "0750-3200000 转 801" });
    let nobody = operator
        .post("/api/v1/callers/identify", &landline)
        .await?
        .expect(200)?;
    same("callers from an unknown landline", &nobody.body, &json!([]))?;

    let similar = json!({
        "requester": { "phone": "13900000001" }, "category": "120302",
        "place": { "address": "羊桥社区" }, "text": "广场舞噪声"
    });
    let none = operator
        .post(&format!("{TICKETS}/similar"), &similar)
        .await?
        .expect(200)?;
    same("similar tickets before the first", &none.body, &json!([]))?;

    let question = json!({ "category": "120302", "place": { "address": "白沙街道羊桥社区演示路1号" } });
    let route = operator
        .post("/api/v1/routing/simulate", &question)
        .await?
        .expect(200)?;
    explain(&route.body);
    same(
        "the ground of the route",
        route.body["ground"]["kind"].as_str(),
        Some("catalogue"),
    )?;

    let key = fresh_key();
    let answer = operator.post_with(TICKETS, &matter(), &key).await?.expect(201)?;
    let ticket = Registered::from(&answer)?;
    same("the state", answer.text_at("/ticket/state")?, "dispatched")?;
    same(
        "the day promised",
        answer.text_at("/ticket/promised_at")?.get(..10),
        Some("2026-10-13"),
    )?;
    tell::says(
        "seven working days: 1 to 7 October are holidays (国庆节), Saturday the 10th is worked (调休)",
    );
    same("numbers in the answer", answer.holds("13900000001"), false)?;

    let again = operator.post_with(TICKETS, &matter(), &key).await?.expect(201)?;
    same(
        "the repeated request's ticket",
        again.text_at("/ticket/id")?,
        ticket.id.as_str(),
    )?;
    same(
        "the header of a repeat",
        again.headers.contains_key("idempotent-replayed"),
        true,
    )?;
    tell::says("the same Idempotency-Key: the same ticket, not a second one");

    let neighbour = json!({
        "requester": { "phone": "13900000002" }, "category": "120302",
        "place": { "address": "羊桥社区演示路2号" }, "text": "广场舞噪声影响休息"
    });
    let offered = operator
        .post(&format!("{TICKETS}/similar"), &neighbour)
        .await?
        .expect(200)?;
    same(
        "why it is offered",
        offered.body[0]["because"].as_str(),
        Some("same_place"),
    )?;
    tell::says(&format!(
        "a neighbour calls about it: {} is offered ({}, likeness {})",
        offered.body[0]["number"], offered.body[0]["because"], offered.body[0]["likeness"]
    ));
    Ok(ticket)
}

/// Why a request goes where it goes.
pub fn explain(route: &Value) {
    tell::says(&format!(
        "place 属地: {} (matched by {})",
        route["place"]["name"], route["place_matched_by"]
    ));
    if route["pool"] == true {
        tell::says("no rule and no catalogue entry places it: the dispatchers' pool (派单池)");
    } else {
        tell::says(&format!(
            "unit 承办单位: {} because {}",
            route["unit"]["name"], route["ground"]["text"]
        ));
        tell::says(&format!(
            "person 经办人: {} ({}, post {})",
            route["person"]["name"], route["person"]["because"], route["post"]
        ));
    }
    for rejected in route["rejected"].as_array().into_iter().flatten() {
        tell::says(&format!("not {}: {}", rejected["what"], rejected["why"]));
    }
}
