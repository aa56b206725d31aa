//! Many bells that are pressed and give signs of life, over a line that loses and doubles messages.

use super::bell::{Bell, Fate, Line};
use crate::demo::generate::dice::Dice;
use serde::Serialize;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What to simulate.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The bells.
    pub bells: Vec<Bell>,
    /// The line.
    pub line: Line,
    /// How often one of them is pressed, all together.
    pub presses: usize,
    /// Over how long, evenly with chance.
    pub over: Duration,
    /// How often each gives a sign of life meanwhile; never where it is zero.
    pub heartbeat: Duration,
    /// The same seed presses the same bells, and loses the same messages.
    pub seed: u64,
}

/// What came of it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Presses made.
    pub presses: u64,
    /// Presses that the bells know to be taken.
    pub taken: u64,
    /// How often a press was sent.
    pub attempts: u64,
    /// How often one was lost, on the way there or back.
    pub lost: u64,
    /// Different calls that the answers named.
    pub calls: u64,
    /// Signs of life that were taken.
    pub heartbeats: u64,
    /// Answers that were no yes, by status.
    pub refused: HashMap<u16, u64>,
    /// Milliseconds until half of the presses were taken.
    pub p50_ms: u64,
    /// Until 99 of 100 were.
    pub p99_ms: u64,
    /// Until the last was.
    pub worst_ms: u64,
}

impl Report {
    fn note(&mut self, fate: &Fate) {
        self.presses += 1;
        self.taken += u64::from(fate.taken_after.is_some());
        self.attempts += fate.attempts;
        self.lost += fate.lost;
        for status in &fate.refused {
            *self.refused.entry(*status).or_default() += 1;
        }
    }
}

/// Presses bells until all presses are taken, or the patience of the line is over.
///
/// # Errors
/// When the service says that a message is at fault.
pub async fn run(plan: Plan) -> anyhow::Result<Report> {
    let http = reqwest::Client::builder()
        .timeout(Duration::from_secs(10))
        .no_proxy()
        .build()?;
    let plan = Arc::new(plan);
    let mut dice = Dice(plan.seed);
    let begun = Instant::now();
    let beats = Arc::new(Beats::default());
    let beating = (!plan.heartbeat.is_zero())
        .then(|| tokio::spawn(beat(Arc::clone(&plan), http.clone(), Arc::clone(&beats))));
    let mut pressing = Vec::new();
    for nth in 0..plan.presses {
        let at = plan.over.mul_f64(share(nth, plan.presses));
        tokio::time::sleep(at.saturating_sub(begun.elapsed())).await;
        let (plan, http) = (Arc::clone(&plan), http.clone());
        let mut dice = Dice(dice.any());
        pressing.push(tokio::spawn(async move {
            let bell = dice.pick(&plan.bells);
            let event = format!("sim-{}-{nth}", plan.seed);
            bell.say(&http, &plan.line, &mut dice.clone(), (&event, "press"))
                .await
        }));
    }
    let mut report = Report::default();
    let mut calls = std::collections::HashSet::new();
    let mut times = Vec::new();
    for one in pressing {
        let fate = one.await??;
        report.note(&fate);
        calls.extend(fate.answer["call_id"].as_str().map(str::to_owned));
        times.extend(fate.taken_after);
    }
    report.calls = u64::try_from(calls.len())?;
    times.sort_unstable();
    let at = |of_hundred: usize| {
        let rank = (times.len() * of_hundred).div_ceil(100).max(1) - 1;
        let time = times.get(rank).copied().unwrap_or_default();
        u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
    };
    (report.p50_ms, report.p99_ms, report.worst_ms) = (at(50), at(99), at(100));
    if let Some(beating) = beating {
        tokio::time::sleep(plan.over.saturating_sub(begun.elapsed())).await;
        beating.abort();
    }
    report.heartbeats = beats.taken.load(Ordering::Relaxed);
    let refused = beats.refused.lock().unwrap_or_else(PoisonError::into_inner);
    for (status, n) in &*refused {
        *report.refused.entry(*status).or_default() += n;
    }
    Ok(report)
}

fn share(nth: usize, all: usize) -> f64 {
    let number = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    number(nth) / number(all.max(1))
}

/// How signs of life fared until now.
#[derive(Debug, Default)]
struct Beats {
    taken: AtomicU64,
    refused: Mutex<HashMap<u16, u64>>,
}

/// Signs of life of all bells, spread over the interval, again and again until it is stopped.
async fn beat(plan: Arc<Plan>, http: reqwest::Client, beats: Arc<Beats>) {
    let line = Line {
        patience: Duration::ZERO,
        ..plan.line.clone()
    };
    let mut ticks = tokio::time::interval(plan.heartbeat.div_f64(share(plan.bells.len(), 1).max(1.0)));
    // Who was late catches up: the rate is what is wanted.
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Burst);
    let mut dice = Dice(plan.seed ^ 0xBEA7);
    for (nth, bell) in plan.bells.iter().cycle().enumerate() {
        ticks.tick().await;
        let (bell, line, http) = (bell.clone(), line.clone(), http.clone());
        let (mut dice, event) = (Dice(dice.any()), format!("sim-{}-beat-{nth}", plan.seed));
        let beats = Arc::clone(&beats);
        tokio::spawn(async move {
            // One that fails is made up for by the next.
            let Ok(fate) = bell.say(&http, &line, &mut dice, (&event, "heartbeat")).await else {
                return;
            };
            let taken = u64::from(fate.taken_after.is_some());
            beats.taken.fetch_add(taken, Ordering::Relaxed);
            let mut refused = beats.refused.lock().unwrap_or_else(PoisonError::into_inner);
            for status in fate.refused {
                *refused.entry(status).or_default() += 1;
            }
        });
    }
}
