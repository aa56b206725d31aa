//! Who is rung when, until somebody has the call: the ladder of a community, frozen into each call when it opens.

use crate::platform::error::{Fields, Rule};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The highest level: the district with the shift leader.
pub const TOP: u8 = 3;

/// One rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rung {
    /// Seconds after the call opened.
    #[schema(example = 60)]
    pub after_s: u32,
    /// 0 the community, 1 the sub-district, 2 the district, 3 the district and the shift leader; all below are rung, too.
    #[schema(example = 1)]
    pub level: u8,
}

/// A ladder: limits are those of the design, each with the practice behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"rungs": [{"after_s": 0, "level": 0}, {"after_s": 30, "level": 0}, {"after_s": 60, "level": 1}, {"after_s": 180, "level": 2}, {"after_s": 300, "level": 3}], "repeat_s": 60, "kin_after_s": 60, "lease_s": 120, "arrive_s": [900, 1800, 2700], "check_in_s": 1800, "close_after_s": 86400}))]
pub struct Ladder {
    /// The rungs. The last is repeated for ever.
    pub rungs: Vec<Rung>,
    /// Seconds after which the last rung is rung again.
    #[schema(example = 60)]
    pub repeat_s: u32,
    /// Seconds until the next of kin hear of it, unless somebody took it on before.
    #[schema(example = 60)]
    pub kin_after_s: u32,
    /// Seconds that who took it on has to set out.
    #[schema(example = 120)]
    pub lease_s: u32,
    /// Seconds on the way until one level up hears of it, then the supervisor, then a report is due.
    #[schema(example = json!([900, 1800, 2700]))]
    pub arrive_s: [u32; 3],
    /// Seconds on the scene without a word until the supervisor hears of it.
    #[schema(example = 1800)]
    pub check_in_s: u32,
    /// Seconds after which a resolved call closes by itself.
    #[schema(example = 86_400)]
    pub close_after_s: u32,
}

impl Default for Ladder {
    /// TSA: 97.5 % answered within 60 s and 99 % within 180; Stiftung Warentest: within 30; on the scene within 45
    /// minutes, in Chinese practice within 6 to 18. A social alarm repeats for half an hour (SS 91100), we for ever.
    fn default() -> Self {
        let rung = |after_s, level| Rung { after_s, level };
        Self {
            rungs: vec![rung(0, 0), rung(30, 0), rung(60, 1), rung(180, 2), rung(300, 3)],
            repeat_s: 60,
            kin_after_s: 60,
            lease_s: 120,
            arrive_s: [900, 1800, 2700],
            check_in_s: 1800,
            close_after_s: 86_400,
        }
    }
}

impl Ladder {
    /// Checks that it climbs, begins at once, and reaches the top before it is too late.
    pub fn check(&self, root: &str, fields: &mut Fields) {
        let rungs = format!("{root}/rungs");
        if !(2..=12).contains(&self.rungs.len()) {
            fields.add(&rungs, Rule::Form("2 to 12 rungs"));
            return;
        }
        let first = self.rungs.first().map(|rung| (rung.after_s, rung.level));
        if first != Some((0, 0)) {
            fields.add(format!("{rungs}/0"), Rule::Form("at once, at level 0"));
        }
        for (at, (before, rung)) in self.rungs.iter().zip(self.rungs.iter().skip(1)).enumerate() {
            let here = format!("{rungs}/{}", at + 1);
            if rung.after_s <= before.after_s {
                fields.add(
                    format!("{here}/after_s"),
                    Rule::Form("later than the rung before"),
                );
            }
            if rung.level < before.level || rung.level > TOP {
                fields.add(
                    format!("{here}/level"),
                    Rule::Form("0 to 3, not below the rung before"),
                );
            }
        }
        let last = self.rungs.last();
        if last.is_none_or(|rung| rung.level != TOP || rung.after_s > 600) {
            fields.add(&rungs, Rule::Form("level 3 within 600 s"));
        }
        let mut within = |name: &str, value: u32, least: u32, most: u32| {
            if !(least..=most).contains(&value) {
                fields.add(
                    format!("{root}/{name}"),
                    Rule::Range(format!("{least} to {most}")),
                );
            }
        };
        within("repeat_s", self.repeat_s, 15, 300);
        within("kin_after_s", self.kin_after_s, 0, 120);
        within("lease_s", self.lease_s, 30, 600);
        within("check_in_s", self.check_in_s, 300, 7200);
        within("close_after_s", self.close_after_s, 3600, 604_800);
        let [first, second, third] = self.arrive_s;
        within("arrive_s/0", first, 180, 3600);
        within("arrive_s/1", second, first + 1, 7200);
        within("arrive_s/2", third, second + 1, 14_400);
    }

    /// How long after a rung the next one is rung.
    #[must_use]
    pub fn gap(&self, rung: usize) -> TimeDelta {
        let after = |at: usize| self.rungs.get(at).map(|rung| rung.after_s);
        let seconds = match (after(rung), after(rung + 1)) {
            (Some(this), Some(next)) => next.saturating_sub(this),
            _ => self.repeat_s,
        };
        TimeDelta::seconds(i64::from(seconds))
    }

    /// Seconds on the way until it is told for the next time that they are not there; then again and again.
    #[must_use]
    pub fn patience(&self, told: i32) -> u32 {
        let told = usize::try_from(told).unwrap_or(0);
        let [first, _, last] = self.arrive_s;
        match self.arrive_s.get(told) {
            Some(wait) => *wait,
            None => last.saturating_add(first.saturating_mul(u32::try_from(told - 2).unwrap_or(u32::MAX))),
        }
    }

    /// The level of a rung; behind the last one the top.
    #[must_use]
    pub fn level(&self, rung: usize) -> u8 {
        self.rungs.get(rung).map_or(TOP, |rung| rung.level)
    }

    /// The last rung.
    #[must_use]
    pub fn last(&self) -> usize {
        self.rungs.len().saturating_sub(1)
    }

    /// The first rung above a level; the last where there is none.
    #[must_use]
    pub fn above(&self, level: u8) -> usize {
        let found = self.rungs.iter().position(|rung| rung.level > level);
        found.unwrap_or_else(|| self.last())
    }
}
