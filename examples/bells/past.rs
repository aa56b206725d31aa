//! Closed calls of the past, in the database: copies of one that was closed here, spread over bells and years.

use anyhow::{Context, ensure};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};

/// What is not as in the call that is copied.
fn differs(column: &str, backend: DbBackend) -> Option<String> {
    let sqlite = backend == DbBackend::Sqlite;
    let new_id = if sqlite {
        "randomblob(16)"
    } else {
        "gen_random_uuid()"
    };
    let earlier = if sqlite {
        "strftime('%Y-%m-%dT%H:%M:%f000+00:00', t.opened_at, '-' || (n.n * 60) || ' seconds')"
    } else {
        "t.opened_at - n.n * interval '1 minute'"
    };
    match column {
        "id" => Some(new_id.to_owned()),
        "ticket_id" | "previous_id" => Some("NULL".to_owned()),
        "device_id" => Some("d.id".to_owned()),
        "opened_at" => Some(earlier.to_owned()),
        _ => None,
    }
}

/// Fills the database with so many.
pub async fn fill(url: &str, calls: u32) -> anyhow::Result<()> {
    let mut options = ConnectOptions::new(url.to_owned());
    options.max_connections(1).sqlx_logging(false);
    let db = Database::connect(options).await?;
    let backend = db.get_database_backend();
    db.execute_unprepared("CREATE TEMPORARY TABLE numbered AS SELECT id, row_number() OVER (ORDER BY id) AS r FROM callbell_device")
        .await?;
    db.execute_unprepared("CREATE INDEX numbered_r ON numbered (r)")
        .await?;
    copy(&db, "callbell_call", calls).await?;
    // Two lines of each log.
    let both = "SELECT c.id AS call_id, s.seq AS seq FROM callbell_call c CROSS JOIN (SELECT 1 AS seq UNION ALL SELECT 2) s \
                WHERE c.state = 'closed' AND c.ticket_id IS NULL";
    let columns = columns(&db, "callbell_entry").await?;
    let values: Vec<String> = columns
        .iter()
        .map(|name| match name.as_str() {
            "call_id" | "seq" => format!("b.{name}"),
            _ => format!("t.{name}"),
        })
        .collect();
    db.execute_unprepared(&format!(
        "INSERT INTO callbell_entry ({}) SELECT {} FROM ({both}) b CROSS JOIN (SELECT * FROM callbell_entry LIMIT 1) t",
        columns.join(", "),
        values.join(", ")
    ))
    .await?;
    // What PostgreSQL does by itself within minutes, so that it does not fall into the measurement; SQLite works without, as
    // it does where it is used.
    if backend == DbBackend::Postgres {
        db.execute_unprepared("VACUUM (ANALYZE)").await?;
        db.execute_unprepared("CHECKPOINT").await?;
    }
    let count = "SELECT COUNT(*) AS n FROM callbell_call WHERE state = 'closed'";
    let row = db.query_one_raw(Statement::from_string(backend, count)).await?;
    let n: i64 = row.context("no count")?.try_get("", "n")?;
    ensure!(n >= i64::from(calls), "{n} closed calls");
    db.close().await?;
    Ok(())
}

async fn columns(db: &DatabaseConnection, table: &str) -> anyhow::Result<Vec<String>> {
    let backend = db.get_database_backend();
    let sql = if backend == DbBackend::Sqlite {
        format!("SELECT name FROM pragma_table_info('{table}')")
    } else {
        format!(
            "SELECT column_name::text AS name FROM information_schema.columns WHERE table_name = '{table}' ORDER BY ordinal_position"
        )
    };
    let rows = db.query_all_raw(Statement::from_string(backend, sql)).await?;
    Ok(rows
        .iter()
        .map(|row| row.try_get("", "name"))
        .collect::<Result<_, _>>()?)
}

async fn copy(db: &DatabaseConnection, table: &str, n: u32) -> anyhow::Result<()> {
    let backend = db.get_database_backend();
    let columns = columns(db, table).await?;
    let values: Vec<String> = columns
        .iter()
        .map(|name| differs(name, backend).unwrap_or_else(|| format!("t.{name}")))
        .collect();
    let numbers = if backend == DbBackend::Sqlite {
        format!("WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {n})")
    } else {
        format!("WITH n AS (SELECT generate_series(1, {n}) AS n)")
    };
    let sql = format!(
        "{numbers} INSERT INTO {table} ({}) SELECT {} FROM n \
         CROSS JOIN (SELECT * FROM {table} WHERE state = 'closed' LIMIT 1) t \
         JOIN numbered d ON d.r = 1 + n.n % (SELECT COUNT(*) FROM numbered)",
        columns.join(", "),
        values.join(", ")
    );
    db.execute_unprepared(&sql).await?;
    Ok(())
}
