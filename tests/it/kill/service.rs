//! The built program as a child that is killed.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A running service.
pub(super) struct Service {
    child: Child,
    log: PathBuf,
    told: Value,
}

impl Service {
    /// Starts it on what lies in the folder, on a clock that shows `now`, and waits until it answers.
    pub(super) fn start(folder: &Path, database: Option<&str>, now: DateTime<Utc>) -> Self {
        Self::start_with(folder, database, Some(now), &[])
    }

    /// The same, by the time of the day unless another one is given, with other settings.
    pub(super) fn start_with(
        folder: &Path,
        database: Option<&str>,
        now: Option<DateTime<Utc>>,
        settings: &[(&str, &str)],
    ) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let log = folder.join(format!("log-{}.txt", NEXT.fetch_add(1, Ordering::SeqCst)));
        // TEST_PROGRAM: another build of the program, so that a long run is not disturbed by the next build.
        let program = std::env::var("TEST_PROGRAM");
        let program = program.unwrap_or_else(|_| env!("CARGO_BIN_EXE_hotline").to_owned());
        let mut command = Command::new(program);
        command
            .args(["demo", "--listen", "127.0.0.1:0", "--json", "--data"])
            .arg(folder);
        if let Some(now) = now {
            command.arg("--now").arg(now.to_rfc3339());
        }
        if let Some(url) = database {
            command.args(["--database", url]);
        }
        let mut child = command
            .env("HOTLINE_AUTH__ARGON2_MEMORY_KIB", "8")
            .env("HOTLINE_LIMITS__CLIENT_PER_MINUTE", "0")
            .env("HOTLINE_LIMITS__RESIDENT_PER_MINUTE", "0")
            .env("HOTLINE_AUTH__ARGON2_PASSES", "1")
            .env("HOTLINE_DATABASE__ACQUIRE_TIMEOUT_MS", "20000")
            .env("HOTLINE_LOG__FILTER", "error")
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let told = serde_json::from_str(&line);
        let Ok(told) = told else {
            let _ = child.kill();
            panic!("it does not start:\n{}", std::fs::read_to_string(&log).unwrap());
        };
        Self { child, log, told }
    }

    /// The process.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Where it answers.
    pub(super) fn base(&self) -> &str {
        self.told["base_url"].as_str().unwrap()
    }

    /// The code of a demonstration resident.
    pub(super) fn code(&self, phone: &str) -> &str {
        let residents = self.told["residents"].as_array().unwrap();
        let resident = residents.iter().find(|resident| resident["phone"] == phone);
        resident.unwrap()["code"].as_str().unwrap()
    }

    /// `kill -9`. What it wrote into its log until then is a fault.
    pub(super) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let log = std::fs::read_to_string(&self.log).unwrap();
        assert!(log.is_empty(), "{log}");
    }
}

impl Drop for Service {
    /// Nothing stays behind when a test fails.
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Waits until the server has ended what a dead client had begun: it reads what was sent before it sees the end.
pub(super) async fn is_gone(db: &DatabaseConnection) {
    const OTHERS: &str = "SELECT COUNT(*) AS n FROM pg_stat_activity WHERE datname = current_database() \
                          AND backend_type = 'client backend' AND pid <> pg_backend_pid()";
    for _ in 0..300 {
        let row = db
            .query_one_raw(Statement::from_string(db.get_database_backend(), OTHERS))
            .await
            .unwrap();
        let others: i64 = row.unwrap().try_get("", "n").unwrap();
        if others == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the server still holds connections of a process that is dead");
}
