//! A receiver of webhooks: what is sent to `/slow` has its answer after five seconds, all else at once.

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// An event that came to `/quick`.
#[derive(Clone)]
pub struct Got {
    pub id: String,
    pub position: i64,
    pub timestamp: DateTime<Utc>,
    pub received: DateTime<Utc>,
}

type All = Arc<Mutex<Vec<Got>>>;

/// A server on a free port.
pub struct Sink {
    pub base: String,
    got: All,
}

impl Sink {
    pub fn start() -> anyhow::Result<Self> {
        let got = All::default();
        let state = Arc::clone(&got);
        let server = HttpServer::new(move || {
            App::new()
                .app_data(web::Data::new(Arc::clone(&state)))
                .default_service(web::to(take))
        });
        let server = server.workers(1).disable_signals().bind("127.0.0.1:0")?;
        let base = format!("http://{}", server.addrs()[0]);
        tokio::spawn(server.run());
        Ok(Self { base, got })
    }

    pub fn forget(&self) {
        self.got.lock().unwrap().clear();
    }

    pub fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    /// How many came, once none came for so long.
    pub async fn until_quiet(&self, quiet: Duration) -> usize {
        let (mut count, mut since) = (self.got.lock().unwrap().len(), Instant::now());
        while since.elapsed() < quiet {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let now = self.got.lock().unwrap().len();
            if now != count {
                (count, since) = (now, Instant::now());
            }
        }
        count
    }
}

async fn take(state: web::Data<All>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let received = Utc::now();
    if request.path() == "/slow" {
        tokio::time::sleep(Duration::from_secs(5)).await;
        return HttpResponse::Ok().finish();
    }
    let Ok(event) = serde_json::from_slice::<Value>(&body) else {
        return HttpResponse::BadRequest().finish();
    };
    let (Some(id), Some(Ok(timestamp))) = (event["id"].as_str(), event["timestamp"].as_str().map(str::parse))
    else {
        return HttpResponse::BadRequest().finish();
    };
    state.lock().unwrap().push(Got {
        id: id.to_owned(),
        position: event["position"].as_i64().unwrap_or(0),
        timestamp,
        received,
    });
    HttpResponse::Ok().finish()
}
