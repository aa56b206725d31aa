//! `hotline backup` and `restore` for the embedded database. PostgreSQL has its own tools: see the README.

use super::say;
use crate::platform::config::Config;
use crate::platform::db::schema;
use anyhow::{Context, ensure};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, Statement};
use std::path::{Path, PathBuf};

/// Where the copy goes.
#[derive(Debug, clap::Args)]
pub struct BackupArgs {
    /// A file that does not exist yet.
    to: PathBuf,
}

/// Where the copy is.
#[derive(Debug, clap::Args)]
pub struct RestoreArgs {
    /// A file that `hotline backup` wrote.
    from: PathBuf,
    /// Says that the database which is there now may be overwritten.
    #[arg(long = "yes-overwrite")]
    yes: bool,
}

/// Writes a consistent copy while the server works.
pub async fn backup(config: &Config, args: &BackupArgs) -> anyhow::Result<()> {
    let source = sqlite_file(config)?;
    ensure!(source.exists(), "there is no database at {}", source.display());
    ensure!(!args.to.exists(), "{} exists already", args.to.display());
    let db = schema::connect(&config.database.url).await?;
    let target = args.to.to_str().context("the file's name must be UTF-8")?;
    let statement =
        Statement::from_sql_and_values(db.get_database_backend(), "VACUUM INTO $1", [target.into()]);
    db.execute_raw(statement)
        .await
        .context("the copy could not be written")?;
    check_integrity(&args.to).await?;
    std::fs::File::open(&args.to)?.sync_all()?;
    say(&format!(
        "{} holds the database. Back up the master key and the attachments, too.",
        args.to.display()
    ));
    Ok(())
}

/// Puts a copy into place.
pub async fn restore(config: &Config, args: &RestoreArgs) -> anyhow::Result<()> {
    let target = sqlite_file(config)?;
    ensure!(args.from.exists(), "there is no file {}", args.from.display());
    check_integrity(&args.from).await?;
    if target.exists() {
        ensure!(args.yes, "{} exists: add --yes-overwrite", target.display());
        ensure!(
            is_free(config).await?,
            "{} is in use: stop the server first",
            target.display()
        );
    }
    if let Some(folder) = target.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let beside = target.with_extension("restoring");
    std::fs::copy(&args.from, &beside)?;
    std::fs::File::open(&beside)?.sync_all()?;
    for leftover in ["-wal", "-shm"] {
        let mut name = target.as_os_str().to_owned();
        name.push(leftover);
        match std::fs::remove_file(&name) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    std::fs::rename(&beside, &target)?;
    say(&format!("{} is restored", target.display()));
    Ok(())
}

fn sqlite_file(config: &Config) -> anyhow::Result<PathBuf> {
    ensure!(
        config.database.is_sqlite(),
        "this is for the embedded database; PostgreSQL has pg_dump and pg_restore"
    );
    config
        .database
        .sqlite_path()
        .map(Path::to_path_buf)
        .context("the database has no file")
}

/// Whether no other process holds the database: an exclusive lock can be had.
async fn is_free(config: &Config) -> anyhow::Result<bool> {
    let mut options = ConnectOptions::new(config.database.url.clone());
    // A second connection of our own would stand in the way of the lock.
    options.max_connections(1).sqlx_logging(false);
    let db = Database::connect(options).await?;
    let free = db
        .execute_unprepared("PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT;")
        .await
        .is_ok();
    db.close().await?;
    Ok(free)
}

async fn check_integrity(file: &Path) -> anyhow::Result<()> {
    let url = format!("sqlite://{}?mode=ro", file.display());
    let db = Database::connect(url)
        .await
        .with_context(|| format!("{} is no database", file.display()))?;
    let row = db
        .query_one_raw(Statement::from_string(
            db.get_database_backend(),
            "PRAGMA integrity_check",
        ))
        .await;
    let row = row
        .with_context(|| format!("{} is no database", file.display()))?
        .context("no answer")?;
    let verdict: String = row.try_get("", "integrity_check")?;
    ensure!(verdict == "ok", "{} is damaged: {verdict}", file.display());
    db.close().await?;
    Ok(())
}
