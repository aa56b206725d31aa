//! What every slice works with: one value, built once, the same in tests.

use super::blob::Blobs;
use super::clock::Clock;
use super::config::Config;
use super::crypto::password::Passwords;
use super::crypto::signer::Signer;
use super::crypto::vault::Vault;
use super::db::Db;
use super::glance::Glances;
use super::id::IdGen;
use super::jobs::{Kick, Pulses};
use super::limit::Limits;
use super::outbound::Outbound;
use chrono::{DateTime, Utc};
use std::sync::Arc;
use std::time::Duration;

/// The tools of a process.
#[derive(Clone)]
#[expect(missing_docs, reason = "each type documents itself")]
pub struct Kit {
    pub config: Arc<Config>,
    pub db: Db,
    pub clock: Clock,
    pub ids: IdGen,
    pub vault: Arc<Vault>,
    pub signer: Signer,
    pub passwords: Passwords,
    pub outbound: Outbound,
    pub blobs: Blobs,
    pub kick: Kick,
    pub pulses: Pulses,
    pub glances: Arc<Glances>,
    pub limits: Arc<Limits>,
}

impl Kit {
    /// Opens everything by the configuration.
    ///
    /// # Errors
    /// Says which part could not be opened.
    pub async fn open(config: Config, clock: Clock, migrate: bool) -> anyhow::Result<Self> {
        let keys = config.secrets.keys(migrate)?;
        let vault = Vault::new(&keys.current, &keys.previous, &keys.index)?;
        let auth = &config.auth;
        let kick = Kick::default();
        Ok(Self {
            db: Db::open(&config.database, clock.clone(), kick.clone(), migrate).await?,
            ids: IdGen::new(clock.clone()),
            vault: Arc::new(vault),
            signer: Signer::new(config.issuer()),
            passwords: Passwords::new(auth.argon2_memory_kib, auth.argon2_passes, auth.hashing_threads)?,
            outbound: Outbound::new(&config.outbound)?,
            blobs: Blobs::open(&config.blob)?,
            kick,
            pulses: Pulses::default(),
            limits: Arc::new(Limits::new(&config.limits)),
            glances: Arc::new(Glances::new(Duration::from_millis(config.server.glance_ms))),
            clock,
            config: Arc::new(config),
        })
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// The same tools with connections to the database that nothing else uses: for what must not wait.
    #[must_use]
    pub fn reserved(&self) -> Self {
        Self {
            db: self.db.reserved(),
            ..self.clone()
        }
    }
}
