//! Checks of what is to be done: texts and amounts, every mistake at once.

use super::{ActionIn, LimitIn, TEXT_MAX};
use crate::platform::error::{AppError, Fields, Rule};
use entity::kind::{LimitUnit, TicketResult};

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
