//! What somebody does next with a ticket, as it stands.

use super::people::{DEPARTMENT, HOME, NEXT, People, REQUESTER};
use crate::support::Chance;
use serde_json::{Value, json};

/// A new request: most are dispatched by themselves, some are held.
pub(super) fn request(chance: &mut Chance) -> Value {
    json!({ "requester": { "phone": REQUESTER }, "category": "120302", "title": "广场舞噪声", "content": "很吵",
        "place": { "address": "羊桥社区" }, "hold": chance.below(5) == 0 })
}

/// Who does what; nothing where a ticket has come to its end.
pub(super) fn next(people: &People, ticket: &Value, chance: &mut Chance) -> Option<(&'static str, Value)> {
    let handler = people.handler(ticket);
    let lead = people.lead(ticket);
    Some(match ticket["state"].as_str()? {
        "registered" => match chance.below(6) {
            0 => (
                "operator",
                json!({ "action": "answer_now", "public_text": "已当场答复" }),
            ),
            1 => ("operator", json!({ "action": "accept", "urgency": "p1" })),
            _ => ("operator", json!({ "action": "accept" })),
        },
        "pending_dispatch" => {
            let unit = people.unit(chance.pick(&[HOME, NEXT]));
            (
                "dispatcher",
                json!({ "action": "dispatch", "unit_id": unit, "reason": "属地", "override_reason": "先到场" }),
            )
        }
        "dispatched" => match chance.below(6) {
            0 => (handler, give_back(people, ticket)),
            1 => (handler, json!({ "action": "note", "internal_text": "已看到" })),
            _ => (handler, json!({ "action": "sign" })),
        },
        "in_progress" => open(people, ticket, chance).unwrap_or_else(|| work(people, ticket, chance)),
        "return_review" if chance.below(2) == 0 => (
            "arbiter",
            json!({ "action": "refuse_return", "reason": "属原单位职责" }),
        ),
        "return_review" => {
            let unit = people.unit(elsewhere(people, ticket));
            (
                "arbiter",
                json!({ "action": "approve_return", "unit_id": unit, "reason": "裁定", "override_reason": "先到场" }),
            )
        }
        "suspended" => ("supervisor", json!({ "action": "resume" })),
        "reply_review" if chance.below(4) == 0 => {
            (lead, json!({ "action": "send_back", "reason": "请补充" }))
        }
        "reply_review" => (lead, json!({ "action": "approve" })),
        "callback" => match chance.below(4) {
            0 => ("callback", json!({ "action": "call_back", "reached": false })),
            1 => (
                "resident",
                json!({ "action": "rate", "rating": { "contacted": true, "solved": false, "satisfied": 1 } }),
            ),
            _ => (
                "callback",
                json!({ "action": "call_back", "reached": true,
                "rating": { "contacted": true, "solved": true, "satisfied": 5 } }),
            ),
        },
        "closed" if chance.below(8) == 0 => {
            ("resident", json!({ "action": "reopen", "reason": "又开始吵了" }))
        }
        _ => return None,
    })
}

/// What is open beside a ticket's own way is dealt with first, more often than not.
fn open(people: &People, ticket: &Value, chance: &mut Chance) -> Option<(&'static str, Value)> {
    let small = ticket["proceedings"].as_array()?.iter();
    let small: Vec<&Value> = small
        .filter(|small| small["state"] == "open" || small["state"] == "answered")
        .collect();
    if small.is_empty() || chance.below(3) == 0 {
        return None;
    }
    let small = chance.pick(&small);
    Some(match (small["kind"].as_str()?, small["state"].as_str()?) {
        ("task", "open") if people.is_with(small, NEXT) || people.is_with(small, DEPARTMENT) => {
            let theirs = json!({ "unit_id": small["unit_id"] });
            (
                people.handler(&theirs),
                json!({ "action": "finish_task", "task_id": small["id"], "text": "已核实" }),
            )
        }
        ("extension", "open") if people.is_with(ticket, DEPARTMENT) => {
            ("supervisor", json!({ "action": "grant_extension" }))
        }
        ("extension", "open") => ("manager-440703002", json!({ "action": "grant_extension" })),
        ("supervision", "open") => (
            people.lead(ticket),
            json!({ "action": "answer_supervision", "text": "今晚到场" }),
        ),
        ("supervision", "answered") => (
            "supervisor",
            json!({ "action": "close_supervision", "reason": "已落实" }),
        ),
        _ => return None,
    })
}

fn work(people: &People, ticket: &Value, chance: &mut Chance) -> (&'static str, Value) {
    let handler = people.handler(ticket);
    match chance.below(14) {
        0..4 => (
            handler,
            json!({ "action": "first_contact", "reached": true, "by": "电话" }),
        ),
        4..8 => (
            handler,
            json!({ "action": "reply", "result": "solved", "public_text": "已办结" }),
        ),
        8 => (
            handler,
            json!({ "action": "note", "public_text": "已到现场", "internal_text": "只给同事" }),
        ),
        9 => (handler, give_back(people, ticket)),
        10 => (
            handler,
            json!({ "action": "request_extension", "amount": 2, "reason": "等鉴定" }),
        ),
        11 => {
            let unit = people.unit(chance.pick(&[NEXT, DEPARTMENT]));
            (
                handler,
                json!({ "action": "co_handle", "unit_id": unit, "what": "请核实" }),
            )
        }
        12 => (
            "supervisor",
            json!({ "action": "supervise", "reason": "多次反映" }),
        ),
        _ => (
            "supervisor",
            json!({ "action": "suspend", "review_on": people.day_after(3), "reason": "等待判决" }),
        ),
    }
}

fn elsewhere(people: &People, ticket: &Value) -> &'static str {
    if people.is_with(ticket, DEPARTMENT) {
        HOME
    } else {
        DEPARTMENT
    }
}

fn give_back(people: &People, ticket: &Value) -> Value {
    json!({ "action": "request_return", "ground": "no_power", "basis": "街道履职事项清单第12项",
        "suggested_unit_id": people.unit(elsewhere(people, ticket)), "reason": "需执法权" })
}
