//! Looking for damage: the file itself, references, and the rules that every write keeps.

use diesel::connection::SimpleConnection;
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
        "factors whose count of incidents is wrong",
        "SELECT count(*) AS count FROM contributing_factors x
         WHERE x.incident_count <> (SELECT count(*) FROM incident_factors f WHERE f.factor_id = x.id)",
    ),
    (
        "services, tags and factors of incidents with another time or kind than theirs",
        "SELECT (SELECT count(*) FROM incident_services s JOIN incidents i ON i.id = s.incident_id
                 WHERE s.struck_at <> i.started_at OR s.incident_kind <> i.kind)
              + (SELECT count(*) FROM incident_tags t JOIN incidents i ON i.id = t.incident_id
                 WHERE t.struck_at <> i.started_at)
              + (SELECT count(*) FROM incident_factors f JOIN incidents i ON i.id = f.incident_id
                 WHERE f.struck_at <> i.started_at) AS count",
    ),
    (
        "people of deploys with another time than theirs",
        "SELECT count(*) AS count FROM deploy_people p JOIN deploys d ON d.id = p.deploy_id
         WHERE p.happened_at <> d.happened_at",
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
        "review verdicts about a revision that is missing",
        "SELECT count(*) AS count FROM review_verdicts v
         WHERE NOT EXISTS (SELECT 1 FROM postmortem_revisions r
             WHERE r.postmortem_id = v.postmortem_id AND r.number = v.revision)",
    ),
    (
        "answered review requests without a verdict",
        "SELECT count(*) AS count FROM review_requests q WHERE q.answered_at IS NOT NULL
         AND NOT EXISTS (SELECT 1 FROM review_verdicts v
             WHERE v.postmortem_id = q.postmortem_id AND v.user_id = q.user_id)",
    ),
    (
        "public versions with a link and nothing behind it",
        "SELECT count(*) AS count FROM public_versions WHERE token IS NOT NULL AND shared_markdown IS NULL",
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
        "suspects of incidents that were never reckoned",
        "SELECT count(*) AS count FROM incident_suspects s
         WHERE NOT EXISTS (SELECT 1 FROM incident_reckonings r WHERE r.incident_id = s.incident_id)",
    ),
    (
        "chances of suspects that add up to more than one",
        "SELECT count(*) AS count FROM incident_reckonings r
         WHERE r.none_probability + r.others_probability + (SELECT coalesce(sum(s.probability), 0)
             FROM incident_suspects s WHERE s.incident_id = r.incident_id AND s.part = 'cause') > 1.000001",
    ),
    (
        "blocked action items without a reason, or that are closed",
        "SELECT count(*) AS count FROM action_items
         WHERE blocked_at IS NOT NULL AND (blocked_reason IS NULL OR closed_at IS NOT NULL)",
    ),
    (
        "action items that were put off without a word of history",
        "SELECT count(*) AS count FROM action_items a WHERE a.put_off_count > 0
         AND NOT EXISTS (SELECT 1 FROM action_item_changes c WHERE c.action_item_id = a.id AND c.field = 'put_off')",
    ),
    (
        "action items that are closed without the time of it, or open with one",
        "SELECT count(*) AS count FROM action_items
         WHERE (status IN ('open', 'in_progress')) <> (closed_at IS NULL)",
    ),
    (
        "deploys that were undone, by a mark that stands, and are not rolled back",
        "SELECT count(*) AS count FROM deploy_marks m JOIN deploys d ON d.id = m.marked_id
         WHERE m.mark = 'undoes' AND m.taken_back_at IS NULL AND d.status <> 'rolled_back'",
    ),
    (
        "ticked things of a checklist without a word of who ticked them",
        "SELECT count(*) AS count FROM checklist_items i WHERE i.ticked_at IS NOT NULL
         AND NOT EXISTS (SELECT 1 FROM checklist_ticks t WHERE t.item_id = i.id AND t.step = 'ticked')",
    ),
    (
        "signals that fire without an alert that does",
        "SELECT count(*) AS count FROM signals s WHERE s.state = 'firing'
         AND NOT EXISTS (SELECT 1 FROM signal_alerts a WHERE a.signal_id = s.id AND a.is_open)",
    ),
    (
        "deliveries that wait without a job",
        "SELECT count(*) AS count FROM deliveries d WHERE d.verdict = 'waiting'
         AND NOT EXISTS (SELECT 1 FROM jobs WHERE kind = 'hooks.read_delivery')",
    ),
    (
        "messages that were sent without a try on record",
        "SELECT count(*) AS count FROM messages m WHERE m.state = 'sent'
         AND NOT EXISTS (SELECT 1 FROM message_attempts a WHERE a.message_id = m.id)",
    ),
    (
        "messages in a digest that is missing",
        "SELECT count(*) AS count FROM messages m WHERE m.state = 'in_digest'
         AND NOT EXISTS (SELECT 1 FROM messages d WHERE d.id = m.digest_id)",
    ),
    (
        "deliveries that were recorded without their deploy",
        "SELECT count(*) AS count FROM deliveries WHERE verdict = 'recorded' AND deploy_id IS NULL",
    ),
    (
        "backups that are kept without having been checked",
        "SELECT count(*) AS count FROM backups
         WHERE state IN ('kept', 'removed') AND (finished_at IS NULL OR row_count IS NULL)",
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
        // An index learns of what other connections wrote only when it is read; its check alone would call it corrupt.
        c.batch_execute("SELECT rowid FROM search_index LIMIT 1; SELECT rowid FROM search_index_titles LIMIT 1")?;
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
