//! Files and folders into Debrief: postmortems of other tools, and Debrief's own exports.
//!
//! One transaction a file, and a line about each. It must never drop a file without saying so, and must never change
//! what was imported before.

pub mod company;
pub mod files;
pub mod plan;
pub mod restore;
pub mod whole;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use self::company::queries as company_queries;
use self::files::{Unread, planned};
use self::plan::Plan;
use self::restore::{Arrival, Book};
use self::whole::queries::{self as whole_queries, Bringing};
use super::export::ExportError;
use super::wire::{ExportedActionItem, ExportedDeploy, ExportedIndex, ExportedPicture, SCHEMA_VERSION};
use crate::attachments::model::PICTURE_LIMIT_BYTES;
use crate::auth::actor::Actor;
use crate::clock::Moment;
use crate::db::Db;
use crate::error::Error;

/// Largest postmortem that is read, in bytes.
pub const FILE_LIMIT_BYTES: u64 = 1024 * 1024;
/// Largest file of an export that is read, in bytes: it holds every revision of a text.
const EXPORT_LIMIT_BYTES: u64 = 256 * 1024 * 1024;
/// How deep folders are followed.
const DEPTH_LIMIT: usize = 32;
/// How many deploys are brought in by one transaction.
const DEPLOY_CHUNK: usize = 500;

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Something new came out of it.
    Imported {
        /// `INC-12`, or what else it held.
        what: String,
        /// The incident's title; empty for other files.
        title: String,
        /// What a person should know.
        remarks: Vec<String>,
    },
    /// Nothing was changed, for this reason.
    Skipped(String),
    /// It could not be read or stored, for this reason; nothing of it was kept.
    Failed(String),
}

/// A file and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The file, from the folder that was given.
    pub path: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// The index of an export in `folder`, if it holds one.
pub fn export_index(folder: &Path) -> Option<ExportedIndex> {
    let text = fs::read_to_string(folder.join("index.json")).ok()?;
    serde_json::from_str::<ExportedIndex>(&text).ok().filter(|index| index.debrief > 0)
}

/// Imports files and folders, and tells of each file as soon as it is done.
pub fn import(db: &Db, paths: &[PathBuf], now: Moment, tell: &mut dyn FnMut(&Report)) {
    let mut importing = Importing { db, now, actor: Actor::program("import"), book: Book::default(), tell };
    for path in paths {
        importing.path(path);
    }
}

struct Importing<'a> {
    db: &'a Db,
    now: Moment,
    actor: Actor,
    book: Book,
    tell: &'a mut dyn FnMut(&Report),
}

/// Whether somebody named the file, or it was found in a folder.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Named {
    ByHand,
    InFolder,
}

impl Importing<'_> {
    fn report(&mut self, path: impl Into<String>, outcome: Outcome) {
        (self.tell)(&Report { path: path.into(), outcome });
    }

    fn path(&mut self, path: &Path) {
        self.book = Book::default();
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => self.folder(path, path, 0),
            Ok(_) => {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                self.file(path, &name, Named::ByHand);
            }
            Err(error) => {
                self.report(path.display().to_string(), Outcome::Failed(format!("it cannot be read: {error}")))
            }
        }
    }

    fn folder(&mut self, root: &Path, folder: &Path, depth: usize) {
        let shown = relative(root, folder);
        if let Some(index) = export_index(folder) {
            self.export(root, folder, &index);
            return;
        }
        if depth > DEPTH_LIMIT {
            let why = format!("it lies more than {DEPTH_LIMIT} folders deep; import it by its own path");
            self.report(shown, Outcome::Failed(why));
            return;
        }
        let mut entries: Vec<PathBuf> = match fs::read_dir(folder) {
            Ok(entries) => entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect(),
            Err(error) => {
                self.report(shown, Outcome::Failed(format!("the folder cannot be read: {error}")));
                return;
            }
        };
        entries.sort();
        let names: BTreeSet<PathBuf> = entries.iter().cloned().collect();
        for path in &entries {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            // Folders behind links may lead round in a circle; hidden ones hold no postmortems.
            let is_folder = fs::symlink_metadata(path).is_ok_and(|found| found.is_dir());
            if is_folder {
                if !name.starts_with('.') {
                    self.folder(root, path, depth + 1);
                }
                continue;
            }
            // The JSON beside it carries the same and more.
            let has_json =
                name.ends_with(".md") && name.starts_with("INC-") && names.contains(&path.with_extension("json"));
            if (is_markdown(&name) && !has_json) || is_structured(&name) {
                self.file(path, &relative(root, path), Named::InFolder);
            }
        }
    }

    fn file(&mut self, path: &Path, shown: &str, named: Named) {
        let limit = if is_structured(shown) { EXPORT_LIMIT_BYTES } else { FILE_LIMIT_BYTES };
        let bytes = match read_at_most(path, limit) {
            Ok(bytes) => bytes,
            Err(why) => return self.report(shown, Outcome::Failed(why)),
        };
        match planned(shown, bytes, self.now) {
            Ok(plans) => {
                let is_one = plans.len() == 1;
                for plan in plans {
                    let place = plan.incident.imported_from.clone().filter(|_| !is_one);
                    let outcome =
                        bring(self.db, &Bringing { actor: &self.actor, book: &self.book, now: self.now }, plan);
                    self.report(place.unwrap_or_else(|| shown.to_owned()), outcome);
                }
            }
            Err(Unread::Foreign(why)) if named == Named::InFolder => {
                self.report(shown, Outcome::Skipped(why.to_owned()));
            }
            Err(Unread::Foreign(why)) => self.report(shown, Outcome::Failed(why.to_owned())),
            Err(Unread::Broken(why)) => self.report(shown, Outcome::Failed(why)),
        }
    }

    fn export(&mut self, root: &Path, folder: &Path, index: &ExportedIndex) {
        let shown = |name: &str| relative(root, &folder.join(name));
        if index.debrief > SCHEMA_VERSION {
            let why = ExportError::Newer { found: index.debrief }.to_string();
            return self.report(shown("index.json"), Outcome::Failed(why));
        }
        let (db, now, actor) = (self.db, self.now, self.actor.clone());
        let mut book = Book::default();
        let counted = list(&folder.join("people.json")).and_then(|all| {
            let (found, added) = db
                .write_blocking(|c| company_queries::people(c, &actor, &all, now))
                .map_err(|error| sentence(&error))?;
            book = found;
            Ok(added)
        });
        self.book = book;
        self.count(shown("people.json"), counted, ("person", "people"));
        let book = self.book.clone();
        let counted = list(&folder.join("teams.json")).and_then(|all| {
            db.write_blocking(|c| company_queries::teams(c, &actor, &book, &all, now)).map_err(|error| sentence(&error))
        });
        self.count(shown("teams.json"), counted, ("team", "teams"));
        let counted = list(&folder.join("services.json")).and_then(|all| {
            db.write_blocking(|c| company_queries::services(c, &actor, &all, now)).map_err(|error| sentence(&error))
        });
        self.count(shown("services.json"), counted, ("service", "services"));
        let counted = list(&folder.join("factors.json")).and_then(|all| {
            db.write_blocking(|c| company_queries::factors(c, &actor, &all, now)).map_err(|error| sentence(&error))
        });
        self.count(shown("factors.json"), counted, ("contributing factor", "contributing factors"));
        self.deploys(&folder.join("deploys.ndjson"), shown("deploys.ndjson"));
        for key in &index.incidents {
            let name = format!("incidents/{key}.json");
            if restore::number_of("INC-", key).is_none() {
                self.report(shown(&name), Outcome::Failed("the index names it, but it is no key".to_owned()));
                continue;
            }
            self.file(&folder.join(&name), &shown(&name), Named::ByHand);
        }
        let book = self.book.clone();
        let counted = list(&folder.join("action_items.json")).and_then(|all: Vec<ExportedActionItem>| {
            let by = Bringing { actor: &actor, book: &book, now };
            db.write_blocking(|c| {
                let mut added = 0;
                for item in &all {
                    if matches!(whole_queries::action_item(c, &by, None, item)?, Arrival::Added { .. }) {
                        added += 1;
                    }
                }
                Ok::<_, Error>(added)
            })
            .map_err(|error| sentence(&error))
        });
        self.count(shown("action_items.json"), counted, ("action item", "action items"));
        // Exports of before there were pictures have no list of them.
        if folder.join("pictures.json").is_file() {
            let counted = list(&folder.join("pictures.json")).and_then(|all| self.pictures(folder, &all));
            self.count(shown("pictures.json"), counted, ("picture", "pictures"));
        }
        self.book = Book::default();
    }

    fn pictures(&self, folder: &Path, all: &[ExportedPicture]) -> Result<usize, String> {
        let mut added = 0;
        for picture in all {
            // A list names files of its own folder alone.
            let name = picture.file.strip_prefix("pictures/").filter(|name| !name.contains(['/', '\\']));
            let number = restore::number_of("INC-", &picture.incident);
            let (Some(name), Some(number)) = (name, number) else {
                return Err(format!("{} is no picture of this export", picture.file));
            };
            let content = read_at_most(&folder.join("pictures").join(name), PICTURE_LIMIT_BYTES as u64)?;
            let at = picture.created_at.unwrap_or(self.now);
            let is_new = self
                .db
                .write_blocking(|c| {
                    let incident = crate::incidents::queries::by_number(c, number)?;
                    crate::attachments::queries::bring(c, &incident, (&picture.token, &picture.file_name), &content, at)
                })
                .map_err(|error| format!("{name}: {}", sentence(&error)))?;
            added += usize::from(is_new);
        }
        Ok(added)
    }

    fn count(&mut self, path: String, counted: Result<usize, String>, (one, many): (&str, &str)) {
        let outcome = match counted {
            Ok(0) => Outcome::Skipped("already here".to_owned()),
            Ok(count) => Outcome::Imported {
                what: format!("{count} {}", if count == 1 { one } else { many }),
                title: String::new(),
                remarks: Vec::new(),
            },
            Err(why) => Outcome::Failed(why),
        };
        self.report(path, outcome);
    }

    /// Deploys line by line: there may be very many.
    fn deploys(&mut self, path: &Path, shown: String) {
        let mut added = 0;
        let mut remarks = Vec::new();
        let brought = self.brought_deploys(path, &mut added, &mut remarks);
        let outcome = match brought {
            Err(why) => Outcome::Failed(why),
            Ok(()) if added == 0 => Outcome::Skipped("already here".to_owned()),
            Ok(()) => {
                let what = if added == 1 { "1 deploy".to_owned() } else { format!("{added} deploys") };
                Outcome::Imported { what, title: String::new(), remarks }
            }
        };
        self.report(shown, outcome);
    }

    fn brought_deploys(&mut self, path: &Path, added: &mut usize, remarks: &mut Vec<String>) -> Result<(), String> {
        let file = fs::File::open(path).map_err(|error| format!("it cannot be read: {error}"))?;
        let mut lines = BufReader::new(file).lines().enumerate();
        loop {
            let mut chunk: Vec<ExportedDeploy> = Vec::new();
            for (index, line) in lines.by_ref().take(DEPLOY_CHUNK) {
                let line = line.map_err(|error| format!("it cannot be read: {error}"))?;
                chunk.push(serde_json::from_str(&line).map_err(|error| format!("line {}: {error}", index + 1))?);
            }
            if chunk.is_empty() {
                return Ok(());
            }
            let (book, actor, now) = (&self.book, &self.actor, self.now);
            let placed = self
                .db
                .write_blocking(|c| {
                    chunk
                        .iter()
                        .map(|deploy| company_queries::deploy(c, actor, book, deploy, now))
                        .collect::<Result<Vec<_>, Error>>()
                })
                .map_err(|error| sentence(&error))?;
            for deploy in placed {
                *added += usize::from(deploy.is_new);
                remarks.extend(deploy.remark);
                self.book.deploys.insert(deploy.key, deploy.id);
            }
        }
    }
}

/// Brings in what was planned, in one transaction.
pub fn bring(db: &Db, by: &Bringing<'_>, plan: Plan) -> Outcome {
    let mut remarks = plan.remarks;
    match db.write_blocking(|c| whole_queries::incident(c, by, &plan.incident)) {
        Ok(Arrival::Added { key, title, remarks: more }) => {
            remarks.extend(more);
            Outcome::Imported { what: key, title, remarks }
        }
        Ok(Arrival::Known { key }) => Outcome::Skipped(format!("already here as {key}")),
        Err(error) => Outcome::Failed(sentence(&error)),
    }
}

/// JSON and SQL hold many incidents, and each revision of their texts.
fn is_structured(name: &str) -> bool {
    let name = name.to_lowercase();
    name.ends_with(".json") || name.ends_with(".sql")
}

fn is_markdown(name: &str) -> bool {
    let name = name.to_lowercase();
    name.ends_with(".md") || name.ends_with(".markdown")
}

/// A path as people write it, from `root`, with slashes.
fn relative(root: &Path, path: &Path) -> String {
    let parts = path.strip_prefix(root).unwrap_or(path);
    let shown = parts.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/");
    if shown.is_empty() { ".".to_owned() } else { shown }
}

fn read_at_most(path: &Path, limit: u64) -> Result<Vec<u8>, String> {
    let size = fs::metadata(path).map_err(|error| format!("it cannot be read: {error}"))?.len();
    if size > limit {
        return Err(format!(
            "it is larger than {} MB; split it, or move what is no text (logs, pictures) into files of its own",
            limit / 1024 / 1024
        ));
    }
    fs::read(path).map_err(|error| format!("it cannot be read: {error}"))
}

fn list<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, String> {
    let bytes = read_at_most(path, EXPORT_LIMIT_BYTES)?;
    serde_json::from_slice(&bytes).map_err(|error| format!("it is not as Debrief wrote it: {error}"))
}

/// An error as one sentence.
fn sentence(error: &Error) -> String {
    match error {
        Error::Invalid(errors) => {
            errors.iter().map(|one| format!("{}: {}", one.field, one.message)).collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    }
}
