//! Wire shapes of the figures.

use super::gather::Month;
use crate::access::authenticate::local_day;
use crate::callbell::rules::figures::{Share, Spread};
use crate::platform::error::{AppError, Rule};
use chrono::{DateTime, NaiveDate, Utc};
use entity::id::{CallId, UnitId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which figures.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BellFiguresQuery {
    /// The month, as `2026-11`; this one unless given.
    #[param(example = "2026-11")]
    pub month: Option<String>,
    /// Of this unit and those below it; all that the caller reaches unless given.
    pub unit_id: Option<UnitId>,
}

impl BellFiguresQuery {
    /// The month.
    ///
    /// # Errors
    /// `InvalidInput` for what is no month, or one that has not begun.
    pub fn parse(&self, now: DateTime<Utc>) -> Result<Month, AppError> {
        let wrong = || AppError::field("?month", Rule::Form("YYYY-MM, not in the future"));
        let day = match &self.month {
            None => local_day(now),
            Some(text) => {
                NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d").map_err(|_| wrong())?
            }
        };
        Month::of(day, now).ok_or_else(wrong)
    }
}

/// A figure: a number, or so many of so many with the share that is aimed at.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Figure {
    /// Which.
    #[schema(example = "acked_60s")]
    pub key: &'static str,
    /// In words.
    #[schema(example = "60秒内接警")]
    pub name: &'static str,
    /// How many, of a number; else those that were as they should be.
    pub met: u64,
    /// Of how many; absent of a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<u64>,
    /// In per cent, to a tenth; absent of nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent: Option<f64>,
    /// What is aimed at, in per cent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<f64>,
    /// Whether it is reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reached: Option<bool>,
}

impl Figure {
    /// A number.
    #[must_use]
    pub const fn count(key: &'static str, name: &'static str, n: u64) -> Self {
        Self {
            key,
            name,
            met: n,
            of: None,
            percent: None,
            target: None,
            reached: None,
        }
    }

    /// A share.
    #[must_use]
    pub fn share(key: &'static str, name: &'static str, target: Option<f64>, share: Share) -> Self {
        let percent = share.percent();
        Self {
            key,
            name,
            met: share.met,
            of: Some(share.of),
            percent,
            target,
            reached: percent.zip(target).map(|(percent, target)| percent >= target),
        }
    }
}

/// Times in seconds.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SpreadOut {
    /// Which.
    #[schema(example = "acked")]
    pub key: &'static str,
    /// In words.
    #[schema(example = "接警")]
    pub name: &'static str,
    /// Of how many.
    pub of: u64,
    /// Half are no longer.
    pub p50_s: i64,
    /// 99 of 100 are no longer.
    pub p99_s: i64,
    /// None is longer.
    pub worst_s: i64,
}

impl SpreadOut {
    /// Of what was worked out.
    #[must_use]
    pub const fn new(key: &'static str, name: &'static str, spread: Spread) -> Self {
        Self {
            key,
            name,
            of: spread.of,
            p50_s: spread.p50_s,
            p99_s: spread.p99_s,
            worst_s: spread.worst_s,
        }
    }
}

/// Figures of a community, or of all.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UnitFiguresOut {
    /// The community; none of all together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_id: Option<UnitId>,
    /// Its name.
    #[schema(example = "羊桥社区")]
    pub unit_name: String,
    /// Numbers and shares.
    pub figures: Vec<Figure>,
    /// Times.
    pub spreads: Vec<SpreadOut>,
}

/// How much those have to do who are rung (EEMUA 191: below 1 in ten minutes on average, below 10 at the worst).
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LoadOut {
    /// How many were rung.
    pub people: usize,
    /// For each of them, in ten minutes.
    pub average_per_10_min: f64,
    /// The most of one person in ten minutes.
    pub peak_per_10_min: u64,
}

/// A call that was late.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExceptionOut {
    /// The call.
    pub call_id: CallId,
    /// The community.
    #[schema(example = "羊桥社区")]
    pub unit_name: String,
    /// When it opened.
    pub opened_at: DateTime<Utc>,
    /// Seconds until somebody had it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acked_s: Option<i64>,
    /// Seconds on the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub way_s: Option<i64>,
    /// Whether it was said why.
    pub reported: bool,
    /// Why, as it was said; for those who may read calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<String>,
}

/// Figures of a month.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BellFiguresOut {
    /// Its first day.
    pub month: NaiveDate,
    /// From when.
    pub from: DateTime<Utc>,
    /// Until when: its end, or now.
    pub until: DateTime<Utc>,
    /// Of all together.
    pub total: UnitFiguresOut,
    /// Of each community that has to do with bells.
    pub units: Vec<UnitFiguresOut>,
    /// How much those have to do who are rung.
    pub load: LoadOut,
    /// Calls that were late.
    pub exceptions: Vec<ExceptionOut>,
}
