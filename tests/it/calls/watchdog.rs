//! Who watches the watchers: a timer that is lost is made good and told, an outside service is asked only while all is
//! well, and the health of the engine tells the truth.

use super::{HANDLER, press, shown};
use crate::on_both;
use crate::support::{Backend, Client, Receiver, TestApp};
use chrono::TimeDelta;
use entity::durable_timer;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};

async fn timers(app: &TestApp) -> u64 {
    let calls = durable_timer::Entity::find().filter(durable_timer::Column::Kind.eq("callbell.call"));
    calls.count(app.app.kit().db.read()).await.unwrap()
}

async fn lose_timers(app: &TestApp) {
    let lost = app.app.kit().db.write("test.lose", (), |tx, ()| {
        Box::pin(async move {
            let calls = durable_timer::Entity::delete_many();
            calls
                .filter(durable_timer::Column::Kind.eq("callbell.call"))
                .exec(tx)
                .await?;
            Ok(())
        })
    });
    lost.await.unwrap();
}

/// Alarms about the engine itself that speak of this.
async fn engine_alarms(client: &Client, word: &str) -> Vec<Value> {
    let answer = client.get("/api/v1/callbell/alarms?kind=engine").await;
    answer.expect(200);
    let items = answer.body["items"].as_array().unwrap().iter();
    let told = items.filter(|alarm| alarm["detail"].as_str().unwrap().contains(word));
    told.cloned().collect()
}

on_both! {
    /// A call whose timer is lost rings on: the watchdog gives it another one, and the shift leader hears of it.
    async fn a_lost_timer_is_found(app: TestApp) {
        let call = press(&app, "e-1").await;
        lose_timers(&app).await;
        app.turn(TimeDelta::seconds(35));
        app.pass("calls").await;
        assert_eq!(timers(&app).await, 0, "nothing rings any more");
        app.pass("call_watchdog").await;
        assert_eq!(timers(&app).await, 1);
        let supervisor = app.staff("supervisor").await;
        let told = engine_alarms(&supervisor, "丢失").await;
        assert_eq!((told.len(), &told[0]["level"]), (1, &json!(3)), "{told:?}");
        app.settle().await;
        let seen = shown(&app.staff(HANDLER).await, &call).await;
        assert_eq!(seen.body["log"].as_array().unwrap().iter().filter(|entry| entry["kind"] == "rung").count(), 2);
        app.pass("call_watchdog").await;
        assert!(engine_alarms(&supervisor, "").await.is_empty(), "it is over");
    }

    /// A timer that fails is tried again every other second, and is not taken for one that is in time.
    async fn a_timer_that_fails_is_told(app: TestApp) {
        press(&app, "e-1").await;
        let away = |sql: &'static str| app.app.kit().db.write("test.sql", sql, |tx, sql: &&'static str| Box::pin(async move {
            sea_orm::ConnectionTrait::execute_unprepared(tx, sql).await?;
            Ok(())
        }));
        away("ALTER TABLE callbell_entry RENAME TO callbell_entry_away").await.unwrap();
        app.turn(TimeDelta::seconds(31));
        app.pass("calls").await;
        app.pass("call_watchdog").await;
        let supervisor = app.staff("supervisor").await;
        assert_eq!(engine_alarms(&supervisor, "滞后").await.len(), 1);
        away("ALTER TABLE callbell_entry_away RENAME TO callbell_entry").await.unwrap();
        app.turn(TimeDelta::seconds(3));
        app.pass("calls").await;
        app.pass("call_watchdog").await;
        assert!(engine_alarms(&supervisor, "滞后").await.is_empty());
    }

    /// Timers that nobody fires, and messages that nobody sends.
    async fn an_engine_that_stands_still_is_told(app: TestApp) {
        press(&app, "e-1").await;
        app.turn(TimeDelta::seconds(60));
        app.pass("call_watchdog").await;
        let supervisor = app.staff("supervisor").await;
        for word in ["计时器滞后", "未能及时发出"] {
            assert_eq!(engine_alarms(&supervisor, word).await.len(), 1, "{word}");
        }
    }

    async fn the_health_of_the_engine_is_told_as_it_is(app: TestApp) {
        let nobody = app.nobody();
        nobody.get("/health/engine").await.problem(503, "unavailable");
        app.pass("calls").await;
        nobody.get("/health/engine").await.expect(200);
        app.turn(TimeDelta::seconds(10));
        nobody.get("/health/engine").await.expect(200);
        app.turn(TimeDelta::seconds(1));
        nobody.get("/health/engine").await.problem(503, "unavailable");
        nobody.get("/health/ready").await.expect(200);
    }
}

/// The outside service hears of us while all is well, and of nothing as soon as it is not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_dead_man_is_asked_only_while_all_is_well() {
    let outside = Receiver::start();
    let url = format!("{}/ping", outside.base);
    let app = TestApp::start_with(Backend::Sqlite, |config| {
        config.outbound.allow_hosts = vec!["127.0.0.1".into()];
        config.callbell.dead_man_url = url;
    })
    .await;
    app.pass("call_dead_man").await;
    assert_eq!(outside.got().len(), 0, "nobody has looked yet");
    let look = async || {
        app.pass("calls").await;
        app.pass("call_watchdog").await;
        app.pass("call_dead_man").await;
    };
    look().await;
    assert_eq!(outside.got().len(), 1);
    press(&app, "e-1").await;
    lose_timers(&app).await;
    app.turn(TimeDelta::seconds(20));
    look().await;
    assert_eq!(outside.got().len(), 1, "a timer was lost");
    app.settle().await;
    let before = outside.got().len();
    look().await;
    assert_eq!(outside.got().len(), before + 1);
    app.turn(TimeDelta::seconds(11));
    app.pass("call_dead_man").await;
    assert_eq!(outside.got().len(), before + 1, "the sweep stands still");
    outside.stop().await;
    app.stop().await;
}
