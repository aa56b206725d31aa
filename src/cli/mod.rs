//! The command line: a file a verb, each thin over `app`.

mod backup;
mod check;
mod demo;
mod generate;
mod healthcheck;
mod import;
mod migrate;
mod openapi;
mod serve;
mod simulate;
mod user;

use crate::platform::config::Config;
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// Backend of a 12345 community service hotline.
#[derive(Debug, Parser)]
#[command(name = "hotline", version)]
struct Cli {
    /// Configuration file; `HOTLINE_SECTION__NAME` variables override it.
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Serves the API and does the background work.
    Serve,
    /// Serves a demonstration district; makes it first where it is missing.
    Demo(demo::Args),
    /// Fills a demonstration district with a year of synthetic tickets; no server may run on it meanwhile.
    Generate(generate::Args),
    /// Speaks to a running server as what is outside does: call-bells.
    #[command(subcommand)]
    Simulate(simulate::Verb),
    /// Brings the schema up to date, takes migrations back, or tells where it stands.
    #[command(subcommand)]
    Migrate(migrate::Verb),
    /// Makes accounts of staff.
    #[command(subcommand)]
    User(user::Verb),
    /// Reads reference data, residents or call-bells from a file; a report a line.
    #[command(subcommand)]
    Import(import::Verb),
    /// Writes the OpenAPI document, or checks the one that is checked in.
    Openapi(openapi::Args),
    /// Checks the configuration and the database.
    Check,
    /// Asks a running server whether it is ready; for containers.
    Healthcheck,
    /// Writes a consistent copy of the embedded database while it is in use.
    Backup(backup::BackupArgs),
    /// Puts a copy into the place of the embedded database; the server must be stopped.
    Restore(backup::RestoreArgs),
}

/// Reads the command line and runs the verb.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    match start(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say_error(&format!("hotline: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn start(cli: Cli) -> anyhow::Result<()> {
    if let Verb::Openapi(args) = &cli.verb {
        return openapi::run(args);
    }
    let config = Config::load(cli.config.as_deref())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match cli.verb {
            Verb::Serve => serve::run(config).await,
            Verb::Demo(args) => demo::run(config, args).await,
            Verb::Generate(args) => generate::run(config, args).await,
            Verb::Migrate(verb) => migrate::run(&config, verb).await,
            Verb::User(verb) => user::run(config, verb).await,
            Verb::Import(verb) => import::run(config, verb).await,
            Verb::Simulate(verb) => simulate::run(verb).await,
            Verb::Openapi(_) => Ok(()),
            Verb::Check => check::run(config).await,
            Verb::Healthcheck => healthcheck::run(&config).await,
            Verb::Backup(args) => backup::backup(&config, &args).await,
            Verb::Restore(args) => backup::restore(&config, &args).await,
        }
    })
}

/// A line for people or programs on standard output.
#[expect(clippy::print_stdout, reason = "what the command line is for")]
fn say(line: &str) {
    println!("{line}");
}

#[expect(clippy::print_stderr, reason = "what the command line is for")]
fn say_error(line: &str) {
    eprintln!("{line}");
}
