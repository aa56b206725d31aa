//! `hotline check`: whether this configuration would run.

use super::say;
use crate::platform::config::Config;
use crate::platform::crypto::vault::Vault;
use crate::platform::db::schema;
use crate::platform::outbound::Outbound;
use anyhow::ensure;
use sea_orm::{ConnectionTrait, Statement};

/// Runs the verb: a line for each part, and a failure if one is wrong.
pub async fn run(config: Config) -> anyhow::Result<()> {
    let mut wrong = 0;
    let mut line = |what: &str, outcome: anyhow::Result<String>| match outcome {
        Ok(text) => say(&format!("ok     {what}: {text}")),
        Err(error) => {
            wrong += 1;
            say(&format!("wrong  {what}: {error:#}"));
        }
    };
    line(
        "configuration",
        Ok(format!("listens on {}", config.server.listen)),
    );
    line("keys", keys(&config));
    line(
        "outgoing requests",
        Outbound::new(&config.outbound).map(|_| "private networks are refused".to_owned()),
    );
    line("database", database(&config).await);
    line("SMS", sms(&config));
    ensure!(wrong == 0, "{wrong} part(s) are wrong");
    Ok(())
}

fn keys(config: &Config) -> anyhow::Result<String> {
    let keys = config.secrets.keys(false)?;
    Vault::new(&keys.current, &keys.previous, &keys.index)?;
    Ok(format!("one seals, {} previous still open", keys.previous.len()))
}

async fn database(config: &Config) -> anyhow::Result<String> {
    let db = schema::connect(&config.database.url).await?;
    let standing = schema::standing(&db).await?;
    ensure!(
        standing.unknown.is_empty(),
        "newer than this program: {}",
        standing.unknown.join(", ")
    );
    ensure!(
        standing.pending.is_empty(),
        "{} migration(s) wait: run `hotline migrate up`",
        standing.pending.len()
    );
    let applied = standing.applied.len();
    if config.database.is_sqlite() {
        return Ok(format!("SQLite, {applied} migrations"));
    }
    let sql = "SELECT current_setting('fsync') AS fsync, current_setting('server_version') AS version";
    let row = db
        .query_one_raw(Statement::from_string(db.get_database_backend(), sql))
        .await?;
    let row = row.ok_or_else(|| anyhow::anyhow!("no answer"))?;
    let fsync: String = row.try_get("", "fsync")?;
    ensure!(
        fsync == "on",
        "PostgreSQL runs with fsync={fsync}: a power loss could lose acknowledged writes"
    );
    Ok(format!(
        "PostgreSQL {}, {applied} migrations",
        row.try_get::<String>("", "version")?
    ))
}

fn sms(config: &Config) -> anyhow::Result<String> {
    if config.sms.log_only {
        return Ok("written to the log, not sent: for demonstration only".to_owned());
    }
    ensure!(
        !config.sms.url.is_empty(),
        "no gateway is configured: residents can't get codes"
    );
    Ok("sent to the gateway".to_owned())
}
