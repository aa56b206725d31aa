//! How somebody can be reached on duty. Pure.

use crate::platform::error::{Fields, Rule};
use crate::residents::rules::Phone;
use entity::kind::NoticeChannel;

/// Checks the order of the ways: each once, and each with an address to send to.
pub fn check(channels: &[NoticeChannel], phone: Option<&Phone>, email: bool, fields: &mut Fields) {
    if channels.is_empty() {
        fields.add("/channels", Rule::Required);
    }
    for (at, channel) in channels.iter().enumerate() {
        let place = format!("/channels/{at}");
        if channels.iter().take(at).any(|before| before == channel) {
            fields.add(place, Rule::Taken);
            continue;
        }
        match channel {
            NoticeChannel::Sms | NoticeChannel::Voice if phone.is_none() => {
                fields.add("/phone", Rule::Required);
            }
            NoticeChannel::Sms if !phone.is_some_and(Phone::takes_messages) => {
                fields.add(place, Rule::Form("a way that a landline has: no text messages"));
            }
            NoticeChannel::Email if !email => fields.add("/email", Rule::Required),
            NoticeChannel::Webhook => fields.add(place, Rule::Form("a way to a person")),
            NoticeChannel::Sms | NoticeChannel::Voice | NoticeChannel::Email | NoticeChannel::InApp => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use NoticeChannel::{Email, InApp, Sms};

    fn told(channels: &[NoticeChannel], phone: &str, email: bool) -> String {
        let mut fields = Fields::default();
        check(channels, Phone::parse(phone).as_ref(), email, &mut fields);
        let errors: Vec<String> = fields.into_errors().iter().map(ToString::to_string).collect();
        errors.join("; ")
    }

    #[test]
    fn each_way_has_an_address_and_stands_once() {
        assert_eq!(told(&[Sms, InApp, Email], "13900000001", true), "");
        assert_eq!(told(&[InApp], "", false), "");
        assert!(told(&[], "13900000001", true).contains("/channels is required"));
        assert!(told(&[Sms], "", true).contains("/phone is required"));
        assert!(told(&[InApp, Sms], "0750-3322110", true).contains("/channels/1"));
        assert!(told(&[Email], "13900000001", false).contains("/email is required"));
        assert!(told(&[InApp, InApp], "", false).contains("/channels/1 exists already"));
    }
}
