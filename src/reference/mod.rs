//! Reference data in memory: the organisation, the catalogue, calendar, policy, rules and who is on the staff, of
//! one version. Requests read it without asking the database; a change anywhere raises the version.

mod ruling;

use crate::access::authenticate::local_day;
use crate::catalog::rules::Catalogue;
use crate::orgs::rules::Directory;
use crate::platform::error::AppError;
use crate::platform::jobs::Pass;
use crate::platform::kit::Kit;
use crate::platform::snapshot::Snapshot;
use crate::routing::rules::assign::{Availability, Policy as AssignmentPolicy};
use crate::routing::rules::{Colleague, People, Rule};
use crate::sla::rules::calendars::Calendars;
use crate::sla::rules::policy::Policy;
use crate::{catalog, orgs, routing, settings, sla, staff};
use chrono::{Datelike, NaiveDate};
use entity::id::StaffId;
pub use ruling::Ruling;
use sea_orm::ConnectionTrait;
use std::collections::HashMap;
use std::sync::Arc;

/// All reference data of one version.
#[derive(Debug)]
pub struct Reference {
    /// Units.
    pub directory: Directory,
    /// Services.
    pub catalogue: Catalogue,
    /// Working time, of each unit.
    pub calendars: Calendars,
    /// Deadlines.
    pub policy: Policy,
    /// Routing rules.
    pub rules: Vec<Rule>,
    /// Who can be given tickets.
    pub roster: Vec<Colleague>,
    /// Their leave of today and their capacity, where there is any.
    pub availability: HashMap<StaffId, Availability>,
    /// How tickets find their person.
    pub assignment: Vec<AssignmentPolicy>,
}

impl Reference {
    /// Who can be given tickets, and by which strategy.
    #[must_use]
    pub fn people(&self) -> People<'_> {
        People {
            roster: &self.roster,
            availability: &self.availability,
            policies: &self.assignment,
        }
    }
}

/// The tools and the reference data: what the slices around a ticket work with.
#[derive(Clone)]
pub struct Desk {
    /// The tools.
    pub kit: Kit,
    reference: Arc<Snapshot<Reference>>,
}

impl Desk {
    /// Over these tools.
    #[must_use]
    pub fn new(kit: Kit) -> Self {
        let (asking, loading) = (kit.clone(), kit.clone());
        let version = Box::new(move || {
            let kit = asking.clone();
            let asked: futures_util::future::BoxFuture<'static, _> = Box::pin(async move {
                // Who holds a role may change at midnight without anybody's doing.
                let day = i64::from(local_day(kit.now()).num_days_from_ce());
                Ok(settings::store::reference_version(kit.db.read()).await? * 10_000_000 + day)
            });
            asked
        });
        let load = Box::new(move || {
            let kit = loading.clone();
            let loaded: futures_util::future::BoxFuture<'static, _> =
                Box::pin(async move { load(&kit).await });
            loaded
        });
        Self {
            kit,
            reference: Arc::new(Snapshot::new(version, load)),
        }
    }

    /// The same with connections to the database that nothing else uses: for what must not wait.
    #[must_use]
    pub fn reserved(&self) -> Self {
        Self {
            kit: self.kit.reserved(),
            reference: Arc::clone(&self.reference),
        }
    }

    /// The reference data.
    ///
    /// # Errors
    /// When it can't be loaded.
    pub async fn reference(&self) -> Result<Arc<Reference>, AppError> {
        self.reference.get().await
    }

    /// Looks whether the reference data has changed.
    ///
    /// # Errors
    /// When it can't be loaded.
    pub async fn refresh(&self) -> Result<Pass, AppError> {
        self.reference.refresh().await.map(|_| Pass::Idle)
    }
}

async fn load(kit: &Kit) -> Result<Reference, AppError> {
    let conn = kit.db.read();
    let day = local_day(kit.now());
    let roster = staff::store::roster(conn, day).await?;
    Ok(Reference {
        availability: availability(conn, day).await?,
        assignment: routing::store::assignment::policies(conn).await?,
        directory: orgs::store::directory(conn).await?,
        catalogue: catalog::store::catalogue(conn).await?,
        calendars: sla::store::calendars(conn).await?,
        policy: sla::store::policy(conn).await?,
        rules: routing::store::rules(conn).await?,
        roster: roster
            .into_iter()
            .map(|(grant, name)| Colleague {
                id: grant.staff_id,
                name,
                unit: grant.unit_id,
                role: grant.role,
                posts: serde_json::from_value(grant.posts).unwrap_or_default(),
            })
            .collect(),
    })
}

async fn availability(
    conn: &impl ConnectionTrait,
    day: NaiveDate,
) -> Result<HashMap<StaffId, Availability>, AppError> {
    let mut known: HashMap<StaffId, Availability> = HashMap::new();
    for (id, until) in staff::store::absence::away(conn, day).await? {
        known.entry(id).or_default().away_until = Some(until);
    }
    for (id, most) in staff::store::absence::capacities(conn).await? {
        known.entry(id).or_default().capacity = Some(most);
    }
    Ok(known)
}
