//! Logging in by each way, changing a password, enrolling a second factor.

use super::sessions::{self, Opened};
use super::{otp, throttle};
use crate::access::policy::Sight;
use crate::ledger::audit;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use crate::platform::kit::Kit;
use crate::residents;
use crate::residents::rules::Phone;
use crate::staff;
use chrono::{DateTime, Utc};
use entity::id::{ResidentId, StaffId};
use entity::kind::{ActorKind, ResidentKind};
use entity::{resident, staff as staff_row};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, IntoActiveModel, QuerySelect};
use serde_json::json;
use totp_rs::{Builder, Secret};

pub const TOTP_LABEL: &str = "staff.totp";

/// The key under which attempts of one account are counted.
pub fn attempts_of(kit: &Kit, realm: &str, account: &str) -> Vec<u8> {
    kit.vault.index("throttle", &format!("{realm}:{account}"))
}

/// Counts an attempt in a transaction of its own, before anything is checked.
pub async fn count_attempt(kit: &Kit, key: Vec<u8>) -> Result<(), AppError> {
    kit.db
        .write("auth.count", key, |tx, key| Box::pin(throttle::count(tx, key)))
        .await
}

/// Forgets the attempts: the right one came.
pub async fn clear_attempts(kit: &Kit, key: Vec<u8>) -> Result<(), AppError> {
    kit.db
        .write("auth.clear", key, |tx, key| Box::pin(throttle::clear(tx, key)))
        .await
}

/// A member of staff: the password is checked with no transaction open, and in the same time whether the account
/// exists or not.
pub async fn login_staff(
    kit: &Kit,
    user_name: String,
    password: String,
    totp: Option<String>,
    client: String,
) -> Result<Opened, AppError> {
    let wrong = || AppError::new(Code::CredentialsWrong);
    let key = attempts_of(kit, "staff", &user_name);
    count_attempt(kit, key.clone()).await?;
    let row = staff::store::find_by_user_name(kit.db.read(), &user_name).await?;
    let row = row.filter(|row| row.disabled_at.is_none());
    let hash = row.as_ref().map(|row| row.password_hash.clone());
    let fits = kit.passwords.verify(password, hash.clone()).await?;
    let row = row.filter(|_| fits).ok_or_else(wrong)?;
    if row.totp_secret.is_some() && totp.is_none() {
        // The password was right: that is no guess.
        clear_attempts(kit, key).await?;
        return Err(AppError::new(Code::SecondFactorRequired));
    }
    let mut keys = vec![key];
    if row.totp_secret.is_some() {
        // Counted apart: else who knows the password would show it alone, and guess on.
        let key = attempts_of(kit, "totp", &user_name);
        count_attempt(kit, key.clone()).await?;
        keys.push(key);
    }
    let input = (kit.clone(), row.id, hash.unwrap_or_default(), totp, client, keys);
    kit.db
        .write("auth.login_staff", input, |tx, input| {
            Box::pin(open_staff(tx, input))
        })
        .await
}

type StaffOpening = (Kit, StaffId, String, Option<String>, String, Vec<Vec<u8>>);

async fn open_staff(tx: &Tx, (kit, id, hash, totp, client, keys): &StaffOpening) -> Result<Opened, AppError> {
    let row = staff::store::lock(tx, *id).await?;
    // Disabled or given another password while the old one was checked.
    if row.disabled_at.is_some() || row.password_hash != *hash {
        return Err(AppError::new(Code::CredentialsWrong));
    }
    let mut second_factor = false;
    if let Some(sealed) = &row.totp_secret {
        let secret = kit.vault.open(TOTP_LABEL, sealed)?;
        let code = totp.as_deref().unwrap_or_default();
        let step = check_totp(secret, code, tx.now()).filter(|step| *step > row.totp_step);
        let step = step.ok_or_else(|| AppError::new(Code::CodeWrong))?;
        let mut changed = row.clone().into_active_model();
        changed.totp_step = Set(step);
        changed.update(tx).await?;
        second_factor = true;
    }
    for key in keys {
        throttle::clear(tx, key).await?;
    }
    sessions::open(tx, kit, (ActorKind::Staff, id.0), client, second_factor).await
}

/// The time step that a code belongs to, one step either way.
fn check_totp(secret: Vec<u8>, code: &str, now: DateTime<Utc>) -> Option<i64> {
    let totp = Builder::new()
        .with_secret(Secret::new(secret.into_boxed_slice()))
        .with_skew(1)
        .build()
        .ok()?;
    let seconds = u64::try_from(now.timestamp()).ok()?;
    totp.check(code, seconds)
        .and_then(|step| i64::try_from(step).ok())
}

/// What a log-in with a code came to. Refusals are values, since a wrong code costs an attempt that must be kept.
pub enum ByCode {
    /// This one.
    Is(ResidentId),
    /// Several share the telephone.
    Choose(Vec<(ResidentId, Option<String>)>),
    /// Wrong, used or expired.
    Wrong,
}

/// What shows who it is by a code.
pub type CodeInput = (Kit, Phone, String, Option<ResidentId>);

/// Logs a resident in by telephone and code.
pub async fn login_with_code(
    tx: &Tx,
    (shown, client): &(CodeInput, String),
) -> Result<(ByCode, Option<Opened>), AppError> {
    let outcome = identify_by_code(tx, shown).await?;
    let kit = &shown.0;
    let opened = match &outcome {
        ByCode::Is(id) => Some(sessions::open(tx, kit, (ActorKind::Resident, id.0), client, false).await?),
        _ => None,
    };
    Ok((outcome, opened))
}

/// Who shows a telephone and the code that was sent to it; one who is new is registered with the number.
pub async fn identify_by_code(tx: &Tx, (kit, phone, code, chosen): &CodeInput) -> Result<ByCode, AppError> {
    let Some(code) = otp::check(tx, &kit.vault, phone, code).await? else {
        return Ok(ByCode::Wrong);
    };
    let known: Vec<resident::Model> = residents::store::by_phone(tx, &kit.vault, phone)
        .await?
        .into_iter()
        .filter(|row| row.disabled_at.is_none())
        .collect();
    let row = match (known.as_slice(), chosen) {
        ([], _) => {
            let new = residents::commands::NewResident {
                phone: Some(phone.clone()),
                ..residents::commands::NewResident::of(ResidentKind::Person)
            };
            let found = residents::commands::known_or_new(tx, &kit.vault, phone, &new).await?;
            match found.into_iter().find(|row| row.disabled_at.is_none()) {
                Some(row) => row,
                None => residents::commands::insert(tx, &kit.vault, &new).await?,
            }
        }
        ([one], None) => one.clone(),
        (several, None) => {
            let choose = several.iter().map(|row| {
                Ok((
                    row.id,
                    residents::view::masked(&kit.vault, row, Sight::Masked)?.name,
                ))
            });
            return Ok(ByCode::Choose(choose.collect::<Result<_, AppError>>()?));
        }
        (several, Some(id)) => match several.iter().find(|row| row.id == *id) {
            Some(row) => row.clone(),
            None => return Ok(ByCode::Wrong),
        },
    };
    otp::spend(tx, code).await?;
    let id = row.id;
    let mut changed = row.into_active_model();
    changed.phone_verified_at = Set(Some(tx.now()));
    changed.update(tx).await?;
    Ok(ByCode::Is(id))
}

/// A resident, by telephone and password. Of those who share a telephone the one whose password it is.
pub async fn login_resident(
    kit: &Kit,
    phone: Phone,
    password: String,
    client: String,
) -> Result<Opened, AppError> {
    let key = attempts_of(kit, "resident", &phone.canonical());
    count_attempt(kit, key.clone()).await?;
    let known = residents::store::by_phone(kit.db.read(), &kit.vault, &phone).await?;
    let with_password: Vec<resident::Model> = known
        .into_iter()
        .filter(|row| row.disabled_at.is_none() && row.password_hash.is_some())
        .collect();
    let mut fits = None;
    if with_password.is_empty() {
        kit.passwords.verify(password, None).await?;
    } else {
        for row in with_password {
            if kit
                .passwords
                .verify(password.clone(), row.password_hash.clone())
                .await?
            {
                fits = Some(row.id);
                break;
            }
        }
    }
    let id = fits.ok_or_else(|| AppError::new(Code::CredentialsWrong))?;
    kit.db
        .write(
            "auth.login_resident",
            (kit.clone(), id, client, key),
            |tx, (kit, id, client, key)| {
                Box::pin(async move {
                    throttle::clear(tx, key).await?;
                    sessions::open(tx, kit, (ActorKind::Resident, id.0), client, false).await
                })
            },
        )
        .await
}

/// Sets a member of staff's own password.
pub async fn set_staff_password(tx: &Tx, (id, hash): &(StaffId, String)) -> Result<(), AppError> {
    let row = staff::store::lock(tx, *id).await?;
    staff::store::set_password(tx, row, hash).await?;
    audit::record_system(tx, "change_password", "staff", id, json!({}));
    Ok(())
}

/// Sets a resident's own password.
pub async fn set_resident_password(tx: &Tx, (id, hash): &(ResidentId, String)) -> Result<(), AppError> {
    let row = resident::Entity::find_by_id(*id).lock_exclusive().one(tx).await?;
    let row = row.ok_or_else(|| AppError::new(Code::NotFound))?;
    let mut changed = row.into_active_model();
    changed.password_hash = Set(Some(hash.clone()));
    changed.updated_at = Set(tx.now());
    changed.update(tx).await?;
    audit::record_system(tx, "change_password", "resident", id, json!({}));
    Ok(())
}

/// Puts a second factor in force, once a code made from its secret is shown.
pub async fn enrol(
    tx: &Tx,
    (kit, id, secret, code): &(Kit, StaffId, String, String),
) -> Result<(), AppError> {
    let secret = Secret::try_from_base32(secret).map_err(|_| AppError::new(Code::CodeWrong))?;
    let bytes = secret.as_bytes().to_vec();
    let step = check_totp(bytes.clone(), code, tx.now()).ok_or_else(|| AppError::new(Code::CodeWrong))?;
    let row = staff_row::Entity::find_by_id(*id)
        .lock_exclusive()
        .one(tx)
        .await?;
    let row = row.ok_or_else(|| AppError::new(Code::NotFound))?;
    if row.totp_secret.is_some() {
        return Err(
            AppError::new(Code::Conflict).say("已启用动态口令", "A second factor is in force already")
        );
    }
    let mut changed = row.into_active_model();
    changed.totp_secret = Set(Some(kit.vault.seal(TOTP_LABEL, &bytes)?));
    changed.totp_step = Set(step);
    changed.update(tx).await?;
    audit::record_system(tx, "enrol_second_factor", "staff", id, json!({}));
    Ok(())
}
