//! Which limit holds for a ticket: the service's own for the resolution, else the line of the policy that fits best.

use super::Reference;
use crate::sla::rules::calendar::Limit;
use crate::sla::rules::policy::{Case, Line};
use entity::id::ServiceId;
use entity::kind::ClockKind;

/// A limit and what sets it.
#[derive(Clone, Copy, Debug)]
pub struct Ruling<'a> {
    /// The limit.
    pub limit: Limit,
    /// The line of the policy; none where it is the service's own limit.
    pub line: Option<&'a Line>,
}

impl Reference {
    /// The limit of a clock; none where nothing sets one.
    #[must_use]
    pub fn ruling(&self, clock: ClockKind, service: ServiceId, case: &Case<'_>) -> Option<Ruling<'_>> {
        let service = self.catalogue.get(service);
        // A service's own limit holds for its own urgency: who raises the urgency wants the shorter one.
        let own = service
            .filter(|service| clock == ClockKind::Resolve && service.urgency == case.urgency)
            .and_then(|service| service.resolve_limit);
        if let Some((amount, unit)) = own {
            return Some(Ruling {
                limit: Limit { amount, unit },
                line: None,
            });
        }
        let line = self.policy.line(clock, case)?;
        Some(Ruling {
            limit: line.limit,
            line: Some(line),
        })
    }
}
