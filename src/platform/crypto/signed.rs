//! Messages between machines, signed as Standard Webhooks lays it out: `id.timestamp.body` by HMAC-SHA256, written as
//! `v1,` and base64.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What stands before a secret for people to copy.
pub const SECRET_PREFIX: &str = "whsec_";

/// The bytes of a secret as it is told to people: `whsec_` and base64 of 24 to 64 bytes.
#[must_use]
pub fn secret(text: &str) -> Option<Vec<u8>> {
    let bytes = STANDARD.decode(text.strip_prefix(SECRET_PREFIX)?).ok()?;
    (24..=64).contains(&bytes.len()).then_some(bytes)
}

/// The parts of a message that are signed.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// The message's id.
    pub id: &'a str,
    /// Seconds since 1970, as the sender believes.
    pub timestamp: &'a str,
    /// The body.
    pub body: &'a [u8],
}

impl Signed<'_> {
    /// What is signed.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        [
            self.id.as_bytes(),
            b".",
            self.timestamp.as_bytes(),
            b".",
            self.body,
        ]
        .concat()
    }

    /// The signature by a secret.
    #[must_use]
    pub fn sign(&self, secret: &[u8]) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        format!("v1,{}", STANDARD.encode(hmac::sign(&key, &self.bytes())))
    }

    /// Whether one of several signatures, parted by blanks, is by this secret.
    #[must_use]
    pub fn is_by(&self, secret: &[u8], signatures: &str) -> bool {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let bytes = self.bytes();
        signatures
            .split(' ')
            .filter_map(|signature| STANDARD.decode(signature.strip_prefix("v1,")?).ok())
            .any(|tag| hmac::verify(&key, &bytes, &tag).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The vector of the specification of Standard Webhooks.
    #[test]
    fn the_published_vector_holds() {
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signed = Signed {
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            timestamp: "1614265330",
            body: br#"{"test": 2432232314}"#,
        };
        let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(signed.sign(&secret), expected);
        assert!(signed.is_by(&secret, expected));
        assert!(signed.is_by(&secret, &format!("v1,AAAA v2,x {expected}")));
    }

    proptest! {
        #[test]
        fn one_flipped_bit_is_refused(body in prop::collection::vec(any::<u8>(), 1..200), bit in 0_usize..1600, secret in prop::collection::vec(any::<u8>(), 24..64)) {
            let sign = |body: &[u8]| Signed { id: "01J", timestamp: "1", body }.sign(&secret);
            let mut other = body.clone();
            let at = bit % (body.len() * 8);
            other[at / 8] ^= 1 << (at % 8);
            let signed = Signed { id: "01J", timestamp: "1", body: &other };
            prop_assert!(!signed.is_by(&secret, &sign(&body)));
            prop_assert!(signed.is_by(&secret, &sign(&other)));
        }
    }
}
