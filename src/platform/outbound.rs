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
                || (a == 192 && b == 0 && c == 0)
                || (a == 192 && b == 88 && c == 99))
        }
        IpAddr::V6(v6) => {
            if let Some(v4) = v6.to_ipv4_mapped() {
                return is_public(IpAddr::V4(v4));
            }
            let head = v6.segments();
            // Global unicast is 2000::/3; protocol assignments (Teredo, ORCHID, benchmarks), 6to4 and documentation are cut
            // out of it.
            (head[0] & 0xe000) == 0x2000
                && head[0] != 0x2002
                && !(head[0] == 0x2001 && (head[1] < 0x0200 || head[1] == 0x0db8))
                && !(head[0] == 0x3fff && head[1] < 0x1000)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hosts of URLs that lead inside: every special range, and every spelling of an address that a URL knows.
    const INSIDE: &[&str] = &[
        "127.0.0.1",
        "127.0.0.53",
        "127.255.255.254",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0x7f.0.0.1",
        "017700000001",
        "0177.0.0.1",
        "0177.0.0.01",
        "%31%32%37.0.0.1",
        "１２７.0.0.1",
        "127。0。0。1",
        "127.0.0.1.",
        "localhost",
        "localhost.",
        "LOCALHOST",
        "user@127.0.0.1",
        "example.org@127.0.0.1",
        "0.0.0.0",
        "0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "167772161",
        "100.64.0.1",
        "100.127.255.254",
        "169.254.169.254",
        "169.254.0.1",
        "2852039166",
        "0xa9fea9fe",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.0.170",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "192.168.255.255",
        "3232235521",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::ffff:10.0.0.1]",
        "[::ffff:169.254.169.254]",
        "[::127.0.0.1]",
        "[fe80::1]",
        "[febf::1]",
        "[fc00::1]",
        "[fd12:3456::1]",
        "[fec0::1]",
        "[ff02::1]",
        "[ff0e::1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::a00:1]",
        "[100::1]",
        "[2001::1]",
        "[2001:2::1]",
        "[2001:10::1]",
        "[2001:20::1]",
        "[2001:db8::1]",
        "[2002:7f00:1::]",
        "[2002:a00:1::]",
        "[3fff::1]",
        "[5f00::1]",
        "[fd00:ec2::254]",
    ];

    /// Where something listens on every address of this machine: none of them connects.
    #[tokio::test]
    async fn nothing_inside_is_asked() {
        let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let sixth = tokio::net::TcpListener::bind(("::1", port)).await.ok();
        let config = OutboundConfig {
            allow_hosts: Vec::new(),
            timeout_ms: 500,
        };
        let client = Outbound::new(&config).unwrap();
        assert!(INSIDE.len() >= 60);
        for host in INSIDE {
            for scheme in ["http", "https"] {
                let url = format!("{scheme}://{host}:{port}/");
                let refused = client.post_json(&url, None, "k", &serde_json::json!({})).await;
                let why = format!("{:?}", refused.expect_err(&url));
                assert!(
                    ["public", "invalid", "dns error"]
                        .iter()
                        .any(|word| why.contains(word)),
                    "{url}: {why}"
                );
            }
        }
        let waiting = async {
            match &sixth {
                Some(sixth) => tokio::select! { _ = listener.accept() => {}, _ = sixth.accept() => {} },
                None => drop(listener.accept().await),
            }
        };
        let connected = tokio::time::timeout(Duration::from_millis(50), waiting).await;
        assert!(connected.is_err(), "something connected");
    }

    #[test]
    fn public_addresses_are_public() {
        for address in [
            "8.8.8.8",
            "114.114.114.114",
            "172.32.0.1",
            "100.128.0.1",
            "2400:3200::1",
            "2001:200::1",
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
