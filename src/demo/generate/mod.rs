//! `hotline generate`: any number of synthetic tickets over a year, of a mix as hotlines have it. Which matters, from
//! where, at which hour, and what becomes of each follows from the seed; the rules of the application decide each step,
//! and its own writer writes the rows. Nobody is told of what was made up.

mod arrivals;
mod clocks;
pub mod dice;
mod district;
mod life;
mod matters;
mod rows;
mod script;

use crate::access::authenticate::local_day;
use crate::catalog::rules::Service;
use crate::ledger::events;
use crate::orgs::rules::Unit;
use crate::platform::db::Db;
use crate::platform::kit::Kit;
use crate::reference::Desk;
use crate::settings;
use crate::tickets::rules::{likeness, number};
use crate::tickets::{CONSUMERS, label};
use anyhow::{Context, ensure};
use arrivals::Arrivals;
use chrono::{DateTime, TimeDelta, Utc};
pub use dice::Dice;
use district::District;
use entity::id::{ResidentId, TicketId};
use entity::kind::{Channel, ResidentKind, Standing, TicketState, Urgency};
use entity::{resident, ticket, ticket_requester, ticket_search};
use life::{Begun, Living, World};
pub use matters::{MATTERS, Matter};
use rows::Rows;
use sea_orm::{ActiveValue::Set, EntityTrait, PaginatorTrait};
use serde_json::json;
use std::sync::Arc;
use tokio::task::JoinHandle;

/// The year that is filled, in days.
const DAYS: u64 = 365;
/// Tickets that are written together.
const PER_WRITE: usize = 250;
/// Residents that are written together.
const CALLERS_PER_WRITE: usize = 400;

/// What to make.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// So many tickets.
    pub tickets: usize,
    /// From this seed.
    pub seed: u64,
}

/// What was made.
#[derive(Clone, Copy, Debug, Default)]
pub struct Made {
    /// Residents who called.
    pub callers: usize,
    /// Tickets.
    pub tickets: usize,
    /// Entries of their timelines.
    pub entries: usize,
}

/// Residents who call when there are so many tickets: each calls five times a year.
#[must_use]
pub fn callers(tickets: usize) -> usize {
    (tickets / 5).clamp(20, 190_000)
}

/// The number of the nth caller: of blocks of 13x 0000 and 18x 0000, whose numbers nobody is given, but for those of the
/// demonstration's own residents.
#[must_use]
pub fn phone(nth: usize) -> String {
    const BLOCKS: [&str; 19] = [
        "130", "131", "132", "133", "134", "135", "136", "137", "138", "180", "181", "182", "183", "184",
        "185", "186", "187", "188", "189",
    ];
    let block = BLOCKS.get(nth / 10_000).unwrap_or(&"130");
    format!("+86{block}0000{:04}", nth % 10_000)
}

/// Fills a demonstration that has no tickets. Nothing else may write to the database meanwhile.
///
/// # Errors
/// When it is no demonstration, has tickets, or does not answer.
pub async fn run(desk: &Desk, order: Order, mut tell: impl FnMut(Made)) -> anyhow::Result<Made> {
    let kit = &desk.kit;
    let marked = settings::store::get(kit.db.read(), super::MARK).await?;
    ensure!(marked.is_some(), "this database is no demonstration");
    let there = ticket::Entity::find().count(kit.db.read()).await?;
    ensure!(
        there == 0,
        "the demonstration has {there} tickets; begin with an empty one"
    );
    let reference = desk.reference().await?;
    let mut dice = Dice(order.seed);
    let callers = residents(kit, callers(order.tickets)).await?;
    let district = District::new(kit, &reference, &mut dice).await?;
    let mut maker = Maker {
        kit,
        arrivals: Arrivals::new(reference.calendars.of("/"), DAYS, kit.now()),
        district,
        dice,
        now: kit.now(),
        order,
        callers,
        made: Made::default(),
    };
    maker.made.callers = maker.callers.len();
    let mut position = events::last_position(kit.db.read()).await?;
    let mut writing: Option<JoinHandle<anyhow::Result<()>>> = None;
    while maker.made.tickets < order.tickets {
        let mut rows = Rows::default();
        let some = PER_WRITE.min(order.tickets - maker.made.tickets);
        for _ in 0..some {
            maker.ticket(&mut rows)?;
        }
        if !kit.db.is_sqlite() {
            // As the sequencer would, which a million of them would keep busy for hours.
            for row in &mut rows.events {
                position += 1;
                row.position = Set(Some(position));
            }
        }
        // The next are made while these are written.
        if let Some(before) = writing.take() {
            before.await??;
        }
        writing = Some(tokio::spawn(write(kit.db.clone(), rows)));
        tell(maker.made);
    }
    if let Some(last) = writing {
        last.await??;
    }
    settle(&kit.db).await?;
    Ok(maker.made)
}

async fn write(db: Db, rows: Rows) -> anyhow::Result<()> {
    let rows = Arc::new(rows);
    db.write("generate.tickets", rows, |tx, rows| Box::pin(rows.write(tx)))
        .await?;
    Ok(())
}

/// Consumers have seen what was made up: nobody is told of it.
async fn settle(db: &Db) -> anyhow::Result<()> {
    let last = events::last_position(db.read()).await?;
    db.write("generate.cursors", last, |tx, last| {
        Box::pin(async move {
            for name in CONSUMERS {
                events::skip(tx, name, *last).await?;
            }
            Ok(())
        })
    })
    .await?;
    Ok(())
}

async fn residents(kit: &Kit, n: usize) -> anyhow::Result<Vec<ResidentId>> {
    let mut all = Vec::with_capacity(n);
    let mut some = Vec::new();
    for nth in 0..n {
        let id: ResidentId = kit.ids.id();
        all.push(id);
        some.push(caller(kit, id, nth)?);
        if some.len() == CALLERS_PER_WRITE || nth + 1 == n {
            kit.db
                .write("generate.residents", std::mem::take(&mut some), |tx, rows| {
                    Box::pin(async move {
                        for row in rows {
                            tx.stage(row.clone());
                        }
                        Ok(())
                    })
                })
                .await?;
        }
    }
    Ok(all)
}

fn caller(kit: &Kit, id: ResidentId, nth: usize) -> anyhow::Result<resident::ActiveModel> {
    let (phone, now) = (phone(nth), kit.now());
    Ok(resident::ActiveModel {
        id: Set(id),
        kind: Set(ResidentKind::Person),
        name_sealed: Set(Some(kit.vault.seal_text("resident.name", &name(nth))?)),
        phone_sealed: Set(Some(kit.vault.seal_text("resident.phone", &phone)?)),
        phone_index: Set(Some(kit.vault.index("phone", &phone))),
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
        preference: Set(None),
        synthetic: Set(true),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
    })
}

fn name(nth: usize) -> String {
    format!("虚构居民{nth}")
}

/// A request as it comes in.
#[derive(Clone, Copy)]
struct Request<'a> {
    id: TicketId,
    at: DateTime<Utc>,
    matter: Matter,
    place: &'a Unit,
    service: &'a Service,
}

struct Maker<'a> {
    kit: &'a Kit,
    district: District<'a>,
    arrivals: Arrivals,
    dice: Dice,
    now: DateTime<Utc>,
    order: Order,
    callers: Vec<ResidentId>,
    made: Made,
}

impl Maker<'_> {
    /// Makes the next ticket, and all that became of it until now.
    fn ticket(&mut self, rows: &mut Rows) -> anyhow::Result<()> {
        let nth = self.made.tickets;
        let at = self.arrivals.at(nth, self.order.tickets);
        let calendar = self.district.reference.calendars.of("/");
        let at_work = calendar.worked(at, at + TimeDelta::minutes(1)) > TimeDelta::zero();
        let matter = *self.dice.weighted(MATTERS, |matter| {
            if matter.at_home && !at_work {
                matter.weight * 3
            } else {
                matter.weight
            }
        });
        let place = self.district.place(&mut self.dice);
        let service = self.district.service(matter.code)?;
        let turn = self.dice.any();
        let routed = self.district.route(service, place, turn)?;
        let caller = self.dice.below(self.callers.len());
        let requester = *self.callers.get(caller).context("a caller")?;
        let request = Request {
            id: self.dice.id(at, 0),
            at,
            matter,
            place,
            service,
        };
        rows.requesters.push(self.requester(&request, caller, requester)?);
        let ticket = self.row(&request)?;
        let text = format!("{} {} {}", matter.title, matter.text, ticket.place_name);
        rows.terms.push(ticket_search::Model {
            ticket_id: ticket.id,
            terms: self.kit.db.search_document(&likeness::index_terms(&text)),
        });
        let urgent = matches!(service.urgency, Urgency::P0 | Urgency::P1);
        let script = script::script(&mut self.dice, urgent);
        let world = World {
            kit: self.kit,
            district: &self.district,
            now: self.now,
            grace_days: self.kit.config.jobs.callback_grace_days,
        };
        let begun = Begun {
            ticket,
            place,
            routed,
            requester,
            relapses: service.relapse,
        };
        let before = rows.entries.len();
        Living::new(&world, &mut self.dice, begun).live(&script, rows)?;
        self.made.tickets += 1;
        self.made.entries += rows.entries.len() - before;
        Ok(())
    }

    /// The row of a ticket that was just registered.
    fn row(&mut self, request: &Request<'_>) -> anyhow::Result<ticket::Model> {
        let Request {
            id,
            at,
            matter,
            place,
            service,
        } = *request;
        let house = 1 + self.dice.below(200);
        let address = format!("{}幸福路{house}号", place.name);
        let serial = u64::try_from(self.made.tickets)?.wrapping_mul(7_919) % number::BOUND;
        Ok(ticket::Model {
            id,
            number: number::make(local_day(at), serial),
            state: TicketState::Registered,
            round: 1,
            request_type: service.default_type,
            service_id: service.id,
            category: service.code.clone(),
            urgency: service.urgency,
            channel: self.channel(),
            phone_call_id: None,
            former_number: None,
            title: matter.title.to_owned(),
            content_sealed: self.kit.vault.seal_text(label::CONTENT, matter.text)?,
            form_sealed: None,
            place_unit_id: place.id,
            place_path: place.path.clone(),
            place_name: self.district.reference.directory.full_name(place.id),
            address_sealed: Some(self.kit.vault.seal_text(label::ADDRESS, &address)?),
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
        })
    }

    fn channel(&mut self) -> Channel {
        let channels = [
            Channel::Phone,
            Channel::App,
            Channel::Web,
            Channel::Kiosk,
            Channel::Tv,
        ];
        *self.dice.weighted(&channels, |channel| match channel {
            Channel::Phone => 68,
            Channel::App => 22,
            Channel::Web => 5,
            Channel::Kiosk => 4,
            _ => 1,
        })
    }

    fn requester(
        &mut self,
        request: &Request<'_>,
        nth: usize,
        resident: ResidentId,
    ) -> anyhow::Result<ticket_requester::Model> {
        let (vault, phone) = (&self.kit.vault, phone(nth));
        Ok(ticket_requester::Model {
            id: self.dice.id(request.at, 1),
            ticket_id: request.id,
            resident_id: Some(resident),
            client_id: None,
            standing: Standing::Myself,
            on_behalf_of: None,
            consent_sealed: None,
            name_sealed: Some(vault.seal_text(label::NAME, &name(nth))?),
            phone_sealed: Some(vault.seal_text(label::PHONE, &phone)?),
            phone_index: Some(vault.index("phone", &phone)),
            extraction_hash: None,
            created_at: request.at,
        })
    }
}
