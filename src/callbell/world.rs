//! What every part of the call-bell works with.

use crate::access::permit::Caller;
use crate::platform::error::AppError;
use crate::platform::kit::Kit;
use crate::reference::{Desk, Reference};
use entity::id::UnitId;
use std::sync::Arc;

/// The tools and the reference data of the moment.
#[derive(Clone)]
pub struct World {
    /// The tools.
    pub kit: Kit,
    /// The reference data.
    pub reference: Arc<Reference>,
}

/// What a command of somebody works with: the tools, who asks, and what for.
pub type Asked<T> = (World, Caller, T);

impl World {
    /// As it is now.
    ///
    /// # Errors
    /// When the reference data can't be loaded.
    pub async fn of(desk: &Desk) -> Result<Self, AppError> {
        Ok(Self {
            kit: desk.kit.clone(),
            reference: desk.reference().await?,
        })
    }

    /// The name of a unit; empty where it is unknown.
    #[must_use]
    pub fn unit_name(&self, id: UnitId) -> &str {
        let unit = self.reference.directory.get(id);
        unit.map(|unit| unit.name.as_str()).unwrap_or_default()
    }
}
