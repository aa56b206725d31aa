//! Where a client may have a resident sent back to.

use url::Url;

/// Characters at most.
pub const MOST: usize = 400;

/// Whether a client may be registered with this address: `https`, a scheme of the application's own (RFC 8252 §7.1: a domain
/// turned around), or `http` on the loopback interface (§7.3). No fragment (RFC 6749 §3.1.2).
#[must_use]
pub fn may_be(uri: &str) -> bool {
    let Ok(url) = Url::parse(uri) else { return false };
    let plain = uri.len() <= MOST
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    plain
        && match url.scheme() {
            "https" => url.host_str().is_some(),
            "http" => is_loopback(&url),
            scheme => scheme.contains('.'),
        }
}

fn is_loopback(url: &Url) -> bool {
    matches!(url.host_str(), Some("127.0.0.1" | "[::1]"))
}

/// Whether an address that came is one of these: to the letter, but for the port on the loopback interface, which a program
/// learns only when it listens (RFC 8252 §7.3).
#[must_use]
pub fn is_one_of(registered: &[String], uri: &str) -> bool {
    registered
        .iter()
        .any(|known| known == uri || same_loopback(known, uri))
}

fn same_loopback(known: &str, uri: &str) -> bool {
    let without_port = |uri: &str| {
        let mut url = Url::parse(uri).ok()?;
        (url.scheme() == "http" && is_loopback(&url)).then_some(())?;
        url.set_port(None).ok()?;
        Some(url)
    };
    without_port(known).is_some_and(|known| without_port(uri) == Some(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_lead_elsewhere_are_refused() {
        for good in [
            "https://app.example.org/back",
            "https://app.example.org/back?a=b",
            "cn.example.app:/back",
            "http://127.0.0.1/back",
            "http://[::1]:8080/back",
        ] {
            assert!(may_be(good), "{good}");
        }
        for bad in [
            "",
            "back",
            "http://app.example.org/",
            "http://localhost/back",
            "javascript:alert(1)",
            "data:text/html,x",
            "myapp:/back",
            "https://app.example.org/#x",
            "https://a:b@app.example.org/",
        ] {
            assert!(!may_be(bad), "{bad}");
        }
    }

    #[test]
    fn only_the_port_of_the_loopback_may_differ() {
        let known = [
            "http://127.0.0.1/back".to_owned(),
            "https://app.example.org/back".to_owned(),
        ];
        for good in [
            "http://127.0.0.1:54321/back",
            "http://127.0.0.1/back",
            "https://app.example.org/back",
        ] {
            assert!(is_one_of(&known, good), "{good}");
        }
        for bad in [
            "http://127.0.0.1:54321/other",
            "http://[::1]:1/back",
            "https://app.example.org:444/back",
            "https://app.example.org/back/",
            "https://app.example.org/back?x",
            "http://127.0.0.1.example.org/back",
        ] {
            assert!(!is_one_of(&known, bad), "{bad}");
        }
    }
}
