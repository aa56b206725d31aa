//! What devices tell, by whatever way it comes: one function, which answers after the commit. A further way (a
//! controller that speaks SCAIP, a vendor's cloud) is a file that makes an [`Incoming`] of what it hears and calls
//! [`Ingest::take`].

mod heartbeats;
pub mod http;
pub mod mqtt;
mod quarantine;
mod write;

use self::quarantine::Claim;
use crate::callbell::commands::devices::secret_of;
use crate::callbell::rules::message::{MOST_BYTES, Message};
use crate::callbell::store;
use crate::callbell::world::World;
use crate::platform::crypto::sha256;
use crate::platform::crypto::signed::Signed;
use crate::platform::error::{AppError, Code};
use crate::reference::Desk;
use entity::id::CallId;
use entity::kind::{BellKind, BellSource, CallState, DeviceState, QuarantineReason};
use entity::{callbell_call, callbell_device};
use heartbeats::Heartbeats;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// Where everything comes in that devices tell. Clones are the same place.
#[derive(Clone, Default)]
pub struct Ingest {
    heartbeats: Arc<Heartbeats>,
}

/// A message as it came, not looked at yet.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// By which way.
    pub source: BellSource,
    /// From where.
    pub remote: Option<String>,
    /// The id that was signed.
    pub id: String,
    /// The timestamp that was signed.
    pub timestamp: String,
    /// Signatures.
    pub signature: String,
    /// The body.
    pub body: Vec<u8>,
}

/// What the device is told: the same, however often it asks.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Receipt {
    /// The event.
    #[schema(example = "01KB0M6T7Q8Z5W3R2N1P0X9Y8V")]
    pub event_id: String,
    /// 0: taken (SS 91100).
    #[schema(example = 0)]
    pub status: i32,
    /// The call that it opened or joined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_id: Option<CallId>,
    /// Where that call stands now: `acked` and later light the lamp "help is coming".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_state: Option<CallState>,
    /// Seconds until the next sign of life is wanted.
    #[schema(example = 900)]
    pub heartbeat_s: i32,
    /// Whether it was taken before.
    pub repeated: bool,
}

impl Receipt {
    fn of(
        event_id: &str,
        device: &callbell_device::Model,
        call: Option<&callbell_call::Model>,
        repeated: bool,
    ) -> Self {
        Self {
            event_id: event_id.to_owned(),
            status: 0,
            call_id: call.map(|call| call.id),
            call_state: call.map(|call| call.state),
            heartbeat_s: device.heartbeat_s,
            repeated,
        }
    }
}

impl Ingest {
    /// Takes a message in. The answer comes after the commit: what was answered is durable.
    ///
    /// # Errors
    /// `BellMalformed`, `BellUnknown`, `BellSignatureInvalid`, `BellRetired`, `BellBodyChanged`; all of these are put aside
    /// first and told to the district. `Unavailable`: to be sent again.
    pub async fn take(&self, desk: &Desk, incoming: Incoming) -> Result<Receipt, AppError> {
        let kit = &desk.kit;
        let world = World::of(desk).await?;
        let hold = |reason, claim| quarantine::hold(&world, &incoming, reason, claim);
        if incoming.body.len() > MOST_BYTES {
            hold(QuarantineReason::TooLarge, Claim::default()).await?;
            return Err(AppError::new(Code::BodyTooLarge));
        }
        let message = match Message::parse(&incoming.body) {
            Ok(message) => message,
            Err(why) => {
                hold(QuarantineReason::Malformed, Claim::default()).await?;
                return Err(AppError::new(Code::BellMalformed).say(why.clone(), why));
            }
        };
        let mut claim = Claim::of(&message);
        // No mass of other work, nor of signs of life or of what can't be trusted, stands before a press.
        let first = kit.db.reserved();
        let Some(device) = store::devices::by_serial(first.read(), &message.device_id).await? else {
            hold(QuarantineReason::UnknownDevice, claim).await?;
            return Err(AppError::new(Code::BellUnknown));
        };
        let signed = Signed {
            id: &incoming.id,
            timestamp: &incoming.timestamp,
            body: &incoming.body,
        };
        let secret = secret_of(&kit.vault, &device)?;
        if incoming.id != message.event_id || !signed.is_by(&secret, &incoming.signature) {
            claim.unit = Some(device.unit_id);
            hold(QuarantineReason::BadSignature, claim).await?;
            return Err(AppError::new(Code::BellSignatureInvalid));
        }
        if message.kind == BellKind::Heartbeat && device.state != DeviceState::Retired {
            let receipt = Receipt::of(&message.event_id, &device, None, false);
            self.heartbeats.take(&world, device.id, message).await?;
            return Ok(receipt);
        }
        let digest = sha256(&[&incoming.body]);
        let input = write::Input {
            world,
            device: device.id,
            message,
            digest,
            incoming,
        };
        let outcome = first
            .write("callbell.ingest", input, |tx, input| {
                Box::pin(write::write(tx, input))
            })
            .await?;
        match outcome {
            write::Outcome::Taken(receipt) => Ok(receipt),
            write::Outcome::Changed => Err(AppError::new(Code::BellBodyChanged)),
            write::Outcome::Retired => Err(AppError::new(Code::BellRetired)),
        }
    }
}
