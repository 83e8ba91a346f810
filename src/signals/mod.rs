//! Signals: alerts and anomalies that came in, grouped by the sender's own key.
//!
//! A sender's module reads bytes into an [`model::AlertDraft`]; this room keeps one signal for each group of them,
//! firing or resolved. However often an alert comes, it stays one signal. A rule or a person turns a signal into an
//! incident or attaches it to one; firing and resolved then stand on that incident's timeline, once each.
//!
//! Invariants: the same alerts in any order, however often each is sent, end in the same signal; an alert never
//! resolves an incident, only people do.

pub mod api;
pub mod forms;
pub mod model;
pub mod model_rules;
pub mod model_signal;
pub mod pages;
pub mod queries;
pub mod queries_attach;
pub mod queries_list;
pub mod queries_rules;
pub mod views;
