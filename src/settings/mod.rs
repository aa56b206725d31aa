//! Settings that change at run time, and the version of all reference data. Owns `setting`.

pub mod store;

/// The setting that holds what messages begin with.
pub const SIGNATURE: &str = "sms_signature";
/// The setting that holds the days for which a call-back may be left open.
pub const CALLBACK_GRACE_DAYS: &str = "callback_grace_days";
