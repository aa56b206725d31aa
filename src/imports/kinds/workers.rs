//! Members of staff. They hold no role yet: who makes accounts does not give rights (三员分立).

use super::{Checked, Verdict, World};
use crate::platform::db::Tx;
use crate::platform::error::AppError;
use crate::platform::personal::Personal;
use crate::staff::commands::{NewStaff, insert};
use crate::staff::{Account, StaffIn, store};
use csv::StringRecord;
use std::sync::Arc;

/// The columns.
pub const HEADER: &[&str] = &["user_name", "display_name", "password"];

/// Checks a line.
pub fn check(record: &StringRecord) -> Result<(Checked, String), String> {
    let text = |at: usize| record.get(at).unwrap_or_default().to_owned();
    let body = StaffIn {
        user_name: text(0),
        display_name: text(1),
        password: Personal::new(text(2)),
    };
    let account = body.parse().map_err(|error| {
        let told = error.mistakes();
        told.iter()
            .map(|told| told.trim_start_matches('/'))
            .collect::<Vec<_>>()
            .join("; ")
    })?;
    let key = account.user_name.clone();
    Ok((Checked::Staff(Arc::new(account), None), key))
}

/// Hashes the password of who is not there yet.
pub async fn prepare(world: &World, account: Arc<Account>) -> Result<Checked, AppError> {
    let known = store::find_by_user_name(world.kit.db.read(), &account.user_name).await?;
    let hash = match known {
        Some(_) => None,
        None => Some(
            world
                .kit
                .passwords
                .hash(account.password.plain().to_owned())
                .await?,
        ),
    };
    Ok(Checked::Staff(account, hash))
}

/// Makes somebody who is not there. Of who is, nothing is changed.
pub async fn write(
    tx: &Tx,
    world: &World,
    account: &Account,
    hash: Option<&String>,
) -> Result<Verdict, AppError> {
    if let Some(row) = store::find_by_user_name(tx, &account.user_name).await? {
        return Ok(if row.display_name == account.display_name {
            Verdict::unchanged(Some(row.id.0))
        } else {
            Verdict::refused("user_name is somebody else's")
        });
    }
    let Some(hash) = hash.filter(|_| !world.dry_run) else {
        return Ok(Verdict::created(None));
    };
    let new = NewStaff {
        user_name: account.user_name.clone(),
        display_name: account.display_name.clone(),
        password_hash: hash.clone(),
        synthetic: false,
    };
    Ok(Verdict::created(Some(insert(tx, &new).await?.0)))
}
