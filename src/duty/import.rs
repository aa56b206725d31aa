//! Shifts from a file: CSV with a header. All lines are checked before any is written, and reading the same file again
//! changes nothing.

use super::commands::SERVING;
use super::rules::shift::{Plan, check_change, check_members, check_times, days};
use super::rules::station::{Held, level_of, serves};
use super::rules::{Span, Turn};
use super::store::{self, NewShift, people};
use crate::access::authenticate::instant;
use crate::access::permit::Caller;
use crate::ledger::audit;
use crate::orgs;
use crate::orgs::rules::Directory;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code, Fields};
use crate::platform::report::{ImportReport, Outcome};
use chrono::{DateTime, Days, NaiveDateTime, SubsecRound, Utc};
use entity::id::{ShiftId, StaffId, UnitId};
use entity::kind::{DutyPost, UnitKind};
use entity::{shift, shift_member};
use serde::Deserialize;
use serde_json::json;
use std::collections::{HashMap, HashSet};

/// Lines of a file at most.
const LINES_MAX: usize = 20_000;

/// A line of the file: `unit_code,post,starts_at,ends_at,user_names`. Names are parted by spaces, the first to be called
/// first; a time without an offset (`2026-12-01 08:00`) is China's.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the columns of the file")]
pub struct ShiftLine {
    pub unit_code: String,
    pub post: String,
    pub starts_at: String,
    pub ends_at: String,
    pub user_names: String,
}

/// A file to be read.
#[derive(Clone, Debug)]
pub struct File {
    /// Its lines, each with its number.
    pub lines: Vec<(u64, ShiftLine)>,
    /// Lines that could not be read.
    pub report: ImportReport,
    /// Only look what would be done.
    pub dry_run: bool,
}

/// Reads the lines of a CSV file.
#[must_use]
pub fn read_csv(text: &str, dry_run: bool) -> File {
    // Spreadsheets write a byte order mark.
    let text = text.trim_start_matches('\u{feff}');
    let mut report = ImportReport::default();
    let mut lines = Vec::new();
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let header = reader.headers().cloned().unwrap_or_default();
    for record in reader.records() {
        let at = match &record {
            Ok(record) => record.position().map_or(0, csv::Position::line),
            Err(error) => error.position().map_or(0, csv::Position::line),
        };
        match record.and_then(|record| record.deserialize(Some(&header))) {
            Ok(line) => lines.push((at, line)),
            Err(error) => report.refuse(name(at), error.to_string()),
        }
        if lines.len() + report.errors.len() >= LINES_MAX {
            report.refuse(name(at), format!("at most {LINES_MAX} lines"));
            break;
        }
    }
    if lines.is_empty() && report.is_clean() {
        report.refuse(name(1), "there is no line below the header");
    }
    File {
        lines,
        report,
        dry_run,
    }
}

fn name(at: u64) -> String {
    format!("line {at}")
}

/// A line that fits, and what becomes of it.
struct Read {
    at: u64,
    unit: (UnitId, String),
    post: DutyPost,
    plan: Plan,
}

/// A shift that is there, and its version.
type Seen = (ShiftId, i64);
type Key = (UnitId, DutyPost, Span);

/// What there is already.
type There = HashMap<Key, Vec<(shift::Model, Vec<shift_member::Model>)>>;

/// Brings shifts up to date: those that are not there are made, and those with other people get the file's, as long as
/// they have not begun. A caller writes as far as they reach; the command line everywhere.
///
/// # Errors
/// When the database does not answer. Lines that are wrong stand in the report, and nothing is written then.
pub async fn run(tx: &Tx, (caller, file): &(Option<Caller>, File)) -> Result<ImportReport, AppError> {
    // Two of the same file at the same moment would both find nothing there.
    tx.one_at_a_time(b"duty.import").await?;
    let mut report = file.report.clone();
    let reads = read(tx, caller.as_ref(), &file.lines, &mut report).await?;
    let there = there(tx, &reads).await?;
    let mut new = Vec::new();
    let mut changes = Vec::new();
    for read in &reads {
        let key = (read.unit.0, read.post, read.plan.span);
        let same = there.get(&key).map_or(&[][..], Vec::as_slice);
        match decide(read, same, tx.now(), &mut report) {
            Some((Outcome::Created, _)) => new.push(NewShift {
                unit_id: read.unit.0,
                unit_path: read.unit.1.clone(),
                post: read.post,
                span: read.plan.span,
                members: read.plan.members.clone(),
                note: None,
            }),
            Some((Outcome::Updated, Some(seen))) => changes.push((seen, &read.plan)),
            Some(_) => report.count(Outcome::Unchanged),
            None => {}
        }
    }
    if !report.is_clean() {
        report.unchanged = 0;
        return Ok(report);
    }
    report.created = new.len();
    report.updated = changes.len();
    if file.dry_run || !report.has_written() {
        return Ok(report);
    }
    store::insert(tx, &new).await?;
    for ((id, version), plan) in changes {
        let row = store::lock(tx, id).await?;
        // Somebody changed it since it was looked at: the whole is looked at again.
        if row.version != version {
            return Err(AppError::new(Code::Conflict).repeatable());
        }
        let note = row.note.clone();
        store::update(tx, row, plan.span, &plan.members, note).await?;
    }
    let detail = json!({
        "created": report.created, "updated": report.updated, "unchanged": report.unchanged,
    });
    match caller {
        Some(caller) => audit::record(tx, caller, "shift", "file", detail),
        None => audit::record_system(tx, "import_shifts", "shift", "file", detail),
    }
    Ok(report)
}

/// All lines that fit, as far as that can be told without the shifts that are there.
async fn read(
    tx: &Tx,
    caller: Option<&Caller>,
    lines: &[(u64, ShiftLine)],
    report: &mut ImportReport,
) -> Result<Vec<Read>, AppError> {
    let directory = orgs::store::directory(tx).await?;
    let reach = caller.map(Caller::reach);
    let names: HashSet<&str> = lines
        .iter()
        .flat_map(|(_, line)| line.user_names.split_whitespace())
        .collect();
    let names: Vec<&str> = names.into_iter().collect();
    let known = people::by_user_name(tx, &names).await?;
    let ids: Vec<StaffId> = known.values().copied().collect();
    let held = people::held(tx, &ids).await?;
    let mut seen: HashMap<Key, u64> = HashMap::new();
    let mut reads = Vec::new();
    for (at, line) in lines {
        let within = |path: &str| reach.as_ref().is_none_or(|reach| reach.covers(path));
        let outcome = check(line, &directory, within, (&known, &held));
        match outcome {
            Err(wrong) => wrong.into_iter().for_each(|why| report.refuse(name(*at), why)),
            Ok((unit, post, plan)) => {
                if let Some(first) = seen.insert((unit.0, post, plan.span), *at) {
                    report.refuse(name(*at), format!("the same shift stands in line {first}"));
                }
                reads.push(Read {
                    at: *at,
                    unit,
                    post,
                    plan,
                });
            }
        }
    }
    Ok(reads)
}

/// What a line says, or all that is wrong with it.
fn check(
    line: &ShiftLine,
    directory: &Directory,
    within: impl Fn(&str) -> bool,
    (known, held): (&HashMap<String, StaffId>, &[Held]),
) -> Result<((UnitId, String), DutyPost, Plan), Vec<String>> {
    let mut wrong = Vec::new();
    let post = DutyPost::from_word(&line.post);
    if post.is_none() {
        wrong.push(format!("post: {} is none", line.post));
    }
    let mut time = |column: &str, text: &str| {
        let time = time_of(text);
        if time.is_none() {
            wrong.push(format!("{column}: {text} is no time, as 2026-12-01 08:00 is"));
        }
        time
    };
    let span = time("starts_at", &line.starts_at).zip(time("ends_at", &line.ends_at));
    // A span that is too long or runs backwards is told below; a good one has three days at most.
    let term = span.map(|span| {
        let (first, last) = days(span);
        let third = first.checked_add_days(Days::new(2)).unwrap_or(first);
        (first, last.clamp(first, third))
    });
    let unit = term.and_then(|(first, _)| directory.with_code(&line.unit_code, first));
    let unit = unit.filter(|unit| within(&unit.path));
    if term.is_some() && unit.is_none() {
        wrong.push(format!(
            "unit_code: there is no unit {} within reach",
            line.unit_code
        ));
    }
    let fits = |kind: UnitKind, post: DutyPost| level_of(kind, post).is_some();
    if unit.zip(post).is_some_and(|(unit, post)| !fits(unit.kind, post)) {
        wrong.push(format!("post: the unit has no {}", line.post));
    }
    let mut members = Vec::new();
    for name in line.user_names.split_whitespace() {
        let id = known.get(name).copied();
        let serves = |id| {
            unit.zip(term)
                .is_none_or(|(unit, term)| serves(held, id, &unit.path, term))
        };
        match id {
            None => wrong.push(format!("user_names: there is no {name}")),
            Some(id) if !serves(id) => wrong.push(format!("user_names: {name} must be {SERVING}")),
            Some(id) => members.push(id),
        }
    }
    let mut fields = Fields::default();
    if wrong.is_empty() {
        check_members(&members, &mut fields);
    }
    for error in fields.into_errors() {
        let told = error.to_string();
        wrong.push(told.trim_start_matches('/').replace("members", "user_names"));
    }
    match (unit, post, span) {
        (Some(unit), Some(post), Some(span)) if wrong.is_empty() => {
            Ok(((unit.id, unit.path.clone()), post, Plan { span, members }))
        }
        _ => Err(wrong),
    }
}

/// Shifts that are there already, by unit, post and times.
async fn there(tx: &Tx, reads: &[Read]) -> Result<There, AppError> {
    let units: HashSet<UnitId> = reads.iter().map(|read| read.unit.0).collect();
    let units: Vec<UnitId> = units.into_iter().collect();
    let from = reads.iter().map(|read| read.plan.span.0).min();
    let until = reads.iter().map(|read| read.plan.span.1).max();
    let mut there = There::new();
    if let Some(span) = from.zip(until) {
        let rows = store::meeting(tx, &units, span).await?;
        let ids: Vec<ShiftId> = rows.iter().map(|row| row.id).collect();
        let mut people: HashMap<ShiftId, Vec<shift_member::Model>> = HashMap::new();
        for place in store::members(tx, &ids).await? {
            people.entry(place.shift_id).or_default().push(place);
        }
        for row in rows {
            let key = (row.unit_id, row.post, (row.starts_at, row.ends_at));
            let people = people.remove(&row.id).unwrap_or_default();
            there.entry(key).or_default().push((row, people));
        }
    }
    Ok(there)
}

/// What becomes of a line; none when it can't be, which is told.
fn decide(
    read: &Read,
    same: &[(shift::Model, Vec<shift_member::Model>)],
    now: DateTime<Utc>,
    report: &mut ImportReport,
) -> Option<(Outcome, Option<Seen>)> {
    let members = |people: &[shift_member::Model]| -> Vec<StaffId> {
        let own = people.iter().filter(|place| place.stands_in_for.is_none());
        own.map(|place| place.staff_id).collect()
    };
    if same
        .iter()
        .any(|(_, people)| members(people) == read.plan.members)
    {
        return Some((Outcome::Unchanged, None));
    }
    // Only what changes must not be over: so a file can be read again after its first days.
    let mut fields = Fields::default();
    check_times(read.plan.span, now, &mut fields);
    let outcome = match same.first() {
        None => (Outcome::Created, None),
        Some((row, people)) => {
            let was = Plan {
                span: (row.starts_at, row.ends_at),
                members: members(people),
            };
            let others = people.iter().filter(|place| place.stands_in_for.is_some());
            let turns: Vec<Turn> = others.map(store::turn).collect();
            check_change(&was, &read.plan, &turns, now, &mut fields);
            (Outcome::Updated, Some((row.id, row.version)))
        }
    };
    if fields.is_empty() {
        return Some(outcome);
    }
    for error in fields.into_errors() {
        let told = error.to_string();
        let told = told.trim_start_matches('/').replace("members", "user_names");
        report.refuse(name(read.at), told);
    }
    None
}

/// A time as people write it: with an offset, or China's.
fn time_of(text: &str) -> Option<DateTime<Utc>> {
    let local = |form: &str| NaiveDateTime::parse_from_str(text, form).ok();
    let forms = [
        "%Y-%m-%d %H:%M",
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%dT%H:%M",
        "%Y-%m-%dT%H:%M:%S",
    ];
    let time = match DateTime::parse_from_rfc3339(text) {
        Ok(time) => Some(time.to_utc()),
        Err(_) => forms
            .iter()
            .find_map(|form| local(form))
            .map(|time| instant(time.date(), time.time())),
    };
    time.map(|time| time.trunc_subsecs(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        let utc = |text: &str| text.parse::<DateTime<Utc>>().ok();
        let eight = utc("2026-12-01T00:00:00Z");
        for text in [
            "2026-12-01 08:00",
            "2026-12-01 08:00:00",
            "2026-12-01T08:00",
            "2026-12-01T08:00:00+08:00",
            "2026-12-01T00:00:00.4Z",
        ] {
            assert_eq!(time_of(text), eight, "{text}");
        }
        for text in ["", "8:00", "2026-12-01", "2026-13-01 08:00", "2026-12-01 25:00"] {
            assert_eq!(time_of(text), None, "{text}");
        }
    }

    #[test]
    fn lines_that_can_not_be_read_are_told() {
        let header = "unit_code,post,starts_at,ends_at,user_names";
        let file = read_csv(&format!("\u{feff}{header}\nu,duty,a,b,x y\nu,duty,a\n"), false);
        assert_eq!((file.lines.len(), file.lines[0].0), (1, 2));
        assert_eq!(file.report.errors[0].line, "line 3");
        assert!(!read_csv(header, false).report.is_clean());
        assert!(!read_csv("", true).report.is_clean());
        assert!(!read_csv("unit_code,post\nu,duty\n", false).report.is_clean());
    }
}
