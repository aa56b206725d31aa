//! What can be asked: lists, one ticket, similar matters, counts.

pub mod detail;
pub mod list;
pub mod queues;
pub mod similar;
