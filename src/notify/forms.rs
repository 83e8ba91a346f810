//! The form of the notification settings.

use super::model::{Choice, NoticeKind};
use super::queries::Wishes;
use crate::error::Error;
use crate::web::fields::{Check, Fields};

/// The field of a kind's choice.
pub fn field_of(kind: NoticeKind) -> String {
    format!("choice_{kind}")
}

/// Parses the digest's hour, the quiet hours and every kind's choice.
///
/// # Errors
/// 422 with a sentence for each field.
pub fn wishes(fields: &Fields) -> Result<Wishes, Error> {
    let mut check = Check::new();
    let digest_hour = hour(&mut check, fields, "digest_hour");
    if digest_hour.is_none() && fields.some("digest_hour").is_none() {
        check.add("digest_hour", "Pick the hour at which the digest comes.");
    }
    let quiet = match (hour(&mut check, fields, "quiet_from"), hour(&mut check, fields, "quiet_until")) {
        (Some(from), Some(until)) => Some((from, until)),
        (None, None) => None,
        (Some(_), None) => {
            if fields.some("quiet_until").is_none() {
                check.add("quiet_until", "Pick the hour at which the quiet ends, or clear the one at which it begins.");
            }
            None
        }
        (None, Some(_)) => {
            if fields.some("quiet_from").is_none() {
                check.add("quiet_from", "Pick the hour at which the quiet begins, or clear the one at which it ends.");
            }
            None
        }
    };
    let mut choices = Vec::new();
    for kind in NoticeKind::ALL {
        let field = field_of(*kind);
        if let Some(choice) = check.word_or::<Choice>(&field, fields.some(&field), kind.default_choice()) {
            choices.push((*kind, choice));
        }
    }
    match digest_hour {
        Some(digest_hour) if check.is_ok() => Ok(Wishes { digest_hour, quiet, choices }),
        _ => Err(check.into_error()),
    }
}

fn hour(check: &mut Check, fields: &Fields, name: &str) -> Option<i64> {
    let text = fields.some(name)?;
    match text.trim().parse::<i64>() {
        Ok(hour) if (0..24).contains(&hour) => Some(hour),
        _ => {
            check.add(name, "Pick an hour from 0 to 23.");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_that_is_wrong_is_named() {
        let typed = [("digest_hour", "25"), ("quiet_from", "22"), ("choice_mention", "sometimes")];
        let fields = Fields::prefilled(typed.map(|(name, text)| (name, text.to_owned())));
        let Err(Error::Invalid(errors)) = wishes(&fields) else { panic!("it was taken") };
        let named: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(named, ["digest_hour", "quiet_until", "choice_mention"]);
    }
}
