//! Working time in China: weeks, holidays, make-up working days (调休), windows of the day, closures (临时停工).

use super::closure::{Closure, Span, left};
use super::hours::{Hours, Window};
use chrono::{DateTime, Datelike, Days, FixedOffset, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use entity::kind::{CalendarStatus, DayKind, LimitUnit};
use std::collections::HashMap;
use std::sync::Arc;

/// Days looked ahead at most, so that a table of holidays only can't hang us.
const HORIZON_DAYS: usize = 3 * 366;

/// A limit: so many of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How many.
    pub amount: u32,
    /// Of what.
    pub unit: LimitUnit,
}

impl Limit {
    /// As a row holds it.
    #[must_use]
    pub fn of(amount: i32, unit: LimitUnit) -> Self {
        Self {
            amount: u32::try_from(amount).unwrap_or(0),
            unit,
        }
    }
}

/// A due time, and how sure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The instant: half-open, at it the limit is broken.
    pub at: DateTime<Utc>,
    /// Whether the count ran into a year whose holidays are not published.
    pub provisional: bool,
}

/// A published or expected year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Year {
    /// Official or provisional.
    pub status: CalendarStatus,
    /// Raised by each import.
    pub version: i32,
}

/// What is the same for everybody.
#[derive(Debug, PartialEq, Eq)]
struct Table {
    offset: FixedOffset,
    days: HashMap<NaiveDate, bool>,
    years: HashMap<i32, Year>,
}

/// The working calendar of a unit, or of all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    table: Arc<Table>,
    standard: Hours,
    /// Before the standard: of two that hold on a day, the first.
    own: Vec<Hours>,
    closures: Vec<Closure>,
}

impl Calendar {
    /// `days` differ from the week (`true` = working); `windows` of a working day in order, not overlapping.
    #[must_use]
    pub fn new(
        offset: FixedOffset,
        days: HashMap<NaiveDate, bool>,
        years: HashMap<i32, Year>,
        windows: Vec<Window>,
    ) -> Self {
        Self {
            table: Arc::new(Table { offset, days, years }),
            standard: Hours::always(windows),
            own: Vec::new(),
            closures: Vec::new(),
        }
    }

    /// The same days and years with other hours, of which the first that holds rules, and closures.
    #[must_use]
    pub fn with(&self, own: Vec<Hours>, closures: Vec<Closure>) -> Self {
        Self {
            own,
            closures,
            ..self.clone()
        }
    }

    /// Whether people work on `day`: a day whose working time is all closed is none.
    #[must_use]
    pub fn is_working(&self, day: NaiveDate) -> bool {
        let worked = matches!(self.kind(day), DayKind::Working | DayKind::MakeUp);
        worked && (self.closures.is_empty() || !self.windows(day).is_empty())
    }

    /// What `day` is, whether anything is closed on it or not.
    #[must_use]
    pub fn kind(&self, day: NaiveDate) -> DayKind {
        let rest = self.hours(day).rests_on(day.weekday());
        match (self.table.days.get(&day), rest) {
            (Some(true), true) => DayKind::MakeUp,
            (Some(false), _) => DayKind::Holiday,
            (None, true) => DayKind::Weekend,
            (_, false) => DayKind::Working,
        }
    }

    /// The year's standing; one never imported is provisional.
    #[must_use]
    pub fn year(&self, year: i32) -> Year {
        self.table.years.get(&year).copied().unwrap_or(Year {
            status: CalendarStatus::Provisional,
            version: 0,
        })
    }

    /// When a limit that starts at `from` is due.
    ///
    /// Minutes run day and night. Working hours run within the windows of working days. Days count from the day
    /// after receipt and end with the last window of the last day; day 0 is the day of receipt if it still has
    /// working time, else the next working day. Closures take working time away: a day counts if any is left of it.
    #[must_use]
    pub fn due(&self, from: DateTime<Utc>, limit: Limit) -> Due {
        let amount = i64::from(limit.amount);
        let at = match limit.unit {
            LimitUnit::Minutes => from + TimeDelta::minutes(amount),
            LimitUnit::WorkingHours => self.after_working_time(from, TimeDelta::hours(amount)),
            LimitUnit::WorkingDays => self.close_of(self.working_day_after(from, limit.amount)),
            LimitUnit::CalendarDays => {
                let day = self.local_day(from);
                self.close_of(
                    day.checked_add_days(Days::new(u64::from(limit.amount)))
                        .unwrap_or(day),
                )
            }
        };
        Due {
            at,
            provisional: limit.unit.by_calendar() && self.touches_unpublished(from, at),
        }
    }

    pub(super) fn touches_unpublished(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> bool {
        let (first, last) = (self.local_day(from).year(), self.local_day(to).year());
        (first..=last).any(|year| self.year(year).status == CalendarStatus::Provisional)
    }

    fn working_day_after(&self, from: DateTime<Utc>, n: u32) -> NaiveDate {
        let received = self.local_day(from);
        if n == 0 && self.windows(received).iter().any(|(_, close)| from < *close) {
            return received;
        }
        let wanted = usize::try_from(n.max(1)).unwrap_or(usize::MAX);
        received
            .iter_days()
            .skip(1)
            .take(HORIZON_DAYS)
            .filter(|day| self.is_working(*day))
            .nth(wanted - 1)
            .unwrap_or(received)
    }

    pub(super) fn after_working_time(&self, from: DateTime<Utc>, budget: TimeDelta) -> DateTime<Utc> {
        let mut left = budget;
        for day in self.local_day(from).iter_days().take(HORIZON_DAYS) {
            for (open, close) in self.windows(day) {
                let open = open.max(from);
                if close <= open {
                    continue;
                }
                if left <= close - open {
                    return open + left;
                }
                left -= close - open;
            }
        }
        from
    }

    /// The hours that hold on a day.
    fn hours(&self, day: NaiveDate) -> &Hours {
        let own = self.own.iter().find(|hours| hours.period.contains(day));
        own.unwrap_or(&self.standard)
    }

    /// The windows of a day, but for what is closed; none where nobody works.
    pub(super) fn windows(&self, day: NaiveDate) -> Vec<Span> {
        left(self.scheduled(day), &self.closures)
    }

    /// The windows of a day, whether anything is closed or not.
    pub(super) fn scheduled(&self, day: NaiveDate) -> Vec<Span> {
        if !matches!(self.kind(day), DayKind::Working | DayKind::MakeUp) {
            return Vec::new();
        }
        let windows = self.hours(day).windows.iter();
        windows
            .map(|(open, close)| (self.instant(day, *open), self.instant(day, *close)))
            .collect()
    }

    /// When work begins and ends on the local day of an instant; midnight to midnight where nobody works.
    #[must_use]
    pub fn first_window(&self, instant: DateTime<Utc>) -> (DateTime<Utc>, DateTime<Utc>) {
        let day = self.local_day(instant);
        self.windows(day)
            .first()
            .copied()
            .unwrap_or_else(|| self.bounds(day))
    }

    /// What takes anything of these.
    pub(super) fn closures(&self, spans: &[Span]) -> impl Iterator<Item = &Closure> {
        self.closures.iter().filter(|closure| closure.touches(spans))
    }

    /// Midnight to midnight.
    pub(super) fn bounds(&self, day: NaiveDate) -> (DateTime<Utc>, DateTime<Utc>) {
        let next = day.succ_opt().unwrap_or(day);
        (
            self.instant(day, NaiveTime::MIN),
            self.instant(next, NaiveTime::MIN),
        )
    }

    pub(super) fn local_day(&self, instant: DateTime<Utc>) -> NaiveDate {
        instant.with_timezone(&self.table.offset).date_naive()
    }

    /// The end of a day's last window, though it be closed: a closure makes nothing due sooner.
    fn close_of(&self, day: NaiveDate) -> DateTime<Utc> {
        let last = self.hours(day).windows.last();
        self.instant(day, last.map_or(NaiveTime::MIN, |(_, close)| *close))
    }

    fn instant(&self, day: NaiveDate, time: NaiveTime) -> DateTime<Utc> {
        // A fixed offset has exactly one instant for each local time.
        let local = day.and_time(time);
        self.table
            .offset
            .from_local_datetime(&local)
            .earliest()
            .map_or_else(|| local.and_utc(), |found| found.to_utc())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::sync::LazyLock;

    /// A year as tables have it.
    #[derive(serde::Deserialize)]
    pub(crate) struct Table {
        off: Vec<NaiveDate>,
        work: Vec<NaiveDate>,
        #[serde(default = "official")]
        status: CalendarStatus,
    }

    fn official() -> CalendarStatus {
        CalendarStatus::Official
    }

    pub(crate) fn windows() -> Vec<Window> {
        super::super::hours::standard()
    }

    pub(crate) fn by_tables<'a>(years: impl Iterator<Item = (i32, &'a Table)>) -> Calendar {
        let (mut days, mut standing) = (HashMap::new(), HashMap::new());
        for (year, table) in years {
            days.extend(table.off.iter().map(|day| (*day, false)));
            days.extend(table.work.iter().map(|day| (*day, true)));
            let status = table.status;
            standing.insert(year, Year { status, version: 1 });
        }
        Calendar::new(crate::access::authenticate::china(), days, standing, windows())
    }

    pub(crate) fn china() -> Calendar {
        static CHINA: LazyLock<Calendar> = LazyLock::new(|| {
            let text = include_str!("../../../seed/holidays.json");
            let years: HashMap<i32, Table> = serde_json::from_str(text).unwrap();
            by_tables(years.iter().map(|(year, table)| (*year, table)))
        });
        CHINA.clone()
    }

    pub(crate) fn local(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(&format!("{text}:00+08:00"))
            .unwrap()
            .to_utc()
    }

    fn days(n: u32) -> Limit {
        Limit {
            amount: n,
            unit: LimitUnit::WorkingDays,
        }
    }

    #[test]
    fn the_vectors_of_the_two_published_years() {
        for (received, n, due) in [
            ("2026-02-13", 1, "2026-02-14"),
            ("2026-02-13", 2, "2026-02-24"),
            ("2026-02-13", 5, "2026-02-27"),
            ("2026-02-13", 10, "2026-03-05"),
            ("2026-02-14", 1, "2026-02-24"),
            ("2026-09-18", 2, "2026-09-21"),
            ("2026-09-30", 5, "2026-10-13"),
            ("2026-10-01", 1, "2026-10-08"),
            ("2026-10-09", 1, "2026-10-10"),
            ("2026-04-30", 2, "2026-05-07"),
            ("2025-01-24", 3, "2025-02-05"),
            ("2025-01-27", 5, "2025-02-10"),
            ("2025-09-30", 2, "2025-10-10"),
            ("2025-12-31", 1, "2026-01-04"),
            ("2026-01-02", 1, "2026-01-04"),
        ] {
            let found = china().due(local(&format!("{received}T10:00")), days(n));
            assert_eq!(found.at, local(&format!("{due}T17:30")), "{received} + {n}");
            assert!(!found.provisional);
        }
    }

    #[test]
    fn both_years_have_248_working_days() {
        for year in [2025, 2026] {
            let first = NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
            let n = first
                .iter_days()
                .take_while(|day| day.year() == year)
                .filter(|day| china().is_working(*day))
                .count();
            assert_eq!(n, 248, "{year}");
        }
    }

    #[test]
    fn day_zero_is_today_while_there_is_working_time() {
        assert_eq!(
            china().due(local("2026-11-24T17:29"), days(0)).at,
            local("2026-11-24T17:30")
        );
        assert_eq!(
            china().due(local("2026-11-24T17:30"), days(0)).at,
            local("2026-11-25T17:30")
        );
        assert_eq!(
            china().due(local("2026-11-28T10:00"), days(0)).at,
            local("2026-11-30T17:30")
        );
    }

    #[test]
    fn working_hours_run_within_the_windows() {
        let hours = |n| Limit {
            amount: n,
            unit: LimitUnit::WorkingHours,
        };
        assert_eq!(
            china().due(local("2026-11-24T11:30"), hours(1)).at,
            local("2026-11-24T15:00")
        );
        assert_eq!(
            china().due(local("2026-11-24T17:00"), hours(1)).at,
            local("2026-11-25T09:00")
        );
        assert_eq!(
            china().due(local("2026-11-27T18:00"), hours(1)).at,
            local("2026-11-30T09:30")
        );
        assert_eq!(
            china().due(local("2026-11-24T08:00"), hours(4)).at,
            local("2026-11-24T15:00")
        );
    }

    #[test]
    fn a_count_into_an_unpublished_year_is_provisional() {
        assert!(china().due(local("2026-12-31T10:00"), days(2)).provisional);
        let minutes = Limit {
            amount: 30,
            unit: LimitUnit::Minutes,
        };
        assert!(
            !china().due(local("2026-12-31T23:50"), minutes).provisional,
            "minutes need no calendar"
        );
    }

    proptest! {
        #[test]
        fn more_is_never_sooner_and_later_is_never_sooner(minute in 0_i64..1_000_000, later in 0_i64..10_000, n in 0_u32..40, unit in 0_usize..4) {
            let from = local("2025-01-01T00:00") + TimeDelta::minutes(minute);
            let unit = LimitUnit::ALL[unit];
            let due = |from, amount| china().due(from, Limit { amount, unit }).at;
            prop_assert!(due(from, n) >= from || unit == LimitUnit::CalendarDays);
            prop_assert!(due(from, n + 1) >= due(from, n));
            prop_assert!(due(from + TimeDelta::minutes(later), n) >= due(from, n));
        }

        #[test]
        fn working_hours_add_up(minute in 0_i64..700_000, a in 1_u32..20, b in 1_u32..20) {
            let from = local("2025-01-01T00:00") + TimeDelta::minutes(minute);
            let due = |from, amount| china().due(from, Limit { amount, unit: LimitUnit::WorkingHours }).at;
            prop_assert_eq!(due(due(from, a), b), due(from, a + b));
        }
    }
}
