//! An independent model of the lifecycle, written from its description.

use crate::tickets::rules::lifecycle::{By, Command};
use entity::id::StaffId;

/// What happened to a ticket, word by word; everything the model knows it reads out of this log.
#[derive(Clone, Copy)]
pub struct Entry {
    pub word: &'static str,
    pub by: Option<StaffId>,
    pub centre: bool,
}

/// An independent model: a ticket as the list of what happened to it, its state looked up in a table of words that
/// was written from the description of the lifecycle, not from the code.
#[derive(Default, Clone)]
pub struct Model {
    pub log: Vec<Entry>,
}

const OPEN: &[&str] = &[
    "registered",
    "pending_dispatch",
    "dispatched",
    "in_progress",
    "return_review",
    "suspended",
    "merged",
];

impl Model {
    /// The state, and the one behind it where something holds the ticket up.
    fn states(&self) -> (&'static str, &'static str) {
        let (mut state, mut behind) = ("registered", "");
        let mut led = false;
        for Entry { word, .. } in &self.log {
            let next = match (state, *word) {
                ("registered", "answer") => "closed",
                ("registered", "reject") | ("reply_review", "reject_verified") => "rejected",
                ("rejected", "appeal") => "registered",
                ("registered", "redirect") => "redirected",
                ("registered", "accept") => "pending_dispatch",
                ("pending_dispatch", "dispatch") => "dispatched",
                ("dispatched" | "in_progress", "reassign") => "dispatched",
                ("dispatched" | "in_progress", "ask_return") => "return_review",
                ("return_review", "agree") => "pending_dispatch",
                ("return_review", "agree_there") => "dispatched",
                ("return_review", "disagree") => behind,
                ("dispatched", "sign") => "in_progress",
                ("in_progress", "suspend") => "suspended",
                ("suspended", "resume") => behind,
                ("registered" | "pending_dispatch" | "dispatched" | "in_progress", "merge") => "merged",
                ("merged", "unmerge") => behind,
                ("merged", "follow") => "callback",
                ("in_progress", "reply") => "reply_review",
                ("reply_review", "approve") => "callback",
                ("reply_review", "send_back") => "in_progress",
                ("callback", "rate_good" | "lapse") => "closed",
                ("callback", "rate_bad") => "in_progress",
                ("closed", "reopen") if led => "in_progress",
                ("closed", "reopen") => "pending_dispatch",
                ("closed" | "rejected" | "redirected" | "withdrawn", "archive") => "archived",
                (open, "withdraw") if OPEN.contains(&open) => "withdrawn",
                (same, _) => same,
            };
            led = match *word {
                "dispatch" | "reassign" | "agree_there" | "follow" => true,
                "agree" | "appeal" => false,
                _ => led,
            };
            if ["return_review", "suspended", "merged"].contains(&next) && next != state {
                behind = state;
            }
            state = next;
        }
        (state, behind)
    }

    pub fn state(&self) -> &'static str {
        self.states().0
    }

    /// The part of the log since the last time it was taken up again.
    fn round(&self) -> &[Entry] {
        let mut start = 0;
        let mut before = Self::default();
        for (at, entry) in self.log.iter().enumerate() {
            let again = (before.state() == "callback" && entry.word == "rate_bad") || entry.word == "reopen";
            if again {
                start = at + 1;
            }
            before.log.push(*entry);
        }
        &self.log[start..]
    }

    fn count(&self, words: &[&str]) -> usize {
        self.log
            .iter()
            .filter(|entry| words.contains(&entry.word))
            .count()
    }

    /// Whether something that began with one word is still open: what ends it, and what ends all of its kind.
    fn open(&self, begins: &str, ends: &[&str]) -> Option<Entry> {
        let mut open = None;
        let mut before = Self::default();
        for entry in &self.log {
            if entry.word == begins {
                open = Some(*entry);
            } else if ends.contains(&entry.word) {
                open = None;
            }
            before.log.push(*entry);
        }
        open
    }

    fn routes(&self) -> usize {
        self.count(&["dispatch", "reassign", "agree_there"])
    }

    fn no_return(&self) -> bool {
        self.routes() >= 3 || self.count(&["disagree"]) > 0
    }

    #[expect(clippy::too_many_lines, reason = "one table, read from top to bottom")]
    pub fn takes(&self, word: &str, who: By, easy: bool) -> bool {
        let (by, centre) = (who.staff, who.centre);
        let state = self.state();
        let has = |wanted: &[&str]| self.round().iter().any(|entry| wanted.contains(&entry.word));
        let other = |entry: Option<Entry>| entry.is_some_and(|entry| by.is_none() || entry.by != by);
        let ends_task = [
            "done",
            "waive",
            "merge",
            "lapse",
            "withdraw",
            "closes",
            "reject_verified",
        ];
        let task = self.open("co_handle", &ends_task).is_some() || self.open("whistle", &ends_task).is_some();
        let extension = self.open(
            "ask_time",
            &[
                "give_time",
                "no_time",
                "plan",
                "reassign",
                "agree",
                "agree_there",
                "merge",
                "approve",
                "withdraw",
                "reject_verified",
            ],
        );
        let milestone = self
            .open(
                "plan",
                &["reached", "merge", "approve", "withdraw", "reject_verified"],
            )
            .is_some();
        let supervision = self.open("supervise", &["close_supervision", "withdraw", "reject_verified"]);
        let asked = self.open("ask_return", &["agree", "agree_there", "disagree", "withdraw"]);
        let handled = [
            "pending_dispatch",
            "dispatched",
            "in_progress",
            "return_review",
            "suspended",
            "reply_review",
        ];
        let appeal_by_other = || {
            let refused = self
                .log
                .iter()
                .rev()
                .find(|entry| entry.word.starts_with("reject"));
            self.count(&["appeal"]) == 0 || by.is_none() || refused.is_none_or(|entry| entry.by != by)
        };
        match (state, word) {
            ("registered", "answer" | "reject" | "redirect" | "accept") => appeal_by_other(),
            ("rejected", "appeal") => self.count(&["appeal"]) == 0,
            ("pending_dispatch", "dispatch" | "pool") => true,
            ("registered" | "pending_dispatch", "correct") => true,
            ("dispatched", "sign") => true,
            ("dispatched" | "in_progress", "assign" | "reassign") => true,
            ("dispatched" | "in_progress", "ask_return") => !self.no_return() && easy,
            ("return_review", "agree") => other(asked) && self.routes() < 2,
            ("return_review", "agree_there") => other(asked) && (self.routes() < 2 || centre),
            ("return_review", "disagree") => other(asked),
            ("in_progress" | "return_review" | "suspended", "contact") => true,
            ("in_progress", "ask_time") => easy && extension.is_none(),
            ("in_progress", "give_time" | "no_time") => other(extension),
            ("in_progress", "suspend" | "co_handle" | "whistle" | "plan") => true,
            ("suspended", "resume") => true,
            (
                "pending_dispatch" | "dispatched" | "in_progress" | "return_review" | "suspended",
                "done" | "waive",
            ) => task,
            ("in_progress" | "suspended" | "reply_review", "reached") => milestone,
            (state, "supervise") if handled.contains(&state) => supervision.is_none(),
            (state, "answer_supervision")
                if handled.contains(&state) || ["callback", "closed", "merged"].contains(&state) =>
            {
                let answered = self.open(
                    "answer_supervision",
                    &["close_supervision", "withdraw", "reject_verified", "supervise"],
                );
                supervision.is_some() && answered.is_none()
            }
            (state, "close_supervision")
                if handled.contains(&state) || ["callback", "closed", "merged"].contains(&state) =>
            {
                supervision.is_some()
            }
            ("registered" | "pending_dispatch" | "dispatched" | "in_progress", "merge") => true,
            ("merged", "unmerge" | "follow") => true,
            ("in_progress", "reply") => has(&["contact", "follow"]) && !task,
            ("reply_review", "approve" | "send_back" | "reject_verified") => {
                let replied = self.log.iter().rev().find(|entry| entry.word == "reply");
                by.is_none() || replied.and_then(|entry| entry.by) != by
            }
            ("callback", "lapse") => true,
            ("callback" | "closed", "miss") => !has(&["rate_good", "rate_bad"]),
            ("callback" | "closed", "rate_good" | "rate_bad") => {
                !has(&["rate_good", "rate_bad"]) || (who.requester && easy)
            }
            ("closed", "reopen") => easy,
            ("closed" | "rejected" | "redirected" | "withdrawn", "archive") => supervision.is_none(),
            (open, "withdraw") if OPEN.contains(&open) => true,
            ("registered" | "merged", "urge") => easy,
            (state, "urge") if handled.contains(&state) => easy,
            (open, "note" | "supplement") => {
                OPEN.contains(&open) || ["reply_review", "callback"].contains(&open)
            }
            _ => false,
        }
    }
}

pub fn word(command: &Command) -> &'static str {
    match command {
        Command::AnswerNow => "answer",
        Command::Reject(reason) if reason.after_verification() => "reject_verified",
        Command::Reject(_) => "reject",
        Command::Appeal => "appeal",
        Command::Redirect(_) => "redirect",
        Command::Accept => "accept",
        Command::Dispatch(_) => "dispatch",
        Command::Pool => "pool",
        Command::Sign => "sign",
        Command::Assign(_) => "assign",
        Command::Reassign(_) => "reassign",
        Command::RequestReturn(_) => "ask_return",
        Command::ApproveReturn(None) => "agree",
        Command::ApproveReturn(Some(_)) => "agree_there",
        Command::RefuseReturn => "disagree",
        Command::FirstContact { .. } => "contact",
        Command::Note => "note",
        Command::Supplement => "supplement",
        Command::Correct => "correct",
        Command::Urge => "urge",
        Command::RequestExtension { .. } => "ask_time",
        Command::GrantExtension { .. } => "give_time",
        Command::RefuseExtension => "no_time",
        Command::Suspend { .. } => "suspend",
        Command::Resume => "resume",
        Command::CoHandle { .. } => "co_handle",
        Command::Whistle { .. } => "whistle",
        Command::FinishTask(_) => "done",
        Command::WaiveTask(_) => "waive",
        Command::SetPlan(_) => "plan",
        Command::ReachMilestone(_) => "reached",
        Command::Supervise { .. } => "supervise",
        Command::AnswerSupervision => "answer_supervision",
        Command::CloseSupervision => "close_supervision",
        Command::Merge { .. } => "merge",
        Command::Unmerge => "unmerge",
        Command::Follow { .. } => "follow",
        Command::Reply(_) => "reply",
        Command::Approve => "approve",
        Command::SendBack => "send_back",
        Command::MissCallback => "miss",
        Command::Rate(rating) if rating.asks_for_rework() => "rate_bad",
        Command::Rate(_) => "rate_good",
        Command::Lapse => "lapse",
        Command::Reopen => "reopen",
        Command::Withdraw => "withdraw",
        Command::Archive => "archive",
    }
}
