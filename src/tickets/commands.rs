//! What can be done: registering, acting, answering a call-back.

pub mod act;
pub mod anonymous;
pub mod bulk;
pub mod callback;
pub mod emergency;
pub mod historical;
pub mod look;
mod meaning;
mod prepare;
mod refusal;
pub mod register;
pub(super) mod routed;

use crate::access::permit::Caller;
use crate::platform::kit::Kit;
use crate::reference::Reference;
use std::sync::Arc;

/// What every command works with: the tools, the reference data of the moment, and who asks.
#[derive(Clone)]
pub struct Setting {
    /// The tools.
    pub kit: Kit,
    /// The reference data.
    pub reference: Arc<Reference>,
    /// Who asks.
    pub caller: Caller,
}
