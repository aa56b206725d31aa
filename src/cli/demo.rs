//! `hotline demo`: a district to try, on an embedded database unless told otherwise.

use super::{say, serve};
use crate::app::App;
use crate::demo::{self, Offer};
use crate::platform::clock::Clock;
use crate::platform::config::Config;
use crate::platform::telemetry;
use chrono::{DateTime, FixedOffset};
use entity::kind::Role;
use serde_json::json;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;

/// How to demonstrate.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Address and port; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    #[command(flatten)]
    place: Place,
    /// Starts on a clock that shows this now: 2026-09-28T09:00:00+08:00.
    #[arg(long)]
    now: Option<DateTime<FixedOffset>>,
    /// Prints one line of JSON once it answers: address, accounts, residents and their codes, bells and their secrets.
    #[arg(long)]
    json: bool,
}

/// Where a demonstration lies.
#[derive(Debug, clap::Args)]
pub struct Place {
    /// Folder for database, keys and files.
    #[arg(long, default_value = "hotline-data/demo")]
    data: PathBuf,
    /// A PostgreSQL database instead of the embedded one.
    #[arg(long)]
    database: Option<String>,
}

/// Runs the verb.
pub async fn run(mut config: Config, args: Args) -> anyhow::Result<()> {
    let listener = TcpListener::bind(args.listen)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    args.place.configure(&mut config)?;
    config.server.listen = address;
    config.server.public_url = format!("http://{address}");
    telemetry::init_log(&config.log);
    let clock = args
        .now
        .map_or_else(Clock::system, |now| Clock::starting_at(now.to_utc()));
    let app = App::open(config, clock, true).await?;
    let offer = demo::seed(app.kit()).await?;
    app.desk.refresh().await?;
    let follow = args.now.is_none();
    serve::until_stopped(&app, listener, follow, |address| {
        if args.json {
            tell_programs(address, &offer);
        } else {
            tell_people(address, &offer);
        }
        Ok(())
    })
    .await
}

impl Place {
    /// Messages go to the log, so that their codes can be read there; nobody needs a second factor.
    pub fn configure(&self, config: &mut Config) -> anyhow::Result<()> {
        std::fs::create_dir_all(&self.data)?;
        let folder = self.data.canonicalize()?;
        config.database.url = match &self.database {
            Some(url) => url.clone(),
            None => format!("sqlite://{}", folder.join("hotline.sqlite").display()),
        };
        config.secrets.master_key_file = folder.join("master.key");
        config.blob.url = format!("file://{}", folder.join("attachments").display());
        config.auth.second_factor = false;
        config.sms.log_only = true;
        Ok(())
    }
}

fn tell_programs(address: SocketAddr, offer: &Offer) {
    let line = json!({
        "base_url": format!("http://{address}"),
        "accounts": offer.accounts,
        "residents": offer.residents,
        "bells": offer.bells,
    });
    say(&line.to_string());
}

fn tell_people(address: SocketAddr, offer: &Offer) {
    say(&format!(
        "\nhotline demonstration · 12345 社区服务热线演示\n\n  http://{address}/docs\n"
    ));
    say("Units and calendar are real; boundaries, people and accounts are synthetic.");
    say("单位与日历为真实数据；边界、人员与账号均为虚构演示数据。");
    say("Second factors are switched off, and SMS codes stand in this log instead of being sent.\n");
    let shown = |account: &&demo::Account| {
        let district = !account.user_name.contains(|c: char| c.is_ascii_digit());
        district || account.user_name.ends_with("440703002101") || account.user_name.ends_with("-440703002")
    };
    for account in offer.accounts.iter().filter(shown) {
        let role: Role = account.role;
        say(&format!(
            "  {:<30} {:<12} {}",
            account.user_name,
            role.chinese(),
            account.unit
        ));
    }
    if let Some(account) = offer.accounts.first() {
        say(&format!(
            "\n  Password of all accounts · 统一密码: {}\n",
            account.password
        ));
    }
    for resident in &offer.residents {
        say(&format!(
            "  {} {}  code · 验证码 {}",
            resident.name, resident.phone, resident.code
        ));
    }
    for bell in &offer.bells {
        say(&format!("  {}  {}  {}", bell.serial, bell.secret, bell.home));
    }
    say(&format!(
        "\nTry · 试一试:\n  curl -s http://{address}/api/v1/auth/staff -H 'content-type: application/json' \\\n    \
         -d '{{\"user_name\":\"operator\",\"password\":\"demonstration only\"}}'\n"
    ));
}
