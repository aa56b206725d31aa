//! `/api/v1/callbell/homes`, and the file by which many are registered.

use crate::access::authenticate::local_day;
use crate::access::permit::Caller;
use crate::access::policy::identity_sight;
use crate::access::{Op, Permit, op};
use crate::callbell::commands::homes as commands;
use crate::callbell::dto::device::{BellImportOut, BellImportQuery};
use crate::callbell::dto::home::{HomeIn, HomeOut, HomeRevealIn, HomeRevealOut, HomesQuery};
use crate::callbell::import;
use crate::callbell::store::homes as store;
use crate::orgs;
use crate::platform::crypto::vault::Vault;
use crate::platform::error::{AppError, Code, Rule};
use crate::platform::http::answer::Answer;
use crate::platform::http::etag::IfMatch;
use crate::platform::http::idempotency::{IdempotencyKey, write_once};
use crate::platform::http::json::Json;
use crate::platform::http::page::{List, Page, limit};
use crate::platform::http::raw::Raw;
use crate::platform::kit::Kit;
use crate::reference::Desk;
use actix_web::web::{Data, Path, Query};
use actix_web::{get, post, put};
use entity::callbell_kin;
use entity::id::{HomeId, UnitId};
use sea_orm::ConnectionTrait;
use std::collections::HashMap;
use std::sync::Arc;
use utoipa_actix_web::service_config::ServiceConfig;

/// Routes of homes.
pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list_homes)
        .service(register_home)
        .service(get_home)
        .service(update_home)
        .service(reveal_home)
        .service(import_bells);
}

/// The path of a unit that a list is cut by.
///
/// # Errors
/// `InvalidInput` when there is none.
pub(in crate::callbell) async fn below(
    conn: &impl ConnectionTrait,
    unit: Option<UnitId>,
) -> Result<Option<String>, AppError> {
    let Some(unit) = unit else { return Ok(None) };
    match orgs::store::find(conn, unit).await {
        Ok(unit) => Ok(Some(unit.path)),
        Err(error) if error.code() == Code::NotFound => Err(AppError::field("?unit_id", Rule::Unknown)),
        Err(error) => Err(error),
    }
}

/// As the caller sees it in the role in which it was allowed.
fn seen(vault: &Vault, whole: &commands::Whole, caller: &Caller) -> Result<HomeOut, AppError> {
    HomeOut::new(vault, whole, identity_sight(caller.acting.role, false))
}

/// Lists homes with a bell, oldest first.
#[utoipa::path(tag = "callbell", params(HomesQuery), responses((status = 200, body = Page<HomeOut>)))]
#[get("/callbell/homes")]
async fn list_homes(
    permit: Permit<op::ListHomes>,
    kit: Data<Kit>,
    query: Query<HomesQuery>,
) -> Result<Answer<Page<HomeOut>>, AppError> {
    let (conn, limit) = (kit.db.read(), limit(query.limit)?);
    let list = List::new("homes", &query.unit_id);
    let after = list.read::<HomeId>(query.cursor.as_deref())?;
    let below = below(conn, query.unit_id).await?;
    let rows = store::list(conn, &permit.caller.reach(), below.as_deref(), after, limit + 1).await?;
    let ids: Vec<HomeId> = rows.iter().map(|row| row.id).collect();
    let mut kin: HashMap<HomeId, Vec<callbell_kin::Model>> = HashMap::new();
    for one in store::kin_of(conn, &ids).await? {
        kin.entry(one.home_id).or_default().push(one);
    }
    let page = list.page(
        rows,
        limit,
        |row| row.id,
        |row| {
            let kin = kin.remove(&row.id).unwrap_or_default();
            seen(&kit.vault, &(row, kin), &permit.caller)
        },
    )?;
    Answer::ok(&page)
}

/// Registers a home with a bell: who lives there, the door, notes for helpers, next of kin.
#[utoipa::path(tag = "callbell", request_body = HomeIn, responses((status = 201, body = HomeOut)))]
#[post("/callbell/homes")]
async fn register_home(
    permit: Permit<op::RegisterHome>,
    kit: Data<Kit>,
    key: IdempotencyKey,
    body: Json<HomeIn>,
) -> Result<Answer<HomeOut>, AppError> {
    let caller = permit.caller;
    let once = key.bind(&caller.actor.key(), caller.op.id(), &body.digest);
    let input = (Arc::clone(&kit.vault), caller, body.value.parse(kit.now(), true)?);
    write_once(
        &kit.db,
        &kit.vault,
        "callbell.register_home",
        once,
        input,
        |tx, input| {
            Box::pin(async move {
                let (whole, caller) = commands::register(tx, input).await?;
                let location = format!("/api/v1/callbell/homes/{}", whole.0.id);
                let out = seen(&input.0, &whole, &caller)?;
                Ok(Answer::created(&out, location)?.version(out.version))
            })
        },
    )
    .await
}

/// A home with a bell. Names and numbers are masked, notes are withheld: revealing them takes a reason.
#[utoipa::path(tag = "callbell", responses((status = 200, body = HomeOut)))]
#[get("/callbell/homes/{id}")]
async fn get_home(
    permit: Permit<op::GetHome>,
    kit: Data<Kit>,
    id: Path<HomeId>,
) -> Result<Answer<HomeOut>, AppError> {
    let conn = kit.db.read();
    let row = store::find(conn, *id).await?;
    let caller = commands::allow(&permit.caller, Op::GetHome, &row.unit_path)?;
    let kin = store::kin(conn, row.id).await?;
    let out = seen(&kit.vault, &(row, kin), &caller)?;
    Ok(Answer::ok(&out)?.version(out.version))
}

/// Changes a home with a bell. Names, numbers, notes and next of kin stay where they are left out; devices follow it to
/// another community.
#[utoipa::path(tag = "callbell", request_body = HomeIn, responses((status = 200, body = HomeOut)))]
#[put("/callbell/homes/{id}")]
async fn update_home(
    permit: Permit<op::UpdateHome>,
    kit: Data<Kit>,
    id: Path<HomeId>,
    version: IfMatch,
    body: Json<HomeIn>,
) -> Result<Answer<HomeOut>, AppError> {
    let data = body.value.parse(kit.now(), false)?;
    let input = (Arc::clone(&kit.vault), permit.caller, *id, version, data);
    let (whole, caller) = kit
        .db
        .write("callbell.update_home", input, |tx, input| {
            Box::pin(commands::update(tx, input))
        })
        .await?;
    let out = seen(&kit.vault, &whole, &caller)?;
    Ok(Answer::ok(&out)?.version(out.version))
}

/// Shows sealed fields of a home in full, for a reason. Who looked at what and why stands in the audit log before the
/// answer goes out.
#[utoipa::path(tag = "callbell", request_body = HomeRevealIn, responses((status = 200, body = HomeRevealOut)))]
#[post("/callbell/homes/{id}/reveal")]
async fn reveal_home(
    permit: Permit<op::RevealHome>,
    kit: Data<Kit>,
    id: Path<HomeId>,
    key: IdempotencyKey,
    body: Json<HomeRevealIn>,
) -> Result<Answer<HomeRevealOut>, AppError> {
    let caller = permit.caller;
    let once = key.bind(&caller.actor.key(), caller.op.id(), &body.digest);
    let input = (Arc::clone(&kit.vault), caller, *id, body.value.parse()?);
    write_once(
        &kit.db,
        &kit.vault,
        "callbell.reveal_home",
        once,
        input,
        |tx, input| {
            Box::pin(async move {
                let (vault, caller, id, asked) = input;
                let whole = commands::reveal(tx, caller, *id, asked).await?;
                Answer::ok(&HomeRevealOut::new(vault, &whole, &asked.fields)?)
            })
        },
    )
    .await
}

/// Registers homes, next of kin and devices from a file, all lines or none. CSV of at most 1000 lines with the columns
/// `serial,kind,unit_code,building,entrance,door,resident_name,phone,spoken,kin_name,kin_phone,kin_relation,kin_policy,kin_consent_at,heartbeat_s`.
/// Lines of one door are one home; a serial that comes again adds next of kin, in the order of the lines.
#[utoipa::path(tag = "callbell", params(BellImportQuery), request_body(content = String, content_type = "text/csv"), responses((status = 200, body = BellImportOut)))]
#[post("/callbell/import")]
async fn import_bells(
    permit: Permit<op::ImportBells>,
    kit: Data<Kit>,
    desk: Data<Desk>,
    key: IdempotencyKey,
    query: Query<BellImportQuery>,
    body: Raw,
) -> Result<Answer<BellImportOut>, AppError> {
    let caller = permit.caller;
    let text = body.csv()?;
    let digest = body.digest_of_import(query.dry_run);
    let once = key.bind(&caller.actor.key(), caller.op.id(), &digest);
    let reference = desk.reference().await?;
    let now = kit.now();
    let lines = import::read(text, &reference.directory, local_day(now), now);
    if lines.len() > import::LINES_MAX {
        let most = import::LINES_MAX;
        return Err(
            AppError::new(Code::BodyTooLarge).say(format!("最多 {most} 行"), format!("At most {most} lines"))
        );
    }
    let input = (Arc::clone(&kit.vault), Some(caller), lines, query.dry_run);
    write_once(
        &kit.db,
        &kit.vault,
        "callbell.import",
        once,
        input,
        |tx, input| Box::pin(async move { Answer::ok(&import::run(tx, input).await?) }),
    )
    .await
}
