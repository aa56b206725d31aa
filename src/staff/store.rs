//! Rows of `staff` and `role_grant`; of leave and handovers in files of their own.

pub mod absence;
pub mod handover;

use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use crate::staff::rules::HANDLING;
use chrono::NaiveDate;
use entity::id::{GrantId, StaffId, UnitId};
use entity::kind::{ActorKind, Role};
use entity::{role_grant, session, staff, term};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait,
    IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use std::collections::{BTreeSet, HashMap, HashSet};

/// The kind of `term` that posts are.
const POST: &str = "post";

/// Roles whose holders have tickets in hands, or are told of them.
const AT_WORK: [Role; 8] = [
    Role::Handler,
    Role::UnitLead,
    Role::StreetManager,
    Role::Operator,
    Role::Dispatcher,
    Role::Arbiter,
    Role::CallbackAgent,
    Role::Supervisor,
];

/// Everybody who could help when no one is on duty: of the unit itself and of the district's centre; nobody disabled.
///
/// # Errors
/// When the database does not answer.
pub async fn who_could_help(
    conn: &impl ConnectionTrait,
    unit_path: &str,
    district_path: &str,
    day: NaiveDate,
) -> Result<BTreeSet<StaffId>, AppError> {
    use role_grant::Column as C;
    let here = Condition::all()
        .add(C::UnitPath.eq(unit_path))
        .add(C::Role.is_in([Role::Handler, Role::UnitLead]));
    let centre = Condition::all()
        .add(C::UnitPath.eq(district_path))
        .add(C::Role.is_in([Role::DutyOfficer, Role::Supervisor, Role::Operator]));
    let grants = role_grant::Entity::find()
        .filter(Condition::any().add(here).add(centre))
        .filter(C::ValidFrom.lte(day))
        .filter(
            Condition::any()
                .add(C::ValidTo.is_null())
                .add(C::ValidTo.gte(day)),
        )
        .all(conn)
        .await?;
    let ids: BTreeSet<StaffId> = grants.into_iter().map(|grant| grant.staff_id).collect();
    let there = staff::Entity::find()
        .filter(staff::Column::Id.is_in(ids))
        .filter(staff::Column::DisabledAt.is_null())
        .all(conn)
        .await?;
    Ok(there.into_iter().map(|row| row.id).collect())
}

/// Who holds which role in one of these units on a day; nobody disabled.
///
/// # Errors
/// When the database does not answer.
pub async fn holders(
    conn: &impl ConnectionTrait,
    paths: &BTreeSet<String>,
    day: NaiveDate,
) -> Result<Vec<(StaffId, Role, String)>, AppError> {
    use role_grant::Column as C;
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let rows = role_grant::Entity::find()
        .select_only()
        .columns([C::StaffId, C::Role, C::UnitPath])
        .filter(C::UnitPath.is_in(paths))
        .filter(C::ValidFrom.lte(day))
        .filter(
            Condition::any()
                .add(C::ValidTo.is_null())
                .add(C::ValidTo.gte(day)),
        )
        .filter(
            C::StaffId.in_subquery(
                Query::select()
                    .column(staff::Column::Id)
                    .from(staff::Entity)
                    .and_where(Expr::col(staff::Column::DisabledAt).is_null())
                    .to_owned(),
            ),
        )
        .into_tuple()
        .all(conn)
        .await?;
    Ok(rows)
}

/// Grants of those who work on tickets valid on `day`, with the names of those who hold them; nobody disabled.
///
/// # Errors
/// When the database does not answer.
pub async fn roster(
    conn: &impl ConnectionTrait,
    day: NaiveDate,
) -> Result<Vec<(role_grant::Model, String)>, AppError> {
    let names: HashMap<_, _> = staff::Entity::find()
        .filter(staff::Column::DisabledAt.is_null())
        .all(conn)
        .await?
        .into_iter()
        .map(|row| (row.id, row.display_name))
        .collect();
    let grants = role_grant::Entity::find()
        .filter(role_grant::Column::Role.is_in(AT_WORK))
        .filter(role_grant::Column::ValidFrom.lte(day))
        .filter(
            Condition::any()
                .add(role_grant::Column::ValidTo.is_null())
                .add(role_grant::Column::ValidTo.gte(day)),
        )
        .all(conn)
        .await?;
    Ok(grants
        .into_iter()
        .filter_map(|grant| {
            names
                .get(&grant.staff_id)
                .map(|name| (grant.clone(), name.clone()))
        })
        .collect())
}

/// Whether somebody can be given tickets of one of these units on `day`.
///
/// # Errors
/// When the database does not answer.
pub async fn takes_tickets(
    conn: &impl ConnectionTrait,
    id: StaffId,
    units: &[UnitId],
    day: NaiveDate,
) -> Result<bool, AppError> {
    let enabled = staff::Entity::find_by_id(id)
        .filter(staff::Column::DisabledAt.is_null())
        .one(conn)
        .await?;
    if enabled.is_none() {
        return Ok(false);
    }
    let grant = role_grant::Entity::find()
        .filter(role_grant::Column::StaffId.eq(id))
        .filter(role_grant::Column::UnitId.is_in(units.iter().copied()))
        .filter(role_grant::Column::Role.is_in(HANDLING))
        .filter(role_grant::Column::ValidFrom.lte(day))
        .filter(
            Condition::any()
                .add(role_grant::Column::ValidTo.is_null())
                .add(role_grant::Column::ValidTo.gte(day)),
        )
        .one(conn)
        .await?;
    Ok(grant.is_some())
}

/// A person, locked until the end of the transaction: all changes of one person, and of the roles they hold,
/// come one after the other.
///
/// # Errors
/// `NotFound`.
pub async fn lock(tx: &Tx, id: StaffId) -> Result<staff::Model, AppError> {
    staff::Entity::find_by_id(id)
        .lock_exclusive()
        .one(tx)
        .await?
        .ok_or_else(|| AppError::new(Code::NotFound))
}

/// A person to be looked at.
///
/// # Errors
/// `NotFound`.
pub async fn find(conn: &impl ConnectionTrait, id: StaffId) -> Result<staff::Model, AppError> {
    staff::Entity::find_by_id(id)
        .one(conn)
        .await?
        .ok_or_else(|| AppError::new(Code::NotFound))
}

/// The person of a user name.
///
/// # Errors
/// When the database does not answer.
pub async fn find_by_user_name(
    conn: &impl ConnectionTrait,
    user_name: &str,
) -> Result<Option<staff::Model>, AppError> {
    let row = staff::Entity::find()
        .filter(staff::Column::UserName.eq(user_name))
        .one(conn)
        .await?;
    Ok(row)
}

/// All grants of a person, past ones too, oldest first.
///
/// # Errors
/// When the database does not answer.
pub async fn grants_of(conn: &impl ConnectionTrait, id: StaffId) -> Result<Vec<role_grant::Model>, AppError> {
    let rows = role_grant::Entity::find()
        .filter(role_grant::Column::StaffId.eq(id))
        .order_by_asc(role_grant::Column::Id)
        .all(conn)
        .await?;
    Ok(rows)
}

/// Which of these posts exist.
///
/// # Errors
/// When the database does not answer.
pub async fn known_posts(conn: &impl ConnectionTrait, posts: &[String]) -> Result<HashSet<String>, AppError> {
    if posts.is_empty() {
        return Ok(HashSet::new());
    }
    let rows = term::Entity::find()
        .filter(term::Column::Kind.eq(POST))
        .filter(term::Column::Code.is_in(posts))
        .all(conn)
        .await?;
    Ok(rows.into_iter().map(|row| row.code).collect())
}

/// Writes a new person.
///
/// # Errors
/// `Conflict` when the user name is taken.
pub async fn insert(tx: &Tx, row: staff::ActiveModel) -> Result<staff::Model, AppError> {
    Ok(row.insert(tx).await?)
}

/// Marks a person as disabled.
///
/// # Errors
/// When the database does not answer.
pub async fn disable(tx: &Tx, row: staff::Model) -> Result<staff::Model, AppError> {
    let mut next = raised(tx, row);
    next.disabled_at = Set(Some(tx.now()));
    Ok(next.update(tx).await?)
}

/// Gives a person another password.
///
/// # Errors
/// When the database does not answer.
pub async fn set_password(tx: &Tx, row: staff::Model, hash: &str) -> Result<staff::Model, AppError> {
    let mut next = raised(tx, row);
    next.password_hash = Set(hash.to_owned());
    Ok(next.update(tx).await?)
}

/// Writes a new grant. It is a change of the person, whose version rises.
///
/// # Errors
/// When the database does not answer.
pub async fn insert_grant(
    tx: &Tx,
    holder: staff::Model,
    grant: role_grant::ActiveModel,
) -> Result<role_grant::Model, AppError> {
    raised(tx, holder).update(tx).await?;
    Ok(grant.insert(tx).await?)
}

/// Ends a grant with a day. The person's version rises.
///
/// # Errors
/// When the database does not answer.
pub async fn end_grant(
    tx: &Tx,
    holder: staff::Model,
    grant: role_grant::Model,
    last_day: NaiveDate,
) -> Result<(), AppError> {
    raised(tx, holder).update(tx).await?;
    let mut grant = grant.into_active_model();
    grant.valid_to = Set(Some(last_day));
    grant.update(tx).await?;
    Ok(())
}

/// Takes away a grant that never held. The person's version rises.
///
/// # Errors
/// When the database does not answer.
pub async fn delete_grant(tx: &Tx, holder: staff::Model, grant: GrantId) -> Result<(), AppError> {
    raised(tx, holder).update(tx).await?;
    role_grant::Entity::delete_by_id(grant).exec(tx).await?;
    Ok(())
}

/// Ends all log-ins of a person.
///
/// # Errors
/// When the database does not answer.
pub async fn end_sessions(tx: &Tx, id: StaffId, why: &str) -> Result<(), AppError> {
    session::Entity::update_many()
        .col_expr(session::Column::RevokedAt, Expr::value(tx.now()))
        .col_expr(session::Column::RevokedWhy, Expr::value(why))
        .filter(session::Column::SubjectKind.eq(ActorKind::Staff))
        .filter(session::Column::SubjectId.eq(id.0))
        .filter(session::Column::RevokedAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

fn raised(tx: &Tx, row: staff::Model) -> staff::ActiveModel {
    let version = row.version;
    let mut next = row.into_active_model();
    next.version = Set(version + 1);
    next.updated_at = Set(tx.now());
    next
}
