//! Reference data held in memory: units, catalogue, calendar, policies. Loaded as one value, shared by all
//! requests, loaded anew when its version in the database has changed.

use crate::platform::error::AppError;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use tokio::sync::RwLock;

type Load<T> = Box<dyn Fn() -> BoxFuture<'static, Result<T, AppError>> + Send + Sync>;
type Version = Box<dyn Fn() -> BoxFuture<'static, Result<i64, AppError>> + Send + Sync>;

struct Held<T> {
    version: i64,
    value: Arc<T>,
}

/// A value kept in step with its version.
pub struct Snapshot<T> {
    load: Load<T>,
    version: Version,
    held: RwLock<Option<Held<T>>>,
}

impl<T: Send + Sync> Snapshot<T> {
    /// `version` is asked often and must be cheap; `load` is asked when it has changed.
    #[must_use]
    pub fn new(version: Version, load: Load<T>) -> Self {
        Self {
            load,
            version,
            held: RwLock::new(None),
        }
    }

    /// The value in memory, loaded if there is none yet.
    ///
    /// # Errors
    /// When it can't be loaded.
    pub async fn get(&self) -> Result<Arc<T>, AppError> {
        if let Some(held) = &*self.held.read().await {
            return Ok(Arc::clone(&held.value));
        }
        self.refresh().await
    }

    /// The value of the newest version: after a change here, and on a beat for changes elsewhere.
    ///
    /// # Errors
    /// When it can't be loaded.
    pub async fn refresh(&self) -> Result<Arc<T>, AppError> {
        let mut held = self.held.write().await;
        let version = (self.version)().await?;
        if let Some(held) = &*held
            && held.version == version
        {
            return Ok(Arc::clone(&held.value));
        }
        let value = Arc::new((self.load)().await?);
        *held = Some(Held {
            version,
            value: Arc::clone(&value),
        });
        Ok(value)
    }
}
