//! Wire shapes of routing rules; of assignment policies in a file of its own.

pub mod assignment;

use super::commands::{Change, NewRule};
use super::queries::Wanted;
use crate::platform::error::{AppError, Fields, Rule};
use chrono::NaiveDate;
use entity::id::{RuleId, UnitId};
use entity::kind::{Channel, RequestType};
use entity::routing_rule;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

const RANK_MAX: i32 = 9_999;
const NAME_MAX: usize = 60;
const REASON_MAX: usize = 200;
const WORD_MAX: usize = 40;

/// A rule that places a request before the catalogue does. What is absent fits everything.
#[derive(Debug, Serialize, ToSchema)]
pub struct RuleOut {
    /// Key.
    pub id: RuleId,
    /// Lower is tried first; of one rank, the older rule.
    #[schema(example = 100)]
    pub rank: i32,
    /// What people call it.
    #[schema(example = "噪声扰民归综合执法")]
    pub name: String,
    /// For services whose code begins so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "1203")]
    pub category: Option<String>,
    /// For requests of this type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_type: Option<RequestType>,
    /// For requests that came this way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// For places below this path.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/440703/440703002/")]
    pub place_path: Option<String>,
    /// Where they go.
    pub target_unit_id: UnitId,
    /// To which post there; the service's unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_post: Option<String>,
    /// The legal or organisational ground, shown in the explanation.
    #[schema(example = "街道履职事项清单第 12 项")]
    pub reason: String,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<NaiveDate>,
    /// Version, as in the `ETag`.
    pub version: i64,
}

impl From<routing_rule::Model> for RuleOut {
    fn from(row: routing_rule::Model) -> Self {
        Self {
            id: row.id,
            rank: row.rank,
            name: row.name,
            category: row.category,
            request_type: row.request_type,
            channel: row.channel,
            place_path: row.place_path,
            target_unit_id: row.target_unit_id,
            target_post: row.target_post,
            reason: row.reason,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            version: row.version,
        }
    }
}

/// Which rules to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RulesQuery {
    /// Only rules that send requests to this unit.
    pub target_unit_id: Option<UnitId>,
    /// Only rules that fit services of this code.
    #[param(example = "130101")]
    pub category: Option<String>,
    /// Only rules valid on this day.
    pub on: Option<NaiveDate>,
    /// Rows of a page, at most 100.
    pub limit: Option<u64>,
    /// Where the page begins: `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// A new rule. What is absent fits everything.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleIn {
    /// Lower is tried first, 0 to 9999.
    #[schema(example = 100)]
    pub rank: i32,
    /// What people call it.
    #[schema(example = "噪声扰民归综合执法")]
    pub name: String,
    /// For services whose code begins so.
    #[schema(example = "1203")]
    pub category: Option<String>,
    /// For requests of this type.
    pub request_type: Option<RequestType>,
    /// For requests that came this way.
    pub channel: Option<Channel>,
    /// For places in this unit.
    pub place_unit_id: Option<UnitId>,
    /// Where they go.
    pub target_unit_id: UnitId,
    /// To which post there; the service's unless given.
    pub target_post: Option<String>,
    /// The legal or organisational ground, shown in the explanation.
    #[schema(example = "街道履职事项清单第 12 项")]
    pub reason: String,
    /// First day; today unless given.
    pub valid_from: Option<NaiveDate>,
    /// Last day.
    pub valid_to: Option<NaiveDate>,
}

/// A change of a rule: what is absent stays. For other requests, end the rule and make another.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"rank": 50, "valid_to": "2026-12-31"}))]
pub struct RulePatch {
    /// Lower is tried first, 0 to 9999.
    pub rank: Option<i32>,
    /// What people call it.
    pub name: Option<String>,
    /// Where requests go.
    pub target_unit_id: Option<UnitId>,
    /// To which post there.
    pub target_post: Option<String>,
    /// The ground.
    pub reason: Option<String>,
    /// Last day: the rule is retired after it.
    pub valid_to: Option<NaiveDate>,
}

impl Wanted {
    /// Checks the filters.
    ///
    /// # Errors
    /// `InvalidInput`.
    pub fn new(query: &RulesQuery) -> Result<Self, AppError> {
        let mut fields = Fields::default();
        let category = category(&mut fields, "?category", query.category.as_deref());
        fields.finish()?;
        Ok(Self {
            target: query.target_unit_id,
            category,
            on: query.on,
        })
    }
}

impl RuleIn {
    /// Checks all fields.
    pub fn parse(self, today: NaiveDate) -> Result<NewRule, AppError> {
        let mut fields = Fields::default();
        let valid_from = self.valid_from.unwrap_or(today);
        if self.valid_to.is_some_and(|last| last < valid_from) {
            fields.add("/valid_to", Rule::Range(format!("{valid_from}..")));
        }
        let new = NewRule {
            rank: rank(&mut fields, self.rank),
            name: fields.text("/name", &self.name, NAME_MAX),
            category: category(&mut fields, "/category", self.category.as_deref()),
            request_type: self.request_type,
            channel: self.channel,
            place_unit_id: self.place_unit_id,
            target_unit_id: self.target_unit_id,
            target_post: fields.optional("/target_post", self.target_post.as_deref(), WORD_MAX),
            reason: fields.text("/reason", &self.reason, REASON_MAX),
            valid_from,
            valid_to: self.valid_to,
        };
        fields.finish()?;
        Ok(new)
    }
}

impl RulePatch {
    /// Checks all fields.
    pub fn parse(self) -> Result<Change, AppError> {
        let mut fields = Fields::default();
        let change = Change {
            rank: self.rank.map(|n| rank(&mut fields, n)),
            name: self.name.map(|name| fields.text("/name", &name, NAME_MAX)),
            target_unit_id: self.target_unit_id,
            target_post: self
                .target_post
                .map(|post| fields.text("/target_post", &post, WORD_MAX)),
            reason: self
                .reason
                .map(|reason| fields.text("/reason", &reason, REASON_MAX)),
            valid_to: self.valid_to,
        };
        fields.finish()?;
        Ok(change)
    }
}

fn rank(fields: &mut Fields, rank: i32) -> i32 {
    if !(0..=RANK_MAX).contains(&rank) {
        fields.add("/rank", Rule::Range(format!("0..{RANK_MAX}")));
    }
    rank
}

fn category(fields: &mut Fields, pointer: &str, code: Option<&str>) -> Option<String> {
    let code = fields.optional(pointer, code, 8)?;
    if !code.chars().all(|c| c.is_ascii_digit()) {
        fields.add(pointer, Rule::Form("at most 8 digits"));
    }
    Some(code)
}
