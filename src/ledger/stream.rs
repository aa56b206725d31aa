//! The event log as server-sent events (HTML Living Standard §9.2): one event after the other from a position on, and a sign
//! of life while nothing happens. Who comes back with the last id it saw misses nothing.

use super::tail::Tail;
use crate::access::Reach;
use crate::access::permit::{self, Caller};
use crate::platform::error::{AppError, Rule};
use crate::platform::kit::Kit;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use entity::event;
use futures_util::stream;
use std::future::Future;
use std::time::{Duration, Instant};

/// Events that are read at a time.
const BATCH: usize = 200;
/// How long the stream waits for something new, unless a commit of this process wakes it.
const LOOK_EVERY: Duration = Duration::from_millis(300);
/// After so many looks without anything new a line says that the stream is alive: 15 s.
const ALIVE_AFTER: u32 = 50;

/// After so long it is asked anew who listens: a log-in that has ended, or a role that was taken away, ends the stream.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// What somebody who listens is told of an event.
pub trait Listener: 'static {
    /// The event's name and its data, on one line; none where it is not for them, who reach so far.
    fn tell(
        &self,
        event: &event::Model,
        reach: &Reach,
    ) -> impl Future<Output = Result<Option<(String, String)>, AppError>>;
}

/// Who listens, and from where on.
#[derive(Debug)]
pub struct Listening {
    /// Who.
    pub caller: Caller,
    token: Option<String>,
    after: Option<i64>,
    once: bool,
}

impl Listening {
    /// As a request says it: `Last-Event-ID`, else from now on. `once`: only what there is.
    ///
    /// # Errors
    /// `InvalidInput` when the id is no number.
    pub fn of(caller: Caller, request: &HttpRequest, once: bool) -> Result<Self, AppError> {
        let after = request.headers().get("Last-Event-ID").map(|value| {
            let number = value.to_str().ok().and_then(|text| text.parse::<i64>().ok());
            number
                .filter(|position| *position >= 0)
                .ok_or_else(|| AppError::field("#Last-Event-ID", Rule::Type("integer")))
        });
        Ok(Self {
            caller,
            token: permit::bearer(request)?,
            after: after.transpose()?,
            once,
        })
    }
}

/// The answer that goes on.
///
/// # Errors
/// When the database does not answer.
pub async fn listen(
    kit: Kit,
    tail: Tail,
    listening: Listening,
    listener: impl Listener,
) -> Result<HttpResponse, AppError> {
    let position = match listening.after {
        Some(position) => position,
        None => super::events::last_position(kit.db.read()).await?,
    };
    let reader = Reader {
        reach: listening.caller.reach(),
        kit,
        tail,
        listener,
        listening,
        asked: Instant::now(),
        position,
        quiet: 0,
        begun: false,
    };
    let events = stream::try_unfold(reader, |mut reader| async move {
        let bytes = reader.next().await?;
        Ok::<_, AppError>(bytes.map(|bytes| (bytes, reader)))
    });
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(events))
}

struct Reader<L> {
    kit: Kit,
    tail: Tail,
    listener: L,
    listening: Listening,
    reach: Reach,
    asked: Instant,
    position: i64,
    quiet: u32,
    begun: bool,
}

impl<L: Listener> Reader<L> {
    /// What is new, or a sign of life; the end where only what there is was asked for.
    async fn next(&mut self) -> Result<Option<Bytes>, AppError> {
        if !self.begun {
            // At once, so that the client knows that it is connected, and from where it would go on.
            self.begun = true;
            return Ok(Some(Bytes::from(format!("retry: 1000\n{}", self.bare("ready")))));
        }
        loop {
            if self.asked.elapsed() > ASK_AGAIN && !self.ask_again().await? {
                return Ok(None);
            }
            let batch = self.tail.after(&self.kit.db, self.position, BATCH).await?;
            let mut text = String::new();
            for event in &batch {
                self.position = event.position.unwrap_or(self.position);
                if let Some((name, data)) = self.listener.tell(event, &self.reach).await? {
                    text.push_str(&line(self.position, &name, &data));
                }
            }
            if !text.is_empty() {
                self.quiet = 0;
                return Ok(Some(Bytes::from(text)));
            }
            if !batch.is_empty() {
                continue;
            }
            if self.listening.once {
                return Ok(None);
            }
            self.quiet += 1;
            if self.quiet >= ALIVE_AFTER {
                self.quiet = 0;
                return Ok(Some(Bytes::from(self.bare("alive"))));
            }
            self.kit.kick.wait(LOOK_EVERY).await;
        }
    }

    /// Whether who listens still may, and how far.
    async fn ask_again(&mut self) -> Result<bool, AppError> {
        let Some(token) = &self.listening.token else {
            return Ok(false);
        };
        let op = self.listening.caller.op;
        match permit::again(&self.kit, token, op).await {
            Ok(actor) => {
                self.reach = Reach::of(&actor, op);
                self.asked = Instant::now();
                Ok(true)
            }
            Err(error) if error.code().status().is_server_error() => Err(error),
            Err(_) => Ok(false),
        }
    }

    /// Tells nothing but the position, so that who comes back need not read all again that was not for them.
    fn bare(&self, name: &str) -> String {
        line(self.position, name, "{}")
    }
}

fn line(position: i64, name: &str, data: &str) -> String {
    format!("id: {position}\nevent: {name}\ndata: {data}\n\n")
}
