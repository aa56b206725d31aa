//! What people are told, in few words. No text of the request stands in a message: telephones are shared and seen.

use super::queries::titles::CONFIDENTIAL;
use super::rules::number;
use crate::access::authenticate::china;
use chrono::{DateTime, Utc};
use entity::kind::EntryKind;
use entity::ticket;

/// Whether anybody is told.
pub fn is_milestone(kind: EntryKind) -> bool {
    use EntryKind as E;
    matches!(
        kind,
        E::Registered
            | E::AnsweredNow
            | E::Rejected
            | E::Redirected
            | E::Dispatched
            | E::Pooled
            | E::Assigned
            | E::Supplemented
            | E::Replied
            | E::Approved
            | E::SentBack
            | E::Reworked
            | E::Closed
            | E::Withdrawn
            | E::Overdue
            | E::Recounted
            | E::CallbackAttempted
            | E::Rechecked
            | E::Reminded
            | E::Escalated
            | E::ReturnRequested
            | E::ReturnApproved
            | E::ReturnRefused
            | E::Reassigned
            | E::ExtensionRequested
            | E::ExtensionGranted
            | E::ExtensionRefused
            | E::Suspended
            | E::Resumed
            | E::TaskOpened
            | E::Whistled
            | E::TaskDone
            | E::TaskWaived
            | E::PlanSet
            | E::MilestoneReached
            | E::Supervised
            | E::SupervisionAnswered
            | E::Urged
            | E::Appealed
            | E::Merged
            | E::Unmerged
            | E::Reopened
    )
}

/// What was dispatched the moment it was registered is told in one message: nobody wants, or pays for, two texts in
/// one second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// What happened.
    Alone(EntryKind),
    /// Registered and dispatched at once.
    Received,
}

/// The word of a message.
pub fn template(told: Told) -> String {
    match told {
        Told::Alone(kind) => format!("ticket_{kind}"),
        Told::Received => "ticket_received".to_owned(),
    }
}

/// For the requester, behind the signature; none where there is nothing to tell.
pub fn for_requester(
    told: Told,
    ticket: &ticket::Model,
    unit: Option<&str>,
    promised: Option<DateTime<Utc>>,
    link: Option<&str>,
) -> Option<String> {
    let number = number::spoken(&ticket.number);
    let kind = match told {
        Told::Received => {
            return Some(format!(
                "您的诉求已收到，编号 {number}，{}。",
                handed(unit, promised)
            ));
        }
        Told::Alone(kind) => kind,
    };
    Some(match kind {
        EntryKind::Registered => format!("您的诉求已收到，编号 {number}。"),
        EntryKind::AnsweredNow => format!("您的诉求（{number}）已即时答复。"),
        EntryKind::Rejected => format!("您的诉求（{number}）不属受理范围，办理渠道请查看工单。"),
        EntryKind::Redirected => format!("您的诉求（{number}）已转接相关专线。"),
        EntryKind::Dispatched => format!("您的诉求（{number}）{}。", handed(unit, promised)),
        EntryKind::Approved => {
            let link = link.map(|link| format!("，请评价：{link}")).unwrap_or_default();
            format!("您的诉求（{number}）已答复{link}")
        }
        EntryKind::Reworked => format!("您的诉求（{number}）已退回重办。"),
        EntryKind::Closed => format!("您的诉求（{number}）已办结。"),
        EntryKind::Withdrawn => format!("您的诉求（{number}）已撤回。"),
        EntryKind::CallbackAttempted => {
            let link = link?;
            format!("我们多次致电未能联系到您，诉求（{number}）的办理结果请评价：{link}")
        }
        EntryKind::Rechecked => {
            format!("您的诉求（{number}）办结已有一段时间，如问题再次发生，可申请重新办理。")
        }
        EntryKind::Reassigned => format!("您的诉求（{number}）{}。", handed(unit, promised)),
        EntryKind::ExtensionGranted => {
            let by = promised.map(day)?;
            format!("您的诉求（{number}）办理期限延长，预计 {by} 前答复，原因请查看工单。")
        }
        EntryKind::Suspended => format!("您的诉求（{number}）暂缓办理，原因请查看工单。"),
        EntryKind::Resumed => {
            let by = promised
                .map(|at| format!("，预计 {} 前答复", day(at)))
                .unwrap_or_default();
            format!("您的诉求（{number}）已恢复办理{by}。")
        }
        EntryKind::PlanSet => format!("您的诉求（{number}）已制定分阶段办理计划，请查看工单。"),
        EntryKind::MilestoneReached => format!("您的诉求（{number}）已完成一个阶段目标，请查看工单。"),
        EntryKind::Appealed => format!("您对诉求（{number}）不予受理的申诉已收到，将由另一名工作人员审核。"),
        EntryKind::Merged => {
            format!("您的诉求（{number}）与同一事项的诉求一并办理，办理结果将单独告知您。")
        }
        EntryKind::Unmerged => format!("您的诉求（{number}）已恢复单独办理。"),
        EntryKind::Reopened => format!("您的诉求（{number}）已重新办理。"),
        EntryKind::Recounted => {
            let by = promised.map(day)?;
            format!("因工作日历调整，您的诉求（{number}）预计答复时间改为 {by} 前。")
        }
        _ => return None,
    })
}

/// With whom it is, and by when an answer is promised.
fn handed(unit: Option<&str>, promised: Option<DateTime<Utc>>) -> String {
    let by = promised
        .map(|at| format!("，预计 {} 前答复", day(at)))
        .unwrap_or_default();
    format!("已交{}办理{by}", unit.unwrap_or("承办单位"))
}

/// For the unit that has it; none where nothing waits for it.
pub fn for_staff(kind: EntryKind, ticket: &ticket::Model, has_person: bool) -> Option<String> {
    let number = number::spoken(&ticket.number);
    let what = match kind {
        EntryKind::Dispatched => "新工单待签收",
        EntryKind::Pooled => "工单待派单",
        EntryKind::Assigned if has_person => "工单已指派给您",
        EntryKind::Assigned => "工单待认领",
        EntryKind::Supplemented => "诉求人补充了内容",
        EntryKind::Replied => "答复待审核",
        EntryKind::SentBack => "答复被退回",
        EntryKind::Reworked => "工单需重办",
        EntryKind::Withdrawn => "诉求人已撤单",
        EntryKind::Overdue => "工单已超期",
        EntryKind::Recounted => "工单时限因工作日历调整已重算",
        EntryKind::Reminded => "工单即将到期",
        EntryKind::Escalated => "工单超期升级",
        EntryKind::ReturnRequested => "退单申请待审核",
        EntryKind::ReturnApproved => "退单申请已同意",
        EntryKind::ReturnRefused => "退单申请未同意，请继续办理",
        EntryKind::Reassigned => "改派工单待签收",
        EntryKind::ExtensionRequested => "延期申请待审批",
        EntryKind::ExtensionGranted => "延期申请已同意",
        EntryKind::ExtensionRefused => "延期申请未同意",
        EntryKind::Suspended => "工单已挂起",
        EntryKind::Resumed => "工单已恢复办理",
        EntryKind::TaskOpened => "会办事项待办理",
        EntryKind::Whistled => "吹哨事项待办理",
        EntryKind::TaskDone => "会办事项已完成",
        EntryKind::TaskWaived => "会办事项已取消",
        EntryKind::PlanSet => "工单已列为疑难件",
        EntryKind::Supervised => "工单被督办，请按期回复",
        EntryKind::SupervisionAnswered => "督办已回复，请审核",
        EntryKind::Urged => "诉求人催办",
        EntryKind::Reopened => "工单重新办理",
        _ => return None,
    };
    // A title may name who asks.
    let title = if ticket.confidential {
        CONFIDENTIAL
    } else {
        &ticket.title
    };
    Some(format!("{what}：{number} {title}"))
}

fn day(at: DateTime<Utc>) -> String {
    at.with_timezone(&china()).format("%-m月%-d日%H:%M").to_string()
}
