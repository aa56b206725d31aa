//! The register: who is known is not registered a second time.

use crate::on_both;
use crate::support::{Answer, Backend, Client, TestApp};
use entity::resident;
use futures_util::future::join_all;
use hotline::residents::rules::IdNumber;
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};

/// Identity numbers tried, and how often each at the same time, on each instance.
const NUMBERS: usize = 5;
const TIMES: usize = 12;

/// A made-up identity number.
fn id_number(n: usize) -> String {
    let body = format!("11010519491231{n:03}");
    "0123456789X"
        .chars()
        .map(|check| format!("{body}{check}"))
        .find(|number| IdNumber::parse(number).is_some())
        .unwrap()
}

async fn count(app: &TestApp) -> u64 {
    resident::Entity::find()
        .count(app.app.kit().db.read())
        .await
        .unwrap()
}

/// Sends the same from all of them, again and again at the same time.
async fn at_once(clients: &[Client], body: &Value) -> Vec<Answer> {
    let tries = clients.iter().flat_map(|client| {
        (0..TIMES).map(move |_| {
            let (client, body) = (client.clone(), body.clone());
            tokio::spawn(async move { client.post("/api/v1/residents", &body).await })
        })
    });
    let tries: Vec<_> = tries.collect();
    join_all(tries).await.into_iter().map(Result::unwrap).collect()
}

on_both! {
    /// Many register the same person at the same moment: one of them does, and all others are told.
    async fn an_identity_number_is_registered_once(app: TestApp) {
        // An instance of the tests writes one transaction at a time: only two of them can get in each other's way.
        let other = if app.backend == Backend::Postgres { Some(app.second().await) } else { None };
        let operator = app.staff("operator").await;
        let mut clients = vec![operator.clone()];
        clients.extend(other.as_ref().map(|other| other.with_token(operator.token())));
        let before = count(&app).await;
        for n in 0..NUMBERS {
            let body = json!({ "kind": "person", "name": "甲某某", "id_number": id_number(n) });
            let answers = at_once(&clients, &body).await;
            let (made, told): (Vec<Answer>, Vec<Answer>) = answers.into_iter().partition(|answer| answer.status == 201);
            for answer in &told {
                answer.problem(422, "invalid_input");
                assert_eq!(answer.rule("/id_number"), Some("taken"));
            }
            assert_eq!((made.len(), told.len()), (1, TIMES * clients.len() - 1), "{n}");
        }
        assert_eq!(count(&app).await, before + u64::try_from(NUMBERS).unwrap());
        if let Some(other) = other {
            other.stop().await;
        }
    }
}
