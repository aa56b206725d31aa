//! Which limits would hold for a request, and when they would end.

use crate::access::authenticate::local_day;
use crate::platform::error::{AppError, Code, Rule};
use crate::reference::Reference;
use crate::sla::DeadlineOut;
use crate::sla::rules::policy::Case;
use chrono::{DateTime, Utc};
use entity::id::UnitId;
use entity::kind::{ClockKind, RequestType, Urgency};

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question {
    pub category: String,
    pub request_type: Option<RequestType>,
    pub urgency: Option<Urgency>,
    pub unit_id: Option<UnitId>,
    pub at: DateTime<Utc>,
}

/// A deadline for each clock that has a limit, as if each began at the same instant.
///
/// # Errors
/// `CategoryUnknown`, `TypeNotForCategory`; `InvalidInput` for a unit that does not exist.
pub fn simulate(reference: &Reference, question: &Question) -> Result<Vec<DeadlineOut>, AppError> {
    let day = local_day(question.at);
    let service = reference
        .catalogue
        .find(&question.category, day)
        .ok_or_else(|| AppError::new(Code::CategoryUnknown))?;
    let request_type = super::route::request_type(service, question.request_type)?;
    let unit = question
        .unit_id
        .map(|id| {
            reference
                .directory
                .get(id)
                .ok_or_else(|| AppError::field("/unit_id", Rule::Unknown))
        })
        .transpose()?;
    let case = Case {
        request_type,
        category: &service.code,
        urgency: question.urgency.unwrap_or(service.urgency),
        unit_path: unit.map_or("/", |unit| unit.path.as_str()),
        day,
    };
    let of = |clock: &ClockKind| {
        // Nobody has a request in hands before it is accepted.
        let case = if *clock == ClockKind::Accept {
            Case {
                unit_path: "/",
                ..case
            }
        } else {
            case
        };
        let ruling = reference.ruling(*clock, service.id, &case)?;
        Some(DeadlineOut::new(
            reference.calendars.of(case.unit_path),
            *clock,
            (ruling.limit, ruling.line),
            question.at,
            &[],
        ))
    };
    Ok(ClockKind::ALL.iter().filter_map(of).collect())
}
