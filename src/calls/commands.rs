//! Hearing of calls, and calling back.

use super::rules::{ATTEMPTS, Heard};
use super::store::{self, Which};
use crate::access::Op;
use crate::access::permit::Caller;
use crate::access::policy::Facts;
use crate::ledger::events::{News, publish};
use crate::platform::crypto::vault::Vault;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use entity::id::{PhoneCallId, StaffId};
use entity::kind::{MissedState, PhoneCallState};
use entity::phone_call;
use serde_json::json;
use std::sync::Arc;

/// The kind of thing that events about a call name.
pub(super) const SUBJECT: &str = "phone_call";

/// Takes in what an exchange tells of a call. A repeat changes nothing, and is no news.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn hear(
    tx: &Tx,
    (vault, which, heard): &(Arc<Vault>, Which, Heard),
) -> Result<phone_call::Model, AppError> {
    let before = store::hold(tx, which, heard.at).await?;
    let known = store::call(vault, &before)?;
    let mut call = known.clone();
    call.hear(heard);
    let mut row = before.clone();
    row.began_at = row.began_at.min(heard.at);
    if call == known && row.began_at == before.began_at {
        // Nothing new, but a sign of life: who waits in a queue may be told of again and again.
        let lives = call.over_at().is_none() && heard.at > before.updated_at;
        return if lives {
            store::update(tx, row).await
        } else {
            Ok(before)
        };
    }
    store::put(vault, &mut row, &call)?;
    // A number that was not heard anew is sealed as it was.
    if call.caller == known.caller {
        row.caller_sealed = before.caller_sealed;
    }
    row.staff_id = store::staff_of(tx, call.agent()).await?;
    if let Some(index) = &row.caller_index {
        // Two calls of one person, told of at the same moment, would not see each other.
        tx.one_at_a_time(index).await?;
    }
    row.missed = missed(tx, &row).await?;
    // Who is missed later is looked for by that call.
    let news = call.answered_at != known.answered_at || call.caller != known.caller;
    if let (Some(answered), true) = (row.answered_at, news) {
        for other in store::waiting_too(tx, &row, Some(answered)).await? {
            settle(tx, other, MissedState::CalledAgain, "called_again").await?;
        }
    }
    let row = store::update(tx, row).await?;
    let what = if row.state == PhoneCallState::Abandoned {
        PhoneCallState::Abandoned.word()
    } else {
        heard.kind.word()
    };
    // Whose telephone it is about, where the event says so: others may have had the call since.
    let whose = match &heard.agent {
        Some(agent) if call.agent() != Some(agent) => store::staff_of(tx, Some(agent)).await?,
        _ => row.staff_id,
    };
    tell(
        tx,
        &row,
        (what, whose, before.missed == Some(MissedState::Waiting)),
    );
    Ok(row)
}

/// Gives up a call of which nothing was heard for too long: whoever rang waits to be called back. Whether it did.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn give_up(tx: &Tx, id: &PhoneCallId) -> Result<bool, AppError> {
    let mut row = store::lock(tx, *id).await?;
    let mut call = store::times(&row);
    if !call.give_up(row.updated_at, tx.now()) {
        return Ok(false);
    }
    row.state = call.state();
    row.given_up_at = call.given_up_at;
    if let Some(index) = &row.caller_index {
        // As above: another call of theirs may be answered at this moment.
        tx.one_at_a_time(index).await?;
    }
    row.missed = missed(tx, &row).await?;
    let row = store::update(tx, row).await?;
    tell(tx, &row, (row.state.word(), row.staff_id, false));
    Ok(true)
}

/// Who hung up before anybody answered waits to be called back, where their number is known and they did not call again.
/// That somebody did answer may be heard later.
async fn missed(tx: &Tx, row: &phone_call::Model) -> Result<Option<MissedState>, AppError> {
    if row.state != PhoneCallState::Abandoned {
        return Ok(row.missed.filter(|missed| *missed != MissedState::Waiting));
    }
    if row.missed.is_some() || row.caller_index.is_none() {
        return Ok(row.missed);
    }
    Ok(Some(if store::answered_since(tx, row).await? {
        MissedState::CalledAgain
    } else {
        MissedState::Waiting
    }))
}

/// A call need not be called back any more.
async fn settle(tx: &Tx, mut row: phone_call::Model, how: MissedState, what: &str) -> Result<(), AppError> {
    row.missed = Some(how);
    row.missed_at = Some(tx.now());
    let row = store::update(tx, row).await?;
    tell(tx, &row, (what, row.staff_id, true));
    Ok(())
}

/// Notes how calling back went.
///
/// # Errors
/// `NotFound`, `Forbidden`; `ActionNotAllowed` where the call does not wait for it.
pub(super) async fn called_back(
    tx: &Tx,
    (caller, id, reached): &(Caller, PhoneCallId, bool),
) -> Result<phone_call::Model, AppError> {
    let mut row = store::lock(tx, *id).await?;
    allow(caller, &row)?;
    let (staff, _) = caller.staff()?;
    if row.missed != Some(MissedState::Waiting) {
        return Err(AppError::new(Code::ActionNotAllowed).with("missed", row.missed.map(MissedState::word)));
    }
    row.attempts += 1;
    row.missed_by = Some(staff);
    row.missed_at = Some(tx.now());
    if *reached {
        row.missed = Some(MissedState::CalledBack);
    } else if row.attempts >= ATTEMPTS {
        row.missed = Some(MissedState::NotReached);
    }
    if *reached {
        // They are one person, however often they tried.
        for other in store::waiting_too(tx, &row, None).await? {
            settle(tx, other, MissedState::CalledBack, "called_back").await?;
        }
    }
    let row = store::update(tx, row).await?;
    tell(tx, &row, ("called_back", row.staff_id, true));
    Ok(row)
}

/// Whether the caller may do this with the call.
///
/// # Errors
/// `NotFound`, `Forbidden`.
pub(super) fn allow(caller: &Caller, row: &phone_call::Model) -> Result<(), AppError> {
    let facts = Facts {
        paths: vec![&row.unit_path],
        place: &row.unit_path,
        owners: Vec::new(),
    };
    caller.decide(Op::ListPhoneCalls, &facts).map(|_| ())
}

/// What happened, to whose telephone, and whether the call waited to be called back before.
fn tell(tx: &Tx, row: &phone_call::Model, (what, whose, waited): (&str, Option<StaffId>, bool)) {
    publish(
        tx,
        News {
            kind: format!("{SUBJECT}.{what}"),
            subject_kind: SUBJECT,
            subject_id: row.id.0,
            unit_path: Some(row.unit_path.clone()),
            data: json!({ "state": row.state, "staff_id": whose, "missed": row.missed, "waited": waited }),
        },
    );
}
