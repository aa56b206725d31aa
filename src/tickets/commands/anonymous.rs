//! Requests without a name: followed by their number and a code.

use crate::access::actor::{Acting, Actor};
use crate::attachments;
use crate::auth::throttle;
use crate::platform::crypto::sha256;
use crate::platform::crypto::vault::Vault;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use crate::platform::kit::Kit;
use crate::reference::Reference;
use crate::tickets::commands::callback;
use crate::tickets::dto::LookupOut;
use crate::tickets::rules::number;
use crate::tickets::store;
use crate::tickets::view::{self, Whole};
use entity::id::TicketId;
use entity::kind::{CallbackState, Role};
use entity::ticket;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use std::sync::Arc;

/// The code of a ticket: twelve digits, made from its key, so that nobody has to keep it.
pub fn code(vault: &Vault, ticket: TicketId) -> String {
    let made = vault.index("extraction.code", &ticket.to_string());
    let number = made
        .iter()
        .take(8)
        .fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    let digits = format!("{:012}", number % 1_000_000_000_000);
    [&digits[..4], &digits[4..8], &digits[8..]].join("-")
}

/// What is kept of it.
pub fn index(vault: &Vault, ticket: TicketId, code: &str) -> Vec<u8> {
    let digits: String = code.chars().filter(char::is_ascii_digit).collect();
    vault.index("extraction.index", &format!("{ticket}:{digits}"))
}

/// Looking up by number and code: what is needed besides the transaction.
pub type Lookup = (Kit, Arc<Reference>, String, String);

/// A ticket for whoever has its number and code.
///
/// # Errors
/// `NotFound`, whichever of the two is wrong; `Throttled` after some attempts.
pub async fn look_up(
    tx: &Tx,
    (kit, reference, number, code): &Lookup,
) -> Result<Option<LookupOut>, AppError> {
    let Some(wanted) = number::parse(number) else {
        return Ok(None);
    };
    // Counted before it is known whether the number exists: that must not be found out.
    let key = sha256(&[b"ticket.lookup", wanted.as_bytes()]);
    throttle::count(tx, &key).await?;
    let found = ticket::Entity::find()
        .filter(ticket::Column::Number.eq(wanted))
        .filter(ticket::Column::Anonymous.eq(true))
        .one(tx)
        .await?;
    let Some(found) = found else { return Ok(None) };
    let loaded = store::find(tx, found.id).await?;
    let given = index(&kit.vault, found.id, code);
    let right = loaded
        .requesters
        .iter()
        .any(|row| row.extraction_hash.as_ref() == Some(&given));
    if !right {
        return Ok(None);
    }
    throttle::clear(tx, &key).await?;
    let call = callback::latest(tx, found.id).await?;
    let open = call.filter(|row| row.state == CallbackState::Open && row.expires_at > tx.now());
    let base = kit.config.base();
    let callback = open.map(|row| format!("{base}/api/v1/callbacks/{}", callback::token(&kit.vault, row.id)));
    let whole = Whole {
        clocks: store::clocks(tx, found.id).await?,
        timeline: store::timeline(tx, found.id).await?,
        files: attachments::store::of_ticket(tx, found.id).await?,
        loaded,
    };
    // Whoever has the code is the requester, though nobody knows who that is.
    let acting = Acting {
        role: Role::Resident,
        unit: None,
        path: None,
    };
    let ticket = view::ticket(kit, reference, &whole, &Actor::Anonymous, &acting)?;
    Ok(Some(LookupOut { ticket, callback }))
}

/// What a lookup answers.
///
/// # Errors
/// `NotFound`.
pub fn found(out: Option<LookupOut>) -> Result<LookupOut, AppError> {
    out.ok_or_else(|| AppError::new(Code::NotFound))
}
