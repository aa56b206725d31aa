//! `hotline migrate`: the schema.

use super::say;
use crate::platform::config::Config;
use crate::platform::db::schema;

/// What to do with the schema.
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    /// Applies what waits.
    Up,
    /// Takes back the last migrations.
    Down {
        /// How many.
        #[arg(long, default_value_t = 1)]
        steps: u32,
        /// Says that the data which go with them may be lost.
        #[arg(long = "yes-lose-data")]
        yes: bool,
    },
    /// Tells which migrations are applied, which wait, which are unknown.
    Status,
}

/// Runs the verb.
pub async fn run(config: &Config, verb: Verb) -> anyhow::Result<()> {
    if let Some(folder) = config.database.sqlite_path().and_then(std::path::Path::parent)
        && config.database.is_sqlite()
    {
        std::fs::create_dir_all(folder)?;
    }
    let db = schema::connect(&config.database.url).await?;
    match verb {
        Verb::Up => schema::up(&db).await?,
        Verb::Down { steps, yes } => {
            anyhow::ensure!(yes, "taking back a migration drops its data: add --yes-lose-data");
            schema::down(&db, steps).await?;
        }
        Verb::Status => {}
    }
    let standing = schema::standing(&db).await?;
    for (word, names) in [
        ("applied", standing.applied),
        ("pending", standing.pending),
        ("unknown", standing.unknown),
    ] {
        for name in names {
            say(&format!("{word:<8} {name}"));
        }
    }
    Ok(())
}
