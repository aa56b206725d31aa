//! `hotline simulate`: what speaks to the service from outside.

use super::say;
use crate::demo;
use crate::platform::clock::Clock;
use crate::simulate::exchange::{self, Exchange};
use crate::simulate::{Bell, Line, Plan, register, run as press};
use anyhow::{Context, ensure};
use chrono::TimeDelta;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What to simulate.
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    /// Call-bells: pressed, over a line that loses and doubles messages, sending again until they are heard. Without
    /// --bells or --register those of the demonstration.
    Callbell(CallbellArgs),
    /// A telephone exchange: calls that ring, are answered, passed on and ended, told in any order over a line that loses and
    /// doubles messages. Its client needs the leave `calls:write`.
    Calls(CallsArgs),
}

/// How an exchange is simulated.
#[derive(Debug, clap::Args)]
pub struct CallsArgs {
    /// Where the service answers.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: String,
    /// The exchange's client.
    #[arg(long)]
    client_id: String,
    /// Its secret; HOTLINE_CLIENT_SECRET keeps it out of the list of processes.
    #[arg(long, env = "HOTLINE_CLIENT_SECRET", hide_env_values = true)]
    client_secret: String,
    /// So many calls.
    #[arg(long, default_value_t = 10)]
    calls: usize,
    /// Who answers, by user name; may be given more than once.
    #[arg(long, default_value = "operator")]
    agent: Vec<String>,
    /// The share of calls that nobody answers.
    #[arg(long, default_value_t = 0.2)]
    abandoned: f64,
    /// The share of answered calls that are passed on.
    #[arg(long, default_value_t = 0.1)]
    transferred: f64,
    /// The share of messages that is lost, half of them on the way back.
    #[arg(long, default_value_t = 0.0)]
    loss: f64,
    /// The share of messages that arrives twice.
    #[arg(long, default_value_t = 0.0)]
    twice: f64,
    /// Tells the events of a call in any order.
    #[arg(long)]
    mixed: bool,
    /// The same seed makes the same calls.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Prints the report as a line of JSON.
    #[arg(long)]
    json: bool,
}

/// How bells are simulated.
#[derive(Debug, clap::Args)]
pub struct CallbellArgs {
    /// Where the service answers.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: String,
    /// So many bells.
    #[arg(long, default_value_t = 3)]
    devices: usize,
    /// Bells and their secrets: lines of `serial,whsec_…`.
    #[arg(long, conflicts_with = "register")]
    bells: Option<PathBuf>,
    /// Registers the bells in the community of this code first.
    #[arg(long, requires = "user")]
    register: Option<String>,
    /// Who registers them.
    #[arg(long)]
    user: Option<String>,
    /// Their password; HOTLINE_PASSWORD keeps it out of the list of processes.
    #[arg(long, env = "HOTLINE_PASSWORD", hide_env_values = true, default_value = demo::PASSWORD)]
    password: String,
    /// How often a bell is pressed, all together.
    #[arg(long, default_value_t = 1)]
    presses: usize,
    /// Over so many seconds.
    #[arg(long, default_value_t = 0)]
    over_s: u64,
    /// The share of messages that is lost, half of them on the way back.
    #[arg(long, default_value_t = 0.0)]
    loss: f64,
    /// The share of messages that arrives twice.
    #[arg(long, default_value_t = 0.0)]
    twice: f64,
    /// Milliseconds after which the same is sent again, at least (SS 91100: 5 to 20 s).
    #[arg(long, default_value_t = 5_000)]
    again_ms: u64,
    /// Seconds for which a bell tries.
    #[arg(long, default_value_t = 1_800)]
    patience_s: u64,
    /// Seconds between two signs of life of a bell; 0 for none.
    #[arg(long, default_value_t = 0)]
    heartbeat_s: u64,
    /// The same seed presses the same bells, and loses the same messages.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Prints the report as a line of JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the verb.
pub async fn run(verb: Verb) -> anyhow::Result<()> {
    match verb {
        Verb::Callbell(args) => callbell(args).await,
        Verb::Calls(args) => calls(args).await,
    }
}

async fn calls(args: CallsArgs) -> anyhow::Result<()> {
    // The last call is over by now.
    let length = TimeDelta::seconds(i64::try_from(args.calls)?) + TimeDelta::minutes(3);
    let told = exchange::run(&Exchange {
        base: args.url.trim_end_matches('/').to_owned(),
        client: (args.client_id, args.client_secret),
        calls: args.calls,
        agents: args.agent,
        abandoned: of_hundred("--abandoned", args.abandoned)?,
        transferred: of_hundred("--transferred", args.transferred)?,
        loss: of_hundred("--loss", args.loss)?,
        twice: of_hundred("--twice", args.twice)?,
        mixed: args.mixed,
        seed: args.seed,
        from: Clock::system().now() - length,
    })
    .await?;
    if args.json {
        say(&serde_json::to_string(&told)?);
    } else {
        say(&format!(
            "{} calls, {} answered, {} not; {} events, sent {} times",
            told.calls, told.answered, told.abandoned, told.heard, told.sent
        ));
    }
    ensure!(
        told.wrong == 0,
        "the service knows {} calls otherwise",
        told.wrong
    );
    Ok(())
}

async fn callbell(args: CallbellArgs) -> anyhow::Result<()> {
    let base = args.url.trim_end_matches('/').to_owned();
    let bells = match (&args.bells, &args.register) {
        (Some(file), _) => read(file)?,
        (None, Some(unit)) => {
            let user = args.user.as_deref().unwrap_or_default();
            let prefix = format!("SIM-{}", args.seed);
            register(&base, (user, &args.password), unit, (&prefix, args.devices)).await?
        }
        (None, None) => demo::bells::known()
            .map(|(serial, secret)| Bell::new(serial, &secret))
            .collect::<Result<_, _>>()?,
    };
    ensure!(!bells.is_empty(), "there are no bells to press");
    let again = Duration::from_millis(args.again_ms);
    let report = press(Plan {
        bells: bells.into_iter().take(args.devices.max(1)).collect(),
        line: Line {
            base,
            loss: of_hundred("--loss", args.loss)?,
            twice: of_hundred("--twice", args.twice)?,
            again: (again, again * 4),
            patience: Duration::from_secs(args.patience_s),
        },
        presses: args.presses,
        over: Duration::from_secs(args.over_s),
        heartbeat: Duration::from_secs(args.heartbeat_s),
        seed: args.seed,
    })
    .await?;
    if args.json {
        say(&serde_json::to_string(&report)?);
    } else {
        say(&format!(
            "{} presses, {} taken, of {} calls; sent {} times, {} of them lost; taken after {} ms (half), {} (99 of 100), \
             {} at the worst",
            report.presses,
            report.taken,
            report.calls,
            report.attempts,
            report.lost,
            report.p50_ms,
            report.p99_ms,
            report.worst_ms
        ));
    }
    ensure!(
        report.taken == report.presses,
        "{} presses were never taken",
        report.presses - report.taken
    );
    Ok(())
}

fn of_hundred(name: &str, share: f64) -> anyhow::Result<usize> {
    ensure!((0.0..1.0).contains(&share), "{name}: at least 0 and below 1");
    let known = (0..100_u32).min_by(|a, b| {
        let off = |n: &u32| (f64::from(*n) / 100.0 - share).abs();
        off(a).total_cmp(&off(b))
    });
    Ok(usize::try_from(known.unwrap_or(0))?)
}

fn read(file: &Path) -> anyhow::Result<Vec<Bell>> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let lines = text.lines().filter(|line| !line.trim().is_empty()).zip(1..);
    lines
        .map(|(line, nth)| {
            let (serial, secret) = line
                .split_once(',')
                .with_context(|| format!("line {nth}: serial,secret"))?;
            Bell::new(serial, secret).with_context(|| format!("line {nth}"))
        })
        .collect()
}
