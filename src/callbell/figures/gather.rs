//! What the figures of a month are worked out from.

use super::dto::{BellFiguresOut, ExceptionOut, Figure, LoadOut, SpreadOut, UnitFiguresOut};
use super::messages::{LOAD_MIN, Messages};
use crate::access::Reach;
use crate::access::authenticate::{instant, local_day};
use crate::callbell::calls::{self, ENTRY_TEXT};
use crate::callbell::rules::figures::{
    Fact, Share, acked, false_alarms, kin, scene, times, told, way, within,
};
use crate::callbell::world::World;
use crate::duty::queries as duty;
use crate::orgs::rules::Unit;
use crate::orgs::store::tree;
use crate::platform::db::padded;
use crate::platform::error::AppError;
use chrono::{DateTime, Datelike, Months, NaiveDate, NaiveTime, TimeDelta, Utc};
use entity::id::{CallId, DeviceId, UnitId};
use entity::kind::Verification;
use entity::kind::{AlarmKind, AlarmState, BellKind, CallEntryKind, DeviceState, DutyPost, UnitKind};
use entity::{callbell_alarm, callbell_call, callbell_device, callbell_entry, callbell_event};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use std::collections::{BTreeMap, HashMap, HashSet};
use uuid::Uuid;

/// Ids in one statement.
const PIECE: usize = 500;

/// A month, as far as it has been.
#[derive(Clone, Copy, Debug)]
pub struct Month {
    /// Its first day.
    pub first: NaiveDate,
    /// Its first instant, in China.
    pub from: DateTime<Utc>,
    /// Its end, or now.
    pub until: DateTime<Utc>,
    /// Now.
    pub now: DateTime<Utc>,
}

impl Month {
    /// The month of a day; none that has not begun.
    #[must_use]
    pub fn of(day: NaiveDate, now: DateTime<Utc>) -> Option<Self> {
        let first = day.with_day(1)?;
        let from = instant(first, NaiveTime::MIN);
        let end = instant(first.checked_add_months(Months::new(1))?, NaiveTime::MIN);
        (from <= now).then(|| Self {
            first,
            from,
            until: end.min(now),
            now,
        })
    }
}

/// Everything of a month that somebody reaches, of a unit and those below it.
///
/// # Errors
/// When the database does not answer.
pub async fn figures(
    conn: &impl ConnectionTrait,
    world: &World,
    (reach, reads_calls): (&Reach, bool),
    below: &str,
    month: Month,
) -> Result<BellFiguresOut, AppError> {
    // The last moment of the month: its end is the next one.
    let today = local_day(month.until - TimeDelta::microseconds(1));
    let units: Vec<&Unit> = world
        .reference
        .directory
        .all()
        .iter()
        .filter(|unit| matches!(unit.kind, UnitKind::Community | UnitKind::Village) && unit.exists_on(today))
        .filter(|unit| unit.path.starts_with(below) && reach.covers(&unit.path))
        .collect();
    let gathered = Gathered::read(conn, &units, below, month).await?;
    let rows = units
        .iter()
        .filter(|unit| gathered.has(unit.id))
        .map(|unit| UnitFiguresOut {
            unit_id: Some(unit.id),
            unit_name: unit.name.clone(),
            figures: gathered.figures(Some(unit.id), month),
            spreads: gathered.spreads(Some(unit.id)),
        });
    let known: HashSet<UnitId> = units.iter().map(|unit| unit.id).collect();
    let mut exceptions = gathered.exceptions(conn, world, &known).await?;
    if !reads_calls {
        for late in &mut exceptions {
            late.report = None;
        }
    }
    Ok(BellFiguresOut {
        month: month.first,
        from: month.from,
        until: month.until,
        total: UnitFiguresOut {
            unit_id: None,
            unit_name: "合计".to_owned(),
            figures: gathered.figures(None, month),
            spreads: gathered.spreads(None),
        },
        units: rows.collect(),
        load: gathered.load(month),
        exceptions,
    })
}

/// A device, where it is, since when it is known, and when it was last heard.
type There = (DeviceId, UnitId, DateTime<Utc>, Option<DateTime<Utc>>);

/// Sums of a community.
#[derive(Clone, Debug, Default)]
struct Sums {
    facts: Vec<Fact>,
    tests: u64,
    covered: Share,
    heard: Share,
    tested: Share,
    alarms: Share,
    once: Share,
}

struct Gathered {
    of: BTreeMap<UnitId, Sums>,
    calls: Vec<callbell_call::Model>,
    rings: HashMap<Uuid, HashMap<i64, u64>>,
    /// Devices whose time counts.
    counted: HashSet<DeviceId>,
}

impl Gathered {
    async fn read(
        conn: &impl ConnectionTrait,
        units: &[&Unit],
        below: &str,
        month: Month,
    ) -> Result<Self, AppError> {
        let known: HashSet<UnitId> = units.iter().map(|unit| unit.id).collect();
        let calls = callbell_call::Entity::find()
            .filter(callbell_call::Column::OpenedAt.gte(month.from))
            .filter(callbell_call::Column::OpenedAt.lt(month.until))
            .filter(tree(callbell_call::Column::UnitPath, below))
            .all(conn)
            .await?;
        let calls: Vec<_> = calls
            .into_iter()
            .filter(|call| known.contains(&call.unit_id))
            .collect();
        let mut gathered = Self {
            of: units.iter().map(|unit| (unit.id, Sums::default())).collect(),
            calls,
            rings: HashMap::new(),
            counted: HashSet::new(),
        };
        gathered.messages(conn).await?;
        gathered.devices(conn, below, month).await?;
        gathered.alarms(conn, below, month).await?;
        gathered.duty(conn, units, month).await?;
        Ok(gathered)
    }

    /// Calls with the first message of each, and how often a message went out more than once.
    async fn messages(&mut self, conn: &impl ConnectionTrait) -> Result<(), AppError> {
        let ids: Vec<CallId> = self.calls.iter().map(|call| call.id).collect();
        let messages = Messages::read(conn, &ids).await?;
        let unit_of: HashMap<CallId, UnitId> =
            self.calls.iter().map(|call| (call.id, call.unit_id)).collect();
        for (call, once) in messages.once() {
            if let Some(sums) = unit_of.get(&call).and_then(|unit| self.of.get_mut(unit)) {
                sums.once.of += 1;
                sums.once.met += u64::from(once);
            }
        }
        for call in &self.calls {
            let Some(sums) = self.of.get_mut(&call.unit_id) else {
                continue;
            };
            if call.test {
                sums.tests += 1;
                continue;
            }
            sums.facts.push(Fact {
                opened_at: call.opened_at,
                told_at: messages.told_at(call.id),
                acked_at: call.first_acked_at,
                has_kin: call.has_kin,
                kin_at: messages.kin_at(call.id),
                going_at: call.going_at,
                arrived_at: call.arrived_at,
                resolved_at: call.resolved_at,
                by_voice: call.verification == Some(Verification::Voice),
                outcome: call.outcome,
            });
        }
        self.rings = messages.rings;
        Ok(())
    }

    /// Devices that are there, those that were tested, and the time for which they were silent.
    async fn devices(
        &mut self,
        conn: &impl ConnectionTrait,
        below: &str,
        month: Month,
    ) -> Result<(), AppError> {
        use callbell_device::Column as C;
        let there: Vec<There> = callbell_device::Entity::find()
            .select_only()
            .columns([C::Id, C::UnitId, C::CreatedAt, C::LastSeenAt])
            .filter(C::State.ne(DeviceState::Retired))
            .filter(C::CreatedAt.lt(month.until))
            .filter(tree(C::UnitPath, below))
            .into_tuple()
            .all(conn)
            .await?;
        let mut tested: HashSet<DeviceId> = callbell_event::Entity::find()
            .select_only()
            .column(callbell_event::Column::DeviceId)
            .distinct()
            // In these words, so that both databases find the index of tests.
            .filter(Expr::cust(format!("kind = '{}'", BellKind::Test)))
            .filter(callbell_event::Column::ReceivedAt.gte(month.from))
            .filter(callbell_event::Column::ReceivedAt.lt(month.until))
            .into_tuple()
            .all(conn)
            .await?
            .into_iter()
            .collect();
        tested.extend(
            self.calls
                .iter()
                .filter(|call| call.test)
                .filter_map(|call| call.device_id),
        );
        for (id, unit, since, seen) in there {
            let Some(sums) = self.of.get_mut(&unit) else {
                continue;
            };
            sums.tested.of += 1;
            sums.tested.met += u64::from(tested.contains(&id));
            if seen.is_some() {
                self.counted.insert(id);
                let minutes = minutes(since.max(month.from), month.until);
                sums.heard.of += minutes;
                sums.heard.met += minutes;
            }
        }
        Ok(())
    }

    /// Technical alarms seen to in time, and how long devices were silent.
    async fn alarms(
        &mut self,
        conn: &impl ConnectionTrait,
        below: &str,
        month: Month,
    ) -> Result<(), AppError> {
        use callbell_alarm::Column as C;
        let rows = callbell_alarm::Entity::find()
            .filter(tree(C::UnitPath, below))
            .filter(C::OpenedAt.lt(month.until))
            .filter(
                Condition::any()
                    .add(C::OpenedAt.gte(month.from))
                    .add(C::SettledAt.is_null())
                    .add(C::SettledAt.gte(month.from)),
            )
            .filter(C::Kind.is_not_in([AlarmKind::Gap, AlarmKind::Engine]))
            .all(conn)
            .await?;
        for row in rows {
            let Some(sums) = self.of.get_mut(&row.unit_id) else {
                continue;
            };
            if row.kind == AlarmKind::Silent
                && row.device_id.is_some_and(|device| self.counted.contains(&device))
            {
                let until = row.settled_at.unwrap_or(month.until).min(month.until);
                let silent = minutes(row.opened_at.max(month.from), until);
                sums.heard.met = sums.heard.met.saturating_sub(silent);
            }
            if row.opened_at < month.from {
                continue;
            }
            let seen_to = row
                .taken_at
                .or(row.settled_at.filter(|_| row.state == AlarmState::Settled));
            let met = seen_to.is_some_and(|at| at <= row.due_at);
            if met || seen_to.is_some() || month.now > row.due_at {
                sums.alarms.of += 1;
                sums.alarms.met += u64::from(met);
            }
        }
        Ok(())
    }

    /// Minutes of each community in which somebody was on duty.
    async fn duty(
        &mut self,
        conn: &impl ConnectionTrait,
        units: &[&Unit],
        month: Month,
    ) -> Result<(), AppError> {
        let places: Vec<duty::Place> = units.iter().map(|unit| duty::Place::from(*unit)).collect();
        let span = minutes(month.from, month.until);
        for unit in units {
            if let Some(sums) = self.of.get_mut(&unit.id) {
                sums.covered = Share { met: span, of: span };
            }
        }
        for uncovered in duty::uncovered(conn, &places, (month.from, month.until)).await? {
            if uncovered.station.post != DutyPost::Duty {
                continue;
            }
            if let Some(sums) = self.of.get_mut(&uncovered.station.unit) {
                let missing = uncovered
                    .gaps
                    .iter()
                    .map(|(from, until)| minutes(*from, *until))
                    .sum();
                sums.covered.met = sums.covered.met.saturating_sub(missing);
            }
        }
        Ok(())
    }

    /// Whether a community has anything to do with bells.
    fn has(&self, unit: UnitId) -> bool {
        self.of.get(&unit).is_some_and(|sums| {
            sums.tested.of > 0 || !sums.facts.is_empty() || sums.tests > 0 || sums.alarms.of > 0
        })
    }

    fn some(&self, unit: Option<UnitId>) -> impl Iterator<Item = &Sums> {
        self.of
            .iter()
            .filter(move |(id, _)| unit.map_or_else(|| self.has(**id), |unit| unit == **id))
            .map(|(_, sums)| sums)
    }

    fn facts(&self, unit: Option<UnitId>) -> Vec<Fact> {
        self.some(unit)
            .flat_map(|sums| sums.facts.iter().copied())
            .collect()
    }

    fn figures(&self, unit: Option<UnitId>, month: Month) -> Vec<Figure> {
        let facts = self.facts(unit);
        let in_time = |limit, measured: fn(&Fact) -> _| within(&facts, month.now, limit, measured);
        let sum = |part: fn(&Sums) -> Share| {
            self.some(unit)
                .map(part)
                .fold(Share::default(), |sum, share| Share {
                    met: sum.met + share.met,
                    of: sum.of + share.of,
                })
        };
        let calls = u64::try_from(facts.len()).unwrap_or(u64::MAX);
        let tests = self.some(unit).map(|sums| sums.tests).sum();
        vec![
            Figure::count("calls", "呼叫", calls),
            Figure::count("tests", "测试呼叫", tests),
            Figure::share("told_5s", "5秒内发出首条通知", Some(99.0), in_time(5, told)),
            Figure::share("told_10s", "10秒内发出首条通知", Some(100.0), in_time(10, told)),
            Figure::share("acked_30s", "30秒内接警", Some(90.0), in_time(30, acked)),
            Figure::share("acked_60s", "60秒内接警", Some(97.5), in_time(60, acked)),
            Figure::share("acked_180s", "180秒内接警", Some(99.0), in_time(180, acked)),
            Figure::share("kin_180s", "3分钟内通知亲属", Some(95.0), in_time(180, kin)),
            Figure::share("scene_15min", "15分钟内到场", Some(90.0), in_time(900, scene)),
            Figure::share("way_45min", "出发后45分钟内到场", Some(90.0), in_time(2_700, way)),
            Figure::share(
                "way_60min",
                "出发后60分钟内到场",
                Some(100.0),
                in_time(3_600, way),
            ),
            Figure::share(
                "covered",
                "值班覆盖（分钟）",
                Some(100.0),
                sum(|sums| sums.covered),
            ),
            Figure::share("heard", "设备在线（分钟）", Some(99.0), sum(|sums| sums.heard)),
            Figure::share("tested", "当月功能测试", Some(98.0), sum(|sums| sums.tested)),
            Figure::share(
                "alarms_in_time",
                "技术告警按时处理",
                Some(100.0),
                sum(|sums| sums.alarms),
            ),
            Figure::share("sent_once", "通知未重复", Some(98.0), sum(|sums| sums.once)),
            Figure::share("false_alarms", "误报占比", None, false_alarms(&facts)),
        ]
    }

    fn spreads(&self, unit: Option<UnitId>) -> Vec<SpreadOut> {
        let facts = self.facts(unit);
        vec![
            SpreadOut::new("told", "发出首条通知", times(&facts, told)),
            SpreadOut::new("acked", "接警", times(&facts, acked)),
            SpreadOut::new("kin", "通知亲属", times(&facts, kin)),
            SpreadOut::new("scene", "到场", times(&facts, scene)),
            SpreadOut::new("way", "路途", times(&facts, way)),
        ]
    }

    /// How much those have to do who are rung: per person, on average and at the worst.
    fn load(&self, month: Month) -> LoadOut {
        let people = u32::try_from(self.rings.len()).unwrap_or(u32::MAX).max(1);
        let spans = (month.until - month.from)
            .num_minutes()
            .div_euclid(LOAD_MIN)
            .max(1);
        let all: u64 = self.rings.values().flat_map(HashMap::values).sum();
        let all = f64::from(u32::try_from(all).unwrap_or(u32::MAX));
        let spans = f64::from(u32::try_from(spans).unwrap_or(u32::MAX));
        LoadOut {
            people: self.rings.len(),
            average_per_10_min: (all / f64::from(people) / spans * 1000.0).round() / 1000.0,
            peak_per_10_min: self
                .rings
                .values()
                .flat_map(HashMap::values)
                .copied()
                .max()
                .unwrap_or(0),
        }
    }

    /// Calls that were late, each with what was said of it.
    async fn exceptions(
        &self,
        conn: &impl ConnectionTrait,
        world: &World,
        units: &HashSet<UnitId>,
    ) -> Result<Vec<ExceptionOut>, AppError> {
        let late: Vec<&callbell_call::Model> = self
            .calls
            .iter()
            .filter(|call| units.contains(&call.unit_id) && calls::is_late(call))
            .collect();
        let ids: Vec<CallId> = late.iter().map(|call| call.id).collect();
        let mut said: HashMap<CallId, String> = HashMap::new();
        for some in ids.chunks(PIECE) {
            let rows = callbell_entry::Entity::find()
                .filter(callbell_entry::Column::CallId.is_in(padded(some)))
                .filter(callbell_entry::Column::Kind.eq(CallEntryKind::Reported))
                .all(conn)
                .await?;
            for row in rows {
                let text = world
                    .kit
                    .vault
                    .open_optional(ENTRY_TEXT, row.text_sealed.as_ref())?;
                said.insert(row.call_id, text.unwrap_or_default());
            }
        }
        let seconds = |from: DateTime<Utc>, until: Option<DateTime<Utc>>| Some((until? - from).num_seconds());
        Ok(late
            .into_iter()
            .map(|call| ExceptionOut {
                call_id: call.id,
                unit_name: world.unit_name(call.unit_id).to_owned(),
                opened_at: call.opened_at,
                acked_s: seconds(call.opened_at, call.first_acked_at),
                way_s: call.going_at.and_then(|going| seconds(going, call.arrived_at)),
                reported: call.reported,
                report: said.remove(&call.id),
            })
            .collect())
    }
}

fn minutes(from: DateTime<Utc>, until: DateTime<Utc>) -> u64 {
    u64::try_from((until - from).num_minutes()).unwrap_or(0)
}
