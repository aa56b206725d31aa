//! Somebody to be told, and the ways to them in order: the inbox always, and beside it the first of their channels. When
//! that fails the next one is tried at once.

use crate::access::authenticate::local_day;
use crate::access::policy::district_of;
use crate::duty::queries::{self as duty, Contact, Person};
use crate::notify::store::{Message, Outgoing};
use crate::platform::crypto::vault::Vault;
use crate::platform::db::Tx;
use crate::platform::error::AppError;
use crate::staff;
use entity::id::StaffId;
use entity::kind::{ActorKind, NoticeChannel};

/// Somebody to be told.
pub struct Target {
    /// Who.
    pub staff: StaffId,
    ways: Vec<(NoticeChannel, String)>,
}

impl Target {
    /// Somebody by what they want to be reached by. An address that can't be opened is none: they find it in the inbox,
    /// and nobody else goes unheard for it.
    #[must_use]
    pub fn of(vault: &Vault, staff: StaffId, contact: &Contact) -> Self {
        let ways = contact
            .phone(vault)
            .and_then(|phone| Ok((phone, contact.email(vault)?)));
        let (phone, email) = ways.unwrap_or_else(|error| {
            tracing::error!(%staff, ?error, "an address of somebody on duty can't be opened");
            (None, None)
        });
        let ways = contact.channels.iter().filter_map(|channel| {
            let address = match channel {
                NoticeChannel::Sms | NoticeChannel::Voice => phone.as_ref(),
                NoticeChannel::Email => email.as_ref(),
                NoticeChannel::InApp | NoticeChannel::Webhook => None,
            };
            address.map(|address| (*channel, address.plain().to_owned()))
        });
        Self {
            staff,
            ways: ways.collect(),
        }
    }

    /// These people, on duty or not.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn those(tx: &Tx, vault: &Vault, staff: Vec<StaffId>) -> Result<Vec<Self>, AppError> {
        let contacts = duty::contacts(tx, &staff).await?;
        let known = |id: &StaffId| contacts.get(id).cloned().unwrap_or_default();
        Ok(staff.iter().map(|id| Self::of(vault, *id, &known(id))).collect())
    }

    /// Those who are on duty up to a level, each of them once.
    #[must_use]
    pub fn up_to(vault: &Vault, people: &[Vec<Person>], level: u8) -> Vec<Self> {
        let mut targets: Vec<Self> = Vec::new();
        for person in people.iter().take(usize::from(level) + 1).flatten() {
            if !targets.iter().any(|known| known.staff == person.turn.staff) {
                targets.push(Self::of(vault, person.turn.staff, &person.contact));
            }
        }
        targets
    }

    /// Everybody who could help where no one is on duty.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn helpers(tx: &Tx, vault: &Vault, unit_path: &str) -> Result<Vec<Self>, AppError> {
        let (district, today) = (district_of(unit_path), local_day(tx.now()));
        let helpers = staff::store::who_could_help(tx, unit_path, &district, today).await?;
        Self::those(tx, vault, helpers.into_iter().collect()).await
    }

    /// Adds a message to them by all of their ways side by side.
    ///
    /// # Errors
    /// When it can't be sealed.
    pub fn add_all(
        &self,
        tx: &Tx,
        vault: &Vault,
        message: &Message<'_>,
        outgoing: &mut Outgoing,
    ) -> Result<(), AppError> {
        for (channel, address) in &self.ways {
            let message = Message {
                recipient: (ActorKind::Staff, Some(self.staff.0)),
                channel: *channel,
                address: Some(address),
                dedup_key: format!("{}:{channel}", message.dedup_key),
                ..message.clone()
            };
            outgoing.add(tx, vault, &message)?;
        }
        self.add_to_inbox(tx, vault, message, outgoing)
    }

    fn add_to_inbox(
        &self,
        tx: &Tx,
        vault: &Vault,
        message: &Message<'_>,
        outgoing: &mut Outgoing,
    ) -> Result<(), AppError> {
        let inbox = Message {
            recipient: (ActorKind::Staff, Some(self.staff.0)),
            channel: NoticeChannel::InApp,
            dedup_key: format!("{}:in_app", message.dedup_key),
            ..message.clone()
        };
        outgoing.add(tx, vault, &inbox)
    }

    /// Adds a message to them, once for each way. The key of the message is theirs, and told apart by channel.
    ///
    /// # Errors
    /// When it can't be sealed.
    pub fn add(
        &self,
        tx: &Tx,
        vault: &Vault,
        message: &Message<'_>,
        outgoing: &mut Outgoing,
    ) -> Result<(), AppError> {
        self.add_to_inbox(tx, vault, message, outgoing)?;
        let Some(((channel, address), others)) = self.ways.split_first() else {
            return Ok(());
        };
        let message = Message {
            recipient: (ActorKind::Staff, Some(self.staff.0)),
            channel: *channel,
            address: Some(address),
            others,
            dedup_key: format!("{}:{channel}", message.dedup_key),
            ..message.clone()
        };
        outgoing.add(tx, vault, &message)
    }
}
