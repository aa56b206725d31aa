//! `/api/v1/callbell`.

mod devices;
pub(super) mod homes;
mod ladders;

use super::{alarms, around, calls, figures, ingest};
use utoipa_actix_web::service_config::ServiceConfig;

/// Routes of this slice.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .configure(ingest::http::routes)
        .configure(calls::http::routes)
        .configure(alarms::http::routes)
        .configure(around::http::routes)
        .configure(figures::http::routes)
        .configure(homes::routes)
        .configure(devices::routes)
        .configure(ladders::routes);
}
