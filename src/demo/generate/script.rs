//! What becomes of a request: who does what after how long. Four of ten are answered on the line; of the others some
//! come back, take longer, or are done twice.

use super::dice::Dice;
use super::matters::{ANSWERS, NOTES, REASONS, REPLIES, SUPPLEMENTS};
use crate::tickets::rules::lifecycle::Rating;
use chrono::TimeDelta;
use entity::kind::{RedirectLine, RejectReason, TicketResult};

/// Who does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Who took the call.
    Operator,
    /// Who has it in the unit.
    Handler,
    /// Who does a part of it in another unit.
    Helper,
    /// Who approves there.
    Lead,
    /// Who rules about returns and extensions.
    Arbiter,
    /// Who calls back.
    Callback,
    /// Who supervises.
    Supervisor,
    /// Who called.
    Requester,
    /// A timer.
    System,
}

/// How long until it is done.
#[derive(Clone, Copy, Debug)]
pub enum Wait {
    /// So long by the clock.
    Wall(TimeDelta),
    /// So long, and then once the office is open.
    Office(TimeDelta),
    /// Until the call-back lapses.
    Lapse,
}

/// What is done. What needs a key or a place gets it when it happens.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    /// Answered on the line.
    AnswerNow,
    /// Not accepted.
    Reject(RejectReason),
    /// Passed on.
    Redirect(RedirectLine),
    /// Accepted.
    Accept,
    /// Given to the unit that the rules name.
    Dispatch,
    /// Signed for.
    Sign,
    /// Asked to be given back.
    RequestReturn,
    /// Given to the level above.
    GrantReturn,
    /// Not given back.
    RefuseReturn,
    /// The requester was contacted, or not reached.
    Contact(bool),
    /// A note.
    Note,
    /// What the requester adds.
    Supplement,
    /// The requester presses.
    Urge,
    /// More time is asked for.
    RequestExtension,
    /// More time is given.
    GrantExtension,
    /// Rests for so many days.
    Suspend(i64),
    /// Goes on.
    Resume,
    /// The level above does a part.
    CoHandle,
    /// The part is done.
    FinishTask,
    /// Supervised.
    Supervise,
    /// Answered to the supervisor.
    AnswerSupervision,
    /// The supervision is over.
    CloseSupervision,
    /// A reply.
    Reply(TicketResult),
    /// Sent back by the lead.
    SendBack,
    /// Approved.
    Approve,
    /// Nobody answered the call-back.
    Miss,
    /// The requester's answer.
    Rate(Rating),
    /// Nobody answered in time.
    Lapse,
    /// Taken back.
    Withdraw,
}

/// A step of a ticket's life.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// After how long.
    pub wait: Wait,
    /// Who.
    pub who: Who,
    /// What.
    pub act: Act,
    /// What the requester may read of it.
    pub public: Option<&'static str>,
    /// What staff write.
    pub internal: Option<&'static str>,
}

/// The steps of one ticket; what is urgent is done sooner.
pub fn script(dice: &mut Dice, urgent: bool) -> Vec<Step> {
    let mut script = Script {
        dice,
        urgent,
        steps: Vec::new(),
    };
    match script.dice.below(1000) {
        0..400 => script.answered(),
        400..415 => script.refused(),
        415..425 => script.redirected(),
        425..435 => {
            script.accepted();
            script.wall(5, 300, Who::Requester, Act::Withdraw);
        }
        _ => script.handled(),
    }
    script.steps
}

struct Script<'a> {
    dice: &'a mut Dice,
    urgent: bool,
    steps: Vec<Step>,
}

impl Script<'_> {
    fn push(&mut self, wait: Wait, who: Who, act: Act) {
        let (public, internal) = match act {
            Act::AnswerNow => (Some(*self.dice.pick(ANSWERS)), None),
            Act::Reply(_) | Act::Approve => (Some(*self.dice.pick(REPLIES)), None),
            Act::Supplement => (Some(*self.dice.pick(SUPPLEMENTS)), None),
            Act::Contact(true) => (None, Some(NOTES[0])),
            Act::Note => (None, Some(*self.dice.pick(NOTES))),
            Act::RequestReturn
            | Act::GrantReturn
            | Act::RefuseReturn
            | Act::RequestExtension
            | Act::GrantExtension
            | Act::Suspend(_)
            | Act::CoHandle
            | Act::FinishTask
            | Act::Supervise
            | Act::AnswerSupervision
            | Act::SendBack => (None, Some(*self.dice.pick(REASONS))),
            _ => (None, None),
        };
        self.steps.push(Step {
            wait,
            who,
            act,
            public,
            internal,
        });
    }

    fn wall(&mut self, from: usize, to: usize, who: Who, act: Act) {
        let wait = Wait::Wall(self.dice.minutes(from, to));
        self.push(wait, who, act);
    }

    fn office(&mut self, from: usize, to: usize, who: Who, act: Act) {
        // What is urgent is done at night and on holidays, too.
        if self.urgent && matches!(who, Who::Handler | Who::Lead) {
            return self.wall(from / 5, to / 5, who, act);
        }
        let wait = Wait::Office(self.dice.minutes(from, to));
        self.push(wait, who, act);
    }

    fn answered(&mut self) {
        if self.dice.percent(40) {
            self.wall(0, 2, Who::Operator, Act::Note);
        }
        self.wall(1, 8, Who::Operator, Act::AnswerNow);
        if self.dice.percent(35) {
            let rating = self.rating(true);
            self.wall(5, 2_000, Who::Requester, Act::Rate(rating));
        }
    }

    fn refused(&mut self) {
        let reasons = [
            RejectReason::Judicial,
            RejectReason::OutOfArea,
            RejectReason::OtherBranch,
            RejectReason::Petition,
        ];
        let reason = *self.dice.pick(&reasons);
        self.wall(2, 12, Who::Operator, Act::Reject(reason));
    }

    fn redirected(&mut self) {
        let lines = [
            RedirectLine::Police110,
            RedirectLine::Fire119,
            RedirectLine::Medical120,
            RedirectLine::LegalAid12348,
        ];
        let line = *self.dice.pick(&lines);
        self.wall(0, 2, Who::Operator, Act::Redirect(line));
    }

    fn accepted(&mut self) {
        self.wall(1, 6, Who::Operator, Act::Accept);
        self.wall(0, 2, Who::Operator, Act::Dispatch);
    }

    fn handled(&mut self) {
        self.accepted();
        self.sign();
        if self.dice.percent(6) {
            self.returned();
        }
        self.round();
        let mut again = 0;
        while !self.called_back(again) {
            again += 1;
            self.round();
        }
    }

    fn sign(&mut self) {
        // Some units look into their inbox once a day, some not even that often.
        let (from, to) = *self
            .dice
            .weighted(&[(5, 90), (90, 420), (1_440, 4_300)], |(from, _)| match from {
                5 => 88,
                90 => 10,
                _ => 2,
            });
        self.office(from, to, Who::Handler, Act::Sign);
    }

    fn returned(&mut self) {
        self.office(10, 180, Who::Handler, Act::RequestReturn);
        if self.dice.percent(65) {
            self.office(20, 300, Who::Arbiter, Act::GrantReturn);
            self.sign();
        } else {
            self.office(20, 300, Who::Arbiter, Act::RefuseReturn);
        }
    }

    /// From the first contact to the approval.
    fn round(&mut self) {
        if self.dice.percent(25) {
            self.office(10, 60, Who::Handler, Act::Contact(false));
        }
        self.office(10, 150, Who::Handler, Act::Contact(true));
        let pace = *self.dice.weighted(&[200, 600, 1_500, 4_000], |pace| match pace {
            200 => 45,
            600 => 38,
            1_500 => 14,
            _ => 3,
        });
        let kind = self.dice.below(100);
        for nth in 0..=self.dice.below(5) {
            self.office(20, pace, Who::Handler, Act::Note);
            if nth == 0 {
                self.on_the_way(kind);
            }
        }
        if (15..18).contains(&kind) {
            self.office(30, pace, Who::Helper, Act::FinishTask);
        }
        if (20..22).contains(&kind) {
            self.office(30, 600, Who::Lead, Act::AnswerSupervision);
            self.office(30, 600, Who::Supervisor, Act::CloseSupervision);
        }
        let result =
            *self.dice.weighted(
                &[TicketResult::Solved, TicketResult::Explained],
                |result| match result {
                    TicketResult::Solved => 80,
                    _ => 20,
                },
            );
        self.office(20, pace, Who::Handler, Act::Reply(result));
        if self.dice.percent(6) {
            self.office(20, 300, Who::Lead, Act::SendBack);
            self.office(20, 400, Who::Handler, Act::Note);
            self.office(20, 200, Who::Handler, Act::Reply(result));
        }
        self.office(10, 300, Who::Lead, Act::Approve);
    }

    /// What happens to some while they are handled.
    fn on_the_way(&mut self, kind: usize) {
        match kind {
            0..5 => {
                self.office(10, 60, Who::Handler, Act::RequestExtension);
                self.office(20, 240, Who::Arbiter, Act::GrantExtension);
            }
            5..7 => {
                let days = 10 + i64::try_from(self.dice.below(20)).unwrap_or(0);
                self.office(10, 120, Who::Supervisor, Act::Suspend(days));
                self.office(2_000, 9_000, Who::Supervisor, Act::Resume);
            }
            7..15 => {
                self.wall(60, 2_000, Who::Requester, Act::Supplement);
                self.wall(60, 1_000, Who::Requester, Act::Urge);
            }
            15..18 => self.office(10, 120, Who::Handler, Act::CoHandle),
            20..22 => self.office(10, 120, Who::Supervisor, Act::Supervise),
            _ => {}
        }
    }

    /// Whether it ends here; `false` when it is to be done once more.
    fn called_back(&mut self, again: usize) -> bool {
        let misses = *self.dice.weighted(&[0, 1, 2, 3], |misses| match misses {
            0 => 62,
            1 => 22,
            2 => 10,
            _ => 6,
        });
        for _ in 0..misses {
            self.office(120, 1_500, Who::Callback, Act::Miss);
        }
        if misses == 3 {
            self.push(Wait::Lapse, Who::System, Act::Lapse);
            return true;
        }
        let done = again == 2 || self.dice.percent(90);
        let rating = self.rating(done);
        if self.dice.percent(30) {
            self.wall(30, 1_500, Who::Requester, Act::Rate(rating));
        } else {
            self.office(60, 1_500, Who::Callback, Act::Rate(rating));
        }
        done
    }

    fn rating(&mut self, done: bool) -> Rating {
        let satisfied = if done {
            *self.dice.weighted(&[5, 4, 3], |score| match score {
                5 => 62,
                4 => 28,
                _ => 10,
            })
        } else {
            *self.dice.pick(&[1, 2])
        };
        Rating {
            contacted: done || self.dice.percent(80),
            solved: done,
            satisfied,
        }
    }
}
