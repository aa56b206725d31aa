//! The statements that each operation runs, by the builders that the application uses, with the values that a real
//! request bound. They are kept in step with the code by hand: bench/README.md tells how they were counted.

use crate::bare::{Bare, Case, Differs, Load, Step, Steps};
use anyhow::Context;
use entity::id::{SessionId, TicketId};
use entity::kind::{ActorKind, Looked, Role, TicketState};
use entity::{
    access_record, assignment, attachment, clock, durable_timer, event, idempotency, resident, ticket,
    ticket_entry, ticket_requester, ticket_search,
};
use hotline::access::Reach;
use hotline::access::actor::Actor;
use hotline::access::authenticate::local_day;
use hotline::demo::generate;
use hotline::platform::db::together;
use hotline::platform::kit::Kit;
use hotline::tickets::queries::{detail, list};
use sea_orm::ActiveValue::NotSet;
use sea_orm::sea_query::{Expr, ExprTrait, InsertStatement, Order, SelectStatement};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DbBackend, EntityTrait, IntoActiveModel, JoinType, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, RelationDef, Statement, StatementBuilder,
};
use std::collections::HashSet;
use std::sync::Arc;
use uuid::Uuid;

/// As `access::authenticate` has it.
const SESSION: &str = "\
SELECT s.subject_kind, s.subject_id, s.second_factor, st.display_name, r.id AS resident_id,
       g.role, g.unit_id, g.posts, u.name AS unit_name, u.path AS unit_path, p.path AS former_path
  FROM session s
  LEFT JOIN staff st ON st.id = s.subject_id AND st.disabled_at IS NULL
  LEFT JOIN resident r ON r.id = s.subject_id AND r.disabled_at IS NULL
  LEFT JOIN role_grant g ON g.staff_id = st.id AND g.valid_from <= $2 AND (g.valid_to IS NULL OR g.valid_to >= $2)
  LEFT JOIN unit u ON u.id = g.unit_id
  LEFT JOIN unit p ON p.successor_id = u.id
 WHERE s.id = $1 AND s.revoked_at IS NULL AND s.expires_at > $3
 ORDER BY g.id, p.path";

/// How many cases a load goes through before it begins again.
const CASES: usize = 2_000;

/// Tickets under way, the newest first, of which nothing is due by itself for an hour: else they would change under our
/// hands.
pub async fn under_way(kit: &Kit) -> anyhow::Result<Vec<ticket::Model>> {
    let soon = kit.now() + chrono::TimeDelta::hours(1);
    let to_timer: RelationDef = clock::Entity::belongs_to(durable_timer::Entity)
        .from(clock::Column::Id)
        .to(durable_timer::Column::SubjectId)
        .into();
    let due: HashSet<TicketId> = clock::Entity::find()
        .select_only()
        .column(clock::Column::TicketId)
        .join(JoinType::InnerJoin, to_timer)
        .filter(durable_timer::Column::DueAt.lt(soon))
        .into_tuple()
        .all(kit.db.read())
        .await?
        .into_iter()
        .collect();
    let found = ticket::Entity::find()
        .filter(ticket::Column::State.is_in([TicketState::Dispatched, TicketState::InProgress]))
        .order_by_desc(ticket::Column::Id);
    let mut open = found.all(kit.db.read()).await?;
    open.retain(|ticket| !due.contains(&ticket.id));
    Ok(open)
}

/// Makes the loads of the bare driver.
pub struct Maker<'a> {
    kit: &'a Kit,
    backend: DbBackend,
    session: SessionId,
    district: String,
}

impl<'a> Maker<'a> {
    /// For who is logged in by this session and reaches this district.
    pub fn new(kit: &'a Kit, bare: &Bare, session: SessionId, district: String) -> Self {
        Self {
            kit,
            backend: bare.backend(),
            session,
            district,
        }
    }

    fn authenticate(&self, steps: &mut Steps) -> Step {
        let now = self.kit.now();
        let values = [self.session.0.into(), local_day(now).into(), now.into()];
        steps.step(
            Statement::from_sql_and_values(self.backend, SESSION, values),
            &Differs::default(),
        )
    }

    fn load(&self, steps: &Steps, cases: Vec<Case>) -> Arc<Load> {
        Load::new(cases, steps.ids(), self.kit.ids.clone())
    }

    /// `GET /tickets/{id}`.
    pub fn get(&self, tickets: &[TicketId]) -> Arc<Load> {
        let mut steps = Steps::default();
        let cases = tickets.iter().map(|id| {
            let mut before = vec![self.authenticate(&mut steps)];
            let mut add = |statement: Statement| before.push(steps.step(statement, &Differs::default()));
            let backend = self.backend;
            add(StatementBuilder::build(&detail::joined(*id), &backend));
            let clocks = clock::Entity::find().filter(clock::Column::TicketId.eq(*id));
            add(clocks.order_by_asc(clock::Column::StartedAt).build(backend));
            let timeline = ticket_entry::Entity::find().filter(ticket_entry::Column::TicketId.eq(*id));
            add(timeline.order_by_asc(ticket_entry::Column::Seq).build(backend));
            let files = attachment::Entity::find().filter(attachment::Column::TicketId.eq(*id));
            add(files.order_by_asc(attachment::Column::Id).build(backend));
            let look = self.look(*id);
            let differs = Differs {
                ids: [look.id.0].into(),
                ..Differs::default()
            };
            let look = insert(vec![look.into_active_model().reset_all()]);
            let within = vec![steps.step(StatementBuilder::build(&look, &backend), &differs)];
            Case { before, within }
        });
        let cases = cases.collect();
        self.load(&steps, cases)
    }

    /// Who looked at a ticket, as it is kept.
    fn look(&self, id: TicketId) -> access_record::Model {
        access_record::Model {
            ticket_id: id,
            id: self.kit.ids.id(),
            at: self.kit.now(),
            what: Looked::Ticket,
            actor_kind: ActorKind::Staff,
            actor_id: Some(self.session.0),
            actor_name: Some("演示话务员".to_owned()),
            role: Role::Operator,
            unit_id: Some(self.kit.ids.id()),
            unit_name: Some("蓬江区".to_owned()),
            request_id: Some("5796576053587751cffe1f3e".to_owned()),
        }
    }

    fn legs(&self, id: TicketId) -> Statement {
        assignment::Entity::find()
            .filter(assignment::Column::TicketId.eq(id))
            .filter(assignment::Column::EndedAt.is_null())
            .build(self.backend)
    }

    fn requesters(&self, id: TicketId) -> Statement {
        ticket_requester::Entity::find()
            .filter(ticket_requester::Column::TicketId.eq(id))
            .order_by_asc(ticket_requester::Column::Id)
            .build(self.backend)
    }

    /// `GET /tickets`, before this ticket or from the beginning.
    pub fn list(&self, before: Option<TicketId>) -> Arc<Load> {
        let mut page = self.page();
        if let Some(before) = before {
            page.and_where(Expr::col((ticket::Entity, ticket::Column::Id)).lt(before));
        }
        self.pages(vec![page])
    }

    /// `GET /tickets?q=…`: words that fill a page from the newest tickets.
    pub fn search(&self, words: &[&str]) -> anyhow::Result<Arc<Load>> {
        let db = &self.kit.db;
        let pages = words.iter().map(|word| {
            let found = list::found_lately(db, word, None)?;
            Ok(self.page().and_where(found).to_owned())
        });
        Ok(self.pages(pages.collect::<anyhow::Result<_>>()?))
    }

    fn page(&self) -> SelectStatement {
        let reach = Reach {
            districts: vec![self.district.clone()],
            ..Reach::default()
        };
        let mut page = list::select();
        page.cond_where(list::scope(&self.kit.db, &Actor::Anonymous, &reach))
            .order_by((ticket::Entity, ticket::Column::Id), Order::Desc)
            .limit(21);
        page
    }

    fn pages(&self, pages: Vec<SelectStatement>) -> Arc<Load> {
        let mut steps = Steps::default();
        let cases = pages.into_iter().map(|page| {
            let statement = StatementBuilder::build(&page, &self.backend);
            let before = vec![
                self.authenticate(&mut steps),
                steps.step(statement, &Differs::default()),
            ];
            Case {
                before,
                within: Vec::new(),
            }
        });
        let cases = cases.collect();
        self.load(&steps, cases)
    }

    /// `POST /tickets`, after this one that the server has just registered for a caller whom it knows.
    pub async fn create(&self, id: TicketId) -> anyhow::Result<Arc<Load>> {
        let rows = Rows::of(self.kit, id).await?;
        let mut steps = Steps::default();
        let differs = Differs {
            ids: rows.ids(),
            text: Some(rows.ticket.number.clone()),
            key: Some(rows.answer.id.clone()),
            ..Differs::default()
        };
        let before = vec![self.authenticate(&mut steps)];
        let mut within = Vec::new();
        let mut add = |statement: Statement| within.push(steps.step(statement, &differs));
        let backend = self.backend;
        add(idempotency::Entity::find_by_id(rows.answer.id.clone()).build(backend));
        let phone = self.kit.vault.index("phone", &generate::phone(0));
        let callers = resident::Entity::find().filter(resident::Column::PhoneIndex.eq(phone));
        add(callers
            .order_by_asc(resident::Column::Id)
            .limit(100)
            .build(backend));
        rows.insert(backend).into_iter().for_each(&mut add);
        Ok(self.load(&steps, vec![Case { before, within }]))
    }

    /// `POST /tickets/{id}/actions` with a note, after this ticket that has just got one.
    pub async fn note(&self, id: TicketId) -> anyhow::Result<Arc<Load>> {
        let noted = Rows::of(self.kit, id).await?;
        // Those that the server is not asked to note anything on meanwhile: their versions are known.
        let tickets = under_way(self.kit).await?.into_iter().skip(1).step_by(2);
        let entry = noted.entries.last().context("an entry")?;
        let event = noted.events.last().context("an event")?;
        let mut steps = Steps::default();
        let cases = tickets.take(CASES).map(|ticket| {
            let differs = Differs {
                ids: [event.id.0].into(),
                key: Some(noted.answer.id.clone()),
                versions: Some((ticket.version, ticket.version + 1)),
                serial: Some(i64::MAX),
                ..Differs::default()
            };
            let before = vec![self.authenticate(&mut steps)];
            let mut within = Vec::new();
            let mut add = |statement: Statement| within.push(steps.step(statement, &differs));
            let backend = self.backend;
            add(idempotency::Entity::find_by_id(noted.answer.id.clone()).build(backend));
            add(ticket::Entity::find_by_id(ticket.id)
                .lock_exclusive()
                .build(backend));
            add(self.legs(ticket.id));
            add(self.requesters(ticket.id));
            let seen = ticket.version;
            let next = ticket::Model {
                version: seen + 1,
                ..ticket.clone()
            };
            let update = ticket::Entity::update_many()
                .set(next.into_active_model().reset_all())
                .filter(ticket::Column::Id.eq(ticket.id))
                .filter(ticket::Column::Version.eq(seen));
            add(update.build(backend));
            let entry = ticket_entry::Model {
                ticket_id: ticket.id,
                seq: i64::MAX,
                ..entry.clone()
            };
            let mut event = placeless(event.clone());
            event.subject_id = sea_orm::ActiveValue::Set(ticket.id.0);
            let inserts = vec![
                insert(vec![entry.into_active_model().reset_all()]),
                insert(vec![event]),
                insert(vec![noted.answer.clone().into_active_model().reset_all()]),
            ];
            staged(backend, inserts).into_iter().for_each(&mut add);
            Case { before, within }
        });
        let cases = cases.collect();
        Ok(self.load(&steps, cases))
    }
}

fn insert<A: ActiveModelTrait>(rows: Vec<A>) -> InsertStatement {
    A::Entity::insert_many(rows).into_query()
}

/// What a transaction put aside: one statement on PostgreSQL, one for each table on SQLite.
fn staged(backend: DbBackend, mut inserts: Vec<InsertStatement>) -> Vec<Statement> {
    match (backend, inserts.pop()) {
        (DbBackend::Postgres, Some(last)) => {
            vec![together(backend, inserts, last)]
        }
        (_, last) => {
            let all = inserts.into_iter().chain(last);
            all.map(|insert| StatementBuilder::build(&insert, &backend))
                .collect()
        }
    }
}

/// An event as it is inserted: the database counts.
fn placeless(event: event::Model) -> event::ActiveModel {
    event::ActiveModel {
        seq: NotSet,
        position: NotSet,
        ..event.into_active_model().reset_all()
    }
}

/// What stands in the database of a ticket.
struct Rows {
    ticket: ticket::Model,
    requesters: Vec<ticket_requester::Model>,
    legs: Vec<assignment::Model>,
    clocks: Vec<clock::Model>,
    timers: Vec<durable_timer::Model>,
    entries: Vec<ticket_entry::Model>,
    events: Vec<event::Model>,
    terms: Option<ticket_search::Model>,
    /// The newest answer that was kept.
    answer: idempotency::Model,
}

impl Rows {
    async fn of(kit: &Kit, id: TicketId) -> anyhow::Result<Self> {
        let conn = kit.db.read();
        let clocks = clock::Entity::find()
            .filter(clock::Column::TicketId.eq(id))
            .all(conn)
            .await?;
        let timers = durable_timer::Entity::find()
            .filter(durable_timer::Column::SubjectId.is_in(clocks.iter().map(|clock| clock.id.0)))
            .all(conn)
            .await?;
        let entries = ticket_entry::Entity::find().filter(ticket_entry::Column::TicketId.eq(id));
        let events = event::Entity::find().filter(event::Column::SubjectId.eq(id.0));
        let terms = ticket_search::Entity::find().filter(ticket_search::Column::TicketId.eq(id));
        let answers = idempotency::Entity::find().order_by_desc(idempotency::Column::CreatedAt);
        Ok(Self {
            ticket: ticket::Entity::find_by_id(id)
                .one(conn)
                .await?
                .context("the ticket")?,
            requesters: ticket_requester::Entity::find()
                .filter(ticket_requester::Column::TicketId.eq(id))
                .all(conn)
                .await?,
            legs: assignment::Entity::find()
                .filter(assignment::Column::TicketId.eq(id))
                .all(conn)
                .await?,
            clocks,
            timers,
            entries: entries.order_by_asc(ticket_entry::Column::Seq).all(conn).await?,
            events: events.order_by_asc(event::Column::Seq).all(conn).await?,
            terms: terms.one(conn).await?,
            answer: answers.one(conn).await?.context("an answer that was kept")?,
        })
    }

    fn ids(&self) -> std::collections::HashSet<Uuid> {
        let mut ids: std::collections::HashSet<Uuid> = [self.ticket.id.0].into();
        ids.extend(self.requesters.iter().map(|row| row.id.0));
        ids.extend(self.legs.iter().map(|row| row.id.0));
        ids.extend(self.clocks.iter().map(|row| row.id.0));
        ids.extend(self.timers.iter().map(|row| row.id.0));
        ids.extend(self.events.iter().map(|row| row.id.0));
        ids
    }

    /// In the order in which a registration stages them.
    fn insert(&self, backend: DbBackend) -> Vec<Statement> {
        macro_rules! all {
            ($rows:expr) => {
                insert(
                    $rows
                        .iter()
                        .cloned()
                        .map(|row| row.into_active_model().reset_all())
                        .collect(),
                )
            };
        }
        let mut statements = vec![all!(self.entries)];
        statements.push(insert(self.events.iter().cloned().map(placeless).collect()));
        statements.push(all!(self.legs));
        statements.push(all!(self.clocks));
        statements.push(all!(self.timers));
        statements.push(all!([&self.ticket].map(Clone::clone)));
        statements.push(all!(self.requesters));
        statements.extend(self.terms.iter().map(|terms| all!([terms.clone()])));
        statements.push(all!([self.answer.clone()]));
        staged(backend, statements)
    }
}
