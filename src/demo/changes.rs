//! The year's deploys: everyday releases in working hours, staged before they ship, and the changes that
//! the stories need, woven into one succession per service and environment.
//!
//! Never lets two changes of one lane overlap, and never lets a version go back except by a rollback.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, TimeDelta, Utc};

use super::calendar;
use super::cast::{PARTS, Part, Versions};
use super::random::Chance;
use super::story::Story;
use super::trail;
use super::wording;
use super::world::Deploy;

/// Which change of which story a deploy is.
pub type StoryKey = (&'static str, usize);

/// A story and the instant at which its incident starts.
pub struct PlacedStory<'a> {
    pub story: &'a Story,
    pub started_at: DateTime<Utc>,
}

/// All deploys in order of number, and where the stories' own are among them.
pub struct Changes {
    pub deploys: Vec<Deploy>,
    pub by_story: BTreeMap<StoryKey, i64>,
}

/// One change before it has a version and a number.
struct Plan {
    environment: &'static str,
    kind: &'static str,
    started_at: DateTime<Utc>,
    finished_at: DateTime<Utc>,
    failed: bool,
    summary: String,
    /// Place in the service's row of releases, for what carries a version.
    release: Option<usize>,
    story: Option<StoryKey>,
}

/// A version with its commit and the deploy that brought it.
#[derive(Clone)]
struct Running {
    version: String,
    commit: String,
    place: usize,
}

/// Records the whole year.
pub fn record_year(
    chance: &Chance,
    stories: &[PlacedStory<'_>],
    began_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Changes {
    let mut drafts: Vec<(Deploy, Option<StoryKey>)> = Vec::new();
    for part in &PARTS {
        let mut chance = chance.fork(part.slug);
        let mut plans = plan_production(part, stories, began_at, now, &mut chance);
        plan_staging(part, &mut plans, began_at, &mut chance);
        plan_running_now(part, &mut plans, now);
        drafts.extend(settle(part, plans, now, &mut chance));
    }
    drafts.sort_by(|(a, _), (b, _)| {
        (a.started_at, a.service, a.environment).cmp(&(b.started_at, b.service, b.environment))
    });
    let mut by_story = BTreeMap::new();
    let deploys = drafts
        .into_iter()
        .zip(1..)
        .map(|((mut deploy, story), number)| {
            deploy.number = number;
            if let Some(key) = story {
                by_story.insert(key, number);
            }
            deploy
        })
        .collect();
    Changes { deploys, by_story }
}

/// A stretch of one service's production lane that belongs to a story.
struct Reserved {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

fn plan_production(
    part: &Part,
    stories: &[PlacedStory<'_>],
    began_at: DateTime<Utc>,
    now: DateTime<Utc>,
    chance: &mut Chance,
) -> Vec<Plan> {
    // What ran when the year began, so that the first story's rollback has something to go back to.
    let mut plans = vec![Plan {
        environment: "production",
        kind: "deploy",
        started_at: began_at + TimeDelta::minutes(7),
        finished_at: began_at + TimeDelta::minutes(12),
        failed: false,
        summary: wording::everyday_summary("deploy", part.slug, chance),
        release: None,
        story: None,
    }];
    let mut reserved = Vec::new();
    for placed in stories {
        let mut touched: Vec<DateTime<Utc>> = Vec::new();
        for (index, change) in placed.story.deploys.iter().enumerate() {
            if change.service != part.slug {
                continue;
            }
            let finished_at =
                placed.started_at + TimeDelta::minutes(change.offset) - TimeDelta::seconds(chance.between(2, 50));
            touched.push(finished_at);
            plans.push(Plan {
                environment: "production",
                kind: change.kind,
                started_at: finished_at - TimeDelta::seconds(chance.between(70, 200)),
                finished_at,
                failed: false,
                summary: change.summary.to_owned(),
                release: None,
                story: Some((placed.story.slug, index)),
            });
        }
        if let (Some(first), Some(last)) = (touched.iter().min(), touched.iter().max()) {
            reserved.push(Reserved { from: *first - TimeDelta::minutes(25), to: *last + TimeDelta::minutes(45) });
        }
    }
    plans.extend(everyday(part, began_at, now, chance));
    plans.retain(|plan| {
        let free = |stretch: &Reserved| plan.finished_at < stretch.from || plan.started_at > stretch.to;
        plan.story.is_some() || reserved.iter().all(free)
    });
    plans.sort_by_key(|plan| plan.started_at);
    drop_overlaps(plans)
}

/// Everyday releases, each day as busy as the calendar and the season of the team's work say.
fn everyday(part: &Part, began_at: DateTime<Utc>, now: DateTime<Utc>, chance: &mut Chance) -> Vec<Plan> {
    let mut plans = Vec::new();
    let mut burst = 100;
    let mut day = began_at.date_naive();
    while day <= now.date_naive() {
        if day.weekday().num_days_from_monday() == 0 {
            burst = chance.pick(&[35, 60, 80, 100, 110, 150, 190]);
        }
        let mut expected = part.pace * calendar::busyness_percent(day) * burst / 1440;
        while chance.happens(expected) {
            let minute = if chance.happens(550) {
                chance.between(8 * 60, 11 * 60)
            } else {
                chance.between(12 * 60, 15 * 60 + 40)
            };
            let started_at = calendar::instant(day, minute) + TimeDelta::seconds(chance.between(0, 59));
            let kind = everyday_kind(chance);
            let finished_at = started_at + TimeDelta::seconds(chance.between(95, 760));
            let failed = chance.happens(18);
            plans.push(Plan {
                environment: "production",
                kind,
                started_at,
                finished_at,
                failed,
                summary: wording::everyday_summary(kind, part.slug, chance),
                release: None,
                story: None,
            });
            if kind == "deploy" && !failed && chance.happens(22) {
                let back_at = finished_at + TimeDelta::seconds(chance.between(500, 4800));
                plans.push(Plan {
                    environment: "production",
                    kind: "rollback",
                    started_at: back_at,
                    finished_at: back_at + TimeDelta::seconds(chance.between(60, 240)),
                    failed: false,
                    summary: wording::rollback_summary(chance),
                    release: None,
                    story: None,
                });
            }
            expected = expected * 6 / 10;
        }
        day = day.succ_opt().expect("the year ends long before the calendar does");
    }
    plans.retain(|plan| plan.finished_at < now - TimeDelta::minutes(20) && plan.started_at > began_at);
    plans
}

fn everyday_kind(chance: &mut Chance) -> &'static str {
    match chance.between(0, 99) {
        0..=75 => "deploy",
        76..=83 => "config",
        84..=90 => "flag",
        91..=96 => "migration",
        _ => "infrastructure",
    }
}

/// Keeps a lane free of overlaps, and an everyday rollback directly behind what it undoes.
fn drop_overlaps(plans: Vec<Plan>) -> Vec<Plan> {
    let mut kept: Vec<Plan> = Vec::new();
    for plan in plans {
        let earlier = kept.last();
        if plan.story.is_none() {
            let clear = earlier.is_none_or(|last| plan.started_at > last.finished_at + TimeDelta::minutes(2));
            let undoes_its_own = plan.kind != "rollback"
                || earlier.is_some_and(|last| last.kind == "deploy" && !last.failed && last.story.is_none());
            if !clear || !undoes_its_own {
                continue;
            }
        } else if let Some(last) = kept.last_mut() {
            // Two stories that met on one afternoon: the earlier change is over when the later one begins.
            let latest = (plan.started_at - TimeDelta::seconds(3)).max(last.started_at + TimeDelta::seconds(1));
            last.finished_at = last.finished_at.min(latest);
        }
        kept.push(plan);
    }
    kept
}

/// Gives most releases a stay on staging first, and staging some releases that went no further.
fn plan_staging(part: &Part, plans: &mut Vec<Plan>, began_at: DateTime<Utc>, chance: &mut Chance) {
    let mut staged = Vec::new();
    let mut first_seen: Vec<(DateTime<Utc>, Option<usize>)> = Vec::new();
    let mut latest = began_at - TimeDelta::days(1);
    for (place, plan) in plans.iter().enumerate() {
        if !matches!(plan.kind, "deploy" | "migration") {
            continue;
        }
        let wish = plan.started_at - TimeDelta::seconds(chance.between(1500, 15_000));
        let staging_at = wish.max(latest + TimeDelta::minutes(20));
        let fits = staging_at + TimeDelta::minutes(12) < plan.started_at && chance.happens(880);
        if fits {
            let finished_at = staging_at + TimeDelta::seconds(chance.between(60, 420));
            staged.push((place, staging_at, finished_at));
        }
        latest = if fits { staging_at } else { plan.started_at };
        first_seen.push((latest, Some(place)));
    }
    let mut extras = Vec::new();
    for &(_, staging_at, finished_at) in &staged {
        // A release that was found wanting on staging, shortly before the one that went on.
        if chance.happens(70) {
            let started_at = staging_at - TimeDelta::seconds(chance.between(300, 400));
            extras.push((started_at, finished_at.min(started_at + TimeDelta::seconds(240)), chance.happens(600)));
        }
    }
    let production_count = plans.len();
    for (started_at, finished_at, failed) in extras {
        first_seen.push((started_at, Some(plans.len())));
        let summary = wording::everyday_summary("deploy", part.slug, chance);
        plans.push(staging_plan("deploy", started_at, finished_at, failed, summary));
    }
    first_seen.sort_unstable();
    let mut release_of = BTreeMap::new();
    for (release, (_, place)) in first_seen.iter().enumerate() {
        if let Some(place) = place {
            release_of.insert(*place, release);
        }
    }
    for (place, release) in &release_of {
        plans[*place].release = Some(*release);
    }
    for (place, started_at, finished_at) in staged {
        let (kind, summary) = (plans[place].kind, plans[place].summary.clone());
        let mut plan = staging_plan(kind, started_at, finished_at, false, summary);
        plan.release = plans[place].release;
        plans.push(plan);
    }
    for place in 0..production_count {
        // Flags and configuration are tried on staging too, but less often.
        let plan = &plans[place];
        if matches!(plan.kind, "config" | "flag" | "infrastructure") && plan.story.is_none() && chance.happens(550) {
            let started_at = plan.started_at - TimeDelta::seconds(chance.between(1800, 9000));
            let finished_at = started_at + TimeDelta::seconds(chance.between(20, 90));
            let (kind, summary) = (plan.kind, plan.summary.clone());
            plans.push(staging_plan(kind, started_at, finished_at, false, summary));
        }
    }
}

fn staging_plan(
    kind: &'static str,
    started_at: DateTime<Utc>,
    finished_at: DateTime<Utc>,
    failed: bool,
    summary: String,
) -> Plan {
    Plan { environment: "staging", kind, started_at, finished_at, failed, summary, release: None, story: None }
}

/// Two changes are on their way at the very moment at which the demo opens.
fn plan_running_now(part: &Part, plans: &mut Vec<Plan>, now: DateTime<Utc>) {
    let (environment, age_seconds) = match part.slug {
        "timetable-search" => ("staging", 200),
        "reporting" => ("production", 95),
        _ => return,
    };
    let started_at = now - TimeDelta::seconds(age_seconds);
    let release = plans.iter().filter_map(|plan| plan.release).max().map_or(0, |last| last + 1);
    plans.push(Plan {
        environment,
        kind: "deploy",
        started_at,
        finished_at: now + TimeDelta::minutes(4),
        failed: false,
        summary: wording::everyday_summary("deploy", part.slug, &mut Chance::from_seed(7)),
        release: Some(release),
        story: None,
    });
}

/// Gives the plans of one service their versions and their place in the succession of their lane.
fn settle(
    part: &Part,
    mut plans: Vec<Plan>,
    now: DateTime<Utc>,
    chance: &mut Chance,
) -> Vec<(Deploy, Option<StoryKey>)> {
    plans.sort_by_key(|plan| (plan.started_at, plan.environment));
    let releases = name_releases(part, &plans, chance);
    let mut settled: Vec<(Deploy, Option<StoryKey>)> = Vec::new();
    let mut lanes: BTreeMap<&'static str, Vec<Running>> = BTreeMap::new();
    let mut settings: BTreeMap<&'static str, String> = BTreeMap::new();
    let mut pull_request = chance.between(380, 2600);
    let mut first_of: BTreeMap<usize, usize> = BTreeMap::new();
    for plan in plans {
        let lane = lanes.entry(plan.environment).or_default();
        let mut deploy = blank(part, &plan, now);
        let place = settled.len();
        if let Some(release) = plan.release {
            let (version, commit) = releases[release].clone();
            let before = lane.last().cloned();
            deploy.previous_version = before.as_ref().map(|running| running.version.clone());
            deploy.previous_commit_sha = before.map(|running| running.commit);
            deploy.version = Some(version.clone());
            deploy.commit_sha = Some(commit.clone());
            if !plan.failed && deploy.finished_at.is_some() {
                lane.push(Running { version, commit, place });
            }
        } else if plan.kind == "rollback" {
            if lane.len() < 2 {
                continue;
            }
            let undone = lane.pop().expect("two were there");
            let target = lane.last_mut().expect("one is left");
            settled[undone.place].0.status = "rolled_back";
            deploy.version = Some(target.version.clone());
            deploy.commit_sha = Some(target.commit.clone());
            deploy.previous_version = Some(undone.version);
            deploy.previous_commit_sha = Some(undone.commit);
            target.place = place;
        } else if plan.kind != "flag" {
            let commit = chance.commit();
            deploy.previous_commit_sha = settings.insert(plan.environment, commit.clone());
            deploy.commit_sha = Some(commit);
        }
        match plan.release.and_then(|release| first_of.get(&release)) {
            Some(staged) => trail::carry_over(&mut deploy, &settled[*staged].0, part, chance),
            None => trail::add(&mut deploy, part, &mut pull_request, chance),
        }
        if let Some(release) = plan.release {
            first_of.entry(release).or_insert(place);
        }
        settled.push((deploy, plan.story));
    }
    settled
}

fn blank(part: &Part, plan: &Plan, now: DateTime<Utc>) -> Deploy {
    let is_running = plan.finished_at > now;
    Deploy {
        number: 0,
        service: part.slug,
        environment: plan.environment,
        kind: plan.kind,
        status: match (is_running, plan.failed) {
            (true, _) => "started",
            (false, true) => "failed",
            (false, false) => "succeeded",
        },
        version: None,
        commit_sha: None,
        previous_version: None,
        previous_commit_sha: None,
        summary: plan.summary.clone(),
        url: None,
        compare_url: None,
        deployed_by: String::new(),
        source: "ci",
        external_id: None,
        started_at: plan.started_at,
        finished_at: Some(plan.finished_at).filter(|_| !is_running),
        trail: Vec::new(),
        references: Vec::new(),
    }
}

/// Version and commit of each release, in order.
fn name_releases(part: &Part, plans: &[Plan], chance: &mut Chance) -> Vec<(String, String)> {
    let mut seen: BTreeMap<usize, (DateTime<Utc>, &'static str)> = BTreeMap::new();
    for plan in plans {
        if let Some(release) = plan.release {
            seen.entry(release).or_insert((plan.started_at, plan.kind));
        }
    }
    let mut minor = chance.between(18, 140);
    let mut patch = 0;
    let mut week = (0, 0);
    let mut in_week = 0;
    seen.values()
        .zip(1..)
        .map(|(&(at, kind), count)| {
            let version = match part.versions {
                Versions::Build(first) => format!("build-{}", first + count),
                Versions::Calendar => {
                    let here = (at.iso_week().year(), at.iso_week().week());
                    in_week = if here == week { in_week + 1 } else { 1 };
                    week = here;
                    format!("{}.{:02}.{in_week}", week.0, week.1)
                }
                Versions::Semantic(major) => {
                    if kind == "migration" || chance.happens(450) {
                        patch += 1;
                    } else {
                        (minor, patch) = (minor + 1, 0);
                    }
                    format!("v{major}.{minor}.{patch}")
                }
            };
            (version, chance.commit())
        })
        .collect()
}
