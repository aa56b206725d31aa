//! The service as a child process: started, asked where it listens, stopped.

use crate::client::Client;
use crate::tell;
use anyhow::{Context, bail, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// What `hotline demo --json` prints once it answers.
#[derive(Debug, Deserialize)]
struct Offer {
    base_url: String,
    accounts: Vec<Account>,
    residents: Vec<Resident>,
}

#[derive(Debug, Deserialize)]
struct Account {
    role: String,
    user_name: String,
    password: String,
}

/// A resident, with a code that logs in.
#[derive(Debug, Deserialize)]
struct Resident {
    phone: String,
    code: String,
}

/// A running service.
pub struct Service {
    child: Child,
    log: PathBuf,
    offer: Offer,
    http: reqwest::Client,
}

/// `target/debug/examples/walkthrough` → `target/debug/hotline`.
pub fn beside_this_example() -> anyhow::Result<PathBuf> {
    let me = std::env::current_exe()?;
    let folder = me.parent().and_then(Path::parent).context("no folder above")?;
    let program = folder.join("hotline");
    ensure!(
        program.exists(),
        "{} is not built: run scripts/walkthrough.sh, or give --hotline",
        program.display()
    );
    Ok(program)
}

impl Service {
    /// Starts a demonstration on a turned clock, and waits until it answers.
    pub fn start(program: &Path, data: &Path, database: Option<&str>, now: &str) -> anyhow::Result<Self> {
        let log = data.join("log.txt");
        let mut command = Command::new(program);
        command.args([
            "demo",
            "--listen",
            "127.0.0.1:0",
            "--json",
            "--now",
            now,
            "--data",
        ]);
        command.arg(data);
        if let Some(url) = database {
            command.args(["--database", url]);
        }
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log)?)
            .spawn()
            .with_context(|| format!("{} can't be started", program.display()))?;
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        if line.is_empty() {
            let status = child.wait()?;
            bail!(
                "the service ended with {status}:\n{}",
                std::fs::read_to_string(&log)?
            );
        }
        let offer = serde_json::from_str(&line).context("the line of JSON can't be read")?;
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(20))
            .build()?;
        Ok(Self {
            child,
            log,
            offer,
            http,
        })
    }

    /// Says what was started.
    pub fn introduce(&self, now: &str) {
        tell::says(&format!(
            "`hotline demo --json --now {now}` answers at {}: {} accounts of staff, {} telephones of residents",
            self.offer.base_url,
            self.offer.accounts.len(),
            self.offer.residents.len()
        ));
    }

    /// Where it answers.
    pub fn base(&self) -> &str {
        &self.offer.base_url
    }

    /// Nobody known.
    pub fn nobody(&self) -> Client {
        Client::new("somebody", self.base(), None, self.http.clone())
    }

    /// Whoever has this token.
    pub fn with_token(&self, who: &str, token: &str) -> Client {
        Client::new(who, self.base(), Some(token.to_owned()), self.http.clone())
    }

    /// An access token of a program, for its secret.
    pub async fn program_token(&self, client: &str, secret: &str) -> anyhow::Result<String> {
        let answer = self
            .http
            .post(format!("{}/oauth/token", self.base()))
            .basic_auth(client, Some(secret))
            .form(&[("grant_type", "client_credentials")])
            .send()
            .await?
            .error_for_status()?;
        let body: serde_json::Value = answer.json().await?;
        let token = body["access_token"].as_str();
        Ok(token.context("no access token")?.to_owned())
    }

    /// A member of staff, logged in.
    pub async fn staff(&self, user_name: &str) -> anyhow::Result<Client> {
        let accounts = &self.offer.accounts;
        let account = accounts
            .iter()
            .find(|account| account.user_name == user_name)
            .with_context(|| format!("no account {user_name}"))?;
        let body = json!({ "user_name": user_name, "password": account.password });
        let entering = Client::new(&account.role, self.base(), None, self.http.clone());
        let tokens = entering
            .quiet_post("/api/v1/auth/staff", &body)
            .await?
            .expect(200)?;
        Ok(self.with_token(&account.role, tokens.text_at("/access_token")?))
    }

    /// The code of a demonstration resident.
    pub fn code(&self, phone: &str) -> anyhow::Result<&str> {
        let resident = self
            .offer
            .residents
            .iter()
            .find(|resident| resident.phone == phone);
        Ok(&resident.with_context(|| format!("no resident {phone}"))?.code)
    }

    /// The code of the newest message to a telephone, as it stands in the log: the demonstration sends none.
    pub async fn code_in_log(&self, masked_phone: &str) -> anyhow::Result<String> {
        crate::client::until("the message in the log", || async {
            let log = std::fs::read_to_string(&self.log)?;
            let line = log
                .lines()
                .rev()
                .find(|line| line.contains(masked_phone) && line.contains("验证码"));
            let rest = line.and_then(|line| line.split("验证码 ").nth(1));
            Ok(rest.map(|rest| rest.chars().take_while(char::is_ascii_digit).collect()))
        })
        .await
    }

    /// The end of the log, when something is not as expected.
    pub fn show_log(&self) {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let tail = lines.get(lines.len().saturating_sub(20)..).unwrap_or_default();
        let _ = writeln!(std::io::stderr(), "\nThe log ends so:\n{}", tail.join("\n"));
    }

    /// Stops it as an operator would, and checks that it ends well.
    pub fn stop(mut self) -> anyhow::Result<()> {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status()?;
        ensure!(asked.success(), "the service is gone already");
        let status = self.child.wait()?;
        tell::says(&format!(
            "SIGTERM: the service answers what it has begun and ends ({status})"
        ));
        ensure!(status.success(), "the service ended with {status}");
        Ok(())
    }
}

impl Drop for Service {
    /// Nothing stays behind when the walk fails.
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// The keys that the service publishes.
pub async fn keys(service: &Service) -> anyhow::Result<Value> {
    let keys = service
        .nobody()
        .get("/.well-known/jwks.json")
        .await?
        .expect(200)?;
    Ok(keys.body)
}
