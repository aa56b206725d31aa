//! `hotline openapi`: the contract.

use crate::app;
use anyhow::{Context, ensure};
use std::path::PathBuf;

/// Where the document goes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Write it to this file; to standard output unless given.
    #[arg(long)]
    write: Option<PathBuf>,
    /// Compare it with this file instead.
    #[arg(long, conflicts_with = "write")]
    check: Option<PathBuf>,
}

/// Runs the verb.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let mut text = app::document().to_pretty_json()?;
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
