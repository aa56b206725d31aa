//! Rows only: what a table is. No function with I/O, no request type; answers are built elsewhere.
#![expect(
    clippy::disallowed_methods,
    reason = "the model macro writes code that begins transactions"
)]

pub mod id;
pub mod kind;

pub mod access_record;
pub mod api_client;
pub mod assignment;
pub mod assignment_policy;
pub mod attachment;
pub mod audit;
pub mod authorization_code;
pub mod calendar_day;
pub mod calendar_year;
pub mod callback;
pub mod callbell_alarm;
pub mod callbell_call;
pub mod callbell_camera_view;
pub mod callbell_device;
pub mod callbell_entry;
pub mod callbell_event;
pub mod callbell_fixture;
pub mod callbell_handover;
pub mod callbell_home;
pub mod callbell_kin;
pub mod callbell_ladder;
pub mod callbell_patrol_read;
pub mod callbell_quarantine;
pub mod client_secret;
pub mod clock;
pub mod closure;
pub mod consumer_cursor;
pub mod deadline_policy;
pub mod delivery;
pub mod durable_timer;
pub mod duty_contact;
pub mod event;
pub mod export;
pub mod handover;
pub mod household;
pub mod idempotency;
pub mod import;
pub mod import_line;
pub mod notice;
pub mod otp;
pub mod phone_call;
pub mod proceeding;
pub mod queue_count;
pub mod resident;
pub mod resident_contact;
pub mod role_grant;
pub mod routing_rule;
pub mod routing_turn;
pub mod service;
pub mod session;
pub mod setting;
pub mod shift;
pub mod shift_member;
pub mod signing_key;
pub mod staff;
pub mod staff_absence;
pub mod term;
pub mod throttle;
pub mod ticket;
pub mod ticket_entry;
pub mod ticket_requester;
pub mod ticket_search;
pub mod unit;
pub mod unit_hours;
pub mod webhook;
pub mod webhook_attempt;
pub mod webhook_message;
