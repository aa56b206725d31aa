//! Synthetic boundaries: rectangles side by side, since the real ones are not published with the list of units. And
//! units that are made up altogether: a department, providers and grids.

use crate::orgs::import::{Areas, UnitLine};
use serde_json::{Value, json};

const SOUTH: f64 = 22.50;
const WEST: f64 = 112.90;
const HEIGHT: f64 = 0.30;
const WIDTH: f64 = 0.30;

/// A rectangle by its corner and sides, in degrees.
#[derive(Clone, Copy)]
struct Rectangle {
    south: f64,
    west: f64,
    height: f64,
    width: f64,
}

impl Rectangle {
    /// The `n`th of `columns` × `rows` parts.
    fn part(self, n: usize, columns: usize, rows: usize) -> Self {
        let count = |n: usize| f64::from(u32::try_from(n).unwrap_or(0));
        let (height, width) = (self.height / count(rows), self.width / count(columns));
        Self {
            south: self.south + height * count(n / columns),
            west: self.west + width * count(n % columns),
            height,
            width,
        }
    }

    fn polygon(self) -> Value {
        let (south, west) = (self.south, self.west);
        let (north, east) = (south + self.height, west + self.width);
        let ring = [
            [west, south],
            [east, south],
            [east, north],
            [west, north],
            [west, south],
        ];
        json!({ "type": "Polygon", "coordinates": [ring], "synthetic": true })
    }
}

/// Boundaries of all units: the district is a rectangle, its six parts lie in it by three and two, and theirs in them.
pub fn areas(lines: &[UnitLine]) -> Areas {
    let district = Rectangle {
        south: SOUTH,
        west: WEST,
        height: HEIGHT,
        width: WIDTH,
    };
    let mut areas = Areas::new();
    let of = |parent: &str| {
        lines
            .iter()
            .filter(|line| line.parent_code == parent)
            .collect::<Vec<_>>()
    };
    for root in of("") {
        areas.insert(root.code.clone(), district.polygon());
        for (street, n) in of(&root.code).into_iter().zip(0..) {
            let part = district.part(n, 3, 2);
            areas.insert(street.code.clone(), part.polygon());
            let below = of(&street.code);
            let columns = below.len().isqrt() + 1;
            for (community, n) in below.iter().zip(0..) {
                areas.insert(community.code.clone(), part.part(n, columns, columns).polygon());
            }
        }
    }
    areas
}

/// A department to call in, providers of the housekeeping line (家政通), and two grids.
pub fn synthetic() -> Vec<UnitLine> {
    let unit = |code: &str, name: &str, kind: &str, parent: &str| UnitLine {
        code: code.into(),
        name: name.into(),
        kind: kind.into(),
        parent_code: parent.into(),
        aliases: String::new(),
        contact: String::new(),
        valid_from: None,
    };
    vec![
        unit("department-demo", "演示综合执法局", "department", "440703"),
        unit("provider-demo-1", "演示家政服务商一", "provider", "440703"),
        unit("provider-demo-2", "演示家政服务商二", "provider", "440703"),
        unit("grid-demo-1", "演示第一网格", "grid", "440703002101"),
        unit("grid-demo-2", "演示第二网格", "grid", "440703002101"),
    ]
}
