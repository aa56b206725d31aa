//! Somebody to be told, and the ways to them in order: the inbox always, and beside it the first of their channels. When
//! that fails the next one is tried at once.

use crate::access::authenticate::local_day;
use crate::access::policy::district_of;
use crate::duty::queries::Person;
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
    /// Somebody on duty, by what they want to be reached by. An address that can't be opened is none: they find it in the
    /// inbox, and nobody else goes unheard for it.
    #[must_use]
    pub fn of(vault: &Vault, person: &Person) -> Self {
        let staff = person.turn.staff;
        let ways = person
            .contact
            .phone(vault)
            .and_then(|phone| Ok((phone, person.contact.email(vault)?)));
        let (phone, email) = ways.unwrap_or_else(|error| {
            tracing::error!(%staff, ?error, "an address of somebody on duty can't be opened");
            (None, None)
        });
        let ways = person.contact.channels.iter().filter_map(|channel| {
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

    /// Somebody of whom no address is known.
    #[must_use]
    pub fn in_app(staff: StaffId) -> Self {
        Self {
            staff,
            ways: Vec::new(),
        }
    }

    /// Those who are on duty up to a level, each of them once.
    #[must_use]
    pub fn up_to(vault: &Vault, people: &[Vec<Person>], level: u8) -> Vec<Self> {
        let mut targets: Vec<Self> = Vec::new();
        for person in people.iter().take(usize::from(level) + 1).flatten() {
            if !targets.iter().any(|known| known.staff == person.turn.staff) {
                targets.push(Self::of(vault, person));
            }
        }
        targets
    }

    /// Everybody who could help where no one is on duty.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn helpers(tx: &Tx, unit_path: &str) -> Result<Vec<Self>, AppError> {
        let (district, today) = (district_of(unit_path), local_day(tx.now()));
        let helpers = staff::store::who_could_help(tx, unit_path, &district, today).await?;
        Ok(helpers.into_iter().map(Self::in_app).collect())
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
        let key = &message.dedup_key;
        let inbox = Message {
            recipient: (ActorKind::Staff, Some(self.staff.0)),
            channel: NoticeChannel::InApp,
            dedup_key: format!("{key}:in_app"),
            ..message.clone()
        };
        outgoing.add(tx, vault, &inbox)?;
        let Some(((channel, address), others)) = self.ways.split_first() else {
            return Ok(());
        };
        let message = Message {
            channel: *channel,
            address: Some(address),
            others,
            dedup_key: format!("{key}:{channel}"),
            ..inbox
        };
        outgoing.add(tx, vault, &message)
    }
}
