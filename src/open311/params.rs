//! Parameters of a query or a form: an empty one is none (GeoReport v2, "General"), and what the protocol does not know
//! is left alone.

use crate::platform::error::{AppError, FieldError, Fields, Rule};
use chrono::{DateTime, Utc};

/// Parameters in the order in which they came; a name may come more than once.
#[derive(Clone, Debug, Default)]
pub(super) struct Params(Vec<(String, String)>);

impl Params {
    /// From a query, or a form as `application/x-www-form-urlencoded`.
    ///
    /// # Errors
    /// `MalformedQuery`.
    pub(super) fn parse(text: &[u8]) -> Result<Self, AppError> {
        use crate::platform::error::Code;
        serde_urlencoded::from_bytes(text)
            .map(Self)
            .map_err(|error| AppError::new(Code::MalformedQuery).because(error))
    }

    /// Names and values but for the key, to tell one form from another.
    pub(super) fn parts(&self) -> Vec<&[u8]> {
        let rest = self.0.iter().filter(|(name, _)| name != "api_key");
        rest.flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()])
            .collect()
    }

    /// Adds one.
    pub(super) fn push(&mut self, name: String, value: String) {
        self.0.push((name, value));
    }

    /// All values of a name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let found = self.0.iter().filter(move |(known, _)| known == name);
        found
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
    }

    /// The first value of a name.
    pub(super) fn get<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.all(name).next()
    }

    /// Words parted by commas.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        let words = self.all(name).flat_map(|value| value.split(','));
        words
            .map(|word| word.trim().to_owned())
            .filter(|word| !word.is_empty())
            .collect()
    }

    /// Values of `attribute[NAME]` and `attribute[NAME][]`, by name.
    pub(super) fn attributes(&self) -> Vec<(&str, Vec<&str>)> {
        let mut all: Vec<(&str, Vec<&str>)> = Vec::new();
        for (key, value) in &self.0 {
            let name = key
                .strip_prefix("attribute[")
                .and_then(|rest| rest.strip_suffix("][]").or_else(|| rest.strip_suffix(']')));
            let (Some(name), false) = (name, value.trim().is_empty()) else {
                continue;
            };
            match all.iter_mut().find(|(known, _)| *known == name) {
                Some((_, values)) => values.push(value.trim()),
                None => all.push((name, vec![value.trim()])),
            }
        }
        all
    }

    /// What must be there.
    ///
    /// # Errors
    /// `InvalidInput` naming it.
    pub(super) fn required<'a>(&'a self, name: &'a str) -> Result<&'a str, AppError> {
        self.get(name)
            .ok_or_else(|| AppError::field(name, Rule::Required))
    }

    /// An instant, with its offset; fractions of a second are taken.
    ///
    /// # Errors
    /// `InvalidInput` naming it.
    pub(super) fn instant(&self, name: &str) -> Result<Option<DateTime<Utc>>, AppError> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        DateTime::parse_from_rfc3339(text)
            .map(|at| Some(at.to_utc()))
            .map_err(|_| AppError::field(name, Rule::Form("YYYY-MM-DDThh:mm:ss+hh:mm")))
    }

    /// A number.
    pub(super) fn number<T: std::str::FromStr>(&self, name: &str, fields: &mut Fields) -> Option<T> {
        let text = self.get(name)?;
        let number = text.parse().ok();
        if number.is_none() {
            fields.add(name, Rule::Type("number"));
        }
        number
    }

    /// A number from one on.
    ///
    /// # Errors
    /// `InvalidInput` naming it.
    pub(super) fn count(&self, name: &str, most: u64) -> Result<Option<u64>, AppError> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        match text.parse() {
            Ok(n) if (1..=most).contains(&n) => Ok(Some(n)),
            _ => Err(AppError::fields(vec![FieldError::new(
                name,
                Rule::Range(format!("1..{most}")),
            )])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_parameter_is_none_and_lists_are_parted() {
        let params = Params::parse(
            "status=open%2C+closed&lat=&attribute[A]=1&attribute%5BB%5D%5B%5D=x&attribute[B][]=y&page=0"
                .as_bytes(),
        );
        let params = params.unwrap();
        assert_eq!(params.list("status"), ["open", "closed"]);
        assert_eq!(params.get("lat"), None);
        assert_eq!(params.attributes(), [("A", vec!["1"]), ("B", vec!["x", "y"])]);
        assert!(params.count("page", 10).is_err() && params.required("lat").is_err());
    }

    #[test]
    fn instants_need_an_offset() {
        let params = Params::parse(
            b"a=2026-11-24T08:00:00%2B08:00&b=2026-11-24T00:00:00.5Z&c=2026-11-24T08:00:00&d=24.11.2026",
        )
        .unwrap();
        assert_eq!(
            params.instant("a").unwrap().unwrap().to_rfc3339(),
            "2026-11-24T00:00:00+00:00"
        );
        assert!(params.instant("b").is_ok());
        assert!(params.instant("c").is_err() && params.instant("d").is_err());
        assert_eq!(params.instant("e").unwrap(), None);
    }
}
