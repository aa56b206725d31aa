//! Logs and metrics. Logs hold ids and codes, never personal data.

use crate::platform::config::LogConfig;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::sync::OnceLock;
use tracing_subscriber::EnvFilter;

/// Sets up logging to standard error; once a process.
pub fn init_log(config: &LogConfig) {
    let filter = EnvFilter::try_new(&config.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // A second call (in tests) keeps the first set-up.
    let _ = if config.json {
        builder.json().try_init()
    } else {
        builder.try_init()
    };
}

static METRICS: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Bounds of what is measured in seconds.
const SECONDS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
];

/// The recorder of this process, made at the first call.
pub fn metrics_handle() -> Option<&'static PrometheusHandle> {
    let build = || {
        PrometheusBuilder::new()
            .set_buckets(&SECONDS)
            .ok()?
            .install_recorder()
            .ok()
    };
    METRICS.get_or_init(build).as_ref()
}

/// Folds what was measured since the last time: without it a busy process would keep every single value.
pub fn fold_metrics() {
    if let Some(handle) = metrics_handle() {
        handle.run_upkeep();
    }
}
