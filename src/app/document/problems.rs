//! Refusals: which ones an operation may answer with, and what they look like.

use crate::platform::error::Code;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::{Content, ObjectBuilder, RefOr, ResponseBuilder, Type};

/// Operations by which somebody shows who they are: guesses are refused, and slowed.
const PROOFS: &[&str] = &[
    "login_staff",
    "request_code",
    "login_with_code",
    "login_resident",
    "refresh_session",
    "change_password",
    "enrol_second_factor",
];

/// Which problems an operation may answer with, by what it takes.
pub fn problems(method: &str, operation: &Operation, public: bool) -> Vec<(&'static str, &'static str)> {
    let id = operation.operation_id.as_deref().unwrap_or_default();
    let takes = |place: ParameterIn| {
        operation
            .parameters
            .iter()
            .flatten()
            .any(|parameter| matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == place))
    };
    let body = operation.request_body.is_some();
    let proof = PROOFS.contains(&id);
    let mut problems = Vec::new();
    if body || takes(ParameterIn::Query) || takes(ParameterIn::Header) {
        problems.push(("400", "The request can't be read"));
        problems.push(("422", "The input breaks a rule"));
    }
    if id == "ingest_bell_event" {
        problems.push(("401", "The device is not known, or the signature is not its own"));
    }
    if !public || proof {
        problems.push(("401", "No valid token, or what was to prove who asks is wrong"));
    }
    if !public {
        problems.push(("403", "Not allowed, though what it is about may be seen"));
    }
    if takes(ParameterIn::Path) || id == "look_up_ticket" {
        problems.push(("404", "There is no such thing, or the caller may not see it"));
    }
    let moves = [
        "answer_callback",
        "close_call",
        "reveal_call_notes",
        "view_camera",
        "accept_calls",
    ];
    if method != "get" && takes(ParameterIn::Header) || moves.contains(&id) {
        problems.push((
            "409",
            "It conflicts with what is there, or the state does not take it",
        ));
    }
    if body {
        problems.push(("413", "The body is too large"));
        problems.push(("415", "The content type is not supported"));
    }
    if id == "ingest_bell_event" {
        problems.push((
            "429",
            "Too much came that can't be trusted; `Retry-After` tells when to send it again",
        ));
    }
    if proof {
        problems.push(("429", "Too many attempts; `Retry-After` tells when to try again"));
    } else if !public || id == "look_up_ticket" {
        problems.push(("429", "Too many requests; `Retry-After` tells when to try again"));
    }
    problems.push((
        "503",
        "The service is busy or not available; `Retry-After` tells when to try again",
    ));
    problems
}

/// A refusal.
pub fn problem(description: &str) -> RefOr<utoipa::openapi::Response> {
    let content = Content::builder()
        .schema(Some(utoipa::openapi::Ref::from_schema_name("Problem")))
        .build();
    RefOr::T(
        ResponseBuilder::new()
            .description(description)
            .content("application/problem+json", content)
            .build(),
    )
}

/// The problem document.
pub fn problem_schema() -> utoipa::openapi::schema::Object {
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.word()).collect();
    let told = Code::ALL.iter().map(|code| {
        let title = code.title();
        format!("- `{}` {} · {}", code.word(), title.zh, title.en)
    });
    let told = format!("Never renamed.\n\n{}", told.collect::<Vec<_>>().join("\n"));
    let text = |description: &str| {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(description))
            .build()
    };
    ObjectBuilder::new()
        .description(Some("A problem document (RFC 9457)."))
        .property("type", text("`urn:hotline:problem:` and the code."))
        .property("title", text("In the client's language."))
        .property("status", ObjectBuilder::new().schema_type(Type::Integer).build())
        .property(
            "code",
            ObjectBuilder::new()
                .schema_type(Type::String)
                .enum_values(Some(codes))
                .description(Some(told))
                .build(),
        )
        .property("detail", text("More, in the client's language."))
        .property("request_id", text("What to tell the operator."))
        .property(
            "errors",
            utoipa::openapi::schema::ArrayBuilder::new()
                .items(
                    ObjectBuilder::new()
                        .property(
                            "pointer",
                            text("JSON pointer into the body, `?name` for a query parameter."),
                        )
                        .property("rule", text("The rule that is broken."))
                        .property("detail", text("In the client's language."))
                        .required("pointer")
                        .required("rule"),
                )
                .build(),
        )
        .required("type")
        .required("title")
        .required("status")
        .required("code")
        .build()
}
