//! Wire shapes of services. A new service over HTTP and a line of a catalogue file are the same shape.

mod answer;
mod parse;
mod request;

pub use answer::{ResolveLimit, Responsible, ServiceOut};
pub use request::{DecisionIn, ProposalIn, ServiceIn, ServicePatch, ServicesQuery};
