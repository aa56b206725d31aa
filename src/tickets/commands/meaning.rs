//! From an action on the wire to the command that it means, and what goes into the timeline. Texts are sealed; in the
//! data beside them, which are not, numbers of persons are masked.

use crate::access::Op;
use crate::platform::personal::mask_numbers;
use crate::tickets::dto::{ActionIn, RatingIn};
use crate::tickets::rules::lifecycle::{Command, Rating};
use crate::tickets::store::Said;
use entity::id::AttachmentId;
use entity::kind::RedirectLine;
use serde_json::{Value, json};

/// What an action means.
#[derive(Clone, Debug)]
pub struct Meant {
    /// The command.
    pub command: Command,
    /// What goes into the timeline.
    pub said: Said,
    /// Files that belong to it.
    pub files: Vec<AttachmentId>,
    /// The requester's answer, with their words.
    pub rating: Option<RatingIn>,
}

impl Meant {
    /// A command and what is said of it.
    pub fn new(command: Command, said: Said) -> Self {
        Self {
            command,
            said,
            files: Vec::new(),
            rating: None,
        }
    }
}

/// The operation that an action needs.
pub fn operation(action: &ActionIn) -> Op {
    match action {
        ActionIn::AnswerNow { .. } => Op::AnswerNow,
        ActionIn::Reject { .. } => Op::Reject,
        ActionIn::Redirect { .. } => Op::Redirect,
        ActionIn::Accept { .. } => Op::Accept,
        ActionIn::Dispatch { .. } => Op::Dispatch,
        ActionIn::Sign {} => Op::Sign,
        ActionIn::Assign { .. } => Op::Assign,
        ActionIn::FirstContact { .. } => Op::FirstContact,
        ActionIn::Note { .. } => Op::Note,
        ActionIn::Supplement { .. } => Op::Supplement,
        ActionIn::Correct { .. } => Op::Correct,
        ActionIn::Reply { .. } => Op::Reply,
        ActionIn::Approve { .. } => Op::Approve,
        ActionIn::SendBack { .. } => Op::SendBack,
        ActionIn::CallBack { .. } => Op::CallBack,
        ActionIn::Rate { .. } => Op::Rate,
        ActionIn::Withdraw { .. } => Op::Withdraw,
        ActionIn::Appeal { .. } => Op::Appeal,
        ActionIn::Reopen { .. } => Op::Reopen,
        ActionIn::Urge { .. } => Op::Urge,
        ActionIn::Reassign { .. } => Op::Reassign,
        ActionIn::RequestReturn { .. } => Op::RequestReturn,
        ActionIn::ApproveReturn { .. } => Op::ApproveReturn,
        ActionIn::RefuseReturn { .. } => Op::RefuseReturn,
        ActionIn::RequestExtension { .. } => Op::RequestExtension,
        ActionIn::GrantExtension { .. } => Op::GrantExtension,
        ActionIn::RefuseExtension { .. } => Op::RefuseExtension,
        ActionIn::Suspend { .. } => Op::Suspend,
        ActionIn::Resume { .. } => Op::Resume,
        ActionIn::CoHandle { .. } => Op::CoHandle,
        ActionIn::Whistle { .. } => Op::Whistle,
        ActionIn::FinishTask { .. } => Op::FinishTask,
        ActionIn::WaiveTask { .. } => Op::WaiveTask,
        ActionIn::SetPlan { .. } => Op::SetPlan,
        ActionIn::ReachMilestone { .. } => Op::ReachMilestone,
        ActionIn::Supervise { .. } => Op::Supervise,
        ActionIn::AnswerSupervision { .. } => Op::AnswerSupervision,
        ActionIn::CloseSupervision { .. } => Op::CloseSupervision,
        ActionIn::Merge { .. } => Op::Merge,
        ActionIn::Unmerge { .. } => Op::Unmerge,
    }
}

/// The command of an action; none for what must be routed or assigned.
pub fn translate(action: &ActionIn) -> Option<Meant> {
    Some(match action {
        ActionIn::AnswerNow {
            public_text,
            internal_text,
        } => Meant::new(
            Command::AnswerNow,
            said(Some(public_text), internal_text.as_ref(), true, json!({})),
        ),
        ActionIn::Reject {
            reason,
            channel_told,
            public_text,
        } => {
            let data = json!({ "reason": reason, "channel_told": mask_numbers(channel_told) });
            let text = match public_text {
                Some(text) => format!("{}。{channel_told}。{text}", reason.chinese()),
                None => format!("{}。{channel_told}", reason.chinese()),
            };
            Meant::new(Command::Reject(*reason), said(Some(&text), None, true, data))
        }
        ActionIn::Redirect { line, internal_text } => redirected(*line, internal_text.as_ref()),
        other => return translate_handling(other),
    })
}

/// The caller is passed on.
pub fn redirected(line: RedirectLine, internal_text: Option<&String>) -> Meant {
    let text = format!("已转接{}", line.chinese());
    let data = json!({ "line": line });
    Meant::new(
        Command::Redirect(line),
        said(Some(&text), internal_text, true, data),
    )
}

/// The commands of those who handle, approve and call back, and of the requester.
fn translate_handling(action: &ActionIn) -> Option<Meant> {
    Some(match action {
        ActionIn::Sign {} => Meant::new(Command::Sign, said(None, None, true, json!({}))),
        ActionIn::FirstContact {
            reached,
            by,
            internal_text,
        } => {
            let data = json!({ "reached": reached, "by": mask_numbers(by) });
            Meant::new(
                Command::FirstContact { reached: *reached },
                said(None, internal_text.as_ref(), true, data),
            )
        }
        ActionIn::Note {
            public_text,
            internal_text,
            attachments,
        } => {
            let said = said(
                public_text.as_ref(),
                internal_text.as_ref(),
                public_text.is_some(),
                json!({}),
            );
            Meant {
                files: attachments.clone(),
                ..Meant::new(Command::Note, said)
            }
        }
        ActionIn::Supplement { text, attachments } => {
            let said = said(Some(text), None, true, json!({}));
            Meant {
                files: attachments.clone(),
                ..Meant::new(Command::Supplement, said)
            }
        }
        ActionIn::Reply {
            result,
            unsolved_reason,
            public_text,
            internal_text,
            attachments,
        } => {
            let why = unsolved_reason.as_deref().map(mask_numbers);
            let data = json!({ "result": result, "unsolved_reason": why });
            // The requester reads the reply once it is approved.
            let said = Said {
                public: false,
                ..said(Some(public_text), internal_text.as_ref(), false, data)
            };
            Meant {
                files: attachments.clone(),
                ..Meant::new(Command::Reply(*result), said)
            }
        }
        ActionIn::Approve { internal_text } => Meant::new(
            Command::Approve,
            said(None, internal_text.as_ref(), true, json!({})),
        ),
        ActionIn::SendBack { reason } => {
            Meant::new(Command::SendBack, said(None, Some(reason), false, json!({})))
        }
        ActionIn::CallBack {
            rating: Some(rating), ..
        }
        | ActionIn::Rate { rating } => rated(rating),
        ActionIn::CallBack { rating: None, .. } => Meant::new(
            Command::MissCallback,
            said(None, None, true, json!({ "reached": false })),
        ),
        ActionIn::Withdraw { reason } => {
            Meant::new(Command::Withdraw, said(Some(reason), None, true, json!({})))
        }
        other => return translate_small(other),
    })
}

/// The commands of the requester afterwards, and those that answer what somebody else asked.
fn translate_small(action: &ActionIn) -> Option<Meant> {
    let answered = |command, text: &String, shown| {
        let said = Said {
            answer: Some(text.trim().to_owned()),
            ..said(None, Some(text), shown, json!({}))
        };
        Meant::new(command, said)
    };
    Some(match action {
        ActionIn::Appeal { reason } => Meant::new(Command::Appeal, said(Some(reason), None, true, json!({}))),
        ActionIn::Reopen { reason } => Meant::new(Command::Reopen, said(Some(reason), None, true, json!({}))),
        ActionIn::Urge { text } => Meant::new(Command::Urge, said(text.as_ref(), None, true, json!({}))),
        ActionIn::RefuseExtension { reason } => answered(Command::RefuseExtension, reason, false),
        ActionIn::Resume { reason } => {
            Meant::new(Command::Resume, said(None, reason.as_ref(), true, json!({})))
        }
        ActionIn::FinishTask { task_id, text } => answered(Command::FinishTask(*task_id), text, true),
        ActionIn::WaiveTask { task_id, reason } => answered(Command::WaiveTask(*task_id), reason, false),
        ActionIn::ReachMilestone {
            milestone_id,
            public_text,
        } => Meant::new(
            Command::ReachMilestone(*milestone_id),
            Said {
                answer: Some(public_text.trim().to_owned()),
                ..said(Some(public_text), None, true, json!({}))
            },
        ),
        ActionIn::AnswerSupervision { text } => answered(Command::AnswerSupervision, text, false),
        ActionIn::CloseSupervision { reason } => Meant::new(
            Command::CloseSupervision,
            said(None, reason.as_ref(), true, json!({})),
        ),
        ActionIn::Unmerge { reason } => {
            Meant::new(Command::Unmerge, said(None, Some(reason), true, json!({})))
        }
        // What must be routed or assigned is decided where the organisation is at hand.
        _ => return None,
    })
}

/// The requester's answer.
pub fn rated(rating: &RatingIn) -> Meant {
    let score = Rating {
        contacted: rating.contacted,
        solved: rating.solved,
        satisfied: rating.satisfied,
    };
    let data = json!({ "contacted": score.contacted, "solved": score.solved, "satisfied": score.satisfied });
    let said = said(rating.opinion.as_ref(), None, true, data);
    Meant {
        rating: Some(rating.clone()),
        ..Meant::new(Command::Rate(score), said)
    }
}

fn said(public: Option<&String>, internal: Option<&String>, shown: bool, data: Value) -> Said {
    let text = |text: Option<&String>| {
        text.map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty())
    };
    Said {
        public_text: text(public),
        internal_text: text(internal),
        data,
        public: shown,
        ..Said::default()
    }
}
