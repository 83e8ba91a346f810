//! HTML that may be written into a page without escaping.

use std::fmt;

/// HTML made by Debrief itself: by the Markdown renderer (sanitised) or by a chart.
///
/// Nothing outside the crate can make one, so a template that prints it cannot print
/// what a person typed as markup by mistake.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SafeHtml(String);

impl SafeHtml {
    /// Vouches for `html`. Only the Markdown renderer and the charts may call this.
    pub(crate) fn vouch(html: String) -> Self {
        Self(html)
    }

    /// The HTML as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True when there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for SafeHtml {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Lets a template write `{{ document }}` and get the markup, not its escaped form.
impl askama::filters::HtmlSafe for SafeHtml {}
