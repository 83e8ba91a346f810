use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, TimeZone, Utc};

use super::World;

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 24, 9, 30, 0).unwrap()
}

fn world() -> World {
    World::generate(7, now())
}

#[test]
fn the_year_holds_what_was_promised() {
    let world = world();
    assert_eq!(world.teams.len(), 6);
    assert_eq!(world.services.len(), 13);
    assert_eq!(world.people.len(), 26);
    assert!((2800..=3200).contains(&world.deploys.len()), "{} deploys", world.deploys.len());
    assert_eq!(world.incidents.len(), 60);
    assert_eq!(world.incidents.iter().filter(|incident| incident.kind == "near_miss").count(), 8);
    assert_eq!(world.incidents.iter().filter(|incident| incident.status != "resolved").count(), 2);
    let severities: BTreeSet<_> = world.incidents.iter().map(|incident| incident.severity).collect();
    assert_eq!(severities.len(), 5);
    let with_status = |status| world.postmortems.iter().filter(|postmortem| postmortem.status == status).count();
    assert_eq!((with_status("published"), with_status("draft"), with_status("not_needed")), (42, 2, 1));
    assert_eq!(world.action_items.len(), 180);
    let statuses: BTreeSet<_> = world.action_items.iter().map(|item| item.status).collect();
    assert_eq!(statuses.len(), 5);
    let overdue = |owner: Option<&str>| {
        let late = |item: &&super::ActionItem| {
            item.closed_at.is_none() && item.due_on.is_some_and(|due| due < now().date_naive())
        };
        world
            .action_items
            .iter()
            .filter(late)
            .filter(|item| owner.is_none_or(|handle| item.owner == Some(handle)))
            .count()
    };
    assert!(overdue(None) >= 15, "{} overdue", overdue(None));
    assert!(overdue(Some("ada")) >= 4, "{} overdue of the person signed in", overdue(Some("ada")));
    assert!(world.action_items.iter().filter(|item| item.owner.is_none()).count() >= 8);
    assert!(world.action_items.iter().filter(|item| item.due_on.is_none()).count() >= 8);
    assert!(world.postmortems.iter().filter(|postmortem| postmortem.revisions.len() > 1).count() >= 12);
}

#[test]
fn every_kind_and_status_of_deploy_occurs() {
    let world = world();
    let kinds: BTreeSet<_> = world.deploys.iter().map(|deploy| deploy.kind).collect();
    let statuses: BTreeSet<_> = world.deploys.iter().map(|deploy| deploy.status).collect();
    assert_eq!(kinds.len(), 6, "{kinds:?}");
    assert_eq!(statuses.len(), 4, "{statuses:?}");
    let staged = world.deploys.iter().filter(|deploy| deploy.environment == "staging").count();
    assert!(staged * 3 > world.deploys.len(), "{staged} on staging");
}

#[test]
fn factors_come_back() {
    let world = world();
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for factor in world.incidents.iter().flat_map(|incident| &incident.factors) {
        *counts.entry(factor.factor).or_default() += 1;
    }
    assert_eq!(counts.len(), world.factors.len(), "every factor is used");
    assert!(counts.values().filter(|count| **count >= 4).count() >= 8, "{counts:?}");
}

#[test]
fn one_seed_tells_one_year() {
    assert_eq!(world(), world());
    let other = World::generate(8, now());
    assert_ne!(other.deploys, world().deploys);
}

#[test]
fn times_are_in_order_on_any_day() {
    for (seed, at) in [
        (7, now()),
        (1, Utc.with_ymd_and_hms(2027, 1, 2, 3, 4, 5).unwrap()),
        (2, Utc.with_ymd_and_hms(2027, 2, 28, 23, 59, 59).unwrap()),
        (3, Utc.with_ymd_and_hms(2026, 7, 5, 12, 0, 0).unwrap()),
        (4, Utc.with_ymd_and_hms(2028, 4, 1, 0, 0, 1).unwrap()),
    ] {
        let world = World::generate(seed, at);
        check_times(&world);
        check_successions(&world);
        check_references(&world);
        assert_eq!(world.action_items.len(), 180);
        assert!((2700..=3300).contains(&world.deploys.len()), "{} deploys", world.deploys.len());
    }
}

#[test]
fn the_year_is_sound_whenever_it_is_opened() {
    // The demo's own seed, at hours and days all over two years: it is opened on any of them.
    for step in 0..60 {
        let world = World::generate(7, now() + chrono::TimeDelta::minutes(step * 17_777));
        check_times(&world);
        check_successions(&world);
        check_references(&world);
    }
}

fn check_times(world: &World) {
    for deploy in &world.deploys {
        assert!(deploy.started_at <= deploy.happened_at() && deploy.happened_at() <= world.now, "{deploy:?}");
        assert_eq!(deploy.finished_at.is_none(), deploy.status == "started", "{deploy:?}");
        assert!(deploy.trail.iter().filter_map(|entry| entry.stood_at).all(|at| at <= deploy.started_at), "{deploy:?}");
    }
    for incident in &world.incidents {
        let times: Vec<_> = [
            Some(incident.started_at),
            incident.detected_at,
            incident.acknowledged_at,
            incident.identified_at,
            incident.mitigated_at,
            incident.resolved_at,
        ]
        .into_iter()
        .flatten()
        .collect();
        assert!(times.is_sorted(), "{}: {times:?}", incident.story);
        assert!(times.iter().all(|at| *at <= world.now), "{}", incident.story);
        assert!(incident.declared_at >= incident.started_at && incident.declared_at <= world.now, "{}", incident.story);
        assert!((6..=25).contains(&incident.timeline.len()), "{}: {} events", incident.story, incident.timeline.len());
        assert!(incident.timeline.is_sorted_by_key(|event| event.happened_at));
        for event in &incident.timeline {
            assert!(
                event.happened_at <= event.created_at && event.created_at <= world.now,
                "{}: {event:?}",
                incident.story
            );
            if let Some(resolved_at) = incident.resolved_at {
                assert!(event.happened_at <= resolved_at, "{}: {event:?}", incident.story);
            }
        }
        for link in &incident.links {
            assert!(link.verdicts.is_sorted_by_key(|verdict| verdict.said_at), "{}", incident.story);
            assert!(link.verdicts.iter().all(|verdict| verdict.said_at <= world.now), "{}", incident.story);
            assert!(link.verdicts.iter().all(|verdict| verdict.said_by.is_some() || verdict.relation == "suspected"));
        }
        let noted = incident.figures.iter().map(|figure| figure.created_at);
        let noted = noted.chain(incident.corrections.iter().map(|correction| correction.corrected_at));
        assert!(noted.chain(incident.factors.iter().map(|factor| factor.added_at)).all(|at| at <= world.now));
        assert!(incident.corrections.iter().all(|correction| correction.old_at <= world.now));
        assert!(incident.roles.iter().all(|role| role.assigned_at <= world.now));
    }
    for postmortem in &world.postmortems {
        let mut times = vec![postmortem.created_at];
        times.extend(postmortem.revisions.iter().map(|revision| revision.created_at));
        times.extend(postmortem.published_at);
        assert!(times.is_sorted() && times.iter().all(|at| *at <= world.now), "{postmortem:?}");
        let incident = world.incidents.iter().find(|incident| incident.number == postmortem.incident).unwrap();
        assert!(incident.resolved_at.unwrap() <= postmortem.created_at);
    }
    for item in &world.action_items {
        assert!(item.created_at <= world.now, "{item:?}");
        assert!(item.changes.is_sorted_by_key(|change| change.changed_at), "{item:?}");
        let noted = item.changes.iter().map(|change| change.changed_at);
        assert!(noted.chain(item.closed_at).all(|at| at >= item.created_at && at <= world.now), "{item:?}");
        assert!(item.due_on.is_none_or(|due| due >= item.created_at.date_naive()), "{item:?}");
        assert_eq!(item.declined_reason.is_some(), item.status == "declined");
        assert!(item.declined_reason.as_deref() != Some(""), "{item:?}");
        let is_done = matches!(item.status, "done" | "verified");
        assert_eq!(is_done, !item.evidence.is_empty(), "{item:?}");
        assert!(item.evidence.iter().all(|evidence| evidence.text.len() > 5), "{item:?}");
        assert_eq!(item.closed_at.is_some(), !matches!(item.status, "open" | "in_progress"));
    }
}

fn check_successions(world: &World) {
    let mut lanes: BTreeMap<_, Vec<&super::Deploy>> = BTreeMap::new();
    for deploy in world.deploys.iter().filter(|deploy| deploy.version.is_some()) {
        lanes.entry((deploy.service, deploy.environment)).or_default().push(deploy);
    }
    for (lane, mut deploys) in lanes {
        deploys.sort_by_key(|deploy| deploy.happened_at());
        let mut stack: Vec<(String, String)> = Vec::new();
        for deploy in deploys {
            let what = (deploy.version.clone().unwrap(), deploy.commit_sha.clone().unwrap());
            let before = stack.last().cloned();
            assert_eq!(
                before.as_ref().map(|(version, _)| version),
                deploy.previous_version.as_ref(),
                "{lane:?} {deploy:?}"
            );
            assert_eq!(
                before.as_ref().map(|(_, commit)| commit),
                deploy.previous_commit_sha.as_ref(),
                "{lane:?} {deploy:?}"
            );
            if deploy.kind == "rollback" {
                stack.pop();
                assert_eq!(stack.last(), Some(&what), "{lane:?} {deploy:?}");
            } else if deploy.status == "succeeded" || deploy.status == "rolled_back" {
                assert!(!stack.contains(&what), "{lane:?}: a version comes back without a rollback: {deploy:?}");
                stack.push(what);
            }
        }
    }
    let mut external = HashSet::new();
    for (deploy, number) in world.deploys.iter().zip(1..) {
        assert_eq!(deploy.number, number);
        assert!(deploy.commit_sha.as_ref().is_none_or(|sha| sha.len() == 40));
        if let Some(id) = &deploy.external_id {
            assert!(external.insert((deploy.source, id.clone())), "twice: {id}");
        }
    }
}

fn check_references(world: &World) {
    let people: HashSet<_> = world.people.iter().map(|person| person.handle).collect();
    let teams: HashSet<_> = world.teams.iter().map(|team| team.slug).collect();
    let services: HashSet<_> = world.services.iter().map(|service| service.slug).collect();
    let factors: HashSet<_> = world.factors.iter().map(|factor| factor.slug).collect();
    let deploys: HashSet<_> = world.deploys.iter().map(|deploy| deploy.number).collect();
    let incidents: HashSet<_> = world.incidents.iter().map(|incident| incident.number).collect();
    assert_eq!((people.len(), incidents.len()), (world.people.len(), world.incidents.len()));
    assert!(people.contains(world.signed_in));
    assert!(world.people.iter().filter_map(|person| person.team).all(|team| teams.contains(team)));
    for service in &world.services {
        assert!(teams.contains(service.team) && service.depends_on.iter().all(|slug| services.contains(slug)));
    }
    for deploy in &world.deploys {
        assert!(services.contains(deploy.service));
        assert!(deploy.deployed_by == "ci" || people.contains(deploy.deployed_by.as_str()));
        assert!(deploy.trail.iter().all(|entry| people.contains(entry.handle)));
    }
    for incident in &world.incidents {
        assert!(!incident.services.is_empty() && incident.services.iter().all(|slug| services.contains(slug)));
        assert!(incident.roles.iter().all(|role| people.contains(role.handle)));
        let handles: HashSet<_> = incident.roles.iter().map(|role| role.handle).collect();
        assert_eq!(handles.len(), incident.roles.len());
        assert!(incident.links.iter().all(|link| deploys.contains(&link.deploy)));
        assert!(incident.timeline.iter().filter_map(|event| event.deploy).all(|number| deploys.contains(&number)));
        assert!(incident.factors.iter().all(|factor| factors.contains(factor.factor)));
        let distinct: HashSet<_> = incident.factors.iter().map(|factor| factor.factor).collect();
        assert_eq!(distinct.len(), incident.factors.len(), "{}", incident.story);
    }
    for item in &world.action_items {
        assert!(item.incident.is_none_or(|number| incidents.contains(&number)));
        assert!(item.owner.is_none_or(|handle| people.contains(handle)));
        assert!(item.team.is_none_or(|slug| teams.contains(slug)));
        assert!(item.factor.is_none_or(|slug| factors.contains(slug)));
    }
}

#[test]
fn postmortems_are_worth_reading() {
    let world = world();
    let mut owner_of: HashMap<String, i64> = HashMap::new();
    for postmortem in &world.postmortems {
        for revision in &postmortem.revisions {
            for left_over in ["{T", "{deploy", "{inc", "{date"] {
                assert!(!revision.markdown.contains(left_over), "INC-{}: {left_over}", postmortem.incident);
            }
            for paragraph in revision.markdown.split("\n\n").filter(|paragraph| paragraph.chars().count() > 80) {
                let owner = *owner_of.entry(paragraph.to_owned()).or_insert(postmortem.incident);
                assert_eq!(owner, postmortem.incident, "shared paragraph: {paragraph}");
            }
        }
        let Some(current) = postmortem.revisions.last() else { continue };
        if postmortem.status == "published" {
            let story = world.incidents.iter().find(|incident| incident.number == postmortem.incident).unwrap().story;
            let words = current.markdown.split_whitespace().count();
            assert!((350..=1200).contains(&words), "{story}: {words} words");
            for heading in [
                "Summary",
                "Impact",
                "What happened",
                "Contributing factors",
                "What went well",
                "What went badly",
                "Where we got lucky",
                "Lessons",
            ] {
                assert!(current.markdown.contains(&format!("## {heading}\n")), "{story}: no {heading}");
            }
        }
    }
}

#[test]
fn no_text_points_at_a_person() {
    let world = world();
    let mut texts: Vec<&str> = world
        .postmortems
        .iter()
        .flat_map(|postmortem| &postmortem.revisions)
        .map(|revision| revision.markdown.as_str())
        .collect();
    texts.extend(world.incidents.iter().flat_map(|incident| &incident.timeline).map(|event| event.text.as_str()));
    texts.extend(world.action_items.iter().map(|item| item.details.as_str()));
    for text in texts {
        let lower = text.to_lowercase();
        for word in ["human error", "careless", " fault of", "blame", "lorem", "root cause"] {
            assert!(!lower.contains(word), "{word}: {text}");
        }
        for person in &world.people {
            assert!(!text.contains(person.name), "{}: {text}", person.name);
        }
    }
}

#[test]
fn one_incident_waits_for_its_postmortem() {
    let world = world();
    let live: Vec<_> = world.incidents.iter().filter(|incident| incident.status != "resolved").collect();
    let first = live.iter().find(|incident| incident.severity == "SEV2").unwrap();
    assert_eq!(first.status, "identified");
    assert!(
        first.links.iter().any(|link| link.standing().relation == "suspected" && link.standing().said_by.is_none())
    );
    assert!(first.timeline.len() >= 10);
    assert!(world.postmortems.iter().all(|postmortem| postmortem.incident != first.number));
}

#[test]
fn write_ups_refer_only_to_what_came_before() {
    for at in [now(), Utc.with_ymd_and_hms(2027, 3, 20, 10, 0, 0).unwrap()] {
        let world = World::generate(7, at);
        for postmortem in &world.postmortems {
            let Some(current) = postmortem.revisions.last() else { continue };
            for piece in current.markdown.split("INC-").skip(1) {
                let digits: String = piece.chars().take_while(char::is_ascii_digit).collect();
                let number: i64 = digits.parse().unwrap();
                assert!(number < postmortem.incident, "INC-{} speaks of INC-{number}", postmortem.incident);
            }
        }
    }
}
