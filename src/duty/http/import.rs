//! `/api/v1/duty/import`.

use crate::access::{Permit, op};
use crate::duty::dto::import::{ImportOut, ImportQuery};
use crate::duty::import::{self, File};
use crate::platform::error::{AppError, Code};
use crate::platform::http::answer::Answer;
use crate::platform::http::idempotency::{IdempotencyKey, write_once};
use crate::platform::http::raw::Raw;
use crate::platform::kit::Kit;
use crate::platform::report::ImportReport;
use actix_web::post;
use actix_web::web::{Data, Query};

/// Imports shifts from CSV, all or none. Columns `unit_code,post,starts_at,ends_at,user_names`: names parted by spaces,
/// the first to be called first; times with an offset, or those of China. Shifts that are there get the file's people as
/// long as they have not begun, so that the same file again changes nothing. With `dry_run` it only is looked at, and
/// the answer tells each line that is wrong; without, they stand in the `report` of the problem.
#[utoipa::path(tag = "duty", params(ImportQuery), request_body(content = String, content_type = "text/csv"), responses((status = 200, body = ImportOut)))]
#[post("/duty/import")]
pub(super) async fn import_shifts(
    permit: Permit<op::ImportShifts>,
    kit: Data<Kit>,
    key: IdempotencyKey,
    query: Query<ImportQuery>,
    body: Raw,
) -> Result<Answer<ImportOut>, AppError> {
    let text = body.csv()?;
    let caller = permit.caller;
    let digest = body.digest_of_import(query.dry_run);
    let once = key.bind(&caller.actor.key(), caller.op.id(), &digest);
    let file = import::read_csv(text, query.dry_run);
    let input = (Some(caller), file);
    write_once(&kit.db, &kit.vault, "shift.import", once, input, |tx, input| {
        Box::pin(async move { answer(import::run(tx, input).await?, &input.1) })
    })
    .await
}

fn answer(report: ImportReport, file: &File) -> Result<Answer<ImportOut>, AppError> {
    let wrong = report.errors.len();
    let out = ImportOut::new(report, file.dry_run);
    if wrong == 0 || file.dry_run {
        return Answer::ok(&out);
    }
    let report = serde_json::to_value(&out).map_err(|error| AppError::new(Code::Internal).because(error))?;
    let refused = AppError::new(Code::InvalidInput).with("report", report);
    Err(refused.say(
        format!("{wrong} 处错误，未写入任何内容"),
        format!("{wrong} mistake(s): nothing is written"),
    ))
}
