//! Personal data as values that can't be wrong: telephone and identity numbers, normalised. Pure.

use entity::kind::{Role, UnitKind};
use phonenumber::country;

/// A telephone number, however it was typed: E.164, and an extension if there is one.
#[derive(Clone, PartialEq, Eq)]
pub struct Phone {
    e164: String,
    extension: Option<String>,
}

impl Phone {
    /// Reads a number as people say and type it: spaces, hyphens, full-width digits, `+86` or `0086`, a
    /// landline with its area code, an extension after `转`, `分机`, `ext` or `#`.
    #[must_use]
    pub fn parse(spoken: &str) -> Option<Self> {
        if spoken.chars().count() > 40 {
            return None;
        }
        let ascii: String = spoken
            .trim()
            .chars()
            .map(to_ascii)
            .collect::<String>()
            .to_ascii_lowercase();
        let (number, extension) = split_extension(&ascii)?;
        let digits: String = number
            .chars()
            .filter(|c| c.is_ascii_digit() || *c == '+')
            .collect();
        if number
            .chars()
            .any(|c| !(c.is_ascii_digit() || " +-().".contains(c)))
        {
            return None;
        }
        let digits = digits
            .strip_prefix("0086")
            .map(|rest| format!("+86{rest}"))
            .unwrap_or(digits);
        // A mobile number typed with the country code but no plus.
        let digits = if digits.len() == 13 && digits.starts_with("861") {
            format!("+{digits}")
        } else {
            digits
        };
        let parsed = phonenumber::parse(Some(country::CN), &digits).ok()?;
        if !parsed.is_valid() {
            return None;
        }
        Some(Self {
            e164: parsed.format().mode(phonenumber::Mode::E164).to_string(),
            extension,
        })
    }

    /// E.164, and `;ext=8` behind it where there is an extension (RFC 3966).
    #[must_use]
    pub fn canonical(&self) -> String {
        match &self.extension {
            Some(extension) => format!("{};ext={extension}", self.e164),
            None => self.e164.clone(),
        }
    }

    /// Whether messages can be sent to it: a Chinese mobile number.
    #[must_use]
    pub fn takes_messages(&self) -> bool {
        self.extension.is_none()
            && self
                .e164
                .strip_prefix("+861")
                .is_some_and(|rest| rest.len() == 10)
    }
}

impl std::fmt::Debug for Phone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&crate::platform::personal::mask_phone(&self.e164))
    }
}

fn to_ascii(c: char) -> char {
    match c {
        '０'..='９' | '＋' | '－' | '（' | '）' | '＃' => {
            char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c)
        }
        '\u{3000}' | '\u{a0}' => ' ',
        '—' | '–' | '‐' => '-',
        c => c,
    }
}

fn split_extension(text: &str) -> Option<(&str, Option<String>)> {
    for mark in ["转", "分机", "ext.", "ext", "#"] {
        if let Some((number, extension)) = text.split_once(mark) {
            let extension: String = extension.chars().filter(|c| !" .:：机号-".contains(*c)).collect();
            let sane = (1..=8).contains(&extension.len()) && extension.chars().all(|c| c.is_ascii_digit());
            return sane.then_some((number.trim(), Some(extension)));
        }
    }
    Some((text, None))
}

/// A resident identity number (GB 11643-1999): 18 places, the last a check digit.
#[derive(Clone, PartialEq, Eq)]
pub struct IdNumber(String);

impl IdNumber {
    /// Reads a number and checks its check digit (ISO 7064 MOD 11-2).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
        const CHECKS: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];
        let text: String = text
            .chars()
            .filter(|c| !c.is_whitespace())
            .map(to_ascii)
            .collect::<String>()
            .to_ascii_uppercase();
        let chars: Vec<char> = text.chars().collect();
        let (body, check) = (chars.get(..17)?, chars.get(17)?);
        if chars.len() != 18 {
            return None;
        }
        let sum = body
            .iter()
            .zip(WEIGHTS)
            .try_fold(0, |sum, (c, weight)| Some(sum + c.to_digit(10)? * weight))?;
        let expected = CHECKS.get(usize::try_from(sum % 11).ok()?)?;
        (check == expected).then_some(Self(text))
    }

    /// The 18 places.
    #[must_use]
    pub fn plain(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for IdNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("•••")
    }
}

/// An e-mail address, normalised. Whether it exists only a message can tell.
#[must_use]
pub fn parse_email(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    (text.len() <= 254)
        .then(|| text.parse::<lettre::Address>().ok())
        .flatten()
        .map(|address| address.to_string())
}

/// An address without spaces and with half-width digits, so that equal ones have equal indexes.
#[must_use]
pub fn normal_address(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace())
        .map(to_ascii)
        .collect::<String>()
        .to_uppercase()
}

/// Whether two names are one: spaces, width, case and the form of the dot within don't tell people apart.
#[must_use]
pub fn same_name(one: &str, other: &str) -> bool {
    let normal = |name: &str| normal_address(name).replace(['•', '・', '‧', '．', '.'], "·");
    normal(one) == normal(other)
}

/// `zhangsan@example.com` → `z***@example.com`.
#[must_use]
pub fn mask_email(email: &str) -> String {
    match email.rsplit_once('@') {
        Some((name, host)) => {
            let first: String = name.chars().take(1).collect();
            format!("{first}***@{host}")
        }
        None => "***".to_owned(),
    }
}

/// Shows a canonical telephone number masked; an extension is left out.
#[must_use]
pub fn mask_canonical(phone: &str) -> String {
    crate::platform::personal::mask_phone(phone.split(';').next().unwrap_or(phone))
}

/// Whether a role sees labels (低保, 独居 …): those who take the call, who care for the person, and the person.
#[must_use]
pub fn sees_labels(role: Role) -> bool {
    matches!(
        role,
        Role::Resident | Role::Operator | Role::Handler | Role::UnitLead
    )
}

/// Whether people belong to units of this kind: the lowest of the tree.
#[must_use]
pub fn is_home(kind: UnitKind) -> bool {
    matches!(kind, UnitKind::Community | UnitKind::Village | UnitKind::Grid)
}

/// The district of a path: `/440703/440703002/` → `/440703/`.
#[must_use]
pub fn district_of(path: &str) -> &str {
    path.match_indices('/')
        .nth(1)
        .and_then(|(at, _)| path.get(..=at))
        .unwrap_or(path)
}

/// A path and those above it, the district first.
#[must_use]
pub fn paths_down_to(path: &str) -> Vec<&str> {
    path.match_indices('/')
        .skip(1)
        .filter_map(|(at, _)| path.get(..=at))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn canonical(text: &str) -> Option<String> {
        Phone::parse(text).map(|phone| phone.canonical())
    }

    #[test]
    fn a_number_is_the_same_however_it_is_typed() {
        for typed in [
            "13812341234",
            "138 1234 1234",
            "138-1234-1234",
            "+86 138 1234 1234",
            "0086 13812341234",
            "8613812341234",
            "１３８１２３４１２３４",
            "(+86)138-1234-1234",
        ] {
            assert_eq!(canonical(typed).as_deref(), Some("+8613812341234"), "{typed}");
        }
        for typed in ["0750-3322110", "0750 332 2110", "+86 750 3322110"] {
            assert_eq!(canonical(typed).as_deref(), Some("+867503322110"), "{typed}");
        }
        for typed in [
            "0750-3322110转8",
            "0750-3322110 转 8",
            "07503322110 ext. 8",
            "0750-3322110分机8",
            "0750-3322110#8",
        ] {
            assert_eq!(
                canonical(typed).as_deref(),
                Some("+867503322110;ext=8"),
                "{typed}"
            );
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for typed in [
            "",
            "12",
            "电话",
            "138123412345678",
            "1381234abcd",
            "0750-3322110转",
            "+999 123",
            "138;drop",
        ] {
            assert_eq!(canonical(typed), None, "{typed}");
        }
    }

    #[test]
    fn identity_numbers_have_a_check_digit() {
        // The example of GB 11643-1999.
        assert!(IdNumber::parse("11010519491231002X").is_some());
        assert!(IdNumber::parse("11010519491231002x").is_some());
        assert!(IdNumber::parse("110105194912310021").is_none());
        assert!(IdNumber::parse("1101051949123100").is_none());
    }

    #[test]
    fn names_are_compared_as_people_read_them() {
        assert!(same_name("张三", " 张 三"));
        assert!(same_name("阿卜杜拉·买买提", "阿卜杜拉•买买提"));
        assert!(same_name("li lei", "LI LEI"));
        assert!(!same_name("张三", "张三丰"));
    }

    #[test]
    fn masks_leave_no_more_than_they_say() {
        assert_eq!(mask_email("zhangsan@example.com"), "z***@example.com");
        assert_eq!(mask_email("z@example.com"), "z***@example.com");
        assert_eq!(mask_email("nonsense"), "***");
        assert_eq!(mask_canonical("+8613812341234"), "138****1234");
        assert_eq!(mask_canonical("+867503322110;ext=8"), "750***2110");
        let id = IdNumber::parse("11010519491231002X").unwrap();
        assert_eq!(format!("{id:?}"), "•••");
    }

    #[test]
    fn paths_are_cut_at_their_units() {
        assert_eq!(district_of("/440703/440703002/440703002101/"), "/440703/");
        assert_eq!(district_of("/440703/"), "/440703/");
        assert_eq!(district_of("/"), "/");
        assert_eq!(district_of(""), "");
        assert_eq!(paths_down_to("/1/2/3/"), vec!["/1/", "/1/2/", "/1/2/3/"]);
        assert!(paths_down_to("/").is_empty());
    }

    #[test]
    fn labels_are_for_those_who_care_for_the_person() {
        let seen: Vec<Role> = Role::ALL
            .iter()
            .copied()
            .filter(|role| sees_labels(*role))
            .collect();
        assert_eq!(
            seen,
            vec![Role::Resident, Role::Operator, Role::Handler, Role::UnitLead]
        );
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in "\\PC{0,60}") {
            let _ = (Phone::parse(&text), IdNumber::parse(&text), parse_email(&text));
        }

        #[test]
        fn a_masked_mail_shows_one_sign_of_its_name(name in "[a-z]{2,20}", host in "[a-z]{1,10}\\.cn") {
            let masked = mask_email(&format!("{name}@{host}"));
            prop_assert_eq!(masked, format!("{}***@{host}", &name[..1]));
        }

        #[test]
        fn mobile_numbers_are_their_own_canonical_form(tail in 0_u64..100_000_000) {
            let number = format!("138{tail:08}");
            let phone = Phone::parse(&number).unwrap();
            prop_assert_eq!(phone.canonical(), format!("+86{number}"));
            prop_assert_eq!(Phone::parse(&phone.canonical()), Some(phone));
        }
    }
}
