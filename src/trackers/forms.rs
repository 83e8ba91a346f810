//! A tracker as it was typed.

use super::model::TrackerKind;
use crate::error::Error;
use crate::web::fields::{Check, Fields, LINE_LIMIT, URL_LIMIT};

/// Longest token, in characters.
const TOKEN_LIMIT: usize = 1_000;

/// A tracker as an admin wants it, with its token as it was typed.
#[derive(Clone, Debug)]
pub struct TrackerDraft {
    /// Which program it is.
    pub kind: TrackerKind,
    /// Its name.
    pub name: String,
    /// Slug or name of its team.
    pub team: Option<String>,
    /// Where its REST interface is.
    pub base_url: String,
    /// The project.
    pub project: String,
    /// The address to sign in with; may be empty.
    pub account: String,
    /// The token.
    pub token: String,
}

/// Reads the form of a new tracker.
///
/// # Errors
/// 422 with a sentence for each field.
pub fn draft(fields: &Fields) -> Result<TrackerDraft, Error> {
    let mut check = Check::new();
    let kind: Option<TrackerKind> = check.word("kind", fields.some("kind"), "Choose GitHub, GitLab or Jira.");
    let name = check.line("name", fields.some("name"), LINE_LIMIT, "Give the tracker a name.");
    let team = check.optional_line("team", fields.some("team"), LINE_LIMIT);
    let project = check.line("project", fields.some("project"), LINE_LIMIT, "Name the project.");
    if let (Some(kind), Some(project)) = (kind, &project)
        && !is_project(kind, project)
    {
        check.add("project", example(kind));
    }
    let usual = kind.map_or("", TrackerKind::usual_base_url);
    let base_url = match fields.some("base_url") {
        Some(text) => check.url("base_url", Some(text)).map(|url| url.trim_end_matches('/').to_owned()),
        None if usual.is_empty() => {
            check.add("base_url", "Give the address of your Jira, such as https://example.atlassian.net.");
            None
        }
        None => Some(usual.to_owned()),
    };
    if base_url.as_ref().is_some_and(|url| url.contains(['?', '#']) || url.len() > URL_LIMIT) {
        check.add("base_url", "Leave out everything from a question mark on.");
    }
    let account = check.optional_line("account", fields.some("account"), LINE_LIMIT).unwrap_or_default();
    let token = token(&mut check, fields);
    match (kind, name, project, base_url, token) {
        (Some(kind), Some(name), Some(project), Some(base_url), Some(token)) if check.is_ok() => {
            Ok(TrackerDraft { kind, name, team, base_url, project, account, token })
        }
        _ => Err(check.into_error()),
    }
}

/// The token of a form.
pub fn token(check: &mut Check, fields: &Fields) -> Option<String> {
    let token =
        check.line("token", fields.some("token"), TOKEN_LIMIT, "Paste a token that may read and write issues.")?;
    if token.chars().any(|letter| !letter.is_ascii_graphic()) {
        check.add("token", "A token has no blanks and no letters beyond ASCII. Copy it again.");
        return None;
    }
    Some(token)
}

fn is_project(kind: TrackerKind, project: &str) -> bool {
    let parts: Vec<&str> = project.split('/').collect();
    let are_names = parts.iter().all(|part| !part.is_empty() && *part != "." && *part != "..");
    match kind {
        TrackerKind::GitHub => parts.len() == 2 && are_names,
        TrackerKind::GitLab => are_names,
        TrackerKind::Jira => {
            parts.len() == 1 && project.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        }
    }
}

fn example(kind: TrackerKind) -> &'static str {
    match kind {
        TrackerKind::GitHub => "Write the project as owner/repository.",
        TrackerKind::GitLab => "Write the project as group/project, or as its number.",
        TrackerKind::Jira => "Give the project's key, such as OPS.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tracker_needs_a_project_of_its_kind_and_a_token() {
        let read = |text: &str| draft(&Fields::parse(text.as_bytes()));
        let github = read("kind=github&name=Ours&project=acme/shop&token=t").unwrap();
        assert_eq!(github.base_url, "https://api.github.com");
        assert!(read("kind=jira&name=Ours&project=OPS&token=t&base_url=https://acme.atlassian.net/").is_ok());
        for (odd, field) in [
            ("kind=odd&name=x&project=a/b&token=t", "kind"),
            ("kind=github&name=x&project=shop&token=t", "project"),
            ("kind=gitlab&name=x&project=a/../b&token=t", "project"),
            ("kind=jira&name=x&project=OPS&token=t", "base_url"),
            ("kind=github&name=x&project=a/b&token=t%20t", "token"),
            ("kind=github&name=x&project=a/b&token=t&base_url=ftp://x", "base_url"),
        ] {
            let Err(Error::Invalid(errors)) = read(odd) else { panic!("{odd}") };
            assert!(errors.of(field).is_some(), "{odd}");
        }
    }
}
