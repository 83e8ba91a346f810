//! Who stood for a deploy and what came with it: authors, reviewers, QA, pull requests, tickets, links.

use chrono::TimeDelta;

use super::cast::{self, DOMAIN, Part};
use super::random::Chance;
use super::world::{Deploy, Reference, TrailEntry};

/// Fills in people, references and links of a deploy whose versions are settled.
pub fn add(deploy: &mut Deploy, part: &Part, pull_request: &mut i64, chance: &mut Chance) {
    let team = cast::members(part.team);
    let author = if chance.happens(860) { chance.pick(&team) } else { chance.pick(&cast::engineers()) };
    let reviewer = chance.pick(&team.iter().copied().filter(|handle| *handle != author).collect::<Vec<_>>());
    if deploy.kind != "rollback" {
        add_people(deploy, part, (author, reviewer), chance);
    }
    if matches!(deploy.kind, "deploy" | "migration" | "config" | "infrastructure") {
        add_references(deploy, part, pull_request, chance);
    }
    add_origin(deploy, part, &team, author, chance);
}

/// The same release once more, in the next environment: the same people and references, another run.
pub fn carry_over(deploy: &mut Deploy, staged: &Deploy, part: &Part, chance: &mut Chance) {
    deploy.references.clone_from(&staged.references);
    deploy.trail.clone_from(&staged.trail);
    let team = cast::members(part.team);
    let author = staged.trail.first().map_or(team[0], |entry| entry.handle);
    if part.tier == 1 && chance.happens(620) {
        let stood_at = Some(deploy.started_at - TimeDelta::minutes(chance.between(4, 30)));
        deploy.trail.push(TrailEntry { part: "qa", handle: chance.pick(&team), stood_at });
    }
    add_origin(deploy, part, &team, author, chance);
}

fn add_origin(deploy: &mut Deploy, part: &Part, team: &[&'static str], author: &'static str, chance: &mut Chance) {
    let by_hand = deploy.kind == "flag" || chance.happens(60);
    deploy.source = if by_hand { "hand" } else { "ci" };
    deploy.deployed_by = match deploy.kind {
        "deploy" if !by_hand && chance.happens(550) => "ci".to_owned(),
        "rollback" => (chance.pick(team)).to_owned(),
        _ => author.to_owned(),
    };
    if !by_hand {
        // To the second: the changes of one lane never overlap, so no two share a run.
        let run = format!("{}-{}", part.slug, deploy.started_at.timestamp() % 1_000_000_000);
        deploy.url = Some(format!("https://ci.{DOMAIN}/pipelines/{}/runs/{run}", part.slug));
        deploy.external_id = Some(format!("{run}-{}", deploy.environment));
    }
    if let (Some(from), Some(to)) = (&deploy.previous_commit_sha, &deploy.commit_sha)
        && deploy.kind != "rollback"
    {
        deploy.compare_url =
            Some(format!("{}/compare/{}...{}", cast::repository_url(part.slug), &from[..12], &to[..12]));
    }
}

fn add_people(deploy: &mut Deploy, part: &Part, (author, reviewer): (&'static str, &'static str), chance: &mut Chance) {
    let team = cast::members(part.team);
    let before = |hours: i64| Some(deploy.started_at - TimeDelta::minutes(hours * 60 + 11));
    let mut trail = vec![TrailEntry { part: "author", handle: author, stood_at: before(30) }];
    if chance.happens(180) {
        let second = chance.pick(&team);
        if second != author && second != reviewer {
            trail.push(TrailEntry { part: "author", handle: second, stood_at: before(26) });
        }
    }
    if deploy.kind != "flag" {
        trail.push(TrailEntry { part: "reviewer", handle: reviewer, stood_at: before(chance.between(3, 20)) });
    }
    if part.tier == 1 && deploy.environment == "production" && deploy.kind == "deploy" && chance.happens(620) {
        let tester = chance.pick(&team);
        trail.push(TrailEntry { part: "qa", handle: tester, stood_at: before(chance.between(0, 2)) });
    }
    deploy.trail = trail;
}

fn add_references(deploy: &mut Deploy, part: &Part, pull_request: &mut i64, chance: &mut Chance) {
    let count = if deploy.kind == "deploy" { chance.between(1, 3) } else { 1 };
    for _ in 0..count {
        *pull_request += 1;
        deploy.references.push(Reference {
            kind: "pull_request",
            label: format!("#{pull_request}"),
            url: format!("{}/pull/{pull_request}", cast::repository_url(part.slug)),
        });
    }
    if chance.happens(640) {
        let ticket = format!("{}-{}", cast::ticket_prefix(part.team), 900 + *pull_request * 3 / 4);
        let url = format!("https://tracker.{DOMAIN}/{ticket}");
        deploy.references.push(Reference { kind: "ticket", label: ticket, url });
    }
}
