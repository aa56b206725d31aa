//! The OpenAPI document: its head, and what every operation has in common.

mod examples;
mod problems;
mod security;
mod titles;

use crate::access::Op;
use crate::platform::http::deprecation::Deprecated;
use actix_web::App;
use examples::Examples;
use problems::{problem, problem_schema, problems};
use serde_json::json;
use std::sync::LazyLock;
use utoipa::openapi::path::{
    HttpMethod, Operation, OperationBuilder, ParameterBuilder, ParameterIn, Paths, PathsBuilder,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{
    Components, ContactBuilder, Content, InfoBuilder, LicenseBuilder, ObjectBuilder, OpenApi, OpenApiBuilder,
    PathItem, RefOr, Required, ResponseBuilder, Server, Tag, Type,
};
use utoipa_actix_web::AppExt;

/// Operations that will go. Nothing was released yet that could.
pub(super) const DEPRECATED: &[Deprecated] = &[];

/// The whole document: made once, since it is the same for every thread that serves it.
#[must_use]
pub fn document() -> &'static OpenApi {
    static DOCUMENT: LazyLock<OpenApi> = LazyLock::new(|| {
        let (_, openapi) = App::new()
            .into_utoipa_app()
            .openapi(head())
            .configure(super::routes::all)
            .split_for_parts();
        finish(openapi)
    });
    &DOCUMENT
}

/// Title, tags, security schemes.
#[must_use]
fn head() -> OpenApi {
    let tags = [
        ("service", "The service itself · 服务状态"),
        ("log-in", "Logging in and out · 登录"),
        ("organisation", "Units and places · 组织机构"),
        ("catalogue", "What can be asked for · 服务目录"),
        ("intake", "Who calls, from where, about what · 受理"),
        ("tickets", "Requests and their way · 工单"),
        (
            "supervision",
            "What stands where, figures, actions in bulk · 督导",
        ),
        (
            "callbell",
            "The emergency call-bell: calls, homes, devices, ladders · 平安救助铃",
        ),
        (
            "telephony",
            "What an exchange tells of phone calls, the operator's screen, calling back, figures · 话务",
        ),
        ("register", "Residents and merchants · 居民与商户"),
        ("duty", "Shifts, who is on duty, and when nobody is · 值班"),
        ("notices", "Messages to people · 通知"),
        (
            "events",
            "What happened, for other systems: log, stream, webhooks · 事件与推送",
        ),
        ("bulk", "Lists as files, and files as rows · 批量导入导出"),
        ("administration", "Staff, rules, settings · 管理"),
    ];
    let mut components = Components::new();
    security::schemes(&mut components);
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("hotline")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(
                    "Backend of a 12345 community service hotline · 12345 社区服务热线后端.\n\n\
                     Errors are problem documents (RFC 9457) with a stable `code`; texts follow `Accept-Language` \
                     (zh, en). POSTs that create or command need an `Idempotency-Key`; changes need `If-Match` with \
                     the `ETag` that was read.",
                ))
                .license(Some(LicenseBuilder::new().name("MIT OR Apache-2.0").identifier(Some("MIT OR Apache-2.0")).build()))
                .contact(Some(ContactBuilder::new().name(Some("the hotline project")).build()))
                .build(),
        )
        .servers(Some([Server::new("/")]))
        .tags(Some(tags.map(|(name, description)| {
            let mut tag = Tag::new(name);
            tag.description = Some(description.to_owned());
            tag
        })))
        .components(Some(components))
        .build()
}

/// Adds to each operation what the code knows of it: security from the policy, the headers it reads, its problems.
#[must_use]
fn finish(mut openapi: OpenApi) -> OpenApi {
    if let Some(components) = &mut openapi.components {
        components
            .schemas
            .insert("Problem".to_owned(), RefOr::T(problem_schema().into()));
        titles::give(&mut components.schemas);
    }
    for (path, item) in &mut openapi.paths.paths {
        each_operation(item, |method, operation| {
            add_path_parameters(path, operation);
            add_headers(method, operation);
            bound_pages(operation);
            let op = Op::ALL
                .iter()
                .find(|op| operation.operation_id.as_deref() == Some(op.id()));
            let public = op.is_some_and(|op| op.is_public());
            operation.security = op.map(|op| security::of(*op));
            for (status, description) in problems(method, operation, public) {
                operation
                    .responses
                    .responses
                    .entry(status.to_owned())
                    .or_insert_with(|| problem(description));
            }
            describe_responses(operation);
            part_summary(operation);
            if let Some(known) = DEPRECATED
                .iter()
                .find(|one| operation.operation_id.as_deref() == Some(one.operation))
            {
                operation.deprecated = Some(utoipa::openapi::Deprecated::True);
                let told = operation.description.take().unwrap_or_default();
                operation.description = Some(format!("{told}\n\n{}", known.note()).trim().to_owned());
            }
        });
    }
    openapi.webhooks = Some(webhooks());
    let examples = Examples::of(&openapi);
    let webhooks = openapi
        .webhooks
        .iter_mut()
        .flat_map(|webhooks| webhooks.paths.values_mut());
    for item in openapi.paths.paths.values_mut().chain(webhooks) {
        each_operation(item, |_, operation| examples.fill(operation));
    }
    openapi
}

/// What is sent to other systems: one entry for each kind of thing, with the types of its events.
fn webhooks() -> Paths {
    use crate::events::rules::{TEST, all};
    let mut kinds: Vec<(String, Vec<String>)> = Vec::new();
    for event in all().into_iter().chain([TEST.to_owned()]) {
        let kind = event.split('.').next().unwrap_or_default().to_owned();
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, events)) => events.push(event),
            None => kinds.push((kind, vec![event])),
        }
    }
    let mut paths = PathsBuilder::new();
    for (kind, events) in kinds {
        let types = events
            .iter()
            .map(|event| format!("`{event}`"))
            .collect::<Vec<_>>()
            .join(", ");
        let when = if kind == "webhook" {
            "Sent when a test is asked for, whatever types were chosen"
        } else {
            "Sent to webhooks that chose one of these types"
        };
        let body = RequestBodyBuilder::new()
            .content("application/json", event(&kind, &events))
            .required(Some(Required::True))
            .build();
        let mut operation = OperationBuilder::new()
            .tag("events")
            .operation_id(Some(format!("webhook_{}", kind.replace('.', "_"))))
            .summary(Some(format!(
                "Something happened to a {}",
                kind.replace('_', " ")
            )))
            .description(Some(format!(
                "{when}: {types}. Signed as Standard Webhooks lays it out; any 2xx \
                 says that it was heard, 410 switches the webhook off, all else is tried again."
            )))
            .request_body(Some(body))
            .security(SecurityRequirement::new(security::WEBHOOK, Vec::<String>::new()))
            .response("2XX", ResponseBuilder::new().description("It was heard"))
            .response(
                "410",
                ResponseBuilder::new().description("Nobody listens here any more"),
            );
        for (name, description, example) in [
            (
                "webhook-id",
                "The event's id: the same each time that it is sent.",
                "01a2-…",
            ),
            (
                "webhook-timestamp",
                "When this attempt was made, in seconds since 1970.",
                "1795737600",
            ),
            (
                "webhook-signature",
                "`v1,` and HMAC-SHA256, or `v1a,` and Ed25519, of id, timestamp and body.",
                "v1,…",
            ),
        ] {
            let parameter = ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Header)
                .required(Required::True)
                .description(Some(description))
                .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
                .example(Some(json!(example)));
            operation = operation.parameter(parameter);
        }
        paths = paths.path(kind, PathItem::new(HttpMethod::Post, operation));
    }
    paths.build()
}

/// The first sentence of a handler's docstring is the summary, the rest the description.
fn part_summary(operation: &mut Operation) {
    let Some(told) = operation.summary.take() else {
        return;
    };
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    let (first, rest) = told.split_once(". ").unwrap_or((&told, ""));
    operation.summary = Some(first.trim_end_matches('.').to_owned());
    if !rest.is_empty() && operation.description.is_none() {
        operation.description = Some(rest.to_owned());
    }
}

/// Every response has a description (OpenAPI 3.1 §4.8.17); the handlers' own ones say it by their type.
fn describe_responses(operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && response.description.is_empty()
        {
            let text = match status.as_str() {
                "201" => "Made; `Location` tells where",
                "204" => "Done",
                _ => "Done, with an answer",
            };
            text.clone_into(&mut response.description);
        }
    }
}

/// Whether a POST is told apart from its repeats by a key.
fn needs_key(id: &str) -> bool {
    let exempt = [
        "login_staff",
        "request_code",
        "login_with_code",
        "login_resident",
        "refresh_session",
        "logout",
        "change_password",
        "enrol_second_factor",
        "locate_place",
        "simulate_deadlines",
        "simulate_routing",
        "find_similar",
        "search_residents",
        "identify_caller",
        "answer_callback",
        "look_up_ticket",
        "ingest_bell_event",
        "see_quarantine",
        "reveal_call_notes",
        "close_call",
        "accept_calls",
        "record_patrol_read",
        "view_camera",
        "issue_token",
        "authorize",
        "record_phone_event",
    ];
    !exempt.contains(&id)
}

fn add_headers(method: &str, operation: &mut Operation) {
    let id = operation.operation_id.clone().unwrap_or_default();
    let mut headers: Vec<(&str, &str, &str)> = Vec::new();
    if method == "post" && needs_key(&id) {
        headers.push((
            "Idempotency-Key",
            "Any text of at most 128 characters; a repeat gets the same answer.",
            "5f0c1c1e-1",
        ));
    }
    if (matches!(method, "patch" | "put") && id != "read_notice")
        || matches!(
            id.as_str(),
            "act_on_ticket"
                | "succeed_unit"
                | "decide_service"
                | "disable_staff"
                | "remove_fixture"
                | "delete_hours"
                | "delete_closure"
                | "delete_shift"
                | "delete_ladder"
                | "delete_webhook"
        )
    {
        headers.push(("If-Match", "The `ETag` that was read.", "\"1\""));
    }
    for (name, description, example) in headers {
        let text = ObjectBuilder::new().schema_type(Type::String);
        let schema = if name == "If-Match" {
            text.pattern(Some("^\"[0-9]+\"$"))
        } else {
            text.min_length(Some(1))
                .max_length(Some(128))
                .pattern(Some("[!-~]"))
        };
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Header)
            .required(Required::True)
            .description(Some(description))
            .schema(Some(schema))
            .example(Some(json!(example)))
            .build();
        operation
            .parameters
            .get_or_insert_with(Vec::new)
            .push(RefOr::T(parameter));
        if name == "If-Match" {
            let responses = &mut operation.responses.responses;
            responses
                .entry("412".into())
                .or_insert_with(|| problem("The version is stale"));
            responses
                .entry("428".into())
                .or_insert_with(|| problem("`If-Match` is missing"));
        }
    }
}

/// What is told of a kind of thing.
fn event(kind: &str, types: &[String]) -> Content {
    let example = json!({
        "id": "01a2f0c4-7d00-7000-8000-0123456789ab", "type": types.first(), "timestamp": "2026-11-24T01:00:00Z", "position": 4211,
        "subject_kind": kind, "subject_id": "01a2f0c4-7d00-7000-8000-0123456789ac",
        "unit_path": "/440703/440703002/440703002101/", "data": {},
    });
    let schema = utoipa::openapi::Ref::from_schema_name("EventOut");
    Content::builder()
        .schema(Some(schema))
        .example(Some(example))
        .build()
}

/// Pages of every list have the same bounds.
fn bound_pages(operation: &mut Operation) {
    use crate::platform::http::page::{DEFAULT_LIMIT, MAX_LIMIT};
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(parameter) = parameter
            && parameter.name == "limit"
            && parameter.parameter_in == ParameterIn::Query
        {
            let schema = ObjectBuilder::new()
                .schema_type(Type::Integer)
                .minimum(Some(1.0))
                .maximum(Some(f64::from(u32::try_from(MAX_LIMIT).unwrap_or(u32::MAX))))
                .default(Some(json!(DEFAULT_LIMIT)));
            parameter.schema = Some(schema.into());
        }
    }
}

/// Typed ids are extracted as such, and the framework's document does not see them.
fn add_path_parameters(path: &str, operation: &mut Operation) {
    let names = path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let parameters = operation.parameters.get_or_insert_with(Vec::new);
    parameters
        .retain(|known| !matches!(known, RefOr::T(known) if matches!(known.parameter_in, ParameterIn::Path)));
    for (at, name) in names.enumerate() {
        let mut schema = ObjectBuilder::new().schema_type(Type::String);
        // Settings are named by words.
        let key = name == "id" && !path.starts_with("/api/v1/settings/");
        if key || name == "camera" || name.ends_with("_id") {
            schema = schema.format(Some(utoipa::openapi::SchemaFormat::KnownFormat(
                utoipa::openapi::KnownFormat::Uuid,
            )));
        }
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .schema(Some(schema))
            .build();
        parameters.insert(at, RefOr::T(parameter));
    }
    if parameters.is_empty() {
        operation.parameters = None;
    }
}

fn each_operation(item: &mut PathItem, mut visit: impl FnMut(&str, &mut Operation)) {
    let operations = [
        ("get", &mut item.get),
        ("post", &mut item.post),
        ("put", &mut item.put),
        ("patch", &mut item.patch),
        ("delete", &mut item.delete),
    ];
    for (method, operation) in operations {
        if let Some(operation) = operation {
            visit(method, operation);
        }
    }
}
