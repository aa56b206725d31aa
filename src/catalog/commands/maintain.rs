//! Creating, changing and retiring services.

use crate::access::Op;
use crate::access::authenticate::local_day;
use crate::access::permit::Caller;
use crate::access::policy::Facts;
use crate::catalog::rules::entry::{self, Entry};
use crate::catalog::{queries, store};
use crate::ledger::audit;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code, Fields, Rule};
use crate::platform::http::etag::IfMatch;
use crate::platform::period::Period;
use crate::settings;
use chrono::NaiveDate;
use entity::kind::{LimitUnit, RequestType, ResponsibleKind, ServiceState, Urgency};
use entity::service;
use sea_orm::{ActiveValue::Set, IntoActiveModel};
use serde_json::{Value, json};

/// What of a service changes; an inner `None` takes it away.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "as in the row")]
pub struct Change {
    pub name: Option<String>,
    pub name_en: Option<String>,
    pub std_code: Option<Option<String>>,
    pub request_types: Option<Vec<RequestType>>,
    pub default_type: Option<RequestType>,
    pub urgency: Option<Urgency>,
    pub resolve_limit: Option<Option<(i32, LimitUnit)>>,
    pub responsible: Option<(ResponsibleKind, String, Option<String>)>,
    pub powers: Option<Vec<String>>,
    pub sensitive: Option<bool>,
    pub auto_accept: Option<bool>,
    pub relapse: Option<bool>,
    pub external_procedure: Option<Option<String>>,
    pub form: Option<Value>,
    pub selectable: Option<bool>,
    pub valid_to: Option<Option<NaiveDate>>,
}

/// Makes a service, or the next period of validity of one that ends.
///
/// # Errors
/// `InvalidInput` when it names what does not exist, or its code is taken in that time.
pub async fn create(tx: &Tx, (caller, entry): &(Caller, Entry)) -> Result<service::Model, AppError> {
    store::lock(tx).await?;
    let known = store::known(tx, local_day(tx.now())).await?;
    let mut fields = Fields::default();
    entry::check_coded(entry, &known, &mut fields);
    let versions = store::versions(tx, &entry.code).await?;
    if clash(&versions, entry, None).is_some() {
        fields.add("/code", Rule::Taken);
    }
    fields.finish()?;
    let row = store::insert(tx, store::new_row(tx, entry)).await?;
    audit::record(
        tx,
        caller,
        "service",
        row.id,
        json!({ "code": row.code, "valid_from": row.valid_from }),
    );
    settings::store::touch_reference(tx).await?;
    Ok(row)
}

/// Changes the version of today, or the next one to come.
///
/// # Errors
/// `NotFound`, `StaleVersion`, `InvalidInput`.
pub async fn update(
    tx: &Tx,
    (caller, code, version, change): &(Caller, String, IfMatch, Change),
) -> Result<service::Model, AppError> {
    store::lock(tx).await?;
    let day = local_day(tx.now());
    let versions = store::versions(tx, code).await?;
    let row = queries::current(&versions, day)
        .cloned()
        .ok_or_else(|| AppError::new(Code::NotFound))?;
    if let Some(path) = &row.owner_path {
        caller.decide(
            Op::GetService,
            &Facts {
                place: path,
                paths: vec![path],
                owners: Vec::new(),
            },
        )?;
    }
    version.check(row.version)?;
    let mut entry = store::entry(&row);
    change.apply(&mut entry);
    let known = store::known(tx, day).await?;
    let mut fields = Fields::default();
    entry::check(&entry, &known, &mut fields);
    if let Some(other) = clash(&versions, &entry, Some(&row)) {
        fields.add(
            "/valid_to",
            Rule::Range(format!("..{}", day_before(other.valid_from))),
        );
    }
    fields.finish()?;
    let next_version = row.version + 1;
    let mut next = row.into_active_model();
    store::fill(&mut next, &entry);
    next.version = Set(next_version);
    next.updated_at = Set(tx.now());
    let row = store::update(tx, next).await?;
    let detail = json!({ "code": row.code, "version": row.version, "valid_to": row.valid_to });
    audit::record(tx, caller, "service", row.id, detail);
    settings::store::touch_reference(tx).await?;
    Ok(row)
}

impl Change {
    fn apply(&self, entry: &mut Entry) {
        put(&mut entry.name, self.name.as_ref());
        put(&mut entry.name_en, self.name_en.as_ref());
        put(&mut entry.std_code, self.std_code.as_ref());
        put(&mut entry.request_types, self.request_types.as_ref());
        put(&mut entry.default_type, self.default_type.as_ref());
        put(&mut entry.urgency, self.urgency.as_ref());
        put(&mut entry.resolve_limit, self.resolve_limit.as_ref());
        if let Some((kind, post, department)) = &self.responsible {
            entry.responsible = *kind;
            entry.post.clone_from(post);
            entry.department.clone_from(department);
        }
        put(&mut entry.powers, self.powers.as_ref());
        put(&mut entry.sensitive, self.sensitive.as_ref());
        put(&mut entry.auto_accept, self.auto_accept.as_ref());
        put(&mut entry.relapse, self.relapse.as_ref());
        put(&mut entry.external_procedure, self.external_procedure.as_ref());
        put(&mut entry.form, self.form.as_ref());
        put(&mut entry.selectable, self.selectable.as_ref());
        put(&mut entry.valid_to, self.valid_to.as_ref());
    }
}

fn put<T: Clone>(slot: &mut T, value: Option<&T>) {
    if let Some(value) = value {
        slot.clone_from(value);
    }
}

/// A version of the same code, besides `own`, that shares a day with the entry. What was refused stands in
/// nobody's way.
fn clash<'a>(
    versions: &'a [service::Model],
    entry: &Entry,
    own: Option<&service::Model>,
) -> Option<&'a service::Model> {
    versions
        .iter()
        .filter(|row| row.state != ServiceState::Refused && own.is_none_or(|own| own.id != row.id))
        .find(|row| {
            let period = Period {
                from: row.valid_from,
                to: row.valid_to,
            };
            period.overlaps(entry.period())
        })
}

fn day_before(day: NaiveDate) -> NaiveDate {
    day.pred_opt().unwrap_or(day)
}
