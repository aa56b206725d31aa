//! Taking a file line by line: a piece of lines is written in one transaction with what is told of them and how far it is, so
//! that a crash neither leaves a line out nor takes one twice.

use super::kinds::{self, Checked, Verdict, World};
use super::read::{self, Line};
use super::store::{self, Told};
use crate::access::authenticate::{local_day, today};
use crate::access::permit::Caller;
use crate::access::policy::coarse;
use crate::platform::blob::sealed;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use crate::platform::jobs::Pass;
use crate::reference::Desk;
use entity::id::ImportId;
use entity::import::Model;
use entity::kind::{ActorKind, LineOutcome, WorkState};
use futures_util::TryStreamExt;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_util::io::{StreamReader, SyncIoBridge};
use uuid::Uuid;

/// Pieces that wait to be written.
const AHEAD: usize = 2;

/// Goes on with the import that waits longest.
///
/// # Errors
/// When the database does not answer.
pub async fn next(desk: &Desk, worker: Uuid) -> Result<Pass, AppError> {
    let kit = &desk.kit;
    let claimed = kit
        .db
        .write("import.claim", worker, |tx, worker| {
            Box::pin(store::claim(tx, worker))
        })
        .await?;
    let Some(row) = claimed else { return Ok(Pass::Idle) };
    let failure = match whole(desk, worker, &row).await {
        Ok(true) => None,
        // Somebody else goes on with it, or it was given up.
        Ok(false) => return Ok(Pass::Full),
        // What would fail again is told who asked; anything else is tried again.
        Err(error) if matches!(error.code(), Code::Forbidden | Code::MalformedBody) => Some(error.code()),
        Err(error) => {
            // A store that is away for a while is not the file's fault.
            let counts = error.code() != Code::Unavailable;
            kit.db
                .write("import.hand_back", (row.id, worker, counts), |tx, input| {
                    Box::pin(store::hand_back(tx, input))
                })
                .await?;
            return Err(error);
        }
    };
    let state = failure.map_or(WorkState::Done, |_| WorkState::Failed);
    let ended = kit
        .db
        .write(
            "import.end",
            (row.id, worker, (state, failure)),
            |tx, (id, worker, how)| Box::pin(store::end_held(tx, (*id, *worker), *how)),
        )
        .await?;
    if ended {
        // It holds what is about persons: nobody needs it any more.
        kit.blobs.remove(&store::blob_key(row.id)).await?;
    }
    Ok(Pass::Full)
}

/// What lines are taken with: by the rights that who asked has now.
async fn world(desk: &Desk, row: &Model) -> Result<World, AppError> {
    let kit = &desk.kit;
    let identity = (ActorKind::Staff, row.staff_id.0);
    let actor = today(kit, identity, row.second_factor).await?;
    let actor = actor.ok_or_else(|| AppError::new(Code::Forbidden))?;
    let op = kinds::op(row.kind);
    let acting = coarse(&actor, op).map_err(|_| AppError::new(Code::Forbidden))?;
    Ok(World {
        kit: kit.clone(),
        reference: desk.reference().await?,
        caller: Caller {
            actor,
            acting,
            op,
            request_id: None,
        },
        day: local_day(kit.now()),
        dry_run: row.dry_run,
    })
}

/// Takes all lines; whether the worker still had the import at the end.
async fn whole(desk: &Desk, worker: Uuid, row: &Model) -> Result<bool, AppError> {
    let kit = &desk.kit;
    let world = Arc::new(world(desk, row).await?);
    let pieces = sealed::read(
        &kit.blobs,
        &kit.vault,
        &store::blob_key(row.id),
        store::blob_label(row.id),
    )
    .await?;
    let plain = SyncIoBridge::new(StreamReader::new(pieces.map_err(std::io::Error::other)));
    let (to, mut coming) = mpsc::channel::<Vec<Line>>(AHEAD);
    let (format, head) = (row.format, (kinds::head(row.kind), row.lines));
    let reading = tokio::task::spawn_blocking(move || read::read(format, plain, head, &to));
    while let Some(lines) = coming.recv().await {
        let mut checked = Vec::with_capacity(lines.len());
        for (line, fields) in lines {
            let one = fields.and_then(|fields| kinds::check(row.kind, &world, fields));
            checked.push((
                line,
                match one {
                    Ok((one, key)) => Ok((
                        kinds::prepare(&world, one).await?,
                        kit.vault.index("import.key", &key),
                    )),
                    Err(message) => Err(message),
                },
            ));
        }
        let input = (Arc::clone(&world), (row.id, worker), checked);
        let goes_on = kit
            .db
            .write("import.piece", input, |tx, input| Box::pin(piece(tx, input)))
            .await?;
        if !goes_on {
            return Ok(false);
        }
    }
    // A file that broke off in the middle is not taken for its end.
    let read = reading.await;
    read.map_err(|error| AppError::new(Code::Internal).because(error))??;
    Ok(true)
}

type Piece = (
    Arc<World>,
    (ImportId, Uuid),
    Vec<(i64, Result<(Checked, Vec<u8>), String>)>,
);

/// Takes some lines; whether the worker still had the import.
async fn piece(tx: &Tx, (world, (id, worker), lines): &Piece) -> Result<bool, AppError> {
    let Some(row) = store::held(tx, *id, *worker).await? else {
        return Ok(false);
    };
    let keys: Vec<Vec<u8>> = lines
        .iter()
        .filter_map(|(_, one)| Some(one.as_ref().ok()?.1.clone()))
        .collect();
    let mut seen: HashMap<Vec<u8>, i64> = store::seen(tx, *id, &keys).await?;
    let mut told = Vec::with_capacity(lines.len());
    for (line, one) in lines {
        let (key, verdict) = match one {
            Err(message) => (None, Verdict::refused(message)),
            Ok((_, key)) if seen.contains_key(key) => {
                let first = seen.get(key).copied().unwrap_or_default();
                let message = Some(format!("the same as line {first}"));
                (
                    None,
                    Verdict {
                        message,
                        ..Verdict::unchanged(None)
                    },
                )
            }
            Ok((one, key)) => (Some(key.clone()), kinds::write(tx, world, one).await?),
        };
        let key = key.filter(|_| verdict.outcome != LineOutcome::Refused);
        if let Some(key) = &key {
            seen.insert(key.clone(), *line);
        }
        told.push(Told {
            line: *line,
            key,
            verdict,
        });
    }
    store::advance(tx, &row, told).await?;
    Ok(true)
}
