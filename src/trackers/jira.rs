//! Jira's REST interface for issues (version 2, whose texts are plain), and its webhooks. Pure.
//!
//! <https://developer.atlassian.com/cloud/jira/platform/rest/v2/>

use serde_json::{Value, json};

use super::model::{Access, Call, Said, Wanted, instant, line, segment};
use crate::outbound::Method;

fn api(access: &Access<'_>, path: &str) -> String {
    format!("{}/rest/api/2/{path}", access.tracker.base_url)
}

/// The label by which an issue is found again; labels hold no blanks.
pub fn label(wanted: &Wanted) -> String {
    let words: String = wanted
        .mark
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' })
        .collect();
    words.split('-').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-").chars().take(200).collect()
}

/// Searches the project for the label. `path` is `search/jql` in the cloud, `search` on servers of one's own.
pub fn search(access: &Access<'_>, wanted: &Wanted, path: &str) -> Call {
    let project = access.tracker.project.replace(['"', '\\'], "");
    let jql = format!("project = \"{project}\" AND labels = \"{}\" ORDER BY created ASC", label(wanted));
    let url = format!("{}?jql={}&maxResults=1&fields=summary,status,updated", api(access, path), segment(&jql));
    Call::new(access, Method::Get, url, None)
}

/// The issue that was found.
pub fn find(answer: &Value, base_url: &str) -> Option<Said> {
    read(answer.get("issues")?.as_array()?.first()?, base_url)
}

/// Creates the issue.
pub fn create(access: &Access<'_>, wanted: &Wanted) -> Call {
    let body = json!({"fields": {
        "project": {"key": access.tracker.project},
        "summary": wanted.title,
        "description": wanted.body,
        "issuetype": {"name": "Task"},
        "labels": [label(wanted)],
    }});
    Call::new(access, Method::Post, api(access, "issue"), Some(body))
}

/// The key of what was created; the answer says no more.
pub fn created(answer: &Value) -> Option<String> {
    line(answer, "/key")
}

/// Reads one issue.
pub fn get(access: &Access<'_>, key: &str) -> Call {
    let url = format!("{}?fields=summary,status,updated", api(access, &format!("issue/{}", segment(key))));
    Call::new(access, Method::Get, url, None)
}

/// Makes its title what is wanted.
pub fn rename(access: &Access<'_>, key: &str, wanted: &Wanted) -> Call {
    let body = json!({"fields": {"summary": wanted.title}});
    Call::new(access, Method::Put, api(access, &format!("issue/{}", segment(key))), Some(body))
}

/// Asks where its workflow leads from here.
pub fn transitions(access: &Access<'_>, key: &str) -> Call {
    Call::new(access, Method::Get, api(access, &format!("issue/{}/transitions", segment(key))), None)
}

/// The first way that ends where it is wanted to be.
pub fn way(answer: &Value, wanted: &Wanted) -> Option<String> {
    answer
        .get("transitions")?
        .as_array()?
        .iter()
        .find(|way| (way.pointer("/to/statusCategory/key").and_then(Value::as_str) == Some("done")) == wanted.is_done)
        .and_then(|way| way.get("id")?.as_str().map(str::to_owned))
}

/// Takes that way.
pub fn go(access: &Access<'_>, key: &str, way: &str) -> Call {
    let body = json!({"transition": {"id": way}});
    Call::new(access, Method::Post, api(access, &format!("issue/{}/transitions", segment(key))), Some(body))
}

/// An issue as an answer or a delivery has it.
pub fn read(issue: &Value, base_url: &str) -> Option<Said> {
    let key = line(issue, "/key")?;
    Some(Said {
        url: Some(base_url).filter(|url| !url.is_empty()).map(|url| format!("{url}/browse/{key}")),
        title: line(issue, "/fields/summary")?,
        is_done: issue.pointer("/fields/status/statusCategory/key").and_then(Value::as_str) == Some("done"),
        at: instant(issue, "/fields/updated"),
        key,
    })
}

/// What a delivery says.
pub fn heard(delivery: &Value) -> Option<Said> {
    let event = delivery.get("webhookEvent")?.as_str()?;
    matches!(event, "jira:issue_updated" | "jira:issue_created").then(|| read(delivery.get("issue")?, "")).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trackers::model::TrackerKind;
    use crate::trackers::model::tests::tracker;

    #[test]
    fn requests_are_as_documented() {
        let mut tracker = tracker(TrackerKind::Jira, "https://acme.atlassian.net", "OPS");
        tracker.account = "ada@example.org".to_owned();
        let access = Access { tracker: &tracker, token: "t" };
        let mark = "Debrief ACT-1 (https://d.example/action-items/ACT-1)".to_owned();
        let wanted = Wanted { title: "Cap".to_owned(), body: "b".to_owned(), mark, is_done: true };
        assert_eq!(label(&wanted), "debrief-act-1-https-d-example-action-items-act-1");
        let create = create(&access, &wanted);
        assert_eq!(create.url, "https://acme.atlassian.net/rest/api/2/issue");
        let basic = ("authorization".to_owned(), "Basic YWRhQGV4YW1wbGUub3JnOnQ=".to_owned());
        assert!(create.headers.contains(&basic), "{:?}", create.headers);
        let ways = json!({"transitions": [
            {"id": "11", "to": {"statusCategory": {"key": "indeterminate"}}},
            {"id": "31", "to": {"statusCategory": {"key": "done"}}}]});
        let open = Wanted { is_done: false, ..wanted.clone() };
        assert_eq!((way(&ways, &wanted).as_deref(), way(&ways, &open).as_deref()), (Some("31"), Some("11")));
        assert_eq!(way(&json!({"transitions": []}), &wanted), None);
    }

    #[test]
    fn deliveries_are_read() {
        let delivery = json!({"webhookEvent": "jira:issue_updated", "issue": {"key": "OPS-7", "fields": {"summary": "Cap",
            "status": {"statusCategory": {"key": "done"}}, "updated": "2026-11-23T15:00:00.000+0100"}}});
        let said = heard(&delivery).unwrap();
        assert_eq!((said.key.as_str(), said.is_done), ("OPS-7", true));
        assert_eq!(said.at.unwrap().to_string(), "2026-11-23T14:00:00Z");
        assert_eq!(heard(&json!({"webhookEvent": "comment_created"})), None);
    }
}
