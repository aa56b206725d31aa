//! Which states are the end of a ticket's way.

use entity::kind::TicketState;

/// Whether somebody still has to do with it: it is neither done nor treated with another. Every state is named: a new
/// one must say which it is.
#[must_use]
pub fn is_open(state: TicketState) -> bool {
    use TicketState as S;
    match state {
        S::Registered
        | S::PendingDispatch
        | S::Dispatched
        | S::InProgress
        | S::ReturnReview
        | S::Suspended
        | S::ReplyReview
        | S::Callback => true,
        S::Rejected | S::Redirected | S::Closed | S::Withdrawn | S::Merged | S::Archived => false,
    }
}

/// States that are not open.
pub fn over() -> impl Iterator<Item = TicketState> {
    let states = TicketState::ALL.iter().copied();
    states.filter(|state| !is_open(*state))
}
