//! The files: one is written, checked, restored on trial; then the oldest make room.

use std::path::Path;

use super::model::is_file_name;
use super::queries::Taken;
use crate::config::BackupPlan;
use crate::db::{Db, backup};

/// Takes a backup into the plan's folder, and removes what is over the number that is kept.
///
/// # Errors
/// A sentence for admins. Older files are then as they were, and no half of a new one is left.
pub fn take(db: &Db, plan: &BackupPlan, name: &str) -> Result<Taken, String> {
    let folder = &plan.folder;
    std::fs::create_dir_all(folder)
        .map_err(|error| format!("The folder {} cannot be made: {error}.", folder.display()))?;
    let file = folder.join(name);
    let row_count = backup::write(db, &file)?;
    if let Err(why) = backup::rehearse(&file, row_count) {
        // It looks like a backup and is none: nobody may find it in an hour of need.
        let _ = std::fs::remove_file(&file);
        return Err(format!("The backup was written, but could not be restored on trial: {why}"));
    }
    let bytes = std::fs::metadata(&file).map_or(0, |found| found.len());
    Ok(Taken {
        row_count,
        byte_count: i64::try_from(bytes).unwrap_or(i64::MAX),
        removed: make_room(folder, plan.keep_count)?,
    })
}

/// Removes all but the newest files of ours; gives the names of those that are gone.
fn make_room(folder: &Path, keep_count: usize) -> Result<Vec<String>, String> {
    let unreadable = |error: std::io::Error| format!("The folder {} cannot be read: {error}.", folder.display());
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name().to_string_lossy().into_owned();
        if is_file_name(&name) {
            names.push(name);
        }
    }
    names.sort_unstable_by(|a, b| b.cmp(a));
    let mut removed = Vec::new();
    for name in names.into_iter().skip(keep_count) {
        std::fs::remove_file(folder.join(&name)).map_err(|error| format!("{name} cannot be removed: {error}."))?;
        removed.push(name);
    }
    Ok(removed)
}
