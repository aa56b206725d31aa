//! The lifecycle against an independent model of it.

use super::*;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use std::collections::HashSet;

/// An independent model: a ticket as the list of what happened to it, its state looked up in a table of words that
/// was written from the description of the lifecycle, not from the code.
#[derive(Default)]
struct Model {
    log: Vec<(&'static str, Option<StaffId>)>,
}

impl Model {
    fn state(&self) -> &'static str {
        let mut state = "registered";
        for (word, _) in &self.log {
            state = match (state, *word) {
                ("registered", "answer") => "closed",
                ("registered", "reject") => "rejected",
                ("registered", "redirect") => "redirected",
                ("registered", "accept") => "pending_dispatch",
                ("pending_dispatch", "dispatch") => "dispatched",
                ("dispatched", "sign") => "in_progress",
                ("in_progress", "reply") => "reply_review",
                ("reply_review", "approve") => "callback",
                ("reply_review", "send_back") => "in_progress",
                ("callback", "rate_good" | "lapse") => "closed",
                ("callback", "rate_bad") => "in_progress",
                ("registered" | "pending_dispatch" | "dispatched" | "in_progress", "withdraw") => "withdrawn",
                (same, _) => same,
            };
        }
        state
    }

    /// The part of the log since the last rework.
    fn round(&self) -> &[(&'static str, Option<StaffId>)] {
        let mut start = 0;
        let mut before = Self::default();
        for (at, entry) in self.log.iter().enumerate() {
            if before.state() == "callback" && entry.0 == "rate_bad" {
                start = at + 1;
            }
            before.log.push(*entry);
        }
        &self.log[start..]
    }

    fn takes(&self, word: &str, by: Option<StaffId>) -> bool {
        let has = |wanted: &[&str]| self.round().iter().any(|(word, _)| wanted.contains(word));
        match (self.state(), word) {
            ("registered", "answer" | "reject" | "redirect" | "accept") => true,
            ("pending_dispatch", "dispatch" | "pool") => true,
            ("dispatched", "sign") => true,
            ("dispatched" | "in_progress", "assign") => true,
            ("in_progress", "contact") => true,
            ("in_progress", "reply") => has(&["contact"]),
            ("reply_review", "approve" | "send_back") => {
                let replied = self
                    .log
                    .iter()
                    .rev()
                    .find(|(word, _)| *word == "reply")
                    .and_then(|(_, by)| *by);
                by.is_none() || replied != by
            }
            ("callback", "lapse") => true,
            ("callback" | "closed", "miss" | "rate_good" | "rate_bad") => !has(&["rate_good", "rate_bad"]),
            ("registered" | "pending_dispatch" | "dispatched" | "in_progress", "withdraw") => true,
            (
                "registered" | "pending_dispatch" | "dispatched" | "in_progress" | "reply_review"
                | "callback",
                "note" | "supplement",
            ) => true,
            _ => false,
        }
    }
}

fn word(command: &Command) -> &'static str {
    match command {
        Command::AnswerNow => "answer",
        Command::Reject(_) => "reject",
        Command::Redirect(_) => "redirect",
        Command::Accept => "accept",
        Command::Dispatch { .. } => "dispatch",
        Command::Pool => "pool",
        Command::Sign => "sign",
        Command::Assign(_) => "assign",
        Command::FirstContact { .. } => "contact",
        Command::Note => "note",
        Command::Supplement => "supplement",
        Command::Reply(_) => "reply",
        Command::Approve => "approve",
        Command::SendBack => "send_back",
        Command::MissCallback => "miss",
        Command::Rate(rating) if rating.asks_for_rework() => "rate_bad",
        Command::Rate(_) => "rate_good",
        Command::Lapse => "lapse",
        Command::Withdraw => "withdraw",
    }
}

fn staff(n: u8) -> Option<StaffId> {
    (n > 0).then(|| uuid::Uuid::from_u128(u128::from(n)).into())
}

/// Random commands; the first of them lead into the depth of the life more often than chance would.
fn sequence() -> impl Strategy<Value = Vec<(usize, u8)>> {
    let path = [3_usize, 5, 6, 8, 11, 12, 15];
    prop::collection::vec((0_usize..19, 0_u8..3, any::<bool>()), 1..40).prop_map(move |steps| {
        let mut along = path.iter().cycle();
        steps
            .into_iter()
            .map(|(random, by, guided)| {
                if guided {
                    (*along.next().unwrap_or(&0), by)
                } else {
                    (random, by)
                }
            })
            .collect()
    })
}

/// Runs a sequence against rules and model; what was visited.
fn run(steps: &[(usize, u8)]) -> Result<HashSet<(TicketState, &'static str, bool)>, TestCaseError> {
    let samples = samples();
    let (mut life, mut model, mut visited) = (Life::new(), Model::default(), HashSet::new());
    for (n, by) in steps {
        let command = &samples[*n];
        let by = By { staff: staff(*by) };
        let decided = decide(&life, command, by);
        prop_assert_eq!(
            decided.is_ok(),
            model.takes(word(command), by.staff),
            "{:?} in {:?}",
            command,
            life
        );
        visited.insert((life.state, word(command), decided.is_ok()));
        let Ok(decision) = decided else { continue };
        prop_assert!(!decision.events.is_empty());
        life = decision.events.iter().fold(life, evolve);
        model.log.push((word(command), by.staff));
        prop_assert_eq!(life.state.word(), model.state());
        let needs_lead = matches!(
            life.state,
            TicketState::Dispatched
                | TicketState::InProgress
                | TicketState::ReplyReview
                | TicketState::Callback
        );
        prop_assert!(!needs_lead || life.lead.is_some(), "a unit has it");
        prop_assert!(!decision.events.is_empty() && life.round >= 1);
    }
    Ok(visited)
}

#[test]
fn ten_thousand_sequences_agree_with_the_model_and_visit_everything() {
    let mut visited = HashSet::new();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..10_000 {
        let steps = sequence().new_tree(&mut runner).unwrap().current();
        visited.extend(run(&steps).unwrap());
    }
    let mut missing = Vec::new();
    for state in TicketState::ALL {
        for command in samples() {
            let kind = command.kind();
            let word = word(&command);
            let may = allowed(*state).contains(&kind);
            if !visited.contains(&(*state, word, may)) {
                missing.push((*state, word, may));
            }
        }
    }
    // What only the facts refuse.
    for refused in [
        (TicketState::InProgress, "reply"),
        (TicketState::ReplyReview, "approve"),
        (TicketState::Closed, "rate_good"),
    ] {
        if !visited.contains(&(refused.0, refused.1, false)) {
            missing.push((refused.0, refused.1, false));
        }
    }
    assert_eq!(missing, vec![], "never visited");
}

#[test]
fn who_replied_never_approves() {
    let life = Life {
        state: TicketState::ReplyReview,
        replied_by: staff(1),
        ..Life::new()
    };
    for command in [Command::Approve, Command::SendBack] {
        assert_eq!(
            decide(&life, &command, By { staff: staff(1) }),
            Err(Refusal::SeparationOfDuty)
        );
        assert!(decide(&life, &command, By { staff: staff(2) }).is_ok());
    }
}

#[test]
fn the_handler_cannot_close_and_a_low_score_is_rework() {
    for state in TicketState::ALL {
        assert!(!allowed(*state).contains(&CommandKind::Lapse) || *state == TicketState::Callback);
    }
    for satisfied in 1..=5 {
        for solved in [true, false] {
            let rating = Rating {
                contacted: true,
                solved,
                satisfied,
            };
            assert_eq!(rating.asks_for_rework(), !solved || satisfied <= 2);
        }
    }
}
