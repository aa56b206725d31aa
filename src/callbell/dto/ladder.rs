//! Wire shapes of ladders.

use crate::callbell::rules::ladder::Ladder;
use crate::callbell::store::ladders;
use crate::platform::error::{AppError, Fields};
use entity::callbell_ladder;
use entity::id::UnitId;
use serde::Serialize;
use utoipa::ToSchema;

/// Whose ladder holds for a unit.
///
/// `own` 本单位 · `above` 上级单位 · `default` 系统默认
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LadderSource {
    /// Its own.
    Own,
    /// That of the nearest unit above.
    Above,
    /// That of the program.
    Default,
}

/// The ladder that holds for a unit.
#[derive(Debug, Serialize, ToSchema)]
pub struct LadderOut {
    /// The unit that was asked for.
    pub unit_id: UnitId,
    /// Whose ladder it is.
    pub source: LadderSource,
    /// The unit whose ladder it is; absent where it is that of the program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holder_id: Option<UnitId>,
    /// The path of that unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/440703/440703002/")]
    pub holder_path: Option<String>,
    /// The ladder.
    pub ladder: Ladder,
    /// Version of the unit's own ladder, as in the `ETag`; 0 as long as it has none.
    pub version: i64,
}

impl LadderOut {
    /// What holds for a unit of this path.
    pub(in crate::callbell) fn new(
        unit_id: UnitId,
        unit_path: &str,
        row: Option<&callbell_ladder::Model>,
    ) -> Self {
        let own = row.filter(|row| row.unit_path == unit_path);
        Self {
            unit_id,
            source: match (own, row) {
                (Some(_), _) => LadderSource::Own,
                (None, Some(_)) => LadderSource::Above,
                (None, None) => LadderSource::Default,
            },
            holder_id: row.map(|row| row.unit_id),
            holder_path: row.map(|row| row.unit_path.clone()),
            ladder: row.map(ladders::read).unwrap_or_default(),
            version: own.map_or(0, |row| row.version),
        }
    }
}

/// Checks a ladder that was sent.
///
/// # Errors
/// `InvalidInput` with every mistake.
pub fn checked(ladder: Ladder) -> Result<Ladder, AppError> {
    let mut fields = Fields::default();
    ladder.check("", &mut fields);
    fields.finish()?;
    Ok(ladder)
}
