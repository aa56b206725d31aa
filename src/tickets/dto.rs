//! Wire shapes of tickets.

mod action;
mod deadline;
mod input;
mod output;

pub use action::{ActionIn, RatingIn, Reason};
pub use deadline::{TicketDeadlineOut, TicketDeadlinesOut};
pub use input::{CallerIn, ContactIn, RegisterIn, SimilarIn, TicketsQuery};
pub use output::{
    AttachmentOut, CallbackOut, CallerOut, ClockOut, EntryOut, QueueOut, QueuesOut, ReceiptOut,
    RegisteredOut, RequesterOut, RevealOut, SimilarOut, TicketOut, TicketRow, VerificationOut,
};
