//! Passwords: Argon2id in a bounded pool, so that a storm of log-ins can't take the memory (19 MiB each).

use super::sha256;
use crate::platform::error::{AppError, Code};
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// How many may wait for the pool before the service says that it is busy.
const QUEUE: usize = 64;

/// How long it is remembered that a password fitted, and how many are; then all are forgotten.
const FITS_FOR: Duration = Duration::from_mins(5);
const FITTED: usize = 1_000;

/// Hashes and checks passwords.
#[derive(Clone)]
pub struct Passwords {
    pool: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    argon2: Argon2<'static>,
    decoy: Arc<str>,
    fitted: Arc<Mutex<HashMap<Vec<u8>, Instant>>>,
}

impl Passwords {
    /// `memory_kib` and `passes` as in OWASP's table: 19 456 KiB and 2 by default.
    ///
    /// # Errors
    /// When the parameters are out of Argon2's bounds.
    pub fn new(memory_kib: u32, passes: u32, parallel: usize) -> anyhow::Result<Self> {
        let params =
            Params::new(memory_kib, passes, 1, None).map_err(|error| anyhow::anyhow!("argon2: {error}"))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let decoy = hash_with(&argon2, "no account has this password")?;
        Ok(Self {
            pool: Arc::new(Semaphore::new(parallel.max(1))),
            waiting: Arc::new(Semaphore::new(QUEUE)),
            argon2,
            decoy: decoy.into(),
            fitted: Arc::default(),
        })
    }

    /// The hash of a password, as a PHC string.
    ///
    /// # Errors
    /// `Overloaded` when too many wait.
    pub async fn hash(&self, password: String) -> Result<String, AppError> {
        let argon2 = self.argon2.clone();
        self.in_pool(move || hash_with(&argon2, &password))
            .await?
            .map_err(AppError::from)
    }

    /// Whether the password fits. Without a hash a decoy is checked, so that an unknown account takes the
    /// same time as a wrong password.
    ///
    /// # Errors
    /// `Overloaded` when too many wait.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, AppError> {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.decoy.to_string());
        let argon2 = self.argon2.clone();
        let fits = self
            .in_pool(move || {
                PasswordHash::new(&hash)
                    .is_ok_and(|parsed| argon2.verify_password(password.as_bytes(), &parsed).is_ok())
            })
            .await?;
        Ok(fits && known)
    }

    /// Whether the password is remembered to fit this hash: for programs that show their secret with each request.
    #[must_use]
    pub fn has_fitted(&self, password: &str, hash: &str) -> bool {
        let mut fitted = self.fitted.lock().unwrap_or_else(PoisonError::into_inner);
        match fitted.get_mut(&mark(password, hash)) {
            Some(at) if at.elapsed() < FITS_FOR => {
                *at = Instant::now();
                true
            }
            _ => false,
        }
    }

    /// Remembers for five minutes that the password fits. Only for secrets that are drawn by chance: what is kept is a
    /// digest that could be guessed at fast.
    pub fn remember(&self, password: &str, hash: &str) {
        let mut fitted = self.fitted.lock().unwrap_or_else(PoisonError::into_inner);
        if fitted.len() >= FITTED {
            fitted.clear();
        }
        fitted.insert(mark(password, hash), Instant::now());
    }

    async fn in_pool<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AppError> {
        let busy = || AppError::new(Code::Overloaded).retry_after(1);
        let _place = self.waiting.try_acquire().map_err(|_| busy())?;
        let permit = Arc::clone(&self.pool).acquire_owned().await.map_err(|_| busy())?;
        let task = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(permit);
            done
        });
        task.await
            .map_err(|error| AppError::new(Code::Internal).because(error))
    }
}

/// Of a password and the hash that it fits; the hash holds a salt.
fn mark(password: &str, hash: &str) -> Vec<u8> {
    sha256(&[hash.as_bytes(), b"\n", password.as_bytes()])
}

fn hash_with(argon2: &Argon2<'_>, password: &str) -> anyhow::Result<String> {
    let hash = argon2
        .hash_password(password.as_bytes())
        .map_err(|error| anyhow::anyhow!("argon2: {error}"))?;
    Ok(hash.to_string())
}
