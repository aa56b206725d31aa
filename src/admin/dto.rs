//! Wire shapes of settings, of the audit log and of keys.

use super::queries::AuditFilter;
use super::rules::{self, Known};
use crate::platform::error::{AppError, Fields, Rule};
use crate::sla::rules::hours::{parse, written};
use chrono::{DateTime, Utc};
use entity::id::AuditId;
use entity::kind::{ActorKind, Role};
use entity::{audit, setting};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

const WORD_MAX: usize = 64;

/// A setting that changes at run time.
#[derive(Debug, Serialize, ToSchema)]
pub struct SettingOut {
    /// Which.
    #[schema(example = "callback_grace_days")]
    pub id: String,
    /// Its value; absent as long as the default holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>, example = json!(7))]
    pub value: Option<Value>,
    /// Version, as `If-Match` names it; 0 as long as the default holds.
    pub version: i64,
    /// When it was changed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<DateTime<Utc>>,
}

impl SettingOut {
    /// From the row, if there is one.
    pub fn new(known: Known, row: Option<setting::Model>) -> Self {
        Self {
            id: known.id().to_owned(),
            version: row.as_ref().map_or(0, |row| row.version),
            updated_at: row.as_ref().map(|row| row.updated_at),
            value: row.map(|row| row.value),
        }
    }
}

/// Another value of a setting.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"value": 7}))]
pub struct SettingIn {
    /// `working_hours`: pairs of times of day in order, `[["08:30","12:00"],["14:30","17:30"]]`.
    /// `sms_signature`: a text of at most 20 characters. `callback_grace_days`: 1 to 60.
    #[schema(value_type = Value, example = json!(7))]
    pub value: Value,
}

impl SettingIn {
    /// Checks the value by the setting.
    pub fn parse(&self, known: Known) -> Result<Value, AppError> {
        let checked = match known {
            Known::WorkingHours => working_hours(&self.value),
            Known::SmsSignature => rules::signature(&self.value),
            Known::CallbackGraceDays => rules::grace_days(&self.value),
        };
        checked.map_err(|rule| AppError::field("/value", rule))
    }
}

/// Windows that do not overlap, each time with two digits.
fn working_hours(value: &Value) -> Result<Value, Rule> {
    let windows =
        parse(&rules::windows(value)?).ok_or(Rule::Form("windows HH:MM in order that do not overlap"))?;
    Ok(json!(written(&windows)))
}

/// An entry of the audit log.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditOut {
    /// Key.
    pub id: AuditId,
    /// When.
    pub at: DateTime<Utc>,
    /// Who: kind.
    pub actor_kind: ActorKind,
    /// Who: key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_id: Option<Uuid>,
    /// Who: name on that day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_name: Option<String>,
    /// In which role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// What: the operation.
    #[schema(example = "grant_role")]
    pub action: String,
    /// To what: kind.
    #[schema(example = "staff")]
    pub subject_kind: String,
    /// To what: key.
    #[schema(example = "01a2f0c4-7d00-7000-8000-0123456789ab")]
    pub subject_id: String,
    /// What else is known of it.
    #[schema(value_type = Object)]
    pub detail: Value,
    /// In which request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl From<audit::Model> for AuditOut {
    fn from(row: audit::Model) -> Self {
        Self {
            id: row.id,
            at: row.at,
            actor_kind: row.actor_kind,
            actor_id: row.actor_id,
            actor_name: row.actor_name,
            role: row.role,
            action: row.action,
            subject_kind: row.subject_kind,
            subject_id: row.subject_id,
            detail: row.detail,
            request_id: row.request_id,
        }
    }
}

/// Which entries to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// Only of this actor.
    pub actor_id: Option<Uuid>,
    /// Only this operation.
    #[param(example = "grant_role")]
    pub action: Option<String>,
    /// Only about this kind of thing.
    #[param(example = "staff")]
    pub subject_kind: Option<String>,
    /// Only about the thing of this key.
    pub subject_id: Option<String>,
    /// Only from this instant on.
    pub from: Option<DateTime<Utc>>,
    /// Only before this instant.
    pub to: Option<DateTime<Utc>>,
    /// Rows of a page, 1 to 100; 20 unless given.
    pub limit: Option<u64>,
    /// Where the page begins: `next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl AuditQuery {
    /// Checks the filters.
    pub fn filter(&self) -> Result<AuditFilter, AppError> {
        let mut fields = Fields::default();
        let filter = AuditFilter {
            actor_id: self.actor_id,
            action: fields.optional("?action", self.action.as_deref(), WORD_MAX),
            subject_kind: fields.optional("?subject_kind", self.subject_kind.as_deref(), WORD_MAX),
            subject_id: fields.optional("?subject_id", self.subject_id.as_deref(), WORD_MAX),
            from: self.from,
            to: self.to,
        };
        if let (Some(from), Some(to)) = (self.from, self.to)
            && from >= to
        {
            fields.add("?to", Rule::Range(format!("{}..", from.to_rfc3339())));
        }
        fields.finish()?;
        Ok(filter)
    }
}

/// The key that signs from now on.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeyOut {
    /// Its id, as in the published key set.
    #[schema(example = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")]
    pub kid: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(known: Known, value: Value) -> Result<Value, AppError> {
        SettingIn { value }.parse(known)
    }

    #[test]
    fn working_hours_are_windows_in_order() {
        let good = json!([["8:30", "12:00"], ["14:30", "17:30"]]);
        let kept = json!([["08:30", "12:00"], ["14:30", "17:30"]]);
        assert_eq!(put(Known::WorkingHours, good).unwrap(), kept);
        for bad in [
            json!([]),
            json!([["12:00", "08:30"]]),
            json!([["08:30", "12:00"], ["11:00", "17:30"]]),
            json!([["08:30", "25:00"]]),
        ] {
            assert!(put(Known::WorkingHours, bad.clone()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_value_of_one_setting_is_none_of_another() {
        assert!(put(Known::CallbackGraceDays, json!(7)).is_ok());
        assert!(put(Known::SmsSignature, json!(7)).is_err());
        assert!(put(Known::WorkingHours, json!(7)).is_err());
    }
}
