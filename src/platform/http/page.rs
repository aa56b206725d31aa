//! Keyset pages: a cursor is the key of the last row, bound to the list and its filters.

use crate::platform::crypto::sha256;
use crate::platform::error::{AppError, Code, Rule};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

/// Rows of a page unless the client says otherwise, and at most.
pub const DEFAULT_LIMIT: u64 = 20;
/// Rows of a page at most.
pub const MAX_LIMIT: u64 = 100;

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the next page begins; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Checks a page size.
///
/// # Errors
/// `InvalidInput`.
pub fn limit(asked: Option<u64>) -> Result<u64, AppError> {
    match asked.unwrap_or(DEFAULT_LIMIT) {
        limit @ 1..=MAX_LIMIT => Ok(limit),
        _ => Err(AppError::field("?limit", Rule::Range(format!("1..{MAX_LIMIT}")))),
    }
}

/// What a list is: its name and its filters. Cursors of one list are refused by another.
#[derive(Clone, Debug)]
pub struct List([u8; 6]);

impl List {
    /// `filters` is everything that decides which rows are listed and in what order.
    pub fn new(name: &str, filters: &impl std::fmt::Debug) -> Self {
        let digest = sha256(&[name.as_bytes(), format!("{filters:?}").as_bytes()]);
        let mut mark = [0; 6];
        mark.iter_mut().zip(digest).for_each(|(slot, byte)| *slot = byte);
        Self(mark)
    }

    /// The key that a cursor holds.
    ///
    /// # Errors
    /// `InvalidCursor` when it was made for another list or tampered with.
    pub fn read<K: DeserializeOwned>(&self, cursor: Option<&str>) -> Result<Option<K>, AppError> {
        let Some(cursor) = cursor else { return Ok(None) };
        let invalid = || AppError::new(Code::InvalidCursor);
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| invalid())?;
        let key = bytes.strip_prefix(&self.0).ok_or_else(invalid)?;
        serde_json::from_slice(key).map(Some).map_err(|_| invalid())
    }

    /// Cuts a list that was asked for one row more than a page, and makes the cursor of the next page.
    ///
    /// # Errors
    /// When the key can't be serialised.
    pub fn page<R, K: Serialize, T>(
        &self,
        mut rows: Vec<R>,
        limit: u64,
        key: impl Fn(&R) -> K,
        item: impl FnMut(R) -> Result<T, AppError>,
    ) -> Result<Page<T>, AppError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = match rows.last() {
            Some(last) if more => {
                let key = serde_json::to_vec(&key(last))
                    .map_err(|error| AppError::new(Code::Internal).because(error))?;
                let mut bytes = self.0.to_vec();
                bytes.extend(key);
                Some(URL_SAFE_NO_PAD.encode(bytes))
            }
            _ => None,
        };
        let items = rows.into_iter().map(item).collect::<Result<_, _>>()?;
        Ok(Page { items, next_cursor })
    }
}
