//! The state machine against an independent model of it, and the promises one by one.

use super::*;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use std::collections::HashSet;

fn at(s: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + s, 0).unwrap()
}

fn staff(n: u8) -> StaffId {
    uuid::Uuid::from_u128(u128::from(n)).into()
}

const EVERYBODY: [bool; 4] = [true; 4];

/// One sample of each command.
fn samples() -> Vec<Command> {
    vec![
        Command::Press,
        Command::Cancel,
        Command::Tick,
        Command::Acknowledge(staff(1)),
        Command::Acknowledge(staff(2)),
        Command::Go(staff(1)),
        Command::Go(staff(2)),
        Command::CannotGo(staff(1)),
        Command::CannotGo(staff(2)),
        Command::Arrive(staff(1), ArrivalSource::Hand),
        Command::CheckIn(staff(1)),
        Command::ShiftOver,
        Command::TakeOver(staff(2)),
        Command::Resolve(staff(1), CallOutcome::Helped, None),
        Command::Resolve(staff(1), CallOutcome::FalseAlarm, None),
        Command::Resolve(staff(1), CallOutcome::FalseAlarm, Some(Verification::Voice)),
        Command::Resolve(staff(1), CallOutcome::Test, None),
        Command::Report,
        Command::Close(staff(3)),
    ]
}

/// What happened, in the words of the design; all that the model knows it reads out of this.
#[derive(Clone, Debug, Default)]
struct Model {
    log: Vec<(i64, String)>,
    test: bool,
}

impl Model {
    /// The state, and who has it.
    fn stands(&self) -> (&'static str, Option<&str>) {
        let (mut state, mut owner) = ("ringing", None);
        for (_, word) in &self.log {
            let mut words = word.split(' ');
            let (verb, who) = (words.next().unwrap(), words.next());
            owner = match (state, verb) {
                ("ringing", "ack") | ("acked", "go") | ("acked" | "en_route", "arrive") | (_, "take") => who,
                (_, "lost") => None,
                _ => owner,
            };
            state = match (state, verb) {
                ("ringing", "ack") => "acked",
                ("acked" | "en_route" | "on_scene", "lost") => "ringing",
                ("acked", "go") => "en_route",
                // Who takes over from somebody on the way is to set out.
                ("en_route", "take") => "acked",
                ("acked" | "en_route", "arrive") => "on_scene",
                ("acked" | "en_route" | "on_scene", "resolve") => "resolved",
                ("resolved", "close") => "closed",
                (same, _) => same,
            };
        }
        (state, owner)
    }

    fn state(&self) -> &'static str {
        self.stands().0
    }

    fn owner(&self) -> Option<&str> {
        self.stands().1
    }

    fn is_test(&self) -> bool {
        let mut last = 0;
        let mut test = self.test;
        for (at, word) in &self.log {
            if word == "press" {
                test &= at - last > 60;
                last = *at;
            }
        }
        test
    }

    fn has(&self, verb: &str) -> bool {
        self.log
            .iter()
            .any(|(_, word)| word.split(' ').next() == Some(verb))
    }

    fn since(&self, verb: &str) -> Option<i64> {
        let mut found = self
            .log
            .iter()
            .filter(|(_, word)| word.split(' ').next() == Some(verb));
        found.next_back().map(|(at, _)| *at)
    }

    /// When somebody last began to have it who is to set out anew.
    fn anew(&self) -> i64 {
        let mut before = Self::default();
        let mut anew = -1;
        for (at, word) in &self.log {
            let given = word.starts_with("take") && before.state() == "en_route";
            if word.starts_with("lost") || given {
                anew = *at;
            }
            before.log.push((*at, word.clone()));
        }
        anew
    }

    fn late(&self) -> bool {
        let ack = self.log.iter().find(|(_, word)| word.starts_with("ack"));
        let slow = ack.is_some_and(|(at, _)| *at > 180);
        let lost = self.anew();
        let go = self.since("go").filter(|at| *at >= lost);
        let there = self.since("arrive").filter(|at| *at >= lost);
        let long = go.zip(there).is_some_and(|(go, there)| there - go > 2700);
        let told = self
            .log
            .iter()
            .filter(|(at, word)| word == "not_there" && *at > lost);
        !self.is_test() && (slow || long || told.count() > 2)
    }

    /// Whether the design lets somebody do this now, and by which word.
    fn takes(&self, command: &Command, kin: bool) -> Result<Option<String>, &'static str> {
        let name = |id: &StaffId| id.0.as_u128().to_string();
        let state = self.state();
        let somebody = ["acked", "en_route", "on_scene"].contains(&state);
        if state == "closed" {
            return if *command == Command::Tick {
                Ok(None)
            } else {
                Err("closed")
            };
        }
        let had = |verb: &str, who: &StaffId| Ok(Some(format!("{verb} {}", name(who))));
        match command {
            Command::Press => Ok(Some("press".into())),
            Command::Cancel => Ok(Some("cancel".into())),
            Command::Tick => Ok(None),
            Command::Acknowledge(who) if state == "ringing" => had("ack", who),
            Command::Acknowledge(_) if somebody => Ok(None),
            Command::Go(who) if state == "acked" => had("go", who),
            Command::Go(_) if state == "en_route" || state == "on_scene" => Ok(None),
            Command::CannotGo(who) if state == "acked" || state == "en_route" => {
                if self.owner() == Some(&name(who)) {
                    Ok(Some("lost".into()))
                } else {
                    Err("not_owner")
                }
            }
            Command::Arrive(who, _) if state == "acked" || state == "en_route" => had("arrive", who),
            Command::Arrive(..) if state == "on_scene" => Ok(None),
            Command::CheckIn(who) if state == "on_scene" => had("check", who),
            Command::ShiftOver if somebody => Ok(Some("lost".into())),
            Command::TakeOver(who) if somebody => had("take", who),
            Command::Resolve(_, CallOutcome::FalseAlarm, None) if somebody => Err("not_verified"),
            Command::Resolve(_, outcome, _) if somebody => {
                if (*outcome == CallOutcome::Test) == self.is_test() {
                    Ok(Some("resolve".into()))
                } else {
                    Err("test")
                }
            }
            Command::Report => {
                if self.late() {
                    Ok(Some("report".into()))
                } else {
                    Err("not_late")
                }
            }
            Command::Close(_) if state == "resolved" => {
                if kin && !self.is_test() && !self.has("kin") {
                    Err("kin")
                } else if self.late() && !self.has("report") {
                    Err("report")
                } else {
                    Ok(Some("close".into()))
                }
            }
            _ => Err("not_now"),
        }
    }

    fn note(&mut self, at: i64, events: &[Event]) {
        for event in events {
            let word = match event {
                Event::KinTold => "kin",
                Event::LeaseRanOut(_) => "lost",
                Event::NotThereYet(_) => "not_there",
                Event::Closed(None) => "close",
                _ => continue,
            };
            self.log.push((at, word.to_owned()));
        }
    }
}

fn word(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::CallClosed => "closed",
        Refusal::NotNow(_) => "not_now",
        Refusal::NotOwner => "not_owner",
        Refusal::NotVerified => "not_verified",
        Refusal::TestMismatch => "test",
        Refusal::KinNotTold => "kin",
        Refusal::ReportMissing => "report",
        Refusal::NotLate => "not_late",
    }
}

/// Steps: after how many seconds, which command.
type Steps = (bool, bool, [bool; 4], Vec<(i64, usize, bool)>);

fn steps() -> impl Strategy<Value = Steps> {
    let all = samples().len();
    let wait = prop_oneof![9 => 0_i64..20, 6 => 20_i64..200, 3 => 200_i64..4_000, 1 => 80_000_i64..90_000];
    let step = (wait, 0..all, prop::bool::weighted(0.3));
    (
        any::<bool>(),
        prop::bool::weighted(0.2),
        any::<[bool; 4]>(),
        prop::collection::vec(step, 1..60),
    )
}

/// Commands as they follow each other when all goes well: chance alone would seldom get to the end.
const WELL: [usize; 6] = [3, 5, 9, 10, 13, 18];

fn run((has_kin, test, staffed, steps): &Steps) -> Result<HashSet<(CallState, &'static str)>, TestCaseError> {
    let ladder = Ladder::default();
    let mut call = Call::new(at(0), *test);
    let mut model = Model {
        test: *test,
        ..Model::default()
    };
    let mut seen = HashSet::new();
    let (mut now, mut well) = (0, WELL.iter());
    let moment = |now| Moment {
        now: at(now),
        staffed: *staffed,
        has_kin: *has_kin,
    };
    for event in open(&call, &ladder, moment(0)) {
        call = evolve(call, &ladder, event, at(0));
    }
    for (wait, which, chance) in steps {
        // What is due by itself happens when it is due.
        let until = now + wait;
        // Now and then the timers are late.
        let late = *chance && which % 4 == 0;
        while let (false, Some(due)) = (
            late,
            next(&call, &ladder, *has_kin).filter(|due| *due <= at(until)),
        ) {
            now = (due - at(0)).num_seconds();
            let events = decide(&call, &ladder, Command::Tick, moment(now)).unwrap();
            prop_assert!(!events.is_empty(), "what is due does something: {:?}", call);
            model.note(now, &events);
            for event in events {
                call = evolve(call, &ladder, event, at(now));
            }
        }
        now = until;
        let guided = if *chance { None } else { well.next() };
        let command = samples()[*guided.unwrap_or(which)];
        let before = call.clone();
        let decided = decide(&call, &ladder, command, moment(now));
        let expected = model.takes(&command, *has_kin);
        match (&decided, expected) {
            (Ok(events), Ok(word)) => {
                for event in events {
                    call = evolve(call, &ladder, *event, at(now));
                }
                let mut kin = false;
                if let Some(word) = word {
                    // Who takes it on tells the next of kin with it.
                    kin = word.starts_with("ack") && *has_kin && !model.is_test() && !model.has("kin");
                    model.log.push((now, word));
                }
                if kin {
                    model.log.push((now, "kin".into()));
                }
                let told = command != Command::Tick && events.contains(&Event::KinTold);
                prop_assert_eq!(told, kin, "{:?} {:?}", command, before);
                seen.insert((before.state, "ok"));
            }
            (Err(refusal), Err(expected)) => {
                prop_assert_eq!(word(*refusal), expected, "{:?} {:?}", command, before);
                seen.insert((before.state, expected));
            }
            (decided, expected) => {
                return Err(TestCaseError::fail(format!(
                    "{command:?} at {now}: {decided:?}, the model says {expected:?}; {before:?}"
                )));
            }
        }
        prop_assert_eq!(call.state.word(), model.state(), "{:?} {:?}", command, model);
        let owner = call.owner.map(|id| id.0.as_u128().to_string());
        prop_assert_eq!(owner.as_deref(), model.owner());
        holds(&call, &ladder, *has_kin, at(now))?;
    }
    Ok(seen)
}

/// What holds whatever happened.
fn holds(call: &Call, ladder: &Ladder, has_kin: bool, now: DateTime<Utc>) -> Result<(), TestCaseError> {
    let due = next(call, ladder, has_kin);
    match call.state {
        CallState::Ringing => {
            prop_assert!(call.owner.is_none());
            // Nobody has it: it rings again within the longest gap of the ladder.
            prop_assert!(
                due.is_some_and(|due| due <= now + TimeDelta::seconds(120)),
                "{:?}",
                call
            );
        }
        CallState::Acked | CallState::EnRoute | CallState::OnScene => {
            prop_assert!(call.owner.is_some() && call.first_acked_at.is_some());
            prop_assert!(due.is_some(), "somebody has it, and is watched: {:?}", call);
        }
        CallState::Resolved => prop_assert!(call.outcome.is_some()),
        CallState::Closed => prop_assert_eq!(due, None),
    }
    Ok(())
}

#[test]
fn ten_thousand_sequences_agree_with_the_model_and_visit_everything() {
    let mut visited = HashSet::new();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..10_000 {
        let case = steps().new_tree(&mut runner).unwrap().current();
        match run(&case) {
            Ok(seen) => visited.extend(seen),
            Err(error) => panic!("{error}\n{case:?}"),
        }
    }
    for state in CallState::ALL {
        assert!(visited.contains(&(*state, "ok")), "{state} takes nothing");
    }
    let words: HashSet<&str> = visited.iter().map(|(_, word)| *word).collect();
    for refusal in [
        "closed",
        "not_now",
        "not_owner",
        "not_verified",
        "test",
        "report",
        "not_late",
    ] {
        assert!(words.contains(refusal), "{refusal} never met");
    }
}

fn opened(ladder: &Ladder, staffed: [bool; 4]) -> (Call, Vec<Event>) {
    let call = Call::new(at(0), false);
    let moment = Moment {
        now: at(0),
        staffed,
        has_kin: false,
    };
    let events = open(&call, ladder, moment);
    let call = events
        .iter()
        .fold(call, |call, event| evolve(call, ladder, *event, at(0)));
    (call, events)
}

/// Rungs of a call that nobody takes on, with their seconds, for a day.
fn a_day(ladder: &Ladder, staffed: [bool; 4]) -> Vec<(i64, Event)> {
    let (mut call, events) = opened(ladder, staffed);
    let mut all: Vec<(i64, Event)> = events.into_iter().map(|event| (0, event)).collect();
    while let Some(due) = next(&call, ladder, false) {
        let second = (due - at(0)).num_seconds();
        if second > 86_400 {
            break;
        }
        let moment = Moment {
            now: due,
            staffed,
            has_kin: false,
        };
        for event in decide(&call, ladder, Command::Tick, moment).unwrap() {
            all.push((second, event));
            call = evolve(call, ladder, event, due);
        }
    }
    all
}

#[test]
fn it_rings_for_a_day_and_would_for_ever() {
    let all = a_day(&Ladder::default(), EVERYBODY);
    let first: Vec<(i64, Event)> = all.iter().take(6).copied().collect();
    assert_eq!(
        first,
        [
            (0, Event::Rung(0)),
            (30, Event::Rung(1)),
            (60, Event::Rung(2)),
            (180, Event::Rung(3)),
            (300, Event::Rung(4)),
            (360, Event::Rung(4)),
        ]
    );
    assert_eq!(all.last(), Some(&(86_400, Event::Rung(4))));
    assert_eq!(all.len(), 5 + (86_400 - 300) / 60);
}

#[test]
fn an_empty_level_is_passed_over_at_once_and_the_last_rung_never() {
    let ladder = Ladder::default();
    let nobody_below = a_day(&ladder, [false, false, true, true]);
    assert_eq!(
        nobody_below[..4],
        [
            (0, Event::NoOneOnDuty(0)),
            (0, Event::NoOneOnDuty(1)),
            (0, Event::NoOneOnDuty(2)),
            (0, Event::Rung(3)),
        ]
    );
    let nobody = a_day(&ladder, [false; 4]);
    assert_eq!(nobody[4], (0, Event::Rung(4)));
    assert_eq!(nobody.last(), Some(&(86_400, Event::Rung(4))));
}

proptest! {
    /// Devices send twice, late and in any order: what counts is the same.
    #[test]
    fn the_order_of_presses_and_cancels_does_not_matter(order in Just([true, true, false, true, false]).prop_shuffle()) {
        let ladder = Ladder::default();
        let (mut call, _) = opened(&ladder, EVERYBODY);
        for press in order {
            let command = if press { Command::Press } else { Command::Cancel };
            let moment = Moment { now: at(5), staffed: EVERYBODY, has_kin: false };
            for event in decide(&call, &ladder, command, moment).unwrap() {
                call = evolve(call, &ladder, event, at(5));
            }
        }
        prop_assert_eq!((call.state, call.presses, call.cancelled), (CallState::Ringing, 4, true));
    }

    /// However far the clock jumps ahead, the rung that is due by then is rung at once; before it is due nothing happens.
    #[test]
    fn a_jump_of_the_clock_never_silences(now in 0_i64..3_600) {
        let ladder = Ladder::default();
        let (call, _) = opened(&ladder, EVERYBODY);
        prop_assert_eq!(next(&call, &ladder, false), Some(at(30)));
        let moment = Moment { now: at(now), staffed: EVERYBODY, has_kin: false };
        let events = decide(&call, &ladder, Command::Tick, moment).unwrap();
        let due = ladder.rungs.iter().rposition(|rung| i64::from(rung.after_s) <= now).unwrap();
        let expected = if due == 0 { Vec::new() } else { vec![Event::Rung(due)] };
        prop_assert_eq!(events, expected);
    }
}

/// A test that was taken on and then turned into an emergency: the next of kin do not know, and it does not close before.
#[test]
fn it_does_not_close_before_the_next_of_kin_know() {
    let ladder = Ladder::default();
    let moment = |now| Moment {
        now: at(now),
        staffed: EVERYBODY,
        has_kin: true,
    };
    let mut call = Call::new(at(0), true);
    for (now, command) in [
        (1, Command::Acknowledge(staff(1))),
        (2, Command::Press),
        (3, Command::Resolve(staff(1), CallOutcome::Helped, None)),
    ] {
        for event in decide(&call, &ladder, command, moment(now)).unwrap() {
            assert_ne!(event, Event::KinTold);
            call = evolve(call, &ladder, event, at(now));
        }
    }
    assert_eq!(
        decide(&call, &ladder, Command::Close(staff(2)), moment(4)),
        Err(Refusal::KinNotTold)
    );
    assert!(
        next(&call, &ladder, true).is_some_and(|due| due <= at(4)),
        "it is due at once"
    );
    for event in decide(&call, &ladder, Command::Tick, moment(4)).unwrap() {
        call = evolve(call, &ladder, event, at(4));
    }
    assert!(decide(&call, &ladder, Command::Close(staff(2)), moment(5)).is_ok());
}

/// Nothing ran for ten minutes: the shift lead is rung at once, not after the lower levels were rung one by one.
#[test]
fn what_was_missed_is_made_up_for_at_once() {
    let ladder = Ladder::default();
    for (late, rung, level) in [(35, 1, 0), (70, 2, 1), (200, 3, 2), (600, 4, 3)] {
        let mut call = Call::new(at(0), false);
        let moment = |now| Moment {
            now: at(now),
            staffed: EVERYBODY,
            has_kin: false,
        };
        for event in open(&call, &ladder, moment(0)) {
            call = evolve(call, &ladder, event, at(0));
        }
        let events = decide(&call, &ladder, Command::Tick, moment(late)).unwrap();
        assert_eq!(events, [Event::Rung(rung)], "{late} s");
        call = evolve(call, &ladder, events[0], at(late));
        assert_eq!(call.level, level);
    }
}
