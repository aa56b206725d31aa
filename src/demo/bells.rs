//! Synthetic homes with a bell. The secrets of the bells are published here: whoever tries the demonstration can press
//! them, and nobody lives behind them.

use crate::callbell::commands::devices::{self, NewDevice, Secret, Spot};
use crate::callbell::commands::homes::{self, Edit, HomeData, KinData, Place};
use crate::callbell::store;
use crate::orgs;
use crate::platform::crypto::sha256;
use crate::platform::crypto::vault::Vault;
use crate::platform::db::Tx;
use crate::platform::error::AppError;
use crate::platform::kit::Kit;
use crate::platform::personal::Personal;
use crate::residents;
use crate::residents::rules::Phone;
use anyhow::Context;
use entity::id::ResidentId;
use entity::kind::{DeviceKind, KinPolicy};
use serde::Serialize;
use std::sync::Arc;

/// 羊桥社区.
const COMMUNITY: &str = "440703002101";

/// A bell to press.
#[derive(Clone, Debug, Serialize)]
pub struct DemoBell {
    /// Its serial.
    pub serial: &'static str,
    /// The secret that it signs with.
    pub secret: String,
    /// Where it is.
    pub home: String,
}

/// A home as it is planned.
#[derive(Clone, Copy)]
struct Planned {
    serial: &'static str,
    name: &'static str,
    phone: &'static str,
    building: &'static str,
    entrance: &'static str,
    door: &'static str,
    access: &'static str,
    medical: &'static str,
    kin: (&'static str, &'static str, &'static str, KinPolicy),
}

const HOMES: &[Planned] = &[
    Planned {
        serial: "DEMO-BELL-1",
        name: "演示居民甲",
        phone: "13900000001",
        building: "1栋",
        entrance: "1单元",
        door: "101房",
        access: "演示：备用钥匙在社区值班室",
        medical: "演示：高血压，听力不佳",
        kin: ("演示亲属甲", "13900000007", "女儿", KinPolicy::Immediate),
    },
    Planned {
        serial: "DEMO-BELL-2",
        name: "演示居民乙",
        phone: "13900000002",
        building: "2栋",
        entrance: "2单元",
        door: "202房",
        access: "演示：门锁密码由家属保管",
        medical: "演示：糖尿病",
        kin: ("演示亲属乙", "13900000008", "儿子", KinPolicy::OnAck),
    },
    Planned {
        serial: "DEMO-BELL-3",
        name: "演示居民戊",
        phone: "13900000005",
        building: "3栋",
        entrance: "1单元",
        door: "303房",
        access: "演示：邻居302有钥匙",
        medical: "演示：行动不便，使用轮椅",
        kin: ("演示亲属丙", "13900000009", "侄子", KinPolicy::OnConfirmed),
    },
];

/// The same secret each time, so that examples can name it.
fn secret(serial: &str) -> Secret {
    let digest = sha256(&[b"hotline demonstration bell ", serial.as_bytes()]);
    let mut bytes = [0; 32];
    bytes.iter_mut().zip(digest).for_each(|(slot, byte)| *slot = byte);
    Secret::of(bytes)
}

/// The bells of the demonstration and their secrets, which are published.
pub fn known() -> impl Iterator<Item = (&'static str, String)> {
    HOMES.iter().map(|home| (home.serial, secret(home.serial).text()))
}

/// Makes the bells that are missing; all of them.
///
/// # Errors
/// When the community is missing, or the database does not answer.
pub async fn seed(kit: &Kit) -> anyhow::Result<Vec<DemoBell>> {
    let unit = orgs::store::find_by_code(kit.db.read(), COMMUNITY)
        .await?
        .context("a unit of the demonstration")?;
    let place = Place::from(unit);
    for home in HOMES {
        let phone = Phone::parse(home.phone).context("a number of the demonstration")?;
        let known = residents::store::by_phone(kit.db.read(), &kit.vault, &phone).await?;
        let resident = known.first().map(|row| row.id);
        let input = (Arc::clone(&kit.vault), place.clone(), *home, resident);
        kit.db
            .write("demo.bell", input, |tx, input| Box::pin(write(tx, input)))
            .await?;
    }
    let told = |home: &Planned| DemoBell {
        serial: home.serial,
        secret: secret(home.serial).text(),
        home: format!("{} {} {} {}", place.name, home.building, home.entrance, home.door),
    };
    Ok(HOMES.iter().map(told).collect())
}

async fn write(
    tx: &Tx,
    (vault, place, planned, resident): &(Arc<Vault>, Place, Planned, Option<ResidentId>),
) -> Result<(), AppError> {
    if store::devices::by_serial(tx, planned.serial).await?.is_some() {
        return Ok(());
    }
    let (name, phone, relation, policy) = planned.kin;
    let data = HomeData {
        unit_id: place.id,
        resident_id: *resident,
        name: Edit::Set(Personal::new(planned.name)),
        phone: Phone::parse(planned.phone).map_or(Edit::Keep, Edit::Set),
        building: planned.building.to_owned(),
        entrance: planned.entrance.to_owned(),
        door: planned.door.to_owned(),
        spoken: Edit::Keep,
        access: Edit::Set(Personal::new(planned.access)),
        medical: Edit::Set(Personal::new(planned.medical)),
        language: Some("粤语".to_owned()),
        labels: vec!["独居老人".to_owned()],
        point: None,
        kin: Some(vec![KinData {
            id: None,
            name: Some(Personal::new(name)),
            phone: Phone::parse(phone),
            relation: relation.to_owned(),
            policy,
            consent_at: Some(tx.now()),
        }]),
    };
    let (home, _) = homes::insert(tx, vault, place, &data, true).await?;
    let spot = Spot {
        home_id: Some(home.id),
        unit_id: place.id,
        unit_path: place.path.clone(),
    };
    let device = NewDevice {
        serial: planned.serial.to_owned(),
        kind: DeviceKind::Bell,
        home_id: Some(home.id),
        unit_id: None,
        location: Some("卧室".to_owned()),
        heartbeat_s: 3600,
        firmware: Some("demo".to_owned()),
    };
    devices::insert(tx, vault, &spot, &device, &secret(planned.serial), true).await?;
    Ok(())
}
