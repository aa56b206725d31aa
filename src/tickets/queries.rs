//! What can be asked: lists, one ticket, its deadlines and way, who looked at it, similar matters,
//! counts, figures, who has how much to do.

pub mod deadlines;
pub mod desk;
pub mod detail;
mod figures;
pub mod list;
pub mod looks;
pub mod queues;
pub mod sheet;
pub mod similar;
pub mod titles;
pub mod way;
pub mod workload;
