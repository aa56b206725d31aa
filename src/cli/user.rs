//! `hotline user`: the first accounts, before anybody can log in.

use super::say;
use crate::access::authenticate::local_day;
use crate::app::App;
use crate::ledger::audit;
use crate::platform::clock::Clock;
use crate::platform::config::Config;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use crate::{orgs, staff};
use anyhow::{Context, anyhow};
use entity::kind::Role;
use serde_json::json;
use std::io::Read;

/// What to do with accounts.
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    /// Makes an account with a role. The password is read from standard input.
    Create {
        /// User name.
        #[arg(long)]
        name: String,
        /// Name that colleagues see.
        #[arg(long)]
        display_name: String,
        /// Role: `system_admin`, `security_admin`, …
        #[arg(long)]
        role: String,
        /// Code of the unit.
        #[arg(long)]
        unit: String,
    },
}

/// Runs the verb.
pub async fn run(config: Config, verb: Verb) -> anyhow::Result<()> {
    let Verb::Create {
        name,
        display_name,
        role,
        unit,
    } = verb;
    let role = Role::from_word(&role).with_context(|| {
        let words: Vec<&str> = Role::ALL.iter().map(|role| role.word()).collect();
        format!("--role must be one of {}", words.join(", "))
    })?;
    let mut password = String::new();
    std::io::stdin().read_to_string(&mut password)?;
    let password = password.trim_end_matches(['\r', '\n']).to_owned();
    staff::rules::check_password(&name, &password)
        .map_err(|rule| anyhow!("the password breaks a rule: {rule:?}"))?;
    let migrate = config.database.is_sqlite();
    let app = App::open(config, Clock::system(), migrate).await?;
    let kit = app.kit();
    let password_hash = kit.passwords.hash(password).await?;
    let new = staff::commands::NewStaff {
        user_name: name,
        display_name,
        password_hash,
        synthetic: false,
    };
    let id = kit
        .db
        .write("user.create", (new, role, unit), |tx, input| {
            Box::pin(create(tx, input))
        })
        .await?;
    say(&format!("{id}"));
    Ok(())
}

async fn create(
    tx: &Tx,
    (new, role, unit): &(staff::commands::NewStaff, Role, String),
) -> Result<entity::id::StaffId, AppError> {
    let unit = orgs::store::find_by_code(tx, unit).await?;
    let unit =
        unit.ok_or_else(|| AppError::new(Code::NotFound).say("没有此单位", "There is no such unit"))?;
    let id = staff::commands::insert(tx, new).await?;
    staff::commands::insert_grant(tx, id, *role, &unit, &[], local_day(tx.now()), None).await?;
    audit::record_system(
        tx,
        "create_staff",
        "staff",
        id,
        json!({ "role": role, "unit": unit.code }),
    );
    Ok(id)
}
