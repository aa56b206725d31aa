//! Which fields a role sees: from the same place as what it may do.

use entity::kind::Role;

/// How much of a personal field is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// As it is.
    Full,
    /// 张** · 138****1234.
    Masked,
    /// Not at all.
    Hidden,
}

/// How a role sees who asked. Of a confidential request only the centre sees a trace: the handling units never.
/// (国办函〔2025〕66号: strengthen the protection of personal information.)
#[must_use]
pub fn identity_sight(role: Role, confidential: bool) -> Sight {
    match role {
        Role::Resident => Sight::Full,
        Role::Operator | Role::Dispatcher | Role::CallbackAgent | Role::Supervisor | Role::Arbiter => {
            Sight::Masked
        }
        Role::Handler | Role::UnitLead | Role::StreetManager | Role::DutyOfficer | Role::Integration => {
            if confidential {
                Sight::Hidden
            } else {
                Sight::Masked
            }
        }
        Role::KnowledgeEditor
        | Role::Analyst
        | Role::Provider
        | Role::SystemAdmin
        | Role::SecurityAdmin
        | Role::Auditor => Sight::Hidden,
    }
}

/// Whether a role reads what staff write for each other.
#[must_use]
pub fn sees_internal(role: Role) -> bool {
    !matches!(role, Role::Resident | Role::Integration | Role::Provider)
}
