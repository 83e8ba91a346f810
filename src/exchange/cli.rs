//! `debrief import PATH…` and `debrief export DIR`.

use std::path::{Path, PathBuf};

use super::arriving::{self, Outcome, Report};
use super::leaving;
use crate::clock::Moment;
use crate::db::Db;

/// Imports, with a line a file on standard output.
///
/// # Errors
/// A sentence when any file failed.
pub fn import(db: &Db, paths: &[PathBuf], now: Moment) -> Result<(), String> {
    let (mut imported, mut skipped, mut failed) = (0, 0, 0);
    arriving::import(db, paths, now, &mut |report| {
        match &report.outcome {
            Outcome::Imported { .. } => imported += 1,
            Outcome::Skipped(_) => skipped += 1,
            Outcome::Failed(_) => failed += 1,
        }
        print!("{}", lines(report));
    });
    println!("{imported} imported, {skipped} skipped, {failed} failed");
    if failed == 0 { Ok(()) } else { Err(format!("{failed} of the files could not be imported; see the lines above.")) }
}

fn lines(report: &Report) -> String {
    let path = &report.path;
    match &report.outcome {
        Outcome::Imported { what, title, remarks } => {
            let mut lines = format!("imported {what}  {path}  {title}").trim_end().to_owned();
            lines.push('\n');
            for remark in remarks {
                lines.push_str(&format!("    {remark}\n"));
            }
            lines
        }
        Outcome::Skipped(why) => format!("skipped  {path}  ({why})\n"),
        Outcome::Failed(why) => format!("failed   {path}: {why}\n"),
    }
}

/// Exports everything into a folder.
///
/// # Errors
/// A sentence when the folder holds something else or cannot be written to.
pub fn export(db: &Db, folder: &Path) -> Result<(), String> {
    let written = leaving::export(db, folder)?;
    println!(
        "Exported {} incidents and {} deploys to {}",
        written.incident_count,
        written.deploy_count,
        folder.display()
    );
    Ok(())
}
