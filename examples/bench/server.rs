//! The server under test, as a process of its own, and a client for what must be known before the load begins.

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long a start may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running server.
pub struct Server {
    command: Command,
    child: Child,
    port: u16,
    ended: bool,
    /// From its start to the first 200 of `/health/ready`.
    pub ready_after: Duration,
}

impl Server {
    /// Starts the program and waits until it is ready.
    pub async fn start(program: &Path, config: &Path, port: u16) -> anyhow::Result<Self> {
        let begun = Instant::now();
        let mut command = Command::new(program);
        command.arg("--config").arg(config).arg("serve");
        let child = command
            .spawn()
            .with_context(|| format!("can't start {}", program.display()))?;
        let mut server = Self {
            command,
            child,
            port,
            ended: false,
            ready_after: PATIENCE,
        };
        server.get_ready(begun).await?;
        Ok(server)
    }

    async fn get_ready(&mut self, begun: Instant) -> anyhow::Result<()> {
        while !is_ready(self.port).await {
            ensure!(begun.elapsed() < PATIENCE, "the server does not get ready");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        self.ready_after = begun.elapsed();
        Ok(())
    }

    /// Starts it again after a stop.
    pub async fn start_again(&mut self) -> anyhow::Result<()> {
        let begun = Instant::now();
        self.child = self.command.spawn()?;
        self.ended = false;
        self.get_ready(begun).await?;
        self.forget_peak()
    }

    /// Where it answers.
    pub fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Forgets the high-water mark of its memory.
    pub fn forget_peak(&self) -> anyhow::Result<()> {
        Ok(std::fs::write(self.proc("clear_refs"), "5")?)
    }

    /// MiB in memory now and at most since the mark was forgotten.
    pub fn memory_mib(&self) -> anyhow::Result<(f64, f64)> {
        let status = std::fs::read_to_string(self.proc("status"))?;
        let mib = |key: &str| -> anyhow::Result<f64> {
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix(key))
                .context("no such line")?;
            let kib: f64 = line.trim().trim_end_matches(" kB").trim().parse()?;
            Ok(kib / 1024.0)
        };
        Ok((mib("VmRSS:")?, mib("VmHWM:")?))
    }

    /// Seconds of processor time used so far.
    pub fn cpu_s(&self) -> anyhow::Result<f64> {
        cpu_s(&self.child.id().to_string())
    }

    fn proc(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{name}", self.child.id()))
    }

    /// Stops it as an operator would.
    pub fn stop(&mut self) -> anyhow::Result<()> {
        let told = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status()?;
        ensure!(told.success(), "the server can't be stopped");
        let status = self.child.wait()?;
        self.ended = true;
        ensure!(status.success(), "the server ended with {status}");
        Ok(())
    }
}

/// A failed measurement must not leave it running.
impl Drop for Server {
    fn drop(&mut self) {
        if !self.ended {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Seconds of processor time that a process has used.
pub fn cpu_s(process: &str) -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    let ticks = |at: usize| {
        fields
            .get(at)
            .and_then(|field| field.parse::<f64>().ok())
            .unwrap_or(0.0)
    };
    // Fields 14 and 15 of proc(5), in hundredths of a second on every Linux.
    Ok((ticks(11) + ticks(12)) / 100.0)
}

/// Asks by hand: a client library would take longer to start than the server does.
async fn is_ready(port: u16) -> bool {
    let ask = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
        let request = b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(request).await.ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.ok()?;
        answer.starts_with(b"HTTP/1.1 200").then_some(())
    };
    ask.await.is_some()
}

/// A client who is logged in.
#[derive(Clone)]
pub struct Api {
    base: String,
    http: reqwest::Client,
    /// For `Authorization`.
    pub token: String,
}

impl Api {
    /// Logs a member of staff in.
    pub async fn log_in(base: &str, user_name: &str, password: &str) -> anyhow::Result<Self> {
        let mut api = Self {
            base: base.to_owned(),
            http: reqwest::Client::builder().no_proxy().build()?,
            token: String::new(),
        };
        let body = json!({ "user_name": user_name, "password": password });
        let answer = api
            .http
            .post(format!("{base}/api/v1/auth/staff"))
            .json(&body)
            .send()
            .await?;
        let answer: Value = answer.error_for_status()?.json().await?;
        api.token = answer["access_token"].as_str().context("no token")?.to_owned();
        Ok(api)
    }

    /// A request to be sent.
    pub fn request(&self, method: &str, path: &str) -> anyhow::Result<reqwest::RequestBuilder> {
        let request = self.http.request(method.parse()?, format!("{}{path}", self.base));
        Ok(request.bearer_auth(&self.token))
    }

    /// A GET that must succeed.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let answer = self.request("GET", path)?.send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }

    /// A POST that must succeed.
    pub async fn post(
        &self,
        path: &str,
        key: &str,
        version: Option<i64>,
        body: &str,
    ) -> anyhow::Result<Value> {
        let request = self.request("POST", path)?;
        let request = request
            .header("Idempotency-Key", key)
            .header("Content-Type", "application/json");
        let request = match version {
            Some(version) => request.header("If-Match", format!("\"{version}\"")),
            None => request,
        };
        let answer = request.body(body.to_owned()).send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        ensure!(status.is_success(), "{path}: {status} {text}");
        Ok(serde_json::from_str(&text)?)
    }
}
