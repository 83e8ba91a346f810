//! Which SMTP server takes the letters.

use clap::Args;

/// Settings as flags, variables or keys of the settings file; without a host no mail is sent.
#[derive(Args, Clone, Debug, Default)]
pub struct MailOptions {
    /// SMTP server that takes mail, such as mail.example.org; without one no mail is sent
    #[arg(long = "smtp-host", env = "DEBRIEF_SMTP_HOST", global = true)]
    pub host: Option<String>,
    /// Its port [default: 465 for tls, 587 for starttls, 25 for none]
    #[arg(long = "smtp-port", env = "DEBRIEF_SMTP_PORT", global = true)]
    pub port: Option<u16>,
    /// tls (from the first byte), starttls, or none [default: starttls]
    #[arg(long = "smtp-security", env = "DEBRIEF_SMTP_SECURITY", global = true)]
    pub security: Option<String>,
    /// Name to sign in with; left out where the server asks for none
    #[arg(long = "smtp-user", env = "DEBRIEF_SMTP_USER", global = true)]
    pub user: Option<String>,
    /// Password to sign in with; better given as a variable or in the settings file
    #[arg(long = "smtp-password", env = "DEBRIEF_SMTP_PASSWORD", global = true, hide_env_values = true)]
    pub password: Option<String>,
    /// Who mail comes from: "Debrief <debrief@example.org>"
    #[arg(long = "smtp-from", env = "DEBRIEF_SMTP_FROM", global = true)]
    pub from: Option<String>,
}

/// How the way to the server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailSecurity {
    /// TLS from the first byte.
    Tls,
    /// TLS from STARTTLS on; a server without it gets nothing.
    StartTls,
    /// None: for a server on the same machine.
    None,
}

/// Checked settings.
#[derive(Clone)]
pub struct MailConfig {
    /// The server's name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way there is protected.
    pub security: MailSecurity,
    /// Name and password, where the server asks for them.
    pub credentials: Option<(String, String)>,
    /// Who mail comes from.
    pub from: String,
}

impl std::fmt::Debug for MailConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MailConfig({}:{}, {:?})", self.host, self.port, self.security)
    }
}

impl MailOptions {
    /// These settings, and those of `other` where these say nothing.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        MailOptions {
            host: self.host.or(other.host),
            port: self.port.or(other.port),
            security: self.security.or(other.security),
            user: self.user.or(other.user),
            password: self.password.or(other.password),
            from: self.from.or(other.from),
        }
    }

    /// Checks them; nothing when no server is named.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn check(self) -> Result<Option<MailConfig>, String> {
        let Some(host) = self.host.map(|host| host.trim().to_owned()).filter(|host| !host.is_empty()) else {
            return Ok(None);
        };
        let security = match self.security.as_deref().unwrap_or("starttls") {
            "tls" => MailSecurity::Tls,
            "starttls" => MailSecurity::StartTls,
            "none" => MailSecurity::None,
            other => return Err(format!("smtp_security is tls, starttls or none, not '{other}'.")),
        };
        let port = self.port.unwrap_or(match security {
            MailSecurity::Tls => 465,
            MailSecurity::StartTls => 587,
            MailSecurity::None => 25,
        });
        let credentials = match (self.user, self.password) {
            (Some(user), Some(password)) => Some((user, password)),
            (None, None) => None,
            _ => return Err("Give smtp_user and smtp_password together, or neither.".to_owned()),
        };
        let from = self.from.ok_or("Say who mail comes from: smtp_from = \"Debrief <debrief@example.org>\".")?;
        if from.parse::<lettre::message::Mailbox>().is_err() {
            return Err(format!(
                "'{from}' is no sender of mail. Write smtp_from as \"Debrief <debrief@example.org>\"."
            ));
        }
        Ok(Some(MailConfig { host, port, security, credentials, from }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> MailOptions {
        MailOptions {
            host: Some("mail.example.org".to_owned()),
            from: Some("Debrief <debrief@example.org>".to_owned()),
            ..MailOptions::default()
        }
    }

    #[test]
    fn settings_are_checked_before_anything_is_sent() {
        assert!(MailOptions::default().check().unwrap().is_none());
        let config = options().check().unwrap().unwrap();
        assert_eq!((config.port, config.security), (587, MailSecurity::StartTls));
        for wrong in [
            MailOptions { from: None, ..options() },
            MailOptions { from: Some("nobody".to_owned()), ..options() },
            MailOptions { security: Some("some".to_owned()), ..options() },
            MailOptions { user: Some("ada".to_owned()), ..options() },
        ] {
            assert!(wrong.check().is_err());
        }
        let secret = MailOptions { user: Some("u".to_owned()), password: Some("hush".to_owned()), ..options() };
        assert!(!format!("{:?}", secret.check().unwrap().unwrap()).contains("hush"));
    }
}
