//! The number that people read out over the phone: the day, eight random digits, a check digit. A misheard digit
//! or two that changed places are found (Damm's algorithm). No counter: no two requests wait for one row.

use chrono::NaiveDate;

/// Damm's quasigroup of order 10.
const DAMM: [[u8; 10]; 10] = [
    [0, 3, 1, 7, 5, 9, 8, 6, 4, 2],
    [7, 0, 9, 2, 1, 5, 4, 8, 6, 3],
    [4, 2, 0, 6, 8, 7, 1, 3, 5, 9],
    [1, 7, 5, 0, 9, 8, 3, 4, 2, 6],
    [6, 1, 2, 3, 0, 4, 5, 9, 7, 8],
    [3, 6, 7, 4, 2, 0, 9, 5, 8, 1],
    [5, 8, 6, 9, 7, 2, 0, 1, 3, 4],
    [8, 9, 4, 5, 3, 6, 2, 0, 1, 7],
    [9, 4, 3, 8, 6, 1, 7, 2, 0, 5],
    [2, 5, 8, 1, 4, 3, 6, 7, 9, 0],
];

/// Numbers of a day: below this.
pub const BOUND: u64 = 100_000_000;

/// `26112448291730` and its check digit: 15 digits, stored without spaces.
#[must_use]
pub fn make(day: NaiveDate, random: u64) -> String {
    let body = format!("{}{:08}", day.format("%y%m%d"), random % BOUND);
    let check = check_digit(&body);
    format!("{body}{check}")
}

/// The number in groups that are easy to say: `261124 4829 17309`.
#[must_use]
pub fn spoken(number: &str) -> String {
    match (number.get(..6), number.get(6..10), number.get(10..)) {
        (Some(day), Some(first), Some(rest)) => format!("{day} {first} {rest}"),
        _ => number.to_owned(),
    }
}

/// Reads a number as it was said or typed; `None` when a digit is wrong.
#[must_use]
pub fn parse(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    (digits.len() == 15 && digits.bytes().all(|b| b.is_ascii_digit()) && check_digit(&digits) == 0)
        .then_some(digits)
}

fn check_digit(digits: &str) -> u8 {
    digits.bytes().fold(0, |interim, digit| {
        let row = DAMM.get(usize::from(interim)).copied().unwrap_or_default();
        row.get(usize::from(digit.wrapping_sub(b'0')))
            .copied()
            .unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(random: u64) -> String {
        make(NaiveDate::from_ymd_opt(2026, 11, 24).unwrap(), random)
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read(random in 0..BOUND) {
            let number = number(random);
            prop_assert_eq!(parse(&number), Some(number.clone()));
            prop_assert_eq!(parse(&spoken(&number)), Some(number));
        }

        #[test]
        fn one_wrong_digit_is_found(random in 0..BOUND, at in 0_usize..15, change in 1_u8..10) {
            let mut digits = number(random).into_bytes();
            digits[at] = b'0' + (digits[at] - b'0' + change) % 10;
            prop_assert_eq!(parse(std::str::from_utf8(&digits).unwrap()), None);
        }

        #[test]
        fn two_digits_that_changed_places_are_found(random in 0..BOUND, at in 0_usize..14) {
            let mut digits = number(random).into_bytes();
            prop_assume!(digits[at] != digits[at + 1]);
            digits.swap(at, at + 1);
            prop_assert_eq!(parse(std::str::from_utf8(&digits).unwrap()), None);
        }
    }
}
