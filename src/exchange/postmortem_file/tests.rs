use std::path::PathBuf;

use super::*;

fn show(at: Option<DateTime<Utc>>) -> String {
    at.map_or_else(|| "none".to_owned(), |at| at.format("%Y-%m-%dT%H:%M").to_string())
}

#[test]
fn a_plain_postmortem_is_understood() {
    let text = "# 2019-03-04, Disk full\n\n## Summary\n\nIt hurt.\n\n## Timeline\n\nAll times in CET\n\n### 2019-03-04 10:30\n\nFull.\n\n\
                ### 11:45\n\nEmpty.\n\n## Action items\n\n- [ ] Add an alert\n";
    let read = read("2019-03-04-disk.md", text);
    assert_eq!(read.title, "Disk full");
    assert_eq!(read.markdown, text);
    assert_eq!(show(read.started_at), "2019-03-04T09:30");
    assert_eq!(show(read.resolved_at), "2019-03-04T10:45");
    assert_eq!(read.started_on, NaiveDate::from_ymd_opt(2019, 3, 4));
    assert_eq!(read.duration_minutes, Some(75));
    assert_eq!(read.time_precision, TimePrecision::Minute);
    assert_eq!(read.action_items.len(), 1);
    assert_eq!(read.remarks, []);
}

#[test]
fn front_matter_of_others_is_read_and_kept() {
    let text = "---\ntitle: \"Postmortem: API down\"\ndate: 2019-03-04 10:00:00 +0100\nresolved: true\nresolvedWhen: 2019-03-04 12:30:00 +0100\n\
                severity: down\naffected:\n  - API\n  - Web\ntags: [ops]\n---\n\nWe broke it.\n";
    let read = read("content/issues/api.md", text);
    assert_eq!(read.title, "API down");
    assert_eq!(read.markdown, text);
    assert_eq!(show(read.started_at), "2019-03-04T09:00");
    assert_eq!(show(read.resolved_at), "2019-03-04T11:30");
    assert_eq!(read.duration_minutes, Some(150));
    assert_eq!(read.services, ["API", "Web"]);
    assert_eq!(read.tags, ["ops"]);
    assert!(read.source_front_matter.unwrap().starts_with("---\ntitle"));
    assert_eq!(read.remarks[0].text, "The severity \"down\" was not understood; pick one of SEV1 to SEV5.");
}

#[test]
fn facts_in_tables_and_lines_are_understood() {
    for text in [
        "# API down\n\n| | |\n|---|---|\n| Date | March 4th, 2019 |\n| Start time (UTC) | 10:00 |\n| End time (UTC) | 11:15 |\n| Severity | P2 |\n| Services affected | api, web |\n",
        "# API down\n\n**Date:** 2019-03-04\n**Time:** 10:00 - 11:15 UTC\n**Severity**: 2\n**Services affected:** api, web\n",
        "# API down\n\n## Date\n\n2019-03-04 10:00 UTC\n\n## Duration\n\n1 hour 15 minutes\n\n## Severity\n\nSEV2\n\n## Affected services\n\n- api, web\n",
        "# API down\n\n- Started: 4 Mar 2019 10:00 UTC\n- Resolved: 4 Mar 2019 11:15 UTC\n- Sev: 2\n- Service(s) affected: api; web\n",
        "<h1>API down</h1>\n<table>\n<tr><td>Date</td><td>2019-03-04</td></tr>\n<tr><td>Start</td><td>10:00 UTC</td></tr>\n<tr><td>Duration</td><td>75 min</td></tr>\n<tr><th>Severity</th><td>high</td></tr><tr><td>Components</td></tr>\n<tr><td>Services</td><td>api, web</td></tr>\n</table>\n",
    ] {
        let read = read("x.md", text);
        assert_eq!(read.title, "API down", "{text}");
        assert_eq!(show(read.started_at), "2019-03-04T10:00", "{text}");
        assert_eq!(show(read.resolved_at), "2019-03-04T11:15", "{text}");
        assert_eq!(read.duration_minutes, Some(75), "{text}");
        assert_eq!(read.severity.as_deref(), Some("SEV2"), "{text}");
        assert_eq!(read.services, ["api", "web"], "{text}");
    }
}

/// Files as teams write them: `=== name | title | day it began`, then the text.
#[test]
fn the_shapes_that_teams_use_are_understood() {
    let shapes = include_str!("shapes.txt").split("\n=== ").map(|shape| shape.trim_start_matches("=== "));
    let mut wrong = Vec::new();
    for (index, shape) in shapes.enumerate() {
        let (head, text) = shape.split_once('\n').unwrap();
        let [name, title, day] = head.split(" | ").collect::<Vec<_>>()[..] else { panic!("{head}") };
        let read = read(name, text);
        assert_eq!(read.markdown, text, "{name}");
        let began = read.started_on.map(|day| day.to_string()).unwrap_or_default();
        if (read.title.as_str(), began.as_str()) != (title, day) {
            wrong.push(format!("{index} {head}: {} | {began}", read.title));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_draft_says_so() {
    for text in [
        "---\ntitle: X\ndraft: true\n---\n",
        "---\nstatus: In progress\n---\n# X\n",
        "# [DRAFT] X\n",
        "# X\n\n**Status:** Draft, waiting for numbers\n",
    ] {
        assert_eq!(read("x.md", text).standing, Standing::Draft, "{text}");
        assert_eq!(read("x.md", text).title, "X", "{text}");
    }
    assert_eq!(read("_drafts/x.md", "# X\n").standing, Standing::Draft);
    assert_eq!(read("x.md", "# X\n\nStatus: in review\n").standing, Standing::InReview);
    assert_eq!(read("x.md", "# X\n\n**Status:** Complete, action items in progress\n").standing, Standing::Published);
}

#[test]
fn a_file_without_anything_still_becomes_something() {
    let nothing = read("", "");
    assert_eq!(nothing.title, "Untitled incident");
    assert_eq!(nothing.started_at, None);
    assert_eq!(nothing.remarks.len(), 2);
    let name_only = read("posts/2019-03-04-api-down.md", "Words.\n");
    assert_eq!(name_only.title, "Api down");
    assert_eq!(show(name_only.started_at), "2019-03-04T00:00");
    assert_eq!(name_only.time_precision, TimePrecision::Day);
}

#[test]
fn contradictions_are_told() {
    let read = read(
        "2019-06-02-x.md",
        "# 2019-01-27, X\n\n## Timeline\n\nTimes in UTC\n\n### 2019-06-02 10:00\n\na\n\n### 21:00\n\nb\n",
    );
    assert_eq!(show(read.started_at), "2019-06-02T10:00");
    assert!(read.remarks[0].text.contains("because the timeline agrees"), "{:?}", read.remarks);
}

#[test]
fn foreign_front_matter_that_cannot_be_read_is_reported() {
    let text = "---\ntitle: T\n? odd\n---\nBody\n";
    let read = read("a.md", text);
    assert_eq!(read.markdown, text);
    assert!(read.remarks[0].text.contains("? odd"), "{:?}", read.remarks);
}

#[test]
fn real_postmortems_are_understood() {
    let Some(folder) = std::env::var_os("DEBRIEF_SAMPLES") else {
        println!("skipped: DEBRIEF_SAMPLES does not name a folder with postmortems/mybinder");
        return;
    };
    let folder = PathBuf::from(folder).join("postmortems/mybinder");
    let mut names: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("20"))
        .collect();
    names.sort();
    let (mut titled, mut dated, mut started, mut ended) = (0, 0, 0, 0);
    for path in &names {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(path).unwrap();
        let read = read(&name, &text);
        assert_eq!(read.markdown, text, "{name}");
        crate::markdown::render(&read.markdown, &crate::markdown::NoReferences).unwrap();
        titled += usize::from(!read.title.is_empty());
        dated += usize::from(read.started_at.is_some());
        started += usize::from(read.time_precision == TimePrecision::Minute);
        ended += usize::from(read.resolved_at.is_some());
        println!(
            "{name}\n    {} | {} to {} | {:?} min | {} actions | {:?}",
            read.title,
            show(read.started_at),
            show(read.resolved_at),
            read.duration_minutes,
            read.action_items.len(),
            read.remarks.iter().map(|remark| remark.text.as_str()).collect::<Vec<_>>()
        );
    }
    println!("{} files: {titled} titled, {dated} dated, {started} with a start time, {ended} with an end", names.len());
    assert_eq!((titled, dated), (names.len(), names.len()));
}
