//! A request for every operation and every thing that it may be about. Most change nothing: a stale version is refused
//! after the policy was asked, and so is what breaks a later rule.

mod bells;
mod bulk;
mod telephony;
mod webhooks;

use super::cast::{self, ABROAD_COMMUNITY, FAR, HERE, NEXT_DOOR, Who};
use super::stage::{Facts, Stage, Thing, by_name, proposal};
use crate::support::{Answer, TestApp, fresh_key};
use hotline::access::Op;
use serde_json::{Value, json};
use uuid::Uuid;

/// What a request sends besides its path.
#[derive(Clone, Debug)]
pub enum Sends {
    Nothing,
    Json(Value),
    File,
}

/// A request, what it is for, and what it is about.
#[derive(Clone, Debug)]
pub struct Probe {
    pub op: Op,
    /// The operation that the handler names: for a ticket's commands the one that carries them.
    pub gate: Op,
    /// Without which the thing does not exist for the caller; none where no thing is asked for.
    pub read: Option<Op>,
    pub class: &'static str,
    pub facts: Facts,
    pub method: &'static str,
    pub path: String,
    pub sends: Sends,
    pub etag: Option<String>,
    /// The statuses of an answer that was allowed.
    pub allowed: &'static [u16],
    /// Only this one of the cast asks; everybody unless given.
    pub only: Option<usize>,
}

impl Probe {
    pub fn new(op: Op, method: &'static str, path: impl Into<String>, allowed: &'static [u16]) -> Self {
        Self {
            op,
            gate: op,
            read: None,
            class: "",
            facts: Facts::default(),
            method,
            path: path.into(),
            sends: Sends::Nothing,
            etag: None,
            allowed,
            only: None,
        }
    }

    pub fn json(mut self, body: Value) -> Self {
        self.sends = Sends::Json(body);
        self
    }

    pub fn about(mut self, thing: &Thing, read: Op) -> Self {
        self.read = Some(read);
        self.class = thing.class;
        self.facts = thing.facts.clone();
        self
    }

    pub fn stale(mut self) -> Self {
        self.etag = Some("\"0\"".into());
        self
    }

    /// Asks.
    pub async fn ask(&self, who: &Who) -> Answer {
        let mut request = who
            .client
            .request(self.method, &self.path)
            .header("Idempotency-Key", fresh_key());
        if let Some(etag) = &self.etag {
            request = request.header("If-Match", etag);
        }
        request = match &self.sends {
            Sends::Nothing => request,
            Sends::Json(body) => request.json(body),
            Sends::File => request
                .header("Content-Type", "multipart/form-data; boundary=x")
                .body("--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n\r\n--x--\r\n"),
        };
        who.client.send(request).await
    }
}

/// All probes but the log-outs, which come last.
pub async fn all(app: &TestApp, stage: &Stage, cast: &[Who]) -> Vec<Probe> {
    let mut probes = public(stage);
    probes.extend(of_oneself(stage, cast));
    probes.extend(of_units(stage));
    probes.extend(of_staff(stage));
    probes.extend(of_services(stage));
    probes.extend(of_residents(stage));
    probes.extend(of_rules(stage));
    probes.extend(super::duty::all(stage));
    probes.extend(of_administration(stage));
    probes.extend(bells::all(stage));
    probes.extend(telephony::all(stage));
    probes.extend(webhooks::all(stage));
    probes.extend(bulk::all(stage));
    probes.extend(before_tickets(app, stage, cast).await);
    for ticket in &stage.tickets {
        probes.extend(of_ticket(ticket));
        probes.extend(commands(ticket, &stage.colleague));
    }
    probes
}

fn public(stage: &Stage) -> Vec<Probe> {
    let unit = &stage.units[0].id;
    let rating = json!({ "contacted": true, "solved": true, "satisfied": 9 });
    let login = json!({ "user_name": "x", "password": "x", "client": "x".repeat(101) });
    let link = format!("/api/v1/callbacks/{}", stage.link);
    vec![
        Probe::new(Op::LoginStaff, "POST", "/api/v1/auth/staff", &[422]).json(login),
        Probe::new(
            Op::GetOauthMetadata,
            "GET",
            "/.well-known/oauth-authorization-server",
            &[200],
        ),
        // No app asks: nobody is sent anywhere.
        Probe::new(Op::ShowAuthorization, "GET", "/oauth/authorize", &[400]),
        Probe::new(Op::Authorize, "POST", "/oauth/authorize", &[400]).json(json!({})),
        // No form, and no client: a refusal of its own kind.
        Probe::new(Op::IssueToken, "POST", "/oauth/token", &[400]).json(json!({})),
        Probe::new(Op::RequestCode, "POST", "/api/v1/auth/code", &[422]).json(json!({ "phone": "1" })),
        Probe::new(Op::LoginWithCode, "POST", "/api/v1/auth/code/login", &[422])
            .json(json!({ "phone": "1", "code": "1" })),
        Probe::new(Op::LoginResident, "POST", "/api/v1/auth/resident", &[422])
            .json(json!({ "phone": "1", "password": "1" })),
        Probe::new(Op::RefreshSession, "POST", "/api/v1/auth/refresh", &[422]).json(json!({})),
        Probe::new(Op::GetJwks, "GET", "/.well-known/jwks.json", &[200]),
        Probe::new(Op::GetLiveness, "GET", "/health/live", &[200]),
        Probe::new(Op::GetReadiness, "GET", "/health/ready", &[200]),
        // Nothing sweeps beside a test.
        Probe::new(Op::GetEngineHealth, "GET", "/health/engine", &[200, 503]),
        Probe::new(
            Op::ListUnits,
            "GET",
            format!("/api/v1/units?below={unit}"),
            &[200],
        ),
        Probe::new(Op::GetUnit, "GET", format!("/api/v1/units/{unit}"), &[200]),
        Probe::new(Op::LocatePlace, "POST", "/api/v1/places/locate", &[200])
            .json(json!({ "place": { "unit_id": unit } })),
        Probe::new(Op::ListServices, "GET", "/api/v1/services?limit=1", &[200]),
        Probe::new(Op::GetService, "GET", "/api/v1/services/120302", &[200]),
        Probe::new(Op::GetCalendar, "GET", "/api/v1/calendar", &[200]),
        Probe::new(
            Op::ListHours,
            "GET",
            format!("/api/v1/calendar/hours?unit_id={unit}"),
            &[200],
        ),
        Probe::new(
            Op::ListClosures,
            "GET",
            "/api/v1/calendar/closures?limit=1",
            &[200],
        ),
        Probe::new(Op::GetCallback, "GET", &link, &[200]),
        Probe::new(Op::AnswerCallback, "POST", link, &[422]).json(rating),
    ]
}

fn of_oneself(stage: &Stage, cast: &[Who]) -> Vec<Probe> {
    let mut probes = vec![
        Probe::new(Op::GetMe, "GET", "/api/v1/me", &[200]),
        Probe::new(Op::ListMyApps, "GET", "/api/v1/me/apps", &[200]),
        // Nobody let this one in.
        Probe::new(
            Op::RemoveMyApp,
            "DELETE",
            format!("/api/v1/me/apps/{}", Uuid::nil()),
            &[404],
        ),
        Probe::new(Op::ChangePassword, "POST", "/api/v1/me/password", &[422])
            .json(json!({ "current": "x", "new": "short" })),
        Probe::new(Op::EnrolSecondFactor, "POST", "/api/v1/me/second-factor", &[200]).json(json!({})),
        Probe::new(Op::ListNotices, "GET", "/api/v1/notices?limit=1", &[200]),
    ];
    let read = |thing: &Thing| {
        let path = format!("/api/v1/notices/{}/read", thing.id);
        Probe::new(Op::ReadNotice, "PUT", path, &[204]).about(thing, Op::ReadNotice)
    };
    for notice in &stage.notices {
        let owner = cast
            .iter()
            .position(|who| who.identity.is_some() && notice.facts.owners.contains(&who.id()));
        probes.push(Probe {
            only: owner,
            ..read(notice)
        });
    }
    // Another one's: of a member of staff, and of a resident.
    for name in ["handler-a-440703002101", "resident 13900000001"] {
        let id = by_name(cast, name).id();
        let notice = stage
            .notices
            .iter()
            .find(|notice| notice.facts.owners.contains(&id))
            .unwrap();
        probes.push(Probe {
            class: "another's",
            ..read(notice)
        });
    }
    probes
}

/// After everything else: what comes later would be refused.
pub fn log_out() -> Probe {
    Probe::new(Op::Logout, "POST", "/api/v1/auth/logout", &[204])
}

fn of_units(stage: &Stage) -> Vec<Probe> {
    let mut probes = Vec::new();
    for unit in &stage.units {
        let taken = json!({ "code": "440703002101", "kind": "grid", "name": "矩阵", "parent_id": unit.id });
        probes.push(
            Probe::new(Op::CreateUnit, "POST", "/api/v1/units", &[422])
                .json(taken)
                .about(unit, Op::ListUnits),
        );
        let path = format!("/api/v1/units/{}", unit.id);
        let update = Probe::new(Op::UpdateUnit, "PATCH", &path, &[412]).json(json!({ "contact": "矩阵" }));
        probes.push(update.about(unit, Op::GetUnit).stale());
        let succession = json!({ "successor_id": stage.units[0].id, "last_day": "2026-12-31" });
        let succeed =
            Probe::new(Op::SucceedUnit, "POST", format!("{path}/succession"), &[412]).json(succession);
        probes.push(succeed.about(unit, Op::GetUnit).stale());
        let workload = Probe::new(Op::GetWorkload, "GET", format!("{path}/workload?limit=1"), &[200]);
        probes.push(workload.about(unit, Op::GetUnit));
    }
    probes
}

fn of_staff(stage: &Stage) -> Vec<Probe> {
    let mut probes = vec![
        Probe::new(Op::ListStaff, "GET", "/api/v1/staff?limit=1", &[200]),
        Probe::new(Op::CreateStaff, "POST", "/api/v1/staff", &[422])
            .json(json!({ "user_name": "x", "display_name": "x", "password": "short" })),
    ];
    for person in &stage.staff {
        let path = format!("/api/v1/staff/{}", person.id);
        let disable = Probe::new(Op::DisableStaff, "POST", format!("{path}/disable"), &[412]).stale();
        let reset = Probe::new(Op::ResetPassword, "POST", format!("{path}/password"), &[204, 200])
            .json(json!({ "password": "correct horse battery" }));
        let grant = Probe::new(Op::GrantRole, "POST", format!("{path}/grants"), &[422])
            .json(json!({ "role": "resident", "unit_id": person.unit }));
        let revoke = Probe::new(
            Op::RevokeRole,
            "DELETE",
            format!("{path}/grants/{}", person.other),
            &[204],
        );
        let capacity = Probe::new(Op::SetCapacity, "PUT", format!("{path}/capacity"), &[412])
            .json(json!({ "capacity": 3 }))
            .stale();
        let hand_over = Probe::new(Op::HandOver, "POST", format!("{path}/handover"), &[200])
            .json(json!({ "unit_id": person.unit, "target": "inbox", "reason": "矩阵" }));
        for probe in [disable, reset, grant, revoke, capacity, hand_over] {
            probes.push(probe.about(person, Op::ListStaff));
        }
    }
    for (person, absence) in &stage.absences {
        let path = format!("/api/v1/staff/{}/absences", person.id);
        let leave = json!({ "kind": "annual", "first_day": "2026-12-01", "last_day": "2026-12-02" });
        let some = [
            Probe::new(Op::ListAbsences, "GET", &path, &[200]),
            // Once, then it is taken.
            Probe::new(Op::AddAbsence, "POST", &path, &[201, 422]).json(leave),
            // Over already: nothing changes.
            Probe::new(Op::EndAbsence, "DELETE", format!("{path}/{absence}"), &[204]),
        ];
        probes.extend(some.map(|probe| probe.about(person, Op::ListStaff)));
    }
    probes
}

fn of_services(stage: &Stage) -> Vec<Probe> {
    let mut probes =
        vec![Probe::new(Op::CreateService, "POST", "/api/v1/services", &[422]).json(json!({ "code": "x" }))];
    for service in &stage.services {
        let path = format!("/api/v1/services/{}", service.id);
        let update = Probe::new(Op::UpdateService, "PATCH", path, &[412]).json(json!({ "name": "矩阵" }));
        probes.push(update.about(service, Op::GetService).stale());
    }
    for unit in &stage.units[..3] {
        let body = proposal(&unit.id, Some("no_such_post"));
        let propose = Probe::new(Op::ProposeService, "POST", "/api/v1/services/proposals", &[422]).json(body);
        probes.push(propose.about(unit, Op::GetUnit));
    }
    for (waiting, read) in stage
        .proposals
        .iter()
        .map(|thing| (thing, Op::DecideService))
        .chain(stage.services.iter().map(|thing| (thing, Op::GetService)))
    {
        let path = format!("/api/v1/services/{}/decision", waiting.id);
        let decide = Probe::new(Op::DecideService, "POST", path, &[412]).json(json!({ "approve": true }));
        probes.push(decide.about(waiting, read).stale());
    }
    probes
}

fn of_residents(stage: &Stage) -> Vec<Probe> {
    let mut probes = vec![
        Probe::new(Op::SearchResidents, "POST", "/api/v1/residents/search", &[200])
            .json(json!({ "phone": "13900000001" })),
    ];
    for unit in &stage.units[..3] {
        let body =
            json!({ "kind": "person", "name": "矩阵", "unit_id": unit.id, "id_number": stage.id_number });
        let register = Probe::new(Op::RegisterResident, "POST", "/api/v1/residents", &[422]).json(body);
        probes.push(register.about(unit, Op::ListUnits));
    }
    for person in &stage.residents {
        let path = format!("/api/v1/residents/{}", person.id);
        let reason = json!({ "fields": ["name"], "reason": "矩阵测试" });
        let contact = json!({ "name": "李四", "phone": "13912345678", "relation": "女儿" });
        let some = [
            Probe::new(Op::GetResident, "GET", &path, &[200]),
            Probe::new(Op::UpdateResident, "PATCH", &path, &[412])
                .json(json!({ "name": "矩阵" }))
                .stale(),
            Probe::new(Op::RevealResident, "POST", format!("{path}/reveal"), &[200]).json(reason),
            // Twenty at most, then a conflict.
            Probe::new(Op::AddContact, "POST", format!("{path}/contacts"), &[201, 409]).json(contact),
        ];
        probes.extend(some.map(|probe| probe.about(person, Op::GetResident)));
    }
    probes
}

fn of_rules(stage: &Stage) -> Vec<Probe> {
    let mut probes = vec![
        Probe::new(Op::ListRules, "GET", "/api/v1/routing-rules?limit=1", &[200]),
        Probe::new(
            Op::ListAssignmentPolicies,
            "GET",
            "/api/v1/assignment-policies?limit=1",
            &[200],
        ),
        Probe::new(
            Op::ListPolicies,
            "GET",
            "/api/v1/deadline-policies?limit=1",
            &[200],
        ),
        Probe::new(
            Op::SimulateDeadlines,
            "POST",
            "/api/v1/deadlines/simulate",
            &[200],
        )
        .json(json!({ "category": "120302" })),
        Probe::new(Op::ImportCalendar, "POST", "/api/v1/calendar/imports", &[422]).json(json!({ "x": {} })),
    ];
    for unit in &stage.units {
        let place = json!({ "place": { "unit_id": unit.id }, "category": "120302" });
        let simulate =
            Probe::new(Op::SimulateRouting, "POST", "/api/v1/routing/simulate", &[200]).json(place);
        probes.push(simulate.about(unit, Op::GetUnit));
        // The unit has a policy already.
        let policy = json!({ "unit_id": unit.id, "strategy": "by_post", "reason": "测试" });
        let create = Probe::new(
            Op::CreateAssignmentPolicy,
            "POST",
            "/api/v1/assignment-policies",
            &[409],
        )
        .json(policy);
        probes.push(create.about(unit, Op::GetUnit));
        let rule = json!({ "rank": 1, "name": "矩阵", "target_unit_id": unit.id, "target_post": "no_such_post",
            "reason": "测试" });
        let create = Probe::new(Op::CreateRule, "POST", "/api/v1/routing-rules", &[422]).json(rule);
        probes.push(create.about(unit, Op::GetUnit));
        // The same line stands already.
        let line = json!({ "clock": "resolve", "category": "130302", "urgency": "p3", "unit_id": unit.id,
            "amount": 9, "unit": "working_days" });
        let create = Probe::new(Op::CreatePolicy, "POST", "/api/v1/deadline-policies", &[409]).json(line);
        probes.push(create.about(unit, Op::GetUnit));
    }
    probes.extend(of_calendars(stage));
    for rule in &stage.rules {
        let path = format!("/api/v1/routing-rules/{}", rule.id);
        let update = Probe::new(Op::UpdateRule, "PATCH", path, &[412]).json(json!({ "name": "矩阵" }));
        probes.push(update.about(rule, Op::ListRules).stale());
    }
    for policy in &stage.assignment {
        let path = format!("/api/v1/assignment-policies/{}", policy.id);
        let update = Probe::new(Op::UpdateAssignmentPolicy, "PATCH", path, &[412])
            .json(json!({ "valid_to": "2030-12-31" }));
        probes.push(update.about(policy, Op::ListAssignmentPolicies).stale());
    }
    for line in &stage.policies {
        let path = format!("/api/v1/deadline-policies/{}", line.id);
        let update =
            Probe::new(Op::UpdatePolicy, "PATCH", path, &[412]).json(json!({ "valid_to": "2030-12-31" }));
        probes.push(update.about(line, Op::ListPolicies).stale());
    }
    probes
}

fn of_calendars(stage: &Stage) -> Vec<Probe> {
    let far = json!({ "first_day": "2031-01-01", "reason": "测试" });
    let mut probes =
        vec![Probe::new(Op::CreateClosure, "POST", "/api/v1/calendar/closures", &[201]).json(far.clone())];
    for unit in &stage.units {
        // The unit has hours of that time already.
        let hours =
            json!({ "unit_id": unit.id, "windows": [["08:30", "12:00"]], "valid_from": "2030-01-01" });
        let create = Probe::new(Op::CreateHours, "POST", "/api/v1/calendar/hours", &[422]).json(hours);
        probes.push(create.about(unit, Op::GetUnit));
        let mut closure = far.clone();
        closure["unit_id"] = json!(unit.id);
        let create = Probe::new(Op::CreateClosure, "POST", "/api/v1/calendar/closures", &[201]).json(closure);
        probes.push(create.about(unit, Op::GetUnit));
    }
    for hours in &stage.hours {
        let path = format!("/api/v1/calendar/hours/{}", hours.id);
        let last = json!({ "valid_to": "2030-12-31" });
        let update = Probe::new(Op::UpdateHours, "PATCH", &path, &[412]).json(last);
        let delete = Probe::new(Op::DeleteHours, "DELETE", path, &[412]);
        probes.extend([update, delete].map(|probe| probe.about(hours, Op::ListHours).stale()));
    }
    for closure in &stage.closures {
        let path = format!("/api/v1/calendar/closures/{}", closure.id);
        let last = json!({ "last_day": "2031-01-02" });
        let update = Probe::new(Op::UpdateClosure, "PATCH", &path, &[412]).json(last);
        let delete = Probe::new(Op::DeleteClosure, "DELETE", path, &[412]);
        probes.extend([update, delete].map(|probe| probe.about(closure, Op::ListClosures).stale()));
    }
    probes
}

fn of_administration(stage: &Stage) -> Vec<Probe> {
    let setting = json!({ "value": "【12345】" });
    let resend = format!("/api/v1/notices/{}/resend", stage.dead_notice);
    let mut probes = vec![
        Probe::new(Op::ListSettings, "GET", "/api/v1/settings", &[200]),
        Probe::new(Op::PutSetting, "PUT", "/api/v1/settings/sms_signature", &[412])
            .json(setting)
            .stale_as("\"77\""),
        Probe::new(Op::ListClients, "GET", "/api/v1/clients?limit=1", &[200]),
        Probe::new(Op::RotateKey, "POST", "/api/v1/signing-keys/rotation", &[200]),
        Probe::new(Op::ListAudit, "GET", "/api/v1/audit?limit=1", &[200]),
        Probe::new(Op::ListDeadNotices, "GET", "/api/v1/notices/dead", &[200]),
        Probe::new(Op::ResendNotice, "POST", resend, &[200]),
    ];
    for unit in &stage.units {
        let body = json!({ "name": "x", "channel": "web", "unit_id": unit.id, "expires_at": "2020-01-01T00:00:00Z" });
        let create = Probe::new(Op::CreateClient, "POST", "/api/v1/clients", &[422]).json(body);
        probes.push(create.about(unit, Op::ListClients));
    }
    for client in &stage.clients {
        let path = format!("/api/v1/clients/{}", client.id);
        let nothing = format!("{path}/secrets/{}", uuid::Uuid::nil());
        let some = [
            Probe::new(Op::UpdateClient, "PATCH", &path, &[412])
                .json(json!({}))
                .stale(),
            // A second secret, and then there are two.
            Probe::new(
                Op::AddClientSecret,
                "POST",
                format!("{path}/secrets"),
                &[201, 409],
            )
            .json(json!({})),
            Probe::new(Op::RevokeClientSecret, "DELETE", nothing, &[404]),
            Probe::new(Op::RevokeClient, "DELETE", &path, &[204]),
        ];
        probes.extend(some.map(|probe| probe.about(client, Op::ListClients)));
    }
    probes
}

impl Probe {
    pub fn stale_as(mut self, etag: &str) -> Self {
        self.etag = Some(etag.into());
        self
    }
}

async fn before_tickets(app: &TestApp, stage: &Stage, cast: &[Who]) -> Vec<Probe> {
    let here = &stage.units[0].id;
    let similar = json!({ "category": "120302", "place": { "unit_id": here }, "text": "矩阵" });
    let file = format!("/api/v1/attachments/{}", stage.loose_file.id);
    let mut probes = vec![
        Probe::new(Op::IdentifyCaller, "POST", "/api/v1/callers/identify", &[200])
            .json(json!({ "phone": "13900000001" })),
        Probe::new(Op::FindSimilar, "POST", "/api/v1/tickets/similar", &[200]).json(similar),
        Probe::new(Op::ListTickets, "GET", "/api/v1/tickets?limit=1", &[200]),
        Probe::new(Op::LookUpTicket, "POST", "/api/v1/tickets/lookup", &[404])
            .json(json!({ "number": "0", "code": "0" })),
        Probe::new(Op::CountQueues, "GET", "/api/v1/queues", &[200]),
        Probe::new(Op::GetDesk, "GET", "/api/v1/desk", &[200]),
        Probe::new(Op::GetFigures, "GET", "/api/v1/figures", &[200]),
        Probe::new(Op::ActInBulk, "POST", "/api/v1/tickets/bulk", &[422])
            .json(json!({ "tickets": [], "action": { "action": "note", "internal_text": "x" } })),
        Probe {
            sends: Sends::File,
            ..Probe::new(Op::UploadAttachment, "POST", "/api/v1/attachments", &[422])
        },
        Probe::new(
            Op::ActOnTicket,
            "POST",
            format!("/api/v1/tickets/{}/actions", stage.tickets[0].id),
            &[422],
        )
        .json(json!({ "action": "no_such_action" }))
        .stale(),
    ];
    // A file that belongs to no ticket yet is its sender's alone, whoever reaches how far.
    for (who, at) in cast.iter().zip(0..) {
        let probe = Probe {
            only: Some(at),
            ..Probe::new(Op::GetAttachment, "GET", &file, &[200])
        };
        let mine = stage.loose_file.facts.owners.contains(&who.id());
        probes.push(if mine {
            probe
        } else {
            Probe {
                read: Some(Op::GetAttachment),
                class: "of no ticket",
                ..probe
            }
        });
    }
    for path in [HERE, NEXT_DOOR, FAR, ABROAD_COMMUNITY] {
        let unit = cast::unit_id(app, path).await;
        let mut facts = Facts::at(path);
        // Residents ask from everywhere; clients where they were given leave.
        facts.owners = cast
            .iter()
            .filter(|who| who.name.starts_with("resident") || who.name == format!("client {path}"))
            .map(Who::id)
            .collect();
        let body = json!({ "requester": { "name": "x" }, "category": "000000", "title": "x", "content": "x",
            "place": { "unit_id": unit } });
        let class = if path == ABROAD_COMMUNITY {
            "abroad"
        } else {
            "place"
        };
        let probe = Probe::new(Op::RegisterTicket, "POST", "/api/v1/tickets", &[422]).json(body);
        probes.push(Probe {
            read: Some(Op::GetUnit),
            class,
            facts,
            ..probe
        });
    }
    probes
}

fn of_ticket(ticket: &Thing) -> Vec<Probe> {
    let path = format!("/api/v1/tickets/{}", ticket.id);
    let reason = json!({ "fields": ["phone"], "reason": "矩阵测试" });
    let file = Probe::new(
        Op::GetAttachment,
        "GET",
        format!("/api/v1/attachments/{}", ticket.other),
        &[200],
    );
    let slip = Probe::new(Op::GetWorkSlip, "GET", format!("{path}/work-slip"), &[200]);
    let mut probes = vec![
        file.about(ticket, Op::GetAttachment),
        slip.about(ticket, Op::GetWorkSlip),
    ];
    let others = [
        Probe::new(Op::GetTicket, "GET", &path, &[200]),
        Probe::new(Op::GetDeadlines, "GET", format!("{path}/deadlines"), &[200]),
        Probe::new(Op::GetHands, "GET", format!("{path}/hands"), &[200]),
        Probe::new(Op::GetPrecedents, "GET", format!("{path}/precedents"), &[200]),
        Probe::new(Op::GetAccessLog, "GET", format!("{path}/access-log"), &[200]),
        Probe::new(Op::GetReceipt, "GET", format!("{path}/receipt"), &[200]),
        Probe::new(Op::VerifyTicket, "GET", format!("{path}/verify"), &[200]),
        Probe::new(Op::RevealRequester, "POST", format!("{path}/reveal"), &[200]).json(reason),
    ];
    probes.extend(others.map(|probe| probe.about(ticket, Op::GetTicket)));
    probes
}

/// Every command, in words that its own rules let pass.
fn commands(ticket: &Thing, colleague: &str) -> Vec<Probe> {
    let rating = json!({ "contacted": true, "solved": true, "satisfied": 5 });
    let all = [
        (Op::AnswerNow, json!({ "public_text": "x" })),
        (
            Op::Reject,
            json!({ "reason": "judicial", "channel_told": "法院" }),
        ),
        (Op::Redirect, json!({ "line": "police_110" })),
        (Op::Accept, json!({})),
        (
            Op::Dispatch,
            json!({ "unit_id": ticket.unit, "reason": "x", "override_reason": "x" }),
        ),
        (Op::Sign, json!({})),
        (Op::Assign, json!({ "staff_id": colleague })),
        (Op::FirstContact, json!({ "reached": true, "by": "x" })),
        (Op::Note, json!({ "internal_text": "x" })),
        (Op::Supplement, json!({ "text": "x" })),
        (Op::Correct, json!({ "title": "x" })),
        (Op::Reply, json!({ "result": "solved", "public_text": "x" })),
        (Op::Approve, json!({})),
        (Op::SendBack, json!({ "reason": "x" })),
        (Op::CallBack, json!({ "reached": false })),
        (Op::Rate, json!({ "rating": rating })),
        (Op::Withdraw, json!({ "reason": "x" })),
        (Op::Appeal, json!({ "reason": "x" })),
        (Op::Reopen, json!({ "reason": "x" })),
        (Op::Urge, json!({})),
        (
            Op::Reassign,
            json!({ "unit_id": ticket.unit, "reason": "x", "override_reason": "x" }),
        ),
        (
            Op::RequestReturn,
            json!({ "ground": "not_our_duty", "basis": "x", "suggested_unit_id": ticket.unit, "reason": "x" }),
        ),
        (Op::ApproveReturn, json!({ "reason": "x" })),
        (Op::RefuseReturn, json!({ "reason": "x" })),
        (Op::RequestExtension, json!({ "amount": 1, "reason": "x" })),
        (Op::GrantExtension, json!({})),
        (Op::RefuseExtension, json!({ "reason": "x" })),
        (Op::Suspend, json!({ "review_on": "2026-12-01", "reason": "x" })),
        (Op::Resume, json!({})),
        (Op::CoHandle, json!({ "unit_id": ticket.unit, "what": "x" })),
        (Op::Whistle, json!({ "unit_id": ticket.unit, "what": "x" })),
        (Op::FinishTask, json!({ "task_id": ticket.id, "text": "x" })),
        (Op::WaiveTask, json!({ "task_id": ticket.id, "reason": "x" })),
        (
            Op::SetPlan,
            json!({ "milestones": [{ "what": "x", "due_on": "2026-12-01" }], "reason": "x" }),
        ),
        (
            Op::ReachMilestone,
            json!({ "milestone_id": ticket.id, "public_text": "x" }),
        ),
        (Op::Supervise, json!({ "reason": "x" })),
        (Op::AnswerSupervision, json!({ "text": "x" })),
        (Op::CloseSupervision, json!({})),
        (Op::Merge, json!({ "into": ticket.id, "reason": "x" })),
        (Op::Unmerge, json!({ "reason": "x" })),
    ];
    let closed = ticket.class == "closed";
    // A requester may change the score of a closed ticket: the others ask about it after that.
    all.into_iter()
        .filter(|(op, _)| !(closed && *op == Op::Rate))
        .map(|(op, mut body)| {
            body["action"] = json!(op.id());
            let allowed: &[u16] = match op {
                // A closed ticket takes nothing; its version is the right one, so it is its life that refuses.
                _ if closed && op != Op::Reopen => &[409],
                // A requester's words need no version, and no ticket here waits for a rating or was refused.
                Op::Urge => &[200, 429],
                Op::Supplement => &[200],
                Op::Rate => &[409],
                _ => &[412],
            };
            let path = format!("/api/v1/tickets/{}/actions", ticket.id);
            let probe = Probe::new(op, "POST", path, allowed)
                .json(body)
                .about(ticket, Op::GetTicket);
            // What a closed ticket takes must not be done here.
            let stale = op == Op::Reopen;
            let etag = if stale {
                "\"0\"".into()
            } else {
                ticket.etag.clone()
            };
            Probe {
                gate: Op::ActOnTicket,
                etag: Some(etag),
                ..probe
            }
        })
        .collect()
}

/// Whose a thing is, for the report.
pub fn told(id: &Uuid) -> String {
    id.to_string().chars().take(8).collect()
}
