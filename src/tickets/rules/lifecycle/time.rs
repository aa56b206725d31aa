//! How long it takes: extensions, suspensions, plans.

use super::{By, Change, Command, Decision, Life, Moment, Refusal, Span, Tick, begun, not_now};
use entity::kind::{ClockKind, EntryKind, ProceedingKind, ProceedingState, TicketState};

/// How long it takes: extensions, suspensions, plans.
pub(super) fn time(life: &Life, command: &Command, by: By, moment: Moment) -> Result<Decision, Refusal> {
    use EntryKind as E;
    use ProceedingKind as P;
    use TicketState as S;
    let stay = life.state;
    Ok(match command {
        Command::RequestExtension { .. } if !moment.before_due => return Err(Refusal::ExtensionAfterDue),
        Command::RequestExtension { .. } if life.open(P::Extension).is_some() => {
            return Err(Refusal::AlreadyOpen(P::Extension));
        }
        Command::RequestExtension { amount, .. }
            if moment.extensions_left == 0 || *amount > moment.extension_room =>
        {
            return Err(Refusal::ExtensionExhausted {
                left: moment.extensions_left,
                room: moment.extension_room,
            });
        }
        Command::RequestExtension { id, .. } => {
            let open = begun(*id, P::Extension, life.lead, by);
            Decision::one(E::ExtensionRequested, stay, vec![Change::Opened(open)], vec![])
        }
        Command::GrantExtension { .. } | Command::RefuseExtension => {
            let asked = life.open(P::Extension).ok_or(Refusal::NoneOpen(P::Extension))?;
            if by.staff.is_some() && by.staff == asked.by {
                return Err(Refusal::SeparationOfDuty);
            }
            if let Command::GrantExtension { amount } = command {
                let changes = vec![Change::Ended(asked.id, ProceedingState::Granted)];
                let ticks = vec![Tick::Extend(ClockKind::Resolve, *amount)];
                Decision::one(E::ExtensionGranted, stay, changes, ticks)
            } else {
                let changes = vec![Change::Ended(asked.id, ProceedingState::Refused)];
                Decision::one(E::ExtensionRefused, stay, changes, vec![])
            }
        }
        Command::Suspend { id, .. } => {
            let open = begun(*id, P::Suspension, life.lead, by);
            let ticks = vec![Tick::Pause(ClockKind::Resolve)];
            Decision::one(E::Suspended, S::Suspended, vec![Change::Opened(open)], ticks)
        }
        Command::Resume => {
            let changes = life
                .open(P::Suspension)
                .map(|open| Change::Ended(open.id, ProceedingState::Done));
            let to = life.came_from.unwrap_or(S::InProgress);
            let ticks = vec![Tick::Resume(ClockKind::Resolve)];
            Decision::one(E::Resumed, to, changes.into_iter().collect(), ticks)
        }
        Command::SetPlan(milestones) => {
            let mut decision =
                Decision::one(E::PlanSet, stay, vec![], vec![]).lapsing(life, &[P::Milestone, P::Extension]);
            let opened = milestones
                .iter()
                .map(|(id, _)| Change::Opened(begun(*id, P::Milestone, life.lead, by)));
            if let Some(event) = decision.events.last_mut() {
                event.changes.push(Change::HardCase);
                event.changes.extend(opened);
            }
            let ticks = milestones
                .iter()
                .map(|(id, at)| Tick::StartFor(ClockKind::Milestone, *id, Span::Until(*at)));
            decision.ticks.extend(ticks);
            let last = milestones.iter().map(|(_, at)| *at).max();
            decision
                .ticks
                .extend(last.map(|at| Tick::Until(ClockKind::Resolve, at)));
            decision
        }
        Command::ReachMilestone(id) => {
            let open = life.open_of(&[P::Milestone]).find(|open| open.id == *id);
            let open = open.ok_or(Refusal::NoneOpen(P::Milestone))?;
            let changes = vec![Change::Ended(open.id, ProceedingState::Done)];
            Decision::one(E::MilestoneReached, stay, changes, vec![Tick::StopFor(open.id)])
        }
        other => return Err(not_now(life, other)),
    })
}
