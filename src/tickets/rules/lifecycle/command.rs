//! What somebody wants to do to a ticket, and in which states that is taken: the whole table.

use crate::sla::rules::calendar::Limit;
use chrono::{DateTime, Utc};
use entity::id::{ProceedingId, StaffId, TicketId, UnitId};
use entity::kind::{RedirectLine, RejectReason, TicketResult, TicketState};

/// What the requester says of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rating {
    /// Whether the unit got in touch.
    pub contacted: bool,
    /// Whether the matter is solved.
    pub solved: bool,
    /// 5 very satisfied … 1 very dissatisfied (好差评).
    pub satisfied: u8,
}

impl Rating {
    /// Unsolved, or dissatisfied (2 and below): the matter is taken up again.
    #[must_use]
    pub fn asks_for_rework(self) -> bool {
        !self.solved || self.satisfied <= 2
    }
}

/// How long a clock runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// As the policy says.
    Policy,
    /// By a limit of its own.
    Limit(Limit),
    /// Until an instant.
    Until(DateTime<Utc>),
}

/// A unit, and perhaps a person there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The unit.
    pub unit: UnitId,
    /// The person.
    pub person: Option<StaffId>,
}

/// What somebody wants to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Answer while the caller is on the line (即答).
    AnswerNow,
    /// Not accept, with the channel that is right told to the caller.
    Reject(RejectReason),
    /// Appeal against the refusal, once (申诉).
    Appeal,
    /// Pass the call on to another line.
    Redirect(RedirectLine),
    /// Accept.
    Accept,
    /// Give to a unit (派单).
    Dispatch(Place),
    /// Leave to the dispatchers: nothing could place it.
    Pool,
    /// Sign for (签收).
    Sign,
    /// Give to another person of the unit.
    Assign(StaffId),
    /// Give to another unit without a return (改派).
    Reassign(Place),
    /// Ask to give it back (退单).
    RequestReturn(ProceedingId),
    /// Agree to a return; with a place, it goes there at once.
    ApproveReturn(Option<Place>),
    /// Not agree: the unit keeps it, and may not ask again.
    RefuseReturn,
    /// Record that the requester was contacted (先行联系), or was not reached.
    FirstContact {
        /// Whether somebody answered.
        reached: bool,
    },
    /// Add a note.
    Note,
    /// Add what the requester says.
    Supplement,
    /// Say what was taken down wrong (更正).
    Correct,
    /// Press for an answer, in one tap (催办).
    Urge,
    /// Ask for more time, so many of the clock's unit (延期).
    RequestExtension {
        /// Key.
        id: ProceedingId,
        /// How many.
        amount: u32,
    },
    /// Give more time.
    GrantExtension {
        /// How many of the clock's unit, as was asked.
        amount: u32,
    },
    /// Give no more time.
    RefuseExtension,
    /// Let it rest until a day of review (挂起).
    Suspend {
        /// Key.
        id: ProceedingId,
        /// When it goes on by itself.
        review: DateTime<Utc>,
    },
    /// Go on with it.
    Resume,
    /// Ask another unit to do a part (会办).
    CoHandle {
        /// Key.
        id: ProceedingId,
        /// The other unit.
        unit: UnitId,
        /// By when.
        span: Span,
    },
    /// Call in a department (吹哨).
    Whistle {
        /// Key.
        id: ProceedingId,
        /// The department.
        unit: UnitId,
    },
    /// The part is done.
    FinishTask(ProceedingId),
    /// The part is not needed any more.
    WaiveTask(ProceedingId),
    /// Make it a hard case with milestones, each until an instant (疑难件).
    SetPlan(Vec<(ProceedingId, DateTime<Utc>)>),
    /// A milestone was reached.
    ReachMilestone(ProceedingId),
    /// Supervise (督办).
    Supervise {
        /// Key.
        id: ProceedingId,
        /// By when the unit must answer.
        span: Span,
    },
    /// Answer the supervisor.
    AnswerSupervision,
    /// End the supervision.
    CloseSupervision,
    /// Treat it as one with another ticket (并单).
    Merge {
        /// The other.
        into: TicketId,
        /// Whether the other is itself merged into a third.
        other_merged: bool,
        /// Whether the other's state takes further tickets.
        other_open: bool,
    },
    /// Treat it alone again (拆单).
    Unmerge,
    /// What was approved for the ticket into which this one was merged holds for it, too.
    Follow {
        /// Who had that one.
        place: Place,
        /// Who replied there.
        by: Option<StaffId>,
        /// With which result.
        result: TicketResult,
    },
    /// Reply with a result.
    Reply(TicketResult),
    /// Approve the reply.
    Approve,
    /// Send the reply back.
    SendBack,
    /// A call-back that reached nobody.
    MissCallback,
    /// The requester's answer, by whatever way.
    Rate(Rating),
    /// Nobody answered the call-back in time.
    Lapse,
    /// Take up again what was closed (重新办理).
    Reopen,
    /// Take it back.
    Withdraw,
    /// Put it away for good (归档).
    Archive,
}

macro_rules! kinds {
    ($($name:ident $word:literal $pattern:pat),+ $(,)?) => {
        /// Commands without what they carry.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum CommandKind {
            $(#[doc = $word] $name,)+
        }

        impl CommandKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The word, as in `POST /tickets/{id}/actions` where it can be asked for.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word),+ }
            }
        }

        impl Command {
            /// The command's kind.
            #[must_use]
            pub fn kind(&self) -> CommandKind {
                match self { $($pattern => CommandKind::$name),+ }
            }
        }
    };
}

kinds! {
    AnswerNow "answer_now" Self::AnswerNow,
    Reject "reject" Self::Reject(_),
    Appeal "appeal" Self::Appeal,
    Redirect "redirect" Self::Redirect(_),
    Accept "accept" Self::Accept,
    Dispatch "dispatch" Self::Dispatch(_),
    Pool "pool" Self::Pool,
    Sign "sign" Self::Sign,
    Assign "assign" Self::Assign(_),
    Reassign "reassign" Self::Reassign(_),
    RequestReturn "request_return" Self::RequestReturn(_),
    ApproveReturn "approve_return" Self::ApproveReturn(_),
    RefuseReturn "refuse_return" Self::RefuseReturn,
    FirstContact "first_contact" Self::FirstContact { .. },
    Note "note" Self::Note,
    Supplement "supplement" Self::Supplement,
    Correct "correct" Self::Correct,
    Urge "urge" Self::Urge,
    RequestExtension "request_extension" Self::RequestExtension { .. },
    GrantExtension "grant_extension" Self::GrantExtension { .. },
    RefuseExtension "refuse_extension" Self::RefuseExtension,
    Suspend "suspend" Self::Suspend { .. },
    Resume "resume" Self::Resume,
    CoHandle "co_handle" Self::CoHandle { .. },
    Whistle "whistle" Self::Whistle { .. },
    FinishTask "finish_task" Self::FinishTask(_),
    WaiveTask "waive_task" Self::WaiveTask(_),
    SetPlan "set_plan" Self::SetPlan(_),
    ReachMilestone "reach_milestone" Self::ReachMilestone(_),
    Supervise "supervise" Self::Supervise { .. },
    AnswerSupervision "answer_supervision" Self::AnswerSupervision,
    CloseSupervision "close_supervision" Self::CloseSupervision,
    Merge "merge" Self::Merge { .. },
    Unmerge "unmerge" Self::Unmerge,
    Follow "follow" Self::Follow { .. },
    Reply "reply" Self::Reply(_),
    Approve "approve" Self::Approve,
    SendBack "send_back" Self::SendBack,
    CallBack "call_back" Self::MissCallback | Self::Rate(_),
    Lapse "lapse" Self::Lapse,
    Reopen "reopen" Self::Reopen,
    Withdraw "withdraw" Self::Withdraw,
    Archive "archive" Self::Archive,
}

/// Which commands a state takes: the whole table.
#[must_use]
pub fn allowed(state: TicketState) -> &'static [CommandKind] {
    match state {
        TicketState::Registered => REGISTERED,
        TicketState::PendingDispatch => PENDING_DISPATCH,
        TicketState::Dispatched => DISPATCHED,
        TicketState::InProgress => IN_PROGRESS,
        TicketState::ReturnReview => RETURN_REVIEW,
        TicketState::Suspended => SUSPENDED,
        TicketState::ReplyReview => REPLY_REVIEW,
        TicketState::Callback => CALLBACK,
        // An answer given on the line, or one that nobody rated in time, can still be rated.
        TicketState::Closed => CLOSED,
        TicketState::Rejected => &[C::Appeal, C::Archive],
        TicketState::Merged => &[
            C::Unmerge,
            C::Follow,
            C::Note,
            C::Supplement,
            C::Urge,
            C::AnswerSupervision,
            C::CloseSupervision,
            C::Withdraw,
        ],
        TicketState::Redirected | TicketState::Withdrawn => &[C::Archive],
        TicketState::Archived => &[],
    }
}

use CommandKind as C;

const REGISTERED: &[C] = &[
    C::AnswerNow,
    C::Reject,
    C::Redirect,
    C::Accept,
    C::Correct,
    C::Note,
    C::Supplement,
    C::Urge,
    C::Merge,
    C::Withdraw,
];

const PENDING_DISPATCH: &[C] = &[
    C::Dispatch,
    C::Pool,
    C::Correct,
    C::Note,
    C::Supplement,
    C::Urge,
    C::FinishTask,
    C::WaiveTask,
    C::Supervise,
    C::AnswerSupervision,
    C::CloseSupervision,
    C::Merge,
    C::Withdraw,
];

const DISPATCHED: &[C] = &[
    C::Sign,
    C::Assign,
    C::Reassign,
    C::RequestReturn,
    C::Note,
    C::Supplement,
    C::Urge,
    C::FinishTask,
    C::WaiveTask,
    C::Supervise,
    C::AnswerSupervision,
    C::CloseSupervision,
    C::Merge,
    C::Withdraw,
];

const IN_PROGRESS: &[C] = &[
    C::FirstContact,
    C::Assign,
    C::Reassign,
    C::RequestReturn,
    C::Note,
    C::Supplement,
    C::Urge,
    C::RequestExtension,
    C::GrantExtension,
    C::RefuseExtension,
    C::Suspend,
    C::CoHandle,
    C::Whistle,
    C::FinishTask,
    C::WaiveTask,
    C::SetPlan,
    C::ReachMilestone,
    C::Supervise,
    C::AnswerSupervision,
    C::CloseSupervision,
    C::Merge,
    C::Reply,
    C::Withdraw,
];

const RETURN_REVIEW: &[C] = &[
    C::ApproveReturn,
    C::RefuseReturn,
    C::FirstContact,
    C::Note,
    C::Supplement,
    C::Urge,
    C::FinishTask,
    C::WaiveTask,
    C::Supervise,
    C::AnswerSupervision,
    C::CloseSupervision,
    C::Withdraw,
];

const SUSPENDED: &[C] = &[
    C::Resume,
    C::FirstContact,
    C::Note,
    C::Supplement,
    C::Urge,
    C::FinishTask,
    C::WaiveTask,
    C::ReachMilestone,
    C::Supervise,
    C::AnswerSupervision,
    C::CloseSupervision,
    C::Withdraw,
];

const REPLY_REVIEW: &[C] = &[
    C::ReachMilestone,
    C::Reject,
    C::Approve,
    C::SendBack,
    C::Note,
    C::Supplement,
    C::Urge,
    C::Supervise,
    C::AnswerSupervision,
    C::CloseSupervision,
];

const CALLBACK: &[C] = &[
    C::CallBack,
    C::Lapse,
    C::Note,
    C::Supplement,
    C::AnswerSupervision,
    C::CloseSupervision,
];

const CLOSED: &[C] = &[
    C::CallBack,
    C::Reopen,
    C::AnswerSupervision,
    C::CloseSupervision,
    C::Archive,
];
