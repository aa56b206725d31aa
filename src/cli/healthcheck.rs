//! `hotline healthcheck`: for containers, which have no curl.

use crate::platform::config::Config;
use anyhow::ensure;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Runs the verb.
pub async fn run(config: &Config) -> anyhow::Result<()> {
    let listen = config.server.listen;
    let here = if listen.ip().is_unspecified() {
        IpAddr::V4(Ipv4Addr::LOCALHOST)
    } else {
        listen.ip()
    };
    let address = SocketAddr::new(here, listen.port());
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(std::time::Duration::from_secs(3))
        .build()?;
    let answer = client
        .get(format!("http://{address}/health/ready"))
        .send()
        .await?;
    ensure!(answer.status().is_success(), "not ready: {}", answer.status());
    Ok(())
}
