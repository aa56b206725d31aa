//! Who does a step, and which command it is.

use super::{Act, Actor, Living, Who};
use crate::routing::rules::Colleague;
use crate::sla::rules::calendar::Limit;
use crate::tickets::rules::lifecycle::{Command, Moment, Place, Span};
use chrono::TimeDelta;
use entity::kind::{ActorKind, ClockKind, LimitUnit, ProceedingKind, Role};

impl Living<'_> {
    pub(super) fn actor(&self, who: Who) -> anyhow::Result<Actor> {
        let district = self.world.district;
        let lead = self.life.lead.unwrap_or(self.routed.unit);
        let helper = self
            .life
            .open(ProceedingKind::Task)
            .and_then(|open| district.colleague(open.unit?, Role::Handler));
        let colleague: &Colleague = match who {
            Who::Operator => district.centre(Role::Operator)?,
            Who::Arbiter => district.centre(Role::Arbiter)?,
            Who::Callback => district.centre(Role::CallbackAgent)?,
            Who::Supervisor => district.centre(Role::Supervisor)?,
            Who::Handler => &self.routed.handler,
            Who::Helper => helper.unwrap_or(&self.routed.handler),
            Who::Lead => match district.colleague(lead, Role::UnitLead) {
                Some(colleague) => colleague,
                None => district.centre(Role::Arbiter)?,
            },
            Who::Requester => {
                return Ok(Actor {
                    kind: ActorKind::Resident,
                    id: Some(self.requester.0),
                    name: None,
                    role: Some(Role::Resident),
                    unit: None,
                });
            }
            Who::System => {
                return Ok(Actor {
                    kind: ActorKind::System,
                    id: None,
                    name: None,
                    role: None,
                    unit: None,
                });
            }
        };
        Ok(Actor {
            kind: ActorKind::Staff,
            id: Some(colleague.id.0),
            name: Some(colleague.name.clone()),
            role: Some(colleague.role),
            unit: Some(colleague.unit),
        })
    }

    /// The command that an act means now; none where what it was meant for did not come about.
    pub(super) fn command(&mut self, act: Act) -> anyhow::Result<Option<Command>> {
        let task = self.life.open(ProceedingKind::Task).map(|open| open.id);
        Ok(Some(match act {
            Act::AnswerNow => Command::AnswerNow,
            Act::Reject(reason) => Command::Reject(reason),
            Act::Redirect(line) => Command::Redirect(line),
            Act::Accept => Command::Accept,
            Act::Dispatch => Command::Dispatch(self.target()),
            Act::Sign => Command::Sign,
            Act::RequestReturn => Command::RequestReturn(self.id()),
            Act::GrantReturn => {
                self.routed = self.world.district.other(self.place.id, self.routed.unit)?;
                Command::ApproveReturn(Some(self.target()))
            }
            Act::RefuseReturn => Command::RefuseReturn,
            Act::Contact(reached) => Command::FirstContact { reached },
            Act::Note => Command::Note,
            Act::Supplement => Command::Supplement,
            Act::Urge => Command::Urge,
            Act::RequestExtension => Command::RequestExtension {
                id: self.id(),
                amount: self.more(),
            },
            Act::GrantExtension if self.life.open(ProceedingKind::Extension).is_none() => return Ok(None),
            Act::GrantExtension => Command::GrantExtension { amount: self.more() },
            Act::Suspend(days) => Command::Suspend {
                id: self.id(),
                review: self.at + TimeDelta::days(days),
            },
            Act::Resume => Command::Resume,
            Act::CoHandle => {
                let lead = self.life.lead.unwrap_or(self.routed.unit);
                Command::CoHandle {
                    id: self.id(),
                    unit: self.world.district.other(self.place.id, lead)?.unit,
                    span: Span::Limit(Limit {
                        amount: 3,
                        unit: LimitUnit::WorkingDays,
                    }),
                }
            }
            Act::FinishTask => match task {
                Some(id) => Command::FinishTask(id),
                None => return Ok(None),
            },
            Act::Supervise => Command::Supervise {
                id: self.id(),
                span: Span::Limit(Limit {
                    amount: 2,
                    unit: LimitUnit::WorkingDays,
                }),
            },
            Act::AnswerSupervision => Command::AnswerSupervision,
            Act::CloseSupervision => Command::CloseSupervision,
            Act::Reply(result) => Command::Reply(result),
            Act::SendBack => Command::SendBack,
            Act::Approve => Command::Approve,
            Act::Miss => Command::MissCallback,
            Act::Rate(rating) => Command::Rate(rating),
            Act::Lapse => Command::Lapse,
            Act::Withdraw => Command::Withdraw,
        }))
    }

    pub(super) fn target(&self) -> Place {
        Place {
            unit: self.routed.unit,
            person: Some(self.routed.handler.id),
        }
    }

    /// How much more time is asked for, in the unit of the limit.
    pub(super) fn more(&self) -> u32 {
        match self.clocks.unit_of_resolution() {
            Some(LimitUnit::Minutes) => 720,
            Some(LimitUnit::WorkingHours) => 8,
            _ => 3,
        }
    }

    pub(super) fn moment(&self) -> Moment {
        let before = |kind| self.clocks.due(kind).is_some_and(|due| due > self.at);
        Moment {
            return_open: before(ClockKind::Return),
            before_due: before(ClockKind::Resolve),
            extensions_left: 1,
            extension_room: 10_000,
            reopen_open: true,
            urge_open: true,
        }
    }
}
