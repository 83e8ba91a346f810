//! Own small files in the shapes of other tools.

use super::*;

fn at(told: &Told) -> (String, String) {
    let words = |at: Option<DateTime<Utc>>| at.map_or_else(String::new, |at| at.format("%FT%TZ").to_string());
    (words(told.read.started_at), words(told.read.resolved_at))
}

#[test]
fn opsgenie_postmortems_carry_their_documents() {
    let text = r#"{"data": {"executiveSummary": {"version": 1, "type": "doc", "content": [
        {"type": "paragraph", "content": [{"type": "text", "text": "Logins "},
            {"type": "text", "text": "failed", "marks": [{"type": "strong"}]}]}]},
      "content": {"version": 1, "type": "doc", "content": [
        {"type": "heading", "attrs": {"level": 2}, "content": [{"type": "text", "text": "Causes"}]},
        {"type": "bulletList", "content": [{"type": "listItem", "content": [
            {"type": "paragraph", "content": [{"type": "text", "text": "An old key"}]}]}]},
        {"type": "codeBlock", "attrs": {"language": "sh"}, "content": [{"type": "text", "text": "rotate --all"}]}]},
      "postmortemId": "4e4b", "title": "Logins failed", "severity": "P2", "status": "draft",
      "startTime": "2024-02-26T04:13:21.075Z", "endTime": "2024-02-26T05:00:00Z",
      "rootIncident": {"tinyId": "3", "message": "Incident", "creationTime": "2024-02-26T04:10:00Z", "tags": ["auth"]},
      "affectedServices": [{"id": "x", "name": "Login"}], "jiraIssues": [{"key": "OPS-4", "summary": "Rotate keys"}]},
      "took": 0.2, "requestId": "r"}"#;
    let told = read_json(text.as_bytes()).unwrap();
    assert_eq!((told.len(), told[0].tool, told[0].id.as_str()), (1, "Opsgenie", "4e4b"));
    assert_eq!(told[0].read.title, "Logins failed");
    assert_eq!(at(&told[0]), ("2024-02-26T04:13:21Z".to_owned(), "2024-02-26T05:00:00Z".to_owned()));
    assert_eq!(told[0].read.severity.as_deref(), Some("SEV2"));
    assert_eq!((told[0].read.services.join(","), told[0].read.tags.join(",")), ("Login".into(), "auth".into()));
    let text = &told[0].read.markdown;
    assert!(text.contains("## Causes\n\n- An old key\n\n```sh\nrotate --all\n```"), "{text}");
    assert!(text.contains("## Summary\n\nLogins **failed**") && text.contains("- [ ] Rotate keys"), "{text}");
}

#[test]
fn incident_io_is_put_together_from_its_lists() {
    let text = r###"{"incidents": [
       {"id": "01A", "reference": "INC-7", "name": "Database is sad", "summary": "Writes stood still.",
        "created_at": "2024-06-15T10:32:00Z", "severity": {"name": "Major", "rank": 3},
        "incident_status": {"name": "Closed", "category": "closed"},
        "incident_timestamp_values": [
          {"incident_timestamp": {"name": "Impact started at"}, "value": {"value": "2024-06-15T10:20:00Z"}},
          {"incident_timestamp": {"name": "Resolved at"}, "value": {"value": "2024-06-15T11:05:00Z"}}],
        "custom_field_entries": [{"custom_field": {"name": "Root area"}, "values": [{"value_option": {"value": "Storage"}}]}]},
       {"id": "01B", "reference": "INC-8", "name": "Mail late", "created_at": "2024-07-01T08:00:00Z",
        "incident_status": {"name": "Closed"}, "severity": {"name": "Minor"}}],
     "follow_ups": [{"incident_id": "01A", "title": "Alert on lag", "status": "completed",
        "external_issue_reference": {"issue_permalink": "https://tracker.example/7"}},
        {"incident_id": "01B", "title": "Watch the queue", "status": "outstanding"}],
     "incident_updates": [{"incident_id": "01A", "created_at": "2024-06-15T10:40:00Z", "message": "We found the lock."}],
     "postmortem_documents": [{"id": "d", "incident_id": "01A", "title": "INC-7: Database is sad",
        "document_url": "https://app.example/d", "markdown": "# Post-mortem\n\n## Causes\n\nA long lock.\n"}]}"###;
    let told = read_json(text.as_bytes()).unwrap();
    assert_eq!(told.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["INC-7", "INC-8"]);
    assert_eq!(told[0].read.title, "Database is sad");
    assert_eq!(at(&told[0]), ("2024-06-15T10:20:00Z".to_owned(), "2024-06-15T11:05:00Z".to_owned()));
    assert_eq!(told[0].read.severity.as_deref(), Some("SEV2"));
    let text = &told[0].read.markdown;
    assert!(text.starts_with("# Post-mortem\n\n## Causes\n\nA long lock."), "{text}");
    assert!(text.contains("| 2024-06-15 10:40 UTC | We found the lock. |") && text.contains("Storage"), "{text}");
    assert_eq!(told[0].events.len(), 1);
    let items = &told[0].read.action_items;
    assert_eq!((items[0].title.as_str(), items[0].done), ("Alert on lag", true));
    assert_eq!(items[0].url.as_deref(), Some("https://tracker.example/7"));
    assert_eq!(told[1].read.action_items[0].title, "Watch the queue");
    let alone = read_json(br##"{"markdown": "# Cache gone\n\nDate: 2024-03-02\n"}"##).unwrap();
    assert_eq!((alone[0].read.title.as_str(), at(&alone[0]).0.as_str()), ("Cache gone", "2024-03-02T00:00:00Z"));
}

#[test]
fn pagerduty_reports_and_incidents_are_read() {
    let text = r#"{"incident": {"id": "PT4", "type": "incident", "incident_number": 1234, "title": "The server is slow",
        "summary": "[#1234] The server is slow", "created_at": "2023-10-06T21:30:42Z", "status": "resolved",
        "last_status_change_at": "2023-10-06T21:48:23Z", "urgency": "high", "priority": {"summary": "P1"},
        "service": {"summary": "My Mail Service"}},
      "postmortem": {"title": "Slow server", "impact_start_time": "2023-10-06T21:25:00Z",
        "impact_end_time": "2023-10-06T21:45:00Z", "overview": "Mail was slow.", "root_cause": "A full disk.",
        "action_items": ["Grow the disk"]},
      "log_entries": [{"type": "trigger_log_entry", "created_at": "2023-10-06T21:30:42Z", "summary": "Triggered."}]}"#;
    let told = read_json(text.as_bytes()).unwrap();
    assert_eq!((told.len(), told[0].tool, told[0].id.as_str()), (1, "PagerDuty", "1234"));
    assert_eq!(told[0].read.title, "The server is slow");
    assert_eq!(at(&told[0]), ("2023-10-06T21:25:00Z".to_owned(), "2023-10-06T21:45:00Z".to_owned()));
    assert_eq!((told[0].read.severity.as_deref(), told[0].read.services.len()), (Some("SEV1"), 1));
    let text = &told[0].read.markdown;
    assert!(text.contains("## Summary\n\nMail was slow.") && text.contains("A full disk."), "{text}");
    assert_eq!((told[0].events.len(), told[0].read.action_items.len()), (1, 1));
    for other in ["{\"name\": \"x\", \"version\": \"1\"}", "[]", "{", "{\"data\": [1, 2]}", "null"] {
        assert_eq!(read_json(other.as_bytes()), None, "{other}");
    }
}

const DISPATCH: &str = "--\n-- PostgreSQL database dump\n--\n\\restrict abc\n\nSET standard_conforming_strings = on;\n\
CREATE FUNCTION f() RETURNS trigger AS $$ begin; insert into x values ('a'); end; $$ LANGUAGE plpgsql;\n\
COPY dispatch_organization_default.incident (id, name, title, description, status, resolution, reported_at, stable_at, closed_at, incident_severity_id, incident_type_id) FROM stdin;\n\
1\tdispatch-default-1\tQueue \\\\ stuck\tJobs waited.\\nMany.\tClosed\tRestarted\t2023-03-04 10:00:00.5\t2023-03-04 11:00:00\t2023-03-05 09:00:00\t2\t1\n\\.\n\n\
COPY dispatch_organization_default.incident_severity (id, name) FROM stdin;\n2\tHigh\n\\.\n\
INSERT INTO dispatch_organization_default.incident_type (id, name) VALUES (1, 'Data''s loss');\n\
COPY dispatch_organization_default.event (id, started_at, description, incident_id) FROM stdin;\n\
8\t2023-03-04 10:30:00\tWorkers restarted\t1\n9\t\\N\tNo time\t1\n\\.\n\
COPY dispatch_organization_default.task (id, description, status, weblink, incident_id) FROM stdin;\n\
3\tAlert on age\tResolved\thttps://tracker.example/9\t1\n\\.\n";

#[test]
fn dispatch_dumps_are_read() {
    let told = read_sql(DISPATCH).unwrap();
    assert_eq!((told.len(), told[0].tool, told[0].id.as_str()), (1, "Dispatch", "dispatch-default-1"));
    assert_eq!(told[0].read.title, "Queue \\ stuck");
    assert_eq!(at(&told[0]), ("2023-03-04T10:00:00Z".to_owned(), "2023-03-05T09:00:00Z".to_owned()));
    assert_eq!(told[0].read.mitigated_at.unwrap().to_rfc3339(), "2023-03-04T11:00:00+00:00");
    assert_eq!((told[0].read.severity.as_deref(), told[0].read.tags.join(",")), (Some("SEV2"), "Data's loss".into()));
    assert!(told[0].read.markdown.contains("Jobs waited.\nMany."));
    assert_eq!((told[0].events.len(), told[0].read.action_items[0].done), (1, true));
}

const MORGUE: &str = "-- MySQL dump 10.13\n/*!40101 SET NAMES utf8 */;\nCREATE TABLE `postmortems` (\n\
  `id` bigint(20) NOT NULL AUTO_INCREMENT,\n  `title` varchar(255) NOT NULL,\n  `summary` text NOT NULL,\n\
  `starttime` int(11) UNSIGNED NOT NULL,\n  `endtime` int(11) NOT NULL,\n  `statustime` int(11) NOT NULL,\n\
  `detecttime` int(11) NOT NULL,\n  `severity` int(1) NOT NULL,\n  `deleted` tinyint(1) NOT NULL DEFAULT '0',\n\
  PRIMARY KEY (`id`)\n) ENGINE=InnoDB;\n\
INSERT INTO `postmortems` VALUES (1,'It\\'s slow; really','Line 1\\nLine 2',1356998400,1357002000,0,1356998700,2,0),(2,'Gone','x',1356998400,1357002000,0,0,3,1);\n\
CREATE TABLE `tags` (`id` bigint(20), `title` varchar(255), `deleted` tinyint(1), PRIMARY KEY (`id`));\n\
INSERT INTO `tags` VALUES (4,'search',0);\nCREATE TABLE `postmortem_referenced_tags` (`postmortem_id` bigint, `tag_id` bigint, `deleted` tinyint(1));\n\
INSERT INTO `postmortem_referenced_tags` VALUES (1,4,0);\n\
CREATE TABLE `jira` (`id` bigint(20), `postmortem_id` bigint(20), `ticket` varchar(50), `deleted` tinyint(1), KEY `postmortem_id` (`postmortem_id`));\n\
INSERT INTO `jira` VALUES (1,1,'OPS-3',0);\n";

#[test]
fn morgue_dumps_are_read() {
    let told = read_sql(MORGUE).unwrap();
    assert_eq!((told.len(), told[0].tool, told[0].read.title.as_str()), (1, "Morgue", "It's slow; really"));
    assert_eq!(at(&told[0]), ("2013-01-01T00:00:00Z".to_owned(), "2013-01-01T01:00:00Z".to_owned()));
    assert_eq!(told[0].read.detected_at.unwrap().timestamp(), 1_356_998_700);
    assert_eq!((told[0].read.severity.as_deref(), told[0].read.tags.join(",")), (Some("SEV2"), "search".into()));
    assert!(told[0].read.markdown.contains("Line 1\nLine 2"));
    assert_eq!(told[0].read.action_items[0].title, "OPS-3");
    assert_eq!(read_sql("CREATE TABLE x (id int); INSERT INTO x VALUES (1);"), None);
    for broken in ["COPY a.incident (id", "INSERT INTO `postmortems` VALUES ('", "$$", "'", "COPY x (a) FROM stdin;\n1"]
    {
        read_sql(broken);
    }
}

#[test]
fn drafts_are_told_from_what_was_finished() {
    for (text, standing) in [
        (
            r#"{"data": {"postmortemId": "a", "title": "T", "status": "draft", "startTime": "2024-02-26T04:13:21Z"}}"#,
            Standing::Draft,
        ),
        (
            r#"{"data": {"postmortemId": "a", "title": "T", "status": "published", "startTime": "2024-02-26T04:13:21Z"}}"#,
            Standing::Published,
        ),
        (
            r#"{"incident": {"id": "a", "name": "T", "created_at": "2024-02-26T04:13:21Z", "incident_status": {"name": "Closed"}},
                "postmortem_document": {"title": "T", "status": "in_review", "document_url": "u", "markdown": "x"}}"#,
            Standing::InReview,
        ),
        (
            r#"{"incident": {"id": "a", "name": "T", "created_at": "2024-02-26T04:13:21Z", "status": "resolved", "urgency": "high"},
                "postmortem": {"title": "T", "status": "In Progress", "overview": "x"}}"#,
            Standing::Draft,
        ),
        (
            r#"{"id": "a", "title": "T", "created_at": "2024-02-26T04:13:21Z", "status": "resolved", "urgency": "high"}"#,
            Standing::Published,
        ),
        (
            r#"{"id": "a", "title": "T", "created_at": "2024-02-26T04:13:21Z", "severity": "P1", "postmortem": {"published_at": null, "body": "x"}}"#,
            Standing::Draft,
        ),
    ] {
        assert_eq!(read_json(text.as_bytes()).unwrap()[0].read.standing, standing, "{text}");
    }
}

#[test]
fn html_of_a_tool_becomes_markdown_and_titles_are_words() {
    let text = r#"{"id": "P1", "incident_number": 7, "title": "Mail &amp; <i>queue</i> late", "status": "resolved",
        "created_at": "2024-02-26T04:13:21Z", "body": {"type": "incident_body", "details": "<p>Depth <b>9000</b></p>"},
        "service": {"summary": "Mail <b>out</b>"}, "priority": {"summary": "P2"},
        "postmortem": {"overview": "<p>Mail was <a href='https://x.example/1'>late</a>.</p><script>alert(1)</script>"},
        "notes": [{"created_at": "2024-02-26T04:20:00Z", "content": "<p>We <b>drained</b> it</p>"}],
        "action_items": ["<p>Alert on depth</p>"]}"#;
    let told = read_json(text.as_bytes()).unwrap().remove(0);
    assert_eq!((told.tool, told.read.title.as_str()), ("PagerDuty", "Mail & queue late"));
    assert_eq!(
        (told.read.services[0].as_str(), told.read.action_items[0].title.as_str()),
        ("Mail out", "Alert on depth")
    );
    assert_eq!(told.events[0].text, "We **drained** it");
    let text = &told.read.markdown;
    assert!(text.starts_with("## Summary\n\nMail was [late](<https://x.example/1>).\n"), "{text}");
    assert!(text.contains("## What the alert said\n\nDepth **9000**"), "{text}");
    assert!(!text.contains("<p>") && !text.contains("alert(1)"), "{text}");
}
