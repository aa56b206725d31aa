//! Personal data masks itself when printed; the plain value must be asked for by name.

use serde::{Deserialize, Deserializer};
use std::fmt;

/// A personal datum: `Debug` and `Display` never show it.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Personal(String);

impl Personal {
    /// Wraps a plain value.
    #[must_use]
    pub fn new(plain: impl Into<String>) -> Self {
        Self(plain.into())
    }

    /// The plain value: to seal it, to send it to its owner, or to show it to one who may see it.
    #[must_use]
    pub fn plain(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("•••")
    }
}

impl<'de> Deserialize<'de> for Personal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

/// `张三丰` → `张**`.
#[must_use]
pub fn mask_name(name: &str) -> String {
    let mut chars = name.chars();
    match chars.next() {
        Some(first) => format!("{first}{}", "*".repeat(chars.count().clamp(1, 4))),
        None => String::new(),
    }
}

/// Keeps `head` and `tail` characters: `+8613812341234` → `138****1234`.
#[must_use]
pub fn mask_middle(text: &str, head: usize, tail: usize) -> String {
    let chars: Vec<char> = text.chars().collect();
    if chars.len() <= head + tail {
        return "*".repeat(chars.len());
    }
    let hidden = chars.len() - head - tail;
    let start: String = chars.iter().take(head).collect();
    let end: String = chars.iter().skip(head + hidden).collect();
    format!("{start}{}{end}", "*".repeat(hidden))
}

/// A telephone number in E.164, with or without extension: the national part is shown masked.
#[must_use]
pub fn mask_phone(e164: &str) -> String {
    mask_middle(e164.strip_prefix("+86").unwrap_or(e164), 3, 4)
}

/// Blots names out of a text; a name of one character is no name.
#[must_use]
pub fn blot(text: &str, names: &[String]) -> String {
    let known = names.iter().filter(|name| name.chars().count() > 1);
    known.fold(text.to_owned(), |text, name| text.replace(name.as_str(), "某"))
}

/// Masks telephone and identity numbers that stand in free text: runs of 7 digits or more (separators
/// allowed between them), and 18-place identity numbers that end in X.
#[must_use]
pub fn mask_numbers(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        if !c.is_ascii_digit() {
            out.push(c);
            at += 1;
            continue;
        }
        let date = date_length(chars.get(at..).unwrap_or_default());
        if date > 0 {
            out.extend(chars.iter().skip(at).take(date));
            at += date;
            continue;
        }
        let (end, digits) = run_of_digits(&chars, at);
        let run: String = chars.get(at..end).unwrap_or_default().iter().collect();
        if digits >= 7 {
            let compact: String = run.chars().filter(char::is_ascii_alphanumeric).collect();
            out.push_str(&mask_middle(&compact, 3, 2));
        } else {
            out.push_str(&run);
        }
        at = end;
    }
    out
}

/// The length of a date (`2026-11-24`, `20261124`) at the start, else 0: dates are no numbers of persons.
fn date_length(chars: &[char]) -> usize {
    let digit = |at: usize| chars.get(at).is_some_and(char::is_ascii_digit);
    let century = matches!(
        (chars.first(), chars.get(1)),
        (Some('1'), Some('9')) | (Some('2'), Some('0'))
    );
    if !(century && digit(2) && digit(3)) {
        return 0;
    }
    let compact = (4..8).all(digit) && !digit(8);
    let dashed = chars.get(4) == Some(&'-')
        && digit(5)
        && digit(6)
        && chars.get(7) == Some(&'-')
        && digit(8)
        && digit(9);
    match (compact, dashed) {
        (true, _) => 8,
        (_, true) => 10,
        _ => 0,
    }
}

/// The end of a run of digits that single spaces or hyphens may part, and how many digits it holds.
fn run_of_digits(chars: &[char], start: usize) -> (usize, usize) {
    let (mut end, mut digits, mut at) = (start, 0, start);
    while let Some(&c) = chars.get(at) {
        match c {
            '0'..='9' => {
                digits += 1;
                end = at + 1;
            }
            'x' | 'X' if digits == 17 => {
                digits += 1;
                end = at + 1;
            }
            ' ' | '-' if at + 1 > start && end == at => {}
            _ => break,
        }
        at += 1;
    }
    (end, digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_keep_what_helps_and_hide_the_rest() {
        assert_eq!(mask_name("张三丰"), "张**");
        assert_eq!(mask_name("李"), "李*");
        assert_eq!(mask_phone("+8613812341234"), "138****1234");
        assert_eq!(mask_middle("440703199001011234", 4, 2), "4407************34");
    }

    #[test]
    fn numbers_in_free_text_are_masked_and_words_kept() {
        assert_eq!(
            mask_numbers("请打138 1234 5678，3栋502"),
            "请打138******78，3栋502"
        );
        assert_eq!(
            mask_numbers("身份证44070319900101123X号"),
            "身份证440*************3X号"
        );
        assert_eq!(mask_numbers("2026-11-24 停水"), "2026-11-24 停水");
        assert_eq!(mask_numbers("路灯不亮"), "路灯不亮");
    }

    #[test]
    fn a_personal_value_never_prints() {
        assert_eq!(format!("{:?}", Personal::new("13812341234")), "•••");
    }
}
