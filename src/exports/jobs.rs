//! Writing what was asked for, and removing what is old: the file first, then the row.

use super::{store, write};
use crate::platform::error::AppError;
use crate::platform::jobs::{Job, Pass};
use crate::platform::kit::Kit;
use crate::reference::Desk;
use futures_util::FutureExt;
use std::time::Duration;

/// Exports that are removed in a pass.
const REMOVED: u64 = 20;

/// The jobs of this slice.
#[must_use]
pub fn jobs(desk: &Desk) -> Vec<Job> {
    let (kit, desk) = (desk.kit.clone(), desk.clone());
    let worker = kit.ids.id();
    vec![
        Job::new("exports", Duration::from_secs(10), move || {
            let desk = desk.clone();
            async move { write::next(&desk, worker).await }.boxed()
        })
        .broken_off_at_stop(),
        Job::new("exports_sweep", Duration::from_mins(1), move || {
            let kit = kit.clone();
            async move { sweep(&kit).await }.boxed()
        })
        .on_beat_only(),
    ]
}

async fn sweep(kit: &Kit) -> Result<Pass, AppError> {
    let expired = store::expired(kit.db.read(), kit.now(), REMOVED).await?;
    for (id, attempts) in &expired {
        for attempt in 1..=*attempts {
            kit.blobs.remove(&store::blob_key(*id, attempt)).await?;
        }
        kit.db
            .write("export.sweep", *id, |tx, id| Box::pin(store::delete(tx, *id)))
            .await?;
    }
    Ok(Pass::of(u64::try_from(expired.len()).unwrap_or(REMOVED), REMOVED))
}
