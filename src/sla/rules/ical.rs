//! A calendar of public holidays in iCalendar form (RFC 5545), as it circulates: whole days whose summary or category
//! says 休 (nobody works) or 班 (people work, though it is a weekend).

use super::year::Mistakes;
use crate::platform::error::{AppError, Code, Rule};
use chrono::{Datelike, NaiveDate, Weekday};
use icalendar::parser::{read_calendar_simple, unfold};
use icalendar::{Component, DatePerhapsTime, Event, EventLike, EventStatus};
use std::collections::BTreeMap;

/// Days of one event at most.
const SPAN_MAX: i64 = 31;
/// How deep components may lie in each other: the parser calls itself for each level.
const DEPTH_MAX: usize = 8;
/// Characters of a summary that an error tells.
const TOLD_MAX: usize = 60;

/// Years of a calendar, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holidays {
    /// The name of the calendar, or of the program that made it.
    pub source: String,
    /// Days by their years.
    pub years: BTreeMap<i32, YearDays>,
}

/// Days of a year that differ from the week.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "as in the file")]
pub struct YearDays {
    pub off: Vec<NaiveDate>,
    pub work: Vec<NaiveDate>,
}

/// Reads a calendar. Events that are cancelled are left out.
///
/// # Errors
/// `MalformedBody` when it is none; `InvalidInput` and `CalendarContradiction` name the event.
pub fn read(text: &str) -> Result<Holidays, AppError> {
    let unfolded = unfold(text.trim_start_matches('\u{feff}'));
    let malformed = || {
        AppError::new(Code::MalformedBody).say("不是有效的 iCalendar 日历", "That is no iCalendar calendar")
    };
    if depth(&unfolded) > DEPTH_MAX {
        return Err(malformed());
    }
    let parsed = read_calendar_simple(&unfolded).map_err(|_| malformed())?;
    if parsed.first().is_none_or(|root| root.name != "VCALENDAR") {
        return Err(malformed());
    }
    let source = parsed.first().and_then(|root| {
        let names = ["NAME", "X-WR-CALNAME", "PRODID"];
        let mut told = names
            .iter()
            .filter_map(|name| Some(root.find_prop(name)?.val.as_str().trim().to_owned()));
        told.find(|name| !name.is_empty())
    });
    let calendar = icalendar::Calendar::from(parsed);
    let mut mistakes = Mistakes::default();
    let mut days: BTreeMap<NaiveDate, bool> = BTreeMap::new();
    for (at, event) in calendar.events().enumerate() {
        if event.get_status() == Some(EventStatus::Cancelled) {
            continue;
        }
        let pointer = format!("/VEVENT/{at}");
        let said = |what: &str| Rule::Parse(format!("{}: {what}", name(event)));
        let (span, working) = match (span(event), working(event)) {
            (Ok(span), Ok(working)) => (span, working),
            (span, working) => {
                for what in [span.err(), working.err()].into_iter().flatten() {
                    mistakes.fields.add(&pointer, said(what));
                }
                continue;
            }
        };
        for day in span {
            if days.insert(day, working).is_some_and(|before| before != working) {
                let what = format!("{day} 同时为休和班 · is said to be both off and working");
                mistakes.contradictions.add(&pointer, said(&what));
            } else if working && !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
                let what = format!("{day} 本为工作日 · is a working day anyway");
                mistakes.contradictions.add(&pointer, said(&what));
            }
        }
    }
    let mut years: BTreeMap<i32, YearDays> = BTreeMap::new();
    for (day, working) in days {
        let year = years.entry(day.year()).or_default();
        if working { &mut year.work } else { &mut year.off }.push(day);
    }
    refuse_tails(&years, &mut mistakes);
    mistakes.finish()?;
    Ok(Holidays {
        source: source.unwrap_or_else(|| "iCalendar".to_owned()),
        years,
    })
}

/// The holiday of New Year lies in two years. The days of one at an end of the other are not that year, and must not take
/// its place.
fn refuse_tails(years: &BTreeMap<i32, YearDays>, mistakes: &mut Mistakes) {
    for (year, days) in years {
        let all = || days.off.iter().chain(&days.work);
        let tail = all().all(|day| (day.month(), day.day()) > (12, 24));
        let head = all().all(|day| (day.month(), day.day()) < (1, 8));
        if (tail && years.contains_key(&(year + 1))) || (head && years.contains_key(&(year - 1))) {
            mistakes.contradictions.add(
                format!("/{year}"),
                Rule::Form("a whole year, not only its first or last days: leave them out"),
            );
        }
    }
}

fn depth(text: &str) -> usize {
    let starts = |line: &str, word: &str| {
        line.get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    let (mut open, mut most) = (0_usize, 0);
    for line in text.split(['\r', '\n']) {
        if starts(line, "BEGIN:") {
            open += 1;
            most = most.max(open);
        } else if starts(line, "END:") {
            open = open.saturating_sub(1);
        }
    }
    most
}

/// How an error names an event.
fn name(event: &Event) -> String {
    let summary: String = event
        .get_summary()
        .unwrap_or("?")
        .chars()
        .take(TOLD_MAX)
        .collect();
    let start = event.property_value("DTSTART").unwrap_or_default();
    format!("“{summary}” {start}").trim_end().to_owned()
}

/// The days of an event.
fn span(event: &Event) -> Result<impl Iterator<Item = NaiveDate>, &'static str> {
    let repeats = ["RRULE", "DURATION"];
    if repeats.iter().any(|word| event.properties().contains_key(*word))
        || event.multi_properties().contains_key("RDATE")
    {
        return Err("不支持重复或 DURATION · must not repeat, and have DTEND instead of DURATION");
    }
    let whole_days = "须为全天日期（VALUE=DATE） · must be whole days (VALUE=DATE)";
    let Some(DatePerhapsTime::Date(first)) = event.get_start() else {
        return Err(whole_days);
    };
    let end = match (event.properties().contains_key("DTEND"), event.get_end()) {
        (false, _) => first.succ_opt(),
        (true, Some(DatePerhapsTime::Date(end))) => Some(end),
        (true, _) => return Err(whole_days),
    };
    match end {
        Some(end) if first < end && (end - first).num_days() <= SPAN_MAX => {
            Ok(first.iter_days().take_while(move |day| *day < end))
        }
        _ => Err("结束须晚于开始且不超过31天 · must end after it begins, within 31 days"),
    }
}

/// Whether people work.
fn working(event: &Event) -> Result<bool, &'static str> {
    let categories = event.get_categories().unwrap_or_default().join(" ");
    let (summary, categories) = (says(event.get_summary().unwrap_or_default()), says(&categories));
    match summary.or(categories) {
        None => Err("未注明“休”或“班” · says neither 休 (off) nor 班 (working)"),
        Some((true, true)) => Err("同时注明“休”和“班” · says both 休 (off) and 班 (working)"),
        Some(said) if categories.is_some_and(|other| other != said) => {
            Err("标题与类别不一致 · its summary says another thing than its category")
        }
        Some((_, work)) => Ok(work),
    }
}

/// Whether a text says that a day is off, and that people work on it; none where it says nothing. 调休 is the name of
/// the exchange, said of both.
fn says(text: &str) -> Option<(bool, bool)> {
    let text = text.replace("调休", "");
    let (off, work) = (text.contains('休'), text.contains('班'));
    if off || work {
        return Some((off, work));
    }
    (text.contains("放假") || text.contains("假期")).then_some((true, false))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn event(lines: &str) -> String {
        let lines = lines.replace('\n', "\r\n");
        format!("BEGIN:VEVENT\r\nUID:1@example\r\nDTSTAMP:20261110T000000Z\r\n{lines}\r\nEND:VEVENT\r\n")
    }

    fn calendar(events: &[&str]) -> String {
        let events: String = events.iter().map(|lines| event(lines)).collect();
        format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//zh\r\nX-WR-CALNAME:节假日（示例）\r\n{events}END:VCALENDAR\r\n"
        )
    }

    fn day(first: &str, end: &str, summary: &str) -> String {
        format!("DTSTART;VALUE=DATE:{first}\nDTEND;VALUE=DATE:{end}\nSUMMARY:{summary}")
    }

    fn days(texts: &[&str]) -> Vec<NaiveDate> {
        texts.iter().map(|day| day.parse().unwrap()).collect()
    }

    fn refused(events: &[&str]) -> (Code, String) {
        let error = read(&calendar(events)).unwrap_err();
        (error.code(), error.to_string())
    }

    #[test]
    fn a_calendar_is_read() {
        let text = calendar(&[
            &day("20271001", "20271008", "国庆节 休"),
            &day("20270926", "20270927", "国庆节 班"),
            "DTSTART;VALUE=DATE:20280101\nSUMMARY;LANGUAGE=zh_CN:元旦（休）",
            "DTSTART;VALUE=DATE:20280108\nSUMMARY:元旦\nCATEGORIES:节假日,班",
            "DTSTART;VALUE=DATE:20280205\nSUMMARY:春节\nSTATUS:CANCELLED",
            "DTSTART:20280501\nDTEND:20280503\nSUMMARY:劳动节 假期 第1天/共2天",
            "DTSTART;VALUE=DATE:20280429\nSUMMARY:劳动节调休\n 上班",
        ]);
        let read = read(&text).unwrap();
        assert_eq!(read.source, "节假日（示例）");
        let first = &read.years[&2027];
        assert_eq!(
            (first.off.len(), first.off[6]),
            (7, "2027-10-07".parse().unwrap())
        );
        assert_eq!(first.work, days(&["2027-09-26"]));
        let second = &read.years[&2028];
        assert_eq!(second.off, days(&["2028-01-01", "2028-05-01", "2028-05-02"]));
        assert_eq!(second.work, days(&["2028-01-08", "2028-04-29"]), "a folded line");
        let marked = format!("\u{feff}{}", text.replace("\r\n", "\n"));
        assert_eq!(super::read(&marked).unwrap(), read, "as other programs write it");
    }

    #[test]
    fn an_event_that_says_nothing_is_named() {
        let holiday = day("20271001", "20271008", "国庆节 休");
        for (lines, said) in [
            (day("20271015", "20271016", "重阳节"), "neither 休"),
            (day("20271015", "20271016", "国庆节 调休"), "neither 休"),
            (day("20271015", "20271016", "国庆节 休/班"), "both 休"),
            (day("20271015", "20271015", "国庆节 休"), "end after it begins"),
            (day("20271015", "20271014", "国庆节 休"), "end after it begins"),
            (day("20271015", "20271215", "国庆节 休"), "within 31 days"),
            (day("20271315", "20271316", "国庆节 休"), "whole days"),
            ("DTSTART:20271015T080000Z\nSUMMARY:国庆节 休".into(), "whole days"),
            (
                format!("{}\nRRULE:FREQ=YEARLY", day("20271015", "20271016", "休")),
                "must not repeat",
            ),
            (
                format!("{}\nCATEGORIES:班", day("20271015", "20271016", "休")),
                "another thing",
            ),
            ("SUMMARY:休".into(), "whole days"),
        ] {
            let (code, told) = refused(&[&holiday, &lines]);
            assert_eq!(code, Code::InvalidInput, "{lines}: {told}");
            assert!(
                told.contains("/VEVENT/1") && told.contains(said),
                "{lines}: {told}"
            );
        }
        let (_, told) = refused(&[&day("20271015", "20271016", "重阳节")]);
        assert!(told.contains("“重阳节” 20271015"), "{told}");
    }

    #[test]
    fn a_calendar_must_not_contradict_itself() {
        // 2027-10-09 is a Saturday, 2027-10-08 a Friday.
        for (lines, said) in [
            (day("20271003", "20271004", "国庆节 班"), "both off and working"),
            (day("20271008", "20271009", "国庆节 班"), "a working day anyway"),
        ] {
            let (code, told) = refused(&[&day("20271001", "20271008", "国庆节 休"), &lines]);
            assert_eq!(code, Code::CalendarContradiction, "{told}");
            assert!(told.contains("/VEVENT/1") && told.contains(said), "{told}");
        }
        let twice = day("20271001", "20271008", "国庆节 休");
        let again = day("20271001", "20271002", "中秋节 休");
        assert_eq!(
            read(&calendar(&[&twice, &again])).unwrap().years[&2027].off.len(),
            7
        );
        let (code, told) = refused(&[&day("20261231", "20270103", "元旦 休")]);
        assert_eq!(code, Code::CalendarContradiction);
        assert!(told.contains("/2026") && told.contains("a whole year"), "{told}");
    }

    #[test]
    fn what_is_no_calendar_is_refused() {
        let deep = "BEGIN:A\r\n".repeat(20_000);
        let cut = calendar(&[&day("20271001", "20271008", "国庆节 休")]).replace("END:VCALENDAR", "");
        for text in [
            "",
            "x",
            "{}",
            "BEGIN:VEVENT\r\nEND:VEVENT\r\n",
            deep.as_str(),
            cut.as_str(),
        ] {
            let error = read(text).unwrap_err();
            assert_eq!(
                error.code(),
                Code::MalformedBody,
                "{}",
                text.get(..40).unwrap_or(text)
            );
        }
        assert!(read(&calendar(&[])).unwrap().years.is_empty());
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in ".{0,200}", lines in proptest::collection::vec("[A-Z;:=0-9休班\\\\, -]{0,30}", 0..8)) {
            let _ = read(&text);
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            let _ = read(&calendar(&lines));
            let _ = read(&calendar(&[&lines.join("\n")]));
        }
    }
}
