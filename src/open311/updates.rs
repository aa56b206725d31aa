//! Updates of requests, both ways: the extension by which FixMyStreet follows a request and adds to it.

use super::body::Posted;
use super::dto::{UpdateOut, UpdatedOut};
use super::params::Params;
use super::{map, requests, submit};
use crate::access::permit::Caller;
use crate::platform::error::{AppError, Code, Rule};
use crate::platform::http::idempotency::IdempotencyKey;
use crate::reference::Desk;
use crate::tickets::commands::Setting;
use crate::tickets::commands::act::{Action, act};
use crate::tickets::dto::ActionIn;
use crate::tickets::queries::detail;
use crate::tickets::queries::sheet::{self, Wanted};
use crate::tickets::rules::number;
use crate::tickets::rules::open::is_open;
use serde_json::Value;

/// Requests whose updates are read at most.
const MOST: u64 = 1_000;

/// What happened to the caller's requests within a window; the last 90 days unless given.
///
/// # Errors
/// `InvalidInput` naming the parameter.
pub(super) async fn list(desk: &Desk, caller: &Caller, params: &Params) -> Result<Vec<UpdateOut>, AppError> {
    let (start, end) = requests::window(params, "start_date", "end_date", desk.kit.now())?;
    let wanted = Wanted {
        changed: (start, None),
        limit: MOST,
        ..Wanted::default()
    };
    let reference = desk.reference().await?;
    let found = sheet::find(&desk.kit, &reference, caller, &wanted).await?;
    let within = |at| start.is_none_or(|start| start <= at) && end.is_none_or(|end| at <= end);
    let mut updates: Vec<(String, UpdateOut)> = found
        .iter()
        .flat_map(|ticket| map::updates(ticket, within))
        .map(|update| (update.updated_datetime.clone(), update))
        .collect();
    updates.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(updates.into_iter().map(|(_, update)| update).collect())
}

/// Takes an update: what the resident adds, or that it is to be taken up again. A status that a client names beside is
/// kept in words; whether a request is done is not the client's to say.
///
/// # Errors
/// `NotFound`, and what adding or taking up again may meet.
pub(super) async fn take(desk: &Desk, caller: Caller, mut posted: Posted) -> Result<UpdatedOut, AppError> {
    let digest = posted.digest();
    let links = posted.links(desk.kit.config.blob.max_file_bytes)?;
    let params = &posted.params;
    let given = params.required("service_request_id")?;
    let number = number::parse(given).ok_or_else(|| AppError::new(Code::NotFound))?;
    let update = params.required("update_id")?.to_owned();
    let said = submit::with_links(params.required("description")?, &links);
    let status = params.get("status").unwrap_or("UNCHANGED").to_ascii_uppercase();
    let (ticket, state) = detail::numbered(&desk.kit, &caller, &number).await?;
    let reopens = status == "REOPEN" && !is_open(state);
    if reopens && !posted.files.is_empty() {
        return Err(AppError::field("media", Rule::Unexpected));
    }
    let mut action = if reopens {
        ActionIn::Reopen { reason: said }
    } else {
        let text = match status.as_str() {
            "UNCHANGED" | "OPEN" => said,
            word => format!("{said}\n（对方状态：{word}）"),
        };
        ActionIn::Supplement {
            text,
            attachments: Vec::new(),
        }
    };
    action.check()?;
    if let ActionIn::Supplement { attachments, .. } = &mut action {
        *attachments = submit::keep_all(desk, &caller, posted.files).await?;
    }
    let key = IdempotencyKey::of(format!("{number} {update}"), super::PATH);
    let once = key.bind(&caller.actor.key(), "open311.update", &digest);
    let setting = Setting {
        kit: desk.kit.clone(),
        reference: desk.reference().await?,
        caller,
    };
    let action = Action {
        ticket,
        version: None,
        action,
    };
    let done = act(setting, once, action).await?.value()?;
    let seq = done
        .pointer("/timeline/0/seq")
        .and_then(Value::as_i64)
        .unwrap_or_default();
    Ok(UpdatedOut {
        update_id: format!("{number}-{seq}"),
    })
}
