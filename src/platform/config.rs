//! Settings: embedded defaults < file < environment. Checked at start, with a message for each mistake;
//! secrets are never printed.

use crate::platform::crypto::signed;
use crate::platform::crypto::vault::MasterKey;
use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use figment::Figment;
use figment::providers::{Env, Format, Toml};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The documented defaults.
pub const DEFAULTS: &str = include_str!("config.default.toml");

/// All settings. Each is documented in `config.default.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    missing_docs,
    reason = "documented in the file of defaults, which is what operators read"
)]
pub struct Config {
    pub server: ServerConfig,
    pub limits: LimitsConfig,
    pub database: DatabaseConfig,
    pub secrets: SecretsConfig,
    pub auth: AuthConfig,
    pub sms: SmsConfig,
    pub mail: MailConfig,
    pub blob: BlobConfig,
    pub outbound: OutboundConfig,
    pub jobs: JobsConfig,
    pub bulk: BulkConfig,
    pub callbell: CallbellConfig,
    pub log: LogConfig,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "documented in the file of defaults")]
pub struct ServerConfig {
    pub listen: SocketAddr,
    pub public_url: String,
    pub workers: usize,
    pub max_connections: usize,
    pub shutdown_timeout_s: u64,
    pub cors_origins: Vec<String>,
    pub glance_ms: u64,
    pub metrics: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "documented in the file of defaults")]
pub struct LimitsConfig {
    pub client_per_minute: u32,
    pub resident_per_minute: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "documented in the file of defaults")]
pub struct DatabaseConfig {
    pub url: String,
    pub connections: u32,
    pub read_connections: u32,
    pub acquire_timeout_ms: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "documented in the file of defaults")]
pub struct SecretsConfig {
    pub master_key: SecretString,
    pub master_key_file: PathBuf,
    pub previous_master_keys: Vec<SecretString>,
    pub index_key: SecretString,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "documented in the file of defaults")]
pub struct AuthConfig {
    pub issuer: String,
    pub access_ttl_s: i64,
    pub refresh_ttl_s: i64,
    pub refresh_grace_s: i64,
    pub otp_ttl_s: i64,
    pub argon2_memory_kib: u32,
    pub argon2_passes: u32,
    pub hashing_threads: usize,
    pub second_factor: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "documented in the file of defaults")]
pub struct SmsConfig {
    pub url: String,
    pub token: SecretString,
    pub log_only: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "documented in the file of defaults")]
pub struct CallbellConfig {
    pub webhook_urls: Vec<String>,
    pub webhook_secret: SecretString,
    pub dead_man_url: String,
    pub camera_link: String,
    pub camera_secret: SecretString,
    pub mqtt_url: String,
    pub mqtt_client: String,
    pub mqtt_topic: String,
    pub mqtt_user: String,
    pub mqtt_password: SecretString,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "documented in the file of defaults")]
pub struct MailConfig {
    pub url: SecretString,
    pub from: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "documented in the file of defaults")]
pub struct BlobConfig {
    pub url: String,
    pub max_file_bytes: usize,
    pub options: std::collections::BTreeMap<String, SecretString>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "documented in the file of defaults")]
pub struct OutboundConfig {
    pub allow_hosts: Vec<String>,
    pub timeout_ms: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "documented in the file of defaults")]
pub struct BulkConfig {
    pub keep_days: i64,
    pub scratch: PathBuf,
    pub max_import_bytes: usize,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "documented in the file of defaults")]
pub struct JobsConfig {
    pub enabled: bool,
    pub callback_grace_days: i64,
    pub reopen_days: i64,
    pub archive_days: i64,
    pub urge_cooldown_hours: i64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "documented in the file of defaults")]
pub struct LogConfig {
    pub filter: String,
    pub json: bool,
}

impl Config {
    /// The public URL, without a slash at its end.
    #[must_use]
    pub fn base(&self) -> &str {
        self.server.public_url.trim_end_matches('/')
    }

    /// The name under which tokens and receipts are signed. RFC 8414 wants the URL below which it is described.
    #[must_use]
    pub fn issuer(&self) -> &str {
        match self.auth.issuer.as_str() {
            "" => self.base(),
            given => given,
        }
    }

    /// Reads the settings: defaults, then `file` if given, then `HOTLINE_…` variables with `__` between a
    /// section and a name (`HOTLINE_DATABASE__URL`).
    ///
    /// # Errors
    /// A line for each mistake.
    pub fn load(file: Option<&Path>) -> anyhow::Result<Self> {
        let mut figment = Figment::from(Toml::string(DEFAULTS));
        if let Some(file) = file {
            anyhow::ensure!(file.exists(), "there is no configuration file {}", file.display());
            figment = figment.merge(Toml::file(file));
        }
        let config: Self = figment
            .merge(Env::prefixed("HOTLINE_").split("__"))
            .extract()
            .map_err(|errors| {
                let lines: Vec<String> = errors
                    .into_iter()
                    .map(|error| match error.path.join(".") {
                        path if path.is_empty() => error.kind.to_string(),
                        path => format!("{path}: {}", error.kind),
                    })
                    .collect();
                anyhow::anyhow!("the configuration has mistakes:\n  {}", lines.join("\n  "))
            })?;
        let mistakes = config.mistakes();
        anyhow::ensure!(
            mistakes.is_empty(),
            "the configuration has mistakes:\n  {}",
            mistakes.join("\n  ")
        );
        Ok(config)
    }

    fn mistakes(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut check = |ok: bool, message: &str| {
            if !ok {
                found.push(message.to_owned());
            }
        };
        let url = &self.database.url;
        check(
            url.starts_with("sqlite:") || url.starts_with("postgres:") || url.starts_with("postgresql:"),
            "database.url: must begin with sqlite: or postgres:",
        );
        check(
            (1..=1000).contains(&self.database.connections),
            "database.connections: must be within 1 to 1000",
        );
        check(
            (1..=64).contains(&self.database.read_connections),
            "database.read_connections: must be within 1 to 64",
        );
        check(
            (1..=64).contains(&self.server.workers),
            "server.workers: must be within 1 to 64",
        );
        let public = &self.server.public_url;
        check(
            public.starts_with("http://") || public.starts_with("https://"),
            "server.public_url: must begin with http:// or https://",
        );
        check(
            (60..=3600).contains(&self.auth.access_ttl_s),
            "auth.access_ttl_s: must be within 60 to 3600",
        );
        check(
            self.auth.argon2_memory_kib >= 8,
            "auth.argon2_memory_kib: must be at least 8",
        );
        check(
            self.auth.argon2_passes >= 1,
            "auth.argon2_passes: must be at least 1",
        );
        check(
            (1..=64).contains(&self.auth.hashing_threads),
            "auth.hashing_threads: must be within 1 to 64",
        );
        self.callbell.check(&mut check);
        for (name, url) in [
            ("sms.url", &self.sms.url),
            ("callbell.dead_man_url", &self.callbell.dead_man_url),
        ] {
            check(
                url.is_empty() || url.starts_with("http://") || url.starts_with("https://"),
                &format!("{name}: must be empty or begin with http:// or https://"),
            );
        }
        check(
            self.blob.url.contains("://"),
            "blob.url: must be file:///folder or s3://bucket/prefix",
        );
        check(
            (1024..=104_857_600).contains(&self.blob.max_file_bytes),
            "blob.max_file_bytes: must be within 1024 to 104857600",
        );
        check(
            (1..=60).contains(&self.jobs.callback_grace_days),
            "jobs.callback_grace_days: must be within 1 to 60",
        );
        check(
            (0..=365).contains(&self.jobs.reopen_days),
            "jobs.reopen_days: must be within 0 to 365",
        );
        check(
            (60..=3650).contains(&self.jobs.archive_days) && self.jobs.archive_days > self.jobs.reopen_days,
            "jobs.archive_days: must be within 60 to 3650, and more than jobs.reopen_days",
        );
        check(
            (0..=720).contains(&self.jobs.urge_cooldown_hours),
            "jobs.urge_cooldown_hours: must be within 0 to 720",
        );
        self.bulk.check(&mut check);
        for (name, key) in [
            ("master_key", &self.secrets.master_key),
            ("index_key", &self.secrets.index_key),
        ] {
            let given = key.expose_secret();
            check(
                given.is_empty() || parse_key(given).is_ok(),
                &format!("secrets.{name}: must be 32 bytes in base64"),
            );
        }
        found
    }
}

impl BulkConfig {
    fn check(&self, check: &mut impl FnMut(bool, &str)) {
        check(
            (1..=90).contains(&self.keep_days),
            "bulk.keep_days: must be within 1 to 90",
        );
        check(
            self.max_import_bytes >= 1024,
            "bulk.max_import_bytes: must be at least 1024",
        );
    }
}

impl CallbellConfig {
    fn check(&self, check: &mut impl FnMut(bool, &str)) {
        check(
            self.mqtt_url.is_empty() || !(self.mqtt_client.is_empty() || self.mqtt_topic.is_empty()),
            "callbell.mqtt_client and callbell.mqtt_topic: must be set where a broker is named",
        );
        check(
            self.camera_link.is_empty()
                || (self.camera_link.contains("{code}") && !self.camera_secret.expose_secret().is_empty()),
            "callbell.camera_link: must hold {code}, and callbell.camera_secret must be set",
        );
        let secret = self.webhook_secret.expose_secret();
        check(
            if secret.is_empty() {
                self.webhook_urls.is_empty()
            } else {
                signed::secret(secret).is_some()
            },
            "callbell.webhook_secret: must be whsec_ and base64 of 24 to 64 bytes",
        );
    }
}

impl DatabaseConfig {
    /// Whether the embedded database is meant.
    #[must_use]
    pub fn is_sqlite(&self) -> bool {
        self.url.starts_with("sqlite:")
    }

    /// The file of the embedded database.
    #[must_use]
    pub fn sqlite_path(&self) -> Option<&Path> {
        let rest = self.url.strip_prefix("sqlite:")?;
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        Some(Path::new(rest.split('?').next().unwrap_or(rest)))
    }
}

/// The keys that seal and index personal data.
pub struct Keys {
    /// Seals.
    pub current: MasterKey,
    /// Still open what they sealed.
    pub previous: Vec<MasterKey>,
    /// Makes blind indexes.
    pub index: MasterKey,
}

impl SecretsConfig {
    /// The keys: from the settings, else from the key file, which is made when it is missing and may be made.
    ///
    /// # Errors
    /// When a key is missing or not 32 bytes.
    pub fn keys(&self, may_create: bool) -> anyhow::Result<Keys> {
        let given = self.master_key.expose_secret();
        let current = if given.is_empty() {
            self.key_from_file(may_create)?
        } else {
            parse_key(given)?
        };
        let previous = self
            .previous_master_keys
            .iter()
            .map(|key| parse_key(key.expose_secret()))
            .collect::<anyhow::Result<_>>()
            .context("secrets.previous_master_keys")?;
        let index = self.index_key.expose_secret();
        let index = if index.is_empty() {
            current
        } else {
            parse_key(index).context("secrets.index_key")?
        };
        Ok(Keys {
            current,
            previous,
            index,
        })
    }

    fn key_from_file(&self, may_create: bool) -> anyhow::Result<MasterKey> {
        let path = &self.master_key_file;
        if !path.exists() && may_create {
            let mut key = [0; 32];
            crate::platform::id::fill(&mut key);
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            write_private(path, &STANDARD.encode(key))?;
        }
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("secrets.master_key is empty and {} can't be read", path.display()))?;
        parse_key(text.trim()).with_context(|| format!("{} holds no key", path.display()))
    }
}

#[cfg(unix)]
fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(())
}

fn parse_key(text: &str) -> anyhow::Result<MasterKey> {
    let bytes = STANDARD
        .decode(text)
        .context("a key must be 32 bytes in base64")?;
    bytes
        .try_into()
        .map_err(|_| anyhow::anyhow!("a key must be 32 bytes in base64"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid_and_secrets_do_not_print() {
        let config: Config = Figment::from(Toml::string(DEFAULTS)).extract().unwrap();
        assert_eq!(config.mistakes(), Vec::<String>::new());
        assert!(format!("{config:?}").contains("REDACTED"));
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        let mut config: Config = Figment::from(Toml::string(DEFAULTS)).extract().unwrap();
        config.database.url = "mysql://x".into();
        config.server.workers = 0;
        config.secrets.master_key = "short".to_owned().into();
        assert_eq!(config.mistakes().len(), 3);
    }
}
