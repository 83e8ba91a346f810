//! Files that are refused keep every byte.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::support::program::{Folder, debrief, run};

/// Every command that opens a database refuses it with this sentence, and leaves it and its folder as they were.
fn refused(folder: &Folder, file: &Path, sentence: &str) {
    let names = || {
        let mut names: Vec<_> = std::fs::read_dir(&folder.0).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = (std::fs::read(file).unwrap(), names());
    for command in [&["serve"][..], &["migrate"], &["check"], &["backup", "/nowhere/at/all.db"]] {
        let (code, _, told) = run(debrief(file).args(command));
        assert_eq!(code, 1, "{command:?}: {told}");
        assert!(told.contains(sentence) && !told.contains("panicked"), "{command:?}: {told}");
        assert_eq!(told.lines().count(), 1, "{told}");
    }
    assert!((std::fs::read(file).unwrap(), names()) == before, "{} was changed", file.display());
}

#[test]
fn a_database_of_another_program_is_not_even_switched_to_another_journal() {
    let folder = Folder::new();
    let foreign = folder.file("songs.db");
    let mut c = SqliteConnection::establish(foreign.to_str().unwrap()).unwrap();
    c.batch_execute("CREATE TABLE songs (title TEXT); INSERT INTO songs VALUES ('Blue')").unwrap();
    drop(c);
    refused(&folder, &foreign, "another program");
}

#[test]
fn a_newer_schema_stays_as_it_is_also_in_a_backup() {
    let folder = Folder::new();
    let (newer, backup) = (folder.file("newer.db"), folder.file("backup.db"));
    assert_eq!(run(debrief(&newer).arg("migrate")).0, 0);
    assert_eq!(run(debrief(&newer).arg("backup").arg(&backup)).0, 0);
    for file in [&newer, &backup] {
        let mut c = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
        c.batch_execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')").unwrap();
        drop(c);
        refused(&folder, file, "newer Debrief");
    }
}

#[test]
fn a_torn_file_is_told_in_a_sentence() {
    let folder = Folder::new();
    let torn = folder.file("torn.db");
    assert_eq!(run(debrief(&torn).arg("migrate")).0, 0);
    let whole = std::fs::read(&torn).unwrap();
    // The first page says that it is ours; what follows is gone or overwritten.
    for (end, bytes) in [
        ("cut", whole[..6000].to_vec()),
        ("overwritten", {
            let mut bytes = whole.clone();
            bytes[4096..40_960].fill(0xAA);
            bytes
        }),
    ] {
        let file = folder.file(&format!("{end}.db"));
        std::fs::write(&file, bytes).unwrap();
        let (code, _, told) = run(debrief(&file).arg("check"));
        assert_eq!(code, 1, "{end}: {told}");
        assert!(!told.contains("panicked") && told.starts_with("debrief: "), "{end}: {told}");
    }
}
