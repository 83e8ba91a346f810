//! GitHub's REST interface for issues, and its `issues` webhook. Pure.
//!
//! <https://docs.github.com/en/rest/issues/issues>

use serde_json::{Value, json};

use super::model::{Access, Call, Headers, Said, Wanted, header, instant, line, segment};
use crate::outbound::Method;

fn issues(access: &Access<'_>) -> String {
    // The project's form was checked: owner and repository.
    let (owner, repository) = access.tracker.project.split_once('/').unwrap_or((&access.tracker.project, ""));
    format!("{}/repos/{}/{}/issues", access.tracker.base_url, segment(owner), segment(repository))
}

/// Lists the issues that were opened last; the search's index lags behind, this does not.
pub fn latest(access: &Access<'_>) -> Call {
    let url = format!("{}?state=all&sort=created&direction=desc&per_page=100", issues(access));
    Call::new(access, Method::Get, url, None)
}

/// The issue among them that holds the mark.
pub fn find(answer: &Value, mark: &str) -> Option<Said> {
    answer
        .as_array()?
        .iter()
        .filter(|issue| issue.get("pull_request").is_none())
        .find(|issue| issue["body"].as_str().is_some_and(|body| body.contains(mark)))
        .and_then(read)
}

/// Creates the issue.
pub fn create(access: &Access<'_>, wanted: &Wanted) -> Call {
    let body = json!({"title": wanted.title, "body": wanted.body});
    Call::new(access, Method::Post, issues(access), Some(body))
}

/// Reads one issue.
pub fn get(access: &Access<'_>, key: &str) -> Call {
    Call::new(access, Method::Get, format!("{}/{}", issues(access), segment(key)), None)
}

/// Makes its title and state what is wanted.
pub fn update(access: &Access<'_>, key: &str, wanted: &Wanted) -> Call {
    let body = if wanted.is_done {
        json!({"title": wanted.title, "state": "closed", "state_reason": "completed"})
    } else {
        json!({"title": wanted.title, "state": "open"})
    };
    Call::new(access, Method::Patch, format!("{}/{}", issues(access), segment(key)), Some(body))
}

/// An issue as an answer or a delivery has it.
pub fn read(issue: &Value) -> Option<Said> {
    Some(Said {
        key: issue.get("number")?.as_i64()?.to_string(),
        url: line(issue, "/html_url"),
        title: line(issue, "/title")?,
        is_done: issue.get("state")?.as_str()? == "closed",
        at: instant(issue, "/updated_at"),
    })
}

/// What a delivery says: only of issues, and not of those that were only talked about.
pub fn heard(headers: Headers<'_>, delivery: &Value) -> Option<Said> {
    if header(headers, "x-github-event") != Some("issues") {
        return None;
    }
    let action = delivery.get("action")?.as_str()?;
    matches!(action, "opened" | "edited" | "closed" | "reopened").then(|| read(delivery.get("issue")?)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trackers::model::TrackerKind;
    use crate::trackers::model::tests::tracker;

    #[test]
    fn requests_are_as_documented() {
        let tracker = tracker(TrackerKind::GitHub, "https://api.github.com", "acme/shop");
        let access = Access { tracker: &tracker, token: "t" };
        let mut wanted = Wanted { title: "Cap".to_owned(), body: "b".to_owned(), mark: "m".to_owned(), is_done: false };
        let create = create(&access, &wanted);
        assert_eq!(
            (create.method, create.url.as_str()),
            (Method::Post, "https://api.github.com/repos/acme/shop/issues")
        );
        assert!(create.headers.contains(&("authorization".to_owned(), "Bearer t".to_owned())));
        wanted.is_done = true;
        let close = update(&access, "7", &wanted);
        assert_eq!(close.url, "https://api.github.com/repos/acme/shop/issues/7");
        assert!(close.body.contains("\"state\":\"closed\""), "{}", close.body);
    }

    #[test]
    fn deliveries_and_answers_are_read() {
        let issue = json!({"number": 7, "title": " Cap\nthe pool ", "state": "closed", "html_url": "https://github.com/acme/shop/issues/7",
            "updated_at": "2026-11-23T14:00:00Z", "body": "x Debrief ACT-1 (u)"});
        let headers = vec![("x-github-event".to_owned(), "issues".to_owned())];
        let said = heard(&headers, &json!({"action": "closed", "issue": issue})).unwrap();
        assert_eq!((said.key.as_str(), said.title.as_str(), said.is_done), ("7", "Cap the pool", true));
        assert_eq!(heard(&headers, &json!({"action": "labeled", "issue": issue})), None);
        assert_eq!(heard(&[], &json!({"action": "closed", "issue": issue})), None);
        assert_eq!(find(&json!([{"number": 8, "body": null}, issue]), "Debrief ACT-1 (u)").unwrap().key, "7");
        for odd in [json!(null), json!([]), json!({}), json!({"number": "7"})] {
            assert_eq!(read(&odd), None, "{odd}");
        }
    }
}
