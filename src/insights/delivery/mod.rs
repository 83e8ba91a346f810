//! How a service is delivered: the five figures of DORA in two factors, and its incidents apart from them.
//!
//! One service and one environment at a time; figures are counted from the raw rows of the period, never from other
//! figures. What counts is a deploy or a rollback; flags, settings, migrations and infrastructure are changes too, but
//! nobody deploys them. Only *confirmed* causes count; suspected ones are a band above. An incident counts once.

pub mod model;
pub mod pages;
pub mod queries;
pub mod views;
