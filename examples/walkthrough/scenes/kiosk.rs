//! An integrator's touch screen registers requests with a token of its own.

use super::{COMMUNITY, Registered, TICKETS, receipt};
use crate::client::same;
use crate::scenes::mobile::unit_id;
use crate::service::Service;
use crate::tell;
use serde_json::json;

pub async fn walk(service: &Service) -> anyhow::Result<()> {
    tell::scene("A kiosk (触摸屏) of an integrator: a token for one community, and no further");
    let guard = service.staff("secadmin").await?;
    let here = unit_id(&guard, COMMUNITY).await?;
    let elsewhere = unit_id(&guard, "440703002102").await?;
    let client = json!({ "name": "羊桥社区触摸屏", "channel": "kiosk", "unit_id": here });
    let made = guard.post("/api/v1/clients", &client).await?.expect(201)?;
    tell::says("the secret is told this once; the database keeps its hash");
    let (id, secret) = (made.text_at("/client/id")?, made.text_at("/client_secret")?);
    let token = service.program_token(id, secret).await?;
    tell::says("for the secret it has an access token of ten minutes (OAuth 2.0, client credentials)");

    let kiosk = service.with_token("kiosk", &token);
    let mut request = json!({
        "requester": { "phone": "13900000002", "name": "演示居民乙" },
        "category": "150201",
        "title": "建议增设非机动车停车架",
        "content": "社区门口非机动车乱停，建议增设停车架。",
        "place": { "unit_id": here },
        "form": { "topic": "停车架" }
    });
    let answer = kiosk.post(TICKETS, &request).await?.expect(201)?;
    let ticket = Registered::from(&answer)?;
    same("the state", answer.text_at("/ticket/state")?, "registered")?;
    same("the channel", answer.text_at("/ticket/channel")?, "kiosk")?;
    tell::says("a suggestion (建议) waits for an operator's look");
    receipt::verify(service, &ticket).await?;

    request["place"] = json!({ "unit_id": elsewhere });
    kiosk.post(TICKETS, &request).await?.problem(403, "forbidden")?;
    guard
        .delete(&format!("/api/v1/clients/{}", made.text_at("/client/id")?))
        .await?
        .expect(204)?;
    kiosk.get(TICKETS).await?.problem(401, "session_revoked")?;
    tell::says("revoked (吊销): refused at once");

    let operator = service.staff("operator-b").await?;
    let intake = operator
        .get(&format!("{TICKETS}?queue=intake"))
        .await?
        .expect(200)?;
    same("the queue 待受理", intake.items()?.len(), 1)?;
    let accepted = operator
        .act(&ticket.id, json!({ "action": "accept" }))
        .await?
        .expect(200)?;
    same(
        "accepted 受理, and routed",
        accepted.text_at("/state")?,
        "dispatched",
    )?;
    tell::says(&format!("accepted 受理 → with {}", accepted.body["unit_name"]));
    Ok(())
}
