//! Every slice's routes and jobs, in reading order.

use super::probes;
use crate::platform::jobs::Job;
use crate::reference::Desk;
use crate::{
    admin, attachments, auth, callbell, calls, catalog, clients, duty, events, exports, imports, intake,
    notify, orgs, residents, routing, sla, staff, tickets, webhooks,
};
use utoipa_actix_web::service_config::ServiceConfig;

/// Routes under `/api/v1`, and the probes beside them.
pub fn all(config: &mut ServiceConfig<'_>) {
    config
        .configure(probes::routes)
        .configure(auth::well_known)
        .configure(auth::oauth::routes)
        .configure(auth::authorize::routes)
        .service(utoipa_actix_web::scope("/api/v1").configure(slices));
}

fn slices(config: &mut ServiceConfig<'_>) {
    config.configure(auth::routes);
    config.configure(orgs::routes);
    config.configure(catalog::routes);
    config.configure(intake::routes);
    config.configure(tickets::routes);
    config.configure(exports::routes);
    config.configure(imports::routes);
    config.configure(callbell::routes);
    config.configure(calls::routes);
    config.configure(residents::routes);
    config.configure(notify::routes);
    config.configure(events::routes);
    config.configure(webhooks::routes);
    config.configure(staff::routes);
    config.configure(routing::routes);
    config.configure(sla::routes);
    config.configure(duty::routes);
    config.configure(clients::routes);
    config.configure(admin::routes);
}

/// The slices' jobs.
///
/// # Errors
/// When the mail server's address can't be read.
pub fn jobs(desk: &Desk) -> anyhow::Result<Vec<Job>> {
    let kit = &desk.kit;
    let mut jobs = notify::jobs(kit, notify::Channels::new(kit.clone())?);
    jobs.extend(attachments::jobs(kit));
    jobs.extend(auth::jobs(kit));
    jobs.extend(callbell::jobs(desk));
    jobs.extend(calls::jobs(kit));
    jobs.extend(tickets::jobs(desk));
    jobs.extend(webhooks::jobs(kit));
    jobs.extend(exports::jobs(desk));
    jobs.extend(imports::jobs(desk));
    Ok(jobs)
}
