//! The schema: there and back again, equal to the entities, refused when it is newer than the program, and closed where
//! it must be.

use crate::support::{Backend, TestApp, config, empty, start_of_time};
use entity::*;
use hotline::app::App;
use hotline::platform::clock::Clock;
use hotline::platform::db::schema;
use sea_orm::sea_query::ColumnType;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, EntityTrait, IdenStatic, Iterable, PrimaryKeyToColumn,
    Statement,
};
use std::collections::{BTreeMap, BTreeSet};

/// A column: type, whether it may be absent, whether it is of the key.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Shape {
    kind: String,
    nullable: bool,
    key: bool,
}

type Table = BTreeMap<String, Shape>;

async fn rows(db: &DatabaseConnection, sql: &str) -> Vec<sea_orm::QueryResult> {
    db.query_all_raw(Statement::from_string(db.get_database_backend(), sql))
        .await
        .unwrap()
}

/// A table as the database has it.
async fn found(db: &DatabaseConnection, backend: Backend, table: &str) -> Table {
    let sql = match backend {
        // Generated columns stand in `table_xinfo` alone.
        Backend::Sqlite => format!(
            "SELECT name, type AS kind, \"notnull\" = 0 AND pk = 0 AS nullable, pk > 0 AS key \
               FROM pragma_table_xinfo('{table}') WHERE hidden <> 1"
        ),
        Backend::Postgres => format!(
            "SELECT c.column_name::text AS name, c.data_type::text AS kind, \
                    CASE WHEN c.is_nullable = 'YES' THEN 1 ELSE 0 END AS nullable, \
                    CASE WHEN k.column_name IS NULL THEN 0 ELSE 1 END AS key \
               FROM information_schema.columns c \
               LEFT JOIN (SELECT u.table_name, u.column_name FROM information_schema.key_column_usage u \
                            JOIN information_schema.table_constraints t ON t.constraint_name = u.constraint_name \
                           WHERE t.constraint_type = 'PRIMARY KEY') k \
                 ON k.table_name = c.table_name AND k.column_name = c.column_name \
              WHERE c.table_schema = 'public' AND c.table_name = '{table}'"
        ),
    };
    let mut table = Table::new();
    for row in rows(db, &sql).await {
        let flag = |name: &str| row.try_get::<i32>("", name).unwrap() == 1;
        let kind: String = row.try_get("", "kind").unwrap();
        table.insert(
            row.try_get("", "name").unwrap(),
            Shape {
                kind,
                nullable: flag("nullable"),
                key: flag("key"),
            },
        );
    }
    table
}

/// The database's word for a column of an entity.
fn word(kind: &ColumnType, backend: Backend) -> &'static str {
    let (sqlite, postgres) = match kind {
        ColumnType::Uuid => ("BLOB", "uuid"),
        ColumnType::Text | ColumnType::String(_) | ColumnType::Char(_) => ("TEXT", "text"),
        ColumnType::Integer => ("INTEGER", "integer"),
        ColumnType::BigInteger => ("INTEGER", "bigint"),
        ColumnType::Double => ("REAL", "double precision"),
        ColumnType::Boolean => ("INTEGER", "boolean"),
        ColumnType::TimestampWithTimeZone => ("TEXT", "timestamp with time zone"),
        ColumnType::Date => ("TEXT", "date"),
        ColumnType::Json | ColumnType::JsonBinary => ("TEXT", "jsonb"),
        ColumnType::Blob | ColumnType::Binary(_) | ColumnType::VarBinary(_) => ("BLOB", "bytea"),
        other => panic!("no word for {other:?}"),
    };
    match backend {
        Backend::Sqlite => sqlite,
        Backend::Postgres => postgres,
    }
}

/// A table as the entity says.
fn stated<E: EntityTrait>(backend: Backend) -> Table {
    let keys: BTreeSet<String> = E::PrimaryKey::iter()
        .map(|key| key.into_column().as_str().to_owned())
        .collect();
    E::Column::iter()
        .map(|column| {
            let definition = column.def();
            let name = column.as_str().to_owned();
            let shape = Shape {
                kind: word(definition.get_column_type(), backend).to_owned(),
                nullable: definition.is_null(),
                key: keys.contains(&name),
            };
            (name, shape)
        })
        .collect()
}

macro_rules! all_tables {
    ($($table:ident)+) => {
        fn stated_tables(backend: Backend) -> BTreeMap<&'static str, Table> {
            BTreeMap::from([$((stringify!($table), stated::<$table::Entity>(backend))),+])
        }
    };
}

all_tables! {
    access_record api_client assignment assignment_policy attachment audit authorization_code calendar_day calendar_year callback
    callbell_alarm callbell_call callbell_camera_view callbell_device callbell_entry callbell_event callbell_fixture
    callbell_handover callbell_home callbell_kin callbell_ladder callbell_patrol_read
    callbell_quarantine client_secret clock closure consumer_cursor deadline_policy delivery durable_timer duty_contact event export
    handover household idempotency import import_line notice otp phone_call proceeding queue_count resident resident_contact role_grant
    routing_rule routing_turn service session setting shift shift_member signing_key staff staff_absence term throttle
    ticket ticket_entry ticket_requester ticket_search unit unit_hours webhook webhook_attempt webhook_message
}

/// Tables of the application; not those of the index for full text and of the migrations.
async fn table_names(db: &DatabaseConnection, backend: Backend) -> BTreeSet<String> {
    let sql = match backend {
        Backend::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table'",
        Backend::Postgres => {
            "SELECT table_name::text AS name FROM information_schema.tables WHERE table_schema = 'public'"
        }
    };
    let names = rows(db, sql)
        .await
        .into_iter()
        .map(|row| row.try_get::<String>("", "name").unwrap());
    names
        .filter(|name| name != "seaql_migrations" && !name.starts_with("sqlite_"))
        .filter(|name| !name.starts_with("ticket_search_"))
        .collect()
}

/// Everything of a schema that a migration could leave behind or forget: definitions on SQLite; on PostgreSQL columns,
/// constraints, indexes, triggers and functions.
async fn fingerprint(db: &DatabaseConnection, backend: Backend) -> BTreeSet<String> {
    let sql = match backend {
        Backend::Sqlite => {
            "SELECT COALESCE(sql, name) AS line FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"
        }
        Backend::Postgres => {
            "SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable, generation_expression) AS line \
               FROM information_schema.columns WHERE table_schema = 'public' \
             UNION ALL SELECT pg_get_constraintdef(oid) || conname FROM pg_constraint \
                        WHERE connamespace = 'public'::regnamespace \
             UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' \
             UNION ALL SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t WHERE NOT tgisinternal \
             UNION ALL SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace \
             UNION ALL SELECT sequence_name::text FROM information_schema.sequences WHERE sequence_schema = 'public'"
        }
    };
    rows(db, sql)
        .await
        .into_iter()
        .map(|row| row.try_get::<String>("", "line").unwrap())
        .filter(|line| !line.contains("seaql_migrations"))
        .collect()
}

async fn there_and_back(backend: Backend) {
    let folder = tempfile::tempdir().unwrap();
    let db = schema::connect(&empty(backend, folder.path()).await)
        .await
        .unwrap();
    assert!(fingerprint(&db, backend).await.is_empty());
    schema::up(&db).await.unwrap();
    let first = fingerprint(&db, backend).await;
    assert!(first.len() > 60, "{}", first.len());
    let standing = schema::standing(&db).await.unwrap();
    assert!(standing.pending.is_empty() && standing.unknown.is_empty());
    let steps = u32::try_from(standing.applied.len()).unwrap();
    schema::up(&db).await.unwrap();
    assert_eq!(
        fingerprint(&db, backend).await,
        first,
        "done already, nothing happens"
    );
    for _ in 0..steps {
        schema::down(&db, 1).await.unwrap();
    }
    let left = fingerprint(&db, backend).await;
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(schema::standing(&db).await.unwrap().applied.len(), 0);
    schema::up(&db).await.unwrap();
    assert_eq!(fingerprint(&db, backend).await, first);
    db.close().await.unwrap();
}

async fn entities_are_the_schema(backend: Backend) {
    let folder = tempfile::tempdir().unwrap();
    let db = schema::connect(&empty(backend, folder.path()).await)
        .await
        .unwrap();
    schema::up(&db).await.unwrap();
    let stated = stated_tables(backend);
    let names: BTreeSet<String> = stated.keys().map(|name| (*name).to_owned()).collect();
    assert_eq!(table_names(&db, backend).await, names);
    for (name, mut wanted) in stated {
        let mut there = found(&db, backend, name).await;
        if name == "ticket_search" {
            // The index for full text: a virtual table without types here, a generated column more there.
            there.remove("bigrams");
            there.values_mut().chain(wanted.values_mut()).for_each(|shape| {
                *shape = Shape {
                    kind: String::new(),
                    nullable: false,
                    key: false,
                };
            });
        }
        assert_eq!(there, wanted, "{name}");
    }
    db.close().await.unwrap();
}

async fn execute(url: &str, sql: &str) -> Result<(), String> {
    let db = schema::connect(url).await.unwrap();
    let done = db
        .execute_unprepared(sql)
        .await
        .map(|_| ())
        .map_err(|error| error.to_string());
    db.close().await.unwrap();
    done
}

async fn open(folder: &std::path::Path, url: &str, migrate: bool) -> Result<App, String> {
    let clock = Clock::manual(start_of_time());
    App::open(config(folder, url), clock, migrate)
        .await
        .map_err(|error| format!("{error:#}"))
}

async fn what_does_not_fit_is_refused(backend: Backend) {
    let folder = tempfile::tempdir().unwrap();
    let url = empty(backend, folder.path()).await;
    drop(open(folder.path(), &url, true).await.unwrap());
    drop(open(folder.path(), &url, false).await.unwrap());

    // As a newer program leaves it.
    let newer =
        "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m20991231_000001_from_the_future', 1)";
    execute(&url, newer).await.unwrap();
    let told = open(folder.path(), &url, false).await.err().unwrap();
    assert!(
        told.contains("newer than this program") && told.contains("m20991231_000001_from_the_future"),
        "{told}"
    );
    let told = open(folder.path(), &url, true).await.err().unwrap();
    assert!(told.contains("m20991231_000001_from_the_future"), "{told}");
    execute(&url, "DELETE FROM seaql_migrations WHERE version LIKE 'm2099%'")
        .await
        .unwrap();

    // As an older program leaves it.
    let db = schema::connect(&url).await.unwrap();
    schema::down(&db, 1).await.unwrap();
    db.close().await.unwrap();
    let told = open(folder.path(), &url, false).await.err().unwrap();
    assert!(
        told.contains("lacks 1 migration") && told.contains("migrate up"),
        "{told}"
    );
    drop(open(folder.path(), &url, true).await.unwrap());
}

/// A ticket, an event and an audit entry are there; nothing of them can be changed or taken away.
async fn logs_are_closed(backend: Backend) {
    let app = TestApp::start(backend).await;
    let operator = app.staff("operator").await;
    let request = serde_json::json!({ "requester": { "phone": "13900000001" }, "category": "120302", "title": "噪声",
        "content": "很吵", "place": { "address": "羊桥社区" } });
    let made = operator.post("/api/v1/tickets", &request).await;
    made.expect(201);
    operator
        .get(&format!("/api/v1/tickets/{}", made.text_at("/ticket/id")))
        .await
        .expect(200);
    app.settle().await;
    let url = app.database.clone();
    let stated = stated_tables(backend);
    for table in ["access_record", "audit", "event", "ticket_entry"] {
        let db = schema::connect(&url).await.unwrap();
        let count = rows(&db, &format!("SELECT COUNT(*) AS n FROM {table}")).await;
        assert!(count[0].try_get::<i64>("", "n").unwrap() > 0, "{table}");
        db.close().await.unwrap();
        let mut changes = vec![format!("DELETE FROM {table}")];
        if backend == Backend::Postgres {
            changes.push(format!("TRUNCATE {table} CASCADE"));
        }
        // A position is given later, and only where the sequence is not the order of commits.
        let columns = stated[table].keys().filter(|name| *name != "position");
        changes.extend(columns.map(|name| format!("UPDATE {table} SET {name} = {name}")));
        for change in changes {
            let told = execute(&url, &change).await.expect_err(&change);
            assert!(told.contains("append-only"), "{change}: {told}");
        }
    }
    app.stop().await;
}

macro_rules! on_each {
    ($($name:ident)+) => {$(
        mod $name {
            use crate::support::Backend;

            #[tokio::test]
            async fn sqlite() {
                super::$name(Backend::Sqlite).await;
            }

            #[tokio::test]
            async fn postgres() {
                if Backend::postgres_is_there() {
                    super::$name(Backend::Postgres).await;
                }
            }
        }
    )+};
}

on_each! {
    there_and_back
    entities_are_the_schema
    what_does_not_fit_is_refused
    logs_are_closed
}

/// One connection is enough, though the lock of migrations holds one for itself.
#[tokio::test]
async fn one_connection_is_enough_to_migrate() {
    if !Backend::postgres_is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let url = empty(Backend::Postgres, folder.path()).await;
    let mut config = config(folder.path(), &url);
    config.database.connections = 1;
    let clock = Clock::manual(start_of_time());
    App::open(config, clock, true).await.unwrap();
}

/// Instances that start together on an empty database: one migrates, the others wait, all come up.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn four_instances_migrate_at_once() {
    if !Backend::postgres_is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let url = empty(Backend::Postgres, folder.path()).await;
    // One key for all: the first start makes it.
    let other = tempfile::tempdir().unwrap();
    let sqlite = empty(Backend::Sqlite, other.path()).await;
    drop(open(other.path(), &sqlite, true).await.unwrap());
    std::fs::copy(other.path().join("master.key"), folder.path().join("master.key")).unwrap();
    let starts: Vec<_> = (0..4)
        .map(|_| {
            let (folder, url) = (folder.path().to_owned(), url.clone());
            tokio::spawn(async move { open(&folder, &url, true).await })
        })
        .collect();
    for start in starts {
        start.await.unwrap().unwrap();
    }
    let db = schema::connect(&url).await.unwrap();
    let standing = schema::standing(&db).await.unwrap();
    assert!(standing.pending.is_empty() && standing.unknown.is_empty());
    let twice = rows(
        &db,
        "SELECT version FROM seaql_migrations GROUP BY version HAVING COUNT(*) > 1",
    )
    .await;
    assert!(twice.is_empty());
    db.close().await.unwrap();
}
