//! What the program writes beside: the audit log, notices and their messages, dead jobs.

use debrief::db::Conn;

use crate::chance::Chance;
use crate::incidents::Told;
use crate::plan::{PEOPLE, Plan};
use crate::row;
use crate::sheet::Sheet;
use crate::words::{full_name, trouble};

pub fn add(c: &mut Conn, plan: &Plan, told: &[Told]) {
    let mut chance = Chance::of(plan.seed, "log");
    let mut audit =
        Sheet::new("audit_entries", "happened_at, user_id, actor, action, subject, old_value, new_value, request_id");
    let mut notices = Sheet::new("notices", "kind, thing_kind, thing_key, path, title, body, why, actor_id, told_at");
    let mut messages = Sheet::new(
        "messages",
        "lane, kind, notice_id, user_id, state, public_id, due_at, attempts, last_error, created_at, settled_at",
    );
    let mut attempts = Sheet::new("message_attempts", "message_id, outcome, detail, took_ms, attempted_at");
    let deploys_each = plan.deploys / plan.incidents;
    for told in told {
        let person = chance.below(PEOPLE) + 1;
        let (name, key) = (full_name(person - 1), format!("INC-{}", told.id));
        let request = format!("{:016x}", chance.draw());
        for place in 1..=deploys_each {
            let deploy = (told.id - 1) * deploys_each + place;
            let subject = format!("DEP-{deploy}");
            let at = plan.at(deploy, plan.deploys, 0);
            row!(audit, c; at, None::<i64>, "GitHub hook", "deploy.record", &subject, None::<&str>, "{\"revision\":1}", &request);
        }
        let at = told.started_at;
        row!(audit, c; at, person, &name, "incident.declare", &key, None::<&str>, "{\"severity\":\"SEV3\"}", &request);
        if let Some(at) = told.resolved_at {
            row!(audit, c; at, person, &name, "incident.change", &key, "{\"status\":\"mitigated\"}",
                "{\"status\":\"resolved\"}", &request);
        }
        for place in 0..3 {
            let subject = format!("ACT-{}", (told.id - 1) * 3 + place + 1);
            row!(audit, c; at, person, &name, "action_item.add", &subject, None::<&str>, "{\"revision\":1}", &request);
        }
        if told.id % 5 == 0 {
            let (title, path) = (trouble(&mut chance), format!("/incidents/{key}"));
            let notice = row!(notices, c; "incident_declared", "incident", &key, &path, &title, "", "You are on call",
                person, at);
            let (lane, public) = (format!("mail:{person}"), format!("{request}@example.org"));
            let message =
                row!(messages, c; &lane, "incident_declared", notice, person, "sent", &public, at, 1, "", at, at);
            row!(attempts, c; message, "delivered", "", 40, at);
        }
    }
    for sheet in [&mut audit, &mut notices, &mut messages, &mut attempts] {
        sheet.send(c);
    }
}
