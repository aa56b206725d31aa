//! The timeline, the events, the timers, and the rows in the end.

use super::{Actor, Before, Living, Rows, Said};
use crate::tickets::rules::chain::{self, Link};
use crate::tickets::rules::lifecycle::{Change, Event};
use crate::tickets::rules::open;
use crate::tickets::{RECHECK_DAYS, label, reflect, timer};
use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{TimerId, UnitId};
use entity::kind::TicketState;
use entity::{durable_timer, event, ticket_entry};
use sea_orm::ActiveValue::{NotSet, Set};
use serde_json::{Value, json};
use uuid::Uuid;

impl Living<'_> {
    /// What the timeline keeps of a new leg.
    pub(super) fn words(&self, event: &Event) -> Value {
        let leads = |change: &Change| matches!(change, Change::Lead { .. });
        match self.legs.last() {
            Some(leg) if event.changes.iter().any(leads) => {
                json!({ "unit": leg.unit_name, "unit_id": leg.unit_id, "staff": leg.staff_name, "staff_id": leg.staff_id })
            }
            _ => json!({}),
        }
    }

    /// What the ticket's row shows of its life.
    pub(super) fn reflect(&mut self) {
        let (life, ticket) = (&self.life, &mut self.ticket);
        reflect(ticket, life, self.at);
        ticket.version += 1;
        ticket.updated_at = self.at;
        let over = (!open::is_open(life.state)).then_some(self.at);
        for leg in self.legs.iter_mut().filter(|leg| leg.ended_at.is_none()) {
            leg.closed_at = leg.closed_at.filter(|_| over.is_some()).or(over);
        }
    }

    pub(super) fn seal(&self, label: &str, text: Option<&str>) -> anyhow::Result<Option<Vec<u8>>> {
        let vault = &self.world.kit.vault;
        Ok(text.map(|text| vault.seal_text(label, text)).transpose()?)
    }

    pub(super) fn append(
        &mut self,
        event: &Event,
        before: Option<Before>,
        actor: &Actor,
        said: Said,
    ) -> anyhow::Result<()> {
        let directory = &self.world.district.reference.directory;
        let unit = actor.unit.and_then(|id| directory.get(id));
        let mut entry = ticket_entry::Model {
            ticket_id: self.ticket.id,
            seq: self.ticket.entries + 1,
            kind: event.kind,
            at: self.at,
            actor_kind: actor.kind,
            actor_id: actor.id,
            actor_name: actor.name.clone(),
            role: actor.role,
            unit_id: unit.map(|unit| unit.id),
            unit_name: unit.map(|unit| unit.name.clone()),
            from_state: before.map(|(state, _)| state),
            to_state: event.to,
            public: said.public,
            public_sealed: self.seal(label::PUBLIC, said.public_text)?,
            internal_sealed: self.seal(label::INTERNAL, said.internal_text)?,
            data: said.data,
            hash: Vec::new(),
            request_id: None,
        };
        entry.hash = chain::hash(&Link {
            previous: &self.ticket.head,
            entry: &entry,
        });
        self.ticket.entries = entry.seq;
        self.ticket.head.clone_from(&entry.hash);
        let lead = self.leg();
        let data = json!({
            "from": before.map(|(state, _)| state),
            "to": event.to,
            "unit_before": before.and_then(|(_, unit)| unit),
            "unit_id": lead.map(|leg| leg.unit_id),
            "staff_id": lead.and_then(|leg| leg.staff_id),
            "round": self.life.round,
            "at_once": false,
        });
        let unit_path = lead.map_or_else(|| self.ticket.place_path.clone(), |leg| leg.unit_path.clone());
        let row = event::ActiveModel {
            seq: NotSet,
            position: NotSet,
            id: Set(self.id()),
            kind: Set(format!("ticket.{}", event.kind)),
            subject_kind: Set("ticket".to_owned()),
            subject_id: Set(self.ticket.id.0),
            unit_path: Set(Some(unit_path)),
            data: Set(data),
            at: Set(self.at),
        };
        self.events.push(row);
        self.entries.push(entry);
        Ok(())
    }

    pub(super) fn timer(&mut self, kind: &str, subject: Uuid, due_at: DateTime<Utc>) {
        let row = durable_timer::Model {
            id: self.id::<TimerId>(),
            kind: kind.to_owned(),
            subject_id: subject,
            due_at,
            attempts: 0,
            created_at: self.at,
        };
        self.timers.push(row);
    }

    /// What is still to come, and the rows.
    pub(super) fn finish(mut self, rows: &mut Rows) {
        let calendar = self.calendar();
        let ticket = &mut self.ticket;
        self.clocks.set_next_due(calendar, ticket);
        let (id, closed_at) = (ticket.id.0, ticket.closed_at);
        for (row, next) in std::mem::take(&mut self.clocks).rows() {
            if let Some(at) = next {
                self.timer(timer::CLOCK, row.id.0, at);
            }
            rows.clocks.push(row);
        }
        if let (TicketState::Callback, Some(expires)) =
            (self.life.state, self.callbacks.last().map(|row| row.expires_at))
        {
            self.timer(timer::CALLBACK, id, expires);
        }
        let reviews: Vec<DateTime<Utc>> = self
            .proceedings
            .iter()
            .filter(|row| row.ended_at.is_none())
            .filter_map(|row| row.due_at)
            .collect();
        for at in reviews {
            self.timer(timer::REVIEW, id, at);
        }
        if let (true, Some(closed)) = (self.relapses, closed_at) {
            for at in RECHECK_DAYS.map(|days| closed + TimeDelta::days(days)) {
                if at > self.world.now {
                    self.timer(timer::RECHECK, id, at);
                }
            }
        }
        let nobody = matches!(
            self.life.state,
            TicketState::Registered | TicketState::PendingDispatch
        );
        let unit = self.life.lead.filter(|_| !nobody).unwrap_or(UnitId(Uuid::nil()));
        *rows.queues.entry((unit, self.life.state)).or_default() += 1;
        rows.tickets.push(self.ticket);
        rows.legs.append(&mut self.legs);
        rows.proceedings.append(&mut self.proceedings);
        rows.callbacks.append(&mut self.callbacks);
        rows.entries.append(&mut self.entries);
        rows.events.append(&mut self.events);
        rows.timers.append(&mut self.timers);
    }
}
