//! The jobs that send.

/// Works one lane off: hands its next message over.
pub const SEND: &str = "notify.send";
