//! What other systems have of the service: webhooks (deliveries a second, and how long after its commit an event is
//! there), the stream of events to a thousand who listen, and exports (time, and memory, which must not grow with them).
//!
//! Run by `scripts/bench-outbound.sh`; what is measured and how to read it: bench/README.md.

#![expect(
    clippy::pedantic,
    clippy::as_conversions,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a measuring instrument with a clock of its own, that talks to who runs it"
)]

mod listeners;
#[path = "../bench/server.rs"]
#[expect(dead_code, reason = "of what the other instrument has, this one takes a part")]
mod server;
mod sink;

use anyhow::{Context, ensure};
use chrono::{DateTime, Utc};
use clap::Parser;
use entity::ticket;
use futures_util::StreamExt;
use hotline::app::App;
use hotline::demo;
use hotline::demo::generate::{self, Order};
use hotline::platform::clock::Clock;
use hotline::platform::config::Config;
use sea_orm::{ConnectionTrait, EntityTrait, PaginatorTrait};
use serde_json::json;
use server::{Api, Server};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

#[derive(Parser)]
struct Args {
    /// The database: filled first if it is empty.
    #[arg(long)]
    database: String,
    /// Folder for keys, files and configuration.
    #[arg(long)]
    folder: PathBuf,
    /// The program.
    #[arg(long)]
    program: PathBuf,
    /// Tickets in the database.
    #[arg(long, default_value_t = 100_000)]
    tickets: usize,
    /// Seconds of each measurement of delays.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Tickets a second that are registered meanwhile.
    #[arg(long, default_value_t = 50)]
    rate: u32,
    /// Who listen to the stream.
    #[arg(long, default_value_t = 1_000)]
    listeners: usize,
    /// What to measure: `webhooks`, `stream`, `export`; all unless given.
    #[arg(long)]
    only: Vec<String>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    std::fs::create_dir_all(&args.folder)?;
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let file = configure(&args, port)?;
    fill(&args, &file).await?;
    let server = Server::start(&args.program, &file, port).await?;
    let bench = Bench {
        operator: Api::log_in(&server.base(), "operator", demo::PASSWORD).await?,
        supervisor: Api::log_in(&server.base(), "supervisor", demo::PASSWORD).await?,
        admin: Api::log_in(&server.base(), "sysadmin", demo::PASSWORD).await?,
        server,
        args,
    };
    let engine = if bench.args.database.starts_with("sqlite") {
        "SQLite"
    } else {
        "PostgreSQL"
    };
    println!("\n### {engine}, {} tickets\n", bench.args.tickets);
    if bench.wants("export") {
        bench.exports().await?;
    }
    if bench.wants("webhooks") {
        bench.webhooks().await?;
    }
    if bench.wants("stream") {
        bench.stream().await?;
    }
    let mut bench = bench;
    bench.server.stop()
}

/// The settings of the server under test: the defaults, but that it may speak to this machine.
fn configure(args: &Args, port: u16) -> anyhow::Result<PathBuf> {
    let folder = args.folder.canonicalize()?;
    let file = folder.join("bench.toml");
    let text = format!(
        "[server]\nlisten = '127.0.0.1:{port}'\npublic_url = 'http://127.0.0.1:{port}'\n\
         [database]\nurl = '{}'\n[secrets]\nmaster_key_file = '{}'\n\
         [auth]\naccess_ttl_s = 3600\nsecond_factor = false\n[sms]\nlog_only = true\n\
         [outbound]\nallow_hosts = ['127.0.0.1']\n[bulk]\nscratch = '{}'\n\
         [blob]\nurl = 'file://{}'\n[log]\nfilter = 'warn'\n",
        args.database,
        folder.join("master.key").display(),
        folder.display(),
        folder.join("attachments").display(),
    );
    std::fs::write(&file, text)?;
    Ok(file)
}

async fn fill(args: &Args, file: &std::path::Path) -> anyhow::Result<()> {
    let app = App::open(Config::load(Some(file))?, Clock::system(), true).await?;
    demo::seed(app.kit()).await?;
    app.desk.refresh().await?;
    let db = &app.kit().db;
    if ticket::Entity::find().count(db.read()).await? > 0 {
        return Ok(());
    }
    let (begun, order) = (
        Instant::now(),
        Order {
            tickets: args.tickets,
            seed: 12_345,
        },
    );
    generate::run(&app.desk, order, |_| {}).await?;
    if !db.is_sqlite() {
        db.read().execute_unprepared("VACUUM ANALYZE").await?;
        db.read().execute_unprepared("CHECKPOINT").await?;
    }
    eprintln!(
        "outbound: {} tickets made in {:.0} s",
        args.tickets,
        begun.elapsed().as_secs_f64()
    );
    Ok(())
}

struct Bench {
    args: Args,
    server: Server,
    operator: Api,
    supervisor: Api,
    admin: Api,
}

/// The share of times in milliseconds.
fn percentile(times: &mut [f64], of_hundred: usize) -> f64 {
    times.sort_by(f64::total_cmp);
    let rank = (times.len() * of_hundred).div_ceil(100).max(1) - 1;
    times.get(rank).copied().unwrap_or_default()
}

fn since(at: DateTime<Utc>, then: DateTime<Utc>) -> f64 {
    (then - at).num_microseconds().unwrap_or(i64::MAX) as f64 / 1000.0
}

impl Bench {
    fn wants(&self, name: &str) -> bool {
        self.args.only.is_empty() || self.args.only.iter().any(|only| only == name)
    }

    /// Registers tickets at a rate, whatever the service does, for some seconds.
    async fn register(&self, rate: u32, over: Duration) -> anyhow::Result<u64> {
        let wanted = u64::from(rate) * over.as_secs();
        let mut ticks = tokio::time::interval(Duration::from_secs(1) / rate);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Burst);
        let operator = Arc::new(self.operator.clone());
        let mut asking = Vec::new();
        for _ in 0..wanted {
            ticks.tick().await;
            asking.push(tokio::spawn(one(Arc::clone(&operator))));
        }
        for asked in asking {
            asked.await??;
        }
        Ok(wanted)
    }

    async fn webhook(&self, sink: &sink::Sink, path: &str, unit: &str) -> anyhow::Result<(String, i64)> {
        let body = json!({ "url": format!("{}{path}", sink.base), "types": ["ticket.*"], "unit_id": unit });
        let made = self
            .admin
            .post("/api/v1/webhooks", &key(), None, &body.to_string())
            .await?;
        let id = made["webhook"]["id"].as_str().context("an id")?.to_owned();
        Ok((id, 1))
    }

    async fn webhooks(&self) -> anyhow::Result<()> {
        let sink = sink::Sink::start()?;
        let units = self.admin.get("/api/v1/units").await?;
        let units = units["items"].as_array().context("units")?;
        let unit = units
            .iter()
            .find(|unit| unit["code"] == "440703")
            .context("the district")?;
        let unit = unit["id"].as_str().context("an id")?;
        println!(
            "| webhooks | events a second | deliveries | lost | twice | commit → received p50 ms | p99 | worst |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
        );
        let (quick, _) = self.webhook(&sink, "/quick", unit).await?;
        self.delays(&sink, "one that answers at once").await?;
        let (slow, _) = self.webhook(&sink, "/slow", unit).await?;
        self.delays(&sink, "the same beside one that takes 5 s for each answer")
            .await?;
        for id in [&quick, &slow] {
            self.admin.delete(&format!("/api/v1/webhooks/{id}")).await?;
        }
        // What has gathered while it was off, as fast as it goes.
        let (id, version) = self.webhook(&sink, "/quick", unit).await?;
        let path = format!("/api/v1/webhooks/{id}");
        self.admin
            .patch(&path, version, &json!({ "state": "off" }))
            .await?;
        let registered = self.register(200, Duration::from_secs(20)).await?;
        tokio::time::sleep(Duration::from_secs(3)).await;
        sink.forget();
        let cpu = self.server.cpu_s()?;
        self.admin
            .patch(&path, version + 1, &json!({ "state": "active" }))
            .await?;
        let begun = Instant::now();
        let count = sink.until_quiet(Duration::from_secs(4)).await;
        let took = begun.elapsed().as_secs_f64() - 4.0;
        ensure!(
            count as u64 >= registered,
            "{count} deliveries of {registered} tickets"
        );
        println!(
            "\n{count} deliveries that had waited: {:.0} a second, {:.0} µs of processor time each.\n",
            count as f64 / took,
            1e6 * (self.server.cpu_s()? - cpu) / count as f64
        );
        self.admin.delete(&path).await?;
        Ok(())
    }

    async fn delays(&self, sink: &sink::Sink, name: &str) -> anyhow::Result<()> {
        sink.forget();
        // Where the log is now.
        one(Arc::new(self.operator.clone())).await?;
        sink.until_quiet(Duration::from_secs(2)).await;
        let after = sink
            .got()
            .iter()
            .map(|got| got.position)
            .max()
            .context("a delivery")?;
        sink.forget();
        let registered = self
            .register(self.args.rate, Duration::from_secs(self.args.seconds))
            .await?;
        sink.until_quiet(Duration::from_secs(3)).await;
        let got = sink.got();
        let wanted = self.events_after(after).await?;
        let mut first: std::collections::HashMap<&str, f64> = std::collections::HashMap::new();
        let mut twice = 0;
        for one in &got {
            let delay = since(one.timestamp, one.received);
            if first.insert(&one.id, delay).is_some() {
                twice += 1;
            }
        }
        let lost = wanted
            .iter()
            .filter(|id| !first.contains_key(id.as_str()))
            .count();
        let mut times: Vec<f64> = first.values().copied().collect();
        ensure!(
            times.len() as u64 >= registered,
            "{} deliveries for {registered} tickets",
            times.len()
        );
        ensure!(lost == 0, "{lost} events were not delivered");
        println!(
            "| {name} | {:.0} | {} | {lost} | {twice} | {:.0} | {:.0} | {:.0} |",
            got.len() as f64 / self.args.seconds as f64,
            got.len(),
            percentile(&mut times, 50),
            percentile(&mut times, 99),
            percentile(&mut times, 100),
        );
        Ok(())
    }

    /// Ids of the events of tickets after a place in the log.
    async fn events_after(&self, mut after: i64) -> anyhow::Result<Vec<String>> {
        let mut ids = Vec::new();
        loop {
            let page = self
                .supervisor
                .get(&format!("/api/v1/events?types=ticket.*&limit=100&after={after}"))
                .await?;
            let items = page["items"].as_array().context("items")?;
            ids.extend(
                items
                    .iter()
                    .filter_map(|item| item["id"].as_str().map(str::to_owned)),
            );
            if page["more"] == false {
                return Ok(ids);
            }
            after = page["next_after"].as_i64().context("a place")?;
        }
    }

    async fn stream(&self) -> anyhow::Result<()> {
        let (before, _) = self.server.memory_mib()?;
        let all =
            listeners::Listeners::start(&self.server.base(), &self.supervisor.token, self.args.listeners)
                .await?;
        let cpu = self.server.cpu_s()?;
        let registered = self.register(5, Duration::from_secs(self.args.seconds)).await?;
        tokio::time::sleep(Duration::from_secs(3)).await;
        let cpu = self.server.cpu_s()? - cpu;
        let (_, peak) = self.server.memory_mib()?;
        let (mut times, least, most) = all.heard();
        ensure!(
            least as u64 >= registered && least == most,
            "they heard {least} to {most} events"
        );
        println!(
            "{} who listen to the stream, {least} events each in {} s: commit → received p50 {:.0} ms, p99 {:.0} ms, worst {:.0} ms; \
             {:.1} µs of processor time for each event and listener, {:.0} KiB of memory for each listener.\n",
            self.args.listeners,
            self.args.seconds,
            percentile(&mut times, 50),
            percentile(&mut times, 99),
            percentile(&mut times, 100),
            1e6 * cpu / times.len() as f64,
            (peak - before).max(0.0) * 1024.0 / self.args.listeners as f64,
        );
        Ok(())
    }

    async fn exports(&self) -> anyhow::Result<()> {
        println!(
            "| export | lines | seconds | lines a second | MiB | memory before MiB | peak MiB | download s |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
        );
        for format in ["csv", "xlsx"] {
            tokio::time::sleep(Duration::from_secs(1)).await;
            self.server.forget_peak()?;
            let (before, _) = self.server.memory_mib()?;
            let body = json!({ "format": format, "reason": "benchmark", "tickets": {} }).to_string();
            let begun = Instant::now();
            let made = self
                .supervisor
                .post("/api/v1/exports", &key(), None, &body)
                .await?;
            let path = format!("/api/v1/exports/{}", made["id"].as_str().context("an id")?);
            let shown = loop {
                tokio::time::sleep(Duration::from_millis(200)).await;
                let shown = self.supervisor.get(&path).await?;
                match shown["state"].as_str() {
                    Some("done") => break shown,
                    Some("waiting" | "running") => {}
                    other => anyhow::bail!("it ended as {other:?}"),
                }
            };
            let took = begun.elapsed().as_secs_f64();
            let (_, peak) = self.server.memory_mib()?;
            let lines = shown["written"].as_u64().context("lines")?;
            ensure!(lines >= self.args.tickets as u64, "{lines} lines");
            let begun = Instant::now();
            let size = self.supervisor.download(&format!("{path}/file")).await?;
            ensure!(Some(size) == shown["size_bytes"].as_u64(), "{size} bytes");
            println!(
                "| {format} | {lines} | {took:.1} | {:.0} | {:.0} | {before:.0} | {peak:.0} | {:.1} |",
                lines as f64 / took,
                size as f64 / 1048576.0,
                begun.elapsed().as_secs_f64(),
            );
            self.supervisor.delete(&path).await?;
        }
        println!();
        Ok(())
    }
}

fn key() -> String {
    uuid::Uuid::new_v4().to_string()
}

impl Api {
    async fn patch(&self, path: &str, version: i64, body: &serde_json::Value) -> anyhow::Result<()> {
        let request = self
            .request("PATCH", path)?
            .header("If-Match", format!("\"{version}\""))
            .json(body);
        request.send().await?.error_for_status()?;
        Ok(())
    }

    async fn delete(&self, path: &str) -> anyhow::Result<()> {
        // What takes a version is not changed by anybody else meanwhile.
        let shown = self.request("GET", path)?.send().await?;
        let version = shown.headers().get("etag").cloned();
        let mut request = self.request("DELETE", path)?;
        if let Some(version) = version {
            request = request.header("If-Match", version);
        }
        request.send().await?.error_for_status()?;
        Ok(())
    }

    /// How many bytes a file has.
    async fn download(&self, path: &str) -> anyhow::Result<u64> {
        let answer = self.request("GET", path)?.send().await?.error_for_status()?;
        let mut stream = answer.bytes_stream();
        let mut size = 0;
        while let Some(piece) = stream.next().await {
            size += piece?.len() as u64;
        }
        Ok(size)
    }
}

async fn one(operator: Arc<Api>) -> anyhow::Result<()> {
    let body = json!({ "requester": { "phone": "13900000001" }, "category": "120302", "title": "广场舞噪声", "content": "很吵",
        "place": { "address": "羊桥社区" } });
    operator
        .post("/api/v1/tickets", &key(), None, &body.to_string())
        .await?;
    Ok(())
}
