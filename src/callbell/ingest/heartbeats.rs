//! Signs of life come all the time and mean little: those of a moment are written together, in one transaction with two
//! statements. Each is answered after the commit, as everything else is.

use crate::callbell::alarms;
use crate::callbell::rules::message::Message;
use crate::callbell::store::watch;
use crate::callbell::world::World;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use entity::id::DeviceId;
use entity::kind::DeviceState;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// How long signs of life are gathered.
const GATHER: Duration = Duration::from_millis(100);
/// The most of one transaction.
const MOST: usize = 100;

/// Signs of life that wait to be written.
#[derive(Default)]
pub struct Heartbeats(Mutex<Vec<Waiting>>);

struct Waiting {
    device: DeviceId,
    message: Message,
    done: oneshot::Sender<bool>,
}

impl Heartbeats {
    /// Takes a sign of life; returns after it was committed.
    ///
    /// # Errors
    /// `Unavailable`: to be sent again, or left: the next one comes.
    pub async fn take(
        self: &Arc<Self>,
        world: &World,
        device: DeviceId,
        message: Message,
    ) -> Result<(), AppError> {
        let (done, written) = oneshot::channel();
        let first = {
            let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.push(Waiting {
                device,
                message,
                done,
            });
            waiting.len() == 1
        };
        if first {
            // On its own: who asked may hang up, and the others wait for it.
            let (all, world) = (Arc::clone(self), world.clone());
            tokio::spawn(async move {
                tokio::time::sleep(GATHER).await;
                all.write(&world).await;
            });
        }
        match written.await {
            Ok(true) => Ok(()),
            _ => Err(AppError::new(Code::Unavailable)),
        }
    }

    async fn write(&self, world: &World) {
        let mut all = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        while !all.is_empty() {
            let some: Vec<Waiting> = all.drain(..all.len().min(MOST)).collect();
            let mut heard: BTreeMap<DeviceId, Vec<Message>> = BTreeMap::new();
            for one in &some {
                heard.entry(one.device).or_default().push(one.message.clone());
            }
            let written = world
                .kit
                .db
                .write(
                    "callbell.heartbeats",
                    (world.clone(), heard),
                    |tx, (world, heard)| Box::pin(hear_all(tx, world, heard)),
                )
                .await;
            if let Err(error) = &written {
                tracing::warn!(?error, n = some.len(), "signs of life could not be written");
            }
            for one in some {
                // Who does not wait any more will send another.
                let _ = one.done.send(written.is_ok());
            }
        }
    }
}

async fn hear_all(tx: &Tx, world: &World, heard: &BTreeMap<DeviceId, Vec<Message>>) -> Result<(), AppError> {
    let ids: Vec<DeviceId> = heard.keys().copied().collect();
    let mut rows = watch::lock_all(tx, &ids).await?;
    rows.retain(|row| row.state != DeviceState::Retired);
    let before = rows.clone();
    for row in &mut rows {
        for message in heard.get(&row.id).into_iter().flatten() {
            watch::hear(row, message, tx.now());
        }
    }
    watch::write_told(tx, &rows).await?;
    for (before, now) in before.iter().zip(&rows) {
        alarms::of_device(tx, world, before, now).await?;
    }
    Ok(())
}
