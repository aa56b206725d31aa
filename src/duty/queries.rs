//! Who is on duty and when nobody is, for people and for whatever calls them; shifts with their people.

use super::rules::station::{LEVELS, Station, level_of, posts, stations};
use super::rules::{self, Span, Turn};
use super::store::{self, Filter, contact, people};
use crate::access::Reach;
use crate::access::authenticate::local_day;
use crate::access::permit::Caller;
use crate::orgs;
use crate::orgs::rules::{Directory, Unit};
use crate::platform::error::AppError;
use crate::staff;
use chrono::{DateTime, NaiveDate, Utc};
pub use contact::Contact;
use entity::id::{ShiftId, StaffId, UnitId};
use entity::kind::{DutyPost, UnitKind};
use entity::{shift, shift_member, unit};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use std::collections::HashMap;
use std::sync::Arc;

/// A unit, as far as duty goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Key.
    pub id: UnitId,
    /// Kind.
    pub kind: UnitKind,
    /// Path.
    pub path: String,
    /// Name.
    pub name: String,
}

impl From<&Unit> for Place {
    fn from(unit: &Unit) -> Self {
        Self {
            id: unit.id,
            kind: unit.kind,
            path: unit.path.clone(),
            name: unit.name.clone(),
        }
    }
}

impl From<unit::Model> for Place {
    fn from(row: unit::Model) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            path: row.path,
            name: row.name,
        }
    }
}

/// Every unit that exists on `day` and has a post where somebody is to be on duty: what [`uncovered`] is asked about.
#[must_use]
pub fn places(directory: &Directory, day: NaiveDate) -> Vec<Place> {
    let all = directory.all().iter().filter(|unit| unit.exists_on(day));
    let with_posts = all.filter(|unit| posts(unit.kind).next().is_some());
    with_posts.map(Place::from).collect()
}

/// Somebody on duty.
#[derive(Clone, Debug)]
pub struct Person {
    /// Who, in which shift, until when, and in whose place.
    pub turn: Turn,
    /// As colleagues see the name.
    pub name: String,
    /// How they are reached: addresses sealed, ways in order.
    pub contact: Contact,
}

/// How people are reached on duty; who has said nothing is left out.
///
/// # Errors
/// When the database does not answer.
pub async fn contacts(
    conn: &impl ConnectionTrait,
    staff: &[StaffId],
) -> Result<HashMap<StaffId, Contact>, AppError> {
    contact::of(conn, staff).await
}

/// Who is called at a level.
#[derive(Clone, Debug)]
pub struct Level {
    /// 0 the community or village, 1 the sub-district or town, 2 the district, 3 the shift lead there.
    pub level: usize,
    /// The unit and its name; none where the unit that was asked for has nothing at this level.
    pub unit: Option<(UnitId, String)>,
    /// On duty as what.
    pub post: DutyPost,
    /// The first to be called first.
    pub people: Vec<Person>,
}

/// Who is on duty for a unit at an instant, by level: 0 the community, 1 the sub-district, 2 the district, 3 the shift
/// lead, each in the order in which they are called; nobody who is disabled, and nobody who is stood in for. A unit
/// that is no more is asked as the one that took over; an unknown one has nobody. Three statements.
///
/// # Errors
/// When the database does not answer.
pub async fn on_duty_at(
    conn: &impl ConnectionTrait,
    directory: &Directory,
    unit_id: UnitId,
    at: DateTime<Utc>,
) -> Result<[Vec<Person>; LEVELS], AppError> {
    let current = directory.current(unit_id, local_day(at));
    let chain = directory.chain(current.map_or(unit_id, |unit| unit.id));
    let chain: Vec<Place> = chain.into_iter().map(Place::from).collect();
    let mut people: [Vec<Person>; LEVELS] = Default::default();
    for level in levels(conn, &chain, at).await? {
        if let Some(slot) = people.get_mut(level.level) {
            *slot = level.people;
        }
    }
    Ok(people)
}

/// Who is on duty for a unit and the units above it at an instant. `chain` is the unit and all above it, lowest first.
///
/// # Errors
/// When the database does not answer.
pub async fn levels(
    conn: &impl ConnectionTrait,
    chain: &[Place],
    at: DateTime<Utc>,
) -> Result<Vec<Level>, AppError> {
    let kinds: Vec<(UnitId, UnitKind)> = chain.iter().map(|place| (place.id, place.kind)).collect();
    let stations = stations(&kinds);
    let mut there = by_station(conn, chain, (at, at + chrono::TimeDelta::microseconds(1))).await?;
    let mut called: Vec<Vec<Turn>> = Vec::new();
    for station in stations {
        let turns = station.and_then(|station| there.remove(&station));
        called.push(rules::on_duty(&turns.unwrap_or_default(), at));
    }
    let ids: Vec<StaffId> = called.iter().flatten().map(|turn| turn.staff).collect();
    let names = people::names(conn, &ids).await?;
    let contacts = contact::of(conn, &ids).await?;
    let person = |turn: Turn| Person {
        turn,
        name: names.get(&turn.staff).cloned().unwrap_or_default(),
        contact: contacts.get(&turn.staff).cloned().unwrap_or_default(),
    };
    let name = |id: UnitId| {
        chain
            .iter()
            .find(|place| place.id == id)
            .map(|place| place.name.clone())
    };
    let level = |(level, (station, turns)): (usize, (Option<Station>, Vec<Turn>))| Level {
        level,
        unit: station.map(|station| (station.unit, name(station.unit).unwrap_or_default())),
        post: if level + 1 == LEVELS {
            DutyPost::ShiftLead
        } else {
            DutyPost::Duty
        },
        people: turns.into_iter().map(person).collect(),
    };
    Ok(stations.into_iter().zip(called).enumerate().map(level).collect())
}

/// A post where nobody is on duty for some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uncovered {
    /// The unit and the post.
    pub station: Station,
    /// The unit's name.
    pub unit_name: String,
    /// The unit's path.
    pub unit_path: String,
    /// The level at which the post is called.
    pub level: usize,
    /// When, in order; never empty.
    pub gaps: Vec<Span>,
}

/// When nobody is on duty at the posts of these units, within a span; posts without a gap are left out. One statement.
///
/// # Errors
/// When the database does not answer.
pub async fn uncovered(
    conn: &impl ConnectionTrait,
    places: &[Place],
    span: Span,
) -> Result<Vec<Uncovered>, AppError> {
    let there = by_station(conn, places, span).await?;
    let mut found = Vec::new();
    for place in places {
        for post in posts(place.kind) {
            let station = Station { unit: place.id, post };
            let turns = there.get(&station).map_or(&[][..], Vec::as_slice);
            let gaps = rules::gaps(turns, span);
            if let Some(level) = level_of(place.kind, post)
                && !gaps.is_empty()
            {
                found.push(Uncovered {
                    station,
                    unit_name: place.name.clone(),
                    unit_path: place.path.clone(),
                    level,
                    gaps,
                });
            }
        }
    }
    Ok(found)
}

async fn by_station(
    conn: &impl ConnectionTrait,
    places: &[Place],
    span: Span,
) -> Result<HashMap<Station, Vec<Turn>>, AppError> {
    let paths: Vec<&str> = places.iter().map(|place| place.path.as_str()).collect();
    let mut there: HashMap<Station, Vec<Turn>> = HashMap::new();
    for (unit, post, turn) in store::turns(conn, &paths, span).await? {
        there.entry(Station { unit, post }).or_default().push(turn);
    }
    Ok(there)
}

/// A shift with its people.
#[derive(Clone, Debug)]
pub struct View {
    /// The shift.
    pub row: shift::Model,
    /// The unit's name.
    pub unit_name: String,
    /// Its people, stand-ins too, in the order in which they are called.
    pub members: Vec<shift_member::Model>,
    /// Their names.
    pub names: Arc<HashMap<StaffId, String>>,
}

/// Shifts that somebody reaches, after a key, in the order of their beginning.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    conn: &impl ConnectionTrait,
    reach: &Reach,
    filter: &Filter,
    after: Option<(DateTime<Utc>, ShiftId)>,
    limit: u64,
) -> Result<Vec<View>, AppError> {
    views(conn, store::list(conn, reach, filter, after, limit).await?).await
}

/// A shift with its people.
///
/// # Errors
/// When the database does not answer.
pub async fn view(conn: &impl ConnectionTrait, row: shift::Model) -> Result<View, AppError> {
    let views = views(conn, vec![row]).await?;
    let view = views.into_iter().next();
    view.ok_or_else(|| AppError::new(crate::platform::error::Code::Internal))
}

async fn views(conn: &impl ConnectionTrait, rows: Vec<shift::Model>) -> Result<Vec<View>, AppError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<ShiftId> = rows.iter().map(|row| row.id).collect();
    let members = store::members(conn, &ids).await?;
    let mut of: HashMap<ShiftId, Vec<shift_member::Model>> = HashMap::new();
    let mut staff: Vec<StaffId> = members.iter().map(|place| place.staff_id).collect();
    staff.sort_unstable();
    staff.dedup();
    for place in members {
        of.entry(place.shift_id).or_default().push(place);
    }
    let names = Arc::new(people::names(conn, &staff).await?);
    let units: HashMap<UnitId, String> = unit::Entity::find()
        .select_only()
        .column(unit::Column::Id)
        .column(unit::Column::Name)
        .filter(unit::Column::Id.is_in(rows.iter().map(|row| row.unit_id)))
        .into_tuple::<(UnitId, String)>()
        .all(conn)
        .await?
        .into_iter()
        .collect();
    Ok(rows
        .into_iter()
        .map(|row| View {
            unit_name: units.get(&row.unit_id).cloned().unwrap_or_default(),
            members: of.remove(&row.id).unwrap_or_default(),
            names: Arc::clone(&names),
            row,
        })
        .collect())
}

/// Units with posts below a path, or everywhere, that somebody reaches.
///
/// # Errors
/// When the database does not answer.
pub async fn reached(
    conn: &impl ConnectionTrait,
    reach: &Reach,
    below: &str,
    day: NaiveDate,
) -> Result<Vec<Place>, AppError> {
    let rows = orgs::store::below(conn, below).await?;
    let there = |row: &unit::Model| row.valid_from <= day && row.valid_to.is_none_or(|last| day <= last);
    Ok(rows
        .into_iter()
        .filter(|row| there(row) && posts(row.kind).next().is_some() && reach.covers(&row.path))
        .map(Place::from)
        .collect())
}

/// How somebody is reached on duty, if the caller may know.
///
/// # Errors
/// `NotFound`, `Forbidden`.
pub async fn contact_of(
    conn: &impl ConnectionTrait,
    caller: &Caller,
    id: StaffId,
    today: NaiveDate,
) -> Result<Contact, AppError> {
    let grants = staff::store::grants_of(conn, id).await?;
    if grants.is_empty() {
        staff::store::find(conn, id).await?;
    }
    staff::commands::absence::allow(caller, id, &grants, today)?;
    contact::find(conn, id).await
}
