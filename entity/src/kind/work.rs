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

    /// What the lines of a file are about.
    ImportKind {
        Residents = "residents" "居民与商户",
        Staff = "staff" "工作人员",
        Tickets = "tickets" "历史工单",
    }

    /// What came of a line.
    LineOutcome {
        Created = "created" "已新增",
        Unchanged = "unchanged" "已存在",
        Refused = "refused" "有误",
    }

    /// What kind of file: `csv` lines of UTF-8 (RFC 4180), `xlsx` a workbook (ECMA-376).
    FileFormat {
        Csv = "csv" "文本表格",
        Xlsx = "xlsx" "工作簿",
    }
}
