//! Devices that speak MQTT 5. A message is acknowledged to the broker after the commit, never before, and the session
//! outlives us: what came while we were away, or was not committed when we died, comes again. A last will is a hint that
//! is not listened to: who is silent is missed by their signs of life.
//!
//! The payload is the JSON that HTTP takes; `webhook-id`, `webhook-timestamp` and `webhook-signature` are user properties.
//! A receipt goes to the response topic of the message, where there is one that ends with `/receipts`: `{"event_id", "status": 0, …}`, or
//! `{"status": 5, "code": "bell_…"}` for what was put aside (SS 91100: 5, not treated). Nothing is answered as long as the
//! database does not.

use super::{Incoming, Ingest};
use crate::platform::config::CallbellConfig;
use crate::platform::error::{AppError, Code};
use crate::reference::Desk;
use actix_web::http::Uri;
use anyhow::Context;
use entity::kind::BellSource;
use rumqttc::Transport;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Packet, Publish, PublishProperties};
use rumqttc::v5::{AsyncClient, Event, EventLoop, MqttOptions};
use secrecy::ExposeSecret;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// Seconds for which the broker keeps our session: what is not acknowledged comes again within a day.
const SESSION_S: u32 = 86_400;
/// Messages that may be under way to us at a time.
const UNDER_WAY: u16 = 200;
/// What a topic of receipts ends with.
const RECEIPTS: &str = "/receipts";
/// Bytes of a packet at most: more than any message may have, so that one that is a little too long is kept, too.
const MOST_OF_A_PACKET: u32 = 16_384;
/// How long to wait before a connection or a message is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// Listens to a broker.
pub struct Listener {
    desk: Desk,
    ingest: Ingest,
    client: AsyncClient,
    events: EventLoop,
    topic: String,
    /// Which connection it is: what is not acknowledged comes again with the next one, and the numbers of packets may be
    /// those of others by then.
    session: Arc<AtomicU64>,
    /// How many may be taken in side by side of those for which the broker waits for an acknowledgement; it keeps to less.
    room: Arc<Semaphore>,
    /// And of the others, which nothing holds back: they take no place from those.
    loose: Arc<Semaphore>,
}

impl Listener {
    /// By the configuration; none where no broker is named.
    ///
    /// # Errors
    /// When the broker's address can't be read.
    pub fn new(desk: &Desk, ingest: &Ingest) -> anyhow::Result<Option<Self>> {
        let settings = &desk.kit.config.callbell;
        if settings.mqtt_url.is_empty() {
            return Ok(None);
        }
        let (client, events) = AsyncClient::new(options(settings)?, usize::from(UNDER_WAY) * 2);
        Ok(Some(Self {
            desk: desk.clone(),
            ingest: ingest.clone(),
            client,
            events,
            topic: settings.mqtt_topic.clone(),
            session: Arc::default(),
            room: Arc::new(Semaphore::new(usize::from(UNDER_WAY) * 2)),
            loose: Arc::new(Semaphore::new(usize::from(UNDER_WAY))),
        }))
    }

    /// Listens until `stop`.
    pub async fn run(mut self, stop: CancellationToken) {
        loop {
            let event = tokio::select! {
                () = stop.cancelled() => return,
                event = self.events.poll() => event,
            };
            match event {
                Ok(Event::Incoming(Packet::ConnAck(connected))) => {
                    self.session.fetch_add(1, Ordering::SeqCst);
                    tracing::info!(resumed = connected.session_present, "connected to the broker");
                    // Not here: the queue may be full, and only this loop empties it.
                    let (client, topic) = (self.client.clone(), self.topic.clone());
                    tokio::spawn(async move {
                        if let Err(error) = client.subscribe(topic, QoS::AtLeastOnce).await {
                            tracing::error!(%error, "can't subscribe to what devices say");
                        }
                    });
                }
                Ok(Event::Incoming(Packet::Publish(publish))) => self.take(publish, &stop),
                Ok(_) => {}
                Err(error) => {
                    self.session.fetch_add(1, Ordering::SeqCst);
                    tracing::warn!(%error, "the broker can't be reached");
                    metrics::counter!("hotline_callbell_mqtt_errors_total").increment(1);
                    tokio::select! {
                        () = stop.cancelled() => return,
                        () = tokio::time::sleep(AGAIN) => {}
                    }
                }
            }
        }
    }

    /// Each message by itself: one that waits for the database keeps none waiting.
    fn take(&self, publish: Publish, stop: &CancellationToken) {
        let (desk, ingest, client) = (self.desk.clone(), self.ingest.clone(), self.client.clone());
        let (session, stop) = (Arc::clone(&self.session), stop.clone());
        let born = session.load(Ordering::SeqCst);
        let room = match publish.qos {
            QoS::AtMostOnce => &self.loose,
            QoS::AtLeastOnce | QoS::ExactlyOnce => &self.room,
        };
        let Ok(place) = Arc::clone(room).try_acquire_owned() else {
            metrics::counter!("hotline_callbell_mqtt_dropped_total").increment(1);
            return;
        };
        tokio::spawn(async move {
            let _place = place;
            let incoming = incoming(&publish);
            let answer = loop {
                match ingest.take(&desk, incoming.clone()).await {
                    Ok(receipt) => break json!(receipt),
                    Err(error) if is_put_aside(&error) => {
                        break json!({ "status": 5, "code": error.code().word() });
                    }
                    Err(error) => tracing::warn!(?error, "a device's word is not committed yet"),
                }
                if session.load(Ordering::SeqCst) != born {
                    // It comes again.
                    return;
                }
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(AGAIN) => {}
                }
            };
            if session.load(Ordering::SeqCst) == born && client.ack(&publish).await.is_err() {
                // The session ends with the client: it comes again, and is known then.
                return;
            }
            let properties = publish.properties.unwrap_or_default();
            // A receipt is no way to write to any topic.
            if let Some(topic) = properties
                .response_topic
                .filter(|topic| topic.ends_with(RECEIPTS))
            {
                let properties = PublishProperties {
                    correlation_data: properties.correlation_data,
                    content_type: Some("application/json".to_owned()),
                    ..PublishProperties::default()
                };
                let sent = client.publish_with_properties(
                    topic,
                    QoS::AtLeastOnce,
                    false,
                    answer.to_string(),
                    properties,
                );
                if let Err(error) = sent.await {
                    tracing::warn!(%error, "a receipt could not be sent");
                }
            }
        });
    }
}

fn options(settings: &CallbellConfig) -> anyhow::Result<MqttOptions> {
    let url: Uri = settings.mqtt_url.parse().context("callbell.mqtt_url")?;
    let host = url.host().context("callbell.mqtt_url: a host is missing")?;
    let port = url.port_u16();
    let mut options = match url.scheme_str().unwrap_or_default() {
        "mqtt" => MqttOptions::new(&settings.mqtt_client, host, port.unwrap_or(1883)),
        "mqtts" => {
            let mut options = MqttOptions::new(&settings.mqtt_client, host, port.unwrap_or(8883));
            options.set_transport(Transport::tls_with_default_config());
            options
        }
        scheme => anyhow::bail!("callbell.mqtt_url: mqtt:// or mqtts://, not {scheme}"),
    };
    let password = settings.mqtt_password.expose_secret();
    if !settings.mqtt_user.is_empty() {
        options.set_credentials(&settings.mqtt_user, password);
    }
    options
        .set_clean_start(false)
        .set_session_expiry_interval(Some(SESSION_S))
        .set_manual_acks(true)
        .set_receive_maximum(Some(UNDER_WAY))
        // The broker is told: one that is larger would break each connection that it is sent on.
        .set_max_packet_size(Some(MOST_OF_A_PACKET))
        .set_keep_alive(Duration::from_secs(30))
        .set_connection_timeout(10);
    Ok(options)
}

fn incoming(publish: &Publish) -> Incoming {
    let property = |wanted: &str| {
        let properties = publish.properties.iter().flat_map(|all| &all.user_properties);
        let mut found = properties.filter(|(name, _)| name == wanted);
        found.next().map(|(_, value)| value.clone()).unwrap_or_default()
    };
    Incoming {
        source: BellSource::Mqtt,
        remote: Some(
            String::from_utf8_lossy(&publish.topic)
                .chars()
                .take(200)
                .collect(),
        ),
        id: property("webhook-id"),
        timestamp: property("webhook-timestamp"),
        signature: property("webhook-signature"),
        body: publish.payload.to_vec(),
    }
}

/// What was put aside is kept: the broker need not send it again.
fn is_put_aside(error: &AppError) -> bool {
    matches!(
        error.code(),
        Code::BellMalformed
            | Code::BellUnknown
            | Code::BellSignatureInvalid
            | Code::BellRetired
            | Code::BellBodyChanged
            | Code::BodyTooLarge
            // Enough of that kind is kept: it must not take the place of what can be trusted.
            | Code::BellFlood
    )
}
