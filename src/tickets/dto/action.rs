//! What can be done to a ticket: one shape an action.

use crate::platform::error::{AppError, Fields, Rule};
use crate::tickets::rules::lifecycle::Rating;
use chrono::NaiveDate;
use entity::id::{AttachmentId, ProceedingId, StaffId, TicketId, UnitId};
use entity::kind::{LimitUnit, RedirectLine, RejectReason, RequestType, ReturnGround, TicketResult, Urgency};
use serde::Deserialize;
use utoipa::ToSchema;

/// Texts of an action at most, in characters.
pub const TEXT_MAX: usize = 4000;

/// An answer to a call-back.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RatingIn {
    /// Whether the unit got in touch.
    pub contacted: bool,
    /// Whether the matter is solved.
    pub solved: bool,
    /// 5 very satisfied, 4 satisfied, 3 rather satisfied, 2 dissatisfied, 1 very dissatisfied (好差评).
    #[schema(minimum = 1, maximum = 5, example = 5)]
    pub satisfied: u8,
    /// In the requester's words.
    pub opinion: Option<String>,
}

impl RatingIn {
    /// Checks the score.
    pub fn parse(&self, fields: &mut Fields) -> Rating {
        if !(1..=5).contains(&self.satisfied) {
            fields.add("/satisfied", Rule::Range("1..5".into()));
        }
        Rating {
            contacted: self.contacted,
            solved: self.solved,
            satisfied: self.satisfied,
        }
    }
}

/// A limit of its own, where the policy's does not fit.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitIn {
    /// How many.
    #[schema(example = 3)]
    pub amount: i32,
    /// Of what.
    pub unit: LimitUnit,
}

/// A stage of a hard case.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MilestoneIn {
    /// What will be reached; the requester reads it.
    #[schema(example = "完成房屋安全鉴定")]
    pub what: String,
    /// By which day.
    pub due_on: NaiveDate,
}

/// A text that says why.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// Fields to show: `name`, `phone`.
    #[schema(example = json!(["phone"]))]
    pub fields: Vec<String>,
    /// Why, in 3 to 200 characters; it is kept with who looked.
    #[schema(example = "核实现场地址")]
    pub reason: String,
}

/// What is to be done, told apart by `action`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum ActionIn {
    /// 即答: answer while the caller is on the line. From `registered`, to `closed`.
    AnswerNow {
        /// The answer, for the requester.
        public_text: String,
        /// For staff.
        internal_text: Option<String>,
    },
    /// 不予受理: not accept. From `registered`, to `rejected`.
    Reject {
        /// Why.
        reason: RejectReason,
        /// The channel that is right, told to the caller.
        channel_told: String,
        /// More for the requester.
        public_text: Option<String>,
    },
    /// 转出: pass the call on. From `registered`, to `redirected`.
    Redirect {
        /// To which line.
        line: RedirectLine,
        /// For staff.
        internal_text: Option<String>,
    },
    /// 受理: accept, with corrections, and route. From `registered`, to `dispatched` or `pending_dispatch`.
    Accept {
        /// Another service.
        category: Option<String>,
        /// Another type.
        request_type: Option<RequestType>,
        /// Another urgency.
        urgency: Option<Urgency>,
    },
    /// 派单: give to a unit. From `pending_dispatch`, to `dispatched`.
    Dispatch {
        /// The unit.
        unit_id: UnitId,
        /// The person there.
        staff_id: Option<StaffId>,
        /// Why there.
        reason: String,
        /// Why although the unit lacks powers that the service needs.
        override_reason: Option<String>,
        /// Another service: what nothing could place is often filed under the wrong one.
        category: Option<String>,
        /// Another type.
        request_type: Option<RequestType>,
        /// Another urgency.
        urgency: Option<Urgency>,
    },
    /// 签收: sign for. From `dispatched`, to `in_progress`.
    Sign {},
    /// 指派: give to another person of the unit.
    Assign {
        /// To whom.
        staff_id: StaffId,
        /// Why.
        reason: Option<String>,
    },
    /// 改派: give to another unit without a return; the clock of the resolution goes on. From `dispatched` or
    /// `in_progress`, to `dispatched`.
    Reassign {
        /// The unit.
        unit_id: UnitId,
        /// The person there.
        staff_id: Option<StaffId>,
        /// Why there.
        reason: String,
        /// Why although the unit lacks powers that the service needs.
        override_reason: Option<String>,
    },
    /// 退单: ask to give it back, within the window and until the third route. From `dispatched` or `in_progress`, to
    /// `return_review`; the clock of the resolution goes on.
    RequestReturn {
        /// The ground.
        ground: ReturnGround,
        /// The law, document or list of duties that says so.
        basis: String,
        /// The unit believed responsible.
        suggested_unit_id: UnitId,
        /// Why, in full.
        reason: String,
    },
    /// 同意退单: agree to a return. To `dispatched` with a unit, else to `pending_dispatch`. Where the next route is the
    /// third, the centre rules and names the unit.
    ApproveReturn {
        /// The unit that gets it.
        unit_id: Option<UnitId>,
        /// The person there.
        staff_id: Option<StaffId>,
        /// The ruling, with its ground.
        reason: String,
        /// Why although the unit lacks powers that the service needs.
        override_reason: Option<String>,
        /// Whether to make it a routing rule for the service in this place.
        #[serde(default)]
        as_rule: bool,
    },
    /// 不同意退单: the unit keeps it and may not ask again. Back to where it was.
    RefuseReturn {
        /// The ruling, with its ground.
        reason: String,
        /// Whether to make it a routing rule for the service in this place: to the unit that keeps it.
        #[serde(default)]
        as_rule: bool,
    },
    /// 申请延期: ask for more time before the clock of the resolution is due.
    RequestExtension {
        /// How much, in the unit of the clock.
        #[schema(example = 3)]
        amount: i32,
        /// Why; the requester reads it once more time is given.
        reason: String,
    },
    /// 同意延期: give more time; one level up decides, never who asked. The requester is told the new day and why.
    GrantExtension {
        /// For staff.
        internal_text: Option<String>,
    },
    /// 不同意延期: give no more time.
    RefuseExtension {
        /// Why not.
        reason: String,
    },
    /// 挂起: let it rest, by the centre alone; it goes on by itself after the day of review. From `in_progress`, to
    /// `suspended`; the clock of the resolution stands still.
    Suspend {
        /// The day of review, at most 30 days from now.
        review_on: NaiveDate,
        /// Why; the requester reads it.
        reason: String,
    },
    /// 恢复办理: go on before the day of review. From `suspended`, to `in_progress`.
    Resume {
        /// Why, for staff.
        reason: Option<String>,
    },
    /// 会办: ask another unit to do a part. A reply waits until it is done or waived.
    CoHandle {
        /// The other unit.
        unit_id: UnitId,
        /// What it is to do.
        what: String,
        /// By when; as the policy says unless given.
        limit: Option<LimitIn>,
    },
    /// 吹哨: call in a department, which answers by a clock of its own.
    Whistle {
        /// The department.
        unit_id: UnitId,
        /// What for.
        what: String,
    },
    /// 会办完成: the unit that was called upon has done its part.
    FinishTask {
        /// Which.
        task_id: ProceedingId,
        /// What was done.
        text: String,
    },
    /// 取消会办: the part is not needed any more.
    WaiveTask {
        /// Which.
        task_id: ProceedingId,
        /// Why not.
        reason: String,
    },
    /// 列为疑难件: a plan of milestones that the requester sees, up to 180 days from the registration; a new plan takes
    /// the place of the old one.
    SetPlan {
        /// One to twelve, in order.
        milestones: Vec<MilestoneIn>,
        /// Why it takes so long; the requester reads it.
        reason: String,
    },
    /// 完成阶段目标: a milestone was reached.
    ReachMilestone {
        /// Which.
        milestone_id: ProceedingId,
        /// What was done; the requester reads it.
        public_text: String,
    },
    /// 督办: supervise; the unit answers by a clock of its own.
    Supervise {
        /// What is demanded.
        reason: String,
        /// By when; as the policy says unless given.
        limit: Option<LimitIn>,
    },
    /// 督办回复: answer the supervisor.
    AnswerSupervision {
        /// The answer.
        text: String,
    },
    /// 督办办结: end the supervision.
    CloseSupervision {
        /// What came of it.
        reason: Option<String>,
    },
    /// 并单: treat it as one with another; the reply there holds for it, and its requester is called back on their own.
    Merge {
        /// The other.
        into: TicketId,
        /// Why they are the same.
        reason: String,
    },
    /// 拆单: treat it alone again, as it was.
    Unmerge {
        /// Why.
        reason: String,
    },
    /// 先行联系: the requester was contacted, or not reached.
    FirstContact {
        /// Whether somebody answered.
        reached: bool,
        /// How: by telephone, at the door.
        by: String,
        /// What was said, for staff.
        internal_text: Option<String>,
    },
    /// 进展: a note for staff, for the requester, or both.
    Note {
        /// For the requester.
        public_text: Option<String>,
        /// For staff.
        internal_text: Option<String>,
        /// Files uploaded before; seen by those who see the text.
        #[serde(default)]
        attachments: Vec<AttachmentId>,
    },
    /// 更正: the requester says what was taken down wrong, before it is dispatched. What it was is kept.
    Correct {
        /// In one line.
        title: Option<String>,
        /// In full.
        content: Option<String>,
        /// What is wanted.
        request_type: Option<RequestType>,
    },
    /// 催办: the requester presses for an answer, in one tap.
    Urge {
        /// In their words.
        text: Option<String>,
    },
    /// 补充: what the requester adds.
    Supplement {
        /// In the requester's words.
        text: String,
        /// Files uploaded before.
        #[serde(default)]
        attachments: Vec<AttachmentId>,
    },
    /// 答复: reply. From `in_progress`, to `reply_review`.
    Reply {
        /// `solved`, `explained`, `partly` or `unsolved`.
        result: TicketResult,
        /// Why not, where it is unsolved.
        unsolved_reason: Option<String>,
        /// For the requester.
        public_text: String,
        /// For staff.
        internal_text: Option<String>,
        /// Evidence uploaded before.
        #[serde(default)]
        attachments: Vec<AttachmentId>,
    },
    /// 审核通过: approve the reply; never by who replied. From `reply_review`, to `callback`.
    Approve {
        /// For staff.
        internal_text: Option<String>,
    },
    /// 退回: send the reply back. From `reply_review`, to `in_progress`.
    SendBack {
        /// Why, for staff.
        reason: String,
    },
    /// 回访: what a call-back by telephone brought. From `callback`, to `closed` or `in_progress` (rework).
    CallBack {
        /// Whether somebody answered; if not, no rating.
        reached: bool,
        /// What they said.
        rating: Option<RatingIn>,
    },
    /// 评价: the requester's own rating, once a round.
    Rate {
        /// What they say.
        rating: RatingIn,
    },
    /// 申诉: appeal against a refusal, once; somebody else decides. From `rejected`, to `registered`.
    Appeal {
        /// Why.
        reason: String,
    },
    /// 重新办理: take up again what was closed, within the days that the service allows. From `closed`, to `in_progress`.
    Reopen {
        /// Why.
        reason: String,
    },
    /// 撤单: the requester takes it back.
    Withdraw {
        /// Why.
        reason: String,
    },
}

impl LimitIn {
    fn check(self, pointer: &str, fields: &mut Fields) {
        let most = self.unit.most();
        if !(1..=most).contains(&self.amount) {
            fields.add(format!("{pointer}/amount"), Rule::Range(format!("1..{most}")));
        }
    }
}

/// Milestones of a plan at most.
const MILESTONES: usize = 12;

impl ActionIn {
    /// Checks texts; every mistake at once.
    ///
    /// # Errors
    /// `InvalidInput`.
    pub fn check(&self) -> Result<(), AppError> {
        let mut fields = Fields::default();
        let mut need = |pointer: &str, text: &str, max| {
            fields.text(pointer, text, max);
        };
        match self {
            Self::AnswerNow { public_text, .. } => need("/public_text", public_text, TEXT_MAX),
            Self::Reject { channel_told, .. } => need("/channel_told", channel_told, 200),
            Self::Dispatch { reason, .. } => need("/reason", reason, 500),
            Self::FirstContact { by, .. } => need("/by", by, 100),
            Self::Supplement { text, .. } => need("/text", text, TEXT_MAX),
            Self::Reply { public_text, .. } => need("/public_text", public_text, TEXT_MAX),
            Self::SendBack { reason }
            | Self::Withdraw { reason }
            | Self::Appeal { reason }
            | Self::Reopen { reason }
            | Self::Reassign { reason, .. }
            | Self::ApproveReturn { reason, .. }
            | Self::RefuseReturn { reason, .. }
            | Self::RequestExtension { reason, .. }
            | Self::RefuseExtension { reason }
            | Self::Suspend { reason, .. }
            | Self::WaiveTask { reason, .. }
            | Self::SetPlan { reason, .. }
            | Self::Supervise { reason, .. }
            | Self::Merge { reason, .. }
            | Self::Unmerge { reason } => need("/reason", reason, 500),
            Self::RequestReturn { basis, reason, .. } => {
                need("/basis", basis, 500);
                need("/reason", reason, 500);
            }
            Self::CoHandle { what, .. } | Self::Whistle { what, .. } => need("/what", what, 1000),
            Self::FinishTask { text, .. } | Self::AnswerSupervision { text } => {
                need("/text", text, TEXT_MAX);
            }
            Self::ReachMilestone { public_text, .. } => need("/public_text", public_text, TEXT_MAX),
            _ => {}
        }
        self.check_optional(&mut fields);
        self.check_amounts(&mut fields);
        fields.finish()
    }

    fn check_amounts(&self, fields: &mut Fields) {
        match self {
            Self::RequestExtension { amount, .. } if !(1..=LimitUnit::Minutes.most()).contains(amount) => {
                fields.add(
                    "/amount",
                    Rule::Range(format!("1..{}", LimitUnit::Minutes.most())),
                );
            }
            Self::CoHandle {
                limit: Some(limit), ..
            }
            | Self::Supervise {
                limit: Some(limit), ..
            } => limit.check("/limit", fields),
            Self::ApproveReturn {
                unit_id: None,
                as_rule: true,
                ..
            } => fields.add("/unit_id", Rule::Required),
            Self::SetPlan { milestones, .. } => {
                if milestones.is_empty() {
                    fields.add("/milestones", Rule::Required);
                }
                if milestones.len() > MILESTONES {
                    fields.add("/milestones", Rule::TooMany(MILESTONES));
                }
                for (at, milestone) in milestones.iter().enumerate().take(MILESTONES) {
                    fields.text(&format!("/milestones/{at}/what"), &milestone.what, 200);
                }
                for (at, pair) in milestones.windows(2).enumerate().take(MILESTONES) {
                    if let [first, second] = pair
                        && second.due_on <= first.due_on
                    {
                        let pointer = format!("/milestones/{}/due_on", at + 1);
                        fields.add(pointer, Rule::Range(format!("{}..", first.due_on)));
                    }
                }
            }
            _ => {}
        }
    }

    fn check_optional(&self, fields: &mut Fields) {
        let mut bound = |pointer: &str, text: &Option<String>, max| {
            fields.optional(pointer, text.as_deref(), max);
        };
        match self {
            Self::AnswerNow { internal_text, .. }
            | Self::Redirect { internal_text, .. }
            | Self::FirstContact { internal_text, .. }
            | Self::GrantExtension { internal_text }
            | Self::Approve { internal_text } => bound("/internal_text", internal_text, TEXT_MAX),
            Self::Reject { public_text, .. } => bound("/public_text", public_text, TEXT_MAX),
            Self::Correct {
                title,
                content,
                request_type,
            } => {
                bound("/title", title, 100);
                bound("/content", content, TEXT_MAX);
                if is_blank(title.as_ref()) && is_blank(content.as_ref()) && request_type.is_none() {
                    fields.add("/content", Rule::Required);
                }
            }
            Self::Urge { text } => bound("/text", text, 500),
            Self::Resume { reason } | Self::CloseSupervision { reason } => bound("/reason", reason, 500),
            Self::Reassign { override_reason, .. }
            | Self::ApproveReturn { override_reason, .. }
            | Self::Dispatch { override_reason, .. } => bound("/override_reason", override_reason, 500),
            Self::Assign { reason, .. } => bound("/reason", reason, 500),
            Self::Note {
                public_text,
                internal_text,
                ..
            } => {
                bound("/public_text", public_text, TEXT_MAX);
                bound("/internal_text", internal_text, TEXT_MAX);
                if is_blank(public_text.as_ref()) && is_blank(internal_text.as_ref()) {
                    fields.add("/internal_text", Rule::Required);
                }
            }
            Self::Reply {
                result,
                unsolved_reason,
                internal_text,
                ..
            } => {
                bound("/internal_text", internal_text, TEXT_MAX);
                bound("/unsolved_reason", unsolved_reason, 500);
                match result {
                    TicketResult::Unsolved if is_blank(unsolved_reason.as_ref()) => {
                        fields.add("/unsolved_reason", Rule::Required);
                    }
                    TicketResult::Answered => {
                        let words = ["solved", "explained", "partly", "unsolved"]
                            .map(str::to_owned)
                            .to_vec();
                        fields.add("/result", Rule::OneOf(words));
                    }
                    _ => {}
                }
            }
            Self::CallBack { reached, rating } => {
                if *reached != rating.is_some() {
                    fields.add(
                        "/rating",
                        if *reached {
                            Rule::Required
                        } else {
                            Rule::Unexpected
                        },
                    );
                }
                if let Some(rating) = rating {
                    rating.parse(fields);
                    fields.optional("/rating/opinion", rating.opinion.as_deref(), 1000);
                }
            }
            Self::Rate { rating } => {
                rating.parse(fields);
                fields.optional("/rating/opinion", rating.opinion.as_deref(), 1000);
            }
            _ => {}
        }
    }
}

fn is_blank(text: Option<&String>) -> bool {
    text.is_none_or(|text| text.trim().is_empty())
}
