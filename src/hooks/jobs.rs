//! Reading stored deliveries, after the sender has had its answer.

use super::queries::{self, Outcome, ToRead};
use super::record::{self, Task};
use super::rules::model::{Judged, judge};
use super::{queries_sizes, rules};
use crate::clock::Moment;
use crate::db::Conn;
use crate::error::Error;
use crate::jobs::model::Job;

/// The kind of the job.
pub const READ_DELIVERY: &str = "hooks.read_delivery";

/// Reads one delivery, asks the rules, and does what it says.
///
/// # Errors
/// The database's; the job is then tried again. A delivery that cannot be understood is no error but ignored.
pub fn read_delivery(c: &mut Conn, job: &Job, now: Moment) -> Result<(), Error> {
    let ToRead { delivery_id, how } =
        serde_json::from_str(&job.payload).map_err(|error| Error::Fault(error.to_string()))?;
    let whole = queries::delivery(c, delivery_id)?;
    let rules = rules::queries::of_source(c, whole.source.id)?;
    let task = Task { whole: &whole, rules: &rules, how, now };
    let outcome = match judge(whole.read(), &rules) {
        Judged::Nothing(reason, pushes) => {
            for push in &pushes {
                queries_sizes::keep(c, &task.actor(), push, now)?;
            }
            Ok(Outcome::ignored(reason))
        }
        Judged::Change(message) => {
            for push in &message.pushes {
                queries_sizes::keep(c, &task.actor(), push, now)?;
            }
            record::change(c, task, &message)
        }
        Judged::Alerts(drafts) => record::alerts(c, task, &drafts),
    };
    let outcome = match outcome {
        // Refused before anything was written: it will be refused again, so it is told and not tried again.
        Err(Error::Invalid(errors)) => {
            Outcome::ignored(errors.iter().map(|error| error.message.clone()).collect::<Vec<_>>().join(" "))
        }
        other => other?,
    };
    queries::settle(c, whole.delivery.id, &outcome, now)
}
