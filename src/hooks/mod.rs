//! What other programs send: the door at `/hooks/<sender>/<source>`.
//!
//! A delivery is checked against the source's secret on its raw bytes, stored as it came, answered at once, and
//! read afterwards by a job. Doubles and disorder change nothing, and what is not understood is kept and shown with
//! the reason. One module a sender; it is pure and touches neither database nor clock.

pub mod cli;
pub mod github;
pub mod jobs;
pub mod model;
pub mod queries;
pub mod receive;
