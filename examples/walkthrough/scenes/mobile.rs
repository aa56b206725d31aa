//! A resident helps themselves, with a client on their telephone.

use super::{COMMUNITY, Registered, TICKETS, receipt};
use crate::client::{Client, same};
use crate::photo;
use crate::service::Service;
use crate::tell;
use anyhow::Context;
use serde_json::{Value, json};

pub async fn walk(service: &Service) -> anyhow::Result<(Client, Registered)> {
    tell::scene(
        "A resident uses a mobile client · 移动端: logs in by code, sends a photo, gets a signed receipt (回执)",
    );
    let resident = log_in(service, "13900000001", service.code("13900000001")?).await?;
    shared_telephone(service).await?;
    let stranger = stranger(service).await?;

    let unit = unit_id(&resident, COMMUNITY).await?;
    let path = format!("/api/v1/services?unit_id={unit}&q=%E8%BD%AE%E6%A4%85");
    let services = resident.get(&path).await?.expect(200)?;
    let service_found = services.items()?.first().context("no such service")?;
    tell::says(&format!(
        "offered there 服务目录: {} {}, form fields {}, required {}",
        service_found["code"],
        service_found["name"],
        service_found["form"]["properties"]
            .as_object()
            .map(|fields| fields.keys().cloned().collect::<Vec<_>>().join(", "))
            .unwrap_or_default(),
        service_found["form"]["required"]
    ));

    let taken = photo::taken_at_the_door();
    let file = resident
        .upload("门口.jpg", "image/jpeg", &taken)
        .await?
        .expect(201)?;
    let file_id = file.text_at("/id")?.to_owned();
    let mut request = json!({
        "category": "040201",
        "title": "借用轮椅一周",
        "content": "母亲腿部手术后出院，想借轮椅。楼梯口照片见附件。",
        "place": { "unit_id": unit, "address": "羊桥社区演示路1号" },
        "attachments": [file_id]
    });
    resident
        .post(TICKETS, &request)
        .await?
        .problem(422, "form_invalid")?;
    request["form"] = json!({ "wheelchair_days": 7, "delivery_needed": true });
    let answer = resident.post(TICKETS, &request).await?.expect(201)?;
    let ticket = Registered::from(&answer)?;
    same("the state", answer.text_at("/ticket/state")?, "dispatched")?;
    receipt::verify(service, &ticket).await?;

    let kept = resident
        .get(&format!("/api/v1/attachments/{file_id}"))
        .await?
        .expect(200)?;
    same(
        "the photo as sent tells where it was taken",
        photo::tells_where(&taken),
        true,
    )?;
    same(
        "the photo as kept tells it",
        photo::tells_where(&kept.bytes),
        false,
    )?;
    tell::says("the photo is kept without the place where it was taken");
    stranger
        .get(&format!("/api/v1/attachments/{file_id}"))
        .await?
        .problem(404, "not_found")?;
    stranger.get(&ticket.path()).await?.problem(404, "not_found")?;

    let seen = resident.get(&ticket.path()).await?.expect(200)?;
    same(
        "the resident's own number",
        seen.text_at("/requesters/0/phone")?,
        "+8613900000001",
    )?;
    tell::says(&format!(
        "their own view: actions {}, no names of staff",
        seen.body["actions"]
    ));
    same("names of staff in it", seen.body.get("staff_name"), None)?;
    let text = resident.told("ticket_received").await?;
    tell::says(&format!("told 短信和站内信: {text}"));
    Ok((resident, ticket))
}

/// Logs a resident in by a code.
pub async fn log_in(service: &Service, phone: &str, code: &str) -> anyhow::Result<Client> {
    let body = json!({ "phone": phone, "code": code, "client": "walkthrough" });
    let nobody = service.nobody();
    let answer = nobody.post("/api/v1/auth/code/login", &body).await?.expect(200)?;
    Ok(service.with_token("resident", answer.text_at("/tokens/access_token")?))
}

/// Two people of one household use one telephone: the code does not say who it is.
async fn shared_telephone(service: &Service) -> anyhow::Result<()> {
    let phone = "13900000003";
    let body = json!({ "phone": phone, "code": service.code(phone)? });
    let nobody = service.nobody();
    let answer = nobody.post("/api/v1/auth/code/login", &body).await?.expect(200)?;
    let choices = answer.body["choose"].as_array().map_or(0, Vec::len);
    same("people who share the telephone", choices, 2)?;
    tell::says(
        "two people share this telephone: the client asks who it is, and sends the code again with the choice",
    );
    Ok(())
}

/// Somebody new: the code comes by message, which the demonstration writes to its log.
async fn stranger(service: &Service) -> anyhow::Result<Client> {
    let nobody = service.nobody();
    let asked = nobody
        .post("/api/v1/auth/code", &json!({ "phone": "139 0000 0008" }))
        .await?
        .expect(200)?;
    tell::says(&format!(
        "a code is under way, valid for {} s",
        asked.body["expires_in"]
    ));
    let code = service.code_in_log("139****0008").await?;
    log_in(service, "13900000008", &code).await
}

/// The key of the unit with this code.
pub async fn unit_id(client: &Client, code: &str) -> anyhow::Result<String> {
    let units = client.quiet_get("/api/v1/units").await?.expect(200)?;
    let units = units
        .body
        .as_array()
        .or(units.body["items"].as_array())
        .context("no units")?;
    let unit = units.iter().find(|unit| unit["code"] == code);
    let id = unit.and_then(|unit| unit["id"].as_str()).map(str::to_owned);
    id.with_context(|| format!("no unit {code} in {}", Value::from(units.len())))
}
