//! What the operator chooses: flags over `DEBRIEF_*` variables over the TOML file over defaults.

use std::net::SocketAddr;
use std::path::Path;

use serde::Deserialize;

use crate::auth::sealed::SealKey;
use crate::db::Target;
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
}

impl FileConfig {
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
