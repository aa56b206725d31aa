//! How long a press takes: until the bell has its answer, and until the first message is handed over, at some presses a
//! second, with thousands of bells that give signs of life and people who take calls on and close them. Then the same with
//! a million closed calls in the database.
//!
//! Run by `scripts/bench-bells.sh`; what is measured and how to read it: bench/README.md.

mod console;
mod past;
mod people;

use anyhow::{Context, ensure};
use clap::Parser;
use hotline::demo::generate::dice::Dice;
use hotline::simulate::{Bell, Line, Plan, register, run};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The community of the bells.
const UNIT: &str = "440703002101";

#[derive(Debug, Parser)]
struct Args {
    /// The built program.
    #[arg(long)]
    program: PathBuf,
    /// A folder for the data.
    #[arg(long)]
    folder: PathBuf,
    /// A PostgreSQL database instead of the embedded one.
    #[arg(long)]
    database: Option<String>,
    /// Bells.
    #[arg(long, default_value_t = 10_000)]
    devices: usize,
    /// Presses a second, one measurement each.
    #[arg(long, value_delimiter = ',', default_value = "1,20,100")]
    rates: Vec<u32>,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Closed calls for the second half.
    #[arg(long, default_value_t = 1_000_000)]
    closed: u32,
}

#[expect(clippy::print_stdout, reason = "the table is what it is for")]
fn say(line: &str) {
    println!("{line}");
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    std::fs::create_dir_all(&args.folder)?;
    let console = console::Console::start()?;
    let mut server = Server::start(&args, &console.url).await?;
    let bells = register(
        &server.base,
        ("lead-440703002101", hotline::demo::PASSWORD),
        UNIT,
        ("BENCH", args.devices),
    )
    .await?;
    say(&format!(
        "\n{}, {} bells that give a sign of life each minute\n\n\
         | closed calls | presses a second | presses | answer p50 ms | p99 | worst | first message p50 ms | p99 | worst |\n\
         | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        if args.database.is_some() {
            "PostgreSQL"
        } else {
            "SQLite"
        },
        args.devices
    ));
    for (nth, rate) in args.rates.iter().enumerate() {
        measure(&args, &server, &console, &bells, (0, *rate, nth)).await?;
    }
    server.stop()?;
    past::fill(args.database.as_deref(), &args.folder, args.closed).await?;
    server = Server::start(&args, &console.url).await?;
    for (nth, rate) in args.rates.iter().enumerate() {
        measure(&args, &server, &console, &bells, (args.closed, *rate, nth + 100)).await?;
    }
    server.stop()
}

async fn measure(
    args: &Args,
    server: &Server,
    console: &console::Console,
    bells: &[Bell],
    (closed, rate, nth): (u32, u32, usize),
) -> anyhow::Result<()> {
    let people = people::People::at_work(&server.base).await?;
    let over = Duration::from_secs(args.seconds);
    let beats = Plan {
        bells: bells.to_vec(),
        line: line(&server.base),
        presses: 0,
        over,
        heartbeat: Duration::from_mins(1),
        seed: 1_000 + u64::try_from(nth)?,
    };
    let beating = tokio::spawn(run(beats));
    // The first signs of life are on their way.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let pressed = press(&server.base, bells, rate, over, nth).await?;
    // Those that were pressed last are told of by now.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let report = beating.await??;
    people.go_home().await?;
    let heard = console.heard();
    let mut answers = Vec::new();
    let mut messages = Vec::new();
    for (call, (at, answer)) in &pressed {
        answers.push(*answer);
        let message = heard
            .get(call)
            .with_context(|| format!("nobody was told of {call}"))?;
        messages.push(message.saturating_duration_since(*at));
    }
    let wanted = u64::try_from(args.devices)? * args.seconds / 60;
    ensure!(
        report.heartbeats * 10 >= wanted * 8,
        "{} signs of life of {wanted}",
        report.heartbeats
    );
    let at = |times: &mut Vec<Duration>, of_hundred: usize| {
        times.sort_unstable();
        let rank = (times.len() * of_hundred).div_ceil(100).max(1) - 1;
        times.get(rank).copied().unwrap_or_default().as_secs_f64() * 1000.0
    };
    let worst = (at(&mut answers, 99), at(&mut messages, 99));
    ensure!(
        worst.0 <= 500.0 && worst.1 <= 5_000.0,
        "p99 of {worst:?} ms is beyond what is promised"
    );
    say(&format!(
        "| {closed} | {rate} | {} | {:.1} | {:.1} | {:.1} | {:.0} | {:.0} | {:.0} |",
        pressed.len(),
        at(&mut answers, 50),
        at(&mut answers, 99),
        at(&mut answers, 100),
        at(&mut messages, 50),
        at(&mut messages, 99),
        at(&mut messages, 100),
    ));
    Ok(())
}

fn line(base: &str) -> Line {
    Line {
        base: base.to_owned(),
        loss: 0,
        twice: 0,
        again: (Duration::from_secs(5), Duration::from_secs(20)),
        patience: Duration::from_secs(30),
    }
}

/// Presses at a rate, whatever the service does: an open loop. When each call was pressed, and when it was answered.
async fn press(
    base: &str,
    bells: &[Bell],
    rate: u32,
    over: Duration,
    nth: usize,
) -> anyhow::Result<HashMap<String, (Instant, Duration)>> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    let line = Arc::new(line(base));
    let mut dice = Dice(u64::try_from(nth)? + 5);
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / rate);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Burst);
    let presses = u64::from(rate) * over.as_secs();
    // Each bell once: another press would only join the call that is open.
    let mut order: Vec<usize> = (0..bells.len()).collect();
    for at in (1..order.len()).rev() {
        order.swap(at, dice.below(at + 1));
    }
    let mut asking = Vec::new();
    for (press, bell) in (0..presses).zip(order.into_iter().cycle()) {
        ticks.tick().await;
        let (bell, line, http) = (bells[bell].clone(), Arc::clone(&line), http.clone());
        let (mut dice, event) = (Dice(dice.any()), format!("bench-{nth}-{press}"));
        asking.push(tokio::spawn(async move {
            let begun = Instant::now();
            let fate = bell.say(&http, &line, &mut dice, (&event, "press")).await?;
            let after = fate.taken_after.context("a press was never taken")?;
            ensure!(fate.refused.is_empty(), "a press was refused: {:?}", fate.refused);
            let call = fate.answer["call_id"]
                .as_str()
                .context("a press without a call")?
                .to_owned();
            anyhow::Ok((call, (begun, after)))
        }));
    }
    let mut times_of = HashMap::new();
    for one in asking {
        let (call, times) = one.await??;
        times_of.entry(call).or_insert(times);
    }
    Ok(times_of)
}

/// The service, as a process of its own.
struct Server {
    child: Child,
    base: String,
}

impl Server {
    async fn start(args: &Args, webhook: &str) -> anyhow::Result<Self> {
        let child = Self::spawn(&args.program, &args.folder, args.database.as_deref(), webhook)?;
        let mut server = Self {
            child,
            base: "http://127.0.0.1:23456".to_owned(),
        };
        let http = reqwest::Client::builder().no_proxy().build()?;
        let begun = Instant::now();
        loop {
            let ready = http.get(format!("{}/health/ready", server.base)).send().await;
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

    fn spawn(program: &Path, folder: &Path, database: Option<&str>, webhook: &str) -> anyhow::Result<Child> {
        let mut command = Command::new(program);
        command
            .args(["demo", "--listen", "127.0.0.1:23456", "--json", "--data"])
            .arg(folder)
            .env("HOTLINE_CALLBELL__WEBHOOK_URLS", format!("[\"{webhook}\"]"))
            .env(
                "HOTLINE_CALLBELL__WEBHOOK_SECRET",
                "whsec_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=",
            )
            .env("HOTLINE_OUTBOUND__ALLOW_HOSTS", "[\"127.0.0.1\"]")
            .env("HOTLINE_LOG__FILTER", "warn")
            .stdout(Stdio::null());
        if let Some(url) = database {
            command.args(["--database", url]);
        }
        Ok(command.spawn()?)
    }

    fn stop(&mut self) -> anyhow::Result<()> {
        let status = Command::new("kill").arg(self.child.id().to_string()).status()?;
        ensure!(status.success(), "the server can't be stopped");
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
    }
}
