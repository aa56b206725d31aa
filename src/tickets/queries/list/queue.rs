//! The queues that people work from, as filters.

use super::{LEAD, col, has_due, state_is, still_open};
use crate::access::actor::Actor;
use crate::platform::error::{AppError, Rule};
use chrono::{DateTime, Utc};
use entity::kind::TicketState;
use entity::{assignment, ticket};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, SimpleExpr};

const QUEUES: &str =
    "intake pool unsigned mine unit approval callback overdue returns suspended supervised hard_cases";

/// The queues that people work from.
pub(super) fn ready_made(queue: &str, actor: &Actor, now: DateTime<Utc>) -> Result<SimpleExpr, AppError> {
    use ticket::Column as C;
    let state = state_is;
    let open = still_open;
    let mine = || {
        let me = actor.staff_id().unwrap_or(uuid::Uuid::nil().into());
        Expr::col((Alias::new(LEAD), assignment::Column::StaffId)).eq(me)
    };
    Ok(match queue {
        "intake" => state(TicketState::Registered),
        "pool" => state(TicketState::PendingDispatch),
        "unsigned" => state(TicketState::Dispatched),
        "mine" => col(C::State)
            .is_in([TicketState::Dispatched, TicketState::InProgress])
            .and(mine()),
        "unit" => open().and(Expr::col((Alias::new(LEAD), assignment::Column::UnitId)).is_not_null()),
        "approval" => state(TicketState::ReplyReview),
        "callback" => state(TicketState::Callback),
        "returns" => state(TicketState::ReturnReview),
        "suspended" => state(TicketState::Suspended),
        "supervised" => open().and(Expr::cust("ticket.supervised")),
        "hard_cases" => open().and(Expr::cust("ticket.hard_case")),
        "overdue" => open().and(col(C::NextDueAt).lte(now)).and(has_due()),
        _ => {
            let words = QUEUES.split(' ').map(str::to_owned).collect();
            return Err(AppError::field("?queue", Rule::OneOf(words)));
        }
    })
}
