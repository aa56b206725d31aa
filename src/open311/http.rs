//! `/open311/v2`. The ending of a path names the format.

use super::answer::{Format, Given, answer};
use super::dto::{
    DefinitionOut, DiscoveryOut, EndpointOut, ErrorOut, MadeOut, RequestOut, ServiceOut, TokenOut, UpdateOut,
    UpdatedOut,
};
use super::params::Params;
use super::{body, key, media, requests, services, submit, updates};
use crate::access::permit::Caller;
use crate::access::{Op, Permit, op};
use crate::platform::error::{AppError, Code};
use crate::platform::http::idempotency::IdempotencyKey;
use crate::platform::http::request::prefers_chinese;
use crate::reference::Desk;
use actix_web::web::{Data, Path, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde::Serialize;
use std::future::Future;
use utoipa::OpenApi;

/// Below which everything stands.
pub const PATH: &str = "/open311/v2";
/// When what is served here changed last.
const CHANGESET: &str = "2026-11-27T00:00:00Z";

/// The document of the adapter, which speaks other words than the API.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "hotline: Open311 GeoReport v2",
        description = "Requests in the words of Open311 GeoReport v2 · 按 Open311 GeoReport v2 提供的接口.\n\n\
            The ending of a path, `xml` or `json`, names the format. A key is a client's id and its secret, parted by a \
            colon; it comes as `api_key`, by HTTP Basic, or as an access token. What was asked is personal: reading \
            requests needs the key too, and shows the client's own.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
        contact(name = "the hotline project")
    ),
    servers((url = "/open311/v2")),
    paths(
        discover, list_services, get_service, submit_request, list_requests, get_request, get_token, list_updates,
        submit_update, get_media
    ),
    modifiers(&Key)
)]
struct Document;

struct Key;

impl utoipa::Modify for Key {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
        let components = openapi.components.get_or_insert_default();
        let key =
            ApiKeyValue::with_description("api_key", "A client's id and its secret, parted by a colon.");
        components.add_security_scheme("api_key", SecurityScheme::ApiKey(ApiKey::Query(key)));
        let basic = HttpBuilder::new().scheme(HttpAuthScheme::Basic).build();
        components.add_security_scheme("basic", SecurityScheme::Http(basic));
    }
}

/// The document of the adapter.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    use utoipa::openapi::RefOr;
    let mut document = Document::openapi();
    for item in document.paths.paths.values_mut() {
        for operation in [&mut item.get, &mut item.post].into_iter().flatten() {
            // What names no key needs none.
            operation.security.get_or_insert_default();
            for (status, response) in &mut operation.responses.responses {
                if let RefOr::T(response) = response {
                    let text = if status.starts_with('2') {
                        "Done, with an answer"
                    } else {
                        "Refused, and why"
                    };
                    text.clone_into(&mut response.description);
                }
            }
        }
    }
    document
}

/// Routes of the adapter.
pub fn routes(config: &mut ServiceConfig) {
    let scope = web::scope(PATH)
        .service(discover)
        .service(list_services)
        .service(get_service)
        .service(submit_request)
        .service(list_requests)
        .service(get_request)
        .service(get_token)
        .service(list_updates)
        .service(submit_update)
        .service(get_media)
        .default_service(web::to(async |request: HttpRequest| {
            answer(&request, Err(AppError::new(Code::NotFound)))
        }));
    config.service(scope);
}

fn query(request: &HttpRequest) -> Result<Params, AppError> {
    Params::parse(request.query_string().as_bytes())
}

/// There is one jurisdiction: another one is not found.
async fn check_jurisdiction(desk: &Desk, params: &Params) -> Result<(), AppError> {
    let Some(asked) = params.get("jurisdiction_id") else {
        return Ok(());
    };
    let reference = desk.reference().await?;
    let known = reference
        .directory
        .all()
        .iter()
        .any(|unit| unit.depth() == 1 && unit.code == asked);
    if known {
        Ok(())
    } else {
        let missing = AppError::new(Code::NotFound);
        Err(missing.say("jurisdiction_id 不存在", "jurisdiction_id provided was not found"))
    }
}

/// Answers by the query of a request.
async fn by_query<F: Future<Output = Result<Given, AppError>>>(
    desk: &Desk,
    request: &HttpRequest,
    work: impl FnOnce(Params) -> F,
) -> HttpResponse {
    let outcome = async {
        let params = query(request)?;
        check_jurisdiction(desk, &params).await?;
        work(params).await
    };
    answer(request, outcome.await)
}

/// Answers by the query of a request, to a client, of its own.
async fn by_key<T: Serialize, F: Future<Output = Result<T, AppError>>>(
    desk: &Desk,
    request: &HttpRequest,
    root: &'static str,
    work: impl FnOnce(Caller, Params) -> F,
) -> HttpResponse {
    let work = async |params: Params| {
        let caller = key::caller(&desk.kit, request, &params, Op::ListTickets).await?;
        Given::ok(root, work(caller, params).await?)
    };
    by_query(desk, request, work).await
}

/// Where the service is, and what it speaks (Service Discovery).
#[utoipa::path(tag = "open311", params(("format" = String, Path)), responses((status = 200, body = DiscoveryOut)))]
#[get("/discovery.{format}")]
async fn discover(_permit: Permit<op::ListServices>, desk: Data<Desk>, request: HttpRequest) -> HttpResponse {
    let base = desk.kit.config.base();
    let discovery = DiscoveryOut {
        changeset: CHANGESET.to_owned(),
        contact: format!("{base}/docs/"),
        key_service: format!("{base}/docs/#/administration/create_client"),
        endpoints: vec![EndpointOut {
            specification: "http://wiki.open311.org/GeoReport_v2".to_owned(),
            url: format!("{base}{PATH}"),
            changeset: CHANGESET.to_owned(),
            r#type: "production".to_owned(),
            formats: vec!["text/xml".to_owned(), "application/json".to_owned()],
        }],
    };
    answer(&request, Given::ok("discovery", discovery))
}

/// Services that can be asked for; `lat` and `long` name a place.
#[utoipa::path(
    tag = "open311",
    params(("format" = String, Path), ("jurisdiction_id" = Option<String>, Query), ("lat" = Option<f64>, Query), ("long" = Option<f64>, Query)),
    responses((status = 200, body = Vec<ServiceOut>), (status = 400, body = Vec<ErrorOut>), (status = 404, body = Vec<ErrorOut>))
)]
#[get("/services.{format}")]
async fn list_services(
    permit: Permit<op::ListServices>,
    desk: Data<Desk>,
    request: HttpRequest,
) -> HttpResponse {
    let work = async |params: Params| {
        let chinese = prefers_chinese(&request);
        Given::ok(
            "services",
            services::list(&desk, &permit.caller, &params, chinese).await?,
        )
    };
    by_query(&desk, &request, work).await
}

/// The form of a service.
#[utoipa::path(
    tag = "open311",
    params(("service_code" = String, Path), ("format" = String, Path), ("jurisdiction_id" = Option<String>, Query)),
    responses((status = 200, body = DefinitionOut), (status = 404, body = Vec<ErrorOut>))
)]
#[get("/services/{service_code}.{format}")]
async fn get_service(
    permit: Permit<op::GetService>,
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String)>,
) -> HttpResponse {
    let work = async |_| {
        let chinese = prefers_chinese(&request);
        let definition = services::definition(&desk, &permit.caller, &path.0, chinese).await?;
        Given::ok("service_definition", definition)
    };
    by_query(&desk, &request, work).await
}

/// Registers a request. The form may be multipart and hold pictures. An `Idempotency-Key` makes a repeat harmless.
#[utoipa::path(
    tag = "open311",
    params(("format" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body(content = SubmitIn, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 201, body = Vec<MadeOut>), (status = 400, body = Vec<ErrorOut>), (status = 403, body = Vec<ErrorOut>),
        (status = 404, body = Vec<ErrorOut>), (status = 429, body = Vec<ErrorOut>)
    ),
    security(("api_key" = []), ("basic" = []))
)]
#[post("/requests.{format}")]
async fn submit_request(desk: Data<Desk>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let outcome = async {
        let (caller, posted) = posted(&desk, &request, payload, Op::RegisterTicket).await?;
        let key = IdempotencyKey::given(&request)?;
        let made = submit::submit(&desk, caller, posted, key).await?;
        Ok(Given::ok("service_requests", [made])?.created())
    };
    answer(&request, outcome.await)
}

/// Who asks, and what they posted. Files are read once it is known who sends them.
async fn posted(
    desk: &Desk,
    request: &HttpRequest,
    payload: Payload,
    op: Op,
) -> Result<(Caller, body::Posted), AppError> {
    Format::of(request.path()).ok_or_else(|| AppError::new(Code::NotFound))?;
    let known = async |params: &Params| key::caller(&desk.kit, request, params, op).await;
    let (caller, posted) = body::read(request, payload, desk.kit.config.blob.max_file_bytes, known).await?;
    check_jurisdiction(desk, &posted.params).await?;
    Ok((caller, posted))
}

/// The client's requests: of the last 90 days or the first 1000, whichever is less, unless filters say otherwise.
#[utoipa::path(
    tag = "open311",
    params(
        ("format" = String, Path), ("jurisdiction_id" = Option<String>, Query),
        ("service_request_id" = Option<String>, Query, description = "Numbers parted by commas; overrides all others."),
        ("service_code" = Option<String>, Query, description = "Codes parted by commas."),
        ("start_date" = Option<String>, Query), ("end_date" = Option<String>, Query),
        ("status" = Option<String>, Query, description = "`open`, `closed`, or both parted by a comma."),
        ("updated_after" = Option<String>, Query), ("updated_before" = Option<String>, Query),
        ("page" = Option<u64>, Query), ("page_size" = Option<u64>, Query),
        ("extensions" = Option<bool>, Query, description = "Whether fields of the form, notes and pictures are told.")
    ),
    responses((status = 200, body = Vec<RequestOut>), (status = 400, body = Vec<ErrorOut>), (status = 403, body = Vec<ErrorOut>)),
    security(("api_key" = []), ("basic" = []))
)]
#[get("/requests.{format}")]
async fn list_requests(desk: Data<Desk>, request: HttpRequest) -> HttpResponse {
    let work = async |caller: Caller, params: Params| requests::list(&desk, &caller, &params).await;
    by_key(&desk, &request, "service_requests", work).await
}

/// One request.
#[utoipa::path(
    tag = "open311",
    params(("service_request_id" = String, Path), ("format" = String, Path), ("extensions" = Option<bool>, Query)),
    responses((status = 200, body = Vec<RequestOut>), (status = 403, body = Vec<ErrorOut>), (status = 404, body = Vec<ErrorOut>)),
    security(("api_key" = []), ("basic" = []))
)]
#[get("/requests/{service_request_id}.{format}")]
async fn get_request(desk: Data<Desk>, request: HttpRequest, path: Path<(String, String)>) -> HttpResponse {
    let work = async |caller: Caller, params: Params| requests::one(&desk, &caller, &params, &path.0).await;
    by_key(&desk, &request, "service_requests", work).await
}

/// The number that a token stands for. Numbers are given at once: a token is never given, and a number stands for itself.
#[utoipa::path(
    tag = "open311",
    params(("token" = String, Path), ("format" = String, Path)),
    responses((status = 200, body = Vec<TokenOut>), (status = 403, body = Vec<ErrorOut>), (status = 404, body = Vec<ErrorOut>)),
    security(("api_key" = []), ("basic" = []))
)]
#[get("/tokens/{token}.{format}")]
async fn get_token(desk: Data<Desk>, request: HttpRequest, path: Path<(String, String)>) -> HttpResponse {
    let work = async |caller: Caller, _: Params| requests::token(&desk, &caller, &path.0).await;
    by_key(&desk, &request, "service_requests", work).await
}

/// What happened to the client's requests within a window (the extension of FixMyStreet).
#[utoipa::path(
    tag = "open311",
    params(("format" = String, Path), ("start_date" = Option<String>, Query), ("end_date" = Option<String>, Query)),
    responses((status = 200, body = Vec<UpdateOut>), (status = 400, body = Vec<ErrorOut>), (status = 403, body = Vec<ErrorOut>)),
    security(("api_key" = []), ("basic" = []))
)]
#[get("/servicerequestupdates.{format}")]
async fn list_updates(desk: Data<Desk>, request: HttpRequest) -> HttpResponse {
    let work = async |caller: Caller, params: Params| updates::list(&desk, &caller, &params).await;
    by_key(&desk, &request, "service_request_updates", work).await
}

/// Adds to a request, or asks to take it up again by the status `REOPEN` (the extension of FixMyStreet). A repeated
/// `update_id` of a request is taken once.
#[utoipa::path(
    tag = "open311",
    params(("format" = String, Path)),
    request_body(content = UpdateIn, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 201, body = Vec<UpdatedOut>), (status = 400, body = Vec<ErrorOut>), (status = 403, body = Vec<ErrorOut>),
        (status = 404, body = Vec<ErrorOut>)
    ),
    security(("api_key" = []), ("basic" = []))
)]
#[post("/servicerequestupdates.{format}")]
async fn submit_update(desk: Data<Desk>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let outcome = async {
        let (caller, posted) = posted(&desk, &request, payload, Op::ActOnTicket).await?;
        let taken = updates::take(&desk, caller, posted).await?;
        Ok(Given::ok("service_request_updates", [taken])?.created())
    };
    answer(&request, outcome.await)
}

/// A picture, by the link that a request told.
#[utoipa::path(
    tag = "open311",
    params(("id" = String, Path), ("mark" = String, Path)),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>), (status = 404, body = Vec<ErrorOut>))
)]
#[get("/media/{id}/{mark}")]
async fn get_media(desk: Data<Desk>, request: HttpRequest, path: Path<(String, String)>) -> HttpResponse {
    match media::get(&desk.kit, &path.0, &path.1).await {
        Ok(response) => response,
        Err(error) => answer(&request, Err(error)),
    }
}

/// A request that is posted.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the shape of a form, for the document")]
struct SubmitIn {
    /// A client's id and its secret, parted by a colon; unless it comes by HTTP Basic.
    api_key: Option<String>,
    /// What is asked for.
    #[schema(example = "120302")]
    service_code: String,
    /// Latitude, WGS 84, with `long`.
    lat: Option<f64>,
    /// Longitude, WGS 84.
    long: Option<f64>,
    /// An address in words.
    #[schema(example = "羊桥社区 12 号")]
    address_string: Option<String>,
    /// A community's code.
    address_id: Option<String>,
    /// In full, at most 4000 characters; its first line becomes the title.
    description: Option<String>,
    /// Who asks.
    first_name: Option<String>,
    /// Who asks.
    last_name: Option<String>,
    /// Their number.
    phone: Option<String>,
    /// Comes back in the answer.
    account_id: Option<String>,
    /// A link to a picture, or the picture itself as a `data:` URL; may come more than once.
    media_url: Option<String>,
}

/// An update that is posted.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the shape of a form, for the document")]
struct UpdateIn {
    /// A client's id and its secret, parted by a colon; unless it comes by HTTP Basic.
    api_key: Option<String>,
    /// Which request.
    service_request_id: String,
    /// The client's own id of the update.
    update_id: String,
    /// What is added.
    description: String,
    /// `REOPEN` asks to take a closed request up again; any other word is kept beside the text.
    status: Option<String>,
    /// A link to a picture, or the picture itself as a `data:` URL; may come more than once.
    media_url: Option<String>,
}
