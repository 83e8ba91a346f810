//! The API against its own description, by schemathesis (a Python program): whatever the document allows is taken,
//! whatever it forbids is refused, and every answer has a documented status, type and shape.
//!
//! `bin/test` makes a Python environment with it where that may be done; the test says so where it is missing.
//! `DEBRIEF_CONTRACT_EXAMPLES` sets how many requests are made up for each operation.

use std::path::PathBuf;
use std::process::Command;

use crate::support::program::{Folder, Server, debrief, run};

/// The program, from the environment that `bin/test` made or from the path.
fn schemathesis() -> Option<PathBuf> {
    let named = std::env::var_os("DEBRIEF_SCHEMATHESIS").map(PathBuf::from);
    let program = named.unwrap_or_else(|| "schemathesis".into());
    Command::new(&program).arg("--version").output().is_ok_and(|output| output.status.success()).then_some(program)
}

#[test]
fn the_api_keeps_what_its_description_promises() {
    let Some(schemathesis) = schemathesis() else {
        println!("skipped: schemathesis is not installed; bin/test installs it where Python may fetch packages");
        return;
    };
    let folder = Folder::new();
    let database = folder.file("debrief.db");
    assert_eq!(run(debrief(&database).args(["user", "add", "ada@example.org", "--name", "Ada"])).0, 0);
    let token = run(debrief(&database).args(["token", "create", "--user", "ada", "--name", "t", "--scope", "write"])).1;
    let server = Server::start(debrief(&database).arg("serve"));
    let examples = std::env::var("DEBRIEF_CONTRACT_EXAMPLES").unwrap_or_else(|_| "8".to_owned());
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/suite/contract/schemathesis.toml");
    let output = Command::new(schemathesis)
        .current_dir(&folder.0)
        .args(["--config-file", config, "run", &format!("{}/api/v1/openapi.json", server.base_url)])
        .args(["--checks", "all", "--continue-on-failure", "--no-shrink", "--seed", "7", "--max-examples", &examples])
        .args(["--header", &format!("Authorization: Bearer {}", token.trim())])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
    println!("{}", told.lines().rev().take(12).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("\n"));
    assert_eq!(server.stop(), 0);
    let (code, _, faults) = run(debrief(&database).arg("check"));
    assert_eq!(code, 0, "{faults}");
}
