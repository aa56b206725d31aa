//! Every byte that the database keeps.

use crate::support::{Backend, TestApp};
use sea_orm::{ConnectionTrait, Database, Statement};

/// What was read.
pub struct Stored(Vec<u8>);

impl Stored {
    /// Whether a text stands anywhere.
    pub fn contains(&self, text: &str) -> bool {
        self.at(text).is_some()
    }

    /// The text with what stands around it, if it is there.
    pub fn around(&self, text: &str) -> Option<String> {
        let at = self.at(text)?;
        let near = &self.0[at.saturating_sub(80)..(at + 80).min(self.0.len())];
        Some(format!("{text}: …{}…", String::from_utf8_lossy(near)))
    }

    fn at(&self, text: &str) -> Option<usize> {
        self.0
            .windows(text.len())
            .position(|window| window == text.as_bytes())
    }
}

/// Reads the files of SQLite, log and all; of PostgreSQL every column of every table.
pub async fn read(app: &TestApp) -> Stored {
    match app.backend {
        Backend::Sqlite => files(app),
        Backend::Postgres => columns(app).await,
    }
}

fn files(app: &TestApp) -> Stored {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(app.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_str().unwrap().contains(".sqlite") {
            all.extend(std::fs::read(path).unwrap());
        }
    }
    Stored(all)
}

async fn columns(app: &TestApp) -> Stored {
    let db = Database::connect(&app.database).await.unwrap();
    let backend = db.get_database_backend();
    let list = "SELECT table_name::text AS t, column_name::text AS c, data_type::text AS d \
                  FROM information_schema.columns WHERE table_schema = 'public'";
    let mut all = Vec::new();
    for row in db
        .query_all_raw(Statement::from_string(backend, list))
        .await
        .unwrap()
    {
        let part = |name: &str| row.try_get::<String>("", name).unwrap();
        let (table, column, kind) = (part("t"), part("c"), part("d"));
        let value = match kind.as_str() {
            "bytea" => format!("\"{column}\""),
            _ => format!("convert_to(\"{column}\"::text, 'UTF8')"),
        };
        let sql = format!("SELECT {value} AS bytes FROM \"{table}\" WHERE \"{column}\" IS NOT NULL");
        for row in db
            .query_all_raw(Statement::from_string(backend, sql))
            .await
            .unwrap()
        {
            all.extend(row.try_get::<Vec<u8>>("", "bytes").unwrap());
            all.push(b'\n');
        }
    }
    db.close().await.unwrap();
    Stored(all)
}
