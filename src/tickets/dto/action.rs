//! What can be done to a ticket: one shape an action.

use crate::platform::error::{AppError, Fields, Rule};
use crate::tickets::rules::lifecycle::Rating;
use entity::id::{AttachmentId, StaffId, UnitId};
use entity::kind::{RedirectLine, RejectReason, RequestType, TicketResult, Urgency};
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
    /// 撤单: the requester takes it back.
    Withdraw {
        /// Why.
        reason: String,
    },
}

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
            Self::SendBack { reason } | Self::Withdraw { reason } => need("/reason", reason, 500),
            _ => {}
        }
        self.check_optional(&mut fields);
        fields.finish()
    }

    fn check_optional(&self, fields: &mut Fields) {
        let mut bound = |pointer: &str, text: &Option<String>, max| {
            fields.optional(pointer, text.as_deref(), max);
        };
        match self {
            Self::AnswerNow { internal_text, .. }
            | Self::Redirect { internal_text, .. }
            | Self::FirstContact { internal_text, .. }
            | Self::Approve { internal_text } => bound("/internal_text", internal_text, TEXT_MAX),
            Self::Reject { public_text, .. } => bound("/public_text", public_text, TEXT_MAX),
            Self::Dispatch { override_reason, .. } => bound("/override_reason", override_reason, 500),
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
