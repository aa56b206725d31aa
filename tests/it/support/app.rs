//! The very application that production runs, on a free port, with a clock that is turned by hand.

use super::client::Client;
use super::database::{self, Backend, start_of_time};
use actix_web::dev::ServerHandle;
use chrono::TimeDelta;
use hotline::app::App;
use hotline::demo::PASSWORD;
use hotline::platform::clock::Clock;
use hotline::platform::config::Config;
use hotline::platform::jobs::{self, Job};
use serde_json::{Value, json};
use std::net::TcpListener;
use tempfile::TempDir;

/// A running application.
pub struct TestApp {
    pub backend: Backend,
    pub app: App,
    pub clock: Clock,
    pub base: String,
    pub database: String,
    pub folder: TempDir,
    jobs: Vec<Job>,
    server: ServerHandle,
}

impl TestApp {
    /// Starts on a fresh copy of the demonstration district.
    pub async fn start(backend: Backend) -> Self {
        Self::start_with(backend, |_| {}).await
    }

    /// Starts with other settings.
    pub async fn start_with(backend: Backend, change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = database::fresh(backend, folder.path()).await;
        let mut config = database::config(folder.path(), &database);
        change(&mut config);
        let clock = Clock::manual(start_of_time());
        Self::serve(backend, folder, database, config, clock).await
    }

    /// Another instance on the same database, by the same clock.
    pub async fn second(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Keys and files are shared, as they are in production.
        let config = database::config(self.folder.path(), &self.database);
        Self::serve(
            self.backend,
            folder,
            self.database.clone(),
            config,
            self.clock.clone(),
        )
        .await
    }

    async fn serve(
        backend: Backend,
        folder: TempDir,
        database: String,
        config: Config,
        clock: Clock,
    ) -> Self {
        let app = App::open(config, clock.clone(), false).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let server = app.serve(listener).unwrap();
        let handle = server.handle();
        tokio::spawn(server);
        let jobs = app.jobs(false).unwrap();
        Self {
            backend,
            app,
            clock,
            base,
            database,
            folder,
            jobs,
            server: handle,
        }
    }

    /// Turns the clock.
    pub fn turn(&self, by: TimeDelta) {
        self.clock.advance(by);
    }

    /// Runs the background work until there is none.
    pub async fn settle(&self) {
        jobs::settle(&self.jobs).await;
    }

    /// Runs one job once.
    pub async fn pass(&self, name: &str) {
        let job = self
            .jobs
            .iter()
            .find(|job| job.name == name)
            .expect("a job of this name");
        job.pass().await;
    }

    /// Nobody.
    pub fn nobody(&self) -> Client {
        Client::new(&self.base, None)
    }

    /// Whoever has this token.
    pub fn with_token(&self, token: &str) -> Client {
        Client::new(&self.base, Some(token.to_owned()))
    }

    /// The client of a program in the district, with this leave.
    pub async fn client(&self, scopes: Value) -> super::client::Answer {
        let unit = self.unit("440703").await;
        let body =
            json!({ "name": "对接系统", "channel": "partner", "scopes": scopes, "unit_id": unit["id"] });
        let made = self.staff("secadmin").await.post("/api/v1/clients", &body).await;
        made.expect(201);
        made
    }

    /// A program, by the answer that made its client: with a token for its secret.
    pub async fn program(&self, made: &super::client::Answer) -> Client {
        self.with_token(&self.token_of(made).await)
    }

    /// An access token of a program.
    pub async fn token_of(&self, made: &super::client::Answer) -> String {
        let form = [("grant_type", "client_credentials")];
        let nobody = self.nobody();
        let request = nobody
            .request("POST", "/oauth/token")
            .basic_auth(made.text_at("/client/id"), Some(made.text_at("/client_secret")))
            .form(&form);
        let answer = nobody.send(request).await;
        answer.expect(200);
        answer.text_at("/access_token")
    }

    /// A member of staff of the demonstration.
    pub async fn staff(&self, user_name: &str) -> Client {
        let body = json!({ "user_name": user_name, "password": PASSWORD });
        let answer = self.nobody().post("/api/v1/auth/staff", &body).await;
        answer.expect(200);
        self.with_token(answer.body["access_token"].as_str().unwrap())
    }

    /// A resident of the demonstration, or a new one, by a code.
    pub async fn resident(&self, phone: &str) -> Client {
        let number = hotline::residents::rules::Phone::parse(phone).unwrap();
        let code = hotline::auth::demonstration_code(self.app.kit(), number)
            .await
            .unwrap();
        let body = json!({ "phone": phone, "code": code });
        let answer = self.nobody().post("/api/v1/auth/code/login", &body).await;
        answer.expect(200);
        self.with_token(answer.body["tokens"]["access_token"].as_str().unwrap())
    }

    /// Whoever of the two handlers of 羊桥社区 has the ticket.
    pub async fn handler_of(&self, ticket: &Value) -> Client {
        for name in ["handler-a-440703002101", "handler-b-440703002101"] {
            let handler = self.staff(name).await;
            if handler.get("/api/v1/me").await.body["id"] == ticket["staff_id"] {
                return handler;
            }
        }
        panic!("nobody has it");
    }

    /// A unit by its code, as it is today.
    pub async fn unit(&self, code: &str) -> Value {
        let units = self.nobody().get("/api/v1/units").await;
        let items = units.body["items"].as_array().unwrap();
        items.iter().find(|unit| unit["code"] == code).unwrap().clone()
    }

    /// Stops the server.
    pub async fn stop(self) {
        self.server.stop(false).await;
    }
}
