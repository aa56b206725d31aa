//! Health and metrics.

use crate::access::{Permit, op};
use crate::callbell;
use crate::platform::error::{AppError, Code};
use crate::platform::http::answer::Answer;
use crate::platform::kit::Kit;
use crate::platform::telemetry;
use crate::reference::Desk;
use actix_web::web::Data;
use actix_web::{HttpResponse, get, web};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

/// Routes of the service itself.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(get_liveness)
        .service(get_readiness)
        .service(get_engine_health)
        .route("/metrics", web::get().to(metrics));
}

/// How the service is.
#[derive(Debug, Serialize, ToSchema)]
struct Health {
    /// `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

/// How the engine of emergency calls is.
#[derive(Debug, Serialize, ToSchema)]
struct EngineHealth {
    /// `ok`.
    #[schema(example = "ok")]
    status: &'static str,
    /// When the last sweep of their timers ended.
    swept_at: Option<DateTime<Utc>>,
}

/// The process answers.
#[utoipa::path(tag = "service", responses((status = 200, body = Health)))]
#[get("/health/live")]
async fn get_liveness(_permit: Permit<op::GetLiveness>) -> Result<Answer<Health>, AppError> {
    Answer::ok(&Health { status: "ok" })
}

/// The database answers, and this process can serve requests.
#[utoipa::path(tag = "service", responses((status = 200, body = Health)))]
#[get("/health/ready")]
async fn get_readiness(
    _permit: Permit<op::GetReadiness>,
    kit: Data<Kit>,
) -> Result<Answer<Health>, AppError> {
    kit.db.ping().await?;
    Answer::ok(&Health { status: "ok" })
}

/// Emergency calls go on in this process: the last sweep of their timers ended no more than ten seconds ago.
#[utoipa::path(tag = "service", responses((status = 200, body = EngineHealth)))]
#[get("/health/engine")]
async fn get_engine_health(
    _permit: Permit<op::GetEngineHealth>,
    desk: Data<Desk>,
) -> Result<Answer<EngineHealth>, AppError> {
    let swept_at = callbell::swept_at(&desk.kit);
    if !callbell::goes_on(&desk.kit) {
        return Err(AppError::new(Code::Unavailable).say(
            "本进程的呼叫引擎未在运行",
            "The sweep of emergency calls does not go on in this process",
        ));
    }
    Answer::ok(&EngineHealth {
        status: "ok",
        swept_at,
    })
}

async fn metrics(kit: Data<Kit>) -> Result<HttpResponse, AppError> {
    let handle = telemetry::metrics_handle().filter(|_| kit.config.server.metrics);
    let handle = handle.ok_or_else(|| AppError::new(Code::NotFound))?;
    Ok(HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4")
        .body(handle.render()))
}
