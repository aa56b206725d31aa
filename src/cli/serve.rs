//! `hotline serve`: HTTP and, unless switched off, the background work, until SIGTERM or SIGINT.

use crate::access::tokens;
use crate::app::App;
use crate::callbell::ingest::mqtt::Listener;
use crate::platform::clock::Clock;
use crate::platform::config::Config;
use crate::platform::jobs::{self, Job, Pass};
use crate::platform::kit::Kit;
use crate::platform::telemetry;
use anyhow::Context;
use futures_util::FutureExt;
use std::net::TcpListener;
use std::time::Duration;
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

/// Metrics are folded in every process, whether it does background work or not.
fn fold_metrics() -> Job {
    Job::new("metrics", Duration::from_secs(5), || {
        async {
            telemetry::fold_metrics();
            Ok(Pass::Idle)
        }
        .boxed()
    })
    .on_beat_only()
}

/// Every process signs with the newest key, though another one made it: a key that was replaced retires.
fn reload_keys(kit: Kit) -> Job {
    Job::new("keys", Duration::from_mins(1), move || {
        let kit = kit.clone();
        async move { tokens::load_keys(&kit).await.map(|()| Pass::Idle) }.boxed()
    })
    .on_beat_only()
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
    let mut background = vec![fold_metrics(), reload_keys(app.kit().clone())];
    if app.kit().config.jobs.enabled {
        background.extend(app.jobs(follow_database)?);
    }
    let work = jobs::spawn(background, &app.kit().kick, &stop);
    let listening = Listener::new(&app.desk, &app.ingest)?.map(|bells| tokio::spawn(bells.run(stop.clone())));
    ready(address)?;
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping");
    handle.stop(true).await;
    stop.cancel();
    for task in work.into_iter().chain(listening) {
        task.await?;
    }
    serving.await??;
    Ok(())
}
