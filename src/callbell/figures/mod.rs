//! Figures of the call-bell by community and month, from committed times, as JSON and as a workbook.

mod dto;
mod gather;
pub mod http;
mod messages;
mod sheet;
