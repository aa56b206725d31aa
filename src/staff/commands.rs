//! Making and disabling people, their passwords, and the roles that they hold.

pub mod absence;
pub mod handover;

use super::rules::{self, Ending, Held, Refusal};
use super::store;
use crate::access::Op;
use crate::access::authenticate::local_day;
use crate::access::permit::Caller;
use crate::access::policy::Facts;
use crate::ledger::audit;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code, Fields, Rule};
use crate::platform::http::etag::IfMatch;
use crate::platform::period::Period;
use crate::platform::personal::Personal;
use crate::{orgs, settings};
use chrono::NaiveDate;
use entity::id::{GrantId, StaffId, UnitId};
use entity::kind::Role;
use entity::{role_grant, staff, unit};
use sea_orm::ActiveValue::Set;
use serde_json::json;

/// A person to be made.
#[derive(Clone)]
#[expect(missing_docs, reason = "as in the row")]
pub struct NewStaff {
    pub user_name: String,
    pub display_name: String,
    pub password_hash: String,
    pub synthetic: bool,
}

/// A role to be held.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "as in the row")]
pub struct NewGrant {
    pub role: Role,
    pub unit_id: UnitId,
    pub posts: Vec<String>,
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
}

/// A password and its hash, which is made before the transaction: it takes its time.
#[derive(Clone)]
pub struct NewPassword {
    /// To be judged.
    pub plain: Personal,
    /// To be kept.
    pub hash: String,
}

/// Makes a person, who holds no role yet.
///
/// # Errors
/// `InvalidInput` when the user name is taken.
pub async fn create(tx: &Tx, (caller, new): &(Caller, NewStaff)) -> Result<staff::Model, AppError> {
    let row = make(tx, new).await?;
    audit::record(tx, caller, "staff", row.id, json!({ "user_name": row.user_name }));
    Ok(row)
}

/// Makes a person without a caller: for the command line and for demonstration data.
///
/// # Errors
/// `InvalidInput` when the user name is taken.
pub async fn insert(tx: &Tx, new: &NewStaff) -> Result<StaffId, AppError> {
    Ok(make(tx, new).await?.id)
}

async fn make(tx: &Tx, new: &NewStaff) -> Result<staff::Model, AppError> {
    if store::find_by_user_name(tx, &new.user_name).await?.is_some() {
        return Err(AppError::field("/user_name", Rule::Taken));
    }
    let row = staff::ActiveModel {
        id: Set(tx.ids().id()),
        user_name: Set(new.user_name.clone()),
        display_name: Set(new.display_name.clone()),
        password_hash: Set(new.password_hash.clone()),
        totp_secret: Set(None),
        totp_step: Set(0),
        disabled_at: Set(None),
        capacity: Set(None),
        synthetic: Set(new.synthetic),
        version: Set(1),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
    };
    store::insert(tx, row).await
}

/// Disables a person, ends all their log-ins, and has their open tickets handed over. Done already, nothing happens.
///
/// # Errors
/// `NotFound`, `StaleVersion`; `Forbidden` for oneself.
pub async fn disable(
    tx: &Tx,
    (caller, id, version): &(Caller, StaffId, IfMatch),
) -> Result<staff::Model, AppError> {
    let row = reached(tx, caller, *id).await?;
    version.check(row.version)?;
    if row.disabled_at.is_some() {
        return Ok(row);
    }
    let row = store::disable(tx, row).await?;
    store::end_sessions(tx, row.id, "disabled").await?;
    handover::disabled(tx, caller, row.id);
    audit::record(tx, caller, "staff", row.id, json!({ "version": row.version }));
    settings::store::touch_reference(tx).await?;
    Ok(row)
}

/// Gives a person another password and ends all their log-ins.
///
/// # Errors
/// `NotFound`, `InvalidInput`; `Forbidden` for oneself, `Conflict` for the disabled.
pub async fn reset_password(
    tx: &Tx,
    (caller, id, password): &(Caller, StaffId, NewPassword),
) -> Result<staff::Model, AppError> {
    let row = reached(tx, caller, *id).await?;
    refuse_disabled(&row)?;
    rules::check_password(&row.user_name, password.plain.plain())
        .map_err(|rule| AppError::field("/password", rule))?;
    let row = store::set_password(tx, row, &password.hash).await?;
    store::end_sessions(tx, row.id, "password_reset").await?;
    audit::record(tx, caller, "staff", row.id, json!({ "version": row.version }));
    Ok(row)
}

/// Gives a person a role in a unit.
///
/// # Errors
/// `NotFound`, `InvalidInput`; `Forbidden` for oneself, `Conflict` for the disabled.
pub async fn grant(
    tx: &Tx,
    (caller, id, new): &(Caller, StaffId, NewGrant),
) -> Result<role_grant::Model, AppError> {
    reached(tx, caller, *id).await?;
    let unit = orgs::store::find(tx, new.unit_id)
        .await
        .map_err(|error| match error.code() {
            Code::NotFound => AppError::field("/unit_id", Rule::Unknown),
            _ => error,
        })?;
    decide_at(caller, &unit.path)?;
    let valid_from = new.valid_from.unwrap_or_else(|| local_day(tx.now()));
    let row = insert_grant(tx, *id, new.role, &unit, &new.posts, valid_from, new.valid_to).await?;
    audit::record(
        tx,
        caller,
        "staff",
        id,
        json!({
            "grant": row.id,
            "role": row.role,
            "unit": row.unit_id,
            "posts": row.posts,
            "valid_from": row.valid_from,
            "valid_to": row.valid_to,
        }),
    );
    Ok(row)
}

/// Gives a role without a caller: for the command line and for demonstration data. What may not be, may not be
/// here either.
///
/// # Errors
/// `InvalidInput` when the role, the unit, a post or the days won't do; `Conflict` for the disabled.
pub async fn insert_grant(
    tx: &Tx,
    staff: StaffId,
    role: Role,
    unit: &unit::Model,
    posts: &[String],
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
) -> Result<role_grant::Model, AppError> {
    let holder = store::lock(tx, staff).await?;
    refuse_disabled(&holder)?;
    let term = Period {
        from: valid_from,
        to: valid_to,
    };
    check_grant(tx, unit, posts, term).await?;
    let held: Vec<Held> = store::grants_of(tx, staff).await?.iter().map(held).collect();
    let new = Held {
        role,
        unit_id: unit.id,
        term,
    };
    rules::may_grant(&held, new)?;
    let grant = role_grant::ActiveModel {
        id: Set(tx.ids().id()),
        staff_id: Set(staff),
        role: Set(role),
        unit_id: Set(unit.id),
        unit_path: Set(unit.path.clone()),
        posts: Set(json!(posts)),
        valid_from: Set(valid_from),
        valid_to: Set(valid_to),
        created_at: Set(tx.now()),
    };
    let row = store::insert_grant(tx, holder, grant).await?;
    store::handover::watch(tx, &row);
    settings::store::touch_reference(tx).await?;
    Ok(row)
}

/// Takes a role back: it does not hold today any more. Who was given tickets by it, and is no longer, hands them over.
///
/// # Errors
/// `NotFound`.
pub async fn revoke(tx: &Tx, (caller, id, grant): &(Caller, StaffId, GrantId)) -> Result<(), AppError> {
    let holder = store::lock(tx, *id).await?;
    let row = store::grants_of(tx, *id)
        .await?
        .into_iter()
        .find(|row| row.id == *grant)
        .ok_or_else(|| AppError::new(Code::NotFound))?;
    decide_at(caller, &row.unit_path)?;
    let today = local_day(tx.now());
    let (role, unit, handled) = (row.role, row.unit_id, handover::matters(&row, today));
    let last_day = match rules::ending(term(&row), today) {
        Ending::Over => return Ok(()),
        Ending::Ends(last_day) => {
            store::end_grant(tx, holder, row, last_day).await?;
            Some(last_day)
        }
        Ending::Never => {
            store::delete_grant(tx, holder, row.id).await?;
            None
        }
    };
    if handled {
        handover::role_ended(tx, caller.actor.staff_id(), (*id, unit)).await?;
    }
    audit::record(
        tx,
        caller,
        "staff",
        id,
        json!({ "grant": grant, "role": role, "unit": unit, "last_day": last_day }),
    );
    settings::store::touch_reference(tx).await
}

/// A person whom the caller may change, locked. Nobody changes themselves here: not to lock themselves out, not
/// to get a role or a password that nobody gave them.
async fn reached(tx: &Tx, caller: &Caller, id: StaffId) -> Result<staff::Model, AppError> {
    let row = store::lock(tx, id).await?;
    let grants = store::grants_of(tx, id).await?;
    let mut refusal = AppError::new(Code::NotFound);
    let mut places: Vec<&str> = grants.iter().map(|grant| grant.unit_path.as_str()).collect();
    if places.is_empty() {
        // Who never held a role belongs to no place yet, and so to every administrator.
        places.extend(caller.acting.path.as_deref());
    }
    for place in places {
        match decide_at(caller, place) {
            Ok(()) if caller.actor.staff_id() == Some(id) => {
                return Err(AppError::new(Code::Forbidden).say("不能对本人执行此操作", "Not on oneself"));
            }
            Ok(()) => return Ok(row),
            Err(error) if error.code() == Code::Forbidden => refusal = error,
            Err(_) => {}
        }
    }
    Err(refusal)
}

fn decide_at(caller: &Caller, path: &str) -> Result<(), AppError> {
    let facts = Facts {
        place: path,
        paths: vec![path],
        owners: Vec::new(),
    };
    caller.decide(Op::ListStaff, &facts).map(|_| ())
}

fn refuse_disabled(row: &staff::Model) -> Result<(), AppError> {
    if row.disabled_at.is_some() {
        return Err(AppError::new(Code::Conflict).say("该账号已停用", "The account is disabled"));
    }
    Ok(())
}

async fn check_grant(tx: &Tx, unit: &unit::Model, posts: &[String], term: Period) -> Result<(), AppError> {
    let mut fields = Fields::default();
    if term.to.is_some_and(|last| last < term.from) {
        fields.add("/valid_to", Rule::Range(format!("{}..", term.from)));
    }
    if unit.valid_to.is_some_and(|last| last < term.from) {
        fields.add("/unit_id", Rule::Form("a unit that still exists"));
    }
    let known = store::known_posts(tx, posts).await?;
    for (at, post) in posts.iter().enumerate() {
        if !known.contains(post) {
            fields.add(format!("/posts/{at}"), Rule::Unknown);
        }
    }
    fields.finish()
}

fn held(row: &role_grant::Model) -> Held {
    Held {
        role: row.role,
        unit_id: row.unit_id,
        term: term(row),
    }
}

fn term(row: &role_grant::Model) -> Period {
    Period {
        from: row.valid_from,
        to: row.valid_to,
    }
}

impl From<Refusal> for AppError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotForStaff => {
                let words = Role::ALL.iter().filter(|role| rules::is_for_staff(**role));
                Self::field(
                    "/role",
                    Rule::OneOf(words.map(|role| role.word().to_owned()).collect()),
                )
            }
            Refusal::Separated(other) => Self::field("/role", Rule::Unexpected).say(
                format!(
                    "系统、安全、审计管理员须由三人分任；该人员已任{}",
                    other.chinese()
                ),
                format!("System, security and audit are for three different people; this one holds {other}"),
            ),
            Refusal::HeldAlready => Self::field("/role", Rule::Taken),
        }
    }
}
