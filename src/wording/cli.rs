//! `debrief wording FILE…`

use std::io::Read as _;
use std::path::PathBuf;

use super::api::{AnswerBody, HintBody};
use super::model::People;

/// How the hints are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A line for people.
    Lines,
    /// A line of JSON a file.
    Json,
}

/// Prints the hints of files, or of standard input for `-`. Needs no database.
///
/// # Errors
/// A sentence for a file that cannot be read. Hints are no error.
pub fn look(paths: &[PathBuf], form: Form) -> Result<(), String> {
    for path in paths {
        let source = text_of(path).map_err(|error| format!("{} cannot be read: {error}.", path.display()))?;
        let hints: Vec<HintBody> =
            super::hints(&source, &People::default()).into_iter().map(|hint| HintBody::new(hint, &source)).collect();
        match form {
            Form::Json => {
                println!("{}", serde_json::to_string(&AnswerBody { hints }).map_err(|error| error.to_string())?);
            }
            Form::Lines => {
                for hint in hints {
                    println!("{}:{}: {}: \"{}\". {}", path.display(), hint.line, hint.what, hint.phrase, hint.question);
                }
            }
        }
    }
    Ok(())
}

fn text_of(path: &PathBuf) -> std::io::Result<String> {
    if path.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text)?;
        return Ok(text);
    }
    std::fs::read_to_string(path)
}
