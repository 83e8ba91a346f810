//! A picture, and how it is recognised.

use diesel::prelude::*;

use crate::clock::Moment;
use crate::db::schema::attachments;

/// Largest picture, in bytes.
pub const PICTURE_LIMIT_BYTES: usize = 5 * 1024 * 1024;
/// Most bytes of pictures of one incident.
pub const INCIDENT_LIMIT_BYTES: i64 = 200 * 1024 * 1024;

/// A picture without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = attachments)]
pub struct Attachment {
    /// Row id.
    pub id: i64,
    /// Its place in addresses.
    pub token: String,
    /// The incident whose text it is for.
    pub incident_id: i64,
    /// What the file was called.
    pub file_name: String,
    /// Its type, by its bytes.
    pub content_type: String,
    /// How large it is.
    pub byte_count: i64,
    /// When it came.
    pub created_at: Moment,
}

impl Attachment {
    /// Its address.
    pub fn path(&self) -> String {
        format!("/attachments/{}.{}", self.token, extension(&self.content_type))
    }
}

/// The end of a file's name.
pub fn extension(content_type: &str) -> &'static str {
    match content_type {
        "image/png" => "png",
        "image/jpeg" => "jpg",
        "image/gif" => "gif",
        _ => "webp",
    }
}

/// The type of a picture by its bytes; nothing for anything else, whatever it is called.
pub fn recognise(content: &[u8]) -> Option<&'static str> {
    if content.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some("image/png")
    } else if content.starts_with(b"\xff\xd8\xff") {
        Some("image/jpeg")
    } else if content.starts_with(b"GIF87a") || content.starts_with(b"GIF89a") {
        Some("image/gif")
    } else if content.len() > 12 && content.starts_with(b"RIFF") && &content[8..12] == b"WEBP" {
        Some("image/webp")
    } else {
        None
    }
}

/// A description as it stands in Markdown: one line without brackets.
pub fn description(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    words.replace(['[', ']', '\\'], "").chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_known_by_their_bytes() {
        assert_eq!(recognise(b"\x89PNG\r\n\x1a\nrest"), Some("image/png"));
        assert_eq!(recognise(b"RIFF0000WEBPrest"), Some("image/webp"));
        for other in [b"<svg xmlns".as_slice(), b"<html>", b"%PDF", b"", b"RIFF0000WAVEx"] {
            assert_eq!(recognise(other), None);
        }
        assert_eq!(description(" a [graph]\nof "), "a graph of");
    }
}
