//! `LIMIT` written out for SQLite. It looks at the value that is bound to a `LIMIT` when it plans, and so plans anew
//! whenever one is bound: each question for one row would cost its parsing and planning again.

use sea_orm::{DbBackend, Statement, Value};

/// The statement with its last bound value in place, if that is a `LIMIT` and the database is SQLite.
#[must_use]
pub fn written_out(mut statement: Statement) -> Statement {
    if statement.db_backend != DbBackend::Sqlite {
        return statement;
    }
    let Some(head) = statement.sql.strip_suffix(" LIMIT ?") else {
        return statement;
    };
    let Some(values) = &mut statement.values else {
        return statement;
    };
    if let Some(Value::BigUnsigned(Some(limit))) = values.0.last() {
        statement.sql = format!("{head} LIMIT {limit}");
        values.0.pop();
    }
    statement
}

#[cfg(test)]
mod tests {
    use super::*;
    use sea_orm::{EntityTrait, QuerySelect, QueryTrait};

    #[test]
    fn only_sqlite_gets_it_written_out() {
        let one = |backend| written_out(entity::ticket::Entity::find().limit(7).build(backend));
        let sqlite = one(DbBackend::Sqlite);
        assert!(sqlite.sql.ends_with(" LIMIT 7"), "{}", sqlite.sql);
        assert_eq!(sqlite.values.map(|values| values.0), Some(Vec::new()));
        assert!(one(DbBackend::Postgres).sql.ends_with(" LIMIT $1"));
    }
}
