//! What the records of an export become here: who is who, and which key is which row.

use std::collections::HashMap;
use std::str::FromStr;

use crate::db::types::UnknownWord;
use crate::error::Error;

/// Who and what of the export stands for whom and what here.
#[derive(Clone, Debug, Default)]
pub struct Book {
    /// Handle in the export to row id.
    pub people: HashMap<String, i64>,
    /// `DEP-9` in the export to row id.
    pub deploys: HashMap<String, i64>,
}

/// What became of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// It is new here.
    Added {
        /// Its key here.
        key: String,
        /// What it is called.
        title: String,
        /// What a person should know about it.
        remarks: Vec<String>,
    },
    /// It was here before; nothing was changed.
    Known {
        /// Its key here.
        key: String,
    },
}

/// Reads a word of an enumeration.
///
/// # Errors
/// A sentence with the field and the words that are understood.
pub fn word<T: FromStr<Err = UnknownWord>>(field: &str, given: &str) -> Result<T, Error> {
    given.parse().map_err(|unknown: UnknownWord| Error::Malformed(format!("{field} is \"{given}\". {unknown}")))
}

/// The number of `INC-42`, given the letters.
pub fn number_of(prefix: &str, key: &str) -> Option<i64> {
    let digits = key.strip_prefix(prefix)?;
    let is_plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|&number: &i64| is_plain && number > 0 && number < i64::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_keys_have_a_number() {
        assert_eq!(number_of("INC-", "INC-42"), Some(42));
        for odd in ["INC-", "INC-0", "INC-+1", "ACT-1", "42", "INC-9223372036854775807"] {
            assert_eq!(number_of("INC-", odd), None, "{odd}");
        }
    }
}
