//! `hotline serve`: HTTP and, unless switched off, the background work, until SIGTERM or SIGINT.

use crate::app::App;
use crate::platform::clock::Clock;
use crate::platform::config::Config;
use crate::platform::jobs;
use crate::platform::telemetry;
use anyhow::Context;
use std::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Runs the verb.
pub async fn run(config: Config) -> anyhow::Result<()> {
    telemetry::init_log(&config.log);
    // The embedded database is this process's own; PostgreSQL is migrated on purpose, by `hotline migrate up`.
    let migrate = config.database.is_sqlite();
    let listener = bind(&config)?;
    let app = App::open(config, Clock::system(), migrate).await?;
    let address = listener.local_addr()?;
    tracing::info!(%address, "listening");
    until_stopped(&app, listener, true, |_| Ok(())).await
}

/// Binds the address that is configured.
pub fn bind(config: &Config) -> anyhow::Result<TcpListener> {
    let address = config.server.listen;
    let listener = TcpListener::bind(address).with_context(|| format!("can't listen on {address}"))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Serves until a signal comes: requests in flight are answered, jobs end their round. `ready` is told the address
/// once requests are answered.
pub async fn until_stopped(
    app: &App,
    listener: TcpListener,
    follow_database: bool,
    ready: impl FnOnce(std::net::SocketAddr) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let address = listener.local_addr()?;
    let stop = CancellationToken::new();
    let server = app.serve(listener)?;
    let handle = server.handle();
    let serving = tokio::spawn(server);
    let mut work = Vec::new();
    if app.kit().config.jobs.enabled {
        work = jobs::spawn(app.jobs(follow_database)?, &app.kit().kick, &stop);
    }
    ready(address)?;
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping");
    handle.stop(true).await;
    stop.cancel();
    for task in work {
        task.await?;
    }
    serving.await??;
    Ok(())
}
