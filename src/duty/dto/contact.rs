//! Wire shapes of how somebody is reached on duty.

use crate::duty::rules::contact::check;
use crate::duty::store::contact::{Contact, NewContact};
use crate::platform::crypto::vault::Vault;
use crate::platform::error::{AppError, Fields, Rule};
use crate::platform::personal::Personal;
use crate::residents::rules::{Phone, mask_canonical, mask_email, parse_email};
use entity::id::StaffId;
use entity::kind::NoticeChannel;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How somebody is reached on duty.
#[derive(Debug, Serialize, ToSchema)]
pub struct DutyContactOut {
    /// Who.
    pub staff_id: StaffId,
    /// The telephone number: E.164 for oneself, masked for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "139****0001")]
    pub phone: Option<String>,
    /// The e-mail address, masked for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "z***@example.com")]
    pub email: Option<String>,
    /// Ways in the order in which they are tried.
    #[schema(example = json!(["sms", "in_app"]))]
    pub channels: Vec<NoticeChannel>,
    /// Whether number and address are masked.
    pub masked: bool,
}

impl DutyContactOut {
    /// Opens the addresses, and masks them unless they are the reader's own.
    ///
    /// # Errors
    /// When they can't be opened.
    pub fn of(staff_id: StaffId, contact: &Contact, own: bool, vault: &Vault) -> Result<Self, AppError> {
        let show = |value: Option<Personal>, mask: fn(&str) -> String| {
            let plain = value?.plain().to_owned();
            Some(if own { plain } else { mask(&plain) })
        };
        Ok(Self {
            staff_id,
            phone: show(contact.phone(vault)?, mask_canonical),
            email: show(contact.email(vault)?, mask_email),
            channels: contact.channels.clone(),
            masked: !own,
        })
    }
}

/// How somebody is to be reached on duty; what is absent is taken away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DutyContactIn {
    /// A telephone number, however it is typed.
    #[schema(value_type = Option<String>, example = "13900000001", max_length = 40)]
    pub phone: Option<Personal>,
    /// An e-mail address.
    #[schema(value_type = Option<String>, example = "duty@example.com", max_length = 254)]
    pub email: Option<Personal>,
    /// Ways in the order in which they are tried, each once: `sms` needs a mobile number, `email` an address.
    #[schema(example = json!(["sms", "in_app"]), min_items = 1, max_items = 3)]
    pub channels: Vec<NoticeChannel>,
}

impl DutyContactIn {
    /// Checks all fields. No value is repeated in a message.
    pub fn parse(&self) -> Result<NewContact, AppError> {
        let mut fields = Fields::default();
        let given = |value: &Option<Personal>| {
            let plain = value.as_ref().map(|value| value.plain().trim().to_owned());
            plain.filter(|plain| !plain.is_empty())
        };
        let (typed, address) = (given(&self.phone), given(&self.email));
        let phone = typed.as_deref().and_then(Phone::parse);
        if typed.is_some() && phone.is_none() {
            fields.add("/phone", Rule::Form("a telephone number"));
        }
        let email = address.as_deref().and_then(parse_email).map(Personal::new);
        if address.is_some() && email.is_none() {
            fields.add("/email", Rule::Form("an e-mail address"));
        }
        // What was given and is wrong has been told already.
        if fields.is_empty() {
            check(&self.channels, phone.as_ref(), email.is_some(), &mut fields);
        }
        fields.finish()?;
        Ok(NewContact {
            phone,
            email,
            channels: self.channels.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told_and_not_repeated() {
        let parse = |json: serde_json::Value| {
            let body: DutyContactIn = serde_json::from_value(json).unwrap();
            let outcome = body.parse();
            outcome
                .map(|_| ())
                .map_err(|error| error.document(false, None).to_string())
        };
        let told = parse(serde_json::json!({ "phone": "0999", "email": "nowhere", "channels": ["sms"] }))
            .unwrap_err();
        assert!(told.contains("/phone") && told.contains("/email"), "{told}");
        assert!(!told.contains("0999") && !told.contains("nowhere"), "{told}");
        let told = parse(serde_json::json!({ "phone": " ", "channels": ["sms"] })).unwrap_err();
        assert!(told.contains("/phone") && told.contains("required"), "{told}");
        assert_eq!(parse(serde_json::json!({ "channels": ["in_app"] })), Ok(()));
    }
}
