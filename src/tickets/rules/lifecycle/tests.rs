//! The lifecycle against an independent model of it.

mod model;

use super::*;
use model::{Entry, Model, word};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use std::collections::{HashMap, HashSet};

fn staff(n: u8) -> Option<StaffId> {
    (n > 0).then(|| uuid::Uuid::from_u128(u128::from(n)).into())
}

const EASY: Moment = Moment {
    return_open: true,
    before_due: true,
    extensions_left: 1,
    extension_room: 1,
    reopen_open: true,
    urge_open: true,
};

/// A step of a sequence: which command, by whom, for the centre or not, as the requester or not, with all windows open or closed.
type Step = (usize, u8, bool, bool, bool);

/// Random commands; words that lead into the depth of the life come more often than chance would have them.
fn sequence() -> impl Strategy<Value = Vec<Step>> {
    let at = |wanted: &str| {
        let found = samples().iter().position(|command| word(command) == wanted);
        found.expect("every word has a sample")
    };
    let paths: Vec<Vec<usize>> = [
        "accept dispatch sign contact reply approve rate_bad contact reply approve rate_good reopen",
        "accept dispatch ask_return agree dispatch ask_return agree_there sign ask_return",
        "accept dispatch ask_return disagree sign ask_time give_time co_handle done suspend resume",
        "accept dispatch sign supervise answer_supervision plan reached merge follow lapse close_supervision",
        "accept dispatch sign supervise contact reply approve rate_good archive answer_supervision archive close_supervision archive",
        "reject appeal reject appeal",
        "accept dispatch sign merge unmerge whistle waive contact reply send_back",
        "answer rate_good reopen dispatch",
        "accept dispatch sign co_handle ask_return agree done",
    ]
    .iter()
    .map(|path| path.split(' ').map(at).collect())
    .collect();
    let all = samples().len();
    let step = (0..all, 0_u8..3, any::<bool>(), any::<bool>(), 0_u8..8, 0_u8..4);
    (0..paths.len(), prop::collection::vec(step, 1..40)).prop_map(move |(path, steps)| {
        let mut along = paths[path].iter();
        steps
            .into_iter()
            .map(|(random, by, centre, requester, hard, guided)| {
                let next = if guided > 0 { along.next().copied() } else { None };
                (next.unwrap_or(random), by, centre, requester, hard > 0)
            })
            .collect()
    })
}

/// A command about what is open, as its sender would see it; samples name a key that nothing has.
fn aimed(command: &Command, life: &Life, n: usize) -> Command {
    let fresh: ProceedingId = uuid::Uuid::from_u128(1000 + u128::try_from(n).unwrap()).into();
    let first = |kinds: &[ProceedingKind]| {
        let found = life.open_of(kinds).next().map(|open| open.id);
        found.unwrap_or(fresh)
    };
    match command.clone() {
        Command::RequestReturn(_) => Command::RequestReturn(fresh),
        Command::RequestExtension { amount, .. } => Command::RequestExtension { id: fresh, amount },
        Command::Suspend { review, .. } => Command::Suspend { id: fresh, review },
        Command::CoHandle { span, .. } => Command::CoHandle {
            id: fresh,
            unit: uuid::Uuid::from_u128(7).into(),
            span,
        },
        Command::Whistle { .. } => Command::Whistle {
            id: fresh,
            unit: uuid::Uuid::from_u128(8).into(),
        },
        Command::SetPlan(all) => Command::SetPlan(all.into_iter().map(|(_, at)| (fresh, at)).collect()),
        Command::Supervise { span, .. } => Command::Supervise { id: fresh, span },
        Command::FinishTask(_) => Command::FinishTask(first(TASKS)),
        Command::WaiveTask(_) => Command::WaiveTask(first(TASKS)),
        Command::ReachMilestone(_) => Command::ReachMilestone(first(&[ProceedingKind::Milestone])),
        other => other,
    }
}

/// Clocks as a reader of the ticks alone would have them.
fn clocks(ticks: &[Tick], running: &mut HashMap<(ClockKind, Option<ProceedingId>), bool>) {
    for tick in ticks {
        match *tick {
            Tick::Start(kind) => {
                running.entry((kind, None)).or_insert(false);
            }
            Tick::StartFor(kind, id, _) => {
                running.insert((kind, Some(id)), false);
            }
            Tick::Stop(kind) => {
                running.remove(&(kind, None));
            }
            Tick::StopFor(id) => running.retain(|(_, other), _| *other != Some(id)),
            Tick::StopAll => running.retain(|(_, small), _| small.is_some()),
            Tick::Pause(kind) => {
                running.entry((kind, None)).and_modify(|paused| *paused = true);
            }
            Tick::Resume(kind) => {
                running.entry((kind, None)).and_modify(|paused| *paused = false);
            }
            Tick::Extend(..) | Tick::Until(..) | Tick::Count(_) | Tick::Discount(_) => {}
        }
    }
}

type Visited = HashSet<(TicketState, &'static str, bool)>;

/// Runs a sequence against rules and model; what was visited.
fn run(steps: &[Step]) -> Result<(Visited, HashSet<&'static str>), TestCaseError> {
    let samples = samples();
    let (mut life, mut model) = (Life::new(), Model::default());
    let (mut visited, mut refusals) = (HashSet::new(), HashSet::new());
    let mut running = HashMap::new();
    for (at, (n, by, centre, requester, easy)) in steps.iter().enumerate() {
        let command = aimed(&samples[*n], &life, at);
        let by = By {
            staff: staff(*by),
            centre: *centre,
            requester: *requester,
        };
        let moment = if *easy { EASY } else { Moment::default() };
        // One part at a time keeps the model simple; that several wait is tested by itself.
        let second = matches!(command, Command::CoHandle { .. } | Command::Whistle { .. })
            && life.open_of(TASKS).next().is_some();
        if second {
            continue;
        }
        let decided = decide(&life, &command, by, moment);
        prop_assert_eq!(
            decided.is_ok(),
            model.takes(word(&command), by, *easy),
            "{:?} in {:?} after {:?}",
            command,
            life,
            model.log.iter().map(|entry| entry.word).collect::<Vec<_>>()
        );
        visited.insert((life.state, word(&command), decided.is_ok()));
        let decision = match decided {
            Ok(decision) => decision,
            Err(refusal) => {
                refusals.insert(name(&refusal));
                continue;
            }
        };
        prop_assert!(!decision.events.is_empty());
        let before = life.clone();
        life = decision.events.iter().fold(life, evolve);
        clocks(&decision.ticks, &mut running);
        let mut entry = Entry {
            word: word(&command),
            by: by.staff,
            centre: *centre,
        };
        entry.centre = *centre;
        model.log.push(entry);
        if life.state == TicketState::Closed && before.state != life.state {
            // What a close ends is a word of its own to the model.
            model.log.push(Entry {
                word: "closes",
                ..entry
            });
        }
        prop_assert_eq!(life.state.word(), model.state());
        holds(&life, &running)?;
    }
    Ok((visited, refusals))
}

/// What is true of every ticket at any time.
fn holds(
    life: &Life,
    running: &HashMap<(ClockKind, Option<ProceedingId>), bool>,
) -> Result<(), TestCaseError> {
    use TicketState as S;
    let with_unit = matches!(
        life.state,
        S::Dispatched | S::InProgress | S::ReturnReview | S::Suspended | S::ReplyReview | S::Callback
    );
    prop_assert!(!with_unit || life.lead.is_some(), "a unit has it");
    prop_assert_eq!(life.state == S::Merged, life.primary.is_some(), "{:?}", life);
    prop_assert_eq!(
        life.state == S::ReturnReview,
        life.open(ProceedingKind::Return).is_some(),
        "{:?}",
        life
    );
    prop_assert_eq!(
        life.state == S::Suspended,
        life.open(ProceedingKind::Suspension).is_some()
    );
    prop_assert!(life.no_return || life.routes < FINAL_ROUTE);
    let runs = |kind| running.get(&(kind, None)).copied();
    // The promise to the requester runs from the first dispatch to the approved reply, whoever has it.
    if matches!(
        life.state,
        S::Dispatched | S::InProgress | S::ReturnReview | S::ReplyReview
    ) {
        prop_assert_eq!(runs(ClockKind::Resolve), Some(false), "{:?}", life);
    }
    if life.state == S::Suspended {
        prop_assert_eq!(runs(ClockKind::Resolve), Some(true));
    }
    if life.state == S::Dispatched {
        prop_assert_eq!(runs(ClockKind::Sign), Some(false), "{:?}", life);
    }
    if matches!(
        life.state,
        S::Closed | S::Rejected | S::Redirected | S::Withdrawn | S::Archived
    ) {
        let own = running.keys().filter(|(_, small)| small.is_none()).count();
        prop_assert_eq!(own, 0, "nothing of the ticket runs after its end: {:?}", life);
    }
    let timed = |open: &Open| {
        !matches!(open.kind, ProceedingKind::Extension | ProceedingKind::Suspension)
            && open.state == ProceedingState::Open
    };
    for open in life.open.iter().filter(|open| timed(open)) {
        let has = running.keys().any(|(_, small)| *small == Some(open.id));
        prop_assert!(has, "{:?} has a clock", open);
    }
    Ok(())
}

fn name(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::NotNow { .. } => "not_now",
        Refusal::SeparationOfDuty => "separation_of_duty",
        Refusal::NoContact => "no_contact",
        Refusal::AlreadyRated => "already_rated",
        Refusal::ReturnForbidden => "return_forbidden",
        Refusal::ReturnWindowPast => "return_window_past",
        Refusal::CentreMustRule => "centre_must_rule",
        Refusal::MustDesignate => "must_designate",
        Refusal::ExtensionAfterDue => "extension_after_due",
        Refusal::ExtensionExhausted { .. } => "extension_exhausted",
        Refusal::AlreadyOpen(_) => "already_open",
        Refusal::NoneOpen(_) => "none_open",
        Refusal::TasksOpen(_) => "tasks_open",
        Refusal::TaskToLead => "task_to_lead",
        Refusal::MergeRing => "merge_ring",
        Refusal::MergeIntoClosed => "merge_into_closed",
        Refusal::ReopenWindowPast => "reopen_window_past",
        Refusal::UrgeTooSoon => "urge_too_soon",
        Refusal::AnotherMustDecide => "another_must_decide",
        Refusal::NotVerified => "not_verified",
    }
}

#[test]
fn ten_thousand_sequences_agree_with_the_model_and_visit_everything() {
    let (mut visited, mut refusals) = (HashSet::new(), HashSet::new());
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..10_000 {
        let steps = sequence().new_tree(&mut runner).unwrap().current();
        let (seen, refused) = run(&steps).unwrap();
        visited.extend(seen);
        refusals.extend(refused);
    }
    let mut missing = Vec::new();
    for state in TicketState::ALL {
        for command in samples() {
            let word = word(&command);
            // Some reasons are for the acceptance, others for the review.
            let fits = match &command {
                Command::Reject(reason) => {
                    reason.after_verification() == (*state == TicketState::ReplyReview)
                }
                _ => true,
            };
            let may = fits && allowed(*state).contains(&command.kind());
            if !visited.contains(&(*state, word, may)) {
                missing.push((*state, word, may));
            }
        }
    }
    // Once appealed, who refused may not decide; all other windows and duties refuse somewhere.
    assert_eq!(missing, vec![], "never visited");
    let by_facts = [
        "separation_of_duty",
        "no_contact",
        "already_rated",
        "return_forbidden",
        "return_window_past",
        "centre_must_rule",
        "must_designate",
        "extension_after_due",
        "already_open",
        "none_open",
        "tasks_open",
        "reopen_window_past",
        "urge_too_soon",
        "another_must_decide",
        "not_verified",
    ];
    for refusal in by_facts {
        assert!(refusals.contains(refusal), "{refusal} never met");
    }
}

fn life_in(state: TicketState) -> Life {
    Life {
        state,
        contacted: true,
        lead: Some(uuid::Uuid::from_u128(9).into()),
        ..Life::new()
    }
}

fn id(n: u128) -> ProceedingId {
    uuid::Uuid::from_u128(n).into()
}

#[test]
fn who_replied_never_approves() {
    let life = Life {
        replied_by: staff(1),
        ..life_in(TicketState::ReplyReview)
    };
    let by = |n| By {
        staff: staff(n),
        ..By::default()
    };
    for command in [Command::Approve, Command::SendBack] {
        assert_eq!(
            decide(&life, &command, by(1), EASY),
            Err(Refusal::SeparationOfDuty)
        );
        assert!(decide(&life, &command, by(2), EASY).is_ok());
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

#[test]
fn more_time_is_refused_when_none_is_left_or_not_so_much() {
    let life = life_in(TicketState::InProgress);
    let ask = |amount, extensions_left, extension_room| {
        let moment = Moment {
            extensions_left,
            extension_room,
            ..EASY
        };
        let command = Command::RequestExtension { id: id(1), amount };
        decide(&life, &command, By::default(), moment)
    };
    assert!(ask(3, 1, 3).is_ok());
    for (left, room) in [(0, 3), (1, 2)] {
        assert_eq!(
            ask(3, left, room),
            Err(Refusal::ExtensionExhausted { left, room })
        );
    }
}

#[test]
fn a_reply_waits_for_every_part() {
    let mut life = life_in(TicketState::InProgress);
    for n in 1..=2 {
        let command = Command::CoHandle {
            id: id(n),
            unit: uuid::Uuid::from_u128(n).into(),
            span: Span::Policy,
        };
        let decision = decide(&life, &command, By::default(), EASY).unwrap();
        life = decision.events.iter().fold(life, evolve);
    }
    let reply = Command::Reply(TicketResult::Solved);
    for (n, left) in [(1, 2), (2, 1)] {
        let refused = decide(&life, &reply, By::default(), EASY);
        assert_eq!(refused, Err(Refusal::TasksOpen(left)));
        let decision = decide(&life, &Command::FinishTask(id(n)), By::default(), EASY).unwrap();
        life = decision.events.iter().fold(life, evolve);
    }
    assert!(decide(&life, &reply, By::default(), EASY).is_ok());
}

#[test]
fn what_makes_no_sense_is_refused() {
    let life = life_in(TicketState::InProgress);
    let merge = |life: &Life, other_merged, other_open| {
        let into = uuid::Uuid::from_u128(5).into();
        let command = Command::Merge {
            into,
            other_merged,
            other_open,
        };
        decide(life, &command, By::default(), EASY)
    };
    assert!(merge(&life, false, true).is_ok());
    assert_eq!(merge(&life, true, true), Err(Refusal::MergeRing));
    assert_eq!(merge(&life, false, false), Err(Refusal::MergeIntoClosed));
    let followed = Life {
        followed: true,
        ..life.clone()
    };
    assert_eq!(merge(&followed, false, true), Err(Refusal::MergeRing));
    let own = Command::Whistle {
        id: id(1),
        unit: life.lead.unwrap(),
    };
    assert_eq!(decide(&life, &own, By::default(), EASY), Err(Refusal::TaskToLead));
}
