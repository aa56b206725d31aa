//! Rows of `service` and `term`.

use super::rules::entry::{Entry, Known};
use super::rules::form::Form;
use super::rules::{Catalogue, Service};
use crate::orgs;
use crate::platform::db::{Tx, pieces};
use crate::platform::error::{AppError, Code};
use chrono::NaiveDate;
use entity::kind::{ServiceState, UnitKind};
use entity::{service, setting, term};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The kind of term that names a line post.
pub const POST: &str = "post";
/// The kind of term that names a power.
pub const POWER: &str = "power";

/// All services.
///
/// # Errors
/// When the database does not answer or holds a form that can't be read.
pub async fn catalogue(conn: &impl ConnectionTrait) -> Result<Catalogue, AppError> {
    let rows = service::Entity::find().all(conn).await?;
    let services = rows.into_iter().map(to_service).collect::<Result<_, _>>()?;
    Ok(Catalogue::new(services))
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

/// Every row, by code and first day.
///
/// # Errors
/// When the database does not answer.
pub async fn all(conn: &impl ConnectionTrait) -> Result<Vec<service::Model>, AppError> {
    let rows = service::Entity::find()
        .order_by_asc(service::Column::Code)
        .order_by_asc(service::Column::ValidFrom)
        .all(conn)
        .await?;
    Ok(rows)
}

/// Rows that stand so, by code; active ones only if they are valid on `day`.
///
/// # Errors
/// When the database does not answer.
pub async fn standing(
    conn: &impl ConnectionTrait,
    state: ServiceState,
    day: NaiveDate,
    after: Option<&str>,
) -> Result<Vec<service::Model>, AppError> {
    let mut query = service::Entity::find().filter(service::Column::State.eq(state));
    if state == ServiceState::Active {
        query = query
            .filter(service::Column::ValidFrom.lte(day))
            .filter(not_ended(day));
    }
    if let Some(code) = after {
        query = query.filter(service::Column::Code.gt(code));
    }
    Ok(query.order_by_asc(service::Column::Code).all(conn).await?)
}

/// Whether it could be a code: a database may not even be asked for some texts (U+0000).
#[must_use]
pub fn is_code(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_digit())
}

/// Every period of validity of a code, oldest first.
///
/// # Errors
/// When the database does not answer.
pub async fn versions(conn: &impl ConnectionTrait, code: &str) -> Result<Vec<service::Model>, AppError> {
    if !is_code(code) {
        return Ok(Vec::new());
    }
    let rows = service::Entity::find()
        .filter(service::Column::Code.eq(code))
        .order_by_asc(service::Column::ValidFrom)
        .all(conn)
        .await?;
    Ok(rows)
}

/// Codes that begin so. `prefix` is digits.
///
/// # Errors
/// When the database does not answer.
pub async fn codes_below(conn: &impl ConnectionTrait, prefix: &str) -> Result<Vec<String>, AppError> {
    let codes = service::Entity::find()
        .select_only()
        .column(service::Column::Code)
        .filter(service::Column::Code.starts_with(prefix))
        .into_tuple::<String>()
        .all(conn)
        .await?;
    Ok(codes)
}

/// Whether there is such a line post.
///
/// # Errors
/// When the database does not answer.
pub async fn has_post(conn: &impl ConnectionTrait, code: &str) -> Result<bool, AppError> {
    let key = (POST.to_owned(), code.to_owned());
    Ok(term::Entity::find_by_id(key).one(conn).await?.is_some())
}

/// Terms of a kind.
///
/// # Errors
/// When the database does not answer.
pub async fn terms(conn: &impl ConnectionTrait, kind: &str) -> Result<Vec<term::Model>, AppError> {
    let rows = term::Entity::find()
        .filter(term::Column::Kind.eq(kind))
        .all(conn)
        .await?;
    Ok(rows)
}

/// What a line of the catalogue may name on `day`.
///
/// # Errors
/// When the database does not answer.
pub async fn known(conn: &impl ConnectionTrait, day: NaiveDate) -> Result<Known, AppError> {
    let codes = |rows: Vec<term::Model>| rows.into_iter().map(|row| row.code).collect();
    let units = orgs::store::below(conn, "/").await?;
    Ok(Known {
        posts: codes(terms(conn, POST).await?),
        powers: codes(terms(conn, POWER).await?),
        departments: units
            .into_iter()
            .filter(|row| row.kind == UnitKind::Department)
            .filter(|row| row.valid_to.is_none_or(|last| day <= last))
            .map(|row| row.code)
            .collect(),
        services: codes_below(conn, "").await?.into_iter().collect(),
    })
}

/// Writes a new row.
///
/// # Errors
/// `Conflict` when code and first day are taken.
pub async fn insert(tx: &Tx, row: service::ActiveModel) -> Result<service::Model, AppError> {
    Ok(row.insert(tx).await?)
}

/// Writes many new rows.
///
/// # Errors
/// `Conflict` when code and first day of one are taken.
pub async fn insert_all(tx: &Tx, rows: Vec<service::ActiveModel>) -> Result<(), AppError> {
    for some in pieces(rows) {
        service::Entity::insert_many(some)
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

/// Writes a changed row.
///
/// # Errors
/// When the database does not answer.
pub async fn update(tx: &Tx, row: service::ActiveModel) -> Result<service::Model, AppError> {
    Ok(row.update(tx).await?)
}

/// Writes a term, new or changed.
///
/// # Errors
/// When the database does not answer.
pub async fn put_term(tx: &Tx, row: term::Model) -> Result<(), AppError> {
    let row = term::ActiveModel {
        kind: Set(row.kind),
        code: Set(row.code),
        name: Set(row.name),
        name_en: Set(row.name_en),
        data: Set(row.data),
    };
    let columns = [term::Column::Name, term::Column::NameEn, term::Column::Data];
    term::Entity::insert(row)
        .on_conflict(
            OnConflict::columns([term::Column::Kind, term::Column::Code])
                .update_columns(columns)
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// A row as people write it.
#[must_use]
pub fn entry(row: &service::Model) -> Entry {
    Entry {
        code: row.code.clone(),
        parent: row.parent_code.clone(),
        name: row.name.clone(),
        name_en: row.name_en.clone(),
        std_code: row.std_code.clone(),
        request_types: list(row.request_types.clone()),
        default_type: row.default_type,
        urgency: row.urgency,
        resolve_limit: row.resolve_amount.zip(row.resolve_unit),
        responsible: row.responsible_kind,
        post: row.responsible_post.clone(),
        department: row.department_code.clone(),
        powers: list(row.powers.clone()),
        sensitive: row.sensitive,
        auto_accept: row.auto_accept,
        relapse: row.relapse,
        external_procedure: row.external_procedure.clone(),
        form: row.form.clone(),
        selectable: row.selectable,
        valid_from: row.valid_from,
        valid_to: row.valid_to,
    }
}

/// Sets every column that people write.
pub fn fill(row: &mut service::ActiveModel, entry: &Entry) {
    row.code = Set(entry.code.clone());
    row.parent_code = Set(entry.parent.clone());
    row.name = Set(entry.name.clone());
    row.name_en = Set(entry.name_en.clone());
    row.std_code = Set(entry.std_code.clone());
    row.request_types = Set(json!(entry.request_types));
    row.default_type = Set(entry.default_type);
    row.urgency = Set(entry.urgency);
    row.resolve_amount = Set(entry.resolve_limit.map(|(amount, _)| amount));
    row.resolve_unit = Set(entry.resolve_limit.map(|(_, unit)| unit));
    row.responsible_kind = Set(entry.responsible);
    row.responsible_post = Set(entry.post.clone());
    row.department_code = Set(entry.department.clone());
    row.powers = Set(json!(entry.powers));
    row.sensitive = Set(entry.sensitive);
    row.auto_accept = Set(entry.auto_accept);
    row.relapse = Set(entry.relapse);
    row.external_procedure = Set(entry.external_procedure.clone());
    row.form = Set(entry.form.clone());
    row.selectable = Set(entry.selectable);
    row.valid_from = Set(entry.valid_from);
    row.valid_to = Set(entry.valid_to);
}

/// A new active row of version 1 that belongs to nobody in particular.
#[must_use]
pub fn new_row(tx: &Tx, entry: &Entry) -> service::ActiveModel {
    let mut row = service::ActiveModel {
        id: Set(tx.ids().id()),
        owner_unit_id: Set(None),
        owner_path: Set(None),
        state: Set(ServiceState::Active),
        proposed_by: Set(None),
        decided_by: Set(None),
        version: Set(1),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    fill(&mut row, entry);
    row
}

fn not_ended(day: NaiveDate) -> Condition {
    Condition::any()
        .add(service::Column::ValidTo.is_null())
        .add(service::Column::ValidTo.gte(day))
}

fn to_service(row: service::Model) -> Result<Service, AppError> {
    let form = Form::parse(&row.form).map_err(|why| {
        AppError::new(Code::Internal).because(anyhow::anyhow!("form of {}: {why}", row.code))
    })?;
    Ok(Service {
        id: row.id,
        code: row.code,
        name: row.name,
        request_types: list(row.request_types),
        default_type: row.default_type,
        urgency: row.urgency,
        resolve_limit: row
            .resolve_amount
            .and_then(|amount| u32::try_from(amount).ok())
            .zip(row.resolve_unit),
        responsible: row.responsible_kind,
        post: row.responsible_post,
        department: row.department_code,
        powers: list(row.powers),
        sensitive: row.sensitive,
        relapse: row.relapse,
        auto_accept: row.auto_accept,
        form,
        selectable: row.selectable,
        owner: row.owner_unit_id.zip(row.owner_path),
        state: row.state,
        valid_from: row.valid_from,
        valid_to: row.valid_to,
    })
}

fn list<T: DeserializeOwned>(value: Value) -> Vec<T> {
    serde_json::from_value(value).unwrap_or_default()
}
