//! What can be asked: lists, one ticket, its deadlines, similar matters, counts.

pub mod deadlines;
pub mod detail;
pub mod list;
pub mod queues;
pub mod similar;
