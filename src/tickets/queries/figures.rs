//! The figures of units in a span of time: sums by the database over that span alone, never over all there is.

use crate::platform::error::AppError;
use crate::platform::id::least_at;
use crate::tickets::rules::figures::{Sums, weight};
use chrono::{DateTime, Utc};
use entity::id::{AssignmentId, CallbackId, ProceedingId};
use entity::kind::{ClockKind, LegNature, ProceedingKind, ProceedingState};
use entity::{assignment, callback, clock, proceeding, ticket};
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait, Func, Query, SelectStatement, SimpleExpr};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IdenStatic, QueryFilter};
use std::collections::BTreeMap;

/// From, and before.
pub type Span = (DateTime<Utc>, DateTime<Utc>);

/// Sums by the path of the unit; under "" what no unit did: answers on the line.
pub type ByUnit = BTreeMap<String, Sums>;

/// The sums of all units in a span of time.
///
/// # Errors
/// When the database does not answer.
pub async fn of_units(
    conn: &impl ConnectionTrait,
    span: Span,
    now: DateTime<Utc>,
) -> Result<ByUnit, AppError> {
    let mut all = ByUnit::new();
    clocks(conn, span, now, &mut all).await?;
    ratings(conn, span, &mut all).await?;
    routes(conn, span, &mut all).await?;
    returns(conn, span, &mut all).await?;
    replies(conn, span, &mut all).await?;
    rests(conn, span, now, &mut all).await?;
    Ok(all)
}

/// How many rows a condition holds for.
fn count_where(condition: SimpleExpr) -> SimpleExpr {
    let one: SimpleExpr = CaseStatement::new().case(condition, 1).finally(0).into();
    Func::sum(one).into()
}

/// How many tickets a condition holds for.
fn tickets_where(condition: SimpleExpr, ticket: SimpleExpr) -> SimpleExpr {
    let one: SimpleExpr = CaseStatement::new().case(condition, ticket).into();
    Func::count_distinct(one).into()
}

/// Rows of `unit_path` and numbers, each added to the sums of its unit.
async fn add<const N: usize>(
    conn: &impl ConnectionTrait,
    path: impl IdenStatic,
    numbers: [SimpleExpr; N],
    mut select: SelectStatement,
    all: &mut ByUnit,
    put: impl Fn([i64; N]) -> Sums,
) -> Result<(), AppError> {
    select.expr_as(Expr::col(path), "unit_path");
    for (at, number) in numbers.into_iter().enumerate() {
        // PostgreSQL sums integers of 8 bytes to a decimal number.
        select.expr_as(number.cast_as("bigint"), format!("n{at}"));
    }
    select.group_by_col(path);
    for row in conn.query_all(&select).await? {
        let unit: Option<String> = row.try_get("", "unit_path")?;
        let mut found = [0; N];
        for (at, number) in found.iter_mut().enumerate() {
            *number = row.try_get::<Option<i64>>("", &format!("n{at}"))?.unwrap_or(0);
        }
        *all.entry(unit.unwrap_or_default()).or_default() += put(found);
    }
    Ok(())
}

/// Limits that ended in the span: by the day on which they were due.
async fn clocks(
    conn: &impl ConnectionTrait,
    (from, to): Span,
    now: DateTime<Utc>,
    all: &mut ByUnit,
) -> Result<(), AppError> {
    use clock::Column as C;
    let before = |end: C| Expr::col(C::StoppedAt).lt(Expr::col(end));
    for kind in [ClockKind::Sign, ClockKind::Resolve] {
        // What runs and is not due yet, or stands still, is neither kept nor broken.
        let broken = Expr::col(C::DueAt).lte(now).and(Expr::col(C::PausedAt).is_null());
        let over = Expr::col(C::StoppedAt).is_not_null().or(broken);
        let select = Query::select()
            .from(clock::Entity)
            .and_where(Expr::col(C::Kind).eq(kind))
            // In these words, so that the embedded database finds the index.
            .and_where(Expr::cust("kind IN ('sign', 'resolve')"))
            .and_where(Expr::col(C::DueAt).gte(from))
            .and_where(Expr::col(C::DueAt).lt(to))
            .and_where(Expr::col(C::Counts).eq(true))
            .and_where(over)
            .to_owned();
        let numbers = [
            Expr::col(C::Id).count(),
            count_where(before(C::DueAt)),
            count_where(before(C::DueAt).and(before(C::FirstDueAt))),
            count_where(Expr::col(C::Extensions).gt(0)),
        ];
        let put = |[due, kept, kept_first, extended]: [i64; 4]| match kind {
            ClockKind::Sign => Sums {
                sign_due: due,
                signed: kept,
                ..Sums::default()
            },
            _ => Sums {
                resolve_due: due,
                resolved: kept,
                resolved_first: kept_first,
                extended,
                ..Sums::default()
            },
        };
        add(conn, C::UnitPath, numbers, select, all, put).await?;
    }
    Ok(())
}

/// What requesters said in the span.
async fn ratings(conn: &impl ConnectionTrait, (from, to): Span, all: &mut ByUnit) -> Result<(), AppError> {
    use callback::Column as C;
    let select = Query::select()
        .from(callback::Entity)
        .and_where(Expr::col(C::AnsweredAt).gte(from))
        .and_where(Expr::col(C::AnsweredAt).lt(to))
        .and_where(Expr::col(C::Solved).is_not_null())
        .to_owned();
    let numbers = [
        Expr::col(C::Id).count(),
        count_where(Expr::col(C::Contacted).eq(true)),
        count_where(Expr::col(C::Solved).eq(true)),
        count_where(Expr::col(C::Satisfied).is_not_null()),
        count_where(Expr::col(C::Satisfied).gte(4)),
        count_where(Expr::col(C::Satisfied).eq(3)),
    ];
    let put = |[reached, contacted, solved, rated, good, fair]: [i64; 6]| Sums {
        reached,
        contacted,
        solved,
        rated,
        weight: good * weight(4) + fair * weight(3),
        ..Sums::default()
    };
    add(conn, C::UnitPath, numbers, select, all, put).await
}

/// Tickets that units got in the span, and whether they wanted to give them back; each unit counts its own.
async fn routes(conn: &impl ConnectionTrait, (from, to): Span, all: &mut ByUnit) -> Result<(), AppError> {
    use assignment::Column as C;
    let select = Query::select()
        .from(assignment::Entity)
        .and_where(Expr::col(C::Id).gte(least_at::<AssignmentId>(from)))
        .and_where(Expr::col(C::Id).lt(least_at::<AssignmentId>(to)))
        .and_where(Expr::col(C::Nature).eq(LegNature::Lead))
        .and_where(Expr::col(C::Counts).eq(true))
        .to_owned();
    let returned = Query::select()
        .expr(Expr::val(1))
        .from(proceeding::Entity)
        .and_where(
            Expr::col((proceeding::Entity, proceeding::Column::TicketId))
                .eq(Expr::col((assignment::Entity, C::TicketId))),
        )
        .and_where(
            Expr::col((proceeding::Entity, proceeding::Column::UnitId))
                .eq(Expr::col((assignment::Entity, C::UnitId))),
        )
        .and_where(Expr::col((proceeding::Entity, proceeding::Column::Kind)).eq(ProceedingKind::Return))
        .to_owned();
    let put = |[dispatched, returned]: [i64; 2]| Sums {
        dispatched,
        returned,
        ..Sums::default()
    };
    let numbers = [
        Expr::col(C::TicketId).count_distinct(),
        tickets_where(
            Expr::exists(returned),
            Expr::col((assignment::Entity, C::TicketId)),
        ),
    ];
    add(conn, C::UnitPath, numbers, select, all, put).await
}

/// What came of the returns that were asked for in the span.
async fn returns(conn: &impl ConnectionTrait, (from, to): Span, all: &mut ByUnit) -> Result<(), AppError> {
    use proceeding::Column as C;
    let select = Query::select()
        .from(proceeding::Entity)
        .and_where(Expr::col(C::Id).gte(least_at::<ProceedingId>(from)))
        .and_where(Expr::col(C::Id).lt(least_at::<ProceedingId>(to)))
        .and_where(Expr::col(C::Kind).eq(ProceedingKind::Return))
        .to_owned();
    let ruled = [ProceedingState::Granted, ProceedingState::Refused];
    let numbers = [
        count_where(Expr::col(C::State).is_in(ruled)),
        count_where(Expr::col(C::State).eq(ProceedingState::Granted)),
    ];
    let put = |[ruled, granted]: [i64; 2]| Sums {
        ruled,
        granted,
        ..Sums::default()
    };
    add(conn, C::UnitPath, numbers, select, all, put).await
}

/// Replies that were approved in the span, and whether the matter was taken up again.
async fn replies(conn: &impl ConnectionTrait, (from, to): Span, all: &mut ByUnit) -> Result<(), AppError> {
    use callback::Column as C;
    let select = Query::select()
        .from(callback::Entity)
        .and_where(Expr::col(C::Id).gte(least_at::<CallbackId>(from)))
        .and_where(Expr::col(C::Id).lt(least_at::<CallbackId>(to)))
        .and_where(Expr::col(C::UnitPath).is_not_null())
        .and_where(Expr::col(C::Counts).eq(true))
        .to_owned();
    let again = Query::select()
        .expr(Expr::val(1))
        .from(ticket::Entity)
        .and_where(
            Expr::col((ticket::Entity, ticket::Column::Id)).eq(Expr::col((callback::Entity, C::TicketId))),
        )
        .and_where(
            Expr::col((ticket::Entity, ticket::Column::Round)).gt(Expr::col((callback::Entity, C::Round))),
        )
        .to_owned();
    let numbers = [
        Expr::col(C::TicketId).count_distinct(),
        tickets_where(Expr::exists(again), Expr::col((callback::Entity, C::TicketId))),
    ];
    let put = |[completed, reworked]: [i64; 2]| Sums {
        completed,
        reworked,
        ..Sums::default()
    };
    add(conn, C::UnitPath, numbers, select, all, put).await
}

/// How long tickets rested that were suspended in the span; few are.
async fn rests(
    conn: &impl ConnectionTrait,
    (from, to): Span,
    now: DateTime<Utc>,
    all: &mut ByUnit,
) -> Result<(), AppError> {
    let rows = proceeding::Entity::find()
        .filter(proceeding::Column::Id.gte(least_at::<ProceedingId>(from)))
        .filter(proceeding::Column::Id.lt(least_at::<ProceedingId>(to)))
        .filter(proceeding::Column::Kind.eq(ProceedingKind::Suspension))
        .all(conn)
        .await?;
    for row in rows {
        let until = row.ended_at.unwrap_or(now);
        let suspended_minutes = (until - row.opened_at).num_minutes();
        *all.entry(row.unit_path.unwrap_or_default()).or_default() += Sums {
            suspended_minutes,
            ..Sums::default()
        };
    }
    Ok(())
}
