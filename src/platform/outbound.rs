//! The only client of other servers: time and size limits, no redirects, and no private networks unless the
//! configuration allows the host (SSRF: OWASP API7).

use crate::platform::config::OutboundConfig;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// So much of an answer is kept.
const ANSWER_BYTES: usize = 512;

/// An HTTP client for other servers.
#[derive(Clone)]
pub struct Outbound {
    client: reqwest::Client,
    allowed: Arc<HashSet<String>>,
}

impl Outbound {
    /// A client by the configuration.
    ///
    /// # Errors
    /// When TLS can't be set up.
    pub fn new(config: &OutboundConfig) -> anyhow::Result<Self> {
        let allowed: Arc<HashSet<String>> = Arc::new(
            config
                .allow_hosts
                .iter()
                .map(|host| host.to_ascii_lowercase())
                .collect(),
        );
        let client = reqwest::Client::builder()
            .timeout(Duration::from_millis(config.timeout_ms))
            .connect_timeout(Duration::from_secs(5))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("hotline/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(Arc::new(PublicOnly {
                allowed: Arc::clone(&allowed),
            }))
            .build()?;
        Ok(Self { client, allowed })
    }

    /// Posts JSON; the status of the answer.
    ///
    /// # Errors
    /// When the address is refused, the server can't be reached, or does not answer in time.
    pub async fn post_json(
        &self,
        url: &str,
        bearer: Option<&str>,
        idempotency_key: &str,
        body: &serde_json::Value,
    ) -> anyhow::Result<reqwest::StatusCode> {
        let url = self.check(url)?;
        let mut request = self
            .client
            .post(url)
            .header("Idempotency-Key", idempotency_key)
            .json(body);
        if let Some(token) = bearer {
            request = request.bearer_auth(token);
        }
        Ok(request.send().await?.status())
    }

    /// Posts JSON with headers that sign it; the status of the answer, and how it begins.
    ///
    /// # Errors
    /// As `post_json`.
    pub async fn post_signed(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> anyhow::Result<(reqwest::StatusCode, String)> {
        let url = self.check(url)?;
        let mut request = self
            .client
            .post(url)
            .header(reqwest::header::CONTENT_TYPE, "application/json")
            .body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut answer = request.send().await?;
        let (status, mut begins) = (answer.status(), Vec::new());
        // An answer that breaks off, or never ends, was an answer all the same.
        while begins.len() < ANSWER_BYTES
            && let Ok(Some(part)) = answer.chunk().await
        {
            begins.extend(part.iter().take(ANSWER_BYTES - begins.len()));
        }
        Ok((status, String::from_utf8_lossy(&begins).into_owned()))
    }

    /// An address that may be asked; names are judged once more when they are resolved.
    ///
    /// # Errors
    /// When it is none, or names a place inside.
    pub fn check(&self, url: &str) -> anyhow::Result<reqwest::Url> {
        let url: reqwest::Url = url.parse()?;
        self.refuse_private_literal(&url)?;
        Ok(url)
    }

    /// A literal address never reaches the resolver, so it is judged here.
    fn refuse_private_literal(&self, url: &reqwest::Url) -> anyhow::Result<()> {
        anyhow::ensure!(
            matches!(url.scheme(), "http" | "https"),
            "only http and https are allowed"
        );
        let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
        let with_port = format!("{host}:{}", url.port_or_known_default().unwrap_or(0));
        if self.allowed.contains(&host) || self.allowed.contains(&with_port) {
            return Ok(());
        }
        let literal: Result<IpAddr, _> = host.trim_matches(['[', ']']).parse();
        anyhow::ensure!(
            literal.map_or(true, is_public),
            "the address {host} is not public"
        );
        Ok(())
    }
}

/// Resolves names to public addresses only, so that a name which points inside (DNS rebinding) fails.
struct PublicOnly {
    allowed: Arc<HashSet<String>>,
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_ascii_lowercase();
        let any = self
            .allowed
            .iter()
            .any(|allowed| allowed.split(':').next() == Some(host.as_str()));
        Box::pin(async move {
            let found = tokio::net::lookup_host((host.as_str(), 0)).await?;
            let addresses: Vec<SocketAddr> = found.filter(|address| any || is_public(address.ip())).collect();
            if addresses.is_empty() {
                return Err(format!("{host} has no public address").into());
            }
            let addresses: Addrs = Box::new(addresses.into_iter());
            Ok(addresses)
        })
    }
}

/// Whether an address is reachable from everywhere (IANA special-purpose registries).
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_multicast()
                || v4.is_broadcast()
                || v4.is_documentation()
                || a == 0
                || a >= 240
                || (a == 100 && (64..128).contains(&b))
                || (a == 198 && (b == 18 || b == 19))
                || (a == 192 && b == 0 && c == 0))
        }
        IpAddr::V6(v6) => {
            if let Some(v4) = v6.to_ipv4_mapped() {
                return is_public(IpAddr::V4(v4));
            }
            let head = v6.segments();
            // Global unicast is 2000::/3; Teredo, 6to4 and documentation are cut out of it.
            (head[0] & 0xe000) == 0x2000
                && head[0] != 0x2002
                && !(head[0] == 0x2001 && (head[1] == 0 || head[1] == 0x0db8))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_not_public() {
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "240.0.0.1",
            "192.0.2.1",
            "198.18.0.1",
            "192.0.0.8",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "2002:7f00:1::",
            "2001:db8::1",
            "2001::1",
            "64:ff9b::7f00:1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in [
            "8.8.8.8",
            "114.114.114.114",
            "172.32.0.1",
            "100.128.0.1",
            "2400:3200::1",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[tokio::test]
    async fn a_private_host_is_refused_unless_allowed() {
        let client = |hosts: &[&str]| {
            let allow_hosts = hosts.iter().map(ToString::to_string).collect();
            Outbound::new(&OutboundConfig {
                allow_hosts,
                timeout_ms: 500,
            })
            .unwrap()
        };
        let body = serde_json::json!({});
        for url in [
            "http://127.0.0.1:1/",
            "http://localhost:1/",
            "http://[::1]:1/",
            "http://2130706433/",
            "file:///etc/passwd",
        ] {
            let error = client(&[]).post_json(url, None, "k", &body).await.unwrap_err();
            let text = format!("{error:?}");
            assert!(
                text.contains("public") || text.contains("only http"),
                "{url}: {text}"
            );
        }
        let error = client(&["127.0.0.1"])
            .post_json("http://127.0.0.1:1/", None, "k", &body)
            .await
            .unwrap_err();
        assert!(
            !format!("{error:?}").contains("not public"),
            "an allowed host is tried"
        );
    }
}
