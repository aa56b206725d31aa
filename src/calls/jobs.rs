//! What happens by itself: calls whose end was lost on the way are given up.

use super::{commands, store};
use crate::platform::error::AppError;
use crate::platform::jobs::{Job, Pass};
use crate::platform::kit::Kit;
use futures_util::FutureExt;
use std::time::Duration;

/// Calls that are looked at in a pass.
const LOOKED_AT: u64 = 200;

/// The jobs of this slice.
#[must_use]
pub fn jobs(kit: &Kit) -> Vec<Job> {
    let kit = kit.clone();
    vec![
        Job::new("lost_calls", Duration::from_mins(1), move || {
            let kit = kit.clone();
            async move { give_up(&kit).await }.boxed()
        })
        .on_beat_only(),
    ]
}

async fn give_up(kit: &Kit) -> Result<Pass, AppError> {
    let silent = store::silent(kit.db.read(), kit.now(), LOOKED_AT).await?;
    let mut done = 0;
    for id in silent {
        let given_up = kit
            .db
            .write("phone_call.give_up", id, |tx, id| {
                Box::pin(commands::give_up(tx, id))
            })
            .await?;
        done += u64::from(given_up);
    }
    Ok(Pass::of(done, LOOKED_AT))
}
