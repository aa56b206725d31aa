//! A line of the catalogue as people write it, over HTTP or in a file, and what must be true of it.

use super::form::Form;
use crate::platform::error::{Fields, Rule};
use crate::platform::period::Period;
use chrono::NaiveDate;
use entity::kind::{LimitUnit, RequestType, ResponsibleKind, Urgency};
use serde_json::Value;
use std::collections::HashSet;

/// The category below which communities have services of their own (特色服务).
pub const OWN_SERVICES: &str = "1701";
/// Digits of a community's own service behind the category.
const OWN_DIGITS: usize = 4;
const OWN_MAX: u32 = 9_999;

/// A line of the catalogue.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "as in the row")]
#[expect(clippy::struct_excessive_bools, reason = "as in the row")]
pub struct Entry {
    pub code: String,
    pub parent: Option<String>,
    pub name: String,
    pub name_en: String,
    pub std_code: Option<String>,
    pub request_types: Vec<RequestType>,
    pub default_type: RequestType,
    pub urgency: Urgency,
    pub resolve_limit: Option<(i32, LimitUnit)>,
    pub responsible: ResponsibleKind,
    pub post: String,
    pub department: Option<String>,
    pub powers: Vec<String>,
    pub sensitive: bool,
    pub auto_accept: bool,
    pub relapse: bool,
    pub external_procedure: Option<String>,
    pub form: Value,
    pub selectable: bool,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
}

impl Entry {
    /// The days on which it is valid.
    #[must_use]
    pub fn period(&self) -> Period {
        Period {
            from: self.valid_from,
            to: self.valid_to,
        }
    }
}

/// What a line may name.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Codes of line posts.
    pub posts: HashSet<String>,
    /// Codes of powers.
    pub powers: HashSet<String>,
    /// Codes of departments that exist.
    pub departments: HashSet<String>,
    /// Codes of services.
    pub services: HashSet<String>,
}

/// Notes everything that is wrong with a line whose code is chosen by hand.
pub fn check_coded(entry: &Entry, known: &Known, fields: &mut Fields) {
    let digits = entry.code.chars().all(|c| c.is_ascii_digit());
    // Eight digits are for communities' own services, which are numbered here.
    if !digits || ![2, 4, 6].contains(&entry.code.len()) {
        fields.add("/code", Rule::Form("2, 4 or 6 digits"));
    }
    match &entry.parent {
        None if entry.code.len() > 2 => fields.add("/parent", Rule::Required),
        Some(parent) if !entry.code.starts_with(parent.as_str()) || parent.len() >= entry.code.len() => {
            fields.add("/parent", Rule::Form("the beginning of the code"));
        }
        Some(parent) if !known.services.contains(parent) => fields.add("/parent", Rule::Unknown),
        None | Some(_) => {}
    }
    check(entry, known, fields);
}

/// Notes everything that is wrong with a line, its code aside.
pub fn check(entry: &Entry, known: &Known, fields: &mut Fields) {
    if entry.request_types.is_empty() {
        fields.add("/request_types", Rule::Required);
    }
    for (at, kind) in entry.request_types.iter().enumerate() {
        if entry.request_types.iter().take(at).any(|before| before == kind) {
            fields.add(format!("/request_types/{at}"), Rule::Taken);
        }
    }
    if !entry.request_types.is_empty() && !entry.request_types.contains(&entry.default_type) {
        let words = entry.request_types.iter().map(ToString::to_string).collect();
        fields.add("/default_type", Rule::OneOf(words));
    }
    if let Some((amount, unit)) = entry.resolve_limit {
        let most = unit.most();
        if !(1..=most).contains(&amount) {
            fields.add("/resolve_limit/amount", Rule::Range(format!("1..{most}")));
        }
    }
    check_responsible(entry, known, fields);
    for (at, power) in entry.powers.iter().enumerate() {
        if !known.powers.contains(power) {
            fields.add(format!("/powers/{at}"), Rule::Unknown);
        }
    }
    fields.json("/form", &entry.form);
    if let Err(why) = Form::parse(&entry.form) {
        fields.add("/form", Rule::Parse(why));
    }
    if entry.valid_to.is_some_and(|last| last < entry.valid_from) {
        fields.add("/valid_to", Rule::Range(format!("{}..", entry.valid_from)));
    }
}

fn check_responsible(entry: &Entry, known: &Known, fields: &mut Fields) {
    if !known.posts.contains(&entry.post) {
        fields.add("/responsible/post", Rule::Unknown);
    }
    let pointer = "/responsible/department";
    match (&entry.department, entry.responsible) {
        (None, ResponsibleKind::Department) => fields.add(pointer, Rule::Required),
        (None, _) => {}
        (Some(code), ResponsibleKind::Department) => {
            if !known.departments.contains(code) {
                fields.add(pointer, Rule::Unknown);
            }
        }
        (Some(_), _) => fields.add(pointer, Rule::Unexpected),
    }
}

/// The code of the next own service of a community: one above the highest, so that a code is never used again.
/// `None` when all are used up.
#[must_use]
pub fn next_own_code<'a>(taken: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let highest = taken
        .into_iter()
        .filter_map(|code| code.strip_prefix(OWN_SERVICES))
        .filter(|rest| rest.len() == OWN_DIGITS)
        .filter_map(|rest| rest.parse::<u32>().ok())
        .max()
        .unwrap_or(0);
    (highest < OWN_MAX).then(|| format!("{OWN_SERVICES}{:0OWN_DIGITS$}", highest + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn set(words: &[&str]) -> HashSet<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn known() -> Known {
        Known {
            posts: set(&["mediator"]),
            powers: set(&["fire_supervision"]),
            departments: set(&["justice_bureau"]),
            services: set(&["01", "0101"]),
        }
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn entry() -> Entry {
        Entry {
            code: "010109".into(),
            parent: Some("0101".into()),
            name: "示例".into(),
            name_en: "Example".into(),
            std_code: None,
            request_types: vec![RequestType::Help, RequestType::Consult],
            default_type: RequestType::Help,
            urgency: Urgency::P2,
            resolve_limit: Some((5, LimitUnit::WorkingDays)),
            responsible: ResponsibleKind::Community,
            post: "mediator".into(),
            department: None,
            powers: vec!["fire_supervision".into()],
            sensitive: false,
            auto_accept: false,
            relapse: false,
            external_procedure: None,
            form: json!({ "type": "object", "properties": {} }),
            selectable: true,
            valid_from: day("2026-01-01"),
            valid_to: None,
        }
    }

    fn mistakes(change: impl FnOnce(&mut Entry)) -> String {
        let mut entry = entry();
        change(&mut entry);
        let mut fields = Fields::default();
        check_coded(&entry, &known(), &mut fields);
        let texts: Vec<String> = fields.into_errors().iter().map(ToString::to_string).collect();
        texts.join("; ")
    }

    #[test]
    fn a_sound_line_has_no_mistakes() {
        assert_eq!(mistakes(|_| ()), "");
    }

    #[test]
    fn codes_follow_the_tree() {
        assert!(mistakes(|entry| entry.code = "0101x9".into()).contains("/code"));
        assert!(mistakes(|entry| entry.code = "01010901".into()).contains("/code"));
        assert!(mistakes(|entry| entry.parent = None).contains("/parent is required"));
        assert!(mistakes(|entry| entry.parent = Some("0202".into())).contains("/parent must have the form"));
        assert!(mistakes(|entry| entry.parent = Some("01010".into())).contains("/parent names nothing"));
        assert!(
            mistakes(|entry| entry.parent = Some("010109".into())).contains("/parent must have the form")
        );
    }

    #[test]
    fn what_a_line_names_must_exist_and_fit() {
        let found = mistakes(|entry| {
            entry.request_types = vec![RequestType::Help, RequestType::Help];
            entry.default_type = RequestType::Praise;
            entry.resolve_limit = Some((0, LimitUnit::Minutes));
            entry.post = "nobody".into();
            entry.powers.push("none".into());
            entry.form = json!({ "oneOf": [] });
            entry.valid_to = Some(day("2025-12-31"));
        });
        for pointer in [
            "/request_types/1",
            "/default_type",
            "/resolve_limit/amount",
            "/responsible/post",
            "/powers/1",
            "/form",
            "/valid_to",
        ] {
            assert!(found.contains(pointer), "{pointer} in {found}");
        }
    }

    #[test]
    fn a_department_is_named_exactly_where_one_is_responsible() {
        let with = |kind, code: Option<&str>| {
            mistakes(|entry| {
                entry.responsible = kind;
                entry.department = code.map(str::to_owned);
            })
        };
        assert_eq!(with(ResponsibleKind::Department, Some("justice_bureau")), "");
        assert!(with(ResponsibleKind::Department, None).contains("is required"));
        assert!(with(ResponsibleKind::Department, Some("x")).contains("names nothing"));
        assert!(with(ResponsibleKind::Centre, Some("justice_bureau")).contains("must not be given"));
    }

    #[test]
    fn own_codes_are_numbered_and_never_used_again() {
        assert_eq!(next_own_code(["1701", "170199"]).as_deref(), Some("17010001"));
        assert_eq!(
            next_own_code(["17010041", "17010007"]).as_deref(),
            Some("17010042")
        );
        assert_eq!(next_own_code(["17019999"]), None);
    }
}
