//! Synthetic accounts: one of each role of the district, a manager and an office in each sub-district, two handlers and
//! a lead in each community, a handler and a lead in each department and provider. Names say what they are.

use crate::access::authenticate::local_day;
use crate::platform::db::Tx;
use crate::platform::error::AppError;
use crate::platform::kit::Kit;
use crate::{catalog, orgs, settings, staff};
use entity::kind::{Role, UnitKind};
use entity::{role_grant, term, unit};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use serde_json::json;

/// The password of every demonstration account.
pub const PASSWORD: &str = "demonstration only";

/// An account to try.
#[derive(Clone, Debug, Serialize)]
pub struct Account {
    /// The role.
    pub role: Role,
    /// The unit.
    pub unit: String,
    /// The user name.
    pub user_name: String,
    /// The password.
    pub password: &'static str,
}

/// An account to be made.
struct Planned {
    user_name: String,
    display_name: String,
    role: Role,
    unit: unit::Model,
    posts: Vec<String>,
}

/// Roles of the district, with their user names.
const CENTRE: &[(Role, &str)] = &[
    (Role::Operator, "operator"),
    (Role::Operator, "operator-b"),
    (Role::Dispatcher, "dispatcher"),
    (Role::Arbiter, "arbiter"),
    (Role::CallbackAgent, "callback"),
    (Role::Supervisor, "supervisor"),
    (Role::KnowledgeEditor, "knowledge"),
    (Role::Analyst, "analyst"),
    (Role::DutyOfficer, "duty"),
    (Role::SystemAdmin, "sysadmin"),
    (Role::SecurityAdmin, "secadmin"),
    (Role::Auditor, "auditor"),
];

pub async fn seed(kit: &Kit) -> anyhow::Result<()> {
    let units = orgs::store::below(kit.db.read(), "/").await?;
    let posts: Vec<String> = term::Entity::find()
        .filter(term::Column::Kind.eq(catalog::store::POST))
        .all(kit.db.read())
        .await?
        .into_iter()
        .map(|row| row.code)
        .collect();
    let mut planned = Vec::new();
    for unit in units {
        planned.extend(plan(&unit, &posts));
    }
    let hash = kit.passwords.hash(PASSWORD.to_owned()).await?;
    kit.db
        .write("demo.staff", (planned, hash), |tx, input| {
            Box::pin(write(tx, input))
        })
        .await?;
    Ok(())
}

/// Tells two of one role in one unit apart.
fn mark(user_name: &str) -> &'static str {
    match user_name {
        name if name.starts_with("handler-a") || name == "operator" => "甲",
        name if name.starts_with("handler-b") || name == "operator-b" => "乙",
        _ => "",
    }
}

fn plan(unit: &unit::Model, posts: &[String]) -> Vec<Planned> {
    let one = |user_name: String, role: Role, posts: Vec<String>| Planned {
        display_name: format!("演示{}{}（{}）", role.chinese(), mark(&user_name), unit.name),

        user_name,
        role,
        unit: unit.clone(),
        posts,
    };
    let code = &unit.code;
    // Every second post each, so that both handlers have a line of their own.
    let half = |odd: usize| posts.iter().skip(odd).step_by(2).cloned().collect::<Vec<_>>();
    match unit.kind {
        UnitKind::District => CENTRE
            .iter()
            .map(|(role, name)| one((*name).to_owned(), *role, Vec::new()))
            .collect(),
        UnitKind::Subdistrict | UnitKind::Town => vec![
            one(format!("manager-{code}"), Role::StreetManager, Vec::new()),
            one(format!("office-{code}"), Role::Handler, posts.to_vec()),
            one(format!("lead-{code}"), Role::UnitLead, Vec::new()),
        ],
        UnitKind::Community | UnitKind::Village => vec![
            one(format!("handler-a-{code}"), Role::Handler, half(0)),
            one(format!("handler-b-{code}"), Role::Handler, half(1)),
            one(format!("lead-{code}"), Role::UnitLead, Vec::new()),
        ],
        UnitKind::Department | UnitKind::Provider => vec![
            one(format!("handler-{code}"), Role::Handler, posts.to_vec()),
            one(format!("lead-{code}"), Role::UnitLead, Vec::new()),
        ],
        UnitKind::Grid => Vec::new(),
    }
}

async fn write(tx: &Tx, (planned, hash): &(Vec<Planned>, String)) -> Result<(), AppError> {
    let day = local_day(tx.now());
    for account in planned {
        let new = staff::commands::NewStaff {
            user_name: account.user_name.replace('_', "-"),
            display_name: account.display_name.clone(),
            password_hash: hash.clone(),
            synthetic: true,
        };
        let id = staff::commands::insert(tx, &new).await?;
        // Written in one go: three hundred grants one by one would be checked against each other.
        tx.stage(role_grant::ActiveModel {
            id: Set(tx.ids().id()),
            staff_id: Set(id),
            role: Set(account.role),
            unit_id: Set(account.unit.id),
            unit_path: Set(account.unit.path.clone()),
            posts: Set(json!(account.posts)),
            valid_from: Set(day),
            valid_to: Set(None),
            created_at: Set(tx.now()),
        });
    }
    settings::store::touch_reference(tx).await
}

/// All demonstration accounts, the district's first.
pub async fn all(kit: &Kit) -> anyhow::Result<Vec<Account>> {
    let units = orgs::store::below(kit.db.read(), "/").await?;
    let accounts = units.iter().flat_map(|unit| {
        plan(unit, &[]).into_iter().map(|planned| Account {
            role: planned.role,
            unit: planned.unit.name,
            user_name: planned.user_name.replace('_', "-"),
            password: PASSWORD,
        })
    });
    Ok(accounts.collect())
}
