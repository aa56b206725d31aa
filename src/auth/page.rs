//! The pages on which a resident lets an app act for them: plain HTML without a script, in large letters.

use super::authorize::{Asked, html};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use entity::id::ResidentId;

const STYLE: &str = "body{font:18px/1.6 sans-serif;max-width:26em;margin:2em auto;padding:0 1em;color:#111;background:#fff}\
input,button{font:inherit;padding:.5em;box-sizing:border-box;width:100%;margin:.3em 0}input[type=radio]{width:auto}\
button{background:#0b57d0;color:#fff;border:0;border-radius:.3em}button.no{background:#fff;color:#111;border:1px solid #777}\
.wrong{color:#b00020}";

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().concat()
}

fn whole(status: StatusCode, body: &str) -> HttpResponse {
    html(
        status,
        format!(
            "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><title>12345 授权</title>\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><style>{STYLE}</style></head><body>{body}</body></html>"
        ),
    )
}

/// Nobody is sent anywhere: the app or its address is wrong.
pub fn refusal(what: &str) -> HttpResponse {
    let body = format!(
        "<h1>无法授权</h1><p>应用的请求有误（{0}），请返回应用重试。</p><p lang=\"en\">The request of the app is wrong: {0}.</p>",
        escaped(what)
    );
    whole(StatusCode::BAD_REQUEST, &body)
}

fn form(asked: &Asked, wrong: Option<&str>, inner: &str, step: (&str, &str)) -> HttpResponse {
    let leave = joined(asked.leave().iter().map(|leave| format!("<li>{leave}</li>")));
    let fields = asked.fields();
    let hidden = joined(fields.iter().map(|(name, value)| {
        format!(
            "<input type=\"hidden\" name=\"{name}\" value=\"{}\">",
            escaped(value)
        )
    }));
    let wrong = wrong.map(|wrong| format!("<p class=\"wrong\" role=\"alert\">{}</p>", escaped(wrong)));
    let body = format!(
        "<h1>12345 授权登录</h1><p>“{}”请求代您：</p><ul>{leave}</ul><p>该应用不会得到您的验证码或密码。</p>{}\
         <form method=\"post\" action=\"/oauth/authorize\">{hidden}{inner}<button name=\"step\" value=\"{}\">{}</button>\
         <button class=\"no\" name=\"step\" value=\"deny\" formnovalidate>拒绝</button></form>",
        escaped(asked.client_name()),
        wrong.unwrap_or_default(),
        step.0,
        step.1,
    );
    whole(StatusCode::OK, &body)
}

/// Asks for the telephone number.
pub(super) fn ask_phone(asked: &Asked, phone: &str, wrong: Option<&str>) -> HttpResponse {
    let inner = format!(
        "<label>手机号码<input name=\"phone\" type=\"tel\" autocomplete=\"tel\" required value=\"{}\"></label>",
        escaped(phone)
    );
    form(asked, wrong, &inner, ("send", "获取验证码"))
}

/// Asks for the code that was sent, and who it is of those who share the telephone.
pub(super) fn ask_code(
    asked: &Asked,
    phone: &str,
    who: &[(ResidentId, Option<String>)],
    wrong: Option<&str>,
) -> HttpResponse {
    let choice = joined(who.iter().map(|(id, name)| {
        let name = escaped(name.as_deref().unwrap_or("（未登记姓名）"));
        format!(
            "<label><input type=\"radio\" name=\"resident_id\" value=\"{id}\" required>{name}</label><br>"
        )
    }));
    let wrong = wrong.or_else(|| (!who.is_empty()).then_some("该号码由多人共用，请选择本人后再次输入验证码"));
    let inner = format!(
        "<input type=\"hidden\" name=\"phone\" value=\"{}\">{choice}<label>短信验证码<input name=\"code\" inputmode=\"numeric\" \
         autocomplete=\"one-time-code\" maxlength=\"6\" required></label>",
        escaped(phone)
    );
    form(asked, wrong, &inner, ("allow", "同意并继续"))
}
