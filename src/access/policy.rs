//! THE policy: one table role × operation × scope. The server decides from it, lists are cut by it, the test
//! of every combination is made from it, and it prints as a matrix that people can read.
//!
//! An operation that is not in the table has no marker type, so its handler does not compile.

mod client;
mod reach;
mod sight;
mod table;

pub use client::{Leave, client_scope, program_leaves};
use entity::kind::Role;
pub use reach::{Facts, Owner, Reach, coarse, decide, district_of};
pub use sight::{Sight, identity_sight, sees_internal};
pub use table::{Op, op};

/// How far a role reaches in an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// What is the actor's own: a resident's tickets, a client's, one's own account.
    Own,
    /// What the unit of the role has in hands.
    Unit,
    /// The unit and all below it.
    Subtree,
    /// The whole district of the unit.
    District,
    /// No log-in needed.
    Public,
}

/// An operation as a type: what a handler names in its signature.
pub trait Operation: 'static {
    /// The operation.
    const OP: Op;
}

/// The scope of a role in an operation, or of staff who hold none.
#[must_use]
pub fn scope(op: Op, role: impl Into<Option<Role>>) -> Option<Scope> {
    let role = role.into();
    op.grants()
        .iter()
        .find(|(granted, _)| *granted == role)
        .map(|(_, scope)| *scope)
}

/// The matrix as text: operations down, roles across, and last who holds none.
#[must_use]
pub fn matrix() -> String {
    use std::fmt::Write;
    let mut out = String::new();
    let _ = writeln!(
        out,
        "O own · U unit · S subtree · D district · P public · . not allowed\n"
    );
    let columns: Vec<Option<Role>> = Role::ALL.iter().copied().map(Some).chain([None]).collect();
    let _ = write!(out, "{:<26}", "");
    for role in &columns {
        let _ = write!(out, " {:>4}", abbreviation(*role));
    }
    out.push('\n');
    for op in Op::ALL {
        let _ = write!(out, "{:<26}", op.id());
        for role in &columns {
            let mark = match (op.is_public(), scope(*op, *role)) {
                (true, _) => "P",
                (_, Some(Scope::Own)) => "O",
                (_, Some(Scope::Unit)) => "U",
                (_, Some(Scope::Subtree)) => "S",
                (_, Some(Scope::District)) => "D",
                (_, Some(Scope::Public)) => "P",
                (_, None) => ".",
            };
            let _ = write!(out, " {mark:>4}");
        }
        out.push('\n');
    }
    let _ = writeln!(out);
    for role in columns {
        let (word, chinese) = role.map_or(("staff without a role", "无岗位人员"), |role| {
            (role.word(), role.chinese())
        });
        let _ = writeln!(out, "{:>4} = {word} {chinese}", abbreviation(role));
    }
    out
}

fn abbreviation(role: Option<Role>) -> String {
    let parts: Vec<&str> = role.map_or("none", Role::word).split('_').collect();
    match parts.as_slice() {
        [one] => one.chars().take(4).collect(),
        [first, second, ..] => first.chars().take(2).chain(second.chars().take(2)).collect(),
        [] => String::new(),
    }
}
