//! Devices that speak MQTT, at a real broker: what is acknowledged is committed, and what is not comes again.

use super::{BELL, CALLS, HANDLER, secret};
use crate::support::{Backend, Broker, TestApp};
use hotline::callbell::ingest::mqtt::Listener;
use hotline::platform::crypto::signed::Signed;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Packet, PublishProperties};
use rumqttc::v5::{AsyncClient, Event, EventLoop, MqttOptions};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const EVENTS: &str = "callbell/demo/events";
const RECEIPTS: &str = "callbell/demo/receipts";

/// A device at the broker.
struct Device {
    client: AsyncClient,
    events: EventLoop,
}

impl Device {
    async fn connect(broker: &Broker) -> Self {
        let mut options = MqttOptions::new("device", "127.0.0.1", broker.port);
        options.set_keep_alive(Duration::from_secs(30));
        let (client, events) = AsyncClient::new(options, 50);
        client.subscribe(RECEIPTS, QoS::AtLeastOnce).await.unwrap();
        let mut device = Self { client, events };
        device.until(|packet| matches!(packet, Packet::SubAck(_))).await;
        device
    }

    async fn until(&mut self, wanted: impl Fn(&Packet) -> bool) -> Packet {
        let looking = async {
            loop {
                if let Event::Incoming(packet) = self.events.poll().await.unwrap()
                    && wanted(&packet)
                {
                    return packet;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(20), looking)
            .await
            .expect("a packet")
    }

    /// Says something, signed; the broker has it afterwards.
    async fn says(&mut self, event: &str, kind: &str, key: &[u8]) {
        let body = json!({ "event_id": event, "device_id": BELL, "kind": kind }).to_string();
        let signed = Signed {
            id: event,
            timestamp: "1800000000",
            body: body.as_bytes(),
        };
        let properties = PublishProperties {
            response_topic: Some(RECEIPTS.into()),
            user_properties: vec![
                ("webhook-id".into(), event.into()),
                ("webhook-timestamp".into(), signed.timestamp.into()),
                ("webhook-signature".into(), signed.sign(key)),
            ],
            ..PublishProperties::default()
        };
        let sent = self
            .client
            .publish_with_properties(EVENTS, QoS::AtLeastOnce, false, body, properties);
        sent.await.unwrap();
        self.until(|packet| matches!(packet, Packet::PubAck(_))).await;
    }

    async fn receipt(&mut self) -> Value {
        match self.until(|packet| matches!(packet, Packet::Publish(_))).await {
            Packet::Publish(publish) => serde_json::from_slice(&publish.payload).unwrap(),
            _ => unreachable!(),
        }
    }
}

/// An application that listens.
async fn listening(app: &TestApp) -> (JoinHandle<()>, CancellationToken) {
    let stop = CancellationToken::new();
    let listener = Listener::new(&app.app.desk, &app.app.ingest)
        .unwrap()
        .expect("a broker is configured");
    (tokio::spawn(listener.run(stop.clone())), stop)
}

async fn open_calls(app: &TestApp) -> usize {
    let calls = app.staff(HANDLER).await.get(CALLS).await;
    calls.body["items"].as_array().unwrap().len()
}

async fn run(app: &TestApp, sql: &'static str) {
    let done = app.app.kit().db.write("test.sql", sql, |tx, sql: &&'static str| {
        Box::pin(async move {
            sea_orm::ConnectionTrait::execute_unprepared(tx, sql).await?;
            Ok(())
        })
    });
    done.await.unwrap();
}

async fn on_each(test: impl AsyncFn(TestApp, Broker)) {
    let Some(_) = Broker::start() else { return };
    for backend in [Backend::Sqlite, Backend::Postgres] {
        if backend == Backend::Postgres && !Backend::postgres_is_there() {
            continue;
        }
        let broker = Broker::start().unwrap();
        let url = format!("mqtt://127.0.0.1:{}", broker.port);
        let app = TestApp::start_with(backend, |config| config.callbell.mqtt_url = url).await;
        test(app, broker).await;
    }
}

/// The same function as behind HTTP: a receipt, once however often it comes, and what can't be trusted is put aside.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_press_comes_by_mqtt() {
    on_each(async |app, broker| {
        let (task, stop) = listening(&app).await;
        let mut device = Device::connect(&broker).await;
        device.says("m-1", "press", &secret(BELL)).await;
        let receipt = device.receipt().await;
        assert_eq!(
            (&receipt["status"], &receipt["event_id"]),
            (&json!(0), &json!("m-1"))
        );
        let call = receipt["call_id"].clone();
        device.says("m-1", "press", &secret(BELL)).await;
        let again = device.receipt().await;
        assert_eq!((&again["call_id"], &again["repeated"]), (&call, &json!(true)));
        device
            .says("m-2", "press", b"another secret of thirty-two bytes")
            .await;
        assert_eq!(
            device.receipt().await,
            json!({ "status": 5, "code": "bell_signature_invalid" })
        );
        // What is far too large is dropped by the broker, and breaks no connection.
        let huge = device
            .client
            .publish(EVENTS, QoS::AtLeastOnce, false, vec![b'x'; 20_000]);
        huge.await.unwrap();
        device.until(|packet| matches!(packet, Packet::PubAck(_))).await;
        device.says("m-3", "heartbeat", &secret(BELL)).await;
        assert_eq!(device.receipt().await["status"], 0);
        assert_eq!(open_calls(&app).await, 1);
        let held = app.staff("duty").await.get("/api/v1/callbell/quarantine").await;
        assert_eq!(
            (&held.body["items"][0]["source"], &held.body["items"][0]["remote"]),
            (&json!("mqtt"), &json!(EVENTS))
        );
        stop.cancel();
        task.await.unwrap();
        app.stop().await;
    })
    .await;
}

/// Pressed while nobody listens, and pressed while the database does not take it: both come again, and open a call.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_committed_is_not_acknowledged() {
    on_each(async |app, broker| {
        let (task, stop) = listening(&app).await;
        let mut device = Device::connect(&broker).await;
        device.says("m-0", "heartbeat", &secret(BELL)).await;
        device.receipt().await;
        stop.cancel();
        task.await.unwrap();
        device.says("m-1", "press", &secret(BELL)).await;
        assert_eq!(open_calls(&app).await, 0);
        let (task, stop) = listening(&app).await;
        assert_eq!(device.receipt().await["event_id"], "m-1");
        assert_eq!(open_calls(&app).await, 1);
        run(&app, "ALTER TABLE callbell_event RENAME TO callbell_event_away").await;
        device.says("m-2", "cancel", &secret(BELL)).await;
        let quiet = tokio::time::timeout(Duration::from_millis(1500), device.events.poll()).await;
        assert!(!format!("{quiet:?}").contains("m-2"), "{quiet:?}");
        // It dies with the message in hands.
        stop.cancel();
        task.await.unwrap();
        run(&app, "ALTER TABLE callbell_event_away RENAME TO callbell_event").await;
        let (task, stop) = listening(&app).await;
        assert_eq!(device.receipt().await["event_id"], "m-2");
        let calls = app.staff(HANDLER).await.get(CALLS).await;
        assert_eq!(calls.body["items"][0]["cancelled"], true);
        stop.cancel();
        task.await.unwrap();
        app.stop().await;
    })
    .await;
}
