//! Lines on their way into a file, in either format, without ever holding them all.

use super::rules::{COLUMNS, Field, plain, serial};
use crate::access::authenticate::china;
use crate::platform::blob::sealed::{SealedWriter, Written};
use crate::platform::error::{AppError, Code};
use entity::kind::FileFormat;
use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};
use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::path::PathBuf;
use tokio::io::AsyncReadExt;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Lines of a sheet at most, its head among them (ECMA-376).
const SHEET_LINES: u32 = 1_048_576;
/// Pieces that wait to be laid out: who reads is not to run ahead of who writes.
const AHEAD: usize = 2;

type Lines = Vec<Vec<Field>>;

/// A file being written.
pub enum Sheet {
    /// Lines of text, sealed as they come.
    Csv(SealedWriter),
    /// A workbook, laid out in a thread of its own and sealed when it is whole: its parts are packed at the end.
    Xlsx {
        /// Where the file goes.
        out: SealedWriter,
        /// To the thread.
        lines: mpsc::Sender<Lines>,
        /// What comes of it.
        book: JoinHandle<Result<File, AppError>>,
    },
}

impl Sheet {
    /// Begins a file. Workbooks are laid out in nameless files below `scratch`, the system's folder for such unless given.
    ///
    /// # Errors
    /// `Unavailable` when the file can't be begun.
    pub async fn begin(
        format: FileFormat,
        mut out: SealedWriter,
        scratch: Option<PathBuf>,
    ) -> Result<Self, AppError> {
        Ok(match format {
            FileFormat::Csv => {
                out.write(&text([COLUMNS.iter().map(|(word, _)| (*word).to_owned())])?)
                    .await?;
                Self::Csv(out)
            }
            FileFormat::Xlsx => {
                let (lines, coming) = mpsc::channel(AHEAD);
                let book = tokio::task::spawn_blocking(move || lay_out(coming, scratch));
                Self::Xlsx { out, lines, book }
            }
        })
    }

    /// Writes on.
    ///
    /// # Errors
    /// `Unavailable` when the file can't be written.
    pub async fn write(&mut self, some: Lines) -> Result<(), AppError> {
        match self {
            Self::Csv(out) => {
                out.write(&text(some.iter().map(|line| line.iter().map(plain)))?)
                    .await
            }
            Self::Xlsx { lines, book, .. } => {
                if lines.send(some).await.is_ok() {
                    return Ok(());
                }
                // The thread ended before its time: it tells why.
                match book.await {
                    Ok(Err(error)) => Err(error),
                    _ => Err(AppError::new(Code::Internal)),
                }
            }
        }
    }

    /// Ends the file; it is durable when this answers.
    ///
    /// # Errors
    /// `Unavailable` when the file can't be written.
    pub async fn finish(self) -> Result<Written, AppError> {
        match self {
            Self::Csv(out) => out.finish().await,
            Self::Xlsx { mut out, lines, book } => {
                drop(lines);
                let book = book
                    .await
                    .map_err(|error| AppError::new(Code::Internal).because(error))??;
                let mut book = tokio::fs::File::from_std(book);
                let mut piece = vec![0; 64 * 1024];
                loop {
                    let got = book.read(&mut piece).await.map_err(away)?;
                    if got == 0 {
                        return out.finish().await;
                    }
                    out.write(piece.get(..got).unwrap_or_default()).await?;
                }
            }
        }
    }

    /// Gives the file up.
    pub async fn give_up(self) {
        match self {
            Self::Csv(out) | Self::Xlsx { out, .. } => out.give_up().await,
        }
    }
}

fn away(error: std::io::Error) -> AppError {
    AppError::new(Code::Unavailable).because(error)
}

/// Lines of CSV (RFC 4180).
fn text<L: IntoIterator<Item = String>>(lines: impl IntoIterator<Item = L>) -> Result<Vec<u8>, AppError> {
    let internal = |error: anyhow::Error| AppError::new(Code::Internal).because(error);
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    for line in lines {
        writer
            .write_record(line)
            .map_err(|error| internal(error.into()))?;
    }
    writer
        .into_inner()
        .map_err(|error| internal(anyhow::anyhow!("{error}")))
}

/// Lays a workbook out from what comes, and packs it.
fn lay_out(coming: mpsc::Receiver<Lines>, scratch: Option<PathBuf>) -> Result<File, AppError> {
    let folder = scratch.unwrap_or_else(std::env::temp_dir);
    let packed = || -> Result<File, XlsxError> {
        let mut book = Workbook::new();
        book.set_tempdir(&folder)?;
        fill(&mut book, coming)?;
        let mut file = tempfile::tempfile_in(&folder)?;
        book.save_to_writer(&file)?;
        file.seek(SeekFrom::Start(0))?;
        Ok(file)
    };
    packed().map_err(|error| AppError::new(Code::Unavailable).because(error))
}

fn fill(book: &mut Workbook, mut coming: mpsc::Receiver<Lines>) -> Result<(), XlsxError> {
    let at = Format::new().set_num_format("yyyy-mm-dd hh:mm:ss");
    let mut sheets = 0;
    let mut next = SHEET_LINES;
    while let Some(lines) = coming.blocking_recv() {
        for line in lines {
            if next == SHEET_LINES {
                sheets += 1;
                begin(book, sheets)?;
                next = 1;
            }
            let sheet = book.worksheet_from_index(sheets - 1)?;
            write(sheet, next, &line, &at)?;
            next += 1;
        }
    }
    if sheets == 0 {
        begin(book, 1)?;
    }
    Ok(())
}

/// A sheet with its head. Rows of one that has been left are on the disk already.
fn begin(book: &mut Workbook, number: usize) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold();
    let sheet = book.add_worksheet_with_constant_memory()?;
    sheet.set_name(format!("工单{number}"))?;
    sheet.set_freeze_panes(1, 0)?;
    for (column, (_, chinese)) in (0..).zip(COLUMNS) {
        sheet.set_column_width(column, 16)?;
        sheet.write_string_with_format(0, column, *chinese, &bold)?;
    }
    Ok(())
}

fn write(sheet: &mut Worksheet, row: u32, line: &[Field], at: &Format) -> Result<(), XlsxError> {
    for (column, field) in (0..).zip(line) {
        match field {
            Field::Nothing => {}
            Field::Text(text) => {
                sheet.write_string(row, column, text)?;
            }
            Field::Word(_, chinese) => {
                sheet.write_string(row, column, *chinese)?;
            }
            Field::Number(number) => {
                sheet.write_number(row, column, *number)?;
            }
            Field::Flag(flag) => {
                sheet.write_string(row, column, if *flag { "是" } else { "否" })?;
            }
            Field::At(instant) => {
                sheet.write_number_with_format(row, column, serial(*instant, china()), at)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use calamine::{Data, Reader, Xlsx};

    #[test]
    fn a_workbook_goes_on_in_another_sheet() {
        let (send, coming) = mpsc::channel(1);
        let writer = std::thread::spawn(move || lay_out(coming, None).unwrap());
        let total = SHEET_LINES + 1;
        let numbers: Vec<u32> = (0..total).collect();
        for some in numbers.chunks(10_000) {
            let lines = some
                .iter()
                .map(|n| vec![Field::Number(i32::try_from(*n).unwrap())]);
            send.blocking_send(lines.collect()).unwrap();
        }
        drop(send);
        let mut book: Xlsx<_> =
            calamine::open_workbook_from_rs(std::io::BufReader::new(writer.join().unwrap())).unwrap();
        assert_eq!(book.sheet_names(), ["工单1", "工单2"]);
        let second = book.worksheet_range("工单2").unwrap();
        assert_eq!(second.get((0, 1)), Some(&Data::String("工单编号".into())));
        assert_eq!(second.get((1, 0)), Some(&Data::Float(f64::from(SHEET_LINES - 1))));
        assert_eq!(second.height(), 3);
    }
}
