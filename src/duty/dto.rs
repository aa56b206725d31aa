//! Wire shapes of shifts and stand-ins; of who is on duty, gaps, contacts and imports in files of their own.

pub mod contact;
pub mod import;
pub mod now;

use super::commands::{Asked, NewStandIn};
use super::queries::View;
use super::rules::shift::{Plan, check_members, check_times};
use super::store::Filter;
use crate::platform::error::{AppError, Fields, Rule};
use chrono::{DateTime, SubsecRound, Utc};
use entity::id::{ShiftId, ShiftMemberId, StaffId, UnitId};
use entity::kind::{DutyPost, StandInReason};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

const NOTE_MAX: usize = 200;

/// A shift (班次): who is on duty in a unit, and for how long.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShiftOut {
    /// Key.
    pub id: ShiftId,
    /// Where.
    pub unit_id: UnitId,
    /// The unit's name.
    #[schema(example = "羊桥社区")]
    pub unit_name: String,
    /// On duty as what.
    pub post: DutyPost,
    /// From then on.
    pub starts_at: DateTime<Utc>,
    /// Not any more from then on.
    pub ends_at: DateTime<Utc>,
    /// Who, the first to be called first.
    pub members: Vec<MemberOut>,
    /// Who stands in for one of them for a part of it.
    pub stand_ins: Vec<StandInOut>,
    /// What else there is to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Version, as in the `ETag`.
    pub version: i64,
}

/// Somebody of a shift.
#[derive(Debug, Serialize, ToSchema)]
pub struct MemberOut {
    /// Who.
    pub staff_id: StaffId,
    /// As colleagues see the name.
    #[schema(example = "经办人（示例）")]
    pub name: String,
}

/// Somebody who stands in for another (替班).
#[derive(Debug, Serialize, ToSchema)]
pub struct StandInOut {
    /// Key.
    pub id: ShiftMemberId,
    /// Who.
    pub staff_id: StaffId,
    /// As colleagues see the name.
    #[schema(example = "经办人（示例）")]
    pub name: String,
    /// Whose place it is.
    pub stands_in_for: StaffId,
    /// From then on.
    pub from: DateTime<Utc>,
    /// Not any more from then on.
    pub until: DateTime<Utc>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<StandInReason>,
}

impl From<View> for ShiftOut {
    fn from(view: View) -> Self {
        let name = |id: &StaffId| view.names.get(id).cloned().unwrap_or_default();
        let mut members = Vec::new();
        let mut stand_ins = Vec::new();
        for place in &view.members {
            match place.stands_in_for {
                None => members.push(MemberOut {
                    staff_id: place.staff_id,
                    name: name(&place.staff_id),
                }),
                Some(stands_in_for) => stand_ins.push(StandInOut {
                    id: place.id,
                    staff_id: place.staff_id,
                    name: name(&place.staff_id),
                    stands_in_for,
                    from: place.starts_at,
                    until: place.ends_at,
                    reason: place.reason,
                }),
            }
        }
        let row = view.row;
        Self {
            id: row.id,
            unit_id: row.unit_id,
            unit_name: view.unit_name,
            post: row.post,
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            members,
            stand_ins,
            note: row.note,
            version: row.version,
        }
    }
}

/// Which shifts to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ShiftsQuery {
    /// Only those of this unit and the units below it.
    pub unit_id: Option<UnitId>,
    /// Only those that are not over at this instant.
    pub from: Option<DateTime<Utc>>,
    /// Only those that have begun before this instant.
    pub to: Option<DateTime<Utc>>,
    /// Rows of a page, 1 to 100; 20 unless given.
    pub limit: Option<u64>,
    /// Where the page begins: `next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl ShiftsQuery {
    /// Which they are, below a unit of this path.
    pub fn filter(&self, below: Option<String>) -> Result<Filter, AppError> {
        if self.from.zip(self.to).is_some_and(|(from, to)| to <= from) {
            return Err(AppError::field("?to", Rule::Form("later than from")));
        }
        Ok(Filter {
            below,
            from: self.from,
            to: self.to,
        })
    }
}

/// A new shift. Those of one unit and post may overlap: so duty is handed over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShiftIn {
    /// A community, village, sub-district, town or district.
    pub unit_id: UnitId,
    /// On duty as what; a shift lead is the district's.
    pub post: DutyPost,
    /// From then on, to the second.
    #[schema(example = "2026-12-01T00:00:00Z")]
    pub starts_at: DateTime<Utc>,
    /// Not any more from then on: 1 minute to 48 hours later.
    #[schema(example = "2026-12-01T12:00:00Z")]
    pub ends_at: DateTime<Utc>,
    /// Who, the first to be called first. All hold a role that takes duty there or above, on each of the days.
    #[schema(min_items = 1, max_items = 20)]
    pub members: Vec<StaffId>,
    /// What else there is to say.
    #[schema(max_length = 200)]
    pub note: Option<String>,
}

impl ShiftIn {
    /// Checks what can be checked by itself.
    pub fn parse(self, now: DateTime<Utc>) -> Result<Asked, AppError> {
        let (plan, note) = read((self.starts_at, self.ends_at), self.members, self.note, now)?;
        Ok(Asked {
            unit_id: self.unit_id,
            post: self.post,
            plan,
            note,
        })
    }
}

/// A shift as it is to be; unit and post stay. Of one that has begun only the end and the note change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShiftPut {
    /// From then on, to the second.
    #[schema(example = "2026-12-01T00:00:00Z")]
    pub starts_at: DateTime<Utc>,
    /// Not any more from then on: 1 minute to 48 hours later.
    #[schema(example = "2026-12-01T12:00:00Z")]
    pub ends_at: DateTime<Utc>,
    /// Who, the first to be called first.
    #[schema(min_items = 1, max_items = 20)]
    pub members: Vec<StaffId>,
    /// What else there is to say.
    #[schema(max_length = 200)]
    pub note: Option<String>,
}

impl ShiftPut {
    /// Checks what can be checked by itself.
    pub fn parse(self, now: DateTime<Utc>) -> Result<(Plan, Option<String>), AppError> {
        read((self.starts_at, self.ends_at), self.members, self.note, now)
    }
}

fn read(
    (starts_at, ends_at): (DateTime<Utc>, DateTime<Utc>),
    members: Vec<StaffId>,
    note: Option<String>,
    now: DateTime<Utc>,
) -> Result<(Plan, Option<String>), AppError> {
    let mut fields = Fields::default();
    let span = (starts_at.trunc_subsecs(0), ends_at.trunc_subsecs(0));
    check_times(span, now, &mut fields);
    check_members(&members, &mut fields);
    let note = fields.optional("/note", note.as_deref(), NOTE_MAX);
    fields.finish()?;
    Ok((Plan { span, members }, note))
}

/// Somebody who is to stand in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"staff_id": "01a2f0c4-7d00-7000-8000-0123456789ab", "stands_in_for": "01a2f0c4-7d00-7000-8000-0123456789ac", "from": "2026-12-01T04:00:00Z", "until": "2026-12-01T08:00:00Z", "reason": "swap"}))]
pub struct StandInIn {
    /// Who; nobody of the shift.
    pub staff_id: StaffId,
    /// Whose place it is: of somebody who is on duty in the shift.
    pub stands_in_for: StaffId,
    /// From then on, to the second; at once unless given, or when the shift begins.
    #[schema(example = "2026-12-01T04:00:00Z")]
    pub from: Option<DateTime<Utc>>,
    /// Not any more from then on; to the end of the shift unless given.
    #[schema(example = "2026-12-01T08:00:00Z")]
    pub until: Option<DateTime<Utc>>,
    /// Why.
    pub reason: StandInReason,
}

impl StandInIn {
    /// As the command takes it.
    #[must_use]
    pub fn parse(&self) -> NewStandIn {
        NewStandIn {
            staff: self.staff_id,
            stands_in_for: self.stands_in_for,
            from: self.from.map(|at| at.trunc_subsecs(0)),
            until: self.until.map(|at| at.trunc_subsecs(0)),
            reason: self.reason,
        }
    }
}
