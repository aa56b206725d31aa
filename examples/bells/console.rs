//! The console that webhooks come to: the first message of a call is the first time that anybody outside hears of it.

use actix_web::{App, HttpResponse, HttpServer, web};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

type Heard = Arc<Mutex<HashMap<String, Instant>>>;

/// A console.
pub struct Console {
    heard: Heard,
    /// Where it listens.
    pub url: String,
}

impl Console {
    /// Starts it on a free port.
    pub fn start() -> anyhow::Result<Self> {
        let heard = Heard::default();
        let state = web::Data::from(Arc::clone(&heard));
        let server =
            HttpServer::new(move || App::new().app_data(state.clone()).default_service(web::to(take)));
        let server = server.workers(1).disable_signals().bind("127.0.0.1:0")?;
        let address = server.addrs().into_iter().next();
        let address = address.ok_or_else(|| anyhow::anyhow!("no address"))?;
        tokio::spawn(server.run());
        Ok(Self {
            heard,
            url: format!("http://{address}/console"),
        })
    }

    /// When each call was first heard of.
    pub fn heard(&self) -> HashMap<String, Instant> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn take(heard: web::Data<Mutex<HashMap<String, Instant>>>, body: web::Json<Value>) -> HttpResponse {
    let now = Instant::now();
    if let Some(call) = body["data"]["call_id"].as_str() {
        let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.entry(call.to_owned()).or_insert(now);
    }
    HttpResponse::Ok().finish()
}
