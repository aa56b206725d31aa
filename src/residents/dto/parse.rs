//! From wire words to values: all mistakes at once, and no value of a person in a message.

use super::request::{ResidentContactIn, ResidentIn, ResidentPatch, RevealIn, SearchIn};
use crate::platform::error::{AppError, Code, FieldError, Fields, Rule};
use crate::platform::personal::{Personal, mask_numbers};
use crate::residents::commands::{Change, Edit, NewContact, NewResident, Revelation};
use crate::residents::queries::Search;
use crate::residents::rules::{IdNumber, Phone, parse_email};
use entity::id::UnitId;
use serde_json::json;

const NAME_MAX: usize = 60;
const ADDRESS_MAX: usize = 200;
const RELATION_MAX: usize = 20;
const LABEL_MAX: usize = 20;
const LABELS_MAX: usize = 20;
const REASON_MIN: usize = 3;
const REASON_MAX: usize = 200;

impl SearchIn {
    /// Takes the one way to search that was given.
    pub fn parse(self) -> Result<Search, AppError> {
        let mut reader = Reader::default();
        let phone = reader.phone("/phone", self.phone.as_ref());
        let id_number = reader.id_number(self.id_number.as_ref());
        let name = reader.optional("/name", self.name.as_ref(), NAME_MAX);
        let address = reader.optional("/address", self.address.as_ref(), ADDRESS_MAX);
        reader.finish()?;
        match (phone, id_number, name, address) {
            (Some(phone), None, None, None) => Ok(Search::Phone(phone)),
            (None, Some(number), None, None) => Ok(Search::IdNumber(number)),
            (None, None, Some(name), Some(address)) => Ok(Search::NameAndAddress(name, address)),
            (None, None, Some(_), None) => Err(AppError::field("/address", Rule::Required)),
            (None, None, None, Some(_)) => Err(AppError::field("/name", Rule::Required)),
            (None, None, None, None) => Err(AppError::field("/phone", Rule::Required)),
            (Some(_), Some(_), _, _) => Err(AppError::field("/id_number", Rule::Unexpected)),
            (_, _, Some(_), _) => Err(AppError::field("/name", Rule::Unexpected)),
            (_, _, None, Some(_)) => Err(AppError::field("/address", Rule::Unexpected)),
        }
    }
}

impl ResidentIn {
    /// Checks all fields.
    pub fn parse(self) -> Result<(Option<UnitId>, NewResident), AppError> {
        let mut reader = Reader::default();
        let parsed = self.read(&mut reader);
        reader.finish()?;
        Ok(parsed)
    }

    /// Checks all fields; what is wrong with a line of a file.
    pub(in crate::residents) fn check(self) -> Result<NewResident, Vec<FieldError>> {
        let mut reader = Reader::default();
        let (_, new) = self.read(&mut reader);
        let errors = reader.fields.into_errors();
        if errors.is_empty() { Ok(new) } else { Err(errors) }
    }

    fn read(self, reader: &mut Reader) -> (Option<UnitId>, NewResident) {
        let new = NewResident {
            name: Some(reader.text("/name", &self.name, NAME_MAX)),
            phone: reader.phone("/phone", self.phone.as_ref()),
            id_number: reader.id_number(self.id_number.as_ref()),
            email: reader.email(self.email.as_ref()),
            address: reader.optional("/address", self.address.as_ref(), ADDRESS_MAX),
            labels: reader.labels(&self.labels),
            ..NewResident::of(self.kind)
        };
        (self.unit_id, new)
    }
}

impl ResidentPatch {
    /// Checks all fields.
    pub fn parse(self) -> Result<Change, AppError> {
        let mut reader = Reader::default();
        let change = Change {
            name: self.name.map(|name| reader.text("/name", &name, NAME_MAX)),
            phone: edit(self.phone.as_ref(), |text| reader.phone("/phone", text)),
            id_number: edit(self.id_number.as_ref(), |text| reader.id_number(text)),
            email: edit(self.email.as_ref(), |text| reader.email(text)),
            address: edit(self.address.as_ref(), |text| {
                reader.optional("/address", text, ADDRESS_MAX)
            }),
            unit_id: self.unit_id,
            labels: self.labels.map(|labels| reader.labels(&labels)),
            preference: self
                .preference
                .inspect(|preference| preference.check(&mut reader.fields)),
        };
        reader.finish()?;
        Ok(change)
    }
}

impl RevealIn {
    /// Checks all fields. Numbers in the reason are masked: the audit log keeps it.
    pub fn parse(self) -> Result<Revelation, AppError> {
        let mut fields = Fields::default();
        let mut asked = self.fields;
        asked.sort_unstable();
        asked.dedup();
        if asked.is_empty() {
            fields.add("/fields", Rule::Required);
        }
        let reason = fields.text("/reason", &self.reason, REASON_MAX);
        if (1..REASON_MIN).contains(&reason.chars().count()) {
            fields.add("/reason", Rule::TooShort(REASON_MIN));
        }
        fields.finish()?;
        Ok(Revelation {
            fields: asked,
            reason: mask_numbers(&reason),
        })
    }
}

impl ResidentContactIn {
    /// Checks all fields.
    pub fn parse(self) -> Result<NewContact, AppError> {
        let mut reader = Reader::default();
        let name = reader.text("/name", &self.name, NAME_MAX);
        let phone = reader.phone("/phone", Some(&self.phone));
        if self.phone.plain().trim().is_empty() {
            reader.fields.add("/phone", Rule::Required);
        }
        let relation = reader.fields.text("/relation", &self.relation, RELATION_MAX);
        if self.may_act && !self.consent {
            reader.fields.add("/consent", Rule::Required);
        }
        reader.finish()?;
        Ok(NewContact {
            name,
            phone: phone.ok_or_else(|| AppError::field("/phone", Rule::Required))?,
            relation,
            may_act: self.may_act,
        })
    }
}

/// An absent text keeps, an empty one clears. A text that can't be read has been noted and is never applied.
fn edit<T>(text: Option<&Personal>, read: impl FnOnce(Option<&Personal>) -> Option<T>) -> Edit<T> {
    match text {
        None => Edit::Keep,
        Some(text) => read(Some(text)).map_or(Edit::Clear, Edit::Set),
    }
}

/// Reads personal fields and notes what is wrong with them; empty texts count as absent.
#[derive(Default)]
struct Reader {
    fields: Fields,
    bad_phones: usize,
}

impl Reader {
    fn text(&mut self, pointer: &str, value: &Personal, max: usize) -> Personal {
        Personal::new(self.fields.text(pointer, value.plain(), max))
    }

    fn optional(&mut self, pointer: &str, value: Option<&Personal>, max: usize) -> Option<Personal> {
        self.fields
            .optional(pointer, value.map(Personal::plain), max)
            .map(Personal::new)
    }

    fn phone(&mut self, pointer: &str, value: Option<&Personal>) -> Option<Phone> {
        let text = given(value)?;
        let phone = Phone::parse(text);
        if phone.is_none() {
            self.bad_phones += 1;
            self.fields.add(pointer, Rule::Form(PHONE_FORM));
        }
        phone
    }

    fn id_number(&mut self, value: Option<&Personal>) -> Option<IdNumber> {
        let text = given(value)?;
        let number = IdNumber::parse(text);
        if number.is_none() {
            self.fields
                .add("/id_number", Rule::Form("GB 11643-1999, 18 places"));
        }
        number
    }

    fn email(&mut self, value: Option<&Personal>) -> Option<Personal> {
        let text = given(value)?;
        let email = parse_email(text);
        if email.is_none() {
            self.fields.add("/email", Rule::Form("name@example.com"));
        }
        email.map(Personal::new)
    }

    fn labels(&mut self, labels: &[String]) -> Vec<String> {
        if labels.len() > LABELS_MAX {
            self.fields.add("/labels", Rule::TooMany(LABELS_MAX));
            return Vec::new();
        }
        let mut read: Vec<String> = Vec::with_capacity(labels.len());
        for (at, label) in labels.iter().enumerate() {
            let label = self.fields.text(&format!("/labels/{at}"), label, LABEL_MAX);
            if !read.contains(&label) {
                read.push(label);
            }
        }
        read
    }

    /// All errors; where nothing but the telephone number is wrong, the code says so.
    fn finish(self) -> Result<(), AppError> {
        let errors = self.fields.into_errors();
        if errors.is_empty() {
            return Ok(());
        }
        if errors.len() == self.bad_phones {
            return Err(phone_invalid());
        }
        Err(AppError::fields(errors))
    }
}

const PHONE_FORM: &str = "13812345678, 0750-1234567";

fn phone_invalid() -> AppError {
    let error = json!({ "pointer": "/phone", "rule": "form", "detail": PHONE_FORM });
    AppError::new(Code::PhoneInvalid).with("errors", json!([error]))
}

fn given(value: Option<&Personal>) -> Option<&str> {
    value
        .map(|value| value.plain().trim())
        .filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::residents::dto::RevealField;

    fn told<T>(outcome: Result<T, AppError>) -> String {
        match outcome {
            Ok(_) => String::new(),
            Err(error) => error.document(false, None).to_string(),
        }
    }

    fn resident(json: serde_json::Value) -> ResidentIn {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let told = told(
            resident(json!({
                "kind": "person", "name": " ", "phone": "12", "id_number": "1", "email": "x",
                "labels": ["", "a"]
            }))
            .parse(),
        );
        for pointer in ["/name", "/phone", "/id_number", "/email", "/labels/0"] {
            assert!(told.contains(pointer), "{pointer} in {told}");
        }
        assert!(told.contains("invalid_input"));
    }

    #[test]
    fn a_bad_number_alone_has_its_own_code_and_is_not_repeated() {
        let told = told(resident(json!({ "kind": "person", "name": "张三", "phone": "1381" })).parse());
        assert!(told.contains("phone_invalid") && told.contains("/phone"));
        assert!(!told.contains("1381\""));
    }

    #[test]
    fn one_way_to_search_is_taken() {
        let search = |json: serde_json::Value| serde_json::from_value::<SearchIn>(json).unwrap().parse();
        assert!(matches!(
            search(json!({ "phone": "138 1234 1234" })),
            Ok(Search::Phone(_))
        ));
        assert!(matches!(
            search(json!({ "name": "张三", "address": "港口路30号" })),
            Ok(Search::NameAndAddress(..))
        ));
        for bad in [
            json!({}),
            json!({ "name": "张三" }),
            json!({ "address": "港口路30号" }),
            json!({ "phone": "13812341234", "id_number": "11010519491231002X" }),
            json!({ "phone": "13812341234", "name": "张三" }),
            json!({ "phone": "13812341234", "address": "港口路30号" }),
            json!({ "phone": "1" }),
        ] {
            assert!(search(bad.clone()).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_absent_text_keeps_and_an_empty_one_clears() {
        let patch: ResidentPatch =
            serde_json::from_value(json!({ "email": "", "phone": "13812341234" })).unwrap();
        let change = patch.parse().unwrap();
        assert!(matches!(change.email, Edit::Clear));
        assert!(matches!(change.phone, Edit::Set(_)));
        assert!(matches!(change.address, Edit::Keep));
        let patch: ResidentPatch = serde_json::from_value(json!({ "phone": "nonsense" })).unwrap();
        assert!(patch.parse().is_err());
    }

    #[test]
    fn acting_for_somebody_needs_consent() {
        let contact = |may_act: bool, consent: bool| {
            let contact: ResidentContactIn = serde_json::from_value(json!({
                "name": "李四", "phone": "13912345678", "relation": "女儿", "may_act": may_act, "consent": consent
            }))
            .unwrap();
            contact.parse()
        };
        assert!(told(contact(true, false)).contains("/consent"));
        assert!(contact(true, true).is_ok());
        assert!(contact(false, false).is_ok());
    }

    #[test]
    fn a_reason_is_asked_for_and_kept_without_numbers() {
        let reveal = |fields: &[&str], reason: &str| {
            serde_json::from_value::<RevealIn>(json!({ "fields": fields, "reason": reason }))
                .unwrap()
                .parse()
        };
        assert!(reveal(&[], "回访确认").is_err());
        assert!(reveal(&["phone"], "急").is_err());
        assert!(reveal(&["phone"], &"字".repeat(201)).is_err());
        let asked = reveal(&["phone", "name", "phone"], "回拨 13812341234").unwrap();
        assert_eq!(asked.fields, vec![RevealField::Name, RevealField::Phone]);
        assert!(!asked.reason.contains("13812341234"));
    }

    #[test]
    fn personal_input_does_not_print() {
        let body = resident(json!({ "kind": "person", "name": "张三", "phone": "13812341234" }));
        let printed = format!("{body:?} {:?}", body.name);
        assert!(!printed.contains("张三") && !printed.contains("1234"));
    }
}
