//! What must be true of a line of the policy.

use crate::platform::error::{Fields, Rule};
use crate::platform::period::Period;
use chrono::NaiveDate;
use entity::kind::{ClockKind, LimitUnit, RequestType, Urgency};

/// A line of the policy as people write it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "as in the row")]
pub struct Draft {
    pub clock: ClockKind,
    pub request_type: Option<RequestType>,
    pub category: Option<String>,
    pub urgency: Option<Urgency>,
    pub unit_path: Option<String>,
    pub amount: i32,
    pub unit: LimitUnit,
    pub extensions: i32,
    pub ceiling: Option<i32>,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
}

/// Extensions of a limit at most.
const EXTENSIONS: i32 = 10;

/// Notes everything that is wrong with a line by itself.
pub fn check(draft: &Draft, fields: &mut Fields) {
    let most = draft.unit.most();
    if !(1..=most).contains(&draft.amount) {
        fields.add("/amount", Rule::Range(format!("1..{most}")));
    }
    if !(0..=EXTENSIONS).contains(&draft.extensions) {
        fields.add("/extensions", Rule::Range(format!("0..{EXTENSIONS}")));
    }
    if draft.extensions > 0 && draft.clock != ClockKind::Resolve {
        fields.add("/extensions", Rule::Unexpected);
    }
    if draft
        .ceiling
        .is_some_and(|ceiling| ceiling < draft.amount || ceiling > most)
    {
        fields.add("/ceiling", Rule::Range(format!("{}..{most}", draft.amount)));
    }
    if draft.ceiling.is_some() && draft.extensions == 0 {
        fields.add("/ceiling", Rule::Unexpected);
    }
    let digits = |code: &String| code.len() <= 8 && code.chars().all(|c| c.is_ascii_digit());
    if !draft.category.as_ref().is_none_or(digits) {
        fields.add("/category", Rule::Form("at most 8 digits"));
    }
    if draft.valid_to.is_some_and(|last| last < draft.valid_from) {
        fields.add("/valid_to", Rule::Range(format!("{}..", draft.valid_from)));
    }
}

impl Draft {
    /// Whether both lines fit the very same cases on some day: then neither could be said to rule.
    #[must_use]
    pub fn rivals(&self, other: &Self) -> bool {
        self.fits_the_same(other) && self.period().overlaps(other.period())
    }

    /// Whether both lines are for the same cases.
    #[must_use]
    pub fn fits_the_same(&self, other: &Self) -> bool {
        self.clock == other.clock
            && self.request_type == other.request_type
            && self.category == other.category
            && self.urgency == other.urgency
            && self.unit_path == other.unit_path
    }

    /// Whether it is the last resort of its clock.
    #[must_use]
    pub fn fits_everything(&self) -> bool {
        self.request_type.is_none()
            && self.category.is_none()
            && self.urgency.is_none()
            && self.unit_path.is_none()
    }

    fn period(&self) -> Period {
        Period {
            from: self.valid_from,
            to: self.valid_to,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(from: &str, to: Option<&str>) -> Draft {
        Draft {
            clock: ClockKind::Sign,
            request_type: None,
            category: None,
            urgency: Some(Urgency::P1),
            unit_path: None,
            amount: 30,
            unit: LimitUnit::Minutes,
            extensions: 0,
            ceiling: None,
            valid_from: from.parse().unwrap(),
            valid_to: to.map(|day| day.parse().unwrap()),
        }
    }

    #[test]
    fn lines_for_the_same_cases_may_follow_but_not_overlap() {
        let first = draft("2026-01-01", Some("2026-06-30"));
        assert!(!first.rivals(&draft("2026-07-01", None)));
        assert!(first.rivals(&draft("2026-06-30", None)) && draft("2026-06-30", None).rivals(&first));
        let other = Draft {
            urgency: None,
            ..first.clone()
        };
        assert!(!first.rivals(&other));
    }

    #[test]
    fn amounts_are_bounded_by_unit() {
        let mistakes = |amount, unit| {
            let mut fields = Fields::default();
            let line = Draft {
                amount,
                unit,
                ..draft("2026-01-01", None)
            };
            check(&line, &mut fields);
            fields.into_errors().len()
        };
        assert_eq!(mistakes(250, LimitUnit::WorkingDays), 0);
        assert_eq!(mistakes(251, LimitUnit::WorkingDays), 1);
        assert_eq!(mistakes(0, LimitUnit::Minutes), 1);
        assert_eq!(mistakes(-1, LimitUnit::CalendarDays), 1);
    }
}
