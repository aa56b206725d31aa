//! Wire shapes of fixtures, of people on patrol, and of looks through cameras.

use super::commands::{Draft, Look, Whereabouts};
use crate::platform::error::{AppError, Fields, Rule};
use chrono::{DateTime, Utc};
use entity::callbell_fixture;
use entity::id::{FixtureId, StaffId, UnitId};
use entity::kind::{FixtureKind, PatrolSource};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

const CODE_MAX: usize = 64;
const NAME_MAX: usize = 100;
const BUILDINGS_MAX: usize = 50;
const PURPOSE_MAX: usize = 200;

/// A camera or a point of the electronic patrol.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FixtureIn {
    /// What it is.
    pub kind: FixtureKind,
    /// Of a camera its 20 digits (GB/T 28181), of a patrol point what its tag says.
    #[schema(example = "44070300001310000001", max_length = 64)]
    pub code: String,
    /// What people call it.
    #[schema(example = "3栋北门", max_length = 100)]
    pub name: String,
    /// The community.
    pub unit_id: UnitId,
    /// Buildings beside it.
    #[schema(example = json!(["3栋"]))]
    pub buildings: Option<Vec<String>>,
    /// Latitude in degrees, WGS 84; with `lng`. Required of a patrol point.
    pub lat: Option<f64>,
    /// Longitude in degrees; with `lat`.
    pub lng: Option<f64>,
}

/// Where in degrees, if it is told and can be.
fn place(fields: &mut Fields, lat: Option<f64>, lng: Option<f64>) -> Option<(f64, f64)> {
    match (lat, lng) {
        (None, None) => None,
        (Some(lat), Some(lng)) if (-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lng) => {
            Some((lat, lng))
        }
        (Some(_), Some(_)) => {
            fields.add("/lat", Rule::Range("-90..90, lng -180..180".into()));
            None
        }
        (None, Some(_)) => {
            fields.add("/lat", Rule::Required);
            None
        }
        (Some(_), None) => {
            fields.add("/lng", Rule::Required);
            None
        }
    }
}

impl FixtureIn {
    /// Checks all fields.
    ///
    /// # Errors
    /// `InvalidInput`.
    pub fn parse(self) -> Result<Draft, AppError> {
        let mut fields = Fields::default();
        let code = fields.text("/code", &self.code, CODE_MAX);
        if !code
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.:".contains(c))
        {
            fields.add("/code", Rule::Form("A-Z a-z 0-9 - _ . :"));
        }
        let name = fields.text("/name", &self.name, NAME_MAX);
        let given = self.buildings.unwrap_or_default();
        if given.len() > BUILDINGS_MAX {
            fields.add("/buildings", Rule::TooMany(BUILDINGS_MAX));
        }
        let mut buildings = Vec::new();
        for (at, building) in given.iter().enumerate() {
            buildings.push(fields.text(&format!("/buildings/{at}"), building, NAME_MAX));
        }
        let place = place(&mut fields, self.lat, self.lng);
        fields.finish()?;
        Ok(Draft {
            kind: self.kind,
            code,
            name,
            unit_id: self.unit_id,
            buildings,
            place,
        })
    }
}

/// A fixture as it stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct FixtureOut {
    /// Key.
    pub id: FixtureId,
    /// What it is.
    pub kind: FixtureKind,
    /// Its code.
    #[schema(example = "44070300001310000001")]
    pub code: String,
    /// What people call it.
    #[schema(example = "3栋北门")]
    pub name: String,
    /// The community.
    pub unit_id: UnitId,
    /// Buildings beside it.
    pub buildings: Vec<String>,
    /// Latitude.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lat: Option<f64>,
    /// Longitude.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lng: Option<f64>,
    /// Counts its changes.
    pub version: i64,
}

impl From<callbell_fixture::Model> for FixtureOut {
    fn from(row: callbell_fixture::Model) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            code: row.code,
            name: row.name,
            unit_id: row.unit_id,
            buildings: serde_json::from_value(row.buildings).unwrap_or_default(),
            lat: row.lat,
            lng: row.lng,
            version: row.version,
        }
    }
}

/// Which fixtures to list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FixturesQuery {
    /// Only of this kind.
    pub kind: Option<FixtureKind>,
    /// Of this unit and those below it.
    pub unit_id: Option<UnitId>,
    /// Rows of a page, 1 to 100; 20 unless given.
    pub limit: Option<u64>,
    /// Where the page begins: `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// Where the caller is on patrol.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(tag = "at", rename_all = "snake_case", deny_unknown_fields)]
pub enum PatrolReadIn {
    /// 巡更点: at a point, its tag was read, or it was noted by hand.
    Point {
        /// What the tag says.
        #[schema(example = "P-3-1")]
        code: String,
        /// `tag` unless given.
        source: Option<PatrolSource>,
    },
    /// 定位: somewhere in a community, by the telephone's own position.
    Place {
        /// The community.
        unit_id: UnitId,
        /// Latitude in degrees, WGS 84.
        #[schema(example = 22.61)]
        lat: f64,
        /// Longitude in degrees.
        #[schema(example = 113.08)]
        lng: f64,
    },
}

impl PatrolReadIn {
    /// Checks the fields.
    ///
    /// # Errors
    /// `InvalidInput`.
    pub fn parse(self) -> Result<Whereabouts, AppError> {
        let mut fields = Fields::default();
        let read = match self {
            Self::Point { code, source } => {
                let code = fields.text("/code", &code, CODE_MAX);
                Whereabouts::Point(code, source.unwrap_or(PatrolSource::Tag))
            }
            Self::Place { unit_id, lat, lng } => {
                let place = place(&mut fields, Some(lat), Some(lng));
                Whereabouts::Place(unit_id, place.unwrap_or_default())
            }
        };
        fields.finish()?;
        Ok(read)
    }
}

/// A camera near a call. It is looked through by an operation of its own.
#[derive(Debug, Serialize, ToSchema)]
pub struct CameraNearOut {
    /// Key.
    pub id: FixtureId,
    /// Its code (GB/T 28181).
    #[schema(example = "44070300001310000001")]
    pub code: String,
    /// What people call it.
    #[schema(example = "3栋北门")]
    pub name: String,
    /// Whether it is for the very building.
    pub at_the_building: bool,
    /// How far it is, where both places are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metres: Option<f64>,
}

/// Somebody on patrol.
#[derive(Debug, Serialize, ToSchema)]
pub struct PatrolNearOut {
    /// Who.
    pub staff_id: StaffId,
    /// Their name.
    #[schema(example = "巡查员（示例）")]
    pub name: String,
    /// How far they were, where both places are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metres: Option<f64>,
    /// When.
    pub at: DateTime<Utc>,
    /// By what it is known.
    pub source: PatrolSource,
    /// It is too long ago: they may be anywhere by now.
    pub stale: bool,
}

/// What is around a call.
#[derive(Debug, Serialize, ToSchema)]
pub struct NearbyOut {
    /// Cameras of the community, those of the building first.
    pub cameras: Vec<CameraNearOut>,
    /// People on patrol, the nearest first; who is stale comes last.
    pub patrols: Vec<PatrolNearOut>,
    /// Minutes after which somebody's place is stale.
    pub fresh_minutes: i64,
}

/// What a look is for.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CameraViewIn {
    /// What for.
    #[schema(example = "核实老人是否已出楼门", max_length = 200)]
    pub purpose: String,
}

impl CameraViewIn {
    /// Checks the purpose.
    ///
    /// # Errors
    /// `InvalidInput`.
    pub fn parse(&self) -> Result<String, AppError> {
        let mut fields = Fields::default();
        let purpose = fields.text("/purpose", &self.purpose, PURPOSE_MAX);
        fields.finish()?;
        Ok(purpose)
    }
}

/// A link to a camera.
#[derive(Debug, Serialize, ToSchema)]
pub struct CameraViewOut {
    /// Where it is seen.
    #[schema(example = "https://vms.example.org/play?code=44070300001310000001&until=1798300000&by=…&sig=…")]
    pub link: String,
    /// Until when the link is good.
    pub until: DateTime<Utc>,
}

impl From<Look> for CameraViewOut {
    fn from(look: Look) -> Self {
        Self {
            link: look.link,
            until: look.until,
        }
    }
}
