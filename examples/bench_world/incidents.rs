//! Incidents with everything around them: services, roles, links to deploys, suspects, factors, timelines.

use debrief::db::Conn;

use crate::chance::Chance;
use crate::plan::{DAY, FACTORS, HOUR_MS, MINUTE_MS, PEOPLE, Plan, SERVICES};
use crate::row;
use crate::sheet::Sheet;
use crate::words::{NOTES, full_name, sentences, trouble};

/// What later rows want to know of an incident.
#[derive(Clone, Copy)]
pub struct Told {
    pub id: i64,
    pub started_at: i64,
    pub resolved_at: Option<i64>,
    pub service: i64,
}

struct Sheets {
    incidents: Sheet,
    services: Sheet,
    roles: Sheet,
    tags: Sheet,
    figures: Sheet,
    links: Sheet,
    verdicts: Sheet,
    reckonings: Sheet,
    suspects: Sheet,
    factors: Sheet,
    events: Sheet,
    evidence: Sheet,
    signals: Sheet,
}

pub fn add(c: &mut Conn, plan: &Plan) -> Vec<Told> {
    let mut sheets = Sheets {
        incidents: Sheet::new(
            "incidents",
            "number, title, kind, severity, status, summary, started_at, detected_at, acknowledged_at, identified_at, \
             mitigated_at, resolved_at, declared_at, declared_by, revision, updated_at",
        ),
        services: Sheet::keyed("incident_services", "incident_id, service_id"),
        roles: Sheet::keyed("incident_roles", "incident_id, role, user_id, assigned_at"),
        tags: Sheet::keyed("incident_tags", "incident_id, tag"),
        figures: Sheet::new(
            "impact_figures",
            "incident_id, label, amount, unit, source, basis, created_by, created_at",
        ),
        links: Sheet::new("incident_deploys", "incident_id, deploy_id, relation, reason, said_by, user_id, said_at"),
        verdicts: Sheet::new(
            "incident_deploy_verdicts",
            "incident_id, deploy_id, relation, reason, said_by, user_id, said_at",
        ),
        reckonings: Sheet::keyed(
            "incident_reckonings",
            "incident_id, none_probability, others_probability, candidate_count, reckoned_at, learned_at",
        ),
        suspects: Sheet::new("incident_suspects", "incident_id, deploy_id, part, place, probability, reasons"),
        factors: Sheet::keyed("incident_factors", "incident_id, factor_id, note, user_id, added_at"),
        events: Sheet::new(
            "timeline_events",
            "incident_id, happened_at, kind, source, text, user_id, deploy_id, pinned, revision, created_at, updated_at",
        ),
        evidence: Sheet::new("timeline_evidence", "event_id, url, label"),
        signals: Sheet::new("signal_incidents", "signal_id, incident_id, said_by, user_id, said_at, firing_event_id"),
    };
    let mut chance = Chance::of(plan.seed, "incidents");
    let told = (1..=plan.incidents).map(|number| add_one(c, plan, &mut sheets, &mut chance, number)).collect();
    for sheet in [
        &mut sheets.incidents,
        &mut sheets.services,
        &mut sheets.roles,
        &mut sheets.tags,
        &mut sheets.figures,
        &mut sheets.links,
        &mut sheets.verdicts,
        &mut sheets.reckonings,
        &mut sheets.suspects,
        &mut sheets.factors,
        &mut sheets.events,
        &mut sheets.evidence,
        &mut sheets.signals,
    ] {
        sheet.send(c);
    }
    told
}

fn add_one(c: &mut Conn, plan: &Plan, sheets: &mut Sheets, chance: &mut Chance, number: i64) -> Told {
    let is_live = number > plan.incidents - plan.live_incidents * 2 && number % 2 == 0;
    let start = plan.at(number, plan.incidents, chance.below(DAY));
    let minutes = chance.between(12, 400);
    let after = |share: i64| start + minutes * MINUTE_MS * share / 100;
    let (detected, acknowledged, identified) = (after(8), after(12), after(45));
    let is_over = !is_live;
    let mitigated = Some(after(80)).filter(|_| is_over);
    let resolved = Some(after(100)).filter(|_| is_over);
    let status = match (is_over, number % 3) {
        (true, _) => "resolved",
        (false, 0) => "investigating",
        (false, 1) => "identified",
        (false, _) => "mitigated",
    };
    let mitigated = mitigated.or(Some(after(80)).filter(|_| status == "mitigated"));
    let severity = match chance.below(100) {
        0..=4 => "SEV1",
        5..=24 => "SEV2",
        25..=64 => "SEV3",
        65..=89 => "SEV4",
        _ => "SEV5",
    };
    let kind = if chance.happens(80) && is_over { "near_miss" } else { "incident" };
    let title = trouble(chance);
    let summary = sentences(chance, 3);
    let declarer = chance.below(PEOPLE) + 1;
    let name = full_name(declarer - 1);
    let touched = resolved.unwrap_or(identified);
    row!(sheets.incidents, c; number, &title, kind, severity, status, &summary, start, detected, acknowledged,
        identified, mitigated, resolved, detected, declarer, 1, touched);
    let service = chance.skewed(SERVICES) + 1;
    row!(sheets.services, c; number, service);
    if chance.happens(400) {
        row!(sheets.services, c; number, service % SERVICES + 1);
    }
    row!(sheets.roles, c; number, "lead", declarer, detected);
    row!(sheets.roles, c; number, "scribe", declarer % PEOPLE + 1, acknowledged);
    let tag = format!("area-{}", chance.below(30));
    row!(sheets.tags, c; number, &tag);
    if chance.happens(500) {
        row!(sheets.figures, c; number, "Requests that failed", chance.between(10, 90_000) as f64, "requests",
            "The log of the edge", "measured", declarer, touched);
    }
    add_changes(c, plan, sheets, chance, (number, start, declarer, &name));
    for place in 0..chance.between(0, 2) {
        let factor = (number * 7 + place * 13) % FACTORS + 1;
        let note = sentences(chance, 1);
        row!(sheets.factors, c; number, factor, &note, declarer, touched);
    }
    add_timeline(c, plan, sheets, chance, (number, start, minutes, declarer));
    let signal = plan.deploy_before(start).min(plan.signals);
    row!(sheets.signals, c; signal, number, &name, declarer, detected, None::<i64>);
    Told { id: number, started_at: start, resolved_at: resolved, service }
}

/// Links, the verdicts behind them, and what the program reckoned.
fn add_changes(
    c: &mut Conn,
    plan: &Plan,
    sheets: &mut Sheets,
    chance: &mut Chance,
    (number, start, declarer, name): (i64, i64, i64, &str),
) {
    let last = plan.deploy_before(start - HOUR_MS / 6);
    let said_at = start + HOUR_MS / 2;
    if chance.happens(600) && last > 12 {
        let deploy = last - chance.below(4);
        let relation = chance.pick(&["caused", "suspected", "contributed"]);
        row!(sheets.links, c; number, deploy, relation, "Went out minutes before", name, declarer, said_at);
        row!(sheets.verdicts, c; number, deploy, relation, "Went out minutes before", name, declarer, said_at);
    }
    let suspects = if last > 12 { chance.between(1, 4) } else { 0 };
    let learned = Some(said_at).filter(|_| start < plan.now_ms - 3 * DAY);
    row!(sheets.reckonings, c; number, 0.4, 0.05, suspects + chance.below(30), said_at, learned);
    for place in 1..=suspects {
        let reasons = "[{\"rule\":\"own_service\",\"text\":\"changed a service that was hit\"},{\"rule\":\"just_before\",\"text\":\"went out 12 minutes before\"}]";
        row!(sheets.suspects, c; number, last - 4 - place, "cause", place, 0.5 / (1_i64 << place) as f64, reasons);
    }
}

fn add_timeline(
    c: &mut Conn,
    plan: &Plan,
    sheets: &mut Sheets,
    chance: &mut Chance,
    (number, start, minutes, declarer): (i64, i64, i64, i64),
) {
    // Pairs of incidents share what one has more than the other, so that the sum is exact.
    let swing = (number + 1) / 2 % 15;
    let count = if number % 2 == 0 { plan.events_each + swing } else { plan.events_each - swing };
    for place in 0..count {
        let at = start + (minutes * MINUTE_MS) * place / count + chance.below(20_000);
        let (kind, source) = match place {
            0 => ("detection", "alert"),
            1 => ("status", "status_change"),
            _ => (chance.pick(&["observation", "action", "decision", "communication", "note"]), "person"),
        };
        let text = match place {
            1 => "Declared".to_owned(),
            _ if chance.happens(250) => sentences(chance, 1),
            _ => chance.pick(NOTES).to_owned(),
        };
        let person = (declarer + place) % PEOPLE + 1;
        let event =
            row!(sheets.events, c; number, at, kind, source, &text, person, None::<i64>, place % 11 == 4, 1, at, at);
        if chance.happens(50) {
            row!(sheets.evidence, c; event, "https://grafana.example.org/d/abc", "Graph");
        }
    }
}
