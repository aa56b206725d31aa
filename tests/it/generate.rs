//! Tickets that are made up by `hotline generate` are such as the application itself would have written.

use crate::on_both;
use entity::{notice, queue_count, ticket};
use hotline::demo::generate::{self, Order};
use sea_orm::{EntityTrait, PaginatorTrait};
use std::collections::{BTreeMap, BTreeSet};

const ORDER: Order = Order {
    tickets: 1_500,
    seed: 12_345,
};

on_both! {
    /// The application reads them, counts them and goes on with them as with its own, and tells nobody of the past.
    async fn what_is_made_up_holds_together(app: TestApp) {
        let made = generate::run(&app.app.desk, ORDER, |_| {}).await.unwrap();
        assert_eq!(made.tickets, ORDER.tickets);
        let each = made.entries / made.tickets;
        assert!((8..=12).contains(&each), "{each} entries a ticket");
        app.settle().await;
        let db = &app.app.kit().db;
        assert_eq!(notice::Entity::find().count(db.read()).await.unwrap(), 0);

        let tickets = ticket::Entity::find().all(db.read()).await.unwrap();
        let mut counted = BTreeMap::new();
        for ticket in &tickets {
            *counted.entry(ticket.state).or_insert(0) += 1;
        }
        let mut kept = BTreeMap::new();
        for row in queue_count::Entity::find().all(db.read()).await.unwrap() {
            *kept.entry(row.state).or_insert(0) += row.n;
        }
        assert_eq!(counted, kept);
        assert!(counted.len() >= 6, "{counted:?}");

        let supervisor = app.staff("supervisor").await;
        let mut seen = BTreeSet::new();
        for ticket in tickets.iter().filter(|ticket| seen.insert((ticket.state, ticket.round, ticket.routes))) {
            let path = format!("/api/v1/tickets/{}", ticket.id);
            let shown = supervisor.get(&path).await;
            shown.expect(200);
            let verified = supervisor.get(&format!("{path}/verify")).await;
            assert_eq!(verified.body["intact"], true, "{}", verified.body);
            supervisor.get(&format!("{path}/deadlines")).await.expect(200);
        }
        supervisor.get("/api/v1/desk").await.expect(200);

        let refused = generate::run(&app.app.desk, ORDER, |_| {}).await;
        assert!(refused.unwrap_err().to_string().contains("has 1500 tickets"));
    }
}
