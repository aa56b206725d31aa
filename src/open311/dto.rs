//! The protocol's own words. Where a value is not known the member is null: an empty element.

use serde::Serialize;
use utoipa::ToSchema;

/// Where the service is, and what it speaks.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DiscoveryOut {
    /// When this description changed last.
    #[schema(example = "2026-11-27T00:00:00Z")]
    pub changeset: String,
    /// Whom to ask.
    pub contact: String,
    /// How a key is to be had.
    pub key_service: String,
    /// Where it is served.
    pub endpoints: Vec<EndpointOut>,
}

/// A place where the protocol is served.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EndpointOut {
    /// Which protocol.
    #[schema(example = "http://wiki.open311.org/GeoReport_v2")]
    pub specification: String,
    /// Below this.
    pub url: String,
    /// When it changed last.
    pub changeset: String,
    /// `production`.
    pub r#type: String,
    /// What it speaks.
    pub formats: Vec<String>,
}

/// A service that can be asked for.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ServiceOut {
    /// Its code in the catalogue.
    #[schema(example = "120302")]
    pub service_code: String,
    /// Its name.
    #[schema(example = "广场舞噪声")]
    pub service_name: String,
    /// What it is for.
    pub description: String,
    /// Whether it has a form of its own, told by its definition.
    pub metadata: bool,
    /// `realtime`: a request has its number at once.
    pub r#type: String,
    /// Words parted by commas; none.
    pub keywords: String,
    /// The heading above it.
    pub group: String,
    /// The headings above it, for readers of `groups`.
    pub groups: Vec<String>,
}

/// The form of a service.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DefinitionOut {
    /// Its code.
    pub service_code: String,
    /// Fields in their order.
    pub attributes: Vec<AttributeOut>,
}

/// A field of a form.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AttributeOut {
    /// Whether somebody fills it in.
    pub variable: bool,
    /// Its name: `attribute[CODE]`.
    pub code: String,
    /// `string`, `number`, `datetime`, `text` or `singlevaluelist`.
    pub datatype: String,
    /// Whether it must be filled in.
    pub required: bool,
    /// How it is filled in.
    pub datatype_description: String,
    /// 1, 2, 3 …
    pub order: usize,
    /// What to ask people.
    pub description: String,
    /// What can be chosen.
    pub values: Vec<ValueOut>,
}

/// Something that can be chosen.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ValueOut {
    /// What to send.
    pub key: String,
    /// What to show.
    pub name: String,
}

/// A request that was registered.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MadeOut {
    /// Its number.
    #[schema(example = "261127482917302")]
    pub service_request_id: String,
    /// Until when an answer is promised.
    pub service_notice: Option<String>,
    /// As it came.
    pub account_id: Option<String>,
}

/// The number that a token stands for.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TokenOut {
    /// The number.
    pub service_request_id: String,
    /// The token.
    pub token: String,
}

/// A request.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RequestOut {
    /// Its number.
    #[schema(example = "261127482917302")]
    pub service_request_id: String,
    /// `open` or `closed`.
    #[schema(example = "open")]
    pub status: String,
    /// What was said last to who asked.
    pub status_notes: Option<String>,
    /// The service's name.
    pub service_name: String,
    /// The service's code.
    #[schema(example = "120302")]
    pub service_code: String,
    /// What was asked.
    pub description: Option<String>,
    /// The unit that has it.
    pub agency_responsible: Option<String>,
    /// Where it stands, in the hotline's own term.
    pub service_notice: Option<String>,
    /// When it was registered.
    #[schema(example = "2026-11-27T08:00:00+08:00")]
    pub requested_datetime: String,
    /// When it changed last; when it was closed, if it is.
    pub updated_datetime: String,
    /// Until when an answer is promised.
    pub expected_datetime: Option<String>,
    /// The address, else the community.
    pub address: String,
    /// The code of the community is not told: null.
    pub address_id: Option<String>,
    /// Not kept: null.
    pub zipcode: Option<String>,
    /// Latitude, WGS 84.
    pub lat: Option<f64>,
    /// Longitude, WGS 84.
    pub long: Option<f64>,
    /// The first picture, by a link that only who was given it knows.
    pub media_url: Option<String>,
    /// With `extensions=true`: fields of the form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Vec<AnsweredOut>>,
    /// With `extensions=true`: more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extended_attributes: Option<ExtendedOut>,
    /// With `extensions=true`: what was said to who asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<Vec<NoteOut>>,
}

/// A field that was filled in.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AnsweredOut {
    /// Its name.
    pub code: String,
    /// What is in it.
    pub value: String,
}

/// What the protocol has no word for.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ExtendedOut {
    /// The way in.
    #[schema(example = "web")]
    pub channel: String,
    /// Pictures.
    pub photos: Vec<PhotoOut>,
}

/// A picture.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PhotoOut {
    /// Its link.
    pub media_url: String,
    /// Its name.
    pub title: String,
}

/// Something that was said to who asked.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NoteOut {
    /// When.
    pub datetime: String,
    /// What.
    pub description: String,
    /// What happened, in the hotline's own word.
    #[schema(example = "replied")]
    pub r#type: String,
}

/// Something that happened to a request (the extension of FixMyStreet).
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UpdateOut {
    /// The request's number and the entry's.
    #[schema(example = "261127482917302-4")]
    pub update_id: String,
    /// The request's number.
    pub service_request_id: String,
    /// One of FixMyStreet's words.
    #[schema(example = "investigating")]
    pub status: String,
    /// The hotline's own word for where it stands.
    #[schema(example = "in_progress")]
    pub external_status_code: String,
    /// When.
    pub updated_datetime: String,
    /// What was said to who asked; else what happened.
    pub description: String,
    /// Pictures have links of their own in the request: null.
    pub media_url: Option<String>,
}

/// An update that was taken.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UpdatedOut {
    /// The request's number and the entry's.
    pub update_id: String,
}

/// Why a request was refused.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ErrorOut {
    /// As the status.
    #[schema(example = 400)]
    pub code: u16,
    /// In the client's language.
    pub description: String,
}
