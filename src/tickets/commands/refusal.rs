//! Refusals of the lifecycle as errors, with what is allowed instead.

use crate::platform::error::{AppError, Code};
use crate::tickets::rules::lifecycle::{self, CommandKind, Refusal};
use entity::kind::TicketState;

/// A refusal of the lifecycle as an error, with what the state allows.
pub fn refused(refusal: Refusal, state: TicketState) -> AppError {
    match refusal {
        Refusal::SeparationOfDuty => AppError::new(Code::SeparationOfDuty),
        Refusal::NoContact => AppError::new(Code::ContactRequired),
        Refusal::AlreadyRated => AppError::new(Code::ActionNotAllowed)
            .say("本轮已评价", "This round was rated already")
            .with("state", state.word()),
        Refusal::NotNow { state, .. } => {
            let words: Vec<&str> = lifecycle::allowed(state)
                .iter()
                .filter_map(|kind| word(*kind))
                .collect();
            AppError::new(Code::ActionNotAllowed)
                .say(
                    format!("当前状态：{}", state.chinese()),
                    format!("The ticket is in the state {state}"),
                )
                .with("state", state.word())
                .with("allowed", words)
        }
    }
}

/// The word of a command on the wire; none for what only the system does.
fn word(kind: CommandKind) -> Option<&'static str> {
    Some(match kind {
        CommandKind::AnswerNow => "answer_now",
        CommandKind::Reject => "reject",
        CommandKind::Redirect => "redirect",
        CommandKind::Accept => "accept",
        CommandKind::Dispatch => "dispatch",
        CommandKind::Sign => "sign",
        CommandKind::Assign => "assign",
        CommandKind::FirstContact => "first_contact",
        CommandKind::Note => "note",
        CommandKind::Supplement => "supplement",
        CommandKind::Reply => "reply",
        CommandKind::Approve => "approve",
        CommandKind::SendBack => "send_back",
        CommandKind::CallBack => "call_back",
        CommandKind::Withdraw => "withdraw",
        CommandKind::Pool | CommandKind::Lapse => return None,
    })
}
