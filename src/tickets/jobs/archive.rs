//! What has been over for long is put away: read-only from then on.

use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use crate::platform::id::least_at;
use crate::platform::jobs::Pass;
use crate::reference::{Desk, Reference};
use crate::tickets::facts;
use crate::tickets::rules::lifecycle::{By, Command};
use crate::tickets::store::{self, Doer, Plan, Said, apply};
use chrono::{DateTime, TimeDelta, Utc};
use entity::id::TicketId;
use entity::kind::TicketState;
use entity::ticket;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use std::sync::Arc;

/// Tickets that are put away in one transaction.
const BATCH: u64 = 50;

/// States from which it goes into the archive.
const ENDS: [TicketState; 4] = [
    TicketState::Closed,
    TicketState::Rejected,
    TicketState::Redirected,
    TicketState::Withdrawn,
];

/// Puts away some tickets to which nothing has happened for `jobs.archive_days`.
///
/// # Errors
/// When the database does not answer.
pub async fn put_away(desk: &Desk) -> Result<Pass, AppError> {
    let kit = &desk.kit;
    let until = kit.now() - TimeDelta::days(kit.config.jobs.archive_days);
    for state in ENDS {
        let ids: Vec<TicketId> = ticket::Entity::find()
            .select_only()
            .column(ticket::Column::Id)
            .filter(ticket::Column::State.eq(state))
            // Who was registered later has not been over for so long: the index ends there.
            .filter(ticket::Column::Id.lt(least_at::<TicketId>(until)))
            .filter(ticket::Column::UpdatedAt.lt(until))
            .filter(ticket::Column::Supervised.eq(false))
            .order_by_asc(ticket::Column::Id)
            .limit(BATCH)
            .into_tuple()
            .all(kit.db.read())
            .await?;
        if ids.is_empty() {
            continue;
        }
        let reference = desk.reference().await?;
        let input = (desk.clone(), reference, ids, until);
        kit.db
            .write("ticket.archive", input, |tx, (desk, reference, ids, until)| {
                Box::pin(async move {
                    for id in ids {
                        archive(tx, desk, reference, *id, *until).await?;
                    }
                    Ok(())
                })
            })
            .await?;
        return Ok(Pass::Full);
    }
    Ok(Pass::Idle)
}

async fn archive(
    tx: &Tx,
    desk: &Desk,
    reference: &Arc<Reference>,
    id: TicketId,
    until: DateTime<Utc>,
) -> Result<(), AppError> {
    let mut loaded = store::lock(tx, id).await?;
    // Somebody may have taken it up again just now.
    if !ENDS.contains(&loaded.ticket.state) || loaded.ticket.updated_at >= until || loaded.ticket.supervised {
        return Ok(());
    }
    let mut plan = Plan::new(facts::life(&loaded));
    let said = Said {
        public: true,
        ..Said::default()
    };
    plan.decide(&Command::Archive, By::default(), said)
        .map_err(|_| AppError::new(Code::Internal))?;
    apply(tx, (&desk.kit.vault, reference), &mut loaded, &plan, Doer::SYSTEM).await
}
