//! From what was sent to a request that can be registered: checked before any transaction begins.

use super::Setting;
use super::routed;
use crate::access::Op;
use crate::access::actor::Actor;
use crate::access::authenticate::local_day;
use crate::access::policy::{Facts, Owner, decide};
use crate::intake::{place, route};
use crate::platform::error::{AppError, Code, FieldError, Fields, Rule};
use crate::platform::personal::{Personal, mask_numbers};
use crate::residents::rules::Phone;
use crate::tickets::dto::{ContactIn, RegisterIn};
use chrono::{DateTime, Utc};
use entity::id::{AttachmentId, PhoneCallId, ResidentId, ServiceId, UnitId};
use entity::kind::{Channel, RedirectLine, RequestType, Standing, Urgency};

/// Who asks, checked.
#[derive(Clone, Debug, Default)]
pub struct Contact {
    /// The number.
    pub phone: Option<Phone>,
    /// The name.
    pub name: Option<Personal>,
    /// The person of the register.
    pub resident_id: Option<ResidentId>,
}

/// A request, checked.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub requester: Contact,
    pub standing: Standing,
    pub on_behalf_of: Option<ResidentId>,
    pub consent: Option<String>,
    pub anonymous: bool,
    pub request_type: RequestType,
    pub service_id: ServiceId,
    pub category: String,
    pub sensitive: bool,
    pub accepts_by_itself: bool,
    pub urgency: Urgency,
    pub channel: Channel,
    pub phone_call_id: Option<PhoneCallId>,
    pub title: String,
    pub content: String,
    pub form: Option<String>,
    pub place: place::Place,
    pub place_unit_id: UnitId,
    pub place_matched: routed::Matched,
    pub place_path: String,
    pub place_name: String,
    pub confidential: bool,
    pub wants_reply: bool,
    pub attachments: Vec<AttachmentId>,
    pub hold: bool,
    pub redirect: Option<RedirectLine>,
}

impl ContactIn {
    /// Checks the number; a wrong one has a code of its own.
    ///
    /// # Errors
    /// `PhoneInvalid`.
    pub fn parse(self) -> Result<Contact, AppError> {
        let phone = match &self.phone {
            Some(spoken) => {
                Some(Phone::parse(spoken.plain()).ok_or_else(|| AppError::new(Code::PhoneInvalid))?)
            }
            None => None,
        };
        let mut fields = Fields::default();
        let name = self
            .name
            .as_ref()
            .and_then(|name| fields.optional("/requester/name", Some(name.plain()), 50));
        fields.finish()?;
        Ok(Contact {
            phone,
            name: name.map(Personal::new),
            resident_id: self.resident_id,
        })
    }
}

/// What can be asked without a name (domain §3): reports and suggestions.
const NAMELESS: [RequestType; 2] = [RequestType::Report, RequestType::Suggestion];

/// Checks a request: fields first, then the number, the place, the service, its form, and whether the caller may
/// register there.
///
/// # Errors
/// A code of its own for each of these.
pub fn prepare(setting: &Setting, input: RegisterIn, now: DateTime<Utc>) -> Result<Prepared, AppError> {
    let reference = &setting.reference;
    let mut fields = Fields::default();
    let staff = matches!(setting.caller.actor, Actor::Staff { .. });
    if !staff {
        refuse_what_staff_alone_say(&input, &mut fields);
    }
    let title = fields.text("/title", &input.title, 100);
    let content = fields.text("/content", &input.content, 4000);
    let category = fields.text("/category", &input.category, 12);
    let wanted = input.place.parse("/place", &mut fields);
    if input.attachments.len() > crate::attachments::store::PER_ENTRY {
        fields.add(
            "/attachments",
            Rule::TooMany(crate::attachments::store::PER_ENTRY),
        );
    }
    if input.hold && input.redirect.is_some() {
        fields.add("/hold", Rule::Unexpected);
    }
    if input.anonymous && (input.requester.is_some() || input.on_behalf_of.is_some()) {
        fields.add("/requester", Rule::Unexpected);
    }
    let agreed = fields.optional("/consent", input.consent.as_deref(), 200);
    let for_another = input.on_behalf_of.is_some() || input.standing == Some(Standing::Proxy);
    if staff && for_another && agreed.is_none() {
        fields.add("/consent", Rule::Required);
    }
    let known = input.anonymous || matches!(setting.caller.actor, Actor::Resident { .. });
    if input.requester.is_none() && !known {
        fields.add("/requester", Rule::Required);
    }
    if input.standing == Some(Standing::Proxy) && input.on_behalf_of.is_none() && input.requester.is_none() {
        fields.add("/on_behalf_of", Rule::Required);
    }
    if input.anonymous && !staff && !input.attachments.is_empty() {
        // A file is kept with who uploaded it.
        fields.add("/attachments", Rule::Unexpected);
    }
    fields.finish()?;
    let requester = input
        .requester
        .map(ContactIn::parse)
        .transpose()?
        .unwrap_or_default();
    let place = routed::locate(reference, &wanted, now)?;
    let path = place.unit.path.clone();
    check_reach(setting, &path)?;
    let (service, request_type) =
        route::service(reference, local_day(now), &category, input.request_type, &path)?;
    if input.anonymous && !NAMELESS.contains(&request_type) {
        let words = NAMELESS.map(|kind| kind.word().to_owned()).to_vec();
        return Err(AppError::field("/request_type", Rule::OneOf(words)));
    }
    service.form.check(input.form.as_ref()).map_err(form_invalid)?;
    Ok(Prepared {
        requester,
        standing: input.standing.unwrap_or(if input.on_behalf_of.is_some() {
            Standing::Proxy
        } else {
            Standing::Myself
        }),
        on_behalf_of: input.on_behalf_of,
        consent: agreed,
        anonymous: input.anonymous,
        request_type,
        service_id: service.id,
        category: service.code.clone(),
        sensitive: service.sensitive,
        accepts_by_itself: staff || service.accepts_by_itself(request_type),
        urgency: input.urgency.unwrap_or(service.urgency),
        channel: channel(&setting.caller.actor, input.channel),
        phone_call_id: input.phone_call_id,
        // Titles stand in lists: numbers of people have no place there.
        title: mask_numbers(&title),
        content,
        form: input
            .form
            .filter(|form| !form.is_empty())
            .map(|form| serde_json::Value::Object(form).to_string()),
        place_unit_id: place.unit.id,
        place_matched: (place.by, place.found.clone()),
        place_name: reference.directory.full_name(place.unit.id),
        place_path: path,
        place: wanted,
        confidential: input.confidential,
        wants_reply: input.wants_reply,
        attachments: input.attachments,
        hold: input.hold,
        redirect: input.redirect,
    })
}

fn refuse_what_staff_alone_say(input: &RegisterIn, fields: &mut Fields) {
    for (given, pointer) in [
        (input.urgency.is_some(), "/urgency"),
        (input.channel.is_some(), "/channel"),
        (input.phone_call_id.is_some(), "/phone_call_id"),
        (input.hold, "/hold"),
        (input.redirect.is_some(), "/redirect"),
    ] {
        if given {
            fields.add(pointer, Rule::Unexpected);
        }
    }
}

/// Whether the caller may register for this place: operators in their district, handlers in their unit, clients where
/// they were given leave; residents everywhere, since the ticket is theirs.
fn check_reach(setting: &Setting, path: &str) -> Result<(), AppError> {
    let actor = &setting.caller.actor;
    let owners = match actor {
        Actor::Resident { id, .. } => vec![Owner::Resident(*id)],
        Actor::Client { id, unit_path, .. } if path.starts_with(unit_path.as_str()) => {
            vec![Owner::Client(*id)]
        }
        _ => Vec::new(),
    };
    let facts = Facts {
        paths: vec![path],
        place: path,
        owners,
    };
    // Places are no secret: who may not register here hears so.
    decide(actor, Op::RegisterTicket, Op::GetUnit, &facts)
        .map(|_| ())
        .map_err(|_| AppError::new(Code::Forbidden))
}

fn channel(actor: &Actor, asked: Option<Channel>) -> Channel {
    match actor {
        Actor::Resident { .. } | Actor::Anonymous => Channel::App,
        Actor::Client { channel, .. } => *channel,
        Actor::Staff { .. } => asked.unwrap_or(Channel::Phone),
    }
}

fn form_invalid(errors: Vec<FieldError>) -> AppError {
    AppError::fields(errors).as_code(Code::FormInvalid)
}
