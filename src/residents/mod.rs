//! The register of residents and merchants.
pub mod rules;
