//! hotline: the backend of a 12345 community service hotline.
//!
//! The order of these modules is the rule of dependency: a module may name only those of the groups above its own.
//! `tests/it/tiers.rs` reads this file and holds the rule.

pub mod platform;

pub mod access;

pub mod ledger;

pub mod attachments;
pub mod notify;
pub mod settings;

pub mod orgs;

pub mod catalog;
pub mod clients;
pub mod residents;
pub mod sla;
pub mod staff;

pub mod auth;
pub mod duty;
pub mod routing;

pub mod reference;

pub mod events;
pub mod intake;

pub mod tickets;
pub mod webhooks;

pub mod callbell;
pub mod calls;
pub mod exports;
pub mod imports;
pub mod open311;

pub mod admin;

pub mod demo;

pub mod simulate;

pub mod app;

pub mod cli;
