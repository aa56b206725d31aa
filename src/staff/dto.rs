//! Wire shapes of people and roles; of leave and handovers in files of their own.

pub mod absence;
pub mod handover;

use super::commands::NewGrant;
use super::queries::{Filter, View};
use super::rules::check_password;
use crate::platform::error::{AppError, Fields, Rule};
use crate::platform::personal::Personal;
use chrono::NaiveDate;
use entity::id::{GrantId, StaffId, UnitId};
use entity::kind::Role;
use entity::role_grant;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

const NAME_MAX: usize = 40;
const USER_NAME_MIN: usize = 3;
const USER_NAME_MAX: usize = 40;
const POSTS_MAX: usize = 50;
const POST_MAX: usize = 64;

/// A member of staff.
#[derive(Debug, Serialize, ToSchema)]
pub struct StaffOut {
    /// Key.
    pub id: StaffId,
    /// What one logs in with.
    #[schema(example = "handler.demo")]
    pub user_name: String,
    /// As colleagues see the name.
    #[schema(example = "经办人（示例）")]
    pub display_name: String,
    /// Roles held today, and those granted for later.
    pub grants: Vec<GrantOut>,
    /// Open tickets at most that are given without somebody's choosing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 30)]
    pub capacity: Option<i32>,
    /// May not log in any more.
    pub disabled: bool,
    /// Made for demonstration.
    pub synthetic: bool,
    /// Version, as in the `ETag`.
    pub version: i64,
}

/// A role held in a unit.
#[derive(Debug, Serialize, ToSchema)]
pub struct GrantOut {
    /// Key.
    pub id: GrantId,
    /// The role.
    pub role: Role,
    /// Where it is held.
    pub unit_id: UnitId,
    /// The unit's name.
    #[schema(example = "羊桥社区")]
    pub unit_name: String,
    /// Line posts that the person covers.
    #[schema(example = json!(["civil_affairs"]))]
    pub posts: Vec<String>,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<NaiveDate>,
}

impl From<View> for StaffOut {
    fn from(view: View) -> Self {
        let row = view.row;
        Self {
            id: row.id,
            user_name: row.user_name,
            display_name: row.display_name,
            grants: view
                .grants
                .into_iter()
                .map(|(grant, unit_name)| GrantOut::new(grant, unit_name))
                .collect(),
            capacity: row.capacity,
            disabled: row.disabled_at.is_some(),
            synthetic: row.synthetic,
            version: row.version,
        }
    }
}

impl GrantOut {
    /// From the row and the unit's name.
    pub fn new(row: role_grant::Model, unit_name: String) -> Self {
        Self {
            id: row.id,
            role: row.role,
            unit_id: row.unit_id,
            unit_name,
            posts: serde_json::from_value(row.posts).unwrap_or_default(),
            valid_from: row.valid_from,
            valid_to: row.valid_to,
        }
    }
}

/// Which people to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StaffQuery {
    /// Only who holds a role in this unit, today or later.
    pub unit: Option<UnitId>,
    /// Only who holds this role, today or later.
    pub role: Option<Role>,
    /// Only whose user name begins so.
    #[param(example = "li")]
    pub q: Option<String>,
    /// Rows of a page, 1 to 100; 20 unless given.
    pub limit: Option<u64>,
    /// Where the page begins: `next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl StaffQuery {
    /// Checks the filters.
    pub fn filter(&self) -> Result<Filter, AppError> {
        let user_name = self.q.as_deref().map(|q| q.trim().to_ascii_lowercase());
        let user_name = user_name.filter(|q| !q.is_empty());
        if let Some(q) = &user_name
            && (q.len() > USER_NAME_MAX || !q.chars().all(is_user_name_letter))
        {
            return Err(AppError::field("?q", Rule::Form("the beginning of a user name")));
        }
        Ok(Filter {
            unit: self.unit,
            role: self.role,
            user_name,
        })
    }
}

/// A new member of staff.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StaffIn {
    /// What one logs in with: 3 to 40 of a-z, 0-9, `.`, `_` and `-`.
    #[schema(
        example = "handler.demo",
        min_length = 3,
        max_length = 40,
        pattern = "^[a-z0-9._-]{3,40}$"
    )]
    pub user_name: String,
    /// As colleagues see the name.
    #[schema(example = "经办人（示例）", max_length = 40)]
    pub display_name: String,
    /// The first password.
    #[schema(value_type = String, format = Password, min_length = 12, max_length = 128)]
    pub password: Personal,
}

/// A new member of staff, checked; the password is not hashed yet.
#[derive(Debug)]
pub struct Account {
    /// What one logs in with.
    pub user_name: String,
    /// As colleagues see the name.
    pub display_name: String,
    /// The first password.
    pub password: Personal,
}

impl StaffIn {
    /// Checks all fields.
    ///
    /// # Errors
    /// `InvalidInput` with every mistake.
    pub fn parse(self) -> Result<Account, AppError> {
        let mut fields = Fields::default();
        let length = self.user_name.chars().count();
        let fits = (USER_NAME_MIN..=USER_NAME_MAX).contains(&length);
        if !fits || !self.user_name.chars().all(is_user_name_letter) {
            fields.add("/user_name", Rule::Form("3 to 40 of a-z 0-9 . _ -"));
        }
        let display_name = fields.text("/display_name", &self.display_name, NAME_MAX);
        if let Err(rule) = check_password(&self.user_name, self.password.plain()) {
            fields.add("/password", rule);
        }
        fields.finish()?;
        Ok(Account {
            user_name: self.user_name,
            display_name,
            password: self.password,
        })
    }
}

fn is_user_name_letter(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-')
}

/// Another password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordResetIn {
    /// The password: 12 to 128 characters, none of the common ones, not the user name.
    #[schema(value_type = String, format = Password, min_length = 12, max_length = 128)]
    pub password: Personal,
}

impl PasswordResetIn {
    /// Checks what can be checked without knowing whose it is.
    pub fn parse(self) -> Result<Personal, AppError> {
        check_password("", self.password.plain()).map_err(|rule| AppError::field("/password", rule))?;
        Ok(self.password)
    }
}

/// A role to be held in a unit.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role": "handler", "unit_id": "01a2f0c4-7d00-7000-8000-0123456789ab", "posts": ["civil_affairs"], "valid_to": "2027-12-31"}))]
pub struct GrantIn {
    /// The role; `resident` and `integration` are not for staff.
    pub role: Role,
    /// Where it is held.
    pub unit_id: UnitId,
    /// Line posts that the person covers.
    #[serde(default)]
    #[schema(example = json!(["civil_affairs"]), max_items = 50)]
    pub posts: Vec<String>,
    /// First day; today unless given.
    pub valid_from: Option<NaiveDate>,
    /// Last day; without end unless given.
    #[schema(example = "2027-12-31")]
    pub valid_to: Option<NaiveDate>,
}

impl GrantIn {
    /// Checks all fields.
    pub fn parse(self) -> Result<NewGrant, AppError> {
        let mut fields = Fields::default();
        if self.posts.len() > POSTS_MAX {
            fields.add("/posts", Rule::TooMany(POSTS_MAX));
        }
        let posts = self
            .posts
            .iter()
            .enumerate()
            .map(|(at, post)| fields.text(&format!("/posts/{at}"), post, POST_MAX))
            .collect();
        fields.finish()?;
        Ok(NewGrant {
            role: self.role,
            unit_id: self.unit_id,
            posts,
            valid_from: self.valid_from,
            valid_to: self.valid_to,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(user_name: &str, display_name: &str, password: &str) -> Result<Account, String> {
        let account = StaffIn {
            user_name: user_name.into(),
            display_name: display_name.into(),
            password: Personal::new(password),
        };
        account
            .parse()
            .map_err(|error| error.document(false, None).to_string())
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let told = parse("Li Na", " ", "short").unwrap_err();
        for pointer in ["/user_name", "/display_name", "/password"] {
            assert!(told.contains(pointer), "{told}");
        }
    }

    #[test]
    fn user_names_have_their_form() {
        let password = "correct horse battery";
        assert!(parse("li.na_2-x", "李娜", password).is_ok());
        for bad in ["li", "李娜娜", "li na", "LINA", &"a".repeat(41)] {
            assert!(parse(bad, "李娜", password).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_password_does_not_print() {
        let account = parse("li.na", "李娜", "correct horse battery").unwrap();
        assert!(!format!("{account:?}").contains("horse"));
    }
}
