//! Rows of `service`.

use super::rules::form::Form;
use super::rules::{Catalogue, Service};
use crate::platform::error::{AppError, Code};
use entity::service;
use sea_orm::{ConnectionTrait, EntityTrait};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// All services.
///
/// # Errors
/// When the database does not answer or holds a form that can't be read.
pub async fn catalogue(conn: &impl ConnectionTrait) -> Result<Catalogue, AppError> {
    let rows = service::Entity::find().all(conn).await?;
    let services = rows.into_iter().map(to_service).collect::<Result<_, _>>()?;
    Ok(Catalogue::new(services))
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
