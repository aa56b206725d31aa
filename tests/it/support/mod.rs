//! An application to test, and people who use it.

mod app;
mod broker;
mod chance;
mod client;
mod database;
mod mail;
mod receiver;
mod snapshot;

pub use app::TestApp;
pub use broker::Broker;
pub use chance::{Chance, count, seed};
pub use client::{Answer, Client, fresh_key};
pub use database::{Backend, config, empty, on_each, start_of_time};
pub use mail::mail_server;
pub use receiver::{Got, Receiver};
pub use snapshot::snapshot;

/// A test on both databases: `on_both! { async fn name(app: TestApp) { … } }`.
#[macro_export]
macro_rules! on_both {
    ($($(#[$doc:meta])* async fn $name:ident($app:ident: TestApp) $body:block)+) => {$(
        $(#[$doc])*
        async fn $name($app: $crate::support::TestApp) {
            $body
            $app.stop().await;
        }

        mod $name {
            use $crate::support::{Backend, TestApp};

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::$name(TestApp::start(Backend::Sqlite).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if Backend::postgres_is_there() {
                    super::$name(TestApp::start(Backend::Postgres).await).await;
                }
            }
        }
    )+};
}
