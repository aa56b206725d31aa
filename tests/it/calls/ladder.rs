//! A call that nobody takes on, for a day and a night.

use super::{press, shown};
use crate::on_both;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

/// When each rung is to be rung, in seconds after the press: the ladder, and then every minute for ever.
fn planned() -> impl Iterator<Item = i64> {
    [0, 30, 60, 180].into_iter().chain((300..).step_by(60))
}

on_both! {
    /// Each rung at its second, and not one is missing, until somebody comes.
    async fn it_rings_for_a_day_and_a_night(app: TestApp) {
        let call = press(&app, "e-1").await;
        let begun = app.clock.now();
        for at in planned().skip(1).take_while(|at| *at <= 86_400) {
            app.turn(begun + TimeDelta::seconds(at) - app.clock.now());
            app.pass("calls").await;
        }
        // Log-ins of the morning are over.
        let seen = shown(&app.staff("supervisor").await, &call).await;
        assert_eq!((&seen.body["state"], &seen.body["level"], &seen.body["intact"]), (&json!("ringing"), &json!(3), &json!(true)));
        let rung = seen.body["log"].as_array().unwrap().iter().filter(|entry| entry["kind"] == "rung");
        let after = |entry: &Value| -> i64 {
            let at: DateTime<Utc> = entry["at"].as_str().unwrap().parse().unwrap();
            (at - begun).num_seconds()
        };
        let rung: Vec<i64> = rung.map(after).collect();
        let planned: Vec<i64> = planned().take_while(|at| *at <= 86_400).collect();
        assert_eq!(rung, planned);
        assert!(rung.len() > 1_400, "{}", rung.len());
    }

    /// A clock that jumps an hour ahead rings what is due at once, and goes on from there; one that was put back keeps
    /// nobody waiting (`platform::clock` holds that it goes on).
    async fn a_jump_of_the_clock_is_no_silence(app: TestApp) {
        let call = press(&app, "e-1").await;
        app.turn(TimeDelta::hours(1));
        app.settle().await;
        let late = app.clock.now();
        for _ in 0..20 {
            app.turn(TimeDelta::seconds(10));
            app.settle().await;
        }
        let seen = shown(&app.staff("supervisor").await, &call).await;
        let rung = seen.body["log"].as_array().unwrap().iter().filter(|entry| entry["kind"] == "rung");
        let times: Vec<DateTime<Utc>> = rung.map(|entry| entry["at"].as_str().unwrap().parse().unwrap()).collect();
        assert!(times.contains(&late), "at once");
        let after: Vec<i64> = times.iter().filter(|at| **at >= late).map(|at| (*at - late).num_seconds()).collect();
        assert!(after.windows(2).all(|pair| pair[1] - pair[0] <= 120) && after.len() >= 3, "{after:?}");
    }
}
