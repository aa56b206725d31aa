//! `/api/v1/auth`, `/api/v1/me` and the published keys.

use super::commands::{self, ByCode};
use super::dto::{
    CodeIn, CodeLoginIn, CodeLoginOut, CodeOut, EnrolIn, EnrolOut, MeOut, MyAppOut, MyAppsOut, MyRoleOut,
    PasswordIn, RefreshIn, ResidentLoginIn, ShareOut, StaffLoginIn, TokensOut,
};
use super::otp;
use super::sessions::{self, Opened, Refreshed};
use crate::access::actor::Actor;
use crate::access::{Permit, op, tokens};
use crate::platform::error::{AppError, Code, Fields, Rule};
use crate::platform::http::answer::{Answer, NoContent};
use crate::platform::http::json::Json;
use crate::platform::kit::Kit;
use crate::platform::personal::Personal;
use crate::residents;
use crate::residents::rules::Phone;
use crate::staff;
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, post};
use entity::id::ClientId;
use entity::kind::ActorKind;
use entity::staff as staff_row;
use sea_orm::EntityTrait;
use utoipa_actix_web::service_config::ServiceConfig;

/// Routes of this slice.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(login_staff)
        .service(request_code)
        .service(login_with_code)
        .service(login_resident)
        .service(refresh_session)
        .service(logout)
        .service(get_me)
        .service(list_my_apps)
        .service(remove_my_app)
        .service(change_password)
        .service(enrol_second_factor);
}

/// The published keys stand beside the API (RFC 8615).
pub fn well_known(config: &mut ServiceConfig<'_>) {
    config.service(get_jwks);
}

/// Keys that verify tokens and receipts (RFC 7517).
#[utoipa::path(tag = "log-in", responses((status = 200, body = Object, example = json!({ "keys": [{
    "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": "k1", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
}] }))))]
#[get("/.well-known/jwks.json")]
async fn get_jwks(_permit: Permit<op::GetJwks>, kit: Data<Kit>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(("cache-control", "public, max-age=300"))
        .json(kit.signer.jwks())
}

/// Logs a member of staff in.
#[utoipa::path(tag = "log-in", request_body = StaffLoginIn, responses((status = 200, body = TokensOut)))]
#[post("/auth/staff")]
async fn login_staff(
    _permit: Permit<op::LoginStaff>,
    kit: Data<Kit>,
    body: Json<StaffLoginIn>,
) -> Result<Answer<TokensOut>, AppError> {
    let input = body.value;
    let mut fields = Fields::default();
    let user_name = fields.text("/user_name", &input.user_name, 64).to_lowercase();
    let password = secret(&mut fields, "/password", &input.password);
    let client = client(&mut fields, input.client);
    fields.finish()?;
    let totp = input.totp.map(|code| code.plain().trim().to_owned());
    let opened = commands::login_staff(&kit, user_name, password, totp, client).await?;
    Answer::ok(&tokens_of(&kit, opened)?)
}

/// Sends a code to a telephone.
#[utoipa::path(tag = "log-in", request_body = CodeIn, responses((status = 200, body = CodeOut)))]
#[post("/auth/code")]
async fn request_code(
    _permit: Permit<op::RequestCode>,
    kit: Data<Kit>,
    body: Json<CodeIn>,
) -> Result<Answer<CodeOut>, AppError> {
    let phone = phone(&body.value.phone)?;
    if !phone.takes_messages() {
        return Err(AppError::new(Code::PhoneInvalid).say("须为手机号码", "A mobile number is needed"));
    }
    let input = (kit.get_ref().clone(), phone);
    kit.db
        .write("auth.send_code", input, |tx, input| {
            Box::pin(otp::send(tx, input))
        })
        .await?;
    Answer::ok(&CodeOut {
        expires_in: kit.config.auth.otp_ttl_s,
    })
}

/// Logs a resident in with a code. Who shares the telephone chooses first, with the same code.
#[utoipa::path(tag = "log-in", request_body = CodeLoginIn, responses((status = 200, body = CodeLoginOut)))]
#[post("/auth/code/login")]
async fn login_with_code(
    _permit: Permit<op::LoginWithCode>,
    kit: Data<Kit>,
    body: Json<CodeLoginIn>,
) -> Result<Answer<CodeLoginOut>, AppError> {
    let input = body.value;
    let mut fields = Fields::default();
    let client = client(&mut fields, input.client);
    fields.finish()?;
    let code = input.code.plain().trim().to_owned();
    let shown = (
        kit.get_ref().clone(),
        phone(&input.phone)?,
        code,
        input.resident_id,
    );
    let input = (shown, client);
    let outcome = kit
        .db
        .write("auth.login_with_code", input, |tx, input| {
            Box::pin(commands::login_with_code(tx, input))
        })
        .await?;
    let (outcome, opened) = outcome;
    let out = match outcome {
        ByCode::Wrong => return Err(AppError::new(Code::CodeWrong)),
        ByCode::Is(_) => CodeLoginOut {
            tokens: opened.map(|opened| tokens_of(&kit, opened)).transpose()?,
            choose: Vec::new(),
        },
        ByCode::Choose(who) => {
            let choose = who
                .into_iter()
                .map(|(resident_id, name)| ShareOut { resident_id, name })
                .collect();
            CodeLoginOut { tokens: None, choose }
        }
    };
    Answer::ok(&out)
}

/// Logs a resident in with a password.
#[utoipa::path(tag = "log-in", request_body = ResidentLoginIn, responses((status = 200, body = TokensOut)))]
#[post("/auth/resident")]
async fn login_resident(
    _permit: Permit<op::LoginResident>,
    kit: Data<Kit>,
    body: Json<ResidentLoginIn>,
) -> Result<Answer<TokensOut>, AppError> {
    let input = body.value;
    let mut fields = Fields::default();
    let password = secret(&mut fields, "/password", &input.password);
    let client = client(&mut fields, input.client);
    fields.finish()?;
    let opened = commands::login_resident(&kit, phone(&input.phone)?, password, client).await?;
    Answer::ok(&tokens_of(&kit, opened)?)
}

/// Gives a new access token, and the next refresh token. One that was used before ends the log-in.
#[utoipa::path(tag = "log-in", request_body = RefreshIn, responses((status = 200, body = TokensOut)))]
#[post("/auth/refresh")]
async fn refresh_session(
    _permit: Permit<op::RefreshSession>,
    kit: Data<Kit>,
    body: Json<RefreshIn>,
) -> Result<Answer<TokensOut>, AppError> {
    let input = (
        kit.get_ref().clone(),
        body.value.refresh_token.plain().to_owned(),
        None,
    );
    let outcome = kit
        .db
        .write("auth.refresh", input, |tx, input| {
            Box::pin(sessions::refresh(tx, input))
        })
        .await?;
    match outcome {
        Refreshed::Rotated(opened) => Answer::ok(&tokens_of(&kit, opened)?),
        Refreshed::Invalid => Err(AppError::new(Code::TokenInvalid)),
        Refreshed::Reused => Err(AppError::new(Code::RefreshReused)),
    }
}

/// Ends the log-in; its tokens are refused from now on.
#[utoipa::path(tag = "log-in", responses((status = 204)))]
#[post("/auth/logout")]
async fn logout(permit: Permit<op::Logout>, kit: Data<Kit>) -> Result<NoContent, AppError> {
    if let Some(session) = permit.caller.actor.session() {
        kit.db
            .write("auth.logout", session, |tx, session| {
                Box::pin(sessions::revoke(tx, *session, "logged out"))
            })
            .await?;
    }
    Ok(NoContent)
}

/// Who the caller is, and in which roles.
#[utoipa::path(tag = "log-in", responses((status = 200, body = MeOut)))]
#[get("/me")]
async fn get_me(permit: Permit<op::GetMe>) -> Result<Answer<MeOut>, AppError> {
    let actor = &permit.caller.actor;
    let (kind, id) = actor.identity();
    let grants = match actor {
        Actor::Staff { grants, .. } => grants.as_slice(),
        _ => &[],
    };
    let roles = grants.iter().map(|grant| MyRoleOut {
        role: grant.role,
        label: grant.role.chinese().to_owned(),
        unit_id: grant.unit_id,
        unit_name: grant.unit_name.clone(),
        posts: grant.posts.clone(),
        withheld: grant.withheld,
    });
    // That of an app is not the resident's.
    let name = actor.name().filter(|_| kind != ActorKind::Resident);
    Answer::ok(&MeOut {
        kind,
        id: id.unwrap_or_default(),
        name: name.map(str::to_owned),
        roles: roles.collect(),
    })
}

/// Changes one's own password.
#[utoipa::path(tag = "log-in", request_body = PasswordIn, responses((status = 204)))]
#[post("/me/password")]
async fn change_password(
    permit: Permit<op::ChangePassword>,
    kit: Data<Kit>,
    body: Json<PasswordIn>,
) -> Result<NoContent, AppError> {
    let new = body.value.new.plain().to_owned();
    let current = body.value.current.map(|current| current.plain().to_owned());
    let rule =
        |name: &str| staff::rules::check_password(name, &new).map_err(|rule| AppError::field("/new", rule));
    match permit.caller.actor {
        Actor::Staff { id, .. } => {
            let row = staff_row::Entity::find_by_id(id).one(kit.db.read()).await?;
            let row = row.ok_or_else(|| AppError::new(Code::NotFound))?;
            rule(&row.user_name)?;
            confirm(&kit, "staff", &row.user_name, current, Some(row.password_hash)).await?;
            let input = (id, kit.passwords.hash(new).await?);
            kit.db
                .write("auth.password", input, |tx, input| {
                    Box::pin(commands::set_staff_password(tx, input))
                })
                .await?;
        }
        Actor::Resident { id, .. } => {
            rule("")?;
            let row = residents::store::find(kit.db.read(), id).await?;
            if row.password_hash.is_some() {
                confirm(&kit, "resident", &id.to_string(), current, row.password_hash).await?;
            }
            let input = (id, kit.passwords.hash(new).await?);
            kit.db
                .write("auth.password", input, |tx, input| {
                    Box::pin(commands::set_resident_password(tx, input))
                })
                .await?;
        }
        _ => return Err(AppError::new(Code::Forbidden)),
    }
    Ok(NoContent)
}

/// The password in force must be shown; guesses are counted.
async fn confirm(
    kit: &Kit,
    realm: &str,
    account: &str,
    current: Option<String>,
    hash: Option<String>,
) -> Result<(), AppError> {
    let current = current.ok_or_else(|| AppError::field("/current", Rule::Required))?;
    let key = commands::attempts_of(kit, realm, account);
    commands::count_attempt(kit, key.clone()).await?;
    if kit.passwords.verify(current, hash).await? {
        return commands::clear_attempts(kit, key).await;
    }
    Err(AppError::new(Code::CredentialsWrong))
}

/// Apps that the caller let act for them.
#[utoipa::path(tag = "log-in", responses((status = 200, body = MyAppsOut)))]
#[get("/me/apps")]
async fn list_my_apps(permit: Permit<op::ListMyApps>, kit: Data<Kit>) -> Result<Answer<MyAppsOut>, AppError> {
    let me = permit.caller.actor.resident_id();
    let me = me.ok_or_else(|| AppError::new(Code::Forbidden))?;
    let apps = sessions::apps_of(kit.db.read(), me, kit.now()).await?;
    let items = apps.into_iter().map(|app| MyAppOut {
        id: app.client_id,
        name: app.name,
        scope: app.scope,
        since: app.created_at,
        last_used_at: app.rotated_at,
    });
    Answer::ok(&MyAppsOut {
        items: items.collect(),
    })
}

/// Takes back what an app may do for the caller: its tokens are refused from now on.
#[utoipa::path(tag = "log-in", responses((status = 204)))]
#[delete("/me/apps/{id}")]
async fn remove_my_app(
    permit: Permit<op::RemoveMyApp>,
    kit: Data<Kit>,
    id: Path<ClientId>,
) -> Result<NoContent, AppError> {
    let me = permit.caller.actor.resident_id();
    let input = (me.ok_or_else(|| AppError::new(Code::Forbidden))?, *id);
    let any = kit
        .db
        .write("auth.let_out", input, |tx, input| {
            Box::pin(sessions::let_out(tx, input))
        })
        .await?;
    if any {
        Ok(NoContent)
    } else {
        Err(AppError::new(Code::NotFound))
    }
}

/// Enrols a second factor: without a body's code a secret is answered, with secret and code it comes into force.
#[utoipa::path(tag = "log-in", request_body = EnrolIn, responses((status = 200, body = EnrolOut)))]
#[post("/me/second-factor")]
async fn enrol_second_factor(
    permit: Permit<op::EnrolSecondFactor>,
    kit: Data<Kit>,
    body: Json<EnrolIn>,
) -> Result<Answer<EnrolOut>, AppError> {
    let id = permit
        .caller
        .actor
        .staff_id()
        .ok_or_else(|| AppError::new(Code::Forbidden))?;
    let (Some(secret), Some(code)) = (body.value.secret, body.value.code) else {
        let mut bytes = [0; 20];
        crate::platform::id::fill(&mut bytes);
        let secret = totp_rs::Secret::new_stack(bytes).to_base32();
        return Answer::ok(&EnrolOut {
            secret: Some(secret),
            enrolled: false,
        });
    };
    let input = (
        kit.get_ref().clone(),
        id,
        secret.plain().to_owned(),
        code.plain().trim().to_owned(),
    );
    kit.db
        .write("auth.enrol", input, |tx, input| {
            Box::pin(commands::enrol(tx, input))
        })
        .await?;
    Answer::ok(&EnrolOut {
        secret: None,
        enrolled: true,
    })
}

fn tokens_of(kit: &Kit, opened: Opened) -> Result<TokensOut, AppError> {
    let access_token = tokens::issue(kit, opened.kind, opened.subject, opened.session, kit.now())?;
    let expires_in = kit.config.auth.access_ttl_s;
    Ok(TokensOut {
        access_token,
        token_type: "Bearer",
        expires_in,
        refresh_token: opened.refresh_token,
    })
}

fn phone(spoken: &Personal) -> Result<Phone, AppError> {
    Phone::parse(spoken.plain()).ok_or_else(|| AppError::new(Code::PhoneInvalid))
}

/// A password as it was typed: never trimmed, and bounded, since hashing takes its time by length too.
fn secret(fields: &mut Fields, pointer: &str, value: &Personal) -> String {
    if value.plain().len() > 512 {
        fields.add(pointer, Rule::TooLong(512));
    }
    value.plain().to_owned()
}

fn client(fields: &mut Fields, client: Option<String>) -> String {
    fields
        .optional("/client", client.as_deref(), 100)
        .unwrap_or_else(|| "unnamed".to_owned())
}
