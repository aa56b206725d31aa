//! One-time codes by SMS: six digits, five minutes, five attempts, the newest only.

use super::throttle;
use crate::notify::store::{Message, enqueue};
use crate::platform::crypto::{same, vault::Vault};
use crate::platform::db::Tx;
use crate::platform::error::AppError;
use crate::platform::kit::Kit;
use crate::residents::rules::Phone;
use crate::settings;
use chrono::{DateTime, TimeDelta, Utc};
use entity::id::OtpId;
use entity::kind::{ActorKind, Lane, NoticeChannel};
use entity::otp;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
};

const ATTEMPTS: i32 = 5;
/// Codes for one telephone within an hour, and seconds between two of them.
const PER_HOUR: usize = 5;
const HOUR_S: i64 = 3600;
const PAUSE_S: i64 = 60;

/// Sends a code. The answer is the same whether anybody is known under the number or not.
///
/// # Errors
/// `Throttled` when codes are asked for too often.
pub async fn send(tx: &Tx, (kit, phone): &(Kit, Phone)) -> Result<(), AppError> {
    let index = kit.vault.index("phone", &phone.canonical());
    // Who asks twice at the same moment is answered one after the other.
    throttle::hold(
        tx,
        &kit.vault
            .index("throttle", &format!("code:{}", phone.canonical())),
    )
    .await?;
    let sent = otp::Entity::find()
        .filter(otp::Column::PhoneIndex.eq(index.clone()))
        .filter(otp::Column::CreatedAt.gt(tx.now() - TimeDelta::seconds(HOUR_S)))
        .order_by_desc(otp::Column::CreatedAt)
        .all(tx)
        .await?;
    let next =
        |row: Option<&otp::Model>, pause_s| row.map(|row| row.created_at + TimeDelta::seconds(pause_s));
    let free = next(sent.first(), PAUSE_S).max(next(sent.get(PER_HOUR - 1), HOUR_S));
    if let Some(free) = free.filter(|free| *free > tx.now()) {
        return Err(throttle::throttled(free - tx.now()));
    }
    let (id, code) = make(tx, kit, index, (tx.now(), kit.config.auth.otp_ttl_s)).await?;
    let minutes = kit.config.auth.otp_ttl_s / 60;
    let signature = settings::store::signature(tx).await?;
    let message = Message {
        recipient: (ActorKind::System, None),
        channel: NoticeChannel::Sms,
        lane: Lane::Urgent,
        template: "login_code",
        ticket: None,
        call: None,
        others: &[],
        address: Some(&phone.canonical()),
        body: &format!("{signature}登录验证码 {code}，{minutes}分钟内有效。请勿告诉他人。"),
        dedup_key: format!("otp:{id}"),
        not_before: None,
    };
    enqueue(tx, &kit.vault, &message).await
}

/// Makes a code.
async fn make(
    tx: &Tx,
    kit: &Kit,
    phone_index: Vec<u8>,
    (created_at, ttl_s): (DateTime<Utc>, i64),
) -> Result<(OtpId, String), AppError> {
    let id: OtpId = tx.ids().id();
    let code = format!("{:06}", tx.ids().below(1_000_000));
    otp::ActiveModel {
        id: Set(id),
        phone_index: Set(phone_index),
        code_mac: Set(mac(&kit.vault, id, &code)),
        attempts: Set(0),
        expires_at: Set(tx.now() + TimeDelta::seconds(ttl_s)),
        used_at: Set(None),
        created_at: Set(created_at),
    }
    .insert(tx)
    .await?;
    Ok((id, code))
}

/// A code for a demonstration, valid for a day, told to whoever started the demonstration instead of being sent.
///
/// # Errors
/// When the database does not answer.
pub async fn demonstration_code(kit: &Kit, phone: Phone) -> Result<String, AppError> {
    const DAY_S: i64 = 86_400;
    let input = (kit.clone(), phone);
    kit.db
        .write("demo.code", input, |tx, (kit, phone)| {
            Box::pin(async move {
                let index = kit.vault.index("phone", &phone.canonical());
                // Made long ago, as it were: what is not sent does not count against what may be sent.
                let long_ago = tx.now() - TimeDelta::seconds(DAY_S);
                make(tx, kit, index, (long_ago, DAY_S))
                    .await
                    .map(|(_, code)| code)
            })
        })
        .await
}

/// Whether a code fits: the newest of the number, not used, not expired, with attempts left. A wrong one costs an
/// attempt, so the caller must commit in either case.
///
/// # Errors
/// When the database does not answer.
pub async fn check(
    tx: &Tx,
    vault: &Vault,
    phone: &Phone,
    code: &str,
) -> Result<Option<otp::Model>, AppError> {
    let row = otp::Entity::find()
        .filter(otp::Column::PhoneIndex.eq(vault.index("phone", &phone.canonical())))
        .order_by_desc(otp::Column::Id)
        .lock_exclusive()
        .one(tx)
        .await?;
    let Some(row) =
        row.filter(|row| row.used_at.is_none() && row.expires_at > tx.now() && row.attempts < ATTEMPTS)
    else {
        return Ok(None);
    };
    if same(&mac(vault, row.id, code), &row.code_mac) {
        return Ok(Some(row));
    }
    let attempts = row.attempts + 1;
    let mut changed = row.into_active_model();
    changed.attempts = Set(attempts);
    changed.update(tx).await?;
    Ok(None)
}

/// Marks a code as used.
///
/// # Errors
/// When the database does not answer.
pub async fn spend(tx: &Tx, row: otp::Model) -> Result<(), AppError> {
    let mut changed = row.into_active_model();
    changed.used_at = Set(Some(tx.now()));
    changed.update(tx).await?;
    Ok(())
}

fn mac(vault: &Vault, id: OtpId, code: &str) -> Vec<u8> {
    vault.index("otp", &format!("{id}:{code}"))
}
