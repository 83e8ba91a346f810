//! Which change may have ended an incident. Pure.

use super::model::{FIX_LIMIT, Why};
use super::ranking::Kind;
use crate::clock::Moment;

/// A change that came after an incident had begun.
#[derive(Clone, Debug)]
pub struct Later {
    /// Row id.
    pub deploy_id: i64,
    /// How people call what was changed.
    pub service_name: String,
    /// What sort of change it was.
    pub kind: Kind,
    /// Its version and its summary.
    pub words: String,
    /// When it was over.
    pub finished_at: Moment,
}

/// A proposed end.
#[derive(Clone, Debug)]
pub struct Fix {
    /// Row id.
    pub deploy_id: i64,
    /// A rule of thumb from 0 to 1, for the order alone.
    pub weight: f64,
    /// Why.
    pub reasons: Vec<Why>,
}

/// How near the end a change must have finished to be proposed for that alone, in seconds.
const NEAR_END_S: i64 = 45 * 60;
/// Clocks differ: a change may seem to finish so much after the end, in seconds.
const SKEW_S: i64 = 10 * 60;

/// The changes that may have ended an incident, the likeliest first.
pub fn propose(began_at: Moment, ended_at: Option<Moment>, later: &[Later]) -> Vec<Fix> {
    let mut found: Vec<Fix> = later.iter().filter_map(|change| propose_one(began_at, ended_at, change)).collect();
    found.sort_by(|one, other| other.weight.total_cmp(&one.weight).then(one.deploy_id.cmp(&other.deploy_id)));
    found.truncate(FIX_LIMIT);
    found
}

fn propose_one(began_at: Moment, ended_at: Option<Moment>, change: &Later) -> Option<Fix> {
    let before_end_s = ended_at.map(|ended_at| ended_at.seconds_since(change.finished_at));
    if before_end_s.is_some_and(|before_end_s| before_end_s < -SKEW_S) {
        return None;
    }
    let mut weight = 0.0;
    let mut reasons = Vec::new();
    let mut say = |rule: &str, text: String| reasons.push(Why { rule: rule.to_owned(), text });
    let name = &change.service_name;
    let words = change.words.to_lowercase();
    let mends = ["hotfix", "hot-fix", "hot fix", "revert", "roll back", "rollback", "rolled back"];
    if change.kind == Kind::Rollback {
        weight += 0.6;
        say("rollback", format!("rolled {name} back"));
    } else if mends.iter().any(|word| words.contains(word)) {
        weight += 0.5;
        say("hot_fix", format!("calls itself a fix of {name}"));
    }
    if before_end_s.is_some_and(|before_end_s| before_end_s <= NEAR_END_S) {
        weight += 0.35;
        say("near_end", "finished shortly before it was over".to_owned());
    }
    if weight == 0.0 {
        return None;
    }
    let minutes = change.finished_at.seconds_since(began_at) / 60;
    say("after_start", format!("finished {} after the start", crate::web::times::duration(minutes * 60)));
    Some(Fix { deploy_id: change.deploy_id, weight, reasons })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn later(deploy_id: i64, kind: Kind, words: &str, minute: i64) -> Later {
        let finished_at = Moment::from_millis(minute * 60_000);
        Later { deploy_id, service_name: "checkout".into(), kind, words: words.into(), finished_at }
    }

    #[test]
    fn rollbacks_come_first_and_what_came_after_the_end_not_at_all() {
        let changes = [
            later(1, Kind::Deploy, "2.4.2", 20),
            later(2, Kind::Deploy, "Hotfix: give the pool back", 40),
            later(3, Kind::Rollback, "2.4.0", 50),
            later(4, Kind::Rollback, "2.4.0", 90),
        ];
        let began_at = Moment::from_millis(0);
        let ids = |ended: Option<i64>| {
            let ended_at = ended.map(|minute| Moment::from_millis(minute * 60_000));
            propose(began_at, ended_at, &changes).into_iter().map(|fix| fix.deploy_id).collect::<Vec<_>>()
        };
        assert_eq!(ids(Some(55)), [3, 2, 1]);
        assert_eq!(ids(None), [3, 4, 2]);
        assert!(propose(began_at, None, &changes[..1]).is_empty());
    }
}
