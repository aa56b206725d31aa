//! One id type a table: a `TicketId` where a `StaffId` belongs does not compile. All are UUID v7,
//! so that the order of ids is the order of their making.

use sea_orm::{DbErr, DeriveValueType, TryFromU64};
use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
            utoipa::ToSchema, DeriveValueType,
        )]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, DbErr> {
                Err(DbErr::ConvertFromU64(stringify!($name)))
            }
        }
    )+};
}

ids! {
    /// A unit of the organisation (district, sub-district, community, department …).
    UnitId,
    /// A member of staff.
    StaffId,
    /// A role held in a unit.
    GrantId,
    /// A resident or merchant.
    ResidentId,
    /// A household.
    HouseholdId,
    /// Somebody who may act for a resident.
    ContactId,
    /// A session: one family of refresh tokens.
    SessionId,
    /// A one-time code.
    OtpId,
    /// An integrator's client.
    ClientId,
    /// A secret of a client.
    ClientSecretId,
    /// A service of the catalogue, in one period of validity.
    ServiceId,
    /// A routing rule.
    RuleId,
    /// An assignment policy of a unit.
    AssignmentPolicyId,
    /// A leave.
    AbsenceId,
    /// A handover of somebody's tickets.
    HandoverId,
    /// A line of the deadline policy.
    PolicyId,
    /// Working hours of a unit.
    HoursId,
    /// A time in which nobody works.
    ClosureId,
    /// A ticket.
    TicketId,
    /// Somebody for whom a ticket was opened.
    RequesterId,
    /// A leg of a ticket's way: a unit that has it in hands.
    AssignmentId,
    /// A clock of a ticket.
    ClockId,
    /// A small life beside a ticket's own.
    ProceedingId,
    /// An attachment.
    AttachmentId,
    /// A call-back.
    CallbackId,
    /// An event of the log.
    EventId,
    /// A notice to a person.
    NoticeId,
    /// A durable timer.
    TimerId,
    /// An entry of the audit log.
    AuditId,
    /// A look at a ticket.
    AccessId,
    /// A call-bell device.
    DeviceId,
    /// A home with a bell.
    HomeId,
    /// Next of kin of a home.
    KinId,
    /// What a device told.
    BellEventId,
    /// What could not be trusted.
    QuarantineId,
    /// An emergency call.
    CallId,
    /// An attempt to reach somebody.
    DeliveryId,
    /// A technical alarm.
    AlarmId,
    /// Open calls that go from one to another.
    CallHandoverId,
    /// A camera or a point of the electronic patrol.
    FixtureId,
    /// A look through a camera.
    CameraViewId,
    /// Somebody at a point.
    PatrolReadId,
    /// A phone call.
    PhoneCallId,
    /// A list as a file.
    ExportId,
    /// A file that is read into the database.
    ImportId,
    /// A shift.
    ShiftId,
    /// Somebody on a shift.
    ShiftMemberId,
    /// Another system that hears of events.
    WebhookId,
    /// A message to another system.
    WebhookMessageId,
    /// An attempt to deliver it.
    WebhookAttemptId,
}
