//! How a deploy follows its sender. What all messages about it say together does not depend on the order in which they
//! came ([`told`]); what somebody changed by hand since then stays ([`DeployDraft::follow`]). Pure.

use super::model::DeployDraft;

/// What several messages about one deploy say together, whatever their order.
pub fn told(mut messages: Vec<DeployDraft>) -> Option<DeployDraft> {
    messages.sort_by_cached_key(|message| {
        (message.finished_at.or(message.started_at), message.status.is_finished(), format!("{message:?}"))
    });
    let mut messages = messages.into_iter();
    let mut whole = messages.next()?;
    for next in messages {
        whole.heed(&next);
        for (mine, theirs) in [
            (&mut whole.previous_version, next.previous_version),
            (&mut whole.previous_commit_sha, next.previous_commit_sha),
        ] {
            *mine = mine.take().or(theirs);
        }
        whole.commit_count = whole.commit_count.max(next.commit_count);
        whole.file_count = whole.file_count.max(next.file_count);
        whole.environment_tier = whole.environment_tier.or(next.environment_tier);
        for reference in next.references {
            if !whole.references.contains(&reference) {
                whole.references.push(reference);
            }
        }
        for person in next.people {
            if !whole.people.contains(&person) {
                whole.people.push(person);
            }
        }
    }
    Some(whole)
}

impl DeployDraft {
    /// Takes over what the sender says `now`, wherever this still is what it said `before`.
    pub fn follow(&mut self, before: &DeployDraft, now: &DeployDraft) {
        fn one<T: PartialEq + Clone>(mine: &mut T, before: &T, now: &T) {
            if mine == before {
                mine.clone_from(now);
            }
        }
        one(&mut self.environment, &before.environment, &now.environment);
        one(&mut self.environment_tier, &before.environment_tier, &now.environment_tier);
        one(&mut self.kind, &before.kind, &now.kind);
        one(&mut self.status, &before.status, &now.status);
        one(&mut self.version, &before.version, &now.version);
        one(&mut self.commit_sha, &before.commit_sha, &now.commit_sha);
        one(&mut self.previous_version, &before.previous_version, &now.previous_version);
        one(&mut self.previous_commit_sha, &before.previous_commit_sha, &now.previous_commit_sha);
        one(&mut self.summary, &before.summary, &now.summary);
        one(&mut self.url, &before.url, &now.url);
        one(&mut self.compare_url, &before.compare_url, &now.compare_url);
        one(&mut self.deployed_by, &before.deployed_by, &now.deployed_by);
        one(&mut self.started_at, &before.started_at, &now.started_at);
        one(&mut self.finished_at, &before.finished_at, &now.finished_at);
        one(&mut self.commit_count, &before.commit_count, &now.commit_count);
        one(&mut self.file_count, &before.file_count, &now.file_count);
        for person in &now.people {
            if !before.people.contains(person) && !self.people.contains(person) {
                self.people.push(person.clone());
            }
        }
        self.people.sort_by_key(|person| person.part);
        // Half of what a person changed may not fit the other half that the sender said.
        if !self.status.is_finished() {
            self.finished_at = None;
        }
        self.started_at =
            self.started_at.filter(|started| self.finished_at.is_none_or(|finished| *started <= finished));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Moment;
    use crate::deploys::model::DeployStatus;

    fn message(status: DeployStatus, at_s: i64) -> DeployDraft {
        let mut draft = DeployDraft::of("shop", "github/x");
        draft.status = status;
        draft.url = Some(format!("https://ci.example/{at_s}"));
        draft.version = Some(format!("v{at_s}"));
        let at = Some(Moment::from_millis(at_s * 1000));
        if status.is_finished() {
            draft.finished_at = at
        } else {
            draft.started_at = at
        }
        draft
    }

    #[test]
    fn every_order_tells_the_same() {
        let all = [
            message(DeployStatus::Started, 100),
            message(DeployStatus::Started, 120),
            message(DeployStatus::Failed, 150),
            message(DeployStatus::Succeeded, 180),
        ];
        let in_order = told(all.to_vec()).unwrap();
        for turn in 0..all.len() {
            let mut turned = all.to_vec();
            turned.rotate_left(turn);
            assert_eq!(told(turned.clone()).unwrap(), in_order);
            turned.reverse();
            assert_eq!(told(turned).unwrap(), in_order);
        }
        assert_eq!(in_order.status, DeployStatus::Succeeded);
        assert_eq!(told(all[..2].to_vec()), told(vec![all[1].clone(), all[0].clone()]));
    }

    #[test]
    fn what_a_person_changed_stays() {
        let (start, end) = (message(DeployStatus::Started, 100), message(DeployStatus::Succeeded, 180));
        let mut mine = start.clone();
        mine.version = Some("by hand".to_owned());
        mine.follow(&start, &told(vec![start.clone(), end]).unwrap());
        assert_eq!((mine.version.as_deref(), mine.status), (Some("by hand"), DeployStatus::Succeeded));
        let said = told(vec![start.clone(), message(DeployStatus::Succeeded, 180)]).unwrap();
        let mut undone = said.clone();
        undone.status = DeployStatus::RolledBack;
        undone.follow(&said, &told(vec![said.clone(), message(DeployStatus::Succeeded, 200)]).unwrap());
        assert_eq!(undone.status, DeployStatus::RolledBack);
    }
}
