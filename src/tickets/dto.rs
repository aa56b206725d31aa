//! Wire shapes of tickets.

mod access;
mod action;
mod bulk;
mod deadline;
mod figures;
mod input;
mod output;
mod way;
mod workload;

pub use access::{AccessOut, AccessQuery};
pub use action::{ActionIn, LimitIn, MilestoneIn, RatingIn, Reason};
pub use bulk::{BulkIn, BulkOut, BulkTicket, OutcomeOut};
pub use deadline::{TicketDeadlineOut, TicketDeadlinesOut};
pub use figures::{By, DaySpan, DeskOut, DeskUnitOut, FigureRow, FiguresOut, FiguresQuery, LampsOut};
pub use input::{CallerIn, ContactIn, LookupIn, RegisterIn, SimilarIn, TicketFilters, TicketsQuery};
pub use output::{
    AttachmentOut, CallbackOut, CallerOut, ClockOut, EntryOut, LookupOut, ProceedingOut, QueueOut, QueuesOut,
    ReceiptOut, RegisteredOut, RequesterOut, RevealedRequesterOut, SimilarOut, TicketOut, TicketRow,
    VerificationOut, WorkSlipOut,
};
pub use way::{HandOut, HandsOut, PrecedentOut, PrecedentsOut};
pub use workload::{StateCount, WorkloadOut, WorkloadQuery};
