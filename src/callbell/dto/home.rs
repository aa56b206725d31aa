//! Wire shapes of homes and next of kin.

use crate::access::policy::Sight;
use crate::callbell::commands::homes::{Edit, HomeData, KinData, Revelation, Whole};
use crate::callbell::store::homes;
use crate::platform::crypto::vault::Vault;
use crate::platform::error::{AppError, Fields, Rule};
use crate::platform::personal::{Personal, mask_name, mask_numbers};
use crate::residents::rules::{Phone, mask_canonical};
use chrono::{DateTime, Utc};
use entity::callbell_kin;
use entity::id::{HomeId, KinId, ResidentId, UnitId};
use entity::kind::KinPolicy;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use utoipa::{IntoParams, ToSchema};

const NAME_MAX: usize = 60;
const BUILDING_MAX: usize = 40;
const DOOR_MAX: usize = 20;
const SPOKEN_MAX: usize = 120;
const ACCESS_MAX: usize = 500;
const MEDICAL_MAX: usize = 1000;
const LANGUAGE_MAX: usize = 30;
const LABEL_MAX: usize = 20;
const LABELS_MAX: usize = 20;
const RELATION_MAX: usize = 20;
const REASON_MIN: usize = 3;
const REASON_MAX: usize = 200;
/// Next of kin of a home at most.
pub const KIN_MAX: usize = 10;
const PHONE_FORM: &str = "13812345678, 0750-1234567";

/// A home with a bell, new or as it is to be. In a change, what is masked or withheld when the home is read stays where
/// it is left out, and an empty text removes it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HomeIn {
    /// The community or village.
    pub unit_id: UnitId,
    /// Who lives there, of the register of that community; name and number are taken from there unless given.
    pub resident_id: Option<ResidentId>,
    /// The name of who lives there; needed unless `resident_id` is given. Stays where it is left out.
    #[schema(value_type = Option<String>, example = "张三")]
    pub resident_name: Option<Personal>,
    /// A telephone number as it was told or typed. Stays where it is left out.
    #[schema(value_type = Option<String>, example = "138 1234 1234")]
    pub phone: Option<Personal>,
    /// The building; empty where there is none.
    #[serde(default)]
    #[schema(example = "3栋", max_length = 40)]
    pub building: String,
    /// The entrance; empty where there is none.
    #[serde(default)]
    #[schema(example = "2单元", max_length = 20)]
    pub entrance: String,
    /// The door.
    #[schema(example = "501房", max_length = 20)]
    pub door: String,
    /// The sentence that is spoken to who goes there; made from community, building, entrance and door unless given,
    /// and made anew when one of these changes.
    #[schema(value_type = Option<String>, example = "羊桥社区 3栋 2单元 501房", max_length = 120)]
    pub spoken: Option<Personal>,
    /// How to get in: where the key is, which door code. Stays where it is left out.
    #[schema(value_type = Option<String>, example = "钥匙在社区值班室", max_length = 500)]
    pub access_notes: Option<Personal>,
    /// What a helper must know. Stays where it is left out.
    #[schema(value_type = Option<String>, example = "糖尿病，行动不便", max_length = 1000)]
    pub medical_notes: Option<Personal>,
    /// Which language or dialect they speak.
    #[schema(example = "粤语", max_length = 30)]
    pub language: Option<String>,
    /// Labels.
    #[serde(default)]
    #[schema(example = json!(["独居老人"]), max_items = 20)]
    pub labels: Vec<String>,
    /// Latitude in degrees; with `lng`.
    #[schema(example = 22.61)]
    pub lat: Option<f64>,
    /// Longitude in degrees; with `lat`.
    #[schema(example = 113.08)]
    pub lng: Option<f64>,
    /// The next of kin in the order in which they are told, all of them; those who are there stay where it is left out.
    #[schema(max_items = 10)]
    pub kin: Option<Vec<KinIn>>,
}

/// Somebody of the next of kin.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KinIn {
    /// In a change: somebody who is there already, and whose name and number stay where they are left out.
    pub id: Option<KinId>,
    /// Name; needed of somebody new.
    #[schema(value_type = Option<String>, example = "李四")]
    pub name: Option<Personal>,
    /// A telephone number as it was told or typed; needed of somebody new.
    #[schema(value_type = Option<String>, example = "139 1234 5678")]
    pub phone: Option<Personal>,
    /// What they are to the resident.
    #[schema(example = "女儿", max_length = 20)]
    pub relation: String,
    /// When they are told of a call.
    #[schema(example = "immediate")]
    pub policy: KinPolicy,
    /// When the resident agreed that they are told; needed for every policy but `never`.
    pub consent_at: Option<DateTime<Utc>>,
}

/// A home with a bell. Names and numbers are masked; of notes it is told only whether there are any.
#[derive(Debug, Serialize, ToSchema)]
pub struct HomeOut {
    /// Key.
    pub id: HomeId,
    /// The community or village.
    pub unit_id: UnitId,
    /// Its path.
    #[schema(example = "/440703/440703002/440703002101/")]
    pub unit_path: String,
    /// Who lives there, of the register.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resident_id: Option<ResidentId>,
    /// The name of who lives there, masked; absent for those who may not see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "张**")]
    pub resident_name: Option<String>,
    /// Their telephone number, masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "138****1234")]
    pub phone: Option<String>,
    /// The building.
    #[schema(example = "3栋")]
    pub building: String,
    /// The entrance.
    #[schema(example = "2单元")]
    pub entrance: String,
    /// The door.
    #[schema(example = "501房")]
    pub door: String,
    /// The sentence that is spoken; absent for those who may not see who lives there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "羊桥社区 3栋 2单元 501房")]
    pub spoken: Option<String>,
    /// Whether there are notes on how to get in.
    pub has_access_notes: bool,
    /// Whether there are notes on what a helper must know.
    pub has_medical_notes: bool,
    /// Which language or dialect they speak.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "粤语")]
    pub language: Option<String>,
    /// Labels; absent for those who may not see who lives there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = json!(["独居老人"]))]
    pub labels: Option<Vec<String>>,
    /// Latitude in degrees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lat: Option<f64>,
    /// Longitude in degrees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lng: Option<f64>,
    /// The next of kin in the order in which they are told.
    pub kin: Vec<KinOut>,
    /// Made for demonstration.
    pub synthetic: bool,
    /// Version, as in the `ETag`.
    pub version: i64,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// Somebody of the next of kin.
#[derive(Debug, Serialize, ToSchema)]
pub struct KinOut {
    /// Key.
    pub id: KinId,
    /// Name, masked; absent for those who may not see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "李*")]
    pub name: Option<String>,
    /// Telephone number, masked; absent for those who may not see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "139****5678")]
    pub phone: Option<String>,
    /// What they are to the resident.
    #[schema(example = "女儿")]
    pub relation: String,
    /// When they are told of a call.
    pub policy: KinPolicy,
    /// When the resident agreed to that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent_at: Option<DateTime<Utc>>,
}

/// Which homes to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HomesQuery {
    /// Only those of this unit and below.
    pub unit_id: Option<UnitId>,
    /// Rows of a page, 1 to 100; 20 unless given.
    pub limit: Option<u64>,
    /// Where the page begins: `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// Fields of a home that can be revealed.
///
/// `resident_name` 住户姓名 · `phone` 电话 · `access_notes` 进门须知 · `medical_notes` 病史须知 · `kin` 亲属联系人
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HomeRevealField {
    /// The name of who lives there.
    ResidentName,
    /// Their telephone number.
    Phone,
    /// How to get in.
    AccessNotes,
    /// What a helper must know.
    MedicalNotes,
    /// Names and numbers of the next of kin.
    Kin,
}

/// What to reveal, and why: both are kept in the audit log.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HomeRevealIn {
    /// Which fields.
    pub fields: Vec<HomeRevealField>,
    /// Why; 3 to 200 characters.
    #[schema(example = "老人按铃无应答，需联系家属")]
    pub reason: String,
}

/// Plain values that were asked for and are there.
#[derive(Debug, Serialize, ToSchema)]
pub struct HomeRevealOut {
    /// The name of who lives there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resident_name: Option<String>,
    /// Their telephone number: E.164, with `;ext=` behind it where there is an extension.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "+8613812341234")]
    pub phone: Option<String>,
    /// How to get in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_notes: Option<String>,
    /// What a helper must know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub medical_notes: Option<String>,
    /// The next of kin with names and numbers in full.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kin: Option<Vec<KinOut>>,
}

impl HomeIn {
    /// Checks all fields of a new home, or of a change of one that is there.
    pub fn parse(self, now: DateTime<Utc>, new: bool) -> Result<HomeData, AppError> {
        let mut fields = Fields::default();
        let data = self.read(now, new, &mut fields);
        fields.finish()?;
        Ok(data)
    }

    /// Reads all fields and notes every mistake.
    pub(in crate::callbell) fn read(self, now: DateTime<Utc>, new: bool, fields: &mut Fields) -> HomeData {
        let name = match &self.resident_name {
            None => Edit::Keep,
            Some(name) => Edit::Set(Personal::new(fields.text(
                "/resident_name",
                name.plain(),
                NAME_MAX,
            ))),
        };
        if new && self.resident_name.is_none() && self.resident_id.is_none() {
            fields.add("/resident_name", Rule::Required);
        }
        let phone = phone(fields, "/phone", self.phone.as_ref());
        let mut short =
            |pointer: &str, text: &str, max| fields.optional(pointer, Some(text), max).unwrap_or_default();
        let (building, entrance) = (
            short("/building", &self.building, BUILDING_MAX),
            short("/entrance", &self.entrance, DOOR_MAX),
        );
        HomeData {
            unit_id: self.unit_id,
            resident_id: self.resident_id,
            name,
            phone,
            building,
            entrance,
            door: fields.text("/door", &self.door, DOOR_MAX),
            spoken: text(fields, "/spoken", self.spoken.as_ref(), SPOKEN_MAX),
            access: text(fields, "/access_notes", self.access_notes.as_ref(), ACCESS_MAX),
            medical: text(fields, "/medical_notes", self.medical_notes.as_ref(), MEDICAL_MAX),
            language: fields.optional("/language", self.language.as_deref(), LANGUAGE_MAX),
            labels: labels(fields, &self.labels),
            point: point(fields, self.lat, self.lng),
            kin: self.kin.map(|kin| read_kin(kin, now, new, fields)),
        }
    }
}

impl HomeRevealIn {
    /// Checks all fields. Numbers in the reason are masked: the audit log keeps it.
    pub fn parse(self) -> Result<Revelation, AppError> {
        let mut fields = Fields::default();
        let mut asked = self.fields;
        asked.sort_unstable();
        asked.dedup();
        if asked.is_empty() {
            fields.add("/fields", Rule::Required);
        }
        let reason = reason(&mut fields, &self.reason);
        fields.finish()?;
        Ok(Revelation {
            fields: asked,
            reason,
        })
    }
}

/// A reason of 3 to 200 characters, without numbers: the audit log keeps it.
pub(super) fn reason(fields: &mut Fields, given: &str) -> String {
    let reason = fields.text("/reason", given, REASON_MAX);
    if (1..REASON_MIN).contains(&reason.chars().count()) {
        fields.add("/reason", Rule::TooShort(REASON_MIN));
    }
    mask_numbers(&reason)
}

/// An absent text keeps, an empty one removes.
fn text(fields: &mut Fields, pointer: &str, given: Option<&Personal>, max: usize) -> Edit<Personal> {
    match given {
        None => Edit::Keep,
        Some(text) => fields
            .optional(pointer, Some(text.plain()), max)
            .map_or(Edit::Clear, |text| Edit::Set(Personal::new(text))),
    }
}

/// An absent number keeps, an empty one removes; one that can't be read is noted and never applied.
fn phone(fields: &mut Fields, pointer: &str, given: Option<&Personal>) -> Edit<Phone> {
    let Some(text) = given.map(|phone| phone.plain().trim()) else {
        return Edit::Keep;
    };
    if text.is_empty() {
        return Edit::Clear;
    }
    Phone::parse(text).map_or_else(
        || {
            fields.add(pointer, Rule::Form(PHONE_FORM));
            Edit::Keep
        },
        Edit::Set,
    )
}

fn labels(fields: &mut Fields, given: &[String]) -> Vec<String> {
    if given.len() > LABELS_MAX {
        fields.add("/labels", Rule::TooMany(LABELS_MAX));
        return Vec::new();
    }
    let mut read: Vec<String> = Vec::with_capacity(given.len());
    for (label, at) in given.iter().zip(0..) {
        let label = fields.text(&format!("/labels/{at}"), label, LABEL_MAX);
        if !read.contains(&label) {
            read.push(label);
        }
    }
    read
}

fn point(fields: &mut Fields, lat: Option<f64>, lng: Option<f64>) -> Option<(f64, f64)> {
    if lat.is_some_and(|lat| !(-90.0..=90.0).contains(&lat)) {
        fields.add("/lat", Rule::Range("-90..90".into()));
    }
    if lng.is_some_and(|lng| !(-180.0..=180.0).contains(&lng)) {
        fields.add("/lng", Rule::Range("-180..180".into()));
    }
    match (lat, lng) {
        (Some(_), None) => fields.add("/lng", Rule::Required),
        (None, Some(_)) => fields.add("/lat", Rule::Required),
        _ => {}
    }
    lat.zip(lng)
}

fn read_kin(given: Vec<KinIn>, now: DateTime<Utc>, new: bool, fields: &mut Fields) -> Vec<KinData> {
    if given.len() > KIN_MAX {
        fields.add("/kin", Rule::TooMany(KIN_MAX));
        return Vec::new();
    }
    let (mut ids, mut numbers) = (HashSet::new(), HashSet::new());
    let mut read = Vec::with_capacity(given.len());
    for (kin, at) in given.into_iter().zip(0..) {
        let here = format!("/kin/{at}");
        let data = kin.read(&here, now, new, fields);
        if data.id.is_some_and(|id| !ids.insert(id)) {
            fields.add(format!("{here}/id"), Rule::Taken);
        }
        if data
            .phone
            .as_ref()
            .is_some_and(|phone| !numbers.insert(phone.canonical()))
        {
            fields.add(format!("{here}/phone"), Rule::Taken);
        }
        read.push(data);
    }
    read
}

impl KinIn {
    fn read(self, here: &str, now: DateTime<Utc>, new: bool, fields: &mut Fields) -> KinData {
        if new && self.id.is_some() {
            fields.add(format!("{here}/id"), Rule::Unexpected);
        }
        let name = self
            .name
            .as_ref()
            .map(|name| Personal::new(fields.text(&format!("{here}/name"), name.plain(), NAME_MAX)));
        if name.is_none() && self.id.is_none() {
            fields.add(format!("{here}/name"), Rule::Required);
        }
        let pointer = format!("{here}/phone");
        let phone = match phone(fields, &pointer, self.phone.as_ref()) {
            Edit::Set(phone) => Some(phone),
            Edit::Clear => {
                fields.add(pointer, Rule::Required);
                None
            }
            Edit::Keep => {
                if self.phone.is_none() && self.id.is_none() {
                    fields.add(pointer, Rule::Required);
                }
                None
            }
        };
        let consent = format!("{here}/consent_at");
        match self.consent_at {
            None if self.policy != KinPolicy::Never => fields.add(consent, Rule::Required),
            Some(at) if at > now => fields.add(consent, Rule::Form("an instant that has passed")),
            _ => {}
        }
        KinData {
            id: self.id,
            name,
            phone,
            relation: fields.text(&format!("{here}/relation"), &self.relation, RELATION_MAX),
            policy: self.policy,
            consent_at: self.consent_at,
        }
    }
}

impl HomeOut {
    /// A home as it is seen; what is hidden is not even opened.
    pub(in crate::callbell) fn new(
        vault: &Vault,
        (row, kin): &Whole,
        sight: Sight,
    ) -> Result<Self, AppError> {
        let seen = sight != Sight::Hidden;
        let opened = |label, sealed: &Vec<u8>| vault.open_optional(label, seen.then_some(sealed));
        let name = opened(homes::NAME, &row.resident_sealed)?;
        let phone = vault.open_optional(homes::PHONE, row.phone_sealed.as_ref().filter(|_| seen))?;
        Ok(Self {
            id: row.id,
            unit_id: row.unit_id,
            unit_path: row.unit_path.clone(),
            resident_id: row.resident_id.filter(|_| seen),
            resident_name: name.map(|name| shown(sight, name, mask_name)),
            phone: phone.map(|phone| shown(sight, phone, mask_canonical)),
            building: row.building.clone(),
            entrance: row.entrance.clone(),
            door: row.door.clone(),
            spoken: opened(homes::SPOKEN, &row.spoken_sealed)?,
            has_access_notes: row.access_sealed.is_some(),
            has_medical_notes: row.medical_sealed.is_some(),
            language: row.language.clone(),
            labels: seen.then(|| serde_json::from_value(row.labels.clone()).unwrap_or_default()),
            lat: row.lat,
            lng: row.lng,
            kin: kin
                .iter()
                .map(|kin| KinOut::new(vault, kin, sight))
                .collect::<Result<_, _>>()?,
            synthetic: row.synthetic,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

impl KinOut {
    fn new(vault: &Vault, row: &callbell_kin::Model, sight: Sight) -> Result<Self, AppError> {
        let seen = sight != Sight::Hidden;
        let name = vault.open_optional(homes::KIN_NAME, seen.then_some(&row.name_sealed))?;
        let phone = vault.open_optional(homes::KIN_PHONE, seen.then_some(&row.phone_sealed))?;
        Ok(Self {
            id: row.id,
            name: name.map(|name| shown(sight, name, mask_name)),
            phone: phone.map(|phone| shown(sight, phone, mask_canonical)),
            relation: row.relation.clone(),
            policy: row.policy,
            consent_at: row.consent_at,
        })
    }
}

impl HomeRevealOut {
    /// The plain values that were asked for.
    pub(in crate::callbell) fn new(
        vault: &Vault,
        (row, kin): &Whole,
        fields: &[HomeRevealField],
    ) -> Result<Self, AppError> {
        let open = |field, label, sealed: Option<&Vec<u8>>| {
            vault.open_optional(label, sealed.filter(|_| fields.contains(&field)))
        };
        let kin = || {
            kin.iter()
                .map(|kin| KinOut::new(vault, kin, Sight::Full))
                .collect::<Result<_, _>>()
        };
        Ok(Self {
            resident_name: open(
                HomeRevealField::ResidentName,
                homes::NAME,
                Some(&row.resident_sealed),
            )?,
            phone: open(HomeRevealField::Phone, homes::PHONE, row.phone_sealed.as_ref())?,
            access_notes: open(
                HomeRevealField::AccessNotes,
                homes::ACCESS,
                row.access_sealed.as_ref(),
            )?,
            medical_notes: open(
                HomeRevealField::MedicalNotes,
                homes::MEDICAL,
                row.medical_sealed.as_ref(),
            )?,
            kin: fields.contains(&HomeRevealField::Kin).then(kin).transpose()?,
        })
    }
}

fn shown(sight: Sight, plain: String, mask: impl FnOnce(&str) -> String) -> String {
    if sight == Sight::Full { plain } else { mask(&plain) }
}
