//! What stands in a file: its columns, in words for programs (CSV) and for people (workbook).

use crate::tickets::dto::TicketRow;
use chrono::{DateTime, FixedOffset, NaiveDate, SecondsFormat, Utc};
use entity::id::ExportId;

/// What stands in a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Field {
    /// Nothing.
    Nothing,
    /// A text.
    Text(String),
    /// A word of a vocabulary, and the Chinese term.
    Word(&'static str, &'static str),
    /// A number.
    Number(i32),
    /// Whether.
    Flag(bool),
    /// An instant.
    At(DateTime<Utc>),
}

/// Names of the columns, for programs and for people.
pub const COLUMNS: &[(&str, &str)] = &[
    ("id", "工单标识"),
    ("number", "工单编号"),
    ("title", "标题"),
    ("state", "状态"),
    ("result", "办理结果"),
    ("round", "办理轮次"),
    ("request_type", "诉求类型"),
    ("category", "事项编码"),
    ("urgency", "紧急程度"),
    ("channel", "来源渠道"),
    ("place", "发生地"),
    ("unit_name", "承办单位"),
    ("staff_name", "承办人"),
    ("next_due_at", "最近时限"),
    ("overdue", "是否超期"),
    ("supervised", "是否督办"),
    ("urges", "催办次数"),
    ("created_at", "登记时间"),
    ("closed_at", "结案时间"),
    ("mark", "导出凭证"),
];

/// The line of a ticket.
pub fn line(row: TicketRow, mark: &str) -> Vec<Field> {
    let text = |text: Option<String>| text.map_or(Field::Nothing, Field::Text);
    let at = |at: Option<DateTime<Utc>>| at.map_or(Field::Nothing, Field::At);
    let result = row.result.map(|result| (result.word(), result.chinese()));
    vec![
        Field::Text(row.id.to_string()),
        Field::Text(row.number),
        Field::Text(row.title),
        Field::Word(row.state.word(), row.state.chinese()),
        result.map_or(Field::Nothing, |(word, chinese)| Field::Word(word, chinese)),
        Field::Number(row.round),
        Field::Word(row.request_type.word(), row.request_type.chinese()),
        Field::Text(row.category),
        Field::Word(row.urgency.word(), row.urgency.chinese()),
        Field::Word(row.channel.word(), row.channel.chinese()),
        Field::Text(row.place),
        text(row.unit_name),
        text(row.staff_name),
        at(row.next_due_at),
        Field::Flag(row.overdue),
        Field::Flag(row.supervised),
        Field::Number(row.urges),
        Field::At(row.created_at),
        at(row.closed_at),
        Field::Text(mark.to_owned()),
    ]
}

/// By what a line that was handed on leads back to who had the file: the end of the export's id (domain §2.5, 4).
pub fn mark(id: ExportId) -> String {
    let text = id.0.simple().to_string();
    text.chars().skip(20).collect()
}

/// A field for programs.
pub fn plain(field: &Field) -> String {
    match field {
        Field::Nothing => String::new(),
        Field::Text(text) => harmless(text),
        Field::Word(word, _) => (*word).to_owned(),
        Field::Number(number) => number.to_string(),
        Field::Flag(flag) => flag.to_string(),
        Field::At(at) => at.to_rfc3339_opts(SecondsFormat::Secs, true),
    }
}

/// A text that no spreadsheet takes for a formula: what residents write is in it (OWASP, CSV Injection).
fn harmless(text: &str) -> String {
    match text.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r') => format!("'{text}"),
        _ => text.to_owned(),
    }
}

/// An instant as workbooks count it: days since 30 December 1899, by the clock of `zone`.
pub fn serial(at: DateTime<Utc>, zone: FixedOffset) -> f64 {
    let epoch = NaiveDate::from_ymd_opt(1899, 12, 30).and_then(|day| day.and_hms_opt(0, 0, 0));
    let since = epoch.map(|epoch| at.with_timezone(&zone).naive_local() - epoch);
    let seconds = since.map_or(0, |since| since.num_seconds());
    // Exact: below 2^53 by far.
    let whole = i32::try_from(seconds.div_euclid(86_400)).unwrap_or(0);
    let rest = i32::try_from(seconds.rem_euclid(86_400)).unwrap_or(0);
    f64::from(whole) + f64::from(rest) / 86_400.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::authenticate::china;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_text_begins_a_formula(text in "[=+@\\-\\t\\r a-z王]{0,8}") {
            let told = plain(&Field::Text(text.clone()));
            let formula = told.starts_with(['=', '+', '-', '@', '\t', '\r']);
            prop_assert!(!formula);
            let quoted = format!("'{text}");
            prop_assert!(told == text || told == quoted);
        }
    }

    #[test]
    fn instants_are_counted_as_workbooks_do() {
        let at = "2026-11-24T04:00:00Z".parse().unwrap();
        // 24 November 2026, noon in China.
        assert!((serial(at, china()) - 46_350.5).abs() < 1e-9);
        assert_eq!(plain(&Field::At(at)), "2026-11-24T04:00:00Z");
    }

    #[test]
    fn a_mark_is_the_end_of_an_id() {
        let id: ExportId = "0193a2b4-1111-7222-8333-0123456789ab".parse().unwrap();
        assert_eq!(mark(id), "0123456789ab");
    }
}
