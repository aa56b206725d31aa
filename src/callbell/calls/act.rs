//! `POST /callbell/calls/{id}/actions` and a call that is opened by hand.

use super::apply::{Doer, Said, command, note};
use super::dto::{CallActionIn, CallOut, NewCallIn};
use super::open::{Opening, open};
use super::row::{find, lock};
use super::view;
use crate::access::Reach;
use crate::access::permit::Caller;
use crate::access::policy::{Facts, Op};
use crate::callbell::rules::call::{Command, Refusal};
use crate::callbell::store;
use crate::callbell::world::{Asked, World};
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code, Rule};
use crate::platform::http::answer::Answer;
use entity::callbell_call;
use entity::id::{CallId, StaffId};
use entity::kind::{BellSource, CallEntryKind, CallState};
use serde_json::json;

/// Where a call is: in its community and above.
pub fn facts(row: &callbell_call::Model) -> Facts<'_> {
    Facts {
        place: &row.unit_path,
        paths: vec![&row.unit_path],
        owners: Vec::new(),
    }
}

fn me(caller: &Caller) -> Result<(StaffId, Doer), AppError> {
    let (id, name) = caller.staff()?;
    Ok((id, Doer::staff(id, name)))
}

/// Acts on a call.
///
/// # Errors
/// `NotFound`, `Forbidden`, `CallClosed`, `CallActionNotAllowed` and the refusals of the action.
pub async fn act(
    tx: &Tx,
    (world, caller, (id, action)): &Asked<(CallId, CallActionIn)>,
) -> Result<Answer<CallOut>, AppError> {
    run(tx, world, caller, *id, (|by| action.command(by), action.text())).await
}

/// Closes a call that was dealt with.
///
/// # Errors
/// `NotFound`, `Forbidden`, `CallClosed`, `CallActionNotAllowed`, `KinNotTold`, `CallReportMissing`.
pub async fn close(tx: &Tx, (world, caller, id): &Asked<CallId>) -> Result<Answer<CallOut>, AppError> {
    run(tx, world, caller, *id, (Command::Close, None)).await
}

async fn run(
    tx: &Tx,
    world: &World,
    caller: &Caller,
    id: CallId,
    (asked, text): (impl FnOnce(StaffId) -> Command, Option<String>),
) -> Result<Answer<CallOut>, AppError> {
    let (staff, doer) = me(caller)?;
    let mut row = lock(tx, id).await?;
    caller.decide(Op::GetCall, &facts(&row))?;
    let said = Said {
        text,
        data: json!({}),
    };
    command(tx, world, &mut row, asked(staff), (&doer, &said))
        .await?
        .map_err(|why| refused(why, &row))?;
    let out = view::call(tx, world, &row).await?;
    Ok(Answer::ok(&out)?.version(row.version))
}

/// Opens a call for somebody who can't press: by telephone, or by who finds them.
///
/// # Errors
/// `InvalidInput`, `NotFound` for what is out of reach.
pub async fn open_by_hand(
    tx: &Tx,
    (world, caller, input): &Asked<NewCallIn>,
) -> Result<Answer<CallOut>, AppError> {
    let home = match input.home_id {
        Some(id) => {
            let home = store::homes::find(tx, id).await;
            Some(home.map_err(|_| AppError::field("/home_id", Rule::Unknown))?)
        }
        None => None,
    };
    let unit = home.as_ref().map(|home| home.unit_id).or(input.unit_id);
    let unit = unit.and_then(|id| world.reference.directory.get(id));
    let unit = unit.ok_or_else(|| AppError::field("/unit_id", Rule::Unknown))?;
    let reach: Reach = caller.reach();
    if !reach.covers(&unit.path) {
        return Err(AppError::new(Code::NotFound));
    }
    let (_, doer) = me(caller)?;
    let opening = Opening {
        unit: (unit.id, unit.path.clone()),
        device: None,
        home: home.as_ref().map(|home| home.id),
        source: BellSource::Phone,
        device_at: (None, false),
        test: false,
        text: Some(input.text.clone()),
        doer,
        cancelled: false,
    };
    let row = open(tx, world, opening).await?;
    let out = view::call(tx, world, &row).await?;
    let location = format!("/api/v1/callbell/calls/{}", row.id);
    Ok(Answer::created(&out, location)?.version(row.version))
}

/// Reads what a helper must know; the log of the call says who did.
///
/// # Errors
/// `NotFound`, `CallClosed`.
pub async fn reveal(tx: &Tx, (world, caller, id): &Asked<CallId>) -> Result<super::dto::NotesOut, AppError> {
    let mut row = lock(tx, *id).await?;
    caller.decide(Op::GetCall, &facts(&row))?;
    let (_, doer) = me(caller)?;
    if row.state == CallState::Closed {
        return Err(AppError::new(Code::CallClosed));
    }
    let notes = view::notes(tx, world, &row).await?;
    let what = json!({ "fields": ["access", "medical", "kin"] });
    note(tx, world, &mut row, (CallEntryKind::Revealed, what), &doer).await?;
    Ok(notes)
}

/// A call that somebody may see.
///
/// # Errors
/// `NotFound`.
pub async fn seen(world: &World, caller: &Caller, id: CallId) -> Result<callbell_call::Model, AppError> {
    let row = find(world.kit.db.read(), id).await?;
    caller.decide(Op::GetCall, &facts(&row))?;
    Ok(row)
}

/// A refusal with a code of its own.
fn refused(why: Refusal, row: &callbell_call::Model) -> AppError {
    let code = match why {
        Refusal::CallClosed => Code::CallClosed,
        Refusal::NotNow(_) => Code::CallActionNotAllowed,
        Refusal::NotOwner => Code::NotCallOwner,
        Refusal::NotVerified => Code::FalseAlarmNotVerified,
        Refusal::TestMismatch => Code::CallTestMismatch,
        Refusal::KinNotTold => Code::KinNotTold,
        Refusal::ReportMissing => Code::CallReportMissing,
        Refusal::NotLate => Code::CallNotLate,
    };
    AppError::new(code)
        .with("state", row.state.word())
        .with("allowed", view::actions(row))
}
