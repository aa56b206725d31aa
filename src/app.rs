//! The composition root: configuration → tools → routes → server. Tests build the very same application.

mod document;
mod probes;
mod routes;

use crate::access::{permit, tokens};
use crate::callbell::ingest::Ingest;
use crate::ledger::tail::Tail;
use crate::platform::clock::Clock;
use crate::platform::config::Config;
use crate::platform::error::AppError;
use crate::platform::http::deprecation::Deprecations;
use crate::platform::http::method::Methods;
use crate::platform::http::request;
use crate::platform::jobs::{Job, Pass};
use crate::platform::kit::Kit;
use crate::reference::Desk;
use crate::{ledger, open311, platform};
use actix_cors::Cors;
use actix_web::dev::{Server, Service};
use actix_web::middleware::{Compress, from_fn};
use actix_web::web::{self, Data};
use actix_web::{App as Actix, HttpServer};
pub use document::document;
use futures_util::future::{Either, ready};
use futures_util::{FutureExt, TryFutureExt};
use std::net::TcpListener;
use std::time::Duration;
use utoipa_actix_web::AppExt;
use utoipa_swagger_ui::{Config as UiConfig, SwaggerUi};

/// A built application.
#[derive(Clone)]
pub struct App {
    /// The tools and the reference data.
    pub desk: Desk,
    /// Where devices are heard.
    pub ingest: Ingest,
    /// Where all who listen hear of events.
    pub tail: Tail,
}

impl App {
    /// Opens the database and everything else, loads keys and reference data.
    ///
    /// # Errors
    /// Says which part could not be opened.
    pub async fn open(config: Config, clock: Clock, migrate: bool) -> anyhow::Result<Self> {
        // One provider of TLS for all clients; a second call finds it installed.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        platform::telemetry::metrics_handle();
        let kit = Kit::open(config, clock, migrate).await?;
        if let Some(at) = ledger::events::last_at(kit.db.read()).await? {
            kit.clock.not_before(at);
        }
        tokens::load_keys(&kit).await?;
        let desk = Desk::new(kit);
        desk.reference().await?;
        Ok(Self {
            desk,
            ingest: Ingest::default(),
            tail: Tail::default(),
        })
    }

    /// The tools.
    #[must_use]
    pub fn kit(&self) -> &Kit {
        &self.desk.kit
    }

    /// Background work, lowest first: what one job writes, the next may find in the same round. Instances on one
    /// PostgreSQL keep their clocks in step with it, unless theirs was turned on purpose.
    ///
    /// # Errors
    /// When a part of the configuration can't be read.
    pub fn jobs(&self, follow_database: bool) -> anyhow::Result<Vec<Job>> {
        let kit = self.kit().clone();
        let desk = self.desk.clone();
        let mut jobs = vec![
            Job::new("reference", Duration::from_secs(1), move || {
                let desk = desk.clone();
                async move { desk.refresh().await }.boxed()
            }),
            // Consoles wait for it: nobody else's work stands before it.
            Job::new("events", Duration::from_secs(1), move || {
                let db = kit.db.reserved();
                async move { ledger::events::sequence(&db).await }.boxed()
            }),
        ];
        if follow_database && !self.kit().db.is_sqlite() {
            jobs.push(clock_job(self.kit().clone()));
        }
        jobs.extend(routes::jobs(&self.desk)?);
        Ok(jobs)
    }

    /// Serves HTTP on a bound listener until the server is stopped.
    ///
    /// # Errors
    /// When the listener can't be used.
    pub fn serve(&self, listener: TcpListener) -> std::io::Result<Server> {
        let settings = self.kit().config.server.clone();
        let app = self.clone();
        let paths = &document().paths;
        let methods = Methods::new(paths);
        let deprecations = Deprecations::new(document::DEPRECATED, paths);
        let server = HttpServer::new(move || {
            let (methods, named) = (methods.clone(), methods.clone());
            let deprecations = deprecations.clone();
            let app = app.for_worker();
            let (routed, _) = Actix::new()
                .into_utoipa_app()
                .app_data(Data::new(app.kit().clone()))
                .app_data(Data::new(app.desk.clone()))
                .app_data(Data::new(app.ingest.clone()))
                .app_data(Data::new(app.tail.clone()))
                .configure(routes::all)
                .split_for_parts();
            routed
                .app_data(web::PathConfig::default().error_handler(|error, _| {
                    AppError::new(platform::error::Code::MalformedPath)
                        .say(error.to_string(), error.to_string())
                        .into()
                }))
                .app_data(web::QueryConfig::default().error_handler(|error, _| {
                    AppError::new(platform::error::Code::MalformedQuery)
                        .say(error.to_string(), error.to_string())
                        .into()
                }))
                .service(
                    SwaggerUi::new("/docs/{_:.*}")
                        .config(
                            UiConfig::default()
                                .try_it_out_enabled(true)
                                .persist_authorization(true),
                        )
                        .url("/openapi.json", document().clone()),
                )
                .service(web::redirect("/docs", "/docs/"))
                .configure(open311::routes)
                .default_service(web::to(move |request: actix_web::HttpRequest| {
                    let refusal = methods.refuse(request.path(), request.method());
                    async move { Err::<web::Bytes, AppError>(refusal) }
                }))
                .wrap_fn(move |request, service| {
                    let deprecations = deprecations.clone();
                    service.call(request).map_ok(move |mut response| {
                        deprecations.tell(&mut response);
                        response
                    })
                })
                .wrap(from_fn(permit::identify))
                .wrap_fn(
                    move |request, service| match named.shadowed(request.path(), request.method()) {
                        Some(refusal) => Either::Left(ready(Ok(request.error_response(refusal)))),
                        None => Either::Right(service.call(request)),
                    },
                )
                .wrap(cors(&app.kit().config.server.cors_origins))
                .wrap(Compress::default())
                .wrap(from_fn(request::surround))
        });
        let server = server
            .workers(settings.workers)
            .max_connections(settings.max_connections)
            // A packed answer goes out in several pieces: without it the last would wait 40 ms for the client's word on the others.
            .tcp_nodelay(true)
            .client_request_timeout(Duration::from_secs(10))
            .keep_alive(Duration::from_secs(30))
            .shutdown_timeout(settings.shutdown_timeout_s)
            .disable_signals()
            .listen(listener)?;
        Ok(server.run())
    }

    /// For a thread that serves requests.
    fn for_worker(&self) -> Self {
        let mut desk = self.desk.clone();
        let config = &desk.kit.config;
        desk.kit.db = desk.kit.db.for_worker(&config.database, config.server.workers);
        Self {
            desk,
            ingest: self.ingest.clone(),
            tail: self.tail.clone(),
        }
    }
}

fn clock_job(kit: Kit) -> Job {
    Job::new("clock", Duration::from_secs(10), move || {
        let kit = kit.clone();
        async move {
            if let Some(now) = kit.db.now().await? {
                kit.clock.follow(now);
            }
            Ok(Pass::Idle)
        }
        .boxed()
    })
    .on_beat_only()
}

fn cors(origins: &[String]) -> Cors {
    let base = Cors::default()
        .allowed_methods(["GET", "POST", "PATCH", "PUT", "DELETE"])
        .allowed_headers([
            "authorization",
            "content-type",
            "if-match",
            "idempotency-key",
            "accept-language",
            "traceparent",
            "x-request-id",
        ])
        .expose_headers([
            "etag",
            "location",
            "x-request-id",
            "retry-after",
            "idempotent-replayed",
            "ratelimit",
            "ratelimit-policy",
            "traceparent",
        ])
        .max_age(3600);
    origins.iter().fold(base, |cors, origin| {
        if origin == "*" {
            cors.allow_any_origin()
        } else {
            cors.allowed_origin(origin)
        }
    })
}
