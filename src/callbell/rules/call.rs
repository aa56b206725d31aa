//! A call's life: `decide` says what a command does or why not, `evolve` what an event makes of the call, `next` when
//! something is due by itself. A call that nobody has is always due for somebody: it rings for ever, and only a person
//! ends it.

use super::ladder::{Ladder, TOP};
use chrono::{DateTime, TimeDelta, Utc};
use entity::id::StaffId;
use entity::kind::{ArrivalSource, CallOutcome, CallState, Verification};

/// Seconds after the last press from which another one is told to who has the call.
pub const PRESS_AGAIN_S: i64 = 60;
/// Seconds within which a second press turns a test into an emergency.
pub const TEST_DROPPED_S: i64 = 60;
/// Seconds until the call must have been taken on; later, a report says why not (TSA: 180).
pub const LATE_ACK_S: i64 = 180;

/// A call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Where it stands.
    pub state: CallState,
    /// The rung that was rung last.
    pub rung: usize,
    /// When that was.
    pub rung_at: DateTime<Utc>,
    /// The highest level that has heard of it.
    pub level: u8,
    /// Who has it.
    pub owner: Option<StaffId>,
    /// When it opened.
    pub opened_at: DateTime<Utc>,
    /// When somebody took it on for the first time.
    pub first_acked_at: Option<DateTime<Utc>>,
    /// When who has it took it on.
    pub acked_at: Option<DateTime<Utc>>,
    /// When they set out.
    pub going_at: Option<DateTime<Utc>>,
    /// When they were there.
    pub arrived_at: Option<DateTime<Utc>>,
    /// How often it was told that they are not there yet.
    pub overdue: i32,
    /// When they were last heard of on the scene, or missed there.
    pub heard_at: Option<DateTime<Utc>>,
    /// When it was dealt with.
    pub resolved_at: Option<DateTime<Utc>>,
    /// How it ended.
    pub outcome: Option<CallOutcome>,
    /// How often the bell was pressed.
    pub presses: i32,
    /// When it was pressed last.
    pub pressed_at: DateTime<Utc>,
    /// Whether a cancel was pressed.
    pub cancelled: bool,
    /// Whether it is a test.
    pub test: bool,
    /// When the next of kin were told.
    pub kin_at: Option<DateTime<Utc>>,
    /// Whether a report says why it was late.
    pub reported: bool,
}

/// What somebody or something does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// The bell is pressed once more.
    Press,
    /// The cancel button is pressed.
    Cancel,
    /// Time has passed.
    Tick,
    /// Somebody takes it on.
    Acknowledge(StaffId),
    /// They set out.
    Go(StaffId),
    /// They can't.
    CannotGo(StaffId),
    /// They are there.
    Arrive(StaffId, ArrivalSource),
    /// They are all right.
    CheckIn(StaffId),
    /// Their shift is over, and nobody took the call over.
    ShiftOver,
    /// Somebody takes the call over with the shift.
    TakeOver(StaffId),
    /// It was dealt with.
    Resolve(StaffId, CallOutcome, Option<Verification>),
    /// Says why it was late.
    Report,
    /// It is closed by a supervisor.
    Close(StaffId),
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Pressed again; whether who has it is told.
    PressedAgain(bool),
    /// It was a test; now it is none.
    TestDropped,
    /// A cancel was pressed.
    CancelRequested,
    /// A rung is rung: its number.
    Rung(usize),
    /// Nobody is on duty at the level of this rung: the next one is rung at once.
    NoOneOnDuty(usize),
    /// The next of kin are told.
    KinTold,
    /// Somebody took it on.
    Acknowledged(StaffId),
    /// Somebody else offers help.
    Joined(StaffId),
    /// Who took it on did not set out.
    LeaseRanOut(Option<StaffId>),
    /// They set out.
    Going(StaffId),
    /// They can't.
    GaveUp(StaffId),
    /// Their shift is over.
    ShiftOver(Option<StaffId>),
    /// Somebody took it over with the shift.
    TakenOver(StaffId),
    /// They are not there yet: the how manieth time.
    NotThereYet(i32),
    /// They are there.
    Arrived(StaffId, ArrivalSource),
    /// They are all right.
    CheckedIn(StaffId),
    /// Nothing was heard of them.
    CheckInMissed,
    /// It was dealt with.
    Resolved(StaffId, CallOutcome, Option<Verification>),
    /// A report says why it was late.
    Reported,
    /// It is closed, by somebody or by itself.
    Closed(Option<StaffId>),
}

/// Why a command does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Closed is final.
    CallClosed,
    /// The state does not take it.
    NotNow(CallState),
    /// Only who has it may say so.
    NotOwner,
    /// What is called a false alarm was not verified.
    NotVerified,
    /// It is no test, or it is one.
    TestMismatch,
    /// The next of kin do not know yet.
    KinNotTold,
    /// It was late, and no report says why.
    ReportMissing,
    /// It was not late: there is nothing to report.
    NotLate,
}

/// What is known of the world at this moment.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Now.
    pub now: DateTime<Utc>,
    /// Levels at which somebody is on duty.
    pub staffed: [bool; 4],
    /// Whether there are next of kin to be told.
    pub has_kin: bool,
}

impl Call {
    /// A call that opens now: its first rung is still to be rung.
    #[must_use]
    pub fn new(now: DateTime<Utc>, test: bool) -> Self {
        Self {
            state: CallState::Ringing,
            rung: 0,
            rung_at: now,
            level: 0,
            owner: None,
            opened_at: now,
            first_acked_at: None,
            acked_at: None,
            going_at: None,
            arrived_at: None,
            overdue: 0,
            heard_at: None,
            resolved_at: None,
            outcome: None,
            presses: 1,
            pressed_at: now,
            cancelled: false,
            test,
            kin_at: None,
            reported: false,
        }
    }

    /// Whether it was taken on, or its helper there, later than may be without a report.
    #[must_use]
    pub fn is_late(&self, ladder: &Ladder) -> bool {
        if self.test {
            return false;
        }
        let acked = self
            .first_acked_at
            .is_some_and(|at| at - self.opened_at > TimeDelta::seconds(LATE_ACK_S));
        let [.., last] = ladder.arrive_s;
        let arrived = self
            .going_at
            .zip(self.arrived_at)
            .is_some_and(|(going, arrived)| arrived - going > TimeDelta::seconds(i64::from(last)));
        acked || arrived || self.overdue > 2
    }
}

fn seconds(n: u32) -> TimeDelta {
    TimeDelta::seconds(i64::from(n))
}

/// What is rung when a call opens.
#[must_use]
pub fn open(call: &Call, ladder: &Ladder, moment: Moment) -> Vec<Event> {
    ring(call, ladder, moment, 0)
}

/// When something is due by itself; none once it is closed or must wait for somebody.
#[must_use]
pub fn next(call: &Call, ladder: &Ladder, has_kin: bool) -> Option<DateTime<Utc>> {
    let own = match call.state {
        CallState::Ringing => Some(call.rung_at + ladder.gap(call.rung)),
        CallState::Acked => call.acked_at.map(|at| at + seconds(ladder.lease_s)),
        CallState::EnRoute => call
            .going_at
            .map(|at| at + seconds(ladder.patience(call.overdue))),
        CallState::OnScene => call.heard_at.map(|at| at + seconds(ladder.check_in_s)),
        CallState::Resolved => {
            let ready = call.test
                || ((call.kin_at.is_some() || !has_kin) && (call.reported || !call.is_late(ladder)));
            call.resolved_at
                .filter(|_| ready)
                .map(|at| at + seconds(ladder.close_after_s))
        }
        CallState::Closed => None,
    };
    let kin = kin_due(call, ladder, has_kin);
    [own, kin].into_iter().flatten().min()
}

/// Whether the next of kin are to be told and do not know yet. A test is nothing to tell them of.
fn wants_kin(call: &Call, has_kin: bool) -> bool {
    has_kin && !call.test && call.kin_at.is_none()
}

/// When the next of kin are due to be told, if they are to be: at once where the call was dealt with before they were.
fn kin_due(call: &Call, ladder: &Ladder, has_kin: bool) -> Option<DateTime<Utc>> {
    let open = call.state != CallState::Closed;
    (wants_kin(call, has_kin) && open).then(|| match call.first_acked_at {
        Some(at) => at,
        None => call.opened_at + seconds(ladder.kin_after_s),
    })
}

/// Rings from a rung on: levels without anybody on duty are passed over at once, the last rung never is.
fn ring(call: &Call, ladder: &Ladder, moment: Moment, from: usize) -> Vec<Event> {
    let mut events = Vec::new();
    for rung in from..=ladder.last() {
        let level = usize::from(ladder.level(rung).min(TOP));
        let somebody = moment.staffed.iter().take(level + 1).any(|staffed| *staffed);
        // Who is below hears it again, but a level that is new and empty can't answer.
        let new = ladder.level(rung) > call.level || rung == 0;
        let staffed = moment.staffed.get(level).copied().unwrap_or(false);
        if rung == ladder.last() || (somebody && (staffed || !new)) {
            events.push(Event::Rung(rung));
            return events;
        }
        events.push(Event::NoOneOnDuty(rung));
    }
    events.push(Event::Rung(ladder.last()));
    events
}

/// What a command does to a call, or why nothing.
///
/// # Errors
/// The refusal; nothing happens then.
pub fn decide(call: &Call, ladder: &Ladder, command: Command, moment: Moment) -> Result<Vec<Event>, Refusal> {
    if call.state == CallState::Closed {
        return match command {
            // What was set for it is over.
            Command::Tick => Ok(Vec::new()),
            _ => Err(Refusal::CallClosed),
        };
    }
    match command {
        Command::Tick => Ok(tick(call, ladder, moment)),
        Command::Press => Ok(press(call, moment.now)),
        Command::Cancel if call.cancelled => Ok(Vec::new()),
        Command::Cancel => Ok(vec![Event::CancelRequested]),
        Command::Acknowledge(by) => acknowledge(call, by, moment),
        Command::Go(by) => match call.state {
            CallState::Acked => Ok(vec![Event::Going(by)]),
            // The second of two helpers has not come too late.
            CallState::EnRoute | CallState::OnScene => Ok(vec![Event::Joined(by)]),
            state => Err(Refusal::NotNow(state)),
        },
        Command::CannotGo(by) => match call.state {
            CallState::Acked | CallState::EnRoute if call.owner != Some(by) => Err(Refusal::NotOwner),
            CallState::Acked | CallState::EnRoute => Ok(again(call, ladder, moment, Event::GaveUp(by))),
            state => Err(Refusal::NotNow(state)),
        },
        Command::ShiftOver => match call.state {
            CallState::Acked | CallState::EnRoute | CallState::OnScene => {
                Ok(again(call, ladder, moment, Event::ShiftOver(call.owner)))
            }
            state => Err(Refusal::NotNow(state)),
        },
        Command::TakeOver(by) => match call.state {
            CallState::Acked | CallState::EnRoute | CallState::OnScene => Ok(vec![Event::TakenOver(by)]),
            state => Err(Refusal::NotNow(state)),
        },
        Command::Arrive(by, source) => match call.state {
            CallState::Acked | CallState::EnRoute => Ok(vec![Event::Arrived(by, source)]),
            CallState::OnScene => Ok(vec![Event::Joined(by)]),
            state => Err(Refusal::NotNow(state)),
        },
        Command::CheckIn(by) => match call.state {
            CallState::OnScene => Ok(vec![Event::CheckedIn(by)]),
            state => Err(Refusal::NotNow(state)),
        },
        Command::Resolve(by, outcome, verified) => resolve(call, by, outcome, verified),
        Command::Report if !call.is_late(ladder) => Err(Refusal::NotLate),
        Command::Report => Ok(vec![Event::Reported]),
        Command::Close(by) => close(call, ladder, moment, by),
    }
}

fn press(call: &Call, now: DateTime<Utc>) -> Vec<Event> {
    let since = now - call.pressed_at;
    let somebody = matches!(
        call.state,
        CallState::Acked | CallState::EnRoute | CallState::OnScene
    );
    let mut events = vec![Event::PressedAgain(
        somebody && since > TimeDelta::seconds(PRESS_AGAIN_S),
    )];
    if call.test && since <= TimeDelta::seconds(TEST_DROPPED_S) {
        events.push(Event::TestDropped);
    }
    events
}

fn acknowledge(call: &Call, by: StaffId, moment: Moment) -> Result<Vec<Event>, Refusal> {
    match call.state {
        // The next of kin hear of it in the same moment, not by a timer that may come after the end.
        CallState::Ringing if wants_kin(call, moment.has_kin) => {
            Ok(vec![Event::Acknowledged(by), Event::KinTold])
        }
        CallState::Ringing => Ok(vec![Event::Acknowledged(by)]),
        // Said twice is said once.
        CallState::Acked | CallState::EnRoute | CallState::OnScene if call.owner == Some(by) => {
            Ok(Vec::new())
        }
        CallState::Acked | CallState::EnRoute | CallState::OnScene => Ok(vec![Event::Joined(by)]),
        state => Err(Refusal::NotNow(state)),
    }
}

fn resolve(
    call: &Call,
    by: StaffId,
    outcome: CallOutcome,
    verified: Option<Verification>,
) -> Result<Vec<Event>, Refusal> {
    match call.state {
        CallState::Acked | CallState::EnRoute | CallState::OnScene => {}
        state => return Err(Refusal::NotNow(state)),
    }
    if outcome == CallOutcome::FalseAlarm && verified.is_none() {
        return Err(Refusal::NotVerified);
    }
    if call.test != (outcome == CallOutcome::Test) {
        return Err(Refusal::TestMismatch);
    }
    Ok(vec![Event::Resolved(by, outcome, verified)])
}

fn close(call: &Call, ladder: &Ladder, moment: Moment, by: StaffId) -> Result<Vec<Event>, Refusal> {
    if call.state != CallState::Resolved {
        return Err(Refusal::NotNow(call.state));
    }
    if !call.test && moment.has_kin && call.kin_at.is_none() {
        return Err(Refusal::KinNotTold);
    }
    if call.is_late(ladder) && !call.reported {
        return Err(Refusal::ReportMissing);
    }
    Ok(vec![Event::Closed(Some(by))])
}

/// Nobody has it any more: it rings one level up, at once.
fn again(call: &Call, ladder: &Ladder, moment: Moment, why: Event) -> Vec<Event> {
    let mut events = vec![why];
    events.extend(ring(call, ladder, moment, ladder.above(call.level)));
    events
}

/// The highest rung that is due: who was not rung for minutes, since nothing ran, is not rung up step by step then.
fn rung_due(call: &Call, ladder: &Ladder, now: DateTime<Utc>) -> usize {
    let (mut rung, mut at) = (call.rung, call.rung_at);
    while rung < ladder.last() && at + ladder.gap(rung) <= now {
        at += ladder.gap(rung);
        rung += 1;
    }
    rung.max((call.rung + 1).min(ladder.last()))
}

fn tick(call: &Call, ladder: &Ladder, moment: Moment) -> Vec<Event> {
    let now = moment.now;
    let mut events = Vec::new();
    if kin_due(call, ladder, moment.has_kin).is_some_and(|at| at <= now) {
        events.push(Event::KinTold);
    }
    let own = match call.state {
        CallState::Ringing => call.rung_at + ladder.gap(call.rung) <= now,
        // The others have nothing but their own due time once the next of kin know.
        _ => {
            let told = Call {
                kin_at: call.kin_at.or(Some(now)),
                ..call.clone()
            };
            next(&told, ladder, moment.has_kin).is_some_and(|at| at <= now)
        }
    };
    if !own {
        return events;
    }
    match call.state {
        CallState::Ringing => events.extend(ring(call, ladder, moment, rung_due(call, ladder, now))),
        CallState::Acked => events.extend(again(call, ladder, moment, Event::LeaseRanOut(call.owner))),
        CallState::EnRoute => events.push(Event::NotThereYet(call.overdue + 1)),
        CallState::OnScene => events.push(Event::CheckInMissed),
        CallState::Resolved => events.push(Event::Closed(None)),
        CallState::Closed => {}
    }
    events
}

/// What an event makes of a call.
#[must_use]
pub fn evolve(mut call: Call, ladder: &Ladder, event: Event, now: DateTime<Utc>) -> Call {
    match event {
        Event::PressedAgain(_) => {
            call.presses += 1;
            call.pressed_at = now;
        }
        Event::TestDropped => call.test = false,
        Event::CancelRequested => call.cancelled = true,
        Event::Rung(rung) => {
            call.rung = rung;
            call.rung_at = now;
            call.level = call.level.max(ladder.level(rung));
        }
        Event::NoOneOnDuty(rung) => call.level = call.level.max(ladder.level(rung)),
        Event::KinTold => call.kin_at = Some(now),
        Event::Acknowledged(by) => {
            call.state = CallState::Acked;
            call.owner = Some(by);
            call.acked_at = Some(now);
            call.first_acked_at = call.first_acked_at.or(Some(now));
        }
        Event::LeaseRanOut(_) | Event::GaveUp(_) | Event::ShiftOver(_) => {
            call.state = CallState::Ringing;
            call.owner = None;
            (call.acked_at, call.going_at, call.arrived_at, call.heard_at) = (None, None, None, None);
            call.overdue = 0;
        }
        Event::Going(by) => {
            call.state = CallState::EnRoute;
            call.owner = Some(by);
            call.going_at = Some(now);
        }
        Event::TakenOver(by) => {
            call.owner = Some(by);
            // Who was on the way has given it away: the other one is to set out.
            if call.state == CallState::EnRoute {
                call.state = CallState::Acked;
                (call.going_at, call.overdue) = (None, 0);
            }
            // They have their own time to set out.
            call.acked_at = Some(now);
        }
        Event::NotThereYet(times) => {
            call.overdue = times;
            call.level = call.level.saturating_add(1).min(TOP);
        }
        Event::Arrived(by, _) => {
            call.state = CallState::OnScene;
            call.owner = Some(by);
            (call.arrived_at, call.heard_at) = (Some(now), Some(now));
        }
        Event::CheckedIn(_) | Event::CheckInMissed => call.heard_at = Some(now),
        Event::Resolved(_, outcome, _) => {
            call.state = CallState::Resolved;
            call.outcome = Some(outcome);
            call.resolved_at = Some(now);
        }
        Event::Reported => call.reported = true,
        Event::Closed(_) => call.state = CallState::Closed,
        Event::Joined(_) => {}
    }
    call
}

#[cfg(test)]
mod tests;
