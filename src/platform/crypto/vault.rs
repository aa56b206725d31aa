//! Columns sealed by AEAD with the key's id in the value, and keyed blind indexes to find equal ones.

use crate::platform::error::{AppError, Code};
use crate::platform::id;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{hkdf, hmac};
use std::collections::HashMap;

const FORMAT: u8 = 1;
const KEY_ID_LEN: usize = 4;
const HEAD_LEN: usize = 1 + KEY_ID_LEN + NONCE_LEN;
/// Bytes kept of a blind index: enough against chance, too few to be of use elsewhere.
const INDEX_LEN: usize = 16;

/// A master key: 32 bytes.
pub type MasterKey = [u8; 32];

/// Seals and opens columns. The label of a column is bound to the value, so that a value moved to another
/// column does not open.
pub struct Vault {
    current: [u8; KEY_ID_LEN],
    keys: HashMap<[u8; KEY_ID_LEN], LessSafeKey>,
    index: hmac::Key,
}

impl Vault {
    /// `current` seals; `previous` keys still open what they sealed. The blind index is made with
    /// `index_key`, which must not change as long as the data lives.
    ///
    /// # Errors
    /// When a key can't be derived.
    pub fn new(current: &MasterKey, previous: &[MasterKey], index_key: &MasterKey) -> anyhow::Result<Self> {
        let mut keys = HashMap::new();
        for master in previous.iter().chain([current]) {
            let key = UnboundKey::new(&AES_256_GCM, &derive(master, b"hotline column key")?)
                .map_err(|_| anyhow::anyhow!("a key could not be derived"))?;
            keys.insert(key_id(master), LessSafeKey::new(key));
        }
        let index = hmac::Key::new(hmac::HMAC_SHA256, &derive(index_key, b"hotline blind index")?);
        Ok(Self {
            current: key_id(current),
            keys,
            index,
        })
    }

    /// Seals a value of the column `label`.
    ///
    /// # Errors
    /// When sealing fails, which it does not for values of sane length.
    pub fn seal(&self, label: &str, value: &[u8]) -> Result<Vec<u8>, AppError> {
        let mut nonce = [0; NONCE_LEN];
        id::fill(&mut nonce);
        let key = self.keys.get(&self.current).ok_or_else(failed)?;
        let mut sealed = value.to_vec();
        key.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(label.as_bytes()),
            &mut sealed,
        )
        .map_err(|_| failed())?;
        let mut out = Vec::with_capacity(HEAD_LEN + sealed.len());
        out.push(FORMAT);
        out.extend_from_slice(&self.current);
        out.extend_from_slice(&nonce);
        out.append(&mut sealed);
        Ok(out)
    }

    /// Seals a text.
    ///
    /// # Errors
    /// As [`Self::seal`].
    pub fn seal_text(&self, label: &str, value: &str) -> Result<Vec<u8>, AppError> {
        self.seal(label, value.as_bytes())
    }

    /// Opens a value of the column `label`.
    ///
    /// # Errors
    /// When the key is unknown or the value was changed or moved.
    pub fn open(&self, label: &str, sealed: &[u8]) -> Result<Vec<u8>, AppError> {
        let (head, body) = sealed.split_at_checked(HEAD_LEN).ok_or_else(failed)?;
        let (key, nonce) = head
            .get(1..)
            .and_then(|rest| rest.split_at_checked(KEY_ID_LEN))
            .ok_or_else(failed)?;
        let key_id: [u8; KEY_ID_LEN] = key.try_into().map_err(|_| failed())?;
        let key = self.keys.get(&key_id).ok_or_else(failed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| failed())?;
        let mut value = body.to_vec();
        let opened = key
            .open_in_place(nonce, Aad::from(label.as_bytes()), &mut value)
            .map_err(|_| failed())?
            .len();
        value.truncate(opened);
        Ok(value)
    }

    /// Opens a text.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_text(&self, label: &str, sealed: &[u8]) -> Result<String, AppError> {
        String::from_utf8(self.open(label, sealed)?).map_err(|_| failed())
    }

    /// Opens a text that may be absent.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_optional(&self, label: &str, sealed: Option<&Vec<u8>>) -> Result<Option<String>, AppError> {
        sealed.map(|sealed| self.open_text(label, sealed)).transpose()
    }

    /// The blind index of a normalised value: equal values of one label have equal indexes, and nobody
    /// without the key can tell of what.
    #[must_use]
    pub fn index(&self, label: &str, value: &str) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.index);
        context.update(label.as_bytes());
        context.update(&[0]);
        context.update(value.as_bytes());
        context.sign().as_ref().iter().take(INDEX_LEN).copied().collect()
    }
}

fn key_id(master: &MasterKey) -> [u8; KEY_ID_LEN] {
    let digest = super::sha256(&[b"hotline key id", master]);
    let mut id = [0; KEY_ID_LEN];
    id.iter_mut().zip(digest).for_each(|(slot, byte)| *slot = byte);
    id
}

fn derive(master: &MasterKey, purpose: &[u8]) -> anyhow::Result<[u8; 32]> {
    let mut out = [0; 32];
    hkdf::Salt::new(hkdf::HKDF_SHA256, b"hotline")
        .extract(master)
        .expand(&[purpose], hkdf::HKDF_SHA256)
        .and_then(|okm| okm.fill(&mut out))
        .map_err(|_| anyhow::anyhow!("a key could not be derived"))?;
    Ok(out)
}

fn failed() -> AppError {
    AppError::new(Code::Internal).because(anyhow::anyhow!("a sealed value could not be sealed or opened"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn vault(key: u8) -> Vault {
        Vault::new(&[key; 32], &[[9; 32]], &[7; 32]).unwrap()
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_under_its_label_only(text in ".{0,80}") {
            let vault = vault(1);
            let sealed = vault.seal_text("a", &text).unwrap();
            prop_assert_eq!(vault.open_text("a", &sealed).unwrap(), text);
            prop_assert!(vault.open_text("b", &sealed).is_err());
        }

        #[test]
        fn one_flipped_bit_is_found(text in ".{0,40}", at in 0_usize..1000, bit in 0_u8..8) {
            let vault = vault(1);
            let mut sealed = vault.seal_text("a", &text).unwrap();
            let at = 1 + at % (sealed.len() - 1);
            sealed[at] ^= 1 << bit;
            prop_assert!(vault.open_text("a", &sealed).is_err());
        }
    }

    #[test]
    fn a_previous_key_still_opens() {
        let old = Vault::new(&[9; 32], &[], &[7; 32]).unwrap();
        let sealed = old.seal_text("a", "张三").unwrap();
        assert_eq!(vault(1).open_text("a", &sealed).unwrap(), "张三");
        assert_eq!(
            old.index("phone", "+8613800000000"),
            vault(1).index("phone", "+8613800000000")
        );
        assert_ne!(old.index("phone", "1"), old.index("email", "1"));
    }
}
