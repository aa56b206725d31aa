//! `/api/v1/events`.

use super::dto::{EventOut, EventPage, EventsQuery};
use super::queries::{Asked, page};
use super::rules::Types;
use crate::access::{Permit, Reach, op};
use crate::ledger::stream::{Listener, Listening, listen};
use crate::ledger::tail::Tail;
use crate::platform::error::{AppError, Code};
use crate::platform::http::answer::Answer;
use crate::platform::http::page::limit;
use crate::platform::kit::Kit;
use actix_web::http::header::ACCEPT;
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse, Responder, get};
use entity::event;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

/// Routes of this slice.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list_events);
}

/// What happened, in the order in which it was committed. With `Accept: text/event-stream` it goes on as server-sent
/// events: `Last-Event-ID` is the position after which to begin, and a stream that broke off goes on where it was.
#[utoipa::path(
    tag = "events",
    params(EventsQuery, ("Last-Event-ID" = Option<i64>, Header, description = "For the stream: the `id` of the last event that was seen")),
    responses((status = 200, content(
        (EventPage = "application/json"),
        (String = "text/event-stream"),
    )))
)]
#[get("/events")]
async fn list_events(
    permit: Permit<op::ListEvents>,
    request: HttpRequest,
    kit: Data<Kit>,
    tail: Data<Tail>,
    query: Query<EventsQuery>,
) -> Result<HttpResponse, AppError> {
    let types = query.types()?;
    let listening = Listening::of(permit.caller, &request, query.once.unwrap_or(false))?;
    let accept = request
        .headers()
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok());
    if accept.is_some_and(|accept| accept.contains("text/event-stream")) {
        let listener = Chosen {
            types,
            subject: query.subject_id,
        };
        return listen(kit.get_ref().clone(), tail.get_ref().clone(), listening, listener).await;
    }
    let asked = Asked {
        after: query.after()?,
        types,
        subject: query.subject_id,
        most: limit(query.limit)?,
    };
    let page = page(kit.db.read(), &listening.caller.reach(), &asked).await?;
    Ok(Answer::<EventPage>::ok(&page)?.respond_to(&request))
}

/// Who listens to some types of events.
struct Chosen {
    types: Types,
    subject: Option<Uuid>,
}

impl Listener for Chosen {
    async fn tell(&self, event: &event::Model, reach: &Reach) -> Result<Option<(String, String)>, AppError> {
        let mine = event.unit_path.as_ref().is_some_and(|path| reach.covers(path))
            && self.subject.is_none_or(|subject| subject == event.subject_id)
            && self.types.choose(&event.kind);
        if !mine {
            return Ok(None);
        }
        let data = serde_json::to_string(&EventOut::from(event))
            .map_err(|error| AppError::new(Code::Internal).because(error))?;
        Ok(Some((event.kind.clone(), data)))
    }
}
