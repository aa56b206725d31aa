//! `hotline openapi`: the contract.

use crate::{app, open311};
use anyhow::{Context, ensure};
use std::path::PathBuf;

/// Which document, and where it goes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// That of the API, or of the Open311 adapter beside it.
    #[arg(long, value_enum, default_value_t = Which::Api)]
    document: Which,
    /// Write it to this file; to standard output unless given.
    #[arg(long)]
    write: Option<PathBuf>,
    /// Compare it with this file instead.
    #[arg(long, conflicts_with = "write")]
    check: Option<PathBuf>,
}

/// The documents.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Which {
    Api,
    Open311,
}

/// Runs the verb.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let document = match args.document {
        Which::Api => app::document().clone(),
        Which::Open311 => open311::document(),
    };
    let mut text = document.to_pretty_json()?;
    text.push('\n');
    if let Some(file) = &args.check {
        let there =
            std::fs::read_to_string(file).with_context(|| format!("can't read {}", file.display()))?;
        ensure!(
            there == text,
            "{} is not up to date: run `make openapi`",
            file.display()
        );
        return Ok(());
    }
    match &args.write {
        Some(file) => std::fs::write(file, text).with_context(|| format!("can't write {}", file.display())),
        None => {
            use std::io::Write;
            std::io::stdout()
                .write_all(text.as_bytes())
                .context("can't write")
        }
    }
}
