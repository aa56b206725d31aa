//! 404 or 405: decided from the document, since the framework knows only one route at a time.

use crate::platform::error::{AppError, Code};
use actix_web::http::Method;
use utoipa::openapi::path::Paths;

/// The paths of the document and their methods.
#[derive(Clone, Debug, Default)]
pub struct Methods(Vec<(Vec<String>, Vec<&'static str>)>);

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
        Self(table.collect())
    }

    /// What to say of a request that no route took.
    #[must_use]
    pub fn refuse(&self, path: &str, method: &Method) -> AppError {
        let parts: Vec<&str> = path.split('/').collect();
        let fits = |pattern: &[String]| {
            pattern.len() == parts.len()
                && pattern
                    .iter()
                    .zip(&parts)
                    .all(|(pattern, part)| pattern == part || (pattern.starts_with('{') && !part.is_empty()))
        };
        match self.0.iter().find(|(pattern, _)| fits(pattern)) {
            Some((_, methods)) if !methods.contains(&method.as_str()) => {
                AppError::new(Code::MethodNotAllowed).with("allowed", methods.join(", "))
            }
            _ => AppError::new(Code::NotFound),
        }
    }
}
