//! A walk through the main job over real HTTP: from the caller to the community worker and back, told step by step.
//! Starts `hotline demo` as a child process, checks each answer, and fails when one is not as expected.
//!
//! `scripts/walkthrough.sh` builds and runs it; `--database URL` walks on an empty PostgreSQL database.

mod client;
mod photo;
mod scenes;
mod service;
mod tell;

use clap::Parser;
use service::Service;
use std::path::PathBuf;
use std::process::ExitCode;

/// Where and with what to walk.
#[derive(Debug, Parser)]
struct Args {
    /// An empty PostgreSQL database; the embedded one unless given.
    #[arg(long)]
    database: Option<String>,
    /// The program to start; the one that was built beside this example unless given.
    #[arg(long)]
    hotline: Option<PathBuf>,
}

/// A Monday morning, three days before the National Day holidays (国庆节).
const START: &str = "2026-09-28T09:00:00+08:00";
/// Two weeks later: five working days, of which one is a Saturday that makes up for the holidays.
const LATER: &str = "2026-10-12T09:00:00+08:00";

#[tokio::main]
async fn main() -> ExitCode {
    match walk(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell::failure(&error);
            ExitCode::FAILURE
        }
    }
}

async fn walk(args: Args) -> anyhow::Result<()> {
    let program = match args.hotline {
        Some(program) => program,
        None => service::beside_this_example()?,
    };
    let folder = tempfile::tempdir()?;
    let start = |now: &str| Service::start(&program, folder.path(), args.database.as_deref(), now);

    tell::title(
        "hotline · 12345 社区服务热线: a request's way from the caller to the community worker and back",
    );
    let service = start(START)?;
    service.introduce(START);
    let done = first_day(&service).await;
    if done.is_err() {
        service.show_log();
    }
    let left = done?;
    service.stop()?;

    let service = start(LATER)?;
    let done = two_weeks_later(&service, &left).await;
    if done.is_err() {
        service.show_log();
    }
    done?;
    service.stop()?;
    tell::title(&format!(
        "{} steps, each answered as expected · 全部符合预期",
        tell::steps()
    ));
    Ok(())
}

async fn two_weeks_later(service: &Service, left: &Left) -> anyhow::Result<()> {
    scenes::later::walk(service, left).await?;
    scenes::supervised::look(service).await
}

/// What the second part looks at again.
pub struct Left {
    /// A ticket that went all the way.
    pub closed: scenes::Registered,
    /// A ticket that nobody signs for.
    pub unsigned: scenes::Registered,
    /// A ticket whose requester does not answer the call-back.
    pub unrated: scenes::Registered,
}

async fn first_day(service: &Service) -> anyhow::Result<Left> {
    let noise = scenes::call::walk(service).await?;
    let (resident, wheelchair) = scenes::mobile::walk(service).await?;
    scenes::kiosk::walk(service).await?;
    let unsigned = scenes::pool::walk(service).await?;
    scenes::worker::walk(service, &resident, &noise).await?;
    scenes::callback::walk(service, &resident, &noise).await?;
    scenes::worker::answer_quickly(service, &wheelchair).await?;
    scenes::returned::walk(service).await?;
    scenes::together::walk(service).await?;
    scenes::extended::walk(service, &resident).await?;
    scenes::supervised::walk(service).await?;
    scenes::desk::walk(service).await?;
    scenes::reasons::walk(service, &resident, &noise).await?;
    scenes::wrong::walk(service, &resident, &noise).await?;
    Ok(Left {
        closed: noise,
        unsigned,
        unrated: wheelchair,
    })
}
