//! Choosing a unit and a person, case by case and at random.

use super::*;
use crate::catalog::rules::form::Form;
use entity::id::ServiceId;
use entity::kind::{ServiceState, Urgency};
use proptest::prelude::*;
use uuid::Uuid;

fn id<T: From<Uuid>>(n: u128) -> T {
    T::from(Uuid::from_u128(n))
}

fn unit(n: u128, kind: UnitKind, parent: Option<u128>, path: &str, powers: &[&str]) -> Unit {
    Unit {
        id: id(n),
        code: format!("u{n}"),
        kind,
        name: format!("单位{n}"),
        parent: parent.map(id),
        path: path.into(),
        aliases: Vec::new(),
        area: None,
        powers: powers.iter().map(ToString::to_string).collect(),
        valid_from: NaiveDate::MIN,
        valid_to: None,
        successor: None,
    }
}

fn directory() -> Directory {
    Directory::new(vec![
        unit(1, UnitKind::District, None, "/1/", &[]),
        unit(2, UnitKind::Subdistrict, Some(1), "/1/2/", &["fines"]),
        unit(3, UnitKind::Community, Some(2), "/1/2/3/", &[]),
        unit(4, UnitKind::Department, Some(1), "/1/4/", &["fines"]),
        unit(5, UnitKind::Provider, Some(1), "/1/5/", &[]),
        unit(6, UnitKind::Provider, Some(1), "/1/6/", &[]),
    ])
}

fn service(responsible: ResponsibleKind, powers: &[&str]) -> Service {
    Service {
        id: ServiceId(Uuid::from_u128(1)),
        code: "120301".into(),
        name: "噪声".into(),
        request_types: vec![RequestType::Complaint],
        default_type: RequestType::Complaint,
        urgency: Urgency::P2,
        resolve_limit: None,
        responsible,
        post: "grid_worker".into(),
        department: Some("u4".into()),
        powers: powers.iter().map(ToString::to_string).collect(),
        sensitive: false,
        relapse: false,
        auto_accept: true,
        form: Form::default(),
        selectable: true,
        owner: None,
        state: ServiceState::Active,
        valid_from: NaiveDate::MIN,
        valid_to: None,
    }
}

fn colleague(n: u128, unit: u128, role: Role, posts: &[&str]) -> Colleague {
    Colleague {
        id: id(n),
        name: format!("职员{n}"),
        unit: id(unit),
        role,
        posts: posts.iter().map(ToString::to_string).collect(),
    }
}

fn rule(n: u128, rank: i32, target: u128) -> Rule {
    Rule {
        id: id(n),
        rank,
        name: format!("规则{n}"),
        category: Some("1203".into()),
        request_type: None,
        channel: None,
        place_path: Some("/1/2/".into()),
        target: id(target),
        post: None,
        reason: "职责清单".into(),
        valid_from: NaiveDate::MIN,
        valid_to: None,
    }
}

fn route(service: &Service, rules: &[Rule], roster: &[Colleague], turn: u64) -> Route {
    let directory = directory();
    let place = directory.get(id(3)).unwrap();
    let request = Request {
        service,
        request_type: RequestType::Complaint,
        channel: Channel::Phone,
        place,
        day: NaiveDate::from_ymd_opt(2026, 11, 24).unwrap(),
        turn,
    };
    choose(
        &request,
        &Situation {
            directory: &directory,
            rules,
            people: People {
                roster,
                availability: &HashMap::new(),
                policies: &[],
            },
        },
    )
}

#[test]
fn the_catalogue_names_the_unit_and_the_post_the_person() {
    let roster = [
        colleague(1, 3, Role::Handler, &["civil_affairs"]),
        colleague(2, 3, Role::Handler, &["grid_worker"]),
        colleague(3, 2, Role::Handler, &["grid_worker"]),
    ];
    let route = route(&service(ResponsibleKind::Community, &[]), &[], &roster, 0);
    assert_eq!(route.unit, Some(id(3)));
    assert_eq!(route.person, Some((id(2), PersonBy::Post)));
    assert_eq!(
        route.ground,
        Some(Ground::Catalogue {
            kind: ResponsibleKind::Community
        })
    );
    assert_eq!(
        route.rejected,
        vec![Rejection::OtherPost {
            name: "职员1".into()
        }]
    );
}

#[test]
fn without_the_post_a_handler_then_the_lead_then_the_inbox() {
    let by = |roster: &[Colleague]| {
        route(&service(ResponsibleKind::Community, &[]), &[], roster, 0)
            .person
            .map(|(_, by)| by)
    };
    assert_eq!(
        by(&[colleague(1, 3, Role::Handler, &[])]),
        Some(PersonBy::AnyHandler)
    );
    assert_eq!(by(&[colleague(1, 3, Role::UnitLead, &[])]), Some(PersonBy::Lead));
    assert_eq!(by(&[]), None);
}

#[test]
fn each_kind_of_unit_is_found_from_the_place() {
    let unit_for = |kind| route(&service(kind, &[]), &[], &[], 1).unit;
    assert_eq!(unit_for(ResponsibleKind::Subdistrict), Some(id(2)));
    assert_eq!(unit_for(ResponsibleKind::ParentUnit), Some(id(2)));
    assert_eq!(unit_for(ResponsibleKind::Department), Some(id(4)));
    assert_eq!(unit_for(ResponsibleKind::Provider), Some(id(6)));
    assert_eq!(unit_for(ResponsibleKind::Centre), None);
}

#[test]
fn a_unit_without_the_powers_is_passed_over_and_the_pool_catches() {
    let service = service(ResponsibleKind::Community, &["fines"]);
    let pooled = route(&service, &[], &[], 0);
    assert_eq!(pooled.unit, None);
    assert_eq!(
        pooled.rejected,
        vec![Rejection::LacksPowers {
            unit: "单位3".into(),
            powers: vec!["fines".into()]
        }]
    );
    let ruled = route(&service, &[rule(1, 5, 3), rule(2, 9, 4)], &[], 0);
    assert_eq!(ruled.unit, Some(id(4)), "the first rule's target lacks the power");
}

proptest! {
    #[test]
    fn the_order_of_rules_and_colleagues_does_not_matter(
        ranks in prop::collection::vec(0_i32..3, 0..6), shift in 0_usize..6, turn in any::<u64>(),
    ) {
        let mut rules: Vec<Rule> =
            ranks.iter().zip(1_u128..).map(|(rank, n)| rule(n, *rank, if n % 2 == 0 { 2 } else { 4 })).collect();
        let mut roster: Vec<Colleague> = (1..=4).map(|n| colleague(n, 2, Role::Handler, &["grid_worker"])).collect();
        let service = service(ResponsibleKind::Subdistrict, &[]);
        let first = route(&service, &rules, &roster, turn);
        let middle = shift.min(rules.len());
        rules.rotate_left(middle);
        roster.rotate_left(shift % 4);
        prop_assert_eq!(route(&service, &rules, &roster, turn), first);
    }

    #[test]
    fn turns_spread_over_all_who_cover_the_post(turn in any::<u64>()) {
        let roster: Vec<Colleague> = (1..=3).map(|n| colleague(n, 3, Role::Handler, &["grid_worker"])).collect();
        let service = service(ResponsibleKind::Community, &[]);
        let who = |turn| route(&service, &[], &roster, turn).person.unwrap().0;
        let base = turn % (u64::MAX - 3);
        let all: std::collections::HashSet<StaffId> = (base..base + 3).map(who).collect();
        prop_assert_eq!(all.len(), 3);
    }
}
