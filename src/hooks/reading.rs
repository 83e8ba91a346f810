//! Reading what a sender wrote. Everything that comes out of here is bounded, on one line where a line is wanted, and
//! free of what a database refuses, so that no sender's module has to think of it.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde_json::Value;

use crate::clock::Moment;
use crate::signals::model::{LABEL_NAME_LIMIT, LABEL_VALUE_LIMIT, LABELS_LIMIT};
use crate::web::fields::{LINE_LIMIT, TEXT_LIMIT, URL_LIMIT, is_web_address};

/// Deepest nesting that is read. Real deliveries stay below 20.
pub const DEPTH_LIMIT: usize = 64;
/// The last instant of the year 9999, in milliseconds.
const LATEST_MILLIS: i64 = 253_402_300_799_999;

/// The JSON of a body.
///
/// # Errors
/// A sentence that says why nothing can be read from it.
pub fn parse(body: &[u8]) -> Result<Value, String> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    if body.is_empty() {
        return Err("The body is empty, so nothing could be read from it.".to_owned());
    }
    if depth(body) > DEPTH_LIMIT {
        return Err(format!("The JSON is nested more than {DEPTH_LIMIT} levels deep, so it was not read."));
    }
    serde_json::from_slice(body).map_err(|_| {
        if std::str::from_utf8(body).is_err() {
            "The body is not UTF-8, so nothing could be read from it.".to_owned()
        } else {
            "The body is not JSON, so nothing could be read from it.".to_owned()
        }
    })
}

/// How deep the brackets of a JSON text go, without parsing it.
fn depth(body: &[u8]) -> usize {
    let (mut now, mut deepest, mut in_text, mut is_escaped) = (0_usize, 0_usize, false, false);
    for byte in body {
        if in_text {
            match (is_escaped, byte) {
                (true, _) => is_escaped = false,
                (false, b'\\') => is_escaped = true,
                (false, b'"') => in_text = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_text = true,
            b'[' | b'{' => {
                now += 1;
                deepest = deepest.max(now);
            }
            b']' | b'}' => now = now.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// A text on one line: control characters gone, cut, not empty.
pub fn tidy(text: &str, limit: usize) -> Option<String> {
    let line: String = text
        .trim()
        .chars()
        .map(|letter| if matches!(letter, '\n' | '\r' | '\t') { ' ' } else { letter })
        .filter(|letter| !letter.is_control())
        .take(limit)
        .collect();
    let line = line.trim().to_owned();
    // PagerDuty's and Datadog's ways of writing nothing.
    let is_nothing = line.is_empty() || matches!(line.as_str(), "nil" | "null" | "None" | "N/A" | "n/a");
    (!is_nothing).then_some(line)
}

/// A text of several lines that a database takes.
pub fn tidy_text(text: &str) -> String {
    text.trim().chars().filter(|letter| *letter != '\0').take(TEXT_LIMIT).collect()
}

/// A web address, or nothing.
pub fn tidy_url(text: &str) -> Option<String> {
    let text = text.trim();
    let fits = is_web_address(text) && text.chars().count() <= URL_LIMIT && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned())
}

/// An instant in any of the ways in which senders write one.
pub fn tidy_moment(value: &Value) -> Option<Moment> {
    match value {
        Value::Number(number) => {
            let number = number.as_f64()?;
            (number > 0.0).then(|| from_epoch(number)).flatten()
        }
        Value::String(text) => from_text(text.trim()),
        _ => None,
    }
}

/// Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their size.
fn from_epoch(number: f64) -> Option<Moment> {
    let millis = match number {
        number if number >= 1e17 => number / 1e6,
        number if number >= 1e14 => number / 1e3,
        number if number >= 1e11 => number,
        number => number * 1e3,
    };
    bounded(millis as i64)
}

fn bounded(millis: i64) -> Option<Moment> {
    (1..=LATEST_MILLIS).contains(&millis).then(|| Moment::from_millis(millis))
}

fn from_text(text: &str) -> Option<Moment> {
    if text.is_empty() || text.len() > 60 {
        return None;
    }
    if let Ok(number) = text.parse::<f64>() {
        return (number > 0.0).then(|| from_epoch(number)).flatten();
    }
    let offset = ["%Y-%m-%d %H:%M:%S %z", "%Y-%m-%d %H:%M:%S%.f %z", "%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%d %H:%M:%S%z"];
    let plain = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%m/%d/%Y %H:%M:%S"];
    let without_zone = text.trim_end_matches(" UTC").trim_end_matches(" GMT").trim_end_matches('Z');
    let at: Option<DateTime<Utc>> = DateTime::parse_from_rfc3339(text)
        .ok()
        .or_else(|| offset.iter().find_map(|format| DateTime::parse_from_str(text, format).ok()))
        .map(|at| at.with_timezone(&Utc))
        .or_else(|| {
            let at = plain.iter().find_map(|format| NaiveDateTime::parse_from_str(without_zone, format).ok())?;
            Some(at.and_utc())
        });
    bounded(at?.timestamp_millis())
}

/// A value that a sender wrote, with ways to ask for what may be in it.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a>(pub &'a Value);

static NOTHING: Value = Value::Null;

impl<'a> Said<'a> {
    /// What stands at a JSON pointer; nothing is a value too.
    pub fn at(self, pointer: &str) -> Said<'a> {
        Said(self.0.pointer(pointer).unwrap_or(&NOTHING))
    }

    /// Whether there is anything.
    pub fn is_there(self) -> bool {
        !self.0.is_null()
    }

    /// The members of a list.
    pub fn list(self) -> impl Iterator<Item = Said<'a>> {
        self.0.as_array().map(Vec::as_slice).unwrap_or_default().iter().map(Said)
    }

    /// The members of an object.
    pub fn fields(self) -> impl Iterator<Item = (&'a str, Said<'a>)> {
        self.0
            .as_object()
            .into_iter()
            .flat_map(|fields| fields.iter().map(|(name, value)| (name.as_str(), Said(value))))
    }

    /// The text at a pointer, as it is.
    pub fn text(self, pointer: &str) -> Option<&'a str> {
        self.at(pointer).0.as_str().map(str::trim).filter(|text| !text.is_empty())
    }

    /// A word in lower case, for a `match`.
    pub fn word(self, pointer: &str) -> String {
        self.text(pointer)
            .map(|text| {
                text.chars().filter(|letter| !letter.is_control()).take(LINE_LIMIT).collect::<String>().to_lowercase()
            })
            .unwrap_or_default()
    }

    /// The text or number at a pointer, on one line.
    pub fn line(self, pointer: &str) -> Option<String> {
        match self.at(pointer).0 {
            Value::String(text) => tidy(text, LINE_LIMIT),
            Value::Number(number) => tidy(&number.to_string(), LINE_LIMIT),
            _ => None,
        }
    }

    /// The first of several pointers at which there is a line.
    pub fn first_line(self, pointers: &[&str]) -> Option<String> {
        pointers.iter().find_map(|pointer| self.line(pointer))
    }

    /// The text of several lines at a pointer; empty when there is none.
    pub fn prose(self, pointer: &str) -> String {
        self.text(pointer).map(tidy_text).unwrap_or_default()
    }

    /// The web address at a pointer.
    pub fn url(self, pointer: &str) -> Option<String> {
        self.text(pointer).and_then(tidy_url)
    }

    /// The first of several pointers at which there is a web address.
    pub fn first_url(self, pointers: &[&str]) -> Option<String> {
        pointers.iter().find_map(|pointer| self.url(pointer))
    }

    /// The instant at a pointer.
    pub fn moment(self, pointer: &str) -> Option<Moment> {
        tidy_moment(self.at(pointer).0)
    }

    /// The first of several pointers at which there is an instant.
    pub fn first_moment(self, pointers: &[&str]) -> Option<Moment> {
        pointers.iter().find_map(|pointer| self.moment(pointer))
    }

    /// A count that is not negative.
    pub fn count(self, pointer: &str) -> Option<i64> {
        self.at(pointer).0.as_i64().filter(|count| (0..=1_000_000_000).contains(count))
    }

    /// The names and values of an object as labels.
    pub fn labels(self, pointer: &str) -> Vec<(String, String)> {
        self.at(pointer)
            .fields()
            .filter_map(|(name, value)| {
                let name = tidy(name, LABEL_NAME_LIMIT)?;
                let value = match value.0 {
                    Value::String(text) => tidy(text, LABEL_VALUE_LIMIT)?,
                    Value::Number(_) | Value::Bool(_) => tidy(&value.0.to_string(), LABEL_VALUE_LIMIT)?,
                    _ => return None,
                };
                Some((name, value))
            })
            .take(LABELS_LIMIT)
            .collect()
    }
}

/// The value of the first of these labels that is there.
pub fn label(labels: &[(String, String)], names: &[&str]) -> Option<String> {
    names
        .iter()
        .find_map(|name| labels.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone()))
}

/// Labels by which alerts name the service.
pub const SERVICE_LABELS: &[&str] = &[
    "service",
    "service_name",
    "app",
    "application",
    "app_kubernetes_io_name",
    "app.kubernetes.io/name",
    "deployment",
    "job",
];
/// Labels by which alerts name the environment.
pub const ENVIRONMENT_LABELS: &[&str] =
    &["environment", "env", "deployment_environment", "deployment.environment", "stage"];
/// Labels by which alerts name the release.
pub const RELEASE_LABELS: &[&str] =
    &["release", "version", "app_version", "image_tag", "git_sha", "commit", "revision"];

/// Forty hexadecimal digits (or sixty-four): a commit.
pub fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The commit of nothing: what a push of a new or deleted branch names.
pub fn is_zero(sha: &str) -> bool {
    !sha.is_empty() && sha.bytes().all(|byte| byte == b'0')
}

/// The branch or tag without `refs/heads/` or `refs/tags/`.
pub fn bare_ref(name: &str) -> &str {
    name.strip_prefix("refs/heads/").or_else(|| name.strip_prefix("refs/tags/")).unwrap_or(name)
}

/// The tag of a container image, or its digest: `registry:5000/shop:v2` gives `v2`.
pub fn image_version(image: &str) -> Option<String> {
    let (name, digest) = image.split_once('@').map_or((image, None), |(name, digest)| (name, Some(digest)));
    let last = name.rsplit('/').next().unwrap_or(name);
    let tag = last.split_once(':').map(|(_, tag)| tag).filter(|tag| !tag.is_empty());
    tag.or(digest).and_then(|version| tidy(version, LINE_LIMIT))
}

/// The name of a container image without registry and tag.
pub fn image_name(image: &str) -> Option<String> {
    let name = image.split('@').next().unwrap_or(image);
    let last = name.rsplit('/').next().unwrap_or(name);
    tidy(last.split(':').next().unwrap_or(last), LINE_LIMIT)
}

/// The last part of a path or address.
pub fn last_part(path: &str) -> Option<String> {
    tidy(path.split(['?', '#']).next().unwrap_or(path).trim_end_matches('/').rsplit('/').next()?, LINE_LIMIT)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_are_read_as_senders_write_them() {
        for (written, read) in [
            (json!("2021-04-28 21:50:00 +0200"), "2021-04-28T19:50:00Z"),
            (json!("2016-08-12 15:23:28 UTC"), "2016-08-12T15:23:28Z"),
            (json!("2015-04-07T18:06:10.69Z"), "2015-04-07T18:06:10.690Z"),
            (json!("2018-03-07T06:33:21.873077559-05:00"), "2018-03-07T11:33:21.873Z"),
            (json!("2016-09-19T13:03:28.18"), "2016-09-19T13:03:28.180Z"),
            (json!(1_420_452_191), "2015-01-05T10:03:11Z"),
            (json!(1_420_452_191_104_i64), "2015-01-05T10:03:11.104Z"),
            (json!(1_420_452_191_104_000_000_i64), "2015-01-05T10:03:11.104Z"),
            (json!("1420452191104"), "2015-01-05T10:03:11.104Z"),
        ] {
            assert_eq!(tidy_moment(&written).map(|at| at.to_string()).as_deref(), Some(read), "{written}");
        }
        for odd in
            [json!(0), json!("0001-01-01T00:00:00Z"), json!("soon"), json!(null), json!([]), json!(-5), json!(1e300)]
        {
            assert_eq!(tidy_moment(&odd), None, "{odd}");
        }
    }

    #[test]
    fn what_is_nested_too_deeply_is_told_before_it_is_parsed() {
        let deep = "[".repeat(500_000);
        assert!(parse(deep.as_bytes()).unwrap_err().contains("64 levels"));
        assert_eq!(parse(br#"{"a":"[[[[\"[["}"#).unwrap(), json!({"a": "[[[[\"[["}));
        assert!(parse(b"\xEF\xBB\xBF{}").is_ok());
        assert!(parse(b"\xFF\xFE{\0}\0").unwrap_err().contains("UTF-8"));
    }

    #[test]
    fn lines_hold_nothing_that_a_database_refuses() {
        assert_eq!(tidy(" a\0b\nc\u{7f} ", 10).as_deref(), Some("ab c"));
        assert_eq!(tidy("\0\0", 10), None);
        assert_eq!(tidy("äöüß", 2).as_deref(), Some("äö"));
    }

    #[test]
    fn images_give_their_version() {
        assert_eq!(image_version("registry:5000/shop:v2").as_deref(), Some("v2"));
        assert_eq!(image_version("registry:5000/shop"), None);
        assert_eq!(image_version("a/shop:v2@sha256:ab").as_deref(), Some("v2"));
        assert_eq!(image_version("shop@sha256:ab").as_deref(), Some("sha256:ab"));
        assert_eq!(image_name("registry:5000/team/shop:v2").as_deref(), Some("shop"));
    }
}
