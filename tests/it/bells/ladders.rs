//! Ladders: a unit's own, that of the nearest above, or the default; none that climbs too slowly.

use super::*;
use crate::administration::{audited, entries};
use crate::on_both;
use hotline::callbell::rules::ladder::Ladder;
use hotline::callbell::store;

async fn path(app: &TestApp, code: &str) -> String {
    format!("{LADDERS}/{}", unit(app, code).await.as_str().unwrap())
}

/// The default with another repeat.
fn ladder(repeat_s: u32) -> Value {
    let mut ladder = serde_json::to_value(Ladder::default()).unwrap();
    ladder["repeat_s"] = json!(repeat_s);
    ladder
}

async fn delete_as(by: &Client, path: &str, etag: &str) -> Answer {
    by.send(by.request("DELETE", path).header("If-Match", etag)).await
}

on_both! {
    /// From the district down, the nearest holds.
    async fn the_nearest_ladder_holds(app: TestApp) {
        let (lead, manager, supervisor) = (app.staff(LEAD).await, app.staff(MANAGER).await, app.staff("supervisor").await);
        let (community, street, district) = (path(&app, YANGQIAO).await, path(&app, STREET).await, path(&app, DISTRICT).await);
        let seen = lead.get(&community).await;
        seen.expect(200);
        assert_eq!((&seen.body["source"], seen.body.get("holder_id"), seen.etag().as_str()), (&json!("default"), None, "\"0\""));
        assert_eq!(seen.body["ladder"], serde_json::to_value(Ladder::default()).unwrap());

        let put = supervisor.change("PUT", &district, "\"0\"", &ladder(50)).await;
        assert_eq!((put.expect(200).etag().as_str(), &put.body["source"]), ("\"1\"", &json!("own")));
        manager.change("PUT", &street, "\"0\"", &ladder(40)).await.expect(200);
        let above = lead.get(&community).await;
        assert_eq!((&above.body["source"], &above.body["holder_path"]), (&json!("above"), &json!("/440703/440703002/")));
        assert_eq!((&above.body["ladder"]["repeat_s"], above.etag().as_str()), (&json!(40), "\"0\""));
        lead.change("PUT", &community, "\"0\"", &ladder(30)).await.expect(200);
        let own = lead.get(&community).await;
        assert_eq!((&own.body["source"], &own.body["ladder"]["repeat_s"], own.etag().as_str()), (&json!("own"), &json!(30), "\"1\""));
        assert_eq!(own.body["holder_id"], unit(&app, YANGQIAO).await);
        let entry = audited(&app, "put_ladder", "unit_lead", &own.body["unit_id"]).await;
        assert_eq!(entry["detail"]["ladder"]["repeat_s"], 30);

        // What a call that opens is given.
        let conn = app.app.kit().db.read();
        for (place, repeat) in [("/440703/440703002/440703002101/", 30), ("/440703/440703002/440703002102/", 40), ("/440703/440703005/440703005101/", 50), ("/990001/", 60)] {
            assert_eq!(store::ladders::of(conn, place).await.unwrap().repeat_s, repeat, "{place}");
        }

        lead.send(lead.request("DELETE", &community)).await.problem(428, "precondition_required");
        delete_as(&lead, &community, "\"0\"").await.problem(412, "stale_version");
        delete_as(&lead, &community, "\"1\"").await.expect(204);
        assert_eq!(lead.get(&community).await.body["source"], "above");
        delete_as(&lead, &community, "\"0\"").await.expect(204);
        assert_eq!(entries(&app, "delete_ladder").await, 1, "the second time nothing happened");
    }

    /// A ladder that does not climb, begins late or reaches the top too late is refused, with the place of each mistake.
    async fn a_bad_ladder_is_refused(app: TestApp) {
        let lead = app.staff(LEAD).await;
        let path = path(&app, YANGQIAO).await;
        let rung = |after_s: u32, level: u8| json!({ "after_s": after_s, "level": level });
        for (pointer, value, told, rule) in [
            ("/rungs", json!([rung(0, 0)]), "/rungs", "form"),
            ("/rungs", json!(vec![rung(0, 0); 13]), "/rungs", "form"),
            ("/rungs", json!([rung(5, 0), rung(60, 3)]), "/rungs/0", "form"),
            ("/rungs", json!([rung(0, 0), rung(0, 3)]), "/rungs/1/after_s", "form"),
            ("/rungs", json!([rung(0, 0), rung(60, 2), rung(90, 1), rung(120, 3)]), "/rungs/2/level", "form"),
            ("/rungs", json!([rung(0, 0), rung(60, 4)]), "/rungs/1/level", "form"),
            ("/rungs", json!([rung(0, 0), rung(601, 3)]), "/rungs", "form"),
            ("/rungs", json!([rung(0, 0), rung(60, 2)]), "/rungs", "form"),
            ("/repeat_s", json!(14), "/repeat_s", "range"),
            ("/kin_after_s", json!(121), "/kin_after_s", "range"),
            ("/lease_s", json!(29), "/lease_s", "range"),
            ("/arrive_s", json!([900, 800, 2700]), "/arrive_s/1", "range"),
            ("/arrive_s", json!([900, 1800]), "/arrive_s", "parse"),
            ("/check_in_s", json!(7201), "/check_in_s", "range"),
            ("/close_after_s", json!(60), "/close_after_s", "range"),
        ] {
            let mut wrong = ladder(60);
            *wrong.pointer_mut(pointer).unwrap() = value;
            let answer = lead.change("PUT", &path, "\"0\"", &wrong).await;
            assert_eq!(answer.problem(422, "invalid_input").rule(told), Some(rule), "{pointer}: {}", answer.text);
        }
        let mut more = ladder(60);
        more["colour"] = json!(1);
        assert_eq!(lead.change("PUT", &path, "\"0\"", &more).await.problem(422, "invalid_input").rule("/colour"), Some("unexpected"));
        assert_eq!(lead.get(&path).await.body["source"], "default", "nothing changed");
        assert_eq!(entries(&app, "put_ladder").await, 0);
    }

    /// A unit's people set their own, and nobody else's.
    async fn a_ladder_is_set_by_who_may(app: TestApp) {
        let lead = app.staff(LEAD).await;
        let (community, next_door, street) = (path(&app, YANGQIAO).await, path(&app, JIANAN).await, path(&app, STREET).await);
        lead.change("PUT", &next_door, "\"0\"", &ladder(30)).await.problem(404, "not_found");
        lead.change("PUT", &street, "\"0\"", &ladder(30)).await.problem(404, "not_found");
        let operator = app.staff("operator").await;
        operator.get(&community).await.expect(200);
        operator.change("PUT", &community, "\"0\"", &ladder(30)).await.problem(403, "forbidden");
        delete_as(&operator, &community, "\"0\"").await.problem(403, "forbidden");
        app.staff("analyst").await.get(&community).await.problem(403, "forbidden");
        app.staff(MANAGER).await.change("PUT", &community, "\"0\"", &ladder(30)).await.expect(200);
        lead.change("PUT", &community, "\"0\"", &ladder(30)).await.problem(412, "stale_version");
        lead.send(lead.request("PUT", &community).json(&ladder(30))).await.problem(428, "precondition_required");
        lead.get(&format!("{LADDERS}/{}", uuid::Uuid::nil())).await.problem(404, "not_found");
    }
}
