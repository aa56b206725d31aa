//! Tickets that hold the words of a search.

use super::col;
use crate::platform::db::Db;
use crate::platform::error::{AppError, Rule};
use crate::tickets::rules::likeness;
use entity::id::TicketId;
use entity::{ticket, ticket_search};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, Order, Query, SelectStatement, SimpleExpr};

/// Tickets that hold the words.
///
/// # Errors
/// `InvalidInput` for words that can't be looked for.
pub fn found(db: &Db, words: &str) -> Result<SimpleExpr, AppError> {
    let hits = hits(db.search_condition(&phrases(words)?));
    if db.is_sqlite() {
        return Ok(col(ticket::Column::Id).in_subquery(hits));
    }
    // As an array, the hits are looked up first, by their index. Joined, PostgreSQL may rather follow the key from the
    // newest ticket and read the words of each: for a rare word that is all of them.
    let all = Func::cust("ARRAY").arg(Expr::SubQuery(None, Box::new(hits.into())));
    Ok(col(ticket::Column::Id).eq(Func::cust("ANY").arg(all)))
}

/// How far back a search looks first: a word of which one ticket in a hundred tells fills a page from so many, and the
/// hits among all tickets need not be gathered and sorted.
const LATELY: u64 = 2_000;

/// The newest hits that the embedded database looks at first: its index tells them in the order of their registration.
const LATEST_HITS: u64 = 1_000;

/// The same, among the newest tickets or those next before one.
///
/// # Errors
/// As `found`.
pub fn found_lately(db: &Db, words: &str, before: Option<TicketId>) -> Result<SimpleExpr, AppError> {
    if db.is_sqlite() {
        let mut hits = hits(db.search_condition(&phrases(words)?));
        if let Some(before) = before {
            hits.and_where(Expr::col(ticket_search::Column::TicketId).lt(before));
        }
        hits.order_by(Alias::new("rowid"), Order::Desc).limit(LATEST_HITS);
        return Ok(col(ticket::Column::Id).in_subquery(hits));
    }
    let mut first = Query::select();
    first
        .column(ticket_search::Column::TicketId)
        .from(ticket_search::Entity)
        .order_by(ticket_search::Column::TicketId, Order::Desc)
        .limit(1)
        .offset(LATELY);
    // Words by an expression that their index does not serve: the newest tickets are to be read, not all hits.
    let words = Expr::cust_with_expr("($1) IS TRUE", db.search_condition(&phrases(words)?));
    let mut hits = hits(words);
    let id = || Expr::col(ticket_search::Column::TicketId);
    if let Some(before) = before {
        first.and_where(id().lt(before));
        hits.and_where(id().lt(before));
    }
    hits.and_where(id().gte(Expr::SubQuery(None, Box::new(first.into()))));
    Ok(col(ticket::Column::Id).in_subquery(hits))
}

fn phrases(words: &str) -> Result<Vec<Vec<String>>, AppError> {
    if words.chars().count() > 50 {
        return Err(AppError::field("?q", Rule::TooLong(50)));
    }
    likeness::query_phrases(words)
        .ok_or_else(|| AppError::field("?q", Rule::Form("letters, digits or Chinese characters")))
}

fn hits(words: SimpleExpr) -> SelectStatement {
    Query::select()
        .column(ticket_search::Column::TicketId)
        .from(ticket_search::Entity)
        .and_where(words)
        .to_owned()
}
