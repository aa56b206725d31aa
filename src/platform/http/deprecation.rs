//! Operations that will go: since when they should not be used (`Deprecation`, RFC 9745), when they go (`Sunset`, RFC 8594), and
//! where to read what to do instead. The document says so, too.

use actix_web::dev::ServiceResponse;
use actix_web::http::header::{HeaderName, HeaderValue};
use chrono::{DateTime, Utc};
use std::sync::Arc;
use utoipa::openapi::path::Paths;

/// An operation that will go.
#[derive(Clone, Copy, Debug)]
pub struct Deprecated {
    /// Its id in the document.
    pub operation: &'static str,
    /// Since when it should not be used.
    pub since: DateTime<Utc>,
    /// When it goes, at least half a year later.
    pub sunset: DateTime<Utc>,
    /// Where to read what to do instead.
    pub link: &'static str,
}

impl Deprecated {
    fn headers(&self) -> [(HeaderName, String); 3] {
        [
            (
                HeaderName::from_static("deprecation"),
                format!("@{}", self.since.timestamp()),
            ),
            (
                HeaderName::from_static("sunset"),
                self.sunset.format("%a, %d %b %Y %H:%M:%S GMT").to_string(),
            ),
            (
                HeaderName::from_static("link"),
                format!("<{}>; rel=\"deprecation\"; type=\"text/html\"", self.link),
            ),
        ]
    }

    /// For the document.
    #[must_use]
    pub fn note(&self) -> String {
        format!("Goes on {}; see {}.", self.sunset.date_naive(), self.link)
    }
}

/// What to say of requests, by method and pattern of the path.
#[derive(Clone, Debug)]
pub struct Deprecations(Arc<[(&'static str, String, Deprecated)]>);

impl Deprecations {
    /// Of the operations of a document.
    #[must_use]
    pub fn new(table: &[Deprecated], paths: &Paths) -> Self {
        let find = |id: Option<&String>| table.iter().find(|one| id.is_some_and(|id| id == one.operation));
        let mut found = Vec::new();
        for (path, item) in &paths.paths {
            for (method, operation) in [
                ("GET", &item.get),
                ("POST", &item.post),
                ("PUT", &item.put),
                ("PATCH", &item.patch),
                ("DELETE", &item.delete),
            ] {
                if let Some(one) = operation.as_ref().and_then(|one| find(one.operation_id.as_ref())) {
                    found.push((method, path.clone(), *one));
                }
            }
        }
        Self(found.into())
    }

    /// Adds what is to be said of the request that is answered.
    pub fn tell<B>(&self, response: &mut ServiceResponse<B>) {
        if self.0.is_empty() {
            return;
        }
        let request = response.request();
        let pattern = request.match_pattern().unwrap_or_default();
        for (name, value) in self.of(request.method().as_str(), &pattern) {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().append(name, value);
            }
        }
    }

    fn of(&self, method: &str, pattern: &str) -> Vec<(HeaderName, String)> {
        let known = self
            .0
            .iter()
            .find(|(known, path, _)| *known == method && path == pattern);
        known.into_iter().flat_map(|(.., one)| one.headers()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use utoipa::openapi::path::{HttpMethod, OperationBuilder, PathItem, PathsBuilder};

    #[test]
    fn a_request_of_what_will_go_is_told_so_and_no_other() {
        let operation = |id: &str| OperationBuilder::new().operation_id(Some(id)).build();
        let paths = PathsBuilder::new()
            .path("/old/{id}", PathItem::new(HttpMethod::Get, operation("get_old")))
            .path("/new/{id}", PathItem::new(HttpMethod::Get, operation("get_new")))
            .build();
        let table = [Deprecated {
            operation: "get_old",
            since: "2026-01-01T00:00:00Z".parse().unwrap(),
            sunset: "2026-12-31T23:59:59Z".parse().unwrap(),
            link: "https://example.org/changes",
        }];
        let deprecations = Deprecations::new(&table, &paths);
        let told = |method: &str, pattern: &str| deprecations.of(method, pattern);
        let headers = told("GET", "/old/{id}");
        let header = |name: &str| {
            headers
                .iter()
                .find(|(known, _)| known == name)
                .unwrap()
                .1
                .as_str()
        };
        assert_eq!(header("deprecation"), "@1767225600");
        assert_eq!(header("sunset"), "Thu, 31 Dec 2026 23:59:59 GMT");
        assert!(header("link").contains("rel=\"deprecation\""));
        assert!(told("GET", "/new/{id}").is_empty() && told("POST", "/old/{id}").is_empty());
    }
}
