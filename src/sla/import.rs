//! Reading holidays and the policy from files. Everything is checked before anything is written, and reading the
//! same file again changes nothing.

mod closures;

use super::dto::CalendarIn;
use super::rules::limit::{self, Draft};
use super::rules::year::Mistakes;
use super::store;
use crate::ledger::audit;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Fields, Rule};
use crate::platform::report::{ImportReport, Outcome};
use crate::settings;
use chrono::NaiveDate;
pub use closures::{ClosureLine, closures};
use entity::deadline_policy;
use entity::kind::{ClockKind, LimitUnit, RequestType, Urgency};
use serde::Deserialize;
use serde_json::json;

/// Holidays: `seed/holidays.json`, the same shape as over HTTP.
pub type HolidaysFile = CalendarIn;

/// Holidays in iCalendar form, as over HTTP.
///
/// # Errors
/// When it is none, or an event of it is no holiday and no make-up working day.
pub fn read_ical(text: &str) -> Result<HolidaysFile, AppError> {
    CalendarIn::from_ical(text)
}

/// A deadline policy: `seed/policy.json`. Lines of single units are made over HTTP.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyFile {
    /// Of which day it is.
    pub version: String,
    /// Where it comes from.
    pub source: String,
    /// The lines.
    pub lines: Vec<PolicyLine>,
}

/// A line of the policy. What is absent fits everything.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyLine {
    /// Which limit.
    pub clock: ClockKind,
    /// For requests of this type.
    pub request_type: Option<RequestType>,
    /// For services whose code begins so.
    pub category: Option<String>,
    /// For this urgency.
    pub urgency: Option<Urgency>,
    /// How many.
    pub amount: i32,
    /// Of what.
    pub unit: LimitUnit,
    /// How often it may be extended.
    #[serde(default)]
    pub extensions: i32,
    /// The most it may come to with extensions.
    pub ceiling: Option<i32>,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day.
    pub valid_to: Option<NaiveDate>,
}

impl PolicyLine {
    fn draft(&self, fields: &mut Fields) -> Draft {
        let draft = Draft {
            clock: self.clock,
            request_type: self.request_type,
            category: fields.optional("/category", self.category.as_deref(), 8),
            urgency: self.urgency,
            unit_path: None,
            amount: self.amount,
            unit: self.unit,
            extensions: self.extensions,
            ceiling: self.ceiling,
            valid_from: self.valid_from,
            valid_to: self.valid_to,
        };
        limit::check(&draft, fields);
        draft
    }
}

/// Reads years of the calendar.
///
/// # Errors
/// When the database does not answer. Wrong years are in the report.
pub async fn holidays(tx: &Tx, file: &HolidaysFile) -> Result<ImportReport, AppError> {
    let mut report = ImportReport::default();
    let mut years = Vec::new();
    for (year, line) in &file.0 {
        let mut mistakes = Mistakes::default();
        years.push(line.read(year, &mut mistakes));
        for error in mistakes.into_errors() {
            report.refuse(year, error.to_string());
        }
    }
    if !report.is_clean() {
        return Ok(report);
    }
    for published in years {
        let outcome = match store::year(tx, published.year).await? {
            Some((_, there)) if there == published => Outcome::Unchanged,
            Some(_) => Outcome::Updated,
            None => Outcome::Created,
        };
        if outcome != Outcome::Unchanged {
            store::replace_year(tx, &published).await?;
        }
        report.count(outcome);
    }
    store::recount(tx).await?;
    finish(tx, "import_calendar", "calendar", "holidays", &report).await?;
    Ok(report)
}

/// Reads a policy.
///
/// # Errors
/// When the database does not answer. Wrong lines are in the report.
pub async fn policy(tx: &Tx, file: &PolicyFile) -> Result<ImportReport, AppError> {
    let rows = store::lines(tx, None, None).await?;
    let mut report = ImportReport::default();
    let drafts = check(file, &rows, &mut report);
    if !report.is_clean() {
        return Ok(report);
    }
    for draft in drafts {
        let outcome = match rows.iter().find(|row| is_line(row, &draft)) {
            None => {
                store::insert_line(tx, &draft).await?;
                Outcome::Created
            }
            Some(row) if store::draft(row) == draft => Outcome::Unchanged,
            Some(row) => {
                store::update_line(tx, row.clone(), &draft).await?;
                Outcome::Updated
            }
        };
        report.count(outcome);
    }
    finish(tx, "import_policy", "deadline_policy", &file.version, &report).await?;
    Ok(report)
}

fn check(file: &PolicyFile, rows: &[deadline_policy::Model], report: &mut ImportReport) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = Vec::new();
    for (at, line) in file.lines.iter().enumerate() {
        let mut fields = Fields::default();
        let draft = line.draft(&mut fields);
        if drafts.iter().any(|before| before.rivals(&draft)) {
            fields.add("/valid_from", Rule::Taken);
        }
        report.refuse_fields(&name(at, &draft), fields);
        drafts.push(draft);
    }
    for (at, draft) in drafts.iter().enumerate() {
        // A row that the file names as well is judged as the file has it.
        let other = rows
            .iter()
            .filter(|row| !drafts.iter().any(|draft| is_line(row, draft)))
            .find(|row| store::draft(row).rivals(draft));
        if let Some(row) = other {
            let message = format!("is valid while the line of {} is: end that one", row.valid_from);
            report.refuse(name(at, draft), message);
        }
    }
    drafts
}

fn is_line(row: &deadline_policy::Model, draft: &Draft) -> bool {
    row.valid_from == draft.valid_from && store::draft(row).fits_the_same(draft)
}

fn name(at: usize, draft: &Draft) -> String {
    format!("lines/{at} ({})", draft.clock)
}

async fn finish(
    tx: &Tx,
    action: &str,
    kind: &str,
    subject: &str,
    report: &ImportReport,
) -> Result<(), AppError> {
    if !report.has_written() {
        return Ok(());
    }
    let detail = json!({ "created": report.created, "updated": report.updated });
    audit::record_system(tx, action, kind, subject, detail);
    settings::store::touch_reference(tx).await
}

#[cfg(test)]
mod tests {
    use super::super::rules::calendar::Limit;
    use super::super::rules::policy::{Case, Line, Policy};
    use super::*;
    use entity::id::PolicyId;
    use uuid::Uuid;

    fn seed() -> PolicyFile {
        serde_json::from_str(include_str!("../../seed/policy.json")).unwrap()
    }

    fn loaded() -> Policy {
        let lines = seed().lines.into_iter().zip(1..).map(|(line, n)| {
            let draft = line.draft(&mut Fields::default());
            Line {
                id: PolicyId(Uuid::from_u128(n)),
                clock: draft.clock,
                request_type: draft.request_type,
                category: draft.category,
                urgency: draft.urgency,
                unit_path: draft.unit_path,
                limit: Limit {
                    amount: draft.amount.try_into().unwrap(),
                    unit: draft.unit,
                },
                extensions: draft.extensions,
                ceiling: draft.ceiling,
                valid_from: draft.valid_from,
                valid_to: draft.valid_to,
            }
        });
        Policy::new(lines.collect())
    }

    #[test]
    fn the_seed_is_sound() {
        let mut report = ImportReport::default();
        check(&seed(), &[], &mut report);
        assert_eq!(report.to_string(), "0 created, 0 updated, 0 unchanged");
        let years: HolidaysFile = serde_json::from_str(include_str!("../../seed/holidays.json")).unwrap();
        assert!(!years.parse().unwrap().is_empty());
    }

    #[test]
    fn the_seed_has_a_limit_for_every_case() {
        use ClockKind::{Accept, Approve, Callback, FirstContact, Resolve, Sign};
        use LimitUnit::{Minutes, WorkingDays, WorkingHours};
        use RequestType::{Complaint, Consult, Help, Praise};
        use Urgency::{P0, P1, P2, P3};
        let policy = loaded();
        let limit = |clock, request_type, urgency| {
            let case = Case {
                request_type,
                category: "010101",
                urgency,
                unit_path: "/440703/440703002/",
                day: "2026-11-24".parse().unwrap(),
            };
            policy
                .line(clock, &case)
                .map(|line| (line.limit.amount, line.limit.unit))
        };
        // A milestone ends when its plan says.
        let timed = ClockKind::ALL
            .iter()
            .filter(|clock| **clock != ClockKind::Milestone);
        for clock in timed {
            for kind in RequestType::ALL {
                for urgency in Urgency::ALL {
                    assert!(
                        limit(*clock, *kind, *urgency).is_some(),
                        "{clock} {kind} {urgency}"
                    );
                }
            }
        }
        for (clock, kind, urgency, wanted) in [
            (Accept, Help, P0, (5, Minutes)),
            (Accept, Help, P1, (30, Minutes)),
            (Accept, Help, P2, (4, WorkingHours)),
            (Sign, Help, P0, (5, Minutes)),
            (Sign, Help, P1, (30, Minutes)),
            (Sign, Help, P3, (1, WorkingDays)),
            (FirstContact, Help, P1, (60, Minutes)),
            (Resolve, Complaint, P0, (120, Minutes)),
            (Resolve, Consult, P1, (1440, Minutes)),
            (Resolve, Consult, P2, (2, WorkingDays)),
            (Resolve, Praise, P2, (5, WorkingDays)),
            (Resolve, Complaint, P2, (7, WorkingDays)),
            (Resolve, Complaint, P3, (15, WorkingDays)),
            (Approve, Help, P2, (1, WorkingDays)),
            (Callback, Help, P2, (2, WorkingDays)),
        ] {
            assert_eq!(
                limit(clock, kind, urgency),
                Some(wanted),
                "{clock} {kind} {urgency}"
            );
        }
    }

    #[test]
    fn a_line_that_stands_twice_is_refused() {
        let mut file = seed();
        if let Some(line) = file.lines.first().cloned() {
            file.lines.push(line);
        }
        let mut report = ImportReport::default();
        check(&file, &[], &mut report);
        assert!(report.to_string().contains("/valid_from exists already"));
    }
}
