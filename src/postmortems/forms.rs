//! A postmortem's text and steps as they were typed or sent. The pages and the API share these parses.

use serde::Deserialize;
use utoipa::ToSchema;

use super::model::MARKDOWN_LIMIT_BYTES;
use crate::error::Error;
use crate::web::fields::{Check, Fields, TEXT_LIMIT};

/// A text as it arrives.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct RawText {
    /// The whole document in Markdown, at most 1 MiB; kept byte for byte.
    pub markdown: Option<String>,
    /// The revision that it is based on; must be sent once there is one.
    pub base_revision: Option<i64>,
}

/// A text that may be saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextDraft {
    /// The Markdown.
    pub markdown: String,
    /// The revision that it is based on.
    pub base_revision: Option<i64>,
}

impl RawText {
    /// From the editor's form. A base that is no number becomes -1, which no revision has.
    pub fn from_fields(fields: &Fields) -> Self {
        RawText {
            markdown: Some(fields.get("markdown").to_owned()),
            base_revision: fields.some("base_revision").map(|text| text.parse().unwrap_or(-1)),
        }
    }

    /// What was meant, or every error at once.
    ///
    /// # Errors
    /// 422 with a sentence for each field.
    pub fn parse(self) -> Result<TextDraft, Error> {
        let mut check = Check::new();
        let markdown = self.markdown.unwrap_or_else(|| {
            check.add("markdown", "Send the whole text in Markdown.");
            String::new()
        });
        if markdown.len() > MARKDOWN_LIMIT_BYTES {
            check.add(
                "markdown",
                format!(
                    "Shorten this to 1 MB; it has {} kB more. Long logs are better linked than pasted.",
                    (markdown.len() - MARKDOWN_LIMIT_BYTES).div_ceil(1000)
                ),
            );
        }
        if markdown.contains('\0') {
            check.add("markdown", "Remove the NUL characters; they cannot be stored.");
        }
        if self.base_revision.is_some_and(|base| base < 0) {
            check.add("base_revision", "Send the number of the revision that the text is based on.");
        }
        check.finish()?;
        Ok(TextDraft { markdown, base_revision: self.base_revision })
    }
}

/// A publication as it arrives.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct RawPublication {
    /// The revision that was read; when a newer one has come, nothing is published. Left out: the newest one.
    pub revision: Option<i64>,
}

impl RawPublication {
    /// From a form.
    pub fn from_fields(fields: &Fields) -> Self {
        RawPublication { revision: fields.some("revision").map(|text| text.parse().unwrap_or(-1)) }
    }
}

/// The reason of a step, which must be given.
///
/// # Errors
/// 422 about `reason`.
pub fn reason(fields: &Fields, missing: &str) -> Result<String, Error> {
    let mut check = Check::new();
    let reason = check.text("reason", Some(fields.get("reason").trim()), TEXT_LIMIT);
    if reason.as_deref() == Some("") {
        check.add("reason", missing);
    }
    match reason {
        Some(reason) if check.is_ok() => Ok(reason),
        _ => Err(check.into_error()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_kept_byte_for_byte_and_bounded() {
        let raw = |markdown: &str| RawText { markdown: Some(markdown.to_owned()), base_revision: Some(1) };
        assert_eq!(raw(" a\r\nb\t\n").parse().unwrap().markdown, " a\r\nb\t\n");
        assert!(raw(&"x".repeat(MARKDOWN_LIMIT_BYTES)).parse().is_ok());
        assert!(raw(&"x".repeat(MARKDOWN_LIMIT_BYTES + 1)).parse().is_err());
        assert!(raw("a\0b").parse().is_err());
        assert!(RawText::default().parse().is_err());
    }
}
