//! Every operation, by everybody, on things of every class of ownership, over real HTTP: allowed, or 401, 403, 404.
//!
//! What is expected is worked out here from the table of scopes by a function of its own, so that a mistake in the
//! code that decides can't hide in the test that checks it.

mod cast;
mod duty;
mod probes;
mod stage;

use crate::on_both;
use crate::support::{TestApp, snapshot};
use cast::Who;
use entity::kind::Role;
use futures_util::StreamExt;
use futures_util::stream;
use hotline::access::Op;
use hotline::access::policy::{self, Scope, scope};
use hotline::tickets::rules::lifecycle;
use probes::Probe;
use serde_json::Value;
use stage::Facts;
use std::collections::{BTreeMap, BTreeSet};

/// What an answer must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Expected {
    Allowed,
    Unauthenticated,
    Forbidden,
    NotFound,
}

/// Whether somebody's scope in an operation covers a thing.
fn covers(op: Op, who: &Who, facts: &Facts) -> bool {
    who.roles()
        .iter()
        .any(|(role, path)| match (scope(op, *role), path) {
            (Some(Scope::Public), _) => true,
            (Some(Scope::Own), _) => facts.owners.contains(&who.id()),
            (Some(Scope::Unit), Some(unit)) => facts.hands.iter().any(|hand| hand == unit),
            (Some(Scope::Subtree), Some(top)) => facts.hands.iter().any(|hand| hand.starts_with(top)),
            (Some(Scope::District), Some(unit)) => {
                let district = unit.split('/').nth(1).unwrap();
                facts.place.split('/').nth(1) == Some(district)
            }
            (None, _) | (Some(Scope::Unit | Scope::Subtree | Scope::District), None) => false,
        })
        || op.is_public()
}

fn expected(who: &Who, probe: &Probe) -> Expected {
    if probe.op.is_public() {
        return Expected::Allowed;
    }
    if who.identity.is_none() {
        return Expected::Unauthenticated;
    }
    if !who
        .roles()
        .iter()
        .any(|(role, _)| scope(probe.gate, *role).is_some())
    {
        return Expected::Forbidden;
    }
    match probe.read {
        None => Expected::Allowed,
        Some(_) if covers(probe.op, who, &probe.facts) => Expected::Allowed,
        Some(read) if covers(read, who, &probe.facts) => Expected::Forbidden,
        Some(_) => Expected::NotFound,
    }
}

fn fits(expected: Expected, status: u16, probe: &Probe) -> bool {
    match expected {
        Expected::Allowed => probe.allowed.contains(&status),
        Expected::Unauthenticated => status == 401,
        Expected::Forbidden => status == 403,
        Expected::NotFound => status == 404,
    }
}

/// Asks as one of the cast; the mistakes.
async fn try_all(app: &TestApp, stage: &stage::Stage, at: usize, who: &Who, probes: &[Probe]) -> Vec<String> {
    let tried = stream::iter(
        probes
            .iter()
            .filter(|probe| probe.only.is_none_or(|only| only == at)),
    )
    .map(|probe| async move {
        if probe.op == Op::ResendNotice {
            stage::kill(app, &stage.dead_notice).await;
        }
        let (wanted, answer) = (expected(who, probe), probe.ask(who).await);
        (!fits(wanted, answer.status, probe)).then(|| {
            let owners: Vec<String> = probe.facts.owners.iter().map(probes::told).collect();
            format!(
                "{} {} [{}: {:?} {} {owners:?}]: wanted {wanted:?} {:?}, got {} {}",
                who.name,
                probe.op.id(),
                probe.class,
                probe.facts.hands,
                probe.facts.place,
                probe.allowed,
                answer.status,
                answer.text
            )
        })
    })
    .buffer_unordered(8)
    .collect::<Vec<_>>()
    .await;
    tried.into_iter().flatten().collect()
}

/// How often each answer was wanted, for each operation.
fn tally(cast: &[Who], probes: &[Probe]) -> BTreeMap<&'static str, BTreeSet<Expected>> {
    let mut seen: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for probe in probes {
        for (who, at) in cast.iter().zip(0..) {
            if probe.only.is_none_or(|only| only == at) {
                seen.entry(probe.op.id())
                    .or_default()
                    .insert(expected(who, probe));
            }
        }
    }
    seen
}

on_both! {
    /// The whole matrix.
    async fn every_operation_by_everybody(app: TestApp) {
        let cast = cast::cast(&app).await;
        let held: BTreeSet<&str> = cast.iter().flat_map(Who::roles).filter_map(|(role, _)| role).map(Role::word).collect();
        let all: BTreeSet<&str> = Role::ALL.iter().map(|role| role.word()).collect();
        assert_eq!(held, all, "somebody of each role");

        let stage = stage::set(&app, &cast).await;
        let mut probes = probes::all(&app, &stage, &cast).await;
        let mut mistakes = Vec::new();
        let mut asked = 0;
        for (who, at) in cast.iter().zip(0..) {
            asked += probes.iter().filter(|probe| probe.only.is_none_or(|only| only == at)).count();
            mistakes.extend(try_all(&app, &stage, at, who, &probes).await);
        }
        let leaving = vec![probes::log_out()];
        for (who, at) in cast.iter().zip(0..) {
            asked += 1;
            mistakes.extend(try_all(&app, &stage, at, who, &leaving).await);
        }
        probes.extend(leaving);
        assert!(mistakes.is_empty(), "{} of {asked}:\n{}", mistakes.len(), mistakes.join("\n"));
        assert!(asked > 6000, "{asked}");

        let probed: BTreeSet<&str> = probes.iter().map(|probe| probe.op.id()).collect();
        let table: BTreeSet<&str> = Op::ALL.iter().map(|op| op.id()).collect();
        assert_eq!(probed, table, "each operation of the table is tried");
        for (id, answers) in tally(&cast, &probes) {
            let op = Op::ALL.iter().find(|op| op.id() == id).unwrap();
            let public = op.is_public();
            let everybodys = Role::ALL.iter().copied().map(Some).chain([None]).all(|role| scope(*op, role).is_some());
            assert!(answers.contains(&Expected::Allowed), "{id}: nobody may");
            assert!(public || answers.contains(&Expected::Unauthenticated), "{id}: nobody is asked to log in");
            assert!(public || everybodys || answers.contains(&Expected::Forbidden), "{id}: nobody is refused");
        }
    }
}

/// The document's operations and the commands together are the table: nothing is served that it does not know, and
/// nothing stands in it that can't be asked for.
#[test]
fn the_table_is_the_document_and_the_commands() {
    let document: Value = serde_json::to_value(hotline::app::document()).unwrap();
    let mut served = BTreeSet::new();
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            if let Some(id) = operation["operationId"].as_str() {
                assert!(served.insert(id.to_owned()), "{id} twice");
            }
        }
    }
    let commands: BTreeSet<String> = document["components"]["schemas"]["ActionIn"]["oneOf"]
        .as_array()
        .unwrap()
        .iter()
        .map(std::string::ToString::to_string)
        .filter_map(|action| {
            Op::ALL
                .iter()
                .map(|op| op.id())
                .find(|id| action.contains(&format!("[\"{id}\"]")))
                .map(str::to_owned)
        })
        .collect();
    assert_eq!(
        commands.len(),
        document["components"]["schemas"]["ActionIn"]["oneOf"]
            .as_array()
            .unwrap()
            .len()
    );
    assert!(served.is_disjoint(&commands));
    served.extend(commands);
    let table: BTreeSet<String> = Op::ALL.iter().map(|op| op.id().to_owned()).collect();
    assert_eq!(served, table);
}

/// For people to read, and to see in a review what a change of the table changes.
#[test]
fn the_matrix_is_as_checked_in() {
    snapshot("authz-matrix.txt", &policy::matrix());
    snapshot("lifecycle.txt", &lifecycle::table());
}

/// The function that this test expects by is tried on cases worked out by hand.
#[test]
fn what_is_expected_is_right() {
    let who = |role: Role, path: &str| Who {
        name: String::new(),
        client: crate::support::Client::new("", None),
        grants: vec![(role, path.to_owned())],
        identity: Some((entity::kind::ActorKind::Staff, uuid::Uuid::from_u128(7))),
    };
    let thing = Facts {
        hands: vec!["/1/12/".into()],
        place: "/1/12/123/".into(),
        owners: Vec::new(),
    };
    let may = |role, path| covers(Op::Note, &who(role, path), &thing);
    assert!(may(Role::Handler, "/1/12/") && !may(Role::Handler, "/1/12/123/") && !may(Role::Handler, "/1/"));
    assert!(may(Role::StreetManager, "/1/12/") && !may(Role::StreetManager, "/1/13/"));
    assert!(may(Role::Operator, "/1/") && !may(Role::Operator, "/2/") && !may(Role::Auditor, "/1/"));
    assert!(!covers(Op::GetMe, &who(Role::Operator, "/1/"), &thing));
}
