//! For which part of the API a client needs leave.

use super::{Op, scope};
use entity::kind::{ClientScope, Role};

/// The leave that an operation needs of a client; none for what every client may do, and for what none may.
#[must_use]
pub fn client_scope(op: Op) -> Option<ClientScope> {
    use ClientScope as S;
    scope(op, Role::Integration)?;
    match op {
        Op::GetMe => None,
        Op::ListTickets
        | Op::GetTicket
        | Op::GetDeadlines
        | Op::GetHands
        | Op::GetAccessLog
        | Op::GetReceipt
        | Op::VerifyTicket
        | Op::GetAttachment
        | Op::ListExports
        | Op::GetExport
        | Op::GetExportFile => Some(S::TicketsRead),
        Op::CreateExport | Op::DeleteExport => Some(S::ExportsWrite),
        Op::ListEvents => Some(S::EventsRead),
        Op::ListWebhooks | Op::GetWebhook | Op::ListWebhookMessages => Some(S::WebhooksRead),
        Op::CreateWebhook
        | Op::UpdateWebhook
        | Op::DeleteWebhook
        | Op::RotateWebhookSecret
        | Op::TestWebhook
        | Op::ResendWebhookMessage
        | Op::ResendDeadMessages => Some(S::WebhooksWrite),
        Op::RecordPhoneEvent => Some(S::CallsWrite),
        // To register, to add files, and what the requester may do.
        _ => Some(S::TicketsWrite),
    }
}

/// What leave an operation needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// None.
    Free,
    /// This.
    Of(ClientScope),
    /// There is none: the resident does it.
    Never,
}

/// The leave that an app needs to do an operation for a resident who let it in. Who they are and how they log in is for them
/// alone.
#[must_use]
pub fn resident_leave(op: Op) -> Leave {
    use ClientScope as S;
    match op {
        Op::GetMe | Op::Logout => Leave::Free,
        Op::ListTickets
        | Op::GetTicket
        | Op::GetDeadlines
        | Op::GetHands
        | Op::GetAccessLog
        | Op::GetReceipt
        | Op::VerifyTicket
        | Op::GetAttachment
        | Op::FindSimilar => Leave::Of(S::TicketsRead),
        Op::RegisterTicket
        | Op::UploadAttachment
        | Op::ActOnTicket
        | Op::Supplement
        | Op::Correct
        | Op::Rate
        | Op::Withdraw
        | Op::Appeal
        | Op::Reopen
        | Op::Urge => Leave::Of(S::TicketsWrite),
        // Nobody needs leave for what is everybody's.
        op if op.is_public() => Leave::Free,
        // Among it messages: they hold links by which whoever has them answers for the resident.
        _ => Leave::Never,
    }
}

/// With which leave a program may do an operation, for itself or for a resident; none where no program may.
#[must_use]
pub fn program_leaves(op: Op) -> Vec<Leave> {
    let own = match (client_scope(op), scope(op, Role::Integration)) {
        (Some(needed), _) => Leave::Of(needed),
        (None, Some(_)) => Leave::Free,
        (None, None) => Leave::Never,
    };
    let mut leaves = vec![own, resident_leave(op)];
    leaves.dedup();
    leaves.retain(|leave| *leave != Leave::Never);
    leaves
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What changes nothing needs no leave to change anything; `get_` and `list_` are what only reads.
    #[test]
    fn reading_and_changing_are_told_apart() {
        for op in Op::ALL {
            let Some(needed) = client_scope(*op) else { continue };
            let reads = ["get_", "list_", "verify_"]
                .iter()
                .any(|word| op.id().starts_with(word));
            assert_eq!(needed.word().ends_with(":read"), reads, "{}", op.id());
        }
        assert_eq!(client_scope(Op::CreateStaff), None);
    }

    /// What an app may do for a resident is what is listed, and nothing else that a resident may.
    #[test]
    fn an_app_may_do_no_more_than_is_listed() {
        let own = Op::ALL.iter().filter(|op| scope(**op, Role::Resident).is_some());
        let never: Vec<&str> = own
            .filter(|op| resident_leave(**op) == Leave::Never)
            .map(|op| op.id())
            .collect();
        assert_eq!(
            never,
            [
                "change_password",
                "list_my_apps",
                "remove_my_app",
                "get_resident",
                "update_resident",
                "add_contact",
                "list_notices",
                "read_notice"
            ]
        );
    }
}
