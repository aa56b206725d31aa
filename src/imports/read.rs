//! Lines of a file, one after the other, in a thread of their own: CSV and workbooks alike become lists of texts.

use crate::platform::error::{AppError, Code};
use calamine::{DataRef, Reader, Xlsx, XlsxError};
use entity::kind::FileFormat;
use std::cell::Cell;
use std::io::{Cursor, Read};
use std::rc::Rc;
use tokio::sync::mpsc;

/// Lines that are handed on together.
pub const PIECE: usize = 200;
/// A workbook when it is unpacked, in bytes at most: it may pretend to be small.
const UNPACKED: u64 = 1 << 30;
/// Texts of a workbook, which are in memory while it is read, in bytes at most.
const TEXTS: u64 = 256 << 20;
/// Bytes of a line at most, and of a piece about.
const LINE: usize = 1 << 20;
/// Characters of a field at most.
const FIELD: usize = 10_000;

/// A line: its number in the file, and its fields unless it can't be read.
pub type Line = (i64, Result<Vec<String>, String>);

/// Reads a file whose head must be this, and hands its lines on but for the first `skip`. A workbook's lines are those of its
/// first sheet.
///
/// # Errors
/// `MalformedBody` when the file is none or has another head; what reading it says.
pub fn read(
    format: FileFormat,
    from: impl Read,
    (head, skip): (&[&str], i64),
    to: &mpsc::Sender<Vec<Line>>,
) -> Result<(), AppError> {
    let mut handing = Handing {
        head,
        seen_head: false,
        skip,
        piece: Vec::with_capacity(PIECE),
        bytes: 0,
        to,
    };
    match format {
        FileFormat::Csv => csv(from, &mut handing)?,
        FileFormat::Xlsx => workbook(from, &mut handing)?,
    }
    if !handing.seen_head {
        return Err(wrong_head(head));
    }
    handing.flush();
    Ok(())
}

struct Handing<'a> {
    head: &'a [&'a str],
    seen_head: bool,
    skip: i64,
    piece: Vec<Line>,
    bytes: usize,
    to: &'a mpsc::Sender<Vec<Line>>,
}

impl Handing<'_> {
    /// Takes a line; whether anybody wants more.
    fn take(&mut self, line: i64, fields: Result<Vec<String>, String>) -> Result<bool, AppError> {
        if !self.seen_head {
            let is = fields.is_ok_and(|fields| {
                fields
                    .iter()
                    .map(|field| field.trim())
                    .eq(self.head.iter().copied())
            });
            self.seen_head = true;
            return if is { Ok(true) } else { Err(wrong_head(self.head)) };
        }
        if self.skip > 0 {
            self.skip -= 1;
            return Ok(true);
        }
        let fields =
            fields.and_then(
                |fields| match fields.iter().position(|field| field.chars().count() > FIELD) {
                    Some(at) => Err(format!(
                        "{} has more than {FIELD} characters",
                        self.head.get(at).unwrap_or(&"a field")
                    )),
                    None if fields.len() != self.head.len() => Err(format!(
                        "it has {} fields instead of {}",
                        fields.len(),
                        self.head.len()
                    )),
                    None => Ok(fields),
                },
            );
        self.bytes += fields.iter().flatten().map(String::len).sum::<usize>();
        self.piece.push((line, fields));
        Ok((self.piece.len() < PIECE && self.bytes < LINE) || self.flush())
    }

    fn flush(&mut self) -> bool {
        self.bytes = 0;
        let piece = std::mem::take(&mut self.piece);
        piece.is_empty() || self.to.blocking_send(piece).is_ok()
    }
}

/// Checks the first line of a file of CSV.
///
/// # Errors
/// `MalformedBody` when it is another one.
pub fn check_head(head: &[&str], line: &[u8]) -> Result<(), AppError> {
    // Nothing follows the head, so that nothing is handed on.
    let (nobody, _nothing) = mpsc::channel(1);
    read(FileFormat::Csv, line, (head, 0), &nobody)
}

fn wrong_head(head: &[&str]) -> AppError {
    let head = head.join(",");
    AppError::new(Code::MalformedBody).say(
        format!("首行应为 {head}"),
        format!("The first line must be {head}"),
    )
}

/// Counts what is read of a line, and reads no further when it is too much: a quote that is never closed would make all of the
/// file one field.
struct Bounded<R> {
    from: R,
    since: Rc<Cell<usize>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let got = self.from.read(into)?;
        self.since.set(self.since.get() + got);
        if self.since.get() > LINE {
            return Err(std::io::ErrorKind::InvalidData.into());
        }
        Ok(got)
    }
}

fn csv(from: impl Read, handing: &mut Handing<'_>) -> Result<(), AppError> {
    let since = Rc::new(Cell::new(0));
    let from = Bounded {
        from,
        since: Rc::clone(&since),
    };
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .has_headers(false)
        // Only so is the number of a line right where lines end with both; what is left of the ending is trimmed.
        .terminator(csv::Terminator::Any(b'\n'))
        .trim(csv::Trim::All)
        .from_reader(from);
    let mut record = csv::StringRecord::new();
    loop {
        let line = i64::try_from(reader.position().line()).unwrap_or(i64::MAX);
        let fields = match reader.read_record(&mut record) {
            Ok(false) => return Ok(()),
            // Spreadsheets write a byte order mark.
            Ok(true) => Ok::<Vec<String>, _>(
                record
                    .iter()
                    .map(|field| field.trim_start_matches('\u{feff}').to_owned())
                    .collect(),
            ),
            Err(error) if error.is_io_error() => return Err(broken_off(error)),
            Err(_) => Err("the line can't be read".to_owned()),
        };
        let line = record
            .position()
            .map_or(line, |at| i64::try_from(at.line()).unwrap_or(line));
        since.set(0);
        let is_blank =
            matches!(&fields, Ok(fields) if matches!(fields.as_slice(), [only] if only.is_empty()));
        if !is_blank && !handing.take(line, fields)? {
            return Ok(());
        }
    }
}

fn broken_off(error: csv::Error) -> AppError {
    let too_long =
        matches!(error.kind(), csv::ErrorKind::Io(error) if error.kind() == std::io::ErrorKind::InvalidData);
    if too_long {
        return AppError::new(Code::MalformedBody).say("有一行过长", "A line is too long");
    }
    AppError::new(Code::Unavailable).because(error)
}

fn no_workbook(error: impl std::fmt::Display) -> AppError {
    AppError::new(Code::MalformedBody).say(
        "文件不是可读的工作簿",
        format!("The file is no workbook that can be read: {error}"),
    )
}

fn workbook(mut from: impl Read, handing: &mut Handing<'_>) -> Result<(), AppError> {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes)
        .map_err(|error| AppError::new(Code::Unavailable).because(error))?;
    measure(&bytes)?;
    let mut book: Xlsx<_> =
        calamine::open_workbook_from_rs(Cursor::new(bytes)).map_err(|error: XlsxError| no_workbook(error))?;
    let sheet = book
        .sheet_names()
        .first()
        .cloned()
        .ok_or_else(|| no_workbook("no sheet"))?;
    let mut cells = book.worksheet_cells_reader(&sheet).map_err(no_workbook)?;
    let columns = handing.head.len();
    let (mut row, mut fields) = (None, vec![String::new(); columns]);
    loop {
        let cell = cells.next_cell().map_err(no_workbook)?;
        let at = cell.as_ref().map(calamine::Cell::get_position);
        if let Some(done) = row.filter(|row| at.is_none_or(|(next, _)| next != *row)) {
            let line = std::mem::replace(&mut fields, vec![String::new(); columns]);
            let is_empty = line.iter().all(String::is_empty);
            if !is_empty && !handing.take(i64::from(done) + 1, Ok(line))? {
                return Ok(());
            }
        }
        let (Some(cell), Some((next, column))) = (cell, at) else {
            return Ok(());
        };
        if row.is_some_and(|row| next < row) {
            return Err(no_workbook("its rows are out of order"));
        }
        row = Some(next);
        let text = text(cell.get_value());
        match usize::try_from(column).ok().filter(|column| *column < columns) {
            Some(column) => {
                if let Some(field) = fields.get_mut(column) {
                    *field = text;
                }
            }
            // What stands beside the columns makes the line too long, once.
            None if !text.is_empty() && fields.len() == columns => fields.push(String::new()),
            None => {}
        }
    }
}

/// A cell as it would stand in CSV; of a text no more than shows that it is too long, since one text may be that of many cells.
fn text(cell: &DataRef<'_>) -> String {
    let cut = |text: &str| text.trim().chars().take(FIELD + 1).collect();
    match cell {
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => cut(text),
        DataRef::SharedString(text) => cut(text),
        // Whole numbers without a point: telephone numbers are often kept as such.
        DataRef::Float(number) if number.fract() == 0.0 => format!("{number:.0}"),
        DataRef::Float(number) => number.to_string(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Bool(flag) => flag.to_string(),
        DataRef::DateTime(at) => {
            let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
        }
        DataRef::Empty | DataRef::Error(_) => String::new(),
    }
}

/// Unpacks a workbook to nowhere, so that one that pretends to be small is found before it fills the memory.
fn measure(bytes: &[u8]) -> Result<(), AppError> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(no_workbook)?;
    let mut left = UNPACKED;
    for at in 0..archive.len() {
        let mut file = archive.by_index(at).map_err(no_workbook)?;
        let most = if file
            .name()
            .is_ok_and(|name| name.to_ascii_lowercase().ends_with("sharedstrings.xml"))
        {
            TEXTS.min(left)
        } else {
            left
        };
        let size =
            std::io::copy(&mut file.by_ref().take(most + 1), &mut std::io::sink()).map_err(no_workbook)?;
        if size > most {
            return Err(no_workbook("it is too large when it is unpacked"));
        }
        left -= size;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEAD: (&[&str], i64) = (&["a", "b"], 0);

    fn lines(
        format: FileFormat,
        bytes: &[u8],
        head: (&'static [&'static str], i64),
    ) -> Result<Vec<Line>, Code> {
        let (send, mut got) = mpsc::channel(10_000);
        read(format, bytes, head, &send).map_err(|error| error.code())?;
        drop(send);
        let mut all = Vec::new();
        while let Ok(piece) = got.try_recv() {
            all.extend(piece);
        }
        Ok(all)
    }

    fn book(rows: &[[&str; 3]]) -> Vec<u8> {
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet();
        for (row, texts) in (0..).zip(rows) {
            for (column, text) in (0..).zip(texts) {
                if !text.is_empty() {
                    sheet.write_string(row, column, *text).unwrap();
                }
            }
        }
        sheet.write_number(0, 5, 0.0).ok();
        book.save_to_buffer().unwrap()
    }

    #[test]
    fn both_formats_read_alike() {
        let csv = "\u{feff}a,b\r\n1, x \r\n\r\n\"two\nlines\",\"y,z\"\r\nshort\r\n1,2,3\r\n";
        let found = lines(FileFormat::Csv, csv.as_bytes(), HEAD).unwrap();
        let read: Vec<(i64, bool)> = found
            .iter()
            .map(|(line, fields)| (*line, fields.is_ok()))
            .collect();
        assert_eq!(read, [(2, true), (4, true), (6, false), (7, false)]);
        assert_eq!(found[1].1.as_ref().unwrap(), &["two\nlines", "y,z"]);
        let mut workbook = rust_xlsxwriter::Workbook::new();
        let sheet = workbook.add_worksheet();
        for (row, texts) in (0..).zip([["a", "b"], ["1", "x"], ["", ""], ["13812341234", ""]]) {
            for (column, text) in (0..).zip(texts) {
                match text.parse::<f64>() {
                    Ok(number) => sheet.write_number(row, column, number).unwrap(),
                    Err(_) => sheet.write_string(row, column, text).unwrap(),
                };
            }
        }
        let found = lines(FileFormat::Xlsx, &workbook.save_to_buffer().unwrap(), HEAD).unwrap();
        assert_eq!(
            found,
            [
                (2, Ok(vec!["1".into(), "x".into()])),
                (4, Ok(vec!["13812341234".into(), String::new()]))
            ]
        );
    }

    #[test]
    fn it_goes_on_behind_what_was_dealt_with() {
        let text = (0..1_000).fold("a,b\n".to_owned(), |text, n| text + &format!("{n},x\n"));
        let found = lines(FileFormat::Csv, text.as_bytes(), (HEAD.0, 998)).unwrap();
        assert_eq!(
            found.iter().map(|(line, _)| *line).collect::<Vec<_>>(),
            [1_000, 1_001]
        );
    }

    #[test]
    fn a_quote_that_is_never_closed_ends_the_file() {
        let mut text = b"a,b\n1,2\n\"".to_vec();
        text.extend(std::iter::repeat_n(b'x', 3 * LINE));
        assert_eq!(
            lines(FileFormat::Csv, &text, HEAD).unwrap_err(),
            Code::MalformedBody
        );
        let text = (0..300_000).fold("a,b\n".to_owned(), |text, n| text + &format!("{n},xxxxxxxxxx\n"));
        assert_eq!(
            lines(FileFormat::Csv, text.as_bytes(), HEAD).unwrap().len(),
            300_000
        );
    }

    #[test]
    fn another_head_and_other_files_are_refused() {
        for bytes in [&b""[..], b"b,a\n1,2\n", b"\xff\xfe\x00", b"a\n"] {
            assert_eq!(
                lines(FileFormat::Csv, bytes, HEAD).unwrap_err(),
                Code::MalformedBody
            );
        }
        for bytes in [
            b"".to_vec(),
            b"PK\x03\x04".to_vec(),
            book(&[["b", "a", ""]]),
            vec![0; 100],
        ] {
            assert_eq!(
                lines(FileFormat::Xlsx, &bytes, HEAD).unwrap_err(),
                Code::MalformedBody
            );
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = lines(FileFormat::Csv, &bytes, HEAD);
            let mut with_head = b"a,b\n".to_vec();
            with_head.extend(&bytes);
            prop_assert!(lines(FileFormat::Csv, &with_head, HEAD).is_ok());
            let _ = lines(FileFormat::Xlsx, &bytes, HEAD);
        }

        #[test]
        fn a_broken_workbook_is_refused(at in 0_usize..4_000, bit in 0_u8..8) {
            let mut bytes = book(&[["a", "b", ""], ["1", "2", ""]]);
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            let _ = lines(FileFormat::Xlsx, &bytes, HEAD);
        }
    }
}
