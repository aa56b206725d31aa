//! Lists of people, cut by what the caller reaches.

use crate::access::Reach;
use crate::orgs::store::tree;
use crate::platform::error::AppError;
use chrono::NaiveDate;
use entity::id::{StaffId, UnitId};
use entity::kind::Role;
use entity::{role_grant, staff, unit};
use sea_orm::sea_query::{Expr, LikeExpr, Query, SelectStatement};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use std::collections::HashMap;

/// Which people to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Who hold a role in this unit.
    pub unit: Option<UnitId>,
    /// Who hold this role.
    pub role: Option<Role>,
    /// Whose user name begins so.
    pub user_name: Option<String>,
}

/// A person with the roles that they hold today or will hold, and the names of the units.
#[derive(Clone, Debug)]
pub struct View {
    /// The person.
    pub row: staff::Model,
    /// Roles and names of units.
    pub grants: Vec<(role_grant::Model, String)>,
}

/// People after `after`, in the order of ids.
pub async fn list(
    conn: &impl ConnectionTrait,
    reach: &Reach,
    day: NaiveDate,
    filter: &Filter,
    after: Option<StaffId>,
    limit: u64,
) -> Result<Vec<View>, AppError> {
    let mut select = staff::Entity::find().filter(within(reach, day));
    if filter.unit.is_some() || filter.role.is_some() {
        let mut held = Condition::all().add(not_over(day));
        if let Some(unit) = filter.unit {
            held = held.add(role_grant::Column::UnitId.eq(unit));
        }
        if let Some(role) = filter.role {
            held = held.add(role_grant::Column::Role.eq(role));
        }
        select = select.filter(staff::Column::Id.in_subquery(holders(held)));
    }
    if let Some(begin) = &filter.user_name {
        // `_` is a letter of user names and a wildcard of LIKE; `!` is neither.
        let pattern = LikeExpr::new(format!("{}%", begin.replace('_', "!_"))).escape('!');
        select = select.filter(staff::Column::UserName.like(pattern));
    }
    if let Some(after) = after {
        select = select.filter(staff::Column::Id.gt(after));
    }
    let rows = select
        .order_by_asc(staff::Column::Id)
        .limit(limit)
        .all(conn)
        .await?;
    views(conn, rows, day).await
}

/// A person with their roles.
pub async fn view(conn: &impl ConnectionTrait, row: staff::Model, day: NaiveDate) -> Result<View, AppError> {
    let grants = named_grants(conn, &[row.id], day).await?;
    Ok(View { row, grants })
}

/// The name of a unit.
pub async fn unit_name(conn: &impl ConnectionTrait, id: UnitId) -> Result<String, AppError> {
    Ok(crate::orgs::store::find(conn, id).await?.name)
}

async fn views(
    conn: &impl ConnectionTrait,
    rows: Vec<staff::Model>,
    day: NaiveDate,
) -> Result<Vec<View>, AppError> {
    let ids: Vec<StaffId> = rows.iter().map(|row| row.id).collect();
    let mut of: HashMap<StaffId, Vec<_>> = HashMap::new();
    for grant in named_grants(conn, &ids, day).await? {
        of.entry(grant.0.staff_id).or_default().push(grant);
    }
    Ok(rows
        .into_iter()
        .map(|row| View {
            grants: of.remove(&row.id).unwrap_or_default(),
            row,
        })
        .collect())
}

async fn named_grants(
    conn: &impl ConnectionTrait,
    ids: &[StaffId],
    day: NaiveDate,
) -> Result<Vec<(role_grant::Model, String)>, AppError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let grants = role_grant::Entity::find()
        .filter(role_grant::Column::StaffId.is_in(ids.iter().copied()))
        .filter(not_over(day))
        .order_by_asc(role_grant::Column::Id)
        .all(conn)
        .await?;
    let names: HashMap<UnitId, String> = unit::Entity::find()
        .filter(unit::Column::Id.is_in(grants.iter().map(|grant| grant.unit_id)))
        .all(conn)
        .await?
        .into_iter()
        .map(|row| (row.id, row.name))
        .collect();
    Ok(grants
        .into_iter()
        .map(|grant| {
            let name = names.get(&grant.unit_id).cloned().unwrap_or_default();
            (grant, name)
        })
        .collect())
}

/// Units and subtrees show who holds a role there, districts also who held one, and who holds none yet: those
/// belong to no place, and somebody must give them their first role.
fn within(reach: &Reach, day: NaiveDate) -> Condition {
    let path = role_grant::Column::UnitPath;
    // An empty condition would let everything pass.
    let mut here = Condition::any().add(Expr::value(false));
    if !reach.units.is_empty() {
        here = here.add(path.is_in(&reach.units));
    }
    for prefix in &reach.subtrees {
        here = here.add(tree(path, prefix));
    }
    let here = Condition::all().add(not_over(day)).add(here);
    let mut within = Condition::any().add(staff::Column::Id.in_subquery(holders(here)));
    for district in &reach.districts {
        within = within.add(staff::Column::Id.in_subquery(holders(tree(path, district))));
    }
    if !reach.districts.is_empty() {
        within = within.add(staff::Column::Id.not_in_subquery(holders(Condition::all())));
    }
    within
}

fn holders(held: Condition) -> SelectStatement {
    Query::select()
        .column(role_grant::Column::StaffId)
        .from(role_grant::Entity)
        .cond_where(held)
        .to_owned()
}

fn not_over(day: NaiveDate) -> Condition {
    Condition::any()
        .add(role_grant::Column::ValidTo.is_null())
        .add(role_grant::Column::ValidTo.gte(day))
}
