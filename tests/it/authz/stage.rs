//! What they try it on: things of each class of ownership.

mod bells;
mod bulk;
mod telephony;
mod webhooks;

use super::cast::{self, FAR, HERE, NEXT_DOOR, STREET, Who};
use crate::support::{Client, TestApp, fresh_key};
use entity::kind::{ActorKind, Lane, NoticeChannel, Role};
use hotline::notify::store::{Message, enqueue};
use sea_orm::{ConnectionTrait, EntityTrait};
use serde_json::{Value, json};
use uuid::Uuid;

/// What the policy must know of a thing, as this test knows it.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Paths of the units that have it in hands.
    pub hands: Vec<String>,
    /// The path of its place.
    pub place: String,
    /// Whose it is.
    pub owners: Vec<Uuid>,
}

impl Facts {
    pub fn at(path: &str) -> Self {
        Self {
            hands: vec![path.to_owned()],
            place: path.to_owned(),
            owners: Vec::new(),
        }
    }
}

/// A thing.
#[derive(Clone, Debug)]
pub struct Thing {
    pub class: &'static str,
    pub id: String,
    /// Another id that belongs to it: a ticket's file, a person's grant.
    pub other: String,
    /// The `ETag` to send: a stale one, but for what is closed.
    pub etag: String,
    /// The unit where it is.
    pub unit: String,
    pub facts: Facts,
}

/// Everything that is tried on.
pub struct Stage {
    pub units: Vec<Thing>,
    pub tickets: Vec<Thing>,
    pub residents: Vec<Thing>,
    pub staff: Vec<Thing>,
    pub clients: Vec<Thing>,
    pub rules: Vec<Thing>,
    pub policies: Vec<Thing>,
    pub hours: Vec<Thing>,
    pub closures: Vec<Thing>,
    /// Shifts that go on, of the units, with a stand-in that is over.
    pub shifts: Vec<Thing>,
    /// Homes with a bell.
    pub homes: Vec<Thing>,
    /// Bells; `other` is one that is retired.
    pub devices: Vec<Thing>,
    /// Emergency calls.
    pub calls: Vec<Thing>,
    /// Points of the electronic patrol.
    pub fixtures: Vec<Thing>,
    /// Webhooks, of units and of clients.
    pub webhooks: Vec<Thing>,
    /// Lists as files, of each who may have one.
    pub exports: Vec<Thing>,
    /// Files that were read, of each who may send one.
    pub imports: Vec<Thing>,
    pub phone_calls: Vec<Thing>,
    /// What an exchange tells.
    pub phone_event: Value,
    /// Technical alarms.
    pub alarms: Vec<Thing>,
    /// How the tickets of the units find their person.
    pub assignment: Vec<Thing>,
    /// People with leave that is over, one of the cast among them.
    pub absences: Vec<(Thing, String)>,
    /// Special services that are offered; ids are codes.
    pub services: Vec<Thing>,
    /// Special services that wait for a decision; ids are codes.
    pub proposals: Vec<Thing>,
    /// One for each of the cast, in their order; and one of the first resident for all.
    pub notices: Vec<Thing>,
    /// A message that could not be sent.
    pub dead_notice: String,
    /// A file that belongs to no ticket yet, of the operator.
    pub loose_file: Thing,
    /// The secret of a link to an open call-back.
    pub link: String,
    /// An identity number that is taken.
    pub id_number: &'static str,
    /// Somebody of the unit at hand.
    pub colleague: String,
}

const STALE: &str = "\"0\"";

/// Sets the stage.
pub async fn set(app: &TestApp, cast: &[Who]) -> Stage {
    let places = [
        ("own unit", HERE),
        ("next door", NEXT_DOOR),
        ("far", FAR),
        ("street", STREET),
    ];
    let mut units = Vec::new();
    for (class, path) in places {
        let id = cast::unit_id(app, path).await;
        units.push(thing(class, &id, &id, Facts::at(path)));
    }
    let tickets = tickets(app, cast).await;
    let (services, proposals) = services(app, &units).await;
    let operator = app.staff("operator").await;
    let file = upload(&operator).await;
    let operator_id = by_name(cast, "operator").id();
    let loose = Facts {
        owners: vec![operator_id],
        ..Facts::default()
    };
    let staff = staff(app, &units).await;
    let me = by_name(cast, "handler-a-440703002101").id();
    let own = Facts {
        owners: vec![me],
        ..Facts::at(HERE)
    };
    let myself = thing("one's own", &me.to_string(), &units[0].id, own);
    let mut absences = Vec::new();
    for person in staff.iter().chain([&myself]) {
        absences.push((person.clone(), absence(app, &person.id).await));
    }
    let (homes, devices) = bells::set(app, &units).await;
    Stage {
        absences,
        homes,
        devices,
        calls: bells::call(app, &units).await,
        fixtures: bells::fixture(app, &units).await,
        alarms: bells::alarm(app, &units).await,
        webhooks: webhooks::set(app, cast, &units).await,
        exports: bulk::exports(app, cast).await,
        imports: bulk::imports(app, cast).await,
        phone_calls: telephony::set(app, cast).await,
        phone_event: telephony::event(app),
        assignment: assignment(app, &units).await,
        residents: residents(app, cast, &units).await,
        staff,
        clients: clients(app, &units).await,
        rules: rules(app, &units).await,
        policies: policies(app, &units).await,
        hours: of_calendar(
            app,
            &units,
            "hours",
            json!({ "windows": [["08:30", "12:00"]], "valid_from": "2030-01-01" }),
        )
        .await,
        closures: of_calendar(
            app,
            &units,
            "closures",
            json!({ "first_day": "2031-01-01", "reason": "矩阵" }),
        )
        .await,
        shifts: super::duty::shifts(app, &units, &by_name(cast, "supervisor").id()).await,
        notices: notices(app, cast).await,
        dead_notice: dead_notice(app).await,
        loose_file: thing("of the operator", &file, "", loose),
        link: link(app).await,
        id_number: "11010519491231002X",
        colleague: by_name(cast, "handler-a-440703002101").id().to_string(),
        units,
        tickets,
        services,
        proposals,
    }
}

pub fn by_name<'a>(cast: &'a [Who], name: &str) -> &'a Who {
    cast.iter().find(|who| who.name == name).unwrap()
}

pub fn thing(class: &'static str, id: &str, unit: &str, facts: Facts) -> Thing {
    Thing {
        class,
        id: id.into(),
        other: String::new(),
        etag: STALE.into(),
        unit: unit.into(),
        facts,
    }
}

/// Sends a small file; its id.
pub async fn upload(client: &Client) -> String {
    let boundary = "authz-boundary";
    let body = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\
         Content-Type: application/pdf\r\n\r\n%PDF-1.4 test\r\n--{boundary}--\r\n"
    );
    let request = client
        .request("POST", "/api/v1/attachments")
        .header("Idempotency-Key", fresh_key())
        .header(
            "Content-Type",
            format!("multipart/form-data; boundary={boundary}"),
        )
        .body(body);
    let sent = client.send(request).await;
    sent.expect(201);
    sent.text_at("/id")
}

async fn register(
    client: &Client,
    category: &str,
    path: &str,
    unit: &str,
    requester: Value,
) -> (Value, String) {
    let file = upload(client).await;
    let mut body = json!({
        "category": category, "title": format!("矩阵 {path}"), "content": "矩阵中的诉求",
        "place": { "unit_id": unit }, "attachments": [file],
    });
    if !requester.is_null() {
        body["requester"] = requester;
    }
    let made = client.post("/api/v1/tickets", &body).await;
    made.expect(201);
    (made.body["ticket"].clone(), file)
}

async fn tickets(app: &TestApp, cast: &[Who]) -> Vec<Thing> {
    let operator = app.staff("operator").await;
    let (first, second) = (
        by_name(cast, "resident 13900000001"),
        by_name(cast, "resident 13900000002"),
    );
    let kiosk = by_name(cast, &format!("client {HERE}"));
    let dancing = "120302";
    let named = |phone: &str| json!({ "phone": phone });
    let stranger = || json!({ "name": "路人" });
    // class, who registers, category, place, requester, hands, owners
    let plan = [
        (
            "own",
            &operator,
            dancing,
            HERE,
            named("13900000001"),
            Some(HERE),
            vec![first.id()],
        ),
        (
            "same unit",
            &operator,
            "120301",
            HERE,
            named("13900000002"),
            Some(HERE),
            vec![second.id()],
        ),
        (
            "next door",
            &operator,
            dancing,
            NEXT_DOOR,
            stranger(),
            Some(NEXT_DOOR),
            vec![],
        ),
        ("far", &operator, dancing, FAR, stranger(), Some(FAR), vec![]),
        // Sewers are the sub-district's: it happened here, and another unit has it.
        (
            "street's",
            &operator,
            "130102",
            HERE,
            stranger(),
            Some(STREET),
            vec![],
        ),
        (
            "client's, nobody has it",
            &kiosk.client,
            dancing,
            HERE,
            stranger(),
            None,
            vec![kiosk.id()],
        ),
        (
            "closed",
            &operator,
            dancing,
            HERE,
            named("13900000001"),
            Some(HERE),
            vec![first.id()],
        ),
    ];
    let mut things = Vec::new();
    for (class, by, category, path, requester, hands, owners) in plan {
        let unit = cast::unit_id(app, path).await;
        let (ticket, file) = register(by, category, path, &unit, requester).await;
        let hands: Vec<String> = hands.into_iter().map(str::to_owned).collect();
        let id = ticket["id"].as_str().unwrap().to_owned();
        let legs = hands_of(app, &id).await;
        assert_eq!(legs, hands, "{class}");
        let target = match hands.first() {
            Some(path) => cast::unit_id(app, path).await,
            None => unit,
        };
        let facts = Facts {
            hands,
            place: path.to_owned(),
            owners,
        };
        let mut made = thing(class, &id, &target, facts);
        made.other = file;
        if class == "closed" {
            made.etag = close(app, &id, &ticket).await;
        }
        things.push(made);
    }
    things
}

async fn hands_of(app: &TestApp, ticket: &str) -> Vec<String> {
    use sea_orm::{ColumnTrait, QueryFilter};
    let id: Uuid = ticket.parse().unwrap();
    let legs = entity::assignment::Entity::find()
        .filter(entity::assignment::Column::TicketId.eq(id))
        .filter(entity::assignment::Column::EndedAt.is_null())
        .all(app.app.kit().db.read())
        .await
        .unwrap();
    legs.into_iter().map(|leg| leg.unit_path).collect()
}

/// Takes a ticket through its life; the `ETag` of the end.
pub async fn close(app: &TestApp, id: &str, ticket: &Value) -> String {
    answer(app, id, ticket).await;
    let rating = json!({ "action": "rate", "rating": { "contacted": true, "solved": true, "satisfied": 5 } });
    let resident = app.resident("13900000001").await;
    let closed = resident.act(id, &rating).await;
    closed.expect(200);
    assert_eq!(closed.body["state"], "closed");
    closed.etag()
}

/// Takes a ticket up to its call-back.
pub async fn answer(app: &TestApp, id: &str, ticket: &Value) {
    let staff_id = ticket["staff_id"].as_str().unwrap();
    let mut handler = app.staff("handler-a-440703002101").await;
    if handler.get("/api/v1/me").await.body["id"] != staff_id {
        handler = app.staff("handler-b-440703002101").await;
    }
    let steps = [
        json!({ "action": "sign" }),
        json!({ "action": "first_contact", "reached": true, "by": "电话" }),
        json!({ "action": "reply", "result": "solved", "public_text": "已办结" }),
    ];
    for step in steps {
        handler.act(id, &step).await.expect(200);
    }
    let lead = app.staff("lead-440703002101").await;
    lead.act(id, &json!({ "action": "approve" })).await.expect(200);
}

/// The secret of the link to a call-back that stays open.
async fn link(app: &TestApp) -> String {
    use sea_orm::{ColumnTrait, QueryFilter};
    let operator = app.staff("operator").await;
    let unit = cast::unit_id(app, HERE).await;
    let (ticket, _) = register(
        &operator,
        "120302",
        HERE,
        &unit,
        json!({ "phone": "13900000001" }),
    )
    .await;
    let id = ticket["id"].as_str().unwrap();
    answer(app, id, &ticket).await;
    let kit = app.app.kit();
    let row = entity::callback::Entity::find()
        .filter(entity::callback::Column::TicketId.eq(id.parse::<Uuid>().unwrap()))
        .one(kit.db.read())
        .await
        .unwrap()
        .unwrap();
    hotline::tickets::commands::callback::token(&kit.vault, row.id)
}

async fn residents(app: &TestApp, cast: &[Who], units: &[Thing]) -> Vec<Thing> {
    let mut things = Vec::new();
    for (class, name) in [
        ("own", "resident 13900000001"),
        ("same unit", "resident 13900000002"),
    ] {
        let id = by_name(cast, name).id();
        let facts = Facts {
            owners: vec![id],
            ..Facts::at(HERE)
        };
        things.push(thing(class, &id.to_string(), &units[0].id, facts));
    }
    let operator = app.staff("operator").await;
    for (unit, n) in units.iter().take(3).zip(0..) {
        let mut body = json!({ "kind": "person", "name": format!("矩阵人{n}"), "unit_id": unit.id });
        if n == 0 {
            body["id_number"] = json!("11010519491231002X");
        }
        let made = operator.post("/api/v1/residents", &body).await;
        made.expect(201);
        things.push(thing(
            unit.class,
            &made.text_at("/id"),
            &unit.id,
            unit.facts.clone(),
        ));
    }
    things
}

/// People to be disabled, with a role that is over: taking it back changes nothing.
async fn staff(app: &TestApp, units: &[Thing]) -> Vec<Thing> {
    let mut things = Vec::new();
    for (unit, n) in units.iter().zip(0..) {
        let id = cast::new_staff(app, &format!("target-{n}")).await;
        let path = &unit.facts.place;
        cast::grant(app, &id, Role::Handler, path, None).await;
        let over = Some("2026-01-31".parse().unwrap());
        let grant = cast::grant(app, &id, Role::Handler, path, over).await;
        let mut made = thing(unit.class, &id, &unit.id, unit.facts.clone());
        made.other = grant;
        things.push(made);
    }
    things
}

/// A leave that is over: ending it changes nothing.
async fn absence(app: &TestApp, staff: &str) -> String {
    use entity::id::StaffId;
    use entity::kind::AbsenceKind;
    use sea_orm::ActiveValue::Set;
    let id = StaffId(staff.parse().unwrap());
    let made = app.app.kit().db.write("test.absence", id, |tx, id| {
        Box::pin(async move {
            let row = entity::staff_absence::ActiveModel {
                id: Set(tx.ids().id()),
                staff_id: Set(*id),
                kind: Set(AbsenceKind::Annual),
                first_day: Set("2026-01-05".parse().unwrap()),
                last_day: Set("2026-01-09".parse().unwrap()),
                created_at: Set(tx.now()),
            };
            hotline::staff::store::absence::insert(tx, row).await
        })
    });
    made.await.unwrap().id.to_string()
}

async fn assignment(app: &TestApp, units: &[Thing]) -> Vec<Thing> {
    let admin = app.staff("sysadmin").await;
    let mut things = Vec::new();
    for unit in units {
        let body = json!({ "unit_id": unit.id, "strategy": "by_post", "reason": "测试" });
        let made = admin.post("/api/v1/assignment-policies", &body).await;
        made.expect(201);
        things.push(thing(
            unit.class,
            &made.text_at("/id"),
            &unit.id,
            unit.facts.clone(),
        ));
    }
    things
}

async fn clients(app: &TestApp, units: &[Thing]) -> Vec<Thing> {
    let security = app.staff("secadmin").await;
    let mut things = Vec::new();
    for unit in units {
        let body = json!({ "name": "矩阵", "channel": "web", "unit_id": unit.id });
        let made = security.post("/api/v1/clients", &body).await;
        made.expect(201);
        things.push(thing(
            unit.class,
            &made.text_at("/client/id"),
            &unit.id,
            unit.facts.clone(),
        ));
    }
    things
}

/// Rules that no request of this test fits.
async fn rules(app: &TestApp, units: &[Thing]) -> Vec<Thing> {
    let admin = app.staff("sysadmin").await;
    let mut things = Vec::new();
    for unit in units {
        let body = json!({ "rank": 9999, "name": "矩阵", "category": "130302", "channel": "tv",
            "target_unit_id": unit.id, "reason": "测试" });
        let made = admin.post("/api/v1/routing-rules", &body).await;
        made.expect(201);
        things.push(thing(
            unit.class,
            &made.text_at("/id"),
            &unit.id,
            unit.facts.clone(),
        ));
    }
    things
}

async fn policies(app: &TestApp, units: &[Thing]) -> Vec<Thing> {
    let admin = app.staff("sysadmin").await;
    let mut things = Vec::new();
    for unit in units {
        let body = json!({ "clock": "resolve", "category": "130302", "urgency": "p3", "unit_id": unit.id,
            "amount": 9, "unit": "working_days" });
        let made = admin.post("/api/v1/deadline-policies", &body).await;
        made.expect(201);
        things.push(thing(
            unit.class,
            &made.text_at("/id"),
            &unit.id,
            unit.facts.clone(),
        ));
    }
    things
}

/// Hours and closures of units in years that no request of this test is counted into.
async fn of_calendar(app: &TestApp, units: &[Thing], what: &str, body: Value) -> Vec<Thing> {
    let admin = app.staff("sysadmin").await;
    let mut things = Vec::new();
    for unit in units {
        let mut body = body.clone();
        body["unit_id"] = json!(unit.id);
        let made = admin.post(&format!("/api/v1/calendar/{what}"), &body).await;
        made.expect(201);
        let facts = unit.facts.clone();
        things.push(thing(unit.class, &made.text_at("/id"), &unit.id, facts));
    }
    things
}

/// Special services of three communities: one offered, one that waits.
async fn services(app: &TestApp, units: &[Thing]) -> (Vec<Thing>, Vec<Thing>) {
    let (mut offered, mut waiting) = (Vec::new(), Vec::new());
    let who = [
        ("lead-440703002101", "manager-440703002"),
        ("lead-440703002102", "manager-440703002"),
        ("lead-440703005101", "manager-440703005"),
    ];
    for (unit, (lead, manager)) in units.iter().zip(who) {
        for decided in [true, false] {
            let proposed = app
                .staff(lead)
                .await
                .post("/api/v1/services/proposals", &proposal(&unit.id, None))
                .await;
            proposed.expect(201);
            let code = proposed.text_at("/code");
            let made = thing(unit.class, &code, &unit.id, unit.facts.clone());
            if decided {
                let path = format!("/api/v1/services/{code}/decision");
                let manager = app.staff(manager).await;
                let decision = manager
                    .change("POST", &path, &proposed.etag(), &json!({ "approve": true }))
                    .await;
                decision.expect(200);
                offered.push(made);
            } else {
                waiting.push(made);
            }
        }
    }
    (offered, waiting)
}

pub fn proposal(unit: &str, post: Option<&str>) -> Value {
    json!({ "unit_id": unit, "name": "矩阵特色服务", "name_en": "Matrix", "request_types": ["help"],
        "default_type": "help", "post": post })
}

async fn notices(app: &TestApp, cast: &[Who]) -> Vec<Thing> {
    let mut things = Vec::new();
    for who in cast {
        let Some((kind, id)) = who.identity else { continue };
        let notice = enqueue_one(app, (kind, id), NoticeChannel::InApp).await;
        let facts = Facts {
            owners: vec![id],
            ..Facts::default()
        };
        things.push(thing("own", &notice, "", facts));
    }
    things
}

async fn dead_notice(app: &TestApp) -> String {
    enqueue_one(app, (ActorKind::Resident, Uuid::from_u128(1)), NoticeChannel::Sms).await
}

/// Makes the message dead again.
pub async fn kill(app: &TestApp, notice: &str) {
    let id: Uuid = notice.parse().unwrap();
    app.app
        .kit()
        .db
        .write("test.kill", id, |tx, id| {
            Box::pin(async move {
                let backend = tx.get_database_backend();
                let sql = "UPDATE notice SET state = 'dead' WHERE id = $1";
                let statement = sea_orm::Statement::from_sql_and_values(backend, sql, [(*id).into()]);
                tx.execute_raw(statement).await?;
                Ok(())
            })
        })
        .await
        .unwrap();
}

async fn enqueue_one(app: &TestApp, recipient: (ActorKind, Uuid), channel: NoticeChannel) -> String {
    let kit = app.app.kit();
    let key = fresh_key();
    let input = (kit.vault.clone(), recipient, channel, key.clone());
    kit.db
        .write("test.notice", input, |tx, (vault, (kind, id), channel, key)| {
            Box::pin(async move {
                let message = Message {
                    recipient: (*kind, Some(*id)),
                    channel: *channel,
                    lane: Lane::Normal,
                    template: "test",
                    ticket: None,
                    call: None,
                    others: &[],
                    address: None,
                    body: "矩阵",
                    dedup_key: key.clone(),
                    not_before: None,
                };
                enqueue(tx, vault, &message).await
            })
        })
        .await
        .unwrap();
    use sea_orm::{ColumnTrait, QueryFilter};
    let row = entity::notice::Entity::find()
        .filter(entity::notice::Column::DedupKey.eq(key))
        .one(kit.db.read())
        .await
        .unwrap();
    row.unwrap().id.to_string()
}
