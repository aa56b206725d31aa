//! Figures, and the desk of those who supervise.

use crate::access::authenticate::local_day;
use crate::platform::error::{AppError, Fields, Rule};
use crate::sla::rules::year::{YEARS, years_rule};
use crate::tickets::rules::figures::{Sums, percent};
use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Utc};
use entity::id::UnitId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Spans of one answer at most.
const SPANS: usize = 62;
/// Days of one span at most.
const SPAN_DAYS: i64 = 366;

/// Which figures.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FiguresQuery {
    /// First day; the first of this month unless given.
    pub from: Option<NaiveDate>,
    /// Last day; today unless given.
    pub to: Option<NaiveDate>,
    /// Of this unit and those below it; all that the caller reaches unless given.
    pub unit_id: Option<UnitId>,
    /// `unit` or `street`: one row for each; one for all unless given.
    pub by: Option<String>,
    /// `day`, `week` or `month`: one row for each; one for the whole span unless given.
    pub step: Option<String>,
}

/// What figures are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Nothing.
    All,
    /// The second level of the tree.
    Street,
    /// Each unit.
    Unit,
}

/// A span of days, last day included.
pub type DaySpan = (NaiveDate, NaiveDate);

impl FiguresQuery {
    /// Checks everything; what to tell apart, and the spans in order.
    ///
    /// # Errors
    /// `InvalidInput`.
    pub fn parse(&self, now: DateTime<Utc>) -> Result<(By, Vec<DaySpan>), AppError> {
        let mut fields = Fields::default();
        let today = local_day(now);
        let to = self.to.unwrap_or(today);
        let from = self.from.unwrap_or_else(|| to.with_day(1).unwrap_or(to));
        for (pointer, day) in [("?from", from), ("?to", to)] {
            if !YEARS.contains(&day.year()) {
                return Err(AppError::field(pointer, years_rule()));
            }
        }
        if to < from || (to - from).num_days() >= SPAN_DAYS {
            let last = from + Days::new(365);
            fields.add("?to", Rule::Range(format!("{from}..{last}")));
        }
        let by = match self.by.as_deref() {
            None => By::All,
            Some("unit") => By::Unit,
            Some("street") => By::Street,
            Some(_) => {
                fields.add("?by", Rule::OneOf(vec!["unit".into(), "street".into()]));
                By::All
            }
        };
        let steps = ["day", "week", "month"];
        let mut spans = Vec::new();
        match self.step.as_deref() {
            Some(step) if !steps.contains(&step) => {
                fields.add("?step", Rule::OneOf(steps.map(str::to_owned).to_vec()));
            }
            step => spans = cut(from, to, step),
        }
        if spans.len() > SPANS {
            fields.add("?step", Rule::TooMany(SPANS));
        }
        fields.finish()?;
        Ok((by, spans))
    }
}

/// Days, weeks from Monday, or months, the first and the last cut by the span.
fn cut(from: NaiveDate, to: NaiveDate, step: Option<&str>) -> Vec<DaySpan> {
    let mut spans = Vec::new();
    let mut first = from;
    while first <= to && spans.len() <= SPANS {
        let next = match step {
            Some("day") => first.succ_opt(),
            Some("week") => {
                let left = 7 - first.weekday().num_days_from_monday();
                first.checked_add_days(Days::new(u64::from(left)))
            }
            Some(_) => first
                .with_day(1)
                .and_then(|day| day.checked_add_months(Months::new(1))),
            None => to.succ_opt(),
        };
        let Some(next) = next else { break };
        spans.push((first, next.pred_opt().unwrap_or(first).min(to)));
        first = next;
    }
    spans
}

/// Figures of a span of days.
#[derive(Debug, Serialize, ToSchema)]
pub struct FiguresOut {
    /// By unit and span.
    pub items: Vec<FigureRow>,
}

/// The figures of a unit, or of all, in a span of days.
#[derive(Debug, Serialize, ToSchema)]
pub struct FigureRow {
    /// The unit; absent for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_id: Option<UnitId>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_name: Option<String>,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// 派单: tickets that were given to it; a ticket that went to two units is counted by each.
    pub dispatched: i64,
    /// 按时签收: limits of signing that ended, kept.
    pub signed_in_time: Share,
    /// 按时办结: limits of the resolution that ended, kept, extensions counted.
    pub resolved_in_time: Share,
    /// 按时办结（不含延期）: the same by the first deadline.
    pub resolved_without_extension: Share,
    /// 延期: limits of the resolution that ended, extended.
    pub extended: Share,
    /// 响应: call-backs that were answered, "the unit contacted me".
    pub responded: Share,
    /// 解决: call-backs that were answered, "solved".
    pub solved: Share,
    /// 满意: rated, by the weights 1, 1, 0.8, 0, 0 of the five steps. Silence is not rated.
    pub satisfied: Share,
    /// 退单: of the tickets that were given, those that were asked to be given back.
    pub returned: Share,
    /// 退单成功: returns that were ruled, agreed to.
    pub returns_granted: Share,
    /// 重办: tickets whose reply was approved, taken up again.
    pub reworked: Share,
    /// 挂起时长: hours for which tickets rested that were suspended in the span.
    pub suspended_hours: f64,
}

/// A share, and of how many.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub struct Share {
    /// Per cent, two decimals; absent of nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 97.5)]
    pub percent: Option<f64>,
    /// Of how many.
    pub n: i64,
}

impl Share {
    fn of(part: i64, n: i64) -> Self {
        Self {
            percent: percent(part, n),
            n,
        }
    }
}

impl FigureRow {
    /// From sums.
    pub fn new(unit: Option<(UnitId, String)>, (from, to): DaySpan, sums: &Sums) -> Self {
        let (unit_id, unit_name) = unit.unzip();
        let minutes = i32::try_from(sums.suspended_minutes).unwrap_or(i32::MAX);
        Self {
            unit_id,
            unit_name,
            from,
            to,
            dispatched: sums.dispatched,
            signed_in_time: Share::of(sums.signed, sums.sign_due),
            resolved_in_time: Share::of(sums.resolved, sums.resolve_due),
            resolved_without_extension: Share::of(sums.resolved_first, sums.resolve_due),
            extended: Share::of(sums.extended, sums.resolve_due),
            responded: Share::of(sums.contacted, sums.reached),
            solved: Share::of(sums.solved, sums.reached),
            // Weights are in tenths.
            satisfied: Share {
                percent: percent(sums.weight, sums.rated * 10),
                n: sums.rated,
            },
            returned: Share::of(sums.returned, sums.dispatched),
            returns_granted: Share::of(sums.granted, sums.ruled),
            reworked: Share::of(sums.reworked, sums.completed),
            suspended_hours: f64::from(minutes) / 60.0,
        }
    }
}

/// What stands with the units now.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeskOut {
    /// Open tickets by the lamp of their nearest clock; each counted up to 10,000.
    pub lamps: LampsOut,
    /// Returns that wait for a ruling; counted up to 10,000.
    pub returns: u64,
    /// Extensions that wait for a decision; counted up to 10,000.
    pub extensions: u64,
    /// Call-backs that are due; counted up to 10,000.
    pub callbacks: u64,
    /// Tickets under supervision; counted up to 10,000.
    pub supervised: u64,
    /// Tickets that rest; counted up to 10,000.
    pub suspended: u64,
    /// Units that have tickets, most overdue first, then longest in hands.
    pub units: Vec<DeskUnitOut>,
}

/// Counts by lamp.
#[derive(Debug, Serialize, ToSchema)]
pub struct LampsOut {
    /// Time enough.
    pub green: u64,
    /// 70 per cent used up.
    pub yellow: u64,
    /// 90 per cent used up.
    pub orange: u64,
    /// Overdue.
    pub red: u64,
}

/// A unit's open tickets.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeskUnitOut {
    /// The unit.
    pub unit_id: UnitId,
    /// Its name.
    #[schema(example = "羊桥社区")]
    pub unit_name: String,
    /// Tickets that it has.
    pub open: i64,
    /// Of these, overdue.
    pub overdue: i64,
    /// Since when it has the one that it has longest.
    pub oldest_since: DateTime<Utc>,
    /// For how long it has them on average, in minutes.
    pub mean_minutes: i64,
}
