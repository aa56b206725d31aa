//! A request that is posted, registered as any other.

use super::body::{File, Posted};
use super::dto::MadeOut;
use super::params::Params;
use crate::access::authenticate::local_day;
use crate::access::permit::Caller;
use crate::attachments::commands::{Upload, keep};
use crate::intake::PlaceIn;
use crate::platform::error::{AppError, Code, Fields, Rule};
use crate::platform::http::idempotency::IdempotencyKey;
use crate::platform::personal::Personal;
use crate::reference::{Desk, Reference};
use crate::tickets::commands::{Setting, register};
use crate::tickets::dto::{ContactIn, RegisterIn};
use crate::tickets::rules::number;
use chrono::NaiveDate;
use entity::id::AttachmentId;
use serde_json::Value;

/// A title's length at most, of the first line of what is described.
const TITLE: usize = 60;

/// Registers what was posted; once for the key that the request came with, if it came with one.
///
/// # Errors
/// `NotFound` for a service that there is not, and all that registering may meet.
pub(super) async fn submit(
    desk: &Desk,
    caller: Caller,
    mut posted: Posted,
    key: Option<IdempotencyKey>,
) -> Result<MadeOut, AppError> {
    let reference = desk.reference().await?;
    let day = local_day(desk.kit.now());
    let digest = posted.digest();
    let links = posted.links(desk.kit.config.blob.max_file_bytes)?;
    let input = input(&reference, day, &posted.params, &links)?;
    let setting = Setting {
        kit: desk.kit.clone(),
        reference,
        caller,
    };
    // Nothing is kept of a request that will be refused.
    let mut prepared = register::prepare(&setting, input, desk.kit.now())?;
    prepared.attachments = keep_all(desk, &setting.caller, posted.files).await?;
    let key = key.unwrap_or_else(|| IdempotencyKey::of(desk.kit.ids.secret(), super::PATH));
    let once = key.bind(&setting.caller.actor.key(), "open311", &digest);
    let made = register::register(setting, once, prepared).await?.value()?;
    let text = |pointer: &str| made.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let spoken = text("/ticket/number").unwrap_or_default();
    Ok(MadeOut {
        service_request_id: number::parse(&spoken).ok_or_else(|| AppError::new(Code::Internal))?,
        service_notice: text("/ticket/promised_at"),
        account_id: posted.params.get("account_id").map(str::to_owned),
    })
}

/// Keeps files that came along; durable when it answers.
///
/// # Errors
/// `FileTypeRefused`, `FileEmpty`, `Unavailable`.
pub(super) async fn keep_all(
    desk: &Desk,
    caller: &Caller,
    files: Vec<File>,
) -> Result<Vec<AttachmentId>, AppError> {
    let (kind, id) = caller.actor.identity();
    let uploader = (kind, id.ok_or_else(|| AppError::new(Code::Unauthenticated))?);
    let mut kept = Vec::new();
    for file in files {
        let upload = Upload {
            name: file.name,
            claimed_type: file.claimed_type,
            bytes: file.bytes,
            uploader,
        };
        kept.push(keep(&desk.kit, upload).await?.id);
    }
    Ok(kept)
}

fn input(
    reference: &Reference,
    day: NaiveDate,
    params: &Params,
    links: &[String],
) -> Result<RegisterIn, AppError> {
    let code = params.required("service_code")?;
    let service = reference.catalogue.find(code, day);
    let service = service.ok_or_else(|| {
        AppError::new(Code::NotFound).say("service_code 不存在", "service_code was not found")
    })?;
    let form = service.form.read(&params.attributes());
    let described = params.get("description").unwrap_or(&service.name);
    let title = first_line(described).unwrap_or(&service.name);
    Ok(RegisterIn {
        requester: Some(contact(params)),
        standing: None,
        on_behalf_of: None,
        consent: None,
        anonymous: false,
        request_type: None,
        category: code.to_owned(),
        urgency: None,
        channel: None,
        phone_call_id: None,
        title: title.chars().take(TITLE).collect(),
        content: with_links(described, links),
        place: place(reference, day, params)?,
        form: (!form.is_empty()).then_some(form),
        confidential: false,
        wants_reply: true,
        attachments: Vec::new(),
        hold: false,
        redirect: None,
    })
}

fn first_line(text: &str) -> Option<&str> {
    text.lines().map(str::trim).find(|line| !line.is_empty())
}

/// What was said, and where pictures are that stay elsewhere: they are not fetched from there.
pub(super) fn with_links(text: &str, links: &[String]) -> String {
    links
        .iter()
        .fold(text.to_owned(), |text, link| format!("{text}\n附件：{link}"))
}

/// Who asks. The protocol's `email`, `device_id` and `account_id` are for whoever runs the client, and are not kept.
fn contact(params: &Params) -> ContactIn {
    let names: Vec<&str> = ["last_name", "first_name"]
        .into_iter()
        .filter_map(|name| params.get(name))
        .collect();
    let foreign = names.iter().all(|name| name.is_ascii());
    let name = if foreign {
        names.iter().rev().copied().collect::<Vec<_>>().join(" ")
    } else {
        names.concat()
    };
    ContactIn {
        phone: params.get("phone").map(|phone| Personal::new(phone.to_owned())),
        name: (!name.is_empty()).then(|| Personal::new(name)),
        resident_id: None,
    }
}

/// Where: by a point, an address, or a community's code as `address_id`.
fn place(reference: &Reference, day: NaiveDate, params: &Params) -> Result<PlaceIn, AppError> {
    let mut fields = Fields::default();
    let (lat, lng) = (
        params.number("lat", &mut fields),
        params.number("long", &mut fields),
    );
    fields.finish()?;
    let unit_id = match params.get("address_id") {
        Some(code) => {
            let unit = reference.directory.with_code(code, day);
            Some(
                unit.ok_or_else(|| AppError::field("address_id", Rule::Unknown))?
                    .id,
            )
        }
        None => None,
    };
    Ok(PlaceIn {
        unit_id,
        address: params.get("address_string").map(str::to_owned),
        lat,
        lng,
    })
}
