//! Which passwords will do, and which roles one person may hold. Pure.

use crate::platform::error::Rule;
use crate::platform::period::Period;
use chrono::NaiveDate;
use entity::id::UnitId;
use entity::kind::Role;

/// Roles by which somebody can be given tickets.
pub const HANDLING: [Role; 2] = [Role::Handler, Role::UnitLead];

/// Whether who holds this role can be given tickets.
#[must_use]
pub fn handles(role: Role) -> bool {
    HANDLING.contains(&role)
}

/// Characters that a password has at least.
pub const PASSWORD_MIN: usize = 12;
/// Characters that a password has at most.
pub const PASSWORD_MAX: usize = 128;

/// Long enough and yet the first that anybody tries. Shorter ones are refused by their length.
const COMMON: &[&str] = &[
    "12345hotline",
    "12345password",
    "12345rexian12345",
    "123456qwerty",
    "1234qwerasdf",
    "1q2w3e4r5t6y",
    "1qaz2wsx3edc",
    "5201314520131",
    "52013145201314",
    "a1234567890a",
    "a1b2c3d4e5f6",
    "abc123abc123",
    "abcd12345678",
    "admin1234567",
    "admin12345678",
    "admin@123456",
    "adminadminadmin",
    "administrator",
    "asdfghjkl123",
    "changeme1234",
    "changemechangeme",
    "hotline12345",
    "iloveyou1234",
    "letmein12345",
    "p@ssw0rd1234",
    "passw0rd1234",
    "password1234",
    "password12345",
    "password123456",
    "passwordpassword",
    "qazwsxedc123",
    "qwerty123456",
    "qwertyuiop12",
    "qwertyuiop123",
    "qwertyuiopasdf",
    "welcome12345",
    "woaini1314520",
    "woaini520131",
    "woaini5201314",
    "zxcvbnm12345",
];

/// Whether a password will do (NIST SP 800-63B §5.1.1.2): long enough, not the user name, none of those that
/// everybody tries, and no rule of how it is made up.
///
/// # Errors
/// The rule that it breaks.
pub fn check_password(user_name: &str, password: &str) -> Result<(), Rule> {
    let length = password.chars().count();
    if length < PASSWORD_MIN {
        return Err(Rule::TooShort(PASSWORD_MIN));
    }
    if length > PASSWORD_MAX {
        return Err(Rule::TooLong(PASSWORD_MAX));
    }
    let lower = password.to_lowercase();
    if lower == user_name.to_lowercase() {
        return Err(Rule::Form("something else than the user name"));
    }
    if COMMON.contains(&lower.as_str()) || is_run(&lower) {
        return Err(Rule::Form("none of the common passwords"));
    }
    Ok(())
}

/// One character over and over, or each the one after (or before) its neighbour: `aaaa…`, `123456789012`.
fn is_run(text: &str) -> bool {
    let codes: Vec<u32> = text.chars().map(u32::from).collect();
    [0, 1, -1].into_iter().any(|step| {
        codes.windows(2).all(|pair| match pair {
            [a, b] => follows(*a, *b, step),
            _ => true,
        })
    })
}

fn follows(a: u32, b: u32, step: i32) -> bool {
    let (zero, nine) = (u32::from('0'), u32::from('9'));
    // Digits go round: after 9 comes 0.
    let round = (step == 1 && (a, b) == (nine, zero)) || (step == -1 && (a, b) == (zero, nine));
    round || a.checked_add_signed(step) == Some(b)
}

/// A role held in a unit for a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// The role.
    pub role: Role,
    /// Where.
    pub unit_id: UnitId,
    /// When.
    pub term: Period,
}

/// Why a role can't be granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No member of staff holds it.
    NotForStaff,
    /// System, security and audit are in three different hands (等保 8.1.7): the person holds another one.
    Separated(Role),
    /// The person holds it there already.
    HeldAlready,
}

/// Whether a person who holds `held` may get a role.
///
/// # Errors
/// Why not.
pub fn may_grant(held: &[Held], new: Held) -> Result<(), Refusal> {
    if !is_for_staff(new.role) {
        return Err(Refusal::NotForStaff);
    }
    let meeting = || held.iter().filter(|held| held.term.overlaps(new.term));
    if is_separated(new.role)
        && let Some(other) = meeting().find(|held| is_separated(held.role) && held.role != new.role)
    {
        return Err(Refusal::Separated(other.role));
    }
    if meeting().any(|held| held.role == new.role && held.unit_id == new.unit_id) {
        return Err(Refusal::HeldAlready);
    }
    Ok(())
}

/// Roles that people of the staff hold: those of residents and clients come with being one.
#[must_use]
pub fn is_for_staff(role: Role) -> bool {
    !matches!(role, Role::Resident | Role::Integration)
}

/// The three administrators, who must be three people.
#[must_use]
pub fn is_separated(role: Role) -> bool {
    matches!(role, Role::SystemAdmin | Role::SecurityAdmin | Role::Auditor)
}

/// What becomes of a grant that is taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It is over already.
    Over,
    /// It ends with this day, so that it does not hold today.
    Ends(NaiveDate),
    /// It never held before today: there is nothing to remember.
    Never,
}

/// How a grant ends that is taken back on `today`.
#[must_use]
pub fn ending(term: Period, today: NaiveDate) -> Ending {
    match today.pred_opt() {
        _ if term.to.is_some_and(|last| last < today) => Ending::Over,
        Some(yesterday) if term.from <= yesterday => Ending::Ends(yesterday),
        _ => Ending::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn day(n: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + chrono::Days::new(n)
    }

    fn held(role: Role, unit: u128, from: u64, to: Option<u64>) -> Held {
        Held {
            role,
            unit_id: UnitId(Uuid::from_u128(unit)),
            term: Period {
                from: day(from),
                to: to.map(day),
            },
        }
    }

    #[test]
    fn passwords_are_judged_by_length_and_commonness() {
        assert_eq!(check_password("li.na", "short"), Err(Rule::TooShort(12)));
        assert_eq!(
            check_password("li.na", &"长".repeat(129)),
            Err(Rule::TooLong(128))
        );
        assert_eq!(check_password("li.na", &"长短".repeat(64)), Ok(()));
        assert_eq!(check_password("li.na", "correct horse battery"), Ok(()));
        assert_eq!(check_password("li.na", "alllowercaseletters"), Ok(()));
        for bad in [
            "PassWord1234",
            "aaaaaaaaaaaaaa",
            "123456789012",
            "098765432109",
            "abcdefghijklm",
        ] {
            assert!(
                matches!(check_password("li.na", bad), Err(Rule::Form(_))),
                "{bad}"
            );
        }
        assert!(check_password("wang.xiaoming", "Wang.Xiaoming").is_err());
    }

    #[test]
    fn the_common_ones_are_long_enough_to_matter_and_lower_case() {
        for common in COMMON {
            assert_eq!(*common, common.to_lowercase());
            assert!(common.chars().count() >= PASSWORD_MIN, "{common}");
        }
    }

    #[test]
    fn three_administrators_are_three_people() {
        let system = [held(Role::SystemAdmin, 1, 0, Some(10))];
        let new = |role, from| may_grant(&system, held(role, 2, from, None));
        let separated = Err(Refusal::Separated(Role::SystemAdmin));
        assert_eq!(new(Role::Auditor, 10), separated);
        assert_eq!(new(Role::SecurityAdmin, 0), separated);
        assert_eq!(new(Role::Auditor, 11), Ok(()));
        assert_eq!(new(Role::Operator, 0), Ok(()));
        assert_eq!(new(Role::SystemAdmin, 0), Ok(()));
        assert_eq!(new(Role::Resident, 0), Err(Refusal::NotForStaff));
        assert_eq!(new(Role::Integration, 0), Err(Refusal::NotForStaff));
    }

    #[test]
    fn a_role_is_held_once_at_a_place_and_time() {
        let handler = [held(Role::Handler, 1, 0, Some(10))];
        let new = |unit, from| may_grant(&handler, held(Role::Handler, unit, from, None));
        assert_eq!(new(1, 5), Err(Refusal::HeldAlready));
        assert_eq!(new(1, 11), Ok(()));
        assert_eq!(new(2, 5), Ok(()));
    }

    proptest! {
        #[test]
        fn a_grant_taken_back_does_not_hold_today(from in 0_u64..20, length in proptest::option::of(0_u64..20), today in 1_u64..30) {
            let term = Period { from: day(from), to: length.map(|length| day(from + length)) };
            match ending(term, day(today)) {
                Ending::Over => prop_assert!(term.to.unwrap() < day(today)),
                Ending::Ends(last) => prop_assert!(term.from <= last && last < day(today)),
                Ending::Never => prop_assert!(term.from >= day(today)),
            }
        }

        #[test]
        fn whatever_is_accepted_has_a_fit_length(password in ".{0,140}") {
            if check_password("li.na", &password).is_ok() {
                prop_assert!((PASSWORD_MIN..=PASSWORD_MAX).contains(&password.chars().count()));
            }
        }
    }
}
