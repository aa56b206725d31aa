//! Rows of the calendar and of the policy.

pub mod closures;
pub mod hours;

use super::rules::calendar::{Calendar, Limit, Year};
use super::rules::calendars::Calendars;
use super::rules::hours::{Window, parse, standard};
use super::rules::limit::Draft;
use super::rules::policy::{Line, Policy};
use super::rules::year::PublishedYear;
use crate::access::authenticate::china;
use crate::ledger::timers;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use crate::settings;
use chrono::TimeDelta;
use entity::id::PolicyId;
use entity::kind::ClockKind;
use entity::{calendar_day, calendar_year, deadline_policy, setting};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

/// The setting that holds the windows of a working day: `[["08:30","12:00"],["14:30","17:30"]]`.
pub const WORKING_HOURS: &str = "working_hours";

/// The timer that has running deadlines counted again; the subject is where to go on.
pub const RECOUNT: &str = "deadlines.recount";
/// So long until every instance counts by the new calendar: what one begins by the old one meanwhile is counted again.
const RECOUNT_AFTER_S: i64 = 5;

/// The calendars of all units.
///
/// # Errors
/// When the database does not answer.
pub async fn calendars(conn: &impl ConnectionTrait) -> Result<Calendars, AppError> {
    let days = calendar_day::Entity::find().all(conn).await?;
    let years = calendar_year::Entity::find().all(conn).await?;
    let standard = Calendar::new(
        china(),
        days.into_iter().map(|row| (row.day, row.working)).collect(),
        years
            .into_iter()
            .map(|row| {
                (
                    row.year,
                    Year {
                        status: row.status,
                        version: row.version,
                    },
                )
            })
            .collect(),
        windows(conn).await?,
    );
    Ok(Calendars::new(
        standard,
        hours::of_units(conn).await?,
        closures::of_units(conn).await?,
    ))
}

/// The windows of a working day where a unit has none of its own.
///
/// # Errors
/// When the database does not answer.
pub async fn windows(conn: &impl ConnectionTrait) -> Result<Vec<Window>, AppError> {
    Ok(settings::store::get(conn, WORKING_HOURS)
        .await?
        .and_then(|row| serde_json::from_value::<Vec<(String, String)>>(row.value).ok())
        .and_then(|windows| parse(&windows))
        .unwrap_or_else(standard))
}

/// The policy.
///
/// # Errors
/// When the database does not answer.
pub async fn policy(conn: &impl ConnectionTrait) -> Result<Policy, AppError> {
    let rows = deadline_policy::Entity::find().all(conn).await?;
    let lines = rows.into_iter().map(|row| Line {
        id: row.id,
        clock: row.clock,
        request_type: row.request_type,
        category: row.category,
        urgency: row.urgency,
        unit_path: row.unit_path,
        limit: Limit::of(row.amount, row.unit),
        extensions: row.extensions,
        ceiling: row.ceiling,
        valid_from: row.valid_from,
        valid_to: row.valid_to,
    });
    Ok(Policy::new(lines.collect()))
}

/// Makes the next change of reference data wait for the end of this one, so that two never check themselves
/// against what was there before both. The embedded database has one writer anyway.
///
/// # Errors
/// When the database does not answer.
pub async fn lock(tx: &Tx) -> Result<(), AppError> {
    setting::Entity::find_by_id("reference")
        .lock_exclusive()
        .one(tx)
        .await?;
    Ok(())
}

/// A year and its days; `None` when it was never imported.
///
/// # Errors
/// When the database does not answer.
pub async fn year(
    conn: &impl ConnectionTrait,
    year: i32,
) -> Result<Option<(calendar_year::Model, PublishedYear)>, AppError> {
    let Some(row) = calendar_year::Entity::find_by_id(year).one(conn).await? else {
        return Ok(None);
    };
    let days = calendar_day::Entity::find()
        .filter(calendar_day::Column::Year.eq(year))
        .all(conn)
        .await?;
    let published = PublishedYear {
        year,
        status: row.status,
        source: row.source.clone(),
        days: days.into_iter().map(|row| (row.day, row.working)).collect(),
    };
    Ok(Some((row, published)))
}

/// Puts a year in the place of what was known of it, raising its version.
///
/// # Errors
/// When the database does not answer.
pub async fn replace_year(tx: &Tx, published: &PublishedYear) -> Result<calendar_year::Model, AppError> {
    let year = published.year;
    let before = calendar_year::Entity::find_by_id(year).one(tx).await?;
    let row = calendar_year::Model {
        year,
        status: published.status,
        source: published.source.clone(),
        version: before.map_or(0, |row| row.version) + 1,
        imported_at: tx.now(),
    };
    let columns = [
        calendar_year::Column::Status,
        calendar_year::Column::Source,
        calendar_year::Column::Version,
        calendar_year::Column::ImportedAt,
    ];
    calendar_year::Entity::insert(calendar_year::ActiveModel {
        year: Set(row.year),
        status: Set(row.status),
        source: Set(row.source.clone()),
        version: Set(row.version),
        imported_at: Set(row.imported_at),
    })
    .on_conflict(
        OnConflict::column(calendar_year::Column::Year)
            .update_columns(columns)
            .to_owned(),
    )
    .exec_without_returning(tx)
    .await?;
    calendar_day::Entity::delete_many()
        .filter(calendar_day::Column::Year.eq(year))
        .exec(tx)
        .await?;
    let days = published
        .days
        .iter()
        .map(|(day, working)| calendar_day::ActiveModel {
            day: Set(*day),
            working: Set(*working),
            year: Set(year),
        });
    // Not staged: the next command of the batch may read or replace the very same days.
    calendar_day::Entity::insert_many(days)
        .exec_without_returning(tx)
        .await?;
    Ok(row)
}

/// Whether the calendars in memory are what stands in the database.
///
/// # Errors
/// When the database does not answer.
pub async fn is_current(conn: &impl ConnectionTrait, known: &Calendars) -> Result<bool, AppError> {
    Ok(calendars(conn).await? == *known)
}

/// Has running deadlines counted again, since the calendar has changed.
///
/// # Errors
/// When the database does not answer.
pub async fn recount(tx: &Tx) -> Result<(), AppError> {
    let soon = tx.now() + TimeDelta::seconds(RECOUNT_AFTER_S);
    timers::set_once(tx, RECOUNT, Uuid::nil(), soon).await
}

/// Lines of the policy in the order of their making, of one clock if so wanted.
///
/// # Errors
/// When the database does not answer.
pub async fn lines(
    conn: &impl ConnectionTrait,
    clock: Option<ClockKind>,
    after: Option<PolicyId>,
) -> Result<Vec<deadline_policy::Model>, AppError> {
    let mut query = deadline_policy::Entity::find();
    if let Some(clock) = clock {
        query = query.filter(deadline_policy::Column::Clock.eq(clock));
    }
    if let Some(id) = after {
        query = query.filter(deadline_policy::Column::Id.gt(id));
    }
    Ok(query.order_by_asc(deadline_policy::Column::Id).all(conn).await?)
}

/// A line of the policy.
///
/// # Errors
/// `NotFound`.
pub async fn line(conn: &impl ConnectionTrait, id: PolicyId) -> Result<deadline_policy::Model, AppError> {
    deadline_policy::Entity::find_by_id(id)
        .one(conn)
        .await?
        .ok_or_else(|| AppError::new(Code::NotFound))
}

/// Writes a new line.
///
/// # Errors
/// When the database does not answer.
pub async fn insert_line(tx: &Tx, draft: &Draft) -> Result<deadline_policy::Model, AppError> {
    let row = deadline_policy::ActiveModel {
        id: Set(tx.ids().id()),
        clock: Set(draft.clock),
        request_type: Set(draft.request_type),
        category: Set(draft.category.clone()),
        urgency: Set(draft.urgency),
        unit_path: Set(draft.unit_path.clone()),
        amount: Set(draft.amount),
        unit: Set(draft.unit),
        extensions: Set(draft.extensions),
        ceiling: Set(draft.ceiling),
        valid_from: Set(draft.valid_from),
        valid_to: Set(draft.valid_to),
        version: Set(1),
        updated_at: Set(tx.now()),
    };
    Ok(row.insert(tx).await?)
}

/// Writes what of a line may change: the limit and the last day.
///
/// # Errors
/// When the database does not answer.
pub async fn update_line(
    tx: &Tx,
    row: deadline_policy::Model,
    draft: &Draft,
) -> Result<deadline_policy::Model, AppError> {
    let version = row.version + 1;
    let mut next = row.into_active_model();
    next.amount = Set(draft.amount);
    next.unit = Set(draft.unit);
    next.extensions = Set(draft.extensions);
    next.ceiling = Set(draft.ceiling);
    next.valid_to = Set(draft.valid_to);
    next.version = Set(version);
    next.updated_at = Set(tx.now());
    Ok(next.update(tx).await?)
}

/// A line as people write it.
#[must_use]
pub fn draft(row: &deadline_policy::Model) -> Draft {
    Draft {
        clock: row.clock,
        request_type: row.request_type,
        category: row.category.clone(),
        urgency: row.urgency,
        unit_path: row.unit_path.clone(),
        amount: row.amount,
        unit: row.unit,
        extensions: row.extensions,
        ceiling: row.ceiling,
        valid_from: row.valid_from,
        valid_to: row.valid_to,
    }
}
