//! What the operator chooses: flags over `DEBRIEF_*` variables over the TOML file over defaults.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::auth::sealed::SealKey;
use crate::db::Target;
use crate::mail::{MailConfig, MailOptions};
use crate::outbound::Network;

/// The settings file's keys; each may be left out.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileConfig {
    /// A SQLite path or a `postgres://` address.
    pub database_url: Option<String>,
    /// Address and port to listen on.
    pub bind: Option<String>,
    /// The address that people use, for links and cookies.
    pub base_url: Option<String>,
    /// `text` or `json`.
    pub log_format: Option<String>,
    /// Addresses of proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Option<Vec<String>>,
    /// Private networks that may be called: `10.1.0.0/16`.
    pub outbound_allow: Option<Vec<String>>,
    /// What secrets of other programs are sealed with: 64 hexadecimal digits.
    pub secret_key: Option<String>,
    /// Folder for scheduled backups.
    pub backup_dir: Option<PathBuf>,
    /// Hours from one to the next.
    pub backup_every_hours: Option<i64>,
    /// How many are kept.
    pub backup_keep: Option<usize>,
    /// SMTP server that takes mail.
    pub smtp_host: Option<String>,
    /// Its port.
    pub smtp_port: Option<u16>,
    /// `tls`, `starttls` or `none`.
    pub smtp_security: Option<String>,
    /// Name to sign in with.
    pub smtp_user: Option<String>,
    /// Password to sign in with.
    pub smtp_password: Option<String>,
    /// Who mail comes from.
    pub smtp_from: Option<String>,
}

impl FileConfig {
    /// The settings of mail.
    pub fn mail(&self) -> MailOptions {
        MailOptions {
            host: self.smtp_host.clone(),
            port: self.smtp_port,
            security: self.smtp_security.clone(),
            user: self.smtp_user.clone(),
            password: self.smtp_password.clone(),
            from: self.smtp_from.clone(),
        }
    }

    /// Reads a TOML file.
    ///
    /// # Errors
    /// A sentence for the operator with the place in the file.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("The settings file {} cannot be read: {error}.", path.display()))?;
        toml::from_str(&text).map_err(|error| format!("The settings file {} is not right: {error}", path.display()))
    }
}

/// Settings of a running server.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the database is.
    pub target: Target,
    /// Where to listen.
    pub bind: SocketAddr,
    /// The address that people use, without a slash at the end.
    pub base_url: String,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<std::net::IpAddr>,
    /// Private networks that may be called all the same.
    pub outbound_allow: Vec<Network>,
    /// What secrets of other programs are sealed with, when the operator gave a key.
    pub secret_key: Option<SealKey>,
    /// Which server takes mail, when one does.
    pub mail: Option<MailConfig>,
    /// Where this node puts backups, when it takes any.
    pub backups: Option<BackupPlan>,
}

/// When backups are taken, where they go, and how many are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupPlan {
    /// The folder; made when it is missing.
    pub folder: PathBuf,
    /// Hours from one to the next.
    pub every_h: i64,
    /// How many of the newest stay.
    pub keep_count: usize,
}

impl BackupPlan {
    /// Once a day.
    pub const EVERY_H: i64 = 24;
    /// Two weeks of days.
    pub const KEEP_COUNT: usize = 14;

    /// A plan when there is a folder.
    ///
    /// # Errors
    /// A sentence for the operator about a number that makes no sense.
    pub fn new(folder: Option<PathBuf>, every_h: i64, keep_count: usize) -> Result<Option<Self>, String> {
        if !(1..=24 * 31).contains(&every_h) {
            return Err("--backup-every-hours takes a number from 1 to 744.".to_owned());
        }
        if !(1..=1000).contains(&keep_count) {
            return Err("--backup-keep takes a number from 1 to 1000.".to_owned());
        }
        Ok(folder.map(|folder| BackupPlan { folder, every_h, keep_count }))
    }
}

impl Config {
    /// Whether people reach us by TLS; cookies are then bound to it.
    pub fn is_tls(&self) -> bool {
        self.base_url.starts_with("https://")
    }

    /// The name of the session cookie: `__Host-` binds it to this host and TLS.
    pub fn session_cookie(&self) -> &'static str {
        if self.is_tls() { "__Host-debrief" } else { "debrief" }
    }
}
