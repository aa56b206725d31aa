//! Reading requests: the caller's own, filtered as the protocol has it.

use super::dto::{RequestOut, TokenOut};
use super::params::Params;
use super::{map, media};
use crate::access::permit::Caller;
use crate::catalog::store::is_code;
use crate::platform::error::{AppError, Code, Rule};
use crate::reference::Desk;
use crate::tickets::queries::sheet::{self, Span, Wanted};
use crate::tickets::rules::number;
use chrono::{DateTime, TimeDelta, Utc};

/// "Default query limit is a span of 90 days or first 1000 service requests returned, whichever is smallest."
const DAYS: i64 = 90;
const MOST: u64 = 1_000;
/// Codes of services at most.
const CODES: usize = 100;
/// Pages at most.
const PAGES: u64 = 1_000_000;

/// Requests by the filters of a query.
///
/// # Errors
/// `InvalidInput` naming the parameter.
pub(super) async fn list(desk: &Desk, caller: &Caller, params: &Params) -> Result<Vec<RequestOut>, AppError> {
    let wanted = wanted(params, desk.kit.now())?;
    read(desk, caller, &wanted, extensions(params)).await
}

/// One request, as a list of one.
///
/// # Errors
/// `NotFound`.
pub(super) async fn one(
    desk: &Desk,
    caller: &Caller,
    params: &Params,
    id: &str,
) -> Result<Vec<RequestOut>, AppError> {
    let wanted = by_number([id.to_owned()].into_iter());
    let found = read(desk, caller, &wanted, extensions(params)).await?;
    if found.is_empty() {
        Err(AppError::new(Code::NotFound))
    } else {
        Ok(found)
    }
}

/// The number that a token stands for. Numbers are given at once, so that no token is given; who asks by the number hears
/// that it stands for itself.
///
/// # Errors
/// `NotFound`.
pub(super) async fn token(desk: &Desk, caller: &Caller, token: &str) -> Result<Vec<TokenOut>, AppError> {
    let found = one(desk, caller, &Params::default(), token).await?;
    let out = found.into_iter().map(|request| TokenOut {
        service_request_id: request.service_request_id,
        token: token.to_owned(),
    });
    Ok(out.collect())
}

async fn read(
    desk: &Desk,
    caller: &Caller,
    wanted: &Wanted,
    extensions: bool,
) -> Result<Vec<RequestOut>, AppError> {
    let reference = desk.reference().await?;
    let found = sheet::find(&desk.kit, &reference, caller, wanted).await?;
    let link = |file| media::link(&desk.kit, file);
    Ok(found
        .into_iter()
        .map(|ticket| map::request(ticket, extensions, link))
        .collect())
}

fn extensions(params: &Params) -> bool {
    params.get("extensions") == Some("true")
}

/// Numbers that can be none are left out.
fn by_number(numbers: impl Iterator<Item = String>) -> Wanted {
    Wanted {
        numbers: Some(numbers.filter_map(|number| number::parse(&number)).collect()),
        limit: MOST,
        ..Wanted::default()
    }
}

fn wanted(params: &Params, now: DateTime<Utc>) -> Result<Wanted, AppError> {
    // "This overrides all other arguments."
    let numbers = params.list("service_request_id");
    if u64::try_from(numbers.len()).is_ok_and(|n| n > MOST) {
        return Err(AppError::field(
            "service_request_id",
            Rule::TooMany(usize::try_from(MOST).unwrap_or(usize::MAX)),
        ));
    }
    if !numbers.is_empty() {
        return Ok(by_number(numbers.into_iter()));
    }
    let codes = params.list("service_code");
    if codes.len() > CODES {
        return Err(AppError::field("service_code", Rule::TooMany(CODES)));
    }
    let known: Vec<String> = codes.iter().filter(|code| is_code(code)).cloned().collect();
    if known.is_empty() && !codes.is_empty() {
        return Ok(by_number(std::iter::empty()));
    }
    let changed = (
        params.instant("updated_after")?,
        params.instant("updated_before")?,
    );
    // Who asks what changed wants to hear of old requests, too.
    let by_change = changed != (None, None) && params.get("start_date").or(params.get("end_date")).is_none();
    let page_size = params.count("page_size", MOST)?.unwrap_or(MOST);
    let page = params.count("page", PAGES)?.unwrap_or(1);
    Ok(Wanted {
        numbers: None,
        categories: known,
        open: status(params)?,
        registered: if by_change {
            (None, None)
        } else {
            window(params, "start_date", "end_date", now)?
        },
        changed,
        limit: page_size,
        offset: (page - 1) * page_size,
    })
}

fn status(params: &Params) -> Result<Option<bool>, AppError> {
    let words = params.list("status");
    if words.iter().any(|word| word != "open" && word != "closed") {
        return Err(AppError::field(
            "status",
            Rule::OneOf(vec!["open".into(), "closed".into()]),
        ));
    }
    let has = |wanted: &str| words.iter().any(|word| word == wanted);
    Ok(match (has("open"), has("closed")) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    })
}

/// A window of at most 90 days: up to now, or beside the end that is given.
pub(super) fn window(params: &Params, from: &str, to: &str, now: DateTime<Utc>) -> Result<Span, AppError> {
    let most = TimeDelta::days(DAYS);
    let (start, end) = match (params.instant(from)?, params.instant(to)?) {
        (Some(start), Some(end)) => (start, end),
        (Some(start), None) => (start, start + most),
        (None, Some(end)) => (end - most, end),
        (None, None) => (now - most, now + TimeDelta::days(1)),
    };
    if end < start {
        return Err(AppError::field(to, Rule::Range(format!("{from}.."))));
    }
    if end - start > most + TimeDelta::days(1) {
        return Err(AppError::field(from, Rule::Range("90 days".into())));
    }
    Ok((Some(start), Some(end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Wanted, AppError> {
        let params = Params::parse(query.as_bytes()).unwrap();
        wanted(&params, "2026-11-27T00:00:00Z".parse().unwrap())
    }

    #[test]
    fn ninety_days_or_a_thousand_whichever_is_less() {
        let all = read("").unwrap();
        assert_eq!((all.limit, all.offset, all.open), (1_000, 0, None));
        assert_eq!(
            all.registered.0.unwrap().to_rfc3339(),
            "2026-08-29T00:00:00+00:00"
        );
        let page = read("page=3&page_size=50&status=open&service_code=120302,120303").unwrap();
        assert_eq!((page.limit, page.offset, page.open), (50, 100, Some(true)));
        assert_eq!(page.categories, ["120302", "120303"]);
        assert_eq!(read("status=closed,open").unwrap().open, None);
        let from = read("start_date=2026-01-01T00:00:00Z").unwrap();
        assert_eq!(
            from.registered.1.unwrap().to_rfc3339(),
            "2026-04-01T00:00:00+00:00"
        );
        for wrong in [
            "start_date=2026-01-01T00:00:00Z&end_date=2026-06-01T00:00:00Z",
            "start_date=2026-06-01T00:00:00Z&end_date=2026-01-01T00:00:00Z",
            "start_date=yesterday",
            "status=done",
            "page_size=1001",
            "page=0",
            "updated_after=1",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn numbers_come_before_all_else() {
        let wanted = read("service_request_id=1,%202&status=nonsense&page=0").unwrap();
        assert_eq!(wanted.numbers, Some(Vec::new()));
    }
}
