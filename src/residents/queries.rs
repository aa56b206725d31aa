//! Who may be seen, and how: searches and single reads.

use super::dto::{MatchOut, MatchesOut, ResidentOut, Why};
use super::rules::{IdNumber, Phone, district_of, paths_down_to, same_name, sees_labels};
use super::{seal, store, view};
use crate::access::permit::Caller;
use crate::access::policy::{Facts, Owner, identity_sight};
use crate::access::{Acting, Op};
use crate::platform::crypto::vault::Vault;
use crate::platform::error::AppError;
use crate::platform::personal::Personal;
use entity::id::ResidentId;
use entity::{resident, unit};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use std::collections::{BTreeMap, HashMap};

/// Whom to look for.
#[derive(Clone, Debug)]
pub(super) enum Search {
    /// By telephone number: the person's own, or of one who may act for the person.
    Phone(Phone),
    /// By identity number.
    IdNumber(IdNumber),
    /// By name and address.
    NameAndAddress(Personal, Personal),
}

/// Somebody found, why, and the contact's relation if there is one.
struct Found {
    row: resident::Model,
    why: Why,
    relation: Option<String>,
}

/// What the policy must know of a resident of a unit. Who belongs to no unit is in sight of those who work for the
/// whole district, so the caller's own district stands for the place.
pub(super) fn facts_at<'a>(caller: &'a Caller, unit_path: Option<&'a str>) -> Facts<'a> {
    let district = caller.acting.path.as_deref().map(district_of);
    Facts {
        place: unit_path.or(district).unwrap_or_default(),
        paths: unit_path.into_iter().collect(),
        owners: Vec::new(),
    }
}

fn facts<'a>(caller: &'a Caller, row: &'a resident::Model) -> Facts<'a> {
    Facts {
        owners: vec![Owner::Resident(row.id)],
        ..facts_at(caller, row.unit_path.as_deref())
    }
}

/// Whether the caller may do what it asks to this resident, and in which role.
pub(super) fn allow(caller: &Caller, row: &resident::Model) -> Result<Acting, AppError> {
    caller.decide(Op::GetResident, &facts(caller, row))
}

/// A resident with contacts, as the caller sees them.
pub(super) async fn read(
    conn: &impl ConnectionTrait,
    vault: &Vault,
    caller: &Caller,
    id: ResidentId,
) -> Result<ResidentOut, AppError> {
    let row = store::find(conn, id).await?;
    let acting = allow(caller, &row)?;
    show(conn, vault, &row, &acting).await
}

/// A resident with contacts, as they are seen in a role.
pub(super) async fn show(
    conn: &impl ConnectionTrait,
    vault: &Vault,
    row: &resident::Model,
    acting: &Acting,
) -> Result<ResidentOut, AppError> {
    let contacts = store::contacts_of(conn, row.id).await?;
    let place = match &row.unit_path {
        Some(path) => place_name(conn, path).await?,
        None => None,
    };
    view::whole(vault, row, &contacts, place, acting.role)
}

/// Who fits and is within the caller's reach, each once, with the strongest reason.
pub(super) async fn search(
    conn: &impl ConnectionTrait,
    vault: &Vault,
    caller: &Caller,
    search: &Search,
) -> Result<MatchesOut, AppError> {
    let mut found = match search {
        Search::Phone(phone) => by_phone(conn, vault, phone).await?,
        Search::IdNumber(number) => because(store::by_id_number(conn, vault, number).await?, Why::IdNumber),
        Search::NameAndAddress(name, address) => because(
            named(vault, store::by_address(conn, vault, address).await?, name)?,
            Why::NameAndAddress,
        ),
    };
    let reach = caller.reach();
    found.retain(|found| reach.contains(&caller.actor, &facts(caller, &found.row)));
    let items = found
        .into_iter()
        .take(100)
        .map(|found| matched(vault, caller, found))
        .collect::<Result<_, _>>()?;
    Ok(MatchesOut { items })
}

/// Own numbers first, then those for whom the caller may act, then the households of the first.
async fn by_phone(conn: &impl ConnectionTrait, vault: &Vault, phone: &Phone) -> Result<Vec<Found>, AppError> {
    let own = store::by_phone(conn, vault, phone).await?;
    let mut households: Vec<_> = own.iter().filter_map(|row| row.household_id).collect();
    households.sort();
    households.dedup();
    let relations: BTreeMap<ResidentId, String> = store::actors_at(conn, vault, phone)
        .await?
        .into_iter()
        .map(|contact| (contact.resident_id, contact.relation))
        .collect();
    let represented = store::by_ids(conn, relations.keys().copied().collect()).await?;
    let neighbours = store::in_households(conn, households).await?;
    let mut found = because(own, Why::OwnPhone);
    for mut next in because(represented, Why::ContactOf)
        .into_iter()
        .chain(because(neighbours, Why::Household))
    {
        if found.iter().any(|found| found.row.id == next.row.id) {
            continue;
        }
        if next.why == Why::ContactOf {
            next.relation = relations.get(&next.row.id).cloned();
        }
        found.push(next);
    }
    Ok(found)
}

fn because(rows: Vec<resident::Model>, why: Why) -> Vec<Found> {
    rows.into_iter()
        .map(|row| Found {
            row,
            why,
            relation: None,
        })
        .collect()
}

/// Those of this name. Names have no index: the few of one address are opened and compared.
pub(super) fn named(
    vault: &Vault,
    rows: Vec<resident::Model>,
    name: &Personal,
) -> Result<Vec<resident::Model>, AppError> {
    let mut same = Vec::new();
    for row in rows {
        let theirs = vault.open_optional(seal::NAME, row.name_sealed.as_ref())?;
        if theirs.is_some_and(|theirs| same_name(&theirs, name.plain())) {
            same.push(row);
        }
    }
    Ok(same)
}

fn matched(vault: &Vault, caller: &Caller, found: Found) -> Result<MatchOut, AppError> {
    let role = caller.acting.role;
    let person = view::masked(vault, &found.row, identity_sight(role, false))?;
    Ok(MatchOut {
        resident: if sees_labels(role) {
            person.labelled(&found.row)
        } else {
            person
        },
        unit_id: found.row.unit_id,
        why: found.why,
        relation: found.relation,
    })
}

/// The names of the units down to a path: `蓬江区 白沙街道 羊桥社区`.
async fn place_name(conn: &impl ConnectionTrait, path: &str) -> Result<Option<String>, AppError> {
    let paths = paths_down_to(path);
    // Of units that shared a path one after the other, the last one names it.
    let names: HashMap<String, String> = unit::Entity::find()
        .filter(unit::Column::Path.is_in(paths.iter().copied()))
        .order_by_asc(unit::Column::ValidFrom)
        .all(conn)
        .await?
        .into_iter()
        .map(|row| (row.path, row.name))
        .collect();
    let names: Vec<&str> = paths
        .iter()
        .filter_map(|path| names.get(*path).map(String::as_str))
        .collect();
    Ok((!names.is_empty()).then(|| names.join(" ")))
}
