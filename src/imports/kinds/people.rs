//! Residents and merchants.

use super::{Checked, Verdict, World};
use crate::platform::db::Tx;
use crate::platform::error::AppError;
use crate::platform::personal::Personal;
use crate::residents::commands::{NewResident, insert};
use crate::residents::import::{Known, known, read_line};
use crate::residents::rules::Phone;
use csv::StringRecord;

/// Checks a line. A file tells who is in the register: only who may know all of it brings one in.
pub fn check(world: &World, record: &StringRecord) -> Result<(Checked, String), String> {
    let new = read_line(record, &world.reference.directory, world.day)?;
    let reach = world.caller.reach();
    let path = new.place.as_ref().map(|place| place.path.as_str());
    let reached = match path {
        Some(path) => reach.covers(path),
        None => !reach.districts.is_empty(),
    };
    if !reached {
        return Err("unit_code must be of your own part of the organisation".to_owned());
    }
    let name = new.name.as_ref().map(Personal::plain).unwrap_or_default();
    let by = [
        new.phone.as_ref().map(Phone::canonical),
        new.id_number.as_ref().map(|number| number.plain().to_owned()),
        new.address.as_ref().map(|address| address.plain().to_owned()),
    ];
    let key = format!("{name}\n{}", by.into_iter().flatten().next().unwrap_or_default());
    Ok((Checked::Resident(Box::new(new)), key))
}

/// Registers somebody who is not known.
pub async fn write(tx: &Tx, world: &World, new: &NewResident) -> Result<Verdict, AppError> {
    Ok(match known(tx, &world.kit.vault, new).await? {
        Known::As(id) => Verdict::unchanged(Some(id.0)),
        Known::NumberOfAnother => Verdict::refused("the identity number is another person's"),
        Known::No if world.dry_run => Verdict::created(None),
        Known::No => Verdict::created(Some(insert(tx, &world.kit.vault, new).await?.id.0)),
    })
}
