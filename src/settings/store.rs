//! Rows of `setting`.

use super::{CALLBACK_GRACE_DAYS, SIGNATURE};
use crate::platform::db::Tx;
use crate::platform::error::AppError;
use entity::setting;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait};
use serde_json::{Value, json};

/// The row whose version is that of units, services, staff, calendar, rules and policies together.
const REFERENCE: &str = "reference";

/// What messages begin with, as operators of telephone networks want it: `【12345】` unless another one is set.
///
/// # Errors
/// When the database does not answer.
pub async fn signature(conn: &impl ConnectionTrait) -> Result<String, AppError> {
    let row = get(conn, SIGNATURE).await?;
    let set = row.as_ref().and_then(|row| row.value.as_str());
    Ok(format!("【{}】", set.unwrap_or("12345")))
}

/// Days for which a call-back may be left open, if they are set.
///
/// # Errors
/// When the database does not answer.
pub async fn callback_grace_days(conn: &impl ConnectionTrait) -> Result<Option<i64>, AppError> {
    Ok(get(conn, CALLBACK_GRACE_DAYS)
        .await?
        .and_then(|row| row.value.as_i64()))
}

/// The version of the reference data.
///
/// # Errors
/// When the database does not answer.
pub async fn reference_version(conn: &impl ConnectionTrait) -> Result<i64, AppError> {
    Ok(setting::Entity::find_by_id(REFERENCE)
        .one(conn)
        .await?
        .map_or(0, |row| row.version))
}

/// Says that reference data has changed: every instance loads it anew.
///
/// # Errors
/// When the database does not answer.
pub async fn touch_reference(tx: &Tx) -> Result<(), AppError> {
    put(tx, REFERENCE, json!({})).await
}

/// A setting's value.
///
/// # Errors
/// When the database does not answer.
pub async fn get(conn: &impl ConnectionTrait, id: &str) -> Result<Option<setting::Model>, AppError> {
    Ok(setting::Entity::find_by_id(id).one(conn).await?)
}

/// Sets a value, raising its version.
///
/// # Errors
/// When the database does not answer.
pub async fn put(tx: &Tx, id: &str, value: Value) -> Result<(), AppError> {
    let row = setting::ActiveModel {
        id: Set(id.to_owned()),
        value: Set(value),
        version: Set(1),
        updated_at: Set(tx.now()),
    };
    setting::Entity::insert(row)
        .on_conflict(
            OnConflict::column(setting::Column::Id)
                .update_columns([setting::Column::Value, setting::Column::UpdatedAt])
                .value(
                    setting::Column::Version,
                    Expr::col((setting::Entity, setting::Column::Version)).add(1),
                )
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    Ok(())
}
