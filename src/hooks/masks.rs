//! Hiding secrets in what is shown of a delivery: the stored bytes stay as they came, so that they can be read again.

use serde_json::Value;

use super::model::{MASK, is_secret_name};

/// A body for reading: pretty when it is JSON, else as it came, without its secrets.
pub fn shown(body: &[u8]) -> String {
    match super::reading::parse(body) {
        Ok(mut value) => {
            mask(&mut value);
            serde_json::to_string_pretty(&value).unwrap_or_default()
        }
        Err(_) => mask_addresses(&mask_lines(&String::from_utf8_lossy(body))),
    }
}

fn mask(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, inside) in fields.iter_mut() {
                if is_secret_name(name) && matches!(inside, Value::String(_) | Value::Number(_)) {
                    *inside = Value::String(MASK.to_owned());
                } else {
                    mask(inside);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask),
        Value::String(text) if text.contains('=') || text.contains('@') => *text = mask_addresses(text),
        _ => {}
    }
}

/// `token=…` and the like in addresses and forms, and the password of `https://user:password@host`.
fn mask_addresses(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for part in text.split_inclusive(['&', '?', ' ', '\n', '"', '\'']) {
        let end = part
            .char_indices()
            .last()
            .filter(|(_, letter)| "&? \n\"'".contains(*letter))
            .map_or(part.len(), |(at, _)| at);
        let (inside, mark) = part.split_at(end);
        match inside.split_once('=') {
            Some((name, value))
                if !value.is_empty() && name.len() < 80 && is_secret_name(name) && !name.contains("//") =>
            {
                shown.push_str(name);
                shown.push('=');
                shown.push_str(MASK);
            }
            _ => shown.push_str(&without_password(inside)),
        }
        shown.push_str(mark);
    }
    shown
}

fn without_password(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    let host_end = rest.find('/').unwrap_or(rest.len());
    match rest[..host_end].rsplit_once('@') {
        Some((who, host)) if who.contains(':') => {
            let name = who.split(':').next().unwrap_or_default();
            format!("{scheme}://{name}:{MASK}@{host}{}", &rest[host_end..])
        }
        _ => address.to_owned(),
    }
}

/// What is no JSON but looks like it: `"token": "…"`.
fn mask_lines(text: &str) -> String {
    text.split_inclusive(['\n', ','])
        .map(|part| match part.split_once(':') {
            Some((name, _)) if name.len() < 80 && name.contains('"') && is_secret_name(name) => {
                format!("{name}: {MASK}{}", if part.ends_with('\n') { "\n" } else { "" })
            }
            _ => part.to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_wherever_they_stand() {
        let body = br#"{"routing_key":"r1","a":{"api_key":"k2","url":"https://x/y?token=t3&b=1"},"list":["https://u:p4@host/x"],
            "groupKey":"stays","key":"stays too"}"#;
        let shown = shown(body);
        for secret in ["r1", "k2", "t3", "p4"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert!(shown.contains("stays too") && shown.contains("b=1") && shown.contains("\"stays\""), "{shown}");
    }

    #[test]
    fn forms_and_broken_bodies_too() {
        let form = shown(b"deploy[environment]=production&api_key=k1&x=2");
        assert!(!form.contains("k1") && form.contains("production") && form.contains("x=2"), "{form}");
        let broken = shown(b"{\"token\": \"t1\", \"a\": <b>");
        assert!(!broken.contains("t1") && broken.contains("<b>"), "{broken}");
    }
}
