//! What was taken down wrong: put right before it is dispatched, what it was is kept.

use super::super::{Setting, register};
use crate::access::authenticate::local_day;
use crate::intake::route;
use crate::platform::db::Tx;
use crate::platform::error::{AppError, Code};
use crate::platform::personal::mask_numbers;
use crate::tickets::dto::ActionIn;
use crate::tickets::rules::lifecycle::Command;
use crate::tickets::store::{Loaded, Said, label};
use serde_json::json;

/// Puts right what is given; the entry keeps the words and the type that there were.
///
/// # Errors
/// `TypeNotForCategory`.
pub async fn correct(
    tx: &Tx,
    setting: &Setting,
    loaded: &mut Loaded,
    action: &ActionIn,
) -> Result<(Command, Said), AppError> {
    let ActionIn::Correct {
        title,
        content,
        request_type,
    } = action
    else {
        return Err(AppError::new(Code::Internal));
    };
    let vault = &setting.kit.vault;
    let ticket = &mut loaded.ticket;
    let before = vault.open_text(label::CONTENT, &ticket.content_sealed)?;
    let given = |text: &Option<String>| {
        let text = text.as_ref().map(|text| text.trim().to_owned());
        text.filter(|text| !text.is_empty())
    };
    let (title, content) = (given(title), given(content));
    let mut was = Vec::new();
    if let Some(title) = &title {
        was.push(format!("标题：{}", ticket.title));
        ticket.title = mask_numbers(title);
    }
    if content.is_some() {
        was.push(format!("内容：{before}"));
    }
    let type_before = ticket.request_type;
    if let Some(kind) = request_type {
        let (_, kind) = route::service(
            &setting.reference,
            local_day(tx.now()),
            &ticket.category,
            Some(*kind),
            &ticket.place_path,
        )?;
        was.push(format!("类型：{}", type_before.chinese()));
        ticket.request_type = kind;
    }
    if let Some(content) = &content {
        ticket.content_sealed = vault.seal_text(label::CONTENT, content)?;
    }
    register::index_again(tx, setting, ticket, content.as_ref().unwrap_or(&before)).await?;
    let said = Said {
        public_text: Some(format!("更正前——{}", was.join("；"))),
        public: true,
        data: json!({
            "title": title.is_some(), "content": content.is_some(),
            "type_before": type_before, "type": loaded.ticket.request_type,
        }),
        ..Said::default()
    };
    Ok((Command::Correct, said))
}
