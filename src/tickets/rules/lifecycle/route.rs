//! Who has it: dispatch, signing, reassignment, returns and the rulings about them.

use super::{
    By, Change, Command, Decision, FINAL_ROUTE, Life, Moment, Place, Refusal, Span, Tick, begun, not_now,
};
use entity::kind::{ClockKind, EntryKind, ProceedingKind, ProceedingState, TicketState};

/// Clocks of a unit that gets a ticket: it signs, and may give it back while it may be given back at all.
fn arrival(life: &Life) -> Vec<Tick> {
    let mut ticks = vec![
        Tick::Stop(ClockKind::Dispatch),
        // Who did not sign until it went elsewhere has neither signed nor been late.
        Tick::Discount(ClockKind::Sign),
        Tick::Stop(ClockKind::Sign),
        Tick::Start(ClockKind::Sign),
        Tick::Stop(ClockKind::Return),
    ];
    if !life.no_return && life.routes + 1 < FINAL_ROUTE {
        ticks.push(Tick::Start(ClockKind::Return));
    }
    ticks
}

/// Who has it.
pub(super) fn route(life: &Life, command: &Command, by: By, moment: Moment) -> Result<Decision, Refusal> {
    use EntryKind as E;
    use TicketState as S;
    let lead = |place: &Place| Change::Lead {
        unit: place.unit,
        person: place.person,
    };
    Ok(match command {
        Command::Pool => Decision::one(
            E::Pooled,
            S::PendingDispatch,
            vec![],
            vec![Tick::Start(ClockKind::Dispatch)],
        ),
        Command::Dispatch(place) => {
            let mut ticks = arrival(life);
            ticks.push(Tick::Start(ClockKind::Resolve));
            Decision::one(E::Dispatched, S::Dispatched, vec![lead(place)], ticks)
        }
        Command::Sign => {
            let changes = by.staff.map(Change::Person).into_iter().collect();
            let mut ticks = vec![Tick::Stop(ClockKind::Sign)];
            if !life.contacted {
                ticks.push(Tick::Start(ClockKind::FirstContact));
            }
            Decision::one(E::Signed, S::InProgress, changes, ticks)
        }
        Command::Assign(person) => {
            Decision::one(E::Assigned, life.state, vec![Change::Person(*person)], vec![])
        }
        Command::Reassign(place) => {
            Decision::one(E::Reassigned, S::Dispatched, vec![lead(place)], arrival(life))
                .lapsing(life, &[ProceedingKind::Extension])
        }
        Command::RequestReturn(_) if life.no_return => return Err(Refusal::ReturnForbidden),
        Command::RequestReturn(_) if !moment.return_open => return Err(Refusal::ReturnWindowPast),
        Command::RequestReturn(id) => {
            let open = begun(*id, ProceedingKind::Return, life.lead, by);
            let ticks = vec![
                Tick::Stop(ClockKind::Return),
                Tick::Pause(ClockKind::Sign),
                Tick::StartFor(ClockKind::Arbitrate, *id, Span::Policy),
            ];
            Decision::one(
                E::ReturnRequested,
                S::ReturnReview,
                vec![Change::Opened(open)],
                ticks,
            )
        }
        Command::ApproveReturn(_) | Command::RefuseReturn => return rule(life, command, by),
        other => return Err(not_now(life, other)),
    })
}

/// The ruling about a return.
fn rule(life: &Life, command: &Command, by: By) -> Result<Decision, Refusal> {
    use EntryKind as E;
    use TicketState as S;
    let asked = life
        .open(ProceedingKind::Return)
        .ok_or(Refusal::NoneOpen(ProceedingKind::Return))?;
    if by.staff.is_some() && by.staff == asked.by {
        return Err(Refusal::SeparationOfDuty);
    }
    let ended = |state| Change::Ended(asked.id, state);
    let Command::ApproveReturn(place) = command else {
        let to = life.came_from.unwrap_or(S::InProgress);
        let mut ticks = vec![Tick::StopFor(asked.id)];
        if to == S::Dispatched {
            ticks.push(Tick::Resume(ClockKind::Sign));
        }
        let changes = vec![ended(ProceedingState::Refused), Change::NoReturn];
        return Ok(Decision::one(E::ReturnRefused, to, changes, ticks));
    };
    if life.routes + 1 >= FINAL_ROUTE {
        if !by.centre {
            return Err(Refusal::CentreMustRule);
        }
        if place.is_none() {
            return Err(Refusal::MustDesignate);
        }
    }
    let approved = Decision::one(
        E::ReturnApproved,
        S::PendingDispatch,
        vec![ended(ProceedingState::Granted), Change::Unled],
        // Who gave it back has not signed for it, and was not late either.
        vec![
            Tick::StopFor(asked.id),
            Tick::Discount(ClockKind::Sign),
            Tick::Stop(ClockKind::Sign),
        ],
    )
    .lapsing(life, &[ProceedingKind::Extension]);
    Ok(match place {
        None => approved.ticking(Tick::Start(ClockKind::Dispatch)),
        Some(place) => {
            let lead = Change::Lead {
                unit: place.unit,
                person: place.person,
            };
            approved.then(E::Dispatched, S::Dispatched, vec![lead], arrival(life))
        }
    })
}
