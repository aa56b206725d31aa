//! What was asked for, and what was answered: the list that the database is held against.

use super::choice;
use super::people::People;
use crate::support::{Answer, Chance};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

const TICKETS: &str = "/api/v1/tickets";
/// Tickets at which people work: the newest.
const DESK: usize = 40;
/// Answers that are asked for once more after a restart.
const ASKED_AGAIN: usize = 5;

/// A command as it was sent. Its id goes with it as the request's, and stands in the timeline.
#[derive(Clone)]
pub(super) struct Sent {
    id: String,
    who: &'static str,
    path: String,
    etag: Option<String>,
    body: Value,
}

impl Sent {
    fn word(&self) -> String {
        self.body["action"].as_str().unwrap_or("register").to_owned()
    }
}

/// A command that was answered with success.
pub(super) struct Done {
    sent: Sent,
    ticket: String,
    version: i64,
}

impl Done {
    /// The id, the ticket, and its version after it.
    pub(super) fn facts(&self) -> (&str, &str, i64) {
        (&self.sent.id, &self.ticket, self.version)
    }
}

/// Everything that was asked for.
#[derive(Default)]
pub(super) struct Book {
    pub(super) done: Vec<Done>,
    /// Ids of what was refused.
    pub(super) refused: Vec<String>,
    unanswered: Vec<Sent>,
    tickets: Vec<String>,
    repeated: usize,
    kinds: BTreeMap<String, usize>,
}

impl Book {
    fn note(&mut self, sent: Sent, answer: &Answer) {
        match answer.status {
            200 | 201 => {
                let at = if answer.status == 201 { "/ticket" } else { "" };
                let ticket = answer.text_at(&format!("{at}/id"));
                let version = answer
                    .body
                    .pointer(&format!("{at}/version"))
                    .and_then(Value::as_i64)
                    .unwrap();
                if answer.status == 201 {
                    self.tickets.push(ticket.clone());
                }
                *self.kinds.entry(sent.word()).or_default() += 1;
                self.done.push(Done {
                    sent,
                    ticket,
                    version,
                });
            }
            400..=499 => {
                *self
                    .kinds
                    .entry(format!("refused {}", answer.body["code"]))
                    .or_default() += 1;
                self.refused.push(sent.id);
            }
            _ => panic!("{} {}: {}", sent.who, sent.body, answer.text),
        }
    }

    /// Whether people did what they should have done while it was killed.
    pub(super) fn has_seen_much(&self, kills: u64) {
        let told = format!(
            "{} done, {} asked for again after a kill, {:?}",
            self.done.len(),
            self.repeated,
            self.kinds
        );
        eprintln!("{told}");
        if kills < 20 {
            return;
        }
        assert!(
            self.repeated > 0,
            "no kill met a command that was under way: {told}"
        );
        for word in ["register", "sign", "first_contact", "reply", "approve"] {
            assert!(self.kinds.contains_key(word), "no {word}: {told}");
        }
        let others = self.kinds.keys().filter(|word| !word.starts_with("refused"));
        assert!(others.count() >= 12, "too few kinds of work: {told}");
    }
}

/// The service is not there any more.
struct Dead;

async fn send(people: &People, book: &Mutex<Book>, sent: Sent) -> Result<(), Dead> {
    let mut request = people
        .who(sent.who)
        .request("POST", &sent.path)
        .header("Idempotency-Key", &sent.id)
        .header("X-Request-Id", &sent.id);
    if let Some(etag) = &sent.etag {
        request = request.header("If-Match", etag);
    }
    let client = people.who(sent.who);
    let answer = client.try_send(request.json(&sent.body)).await;
    let mut book = book.lock().unwrap();
    if let Some(answer) = answer {
        book.note(sent, &answer);
        Ok(())
    } else {
        book.unanswered.push(sent);
        Err(Dead)
    }
}

/// Sends again, word for word, what was not answered: whether or not it was written before the end, it is done once.
/// What was answered last is answered as it was.
pub(super) async fn repeat(people: &People, book: &Mutex<Book>) {
    let (unanswered, known): (Vec<Sent>, Vec<(Sent, String, i64)>) = {
        let mut book = book.lock().unwrap();
        let unanswered = std::mem::take(&mut book.unanswered);
        book.repeated += unanswered.len();
        let known = book.done.iter().rev().take(ASKED_AGAIN);
        let known = known.map(|done| (done.sent.clone(), done.ticket.clone(), done.version));
        (unanswered, known.collect())
    };
    for sent in unanswered {
        assert!(send(people, book, sent).await.is_ok(), "nobody kills it now");
    }
    for (sent, ticket, version) in known {
        let (id, again) = (sent.id.clone(), Mutex::new(Book::default()));
        assert!(send(people, &again, sent).await.is_ok(), "nobody kills it now");
        let again = again.into_inner().unwrap();
        let answered = again.done.first().map(Done::facts);
        assert_eq!(
            answered,
            Some((id.as_str(), ticket.as_str(), version)),
            "not as it was answered"
        );
    }
}

/// Works until the service is dead.
pub(super) async fn work(people: Arc<People>, book: Arc<Mutex<Book>>, mut chance: Chance, name: String) {
    for n in 0..10_000 {
        let id = format!("{name}-{n}");
        if step(&people, &book, &mut chance, id).await.is_err() {
            return;
        }
    }
}

async fn step(people: &People, book: &Mutex<Book>, chance: &mut Chance, id: String) -> Result<(), Dead> {
    let known = {
        let book = book.lock().unwrap();
        let newest = &book.tickets[book.tickets.len().saturating_sub(DESK)..];
        (!newest.is_empty() && chance.below(8) > 0).then(|| chance.pick(newest))
    };
    let Some(ticket) = known else {
        let body = choice::request(chance);
        let sent = Sent {
            id,
            who: "operator",
            path: TICKETS.to_owned(),
            etag: None,
            body,
        };
        return send(people, book, sent).await;
    };
    let reader = people.who("supervisor");
    let path = format!("{TICKETS}/{ticket}");
    let seen = reader.try_send(reader.request("GET", &path)).await.ok_or(Dead)?;
    seen.expect(200);
    let Some((who, body)) = choice::next(people, &seen.body, chance) else {
        return Ok(());
    };
    let path = format!("{path}/actions");
    send(
        people,
        book,
        Sent {
            id,
            who,
            path,
            etag: Some(seen.etag()),
            body,
        },
    )
    .await
}
