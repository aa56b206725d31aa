//! The audit log: who changed the system itself, logged in or was refused, and who looked at what is hidden.

use crate::access::actor::{Acting, Actor};
use crate::access::permit::Caller;
use crate::platform::db::Tx;
use entity::audit;
use entity::id::AuditId;
use sea_orm::ActiveValue::Set;
use serde_json::Value;

/// Writes an entry in this transaction.
pub fn record(tx: &Tx, caller: &Caller, subject_kind: &str, subject_id: impl ToString, detail: Value) {
    let acting = Some(&caller.acting);
    write(
        tx,
        &caller.actor,
        acting,
        caller.op.id(),
        subject_kind,
        subject_id.to_string(),
        detail,
        caller.request_id.clone(),
    );
}

/// Writes an entry for what no logged-in person did: a log-in, a command line, a job.
pub fn record_system(tx: &Tx, action: &str, subject_kind: &str, subject_id: impl ToString, detail: Value) {
    write(
        tx,
        &Actor::Anonymous,
        None,
        action,
        subject_kind,
        subject_id.to_string(),
        detail,
        None,
    );
}

#[expect(clippy::too_many_arguments, reason = "the columns of the row, named once")]
fn write(
    tx: &Tx,
    actor: &Actor,
    acting: Option<&Acting>,
    action: &str,
    subject_kind: &str,
    subject_id: String,
    detail: Value,
    request_id: Option<String>,
) {
    let (kind, id) = actor.identity();
    tx.stage(audit::ActiveModel {
        id: Set(tx.ids().id::<AuditId>()),
        at: Set(tx.now()),
        actor_kind: Set(kind),
        actor_id: Set(id),
        actor_name: Set(actor.name().map(str::to_owned)),
        role: Set(acting.map(|acting| acting.role)),
        action: Set(action.to_owned()),
        subject_kind: Set(subject_kind.to_owned()),
        subject_id: Set(subject_id),
        detail: Set(detail),
        request_id: Set(request_id),
    });
}
