//! Creating, changing and retiring routing rules; assignment policies in a file of its own.

pub mod assignment;

use super::store;
use crate::access::Op;
use crate::access::authenticate::local_day;
use crate::access::permit::Caller;
use crate::access::policy::{Facts, coarse};
use crate::ledger::audit;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code, Fields, Rule};
use crate::platform::http::etag::IfMatch;
use crate::{catalog, orgs, settings};
use chrono::NaiveDate;
use entity::id::{RuleId, UnitId};
use entity::kind::{Channel, RequestType};
use entity::{routing_rule, unit};
use sea_orm::{ActiveValue::Set, IntoActiveModel};
use serde_json::json;

/// A rule to be made.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "as in the row")]
pub struct NewRule {
    pub rank: i32,
    pub name: String,
    pub category: Option<String>,
    pub request_type: Option<RequestType>,
    pub channel: Option<Channel>,
    pub place_unit_id: Option<UnitId>,
    pub target_unit_id: UnitId,
    pub target_post: Option<String>,
    pub reason: String,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
}

/// What of a rule changes.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "as in the row")]
pub struct Change {
    pub rank: Option<i32>,
    pub name: Option<String>,
    pub target_unit_id: Option<UnitId>,
    pub target_post: Option<String>,
    pub reason: Option<String>,
    pub valid_to: Option<NaiveDate>,
}

/// Makes a rule.
///
/// # Errors
/// `Forbidden` for units of another district, `InvalidInput` when it names what does not exist.
pub async fn create(tx: &Tx, (caller, new): &(Caller, NewRule)) -> Result<routing_rule::Model, AppError> {
    let mut fields = Fields::default();
    let day = new.valid_from.max(local_day(tx.now()));
    let target = unit(tx, new.target_unit_id, day).await?;
    known(&mut fields, "/target_unit_id", target.as_ref());
    let place = match new.place_unit_id {
        Some(id) => {
            let place = unit(tx, id, day).await?;
            known(&mut fields, "/place_unit_id", place.as_ref());
            place
        }
        None => None,
    };
    for unit in target.iter().chain(&place) {
        allow(caller, Op::GetUnit, &unit.path)?;
    }
    if let Some(prefix) = &new.category
        && catalog::store::codes_below(tx, prefix).await?.is_empty()
    {
        fields.add("/category", Rule::Unknown);
    }
    check_post(tx, new.target_post.as_deref(), &mut fields).await?;
    fields.finish()?;
    let row = store::insert(
        tx,
        routing_rule::ActiveModel {
            id: Set(tx.ids().id()),
            rank: Set(new.rank),
            name: Set(new.name.clone()),
            category: Set(new.category.clone()),
            request_type: Set(new.request_type),
            channel: Set(new.channel),
            place_path: Set(place.map(|place| place.path)),
            target_unit_id: Set(new.target_unit_id),
            target_post: Set(new.target_post.clone()),
            reason: Set(new.reason.clone()),
            valid_from: Set(new.valid_from),
            valid_to: Set(new.valid_to),
            version: Set(1),
            updated_at: Set(tx.now()),
        },
    )
    .await?;
    let detail = json!({ "rank": row.rank, "target": row.target_unit_id });
    audit::record(tx, caller, "routing_rule", row.id, detail);
    settings::store::touch_reference(tx).await?;
    Ok(row)
}

/// What a ruling about a return says for the next time.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "as in the row")]
pub struct Ruled {
    pub name: String,
    pub category: String,
    pub request_type: RequestType,
    pub place_unit_id: UnitId,
    pub target_unit_id: UnitId,
    pub reason: String,
}

/// Before the rules that people wrote for wider cases.
const RANK_OF_RULINGS: i32 = 50;

/// Makes a ruling a rule for the same service, type and place from today on.
///
/// # Errors
/// `Forbidden` for who makes no rules, and as [`create`].
pub async fn from_ruling(tx: &Tx, caller: &Caller, ruled: Ruled) -> Result<routing_rule::Model, AppError> {
    coarse(&caller.actor, Op::CreateRule)?;
    let new = NewRule {
        rank: RANK_OF_RULINGS,
        name: ruled.name,
        category: Some(ruled.category),
        request_type: Some(ruled.request_type),
        channel: None,
        place_unit_id: Some(ruled.place_unit_id),
        target_unit_id: ruled.target_unit_id,
        target_post: None,
        reason: ruled.reason,
        valid_from: local_day(tx.now()),
        valid_to: None,
    };
    create(tx, &(caller.clone(), new)).await
}

/// Changes a rule.
///
/// # Errors
/// `NotFound`, `StaleVersion`, `InvalidInput`.
pub async fn update(
    tx: &Tx,
    (caller, id, version, change): &(Caller, RuleId, IfMatch, Change),
) -> Result<routing_rule::Model, AppError> {
    let row = store::find(tx, *id).await?;
    let target = orgs::store::find(tx, row.target_unit_id).await?;
    allow(caller, Op::ListRules, &target.path)?;
    version.check(row.version)?;
    let mut fields = Fields::default();
    if let Some(id) = change.target_unit_id {
        let next = unit(tx, id, local_day(tx.now())).await?;
        known(&mut fields, "/target_unit_id", next.as_ref());
        if let Some(next) = next {
            allow(caller, Op::GetUnit, &next.path)?;
        }
    }
    check_post(tx, change.target_post.as_deref(), &mut fields).await?;
    if change.valid_to.is_some_and(|last| last < row.valid_from) {
        fields.add("/valid_to", Rule::Range(format!("{}..", row.valid_from)));
    }
    fields.finish()?;
    let row = store::update(tx, change.apply(tx, row)).await?;
    let detail = json!({ "version": row.version, "rank": row.rank, "target": row.target_unit_id, "valid_to": row.valid_to });
    audit::record(tx, caller, "routing_rule", row.id, detail);
    settings::store::touch_reference(tx).await?;
    Ok(row)
}

impl Change {
    fn apply(&self, tx: &Tx, row: routing_rule::Model) -> routing_rule::ActiveModel {
        let version = row.version + 1;
        let mut next = row.into_active_model();
        if let Some(rank) = self.rank {
            next.rank = Set(rank);
        }
        if let Some(name) = &self.name {
            next.name = Set(name.clone());
        }
        if let Some(target) = self.target_unit_id {
            next.target_unit_id = Set(target);
        }
        if self.target_post.is_some() {
            next.target_post = Set(self.target_post.clone());
        }
        if let Some(reason) = &self.reason {
            next.reason = Set(reason.clone());
        }
        if self.valid_to.is_some() {
            next.valid_to = Set(self.valid_to);
        }
        next.version = Set(version);
        next.updated_at = Set(tx.now());
        next
    }
}

/// A unit that exists on `day`.
async fn unit(tx: &Tx, id: UnitId, day: NaiveDate) -> Result<Option<unit::Model>, AppError> {
    match orgs::store::find(tx, id).await {
        Ok(unit) => {
            Ok(Some(unit)
                .filter(|unit| unit.valid_from <= day && unit.valid_to.is_none_or(|last| day <= last)))
        }
        Err(error) if error.code() == Code::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn known(fields: &mut Fields, pointer: &str, unit: Option<&unit::Model>) {
    if unit.is_none() {
        fields.add(pointer, Rule::Unknown);
    }
}

fn allow(caller: &Caller, read: Op, path: &str) -> Result<(), AppError> {
    let facts = Facts {
        place: path,
        paths: vec![path],
        owners: Vec::new(),
    };
    caller.decide(read, &facts).map(|_| ())
}

async fn check_post(tx: &Tx, post: Option<&str>, fields: &mut Fields) -> Result<(), AppError> {
    if let Some(post) = post
        && !catalog::store::has_post(tx, post).await?
    {
        fields.add("/target_post", Rule::Unknown);
    }
    Ok(())
}
