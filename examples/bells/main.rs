//! How long a press takes: until the bell has its answer, and until the first message is handed over, at some presses a
//! second, with thousands of bells that give signs of life and people who take calls on and close them: by turns on a new
//! database and on one with a million closed calls.
//!
//! Run by `scripts/bench-bells.sh`; what is measured and how to read it: bench/README.md.

mod console;
mod past;
mod people;
mod server;

use anyhow::{Context, ensure};
use clap::Parser;
use hotline::demo::generate::dice::Dice;
use hotline::simulate::{Bell, Line, Plan, register, run};
use server::{BASE, Data, Server};
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
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
    #[arg(long, default_value_t = 40)]
    seconds: u64,
    /// How often all of it is measured.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Closed calls in the database that has a past.
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
    let new = Data {
        folder: args.folder.join("new"),
        database: args.database.clone(),
    };
    let server = Server::start(&args.program, &new, &console.url).await?;
    let lead = ("lead-440703002101", hotline::demo::PASSWORD);
    let bells = register(BASE, lead, UNIT, ("BENCH", args.devices)).await?;
    let mut bench = Bench {
        args,
        console,
        bells,
        nth: 0,
    };
    // The past is made of calls that were closed here.
    bench.measure(&server, 5, Duration::from_secs(5)).await?;
    server.stop()?;
    let old = new.copied("old").await?;
    past::fill(&old.url(), bench.args.closed).await?;
    bench.rounds([(0, &new), (bench.args.closed, &old)]).await
}

struct Bench {
    args: Args,
    console: console::Console,
    bells: Vec<Bell>,
    /// Measurements until now.
    nth: u64,
}

/// What one measurement gave, milliseconds.
type Figures = [f64; 7];

impl Bench {
    /// Measures by turns, so that what the machine does otherwise falls on both alike, and tells the median of all rounds.
    async fn rounds(&mut self, mut both: [(u32, &Data); 2]) -> anyhow::Result<()> {
        let mut all: BTreeMap<(u32, u32), Vec<Figures>> = BTreeMap::new();
        for _ in 0..self.args.rounds {
            for (closed, data) in both {
                let server = Server::start(&self.args.program, data, &self.console.url).await?;
                // What a start does once is over, and caches are warm.
                self.measure(&server, 5, Duration::from_secs(5)).await?;
                for rate in self.args.rates.clone() {
                    let over = Duration::from_secs(self.args.seconds);
                    let figures = self.measure(&server, rate, over).await?;
                    all.entry((rate, closed)).or_default().push(figures);
                }
                server.stop()?;
            }
            both.reverse();
        }
        say(&format!(
            "\n{}, {} bells that give a sign of life each minute; median of {} rounds of {} s, p99 of each in brackets\n\n\
             | presses a second | closed calls | answer p50 ms | p99 | worst | first message p50 ms | p99 | worst | CPU ms |\n\
             | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
            if self.args.database.is_some() {
                "PostgreSQL"
            } else {
                "SQLite"
            },
            self.args.devices,
            self.args.rounds,
            self.args.seconds,
        ));
        for ((rate, closed), rounds) in &all {
            let median = |nth: usize| {
                let mut values: Vec<f64> = rounds.iter().map(|figures| figures[nth]).collect();
                values.sort_by(f64::total_cmp);
                values.get(values.len() / 2).copied().unwrap_or_default()
            };
            let each = |nth: usize| {
                let values: Vec<String> = rounds
                    .iter()
                    .map(|figures| format!("{:.1}", figures[nth]))
                    .collect();
                values.join(" ")
            };
            say(&format!(
                "| {rate} | {closed} | {:.1} | {:.1} ({}) | {:.1} | {:.0} | {:.0} ({}) | {:.0} | {:.2} |",
                median(0),
                median(1),
                each(1),
                median(2),
                median(3),
                median(4),
                each(4),
                median(5),
                median(6),
            ));
        }
        Ok(())
    }

    /// Presses bells at a rate: answers p50, p99, worst; first messages p50, p99, worst; the server's processor time for one.
    async fn measure(&mut self, server: &Server, rate: u32, over: Duration) -> anyhow::Result<Figures> {
        self.nth += 1;
        let before = server.processor()?;
        let people = people::People::at_work(BASE).await?;
        let beating = tokio::spawn(run(Plan {
            bells: self.bells.clone(),
            line: line(),
            presses: 0,
            over,
            heartbeat: Duration::from_mins(1),
            seed: 1_000 + self.nth,
        }));
        // The first signs of life are on their way.
        tokio::time::sleep(Duration::from_millis(500)).await;
        let pressed = press(&self.bells, rate, over, self.nth).await?;
        // Those that were pressed last are told of by now.
        tokio::time::sleep(Duration::from_secs(2)).await;
        let report = beating.await??;
        people.go_home().await?;
        let wanted = u64::try_from(self.args.devices)? * over.as_secs() / 60;
        ensure!(
            report.heartbeats * 10 >= wanted * 8,
            "{} signs of life of {wanted}, refused: {:?}",
            report.heartbeats,
            report.refused
        );
        let spent = server.processor()?.saturating_sub(before);
        let heard = self.console.heard();
        let mut answers = Vec::new();
        let mut messages = Vec::new();
        for (call, (at, answer)) in &pressed {
            answers.push(*answer);
            let message = heard
                .get(call)
                .with_context(|| format!("nobody was told of {call}"))?;
            messages.push(message.saturating_duration_since(*at));
        }
        let at = |times: &mut Vec<Duration>, of_hundred: usize| {
            times.sort_unstable();
            let rank = (times.len() * of_hundred).div_ceil(100).max(1) - 1;
            times.get(rank).copied().unwrap_or_default().as_secs_f64() * 1000.0
        };
        let figures = [
            at(&mut answers, 50),
            at(&mut answers, 99),
            at(&mut answers, 100),
            at(&mut messages, 50),
            at(&mut messages, 99),
            at(&mut messages, 100),
            spent.as_secs_f64() * 1000.0 / f64::from(u32::try_from(pressed.len())?),
        ];
        ensure!(
            figures[1] <= 500.0 && figures[4] <= 5_000.0,
            "p99 of {figures:?} ms is beyond what is promised"
        );
        Ok(figures)
    }
}

fn line() -> Line {
    Line {
        base: BASE.to_owned(),
        loss: 0,
        twice: 0,
        again: (Duration::from_secs(5), Duration::from_secs(20)),
        patience: Duration::from_secs(30),
    }
}

/// Presses at a rate, whatever the service does: an open loop. When each call was pressed, and when it was answered.
async fn press(
    bells: &[Bell],
    rate: u32,
    over: Duration,
    nth: u64,
) -> anyhow::Result<HashMap<String, (Instant, Duration)>> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    let line = Arc::new(line());
    let mut dice = Dice(nth + 5);
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
