//! `/api/v1/tickets` and what belongs to it.

mod access;
mod callbacks;
mod desk;
mod files;
mod intake;
mod supervision;
mod way;
mod workload;

use utoipa_actix_web::service_config::ServiceConfig;

/// Routes of this slice.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(intake::identify_caller)
        .service(intake::find_similar)
        .service(intake::register_ticket)
        .service(intake::look_up_ticket)
        .service(way::get_work_slip)
        .service(supervision::get_desk)
        .service(supervision::get_figures)
        .service(supervision::act_in_bulk)
        .service(desk::list_tickets)
        .service(desk::count_queues)
        .service(desk::get_ticket)
        .service(desk::act_on_ticket)
        .service(desk::get_deadlines)
        .service(way::get_hands)
        .service(way::get_precedents)
        .service(access::get_access_log)
        .service(desk::get_receipt)
        .service(desk::verify_ticket)
        .service(desk::reveal_requester)
        .service(files::upload_attachment)
        .service(files::get_attachment)
        .service(callbacks::get_callback)
        .service(callbacks::answer_callback)
        .service(workload::get_workload);
}
