//! Full text, in each database's own form: an FTS5 phrase on SQLite, a `tsquery` on PostgreSQL. Terms are made by the
//! application, so that both find the same.

use super::Db;
use sea_orm::sea_query::{BinOper, Expr, ExprTrait, SimpleExpr};

impl Db {
    /// A column of which nearly every row has the value that is asked for. SQLite would rather read them all by an index
    /// and sort them than follow the order that is wanted, so it gets an expression that no index serves; PostgreSQL
    /// counts values, and would be misled by one.
    #[must_use]
    pub fn unindexed(&self, column: Expr) -> SimpleExpr {
        if self.is_sqlite() {
            column.binary(BinOper::Custom("||"), "")
        } else {
            column
        }
    }

    /// What the index stores of terms in order.
    #[must_use]
    pub fn search_document(&self, terms: &[String]) -> String {
        if self.is_sqlite() {
            return terms.join(" ");
        }
        // A tsvector literal; positions beyond its limit of 16,383 are dropped, and so are the words there.
        let placed = terms
            .iter()
            .zip(1..16_383)
            .map(|(term, at)| format!("'{term}':{at}"));
        placed.collect::<Vec<_>>().join(" ")
    }

    /// The condition on table `ticket_search` that all phrases are found. Terms hold letters and digits only.
    #[must_use]
    pub fn search_condition(&self, phrases: &[Vec<String>]) -> SimpleExpr {
        if self.is_sqlite() {
            let query: Vec<String> = phrases
                .iter()
                .map(|phrase| format!("\"{}\"", phrase.join(" ")))
                .collect();
            return Expr::cust_with_values("ticket_search MATCH ?", [query.join(" AND ")]);
        }
        let phrase = |terms: &Vec<String>| {
            let quoted: Vec<String> = terms.iter().map(|term| format!("'{term}'")).collect();
            format!("({})", quoted.join(" <-> "))
        };
        let query: Vec<String> = phrases.iter().map(phrase).collect();
        Expr::cust_with_values("bigrams @@ $1::tsquery", [query.join(" & ")])
    }
}
