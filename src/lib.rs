//! hotline: the backend of a 12345 community service hotline.

pub mod platform;

pub mod access;

pub mod ledger;
