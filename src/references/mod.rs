//! References: where `INC-42`, `ACT-7`, `DEP-9` and `@handle` in somebody's Markdown lead. Every text of the
//! house is rendered with them. A reference to nothing stays plain text; looking up costs one query for each
//! kind that the text holds, however often it holds it.

pub mod queries;
