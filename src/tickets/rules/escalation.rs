//! What is told about a clock that runs, when and to whom: a reminder before it is due, an urge the moment it is
//! overdue, then one level up, then the centre. A new deadline begins all of it again.

use crate::sla::rules::calendar::{Calendar, Limit};
use chrono::{DateTime, TimeDelta, Utc};
use entity::kind::{ClockKind, LimitUnit, UnitKind};

/// What of a clock matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Course {
    /// What it measures.
    pub kind: ClockKind,
    /// Its limit, with what was added.
    pub limit: Limit,
    /// Whether a plan sets its end.
    pub by_plan: bool,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ends.
    pub due_at: DateTime<Utc>,
    /// How far people were told.
    pub stage: i32,
}

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// It will be due soon.
    Remind,
    /// It is overdue: a written urge (催办) on the first overdue day.
    Overdue,
    /// One level up hears of it.
    Escalate,
    /// The centre hears of it (通报).
    Report,
}

impl Step {
    /// How far a clock has come once this was told.
    #[must_use]
    pub const fn stage(self) -> i32 {
        match self {
            Self::Remind => 1,
            Self::Overdue => 2,
            Self::Escalate => 3,
            Self::Report => 4,
        }
    }
}

/// Who hears of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// The person who has it, else all who could take it.
    Handler,
    /// That, and the unit's lead.
    Unit,
    /// The sub-district of a community.
    Street,
    /// The centre.
    Centre,
}

impl Audience {
    /// The word in the timeline.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Handler => "handler",
            Self::Unit => "unit",
            Self::Street => "street",
            Self::Centre => "centre",
        }
    }

    /// The audience that a word names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        let all = [Self::Handler, Self::Unit, Self::Street, Self::Centre];
        all.into_iter().find(|audience| audience.word() == word)
    }
}

/// Whether somebody must do something by its end. A window that closes is nobody's duty; a call-back that nobody
/// answers lapses.
#[must_use]
pub fn is_duty(kind: ClockKind) -> bool {
    !matches!(kind, ClockKind::Return | ClockKind::Callback)
}

/// Working days after the end of a limit until one level up hears of it, and until the centre does (domain: a written
/// urge on the first overdue working day, circulated criticism after five more).
const ESCALATE_DAYS: u32 = 1;
const REPORT_DAYS: u32 = 6;
/// Share of a limit in minutes or hours after which it is reminded of, in per cent.
const REMIND_PERCENT: u8 = 70;

/// The next step for a clock, and when it is due; none where all was told.
#[must_use]
pub fn next(calendar: &Calendar, course: &Course) -> Option<(DateTime<Utc>, Step)> {
    if course.kind == ClockKind::Return {
        return None;
    }
    let step = match course.stage {
        0 if is_duty(course.kind) => Step::Remind,
        0 | 1 => Step::Overdue,
        2 if is_duty(course.kind) => Step::Escalate,
        3 => Step::Report,
        _ => return None,
    };
    let at = when(calendar, course, step);
    // A limit too short for a reminder is not reminded of.
    match step {
        Step::Remind if at >= course.due_at => Some((course.due_at, Step::Overdue)),
        _ => Some((at, step)),
    }
}

/// The step that is due now: whoever was away too long is not told what is past.
#[must_use]
pub fn due_step(calendar: &Calendar, course: &Course, now: DateTime<Utc>) -> Option<Step> {
    let (at, step) = next(calendar, course).filter(|(at, _)| *at <= now)?;
    if step == Step::Remind && at <= now && course.due_at <= now {
        return Some(Step::Overdue);
    }
    Some(step)
}

fn when(calendar: &Calendar, course: &Course, step: Step) -> DateTime<Utc> {
    let days = |amount| {
        let unit = LimitUnit::WorkingDays;
        calendar.due(course.due_at, Limit { amount, unit }).at
    };
    let by_day = course.by_plan || course.limit.unit != LimitUnit::Minutes;
    let in_days = by_day && (course.by_plan || course.limit.unit != LimitUnit::WorkingHours);
    let (opens, _) = calendar.first_window(course.due_at);
    let minutes = TimeDelta::minutes(i64::from(course.limit.amount.max(5)));
    match step {
        // The morning of the last day leaves a day's work; what is shorter is reminded of by its share.
        Step::Remind if in_days && opens > course.started_at => opens,
        Step::Remind => {
            let unit = if in_days {
                LimitUnit::Minutes
            } else {
                course.limit.unit
            };
            calendar.used_up_at(unit, (course.started_at, course.due_at), &[], REMIND_PERCENT)
        }
        Step::Overdue => course.due_at,
        Step::Escalate if by_day => days(ESCALATE_DAYS),
        Step::Escalate => course.due_at + minutes,
        Step::Report if by_day => days(REPORT_DAYS),
        Step::Report => course.due_at + minutes * 3,
    }
}

/// Who hears of a step in a unit of this kind; where no unit has the ticket, the centre does.
#[must_use]
pub fn audience(step: Step, unit: Option<UnitKind>) -> Audience {
    let Some(unit) = unit else {
        return Audience::Centre;
    };
    match step {
        Step::Remind => Audience::Handler,
        Step::Overdue => Audience::Unit,
        Step::Escalate if below_street(unit) => Audience::Street,
        Step::Escalate | Step::Report => Audience::Centre,
    }
}

/// Whether a sub-district or town stands above such a unit.
#[must_use]
pub fn below_street(unit: UnitKind) -> bool {
    matches!(unit, UnitKind::Community | UnitKind::Village | UnitKind::Grid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sla::rules::calendar::tests::{china, local};

    fn clock(from: &str, amount: u32, unit: LimitUnit) -> Course {
        let (started_at, limit) = (local(from), Limit { amount, unit });
        Course {
            kind: ClockKind::Resolve,
            limit,
            by_plan: false,
            started_at,
            due_at: china().due(started_at, limit).at,
            stage: 0,
        }
    }

    /// All steps of a clock, in order.
    fn steps(mut row: Course) -> Vec<(DateTime<Utc>, Step)> {
        let mut all = Vec::new();
        while let Some((at, step)) = next(&china(), &row) {
            all.push((at, step));
            row.stage = step.stage();
        }
        all
    }

    #[test]
    fn each_deadline_is_told_four_times_in_order() {
        let over_national_day = steps(clock("2026-09-28T10:00", 2, LimitUnit::WorkingDays));
        assert_eq!(
            over_national_day,
            [
                (local("2026-09-30T08:30"), Step::Remind),
                (local("2026-09-30T17:30"), Step::Overdue),
                (local("2026-10-08T17:30"), Step::Escalate),
                (local("2026-10-14T17:30"), Step::Report),
            ]
        );
        let emergency = steps(clock("2026-10-01T02:00", 30, LimitUnit::Minutes));
        assert_eq!(
            emergency,
            [
                (local("2026-10-01T02:21"), Step::Remind),
                (local("2026-10-01T02:30"), Step::Overdue),
                (local("2026-10-01T03:00"), Step::Escalate),
                (local("2026-10-01T04:00"), Step::Report),
            ]
        );
    }

    #[test]
    fn nothing_is_reminded_of_the_moment_it_begins() {
        for (from, amount, unit, remind) in [
            ("2026-11-24T09:00", 4, LimitUnit::WorkingHours, "2026-11-24T11:48"),
            ("2026-11-24T17:00", 4, LimitUnit::WorkingHours, "2026-11-25T10:48"),
            ("2026-11-24T16:00", 0, LimitUnit::WorkingDays, "2026-11-24T17:03"),
            ("2026-11-24T07:00", 1, LimitUnit::WorkingDays, "2026-11-25T08:30"),
        ] {
            let (at, step) = steps(clock(from, amount, unit))[0];
            assert_eq!((at, step), (local(remind), Step::Remind), "{from}");
        }
    }

    #[test]
    fn what_is_past_is_not_reminded_of() {
        let row = clock("2026-11-24T10:00", 1, LimitUnit::WorkingDays);
        let step = |now: &str| due_step(&china(), &row, local(now));
        assert_eq!(step("2026-11-25T08:00"), None);
        assert_eq!(step("2026-11-25T09:00"), Some(Step::Remind));
        assert_eq!(step("2026-11-25T17:30"), Some(Step::Overdue));
        let window = Course {
            kind: ClockKind::Return,
            ..row
        };
        assert_eq!(next(&china(), &window), None);
    }

    #[test]
    fn one_level_up_is_the_street_of_a_community_and_the_centre_of_all_others() {
        assert_eq!(
            audience(Step::Remind, Some(UnitKind::Community)),
            Audience::Handler
        );
        assert_eq!(
            audience(Step::Escalate, Some(UnitKind::Village)),
            Audience::Street
        );
        assert_eq!(
            audience(Step::Escalate, Some(UnitKind::Department)),
            Audience::Centre
        );
        assert_eq!(
            audience(Step::Report, Some(UnitKind::Community)),
            Audience::Centre
        );
        assert_eq!(audience(Step::Remind, None), Audience::Centre);
    }
}
