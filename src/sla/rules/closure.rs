//! Closures (临时停工): a typhoon or a flood takes working time away that the calendar has given.

use chrono::{DateTime, TimeDelta, Utc};

/// Days that one closure lasts at most: what goes on longer is declared again.
pub const DAYS_MAX: i64 = 60;

/// A time in which nobody works, though the calendar says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closure {
    /// From this instant on.
    pub from: DateTime<Utc>,
    /// At this instant work goes on.
    pub to: DateTime<Utc>,
    /// Why, in Chinese.
    pub reason: String,
}

/// A stretch of time, its end not included.
pub type Span = (DateTime<Utc>, DateTime<Utc>);

impl Closure {
    /// Whether it takes anything of these.
    #[must_use]
    pub fn touches(&self, spans: &[Span]) -> bool {
        spans.iter().any(|(from, to)| self.from < *to && *from < self.to)
    }
}

/// What a closure may last.
#[must_use]
pub fn longest() -> TimeDelta {
    TimeDelta::days(DAYS_MAX)
}

/// What is left of spans that are in order.
#[must_use]
pub fn left<'a>(spans: Vec<Span>, closures: impl IntoIterator<Item = &'a Closure>) -> Vec<Span> {
    closures.into_iter().fold(spans, |spans, closure| {
        spans
            .into_iter()
            .flat_map(|(from, to)| [(from, to.min(closure.from)), (from.max(closure.to), to)])
            .filter(|(from, to)| from < to)
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    fn spans() -> impl Strategy<Value = Vec<Span>> {
        proptest::collection::btree_set(0_i64..200, 0..10).prop_map(|cuts| {
            let cuts: Vec<i64> = cuts.into_iter().collect();
            cuts.chunks_exact(2)
                .map(|pair| (at(pair[0]), at(pair[1])))
                .collect()
        })
    }

    fn closures() -> impl Strategy<Value = Vec<Closure>> {
        proptest::collection::vec((0_i64..200, 1_i64..60), 0..6).prop_map(|all| {
            all.into_iter()
                .map(|(from, length)| Closure {
                    from: at(from),
                    to: at(from + length),
                    reason: "台风".into(),
                })
                .collect()
        })
    }

    proptest! {
        /// Minute by minute.
        #[test]
        fn a_minute_is_left_where_nothing_closes_it(spans in spans(), closures in closures()) {
            let left = left(spans.clone(), &closures);
            for minute in (0..260).map(at) {
                let within = |spans: &[Span]| spans.iter().any(|(from, to)| *from <= minute && minute < *to);
                let closed = closures.iter().any(|closure| closure.from <= minute && minute < closure.to);
                prop_assert_eq!(within(&left), within(&spans) && !closed);
            }
            prop_assert!(left.windows(2).all(|pair| pair[0].1 <= pair[1].0), "in order");
            prop_assert!(left.iter().all(|(from, to)| from < to));
            for closure in &closures {
                prop_assert!(!closure.touches(&left));
            }
        }
    }
}
