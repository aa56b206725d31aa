//! Reading routing rules; assignment policies in a file of its own.

pub mod assignment;

use super::store;
use crate::access::permit::Caller;
use crate::access::policy::Facts;
use crate::platform::error::AppError;
use chrono::NaiveDate;
use entity::id::{RuleId, UnitId};
use entity::routing_rule;
use sea_orm::ConnectionTrait;

/// Which rules are wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Only rules that send requests there.
    pub target: Option<UnitId>,
    /// Only rules that fit services of this code.
    pub category: Option<String>,
    /// Only rules valid on this day.
    pub on: Option<NaiveDate>,
}

/// Rules after `after` that hold where the caller has a say, in the order in which they are tried, one more than
/// `limit`. There are some dozens of rules: one statement, then a look at each.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    conn: &impl ConnectionTrait,
    caller: &Caller,
    wanted: &Wanted,
    after: Option<(i32, RuleId)>,
    limit: u64,
) -> Result<Vec<routing_rule::Model>, AppError> {
    let most = usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1);
    let rows = store::ranked(conn, after).await?;
    Ok(rows
        .into_iter()
        .filter(|row| fits(row, wanted) && concerns(caller, row.place_path.as_deref()))
        .take(most)
        .collect())
}

fn fits(row: &routing_rule::Model, wanted: &Wanted) -> bool {
    let category = |code: &String| {
        let prefix = row.category.as_deref();
        prefix.is_none_or(|prefix| code.starts_with(prefix))
    };
    let valid = |day| row.valid_from <= day && row.valid_to.is_none_or(|last| day <= last);
    wanted.target.is_none_or(|unit| unit == row.target_unit_id)
        && wanted.category.as_ref().is_none_or(category)
        && wanted.on.is_none_or(valid)
}

/// Whether what holds below `path` holds anywhere that the caller reaches. What holds everywhere does.
fn concerns(caller: &Caller, path: Option<&str>) -> bool {
    let Some(path) = path else { return true };
    let reach = caller.reach();
    let facts = Facts {
        place: path,
        paths: vec![path],
        owners: Vec::new(),
    };
    let mut own = reach.units.iter().chain(&reach.subtrees);
    reach.contains(&caller.actor, &facts) || own.any(|own| own.starts_with(path))
}
