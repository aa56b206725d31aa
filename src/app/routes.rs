//! Every slice's routes and jobs, in reading order.

use super::probes;
use crate::orgs;
use crate::platform::jobs::Job;
use crate::reference::Desk;
use crate::residents;
use utoipa_actix_web::service_config::ServiceConfig;

/// Routes under `/api/v1`, and the probes beside them.
pub fn all(config: &mut ServiceConfig<'_>) {
    config
        .configure(probes::routes)
        .service(utoipa_actix_web::scope("/api/v1").configure(slices));
}

fn slices(config: &mut ServiceConfig<'_>) {
    config.configure(orgs::routes);
    config.configure(residents::routes);
}

/// The slices' jobs.
pub fn jobs(_desk: &Desk) -> Vec<Job> {
    Vec::new()
}
