//! The hash chain of a timeline: each entry's hash covers the one before it, its own facts and the *ciphertext* of
//! its texts. Whoever holds a receipt holds the hash of that day; no entry before it can change unseen.

use crate::platform::crypto::{canonical, instant, sha256};
use entity::ticket_entry;

/// The facts of an entry, in the order in which they are hashed.
pub struct Link<'a> {
    /// The hash of the entry before; empty for the first.
    pub previous: &'a [u8],
    /// The entry, whose own `hash` is not looked at.
    pub entry: &'a ticket_entry::Model,
}

/// The hash of an entry.
#[must_use]
pub fn hash(link: &Link<'_>) -> Vec<u8> {
    let entry = link.entry;
    let text = |value: Option<String>| value.unwrap_or_default();
    let facts = canonical(
        "hotline-entry-1",
        [
            entry.ticket_id.to_string(),
            entry.seq.to_string(),
            entry.kind.word().to_owned(),
            instant(entry.at),
            entry.actor_kind.word().to_owned(),
            text(entry.actor_id.map(|id| id.to_string())),
            text(entry.actor_name.clone()),
            text(entry.role.map(|role| role.word().to_owned())),
            text(entry.unit_id.map(|id| id.to_string())),
            text(entry.unit_name.clone()),
            text(entry.from_state.map(|state| state.word().to_owned())),
            entry.to_state.word().to_owned(),
            entry.public.to_string(),
            entry.data.to_string(),
        ],
    );
    let digest = |sealed: &Option<Vec<u8>>| {
        sealed
            .as_ref()
            .map_or_else(|| vec![0; 32], |bytes| sha256(&[bytes]))
    };
    sha256(&[
        link.previous,
        facts.as_bytes(),
        &digest(&entry.public_sealed),
        &digest(&entry.internal_sealed),
    ])
}

/// The number of the first entry that does not fit, if any. Entries must be in order.
#[must_use]
pub fn first_broken(entries: &[ticket_entry::Model], head: &[u8]) -> Option<i64> {
    let mut previous: Vec<u8> = Vec::new();
    for (entry, expected) in entries.iter().zip(1..) {
        if entry.seq != expected
            || hash(&Link {
                previous: &previous,
                entry,
            }) != entry.hash
        {
            return Some(expected);
        }
        previous.clone_from(&entry.hash);
    }
    let after = i64::try_from(entries.len()).unwrap_or(i64::MAX).saturating_add(1);
    (previous != head).then_some(after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use entity::id::TicketId;
    use entity::kind::{ActorKind, EntryKind, TicketState};
    use proptest::prelude::*;
    use serde_json::json;
    use uuid::Uuid;

    fn timeline(n: i64) -> (Vec<ticket_entry::Model>, Vec<u8>) {
        let mut entries = Vec::new();
        let mut head = Vec::new();
        for seq in 1..=n {
            let mut entry = ticket_entry::Model {
                ticket_id: TicketId(Uuid::from_u128(7)),
                seq,
                kind: EntryKind::Noted,
                at: DateTime::from_timestamp(seq, 0).unwrap(),
                actor_kind: ActorKind::System,
                actor_id: None,
                actor_name: None,
                role: None,
                unit_id: None,
                unit_name: None,
                from_state: None,
                to_state: TicketState::InProgress,
                public: true,
                public_sealed: Some(vec![1, 2, 3]),
                internal_sealed: None,
                data: json!({ "n": seq }),
                hash: Vec::new(),
                request_id: None,
            };
            entry.hash = hash(&Link {
                previous: &head,
                entry: &entry,
            });
            head.clone_from(&entry.hash);
            entries.push(entry);
        }
        (entries, head)
    }

    #[test]
    fn an_untouched_chain_holds() {
        let (entries, head) = timeline(5);
        assert_eq!(first_broken(&entries, &head), None);
        assert_eq!(first_broken(&[], &[]), None);
    }

    /// Receipts hold such hashes: they are computed so for ever.
    #[test]
    fn the_hash_of_an_entry_never_changes() {
        let (_, head) = timeline(2);
        assert_eq!(
            crate::platform::crypto::hex(&head),
            "c3bd6b9806bfbe0f5368066c22c153cf4ae831213cbc881830c96393529e6932"
        );
    }

    proptest! {
        #[test]
        fn every_change_is_found_at_its_place(at in 0_usize..6, way in 0_u8..7) {
            let (mut entries, head) = timeline(6);
            match way {
                0 => entries[at].data = json!({ "n": 99 }),
                1 => entries[at].public_sealed = Some(vec![1, 2, 4]),
                2 => entries[at].public = false,
                3 => entries[at].actor_name = Some("x".into()),
                4 => { entries.remove(at); }
                5 => entries.swap(at, (at + 1) % 6),
                _ => entries[at].at += chrono::TimeDelta::microseconds(1),
            }
            let broken = first_broken(&entries, &head);
            prop_assert!(broken.is_some());
            if way < 4 || way == 6 {
                prop_assert_eq!(broken, Some(i64::try_from(at).unwrap() + 1));
            }
        }
    }
}
