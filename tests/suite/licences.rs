//! The licence of every crate that is resolved for this machine, against the
//! list of those we may ship under. Reads `cargo metadata` alone and never the
//! network. Must never grow an exception for one crate: a licence is either on
//! the list or the crate goes.

use std::process::Command;

use serde_json::Value;

/// SPDX ids of licences that ask for no more than their text to be kept.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    // File by file only: it asks nothing of our own files. html5ever's CSS crates have it.
    "MPL-2.0",
    "OpenSSL",
    "PostgreSQL",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "Unlicense",
    "Zlib",
];

/// Exceptions that give more rights than the licence they stand beside.
const ALLOWED_EXCEPTIONS: &[&str] = &["LLVM-exception"];

/// Whether one may choose licences from `expression` (SPDX, or the old form
/// with slashes) so that all of them are allowed. Errs with a sentence where
/// the expression cannot be read.
fn is_allowed(expression: &str) -> Result<bool, String> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut tokens = spaced.split_whitespace().peekable();
    let verdict = any_of(&mut tokens)?;
    match tokens.next() {
        None => Ok(verdict),
        Some(rest) => Err(format!("cannot read {expression:?} from {rest:?} on")),
    }
}

type Tokens<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

/// `OR` binds weakest.
fn any_of(tokens: &mut Tokens<'_>) -> Result<bool, String> {
    let mut verdict = all_of(tokens)?;
    while tokens.next_if_eq(&"OR").is_some() {
        verdict |= all_of(tokens)?;
    }
    Ok(verdict)
}

fn all_of(tokens: &mut Tokens<'_>) -> Result<bool, String> {
    let mut verdict = one(tokens)?;
    while tokens.next_if_eq(&"AND").is_some() {
        verdict &= one(tokens)?;
    }
    Ok(verdict)
}

fn one(tokens: &mut Tokens<'_>) -> Result<bool, String> {
    let verdict = match tokens.next() {
        Some("(") => {
            let inner = any_of(tokens)?;
            match tokens.next() {
                Some(")") => inner,
                other => return Err(format!("expected a closing bracket, found {other:?}")),
            }
        }
        Some(id @ (")" | "OR" | "AND" | "WITH")) => {
            return Err(format!("expected a licence, found {id:?}"));
        }
        Some(id) => ALLOWED.contains(&id),
        None => return Err("the expression ends where a licence should stand".into()),
    };
    if tokens.next_if_eq(&"WITH").is_none() {
        return Ok(verdict);
    }
    match tokens.next() {
        Some(exception) => Ok(verdict && ALLOWED_EXCEPTIONS.contains(&exception)),
        None => Err("the expression ends where an exception should stand".into()),
    }
}

#[test]
fn every_crate_may_be_shipped() {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let metadata = Command::new(cargo)
        .args(["metadata", "--offline", "--locked", "--format-version=1", "--filter-platform"])
        .arg(host_triple())
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(metadata.status.success(), "cargo metadata failed: {}", String::from_utf8_lossy(&metadata.stderr));
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let crates = metadata["packages"].as_array().unwrap();
    assert!(crates.len() > 50, "only {} crates were found", crates.len());

    let faults: Vec<String> = crates.iter().filter_map(fault_of).collect();
    assert!(
        faults.is_empty(),
        "{} of {} crates may not be shipped:\n{}",
        faults.len(),
        crates.len(),
        faults.join("\n")
    );
}

/// What is wrong with the licence of one package of `cargo metadata`, if anything.
fn fault_of(package: &Value) -> Option<String> {
    let named = format!("{} {}", package["name"], package["version"]).replace('"', "");
    match package["license"].as_str().map(is_allowed) {
        Some(Ok(true)) => None,
        Some(Ok(false)) => Some(format!("{named}: {} is not allowed", package["license"])),
        Some(Err(reason)) => Some(format!("{named}: {reason}")),
        None => Some(format!("{named}: names no licence (only a file, or nothing)")),
    }
}

/// The platform of this machine, as rustc names it.
fn host_triple() -> String {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let told = Command::new(rustc).arg("-vV").output().unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    host.expect("rustc -vV has a line for the host").to_owned()
}

#[test]
fn expressions_are_read_as_spdx_has_them() {
    for (expression, expected) in [
        ("MIT", true),
        ("MIT OR GPL-3.0-only", true),
        ("GPL-3.0", false),
        ("AGPL-3.0-or-later", false),
        ("LGPL-2.1-or-later OR MIT", true),
        ("MIT AND LGPL-2.1-or-later", false),
        ("MIT/Apache-2.0", true),
        ("(MIT OR GPL-3.0-only) AND Unicode-3.0", true),
        ("MIT OR GPL-3.0-only AND GPL-2.0-only", true),
        ("(MIT OR Apache-2.0) AND GPL-2.0-only", false),
        ("Apache-2.0 WITH LLVM-exception OR GPL-3.0-only", true),
        ("GPL-2.0-only WITH Classpath-exception-2.0", false),
    ] {
        assert_eq!(is_allowed(expression), Ok(expected), "{expression}");
    }
    for unreadable in ["", "MIT OR", "(MIT", "MIT Apache-2.0", "MIT)", "Apache-2.0 WITH"] {
        assert!(is_allowed(unreadable).is_err(), "{unreadable:?}");
    }
}
