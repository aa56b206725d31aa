//! What a shift must be like, who may stand in for whom, and what may still be changed. Pure.

use super::{Span, Turn};
use crate::access::authenticate::local_day;
use crate::platform::error::{Fields, Rule};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use entity::id::StaffId;

/// People of a shift at most.
pub const MEMBERS_MAX: usize = 20;
const SHORTEST: TimeDelta = TimeDelta::minutes(1);
const LONGEST: TimeDelta = TimeDelta::hours(48);
const AHEAD: TimeDelta = TimeDelta::days(400);

/// Checks the times of a shift: 1 minute to 48 hours, not over already, not too far ahead.
pub fn check_times((starts_at, ends_at): Span, now: DateTime<Utc>, fields: &mut Fields) {
    let longest = starts_at.checked_add_signed(LONGEST);
    if ends_at <= starts_at {
        fields.add("/ends_at", Rule::Form("later than starts_at"));
    } else if ends_at - starts_at < SHORTEST || longest.is_none_or(|longest| ends_at > longest) {
        fields.add("/ends_at", Rule::Form("1 minute to 48 hours after starts_at"));
    } else if ends_at <= now {
        fields.add(
            "/ends_at",
            Rule::Form("later than now: a shift is not wholly in the past"),
        );
    }
    if starts_at > now + AHEAD {
        fields.add("/starts_at", Rule::Form("at most 400 days ahead"));
    }
}

/// Checks the people of a shift by themselves: somebody, not too many, nobody twice.
pub fn check_members(members: &[StaffId], fields: &mut Fields) {
    if members.is_empty() {
        fields.add("/members", Rule::Required);
    }
    if members.len() > MEMBERS_MAX {
        fields.add("/members", Rule::TooMany(MEMBERS_MAX));
    }
    for (at, member) in members.iter().enumerate() {
        if members.iter().take(at).any(|before| before == member) {
            fields.add(format!("/members/{at}"), Rule::Taken);
        }
    }
}

/// The first and the last day, in China, of a span.
#[must_use]
pub fn days((from, until): Span) -> (NaiveDate, NaiveDate) {
    (local_day(from), local_day(until - TimeDelta::seconds(1)))
}

/// A shift as it is or shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// When.
    pub span: Span,
    /// Who, the first to be called first.
    pub members: Vec<StaffId>,
}

/// Checks a change of a shift that is not over: what has been stays as it was, and who stands in keeps a place.
pub fn check_change(was: &Plan, next: &Plan, stand_ins: &[Turn], now: DateTime<Utc>, fields: &mut Fields) {
    let ((starts_at, _), (from, until)) = (was.span, next.span);
    if starts_at <= now {
        if from != starts_at {
            fields.add("/starts_at", Rule::Form("as it is: the shift has begun"));
        }
        if was.members != next.members {
            fields.add(
                "/members",
                Rule::Form("as they are: the shift has begun, let somebody stand in"),
            );
        }
    } else if from < now {
        fields.add("/starts_at", Rule::Form("not before now"));
    }
    if stand_ins.iter().any(|turn| turn.from < from) {
        fields.add("/starts_at", Rule::Form("not after the first stand-in begins"));
    }
    if stand_ins.iter().any(|turn| turn.until > until) {
        fields.add("/ends_at", Rule::Form("not before the last stand-in ends"));
    }
    let stands_in = |staff: StaffId| stand_ins.iter().any(|turn| turn.staff == staff);
    let kept = stand_ins
        .iter()
        .filter_map(|turn| turn.stands_in_for)
        .all(|staff| next.members.contains(&staff) || stands_in(staff));
    if !kept {
        fields.add(
            "/members",
            Rule::Form("with everybody for whom somebody stands in"),
        );
    }
    for (at, member) in next.members.iter().enumerate() {
        if stands_in(*member) {
            fields.add(format!("/members/{at}"), Rule::Taken);
        }
    }
}

/// Somebody who is to stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StandIn {
    /// Who.
    pub staff: StaffId,
    /// For whom.
    pub stands_in_for: StaffId,
    /// When.
    pub span: Span,
}

/// Checks a stand-in against everybody in the shift, and gives the place in the order of calling that it takes.
pub fn check_stand_in(
    turns: &[Turn],
    (starts_at, ends_at): Span,
    new: &StandIn,
    now: DateTime<Utc>,
    fields: &mut Fields,
) -> i32 {
    let (from, until) = new.span;
    if from < starts_at || from >= ends_at {
        fields.add("/from", Rule::Form("within the shift"));
    } else if from < now {
        fields.add("/from", Rule::Form("not before now"));
    }
    if until <= from {
        fields.add("/until", Rule::Form("later than from"));
    } else if until > ends_at {
        fields.add("/until", Rule::Form("within the shift"));
    }
    let meets = |turn: &&Turn| turn.from < until && from < turn.until;
    let theirs = || turns.iter().filter(|turn| turn.staff == new.stands_in_for);
    let place = theirs().find(|turn| turn.from <= from && until <= turn.until);
    if theirs().next().is_none() {
        fields.add("/stands_in_for", Rule::Unknown);
    } else if place.is_none() {
        fields.add(
            "/stands_in_for",
            Rule::Form("on duty in this shift all that time"),
        );
    }
    let mut others = turns.iter().filter(meets);
    if others.any(|turn| turn.stands_in_for == Some(new.stands_in_for)) {
        fields.add("/stands_in_for", Rule::Taken);
    }
    if new.staff == new.stands_in_for {
        fields.add("/staff_id", Rule::Form("somebody else"));
    } else if turns.iter().filter(meets).any(|turn| turn.staff == new.staff) {
        fields.add("/staff_id", Rule::Taken);
    }
    place.map_or(0, |turn| turn.ord)
}

/// Whether somebody stands in for the one of this turn who does so in their turn.
#[must_use]
pub fn is_relied_on(turns: &[Turn], stand_in: &Turn, now: DateTime<Utc>) -> bool {
    turns.iter().any(|turn| {
        turn.stands_in_for == Some(stand_in.staff)
            && turn.from < stand_in.until
            && stand_in.from < turn.until
            && now < turn.until
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + minute * 60, 0).unwrap()
    }

    fn who(n: u128) -> StaffId {
        Uuid::from_u128(n).into()
    }

    fn turn(staff: u128, ord: i32, from: i64, until: i64, stands_in_for: Option<u128>) -> Turn {
        Turn {
            shift: Uuid::from_u128(1).into(),
            staff: who(staff),
            ord,
            from: at(from),
            until: at(until),
            stands_in_for: stands_in_for.map(who),
        }
    }

    fn told(check: impl FnOnce(&mut Fields)) -> String {
        let mut fields = Fields::default();
        check(&mut fields);
        let errors: Vec<String> = fields.into_errors().iter().map(ToString::to_string).collect();
        errors.join("; ")
    }

    #[test]
    fn a_shift_lasts_a_minute_to_two_days_and_is_not_over() {
        let times = |from, until, now| told(|fields| check_times((at(from), at(until)), at(now), fields));
        assert_eq!(times(0, 1, 0), "");
        assert_eq!(times(0, 48 * 60, 48 * 60 - 1), "");
        assert!(times(0, 48 * 60 + 1, 0).contains("/ends_at"));
        assert!(times(5, 5, 0).contains("later than starts_at"));
        assert!(times(5, 4, 0).contains("later than starts_at"));
        assert!(times(0, 10, 10).contains("later than now"));
        assert!(times(500 * 1440, 500 * 1440 + 10, 0).contains("/starts_at"));
        let farthest = (DateTime::<Utc>::MAX_UTC - SHORTEST, DateTime::<Utc>::MAX_UTC);
        assert!(told(|fields| check_times(farthest, at(0), fields)).contains("/starts_at"));
    }

    #[test]
    fn nobody_is_in_a_shift_twice() {
        let members = |some: &[u128]| {
            let some: Vec<StaffId> = some.iter().copied().map(who).collect();
            told(|fields| check_members(&some, fields))
        };
        assert_eq!(members(&[1, 2]), "");
        assert!(members(&[1, 2, 1]).contains("/members/2 exists already"));
        assert!(members(&[]).contains("required"));
        let many: Vec<u128> = (0..21).collect();
        assert!(members(&many).contains("at most 20"));
    }

    #[test]
    fn what_has_been_stays() {
        let plan = |from, until, members: &[u128]| Plan {
            span: (at(from), at(until)),
            members: members.iter().copied().map(who).collect(),
        };
        let was = plan(0, 100, &[1, 2]);
        let change = |next: Plan, turns: &[Turn], now| {
            told(|fields| check_change(&was, &next, turns, at(now), fields))
        };
        assert_eq!(change(plan(10, 90, &[3]), &[], -1), "");
        assert_eq!(change(plan(0, 120, &[1, 2]), &[], 50), "");
        assert!(change(plan(10, 100, &[1, 2]), &[], 0).contains("/starts_at"));
        assert!(change(plan(0, 100, &[2, 1]), &[], 0).contains("/members"));
        assert!(change(plan(-9, 100, &[1, 2]), &[], -1).contains("not before now"));
        let third = [turn(3, 0, 20, 40, Some(1))];
        assert_eq!(change(plan(20, 40, &[1]), &third, -1), "");
        assert!(change(plan(21, 40, &[1]), &third, -1).contains("/starts_at"));
        assert!(change(plan(20, 39, &[1]), &third, -1).contains("/ends_at"));
        assert!(change(plan(20, 40, &[2]), &third, -1).contains("stands in"));
        assert!(change(plan(20, 40, &[1, 3]), &third, -1).contains("/members/1"));
    }

    #[test]
    fn a_stand_in_takes_one_place_once() {
        let turns = [
            turn(1, 0, 0, 100, None),
            turn(2, 1, 0, 100, None),
            turn(3, 0, 20, 40, Some(1)),
        ];
        let stand = |staff, stands_in_for, from, until| {
            let new = StandIn {
                staff: who(staff),
                stands_in_for: who(stands_in_for),
                span: (at(from), at(until)),
            };
            let mut ord = -1;
            let told = told(|fields| ord = check_stand_in(&turns, (at(0), at(100)), &new, at(10), fields));
            if told.is_empty() { ord.to_string() } else { told }
        };
        assert_eq!(stand(4, 2, 10, 100), "1");
        assert_eq!(stand(4, 1, 40, 60), "0");
        assert_eq!(stand(4, 3, 25, 30), "0", "for one who stands in already");
        assert_eq!(stand(3, 2, 50, 60), "1", "at another time");
        assert!(stand(4, 1, 30, 50).contains("/stands_in_for exists already"));
        assert!(stand(4, 3, 30, 50).contains("all that time"));
        assert!(stand(4, 9, 30, 50).contains("/stands_in_for names nothing"));
        assert!(stand(2, 1, 50, 60).contains("/staff_id exists already"));
        assert!(stand(1, 1, 50, 60).contains("somebody else"));
        assert!(stand(4, 2, 5, 60).contains("not before now"));
        assert!(stand(4, 2, 10, 101).contains("/until"));
        assert!(stand(4, 2, 100, 101).contains("/from"));
        assert!(stand(4, 2, 50, 50).contains("later than from"));
    }

    #[test]
    fn who_is_relied_on_can_not_just_go() {
        let third = turn(3, 0, 20, 40, Some(1));
        let turns = [turn(1, 0, 0, 100, None), third, turn(4, 0, 25, 30, Some(3))];
        assert!(is_relied_on(&turns, &third, at(0)));
        assert!(!is_relied_on(&turns, &third, at(30)));
        assert!(!is_relied_on(&turns[..2], &third, at(0)));
    }
}
