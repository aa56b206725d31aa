//! The way of a ticket: who had it how long, and how returns of such tickets were ruled.

use super::detail::find_for;
use crate::access::permit::Caller;
use crate::access::policy::{district_of, sees_internal};
use crate::platform::error::AppError;
use crate::platform::kit::Kit;
use crate::platform::personal::{blot, mask_numbers};
use crate::reference::Reference;
use crate::tickets::commands::look::{Look, look};
use crate::tickets::dto::{HandOut, HandsOut, PrecedentOut, PrecedentsOut, WorkSlipOut};
use crate::tickets::facts;
use crate::tickets::rules::number;
use crate::tickets::store::{self, label};
use crate::tickets::view;
use entity::id::{TicketId, UnitId};
use entity::kind::{Looked, ProceedingKind, ProceedingState};
use entity::{assignment, proceeding, ticket};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

/// Rulings that are shown at most.
const SHOWN: u64 = 20;

/// Units that had the ticket, in order.
///
/// # Errors
/// `NotFound`.
pub async fn hands(
    kit: &Kit,
    reference: &Reference,
    caller: &Caller,
    id: TicketId,
) -> Result<HandsOut, AppError> {
    let conn = &kit.db.reader().await?;
    let (_, acting) = find_for(conn, caller, id).await?;
    let internal = sees_internal(acting.role);
    let legs = assignment::Entity::find()
        .filter(assignment::Column::TicketId.eq(id))
        .order_by_asc(assignment::Column::Id)
        .all(conn)
        .await?;
    let items = legs.into_iter().map(|leg| {
        let until = leg.ended_at.or(leg.closed_at).unwrap_or_else(|| kit.now());
        let calendar = reference.calendars.of(&leg.unit_path);
        let working_minutes = calendar.worked(leg.started_at, until).num_minutes();
        HandOut {
            unit_id: leg.unit_id,
            unit_name: leg.unit_name,
            nature: leg.nature,
            staff_name: leg.staff_name.filter(|_| internal),
            from: leg.started_at,
            to: leg.ended_at,
            minutes: (until - leg.started_at).num_minutes(),
            working_minutes,
        }
    });
    Ok(HandsOut {
        items: items.collect(),
    })
}

/// What a third party needs; who took it is kept like every look.
///
/// # Errors
/// `NotFound`.
pub async fn work_slip(
    kit: &Kit,
    reference: &Reference,
    caller: &Caller,
    id: TicketId,
) -> Result<WorkSlipOut, AppError> {
    let conn = kit.db.reader().await?;
    let loaded = store::find(&conn, id).await?;
    let acting = facts::allow_alone(&caller.actor, caller.op, &loaded)?;
    let clocks = store::clocks(&conn, id).await?;
    drop(conn);
    let ticket = &loaded.ticket;
    let vault = &kit.vault;
    let names = view::names(vault, &loaded)?;
    let hidden = ticket.confidential || ticket.sensitive;
    let clean = |text: &str| blot(&mask_numbers(text), &names);
    let open = loaded.proceedings.iter().filter(|row| {
        row.ended_at.is_none() && matches!(row.kind, ProceedingKind::Task | ProceedingKind::Whistle)
    });
    let mut tasks = Vec::new();
    for row in open {
        let text = vault.open_optional(label::PROCEEDING, row.asked_sealed.as_ref())?;
        tasks.extend(text.map(|text| clean(&text)));
    }
    let matter = vault.open_text(label::CONTENT, &ticket.content_sealed)?;
    let service = reference.catalogue.get(ticket.service_id);
    let category_name = service.map(|service| service.name.clone()).unwrap_or_default();
    let out = WorkSlipOut {
        number: number::spoken(&ticket.number),
        // The requester's own words stay out of it.
        title: if hidden {
            category_name.clone()
        } else {
            clean(&ticket.title)
        },
        category_name,
        urgency: ticket.urgency,
        place: ticket.place_name.clone(),
        matter: (!hidden).then(|| clean(&matter)),
        tasks,
        promised_at: view::promised(&clocks),
    };
    let looked = Look {
        ticket: id,
        what: Looked::Ticket,
        acting,
    };
    look(&kit.db, caller, looked).await?;
    Ok(out)
}

/// Rulings about returns of tickets of the same service, the asking unit's first.
///
/// # Errors
/// `NotFound`.
pub async fn precedents(
    kit: &Kit,
    reference: &Reference,
    caller: &Caller,
    id: TicketId,
) -> Result<PrecedentsOut, AppError> {
    let conn = &kit.db.reader().await?;
    let (loaded, _) = find_for(conn, caller, id).await?;
    let unit = loaded.lead().map(|leg| leg.unit_id);
    let category = &loaded.ticket.category;
    let district = district_of(&loaded.ticket.place_path);
    let ruled = |state| {
        proceeding::Entity::find()
            .filter(proceeding::Column::Kind.eq(ProceedingKind::Return))
            .filter(proceeding::Column::Category.eq(category))
            .filter(proceeding::Column::EndedAt.is_not_null())
            .filter(proceeding::Column::UnitPath.starts_with(&district))
            .filter(proceeding::Column::State.is_in(state))
    };
    let both = vec![ProceedingState::Granted, ProceedingState::Refused];
    let latest = |own: bool| {
        let of_unit = match (unit, own) {
            (Some(unit), true) => proceeding::Column::UnitId.eq(unit),
            (Some(unit), false) => proceeding::Column::UnitId.ne(unit),
            (None, own) => Expr::value(!own),
        };
        ruled(both.clone())
            .filter(of_unit)
            .order_by_desc(proceeding::Column::Id)
            .limit(SHOWN)
            .all(conn)
    };
    let mut rows = latest(true).await?;
    rows.extend(latest(false).await?);
    rows.truncate(usize::try_from(SHOWN).unwrap_or(usize::MAX));
    let numbers = numbers(conn, &rows).await?;
    let name = |id: Option<UnitId>| {
        let unit = reference.directory.get(id?)?;
        Some(unit.name.clone())
    };
    let text = |sealed: &Option<Vec<u8>>| {
        let opened = kit.vault.open_optional(label::PROCEEDING, sealed.as_ref())?;
        Ok::<_, AppError>(opened.map(|text| mask_numbers(&text)))
    };
    let items = rows.iter().map(|row| {
        let number = numbers.iter().find(|(id, ..)| *id == row.ticket_id);
        // Of confidential and sensitive ones the ruling is told, not the words.
        let hidden = number.is_none_or(|(_, _, hidden)| *hidden);
        let text = |sealed: &Option<Vec<u8>>| if hidden { Ok(None) } else { text(sealed) };
        Ok(PrecedentOut {
            id: row.id,
            number: number
                .map(|(_, number, _)| number::spoken(number))
                .unwrap_or_default(),
            unit_name: row.unit_name.clone(),
            same_unit: row.unit_id == unit,
            ground: row.ground,
            ruling: row.state,
            target_unit_name: name(row.target_unit_id),
            asked: text(&row.asked_sealed)?,
            answered: text(&row.answered_sealed)?,
            ruled_at: row.ended_at,
        })
    });
    Ok(PrecedentsOut {
        granted: ruled(vec![ProceedingState::Granted]).count(conn).await?,
        refused: ruled(vec![ProceedingState::Refused]).count(conn).await?,
        items: items.collect::<Result<_, AppError>>()?,
    })
}

async fn numbers(
    conn: &impl ConnectionTrait,
    rows: &[proceeding::Model],
) -> Result<Vec<(TicketId, String, bool)>, AppError> {
    let found = ticket::Entity::find()
        .select_only()
        .columns([ticket::Column::Id, ticket::Column::Number])
        .expr_as(
            Expr::col(ticket::Column::Confidential).or(Expr::col(ticket::Column::Sensitive)),
            "hidden",
        )
        .filter(ticket::Column::Id.is_in(rows.iter().map(|row| row.ticket_id)))
        .into_tuple()
        .all(conn)
        .await?;
    Ok(found)
}
