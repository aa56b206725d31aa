//! Who tries: every role at its place, the same roles elsewhere, and those who have none.

use crate::support::{Client, TestApp};
use entity::kind::{ActorKind, Role};
use hotline::demo::PASSWORD;
use hotline::orgs;
use hotline::orgs::import::{Areas, UnitLine};
use hotline::staff::commands;
use serde_json::{Value, json};
use uuid::Uuid;

pub const DISTRICT: &str = "/440703/";
pub const STREET: &str = "/440703/440703002/";
pub const HERE: &str = "/440703/440703002/440703002101/";
pub const NEXT_DOOR: &str = "/440703/440703002/440703002102/";
pub const FAR: &str = "/440703/440703005/440703005101/";
/// A district of its own, made for this test.
pub const ABROAD: &str = "/990001/";
pub const ABROAD_COMMUNITY: &str = "/990001/990001001/990001001101/";

/// Somebody who tries.
pub struct Who {
    pub name: String,
    pub client: Client,
    /// Roles and the paths of the units where they are held; none for residents, clients and nobody.
    pub grants: Vec<(Role, String)>,
    /// Kind and id; none for nobody.
    pub identity: Option<(ActorKind, Uuid)>,
}

impl Who {
    /// The roles in which somebody may act, with the unit's path where there is one; no role for staff without any.
    pub fn roles(&self) -> Vec<(Option<Role>, Option<&str>)> {
        match self.identity {
            None => Vec::new(),
            Some((ActorKind::Resident, _)) => vec![(Some(Role::Resident), None)],
            Some((ActorKind::Client, _)) => vec![(Some(Role::Integration), None)],
            Some(_) if self.grants.is_empty() => vec![(None, None)],
            Some(_) => self
                .grants
                .iter()
                .map(|(role, path)| (Some(*role), Some(path.as_str())))
                .collect(),
        }
    }

    pub fn id(&self) -> Uuid {
        self.identity.map(|(_, id)| id).unwrap_or_default()
    }
}

/// The id of a unit.
pub async fn unit_id(app: &TestApp, path: &str) -> String {
    let code = path.trim_matches('/').rsplit('/').next().unwrap();
    let row = orgs::store::find_by_code(app.app.kit().db.read(), code)
        .await
        .unwrap();
    row.unwrap().id.to_string()
}

/// Demonstration accounts: name of the account, role, path.
fn accounts() -> Vec<(&'static str, Role, &'static str)> {
    use Role as R;
    vec![
        ("operator", R::Operator, DISTRICT),
        ("dispatcher", R::Dispatcher, DISTRICT),
        ("arbiter", R::Arbiter, DISTRICT),
        ("callback", R::CallbackAgent, DISTRICT),
        ("supervisor", R::Supervisor, DISTRICT),
        ("knowledge", R::KnowledgeEditor, DISTRICT),
        ("analyst", R::Analyst, DISTRICT),
        ("duty", R::DutyOfficer, DISTRICT),
        ("sysadmin", R::SystemAdmin, DISTRICT),
        ("secadmin", R::SecurityAdmin, DISTRICT),
        ("auditor", R::Auditor, DISTRICT),
        ("handler-a-440703002101", R::Handler, HERE),
        ("handler-b-440703002101", R::Handler, HERE),
        ("lead-440703002101", R::UnitLead, HERE),
        ("handler-a-440703002102", R::Handler, NEXT_DOOR),
        ("lead-440703002102", R::UnitLead, NEXT_DOOR),
        ("office-440703002", R::Handler, STREET),
        ("lead-440703002", R::UnitLead, STREET),
        ("manager-440703002", R::StreetManager, STREET),
        ("manager-440703005", R::StreetManager, "/440703/440703005/"),
        ("lead-440703005101", R::UnitLead, FAR),
    ]
}

/// Everybody.
pub async fn cast(app: &TestApp) -> Vec<Who> {
    let mut cast = vec![Who {
        name: "nobody".into(),
        client: app.nobody(),
        grants: Vec::new(),
        identity: None,
    }];
    for (name, role, path) in accounts() {
        let client = app.staff(name).await;
        let id = own_id(&client).await;
        cast.push(member(name, client, id, vec![(role, path)]));
    }
    for phone in ["13900000001", "13900000002"] {
        let client = app.resident(phone).await;
        let id = own_id(&client).await;
        cast.push(Who {
            name: format!("resident {phone}"),
            client,
            grants: Vec::new(),
            identity: Some((ActorKind::Resident, id)),
        });
    }
    let security = app.staff("secadmin").await;
    for path in [HERE, FAR] {
        let body = json!({ "name": format!("kiosk {path}"), "channel": "kiosk", "unit_id": unit_id(app, path).await,
            "scopes": ["tickets:read", "tickets:write", "events:read", "webhooks:read", "webhooks:write",
            "calls:write", "exports:write"] });
        let made = security.post("/api/v1/clients", &body).await;
        made.expect(201);
        cast.push(Who {
            name: format!("client {path}"),
            client: app.program(&made).await,
            grants: Vec::new(),
            identity: Some((ActorKind::Client, made.text_at("/client/id").parse().unwrap())),
        });
    }
    cast.extend(extras(app).await);
    cast
}

/// Somebody without any role, a provider, and people of another district who hold there what others hold here.
async fn extras(app: &TestApp) -> Vec<Who> {
    use Role as R;
    abroad(app).await;
    let provider = "/440703/provider-demo-1/";
    let all: Vec<(&str, Vec<(Role, &str)>)> = vec![
        ("without-role", vec![]),
        ("provider", vec![(R::Provider, provider)]),
        (
            "abroad-many",
            vec![
                (R::Operator, ABROAD),
                (R::Dispatcher, ABROAD),
                (R::Arbiter, ABROAD),
                (R::CallbackAgent, ABROAD),
                (R::Supervisor, ABROAD),
                (R::Analyst, ABROAD),
                (R::StreetManager, ABROAD),
                (R::Handler, ABROAD_COMMUNITY),
                (R::UnitLead, ABROAD_COMMUNITY),
                (R::SystemAdmin, ABROAD),
            ],
        ),
        ("abroad-security", vec![(R::SecurityAdmin, ABROAD)]),
        ("abroad-auditor", vec![(R::Auditor, ABROAD)]),
    ];
    let mut extras = Vec::new();
    for (name, grants) in all {
        let made = new_staff(app, name).await;
        for (role, path) in &grants {
            grant(app, &made, *role, path, None).await;
        }
        let id = made.parse().unwrap();
        extras.push(member(name, app.staff(name).await, id, grants));
    }
    extras
}

/// A new member of staff with the password of the demonstration; the id.
pub async fn new_staff(app: &TestApp, user_name: &str) -> String {
    let body = json!({ "user_name": user_name, "display_name": user_name, "password": PASSWORD });
    let made = app.staff("sysadmin").await.post("/api/v1/staff", &body).await;
    made.expect(201);
    made.text_at("/id")
}

/// Gives a role as the command line does: nobody here could give one in another district. The grant's id.
pub async fn grant(
    app: &TestApp,
    staff: &str,
    role: Role,
    path: &str,
    until: Option<chrono::NaiveDate>,
) -> String {
    let kit = app.app.kit();
    let code = path.trim_matches('/').rsplit('/').next().unwrap();
    let unit = orgs::store::find_by_code(kit.db.read(), code)
        .await
        .unwrap()
        .unwrap();
    let from = until.unwrap_or_else(|| kit.now().date_naive());
    let input = (staff.parse::<Uuid>().unwrap(), role, unit, from, until);
    let row = kit
        .db
        .write("test.grant", input, |tx, (staff, role, unit, from, until)| {
            Box::pin(commands::insert_grant(
                tx,
                (*staff).into(),
                *role,
                unit,
                &[],
                *from,
                *until,
            ))
        });
    row.await.unwrap().id.to_string()
}

async fn abroad(app: &TestApp) {
    let line = |code: &str, name: &str, kind: &str, parent: &str| UnitLine {
        code: code.into(),
        name: name.into(),
        kind: kind.into(),
        parent_code: parent.into(),
        aliases: String::new(),
        contact: String::new(),
        valid_from: None,
    };
    let lines = vec![
        line("990001", "外区", "district", ""),
        line("990001001", "外街道", "subdistrict", "990001"),
        line("990001001101", "外社区", "community", "990001001"),
    ];
    let report = app
        .app
        .kit()
        .db
        .write("test.abroad", (lines, Areas::new(), true), |tx, input| {
            Box::pin(orgs::import::run(tx, input))
        })
        .await
        .unwrap();
    assert!(report.is_clean(), "{report}");
    app.pass("reference").await;
}

fn member(name: &str, client: Client, id: Uuid, grants: Vec<(Role, &str)>) -> Who {
    Who {
        name: name.into(),
        client,
        grants: grants
            .into_iter()
            .map(|(role, path)| (role, path.to_owned()))
            .collect(),
        identity: Some((ActorKind::Staff, id)),
    }
}

async fn own_id(client: &Client) -> Uuid {
    let me = client.get("/api/v1/me").await;
    me.expect(200);
    me.body
        .get("id")
        .and_then(Value::as_str)
        .unwrap()
        .parse()
        .unwrap()
}
