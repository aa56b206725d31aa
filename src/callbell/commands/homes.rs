//! Homes with a bell: registered, changed, their sealed fields revealed.

use crate::access::Op;
use crate::access::authenticate::local_day;
use crate::access::permit::Caller;
use crate::access::policy::Facts;
use crate::callbell::dto::home::HomeRevealField;
use crate::callbell::store::{self, homes};
use crate::ledger::audit;
use crate::platform::crypto::vault::Vault;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code, Rule};
use crate::platform::http::etag::IfMatch;
use crate::platform::id::IdGen;
use crate::platform::personal::Personal;
use crate::residents::rules::Phone;
use crate::{orgs, residents};
use chrono::{DateTime, NaiveDate, Utc};
use entity::id::{HomeId, KinId, ResidentId, UnitId};
use entity::kind::{KinPolicy, UnitKind};
use entity::{callbell_home, callbell_kin, unit};
use sea_orm::ActiveValue::Set;
use sea_orm::{ConnectionTrait, IntoActiveModel};
use serde_json::json;
use std::sync::Arc;

/// What to do with a value that may be left out.
#[derive(Clone, Debug, Default)]
pub enum Edit<T> {
    /// It stays; of something new it is absent.
    #[default]
    Keep,
    /// It is removed.
    Clear,
    /// It is this.
    Set(T),
}

impl<T> Edit<T> {
    /// The value, where there is one.
    #[must_use]
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Keep | Self::Clear => None,
        }
    }

    fn is_kept(&self) -> bool {
        matches!(self, Self::Keep)
    }
}

/// A home as it is to be: values that were parsed.
#[derive(Clone, Debug)]
pub struct HomeData {
    /// The community or village.
    pub unit_id: UnitId,
    /// Who lives there, of the register.
    pub resident_id: Option<ResidentId>,
    /// The name of who lives there.
    pub name: Edit<Personal>,
    /// Their telephone number.
    pub phone: Edit<Phone>,
    /// The building; empty where there is none.
    pub building: String,
    /// The entrance; empty where there is none.
    pub entrance: String,
    /// The door.
    pub door: String,
    /// The sentence that is spoken; made from the address where it is absent.
    pub spoken: Edit<Personal>,
    /// How to get in.
    pub access: Edit<Personal>,
    /// What a helper must know.
    pub medical: Edit<Personal>,
    /// Which language or dialect they speak.
    pub language: Option<String>,
    /// Labels.
    pub labels: Vec<String>,
    /// Latitude and longitude, in degrees.
    pub point: Option<(f64, f64)>,
    /// The next of kin in the order in which they are told; none keeps those who are there.
    pub kin: Option<Vec<KinData>>,
}

/// Somebody of the next of kin as they are to be.
#[derive(Clone, Debug)]
pub struct KinData {
    /// Somebody who is there already, and whose name and number stay unless given.
    pub id: Option<KinId>,
    /// Name.
    pub name: Option<Personal>,
    /// Telephone number.
    pub phone: Option<Phone>,
    /// What they are to the resident.
    pub relation: String,
    /// When they are told.
    pub policy: KinPolicy,
    /// When the resident agreed.
    pub consent_at: Option<DateTime<Utc>>,
}

/// A community or village.
#[derive(Clone, Debug)]
pub struct Place {
    /// Key.
    pub id: UnitId,
    /// Its path.
    pub path: String,
    /// Its name.
    pub name: String,
}

impl From<unit::Model> for Place {
    fn from(row: unit::Model) -> Self {
        Self {
            id: row.id,
            path: row.path,
            name: row.name,
        }
    }
}

/// What to reveal, and why.
#[derive(Clone, Debug)]
pub struct Revelation {
    /// Which fields.
    pub fields: Vec<HomeRevealField>,
    /// Why, without numbers.
    pub reason: String,
}

/// A home and its next of kin, in order.
pub type Whole = (callbell_home::Model, Vec<callbell_kin::Model>);

/// Whether the caller may do this where a home or device is: the caller in the role that allows it, not in the widest.
pub(in crate::callbell) fn allow(caller: &Caller, read: Op, path: &str) -> Result<Caller, AppError> {
    let facts = Facts {
        place: path,
        paths: vec![path],
        owners: Vec::new(),
    };
    let acting = caller.decide(read, &facts)?;
    Ok(Caller {
        acting,
        ..caller.clone()
    })
}

/// Where something new may be put: the unit, and the caller in the role that allows it there.
pub(in crate::callbell) async fn put_at(
    tx: &Tx,
    caller: &Caller,
    read: Op,
    id: UnitId,
) -> Result<(Place, Caller), AppError> {
    let unit = orgs::store::find(tx, id)
        .await
        .map_err(|error| match error.code() {
            Code::NotFound => AppError::field("/unit_id", Rule::Unknown),
            _ => error,
        })?;
    // First whether, then what is wrong: who may not hears nothing of the unit.
    let caller = allow(caller, read, &unit.path)?;
    if !has_homes(unit.kind, (unit.valid_from, unit.valid_to), local_day(tx.now())) {
        return Err(AppError::field("/unit_id", Rule::Form(UNIT_FORM)));
    }
    Ok((unit.into(), caller))
}

const UNIT_FORM: &str = "a community or village of today";

/// Whether homes belong to a unit on a day.
pub(in crate::callbell) fn has_homes(
    kind: UnitKind,
    (from, to): (NaiveDate, Option<NaiveDate>),
    day: NaiveDate,
) -> bool {
    matches!(kind, UnitKind::Community | UnitKind::Village)
        && from <= day
        && to.is_none_or(|last| day <= last)
}

/// Registers a home.
///
/// # Errors
/// `InvalidInput` when the unit or the resident won't do, `NotFound` or `Forbidden` for a unit out of reach.
pub async fn register(
    tx: &Tx,
    (vault, caller, data): &(Arc<Vault>, Caller, HomeData),
) -> Result<(Whole, Caller), AppError> {
    let (place, caller) = put_at(tx, caller, Op::GetHome, data.unit_id).await?;
    let data = completed(tx, vault, &place, data).await?;
    let whole = insert(tx, vault, &place, &data, false).await?;
    let (row, kin) = &whole;
    let detail = json!({ "unit": row.unit_path, "resident": row.resident_id, "kin": kin.len() });
    audit::record(tx, &caller, "callbell_home", row.id, detail);
    Ok((whole, caller))
}

/// Writes a home and its next of kin. It does not ask the policy: that is the caller's part.
///
/// # Errors
/// When the database does not answer.
pub async fn insert(
    tx: &Tx,
    vault: &Vault,
    place: &Place,
    data: &HomeData,
    synthetic: bool,
) -> Result<Whole, AppError> {
    let row = homes::insert(tx, new_row(tx, vault, (tx.ids().id(), place), data, synthetic)?).await?;
    let kin = kin_rows(tx, vault, row.id, data.kin.as_deref().unwrap_or_default(), &[])?;
    let kin = homes::insert_kin(tx, kin).await?;
    Ok((row, kin))
}

/// A new home as a row.
pub(in crate::callbell) fn new_row(
    tx: &Tx,
    vault: &Vault,
    (id, place): (HomeId, &Place),
    data: &HomeData,
    synthetic: bool,
) -> Result<callbell_home::ActiveModel, AppError> {
    let spoken = match data.spoken.value() {
        Some(spoken) => spoken.plain().to_owned(),
        None => spoken(&place.name, data),
    };
    let name = data.name.value().map(Personal::plain).unwrap_or_default();
    Ok(callbell_home::ActiveModel {
        id: Set(id),
        unit_id: Set(place.id),
        unit_path: Set(place.path.clone()),
        resident_id: Set(data.resident_id),
        building: Set(data.building.clone()),
        entrance: Set(data.entrance.clone()),
        door: Set(data.door.clone()),
        spoken_sealed: Set(vault.seal_text(homes::SPOKEN, &spoken)?),
        resident_sealed: Set(vault.seal_text(homes::NAME, name)?),
        phone_sealed: Set(sealed_phone(vault, data.phone.value())?),
        access_sealed: Set(sealed(vault, homes::ACCESS, data.access.value())?),
        medical_sealed: Set(sealed(vault, homes::MEDICAL, data.medical.value())?),
        language: Set(data.language.clone()),
        labels: Set(json!(data.labels)),
        lat: Set(data.point.map(|(lat, _)| lat)),
        lng: Set(data.point.map(|(_, lng)| lng)),
        synthetic: Set(synthetic),
        version: Set(1),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
    })
}

/// Next of kin as rows. Who is there already keeps what is not given.
fn kin_rows(
    tx: &Tx,
    vault: &Vault,
    home_id: HomeId,
    kin: &[KinData],
    known: &[callbell_kin::Model],
) -> Result<Vec<callbell_kin::ActiveModel>, AppError> {
    let mut rows = Vec::with_capacity(kin.len());
    for (data, ord) in kin.iter().zip(0..) {
        let same = match data.id {
            None => None,
            Some(id) => Some(
                known
                    .iter()
                    .find(|row| row.id == id)
                    .ok_or_else(|| AppError::field(format!("/kin/{ord}/id"), Rule::Unknown))?,
            ),
        };
        rows.push(kin_row(tx.ids(), tx.now(), vault, (home_id, ord), data, same)?);
    }
    Ok(rows)
}

/// Somebody of the next of kin as a row.
pub(in crate::callbell) fn kin_row(
    ids: &IdGen,
    now: DateTime<Utc>,
    vault: &Vault,
    (home_id, ord): (HomeId, i32),
    data: &KinData,
    same: Option<&callbell_kin::Model>,
) -> Result<callbell_kin::ActiveModel, AppError> {
    let required = |what: &str| AppError::field(format!("/kin/{ord}/{what}"), Rule::Required);
    let name = match (&data.name, same) {
        (Some(name), _) => vault.seal_text(homes::KIN_NAME, name.plain())?,
        (None, Some(same)) => same.name_sealed.clone(),
        (None, None) => return Err(required("name")),
    };
    let phone = match (&data.phone, same) {
        (Some(phone), _) => vault.seal_text(homes::KIN_PHONE, &phone.canonical())?,
        (None, Some(same)) => same.phone_sealed.clone(),
        (None, None) => return Err(required("phone")),
    };
    Ok(callbell_kin::ActiveModel {
        id: Set(same.map_or_else(|| ids.id(), |same| same.id)),
        home_id: Set(home_id),
        ord: Set(ord),
        name_sealed: Set(name),
        phone_sealed: Set(phone),
        relation: Set(data.relation.clone()),
        policy: Set(data.policy),
        consent_at: Set(data.consent_at),
        created_at: Set(same.map_or(now, |same| same.created_at)),
    })
}

/// Changes a home: everything is as it was sent, but what is masked when it is read, which stays where it is left out.
///
/// # Errors
/// `NotFound`, `Forbidden`, `StaleVersion`, `InvalidInput`.
pub async fn update(
    tx: &Tx,
    (vault, caller, id, version, data): &(Arc<Vault>, Caller, HomeId, IfMatch, HomeData),
) -> Result<(Whole, Caller), AppError> {
    let row = homes::lock(tx, *id).await?;
    let allowed = allow(caller, Op::GetHome, &row.unit_path)?;
    version.check(row.version)?;
    let moved = row.unit_id != data.unit_id;
    let place = if moved {
        put_at(tx, caller, Op::GetHome, data.unit_id).await?.0
    } else {
        // Notes are changed in time even where the unit is no more.
        orgs::store::find(tx, row.unit_id).await?.into()
    };
    if let Some(resident) = data.resident_id.filter(|id| Some(*id) != row.resident_id) {
        of_register(tx, &place, resident).await?;
    }
    let mut next = row.clone().into_active_model();
    fill(vault, &mut next, &row, &place, data)?;
    next.version = Set(row.version + 1);
    next.updated_at = Set(tx.now());
    let kin = homes::kin(tx, row.id).await?;
    let kin = match &data.kin {
        None => kin,
        Some(new) => {
            let rows = kin_rows(tx, vault, row.id, new, &kin)?;
            homes::replace_kin(tx, row.id, rows).await?
        }
    };
    let row = homes::update(tx, next).await?;
    if moved {
        store::devices::follow(tx, row.id, (place.id, &place.path)).await?;
    }
    let detail = json!({ "version": row.version, "unit": row.unit_path, "fields": sealed_fields(data) });
    audit::record(tx, &allowed, "callbell_home", row.id, detail);
    Ok(((row, kin), allowed))
}

/// Puts what was sent into the row.
fn fill(
    vault: &Vault,
    next: &mut callbell_home::ActiveModel,
    row: &callbell_home::Model,
    place: &Place,
    data: &HomeData,
) -> Result<(), AppError> {
    next.unit_id = Set(place.id);
    next.unit_path = Set(place.path.clone());
    next.resident_id = Set(data.resident_id);
    next.building = Set(data.building.clone());
    next.entrance = Set(data.entrance.clone());
    next.door = Set(data.door.clone());
    next.language = Set(data.language.clone());
    next.labels = Set(json!(data.labels));
    next.lat = Set(data.point.map(|(lat, _)| lat));
    next.lng = Set(data.point.map(|(_, lng)| lng));
    let same_door = (row.unit_id, &row.building, &row.entrance, &row.door)
        == (place.id, &data.building, &data.entrance, &data.door);
    match &data.spoken {
        // The sentence of another door must not be spoken.
        Edit::Keep if same_door => {}
        Edit::Set(told) => next.spoken_sealed = Set(vault.seal_text(homes::SPOKEN, told.plain())?),
        Edit::Keep | Edit::Clear => {
            next.spoken_sealed = Set(vault.seal_text(homes::SPOKEN, &spoken(&place.name, data))?);
        }
    }
    if let Some(name) = data.name.value() {
        next.resident_sealed = Set(vault.seal_text(homes::NAME, name.plain())?);
    }
    if !data.phone.is_kept() {
        next.phone_sealed = Set(sealed_phone(vault, data.phone.value())?);
    }
    if !data.access.is_kept() {
        next.access_sealed = Set(sealed(vault, homes::ACCESS, data.access.value())?);
    }
    if !data.medical.is_kept() {
        next.medical_sealed = Set(sealed(vault, homes::MEDICAL, data.medical.value())?);
    }
    Ok(())
}

/// Which of the fields that stay where they are left out were sent.
fn sealed_fields(data: &HomeData) -> Vec<&'static str> {
    [
        ("resident_name", !data.name.is_kept()),
        ("phone", !data.phone.is_kept()),
        ("spoken", !data.spoken.is_kept()),
        ("access_notes", !data.access.is_kept()),
        ("medical_notes", !data.medical.is_kept()),
        ("kin", data.kin.is_some()),
    ]
    .into_iter()
    .filter(|(_, sent)| *sent)
    .map(|(name, _)| name)
    .collect()
}

/// Records who looks at what and why, never the values. The home may be shown once this is committed.
///
/// # Errors
/// `NotFound`, `Forbidden`.
pub async fn reveal(tx: &Tx, caller: &Caller, id: HomeId, asked: &Revelation) -> Result<Whole, AppError> {
    let row = homes::find(tx, id).await?;
    let caller = allow(caller, Op::GetHome, &row.unit_path)?;
    let kin = homes::kin(tx, row.id).await?;
    let detail = json!({ "fields": asked.fields, "reason": asked.reason });
    audit::record(tx, &caller, "callbell_home", row.id, detail);
    Ok((row, kin))
}

/// Somebody of the register who lives there.
async fn of_register(
    conn: &impl ConnectionTrait,
    place: &Place,
    id: ResidentId,
) -> Result<entity::resident::Model, AppError> {
    let row = residents::store::find(conn, id)
        .await
        .map_err(|error| match error.code() {
            Code::NotFound => AppError::field("/resident_id", Rule::Unknown),
            _ => error,
        })?;
    let here = row.unit_path.as_deref();
    if here.is_some_and(|path| path.starts_with(&place.path)) {
        return Ok(row);
    }
    Err(AppError::field(
        "/resident_id",
        Rule::Form("a resident of that community"),
    ))
}

/// What was sent; name and number of somebody of the register are taken from there unless they were given.
async fn completed(tx: &Tx, vault: &Vault, place: &Place, data: &HomeData) -> Result<HomeData, AppError> {
    let Some(id) = data.resident_id else {
        return Ok(data.clone());
    };
    let (name, phone) = residents::view::plain(vault, &of_register(tx, place, id).await?)?;
    let mut data = data.clone();
    if data.name.is_kept() {
        let name = name.ok_or_else(|| AppError::field("/resident_name", Rule::Required))?;
        data.name = Edit::Set(Personal::new(name));
    }
    if data.phone.is_kept() {
        data.phone = phone
            .and_then(|phone| Phone::parse(&phone.replace(";ext=", "#")))
            .map_or(Edit::Keep, Edit::Set);
    }
    Ok(data)
}

fn sealed(vault: &Vault, label: &str, value: Option<&Personal>) -> Result<Option<Vec<u8>>, AppError> {
    value
        .map(|value| vault.seal_text(label, value.plain()))
        .transpose()
}

fn sealed_phone(vault: &Vault, phone: Option<&Phone>) -> Result<Option<Vec<u8>>, AppError> {
    phone
        .map(|phone| vault.seal_text(homes::PHONE, &phone.canonical()))
        .transpose()
}

/// The sentence that is spoken: 羊桥社区 3栋 2单元 501房. A bare number is told with what it counts.
fn spoken(place: &str, data: &HomeData) -> String {
    let parts = [
        (data.building.as_str(), "栋"),
        (&data.entrance, "单元"),
        (&data.door, "房"),
    ];
    let mut sentence = place.to_owned();
    for (part, word) in parts {
        if part.is_empty() {
            continue;
        }
        sentence.push(' ');
        sentence.push_str(part);
        if part.ends_with(|c: char| c.is_ascii_alphanumeric()) {
            sentence.push_str(word);
        }
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn home(building: &str, entrance: &str, door: &str) -> HomeData {
        HomeData {
            unit_id: UnitId(Uuid::nil()),
            resident_id: None,
            name: Edit::Keep,
            phone: Edit::Keep,
            building: building.into(),
            entrance: entrance.into(),
            door: door.into(),
            spoken: Edit::Keep,
            access: Edit::Keep,
            medical: Edit::Clear,
            language: None,
            labels: Vec::new(),
            point: None,
            kin: None,
        }
    }

    #[test]
    fn an_address_is_spoken_as_people_say_it() {
        for (building, entrance, door, told) in [
            ("3栋", "2单元", "501房", "羊桥社区 3栋 2单元 501房"),
            ("3", "2", "501", "羊桥社区 3栋 2单元 501房"),
            ("", "", "12号", "羊桥社区 12号"),
            ("B", "", "1A", "羊桥社区 B栋 1A房"),
        ] {
            assert_eq!(spoken("羊桥社区", &home(building, entrance, door)), told);
        }
    }

    #[test]
    fn a_change_names_what_of_the_sealed_was_sent() {
        assert_eq!(sealed_fields(&home("", "", "1")), ["medical_notes"]);
    }
}
