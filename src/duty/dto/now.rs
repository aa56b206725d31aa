//! Wire shapes of who is on duty, and of when nobody is.

use crate::duty::queries::{Level, Person, Uncovered};
use crate::platform::error::{AppError, Rule};
use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{ShiftId, StaffId, UnitId};
use entity::kind::{DutyPost, NoticeChannel};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Days ahead that are looked at for gaps.
const DAYS: u32 = 7;
const DAYS_MAX: u32 = 31;
const YEARS_MAX: i64 = 10;

/// Whose duty is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DutyNowQuery {
    /// The unit: its people are called first, then those of the units above it.
    pub unit_id: UnitId,
    /// At this instant; now unless given.
    pub at: Option<DateTime<Utc>>,
}

/// The instant that is asked for: not farther from now than shifts are kept and planned.
pub fn check_at(at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Result<DateTime<Utc>, AppError> {
    let at = at.unwrap_or(now);
    if (at - now).abs() > TimeDelta::days(YEARS_MAX * 366) {
        let bounds = "within ten years from now";
        return Err(AppError::field("?at", Rule::Form(bounds)));
    }
    Ok(at)
}

/// Who is on duty for a unit.
#[derive(Debug, Serialize, ToSchema)]
pub struct DutyNowOut {
    /// For which unit.
    pub unit_id: UnitId,
    /// At this instant.
    pub at: DateTime<Utc>,
    /// Level 0 the community or village, 1 the sub-district or town, 2 the district, 3 the shift lead there.
    pub levels: Vec<LevelOut>,
}

/// A level, and who is called there.
#[derive(Debug, Serialize, ToSchema)]
pub struct LevelOut {
    /// 0 to 3.
    #[schema(example = 0)]
    pub level: usize,
    /// The unit whose people these are; absent where the unit that was asked for has nothing at this level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_id: Option<UnitId>,
    /// The unit's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "羊桥社区")]
    pub unit_name: Option<String>,
    /// On duty as what.
    pub post: DutyPost,
    /// Whether nobody is on duty.
    pub empty: bool,
    /// Who, the first to be called first.
    pub people: Vec<OnDutyPersonOut>,
}

/// Somebody on duty.
#[derive(Debug, Serialize, ToSchema)]
pub struct OnDutyPersonOut {
    /// Who.
    pub staff_id: StaffId,
    /// As colleagues see the name.
    #[schema(example = "经办人（示例）")]
    pub name: String,
    /// In which shift.
    pub shift_id: ShiftId,
    /// Until when.
    pub until: DateTime<Utc>,
    /// Whose place it is, when they stand in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stands_in_for: Option<StaffId>,
    /// Ways to reach them, in the order in which they are tried.
    pub channels: Vec<NoticeChannel>,
}

impl From<Level> for LevelOut {
    fn from(level: Level) -> Self {
        let (unit_id, unit_name) = level.unit.unzip();
        Self {
            level: level.level,
            unit_id,
            unit_name,
            post: level.post,
            empty: level.people.is_empty(),
            people: level.people.into_iter().map(OnDutyPersonOut::from).collect(),
        }
    }
}

impl From<Person> for OnDutyPersonOut {
    fn from(person: Person) -> Self {
        Self {
            staff_id: person.turn.staff,
            name: person.name,
            shift_id: person.turn.shift,
            until: person.turn.until,
            stands_in_for: person.turn.stands_in_for,
            channels: person.contact.channels,
        }
    }
}

/// Where and how far ahead gaps are looked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct GapsQuery {
    /// Only this unit and those below it that the caller reaches; all of them unless given.
    pub unit_id: Option<UnitId>,
    /// So many days from now, 1 to 31; 7 unless given.
    #[param(example = 7)]
    pub days: Option<u32>,
}

impl GapsQuery {
    /// Days to look at.
    pub fn days(&self) -> Result<u32, AppError> {
        match self.days.unwrap_or(DAYS) {
            days @ 1..=DAYS_MAX => Ok(days),
            _ => Err(AppError::field("?days", Rule::Range(format!("1..{DAYS_MAX}")))),
        }
    }
}

/// When nobody is on duty.
#[derive(Debug, Serialize, ToSchema)]
pub struct GapsOut {
    /// From now on.
    pub from: DateTime<Utc>,
    /// Up to then.
    pub until: DateTime<Utc>,
    /// Posts of units that were looked at.
    #[schema(example = 121)]
    pub checked: usize,
    /// Those with a gap; the district first, then sub-districts and communities by their paths.
    pub items: Vec<UncoveredOut>,
}

/// A post of a unit where nobody is on duty for some time.
#[derive(Debug, Serialize, ToSchema)]
pub struct UncoveredOut {
    /// The unit.
    pub unit_id: UnitId,
    /// The unit's name.
    #[schema(example = "羊桥社区")]
    pub unit_name: String,
    /// The post.
    pub post: DutyPost,
    /// The level at which it is called.
    #[schema(example = 0)]
    pub level: usize,
    /// Minutes without anybody, all gaps together.
    #[schema(example = 720)]
    pub minutes: i64,
    /// The gaps in order; the first 100.
    pub gaps: Vec<GapOut>,
}

/// A time in which nobody is on duty.
#[derive(Debug, Serialize, ToSchema)]
pub struct GapOut {
    /// From then on.
    pub from: DateTime<Utc>,
    /// Somebody is there again from then on, or no more was looked at.
    pub until: DateTime<Utc>,
}

const GAPS_MAX: usize = 100;

impl From<Uncovered> for UncoveredOut {
    fn from(uncovered: Uncovered) -> Self {
        let long = |(from, until): &(DateTime<Utc>, DateTime<Utc>)| (*until - *from).num_seconds();
        let seconds: i64 = uncovered.gaps.iter().map(long).sum();
        Self {
            unit_id: uncovered.station.unit,
            unit_name: uncovered.unit_name,
            post: uncovered.station.post,
            level: uncovered.level,
            // A minute that is begun counts.
            minutes: (seconds + 59) / 60,
            gaps: uncovered
                .gaps
                .into_iter()
                .take(GAPS_MAX)
                .map(|(from, until)| GapOut { from, until })
                .collect(),
        }
    }
}
