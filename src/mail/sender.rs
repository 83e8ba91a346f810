//! Handing a letter over.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::{PoolConfig, SmtpTransport};
use lettre::{Address, Transport as _};

use super::settings::{MailConfig, MailSecurity};
use crate::clock::Moment;

/// Longest wait for the server's next word.
const PATIENCE: Duration = Duration::from_secs(20);
/// Connections that are kept for the next letter.
const CONNECTIONS: u32 = 4;
/// Longest answer of a server that is kept, in characters.
const DETAIL_LIMIT: usize = 300;

/// A letter to one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The reader's name.
    pub to_name: String,
    /// The reader's address.
    pub to_address: String,
    /// One line.
    pub subject: String,
    /// For programs that show text.
    pub text: String,
    /// For programs that show HTML.
    pub html: String,
    /// `msg_1@debrief.example.org`, the same each time this letter is sent.
    pub message_id: String,
    /// What it belongs to, so that letters about one thing stand together.
    pub thread_id: Option<String>,
    /// Where a POST stops letters of this kind.
    pub stop_url: String,
    /// When it was written.
    pub written_at: Moment,
}

/// Why a letter was not taken. The sentences are for admins and hold no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// The server says no for good.
    #[error("The mail server refused it: {0}")]
    Refused(String),
    /// The server says not now, or nobody answers, or it broke off: it may or may not have arrived.
    #[error("The mail server did not take it: {0}")]
    NotNow(String),
    /// It cannot be written as a mail at all.
    #[error("It cannot be written as a mail: {0}")]
    Unwritable(String),
}

/// Hands letters to the operator's SMTP server. Cheap to clone; blocks, so call it from a job.
#[derive(Clone)]
pub struct Sender {
    config: Arc<MailConfig>,
    transport: Arc<OnceLock<Result<SmtpTransport, String>>>,
}

impl Sender {
    /// A sender; nothing is connected yet.
    pub fn new(config: &MailConfig) -> Self {
        Sender { config: Arc::new(config.clone()), transport: Arc::new(OnceLock::new()) }
    }

    /// Hands one letter over.
    ///
    /// # Errors
    /// Why it was not taken, or is not known to have been.
    pub fn send(&self, letter: &Letter) -> Result<(), MailError> {
        let message = self.write(letter)?;
        let transport = self.transport.get_or_init(|| connect(&self.config)).as_ref();
        let transport = transport.map_err(|error| MailError::NotNow(error.clone()))?;
        match transport.send(&message) {
            Ok(_) => Ok(()),
            Err(error) => {
                let detail = detail_of(&error);
                // 53x speaks of us (sign in first), not of the letter: an operator can mend that.
                let is_about_us = error.status().is_some_and(|code| {
                    let code: u16 = code.into();
                    (530..540).contains(&code)
                });
                Err(if error.is_permanent() && !is_about_us {
                    MailError::Refused(detail)
                } else {
                    MailError::NotNow(detail)
                })
            }
        }
    }

    fn write(&self, letter: &Letter) -> Result<Message, MailError> {
        let unwritable = |what: &str| MailError::Unwritable(format!("{what} is not right."));
        let from: Mailbox = self.config.from.parse().map_err(|_| unwritable("The sender"))?;
        let address: Address = letter.to_address.parse().map_err(|_| unwritable("The address"))?;
        let written = SystemTime::UNIX_EPOCH + Duration::from_millis(letter.written_at.millis().unsigned_abs());
        let mut builder = Message::builder()
            .from(from)
            .to(Mailbox::new(Some(one_line(&letter.to_name)), address))
            .subject(one_line(&letter.subject))
            .date(written)
            .message_id(Some(format!("<{}>", letter.message_id)));
        if let Some(thread) = &letter.thread_id {
            builder = builder.references(format!("<{thread}>"));
        }
        let parts = MultiPart::alternative_plain_html(letter.text.clone(), letter.html.clone());
        let mut message = builder.multipart(parts).map_err(|error| MailError::Unwritable(error.to_string()))?;
        let headers = message.headers_mut();
        for (name, value) in [
            ("List-Unsubscribe", format!("<{}>", letter.stop_url)),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()),
            ("Auto-Submitted", "auto-generated".to_owned()),
            ("X-Auto-Response-Suppress", "All".to_owned()),
        ] {
            headers.insert_raw(HeaderValue::new(HeaderName::new_from_ascii_str(name), value));
        }
        Ok(message)
    }
}

/// Names and subjects come from people; a line end in one must not begin another header.
fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

fn connect(config: &MailConfig) -> Result<SmtpTransport, String> {
    let parameters = || {
        TlsParameters::new(config.host.clone())
            .map_err(|_| "TLS cannot be set up: this machine's certificates cannot be read.".to_owned())
    };
    let tls = match config.security {
        MailSecurity::Tls => Tls::Wrapper(parameters()?),
        MailSecurity::StartTls => Tls::Required(parameters()?),
        MailSecurity::None => Tls::None,
    };
    let pool = PoolConfig::new().max_size(CONNECTIONS).idle_timeout(Duration::from_secs(30));
    let mut builder = SmtpTransport::builder_dangerous(&config.host)
        .port(config.port)
        .tls(tls)
        .timeout(Some(PATIENCE))
        .pool_config(pool);
    if let Some((user, password)) = &config.credentials {
        builder = builder.credentials(Credentials::new(user.clone(), password.clone()));
    }
    Ok(builder.build())
}

fn detail_of(error: &lettre::transport::smtp::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    one_line(&text).chars().take(DETAIL_LIMIT).collect()
}
