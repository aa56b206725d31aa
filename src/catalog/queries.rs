//! Reading the catalogue: what is offered, and what is proposed to those whose business it is.

use super::store;
use crate::access::permit::Caller;
use crate::access::policy::Facts;
use crate::access::{Op, Reach};
use crate::orgs;
use crate::platform::error::{AppError, Code, Rule};
use chrono::NaiveDate;
use entity::id::UnitId;
use entity::kind::{RequestType, ServiceState};
use entity::service;
use sea_orm::ConnectionTrait;

/// Which services are wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Only what can be asked for at a place of this path.
    pub place: Option<String>,
    /// Only what takes requests of this type.
    pub request_type: Option<RequestType>,
    /// Only what stands directly below this code; an empty one asks for the top.
    pub parent: Option<String>,
    /// Only what has this in its name, in small letters.
    pub text: Option<String>,
    /// Where it stands.
    pub state: ServiceState,
}

/// The path of a unit's place today.
///
/// # Errors
/// `InvalidInput` when there is no such unit.
pub async fn place(conn: &impl ConnectionTrait, id: UnitId) -> Result<String, AppError> {
    let unknown = |_| AppError::field("?unit_id", Rule::Unknown);
    let unit = orgs::store::find(conn, id).await.map_err(unknown)?;
    match unit.successor_id {
        Some(next) => Ok(orgs::store::find(conn, next).await.map_err(unknown)?.path),
        None => Ok(unit.path),
    }
}

/// Services after `after`, by code, one more than `limit`. A catalogue has some hundred lines, and their types lie
/// in JSON, which SQL may not look into: one statement, then a look at each.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    conn: &impl ConnectionTrait,
    caller: &Caller,
    wanted: &Wanted,
    day: NaiveDate,
    after: Option<&str>,
    limit: u64,
) -> Result<Vec<service::Model>, AppError> {
    let most = usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1);
    let rows = store::standing(conn, wanted.state, day, after).await?;
    Ok(rows
        .into_iter()
        .filter(|row| sees(caller, row) && fits(row, wanted))
        .take(most)
        .collect())
}

/// The service of this code as it is today; to those whose business it is, also one proposed or to come.
///
/// # Errors
/// `NotFound`.
pub async fn find(
    conn: &impl ConnectionTrait,
    caller: &Caller,
    code: &str,
    day: NaiveDate,
) -> Result<service::Model, AppError> {
    let versions = store::versions(conn, code).await?;
    let proposed = || {
        let of_business = |row: &&service::Model| row.state != ServiceState::Active && sees(caller, row);
        versions.iter().rfind(of_business)
    };
    current(&versions, day)
        .filter(|row| row.valid_from <= day || !Reach::of(&caller.actor, Op::UpdateService).is_empty())
        .or_else(proposed)
        .cloned()
        .ok_or_else(|| AppError::new(Code::NotFound))
}

/// The version of today, else the next one to come.
#[must_use]
pub fn current(versions: &[service::Model], day: NaiveDate) -> Option<&service::Model> {
    let mut open = versions
        .iter()
        .filter(|row| row.state == ServiceState::Active)
        .filter(|row| row.valid_to.is_none_or(|last| day <= last));
    let coming = open.clone().find(|row| row.valid_from > day);
    open.rfind(|row| row.valid_from <= day).or(coming)
}

/// Whether a caller may read a row: what is offered is public, a proposal is not.
fn sees(caller: &Caller, row: &service::Model) -> bool {
    let path = row.owner_path.as_deref().unwrap_or("/");
    let facts = Facts {
        place: path,
        paths: vec![path],
        owners: Vec::new(),
    };
    row.state == ServiceState::Active
        || [Op::ProposeService, Op::DecideService, Op::UpdateService]
            .into_iter()
            .any(|op| Reach::of(&caller.actor, op).contains(&caller.actor, &facts))
}

fn fits(row: &service::Model, wanted: &Wanted) -> bool {
    let offered = |place: &String| {
        let owner = row.owner_path.as_deref();
        row.selectable && owner.is_none_or(|owner| place.starts_with(owner))
    };
    let named = |text: &String| {
        [&row.name, &row.name_en]
            .into_iter()
            .any(|name| name.to_lowercase().contains(text.as_str()))
    };
    wanted.place.as_ref().is_none_or(offered)
        && wanted
            .request_type
            .is_none_or(|kind| store::entry(row).request_types.contains(&kind))
        && wanted
            .parent
            .as_ref()
            .is_none_or(|code| row.parent_code.as_deref().unwrap_or_default() == code)
        && wanted.text.as_ref().is_none_or(named)
}

#[cfg(test)]
mod tests {
    use super::*;
    use entity::id::ServiceId;
    use entity::kind::{ResponsibleKind, Urgency};
    use serde_json::json;

    fn row(from: &str, to: Option<&str>, state: ServiceState) -> service::Model {
        service::Model {
            id: ServiceId(uuid::Uuid::nil()),
            code: "0101".into(),
            parent_code: Some("01".into()),
            name: "法律咨询".into(),
            name_en: "Legal advice".into(),
            std_code: None,
            request_types: json!(["consult"]),
            default_type: RequestType::Consult,
            urgency: Urgency::P2,
            resolve_amount: None,
            resolve_unit: None,
            responsible_kind: ResponsibleKind::Community,
            responsible_post: "mediator".into(),
            department_code: None,
            powers: json!([]),
            sensitive: false,
            auto_accept: false,
            relapse: false,
            external_procedure: None,
            form: json!({}),
            selectable: true,
            owner_unit_id: None,
            owner_path: Some("/1/12/123/".into()),
            state,
            proposed_by: None,
            decided_by: None,
            valid_from: from.parse().unwrap(),
            valid_to: to.map(|day| day.parse().unwrap()),
            version: 1,
            updated_at: chrono::DateTime::UNIX_EPOCH,
        }
    }

    fn wanted() -> Wanted {
        Wanted {
            place: None,
            request_type: None,
            parent: None,
            text: None,
            state: ServiceState::Active,
        }
    }

    #[test]
    fn the_version_of_today_comes_before_the_next_one() {
        let active = ServiceState::Active;
        let versions = [
            row("2025-01-01", Some("2025-12-31"), active),
            row("2026-01-01", Some("2026-12-31"), active),
            row("2027-01-01", None, active),
            row("2026-05-01", None, ServiceState::Proposed),
        ];
        let from = |day: &str| {
            let found = current(&versions, day.parse().unwrap());
            found.map(|row| row.valid_from.to_string())
        };
        assert_eq!(from("2026-06-01").as_deref(), Some("2026-01-01"));
        assert_eq!(from("2024-06-01").as_deref(), Some("2025-01-01"));
        assert_eq!(from("2030-06-01").as_deref(), Some("2027-01-01"));
        assert_eq!(
            current(versions.get(3..).unwrap(), "2026-06-01".parse().unwrap()),
            None
        );
    }

    #[test]
    fn filters_hold_together() {
        let row = row("2026-01-01", None, ServiceState::Active);
        let at = |place: &str| Wanted {
            place: Some(place.into()),
            ..wanted()
        };
        assert!(fits(&row, &wanted()));
        assert!(fits(&row, &at("/1/12/123/")) && fits(&row, &at("/1/12/123/9/")));
        assert!(!fits(&row, &at("/1/12/124/")) && !fits(&row, &at("/1/12/")));
        let text = |text: &str| Wanted {
            text: Some(text.into()),
            ..wanted()
        };
        assert!(fits(&row, &text("咨询")) && fits(&row, &text("legal")) && !fits(&row, &text("调解")));
        let parent = |code: &str| Wanted {
            parent: Some(code.into()),
            ..wanted()
        };
        assert!(fits(&row, &parent("01")) && !fits(&row, &parent("")));
        let help = Wanted {
            request_type: Some(RequestType::Help),
            ..wanted()
        };
        assert!(!fits(&row, &help));
    }
}
