//! The whole of Debrief as a folder of Markdown and JSON.
//!
//! It must never write into a folder that holds anything else, and must never write a password, a token or a secret.

pub mod pictures;
pub mod queries;
pub mod queries_names;
pub mod readable;

use std::fs;
use std::io::{BufWriter, Write};
use std::path::Path;

use serde::Serialize;

use self::queries_names::Names;
use super::export::write_markdown;
use super::wire::{ExportedIndex, SCHEMA_VERSION};
use crate::db::{Conn, Db};
use crate::error::Error;

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Incidents.
    pub incident_count: usize,
    /// Deploys.
    pub deploy_count: u64,
}

/// Writes everything into `folder`, which is made when it is missing, as of one instant.
///
/// # Errors
/// A sentence: the folder holds something else, or cannot be written to.
pub fn export(db: &Db, folder: &Path) -> Result<Written, String> {
    prepare(folder)?;
    db.read_blocking(|c| write_all(c, folder)).map_err(|error: Error| match error {
        Error::Malformed(sentence) => sentence,
        other => other.to_string(),
    })
}

/// Makes the folder ready: empty, or cleared of an earlier export.
fn prepare(folder: &Path) -> Result<(), String> {
    let shown = folder.display();
    let not_writable = |error: std::io::Error| format!("{shown} cannot be written to: {error}. Name another folder.");
    fs::create_dir_all(folder).map_err(not_writable)?;
    let is_empty = fs::read_dir(folder).map_err(not_writable)?.next().is_none();
    if is_empty {
        return Ok(());
    }
    if super::arriving::export_index(folder).is_none() {
        return Err(format!("{shown} is not empty and holds no earlier export. Name an empty or a new folder."));
    }
    // The index goes first: a folder without it is no export, so that a half-written one is never taken for whole.
    fs::remove_file(folder.join("index.json")).map_err(not_writable)?;
    // An export without pictures has no list of them.
    let _ = fs::remove_file(folder.join("pictures.json"));
    for place in ["incidents", "pictures"] {
        let place = folder.join(place);
        if !place.is_dir() {
            continue;
        }
        for entry in fs::read_dir(&place).map_err(not_writable)? {
            let path = entry.map_err(not_writable)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            // Pictures are named by their token, 32 digits.
            let is_ours = name.starts_with("INC-") || name.split('.').next().is_some_and(|token| token.len() == 32);
            if is_ours {
                fs::remove_file(&path).map_err(not_writable)?;
            }
        }
    }
    Ok(())
}

fn write_all(c: &mut Conn, folder: &Path) -> Result<Written, Error> {
    let names = Names::read(c)?;
    put_json(folder, "people.json", &queries::people(c)?)?;
    put_json(folder, "teams.json", &queries::teams(c, &names)?)?;
    put_json(folder, "services.json", &queries::services(c, &names)?)?;
    put_json(folder, "factors.json", &queries::factors(c)?)?;
    let deploy_count = write_deploys(c, &names, folder)?;
    fs::create_dir_all(folder.join("incidents")).map_err(|error| broken(folder, &error))?;
    let mut keys = Vec::new();
    let mut after = 0;
    loop {
        let page = queries::incidents_after(c, after)?;
        let Some(last) = page.last() else { break };
        after = last.number;
        for incident in page {
            let whole = queries::whole_incident(c, &names, incident)?;
            put_json(folder, &format!("incidents/{}.json", whole.key), &whole)?;
            let as_read = readable::readable(c, &whole)?;
            put(folder, &format!("incidents/{}.md", whole.key), write_markdown(&as_read).as_bytes())?;
            keys.push(whole.key);
        }
    }
    put_json(folder, "action_items.json", &queries::action_items(c, &names, None)?)?;
    let pictures = pictures::write(c, folder)?;
    if !pictures.is_empty() {
        put_json(folder, "pictures.json", &pictures)?;
    }
    let incident_count = keys.len();
    put_json(folder, "index.json", &ExportedIndex { debrief: SCHEMA_VERSION, incidents: keys, deploy_count })?;
    Ok(Written { incident_count, deploy_count })
}

/// One deploy a line: there may be very many.
fn write_deploys(c: &mut Conn, names: &Names, folder: &Path) -> Result<u64, Error> {
    let path = folder.join("deploys.ndjson");
    let file = fs::File::create(&path).map_err(|error| broken(&path, &error))?;
    let mut file = BufWriter::new(file);
    let (mut after, mut count) = (0, 0);
    loop {
        let (page, last) = queries::deploys_after(c, names, after)?;
        let Some(last) = last else { break };
        after = last;
        for deploy in page {
            let mut line = serde_json::to_vec(&deploy).map_err(|error| Error::Fault(error.to_string()))?;
            line.push(b'\n');
            file.write_all(&line).map_err(|error| broken(&path, &error))?;
            count += 1;
        }
    }
    file.flush().map_err(|error| broken(&path, &error))?;
    Ok(count)
}

fn put_json(folder: &Path, name: &str, value: &impl Serialize) -> Result<(), Error> {
    let mut bytes = serde_json::to_vec_pretty(value).map_err(|error| Error::Fault(error.to_string()))?;
    bytes.push(b'\n');
    put(folder, name, &bytes)
}

fn put(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Error> {
    let path = folder.join(name);
    fs::write(&path, bytes).map_err(|error| broken(&path, &error))
}

fn broken(path: &Path, error: &std::io::Error) -> Error {
    Error::Malformed(format!("{} cannot be written: {error}. The export is not whole.", path.display()))
}
