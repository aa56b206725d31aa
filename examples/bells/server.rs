//! The service, as a process of its own, on data of its own.

use anyhow::{Context, ensure};
use sea_orm::{ConnectionTrait, Database};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Where the service answers.
pub const BASE: &str = "http://127.0.0.1:23456";

/// Where data lie.
#[derive(Clone, Debug)]
pub struct Data {
    /// Keys, configuration and the embedded database.
    pub folder: PathBuf,
    /// A PostgreSQL database instead of the embedded one.
    pub database: Option<String>,
}

impl Data {
    /// Where a tool finds the database.
    pub fn url(&self) -> String {
        match &self.database {
            Some(url) => url.clone(),
            None => format!("sqlite://{}", self.folder.join("hotline.sqlite").display()),
        }
    }

    /// The same once more, as another: nobody may be at work on it.
    pub async fn copied(&self, name: &str) -> anyhow::Result<Self> {
        let folder = self.folder.with_file_name(name);
        let status = Command::new("cp")
            .arg("-r")
            .arg(&self.folder)
            .arg(&folder)
            .status()?;
        ensure!(status.success(), "the data can't be copied");
        let Some(url) = &self.database else {
            return Ok(Self {
                folder,
                database: None,
            });
        };
        let (server, from) = url.rsplit_once('/').context("a database has a name")?;
        let (from, options) = from.split_once('?').unwrap_or((from, ""));
        let to = format!("{from}_{name}");
        let db = Database::connect(format!("{server}/postgres?{options}")).await?;
        db.execute_unprepared(&format!(r#"CREATE DATABASE "{to}" TEMPLATE "{from}""#))
            .await?;
        db.close().await?;
        Ok(Self {
            folder,
            database: Some(format!("{server}/{to}?{options}")),
        })
    }
}

/// The service at work.
pub struct Server {
    child: Child,
}

impl Server {
    /// Starts it, and waits until it is ready.
    pub async fn start(program: &Path, data: &Data, webhook: &str) -> anyhow::Result<Self> {
        let mut server = Self {
            child: spawn(program, data, webhook)?,
        };
        let http = reqwest::Client::builder().no_proxy().build()?;
        let begun = Instant::now();
        loop {
            let ready = http.get(format!("{BASE}/health/ready")).send().await;
            if ready.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(server);
            }
            ensure!(server.child.try_wait()?.is_none(), "the server has ended");
            ensure!(
                begun.elapsed() < Duration::from_mins(2),
                "the server does not get ready"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The processor time that it has had, without that of PostgreSQL (`proc_pid_stat(5)`: hundredths of a second).
    pub fn processor(&self) -> anyhow::Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let (_, fields) = stat.rsplit_once(')').context("a process has a name")?;
        let ticks = |nth: usize| -> anyhow::Result<u64> {
            Ok(fields.split_whitespace().nth(nth).context("a field")?.parse()?)
        };
        Ok(Duration::from_millis(10 * (ticks(11)? + ticks(12)?)))
    }

    /// Stops it, in order.
    pub fn stop(mut self) -> anyhow::Result<()> {
        let status = Command::new("kill").arg(self.child.id().to_string()).status()?;
        ensure!(status.success(), "the server can't be stopped");
        self.child.wait()?;
        Ok(())
    }
}

fn spawn(program: &Path, data: &Data, webhook: &str) -> anyhow::Result<Child> {
    let mut command = Command::new(program);
    command
        .args(["demo", "--json", "--listen"])
        .arg(BASE.trim_start_matches("http://"))
        .arg("--data")
        .arg(&data.folder)
        .env("HOTLINE_CALLBELL__WEBHOOK_URLS", format!("[\"{webhook}\"]"))
        .env(
            "HOTLINE_CALLBELL__WEBHOOK_SECRET",
            "whsec_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=",
        )
        .env("HOTLINE_OUTBOUND__ALLOW_HOSTS", "[\"127.0.0.1\"]")
        .env("HOTLINE_LOG__FILTER", "warn")
        .stdout(Stdio::null());
    if let Some(url) = &data.database {
        command.args(["--database", url]);
    }
    Ok(command.spawn()?)
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
    }
}
