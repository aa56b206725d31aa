//! Secrets: sealed columns and blind indexes, passwords, signed tokens.

pub mod password;
pub mod signed;
pub mod signer;
pub mod vault;

use aws_lc_rs::digest;
use chrono::{DateTime, SecondsFormat, Utc};

/// SHA-256.
#[must_use]
pub fn sha256(parts: &[&[u8]]) -> Vec<u8> {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    context.finish().as_ref().to_vec()
}

/// A list of facts of one kind of thing, as text to be hashed.
#[must_use]
pub fn canonical<const N: usize>(label: &str, facts: [String; N]) -> String {
    // Lengths keep two different lists of facts from having the same bytes.
    let mut text = format!("{label}\n");
    for fact in facts {
        text.push_str(&fact.len().to_string());
        text.push(':');
        text.push_str(&fact);
        text.push('\n');
    }
    text
}

/// An instant as it is hashed: microseconds, as both databases keep them.
#[must_use]
pub fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            for nibble in [byte >> 4, byte & 15] {
                text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
            }
            text
        })
}

/// Compares secrets in constant time.
#[must_use]
pub fn same(a: &[u8], b: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(a, b).is_ok()
}
