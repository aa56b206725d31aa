//! The organisation as a value: the tree, and which unit a place belongs to. Pure.

use chrono::NaiveDate;
use entity::id::UnitId;
use entity::kind::UnitKind;
use geo::{Contains, Geometry, Point};
use std::collections::HashMap;

/// A unit, as rules see it.
#[derive(Clone, Debug)]
pub struct Unit {
    /// Key.
    pub id: UnitId,
    /// Official code.
    pub code: String,
    /// Kind.
    pub kind: UnitKind,
    /// Name.
    pub name: String,
    /// The unit above.
    pub parent: Option<UnitId>,
    /// `/440703/440703002/`.
    pub path: String,
    /// Other names, street names.
    pub aliases: Vec<String>,
    /// Its boundary.
    pub area: Option<Geometry<f64>>,
    /// Powers it holds.
    pub powers: Vec<String>,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day.
    pub valid_to: Option<NaiveDate>,
    /// Who took over.
    pub successor: Option<UnitId>,
}

impl Unit {
    /// Whether the unit exists on `day`.
    #[must_use]
    pub fn exists_on(&self, day: NaiveDate) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|last| day <= last)
    }

    /// How deep in the tree: the district is 1.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.path.matches('/').count().saturating_sub(1)
    }
}

/// All units.
#[derive(Debug, Default)]
pub struct Directory {
    units: Vec<Unit>,
    by_id: HashMap<UnitId, usize>,
}

impl Directory {
    /// Units in any order.
    #[must_use]
    pub fn new(mut units: Vec<Unit>) -> Self {
        units.sort_by(|a, b| a.path.cmp(&b.path));
        let by_id = units.iter().enumerate().map(|(at, unit)| (unit.id, at)).collect();
        Self { units, by_id }
    }

    /// All units, parents first.
    #[must_use]
    pub fn all(&self) -> &[Unit] {
        &self.units
    }

    /// The unit with this key.
    #[must_use]
    pub fn get(&self, id: UnitId) -> Option<&Unit> {
        self.by_id.get(&id).and_then(|at| self.units.get(*at))
    }

    /// The unit of this code that exists on `day`.
    #[must_use]
    pub fn with_code(&self, code: &str, day: NaiveDate) -> Option<&Unit> {
        self.units
            .iter()
            .find(|unit| unit.code == code && unit.exists_on(day))
    }

    /// The unit and all above it, lowest first.
    #[must_use]
    pub fn chain(&self, id: UnitId) -> Vec<&Unit> {
        let mut chain = Vec::new();
        let mut next = self.get(id);
        while let Some(unit) = next {
            // A ring can't be: a path grows with depth. The bound keeps a broken table from hanging us.
            if chain.len() > 8 {
                break;
            }
            chain.push(unit);
            next = unit.parent.and_then(|parent| self.get(parent));
        }
        chain
    }

    /// The nearest unit of one of `kinds`, from `id` upwards.
    #[must_use]
    pub fn ancestor(&self, id: UnitId, kinds: &[UnitKind]) -> Option<&Unit> {
        self.chain(id).into_iter().find(|unit| kinds.contains(&unit.kind))
    }

    /// Names from the district down: `蓬江区 白沙街道 羊桥社区`.
    #[must_use]
    pub fn full_name(&self, id: UnitId) -> String {
        let mut names: Vec<&str> = self.chain(id).iter().map(|unit| unit.name.as_str()).collect();
        names.reverse();
        names.join(" ")
    }

    /// Whose a unit's work is: its own, or that of the unit that takes over. Whoever holds a role there reaches it.
    #[must_use]
    pub fn heir(&self, id: UnitId) -> UnitId {
        let mut heir = id;
        for _ in 0..8 {
            match self.get(heir).and_then(|unit| unit.successor) {
                Some(next) => heir = next,
                None => break,
            }
        }
        heir
    }

    /// Where a unit that no longer exists lives on.
    #[must_use]
    pub fn current(&self, id: UnitId, day: NaiveDate) -> Option<&Unit> {
        let mut unit = self.get(id)?;
        for _ in 0..8 {
            if unit.exists_on(day) {
                return Some(unit);
            }
            unit = self.get(unit.successor?)?;
        }
        None
    }
}

/// Reads a boundary: a GeoJSON Polygon or MultiPolygon (RFC 7946), longitude before latitude.
///
/// # Errors
/// Says why it is none.
pub fn parse_area(area: &serde_json::Value) -> Result<Geometry<f64>, String> {
    let geometry: geojson::Geometry =
        serde_json::from_value(area.clone()).map_err(|error| error.to_string())?;
    match Geometry::<f64>::try_from(geometry).map_err(|error| error.to_string())? {
        area @ (Geometry::Polygon(_) | Geometry::MultiPolygon(_)) => Ok(area),
        _ => Err("a boundary must be a Polygon or a MultiPolygon".into()),
    }
}

/// How a place was matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchedBy {
    /// The caller named the unit.
    Unit,
    /// The point lies within the unit's boundary.
    Boundary,
    /// The address names the unit.
    Name,
    /// The address holds another name or a street of the unit.
    Alias,
}

/// A place that was matched.
#[derive(Clone, Debug)]
pub struct Located<'a> {
    /// The smallest unit that it belongs to.
    pub unit: &'a Unit,
    /// How it was found.
    pub by: MatchedBy,
    /// What was found in the address.
    pub found: Option<String>,
}

/// Why a place could not be matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unlocated {
    /// The point lies outside every boundary.
    Outside,
    /// Nothing in the address names a unit.
    Nothing,
    /// The address fits several.
    Several(Vec<UnitId>),
}

/// The smallest unit whose boundary holds the point.
///
/// # Errors
/// `Outside`.
pub fn locate_point(
    directory: &Directory,
    day: NaiveDate,
    lat: f64,
    lng: f64,
) -> Result<Located<'_>, Unlocated> {
    let point = Point::new(lng, lat);
    directory
        .all()
        .iter()
        .filter(|unit| unit.valid_from <= day)
        .filter(|unit| unit.area.as_ref().is_some_and(|area| area.contains(&point)))
        // What was another unit's yesterday is its successor's, until somebody draws the new boundary.
        .filter_map(|unit| Some((unit.exists_on(day), unit, directory.current(unit.id, day)?)))
        .max_by_key(|(exists, unit, _)| (unit.depth(), *exists, std::cmp::Reverse(unit.path.clone())))
        .map(|(_, _, unit)| Located {
            unit,
            by: MatchedBy::Boundary,
            found: None,
        })
        .ok_or(Unlocated::Outside)
}

/// The unit that an address names: the longest name wins, and the name of the unit above tells two of the same
/// name apart (names are unique within a sub-district only). 荷塘镇良村 is the village's, though 荷塘 alone is a
/// community of that town: what names a town or sub-district in full names nothing else.
///
/// # Errors
/// `Nothing` or `Several`.
pub fn locate_address<'a>(
    directory: &'a Directory,
    day: NaiveDate,
    address: &str,
) -> Result<Located<'a>, Unlocated> {
    let text: String = address.chars().filter(|c| !c.is_whitespace()).collect();
    let text = Text::new(directory, text);
    let mut top = 0;
    let mut best: Vec<Located<'a>> = Vec::new();
    for named in directory.all() {
        // People go on saying the names of units that another one took over.
        let Some(unit) = directory
            .current(named.id, day)
            .filter(|unit| is_place(unit.kind))
        else {
            continue;
        };
        let Some((by, found)) = text.names(named) else {
            continue;
        };
        let above = named.parent.and_then(|parent| directory.get(parent));
        // 荷塘 once is not both the town and its community of that name.
        let above_named = above
            .and_then(|parent| text.names(parent))
            .is_some_and(|(_, other)| other != found || text.whole.matches(&found).count() > 1);
        let weight = named.depth() * 1000 + usize::from(above_named) * 500 + found.chars().count();
        if weight > top {
            top = weight;
            best.clear();
        }
        if weight == top && !best.iter().any(|located| located.unit.id == unit.id) {
            let found = Some(found);
            best.push(Located { unit, by, found });
        }
    }
    if best.len() > 1 {
        return Err(Unlocated::Several(
            best.iter().map(|located| located.unit.id).collect(),
        ));
    }
    best.pop().ok_or(Unlocated::Nothing)
}

fn is_place(kind: UnitKind) -> bool {
    use UnitKind::{Community, Grid, Subdistrict, Town, Village};
    matches!(kind, Subdistrict | Town | Community | Village | Grid)
}

/// An address in which names are looked for.
struct Text {
    whole: String,
    /// Without the full names of towns and sub-districts.
    rest: String,
}

impl Text {
    fn new(directory: &Directory, whole: String) -> Self {
        let mut rest = whole.clone();
        for unit in directory.all() {
            if matches!(unit.kind, UnitKind::Subdistrict | UnitKind::Town) && rest.contains(&unit.name) {
                rest = rest.replace(&unit.name, " ");
            }
        }
        Self { whole, rest }
    }

    /// The full name, the name without its kind (two characters or more), or another name.
    fn names(&self, unit: &Unit) -> Option<(MatchedBy, String)> {
        if self.whole.contains(&unit.name) {
            return Some((MatchedBy::Name, unit.name.clone()));
        }
        let short = ["社区", "街道", "村", "镇"]
            .iter()
            .find_map(|kind| unit.name.strip_suffix(kind))
            .unwrap_or(&unit.name);
        if short.chars().count() >= 2 && self.rest.contains(short) {
            return Some((MatchedBy::Name, short.to_owned()));
        }
        let longest = unit
            .aliases
            .iter()
            .filter(|alias| self.whole.contains(alias.as_str()))
            .max_by_key(|alias| alias.len());
        longest.map(|alias| (MatchedBy::Alias, alias.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::{Rect, coord};
    use uuid::Uuid;

    fn unit(
        n: u128,
        kind: UnitKind,
        name: &str,
        parent: Option<u128>,
        path: &str,
        square: Option<(f64, f64, f64)>,
    ) -> Unit {
        let id = |n| UnitId(Uuid::from_u128(n));
        Unit {
            id: id(n),
            code: n.to_string(),
            kind,
            name: name.into(),
            parent: parent.map(id),
            path: path.into(),
            aliases: if n == 4 {
                vec!["港口路".into()]
            } else {
                Vec::new()
            },
            area: square.map(|(lng, lat, side)| {
                Rect::new(coord! { x: lng, y: lat }, coord! { x: lng + side, y: lat + side })
                    .to_polygon()
                    .into()
            }),
            powers: Vec::new(),
            valid_from: NaiveDate::MIN,
            valid_to: None,
            successor: None,
        }
    }

    fn directory() -> Directory {
        use UnitKind::{Community, District, Subdistrict, Town, Village};
        Directory::new(vec![
            unit(1, District, "蓬江区", None, "/1/", Some((0.0, 0.0, 10.0))),
            unit(
                2,
                Subdistrict,
                "白沙街道",
                Some(1),
                "/1/2/",
                Some((0.0, 0.0, 5.0)),
            ),
            unit(3, Town, "棠下镇", Some(1), "/1/3/", None),
            unit(
                4,
                Community,
                "中心社区",
                Some(2),
                "/1/2/4/",
                Some((0.0, 0.0, 2.0)),
            ),
            unit(5, Village, "中心村", Some(3), "/1/3/5/", None),
            unit(6, Community, "羊桥社区", Some(2), "/1/2/6/", None),
            unit(7, Community, "棠下社区", Some(3), "/1/3/7/", None),
            unit(8, Village, "良村", Some(3), "/1/3/8/", None),
        ])
    }

    fn by_address(address: &str) -> Result<u128, Unlocated> {
        locate_address(&directory(), NaiveDate::MAX, address).map(|found| found.unit.id.0.as_u128())
    }

    #[test]
    fn an_address_names_its_unit() {
        assert_eq!(by_address("白沙街道羊桥社区12号"), Ok(6));
        assert_eq!(by_address("羊桥 12号"), Ok(6));
        assert_eq!(by_address("港口路30号"), Ok(4));
        assert_eq!(by_address("棠下镇某路"), Ok(3));
        assert_eq!(by_address("火星"), Err(Unlocated::Nothing));
    }

    #[test]
    fn the_full_name_of_a_town_is_not_the_short_one_of_a_community() {
        assert_eq!(by_address("棠下镇良村3巷"), Ok(8));
        assert_eq!(by_address("棠下镇棠下3巷"), Ok(7));
        assert_eq!(by_address("棠下3巷"), Ok(7));
        assert_eq!(by_address("棠下镇3巷"), Ok(3));
        assert_eq!(by_address("棠下良村3巷"), Ok(8));
    }

    #[test]
    fn the_unit_above_tells_namesakes_apart() {
        assert!(matches!(by_address("中心3号"), Err(Unlocated::Several(both)) if both.len() == 2));
        assert_eq!(by_address("棠下中心3号"), Ok(5));
        assert_eq!(by_address("白沙街道中心3号"), Ok(4));
    }

    #[test]
    fn the_smallest_boundary_wins() {
        let at = |lat, lng| {
            locate_point(&directory(), NaiveDate::MAX, lat, lng).map(|found| found.unit.id.0.as_u128())
        };
        assert_eq!(at(1.0, 1.0), Ok(4));
        assert_eq!(at(4.0, 4.0), Ok(2));
        assert_eq!(at(9.0, 9.0), Ok(1));
        assert_eq!(at(11.0, 9.0), Err(Unlocated::Outside));
    }
}
