//! Who among the staff hears of what happened to a ticket.

use crate::access::policy::district_of;
use crate::reference::Reference;
use crate::tickets::facts;
use crate::tickets::rules::approval::Level;
use crate::tickets::rules::escalation::{Audience, Step, audience, below_street};
use crate::tickets::store::Loaded;
use entity::event;
use entity::id::{StaffId, UnitId};
use entity::kind::{ClockKind, EntryKind, Role};
use std::collections::BTreeSet;

/// Those who hear of an event, each once.
pub fn recipients(
    reference: &Reference,
    loaded: &Loaded,
    kind: EntryKind,
    event: &event::Model,
) -> BTreeSet<StaffId> {
    let hall = Hall {
        reference,
        district: district_of(&loaded.ticket.place_path),
    };
    let lead = loaded.lead();
    let unit = lead.map(|leg| leg.unit_id);
    let named = |key: &str| {
        let id = event.data.get(key)?.as_str()?.parse().ok()?;
        Some(UnitId(id))
    };
    let handlers = || match lead.and_then(|leg| leg.staff_id) {
        Some(person) => BTreeSet::from([person]),
        None => hall.of(unit, &[Role::Handler]),
    };
    match kind {
        EntryKind::Replied => hall.approvers(loaded),
        EntryKind::Pooled => hall.centre(&[Role::Dispatcher]),
        EntryKind::Reminded | EntryKind::Overdue | EntryKind::Escalated => {
            hall.of_clock(loaded, event, handlers)
        }
        EntryKind::ReturnRequested => {
            let mut all = hall.street(unit);
            all.extend(hall.centre(&[Role::Arbiter]));
            all
        }
        EntryKind::ReturnApproved => hall.of(named("unit_before"), &[Role::Handler, Role::UnitLead]),
        EntryKind::ExtensionRequested => {
            match hall.kind(unit).map(|kind| audience(Step::Escalate, Some(kind))) {
                Some(Audience::Street) => hall.street(unit),
                _ => hall.centre(&[Role::Supervisor]),
            }
        }
        EntryKind::TaskOpened | EntryKind::Whistled | EntryKind::TaskWaived => {
            hall.of(named("charged"), &[Role::Handler, Role::UnitLead])
        }
        EntryKind::Supervised | EntryKind::Urged => {
            let mut all = handlers();
            all.extend(hall.of(unit, &[Role::UnitLead]));
            all
        }
        EntryKind::SupervisionAnswered => hall.centre(&[Role::Supervisor]),
        _ => handlers(),
    }
}

/// Who works where.
struct Hall<'a> {
    reference: &'a Reference,
    /// The district of the ticket: nobody of another one hears of it.
    district: String,
}

impl Hall<'_> {
    fn kind(&self, unit: Option<UnitId>) -> Option<entity::kind::UnitKind> {
        self.reference.directory.get(unit?).map(|unit| unit.kind)
    }

    /// Those who hold one of the roles in a unit. Who took the unit over has its work.
    fn of(&self, unit: Option<UnitId>, roles: &[Role]) -> BTreeSet<StaffId> {
        let Some(unit) = unit else { return BTreeSet::new() };
        let heir = self.reference.directory.heir(unit);
        let roster = self.reference.roster.iter();
        roster
            .filter(|colleague| [unit, heir].contains(&colleague.unit) && roles.contains(&colleague.role))
            .map(|colleague| colleague.id)
            .collect()
    }

    /// The managers of the sub-district above a unit, or of itself.
    fn street(&self, unit: Option<UnitId>) -> BTreeSet<StaffId> {
        let path = unit.and_then(|unit| self.reference.directory.get(unit));
        let Some(path) = path.map(|unit| unit.path.as_str()) else {
            return BTreeSet::new();
        };
        let directory = &self.reference.directory;
        let above = |id: UnitId| directory.get(id).is_some_and(|unit| path.starts_with(&unit.path));
        let roster = self.reference.roster.iter();
        roster
            .filter(|colleague| colleague.role == Role::StreetManager && above(colleague.unit))
            .map(|colleague| colleague.id)
            .collect()
    }

    fn is_here(&self, unit: UnitId) -> bool {
        let unit = self.reference.directory.get(unit);
        unit.is_some_and(|unit| unit.path.starts_with(&self.district))
    }

    /// Those who may approve the reply.
    fn approvers(&self, loaded: &Loaded) -> BTreeSet<StaffId> {
        let unit = loaded.lead().map(|leg| leg.unit_id);
        let mut all = match facts::needed_level(loaded, self.reference) {
            Level::Unit => self.of(unit, &[Role::UnitLead]),
            Level::Street => self.street(unit),
            Level::Centre => BTreeSet::new(),
        };
        all.retain(|id| Some(*id) != loaded.ticket.replied_by);
        // Where no sub-district stands above, the centre decides.
        if all.is_empty() {
            all = self.centre(&[Role::Supervisor]);
        }
        all
    }

    fn centre(&self, roles: &[Role]) -> BTreeSet<StaffId> {
        let roster = self.reference.roster.iter();
        roster
            .filter(|colleague| roles.contains(&colleague.role) && self.is_here(colleague.unit))
            .map(|colleague| colleague.id)
            .collect()
    }

    /// Those who hear of a clock: of one that is nobody's in a unit, the centre by its work.
    fn of_clock(
        &self,
        loaded: &Loaded,
        event: &event::Model,
        handlers: impl Fn() -> BTreeSet<StaffId>,
    ) -> BTreeSet<StaffId> {
        let told = |key: &str| {
            event
                .data
                .get(key)
                .and_then(|value| value.as_str())
                .unwrap_or_default()
        };
        let clock = ClockKind::from_word(told("clock"));
        let charged: Option<UnitId> = told("charged").parse().ok().map(UnitId);
        let lead = loaded.lead().map(|leg| leg.unit_id);
        // The centre's own clocks are first of all those who do that work.
        let work: &[Role] = match clock {
            Some(ClockKind::Accept) => &[Role::Operator],
            Some(ClockKind::Arbitrate) => &[Role::Arbiter],
            Some(ClockKind::Callback) => &[Role::CallbackAgent],
            _ => &[Role::Dispatcher],
        };
        match Audience::from_word(told("audience")) {
            Some(Audience::Handler | Audience::Unit) if clock == Some(ClockKind::Approve) => {
                self.approvers(loaded)
            }
            Some(Audience::Handler) if charged == lead => handlers(),
            Some(Audience::Handler) => self.of(charged, &[Role::Handler]),
            Some(Audience::Unit) => {
                let mut all = if charged == lead {
                    handlers()
                } else {
                    self.of(charged, &[Role::Handler])
                };
                all.extend(self.of(charged, &[Role::UnitLead]));
                all
            }
            Some(Audience::Street) => {
                let street = self.street(charged);
                // Where nobody manages the sub-district, the centre hears of it.
                if street.is_empty() {
                    self.centre(&[Role::Supervisor])
                } else {
                    street
                }
            }
            _ if charged.is_none() => {
                let mut all = self.centre(work);
                if clock == Some(ClockKind::Arbitrate) {
                    all.extend(self.street(lead.filter(|_| self.kind(lead).is_some_and(below_street))));
                }
                if event.kind.ends_with(EntryKind::Escalated.word()) {
                    all.extend(self.centre(&[Role::Supervisor]));
                }
                all
            }
            _ => self.centre(&[Role::Supervisor]),
        }
    }
}
