//! Reading assignment policies.

use super::concerns;
use crate::access::permit::Caller;
use crate::platform::error::AppError;
use crate::routing::store::assignment as store;
use chrono::NaiveDate;
use entity::assignment_policy;
use entity::id::{AssignmentPolicyId, UnitId};
use sea_orm::ConnectionTrait;

/// Policies after `after` that hold where the caller has a say, oldest first, one more than `limit`. A unit has few: one
/// statement, then a look at each.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    conn: &impl ConnectionTrait,
    caller: &Caller,
    (unit, on): (Option<UnitId>, Option<NaiveDate>),
    after: Option<AssignmentPolicyId>,
    limit: u64,
) -> Result<Vec<assignment_policy::Model>, AppError> {
    let most = usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1);
    let valid = |row: &assignment_policy::Model| {
        on.is_none_or(|day| row.valid_from <= day && row.valid_to.is_none_or(|last| day <= last))
    };
    let rows = store::rows(conn, unit, after).await?;
    Ok(rows
        .into_iter()
        .filter(|row| valid(row) && concerns(caller, Some(&row.unit_path)))
        .take(most)
        .collect())
}
