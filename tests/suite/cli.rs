//! The program as an operator meets it: what it prints, how it exits, what it leaves alone.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::program::{Folder, Server, debrief, run};

#[test]
fn a_person_and_a_token_from_the_command_line_work_on_the_server() {
    let folder = Folder::new();
    let database = folder.file("debrief.db");
    let mut adding = debrief(&database)
        .args(["user", "add", "Ada@Example.org", "--name", "Ada", "--role", "admin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    adding.stdin.take().unwrap().write_all(b"a lamp over the logbook\n").unwrap();
    assert!(adding.wait().unwrap().success());
    let (code, _, told) =
        run(debrief(&database).args(["user", "add", "ada@example.org", "--name", "Ada"]).stdin(Stdio::null()));
    assert_eq!(code, 1);
    assert!(told.contains("has this address already"), "{told}");

    let (code, token, _) = run(debrief(&database).args([
        "token",
        "create",
        "--user",
        "ada@example.org",
        "--name",
        "ci",
        "--scope",
        "write",
    ]));
    assert_eq!(code, 0);
    let token = token.trim();
    assert!(token.starts_with("dbr_") && !token.contains(char::is_whitespace));

    let server = Server::start(debrief(&database).arg("serve"));
    let url = format!("{}/api/v1/services", server.base_url);
    let answer = ureq::post(&url)
        .header("authorization", format!("Bearer {token}"))
        .send_json(serde_json::json!({"name": "Checkout"}))
        .unwrap();
    assert_eq!(answer.status(), 201);
    assert!(ureq::get(&url).call().is_err(), "no token, no list");

    // A backup is made while the server runs.
    let backup = folder.file("backup.db");
    assert_eq!(run(debrief(&database).arg("backup").arg(&backup)).0, 0);
    assert_eq!(server.stop(), 0);
    let restored = folder.file("restored.db");
    let (code, told, _) = run(debrief(&restored).arg("restore").arg(&backup));
    assert_eq!(code, 0, "{told}");
    let (code, told, _) = run(debrief(&restored).arg("check"));
    assert_eq!((code, told.trim()), (0, "Everything is in order."));
}

#[test]
fn what_is_no_database_is_left_alone_and_told_in_a_sentence() {
    let folder = Folder::new();
    let text = folder.file("notes.txt");
    std::fs::write(&text, "Dear diary, this is longer than a header of a database would be.").unwrap();
    let (code, _, told) = run(debrief(&text).arg("serve"));
    assert_eq!(code, 1);
    assert!(told.contains("is not a Debrief database"), "{told}");
    assert!(std::fs::read_to_string(&text).unwrap().starts_with("Dear diary"));
    assert!(!told.contains("panicked"));

    let (code, _, told) = run(debrief(&folder.0).arg("serve"));
    assert_eq!(code, 1);
    assert!(told.contains("cannot be written to"), "{told}");

    let (code, _, told) = run(debrief(Path::new("postgres://nobody@127.0.0.1:1/none")).arg("migrate"));
    assert_eq!(code, 1);
    assert!(told.contains("cannot be reached"), "{told}");
}

#[test]
fn a_newer_a_foreign_and_a_read_only_file_are_refused() {
    use diesel::connection::SimpleConnection;
    use diesel::prelude::*;
    let folder = Folder::new();
    let newer = folder.file("newer.db");
    assert_eq!(run(debrief(&newer).arg("migrate")).0, 0);
    let mut c = SqliteConnection::establish(newer.to_str().unwrap()).unwrap();
    c.batch_execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')").unwrap();
    drop(c);
    let (code, _, told) = run(debrief(&newer).arg("serve"));
    assert_eq!(code, 1);
    assert!(told.contains("newer Debrief"), "{told}");

    let foreign = folder.file("foreign.db");
    let mut c = SqliteConnection::establish(foreign.to_str().unwrap()).unwrap();
    c.batch_execute("CREATE TABLE songs (title TEXT)").unwrap();
    drop(c);
    let (code, _, told) = run(debrief(&foreign).arg("serve"));
    assert_eq!(code, 1);
    assert!(told.contains("another program"), "{told}");

    let sealed = folder.file("sealed.db");
    assert_eq!(run(debrief(&sealed).arg("migrate")).0, 0);
    let mut rights = std::fs::metadata(&sealed).unwrap().permissions();
    rights.set_readonly(true);
    std::fs::set_permissions(&sealed, rights).unwrap();
    let before = std::fs::read(&sealed).unwrap();
    let (code, _, told) = run(debrief(&sealed).arg("serve"));
    assert_eq!(code, 1);
    assert!(told.contains("cannot be written to"), "{told}");
    assert_eq!(std::fs::read(&sealed).unwrap(), before);
}

#[test]
fn settings_come_from_flags_then_variables_then_the_file() {
    let folder = Folder::new();
    let settings = folder.file("debrief.toml");
    std::fs::write(&settings, format!("database_url = \"{}\"\n", folder.file("from-file.db").display())).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_debrief"));
    command.env_clear().args(["migrate", "--config"]).arg(&settings);
    assert_eq!(run(&mut command).0, 0);
    assert!(folder.file("from-file.db").exists());
    command.env("DEBRIEF_DATABASE_URL", folder.file("from-variable.db"));
    assert_eq!(run(&mut command).0, 0);
    assert!(folder.file("from-variable.db").exists());
    command.arg("--database-url").arg(folder.file("from-flag.db"));
    assert_eq!(run(&mut command).0, 0);
    assert!(folder.file("from-flag.db").exists());

    std::fs::write(&settings, "database_ulr = \"x\"\n").unwrap();
    let (code, _, told) = run(&mut command);
    assert_eq!(code, 1);
    assert!(told.contains("database_ulr"), "{told}");
}

#[test]
fn the_openapi_document_is_printed() {
    let folder = Folder::new();
    let (code, text, _) = run(debrief(&folder.file("unused.db")).arg("openapi"));
    assert_eq!(code, 0);
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    assert!(!folder.file("unused.db").exists());
}
