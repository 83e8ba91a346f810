//! What should stay inside: hosts, names, handles, addresses, ticket keys, secrets. Pure; looks at every line, code
//! included. It errs on the side of asking: somebody decides, a program only points.

use crate::text_enum;
use crate::wording::model::People;

text_enum! {
    /// What was found.
    pub enum FindingKind {
        /// A password, token or key.
        Secret = "secret",
        /// A host that only resolves inside.
        Host = "host",
        /// An address of a private network.
        PrivateAddress = "private_address",
        /// A person by name.
        Name = "name",
        /// A person by handle.
        Handle = "handle",
        /// An e-mail address.
        Email = "email",
        /// A ticket's key.
        Ticket = "ticket",
    }
}

impl FindingKind {
    /// As a page says it.
    pub const fn label(self) -> &'static str {
        match self {
            FindingKind::Secret => "May be a secret",
            FindingKind::Host => "Internal host",
            FindingKind::PrivateAddress => "Private address",
            FindingKind::Name => "A person's name",
            FindingKind::Handle => "A handle",
            FindingKind::Email => "E-mail address",
            FindingKind::Ticket => "Ticket key",
        }
    }
}

/// Something that may have to stay inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub kind: FindingKind,
    /// On which line, from 1.
    pub line: usize,
    /// What stands there; a secret only by its first characters.
    pub text: String,
}

/// What the check knows of the house.
#[derive(Clone, Debug, Default)]
pub struct House {
    /// Everybody's names and handles.
    pub people: People,
    /// The host of this Debrief.
    pub own_host: String,
}

/// Most findings that are listed.
pub const FINDING_LIMIT: usize = 200;

/// Ends of host names that no resolver outside knows.
const INTERNAL_ENDS: &[&str] = &[
    ".internal",
    ".local",
    ".localdomain",
    ".lan",
    ".corp",
    ".intranet",
    ".intra",
    ".private",
    ".home",
    ".svc",
    ".cluster",
    ".consul",
    ".localhost",
    ".prod",
    ".staging",
    ".int",
    ".vpn",
];
/// What comes before a number with a hyphen and is no ticket.
const NO_TICKETS: &[&str] = &[
    "AES", "ARM", "BASE", "BIP", "CET", "CFR", "COVID", "CVE", "CWE", "DDR", "ECMA", "EIP", "ES", "GMT", "GPT", "HDMI",
    "HTTP", "IEC", "IEEE", "IPV", "ISO", "KB", "LATIN", "MD", "MP", "PEP", "RFC", "RSA", "RTX", "SEV", "SHA", "SOC",
    "SSL", "TCP", "TLS", "UCS", "USB", "UTC", "UTF", "WCAG", "WINDOWS", "XP", "T", "P", "H", "Q", "V", "S", "M",
];
/// How tokens of well-known services begin.
const TOKEN_STARTS: &[&str] = &[
    "AKIA",
    "ASIA",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "gldt-",
    "xoxb-",
    "xoxp-",
    "xoxa-",
    "xoxr-",
    "xoxs-",
    "xapp-",
    "sk_live_",
    "rk_live_",
    "sk_test_",
    "pk_live_",
    "whsec_",
    "AIza",
    "ya29.",
    "SG.",
    "npm_",
    "pypi-",
    "dop_v1_",
    "hvs.",
    "eyJhbGci",
    "sk-ant-",
    "sk-proj-",
    "shpat_",
    "dckr_pat_",
    "lin_api_",
];
/// Words whose value is a secret.
const SECRET_WORDS: &[&str] = &[
    "password",
    "passwd",
    "pwd",
    "secret",
    "api_key",
    "apikey",
    "api-key",
    "access_key",
    "secret_key",
    "private_key",
    "auth_token",
    "access_token",
    "client_secret",
    "token",
    "passphrase",
    "credential",
    "credentials",
];

/// Everything in `text` that may have to stay inside, in its order.
pub fn findings(text: &str, house: &House) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let mut seen: Vec<Finding> = Vec::new();
        look_at_line(line, index + 1, house, &mut seen);
        for finding in seen {
            if !found.contains(&finding) && found.len() < FINDING_LIMIT {
                found.push(finding);
            }
        }
    }
    found
}

fn look_at_line(line: &str, number: usize, house: &House, found: &mut Vec<Finding>) {
    let mut add = |kind, text: &str| {
        let text = if kind == FindingKind::Secret { shortened(text) } else { text.to_owned() };
        found.push(Finding { kind, line: number, text });
    };
    if line.contains("PRIVATE KEY-----") {
        add(FindingKind::Secret, "a private key");
    }
    if let Some(text) = given_secret(line) {
        add(FindingKind::Secret, text);
    }
    for word in line.split(|c: char| {
        c.is_whitespace()
            || matches!(c, '<' | '>' | '"' | '`' | '(' | ')' | ',' | ';' | '|' | '[' | ']' | '{' | '}' | '\'' | '’')
    }) {
        let word = word.trim_matches(|c: char| matches!(c, '.' | ':' | '!' | '?' | '*' | '_' | '~' | '='));
        if word.is_empty() {
            continue;
        }
        if let Some(kind) = kind_of(word, house) {
            add(kind, word);
            continue;
        }
        // `host=db-1.internal`, `a/b`: the parts may tell more than the whole.
        for part in word.split(['=', '/']).filter(|part| *part != word && !part.is_empty()) {
            if let Some(kind) = kind_of(part.trim_matches(['.', ':', '*', '_']), house) {
                add(kind, part);
            }
        }
    }
}

fn shortened(text: &str) -> String {
    let start: String = text.chars().take(8).collect();
    if text.chars().count() > 8 && !text.contains(' ') { format!("{start}…") } else { text.to_owned() }
}

fn kind_of(word: &str, house: &House) -> Option<FindingKind> {
    if is_token(word) {
        return Some(FindingKind::Secret);
    }
    if let Some((_, rest)) = word.split_once("://") {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if let Some((login, _)) = authority.rsplit_once('@')
            && login.contains(':')
        {
            return Some(FindingKind::Secret);
        }
        let host = authority.rsplit('@').next().unwrap_or_default();
        let host = host_only(host);
        if is_private_address(host) {
            return Some(FindingKind::PrivateAddress);
        }
        let is_bare = !host.contains('.') && !host.is_empty();
        let is_own = !house.own_host.is_empty() && host.eq_ignore_ascii_case(&house.own_host);
        return (is_bare || is_own || is_internal(host)).then_some(FindingKind::Host);
    }
    if is_email(word) {
        return Some(FindingKind::Email);
    }
    if let Some(handle) = word.strip_prefix('@') {
        let is_handle = handle.len() > 1 && handle.starts_with(char::is_alphabetic) && !handle.contains(['/', '@']);
        return is_handle.then_some(FindingKind::Handle);
    }
    let host = host_only(word);
    if is_private_address(host) {
        return Some(FindingKind::PrivateAddress);
    }
    if is_internal(host) {
        return Some(FindingKind::Host);
    }
    if is_ticket(word) {
        return Some(FindingKind::Ticket);
    }
    let is_name = word.starts_with(char::is_uppercase) && house.people.knows(&word.to_lowercase());
    is_name.then_some(FindingKind::Name)
}

/// A host without its port.
fn host_only(text: &str) -> &str {
    match text.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') && port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => text,
    }
}

fn is_internal(host: &str) -> bool {
    let lower = host.to_ascii_lowercase();
    let labels: Vec<&str> = lower.split('.').collect();
    let is_name = labels.len() > 1
        && labels.iter().all(|label| {
            !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        });
    is_name
        && (INTERNAL_ENDS.iter().any(|end| lower.ends_with(end))
            || labels.iter().any(|label| matches!(*label, "internal" | "intranet" | "corp"))
            || lower.contains(".svc."))
}

fn is_private_address(text: &str) -> bool {
    let text = text.trim_matches(['[', ']']);
    let bare = text.split('/').next().unwrap_or_default();
    if let Ok(address) = bare.parse::<std::net::Ipv4Addr>() {
        return address.is_private() || address.is_loopback() || address.is_link_local();
    }
    match bare.parse::<std::net::Ipv6Addr>() {
        Ok(address) => {
            let first = address.segments()[0];
            // Unique local, link local; `::1` and `::` come up in prose about code too seldom to matter.
            (first & 0xfe00) == 0xfc00 || (first & 0xffc0) == 0xfe80 || address.is_loopback()
        }
        Err(_) => false,
    }
}

fn is_email(word: &str) -> bool {
    let Some((local, domain)) = word.trim_start_matches("mailto:").split_once('@') else { return false };
    !local.is_empty()
        && domain.contains('.')
        && domain
            .split('.')
            .all(|label| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
        && domain.rsplit('.').next().is_some_and(|end| end.bytes().all(|byte| byte.is_ascii_alphabetic()))
}

fn is_ticket(word: &str) -> bool {
    let Some((project, number)) = word.rsplit_once('-') else { return false };
    let is_project = (2..=10).contains(&project.len())
        && project.starts_with(|c: char| c.is_ascii_uppercase())
        && project.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let is_number = (1..=7).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    is_project && is_number && !NO_TICKETS.contains(&project)
}

fn is_token(word: &str) -> bool {
    if TOKEN_STARTS.iter().any(|start| word.starts_with(start) && word.len() >= start.len() + 12) {
        return true;
    }
    // Long and mixed as nothing that people write; a commit's hash has 40 hex digits and is no secret.
    let is_plain = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'_' | b'-'));
    let is_hex = word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let has = |test: fn(&u8) -> bool| word.as_bytes().iter().filter(|byte: &&u8| test(byte)).count();
    let (digits, upper, lower) = (has(u8::is_ascii_digit), has(u8::is_ascii_uppercase), has(u8::is_ascii_lowercase));
    let is_mixed = digits >= 4 && upper >= 4 && lower >= 4 && word.matches('-').count() < 3;
    is_plain && ((word.len() >= 28 && is_mixed && !is_hex) || (word.len() >= 56 && is_hex && word.len() != 64))
}

/// `password: hunter2`, `API_KEY=abc`, `Authorization: Bearer abc`.
fn given_secret(line: &str) -> Option<&str> {
    let lower = line.to_ascii_lowercase();
    if let Some(at) = lower.find("bearer ") {
        let value = line[at + 7..].split_whitespace().next().unwrap_or_default().trim_matches(['"', '\'', '`', '.']);
        if value.len() >= 16 && value.bytes().any(|byte| byte.is_ascii_digit()) {
            return Some(value);
        }
    }
    for word in SECRET_WORDS {
        for (at, _) in lower.match_indices(word) {
            let rest = &line[at + word.len()..];
            let rest = rest.trim_start_matches(['"', '\'', '`', '*']);
            let Some(value) = rest.strip_prefix('=').or_else(|| rest.strip_prefix(':')) else { continue };
            let value = value.trim_start().trim_start_matches(['"', '\'', '`', '*']);
            let value = value.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | ',')).next()?;
            let is_placeholder = value.starts_with(['$', '<', '{', '*', '[', '%']) || value.is_empty();
            // Prose goes on with words after a colon; a secret has digits or signs in it, or follows an equals sign.
            let is_value = rest.starts_with('=') && value.len() >= 4
                || value.len() >= 6 && value.bytes().any(|byte| !byte.is_ascii_alphabetic() && byte != b'.');
            if !is_placeholder && is_value {
                return Some(value);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<FindingKind> {
        let house =
            House { people: People::new([("Ada Lovelace", "ada")]), own_host: "debrief.example.com".to_owned() };
        findings(text, &house).into_iter().map(|finding| finding.kind).collect()
    }

    #[test]
    fn what_should_stay_inside_is_found_with_its_line() {
        use FindingKind::{Email, Handle, Host, Name, PrivateAddress, Secret, Ticket};
        for (text, kind) in [
            ("The host `db-1.prod.internal` was full.", Host),
            ("See http://grafana:3000/d/x", Host),
            ("See https://debrief.example.com/incidents/INC-1", Host),
            ("at payments.svc.cluster.local.", Host),
            ("from 10.4.0.12 and on", PrivateAddress),
            ("from 192.168.1.0/24", PrivateAddress),
            ("http://172.16.3.4:8080/", PrivateAddress),
            ("fd12:3456::1 answered", PrivateAddress),
            ("Ada rolled back.", Name),
            ("cc @grace", Handle),
            ("write to ops@example.com.", Email),
            ("in PAY-1234", Ticket),
            ("see INC-42", Ticket),
            ("key AKIAIOSFODNN7EXAMPLE", Secret),
            ("token ghp_abcdefghijklmnopqrstuvwxyz0123456789", Secret),
            ("password: hunter22", Secret),
            ("DB_PASSWORD=swordfish", Secret),
            ("Authorization: Bearer abcdef0123456789abcdef", Secret),
            ("https://bob:pw@example.com/", Secret),
            ("-----BEGIN RSA PRIVATE KEY-----", Secret),
        ] {
            assert_eq!(kinds(text).first(), Some(&kind), "{text}: {:?}", kinds(text));
        }
        let house = House::default();
        assert_eq!(findings("a\n\nb @grace", &house)[0].line, 3);
        assert!(!findings("key AKIAIOSFODNN7EXAMPLE", &house)[0].text.contains("EXAMPLE"));
    }

    #[test]
    fn ordinary_text_is_left_alone() {
        for text in [
            "At 14:02 UTC the error rate rose to 5 % for UTF-8 names over TLS-1.",
            "CVE-2024 and RFC-9110 and SHA-256 are public. SEV-1.",
            "See https://www.example.com/status and https://github.com/a/b/pull/3.",
            "Commit 3f786850e387550fdab836ed7e6dc881de23001b was reverted.",
            "The password: it was never shown. A token: each client has one.",
            "8.8.8.8 answered; version 10.4.0 was out.",
            "We e-mailed customers at 15:00. Will it hold? and/or",
            "The secret = <redacted>, token=$TOKEN",
        ] {
            assert_eq!(kinds(text), [], "{text}");
        }
    }
}
