//! The contract: `openapi/openapi.json` is what the server serves, describes all of it, and keeps its promises about
//! headers, log-in and methods.

use crate::on_both;
use crate::support::{Client, fresh_key};
use entity::kind::Role;
use hotline::access::Op;
use hotline::access::policy::{Scope, scope};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn document() -> Value {
    serde_json::to_value(hotline::app::document()).unwrap()
}

/// Method, path and operation.
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(
                ["get", "post", "put", "patch", "delete"].contains(&method.as_str()),
                "{path}: {method}"
            );
            all.push((method.to_uppercase(), path.clone(), operation.clone()));
        }
    }
    all
}

fn op_of(operation: &Value) -> Op {
    let id = operation["operationId"].as_str().unwrap();
    *Op::ALL
        .iter()
        .find(|op| op.id() == id)
        .unwrap_or_else(|| panic!("{id} is not in the policy table"))
}

fn parameters(operation: &Value, place: &str) -> BTreeSet<String> {
    let all = operation["parameters"].as_array().cloned().unwrap_or_default();
    let here = all.iter().filter(|parameter| parameter["in"] == place);
    here.map(|parameter| parameter["name"].as_str().unwrap().to_owned())
        .collect()
}

/// `/a/{id}/b/{other}` → `id`, `other`.
fn names_in(path: &str) -> BTreeSet<String> {
    path.split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_document_is_as_checked_in() {
    let file = root().join("openapi/openapi.json");
    let known = std::fs::read_to_string(&file).unwrap_or_default();
    let mut now = hotline::app::document().to_pretty_json().unwrap();
    now.push('\n');
    assert!(
        known == now,
        "openapi/openapi.json is not what the code serves: run `make openapi`"
    );
}

/// Each body and each refusal is shown once at least, as JSON or as a form.
#[test]
fn every_operation_has_examples() {
    let shown = |content: &Value| content["example"] != Value::Null || content["examples"].is_object();
    for (method, path, operation) in operations(&document()) {
        let at = format!("{method} {path}");
        for media in ["application/json", "application/x-www-form-urlencoded"] {
            let body = &operation["requestBody"]["content"][media];
            assert!(body.is_null() || shown(body), "{at}: its body");
        }
        for (status, response) in operation["responses"].as_object().unwrap() {
            for media in ["application/json", "application/problem+json"] {
                let content = &response["content"][media];
                assert!(content.is_null() || shown(content), "{at} {status}");
                if media == "application/problem+json" && !content.is_null() {
                    assert_eq!(content["example"]["status"].to_string(), *status, "{at}");
                }
            }
        }
    }
}

#[test]
fn the_document_is_whole() {
    let document = document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    let tags: BTreeSet<&str> = document["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| tag["name"].as_str().unwrap())
        .collect();
    let mut ids = BTreeSet::new();
    for (method, path, operation) in operations(&document) {
        let at = format!("{method} {path}");
        let id = operation["operationId"]
            .as_str()
            .unwrap_or_else(|| panic!("{at} has no operationId"));
        assert!(ids.insert(id.to_owned()), "{id} twice");
        let summary = operation["summary"].as_str().unwrap_or_default();
        assert!(
            (8..=120).contains(&summary.len()) && !summary.contains('\n'),
            "{at}: {summary:?}"
        );
        let tagged = operation["tags"].as_array().unwrap();
        assert!(
            tagged.len() == 1 && tags.contains(tagged[0].as_str().unwrap()),
            "{at}: {tagged:?}"
        );
        assert_eq!(parameters(&operation, "path"), names_in(&path), "{at}");
        check_security(&at, &operation);
        check_responses(&at, &method, &operation);
        if !operation["requestBody"].is_null() {
            assert_eq!(operation["requestBody"]["required"], true, "{at}");
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(
                parameter["in"] == "path" || parameter["description"].is_string(),
                "{at}: {parameter}"
            );
        }
    }
    assert!(ids.len() > 60, "{}", ids.len());
}

/// A log-in is always enough where one is needed; programs need leave, which the scheme knows by name.
fn check_security(at: &str, operation: &Value) {
    let bearer = json!({ "bearer": [] });
    let with_leave = |word: &str| json!([bearer, { "oauth2": [word] }]);
    let exact = match operation["operationId"].as_str().unwrap() {
        "ingest_bell_event" => Some(json!([{ "device_signature": [] }])),
        "issue_token" => Some(json!([{ "client": [] }, {}])),
        _ if op_of(operation).is_public() => Some(json!([])),
        "create_staff" | "change_password" | "list_notices" => Some(json!([bearer])),
        "list_events" => Some(with_leave("events:read")),
        "record_phone_event" => Some(with_leave("calls:write")),
        "get_ticket" => Some(with_leave("tickets:read")),
        "act_on_ticket" => Some(with_leave("tickets:write")),
        "get_me" => Some(json!([bearer, { "oauth2": [] }])),
        _ => None,
    };
    let security = &operation["security"];
    assert_eq!(security, exact.as_ref().unwrap_or(security), "{at}");
    if exact.is_some() {
        return;
    }
    let known =
        &document()["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"]["scopes"];
    let all = security.as_array().unwrap();
    assert_eq!(all[0], bearer, "{at}");
    for more in &all[1..] {
        let leave = more["oauth2"].as_array().unwrap();
        assert!(
            leave.len() <= 1 && leave.iter().all(|word| known[word.as_str().unwrap()].is_string()),
            "{at}: {more}"
        );
    }
}

fn check_responses(at: &str, method: &str, operation: &Value) {
    let responses = operation["responses"].as_object().unwrap();
    let statuses: Vec<&str> = responses.keys().map(String::as_str).collect();
    assert_eq!(
        statuses.iter().filter(|status| status.starts_with('2')).count(),
        1,
        "{at}: {statuses:?}"
    );
    let mut needed = vec!["503"];
    if !op_of(operation).is_public() {
        needed.extend(["401", "403"]);
    }
    if !parameters(operation, "path").is_empty() {
        needed.push("404");
    }
    if !operation["requestBody"].is_null() {
        needed.extend(["400", "413", "415", "422"]);
    }
    let headers = parameters(operation, "header");
    if headers.contains("If-Match") {
        needed.extend(["412", "428"]);
    }
    if method != "GET" && !headers.is_empty() {
        needed.push("409");
    }
    for status in needed {
        assert!(statuses.contains(&status), "{at} does not tell of {status}");
    }
    for (status, response) in responses {
        assert!(
            !response["description"].as_str().unwrap_or_default().is_empty(),
            "{at} {status}"
        );
        if !status.starts_with('2') {
            let content = &response["content"];
            let problem = &content["application/problem+json"]["schema"]["$ref"];
            // RFC 6749 has errors of its own.
            let refusal = &content["application/json"]["schema"]["$ref"];
            let by_oauth = at.ends_with(" /oauth/token") && refusal == "#/components/schemas/OauthErrorOut";
            // What people see in a browser is a page, or leads back to the app.
            let page =
                at.ends_with(" /oauth/authorize") && (status == "303" || content["text/html"].is_object());
            assert!(
                problem == "#/components/schemas/Problem" || by_oauth || page,
                "{at} {status}"
            );
        } else if status != "204" {
            assert!(response["content"].is_object(), "{at} {status} has no body");
        }
    }
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                found.insert(reference.to_owned());
            }
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn every_schema_that_is_named_is_there_and_described() {
    let document = document();
    let mut named = BTreeSet::new();
    references(&document, &mut named);
    assert!(named.len() > 60, "{}", named.len());
    for reference in named {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        assert!(schema["description"].is_string(), "{name} is not described");
        let properties = schema["properties"].as_object();
        for required in schema["required"].as_array().into_iter().flatten() {
            let required = required.as_str().unwrap();
            assert!(
                properties.is_some_and(|all| all.contains_key(required)),
                "{name} lacks {required}"
            );
        }
    }
    // Every way to act is described by itself.
    for action in document["components"]["schemas"]["ActionIn"]["oneOf"]
        .as_array()
        .unwrap()
    {
        assert!(action["description"].is_string(), "{action}");
    }
}

/// Examples fit the types of the fields that they stand at.
#[test]
fn examples_fit_their_types() {
    let document = document();
    let mut checked = 0;
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        for (field, property) in schema["properties"].as_object().into_iter().flatten() {
            let example = &property["example"];
            let kinds: Vec<&str> = match &property["type"] {
                Value::String(kind) => vec![kind],
                Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
                _ => continue,
            };
            if example.is_null() {
                continue;
            }
            checked += 1;
            let fits = kinds.iter().any(|kind| match *kind {
                "string" => example.is_string(),
                "integer" => example.is_i64() || example.is_u64(),
                "number" => example.is_number(),
                "boolean" => example.is_boolean(),
                "array" => example.is_array(),
                "object" => example.is_object(),
                _ => false,
            });
            assert!(fits, "{name}.{field}: {example} is no {kinds:?}");
        }
    }
    assert!(checked > 80, "{checked}");
}

/// Every `.rs` below a folder.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// Routes as handlers state them, and what comes first in each handler's signature.
fn handlers(text: &str) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    for method in ["get", "post", "put", "patch", "delete"] {
        for (at, mark) in text.match_indices(&format!("#[{method}(\"")) {
            let rest = &text[at + mark.len()..];
            let path = rest.split('"').next().unwrap().to_owned();
            let signature = rest.split_once("fn ").unwrap().1;
            let first = signature.split_once('(').unwrap().1.split(',').next().unwrap();
            found.push((method.to_uppercase(), path, first.trim().to_owned()));
        }
    }
    found
}

/// What handlers state and what the document holds are the same, and each handler asks for leave before all else: an
/// extractor before the permit could tell what only those who may ask are to hear.
#[test]
fn every_route_is_in_the_document_and_asks_for_leave_first() {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    // Open311 has a document and keys of its own.
    files.retain(|file| !file.ends_with("open311/http.rs"));
    let mut served = BTreeSet::new();
    for file in files {
        for (method, path, first) in handlers(&std::fs::read_to_string(&file).unwrap()) {
            let (_, kind) = first.split_once(": ").unwrap_or_default();
            assert!(kind.starts_with("Permit<op::"), "{method} {path}: {first}");
            let outside = ["/health/", "/.well-known/", "/oauth/"];
            let outside = outside.iter().any(|prefix| path.starts_with(prefix));
            let whole = if outside { path } else { format!("/api/v1{path}") };
            served.insert((method, whole));
        }
    }
    let documented: BTreeSet<_> = operations(&document())
        .into_iter()
        .map(|(method, path, _)| (method, path))
        .collect();
    assert_eq!(served, documented);
}

#[test]
fn a_handler_that_asks_late_would_be_seen() {
    let bad = "#[get(\"/x/{id}\")]\npub async fn x(\n    id: Path<Id>,\n    permit: Permit<op::X>,\n) {}";
    assert_eq!(
        handlers(bad),
        [("GET".to_owned(), "/x/{id}".to_owned(), "id: Path<Id>".to_owned())]
    );
}

/// An account that may try an operation, by the table.
fn account_for(op: Op) -> &'static str {
    let accounts = [
        (Role::Operator, "operator"),
        (Role::Dispatcher, "dispatcher"),
        (Role::SystemAdmin, "sysadmin"),
        (Role::SecurityAdmin, "secadmin"),
        (Role::Auditor, "auditor"),
        (Role::UnitLead, "lead-440703002101"),
        (Role::StreetManager, "manager-440703002"),
    ];
    let known = accounts
        .iter()
        .find(|(role, _)| scope(op, *role).is_some_and(|scope| scope != Scope::Public));
    known.map_or("operator", |(_, name)| name)
}

/// A path in which names are filled in with ids that nothing has.
fn filled(path: &str) -> String {
    let nil = "00000000-0000-0000-0000-000000000000";
    path.split('/')
        .map(|part| if part.starts_with('{') { nil } else { part })
        .collect::<Vec<_>>()
        .join("/")
}

struct Sent<'a> {
    client: &'a Client,
    method: &'a str,
    path: &'a str,
    body: bool,
}

impl Sent<'_> {
    /// Sends all that is asked for but one header.
    async fn without(&self, left_out: &str) -> crate::support::Answer {
        let mut request = self.client.request(self.method, self.path);
        for (name, value) in [("Idempotency-Key", fresh_key()), ("If-Match", "\"1\"".to_owned())] {
            if name != left_out {
                request = request.header(name, value);
            }
        }
        if self.body {
            request = request.json(&json!({}));
        }
        self.client.send(request).await
    }
}

on_both! {
    /// Headers that the document asks for are asked for, and no others; who has no token is told so by all that need
    /// one.
    async fn the_document_keeps_its_word(app: TestApp) {
        // The engine is well.
        app.pass("calls").await;
        let document = document();
        let mut clients: BTreeMap<&str, Client> = BTreeMap::new();
        let nobody = app.nobody();
        for (method, path, operation) in operations(&document) {
            let (op, at) = (op_of(&operation), format!("{method} {path}"));
            let body = !operation["requestBody"].is_null();
            let path = filled(&path);
            let anonymous = Sent { client: &nobody, method: &method, path: &path, body };
            if op.is_public() {
                let answer = anonymous.without("").await;
                assert!(!matches!(answer.status, 403 | 405 | 500..), "{at}: {}", answer.text);
            } else {
                anonymous.without("").await.problem(401, "unauthenticated");
                anonymous.without("Idempotency-Key").await.problem(401, "unauthenticated");
            }
            // Logging out would end the log-in, and a stream has no end.
            if matches!(op, Op::Logout | Op::StreamCalls | Op::StreamPhoneCalls) || op.is_public() {
                continue;
            }
            let name = account_for(op);
            if !clients.contains_key(name) {
                clients.insert(name, app.staff(name).await);
            }
            let known = Sent { client: &clients[name], ..anonymous };
            let headers = parameters(&operation, "header");
            let code = |answer: &crate::support::Answer| answer.body["code"].as_str().unwrap_or_default().to_owned();
            let keyless = known.without("Idempotency-Key").await;
            assert_eq!(code(&keyless) == "idempotency_key_missing", headers.contains("Idempotency-Key"), "{at}: {}", keyless.text);
            let blind = known.without("If-Match").await;
            if op == Op::ActOnTicket {
                // The commands differ: what only adds a requester's words needs none.
                let sign = known.client.request(&method, &path).header("Idempotency-Key", fresh_key());
                known.client.send(sign.json(&json!({ "action": "sign" }))).await.problem(428, "precondition_required");
            } else {
                assert_eq!(blind.status == 428, headers.contains("If-Match"), "{at}: {}", blind.text);
            }
        }
    }

    /// What is not in the document is not served, and a method that a path does not know is named as such.
    async fn what_is_not_in_the_document_is_not_served(app: TestApp) {
        let document = document();
        let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (method, path, _) in operations(&document) {
            known.entry(path).or_default().insert(method);
        }
        let nobody = app.nobody();
        for (path, methods) in &known {
            for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
                // A name that stands where another path has a word of its own.
                let shadowed = known.iter().any(|(other, theirs)| {
                    other != path && theirs.contains(method) && fits(path, other)
                });
                if methods.contains(method) || shadowed {
                    continue;
                }
                let answer = nobody.send(nobody.request(method, &filled(path))).await;
                answer.problem(405, "method_not_allowed");
                let told = answer.headers.get("allow").map(|value| value.to_str().unwrap().to_owned());
                let told: BTreeSet<String> =
                    told.unwrap_or_default().split(", ").map(str::to_owned).collect();
                assert!(methods.is_subset(&told), "{method} {path}: Allow is {told:?}");
            }
        }
        for path in ["/", "/api/v1", "/api/v1/nothing", "/api/v2/tickets", "/openapi.yaml"] {
            nobody.get(path).await.problem(404, "not_found");
        }
    }

    /// The document and the pages that show it come from the program itself.
    async fn the_document_can_be_read_offline(app: TestApp) {
        let nobody = app.nobody();
        let served = nobody.get("/openapi.json").await;
        served.expect(200);
        assert_eq!(served.body, document());
        let page = nobody.get("/docs/").await;
        page.expect(200);
        assert!(page.text.contains("swagger-ui"));
        let mut parts = 0;
        for part in page.text.split(['"', '\'']).filter(|part| part.ends_with(".js") || part.ends_with(".css")) {
            assert!(!part.contains("//"), "{part} comes from elsewhere");
            let path = format!("/docs/{}", part.trim_start_matches("./"));
            nobody.get(&path).await.expect(200);
            parts += 1;
        }
        assert!(parts >= 3, "{}", page.text);
        let start = nobody.get("/docs/swagger-initializer.js").await;
        assert!(start.text.contains("/openapi.json") && !start.text.contains("petstore"), "{}", start.text);
    }
}

/// Whether a filled-in path also fits another pattern.
fn fits(path: &str, pattern: &str) -> bool {
    let (path, pattern): (Vec<&str>, Vec<&str>) = (path.split('/').collect(), pattern.split('/').collect());
    path.len() == pattern.len()
        && path
            .iter()
            .zip(&pattern)
            .all(|(part, pattern)| part == pattern || pattern.starts_with('{'))
}

/// Two types of one name would be one schema in the document, and one of them told wrong. Open311 has a document of its own.
#[test]
fn every_schema_has_a_name_of_its_own() {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    files.retain(|file| !file.components().any(|part| part.as_os_str() == "open311"));
    let mut seen = BTreeSet::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for part in text.split("#[derive(").skip(1) {
            let (derived, rest) = part.split_once(")]").unwrap();
            let mut words = rest
                .split_whitespace()
                .skip_while(|word| !matches!(*word, "struct" | "enum"));
            if let (true, Some(name)) = (derived.contains("ToSchema"), words.nth(1)) {
                let name: String = name.chars().take_while(|c| c.is_alphanumeric()).collect();
                assert!(
                    seen.insert(name.clone()),
                    "{name} is the name of two schemas, one in {}",
                    file.display()
                );
            }
        }
    }
    assert!(seen.len() > 150, "{}", seen.len());
}
