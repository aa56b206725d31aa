//! Deadlines: the working calendar and the policy, as values. Pure.

pub mod calendar;
pub mod calendars;
pub mod closure;
pub mod explain;
pub mod hours;
pub mod ical;
pub mod limit;
#[cfg(test)]
mod oracle;
pub mod pause;
pub mod policy;
pub mod year;
