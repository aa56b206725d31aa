//! `hotline import`: reference data, residents and call-bells from files.

use super::say;
use crate::app::App;
use crate::platform::clock::Clock;
use crate::platform::config::Config;
use crate::platform::report::{ImportReport, LineError};
use crate::{callbell, catalog, duty, orgs, residents, sla};
use anyhow::{Context, ensure};
use std::path::{Path, PathBuf};

/// What to read.
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    /// Units: CSV `code,name,kind,parent_code[,aliases,contact,valid_from]`, and boundaries as GeoJSON.
    Org {
        /// The CSV file.
        file: PathBuf,
        /// A FeatureCollection whose features have a property `code`.
        #[arg(long)]
        areas: Option<PathBuf>,
    },
    /// The service catalogue, as in `seed/catalogue.json`, and with `--posts` the line posts.
    Catalogue {
        /// The JSON file.
        file: PathBuf,
        /// Posts, as in `seed/posts.json`; read first.
        #[arg(long)]
        posts: Option<PathBuf>,
    },
    /// Holidays and make-up working days, as in `seed/holidays.json` or as iCalendar, and with `--policy` the deadline
    /// policy.
    Calendar {
        /// The JSON file, or one whose name ends in `.ics`.
        file: PathBuf,
        /// The policy, as in `seed/policy.json`.
        #[arg(long)]
        policy: Option<PathBuf>,
    },
    /// Closures: JSON, `[{"unit_code": "440703002", "first_day": "2026-09-08", "last_day": "2026-09-09", "reason": "…"}]`,
    /// or `from` and `to` instead of days.
    Closures {
        /// The JSON file.
        file: PathBuf,
    },
    /// Shifts: CSV `unit_code,post,starts_at,ends_at,user_names`, names parted by spaces in the order of calling; times
    /// with an offset, or those of China.
    Duty {
        /// The CSV file.
        file: PathBuf,
        /// Only look what would be done.
        #[arg(long)]
        dry_run: bool,
    },
    /// Residents and merchants: CSV `kind,name,phone,id_number,email,address,unit_code,labels`.
    Residents {
        /// The CSV file.
        file: PathBuf,
    },
    /// Homes with a bell, next of kin and devices: CSV `serial,kind,unit_code,building,entrance,door,resident_name,phone,
    /// spoken,kin_name,kin_phone,kin_relation,kin_policy,kin_consent_at,heartbeat_s`. Prints the secrets of new devices.
    Callbell {
        /// The CSV file.
        file: PathBuf,
        /// Only tells what would come of it.
        #[arg(long)]
        dry_run: bool,
    },
}

/// Runs the verb.
pub async fn run(config: Config, verb: Verb) -> anyhow::Result<()> {
    let migrate = config.database.is_sqlite();
    let app = App::open(config, Clock::system(), migrate).await?;
    let db = &app.kit().db;
    match verb {
        Verb::Org { file, areas } => {
            let (lines, report) = orgs::import::read_csv(&read(&file)?);
            if !report.is_clean() {
                return tell(&report);
            }
            let areas = match areas {
                Some(file) => orgs::import::read_areas(&read(&file)?)?,
                None => orgs::import::Areas::new(),
            };
            let input = (lines, areas, false);
            tell(
                &db.write("import.org", input, |tx, input| {
                    Box::pin(orgs::import::run(tx, input))
                })
                .await?,
            )
        }
        Verb::Catalogue { file, posts } => {
            if let Some(posts) = posts {
                let posts: Vec<catalog::import::TermLine> = json(&posts)?;
                let report = db.write("import.posts", posts, |tx, posts| {
                    Box::pin(catalog::import::terms(tx, posts))
                });
                tell(&report.await?)?;
            }
            let file = json(&file)?;
            tell(
                &db.write("import.catalogue", file, |tx, file| {
                    Box::pin(catalog::import::run(tx, file))
                })
                .await?,
            )
        }
        Verb::Calendar { file, policy } => {
            let file = if file.extension().is_some_and(|ending| ending == "ics") {
                sla::import::read_ical(&read(&file)?)?
            } else {
                json(&file)?
            };
            tell(
                &db.write("import.calendar", file, |tx, file| {
                    Box::pin(sla::import::holidays(tx, file))
                })
                .await?,
            )?;
            let Some(policy) = policy else { return Ok(()) };
            let policy = json(&policy)?;
            tell(
                &db.write("import.policy", policy, |tx, file| {
                    Box::pin(sla::import::policy(tx, file))
                })
                .await?,
            )
        }
        Verb::Closures { file } => {
            let lines: Vec<sla::import::ClosureLine> = json(&file)?;
            tell(
                &db.write("import.closures", lines, |tx, lines| {
                    Box::pin(sla::import::closures(tx, lines))
                })
                .await?,
            )
        }
        Verb::Duty { file, dry_run } => {
            let input = (None, duty::import::read_csv(&read(&file)?, dry_run));
            tell(
                &db.write("import.duty", input, |tx, input| {
                    Box::pin(duty::import::run(tx, input))
                })
                .await?,
            )
        }
        Verb::Residents { file } => tell(&residents::import::run(app.kit(), &read(&file)?, false).await?),
        Verb::Callbell { file, dry_run } => bells(&app, &read(&file)?, dry_run).await,
    }
}

/// Tells what came of each line that is wrong, and the secrets of new devices: they are told nowhere else.
async fn bells(app: &App, text: &str, dry_run: bool) -> anyhow::Result<()> {
    let done = callbell::import::run_file(&app.desk, text, dry_run).await?;
    for new in &done.secrets {
        say(&format!("{} {}", new.serial, new.secret));
    }
    let wrong = done.report.lines.iter().filter_map(|line| {
        let message = line.message.clone()?;
        Some(LineError {
            line: format!("line {} ({})", line.line, line.serial),
            message,
        })
    });
    tell(&ImportReport {
        created: done.report.created,
        updated: done.report.updated,
        unchanged: done.report.unchanged,
        errors: wrong.collect(),
    })
}

fn read(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("can't read {}", file.display()))
}

fn json<T: serde::de::DeserializeOwned>(file: &Path) -> anyhow::Result<T> {
    let text = read(file)?;
    let mut reader = serde_json::Deserializer::from_str(&text);
    serde_path_to_error::deserialize(&mut reader).with_context(|| format!("{} does not fit", file.display()))
}

/// Tells what came of it, line by line; lines that are wrong make the command fail.
fn tell(report: &ImportReport) -> anyhow::Result<()> {
    for error in &report.errors {
        say(&format!("{}: {}", error.line, error.message));
    }
    say(&format!(
        "created {}, updated {}, unchanged {}",
        report.created, report.updated, report.unchanged
    ));
    ensure!(report.is_clean(), "{} line(s) are wrong", report.errors.len());
    Ok(())
}
