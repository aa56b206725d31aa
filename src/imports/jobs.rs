//! Reading what was sent, and removing reports that are old: the file first, then the lines, then the row.

use super::{store, take};
use crate::platform::error::AppError;
use crate::platform::jobs::{Job, Pass};
use crate::platform::kit::Kit;
use crate::reference::Desk;
use futures_util::FutureExt;
use std::time::Duration;

/// The jobs of this slice.
#[must_use]
pub fn jobs(desk: &Desk) -> Vec<Job> {
    let (kit, desk) = (desk.kit.clone(), desk.clone());
    let worker = kit.ids.id();
    vec![
        Job::new("imports", Duration::from_secs(10), move || {
            let desk = desk.clone();
            async move { take::next(&desk, worker).await }.boxed()
        })
        .broken_off_at_stop(),
        Job::new("imports_sweep", Duration::from_mins(1), move || {
            let kit = kit.clone();
            async move { sweep(&kit).await }.boxed()
        })
        .on_beat_only(),
    ]
}

async fn sweep(kit: &Kit) -> Result<Pass, AppError> {
    let expired = store::expired(kit.db.read(), kit.now()).await?;
    let mut pass = Pass::Idle;
    for id in expired {
        kit.blobs.remove(&store::blob_key(id)).await?;
        let gone = kit
            .db
            .write("import.sweep", id, |tx, id| Box::pin(store::forget(tx, *id)))
            .await?;
        pass = if gone { Pass::Worked } else { Pass::Full };
    }
    Ok(pass)
}
