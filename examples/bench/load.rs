//! Load by wrk. It has no way of its own to give each request another key and version, so a script of ours does; and
//! it takes less of the machine that it shares with the server than a client in Rust would.

use anyhow::{Context, ensure};
use serde::Deserialize;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A request to be sent.
pub struct Line {
    /// Method.
    pub method: &'static str,
    /// Path with query.
    pub path: String,
    /// What `If-Match` says.
    pub version: Option<i64>,
    /// Body, in one line.
    pub body: String,
}

impl Line {
    /// A GET.
    pub fn get(path: impl Into<String>) -> Self {
        Self {
            method: "GET",
            path: path.into(),
            version: None,
            body: String::new(),
        }
    }
}

/// What came of a run.
#[derive(Debug, Deserialize)]
pub struct Outcome {
    /// Answers.
    pub requests: u64,
    /// How long it took.
    pub seconds: f64,
    /// Answers of a status other than 2xx and 3xx.
    pub refused: u64,
    /// Connections that broke, and requests without an answer.
    pub broken: u64,
    /// Half of the answers came within.
    pub p50_ms: f64,
    /// 99 of 100 came within.
    pub p99_ms: f64,
}

impl Outcome {
    /// Answers.
    pub fn count(&self) -> f64 {
        u32::try_from(self.requests).map_or(f64::MAX, f64::from)
    }

    /// Answers a second.
    pub fn rate(&self) -> f64 {
        self.count() / self.seconds
    }
}

/// The load generator.
pub struct Wrk {
    folder: PathBuf,
    base: String,
    token: String,
    runs: u32,
}

impl Wrk {
    /// Against the server at `base`.
    pub fn new(folder: &Path, base: &str, token: &str) -> anyhow::Result<Self> {
        std::fs::write(folder.join("load.lua"), include_str!("load.lua"))?;
        Ok(Self {
            folder: folder.to_owned(),
            base: base.to_owned(),
            token: token.to_owned(),
            runs: 0,
        })
    }

    /// Sends these requests, over and over, for so many seconds. Any other status than a success is an error.
    pub async fn run(&mut self, lines: &[Line], connections: usize, seconds: u64) -> anyhow::Result<Outcome> {
        self.runs += 1;
        let file = self.folder.join("load.tsv");
        let mut out = std::io::BufWriter::new(std::fs::File::create(&file)?);
        for line in lines {
            let version = line
                .version
                .map(|version| version.to_string())
                .unwrap_or_default();
            writeln!(out, "{}\t{}\t{version}\t{}", line.method, line.path, line.body)?;
        }
        out.flush()?;
        drop(out);
        let mut wrk = Command::new("wrk");
        wrk.args(["--threads", "1", "--connections", &connections.to_string()])
            .args([
                "--duration",
                &format!("{seconds}s"),
                "--timeout",
                "10s",
                "--script",
            ])
            .arg(self.folder.join("load.lua"))
            .arg(&self.base)
            .env("BENCH_TOKEN", &self.token)
            .env("BENCH_LINES", &file)
            .env("BENCH_RUN", format!("bench-{}-{}", std::process::id(), self.runs));
        let output = tokio::task::spawn_blocking(move || wrk.output())
            .await?
            .context("wrk is missing (Debian: apt-get install wrk)")?;
        let told = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "wrk failed: {told}");
        let outcome: Outcome =
            serde_json::from_str(told.lines().last().unwrap_or_default()).context("wrk's summary")?;
        ensure!(
            outcome.refused == 0 && outcome.broken == 0 && outcome.requests > 0,
            "{} answers were refusals or errors, {} requests had none, of {}",
            outcome.refused,
            outcome.broken,
            outcome.requests
        );
        Ok(outcome)
    }
}
