//! `/api/v1/clients`.

use super::dto::{ClientIn, ClientOut, ClientPatch, ClientsQuery, NewClientOut, NewSecretOut, SecretOut};
use super::{commands, store};
use crate::access::{Permit, op};
use crate::platform::error::AppError;
use crate::platform::http::answer::{Answer, NoContent};
use crate::platform::http::etag::IfMatch;
use crate::platform::http::idempotency::{IdempotencyKey, write_once};
use crate::platform::http::json::Json;
use crate::platform::http::page::{List, Page, limit};
use crate::platform::kit::Kit;
use actix_web::web::{Data, Path, Query};
use actix_web::{delete, get, patch, post};
use entity::id::{ClientId, ClientSecretId};
use utoipa_actix_web::service_config::ServiceConfig;

/// Routes of this slice.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list_clients)
        .service(create_client)
        .service(update_client)
        .service(revoke_client)
        .service(add_client_secret)
        .service(revoke_client_secret);
}

/// A new secret, and its hash: made before a transaction is open.
async fn secret(kit: &Kit) -> Result<(String, String), AppError> {
    let secret = kit.ids.secret();
    let hash = kit.passwords.hash(secret.clone()).await?;
    Ok((secret, hash))
}

/// Lists clients, revoked ones too.
#[utoipa::path(tag = "administration", params(ClientsQuery), responses((status = 200, body = Page<ClientOut>)))]
#[get("/clients")]
async fn list_clients(
    permit: Permit<op::ListClients>,
    kit: Data<Kit>,
    query: Query<ClientsQuery>,
) -> Result<Answer<Page<ClientOut>>, AppError> {
    let (list, limit) = (List::new("clients", &()), limit(query.limit)?);
    let after = list.read::<ClientId>(query.cursor.as_deref())?;
    let rows = store::list(kit.db.read(), &permit.caller.reach(), after, limit + 1).await?;
    let ids: Vec<ClientId> = rows.iter().map(|row| row.id).collect();
    let secrets = store::secrets(kit.db.read(), &ids).await?;
    let page = list.page(rows, limit, |row| row.id, |row| Ok(ClientOut::of(row, &secrets)))?;
    Answer::ok(&page)
}

/// Makes a client. Its secret is in this answer and nowhere else; by `POST /oauth/token` the client has access tokens for it.
#[utoipa::path(tag = "administration", request_body = ClientIn, responses((status = 201, body = NewClientOut)))]
#[post("/clients")]
async fn create_client(
    permit: Permit<op::CreateClient>,
    kit: Data<Kit>,
    key: IdempotencyKey,
    body: Json<ClientIn>,
) -> Result<Answer<NewClientOut>, AppError> {
    let caller = permit.caller;
    let once = key.bind(&caller.actor.key(), caller.op.id(), &body.digest);
    let input = (caller, body.value.parse()?, secret(&kit).await?);
    write_once(&kit.db, &kit.vault, "client.create", once, input, |tx, input| {
        Box::pin(async move {
            let (caller, new, (secret, hash)) = input;
            let row = commands::create(tx, (caller, new, hash)).await?;
            let (location, version) = (format!("/api/v1/clients/{}", row.id), row.version);
            let secrets = store::secrets(tx, &[row.id]).await?;
            let out = NewClientOut {
                client: ClientOut::of(row, &secrets),
                client_secret: secret.clone(),
            };
            Ok(Answer::created(&out, location)?.version(version))
        })
    })
    .await
}

/// Changes a client's name, or what it has leave for.
#[utoipa::path(tag = "administration", request_body = ClientPatch, responses((status = 200, body = ClientOut)))]
#[patch("/clients/{id}")]
async fn update_client(
    permit: Permit<op::UpdateClient>,
    kit: Data<Kit>,
    id: Path<ClientId>,
    version: IfMatch,
    body: Json<ClientPatch>,
) -> Result<Answer<ClientOut>, AppError> {
    let input = (permit.caller, *id, version, body.value.parse()?);
    let row = kit
        .db
        .write("client.update", input, |tx, input| {
            Box::pin(commands::update(tx, input))
        })
        .await?;
    let (secrets, version) = (store::secrets(kit.db.read(), &[row.id]).await?, row.version);
    Ok(Answer::ok(&ClientOut::of(row, &secrets))?.version(version))
}

/// Revokes a client: its tokens are refused from now on.
#[utoipa::path(tag = "administration", responses((status = 204)))]
#[delete("/clients/{id}")]
async fn revoke_client(
    permit: Permit<op::RevokeClient>,
    kit: Data<Kit>,
    id: Path<ClientId>,
) -> Result<NoContent, AppError> {
    let input = (permit.caller, *id);
    kit.db
        .write("client.revoke", input, |tx, input| {
            Box::pin(commands::revoke(tx, input))
        })
        .await?;
    Ok(NoContent)
}

/// Adds a secret, so that it can follow the one before it without a gap: two are good at a time.
#[utoipa::path(tag = "administration", responses((status = 201, body = NewSecretOut)))]
#[post("/clients/{id}/secrets")]
async fn add_client_secret(
    permit: Permit<op::AddClientSecret>,
    kit: Data<Kit>,
    id: Path<ClientId>,
    key: IdempotencyKey,
) -> Result<Answer<NewSecretOut>, AppError> {
    let caller = permit.caller;
    let once = key.bind(&caller.actor.key(), caller.op.id(), b"");
    let input = (caller, *id, secret(&kit).await?);
    write_once(&kit.db, &kit.vault, "client.secret", once, input, |tx, input| {
        Box::pin(async move {
            let (caller, id, (secret, hash)) = input;
            let row = commands::add_secret(tx, (caller, *id, hash)).await?;
            let out = NewSecretOut {
                secret: SecretOut::from(&row),
                client_secret: secret.clone(),
            };
            Answer::created(&out, format!("/api/v1/clients/{id}/secrets/{}", row.id))
        })
    })
    .await
}

/// Revokes a secret: tokens that were had by it are refused from now on.
#[utoipa::path(tag = "administration", responses((status = 204)))]
#[delete("/clients/{id}/secrets/{secret_id}")]
async fn revoke_client_secret(
    permit: Permit<op::RevokeClientSecret>,
    kit: Data<Kit>,
    path: Path<(ClientId, ClientSecretId)>,
) -> Result<NoContent, AppError> {
    let (id, secret) = *path;
    let input = (permit.caller, id, secret);
    kit.db
        .write("client.revoke_secret", input, |tx, input| {
            Box::pin(commands::revoke_secret(tx, input))
        })
        .await?;
    Ok(NoContent)
}
