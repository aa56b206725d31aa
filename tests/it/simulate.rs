//! Bells over a bad line: each press arrives, and is one, however often it was lost or came twice.

use crate::on_both;
use crate::support::TestApp;
use entity::callbell_event;
use hotline::demo::PASSWORD;
use hotline::simulate::{Line, Plan, register, run};
use sea_orm::EntityTrait;
use std::collections::HashSet;
use std::process::Command;
use std::time::Duration;

const LEAD: &str = "lead-440703002101";

fn plan(app: &TestApp, bells: Vec<hotline::simulate::Bell>) -> Plan {
    Plan {
        bells,
        line: Line {
            base: app.base.clone(),
            loss: 40,
            twice: 30,
            again: (Duration::from_millis(5), Duration::from_millis(20)),
            patience: Duration::from_secs(60),
        },
        presses: 60,
        over: Duration::from_millis(300),
        heartbeat: Duration::from_millis(500),
        seed: 7,
    }
}

on_both! {
    async fn a_bad_line_loses_nothing(app: TestApp) {
        let bells = register(&app.base, (LEAD, PASSWORD), "440703002101", ("SIM", 12)).await.unwrap();
        assert_eq!(bells.len(), 12);
        let report = run(plan(&app, bells)).await.unwrap();
        assert_eq!((report.presses, report.taken), (60, 60), "{report:?}");
        assert!(report.lost > 10 && report.attempts > 70, "the line is bad: {report:?}");
        assert!((1..=12).contains(&report.calls) && report.heartbeats > 0, "{report:?}");
        let kept = callbell_event::Entity::find().all(app.app.kit().db.read()).await.unwrap();
        let events: HashSet<&str> = kept.iter().map(|event| event.event_id.as_str()).collect();
        assert_eq!((kept.len(), events.len()), (60, 60), "each once");
        let again = register(&app.base, (LEAD, PASSWORD), "440703002101", ("SIM", 12)).await.unwrap();
        let mut once_more = plan(&app, again);
        once_more.presses = 1;
        // The secrets were made anew, but the event is known: it is answered as it was.
        assert_eq!(run(once_more).await.unwrap().taken, 1);
        let wrong = register(&app.base, (LEAD, "wrong password"), "440703002101", ("SIM", 1)).await;
        assert!(wrong.is_err());
    }

    /// By the command line, with the bells of the demonstration; and who can't be reached is told.
    async fn the_command_line_presses_a_bell(app: TestApp) {
        let simulate = |arguments: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_hotline"));
            command.args(["simulate", "callbell"]).args(arguments);
            tokio::task::spawn_blocking(move || command.output().unwrap())
        };
        let pressed = simulate(&["--url", &app.base, "--presses", "2", "--json"]).await.unwrap();
        let text = String::from_utf8(pressed.stdout).unwrap();
        let report: serde_json::Value = serde_json::from_str(text.trim()).unwrap_or_else(|_| panic!("{text}"));
        assert_eq!((&report["presses"], &report["taken"]), (&2.into(), &2.into()), "{text}");
        let nobody = simulate(&["--url", "http://127.0.0.1:1", "--patience-s", "0"]).await.unwrap();
        assert!(!nobody.status.success());
        assert!(String::from_utf8_lossy(&nobody.stderr).contains("1 presses were never taken"));
        let odd = simulate(&["--loss", "1"]).await.unwrap();
        assert!(String::from_utf8_lossy(&odd.stderr).contains("--loss"));
    }
}
