//! Vocabularies of long work that is done in the background.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

vocabulary! {
    /// How far long work got.
    WorkState {
        Waiting = "waiting" "等待",
        Running = "running" "进行中",
        Done = "done" "完成",
        Failed = "failed" "失败",
        Cancelled = "cancelled" "已取消",
    }

    /// What kind of file: `csv` lines of UTF-8 (RFC 4180), `xlsx` a workbook (ECMA-376).
    FileFormat {
        Csv = "csv" "CSV",
        Xlsx = "xlsx" "Excel",
    }
}
