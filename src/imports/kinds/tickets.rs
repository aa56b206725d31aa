//! Tickets of a former system: over, and here to be read and counted.

use super::{Checked, Verdict, World};
use crate::access::authenticate::{china, instant};
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Fields};
use crate::platform::personal::{Personal, mask_numbers};
use crate::residents::rules::Phone;
use crate::tickets::commands::Setting;
use crate::tickets::commands::historical::{self, Historical};
use chrono::{DateTime, NaiveDateTime, NaiveTime, Utc};
use csv::StringRecord;
use entity::id::UnitId;
use entity::kind::{Channel, RequestType, TicketResult};

/// The columns. Times are those of China unless they have an offset; `handled_by` is a unit's code.
pub const HEADER: &[&str] = &[
    "former_number",
    "registered_at",
    "closed_at",
    "channel",
    "category",
    "request_type",
    "unit_code",
    "handled_by",
    "title",
    "content",
    "reply",
    "result",
    "requester_name",
    "requester_phone",
];

/// Characters of the former number at most.
const NUMBER_MAX: usize = 64;

/// Reads an instant: with an offset, or by the clock of China.
fn at(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.to_utc());
    }
    let local = [
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%d %H:%M",
        "%Y-%m-%dT%H:%M:%S",
        "%Y/%m/%d %H:%M:%S",
        "%Y/%m/%d %H:%M",
    ]
    .iter()
    .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    if let Some(local) = local {
        return local.and_local_timezone(china()).earliest().map(|at| at.to_utc());
    }
    let day = chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    Some(instant(day, NaiveTime::MIN))
}

/// A line, and what is wrong with it so far.
struct Reading<'a> {
    world: &'a World,
    record: &'a StringRecord,
    wrong: Vec<String>,
}

impl<'a> Reading<'a> {
    fn text(&self, at: usize) -> &'a str {
        self.record.get(at).unwrap_or_default()
    }

    /// A value that must be there, or what is wrong.
    fn need<T>(&mut self, value: Option<T>, wrong: &str) -> Option<T> {
        if value.is_none() {
            self.wrong.push(wrong.to_owned());
        }
        value
    }

    /// A value that may be left out.
    fn may<T>(&mut self, at: usize, read: impl Fn(&str) -> Option<T>, wrong: &str) -> Option<T> {
        match self.text(at) {
            "" => None,
            text => self.need(read(text), wrong),
        }
    }

    fn times(&mut self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let both = at(self.text(1)).zip(at(self.text(2)));
        let (from, to) = self.need(both, "registered_at and closed_at must be times")?;
        self.need((from <= to).then_some(()), "closed_at is before registered_at")?;
        self.need(
            (to <= self.world.kit.now()).then_some(()),
            "closed_at is not over yet",
        )?;
        Some((from, to))
    }

    /// The unit of a column, of the caller's own part of the organisation.
    fn unit(&mut self, at: usize, column: &str) -> Option<UnitId> {
        let found = self
            .world
            .reference
            .directory
            .with_code(self.text(at), self.world.day);
        let unit = self.need(found, &format!("{column} is no unit of today"))?;
        let covered = self.world.caller.reach().covers(&unit.path);
        self.need(
            covered.then_some(unit.id),
            &format!("{column} must be of your own district"),
        )
    }
}

/// Checks a line, all of it at once.
pub fn check(world: &World, record: &StringRecord) -> Result<(Checked, String), String> {
    let mut line = Reading {
        world,
        record,
        wrong: Vec::new(),
    };
    let mut fields = Fields::default();
    let former_number = fields.text("former_number", line.text(0), NUMBER_MAX);
    let title = mask_numbers(&fields.text("title", line.text(8), 60));
    let content = fields.text("content", line.text(9), 4_000);
    let reply = fields.optional("reply", Some(line.text(10)), 4_000);
    let name = fields.optional("requester_name", Some(line.text(12)), 60);
    line.wrong
        .extend(fields.into_errors().iter().map(ToString::to_string));
    let times = line.times();
    let channel = line.need(
        Channel::from_word(line.text(3)),
        "channel is none of the vocabulary",
    );
    let service = world.reference.catalogue.find(line.text(4), world.day);
    let service = line.need(
        service.map(|service| service.id),
        "category is none of the catalogue",
    );
    let request_type = RequestType::from_word(line.text(5));
    let request_type = line.need(request_type, "request_type is none of the vocabulary");
    let place = line.unit(6, "unit_code");
    let handled_by = match line.text(7) {
        "" => place,
        _ => line.unit(7, "handled_by"),
    };
    let result = line.may(11, TicketResult::from_word, "result is none of the vocabulary");
    let phone = line.may(13, Phone::parse, "requester_phone is no telephone number");
    let wrong = line.wrong;
    let whole = || {
        let (registered_at, closed_at) = times?;
        Some(Historical {
            former_number: former_number.clone(),
            registered_at,
            closed_at,
            channel: channel?,
            service: service?,
            request_type: request_type?,
            place: place?,
            handled_by: handled_by?,
            title,
            content,
            reply,
            result,
            name: name.map(Personal::new),
            phone,
        })
    };
    match whole() {
        Some(ticket) if wrong.is_empty() => Ok((Checked::Ticket(Box::new(ticket)), former_number)),
        _ => Err(wrong.join("; ")),
    }
}

/// Brings over a ticket that is not here yet.
pub async fn write(tx: &Tx, world: &World, ticket: &Historical) -> Result<Verdict, AppError> {
    if let Some(id) = historical::find(tx, &ticket.former_number).await? {
        return Ok(Verdict::unchanged(Some(id.0)));
    }
    if world.dry_run {
        return Ok(Verdict::created(None));
    }
    let setting = Setting {
        kit: world.kit.clone(),
        reference: world.reference.clone(),
        caller: world.caller.clone(),
    };
    let id = historical::write(tx, &setting, ticket).await?;
    Ok(Verdict::created(Some(id.0)))
}

#[cfg(test)]
mod tests {
    use super::at;

    #[test]
    fn times_are_those_of_china() {
        let noon = "2025-03-01T04:00:00Z".parse().unwrap();
        for text in [
            "2025-03-01 12:00:00",
            "2025-03-01 12:00",
            "2025/03/01 12:00",
            "2025-03-01T12:00:00+08:00",
            "2025-03-01T04:00:00Z",
        ] {
            assert_eq!(at(text), Some(noon), "{text}");
        }
        assert_eq!(at("2025-03-01"), Some("2025-02-28T16:00:00Z".parse().unwrap()));
        for text in ["", "2025-13-01", "yesterday", "45000"] {
            assert_eq!(at(text), None, "{text}");
        }
    }
}
