//! Who looked: kept before the answer goes out. A requester's own looks are theirs alone; those of their apps are kept.

use crate::access::actor::{Acting, Actor};
use crate::access::permit::Caller;
use crate::platform::db::{Db, Tx};
use crate::platform::error::AppError;
use entity::access_record;
use entity::id::TicketId;
use entity::kind::Looked;
use sea_orm::ActiveValue::Set;

/// A look at a ticket.
#[derive(Clone, Debug)]
pub struct Look {
    /// Which.
    pub ticket: TicketId,
    /// At what of it.
    pub what: Looked,
    /// In which role.
    pub acting: Acting,
}

/// Keeps a look; many at the same moment share a transaction.
///
/// # Errors
/// When the database does not answer: then nothing may be shown.
pub async fn look(db: &Db, caller: &Caller, look: Look) -> Result<(), AppError> {
    look_at_all(db, caller, vec![look]).await
}

/// Keeps looks at several tickets, as `look` does.
///
/// # Errors
/// When the database does not answer: then nothing may be shown.
pub async fn look_at_all(db: &Db, caller: &Caller, looks: Vec<Look>) -> Result<(), AppError> {
    if looks.is_empty() || matches!(caller.actor, Actor::Resident { through: None, .. }) {
        return Ok(());
    }
    db.write("ticket.look", (caller.clone(), looks), |tx, (caller, looks)| {
        Box::pin(async move {
            for look in looks {
                record(tx, caller, look);
            }
            Ok(())
        })
    })
    .await
}

/// Keeps a look in this transaction.
pub fn record(tx: &Tx, caller: &Caller, look: &Look) {
    let (actor_kind, actor_id) = caller.actor.identity();
    let unit = look.acting.unit.clone();
    tx.stage(access_record::ActiveModel {
        ticket_id: Set(look.ticket),
        id: Set(tx.ids().id()),
        at: Set(tx.now()),
        what: Set(look.what),
        actor_kind: Set(actor_kind),
        actor_id: Set(actor_id),
        actor_name: Set(caller.actor.name().map(str::to_owned)),
        role: Set(look.acting.role),
        unit_id: Set(unit.as_ref().map(|(id, _)| *id)),
        unit_name: Set(unit.map(|(_, name)| name)),
        request_id: Set(caller.request_id.clone()),
    });
}
