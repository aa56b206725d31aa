//! What is asked.

use crate::platform::personal::Personal;
use crate::residents::preference::Preference;
use entity::id::UnitId;
use entity::kind::ResidentKind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whom to look for: a telephone number, or an identity number, or name and address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchIn {
    /// A telephone number as it was told or typed.
    #[schema(value_type = Option<String>, example = "138 1234 1234")]
    pub phone: Option<Personal>,
    /// An identity number.
    #[schema(value_type = Option<String>)]
    pub id_number: Option<Personal>,
    /// A name; with `address`.
    #[schema(value_type = Option<String>)]
    pub name: Option<Personal>,
    /// An address; with `name`.
    #[schema(value_type = Option<String>)]
    pub address: Option<Personal>,
}

/// A new resident or merchant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResidentIn {
    /// Person or merchant.
    pub kind: ResidentKind,
    /// Name.
    #[schema(value_type = String, example = "张三")]
    pub name: Personal,
    /// A telephone number as it was told or typed.
    #[schema(value_type = Option<String>, example = "138 1234 1234")]
    pub phone: Option<Personal>,
    /// Identity number.
    #[schema(value_type = Option<String>, example = "11010519491231002X")]
    pub id_number: Option<Personal>,
    /// E-mail address.
    #[schema(value_type = Option<String>, example = "zhangsan@example.com")]
    pub email: Option<Personal>,
    /// Address: those of one address and community are a household.
    #[schema(value_type = Option<String>, example = "港口路30号3栋502")]
    pub address: Option<Personal>,
    /// The community; who works for one unit only must name it.
    pub unit_id: Option<UnitId>,
    /// Labels.
    #[serde(default)]
    #[schema(example = json!(["独居老人"]))]
    pub labels: Vec<String>,
}

/// A change of a resident: what is absent stays; an empty text removes what was there. Residents themselves change
/// name, e-mail and address only.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResidentPatch {
    /// Name; it can't be removed.
    #[schema(value_type = Option<String>)]
    pub name: Option<Personal>,
    /// Telephone number; another one counts as not verified.
    #[schema(value_type = Option<String>, example = "138 1234 1234")]
    pub phone: Option<Personal>,
    /// Identity number.
    #[schema(value_type = Option<String>)]
    pub id_number: Option<Personal>,
    /// E-mail address.
    #[schema(value_type = Option<String>)]
    pub email: Option<Personal>,
    /// Address.
    #[schema(value_type = Option<String>, example = "港口路30号3栋502")]
    pub address: Option<Personal>,
    /// The community.
    pub unit_id: Option<UnitId>,
    /// Labels, all of them.
    pub labels: Option<Vec<String>>,
    /// How and when they want to be reached; all of it.
    pub preference: Option<Preference>,
}

/// Fields that can be revealed.
///
/// `name` 姓名 · `phone` 电话 · `id_number` 证件号 · `email` 电子邮箱 · `address` 地址
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RevealField {
    /// Name.
    Name,
    /// Telephone number.
    Phone,
    /// Identity number.
    IdNumber,
    /// E-mail address.
    Email,
    /// Address.
    Address,
}

/// What to reveal, and why: both are kept in the audit log.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevealIn {
    /// Which fields.
    pub fields: Vec<RevealField>,
    /// Why; 3 to 200 characters.
    #[schema(example = "上门前电话确认")]
    pub reason: String,
}

/// A new contact.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResidentContactIn {
    /// Name.
    #[schema(value_type = String, example = "李四")]
    pub name: Personal,
    /// A telephone number as it was told or typed.
    #[schema(value_type = String, example = "139 1234 5678")]
    pub phone: Personal,
    /// What the contact is to the resident.
    #[schema(example = "女儿")]
    pub relation: String,
    /// Whether the contact may act for the resident; only with the resident's consent.
    #[serde(default)]
    pub may_act: bool,
    /// The resident agrees.
    #[serde(default)]
    pub consent: bool,
}
