//! Special services (特色服务): a community proposes, its sub-district decides.

use crate::access::Op;
use crate::access::authenticate::local_day;
use crate::access::permit::Caller;
use crate::access::policy::Facts;
use crate::catalog::rules::entry::{self, Entry, OWN_SERVICES};
use crate::catalog::{queries, store};
use crate::ledger::audit;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code, Fields, Rule};
use crate::platform::http::etag::IfMatch;
use crate::{orgs, settings};
use chrono::NaiveDate;
use entity::id::UnitId;
use entity::kind::{LimitUnit, RequestType, ResponsibleKind, ServiceState, UnitKind};
use entity::{service, unit};
use sea_orm::{ActiveValue::Set, IntoActiveModel};
use serde_json::{Value, json};

/// A service that a community proposes.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "as in the row")]
pub struct Proposal {
    pub unit_id: Option<UnitId>,
    pub name: String,
    pub name_en: String,
    pub request_types: Vec<RequestType>,
    pub default_type: RequestType,
    pub resolve_limit: Option<(i32, LimitUnit)>,
    pub post: Option<String>,
    pub sensitive: bool,
    pub form: Value,
}

/// What becomes of a proposal.
#[derive(Clone, Debug)]
pub struct Decision {
    /// Whether it is offered.
    pub approve: bool,
    /// Why.
    pub reason: Option<String>,
}

/// Proposes a service of the caller's own community.
///
/// # Errors
/// `Forbidden` for another community, `InvalidInput`, `Conflict` when the catalogue has no category for it.
pub async fn propose(tx: &Tx, (caller, proposal): &(Caller, Proposal)) -> Result<service::Model, AppError> {
    store::lock(tx).await?;
    let day = local_day(tx.now());
    let owner = owner(tx, caller, proposal.unit_id, day).await?;
    let above = store::versions(tx, OWN_SERVICES).await?;
    let category = queries::current(&above, day).ok_or_else(|| {
        AppError::new(Code::Conflict).say(
            format!("服务目录缺少类别 {OWN_SERVICES}"),
            format!("The catalogue lacks the category {OWN_SERVICES}"),
        )
    })?;
    let taken = store::codes_below(tx, OWN_SERVICES).await?;
    let code = entry::next_own_code(taken.iter().map(String::as_str)).ok_or_else(|| {
        AppError::new(Code::Conflict).say("特色服务编码已用完", "The codes of special services are used up")
    })?;
    let entry = proposal.entry(code, category, day);
    let known = store::known(tx, day).await?;
    let mut fields = Fields::default();
    entry::check(&entry, &known, &mut fields);
    fields.finish()?;
    let mut row = store::new_row(tx, &entry);
    row.owner_unit_id = Set(Some(owner.id));
    row.owner_path = Set(Some(owner.path));
    row.state = Set(ServiceState::Proposed);
    row.proposed_by = Set(caller.actor.staff_id());
    let row = store::insert(tx, row).await?;
    audit::record(
        tx,
        caller,
        "service",
        row.id,
        json!({ "code": row.code, "unit": owner.id }),
    );
    settings::store::touch_reference(tx).await?;
    Ok(row)
}

/// Approves or refuses a proposal. One that is approved is offered from today on.
///
/// # Errors
/// `NotFound`, `ActionNotAllowed` when it is decided already, `SeparationOfDuty` for the proposer, `StaleVersion`.
pub async fn decide(
    tx: &Tx,
    (caller, code, version, decision): &(Caller, String, IfMatch, Decision),
) -> Result<service::Model, AppError> {
    store::lock(tx).await?;
    let row = store::versions(tx, code)
        .await?
        .into_iter()
        .rfind(|row| row.owner_path.is_some())
        .ok_or_else(|| AppError::new(Code::NotFound))?;
    let path = row.owner_path.as_deref().unwrap_or_default();
    // A proposal of another sub-district does not exist for this one; a service does.
    let read = match row.state {
        ServiceState::Active => Op::GetService,
        ServiceState::Proposed | ServiceState::Refused => Op::DecideService,
    };
    caller.decide(
        read,
        &Facts {
            place: path,
            paths: vec![path],
            owners: Vec::new(),
        },
    )?;
    version.check(row.version)?;
    if row.state != ServiceState::Proposed {
        return Err(AppError::new(Code::ActionNotAllowed).with("state", row.state.word()));
    }
    if row.proposed_by.is_some() && row.proposed_by == caller.actor.staff_id() {
        return Err(AppError::new(Code::SeparationOfDuty).say(
            "不能审核本人提出的服务",
            "Somebody else must decide what you proposed",
        ));
    }
    let next_version = row.version + 1;
    let mut next = row.into_active_model();
    if decision.approve {
        next.state = Set(ServiceState::Active);
        next.valid_from = Set(local_day(tx.now()));
    } else {
        next.state = Set(ServiceState::Refused);
    }
    next.decided_by = Set(caller.actor.staff_id());
    next.version = Set(next_version);
    next.updated_at = Set(tx.now());
    let row = store::update(tx, next).await?;
    let detail = json!({ "code": row.code, "state": row.state, "reason": decision.reason });
    audit::record(tx, caller, "service", row.id, detail);
    settings::store::touch_reference(tx).await?;
    Ok(row)
}

async fn owner(
    tx: &Tx,
    caller: &Caller,
    named: Option<UnitId>,
    day: NaiveDate,
) -> Result<unit::Model, AppError> {
    let own = caller.acting.unit.as_ref().map(|(id, _)| *id);
    let id = named.or(own).ok_or_else(|| AppError::new(Code::Forbidden))?;
    let unit = orgs::store::find(tx, id)
        .await
        .map_err(|_| AppError::field("/unit_id", Rule::Unknown))?;
    caller.decide(
        Op::GetUnit,
        &Facts {
            place: &unit.path,
            paths: vec![&unit.path],
            owners: Vec::new(),
        },
    )?;
    let community = matches!(unit.kind, UnitKind::Community | UnitKind::Village);
    if !community || unit.valid_to.is_some_and(|last| last < day) {
        return Err(AppError::field(
            "/unit_id",
            Rule::Form("a community or village that exists"),
        ));
    }
    Ok(unit)
}

impl Proposal {
    /// What a proposal does not say is as in the category above.
    fn entry(&self, code: String, category: &service::Model, day: NaiveDate) -> Entry {
        Entry {
            code,
            parent: Some(OWN_SERVICES.to_owned()),
            name: self.name.clone(),
            name_en: self.name_en.clone(),
            std_code: None,
            request_types: self.request_types.clone(),
            default_type: self.default_type,
            urgency: category.urgency,
            resolve_limit: self.resolve_limit,
            responsible: ResponsibleKind::Community,
            post: self
                .post
                .clone()
                .unwrap_or_else(|| category.responsible_post.clone()),
            department: None,
            powers: Vec::new(),
            sensitive: self.sensitive,
            auto_accept: false,
            relapse: false,
            external_procedure: None,
            form: self.form.clone(),
            selectable: true,
            valid_from: day,
            valid_to: None,
        }
    }
}
