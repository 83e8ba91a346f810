//! GitLab's REST interface for issues, and its issue webhook. Pure.
//!
//! <https://docs.gitlab.com/api/issues/>

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::model::{Access, Call, Headers, Said, Wanted, header, instant, line, segment};
use crate::outbound::Method;

fn issues(access: &Access<'_>) -> String {
    format!("{}/projects/{}/issues", access.tracker.base_url, segment(&access.tracker.project))
}

/// Lists the issues that were opened last.
pub fn latest(access: &Access<'_>) -> Call {
    let url = format!("{}?scope=all&order_by=created_at&sort=desc&per_page=100", issues(access));
    Call::new(access, Method::Get, url, None)
}

/// The issue among them that holds the mark.
pub fn find(answer: &Value, mark: &str) -> Option<Said> {
    answer
        .as_array()?
        .iter()
        .find(|issue| issue["description"].as_str().is_some_and(|body| body.contains(mark)))
        .and_then(read)
}

/// Creates the issue.
pub fn create(access: &Access<'_>, wanted: &Wanted) -> Call {
    let body = json!({"title": wanted.title, "description": wanted.body});
    Call::new(access, Method::Post, issues(access), Some(body))
}

/// Reads one issue.
pub fn get(access: &Access<'_>, key: &str) -> Call {
    Call::new(access, Method::Get, format!("{}/{}", issues(access), segment(key)), None)
}

/// Makes its title, and its state where that differs, what is wanted.
pub fn update(access: &Access<'_>, before: &Said, wanted: &Wanted) -> Call {
    let mut body = json!({"title": wanted.title});
    if wanted.is_done != before.is_done {
        body["state_event"] = if wanted.is_done { "close" } else { "reopen" }.into();
    }
    Call::new(access, Method::Put, format!("{}/{}", issues(access), segment(&before.key)), Some(body))
}

/// An issue as an answer has it.
pub fn read(issue: &Value) -> Option<Said> {
    Some(Said {
        key: issue.get("iid")?.as_i64()?.to_string(),
        url: line(issue, "/web_url"),
        title: line(issue, "/title")?,
        is_done: issue.get("state")?.as_str()? == "closed",
        at: instant(issue, "/updated_at"),
    })
}

/// Whether the delivery's token is the secret; compared in constant time.
pub fn is_authentic(secret: &str, headers: Headers<'_>) -> bool {
    let Some(token) = header(headers, "x-gitlab-token") else { return false };
    // Hashed first, so that the lengths do not tell either.
    Sha256::digest(token.as_bytes()).ct_eq(&Sha256::digest(secret.as_bytes())).into()
}

/// What a delivery says.
pub fn heard(delivery: &Value) -> Option<Said> {
    if delivery.get("object_kind")?.as_str()? != "issue" {
        return None;
    }
    let issue = delivery.get("object_attributes")?;
    Some(Said {
        key: issue.get("iid")?.as_i64()?.to_string(),
        url: line(issue, "/url"),
        title: line(issue, "/title")?,
        is_done: issue.get("state")?.as_str()? == "closed",
        at: instant(issue, "/updated_at"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trackers::model::TrackerKind;
    use crate::trackers::model::tests::tracker;

    #[test]
    fn requests_are_as_documented() {
        let tracker = tracker(TrackerKind::GitLab, "https://gitlab.com/api/v4", "acme/web/shop");
        let access = Access { tracker: &tracker, token: "t" };
        let wanted = Wanted { title: "Cap".to_owned(), body: "b".to_owned(), mark: "m".to_owned(), is_done: true };
        let create = create(&access, &wanted);
        assert_eq!(create.url, "https://gitlab.com/api/v4/projects/acme%2Fweb%2Fshop/issues");
        assert!(create.headers.contains(&("private-token".to_owned(), "t".to_owned())));
        let mut before = Said { key: "7".to_owned(), url: None, title: "Cap".to_owned(), is_done: false, at: None };
        assert!(update(&access, &before, &wanted).body.contains("\"state_event\":\"close\""));
        before.is_done = true;
        assert!(!update(&access, &before, &wanted).body.contains("state_event"));
    }

    #[test]
    fn deliveries_are_read_and_their_token_is_checked() {
        let delivery = json!({"object_kind": "issue", "object_attributes": {"iid": 7, "title": "Cap", "state": "closed",
            "url": "https://gitlab.com/acme/shop/-/issues/7", "updated_at": "2026-11-23 14:00:00 UTC", "action": "close"}});
        let said = heard(&delivery).unwrap();
        assert_eq!((said.key.as_str(), said.is_done, said.at.is_some()), ("7", true, true));
        assert_eq!(heard(&json!({"object_kind": "note"})), None);
        let token = |value: &str| vec![("x-gitlab-token".to_owned(), value.to_owned())];
        assert!(is_authentic("s", &token("s")) && !is_authentic("s", &token("t")) && !is_authentic("s", &[]));
    }
}
