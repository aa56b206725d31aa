//! Working hours: windows of a day in order, and on which days they hold.

use crate::platform::error::{Fields, Rule};
use crate::platform::period::Period;
use chrono::{NaiveDate, NaiveTime, Weekday};
use entity::kind::WeekendDay;

/// Windows of a day at most.
pub const WINDOWS_MAX: usize = 8;

/// Opening and closing time.
pub type Window = (NaiveTime, NaiveTime);

/// Working hours, of one unit or of all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hours {
    /// Windows of a working day, in order, not overlapping.
    pub windows: Vec<Window>,
    /// Days of the weekend on which people work as well, unless they are a holiday.
    pub weekends: Vec<WeekendDay>,
    /// When they hold.
    pub period: Period,
}

impl Hours {
    /// What holds always, on plain working days.
    #[must_use]
    pub fn always(windows: Vec<Window>) -> Self {
        Self {
            windows,
            weekends: Vec::new(),
            period: Period {
                from: NaiveDate::MIN,
                to: None,
            },
        }
    }

    /// Whether people rest on this day of each week.
    #[must_use]
    pub fn rests_on(&self, weekday: Weekday) -> bool {
        match weekday {
            Weekday::Sat => !self.weekends.contains(&WeekendDay::Saturday),
            Weekday::Sun => !self.weekends.contains(&WeekendDay::Sunday),
            _ => false,
        }
    }
}

/// 08:30–12:00 and 14:30–17:30, as offices in Guangdong keep.
#[must_use]
pub fn standard() -> Vec<Window> {
    let texts = [("08:30", "12:00"), ("14:30", "17:30")];
    parse(&texts.map(|(open, close)| (open.to_owned(), close.to_owned()))).unwrap_or_default()
}

/// Windows in order that do not overlap; `None` when they contradict themselves.
#[must_use]
pub fn parse(windows: &[(String, String)]) -> Option<Vec<Window>> {
    let mut fields = Fields::default();
    let windows = read(windows, "", &mut fields);
    fields.into_errors().is_empty().then_some(windows)
}

/// Reads windows, noting what is wrong with each under `root`.
pub fn read(windows: &[(String, String)], root: &str, fields: &mut Fields) -> Vec<Window> {
    if windows.is_empty() {
        fields.add(root, Rule::Required);
    }
    if windows.len() > WINDOWS_MAX {
        fields.add(root, Rule::TooMany(WINDOWS_MAX));
    }
    let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").ok();
    let mut parsed: Vec<Window> = Vec::new();
    for (at, (open, close)) in windows.iter().enumerate() {
        let pointer = format!("{root}/{at}");
        let (Some(open), Some(close)) = (time(open), time(close)) else {
            fields.add(pointer, Rule::Form("[\"HH:MM\", \"HH:MM\"]"));
            continue;
        };
        if close <= open {
            fields.add(pointer, Rule::Form("a window that opens before it closes"));
        } else if parsed.last().is_some_and(|(_, before)| open < *before) {
            fields.add(
                pointer,
                Rule::Form("a window that opens after the one before has closed"),
            );
        }
        parsed.push((open, close));
    }
    parsed
}

/// Windows as people write them.
#[must_use]
pub fn written(windows: &[Window]) -> Vec<(String, String)> {
    let text = |time: NaiveTime| time.format("%H:%M").to_string();
    windows
        .iter()
        .map(|(open, close)| (text(*open), text(*close)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mistakes(windows: &[(&str, &str)]) -> Vec<String> {
        let windows: Vec<(String, String)> = windows
            .iter()
            .map(|(open, close)| ((*open).to_owned(), (*close).to_owned()))
            .collect();
        let mut fields = Fields::default();
        read(&windows, "/windows", &mut fields);
        fields.into_errors().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_window_says_what_is_wrong_with_it() {
        assert!(mistakes(&[("08:30", "12:00"), ("12:00", "17:30")]).is_empty());
        let form = |at: usize, what: &str| format!("/windows/{at} must have the form {what}");
        assert_eq!(
            mistakes(&[("12:00", "08:30"), ("x", "13:00"), ("14:00", "24:01")]),
            [
                form(0, "a window that opens before it closes"),
                form(1, "[\"HH:MM\", \"HH:MM\"]"),
                form(2, "[\"HH:MM\", \"HH:MM\"]"),
            ]
        );
        let late = form(1, "a window that opens after the one before has closed");
        assert_eq!(
            mistakes(&[("08:30", "12:00"), ("11:59", "17:30")]),
            [late.as_str()]
        );
        assert_eq!(
            mistakes(&[("14:30", "17:30"), ("08:30", "12:00")]),
            [late.as_str()]
        );
        assert_eq!(mistakes(&[]), ["/windows is required"]);
        assert_eq!(mistakes(&[("08:30", "08:30")]).len(), 1);
        let many: Vec<(String, String)> = (0..9)
            .map(|hour| (format!("{hour:02}:00"), format!("{hour:02}:30")))
            .collect();
        assert_eq!(parse(&many), None);
        assert_eq!(parse(&many[..8]).unwrap().len(), 8);
        assert_eq!(standard().len(), 2);
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_again(cuts in proptest::collection::btree_set(0_u32..1440, 2..16)) {
            let times: Vec<NaiveTime> = cuts
                .iter()
                .map(|minute| NaiveTime::from_hms_opt(minute / 60, minute % 60, 0).unwrap())
                .collect();
            let windows: Vec<Window> = times.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
            prop_assert_eq!(parse(&written(&windows)), Some(windows));
        }
    }
}
