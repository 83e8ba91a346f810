//! Signals: alerts and anomalies that came in, grouped by the sender's own key.
//!
//! A sender's module reads bytes into an [`model::AlertDraft`]; this room keeps one signal for each group of them,
//! firing or resolved. However often an alert comes, it stays one signal.

pub mod model;
