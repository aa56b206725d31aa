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
        Refusal::ReturnForbidden => AppError::new(Code::ReturnForbidden),
        Refusal::ReturnWindowPast => AppError::new(Code::ReturnWindowPast),
        Refusal::CentreMustRule => AppError::new(Code::CentreMustRule),
        Refusal::MustDesignate => AppError::new(Code::MustDesignate),
        Refusal::ExtensionAfterDue => AppError::new(Code::ExtensionAfterDue),
        Refusal::ExtensionExhausted { left, room } => AppError::new(Code::ExtensionExhausted)
            .with("extensions_left", left)
            .with("amount_left", room),
        Refusal::AlreadyOpen(kind) => AppError::new(Code::AlreadyOpen).with("kind", kind.word()),
        Refusal::NoneOpen(kind) => AppError::new(Code::NothingOpen).with("kind", kind.word()),
        Refusal::TasksOpen(n) => AppError::new(Code::TasksOpen).with("open", n),
        Refusal::TaskToLead => AppError::new(Code::TaskToLead),
        Refusal::MergeRing => AppError::new(Code::MergeRing),
        Refusal::MergeIntoClosed => AppError::new(Code::MergeIntoClosed),
        Refusal::ReopenWindowPast => AppError::new(Code::ReopenWindowPast),
        Refusal::UrgeTooSoon => AppError::new(Code::UrgeTooSoon),
        Refusal::NotVerified => AppError::new(Code::NotVerified),
        Refusal::AnotherMustDecide => AppError::new(Code::AnotherMustDecide),
        Refusal::NotNow { state, .. } => {
            let words: Vec<&str> = lifecycle::allowed(state)
                .iter()
                .filter(|kind| !by_system_alone(**kind))
                .map(|kind| kind.word())
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

/// What nobody can ask for.
fn by_system_alone(kind: CommandKind) -> bool {
    matches!(
        kind,
        CommandKind::Pool | CommandKind::Lapse | CommandKind::Follow | CommandKind::Archive
    )
}
