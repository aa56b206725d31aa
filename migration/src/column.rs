//! The only place that asks which database it is. Statements are written once, with a mark for each
//! type that must differ: `{uuid}`, `{bytes}`, `{at}`, `{day}`, `{int}`, `{big}`, `{float}`, `{bool}`,
//! `{json}`, `{path}`. SQLite tables are STRICT, so that both databases refuse a value of a wrong type.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

const MARKS: &[(&str, &str, &str)] = &[
    // mark, SQLite, PostgreSQL
    ("{uuid}", "BLOB", "uuid"),
    ("{bytes}", "BLOB", "bytea"),
    ("{at}", "TEXT", "timestamptz"),
    ("{day}", "TEXT", "date"),
    ("{int}", "INTEGER", "integer"),
    ("{big}", "INTEGER", "bigint"),
    ("{float}", "REAL", "double precision"),
    ("{bool}", "INTEGER", "boolean"),
    ("{json}", "TEXT", "jsonb"),
    ("{text}", "TEXT", "text"),
    // What is compared by its bytes: paths and codes, whose ranges are prefixes.
    ("{path}", "TEXT", "text COLLATE \"C\""),
    ("{strict}", "STRICT", ""),
    // A key that the database counts up.
    (
        "{counted}",
        "INTEGER PRIMARY KEY AUTOINCREMENT",
        "bigserial PRIMARY KEY",
    ),
    // One writer commits in the order of `seq` on SQLite; PostgreSQL's sequencer fills it in after commit.
    (
        "{position}",
        "INTEGER GENERATED ALWAYS AS (seq) VIRTUAL",
        "bigint",
    ),
];

fn is_sqlite(manager: &SchemaManager<'_>) -> bool {
    manager.get_connection().get_database_backend() == DbBackend::Sqlite
}

/// Runs statements that both databases understand once their marks are filled in.
pub async fn run(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    let sqlite = is_sqlite(manager);
    for statement in statements {
        let mut sql = (*statement).to_owned();
        for (mark, for_sqlite, for_postgres) in MARKS {
            sql = sql.replace(mark, if sqlite { for_sqlite } else { for_postgres });
        }
        manager.get_connection().execute_unprepared(&sql).await?;
    }
    Ok(())
}

/// Runs the statement of the database at hand: for what has no common form.
pub async fn run_either(manager: &SchemaManager<'_>, sqlite: &str, postgres: &str) -> Result<(), DbErr> {
    let sql = if is_sqlite(manager) { sqlite } else { postgres };
    manager.get_connection().execute_unprepared(sql).await.map(|_| ())
}

/// Drops tables, last first.
pub async fn drop_tables(manager: &SchemaManager<'_>, tables: &[&str]) -> Result<(), DbErr> {
    for table in tables.iter().rev() {
        manager
            .get_connection()
            .execute_unprepared(&format!("DROP TABLE {table}"))
            .await?;
    }
    Ok(())
}

/// Makes a table append-only: no deletion, and no change of the named columns.
pub async fn append_only(manager: &SchemaManager<'_>, table: &str, columns: &str) -> Result<(), DbErr> {
    let db = manager.get_connection();
    if is_sqlite(manager) {
        for (event, suffix) in [
            ("DELETE".to_owned(), "delete"),
            (format!("UPDATE OF {columns}"), "update"),
        ] {
            db.execute_unprepared(&format!(
                "CREATE TRIGGER {table}_no_{suffix} BEFORE {event} ON {table} \
                 BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            ))
            .await?;
        }
        return Ok(());
    }
    db.execute_unprepared(
        "CREATE OR REPLACE FUNCTION hotline_append_only() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$",
    )
    .await?;
    db.execute_unprepared(&format!(
        "CREATE TRIGGER {table}_append_only BEFORE DELETE OR UPDATE OF {columns} ON {table} \
         FOR EACH ROW EXECUTE FUNCTION hotline_append_only()"
    ))
    .await?;
    db.execute_unprepared(&format!(
        "CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} \
         FOR EACH STATEMENT EXECUTE FUNCTION hotline_append_only()"
    ))
    .await
    .map(|_| ())
}

/// Drops what append-only tables share; the tables go first.
pub async fn drop_append_only(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    run_either(manager, "SELECT 1", "DROP FUNCTION hotline_append_only()").await
}
