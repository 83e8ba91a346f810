//! Looking for damage: the file itself, references, and the rules that every write keeps.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::Conn;
use crate::error::Error;

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Rules that hold after every transaction, as queries that count the rows that break them.
const RULES: &[(&str, &str)] = &[
    (
        "incidents whose number the counter has not given out",
        "SELECT count(*) AS count FROM incidents WHERE number > (SELECT value FROM counters WHERE name = 'incident')",
    ),
    (
        "deploys whose number the counter has not given out",
        "SELECT count(*) AS count FROM deploys WHERE number > (SELECT value FROM counters WHERE name = 'deploy')",
    ),
    (
        "action items whose number the counter has not given out",
        "SELECT count(*) AS count FROM action_items
         WHERE number > (SELECT value FROM counters WHERE name = 'action_item')",
    ),
    (
        "incidents without a single timeline event",
        "SELECT count(*) AS count FROM incidents i
         WHERE NOT EXISTS (SELECT 1 FROM timeline_events e WHERE e.incident_id = i.id)",
    ),
    (
        "resolved incidents without the time of it",
        "SELECT count(*) AS count FROM incidents WHERE status = 'resolved' AND resolved_at IS NULL",
    ),
    (
        "links of incident and deploy without a word of history",
        "SELECT count(*) AS count FROM incident_deploys l
         WHERE NOT EXISTS (SELECT 1 FROM incident_deploy_verdicts v
             WHERE v.incident_id = l.incident_id AND v.deploy_id = l.deploy_id)",
    ),
    (
        "postmortems whose current revision is missing",
        "SELECT count(*) AS count FROM postmortems p
         WHERE p.current_revision > 0 AND NOT EXISTS (SELECT 1 FROM postmortem_revisions r
             WHERE r.postmortem_id = p.id AND r.number = p.current_revision)",
    ),
    (
        "published postmortems without the revision that was published",
        "SELECT count(*) AS count FROM postmortems WHERE status = 'published' AND published_revision IS NULL",
    ),
    (
        "finished action items without evidence",
        "SELECT count(*) AS count FROM action_items a WHERE a.status IN ('done', 'verified')
         AND NOT EXISTS (SELECT 1 FROM action_item_evidence e WHERE e.action_item_id = a.id)",
    ),
    (
        "declined action items without a reason",
        "SELECT count(*) AS count FROM action_items WHERE status = 'declined' AND declined_reason IS NULL",
    ),
    (
        "deliveries that wait without a job",
        "SELECT count(*) AS count FROM deliveries d WHERE d.verdict = 'waiting'
         AND NOT EXISTS (SELECT 1 FROM jobs WHERE kind = 'hooks.read_delivery')",
    ),
    (
        "deliveries that were recorded without their deploy",
        "SELECT count(*) AS count FROM deliveries WHERE verdict = 'recorded' AND deploy_id IS NULL",
    ),
    (
        "deliveries that became a signal without it",
        "SELECT count(*) AS count FROM deliveries WHERE verdict = 'alerted' AND signal_id IS NULL",
    ),
];

/// Everything that is not as it must be, a line each; none when all is well.
///
/// # Errors
/// The database's.
pub fn faults(c: &mut Conn) -> Result<Vec<String>, Error> {
    let mut faults = Vec::new();
    if let Conn::Sqlite(c) = c {
        let lines: Vec<Line> =
            diesel::sql_query("SELECT integrity_check AS line FROM pragma_integrity_check").load(c)?;
        faults.extend(lines.into_iter().map(|found| found.line).filter(|line| line != "ok"));
        let lines: Vec<Line> = diesel::sql_query(
            "SELECT \"table\" || ' row ' || rowid || ' refers to a missing row of ' || parent AS line
             FROM pragma_foreign_key_check LIMIT 100",
        )
        .load(c)?;
        faults.extend(lines.into_iter().map(|found| found.line));
    }
    for (rule, query) in RULES {
        let Count { count } = diesel::sql_query(*query).get_result(c)?;
        if count > 0 {
            faults.push(format!("{count} {rule}"));
        }
    }
    Ok(faults)
}
