//! *What happened*: the event log in commit order and its consumers, the audit log, durable timers. All of it
//! is written in the transaction that made it true. Owns `event`, `consumer_cursor`, `audit` and `durable_timer`.

pub mod audit;
pub mod events;
pub mod stream;
pub mod tail;
pub mod timers;
