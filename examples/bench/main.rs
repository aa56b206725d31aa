//! Measures a running server against the bare driver, on one database: `scripts/bench.sh` calls it for each. What it
//! does and how its figures are to be read stands in bench/README.md.

#![expect(
    clippy::pedantic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a measuring instrument that talks to who runs it"
)]

mod bare;
mod jobs;
mod load;
mod server;
mod statements;

use anyhow::Context;
use bare::{Bare, Load};
use clap::Parser;
use entity::id::{SessionId, TicketId};
use entity::{session, ticket};
use hotline::app::App;
use hotline::demo;
use hotline::demo::generate::{self, Dice, MATTERS, Order};
use hotline::platform::clock::Clock;
use hotline::platform::config::Config;
use hotline::platform::kit::Kit;
use load::{Line, Wrk};
use sea_orm::{ConnectionTrait, EntityTrait, PaginatorTrait, QueryOrder, QuerySelect, Statement};
use serde_json::json;
use server::{Api, Server};
use statements::{Maker, under_way};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What to measure.
#[derive(Parser)]
struct Args {
    /// The database: filled first if it is empty.
    #[arg(long)]
    database: String,
    /// Folder for keys and configuration.
    #[arg(long)]
    folder: PathBuf,
    /// The program.
    #[arg(long)]
    program: PathBuf,
    /// Tickets in the database.
    #[arg(long, default_value_t = 100_000)]
    tickets: usize,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Operations to measure, by name; all unless given.
    #[arg(long)]
    only: Vec<String>,
    /// Timers that are due at once.
    #[arg(long, default_value_t = 500)]
    timers: u64,
    /// Numbers of connections.
    #[arg(long, value_delimiter = ',', default_value = "1,16,64")]
    connections: Vec<usize>,
}

const PAGE: usize = 1_000;
const MOST: usize = usize::MAX;
const SEED: u64 = 12_345;

/// Words of two characters, each in the texts of one or more matters.
const WORDS: &[&str] = &[
    "路灯", "噪声", "漏水", "电梯", "垃圾", "押金", "充电", "监控", "停车", "报名",
];

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    std::fs::create_dir_all(&args.folder)?;
    let port = free_port()?;
    let file = configure(&args, port)?;
    let config = Config::load(Some(&file))?;
    let app = App::open(config.clone(), Clock::system(), true).await?;
    let begun = Instant::now();
    demo::seed(app.kit()).await?;
    app.desk.refresh().await?;
    let there = ticket::Entity::find().count(app.kit().db.read()).await?;
    if there == 0 {
        let order = Order {
            tickets: args.tickets,
            seed: SEED,
        };
        let made = generate::run(&app.desk, order, |_| {}).await?;
        tidy(app.kit()).await?;
        note(&format!(
            "{} tickets with {} entries made in {:.0} s",
            made.tickets,
            made.entries,
            begun.elapsed().as_secs_f64()
        ));
    }
    Bench::new(args, (app, config), &file, port).await?.run().await
}

fn note(line: &str) {
    eprintln!("bench: {line}");
}

fn free_port() -> anyhow::Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// The settings of the server under test: the defaults, without second factors and with messages that go nowhere.
fn configure(args: &Args, port: u16) -> anyhow::Result<PathBuf> {
    let folder = args.folder.canonicalize()?;
    let file = folder.join("bench.toml");
    let text = format!(
        "[server]\nlisten = '127.0.0.1:{port}'\npublic_url = 'http://127.0.0.1:{port}'\n\
         [database]\nurl = '{}'\n[secrets]\nmaster_key_file = '{}'\n\
         [auth]\naccess_ttl_s = 3600\nsecond_factor = false\n[sms]\nlog_only = true\n\
         [blob]\nurl = 'file://{}'\n[log]\nfilter = 'warn'\n",
        args.database,
        folder.join("master.key").display(),
        folder.join("attachments").display(),
    );
    std::fs::write(&file, text)?;
    Ok(file)
}

/// What PostgreSQL would have done by itself by the time that so many tickets were there.
async fn tidy(kit: &Kit) -> anyhow::Result<()> {
    if !kit.db.is_sqlite() {
        kit.db.read().execute_unprepared("VACUUM ANALYZE").await?;
        // Else the first requests would write out what the filling left in memory.
        kit.db.read().execute_unprepared("CHECKPOINT").await?;
    }
    Ok(())
}

struct Bench {
    args: Args,
    app: App,
    config: Config,
    server: Server,
    api: Api,
    wrk: Wrk,
    /// As a supervisor, who watches.
    watch: Wrk,
    bare: Bare,
    session: SessionId,
    starts: Vec<Duration>,
    peak_mib: f64,
    now_mib: f64,
}

impl Bench {
    async fn new(args: Args, (app, config): (App, Config), file: &Path, port: u16) -> anyhow::Result<Self> {
        let mut starts = Vec::new();
        for _ in 0..3 {
            let mut server = Server::start(&args.program, file, port).await?;
            starts.push(server.ready_after);
            server.stop()?;
        }
        starts.sort();
        let server = Server::start(&args.program, file, port).await?;
        let api = Api::log_in(&server.base(), "operator", demo::PASSWORD).await?;
        let newest = session::Entity::find()
            .order_by_desc(session::Column::Id)
            .one(app.kit().db.read())
            .await?
            .context("a session")?;
        let supervisor = Api::log_in(&server.base(), "supervisor", demo::PASSWORD).await?;
        server.forget_peak()?;
        let settings = &app.kit().config.database;
        Ok(Self {
            bare: Bare::open(&args.database, settings.connections, settings.read_connections).await?,
            wrk: Wrk::new(&args.folder, &server.base(), &api.token)?,
            watch: Wrk::new(&args.folder, &server.base(), &supervisor.token)?,
            session: newest.id,
            peak_mib: 0.0,
            now_mib: 0.0,
            args,
            app,
            config,
            server,
            api,
            starts,
        })
    }

    async fn run(mut self) -> anyhow::Result<()> {
        self.head();
        let random = self.random_tickets().await?;
        let lines = random
            .iter()
            .map(|id| Line::get(format!("/api/v1/tickets/{id}")))
            .collect::<Vec<_>>();
        let bare = self.maker().get(&random);
        self.measure("get", &lines, &bare).await?;
        let bare = self.maker().list(None);
        self.measure("list, page 1", &[Line::get("/api/v1/tickets")], &bare)
            .await?;
        let (cursor, before) = self.walk().await?;
        let bare = self.maker().list(Some(before));
        self.measure(
            "list, page 1,000",
            &[Line::get(format!("/api/v1/tickets?cursor={cursor}"))],
            &bare,
        )
        .await?;
        let lines: Vec<Line> = WORDS
            .iter()
            .map(|word| Line::get(format!("/api/v1/tickets?q={}", encoded(word))))
            .collect();
        let bare = self.maker().search(WORDS)?;
        self.measure("search", &lines, &bare).await?;
        self.watched().await?;
        let noted = self.note_once().await?;
        let bare = self.maker().note(noted).await?;
        self.measure("act", &[], &bare).await?;
        let created = self.create_once().await?;
        let bare = self.maker().create(created).await?;
        self.measure("create", &self.registrations()?, &bare).await?;
        self.foot().await
    }

    /// What a supervisor has open. What it is compared with is the same with fewer tickets.
    async fn watched(&mut self) -> anyhow::Result<()> {
        let queues = [
            "queue=unsigned",
            "queue=overdue&sort=due",
            "lamp=yellow",
            "queue=callback",
            "state=in_progress",
        ];
        let lines: Vec<Line> = queues
            .iter()
            .map(|queue| Line::get(format!("/api/v1/tickets?{queue}")))
            .collect();
        self.alone("queue pages", &lines, MOST).await?;
        self.alone("counts", &[Line::get("/api/v1/queues")], MOST).await?;
        self.alone("desk", &[Line::get("/api/v1/desk")], MOST).await?;
        let (from, to) = ("2026-10-01", "2026-10-31");
        let figures = format!("/api/v1/figures?from={from}&to={to}&by=unit");
        self.alone("figures, month", &[Line::get(figures)], 1).await
    }

    fn is_wanted(&self, name: &str) -> bool {
        let word = name.split([',', ' ']).next().unwrap_or_default();
        self.args.only.is_empty() || self.args.only.iter().any(|only| only == word)
    }

    /// The server alone. What its pages need has been read before: a second of the same is not counted.
    async fn alone(&mut self, name: &str, lines: &[Line], most: usize) -> anyhow::Result<()> {
        if !self.is_wanted(name) {
            return Ok(());
        }
        let all = self.args.connections.clone();
        for connections in all.into_iter().filter(|connections| *connections <= most) {
            self.watch.run(lines, connections, 1).await?;
            let cpu = self.server.cpu_s()?;
            let outcome = self.watch.run(lines, connections, self.args.seconds).await?;
            let cpu_us = 1e6 * (self.server.cpu_s()? - cpu) / outcome.count();
            let (now, peak) = self.server.memory_mib()?;
            (self.now_mib, self.peak_mib) = (now, self.peak_mib.max(peak));
            say(&format!(
                "| {name} | | {connections} | {:.0} | {:.1} | {:.1} | {cpu_us:.0} | | | | |",
                outcome.rate(),
                outcome.p50_ms,
                outcome.p99_ms,
            ));
        }
        Ok(())
    }

    /// The background work, while no server runs.
    async fn jobs(&self) -> anyhow::Result<()> {
        let config = &self.config;
        if self.is_wanted("sweep") {
            let idle = jobs::idle(config, 2_000).await?;
            let some = jobs::sweep(config, self.args.timers).await?;
            say(&format!(
                "\nTimers: {:.0} µs for each of {} that are due, {:.0} µs for a look when none is.",
                some.each_us(),
                some.count,
                idle.each_us()
            ));
        }
        if self.is_wanted("recount") {
            let done = jobs::recount(config).await?;
            say(&format!(
                "\nA changed calendar: {} clocks counted again in {:.1} s, {:.0} µs each.",
                done.count,
                done.took.as_secs_f64(),
                done.each_us()
            ));
        }
        Ok(())
    }

    fn maker(&self) -> Maker<'_> {
        Maker::new(self.app.kit(), &self.bare, self.session, "/440703/".to_owned())
    }

    /// The server first, then the bare driver, at each number of connections.
    async fn measure(&mut self, name: &str, lines: &[Line], bare: &Arc<Load>) -> anyhow::Result<()> {
        if !self.is_wanted(name) {
            return Ok(());
        }
        for connections in self.args.connections.clone() {
            let notes;
            let lines = if lines.is_empty() {
                notes = self.notes().await?;
                &notes
            } else {
                lines
            };
            let cpu = self.server.cpu_s()?;
            let outcome = self.wrk.run(lines, connections, self.args.seconds).await?;
            let cpu_us = 1e6 * (self.server.cpu_s()? - cpu) / outcome.count();
            let (now, peak) = self.server.memory_mib()?;
            (self.now_mib, self.peak_mib) = (now, self.peak_mib.max(peak));
            let behind = self.rest().await?;
            // A server that is there would work on the events that the bare driver writes.
            if bare.writes() {
                self.server.stop()?;
            }
            let cpu = server::cpu_s("self")?;
            let (rate, count) = self.bare.run(bare, connections, self.args.seconds).await?;
            let bare_cpu_us = 1e6 * (server::cpu_s("self")? - cpu) / count;
            if bare.writes() {
                self.server.start_again().await?;
                self.rest().await?;
            }
            let behind = if behind > Duration::from_millis(1500) {
                format!("jobs done {:.1} s later", behind.as_secs_f64())
            } else {
                String::new()
            };
            say(&format!(
                "| {name} | {} | {connections} | {:.0} | {:.1} | {:.1} | {cpu_us:.0} | {rate:.0} | {bare_cpu_us:.0} | {:.0} % | {behind} |",
                bare.statements(),
                outcome.rate(),
                outcome.p50_ms,
                outcome.p99_ms,
                100.0 * outcome.rate() / rate,
            ));
        }
        Ok(())
    }

    /// Waits until the jobs have done what the requests left to them; how long it took.
    async fn rest(&self) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        let sql = "SELECT (SELECT COUNT(*) FROM notice WHERE state = 'pending') AS notices, \
                   (SELECT MAX(seq) FROM event) AS events, (SELECT MIN(position) FROM consumer_cursor) AS seen";
        let conn = self.app.kit().db.read();
        loop {
            let statement = Statement::from_string(conn.get_database_backend(), sql);
            let row = conn.query_one_raw(statement).await?.context("no answer")?;
            let (notices, events, seen): (i64, i64, i64) = (
                row.try_get("", "notices")?,
                row.try_get("", "events")?,
                row.try_get("", "seen")?,
            );
            // On PostgreSQL positions have no gaps where the sequence has.
            let waits = if self.app.kit().db.is_sqlite() {
                seen < events
            } else {
                self.unseen(seen).await?
            };
            if (notices == 0 && !waits) || begun.elapsed() > Duration::from_secs(120) {
                return Ok(begun.elapsed());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn unseen(&self, seen: i64) -> anyhow::Result<bool> {
        let conn = self.app.kit().db.read();
        let sql = format!(
            "SELECT EXISTS (SELECT 1 FROM event WHERE position IS NULL OR position > {seen}) AS waits"
        );
        let row = conn
            .query_one_raw(Statement::from_string(conn.get_database_backend(), sql))
            .await?;
        Ok(row.context("no answer")?.try_get("", "waits")?)
    }

    async fn random_tickets(&self) -> anyhow::Result<Vec<TicketId>> {
        let all: Vec<TicketId> = ticket::Entity::find()
            .select_only()
            .column(ticket::Column::Id)
            .into_tuple()
            .all(self.app.kit().db.read())
            .await?;
        let mut dice = Dice(7);
        Ok((0..2_000).map(|_| *dice.pick(&all)).collect())
    }

    /// Follows the cursors once, in pages of twenty; the cursor of page 1,000 and the ticket before it.
    async fn walk(&self) -> anyhow::Result<(String, TicketId)> {
        let mut path = "/api/v1/tickets".to_owned();
        let mut last = None;
        for _ in 1..PAGE {
            let page = self.api.get(&path).await?;
            let Some(cursor) = page["next_cursor"].as_str() else {
                break;
            };
            path = format!("/api/v1/tickets?cursor={cursor}");
            let id = page["items"]
                .as_array()
                .and_then(|items| items.last())
                .and_then(|item| item["id"].as_str());
            last = Some((cursor.to_owned(), id.context("an id")?.parse()?));
        }
        last.context("a second page")
    }

    /// Notes on every second ticket under way, the newest first, each with the version that it has now. The others
    /// are the bare driver's.
    async fn notes(&self) -> anyhow::Result<Vec<Line>> {
        let open = under_way(self.app.kit()).await?;
        let body = json!({ "action": "note", "internal_text": "已电话催办，经办人答复明天上午到现场。" })
            .to_string();
        Ok(open
            .into_iter()
            .step_by(2)
            .map(|ticket| Line {
                method: "POST",
                path: format!("/api/v1/tickets/{}/actions", ticket.id),
                version: Some(ticket.version),
                body: body.clone(),
            })
            .collect())
    }

    async fn note_once(&self) -> anyhow::Result<TicketId> {
        let line = self
            .notes()
            .await?
            .into_iter()
            .next()
            .context("a ticket under way")?;
        let key = format!("bench-note-{}", std::process::id());
        let answer = self.api.post(&line.path, &key, line.version, &line.body).await?;
        Ok(answer["id"].as_str().context("an id")?.parse()?)
    }

    async fn create_once(&self) -> anyhow::Result<TicketId> {
        let line = self
            .registrations()?
            .into_iter()
            .next()
            .context("a registration")?;
        let key = format!("bench-create-{}", std::process::id());
        let answer = self.api.post(&line.path, &key, None, &line.body).await?;
        Ok(answer["ticket"]["id"].as_str().context("an id")?.parse()?)
    }

    /// Registrations by telephone, of callers whom the register knows.
    fn registrations(&self) -> anyhow::Result<Vec<Line>> {
        let known = places()?;
        let mut dice = Dice(99);
        Ok((0..5_000)
            .map(|_| {
                let matter = dice.pick(MATTERS);
                let place = dice.pick(&known);
                let body = json!({
                    "requester": { "phone": generate::phone(dice.below(generate::callers(self.args.tickets))) },
                    "category": matter.code,
                    "title": matter.title,
                    "content": matter.text,
                    "place": { "address": format!("{place}幸福路{}号", 1 + dice.below(200)) },
                });
                Line {
                    method: "POST",
                    path: "/api/v1/tickets".to_owned(),
                    version: None,
                    body: body.to_string(),
                }
            })
            .collect())
    }

    fn head(&self) {
        let kind = if self.app.kit().db.is_sqlite() {
            "SQLite"
        } else {
            "PostgreSQL"
        };
        say(&format!(
            "\n### {kind}, {} tickets, {} s each\n",
            self.args.tickets, self.args.seconds
        ));
        say(
            "| operation | statements | connections | req/s | p50 ms | p99 ms | CPU µs | bare/s | bare CPU µs | ratio | |",
        );
        say("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |");
    }

    async fn foot(mut self) -> anyhow::Result<()> {
        say(&format!(
            "\nMemory of the server: {:.0} MiB at most, {:.0} MiB at the end. Ready {:.0} ms after its start \
             (median of three).",
            self.peak_mib,
            self.now_mib,
            self.starts[self.starts.len() / 2].as_secs_f64() * 1000.0
        ));
        self.server.stop()?;
        self.jobs().await
    }
}

/// Communities with their sub-districts, as people say them.
fn places() -> anyhow::Result<Vec<String>> {
    let text = include_str!("../../seed/organisation.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let head = reader.headers()?.clone();
    let column = |name: &str| {
        head.iter()
            .position(|known| known == name)
            .context("a column of the list of units")
    };
    let (code, parent, name, kind) = (
        column("code")?,
        column("parent_code")?,
        column("name")?,
        column("kind")?,
    );
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>()?;
    let above = |of: &str| {
        rows.iter()
            .find(|row| &row[code] == of)
            .map(|row| row[name].to_owned())
            .unwrap_or_default()
    };
    Ok(rows
        .iter()
        .filter(|row| &row[kind] == "community")
        .map(|row| format!("{}{}", above(&row[parent]), &row[name]))
        .collect())
}

fn encoded(word: &str) -> String {
    word.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn say(line: &str) {
    println!("{line}");
}
