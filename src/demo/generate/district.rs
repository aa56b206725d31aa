//! Where tickets come from and who has to do with them: the people and units of the demonstration.

use super::dice::Dice;
use crate::access::authenticate::local_day;
use crate::catalog::rules::Service;
use crate::intake::route;
use crate::orgs::rules::{Located, MatchedBy, Unit};
use crate::platform::kit::Kit;
use crate::reference::Reference;
use crate::routing::rules::Colleague;
use anyhow::Context;
use entity::id::UnitId;
use entity::kind::{Channel, Role, UnitKind};
use entity::{role_grant, staff};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::Value;
use std::collections::HashMap;
use uuid::Uuid;

/// Where a ticket goes.
#[derive(Clone, Debug)]
pub struct Routed {
    /// The unit.
    pub unit: UnitId,
    /// Who has it there.
    pub handler: Colleague,
    /// For which post.
    pub post: Option<String>,
    /// Why.
    pub explanation: Value,
}

/// The demonstration, ready to be asked.
#[derive(Debug)]
pub struct District<'a> {
    /// All reference data.
    pub reference: &'a Reference,
    /// Communities and villages, and how many call from there against the others.
    places: Vec<(&'a Unit, usize)>,
    centre: HashMap<Role, Colleague>,
    routes: HashMap<(Uuid, String), Routed>,
    today: chrono::NaiveDate,
}

/// Roles of the centre that do something here.
const CENTRE: [Role; 4] = [
    Role::Operator,
    Role::Arbiter,
    Role::CallbackAgent,
    Role::Supervisor,
];

impl<'a> District<'a> {
    /// As it is today.
    ///
    /// # Errors
    /// When an account of the demonstration is missing.
    pub async fn new(kit: &Kit, reference: &'a Reference, dice: &mut Dice) -> anyhow::Result<Self> {
        let mut centre = HashMap::new();
        for role in CENTRE {
            let grant = role_grant::Entity::find().filter(role_grant::Column::Role.eq(role));
            let grant = grant.one(kit.db.read()).await?;
            let grant = grant.with_context(|| format!("the demonstration has no {role}"))?;
            let person = staff::Entity::find_by_id(grant.staff_id)
                .one(kit.db.read())
                .await?;
            let person = person.context("an account")?;
            centre.insert(
                role,
                Colleague {
                    id: person.id,
                    name: person.display_name,
                    unit: grant.unit_id,
                    role,
                    posts: Vec::new(),
                },
            );
        }
        let units = reference.directory.all().iter();
        let places = units.filter(|unit| matches!(unit.kind, UnitKind::Community | UnitKind::Village));
        Ok(Self {
            reference,
            // A few large communities have most of the calls.
            places: places
                .map(|unit| (unit, 1 + 400 / (4 + dice.below(100))))
                .collect(),
            centre,
            routes: HashMap::new(),
            today: local_day(kit.now()),
        })
    }

    /// Where somebody calls from.
    pub fn place(&self, dice: &mut Dice) -> &'a Unit {
        dice.weighted(&self.places, |(_, weight)| *weight).0
    }

    /// The service of a code.
    ///
    /// # Errors
    /// When the catalogue has none.
    pub fn service(&self, code: &str) -> anyhow::Result<&'a Service> {
        let found = self.reference.catalogue.find(code, self.today);
        found.with_context(|| format!("the catalogue has no {code}"))
    }

    /// Somebody of the centre.
    ///
    /// # Errors
    /// When nobody has the role.
    pub fn centre(&self, role: Role) -> anyhow::Result<&Colleague> {
        self.centre.get(&role).context("somebody of the centre")
    }

    /// Somebody of a unit.
    pub fn colleague(&self, unit: UnitId, role: Role) -> Option<&'a Colleague> {
        let mut roster = self.reference.roster.iter();
        roster.find(|colleague| colleague.unit == unit && colleague.role == role)
    }

    /// Where requests of a service at a place go: asked once.
    ///
    /// # Errors
    /// When they go nowhere.
    pub fn route(&mut self, service: &Service, place: &Unit, turn: u64) -> anyhow::Result<Routed> {
        let key = (place.id.0, service.code.clone());
        if let Some(known) = self.routes.get(&key) {
            return Ok(known.clone());
        }
        let located = Located {
            unit: place,
            by: MatchedBy::Unit,
            found: None,
        };
        let (kind, reference) = (service.default_type, self.reference);
        let route = route::choose(
            reference,
            self.today,
            service,
            kind,
            Channel::Phone,
            &located,
            turn,
        );
        let unit = route.unit.context("a unit for every service of the mix")?;
        let person = route.person.and_then(|(id, _)| {
            let mut roster = reference.roster.iter();
            roster.find(|colleague| colleague.id == id && colleague.unit == unit)
        });
        let handler = person.or_else(|| self.colleague(unit, Role::Handler));
        let routed = Routed {
            unit,
            handler: handler.context("a handler in every unit of the mix")?.clone(),
            explanation: serde_json::to_value(route::explain(reference, service, &located, &route))?,
            post: Some(route.post),
        };
        self.routes.insert(key, routed.clone());
        Ok(routed)
    }

    /// Another unit that could have to do with it: one above the place, or else a department.
    ///
    /// # Errors
    /// When there is none.
    pub fn other(&self, place: UnitId, lead: UnitId) -> anyhow::Result<Routed> {
        let directory = &self.reference.directory;
        let above = directory.chain(place).into_iter().skip(1);
        let departments = directory.all().iter();
        let mut all = above.chain(departments.filter(|unit| unit.kind == UnitKind::Department));
        let found = all.find_map(|unit| {
            let handler = self.colleague(unit.id, Role::Handler)?;
            (unit.id != lead).then_some((unit.id, handler))
        });
        let (unit, handler) = found.context("another unit")?;
        Ok(Routed {
            unit,
            handler: handler.clone(),
            post: None,
            explanation: serde_json::json!({}),
        })
    }
}
