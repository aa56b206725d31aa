//! What is taken up again, by whatever way, is with somebody who is still there.

use super::handover::{of_a, open_of};
use super::*;
use crate::on_both;
use crate::support::TestApp;

/// What brings a ticket of A to a state, and what takes it up again.
struct Way {
    /// Steps of A, in turn with those of others: who, and what.
    there: Vec<(&'static str, Value)>,
    /// The state that it waits in.
    rests: &'static str,
    /// Who takes it up again, and how.
    again: (&'static str, Value),
    /// The state that it is in then.
    goes_on: &'static str,
}

/// Steps to the call-back.
fn answered() -> Vec<(&'static str, Value)> {
    vec![
        (A, json!({ "action": "sign" })),
        (
            A,
            json!({ "action": "first_contact", "reached": true, "by": "电话" }),
        ),
        (
            A,
            json!({ "action": "reply", "result": "solved", "public_text": "已办结" }),
        ),
        (LEAD, json!({ "action": "approve" })),
    ]
}

fn rated(satisfied: u8) -> (&'static str, Value) {
    let rating = json!({ "contacted": true, "solved": satisfied > 2, "satisfied": satisfied });
    (
        "callback",
        json!({ "action": "call_back", "reached": true, "rating": rating }),
    )
}

/// Answered, and closed since the requester is content.
fn closed() -> Vec<(&'static str, Value)> {
    let mut steps = answered();
    steps.push(rated(5));
    steps
}

fn reopen() -> (&'static str, Value) {
    ("operator", json!({ "action": "reopen", "reason": "又开始吵了" }))
}

/// All ways back; `department` is one to which a ticket might rather go, `other` one into which it is merged.
fn ways(department: &Value, other: &str) -> Vec<Way> {
    let sign = || (A, json!({ "action": "sign" }));
    vec![
        Way {
            there: answered(),
            rests: "callback",
            again: rated(1),
            goes_on: "in_progress",
        },
        Way {
            there: closed(),
            rests: "closed",
            again: reopen(),
            goes_on: "in_progress",
        },
        Way {
            there: vec![(
                A,
                json!({
                    "action": "request_return", "ground": "no_power", "basis": "街道履职事项清单第12项",
                    "suggested_unit_id": department["id"], "reason": "需执法权",
                }),
            )],
            rests: "return_review",
            again: (
                "arbiter",
                json!({ "action": "refuse_return", "reason": "属社区调解职责" }),
            ),
            goes_on: "dispatched",
        },
        Way {
            there: vec![
                sign(),
                (
                    "supervisor",
                    json!({ "action": "suspend", "review_on": "2026-11-26", "reason": "等待法院判决" }),
                ),
            ],
            rests: "suspended",
            again: ("supervisor", json!({ "action": "resume" })),
            goes_on: "in_progress",
        },
        Way {
            there: vec![
                sign(),
                (
                    "dispatcher",
                    json!({ "action": "merge", "into": other, "reason": "同一事项" }),
                ),
            ],
            rests: "merged",
            again: ("dispatcher", json!({ "action": "unmerge", "reason": "另一处" })),
            goes_on: "in_progress",
        },
    ]
}

async fn take(app: &TestApp, id: &str, (who, what): &(&'static str, Value)) {
    app.staff(who).await.act(id, what).await.expect(200);
}

on_both! {
    /// A ticket whose person goes while it rests is somebody else's when it goes on.
    async fn it_is_with_somebody_who_is_there(app: TestApp) {
        let (a, b) = (id_of(&app, A).await, id_of(&app, B).await);
        let department = app.unit("department-demo").await;
        let other = several(&app, 1).await.remove(0);
        let ways = ways(&department, &other);
        let ids = of_a(&app, ways.len()).await;
        for (way, id) in ways.iter().zip(&ids) {
            for step in &way.there {
                take(&app, id, step).await;
            }
        }
        disable(&app, &a).await;
        app.settle().await;
        for (way, id) in ways.iter().zip(&ids) {
            let ticket = seen(&app, id).await;
            // What is over stays theirs as long as it is over.
            let whose = if ["closed", "merged"].contains(&way.rests) { &a } else { &b };
            assert_eq!((&ticket["state"], &ticket["staff_id"]), (&json!(way.rests), &json!(whose)));
        }
        for (way, id) in ways.iter().zip(&ids) {
            take(&app, id, &way.again).await;
        }
        app.settle().await;
        for (way, id) in ways.iter().zip(&ids) {
            let ticket = seen(&app, id).await;
            assert_eq!((&ticket["state"], &ticket["staff_id"]), (&json!(way.goes_on), &json!(b)), "from {}", way.rests);
            let given = entries(&ticket, "assigned").pop().unwrap();
            assert_eq!(given["data"]["staff_id"], b, "{given}");
        }
        assert_eq!(open_of(&app, &a).await, 0);
        let heard = app.staff(B).await.get("/api/v1/notices?limit=100").await;
        assert!(heard.text.contains("工单已指派给您"), "{}", heard.text);
    }

    /// Where people choose, it goes to the inbox, and says so; whose person is there keeps it.
    async fn or_in_the_inbox(app: TestApp) {
        let (a, b) = (id_of(&app, A).await, id_of(&app, B).await);
        policy(&app, LEAD, YANGQIAO, "manual").await.expect(201);
        let ids = of_a(&app, 2).await;
        for id in &ids {
            for step in closed() {
                take(&app, id, &step).await;
            }
        }
        take(&app, &ids[1], &reopen()).await;
        app.settle().await;
        let ticket = seen(&app, &ids[1]).await;
        assert_eq!((&ticket["staff_id"], entries(&ticket, "assigned").len()), (&json!(a), 1), "as it was");
        disable(&app, &a).await;
        app.settle().await;
        take(&app, &ids[0], &reopen()).await;
        app.settle().await;
        let ticket = seen(&app, &ids[0]).await;
        assert_eq!((&ticket["state"], &ticket["staff_id"]), (&json!("in_progress"), &Value::Null));
        assert_eq!(ticket["explanation"]["assignment"]["state"], "inbox");
        let given = entries(&ticket, "assigned").pop().unwrap();
        assert_eq!((&given["data"]["staff_before"], &given["data"]["staff_id"]), (&json!(a), &Value::Null));
        assert!(given["internal_text"].as_str().unwrap().contains("收件箱"), "{given}");
        assert!(app.staff(B).await.get("/api/v1/notices").await.text.contains("工单待认领"));
        app.staff(LEAD).await.act(&ids[0], &json!({ "action": "assign", "staff_id": b })).await.expect(200);
    }

    /// A ruling and a reassignment find their person as a dispatch does, at once or once tickets are counted.
    async fn a_ruling_finds_its_person(app: TestApp) {
        let jianan = app.unit(JIANAN).await;
        let of_jianan = [id_of(&app, "handler-a-440703002102").await, id_of(&app, "handler-b-440703002102").await];
        let there = |ticket: &Value| of_jianan.iter().any(|id| ticket["staff_id"] == *id);
        let returned = json!({
            "action": "request_return", "ground": "no_power", "basis": "辖区界线", "suggested_unit_id": jianan["id"], "reason": "不在辖区",
        });
        let ruling = ("arbiter", json!({ "action": "approve_return", "unit_id": jianan["id"], "reason": "属迦南" }));
        let moved = ("manager-440703002", json!({ "action": "reassign", "unit_id": jianan["id"], "reason": "属迦南" }));
        for counted in [false, true] {
            if counted {
                policy(&app, "lead-440703002102", JIANAN, "least_load").await.expect(201);
            }
            for way in [&ruling, &moved] {
                let id = of_a(&app, 1).await.remove(0);
                if way.0 == "arbiter" {
                    take(&app, &id, &(A, returned.clone())).await;
                }
                let given = app.staff(way.0).await.act(&id, &way.1).await;
                given.expect(200);
                let explained = &given.body["explanation"];
                let wanted = if counted { "waiting" } else { "chosen" };
                assert_eq!((&explained["assignment"]["state"], there(&given.body)), (&json!(wanted), !counted), "{}", given.text);
                app.settle().await;
                let ticket = seen(&app, &id).await;
                assert!(there(&ticket), "{ticket}");
                assert_eq!(ticket["unit_id"], jianan["id"]);
                assert_eq!(ticket["explanation"]["person"]["id"], ticket["staff_id"]);
            }
        }
        // Each is told once, when it is theirs, and nobody before.
        let mut told = Vec::new();
        for handler in ["handler-a-440703002102", "handler-b-440703002102"] {
            let notices = app.staff(handler).await.get("/api/v1/notices?limit=100").await;
            told.extend(notices.body["items"].as_array().unwrap().clone());
        }
        assert_eq!(told.len(), 4, "{told:?}");
    }
}
