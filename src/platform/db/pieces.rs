//! Statements of few lengths. Every number of rows or of marks is another statement to the database, to be parsed, planned
//! and kept: with these two there are seven of each, and all are soon in the cache of prepared statements.

/// Rows in one INSERT at most.
pub(super) const MOST: usize = 32;

/// Rows in pieces of 32, then 16, 8, 4, 2 and 1.
pub fn pieces<T>(rows: Vec<T>) -> impl Iterator<Item = Vec<T>> {
    let mut rows = rows.into_iter();
    std::iter::from_fn(move || {
        let left = rows.len();
        let size = (1..=left.min(MOST)).rev().find(|size| size.is_power_of_two())?;
        Some(rows.by_ref().take(size).collect())
    })
}

/// Values for `IN`, the last one repeated up to a power of two.
#[must_use]
pub fn padded<T: Copy>(values: &[T]) -> Vec<T> {
    let mut all = values.to_vec();
    if let Some(last) = values.last() {
        all.resize(values.len().next_power_of_two(), *last);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pieces_are_the_rows_in_order(n in 0_usize..200) {
            let all: Vec<usize> = (0..n).collect();
            let cut: Vec<Vec<usize>> = pieces(all.clone()).collect();
            prop_assert!(cut.iter().all(|piece| piece.len().is_power_of_two() && piece.len() <= MOST));
            prop_assert_eq!(cut.concat(), all);
        }

        #[test]
        fn padding_adds_nothing_new(n in 0_usize..200) {
            let all: Vec<usize> = (0..n).collect();
            let mut wide = padded(&all);
            prop_assert!(wide.is_empty() || wide.len().is_power_of_two());
            wide.dedup();
            prop_assert_eq!(wide, all);
        }
    }
}
