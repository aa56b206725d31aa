//! What is answered.

use crate::residents::preference::Preference;
use crate::residents::view;
use chrono::{DateTime, Utc};
use entity::id::{ContactId, HouseholdId, ResidentId, UnitId};
use entity::kind::ResidentKind;
use entity::resident;
use serde::Serialize;
use utoipa::ToSchema;

/// Who somebody is, as far as the reader may see it: plain, masked or not at all.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RegisteredPersonOut {
    /// Key; absent when the identity is withheld.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<ResidentId>,
    /// Person or merchant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<ResidentKind>,
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "张**")]
    pub name: Option<String>,
    /// Telephone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "138****1234")]
    pub phone: Option<String>,
    /// Labels; absent for those who may not see them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<String>>,
}

impl RegisteredPersonOut {
    /// Adds the labels, for a role that sees them.
    #[must_use]
    pub fn labelled(mut self, row: &resident::Model) -> Self {
        self.labels = Some(view::labels(row));
        self
    }
}

/// A resident or merchant.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResidentOut {
    /// How and when they want to be reached.
    pub preference: Preference,
    /// Key.
    pub id: ResidentId,
    /// Person or merchant.
    pub kind: ResidentKind,
    /// Name; masked for staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "张**")]
    pub name: Option<String>,
    /// Telephone number; masked for staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "138****1234")]
    pub phone: Option<String>,
    /// Whether the person has shown to hold the number.
    pub phone_verified: bool,
    /// Identity number; masked for staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "1101************2X")]
    pub id_number: Option<String>,
    /// E-mail address; masked for staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "z***@example.com")]
    pub email: Option<String>,
    /// Address; for staff no more than the names of district, sub-district and community.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "蓬江区 白沙街道 羊桥社区")]
    pub address: Option<String>,
    /// The community.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_id: Option<UnitId>,
    /// Those who share the dwelling have the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub household_id: Option<HouseholdId>,
    /// Labels; absent for those who may not see them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = json!(["独居老人"]))]
    pub labels: Option<Vec<String>>,
    /// People to turn to, some of whom may act for the resident.
    pub contacts: Vec<ContactOut>,
    /// Made for demonstration.
    pub synthetic: bool,
    /// Version, as in the `ETag`.
    pub version: i64,
}

/// Somebody to turn to.
#[derive(Debug, Serialize, ToSchema)]
pub struct ContactOut {
    /// Key.
    pub id: ContactId,
    /// Name; masked for staff.
    #[schema(example = "李*")]
    pub name: String,
    /// Telephone number; masked for staff.
    #[schema(example = "139****5678")]
    pub phone: String,
    /// What the contact is to the resident.
    #[schema(example = "女儿")]
    pub relation: String,
    /// Whether the contact may act for the resident.
    pub may_act: bool,
    /// When the resident agreed to that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent_at: Option<DateTime<Utc>>,
}

/// Why somebody was found.
///
/// `own_phone` 本人电话 · `contact_of` 联系人电话 · `household` 同户 · `id_number` 证件号 · `name_and_address` 姓名与地址
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It is the person's own number.
    OwnPhone,
    /// The number is that of somebody who may act for the person.
    ContactOf,
    /// The person shares a household with somebody whose number it is.
    Household,
    /// It is the person's identity number.
    IdNumber,
    /// Name and address are the person's.
    NameAndAddress,
}

/// Somebody who was found.
#[derive(Debug, Serialize, ToSchema)]
pub struct MatchOut {
    /// Who, masked.
    pub resident: RegisteredPersonOut,
    /// The community.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_id: Option<UnitId>,
    /// Why.
    pub why: Why,
    /// What the contact is to the person, where a contact's number led here.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "女儿")]
    pub relation: Option<String>,
}

/// Who was found, best first.
#[derive(Debug, Serialize, ToSchema)]
pub struct MatchesOut {
    /// At most 100.
    pub items: Vec<MatchOut>,
}

/// Plain values that were asked for and are there.
#[derive(Debug, Serialize, ToSchema)]
pub struct RevealedResidentOut {
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Telephone number: E.164, with `;ext=` behind it where there is an extension.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "+8613812341234")]
    pub phone: Option<String>,
    /// Identity number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_number: Option<String>,
    /// E-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}
