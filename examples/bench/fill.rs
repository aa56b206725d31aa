//! Tickets in the database, of a mix as hotlines have it: most are answered while the caller is on the line, the rest
//! went the whole way, the newest are still under way. Rows are made by the application's own rules (`lifecycle`,
//! `route`, the hash chain, the vault) and written by its own `Db::write`, many at a time.

use crate::matters::{Dice, MATTERS};
use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{ClockId, EventId, ResidentId, StaffId, TicketId, TimerId};
use entity::kind::{
    ActorKind, Channel, ClockKind, EntryKind, LegNature, LimitUnit, ResidentKind, Role, Standing,
    TicketResult, TicketState, UnitKind,
};
use entity::{
    assignment, clock, consumer_cursor, durable_timer, event, resident, ticket, ticket_entry,
    ticket_requester, ticket_search,
};
use hotline::access::authenticate::local_day;
use hotline::catalog::rules::Service;
use hotline::intake::route;
use hotline::orgs::rules::{Located, MatchedBy, Unit};
use hotline::platform::clock::Clock;
use hotline::platform::db::Tx;
use hotline::platform::id::IdGen;
use hotline::platform::kit::Kit;
use hotline::reference::{Desk, Reference};
use hotline::tickets::rules::chain::{self, Link};
use hotline::tickets::rules::lifecycle::{
    By, Change, Command, Event, Life, Moment, Place, Rating, Tick, decide, evolve,
};
use hotline::tickets::rules::open::is_open;
use hotline::tickets::rules::{likeness, number};
use sea_orm::{ActiveValue::NotSet, ActiveValue::Set, EntityTrait, IntoActiveModel, PaginatorTrait};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// Callers of the register.
pub const RESIDENTS: usize = 20_000;
/// Of a hundred tickets so many are under way: the newest.
const OPEN_PERCENT: usize = 8;
const PER_WRITE: usize = 400;
const SEED: u64 = 12345;

/// The number of the nth caller: of a range that is not handed out.
pub fn phone(nth: usize) -> String {
    format!("+86139001{nth:05}")
}

/// Fills the database up to so many tickets; how many were there already.
pub async fn fill(desk: &Desk, tickets: usize) -> anyhow::Result<u64> {
    let kit = &desk.kit;
    let there = ticket::Entity::find().count(kit.db.read()).await?;
    if there > 0 {
        return Ok(there);
    }
    let callers = residents(kit).await?;
    let reference = desk.reference().await?;
    let now = kit.now();
    let clock = Clock::manual(now - TimeDelta::days(365));
    let step = TimeDelta::seconds(365 * 86_400 / i64::try_from(tickets)?.max(1));
    let mut maker = Maker {
        kit,
        reference: &reference,
        ids: IdGen::new(clock.clone()),
        clock: clock.clone(),
        now,
        dice: Dice(SEED),
        places: reference
            .directory
            .all()
            .iter()
            .filter(|unit| matches!(unit.kind, UnitKind::Community | UnitKind::Village))
            .collect(),
        operator: staff(desk, "operator").await?,
        leads: reference
            .roster
            .iter()
            .filter(|colleague| colleague.role == Role::UnitLead)
            .map(|colleague| (colleague.unit, colleague.id))
            .collect(),
        routes: HashMap::new(),
    };
    let mut rows = Rows::default();
    for nth in 0..tickets {
        let open = (tickets - nth) * 100 <= tickets * OPEN_PERCENT;
        let who = maker.dice.below(callers.len());
        maker.ticket(&mut rows, nth, open, (who, callers[who]))?;
        clock.advance(step);
        if rows.tickets.len() == PER_WRITE || nth + 1 == tickets {
            let rows = Arc::new(std::mem::take(&mut rows));
            kit.db
                .write("bench.fill", rows, |tx, rows| {
                    Box::pin(async move {
                        rows.stage(tx);
                        Ok(())
                    })
                })
                .await?;
        }
    }
    settle(kit).await?;
    Ok(0)
}

async fn staff(desk: &Desk, user_name: &str) -> anyhow::Result<(StaffId, String)> {
    use sea_orm::{ColumnTrait, QueryFilter};
    let row = entity::staff::Entity::find()
        .filter(entity::staff::Column::UserName.eq(user_name))
        .one(desk.kit.db.read())
        .await?
        .context("an account of the demonstration")?;
    Ok((row.id, row.display_name))
}

async fn residents(kit: &Kit) -> anyhow::Result<Vec<ResidentId>> {
    let mut all = Vec::with_capacity(RESIDENTS);
    let mut some = Vec::new();
    for nth in 0..RESIDENTS {
        let id: ResidentId = kit.ids.id();
        all.push(id);
        some.push(resident::ActiveModel {
            preference: Set(None),
            id: Set(id),
            kind: Set(ResidentKind::Person),
            name_sealed: Set(Some(
                kit.vault.seal_text("resident.name", &format!("压测居民{nth}"))?,
            )),
            phone_sealed: Set(Some(kit.vault.seal_text("resident.phone", &phone(nth))?)),
            phone_index: Set(Some(kit.vault.index("phone", &phone(nth)))),
            id_number_sealed: Set(None),
            id_number_index: Set(None),
            email_sealed: Set(None),
            email_index: Set(None),
            address_sealed: Set(None),
            address_index: Set(None),
            unit_id: Set(None),
            unit_path: Set(None),
            household_id: Set(None),
            labels: Set(json!([])),
            password_hash: Set(None),
            phone_verified_at: Set(None),
            disabled_at: Set(None),
            synthetic: Set(true),
            version: Set(1),
            created_at: Set(kit.now()),
            updated_at: Set(kit.now()),
        });
        if some.len() == PER_WRITE || nth + 1 == RESIDENTS {
            let rows = std::mem::take(&mut some);
            kit.db
                .write("bench.residents", rows, |tx, rows| {
                    Box::pin(async move {
                        rows.iter().for_each(|row| tx.stage(row.clone()));
                        Ok(())
                    })
                })
                .await?;
        }
    }
    Ok(all)
}

/// Events get their positions; consumers have seen them all, so that no message is sent of what was made up.
async fn settle(kit: &Kit) -> anyhow::Result<()> {
    use hotline::ledger::events;
    use hotline::platform::jobs::Pass;
    use sea_orm::QueryOrder;
    while events::sequence(&kit.db).await? != Pass::Idle {}
    let last = event::Entity::find()
        .order_by_desc(event::Column::Seq)
        .one(kit.db.read())
        .await?;
    let last = last.map_or(0, |event| event.seq);
    kit.db
        .write("bench.cursors", last, |tx, last| {
            Box::pin(async move {
                for name in ["queue_counts", "milestones"] {
                    tx.stage(consumer_cursor::ActiveModel {
                        id: Set(name.to_owned()),
                        position: Set(*last),
                        updated_at: Set(tx.now()),
                    });
                }
                Ok(())
            })
        })
        .await?;
    Ok(())
}

/// Rows to be written together.
#[derive(Default)]
struct Rows {
    tickets: Vec<ticket::Model>,
    requesters: Vec<ticket_requester::Model>,
    legs: Vec<assignment::Model>,
    clocks: Vec<clock::Model>,
    entries: Vec<ticket_entry::Model>,
    events: Vec<event::ActiveModel>,
    timers: Vec<durable_timer::Model>,
    terms: Vec<ticket_search::Model>,
}

impl Rows {
    fn stage(&self, tx: &Tx) {
        macro_rules! stage {
            ($($rows:ident),+) => {$(
                for row in &self.$rows {
                    tx.stage(row.clone().into_active_model().reset_all());
                }
            )+};
        }
        use sea_orm::ActiveModelTrait;
        stage!(tickets, requesters, legs, clocks, entries, timers, terms);
        self.events.iter().for_each(|row| tx.stage(row.clone()));
    }
}

type Routed = (entity::id::UnitId, Option<StaffId>, Option<String>, Value);

struct Maker<'a> {
    kit: &'a Kit,
    reference: &'a Reference,
    ids: IdGen,
    clock: Clock,
    now: DateTime<Utc>,
    dice: Dice,
    places: Vec<&'a Unit>,
    operator: (StaffId, String),
    leads: HashMap<entity::id::UnitId, StaffId>,
    routes: HashMap<(Uuid, String), Routed>,
}

impl Maker<'_> {
    /// One ticket's rows.
    fn ticket(
        &mut self,
        rows: &mut Rows,
        nth: usize,
        open: bool,
        (caller, resident): (usize, ResidentId),
    ) -> anyhow::Result<()> {
        let (kit, at) = (self.kit, self.clock.now());
        let matter = self.dice.pick(MATTERS);
        let place = *self.dice.pick(&self.places);
        let house = 1 + self.dice.below(200);
        let service = self
            .reference
            .catalogue
            .find(matter.0, local_day(self.now))
            .context("a service of the demonstration")?;
        let routed = self.route(service, place, u64::try_from(nth)?)?;
        let day = local_day(at);
        let serial = u64::try_from(nth)?.wrapping_mul(7919) % number::BOUND;
        let place_name = self.reference.directory.full_name(place.id);
        let id: TicketId = self.ids.id();
        let mut ticket = ticket::Model {
            id,
            number: number::make(day, serial),
            state: TicketState::Registered,
            round: 1,
            request_type: service.default_type,
            service_id: service.id,
            category: service.code.clone(),
            urgency: service.urgency,
            channel: *self.dice.pick(&[
                Channel::Phone,
                Channel::Phone,
                Channel::Phone,
                Channel::App,
                Channel::Kiosk,
            ]),
            title: matter.1.to_owned(),
            content_sealed: kit.vault.seal_text("ticket.content", matter.2)?,
            form_sealed: None,
            place_unit_id: place.id,
            place_path: place.path.clone(),
            place_name: place_name.clone(),
            address_sealed: Some(
                kit.vault
                    .seal_text("ticket.address", &format!("{}幸福路{house}号", place.name))?,
            ),
            lat: None,
            lng: None,
            confidential: false,
            anonymous: false,
            sensitive: service.sensitive,
            wants_reply: true,
            result: None,
            routes: 0,
            no_return: false,
            came_from: None,
            primary_id: None,
            followers: 0,
            proceedings: 0,
            supervised: false,
            hard_case: false,
            urges: 0,
            urged_at: None,
            appealed: false,
            rejected_by: None,
            replied_by: None,
            contacted: false,
            rated: false,
            entries: 0,
            head: Vec::new(),
            next_due_at: None,
            yellow_at: None,
            orange_at: None,
            created_at: at,
            closed_at: None,
            updated_at: at,
            version: 1,
        };
        rows.requesters.push(ticket_requester::Model {
            id: self.ids.id(),
            ticket_id: id,
            resident_id: Some(resident),
            client_id: None,
            standing: Standing::Myself,
            on_behalf_of: None,
            consent_sealed: None,
            name_sealed: Some(
                kit.vault
                    .seal_text("ticket_requester.name", &format!("压测居民{caller}"))?,
            ),
            phone_sealed: Some(kit.vault.seal_text("ticket_requester.phone", &phone(caller))?),
            phone_index: Some(kit.vault.index("phone", &phone(caller))),
            extraction_hash: None,
            created_at: at,
        });
        let text = format!("{} {} {place_name}", matter.1, matter.2);
        rows.terms.push(ticket_search::Model {
            ticket_id: id,
            terms: kit.db.search_document(&likeness::index_terms(&text)),
        });
        let script = self.script(open, &routed);
        self.live(rows, &mut ticket, &routed, &script)?;
        rows.tickets.push(ticket);
        Ok(())
    }

    /// Where requests of a service at a place go: asked once, as two handlers take turns only.
    fn route(&mut self, service: &Service, place: &Unit, turn: u64) -> anyhow::Result<Routed> {
        let key = (place.id.0, service.code.clone());
        if let Some(known) = self.routes.get(&key) {
            return Ok(known.clone());
        }
        let located = Located {
            unit: place,
            by: MatchedBy::Unit,
            found: None,
        };
        let day = local_day(self.now);
        let route = route::choose(
            self.reference,
            day,
            service,
            service.default_type,
            Channel::Phone,
            &located,
            turn,
        );
        let explanation = serde_json::to_value(route::explain(self.reference, service, &located, &route))?;
        let unit = route.unit.context("a unit for every service of the mix")?;
        let routed = (
            unit,
            route.person.map(|(id, _)| id),
            Some(route.post),
            explanation,
        );
        self.routes.insert(key, routed.clone());
        Ok(routed)
    }

    /// What was done with it, by whom.
    fn script(&mut self, open: bool, (unit, person, ..): &Routed) -> Vec<(Command, StaffId, Role)> {
        let operator = self.operator.0;
        let handler = person.unwrap_or(operator);
        let lead = self.leads.get(unit).copied().unwrap_or(operator);
        if !open && self.dice.below(100) < 60 {
            return vec![(Command::AnswerNow, operator, Role::Operator)];
        }
        let dispatch = Command::Dispatch(Place {
            unit: *unit,
            person: *person,
        });
        let rating = Rating {
            contacted: true,
            solved: true,
            satisfied: 5,
        };
        let whole = vec![
            (Command::Accept, operator, Role::Operator),
            (dispatch, operator, Role::Operator),
            (Command::Sign, handler, Role::Handler),
            (Command::FirstContact { reached: true }, handler, Role::Handler),
            (Command::Reply(TicketResult::Solved), handler, Role::Handler),
            (Command::Approve, lead, Role::UnitLead),
            (Command::Rate(rating), operator, Role::CallbackAgent),
        ];
        let steps = if open { 2 + self.dice.below(3) } else { whole.len() };
        whole.into_iter().take(steps).collect()
    }

    /// Lets a ticket live by its script, two hours a step.
    fn live(
        &self,
        rows: &mut Rows,
        ticket: &mut ticket::Model,
        routed: &Routed,
        script: &[(Command, StaffId, Role)],
    ) -> anyhow::Result<()> {
        let mut life = Life::new();
        let first = Event {
            kind: EntryKind::Registered,
            to: TicketState::Registered,
            changes: Vec::new(),
        };
        self.entry(
            rows,
            ticket,
            (&first, None),
            routed,
            (self.operator.0, Role::Operator),
        )?;
        let mut clocks: Vec<clock::Model> = Vec::new();
        for (command, staff, role) in script {
            let by = By {
                staff: Some(*staff),
                centre: false,
                requester: false,
            };
            let decision = decide(&life, command, by, Moment::default())
                .map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
            ticket.updated_at += TimeDelta::hours(2);
            for event in &decision.events {
                let before = life.state;
                life = evolve(life, event);
                self.entry(rows, ticket, (event, Some(before)), routed, (*staff, *role))?;
            }
            for tick in &decision.ticks {
                self.tick(&mut clocks, ticket, *tick);
            }
        }
        ticket.state = life.state;
        ticket.round = life.round;
        ticket.replied_by = life.replied_by;
        ticket.contacted = life.contacted;
        ticket.rated = life.rated;
        ticket.result = life.result;
        ticket.routes = life.routes;
        ticket.closed_at = (life.state == TicketState::Closed).then_some(ticket.updated_at);
        let legs = rows.legs.iter_mut().rev();
        for leg in legs.take_while(|leg| leg.ticket_id == ticket.id) {
            leg.closed_at = (!is_open(life.state)).then_some(ticket.updated_at);
        }
        let running = || {
            let open = clocks.iter().filter(|clock| clock.stopped_at.is_none());
            open.filter(|clock| clock.kind != ClockKind::Return)
        };
        ticket.next_due_at = running().map(|clock| clock.due_at).min();
        for clock in running().filter(|clock| clock.due_at > self.now) {
            rows.timers.push(durable_timer::Model {
                id: self.ids.id::<TimerId>(),
                kind: "ticket.clock".to_owned(),
                subject_id: clock.id.0,
                due_at: clock.due_at,
                attempts: 0,
                created_at: clock.started_at,
            });
        }
        rows.clocks.append(&mut clocks);
        Ok(())
    }

    fn entry(
        &self,
        rows: &mut Rows,
        ticket: &mut ticket::Model,
        (event, from): (&Event, Option<TicketState>),
        (unit, person, post, explanation): &Routed,
        (staff, role): (StaffId, Role),
    ) -> anyhow::Result<()> {
        let unit = self.reference.directory.get(*unit).context("a unit")?;
        let leads = event
            .changes
            .iter()
            .any(|change| matches!(change, Change::Lead { .. }));
        let name = |id| {
            self.reference
                .roster
                .iter()
                .find(|colleague| colleague.id == id)
                .map(|colleague| colleague.name.clone())
        };
        if leads {
            rows.legs.push(assignment::Model {
                id: self.ids.id(),
                ticket_id: ticket.id,
                nature: LegNature::Lead,
                unit_id: unit.id,
                unit_path: unit.path.clone(),
                unit_name: unit.name.clone(),
                staff_id: *person,
                staff_name: person.and_then(name),
                post: post.clone(),
                counts: true,
                explanation: explanation.clone(),
                started_at: ticket.updated_at,
                ended_at: None,
                closed_at: None,
            });
        }
        let says = matches!(
            event.kind,
            EntryKind::AnsweredNow | EntryKind::Approved | EntryKind::FirstContact
        );
        let text = says
            .then(|| {
                self.kit
                    .vault
                    .seal_text("ticket_entry.public", "已与您联系并说明处理情况，感谢您的来电。")
            })
            .transpose()?;
        let mut entry = ticket_entry::Model {
            ticket_id: ticket.id,
            seq: ticket.entries + 1,
            kind: event.kind,
            at: ticket.updated_at,
            actor_kind: ActorKind::Staff,
            actor_id: Some(staff.0),
            actor_name: if staff == self.operator.0 {
                Some(self.operator.1.clone())
            } else {
                name(staff)
            },
            role: Some(role),
            unit_id: Some(unit.id),
            unit_name: Some(unit.name.clone()),
            from_state: from,
            to_state: event.to,
            public: true,
            public_sealed: text,
            internal_sealed: None,
            data: if leads {
                json!({ "unit": unit.name, "unit_id": unit.id, "staff_id": person })
            } else {
                json!({})
            },
            hash: Vec::new(),
            request_id: Some(format!("{:024x}", ticket.id.0.as_u128() & 0xffff_ffff)),
        };
        entry.hash = chain::hash(&Link {
            previous: &ticket.head,
            entry: &entry,
        });
        ticket.entries = entry.seq;
        ticket.head.clone_from(&entry.hash);
        rows.events.push(event::ActiveModel {
            seq: NotSet,
            position: NotSet,
            id: Set(self.ids.id::<EventId>()),
            kind: Set(format!("ticket.{}", event.kind)),
            subject_kind: Set("ticket".to_owned()),
            subject_id: Set(ticket.id.0),
            unit_path: Set(Some(unit.path.clone())),
            data: Set(json!({
                "from": from, "to": event.to, "unit_before": unit.id, "unit_id": unit.id, "staff_id": person, "round": 1
            })),
            at: Set(ticket.updated_at),
        });
        rows.entries.push(entry);
        Ok(())
    }

    fn tick(&self, clocks: &mut Vec<clock::Model>, ticket: &ticket::Model, tick: Tick) {
        let (at, round) = (ticket.updated_at, ticket.round);
        let stops = |clock: &clock::Model| {
            clock.stopped_at.is_none()
                && match tick {
                    Tick::StopAll => true,
                    Tick::Stop(kind) => clock.kind == kind,
                    _ => false,
                }
        };
        for clock in clocks.iter_mut().filter(|clock| stops(clock)) {
            clock.stopped_at = Some(at);
        }
        if let Tick::Start(kind) = tick {
            let days = if kind == ClockKind::Resolve { 40 } else { 30 };
            clocks.push(clock::Model {
                id: self.ids.id::<ClockId>(),
                ticket_id: ticket.id,
                proceeding_id: None,
                unit_id: None,
                unit_path: None,
                counts: true,
                kind,
                round,
                amount: days,
                unit: LimitUnit::CalendarDays,
                policy_id: None,
                calendar_version: 1,
                provisional: false,
                started_at: at,
                due_at: at + TimeDelta::days(i64::from(days)),
                first_due_at: at + TimeDelta::days(i64::from(days)),
                extended: 0,
                extensions: 0,
                pauses: json!([]),
                paused_at: None,
                by_plan: false,
                stage: 0,
                stopped_at: None,
                breached_at: None,
            });
        }
    }
}
