//! Who is chosen: whatever the strategy, whoever is there.

use super::*;
use entity::id::UnitId;
use entity::kind::Strategy;
use proptest::prelude::*;
use std::collections::HashMap;
use uuid::Uuid;

const POST: &str = "grid_worker";

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 24).unwrap()
}

/// Somebody of a random unit.
#[derive(Clone, Debug)]
struct Person {
    colleague: Colleague,
    away: bool,
    disabled: bool,
    hands_over: bool,
    open: u64,
    capacity: Option<u64>,
}

impl Person {
    fn free(n: u128) -> Self {
        Self {
            colleague: Colleague {
                id: StaffId(Uuid::from_u128(n)),
                name: format!("职员{n}"),
                unit: UnitId(Uuid::from_u128(1)),
                role: Role::Handler,
                posts: vec![POST.into()],
            },
            away: false,
            disabled: false,
            hands_over: false,
            open: 0,
            capacity: None,
        }
    }

    fn candidate(&self) -> Candidate<'_> {
        Candidate {
            colleague: &self.colleague,
            availability: Availability {
                away_until: self.away.then(today),
                capacity: self.capacity,
            },
            open: Some(self.open),
            disabled: self.disabled,
            hands_over: self.hands_over,
        }
    }

    fn can_take(&self) -> bool {
        !self.away && !self.disabled && !self.hands_over && self.capacity.is_none_or(|most| self.open < most)
    }
}

fn candidates(people: &[Person]) -> Vec<Candidate<'_>> {
    people.iter().map(Person::candidate).collect()
}

fn turn(number: u64) -> Turn {
    Turn { number, last: None }
}

fn people() -> impl Strategy_<Value = Vec<Person>> {
    let flags = (
        prop::bool::weighted(0.3),
        prop::bool::weighted(0.2),
        prop::bool::weighted(0.1),
        any::<bool>(),
        any::<bool>(),
    );
    let one = (flags, 0_u64..6, prop::option::of(0_u64..6));
    prop::collection::vec(one, 0..7).prop_map(|all| {
        let numbered = all.into_iter().zip(1_u128..);
        numbered
            .map(
                |(((away, disabled, hands_over, leads, covers), open, capacity), n)| {
                    let mut person = Person {
                        away,
                        disabled,
                        hands_over,
                        open,
                        capacity,
                        ..Person::free(n)
                    };
                    if leads {
                        person.colleague.role = Role::UnitLead;
                    }
                    if !covers {
                        person.colleague.posts.clear();
                    }
                    person
                },
            )
            .collect()
    })
}

use proptest::strategy::Strategy as Strategy_;

fn strategies() -> impl Strategy_<Value = Strategy> {
    prop::sample::select(Strategy::ALL)
}

proptest! {
    #[test]
    fn who_is_away_full_or_disabled_is_never_chosen(
        people in people(), strategy in strategies(), number in any::<u64>(), last in prop::option::of(0_u128..8),
    ) {
        let turn = Turn { number, last: last.map(|n| StaffId(Uuid::from_u128(n))) };
        let choice = pick(strategy, Some(POST), &candidates(&people), turn);
        prop_assert_eq!(choice.considered.len(), people.len());
        let free = people.iter().any(Person::can_take);
        prop_assert_eq!(choice.person.is_some(), free && strategy != Strategy::Manual, "somebody, if there is anybody");
        for considered in &choice.considered {
            let person = people.iter().find(|person| person.colleague.id == considered.id).unwrap();
            let chosen = choice.person.is_some_and(|(id, _)| id == considered.id);
            prop_assert_eq!(considered.why == Why::Chosen, chosen);
            if chosen {
                prop_assert!(person.can_take(), "{:?}", person);
            } else if !person.can_take() {
                let told = matches!(
                    considered.why, Why::OnLeave(_) | Why::AtCapacity | Why::Disabled | Why::HandsOver
                );
                prop_assert!(told, "{:?}", considered);
            }
        }
    }

    #[test]
    fn who_covers_the_post_comes_first(people in people(), number in any::<u64>()) {
        let choice = pick(Strategy::ByPost, Some(POST), &candidates(&people), turn(number));
        let free = |fits: &dyn Fn(&Person) -> bool| people.iter().any(|person| person.can_take() && fits(person));
        if let Some((_, by)) = choice.person {
            let covers = free(&|person| !person.colleague.posts.is_empty());
            let handles = free(&|person| person.colleague.role == Role::Handler);
            let wanted = match (covers, handles) {
                (true, _) => PersonBy::Post,
                (false, true) => PersonBy::AnyHandler,
                (false, false) => PersonBy::Lead,
            };
            prop_assert_eq!(by, wanted);
        }
    }

    #[test]
    fn the_one_with_least_to_do_is_chosen(people in people(), number in any::<u64>()) {
        let choice = pick(Strategy::LeastLoad, None, &candidates(&people), turn(number));
        if let Some((id, by)) = choice.person {
            let role = if by == PersonBy::Lead { Role::UnitLead } else { Role::Handler };
            let rivals = people.iter().filter(|person| person.can_take() && person.colleague.role == role);
            let least = rivals.map(|person| person.open).min().unwrap();
            let chosen = people.iter().find(|person| person.colleague.id == id).unwrap();
            prop_assert_eq!(chosen.open, least);
        }
    }

    #[test]
    fn load_evens_out(n in 1_u128..7, rounds in 1_u64..5, numbers in prop::collection::vec(any::<u64>(), 30)) {
        let mut people: Vec<Person> = (1..=n).map(Person::free).collect();
        let picks = u64::try_from(n).unwrap() * rounds;
        for number in numbers.iter().cycle().take(usize::try_from(picks).unwrap()) {
            let (id, _) = pick(Strategy::LeastLoad, Some(POST), &candidates(&people), turn(*number)).person.unwrap();
            people.iter_mut().find(|person| person.colleague.id == id).unwrap().open += 1;
        }
        prop_assert!(people.iter().all(|person| person.open == rounds));
    }

    #[test]
    fn turns_are_fair(n in 1_u128..7, rounds in 1_usize..5, away in 0_u128..8, last in prop::option::of(0_u128..9)) {
        let mut people: Vec<Person> = (1..=n).map(Person::free).collect();
        people.iter_mut().filter(|person| n > 1 && person.colleague.id.0.as_u128() == away).for_each(|person| person.away = true);
        let there = people.iter().filter(|person| person.can_take()).count();
        let mut last = last.map(|n| StaffId(Uuid::from_u128(n)));
        let mut given: HashMap<StaffId, usize> = HashMap::new();
        for _ in 0..there * rounds {
            let (id, _) = pick(Strategy::RoundRobin, Some(POST), &candidates(&people), Turn { number: 0, last }).person.unwrap();
            *given.entry(id).or_default() += 1;
            last = Some(id);
        }
        prop_assert_eq!(given.len(), there);
        prop_assert!(given.values().all(|n| *n == rounds), "{:?}", given);
    }

    #[test]
    fn the_order_of_people_does_not_matter(people in people(), strategy in strategies(), number in any::<u64>(), shift in 0_usize..7) {
        let first = pick(strategy, Some(POST), &candidates(&people), turn(number));
        let mut turned = people.clone();
        let middle = shift.min(turned.len());
        turned.rotate_left(middle);
        prop_assert_eq!(pick(strategy, Some(POST), &candidates(&turned), turn(number)), first);
    }
}

#[test]
fn the_nearest_policy_of_the_day_holds() {
    let policy = |n: u128, path: &str, strategy, to: Option<&str>| Policy {
        id: AssignmentPolicyId(Uuid::from_u128(n)),
        unit_path: path.into(),
        strategy,
        valid_from: "2026-01-01".parse().unwrap(),
        valid_to: to.map(|day| day.parse().unwrap()),
    };
    let policies = [
        policy(1, "/1/", Strategy::LeastLoad, None),
        policy(2, "/1/2/", Strategy::RoundRobin, None),
        policy(3, "/1/2/3/", Strategy::Manual, Some("2026-06-30")),
    ];
    let of = |path: &str, day: &str| {
        policy_of(&policies, path, day.parse().unwrap()).map(|policy| policy.strategy)
    };
    assert_eq!(of("/1/2/3/", "2026-06-30"), Some(Strategy::Manual));
    assert_eq!(of("/1/2/3/", "2026-07-01"), Some(Strategy::RoundRobin));
    assert_eq!(of("/1/22/", "2026-07-01"), Some(Strategy::LeastLoad));
    assert_eq!(of("/1/", "2025-12-31"), None);
    assert_eq!(of("/2/", "2026-07-01"), None);
}

#[test]
fn counting_is_left_out_where_it_changes_nothing() {
    let mut person = Person::free(1);
    let uncounted = |person: &Person| {
        let candidate = Candidate {
            open: None,
            ..person.candidate()
        };
        Strategy::ALL
            .iter()
            .map(|strategy| must_count(*strategy, &[candidate]))
            .collect::<Vec<_>>()
    };
    assert_eq!(uncounted(&person), [false, false, true, true]);
    person.capacity = Some(3);
    assert_eq!(uncounted(&person), [false, true, true, true]);
}
