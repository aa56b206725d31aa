//! What happens by itself: calls ring, devices fall silent, alarms climb.

use super::{alarms, calls};
use crate::platform::jobs::Job;
use crate::reference::Desk;

/// The jobs of this slice.
#[must_use]
pub fn jobs(desk: &Desk) -> Vec<Job> {
    let mut jobs = calls::jobs(desk);
    jobs.extend(alarms::jobs(desk));
    jobs
}
