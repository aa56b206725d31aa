//! What is looked after by the hour: posts where nobody will be on duty, devices that were not tested this month, and
//! where people on patrol were months ago. One message a day for each who should know, however much there is.

use super::raise::{Cause, raise, settle};
use super::store;
use crate::access::authenticate::{china, instant, local_day};
use crate::access::policy::district_of;
use crate::callbell::around;
use crate::callbell::rules::alarm::test_try;
use crate::callbell::store::watch;
use crate::callbell::world::World;
use crate::duty::queries::{self as duty, Uncovered};
use crate::notify::store::{Message, Outgoing};
use crate::platform::db::Tx;
use crate::platform::error::AppError;
use crate::platform::jobs::Pass;
use crate::staff;
use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Utc};
use entity::id::StaffId;
use entity::kind::{ActorKind, AlarmKind, Lane, NoticeChannel, Role};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Days ahead in which every post is to have somebody.
const AHEAD_DAYS: i64 = 7;
/// Devices in one transaction.
const BATCH: usize = 50;
/// Those who are told of a community's devices and roster.
const NEAR: [Role; 2] = [Role::UnitLead, Role::StreetManager];
/// And in the district.
const CENTRE: [Role; 2] = [Role::DutyOfficer, Role::Supervisor];

/// Looks once.
///
/// # Errors
/// When the database does not answer.
pub async fn look_after(world: &World) -> Result<Pass, AppError> {
    gaps(world).await?;
    tests(world).await?;
    let old = world.kit.now() - TimeDelta::days(around::KEPT_DAYS);
    world
        .kit
        .db
        .write("callbell.forget_reads", old, |tx, old| {
            Box::pin(around::forget_before(tx, *old))
        })
        .await?;
    Ok(Pass::Idle)
}

async fn gaps(world: &World) -> Result<(), AppError> {
    let db = &world.kit.db;
    let now = world.kit.now();
    let places = duty::places(&world.reference.directory, local_day(now));
    let found = duty::uncovered(db.read(), &places, (now, now + TimeDelta::days(AHEAD_DAYS))).await?;
    let there: HashSet<String> = found.iter().map(subject_of).collect();
    let over = store::open_of_kind(db.read(), AlarmKind::Gap).await?;
    let over: Vec<String> = over
        .into_iter()
        .map(|row| row.subject)
        .filter(|subject| !there.contains(subject))
        .collect();
    for some in over.chunks(BATCH) {
        db.write("callbell.gaps_over", some.to_vec(), |tx, some| {
            Box::pin(async move {
                for subject in some {
                    settle(tx, AlarmKind::Gap, subject).await?;
                }
                Ok(())
            })
        })
        .await?;
    }
    for some in found.chunks(BATCH) {
        db.write(
            "callbell.gaps",
            (world.clone(), some.to_vec()),
            |tx, (world, some)| Box::pin(note_gaps(tx, world, some)),
        )
        .await?;
    }
    let lines = found
        .iter()
        .map(|gap| (gap.unit_path.clone(), gap.unit_name.clone()));
    let input = (world.clone(), lines.collect::<Vec<_>>());
    db.write("callbell.gap_reminder", input, |tx, (world, lines)| {
        Box::pin(remind(tx, world, "gap", "未来七天值班有空档，请尽快排班", lines))
    })
    .await
}

fn subject_of(gap: &Uncovered) -> String {
    format!("{}:{}", gap.station.unit, gap.station.post)
}

async fn note_gaps(tx: &Tx, world: &World, found: &[Uncovered]) -> Result<(), AppError> {
    for gap in found {
        let cause = Cause {
            kind: AlarmKind::Gap,
            subject: subject_of(gap),
            device: None,
            unit: (gap.station.unit, gap.unit_path.clone()),
            detail: first_gap(gap),
            devices: 0,
            outage: None,
        };
        raise(tx, world, cause).await?;
    }
    Ok(())
}

/// The first gap of a post, and how many there are.
fn first_gap(gap: &Uncovered) -> String {
    let local = |at: DateTime<Utc>| at.with_timezone(&china()).format("%m-%d %H:%M").to_string();
    let post = gap.station.post.chinese();
    let Some((from, until)) = gap.gaps.first() else {
        return post.to_owned();
    };
    format!(
        "{post} {} 至 {}，共{}段",
        local(*from),
        local(*until),
        gap.gaps.len()
    )
}

/// The first instant of a month, in China.
fn month_of(day: NaiveDate) -> DateTime<Utc> {
    instant(day.with_day(1).unwrap_or(day), NaiveTime::MIN)
}

async fn tests(world: &World) -> Result<(), AppError> {
    let db = &world.kit.db;
    let today = local_day(world.kit.now());
    let this_month = month_of(today);
    if let Some(nth) = test_try(today) {
        let untested = watch::untested_by_unit(db.read(), this_month, this_month).await?;
        let lines: Vec<(String, String)> = untested
            .into_iter()
            .map(|(unit, path, n)| (path, format!("{}{n}台", world.unit_name(unit))))
            .collect();
        let what = format!("test{nth}");
        let input = (world.clone(), what, lines);
        return db
            .write("callbell.test_reminder", input, |tx, (world, what, lines)| {
                Box::pin(remind(tx, world, what, "本月尚有设备未做功能测试", lines))
            })
            .await;
    }
    // The month before is over: who was not tested in it must be visited.
    let last_month = month_of(local_day(this_month - TimeDelta::hours(12)));
    let overdue = watch::untested(db.read(), last_month, last_month).await?;
    let new = watch::without_alarm(db.read(), overdue, AlarmKind::TestOverdue).await?;
    if new.is_empty() {
        return Ok(());
    }
    let lines: BTreeSet<(String, String)> = new
        .iter()
        .map(|device| {
            (
                device.unit_path.clone(),
                world.unit_name(device.unit_id).to_owned(),
            )
        })
        .collect();
    for some in new.chunks(BATCH) {
        let input = (world.clone(), some.to_vec());
        db.write("callbell.test_overdue", input, |tx, (world, some)| {
            Box::pin(async move {
                for device in some {
                    raise(
                        tx,
                        world,
                        Cause::of(device, AlarmKind::TestOverdue, "上月未做功能测试"),
                    )
                    .await?;
                }
                Ok(())
            })
        })
        .await?;
    }
    let input = (world.clone(), lines.into_iter().collect::<Vec<_>>());
    db.write("callbell.test_visits", input, |tx, (world, lines)| {
        Box::pin(remind(
            tx,
            world,
            "untested",
            "有设备上月未做功能测试，请上门检查",
            lines,
        ))
    })
    .await
}

/// One message a day for each who should know of some units: `lines` are paths with what is to be said of each.
async fn remind(
    tx: &Tx,
    world: &World,
    what: &str,
    sentence: &str,
    lines: &[(String, String)],
) -> Result<(), AppError> {
    if lines.is_empty() {
        return Ok(());
    }
    let today = local_day(tx.now());
    let mut told: BTreeMap<StaffId, Vec<&str>> = BTreeMap::new();
    let paths: BTreeSet<String> = lines.iter().flat_map(|(path, _)| with_parents(path)).collect();
    let holders = staff::store::holders(tx, &paths, today).await?;
    for (path, line) in lines {
        let district = district_of(path);
        for (staff, role, at) in &holders {
            let near = NEAR.contains(role) && path.starts_with(at.as_str());
            if near || (CENTRE.contains(role) && *at == district) {
                let texts = told.entry(*staff).or_default();
                if texts.last() != Some(&line.as_str()) {
                    texts.push(line);
                }
            }
        }
    }
    let mut outgoing = Outgoing::default();
    for (staff, texts) in told {
        let some: Vec<&str> = texts.iter().take(5).copied().collect();
        let more = if texts.len() > some.len() { "等" } else { "" };
        let body = format!(
            "【平安值守】{sentence}：{}{more}，共{}处。",
            some.join("、"),
            texts.len()
        );
        let message = Message {
            recipient: (ActorKind::Staff, None),
            channel: NoticeChannel::InApp,
            lane: Lane::Normal,
            template: "callbell_upkeep",
            ticket: None,
            call: None,
            others: &[],
            address: None,
            body: &body,
            dedup_key: format!("upkeep:{what}:{today}:{staff}"),
            not_before: None,
        };
        let message = Message {
            recipient: (ActorKind::Staff, Some(staff.0)),
            ..message
        };
        outgoing.add(tx, &world.kit.vault, &message)?;
    }
    outgoing.write(tx).await
}

/// A path and those of the units above it: `/a/b/` is below `/a/`.
fn with_parents(path: &str) -> Vec<String> {
    path.match_indices('/')
        .skip(1)
        .filter_map(|(at, _)| path.get(..=at))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests_of_months {
    use super::*;

    #[test]
    fn a_month_begins_at_midnight_in_china() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 26).unwrap();
        assert_eq!(month_of(day).to_rfc3339(), "2026-10-31T16:00:00+00:00");
        assert_eq!(
            with_parents("/440703/440703002/"),
            ["/440703/", "/440703/440703002/"]
        );
    }
}
