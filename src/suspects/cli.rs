//! `debrief suspects`: ranks the suspects of a case in a file.

use std::path::Path;

use serde_json::json;

use super::wire::{self, File};

/// Ranks the incidents of a file (`-` for standard input); gives the answer as JSON.
///
/// # Errors
/// A sentence for whoever wrote the file.
pub fn rank_file(path: &Path) -> Result<String, String> {
    let text = if path.as_os_str() == "-" {
        std::io::read_to_string(std::io::stdin()).map_err(|error| format!("Standard input cannot be read: {error}."))?
    } else {
        std::fs::read_to_string(path).map_err(|error| format!("{} cannot be read: {error}.", path.display()))?
    };
    let file: File = serde_json::from_str(&text)
        .map_err(|error| format!("The case cannot be read: {error}. See docs/suspects.md."))?;
    let mut answers = wire::answers(&file)?;
    let answer = match (&file.incidents, answers.pop()) {
        (None, Some(only)) => json!(only),
        (_, last) => {
            answers.extend(last);
            json!({ "incidents": answers })
        }
    };
    serde_json::to_string_pretty(&answer).map_err(|error| error.to_string())
}
