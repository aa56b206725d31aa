//! Answers that many ask for side by side and that may be a moment old: worked out once for all who ask meanwhile.

use super::error::AppError;
use std::any::Any;
use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// So many different answers are kept; then all are forgotten.
const MOST: usize = 1_000;

type Kept = Arc<dyn Any + Send + Sync>;
type Place = Arc<Mutex<Option<(Instant, Kept)>>>;

/// Answers by what was asked for.
#[derive(Debug)]
pub struct Glances {
    most_age: Duration,
    places: std::sync::Mutex<HashMap<String, Place>>,
}

impl Glances {
    /// Answers that are no older than this.
    #[must_use]
    pub fn new(most_age: Duration) -> Self {
        Self {
            most_age,
            places: std::sync::Mutex::default(),
        }
    }

    /// The answer to a question: the last one if it is young enough, else worked out now. Who asks meanwhile waits for
    /// it. The key must tell apart all who may not see the same.
    ///
    /// # Errors
    /// What working it out met; nothing is kept then.
    pub async fn get<T, F>(&self, key: String, work: F) -> Result<Arc<T>, AppError>
    where
        T: Send + Sync + 'static,
        F: Future<Output = Result<T, AppError>>,
    {
        if self.most_age.is_zero() {
            return work.await.map(Arc::new);
        }
        let place = self.place(key);
        let mut kept = place.lock().await;
        if let Some((at, value)) = kept.as_ref()
            && at.elapsed() < self.most_age
            && let Ok(value) = Arc::clone(value).downcast::<T>()
        {
            return Ok(value);
        }
        let value = Arc::new(work.await?);
        let erased: Kept = Arc::<T>::clone(&value);
        *kept = Some((Instant::now(), erased));
        Ok(value)
    }

    fn place(&self, key: String) -> Place {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if places.len() >= MOST && !places.contains_key(&key) {
            places.clear();
        }
        Arc::clone(places.entry(key).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test]
    async fn many_who_ask_at_once_are_one_question() {
        let (glances, asked) = (
            Arc::new(Glances::new(Duration::from_mins(1))),
            Arc::new(AtomicU32::new(0)),
        );
        let asking: Vec<_> = (0..20)
            .map(|nth| {
                let (glances, asked) = (Arc::clone(&glances), Arc::clone(&asked));
                tokio::spawn(async move {
                    let work = async {
                        tokio::task::yield_now().await;
                        Ok(asked.fetch_add(1, Ordering::SeqCst))
                    };
                    glances.get(format!("key {}", nth % 2), work).await.unwrap()
                })
            })
            .collect();
        for one in asking {
            one.await.unwrap();
        }
        assert_eq!(asked.load(Ordering::SeqCst), 2, "one for each key");
    }

    #[tokio::test]
    async fn a_failure_is_not_kept_and_no_age_keeps_nothing() {
        let glances = Glances::new(Duration::from_mins(1));
        let failure = async { Err(AppError::new(crate::platform::error::Code::Internal)) };
        assert!(glances.get::<i32, _>("key".to_owned(), failure).await.is_err());
        let answer = glances.get("key".to_owned(), async { Ok(1) }).await.unwrap();
        assert_eq!(*answer, 1);
        let never = Glances::new(Duration::ZERO);
        for n in 0..2 {
            let answer = never.get("key".to_owned(), async move { Ok(n) }).await.unwrap();
            assert_eq!(*answer, n);
        }
    }
}
