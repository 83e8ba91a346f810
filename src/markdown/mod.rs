//! Markdown as people write it in postmortems, made into HTML that a page may show as it is.
//!
//! Pure: text in, text out; no database, no network, no request. It must never let through
//! markup that can run, track, or stand in for the page's own controls, and must never drop
//! what somebody wrote without a trace, apart from markup that is not allowed.

pub mod diff;
mod events;
mod from_html;
mod front;
mod highlight;
mod inline_html;
mod kept;
mod lines;
mod marks;
mod merge;
mod outline;
mod passages;
mod plain;
mod prose;
mod references;
mod render;
mod safe_html;
mod sanitize;
mod standing_alone;
mod text;
mod urls;

pub use diff::{DiffKind, DiffLine, DiffPart, DiffSection, collapse, diff};
pub use from_html::{from_html, is_html, without_elements};
pub use front::{FrontMatterFence, SplitFrontMatter, split_front_matter};
pub use lines::{DocumentLine, as_prompts, document_lines, without_prompts};
pub use marks::{Mark, mark};
pub use merge::{Merge, MergePart, Side, merge};
pub use outline::{Heading, outline};
pub use passages::{Passage, PassageKind, Stretch, passages};
pub use references::{NoReferences, ReferenceKeys, References, Target, collect_references};
pub use render::{DEPTH_LIMIT, Place, TooDeep, render, render_in};
pub use safe_html::SafeHtml;
pub use text::{plain_text, word_count};

pub(crate) use events::heading_level;
