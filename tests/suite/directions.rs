//! Who may know whom. Reads the `use` lines and paths of `src/`; ARCHITECTURE.md says why.

use std::path::{Path, PathBuf};

const FLOORS: &[&str] =
    &["db", "web", "jobs", "clock", "error", "config", "markdown", "charts", "outbound", "mail", "kept"];
const DOMAINS: &[&str] = &[
    "services",
    "teams",
    "deploys",
    "incidents",
    "links",
    "timeline",
    "postmortems",
    "postmortem_templates",
    "attachments",
    "factors",
    "action_items",
    "hooks",
    "retros",
    "home",
    "search",
    "exchange",
    "imports",
    "demo",
    "references",
    "suspects",
    "insights",
    "wording",
    "reviews",
    "public_versions",
    "reading",
    "notify",
    "chat",
    "webhooks",
    "feeds",
    "signals",
    "policies",
    "saved_views",
    "trackers",
    "releases",
    "changes",
    "backups",
];
/// Rooms that read everybody and that nobody reads.
const READERS: &[&str] = &["search", "home", "demo", "insights"];

fn sources() -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, into: &mut Vec<(PathBuf, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, into);
            } else if path.extension().is_some_and(|end| end == "rs") {
                into.push((path.clone(), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    walk(&root, &mut files);
    files.into_iter().map(|(path, text)| (path.strip_prefix(&root).unwrap().to_owned(), text)).collect()
}

/// The code of a file without comments and without its tests.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn room(path: &Path) -> String {
    path.iter().next().unwrap().to_string_lossy().trim_end_matches(".rs").to_owned()
}

fn file_name(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

#[test]
fn floors_know_no_domain() {
    let mut breaches = Vec::new();
    for (path, text) in sources().iter().filter(|(path, _)| FLOORS.contains(&room(path).as_str())) {
        for domain in DOMAINS {
            if code(text).contains(&format!("crate::{domain}::")) {
                breaches.push(format!("{} knows {domain}", path.display()));
            }
        }
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn domains_use_each_others_model_and_queries_only() {
    let mut breaches = Vec::new();
    for (path, text) in sources().iter().filter(|(path, _)| DOMAINS.contains(&room(path).as_str())) {
        for domain in DOMAINS.iter().filter(|domain| **domain != room(path)) {
            for layer in ["pages", "views", "api"] {
                if code(text).contains(&format!("crate::{domain}::{layer}::")) {
                    breaches.push(format!("{} uses {domain}::{layer}", path.display()));
                }
            }
            if READERS.contains(domain) && code(text).contains(&format!("crate::{domain}::")) {
                breaches.push(format!("{} reads {domain}, which nobody may", path.display()));
            }
        }
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn each_library_is_named_where_it_belongs() {
    let may_query = |path: &Path| {
        matches!(room(path).as_str(), "db" | "demo" | "exchange")
            || file_name(path).starts_with("queries")
            || file_name(path).starts_with("model")
            || matches!(file_name(path).as_str(), "audit" | "idempotency")
            || path.starts_with("search")
    };
    let may_serve = |path: &Path| {
        matches!(room(path).as_str(), "web" | "auth" | "api" | "hooks" | "server" | "routes" | "cli")
            || matches!(file_name(path).as_str(), "pages" | "api" | "pages_edit")
            || file_name(path).starts_with("pages")
    };
    let mut breaches = Vec::new();
    for (path, text) in &sources() {
        let code = code(text);
        if code.contains("diesel::") && !may_query(path) && !path.ends_with("health.rs") {
            breaches.push(format!("{} names diesel", path.display()));
        }
        if code.contains("actix_web::") && !may_serve(path) {
            breaches.push(format!("{} names actix_web", path.display()));
        }
        let may_render = file_name(path).starts_with("views")
            || matches!(room(path).as_str(), "web" | "notify" | "markdown" | "charts");
        if code.contains("askama::") && !may_render {
            breaches.push(format!("{} names askama", path.display()));
        }
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}
