//! Health and metrics.

use crate::access::{Permit, op};
use crate::platform::error::{AppError, Code};
use crate::platform::http::answer::Answer;
use crate::platform::kit::Kit;
use crate::platform::telemetry;
use actix_web::web::Data;
use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

/// Routes of the service itself.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(get_liveness)
        .service(get_readiness)
        .route("/metrics", web::get().to(metrics));
}

/// How the service is.
#[derive(Debug, Serialize, ToSchema)]
struct Health {
    /// `ok`.
    #[schema(example = "ok")]
    status: &'static str,
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

async fn metrics(kit: Data<Kit>) -> Result<HttpResponse, AppError> {
    let handle = telemetry::metrics_handle().filter(|_| kit.config.server.metrics);
    let handle = handle.ok_or_else(|| AppError::new(Code::NotFound))?;
    Ok(HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4")
        .body(handle.render()))
}
