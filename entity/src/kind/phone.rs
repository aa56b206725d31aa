//! Vocabularies of telephony.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

vocabulary! {
    /// What a telephone exchange tells of a call.
    PhoneEventKind {
        Ringing = "ringing" "振铃",
        Answered = "answered" "接听",
        Transferred = "transferred" "转接",
        Ended = "ended" "挂断",
    }

    /// Where a phone call stands.
    PhoneCallState {
        Ringing = "ringing" "振铃中",
        Talking = "talking" "通话中",
        Ended = "ended" "已结束",
        Abandoned = "abandoned" "未接",
    }

    /// What became of a call that nobody answered (漏接回拨).
    MissedState {
        Waiting = "waiting" "待回拨",
        CalledBack = "called_back" "已回拨",
        CalledAgain = "called_again" "已再次来电",
        NotReached = "not_reached" "回拨未接通",
    }
}
