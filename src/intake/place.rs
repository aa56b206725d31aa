//! Where a place belongs: by the unit that was named, by its point, by its address.

use super::dto::PlaceIn;
use crate::orgs::rules::{Directory, Located, MatchedBy, Unit, Unlocated, locate_address, locate_point};
use crate::platform::error::{AppError, Code, FieldError, Fields, Rule};
use chrono::NaiveDate;
use entity::id::UnitId;
use entity::kind::UnitKind;

/// A place that was checked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Place {
    /// The unit that the caller named.
    pub unit_id: Option<UnitId>,
    /// The address in words.
    pub address: Option<String>,
    /// Latitude and longitude, WGS 84.
    pub point: Option<(f64, f64)>,
}

impl PlaceIn {
    /// Checks the fields; pointers below `at`.
    pub fn parse(self, at: &str, fields: &mut Fields) -> Place {
        let point = match (self.lat, self.lng) {
            (Some(lat), Some(lng)) => {
                if !(-90.0..=90.0).contains(&lat) {
                    fields.add(format!("{at}/lat"), Rule::Range("-90..90".into()));
                }
                if !(-180.0..=180.0).contains(&lng) {
                    fields.add(format!("{at}/lng"), Rule::Range("-180..180".into()));
                }
                Some((lat, lng))
            }
            (None, None) => None,
            (Some(_), None) => {
                fields.add(format!("{at}/lng"), Rule::Required);
                None
            }
            (None, Some(_)) => {
                fields.add(format!("{at}/lat"), Rule::Required);
                None
            }
        };
        let address = fields.optional(&format!("{at}/address"), self.address.as_deref(), 200);
        if point.is_none() && address.is_none() && self.unit_id.is_none() {
            fields.add(at, Rule::Required);
        }
        Place {
            unit_id: self.unit_id,
            address,
            point,
        }
    }
}

/// The unit of a place: the one that was named, else by its point, else by its address. Where a point falls only
/// into a larger unit, the address may name a smaller one within it.
///
/// # Errors
/// `OutsideDistrict`, `PlaceUnknown` (with the candidates when there are several).
pub fn locate<'a>(directory: &'a Directory, day: NaiveDate, place: &Place) -> Result<Located<'a>, AppError> {
    if let Some(id) = place.unit_id {
        let unit = directory
            .get(id)
            .and_then(|unit| directory.current(unit.id, day))
            .filter(|unit| is_place(unit));
        let unit =
            unit.ok_or_else(|| AppError::fields(vec![FieldError::new("/place/unit_id", Rule::Unknown)]))?;
        return Ok(Located {
            unit,
            by: MatchedBy::Unit,
            found: None,
        });
    }
    let by_address = place
        .address
        .as_ref()
        .map(|address| locate_address(directory, day, address));
    if let Some((lat, lng)) = place.point {
        let by_point =
            locate_point(directory, day, lat, lng).map_err(|_| AppError::new(Code::OutsideDistrict))?;
        return Ok(match by_address {
            Some(Ok(named)) if named.unit.path.starts_with(&by_point.unit.path) => named,
            _ => by_point,
        });
    }
    match by_address {
        Some(Ok(located)) => Ok(located),
        Some(Err(Unlocated::Several(ids))) => {
            let names: Vec<String> = ids.iter().map(|id| directory.full_name(*id)).collect();
            Err(AppError::new(Code::PlaceUnknown)
                .say(
                    "地址对应多个社区，请补充街道或镇",
                    "The address fits several units; name the sub-district too",
                )
                .with("candidates", names))
        }
        _ => Err(AppError::new(Code::PlaceUnknown)),
    }
}

fn is_place(unit: &Unit) -> bool {
    !matches!(unit.kind, UnitKind::Department | UnitKind::Provider)
}
