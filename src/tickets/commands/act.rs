//! `POST /tickets/{id}/actions`: load · allow · decide · record · answer.

mod correct;
mod dispatch;
mod proceed;

use super::meaning::{Meant, operation, translate};
use super::refusal::refused;
use super::{Setting, callback};
use crate::access::actor::Acting;
use crate::attachments;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use crate::platform::http::answer::Answer;
use crate::platform::http::etag::IfMatch;
use crate::platform::http::idempotency::{Once, write_once};
use crate::tickets::dto::{ActionIn, TicketOut};
use crate::tickets::facts::{self, allow};
use crate::tickets::rules::lifecycle::{self, By, Refusal};
use crate::tickets::store::{self, Doer, Loaded, Plan, apply};
use crate::tickets::view::{self, Whole};
use entity::id::TicketId;
use entity::kind::{Role, Visibility};

/// An action on a ticket, of which the client saw a version.
pub struct Action {
    /// Which.
    pub ticket: TicketId,
    /// The version; exempt are what only adds a requester's words.
    pub version: Option<IfMatch>,
    /// What.
    pub action: ActionIn,
}

/// Acts; once for its key.
///
/// # Errors
/// `NotFound`, `Forbidden`, `StaleVersion`, `ActionNotAllowed` with what is allowed, and what the action itself may
/// meet.
pub async fn act(setting: Setting, once: Once, action: Action) -> Result<Answer<TicketOut>, AppError> {
    let (db, vault) = (setting.kit.db.clone(), setting.kit.vault.clone());
    write_once(&db, &vault, "ticket.act", once, (setting, action), |tx, input| {
        Box::pin(write(tx, input))
    })
    .await
}

async fn write(tx: &Tx, (setting, action): &(Setting, Action)) -> Result<Answer<TicketOut>, AppError> {
    let Setting {
        kit,
        reference,
        caller,
    } = setting;
    let mut loaded = store::lock(tx, action.ticket).await?;
    let acting = match allow(&caller.actor, operation(&action.action), &loaded) {
        Ok(acting) => acting,
        Err(refusal) => return Err(told(tx, setting, &loaded, refusal).await),
    };
    if let Some(version) = action.version {
        version.check(loaded.ticket.version)?;
    }
    let kind = facts::command_of(operation(&action.action)).ok_or_else(|| AppError::new(Code::Internal))?;
    let state = loaded.ticket.state;
    if !lifecycle::allowed(state).contains(&kind) {
        return Err(refused(Refusal::NotNow { state, command: kind }, state));
    }
    if let Err(refusal) = proceed::check(setting, &loaded, &action.action) {
        return Err(told(tx, setting, &loaded, refusal).await);
    }
    if let ActionIn::CallBack { reached, .. } = action.action {
        callback::check(tx, caller, &loaded, reached).await?;
    }
    let reply = match action.action {
        ActionIn::Approve { .. } => store::waiting_reply(tx, &kit.vault, action.ticket).await?,
        _ => None,
    };
    let primary = loaded.ticket.primary_id;
    let (plan, meant) = plan(tx, setting, &mut loaded, &acting, &action.action, reply).await?;
    let doer = Doer {
        actor: &caller.actor,
        acting: Some(&acting),
        request_id: caller.request_id.as_deref(),
    };
    let first_entry = loaded.ticket.entries + 1;
    apply(tx, (&kit.vault, reference), &mut loaded, &plan, doer).await?;
    if !plan.ticks() && !by_clock(&action.action) {
        loaded.running = store::running(tx, action.ticket).await?;
    }
    bind_files(tx, setting, &loaded, &meant, first_entry).await?;
    callback::follow(tx, setting, &loaded, &meant).await?;
    proceed::follow(tx, setting, primary, &loaded, &meant.command, doer).await?;
    let version = loaded.ticket.version;
    let out = view::ticket(kit, reference, &Whole::after(loaded), &caller.actor, &acting)?;
    Ok(Answer::ok(&out)?.version(version))
}

/// A refusal, and if it is about who asks, what they may do instead.
async fn told(tx: &Tx, setting: &Setting, loaded: &Loaded, refusal: AppError) -> AppError {
    if refusal.code() != Code::Forbidden {
        return refusal;
    }
    let clocks = match store::running(tx, loaded.ticket.id).await {
        Ok(clocks) => clocks,
        Err(error) => return error,
    };
    let moment = facts::moment(loaded, &clocks, &setting.reference, &setting.kit, tx.now());
    let allowed = facts::actions(&setting.caller.actor, loaded, &setting.reference, moment);
    refusal.with("allowed", allowed)
}

/// Actions that are decided by what the clocks say.
fn by_clock(action: &ActionIn) -> bool {
    matches!(
        action,
        ActionIn::RequestReturn { .. } | ActionIn::RequestExtension { .. }
    )
}

async fn plan(
    tx: &Tx,
    setting: &Setting,
    loaded: &mut Loaded,
    acting: &Acting,
    action: &ActionIn,
    reply: Option<String>,
) -> Result<(Plan, Meant), AppError> {
    let by = By {
        staff: setting.caller.actor.staff_id(),
        centre: facts::is_centre(acting),
        requester: acting.role == Role::Resident,
    };
    if by_clock(action) {
        loaded.running = store::running(tx, loaded.ticket.id).await?;
    }
    let clocks = &loaded.running;
    let moment = facts::moment(loaded, clocks, &setting.reference, &setting.kit, tx.now());
    let mut plan = Plan::new(facts::life(loaded)).at(moment);
    if let Some(meant) = proceed::proceed(tx, setting, loaded, &mut plan, by, action).await? {
        return Ok((plan, meant));
    }
    let meant = match action {
        ActionIn::Accept { .. } => dispatch::accept(tx, setting, loaded, &mut plan, by, action)?,
        ActionIn::Dispatch { .. } => dispatch::dispatch(tx, setting, loaded, &mut plan, by, action)?,
        ActionIn::Assign { .. } => dispatch::assign(setting, loaded, acting, &mut plan, by, action)?,
        other => {
            let mut meant = translate(other).ok_or_else(|| AppError::new(Code::Internal))?;
            meant.said.charged = proceed::called(loaded, action);
            // With the approval the requester gets to read the reply.
            meant.said.public_text = reply.or(meant.said.public_text);
            plan.decide(&meant.command, by, meant.said.clone())
                .and_then(|()| callback::raise_level(tx, &mut plan))
                .map_err(|why| refused(why, loaded.ticket.state))?;
            meant
        }
    };
    Ok((plan, meant))
}

async fn bind_files(
    tx: &Tx,
    setting: &Setting,
    loaded: &Loaded,
    meant: &Meant,
    entry: i64,
) -> Result<(), AppError> {
    let (kind, id) = setting.caller.actor.identity();
    let Some(id) = id else { return Ok(()) };
    let visibility = if meant.said.public {
        Visibility::Public
    } else {
        Visibility::Internal
    };
    attachments::store::bind(tx, &meant.files, loaded.ticket.id, entry, visibility, (kind, id)).await
}
