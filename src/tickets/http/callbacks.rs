//! Call-backs by link: who has it may read the reply and say what they think of it, once.

use crate::access::{Permit, op};
use crate::platform::error::{AppError, Fields};
use crate::platform::http::answer::{Answer, NoContent};
use crate::platform::http::json::Json;
use crate::reference::Desk;
use crate::tickets::commands::callback;
use crate::tickets::dto::{CallbackOut, RatingIn};
use actix_web::web::{Data, Path};
use actix_web::{get, post};

/// What is to be rated.
#[utoipa::path(tag = "tickets", responses((status = 200, body = CallbackOut)))]
#[get("/callbacks/{token}")]
pub async fn get_callback(
    _permit: Permit<op::GetCallback>,
    desk: Data<Desk>,
    token: Path<String>,
) -> Result<Answer<CallbackOut>, AppError> {
    Answer::ok(&callback::show(&desk.kit, &token).await?)
}

/// Rates the result; the link works once.
#[utoipa::path(tag = "tickets", request_body = RatingIn, responses((status = 204)))]
#[post("/callbacks/{token}")]
pub async fn answer_callback(
    _permit: Permit<op::AnswerCallback>,
    desk: Data<Desk>,
    token: Path<String>,
    body: Json<RatingIn>,
) -> Result<NoContent, AppError> {
    let mut fields = Fields::default();
    body.value.parse(&mut fields);
    fields.optional("/opinion", body.value.opinion.as_deref(), 1000);
    fields.finish()?;
    let input = (
        desk.kit.clone(),
        desk.reference().await?,
        token.into_inner(),
        body.value,
    );
    desk.kit
        .db
        .write("callback.answer", input, |tx, input| {
            Box::pin(callback::answer_by_link(tx, input))
        })
        .await?;
    Ok(NoContent)
}
