//! Action items with their evidence and history, and retros over them.

use debrief::db::Conn;

use crate::chance::Chance;
use crate::company::team_of;
use crate::incidents::Told;
use crate::plan::{DAY, FACTORS, MINUTE_MS, PEOPLE, Plan, TEAMS, date};
use crate::row;
use crate::sheet::Sheet;
use crate::words::{DEEDS, SUBJECTS, sentences};

pub fn add(c: &mut Conn, plan: &Plan, told: &[Told]) {
    let mut chance = Chance::of(plan.seed, "actions");
    let mut items = Sheet::new(
        "action_items",
        "number, incident_id, title, details, kind, status, priority, owner_id, team_id, factor_id, due_on, \
         declined_reason, closed_at, created_by, revision, created_at, updated_at, put_off_count, done_by, check_on",
    );
    let mut evidence = Sheet::new("action_item_evidence", "action_item_id, text, url, user_id, given_at");
    let mut changes =
        Sheet::new("action_item_changes", "action_item_id, field, old_value, new_value, reason, user_id, changed_at");
    let mut unfinished = plan.unfinished_actions;
    for number in 1..=plan.actions {
        let told = &told[((number - 1) / 3) as usize];
        let created = (told.resolved_at.unwrap_or(told.started_at) + DAY).min(plan.now_ms - DAY / 24);
        // What is open is young: the last ones, and one in thirty of the others.
        let left = plan.actions - number;
        let is_open = unfinished > left / 2 || (unfinished > 0 && chance.happens(1000 / 30));
        unfinished -= i64::from(is_open);
        let status = match chance.below(10) {
            _ if is_open && number % 3 == 0 => "in_progress",
            _ if is_open => "open",
            0 => "declined",
            1..=4 => "done",
            _ => "verified",
        };
        let (owner, creator) = (person(&mut chance), chance.below(PEOPLE) + 1);
        let owner = Some(owner).filter(|_| !(is_open && number % 17 == 0));
        let title = format!("{} {}", chance.pick(DEEDS), chance.pick(SUBJECTS));
        let details = sentences(&mut chance, 2);
        let kind = chance.pick(&["prevent", "detect", "mitigate", "process", "learn"]);
        let priority = chance.pick(&["P1", "P2", "P2", "P3", "P3", "P4"]);
        let due = if is_open { plan.now_ms + chance.between(-60, 60) * DAY } else { created + 30 * DAY };
        let due = Some(date(due)).filter(|_| number % 13 != 0);
        let closed = Some((created + chance.between(1, 60) * DAY).min(plan.now_ms)).filter(|_| !is_open);
        let declined = Some("Costs more than it saves").filter(|_| status == "declined");
        let check_on = closed.filter(|_| status == "done").map(|at| date(at + 30 * DAY));
        let is_done = matches!(status, "done" | "verified");
        let factor = Some(number % FACTORS + 1).filter(|_| number % 4 == 0);
        let touched = closed.unwrap_or(created);
        let done_by = owner.filter(|_| is_done);
        row!(items, c; number, told.id, &title, &details, kind, status, priority, owner, team_of(told.service), factor,
            due.as_ref(), declined, closed, creator, 1, created, touched, 0, done_by, check_on.as_ref());
        if is_done {
            row!(evidence, c; number, "Merged and seen in production", "https://git.example.org/example/pull/1",
                owner, touched);
        }
        if status != "open" {
            let before = if is_open { "open" } else { "in_progress" };
            row!(changes, c; number, "status", before, status, declined.unwrap_or_default(), owner.unwrap_or(creator), touched);
        }
    }
    items.send(c);
    evidence.send(c);
    changes.send(c);
    add_retros(c, plan);
}

/// The person who looks at the pages has as much on the list as several others.
fn person(chance: &mut Chance) -> i64 {
    if chance.happens(40) { 1 } else { chance.below(PEOPLE) + 1 }
}

fn add_retros(c: &mut Conn, plan: &Plan) {
    let mut retros = Sheet::new(
        "retros",
        "team_id, status, period_from, period_to, meets_at, next_on, started_at, closed_at, facilitator_id, \
         entry_position, box_s, left_out_count, cards_phase, anonymous, votes_each, notes, notes_revision, minutes, \
         revision, created_by, created_at, updated_at",
    );
    let mut people = Sheet::keyed("retro_people", "retro_id, user_id, joined_at, last_seen_at");
    let mut entries =
        Sheet::new("retro_entries", "retro_id, position, kind, action_item_id, reason, other_reasons, spent_s");
    let mut decisions = Sheet::new("retro_decisions", "retro_id, entry_id, verb, text, old_value, user_id, decided_at");
    for number in 1..=plan.retros {
        let team = number % TEAMS + 1;
        let meets = plan.at(number, plan.retros, 0);
        let is_last = number > plan.retros - TEAMS / 2;
        let closed = Some(meets + 60 * MINUTE_MS).filter(|_| !is_last);
        let (status, lead) = (if is_last { "prepared" } else { "closed" }, team);
        let minutes = "# Minutes\n\nWe looked at fifteen items and decided on each.\n";
        row!(retros, c; team, status, meets - 14 * DAY, meets, meets, &date(meets + 14 * DAY),
            closed.map(|at| at - 60 * MINUTE_MS), closed, lead, 0, 180, 0, "off", true, 3, "", 0,
            closed.map(|_| minutes), 1, lead, meets - DAY, closed.unwrap_or(meets));
        if !is_last {
            row!(people, c; number, lead, meets, meets + 60 * MINUTE_MS);
        }
        for position in 0..15 {
            let item = (number * 15 + position) * (plan.actions / (plan.retros * 15 + 15)).max(1) % plan.actions + 1;
            let entry = row!(entries, c; number, position, "action_item", item, "late", "", 60);
            if !is_last && position < 3 {
                row!(decisions, c; number, entry, "item_added", "Look at it again", "{}", lead, meets);
            }
        }
    }
    for sheet in [&mut retros, &mut people, &mut entries, &mut decisions] {
        sheet.send(c);
    }
}
