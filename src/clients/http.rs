//! `/api/v1/clients`.

use super::dto::{ClientIn, ClientOut, ClientsQuery, NewClientOut};
use super::{commands, store};
use crate::access::{Permit, op};
use crate::platform::error::AppError;
use crate::platform::http::answer::{Answer, NoContent};
use crate::platform::http::idempotency::{IdempotencyKey, write_once};
use crate::platform::http::json::Json;
use crate::platform::http::page::{List, Page, limit};
use crate::platform::kit::Kit;
use actix_web::web::{Data, Path, Query};
use actix_web::{delete, get, post};
use entity::id::ClientId;
use utoipa_actix_web::service_config::ServiceConfig;

/// Routes of this slice.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list_clients)
        .service(create_client)
        .service(revoke_client);
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
    Answer::ok(&list.page(rows, limit, |row| row.id, |row| Ok(row.into()))?)
}

/// Makes a client. Its token is in this answer and nowhere else.
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
    let input = (caller, body.value.parse()?);
    write_once(&kit.db, &kit.vault, "client.create", once, input, |tx, input| {
        Box::pin(async move {
            let (row, token) = commands::create(tx, input).await?;
            let location = format!("/api/v1/clients/{}", row.id);
            let client = row.into();
            Answer::created(&NewClientOut { client, token }, location)
        })
    })
    .await
}

/// Revokes a client: its token is refused from now on.
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
