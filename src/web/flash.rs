//! A message for the next page: what was done, and how to undo it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// The cookie that carries it over one redirect.
pub const FLASH_COOKIE: &str = "debrief_flash";

/// A button that takes the last step back.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Undo {
    /// The own path that it posts to.
    pub action: String,
    /// What stands on it.
    pub label: String,
}

/// A message that is shown once.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Flash {
    /// `ok` or `warn`.
    pub kind: String,
    /// One sentence.
    pub text: String,
    /// How to take it back, where that is possible.
    pub undo: Option<Undo>,
}

impl Flash {
    /// Something was done.
    pub fn ok(text: impl Into<String>) -> Self {
        Flash { kind: "ok".to_owned(), text: text.into(), undo: None }
    }

    /// Something needs attention.
    pub fn warn(text: impl Into<String>) -> Self {
        Flash { kind: "warn".to_owned(), text: text.into(), undo: None }
    }

    /// The same message with a way back.
    #[must_use]
    pub fn with_undo(mut self, action: impl Into<String>) -> Self {
        self.undo = Some(Undo { action: action.into(), label: "Undo".to_owned() });
        self
    }

    /// For the cookie.
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// From the cookie; anything odd is no message.
    pub fn decode(text: &str) -> Option<Self> {
        let flash: Flash = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let leads_elsewhere =
            flash.undo.as_ref().is_some_and(|undo| !undo.action.starts_with('/') || undo.action.starts_with("//"));
        (!leads_elsewhere && flash.text.len() < 1000).then_some(flash)
    }
}
