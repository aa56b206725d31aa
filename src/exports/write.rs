//! Writing a list into its file: piece by piece, by the rights that who asked has now. What breaks off is begun anew, by
//! whatever instance is there when its lease is over.

use super::rules::{line, mark};
use super::sheet::Sheet;
use super::store::{self, Held};
use crate::access::actor::Actor;
use crate::access::{Op, Reach, authenticate};
use crate::platform::blob::sealed::SealedWriter;
use crate::platform::error::{AppError, Code};
use crate::platform::jobs::Pass;
use crate::platform::kit::Kit;
use crate::reference::Desk;
use crate::tickets::dto::{TicketFilters, TicketsQuery};
use crate::tickets::queries::list;
use entity::export::Model;
use uuid::Uuid;

/// Tickets that are read at a time.
const PIECE: u64 = 2_000;
/// Pieces after which it is noted how far it is.
const NOTE_EVERY: u64 = 5;

/// Writes the export that waits longest.
///
/// # Errors
/// When the database does not answer.
pub async fn next(desk: &Desk, worker: Uuid) -> Result<Pass, AppError> {
    let kit = &desk.kit;
    let claimed = kit
        .db
        .write("export.claim", worker, |tx, worker| {
            Box::pin(store::claim(tx, worker))
        })
        .await?;
    let Some(row) = claimed else { return Ok(Pass::Idle) };
    match of(desk, worker, &row).await {
        Ok(()) => Ok(Pass::Full),
        // What would fail again is told who asked; anything else is tried again.
        Err(error) if matches!(error.code(), Code::Forbidden | Code::InvalidInput) => {
            let input = (row.id, worker, error.code());
            kit.db
                .write("export.fail", input, |tx, input| Box::pin(store::fail(tx, input)))
                .await?;
            Ok(Pass::Full)
        }
        Err(error) => {
            // A store that is away for a while is not the list's fault.
            let input = (row.id, worker, error.code() != Code::Unavailable);
            kit.db
                .write("export.hand_back", input, |tx, input| {
                    Box::pin(store::hand_back(tx, input))
                })
                .await?;
            Err(error)
        }
    }
}

async fn of(desk: &Desk, worker: Uuid, row: &Model) -> Result<(), AppError> {
    let kit = &desk.kit;
    let identity = (row.actor_kind, row.actor_id);
    let actor = authenticate::today(kit, identity, row.second_factor).await?;
    let actor = actor.ok_or_else(|| AppError::new(Code::Forbidden))?;
    let reach = Reach::of(&actor, Op::CreateExport);
    if reach.is_empty() {
        return Err(AppError::new(Code::Forbidden));
    }
    let filters = kit.vault.open(store::FILTERS, &row.filters_sealed)?;
    let filters: TicketFilters =
        serde_json::from_slice(&filters).map_err(|error| AppError::new(Code::Internal).because(error))?;
    let out = SealedWriter::new(
        &kit.blobs,
        &kit.vault,
        &store::blob_key(row.id, row.attempts),
        store::blob_label(row.id),
    );
    let scratch = Some(kit.config.bulk.scratch.clone()).filter(|folder| !folder.as_os_str().is_empty());
    let mut sheet = Sheet::begin(row.format, out, scratch).await?;
    let by = (&actor, &reach);
    match fill(desk, (row, worker), by, &filters.into(), &mut sheet).await {
        Ok(Some(written)) => {
            let file = sheet.finish().await?;
            let input = (row.id, worker, (written, file, reach.digest()));
            let kept = kit
                .db
                .write("export.done", input, |tx, input| Box::pin(store::done(tx, input)))
                .await?;
            if !kept {
                // It was taken away, or given up for lost: nobody will look for this file.
                kit.blobs.remove(&store::blob_key(row.id, row.attempts)).await?;
            }
            Ok(())
        }
        Ok(None) => {
            sheet.give_up().await;
            Ok(())
        }
        Err(error) => {
            sheet.give_up().await;
            Err(error)
        }
    }
}

/// Writes all lines; how many there were, or none when it was taken away meanwhile.
async fn fill(
    desk: &Desk,
    (row, worker): (&Model, Uuid),
    by: (&Actor, &Reach),
    query: &TicketsQuery,
    sheet: &mut Sheet,
) -> Result<Option<i64>, AppError> {
    let kit = &desk.kit;
    let reference = desk.reference().await?;
    let (mark, begun) = (mark(row.id), kit.now());
    let expected = list::count(&kit.db, &reference.directory, by, query, begun).await?;
    let expected = i64::try_from(expected).unwrap_or(i64::MAX);
    if !noted(kit, (row.id, worker, (0, Some(expected)))).await? {
        return Ok(None);
    }
    let (mut written, mut before, mut pieces) = (0_i64, None, 0_u64);
    loop {
        let rows = list::piece(&kit.db, &reference.directory, by, query, begun, (before, PIECE)).await?;
        let Some(last) = rows.last() else {
            return Ok(Some(written));
        };
        before = Some(last.id);
        written += i64::try_from(rows.len()).unwrap_or(0);
        sheet
            .write(rows.into_iter().map(|row| line(row, &mark)).collect())
            .await?;
        pieces += 1;
        if pieces.is_multiple_of(NOTE_EVERY) && !noted(kit, (row.id, worker, (written, None))).await? {
            return Ok(None);
        }
    }
}

async fn noted(kit: &Kit, input: Held<(i64, Option<i64>)>) -> Result<bool, AppError> {
    kit.db
        .write("export.progress", input, |tx, input| {
            Box::pin(store::progress(tx, input))
        })
        .await
}
