//! A synthetic roster of thirty days: in each community the two handlers, in each sub-district its office, in the
//! district the duty officer, and a supervisor as shift lead.

use crate::access::authenticate::{instant, local_day};
use crate::duty::rules::station::posts;
use crate::duty::store::{self, NewShift, people};
use crate::orgs;
use crate::platform::db::Tx;
use crate::platform::error::AppError;
use crate::platform::kit::Kit;
use chrono::{NaiveTime, TimeDelta};
use entity::id::StaffId;
use entity::kind::{DutyPost, UnitKind};
use entity::unit;
use std::collections::HashMap;

/// Shifts of each post, and how long each lasts.
const SHIFTS: i32 = 15;
const LENGTH: TimeDelta = TimeDelta::hours(48);

pub async fn seed(kit: &Kit) -> anyhow::Result<()> {
    let units = orgs::store::below(kit.db.read(), "/").await?;
    let names: Vec<String> = units
        .iter()
        .flat_map(|unit| posts(unit.kind).flat_map(|post| members(unit, post)))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let known = people::by_user_name(kit.db.read(), &names).await?;
    kit.db
        .write("demo.duty", (units, known), |tx, input| {
            Box::pin(write(tx, input))
        })
        .await?;
    Ok(())
}

/// Who is on duty, by user name, the first to be called first.
fn members(unit: &unit::Model, post: DutyPost) -> Vec<String> {
    let code = &unit.code;
    match (unit.kind, post) {
        (UnitKind::District, DutyPost::ShiftLead) => vec!["supervisor".to_owned()],
        (UnitKind::District, DutyPost::Duty) => vec!["duty".to_owned()],
        (UnitKind::Subdistrict | UnitKind::Town, _) => vec![format!("office-{code}")],
        _ => vec![format!("handler-a-{code}"), format!("handler-b-{code}")],
    }
}

async fn write(
    tx: &Tx,
    (units, known): &(Vec<unit::Model>, HashMap<String, StaffId>),
) -> Result<(), AppError> {
    let midnight = instant(local_day(tx.now()), NaiveTime::MIN);
    let mut shifts = Vec::new();
    for unit in units {
        for post in posts(unit.kind) {
            let names = members(unit, post);
            let members: Vec<StaffId> = names.iter().filter_map(|name| known.get(name).copied()).collect();
            let nth = |nth: i32| NewShift {
                unit_id: unit.id,
                unit_path: unit.path.clone(),
                post,
                span: (midnight + LENGTH * nth, midnight + LENGTH * (nth + 1)),
                members: members.clone(),
                note: None,
            };
            shifts.extend((0..SHIFTS).map(nth));
        }
    }
    store::insert(tx, &shifts).await?;
    Ok(())
}
