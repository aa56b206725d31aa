//! The deadline policy: dated lines, of which the most specific one rules.

use super::calendar::Limit;
use chrono::NaiveDate;
use entity::id::PolicyId;
use entity::kind::{ClockKind, RequestType, Urgency};

/// A line of the policy. What is `None` fits everything.
#[derive(Clone, Debug)]
pub struct Line {
    /// Key.
    pub id: PolicyId,
    /// Which clock.
    pub clock: ClockKind,
    /// For this type.
    pub request_type: Option<RequestType>,
    /// For services whose code begins so.
    pub category: Option<String>,
    /// For this urgency.
    pub urgency: Option<Urgency>,
    /// For this unit and those below it.
    pub unit_path: Option<String>,
    /// The limit.
    pub limit: Limit,
    /// How often it may be extended.
    pub extensions: i32,
    /// The most it may come to with extensions, in its unit.
    pub ceiling: Option<i32>,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day.
    pub valid_to: Option<NaiveDate>,
}

/// What a limit is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The type of the request.
    pub request_type: RequestType,
    /// The service's code.
    pub category: &'a str,
    /// The urgency.
    pub urgency: Urgency,
    /// The unit that has it in hands, once there is one.
    pub unit_path: &'a str,
    /// The day of the start.
    pub day: NaiveDate,
}

/// The policy.
#[derive(Clone, Debug, Default)]
pub struct Policy(Vec<Line>);

impl Policy {
    /// Lines in any order.
    #[must_use]
    pub fn new(lines: Vec<Line>) -> Self {
        Self(lines)
    }

    /// A line by its key.
    #[must_use]
    pub fn get(&self, id: PolicyId) -> Option<&Line> {
        self.0.iter().find(|line| line.id == id)
    }

    /// The line that rules: unit before category before urgency before type, the longer path or code first;
    /// ties go to the smaller id, so that the choice is a function.
    #[must_use]
    pub fn line(&self, clock: ClockKind, case: &Case<'_>) -> Option<&Line> {
        self.0
            .iter()
            .filter(|line| line.clock == clock && fits(line, case))
            .max_by_key(|line| {
                let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
                let weight = (
                    length(&line.unit_path),
                    length(&line.category),
                    line.urgency.is_some(),
                    line.request_type.is_some(),
                    line.valid_from,
                );
                (weight, std::cmp::Reverse(line.id))
            })
    }
}

fn fits(line: &Line, case: &Case<'_>) -> bool {
    line.request_type.is_none_or(|kind| kind == case.request_type)
        && line
            .category
            .as_ref()
            .is_none_or(|prefix| case.category.starts_with(prefix.as_str()))
        && line.urgency.is_none_or(|urgency| urgency == case.urgency)
        && line
            .unit_path
            .as_ref()
            .is_none_or(|path| case.unit_path.starts_with(path.as_str()))
        && line.valid_from <= case.day
        && line.valid_to.is_none_or(|last| case.day <= last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use entity::kind::LimitUnit;
    use uuid::Uuid;

    fn line(n: u128, category: Option<&str>, urgency: Option<Urgency>, amount: u32) -> Line {
        Line {
            id: PolicyId(Uuid::from_u128(n)),
            clock: ClockKind::Resolve,
            request_type: None,
            category: category.map(str::to_owned),
            urgency,
            unit_path: None,
            limit: Limit {
                amount,
                unit: LimitUnit::WorkingDays,
            },
            extensions: 0,
            ceiling: None,
            valid_from: NaiveDate::MIN,
            valid_to: None,
        }
    }

    #[test]
    fn the_most_specific_line_rules() {
        let policy = Policy::new(vec![
            line(1, None, None, 5),
            line(2, None, Some(Urgency::P1), 1),
            line(3, Some("12"), None, 7),
            line(4, Some("1203"), None, 3),
        ]);
        let amount = |category, urgency| {
            let case = Case {
                request_type: RequestType::Help,
                category,
                urgency,
                unit_path: "/1/",
                day: NaiveDate::MAX,
            };
            policy
                .line(ClockKind::Resolve, &case)
                .map(|line| line.limit.amount)
        };
        assert_eq!(amount("010101", Urgency::P2), Some(5));
        assert_eq!(amount("010101", Urgency::P1), Some(1));
        assert_eq!(amount("120101", Urgency::P1), Some(7));
        assert_eq!(amount("120301", Urgency::P2), Some(3));
    }
}
