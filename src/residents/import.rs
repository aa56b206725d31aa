//! Reading the register from a file: all lines are checked first, the good ones are written in pieces.

use super::commands::{NewResident, Place, insert};
use super::dto::ResidentIn;
use super::rules::is_home;
use super::{queries, store};
use crate::access::authenticate::local_day;
use crate::ledger::audit;
use crate::orgs;
use crate::orgs::rules::Directory;
use crate::platform::crypto::vault::Vault;
use crate::platform::db::Tx;
use crate::platform::error::AppError;
use crate::platform::kit::Kit;
use crate::platform::personal::Personal;
use crate::platform::report::{ImportReport, LineError};
use chrono::NaiveDate;
use csv::StringRecord;
use entity::id::ResidentId;
use entity::kind::ResidentKind;
use serde_json::json;
use std::sync::Arc;

/// The columns, in this order.
pub const HEADER: [&str; 8] = [
    "kind",
    "name",
    "phone",
    "id_number",
    "email",
    "address",
    "unit_code",
    "labels",
];

/// Lines written in one transaction.
const PIECE: usize = 200;

/// A good line.
#[derive(Clone, Debug)]
struct Line {
    number: String,
    new: NewResident,
}

/// Reads CSV with [`HEADER`], labels parted by `|`. Bad lines are reported, the others registered. To run it again
/// changes nothing: who is there with the same name and number (or identity number, or address) is left as is.
///
/// # Errors
/// When the database does not answer; pieces before that stay written.
pub async fn run(kit: &Kit, text: &str, synthetic: bool) -> Result<ImportReport, AppError> {
    let directory = orgs::store::directory(kit.db.read()).await?;
    let (lines, errors) = check(text, &directory, local_day(kit.now()), synthetic);
    let mut report = ImportReport {
        errors,
        ..ImportReport::default()
    };
    for piece in lines.chunks(PIECE) {
        let input = (Arc::clone(&kit.vault), piece.to_vec());
        let done = kit
            .db
            .write("resident.import", input, |tx, input| {
                Box::pin(write_piece(tx, input))
            })
            .await?;
        report.created += done.created;
        report.unchanged += done.unchanged;
        report.errors.extend(done.errors);
    }
    Ok(report)
}

/// Registers the lines of a piece that are new.
async fn write_piece(tx: &Tx, (vault, lines): &(Arc<Vault>, Vec<Line>)) -> Result<ImportReport, AppError> {
    let mut report = ImportReport::default();
    for Line { number, new } in lines {
        match known(tx, vault, new).await? {
            Known::As(_) => report.unchanged += 1,
            Known::NumberOfAnother => report.errors.push(LineError {
                line: number.clone(),
                message: "the identity number is another person's".to_owned(),
            }),
            Known::No => {
                insert(tx, vault, new).await?;
                report.created += 1;
            }
        }
    }
    if report.created > 0 {
        let detail = json!({ "created": report.created, "unchanged": report.unchanged });
        audit::record_system(tx, "import_residents", "resident", "file", detail);
    }
    Ok(report)
}

/// Whether somebody is in the register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// Nobody like that.
    No,
    /// This one.
    As(ResidentId),
    /// Somebody else has the identity number.
    NumberOfAnother,
}

/// Whether somebody is in the register, by their name and number.
///
/// # Errors
/// When the database does not answer.
pub async fn known(tx: &Tx, vault: &Vault, new: &NewResident) -> Result<Known, AppError> {
    if let Some(id) = same(tx, vault, new).await? {
        return Ok(Known::As(id));
    }
    match &new.id_number {
        Some(number) if !store::by_id_number(tx, vault, number).await?.is_empty() => {
            Ok(Known::NumberOfAnother)
        }
        _ => Ok(Known::No),
    }
}

/// Who of the same name has the number; for want of one, the identity number or the address.
async fn same(tx: &Tx, vault: &Vault, new: &NewResident) -> Result<Option<ResidentId>, AppError> {
    let Some(name) = &new.name else { return Ok(None) };
    let rows = match (&new.phone, &new.id_number, &new.address) {
        (Some(phone), _, _) => store::by_phone(tx, vault, phone).await?,
        (None, Some(number), _) => store::by_id_number(tx, vault, number).await?,
        (None, None, Some(address)) => store::by_address(tx, vault, address).await?,
        (None, None, None) => return Ok(None),
    };
    Ok(queries::named(vault, rows, name)?.first().map(|row| row.id))
}

/// All lines: the good ones, and what is wrong with the others. Values of persons are not repeated in messages.
fn check(text: &str, directory: &Directory, day: NaiveDate, synthetic: bool) -> (Vec<Line>, Vec<LineError>) {
    // Spreadsheets write a byte order mark.
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let (mut lines, mut errors) = (Vec::new(), Vec::new());
    if !reader.headers().is_ok_and(|header| header.iter().eq(HEADER)) {
        errors.push(LineError {
            line: "1".to_owned(),
            message: format!("the header must be {}", HEADER.join(",")),
        });
        return (lines, errors);
    }
    for record in reader.records() {
        let line = match &record {
            Ok(record) => record.position().map_or(0, csv::Position::line),
            Err(error) => error.position().map_or(0, csv::Position::line),
        };
        let read = record
            .map_err(|_| "the line can't be read".to_owned())
            .and_then(|record| read_line(&record, directory, day));
        match read {
            Ok(new) => lines.push(Line {
                number: line.to_string(),
                new: NewResident { synthetic, ..new },
            }),
            Err(message) => errors.push(LineError {
                line: line.to_string(),
                message,
            }),
        }
    }
    (lines, errors)
}

/// Reads a line.
///
/// # Errors
/// What is wrong with it, by its columns; values of persons are not repeated.
pub fn read_line(
    record: &StringRecord,
    directory: &Directory,
    day: NaiveDate,
) -> Result<NewResident, String> {
    if record.len() != HEADER.len() {
        return Err(format!(
            "it has {} fields instead of {}",
            record.len(),
            HEADER.len()
        ));
    }
    let text = |at: usize| record.get(at).unwrap_or_default();
    let personal = |at: usize| Some(text(at)).filter(|text| !text.is_empty()).map(Personal::new);
    let mut wrong = Vec::new();
    let kind = ResidentKind::from_word(text(0));
    if kind.is_none() {
        wrong.push("kind must be person or merchant".to_owned());
    }
    let code = text(6);
    let place = place_of(directory, code, day);
    if place.is_none() && !code.is_empty() {
        wrong.push("unit_code is no community or village of today".to_owned());
    }
    if (2..=5).all(|at| at == 4 || text(at).is_empty()) {
        wrong.push("a phone, an id_number or an address is needed to know the person again".to_owned());
    }
    let labels = text(7).split('|').filter(|label| !label.trim().is_empty());
    let body = ResidentIn {
        kind: kind.unwrap_or(ResidentKind::Person),
        name: Personal::new(text(1)),
        phone: personal(2),
        id_number: personal(3),
        email: personal(4),
        address: personal(5),
        unit_id: None,
        labels: labels.map(str::to_owned).collect(),
    };
    let checked = body.check();
    for error in checked.as_ref().err().into_iter().flatten() {
        wrong.push(error.to_string().trim_start_matches('/').to_owned());
    }
    match checked {
        Ok(new) if wrong.is_empty() => Ok(NewResident { place, ..new }),
        _ => Err(wrong.join("; ")),
    }
}

fn place_of(directory: &Directory, code: &str, day: NaiveDate) -> Option<Place> {
    directory
        .with_code(code, day)
        .filter(|unit| is_home(unit.kind))
        .map(|unit| Place {
            id: unit.id,
            path: unit.path.clone(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orgs::rules::Unit;
    use crate::residents::rules::Phone;
    use entity::id::UnitId;
    use entity::kind::UnitKind;
    use uuid::Uuid;

    fn directory() -> Directory {
        let unit = |n: u128, kind, code: &str, path: &str| Unit {
            id: UnitId(Uuid::from_u128(n)),
            code: code.into(),
            kind,
            name: code.into(),
            parent: None,
            path: path.into(),
            aliases: Vec::new(),
            area: None,
            powers: Vec::new(),
            valid_from: NaiveDate::MIN,
            valid_to: None,
            successor: None,
        };
        Directory::new(vec![
            unit(1, UnitKind::District, "d", "/d/"),
            unit(2, UnitKind::Community, "c", "/d/c/"),
        ])
    }

    fn checked(body: &str) -> (Vec<Line>, Vec<LineError>) {
        let text = format!("\u{feff}{}\n{body}", HEADER.join(","));
        check(&text, &directory(), NaiveDate::MAX, true)
    }

    #[test]
    fn good_lines_are_read() {
        let (lines, errors) = checked(
            "person,张三,138 1234 1234,,,港口路30号,c,独居老人| 低保\nmerchant,小店,0750-3322110转8,,,,,\n",
        );
        assert_eq!(errors, Vec::new());
        let first = &lines[0].new;
        assert_eq!(first.labels, vec!["独居老人", "低保"]);
        assert_eq!(
            first.place.as_ref().map(|place| place.path.as_str()),
            Some("/d/c/")
        );
        assert!(first.synthetic);
        assert_eq!(lines[1].number, "3");
        assert_eq!(
            lines[1].new.phone.as_ref().map(Phone::canonical).as_deref(),
            Some("+867503322110;ext=8")
        );
    }

    #[test]
    fn bad_lines_are_reported_and_the_others_kept() {
        let (lines, errors) = checked(
            "person,张三,13812341234,,,,,\nghost,,1381,9,x,,d,\nperson,李四,,,,,,\nperson,王五\nperson,赵六,,,,港口路1号,c,\n",
        );
        assert_eq!(lines.len(), 2);
        let told: Vec<&str> = errors.iter().map(|error| error.line.as_str()).collect();
        assert_eq!(told, vec!["3", "4", "5"]);
        for word in ["kind", "name", "phone", "id_number", "email", "unit_code"] {
            assert!(errors[0].message.contains(word), "{word}");
        }
        assert!(!errors[0].message.contains("1381,"));
        assert!(errors[1].message.contains("to know the person again"));
    }

    #[test]
    fn another_header_is_refused() {
        let (lines, errors) = check(
            "name,phone\n张三,13812341234\n",
            &directory(),
            NaiveDate::MAX,
            false,
        );
        assert!(lines.is_empty());
        assert_eq!(errors.len(), 1);
    }
}
