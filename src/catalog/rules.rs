//! The catalogue as a value, and the check of a service's own form. Pure.

pub mod entry;
pub mod form;

use chrono::NaiveDate;
use entity::id::{ServiceId, UnitId};
use entity::kind::{LimitUnit, RequestType, ResponsibleKind, ServiceState, Urgency};
use form::Form;

/// A service, as rules see it.
#[derive(Clone, Debug)]
pub struct Service {
    /// Key.
    pub id: ServiceId,
    /// Local code, digits.
    pub code: String,
    /// Name.
    pub name: String,
    /// Types of request that it takes.
    pub request_types: Vec<RequestType>,
    /// The type unless the caller says otherwise.
    pub default_type: RequestType,
    /// The urgency unless the operator says otherwise.
    pub urgency: Urgency,
    /// Its own limit for the resolution, where the policy's default does not fit.
    pub resolve_limit: Option<(u32, LimitUnit)>,
    /// Which kind of unit handles it.
    pub responsible: ResponsibleKind,
    /// Which post handles it there.
    pub post: String,
    /// Which department, where a department handles it.
    pub department: Option<String>,
    /// Powers that the owner must hold.
    pub powers: Vec<String>,
    /// Whether it touches sensitive personal information.
    pub sensitive: bool,
    /// Whether such matters are known to come back: they are asked about after the close.
    pub relapse: bool,
    /// Whether it may be accepted without an operator's look.
    pub auto_accept: bool,
    /// Its own form.
    pub form: Form,
    /// Whether requests can be registered under it.
    pub selectable: bool,
    /// The community whose special service it is.
    pub owner: Option<(UnitId, String)>,
    /// Where it stands.
    pub state: ServiceState,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day.
    pub valid_to: Option<NaiveDate>,
}

impl Service {
    /// Whether it may be chosen on `day` for a place of this path.
    #[must_use]
    pub fn is_offered(&self, day: NaiveDate, place_path: &str) -> bool {
        self.is_valid_on(day)
            && self
                .owner
                .as_ref()
                .is_none_or(|(_, path)| place_path.starts_with(path.as_str()))
    }

    /// Whether it may be chosen on `day` somewhere.
    #[must_use]
    pub fn is_valid_on(&self, day: NaiveDate) -> bool {
        self.selectable
            && self.state == ServiceState::Active
            && self.valid_from <= day
            && self.valid_to.is_none_or(|last| day <= last)
    }

    /// Whether a request of this type may go on without an operator's look: complaints and reports never do.
    #[must_use]
    pub fn accepts_by_itself(&self, request_type: RequestType) -> bool {
        self.auto_accept && matches!(request_type, RequestType::Consult | RequestType::Help)
    }
}

/// All services.
#[derive(Debug, Default)]
pub struct Catalogue(Vec<Service>);

impl Catalogue {
    /// Services in any order.
    #[must_use]
    pub fn new(mut services: Vec<Service>) -> Self {
        services.sort_by(|a, b| (&a.code, a.valid_from).cmp(&(&b.code, b.valid_from)));
        Self(services)
    }

    /// The service of this code that is valid on `day`.
    #[must_use]
    pub fn find(&self, code: &str, day: NaiveDate) -> Option<&Service> {
        let start = self.0.partition_point(|service| service.code.as_str() < code);
        let same = self
            .0
            .get(start..)
            .unwrap_or_default()
            .iter()
            .take_while(|service| service.code == code);
        same.filter(|service| service.is_valid_on(day)).last()
    }

    /// The service with this key.
    #[must_use]
    pub fn get(&self, id: ServiceId) -> Option<&Service> {
        self.0.iter().find(|service| service.id == id)
    }

    /// All services, by code.
    #[must_use]
    pub fn all(&self) -> &[Service] {
        &self.0
    }
}
