//! `hotline generate`: a year of synthetic tickets for the demonstration.

use super::{demo::Place, say};
use crate::app::App;
use crate::demo::{self, generate};
use crate::platform::clock::Clock;
use crate::platform::config::Config;
use std::time::Instant;

/// What to make.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// So many tickets.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=20_000_000))]
    tickets: u32,
    /// The same seed makes the same tickets.
    #[arg(long, default_value_t = 12_345)]
    seed: u64,
    #[command(flatten)]
    place: Place,
}

/// Runs the verb.
pub async fn run(mut config: Config, args: Args) -> anyhow::Result<()> {
    args.place.configure(&mut config)?;
    let app = App::open(config, Clock::system(), true).await?;
    demo::seed(app.kit()).await?;
    app.desk.refresh().await?;
    let begun = Instant::now();
    let order = generate::Order {
        tickets: usize::try_from(args.tickets)?,
        seed: args.seed,
    };
    let part = (order.tickets / 10).max(1);
    let mut told = 0;
    let made = generate::run(&app.desk, order, |made| {
        if made.tickets / part > told && made.tickets < order.tickets {
            told = made.tickets / part;
            say(&format!("{} of {} tickets", made.tickets, order.tickets));
        }
    })
    .await?;
    say(&format!(
        "{} synthetic tickets with {} entries, of {} callers, in {:.0} s · 以上均为虚构数据",
        made.tickets,
        made.entries,
        made.callers,
        begun.elapsed().as_secs_f64()
    ));
    Ok(())
}
