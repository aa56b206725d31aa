//! 404 or 405: decided from the document, since the framework knows only one route at a time.

use crate::platform::error::{AppError, Code};
use actix_web::http::Method;
use std::collections::HashMap;
use utoipa::openapi::path::Paths;

/// The paths of the document and their methods.
#[derive(Clone, Debug, Default)]
pub struct Methods {
    patterns: Vec<(Vec<String>, Vec<&'static str>)>,
    /// Paths without a placeholder that a pattern takes, too.
    written_out: HashMap<String, Vec<&'static str>>,
}

impl Methods {
    /// From the document.
    #[must_use]
    pub fn new(paths: &Paths) -> Self {
        let table = paths.paths.iter().map(|(path, item)| {
            let methods = [
                ("GET", item.get.is_some()),
                ("POST", item.post.is_some()),
                ("PUT", item.put.is_some()),
                ("PATCH", item.patch.is_some()),
                ("DELETE", item.delete.is_some()),
            ];
            let methods = methods
                .into_iter()
                .filter(|(_, there)| *there)
                .map(|(name, _)| name)
                .collect();
            (path.split('/').map(str::to_owned).collect(), methods)
        });
        Self::of(table.collect())
    }

    fn of(patterns: Vec<(Vec<String>, Vec<&'static str>)>) -> Self {
        let plain = |pattern: &[String]| !pattern.iter().any(|part| part.starts_with('{'));
        let taken = |path: &[String]| {
            let parts: Vec<&str> = path.iter().map(String::as_str).collect();
            patterns
                .iter()
                .any(|(pattern, _)| !plain(pattern) && fits(pattern, &parts))
        };
        let written_out = patterns
            .iter()
            .filter(|(pattern, _)| plain(pattern) && taken(pattern))
            .map(|(pattern, methods)| (pattern.join("/"), methods.clone()))
            .collect();
        Self {
            patterns,
            written_out,
        }
    }

    /// What to say of a request that no route took.
    #[must_use]
    pub fn refuse(&self, path: &str, method: &Method) -> AppError {
        match self.known(path) {
            Some((_, methods)) if !methods.contains(&method.as_str()) => not_by(methods),
            _ => AppError::new(Code::NotFound),
        }
    }

    /// What to say of a request whose path is written out in the document, but not with this method: a pattern must not take
    /// `/calls/events` for an id.
    #[must_use]
    pub fn shadowed(&self, path: &str, method: &Method) -> Option<AppError> {
        let methods = self.written_out.get(path)?;
        (!methods.contains(&method.as_str())).then(|| not_by(methods))
    }

    /// The pattern of a path that has the most of it written out.
    fn known(&self, path: &str) -> Option<&(Vec<String>, Vec<&'static str>)> {
        let parts: Vec<&str> = path.split('/').collect();
        let fitting = self.patterns.iter().filter(|(pattern, _)| fits(pattern, &parts));
        fitting.min_by_key(|(pattern, _)| pattern.iter().filter(|part| part.starts_with('{')).count())
    }
}

fn fits(pattern: &[String], parts: &[&str]) -> bool {
    pattern.len() == parts.len()
        && pattern
            .iter()
            .zip(parts)
            .all(|(pattern, part)| pattern == part || (pattern.starts_with('{') && !part.is_empty()))
}

fn not_by(methods: &[&'static str]) -> AppError {
    AppError::new(Code::MethodNotAllowed).with("allowed", methods.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_out_comes_before_what_is_not() {
        let path = |path: &str, methods: &[&'static str]| {
            (path.split('/').map(str::to_owned).collect(), methods.to_vec())
        };
        let methods = Methods::of(vec![
            path("/calls/{id}", &["GET"]),
            path("/calls/events", &["POST"]),
        ]);
        let code = |refusal: Option<AppError>| refusal.map(|refusal| refusal.code());
        assert_eq!(
            code(methods.shadowed("/calls/events", &Method::GET)),
            Some(Code::MethodNotAllowed)
        );
        assert_eq!(code(methods.shadowed("/calls/7", &Method::GET)), None);
        assert_eq!(
            methods.refuse("/calls/7", &Method::PUT).allowed_methods(),
            Some("GET")
        );
        assert_eq!(methods.refuse("/nothing", &Method::GET).code(), Code::NotFound);
    }
}
