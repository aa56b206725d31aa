//! Legs, small lives and call-backs of a ticket.

use super::{Actor, Living, Step};
use crate::access::authenticate::china;
use crate::orgs::rules::Unit;
use crate::platform::crypto::sha256;
use crate::routing::rules::Colleague;
use crate::tickets::commands::callback;
use crate::tickets::label;
use crate::tickets::rules::attempts;
use crate::tickets::rules::lifecycle::{Change, Command, Open, Rating};
use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{CallbackId, ProceedingId};
use entity::kind::{ActorKind, CallbackState, LegNature, ProceedingKind, ProceedingState, ReturnGround};
use entity::{assignment, callback as callbacks, proceeding};
use serde_json::json;

impl Living<'_> {
    /// The lead unit's leg.
    pub(super) fn leg(&self) -> Option<&assignment::Model> {
        let mut legs = self.legs.iter();
        legs.find(|leg| leg.nature == LegNature::Lead && leg.ended_at.is_none())
    }

    pub(super) fn end_legs(&mut self, nature: LegNature) {
        let at = self.at;
        let open = self.legs.iter_mut().filter(|leg| leg.ended_at.is_none());
        open.filter(|leg| leg.nature == nature)
            .for_each(|leg| leg.ended_at = Some(at));
    }

    pub(super) fn begin_leg(&mut self, nature: LegNature, unit: &Unit, handler: Option<&Colleague>) {
        let leg = assignment::Model {
            id: self.id(),
            ticket_id: self.ticket.id,
            nature,
            unit_id: unit.id,
            unit_path: unit.path.clone(),
            unit_name: unit.name.clone(),
            staff_id: handler.map(|handler| handler.id),
            staff_name: handler.map(|handler| handler.name.clone()),
            post: handler.and_then(|_| self.routed.post.clone()),
            explanation: match nature {
                LegNature::Lead => self.routed.explanation.clone(),
                LegNature::Assist => json!({}),
            },
            counts: true,
            started_at: self.at,
            ended_at: None,
            closed_at: None,
        };
        self.legs.push(leg);
    }

    pub(super) fn change(
        &mut self,
        change: &Change,
        step: &Step,
        command: &Command,
        actor: &Actor,
    ) -> anyhow::Result<()> {
        let directory = &self.world.district.reference.directory;
        match change {
            Change::Lead { unit, .. } => {
                let unit = directory.get(*unit).context("a unit")?;
                self.end_legs(LegNature::Lead);
                let handler = self.routed.handler.clone();
                self.begin_leg(LegNature::Lead, unit, Some(&handler));
                self.clocks.belong_to(unit.id, &unit.path);
                let mut returns = self.proceedings.iter_mut().rev();
                if let Some(row) = returns.find(|row| row.kind == ProceedingKind::Return) {
                    row.target_unit_id = Some(unit.id);
                }
            }
            Change::Unled => self.end_legs(LegNature::Lead),
            Change::Opened(open) => self.begin(open, step, command)?,
            Change::Answered(id) => self.go_on(*id, ProceedingState::Answered, step, actor)?,
            Change::Ended(id, state) => self.go_on(*id, *state, step, actor)?,
            _ => {}
        }
        Ok(())
    }

    pub(super) fn begin(&mut self, small: &Open, step: &Step, command: &Command) -> anyhow::Result<()> {
        let district = self.world.district;
        let directory = &district.reference.directory;
        let unit = small.unit.or(self.life.lead).and_then(|id| directory.get(id));
        let unit = unit.context("a unit for each small life")?;
        let is_return = small.kind == ProceedingKind::Return;
        let row = proceeding::Model {
            id: small.id,
            ticket_id: self.ticket.id,
            kind: small.kind,
            state: small.state,
            unit_id: Some(unit.id),
            unit_path: Some(unit.path.clone()),
            unit_name: Some(unit.name.clone()),
            ground: is_return.then_some(ReturnGround::NotOurDuty),
            target_unit_id: if is_return {
                Some(district.other(self.place.id, unit.id)?.unit)
            } else {
                None
            },
            amount: match command {
                Command::RequestExtension { amount, .. } => i32::try_from(*amount).ok(),
                _ => None,
            },
            category: self.ticket.category.clone(),
            asked_sealed: self.seal(label::PROCEEDING, step.internal)?,
            answered_sealed: None,
            opened_by: small.by,
            opened_at: self.at,
            due_at: match command {
                Command::Suspend { review, .. } => Some(*review),
                _ => None,
            },
            ended_by: None,
            ended_at: None,
        };
        self.ticket.proceedings += 1;
        self.proceedings.push(row);
        if small.kind == ProceedingKind::Task {
            self.begin_leg(LegNature::Assist, unit, None);
        }
        Ok(())
    }

    pub(super) fn go_on(
        &mut self,
        id: ProceedingId,
        state: ProceedingState,
        step: &Step,
        actor: &Actor,
    ) -> anyhow::Result<()> {
        let sealed = self.seal(label::PROCEEDING, step.internal)?;
        let at = self.at;
        let Some(row) = self.proceedings.iter_mut().find(|row| row.id == id) else {
            return Ok(());
        };
        row.state = state;
        row.answered_sealed = sealed.or(row.answered_sealed.take());
        if state != ProceedingState::Answered {
            row.ended_at = Some(at);
            row.ended_by = actor
                .id
                .filter(|_| actor.kind == ActorKind::Staff)
                .map(Into::into);
        }
        if row.kind == ProceedingKind::Task {
            self.end_legs(LegNature::Assist);
        }
        Ok(())
    }

    /// What follows from a command beside the ticket: its call-backs.
    pub(super) fn follow(&mut self, command: &Command, by: ActorKind) {
        match command {
            Command::Approve => {
                let expires = self.at + TimeDelta::days(self.world.grace_days);
                let row = self.callback(CallbackState::Open, expires);
                self.callbacks.push(row);
            }
            Command::MissCallback => {
                let at = self.at;
                if let Some(row) = self.callbacks.last_mut() {
                    row.attempts += i32::from(attempts::may_try(row.tried_at, at, china()));
                    row.tried_at = Some(at);
                }
            }
            Command::Rate(rating) => self.rated(*rating, by),
            Command::Lapse => {
                if let Some(row) = self.callbacks.last_mut() {
                    row.state = CallbackState::Lapsed;
                }
            }
            _ => {}
        }
    }

    pub(super) fn rated(&mut self, rating: Rating, by: ActorKind) {
        let at = self.at;
        if self.callbacks.is_empty() {
            let row = self.callback(CallbackState::Answered, at);
            self.callbacks.push(row);
        }
        if let Some(row) = self.callbacks.last_mut() {
            row.state = CallbackState::Answered;
            row.contacted = Some(rating.contacted);
            row.solved = Some(rating.solved);
            row.satisfied = Some(i32::from(rating.satisfied));
            row.answered_by = Some(by);
            row.answered_at = Some(at);
        }
    }

    pub(super) fn callback(&mut self, state: CallbackState, expires_at: DateTime<Utc>) -> callbacks::Model {
        let id: CallbackId = self.id();
        let (unit_id, unit_path) = self.leg().map(|leg| (leg.unit_id, leg.unit_path.clone())).unzip();
        callbacks::Model {
            id,
            ticket_id: self.ticket.id,
            round: self.life.round,
            unit_id,
            unit_path,
            token_hash: sha256(&[callback::token(&self.world.kit.vault, id).as_bytes()]),
            state,
            counts: true,
            attempts: 0,
            tried_at: None,
            contacted: None,
            solved: None,
            satisfied: None,
            opinion_sealed: None,
            answered_by: None,
            created_at: self.at,
            expires_at,
            answered_at: None,
        }
    }
}
