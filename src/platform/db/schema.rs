//! The schema's standing: which migrations are applied, which wait, which this program does not know.

use anyhow::Context;
use migration::{Migrator, MigratorTrait};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend,
    TransactionTrait,
};

/// An arbitrary number that all instances share while they migrate.
const MIGRATION_LOCK: i64 = 0x1234_5000;

/// Where the schema stands.
#[derive(Debug, Default)]
pub struct Standing {
    /// Applied and known.
    pub applied: Vec<String>,
    /// Known, not yet applied.
    pub pending: Vec<String>,
    /// Applied by a newer program.
    pub unknown: Vec<String>,
}

/// Opens a plain connection for schema work.
///
/// # Errors
/// When the database can't be reached.
pub async fn connect(url: &str) -> anyhow::Result<DatabaseConnection> {
    let mut options = ConnectOptions::new(url.to_owned());
    options
        .max_connections(2)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(|sqlite| sqlite.create_if_missing(true).foreign_keys(true));
    Database::connect(options)
        .await
        .context("can't open the database")
}

/// Applies what waits. Instances that start together wait for each other.
///
/// # Errors
/// When a migration fails; PostgreSQL and SQLite both undo it then.
pub async fn up(db: &DatabaseConnection) -> anyhow::Result<()> {
    let lock = lock(db).await?;
    Migrator::up(db, None).await.context("a migration failed")?;
    if let Some(lock) = lock {
        lock.commit().await?;
    }
    Ok(())
}

/// Takes back the last `steps` migrations.
///
/// # Errors
/// When a migration fails.
pub async fn down(db: &DatabaseConnection, steps: u32) -> anyhow::Result<()> {
    let lock = lock(db).await?;
    Migrator::down(db, Some(steps))
        .await
        .context("a migration could not be taken back")?;
    if let Some(lock) = lock {
        lock.commit().await?;
    }
    Ok(())
}

/// Where the schema stands.
///
/// # Errors
/// When the database does not answer.
pub async fn standing(db: &DatabaseConnection) -> anyhow::Result<Standing> {
    let known: Vec<String> = Migrator::migrations()
        .iter()
        .map(|migration| migration.name().to_owned())
        .collect();
    Migrator::install(db).await?;
    let applied: Vec<String> = Migrator::get_migration_models(db)
        .await?
        .into_iter()
        .map(|model| model.version)
        .collect();
    let (applied, unknown): (Vec<_>, Vec<_>) = applied.into_iter().partition(|name| known.contains(name));
    let pending = known.into_iter().filter(|name| !applied.contains(name)).collect();
    Ok(Standing {
        applied,
        pending,
        unknown,
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "holds the lock of migrations on a connection of its own"
)]
async fn lock(db: &DatabaseConnection) -> anyhow::Result<Option<DatabaseTransaction>> {
    if db.get_database_backend() != DbBackend::Postgres {
        return Ok(None);
    }
    let lock = db.begin().await?;
    lock.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
        .await?;
    Ok(Some(lock))
}
