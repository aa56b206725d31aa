//! What helps who goes to a call: cameras of the community, and who is on patrol near it.

use super::dto::{CameraNearOut, NearbyOut, PatrolNearOut};
use super::store;
use crate::callbell::rules::around::{FRESH_MIN, is_fresh, metres};
use crate::callbell::store::homes;
use crate::callbell::world::World;
use crate::duty;
use crate::platform::error::AppError;
use chrono::TimeDelta;
use entity::callbell_call;
use entity::id::StaffId;
use sea_orm::ConnectionTrait;
use std::collections::HashSet;

/// How far back it is told where somebody was, though it is not fresh any more.
const TOLD_MIN: i64 = 120;
/// People at most.
const MOST: usize = 20;

/// What is around a call. Those of the building come first, then what is near; who was seen too long ago comes last, and
/// is marked.
///
/// # Errors
/// When the database does not answer.
pub async fn of(
    conn: &impl ConnectionTrait,
    world: &World,
    call: &callbell_call::Model,
) -> Result<NearbyOut, AppError> {
    let home = match call.home_id {
        Some(id) => Some(homes::find(conn, id).await?),
        None => None,
    };
    let here = home.as_ref().and_then(|home| home.lat.zip(home.lng));
    let far = |place: Option<(f64, f64)>| here.zip(place).map(|(here, place)| metres(here, place));
    let building = home
        .as_ref()
        .map(|home| home.building.as_str())
        .unwrap_or_default();
    let mut cameras: Vec<CameraNearOut> = store::cameras(conn, &call.unit_path)
        .await?
        .into_iter()
        .map(|row| {
            let buildings: Vec<String> = serde_json::from_value(row.buildings).unwrap_or_default();
            CameraNearOut {
                id: row.id,
                code: row.code,
                name: row.name,
                at_the_building: !building.is_empty() && buildings.iter().any(|name| name == building),
                metres: far(row.lat.zip(row.lng)),
            }
        })
        .collect();
    let near = |metres: Option<f64>| metres.unwrap_or(f64::MAX);
    cameras.sort_by(|a, b| {
        let by_building = b.at_the_building.cmp(&a.at_the_building);
        by_building.then(near(a.metres).total_cmp(&near(b.metres)))
    });
    let now = world.kit.now();
    // People of the whole sub-district: the nearest may be next door.
    let around = call.unit_path.trim_end_matches('/').rsplit_once('/');
    let around = around.map_or(call.unit_path.clone(), |(above, _)| format!("{above}/"));
    let reads = store::reads_since(conn, &around, now - TimeDelta::minutes(TOLD_MIN)).await?;
    let mut known: HashSet<StaffId> = HashSet::new();
    let latest: Vec<_> = reads
        .into_iter()
        .filter(|read| known.insert(read.staff_id))
        .collect();
    let ids: Vec<StaffId> = latest.iter().map(|read| read.staff_id).collect();
    let names = duty::store::people::names(conn, &ids).await?;
    let mut patrols: Vec<PatrolNearOut> = latest
        .into_iter()
        .map(|read| PatrolNearOut {
            staff_id: read.staff_id,
            name: names.get(&read.staff_id).cloned().unwrap_or_default(),
            metres: far(read.lat.zip(read.lng)),
            at: read.at,
            source: read.source,
            stale: !is_fresh(read.at, now),
        })
        .collect();
    patrols.sort_by(|a, b| {
        let by_age = a.stale.cmp(&b.stale);
        by_age
            .then(near(a.metres).total_cmp(&near(b.metres)))
            .then(b.at.cmp(&a.at))
    });
    patrols.truncate(MOST);
    Ok(NearbyOut {
        cameras,
        patrols,
        fresh_minutes: FRESH_MIN,
    })
}
