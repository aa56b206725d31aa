//! The figures as a workbook: a line for each community, and the calls that were late.

use super::dto::{BellFiguresOut, UnitFiguresOut};
use crate::access::authenticate::china;
use crate::platform::error::{AppError, Code};
use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};

/// Writes the workbook.
///
/// # Errors
/// When it can't be written.
pub fn workbook(figures: &BellFiguresOut) -> Result<Vec<u8>, AppError> {
    write(figures).map_err(|error| AppError::new(Code::Internal).because(error))
}

fn write(figures: &BellFiguresOut) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let bold = Format::new().set_bold();
    let sheet = book.add_worksheet_with_constant_memory()?;
    sheet.set_name("指标")?;
    lines(sheet, figures, &bold)?;
    let sheet = book.add_worksheet_with_constant_memory()?;
    sheet.set_name("超时说明")?;
    let heads = [
        "呼叫",
        "社区",
        "报警时间",
        "接警用时（秒）",
        "路途用时（秒）",
        "说明",
    ];
    for (column, head) in (0..).zip(heads) {
        sheet.write_string_with_format(0, column, head, &bold)?;
    }
    for (row, late) in (1..).zip(&figures.exceptions) {
        let opened = late.opened_at.with_timezone(&china()).format("%Y-%m-%d %H:%M:%S");
        sheet.write_string(row, 0, late.call_id.to_string())?;
        sheet.write_string(row, 1, &late.unit_name)?;
        sheet.write_string(row, 2, opened.to_string())?;
        for (column, seconds) in [(3, late.acked_s), (4, late.way_s)] {
            if let Some(seconds) = seconds {
                sheet.write_number(row, column, f64::from(i32::try_from(seconds).unwrap_or(i32::MAX)))?;
            }
        }
        let hidden = if late.reported {
            "（已填）"
        } else {
            "（未填）"
        };
        sheet.write_string(row, 5, late.report.as_deref().unwrap_or(hidden))?;
    }
    book.save_to_buffer()
}

fn lines(sheet: &mut Worksheet, figures: &BellFiguresOut, bold: &Format) -> Result<(), XlsxError> {
    sheet.write_string_with_format(
        0,
        0,
        format!("{} 平安救助铃指标", figures.month.format("%Y-%m")),
        bold,
    )?;
    sheet.write_string_with_format(1, 0, "社区", bold)?;
    let mut column = 1;
    for figure in &figures.total.figures {
        let target = figure
            .target
            .map(|target| format!("（目标{target}%）"))
            .unwrap_or_default();
        sheet.write_string_with_format(1, column, format!("{}{target}", figure.name), bold)?;
        column += 1;
        if figure.of.is_some() {
            sheet.write_string_with_format(1, column, "总数", bold)?;
            sheet.write_string_with_format(1, column + 1, "%", bold)?;
            column += 2;
        }
    }
    for spread in &figures.total.spreads {
        for (nth, what) in (0..).zip(["中位", "P99", "最长"]) {
            let head = format!("{}{what}（秒）", spread.name);
            sheet.write_string_with_format(1, column + nth, head, bold)?;
        }
        column += 3;
    }
    for (row, unit) in (2..).zip([&figures.total].into_iter().chain(&figures.units)) {
        line(sheet, row, unit)?;
    }
    Ok(())
}

fn line(sheet: &mut Worksheet, row: u32, unit: &UnitFiguresOut) -> Result<(), XlsxError> {
    let number = |n: u64| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    sheet.write_string(row, 0, &unit.unit_name)?;
    let mut column = 1;
    for figure in &unit.figures {
        sheet.write_number(row, column, number(figure.met))?;
        column += 1;
        if let Some(of) = figure.of {
            sheet.write_number(row, column, number(of))?;
            if let Some(percent) = figure.percent {
                sheet.write_number(row, column + 1, percent)?;
            }
            column += 2;
        }
    }
    for spread in &unit.spreads {
        for (nth, seconds) in (0..).zip([spread.p50_s, spread.p99_s, spread.worst_s]) {
            if spread.of > 0 {
                let seconds = f64::from(i32::try_from(seconds).unwrap_or(i32::MAX));
                sheet.write_number(row, column + nth, seconds)?;
            }
        }
        column += 3;
    }
    Ok(())
}
