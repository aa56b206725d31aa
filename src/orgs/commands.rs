//! Creating, changing and succeeding units.

use super::store;
use crate::access::permit::Caller;
use crate::access::policy::Facts;
use crate::access::{Op, authenticate::local_day};
use crate::ledger::audit;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Rule};
use crate::platform::http::etag::IfMatch;
use crate::settings;
use chrono::NaiveDate;
use entity::id::UnitId;
use entity::kind::UnitKind;
use entity::unit;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde_json::{Value, json};

/// A unit to be made.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "as in the row")]
pub struct NewUnit {
    pub code: String,
    pub kind: UnitKind,
    pub name: String,
    pub parent_id: Option<UnitId>,
    pub aliases: Vec<String>,
    pub powers: Vec<String>,
    pub contact: Option<String>,
    pub area: Option<Value>,
    pub valid_from: Option<NaiveDate>,
}

/// What of a unit changes.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "as in the row")]
pub struct Change {
    pub name: Option<String>,
    pub aliases: Option<Vec<String>>,
    pub powers: Option<Vec<String>>,
    pub contact: Option<String>,
    pub area: Option<Value>,
    pub valid_to: Option<NaiveDate>,
}

/// Makes a unit below another one.
///
/// # Errors
/// `InvalidInput` when the unit above does not exist or the code is taken.
pub async fn create(tx: &Tx, (caller, new): &(Caller, NewUnit)) -> Result<unit::Model, AppError> {
    let parent = match new.parent_id {
        Some(id) => Some(
            store::find(tx, id)
                .await
                .map_err(|_| AppError::field("/parent_id", Rule::Unknown))?,
        ),
        None => None,
    };
    let above = parent.as_ref().map_or("/", |parent| parent.path.as_str());
    caller.decide(
        Op::ListUnits,
        &Facts {
            place: above,
            paths: vec![above],
            owners: Vec::new(),
        },
    )?;
    let valid_from = new.valid_from.unwrap_or_else(|| local_day(tx.now()));
    if let Some(taken) = store::find_by_code(tx, &new.code).await?
        && taken.valid_to.is_none_or(|last| last >= valid_from)
    {
        return Err(AppError::field("/code", Rule::Taken));
    }
    let row = store::insert(
        tx,
        unit::ActiveModel {
            id: Set(tx.ids().id()),
            code: Set(new.code.clone()),
            kind: Set(new.kind),
            name: Set(new.name.clone()),
            parent_id: Set(new.parent_id),
            path: Set(format!("{above}{}/", new.code)),
            aliases: Set(json!(new.aliases)),
            area: Set(new.area.clone()),
            powers: Set(json!(new.powers)),
            contact: Set(new.contact.clone()),
            synthetic: Set(false),
            successor_id: Set(None),
            valid_from: Set(valid_from),
            valid_to: Set(None),
            version: Set(1),
            updated_at: Set(tx.now()),
        },
    )
    .await?;
    audit::record(
        tx,
        caller,
        "unit",
        row.id,
        json!({ "code": row.code, "kind": row.kind }),
    );
    settings::store::touch_reference(tx).await?;
    Ok(row)
}

/// Changes a unit.
///
/// # Errors
/// `NotFound`, `StaleVersion`.
pub async fn update(
    tx: &Tx,
    (caller, id, version, change): &(Caller, UnitId, IfMatch, Change),
) -> Result<unit::Model, AppError> {
    let row = store::lock(tx, *id).await?;
    caller.decide(
        Op::GetUnit,
        &Facts {
            place: &row.path,
            paths: vec![&row.path],
            owners: Vec::new(),
        },
    )?;
    version.check(row.version)?;
    if change.valid_to.is_some_and(|last| last < row.valid_from) {
        return Err(AppError::field(
            "/valid_to",
            Rule::Range(format!("{}..", row.valid_from)),
        ));
    }
    let mut next = row.clone().into_active_model();
    if let Some(name) = &change.name {
        next.name = Set(name.clone());
    }
    if let Some(aliases) = &change.aliases {
        next.aliases = Set(json!(aliases));
    }
    if let Some(powers) = &change.powers {
        next.powers = Set(json!(powers));
    }
    if change.contact.is_some() {
        next.contact = Set(change.contact.clone());
    }
    if change.area.is_some() {
        next.area = Set(change.area.clone());
    }
    if change.valid_to.is_some() {
        next.valid_to = Set(change.valid_to);
    }
    next.version = Set(row.version + 1);
    next.updated_at = Set(tx.now());
    let row = store::update(tx, next).await?;
    audit::record(tx, caller, "unit", row.id, json!({ "version": row.version }));
    settings::store::touch_reference(tx).await?;
    Ok(row)
}

/// Ends a unit and names the one that takes over: its open work is theirs from then on, since whoever holds a
/// role in the successor reaches what the old unit had.
///
/// # Errors
/// `NotFound`, `StaleVersion`, `InvalidInput` when the successor can't take over.
pub async fn succeed(
    tx: &Tx,
    (caller, id, version, successor, last_day): &(Caller, UnitId, IfMatch, UnitId, NaiveDate),
) -> Result<unit::Model, AppError> {
    let row = store::lock(tx, *id).await?;
    caller.decide(
        Op::GetUnit,
        &Facts {
            place: &row.path,
            paths: vec![&row.path],
            owners: Vec::new(),
        },
    )?;
    version.check(row.version)?;
    let next = store::find(tx, *successor)
        .await
        .map_err(|_| AppError::field("/successor_id", Rule::Unknown))?;
    let ends = next.valid_to.is_some_and(|last| last <= *last_day);
    if next.id == row.id || ends || next.successor_id.is_some() {
        return Err(AppError::field(
            "/successor_id",
            Rule::Form("another unit that goes on"),
        ));
    }
    if *last_day < row.valid_from {
        return Err(AppError::field(
            "/last_day",
            Rule::Range(format!("{}..", row.valid_from)),
        ));
    }
    // Units that this one had succeeded follow it, so that one step always leads to the unit of today.
    unit::Entity::update_many()
        .col_expr(unit::Column::SuccessorId, Expr::value(Some(next.id.0)))
        .filter(unit::Column::SuccessorId.eq(row.id))
        .exec(tx)
        .await?;
    let mut ended = row.clone().into_active_model();
    ended.successor_id = Set(Some(next.id));
    ended.valid_to = Set(Some(*last_day));
    ended.version = Set(row.version + 1);
    ended.updated_at = Set(tx.now());
    let row = store::update(tx, ended).await?;
    audit::record(
        tx,
        caller,
        "unit",
        row.id,
        json!({ "successor": next.id, "last_day": last_day }),
    );
    settings::store::touch_reference(tx).await?;
    Ok(row)
}
