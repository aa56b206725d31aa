//! The demonstration district: real units, real calendar, the catalogue; everything else is synthetic and marked so.
//! Safe to run twice.

mod accounts;
pub mod bells;
mod duty;
pub mod generate;
mod people;
mod places;

use crate::orgs::import::UnitLine;
use crate::platform::db::Tx;
use crate::platform::error::AppError;
use crate::platform::kit::Kit;
use crate::platform::report::ImportReport;
use crate::{catalog, orgs, settings, sla};
pub use accounts::{Account, PASSWORD};
use anyhow::{Context, ensure};
pub use bells::DemoBell;
pub use people::DemoResident;
use serde_json::json;

/// The setting that says that the demonstration is there.
const MARK: &str = "demonstration";

/// Real units, as published in the national list of divisions.
const ORGANISATION: &str = include_str!("../../seed/organisation.csv");
const HOLIDAYS: &str = include_str!("../../seed/holidays.json");
const CATALOGUE: &str = include_str!("../../seed/catalogue.json");
const POSTS: &str = include_str!("../../seed/posts.json");
const POLICY: &str = include_str!("../../seed/policy.json");

/// What the demonstration offers to try.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Offer {
    /// Accounts of staff.
    pub accounts: Vec<Account>,
    /// Residents, with a code that logs them in.
    pub residents: Vec<DemoResident>,
    /// Bells, with the secrets by which they can be pressed.
    pub bells: Vec<DemoBell>,
}

/// Fills an empty database, or finds it filled; new codes for the residents each time.
///
/// # Errors
/// Says which part could not be written.
pub async fn seed(kit: &Kit) -> anyhow::Result<Offer> {
    let there = settings::store::get(kit.db.read(), MARK).await?.is_some();
    if !there {
        reference(kit).await?;
        accounts::seed(kit).await?;
        people::seed(kit).await?;
        duty::seed(kit).await?;
        kit.db
            .write("demo.mark", (), |tx, ()| {
                Box::pin(settings::store::put(tx, MARK, json!({ "synthetic": true })))
            })
            .await?;
    }
    // A demonstration that was made before there were bells gets them, too.
    let bells = bells::seed(kit).await?;
    Ok(Offer {
        bells,
        accounts: accounts::all(kit).await?,
        residents: people::with_codes(kit).await?,
    })
}

async fn reference(kit: &Kit) -> anyhow::Result<()> {
    let (lines, report) = orgs::import::read_csv(ORGANISATION);
    clean("organisation", &report)?;
    let areas = places::areas(&lines);
    let input = (lines, areas, false);
    let report = kit
        .db
        .write("demo.units", input, |tx, input| {
            Box::pin(orgs::import::run(tx, input))
        })
        .await?;
    clean("organisation", &report)?;
    let report = kit
        .db
        .write("demo.providers", places::synthetic(), |tx, lines| {
            Box::pin(synthetic_units(tx, lines))
        })
        .await?;
    clean("providers", &report)?;
    let holidays = serde_json::from_str(HOLIDAYS).context("holidays")?;
    let report = kit
        .db
        .write("demo.holidays", holidays, |tx, file| {
            Box::pin(sla::import::holidays(tx, file))
        })
        .await?;
    clean("holidays", &report)?;
    let policy = serde_json::from_str(POLICY).context("policy")?;
    let report = kit
        .db
        .write("demo.policy", policy, |tx, file| {
            Box::pin(sla::import::policy(tx, file))
        })
        .await?;
    clean("policy", &report)?;
    let posts: Vec<catalog::import::TermLine> = serde_json::from_str(POSTS).context("posts")?;
    let report = kit
        .db
        .write("demo.posts", posts, |tx, posts| {
            Box::pin(catalog::import::terms(tx, posts))
        })
        .await?;
    clean("posts", &report)?;
    let file = serde_json::from_str(CATALOGUE).context("catalogue")?;
    let report = kit
        .db
        .write("demo.catalogue", file, |tx, file| {
            Box::pin(catalog::import::run(tx, file))
        })
        .await?;
    clean("catalogue", &report)
}

async fn synthetic_units(tx: &Tx, lines: &[UnitLine]) -> Result<ImportReport, AppError> {
    orgs::import::run(tx, &(lines.to_vec(), orgs::import::Areas::new(), true)).await
}

fn clean(what: &str, report: &ImportReport) -> anyhow::Result<()> {
    ensure!(report.is_clean(), "{what}: {report}");
    Ok(())
}
