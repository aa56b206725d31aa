//! Somebody else's server, as far as we talk to it: it keeps what it got and answers as it is told.

use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

/// What came in.
#[derive(Clone, Debug)]
pub struct Got {
    pub path: String,
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

/// A server on a free port.
#[derive(Clone)]
pub struct Receiver {
    pub base: String,
    got: Arc<Mutex<Vec<Got>>>,
    answers: Arc<AtomicU16>,
    hangs: Arc<AtomicBool>,
    handle: ServerHandle,
}

impl Receiver {
    pub fn start() -> Self {
        let got: Arc<Mutex<Vec<Got>>> = Arc::default();
        let answers = Arc::new(AtomicU16::new(200));
        let hangs = Arc::new(AtomicBool::new(false));
        let state = (Arc::clone(&got), Arc::clone(&answers), Arc::clone(&hangs));
        let server = HttpServer::new(move || {
            App::new()
                .app_data(web::Data::new(state.clone()))
                .default_service(web::to(take))
        });
        let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Self {
            base,
            got,
            answers,
            hangs,
            handle,
        }
    }

    /// Answers with this status from now on.
    pub fn answers(&self, status: u16) {
        self.answers.store(status, Ordering::SeqCst);
    }

    /// Takes what comes, and never answers.
    pub fn hangs(&self) {
        self.hangs.store(true, Ordering::SeqCst);
    }

    /// What it got so far.
    pub fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    pub async fn stop(self) {
        self.handle.stop(false).await;
    }
}

type State = (Arc<Mutex<Vec<Got>>>, Arc<AtomicU16>, Arc<AtomicBool>);

async fn take(state: web::Data<State>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let headers = request.headers().iter();
    let text = |value: &actix_web::http::header::HeaderValue| value.to_str().unwrap().to_owned();
    state.0.lock().unwrap().push(Got {
        path: request.path().to_owned(),
        headers: headers
            .map(|(name, value)| (name.to_string(), text(value)))
            .collect(),
        body: body.to_vec(),
    });
    if state.2.load(Ordering::SeqCst) {
        std::future::pending::<()>().await;
    }
    let status = StatusCode::from_u16(state.1.load(Ordering::SeqCst)).unwrap();
    HttpResponse::build(status).finish()
}
