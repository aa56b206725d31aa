//! What others have to do with it: units that do a part, the supervisor, tickets about the same matter.

use super::{By, Change, Command, Decision, Life, OF_TICKET, Refusal, Span, TASKS, Tick, begun, not_now};
use entity::id::ProceedingId;
use entity::kind::{ClockKind, EntryKind, ProceedingKind, ProceedingState, TicketState};

/// What other units and the supervisor have to do with it.
pub(super) fn others(life: &Life, command: &Command, by: By) -> Result<Decision, Refusal> {
    use EntryKind as E;
    use ProceedingKind as P;
    let stay = life.state;
    let task = |id: &ProceedingId| {
        let found = life.open_of(TASKS).find(|open| open.id == *id);
        found.ok_or(Refusal::NoneOpen(P::Task))
    };
    let supervision = || life.open(P::Supervision).ok_or(Refusal::NoneOpen(P::Supervision));
    Ok(match command {
        Command::CoHandle { unit, .. } | Command::Whistle { unit, .. } if Some(*unit) == life.lead => {
            return Err(Refusal::TaskToLead);
        }
        Command::CoHandle { id, unit, span } => {
            let open = begun(*id, P::Task, Some(*unit), by);
            let ticks = vec![Tick::StartFor(ClockKind::Task, *id, *span)];
            Decision::one(E::TaskOpened, stay, vec![Change::Opened(open)], ticks)
        }
        Command::Whistle { id, unit } => {
            let open = begun(*id, P::Whistle, Some(*unit), by);
            let ticks = vec![Tick::StartFor(ClockKind::Whistle, *id, Span::Policy)];
            Decision::one(E::Whistled, stay, vec![Change::Opened(open)], ticks)
        }
        Command::FinishTask(id) => {
            let changes = vec![Change::Ended(task(id)?.id, ProceedingState::Done)];
            Decision::one(E::TaskDone, stay, changes, vec![Tick::StopFor(*id)])
        }
        Command::WaiveTask(id) => {
            let changes = vec![Change::Ended(task(id)?.id, ProceedingState::Waived)];
            Decision::one(E::TaskWaived, stay, changes, vec![Tick::StopFor(*id)])
        }
        Command::Supervise { .. } if life.open(P::Supervision).is_some() => {
            return Err(Refusal::AlreadyOpen(P::Supervision));
        }
        Command::Supervise { id, span } => {
            let open = begun(*id, P::Supervision, life.lead, by);
            let ticks = vec![Tick::StartFor(ClockKind::Supervise, *id, *span)];
            Decision::one(E::Supervised, stay, vec![Change::Opened(open)], ticks)
        }
        Command::AnswerSupervision => {
            let open = supervision()?;
            if open.state == ProceedingState::Answered {
                return Err(Refusal::NoneOpen(P::Supervision));
            }
            let changes = vec![Change::Answered(open.id)];
            Decision::one(
                E::SupervisionAnswered,
                stay,
                changes,
                vec![Tick::StopFor(open.id)],
            )
        }
        Command::CloseSupervision => {
            let open = supervision()?;
            let changes = vec![Change::Ended(open.id, ProceedingState::Done)];
            Decision::one(E::SupervisionClosed, stay, changes, vec![Tick::StopFor(open.id)])
        }
        other => return Err(not_now(life, other)),
    })
}

/// Clocks that rest while a ticket is treated with another.
const RESTING: [ClockKind; 5] = [
    ClockKind::Accept,
    ClockKind::Dispatch,
    ClockKind::Sign,
    ClockKind::FirstContact,
    ClockKind::Return,
];

/// One matter in several tickets. The clock of the resolution goes on: the promise to each requester holds.
pub(super) fn merge(life: &Life, command: &Command) -> Result<Decision, Refusal> {
    use EntryKind as E;
    use TicketState as S;
    Ok(match command {
        Command::Merge { other_merged, .. } if *other_merged || life.followed => {
            return Err(Refusal::MergeRing);
        }
        Command::Merge {
            other_open: false, ..
        } => return Err(Refusal::MergeIntoClosed),
        Command::Merge { into, .. } => {
            let ticks = std::iter::once(Tick::Count(false))
                .chain(RESTING.map(Tick::Pause))
                .collect();
            Decision::one(E::Merged, S::Merged, vec![Change::Primary(Some(*into))], ticks)
                .lapsing(life, OF_TICKET)
        }
        Command::Unmerge => {
            let to = life.came_from.unwrap_or(S::PendingDispatch);
            let mut ticks: Vec<Tick> = RESTING.map(Tick::Resume).to_vec();
            ticks.push(Tick::Count(true));
            Decision::one(E::Unmerged, to, vec![Change::Primary(None)], ticks)
        }
        Command::Follow { place, by, result } => {
            let changes = vec![
                Change::Follow {
                    unit: place.unit,
                    person: place.person,
                },
                Change::Reply {
                    by: *by,
                    result: *result,
                },
                Change::Contacted,
                Change::Primary(None),
            ];
            let ticks = vec![Tick::StopAll, Tick::Start(ClockKind::Callback)];
            Decision::one(E::Approved, S::Callback, changes, ticks)
        }
        other => return Err(not_now(life, other)),
    })
}
