//! Synthetic residents. Their numbers are of a range that no operator hands out (`+86 139 0000 …`), their names say
//! that they are made up.

use crate::auth;
use crate::orgs;
use crate::platform::kit::Kit;
use crate::platform::personal::Personal;
use crate::residents;
use crate::residents::commands::{NewResident, Place};
use crate::residents::rules::Phone;
use anyhow::Context;
use entity::kind::ResidentKind;
use serde::Serialize;

/// A resident to try.
#[derive(Clone, Debug, Serialize)]
pub struct DemoResident {
    /// The name.
    pub name: &'static str,
    /// The number.
    pub phone: &'static str,
    /// A code that logs in now.
    pub code: String,
}

/// Name, number, community, address, labels.
const PEOPLE: &[(&str, &str, &str, &str, &[&str])] = &[
    (
        "演示居民甲",
        "13900000001",
        "440703002101",
        "羊桥社区演示路1号101",
        &["elderly", "lives_alone"],
    ),
    (
        "演示居民乙",
        "13900000002",
        "440703002101",
        "羊桥社区演示路2号202",
        &[],
    ),
    (
        "演示居民丙",
        "13900000003",
        "440703002102",
        "迦南社区演示路3号303",
        &["disabled"],
    ),
    (
        "演示居民丁",
        "13900000003",
        "440703002102",
        "迦南社区演示路3号303",
        &[],
    ),
    (
        "演示商户",
        "13900000004",
        "440703002104",
        "明文社区演示路4号",
        &[],
    ),
];

pub async fn seed(kit: &Kit) -> anyhow::Result<()> {
    for (name, phone, code, address, labels) in PEOPLE {
        let unit = orgs::store::find_by_code(kit.db.read(), code)
            .await?
            .context("a unit of the demonstration")?;
        let kind = if name.contains("商户") {
            ResidentKind::Merchant
        } else {
            ResidentKind::Person
        };
        let new = NewResident {
            name: Some(Personal::new(*name)),
            phone: Phone::parse(phone),
            address: Some(Personal::new(*address)),
            place: Some(Place {
                id: unit.id,
                path: unit.path,
            }),
            labels: labels.iter().map(ToString::to_string).collect(),
            synthetic: true,
            ..NewResident::of(kind)
        };
        let input = (kit.vault.clone(), new);
        kit.db
            .write("demo.resident", input, |tx, (vault, new)| {
                Box::pin(async move { residents::commands::insert(tx, vault, new).await.map(|_| ()) })
            })
            .await?;
    }
    Ok(())
}

/// The residents, each with a new code.
pub async fn with_codes(kit: &Kit) -> anyhow::Result<Vec<DemoResident>> {
    let mut offered: Vec<DemoResident> = Vec::new();
    for (name, phone, ..) in PEOPLE {
        if offered.iter().any(|known| known.phone == *phone) {
            continue;
        }
        let number = Phone::parse(phone).context("a number of the demonstration")?;
        let code = auth::demonstration_code(kit, number).await?;
        offered.push(DemoResident { name, phone, code });
    }
    Ok(offered)
}
