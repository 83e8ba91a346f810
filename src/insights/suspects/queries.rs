//! The verdicts of a period.

use diesel::prelude::*;

use super::model::Figures;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{incident_reckonings, suspect_verdicts};
use crate::error::Error;
use crate::suspects::model::JudgedPair;

/// Most verdicts that are counted, the newest first.
pub const VERDICT_LIMIT: i64 = 5_000;

/// The figures of the verdicts that were said from `from` on.
///
/// # Errors
/// The database's.
pub fn figures(c: &mut Conn, from: Moment) -> Result<Figures, Error> {
    let pairs: Vec<JudgedPair> = suspect_verdicts::table
        .filter(suspect_verdicts::said_at.ge(from))
        .order((suspect_verdicts::said_at.desc(), suspect_verdicts::id.desc()))
        .limit(VERDICT_LIMIT)
        .select(JudgedPair::as_select())
        .load(c)?;
    let causeless: Vec<Option<f64>> = incident_reckonings::table
        .filter(incident_reckonings::nothing_at.ge(from))
        .order((incident_reckonings::nothing_at.desc(), incident_reckonings::incident_id.desc()))
        .limit(VERDICT_LIMIT)
        .select(incident_reckonings::nothing_best)
        .load(c)?;
    let causeless: Vec<f64> = causeless.into_iter().flatten().collect();
    Ok(Figures::count(&pairs, &causeless))
}
