//! Wire shapes of phone calls.

use super::rules::Heard;
use crate::platform::error::{AppError, FieldError, Fields, Rule};
use crate::platform::personal::Personal;
use crate::residents::rules::Phone;
use crate::tickets::dto::CallerOut;
use chrono::{DateTime, NaiveDate, SubsecRound, TimeDelta, Utc};
use entity::id::{PhoneCallId, StaffId, TicketId};
use entity::kind::{MissedState, PhoneCallState, PhoneEventKind};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// How long an exchange may try to tell of something, in days, and how far its clock may be ahead, in minutes.
const LATE_DAYS: i64 = 7;
const AHEAD_MIN: i64 = 5;

/// What an exchange tells of a call. Events may come in any order, and more than once.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"call_id": "5f2c6a3e-1", "event": "ended", "at": "2026-11-27T01:05:00Z", "caller": "13812341234", "line": "12345", "agent": "operator", "recording": "rec/2026/11/27/5f2c6a3e-1.wav"}))]
pub struct PhoneEventIn {
    /// The call's id in the exchange: the same in all events of a call.
    #[schema(example = "5f2c6a3e-1")]
    pub call_id: String,
    /// What happened.
    pub event: PhoneEventKind,
    /// When it happened, by the exchange's clock.
    pub at: DateTime<Utc>,
    /// The number of who calls, as the exchange shows it. What can't be called back is as good as withheld.
    #[schema(value_type = Option<String>, example = "13812341234")]
    pub caller: Option<Personal>,
    /// The number that was called.
    #[schema(example = "12345")]
    pub line: Option<String>,
    /// The user name of whose telephone rings, or who has the call now.
    #[schema(example = "operator")]
    pub agent: Option<String>,
    /// Where the exchange keeps the recording: an id or a link. It is not fetched.
    #[schema(example = "rec/2026/11/27/5f2c6a3e-1.wav")]
    pub recording: Option<String>,
}

impl PhoneEventIn {
    /// Checks all fields.
    ///
    /// # Errors
    /// `InvalidInput`.
    pub fn parse(self, now: DateTime<Utc>) -> Result<(String, Heard), AppError> {
        let mut fields = Fields::default();
        let call = fields.text("/call_id", &self.call_id, 200);
        let line = fields.optional("/line", self.line.as_deref(), 40);
        let agent = fields.optional("/agent", self.agent.as_deref(), 64);
        let recording = fields.optional("/recording", self.recording.as_deref(), 500);
        if self.at > now + TimeDelta::minutes(AHEAD_MIN) || self.at < now - TimeDelta::days(LATE_DAYS) {
            fields.add("/at", Rule::Range(format!("-{LATE_DAYS} d..+{AHEAD_MIN} min")));
        }
        fields.finish()?;
        // What can't be called back is as good as withheld: `anonymous`, an extension, a number without its area code.
        let caller = self.caller.as_ref().and_then(|shown| Phone::parse(shown.plain()));
        let heard = Heard {
            kind: self.event,
            // As finely as both databases keep it, so that a repeat is the same.
            at: self.at.trunc_subsecs(6),
            agent,
            caller: caller.map(|caller| caller.canonical()),
            line,
            recording,
        };
        Ok((call, heard))
    }
}

/// A phone call.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PhoneCallOut {
    /// Key: `phone_call_id` of a ticket that is registered in it.
    pub id: PhoneCallId,
    /// Its id in the exchange.
    #[schema(example = "5f2c6a3e-1")]
    pub call_id: String,
    /// Where it stands.
    pub state: PhoneCallState,
    /// The number of who called, masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "138****1234")]
    pub caller: Option<String>,
    /// The number that was called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    /// Who has it, or had it last, by the exchange's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The same as a member of staff; absent where nobody has that user name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub staff_id: Option<StaffId>,
    /// Where the exchange keeps the recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recording: Option<String>,
    /// When it began.
    pub began_at: DateTime<Utc>,
    /// When it was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<DateTime<Utc>>,
    /// When it ended; absent of a call that is over where that was never heard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<DateTime<Utc>>,
    /// Seconds that who called waited until somebody answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waited_s: Option<i64>,
    /// What became of it, where nobody answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missed: Option<MissedState>,
    /// How often it was tried to call back.
    pub attempts: i32,
    /// Tickets that were registered in it.
    pub tickets: Vec<CallTicketOut>,
}

/// A ticket that was registered in a call.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CallTicketOut {
    /// Key.
    pub id: TicketId,
    /// The number, in groups that are easy to say.
    #[schema(example = "261127 4829 17302")]
    pub number: String,
}

/// What an operator's screen shows when the telephone rings: the call, and who may be calling.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScreenOut {
    /// The call as it stands now.
    pub call: PhoneCallOut,
    /// People of the register with this number, masked, with their last tickets.
    pub callers: Vec<CallerOut>,
}

/// Which phone calls.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PhoneCallsQuery {
    /// Which: `missed` waits to be called back, oldest first; `all`, newest first, unless given.
    pub which: Option<String>,
    /// Rows of a page: 1 to 100, 20 unless given.
    pub limit: Option<u64>,
    /// Where the page begins.
    pub cursor: Option<String>,
}

/// How calling back went.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CalledBackIn {
    /// Whether somebody answered. After the third time that nobody did, nobody need try again.
    #[schema(example = true)]
    pub reached: bool,
}

/// Which figures.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PhoneFiguresQuery {
    /// First day; today unless given.
    pub from: Option<NaiveDate>,
    /// Last day; today unless given. At most 31 days.
    pub to: Option<NaiveDate>,
    /// `hour` of the day or `agent`: one row for each; one for all unless given.
    pub by: Option<String>,
}

/// What figures are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Nothing.
    All,
    /// The hour of the day in China.
    Hour,
    /// Who answered.
    Agent,
}

impl PhoneFiguresQuery {
    /// First and last day, and by what.
    ///
    /// # Errors
    /// `InvalidInput`.
    pub fn parse(&self, today: NaiveDate) -> Result<(NaiveDate, NaiveDate, By), AppError> {
        let (from, to) = (
            self.from.unwrap_or(self.to.unwrap_or(today)),
            self.to.unwrap_or(today),
        );
        if to < from || to - from > TimeDelta::days(30) {
            return Err(AppError::fields(vec![FieldError::new(
                "?to",
                Rule::Range("31 days".into()),
            )]));
        }
        let by = match self.by.as_deref() {
            None => By::All,
            Some("hour") => By::Hour,
            Some("agent") => By::Agent,
            Some(_) => {
                let words = vec!["hour".to_owned(), "agent".to_owned()];
                return Err(AppError::field("?by", Rule::OneOf(words)));
            }
        };
        Ok((from, to, by))
    }
}

/// How fast calls are answered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct PhoneFigureOut {
    /// The hour of the day in China, 0 to 23, where rows are by hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 9)]
    pub hour: Option<u32>,
    /// Who answered, where rows are by agent; absent for calls that nobody answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// Calls that ended or were answered.
    pub inbound: u64,
    /// Of these, answered.
    pub answered: u64,
    /// Of these, not answered.
    pub abandoned: u64,
    /// Of the abandoned, those whose caller hung up within 5 seconds.
    pub short: u64,
    /// 接通率: answered ÷ (inbound − short); not by agent, whose calls were all answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 0.96)]
    pub connect_rate: Option<f64>,
    /// 15秒接通率: answered within 15 s ÷ answered of which the wait is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within_15_s: Option<f64>,
    /// 20秒接通率: the same for 20 s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within_20_s: Option<f64>,
    /// Seconds until somebody answered, on average.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean_wait_s: Option<f64>,
    /// Seconds of talk, on average.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean_talk_s: Option<f64>,
}

/// Figures of a span of days.
#[derive(Debug, Serialize, ToSchema)]
pub struct PhoneFiguresOut {
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// One row, or one for each hour or agent.
    pub rows: Vec<PhoneFigureOut>,
}

/// How to listen.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ScreenQuery {
    /// What there is, and then the end.
    pub once: Option<bool>,
}
