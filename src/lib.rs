//! hotline: the backend of a 12345 community service hotline.

pub mod platform;

pub mod access;

pub mod ledger;

pub mod orgs;

pub mod catalog;
pub mod residents;
pub mod sla;

pub mod routing;

pub mod tickets;
