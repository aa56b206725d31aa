//! What integrators' clients may have leave for.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

vocabulary! {
    /// A part of the API for which a client has leave (RFC 6749 §3.3): a resource and whether it is read or changed.
    ClientScope {
        TicketsRead = "tickets:read" "查看工单",
        TicketsWrite = "tickets:write" "登记与办理工单",
        ExportsWrite = "exports:write" "导出工单",
        EventsRead = "events:read" "查看事件",
        WebhooksRead = "webhooks:read" "查看推送",
        WebhooksWrite = "webhooks:write" "管理推送",
        CallsWrite = "calls:write" "上报通话",
    }
}
