//! E-mail: the operator's settings, and handing letters over by SMTP.
//!
//! A letter brings its own Message-ID, so that one that is sent again is the same one to its reader's program. This
//! floor knows no domain and never touches the database.

mod sender;
mod settings;

pub use self::sender::{Letter, MailError, Sender};
pub use self::settings::{MailConfig, MailOptions, MailSecurity};
