//! Which change may have caused an incident: pure, deterministic, explainable.
//!
//! A [`Case`] goes in: when it began, which service alerted, the graph of dependencies, the changes around that time.
//! A [`Ranking`] comes out: a probability for every change and for *none of these*, which together are 1, with
//! reasons in words.
//!
//! How it thinks: changes arrive, and each hurts with a small probability, after a lag, and the alert fires on its
//! own service or on one that needs it. Incidents without a recorded change happen as well. How long the lag is,
//! where alerts fire and how often a change is to blame at all differ from team to team and are not known. So it
//! keeps a grid of such worlds ([`Beliefs`]) and weighs each by how well it explains the incidents so far; a verdict
//! of a person makes an incident speak more clearly, but it need not be there. Nothing here was fitted to one world.
//!
//! It must never know a database, a clock or a random number, and no person is ever among its signals.

mod beliefs;
mod case;
mod features;
mod graph;
mod lag;
mod rank;
mod written;

pub use beliefs::{Beliefs, Outcome};
pub use case::{Candidate, Case, Choice, Fate, Kind, Surroundings, Tier};
pub use features::{Reason, Rule};
pub use graph::Graph;
pub use rank::{Certainty, LIKELY, POSSIBLE, Ranking, Suspect, rank};
