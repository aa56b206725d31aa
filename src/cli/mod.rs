//! The command line: a file a verb, each thin over `app`.

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
    /// Writes the OpenAPI document, or checks the one that is checked in.
    Openapi(openapi::Args),
}

mod openapi;

/// Reads the command line and runs the verb.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.verb {
        Verb::Openapi(args) => openapi::run(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hotline: {error:#}");
            ExitCode::FAILURE
        }
    }
}
