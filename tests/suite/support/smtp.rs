//! A real SMTP server on loopback, which can be told to refuse, to hang, and to die.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use debrief::mail::{MailConfig, MailSecurity};
use serde_json::Value;

use super::ports::free_port;
use super::program::Folder;

/// The server, and what it was handed.
pub struct SmtpServer {
    python: PathBuf,
    folder: Folder,
    pub port: u16,
    child: Option<Child>,
}

/// A Python that has these modules, or nothing (said aloud).
pub fn python_with(modules: &str) -> Option<PathBuf> {
    let found = ["python3", "/usr/bin/python3"].into_iter().find(|python| {
        let tried = Command::new(python).args(["-c", &format!("import {modules}")]).stderr(Stdio::null()).status();
        tried.is_ok_and(|status| status.success())
    });
    if found.is_none() {
        println!("skipped: no python3 has {modules}; bin/test installs it");
    }
    found.map(PathBuf::from)
}

impl SmtpServer {
    /// Prepares a server that is not started yet; nothing where this machine cannot run it.
    pub fn prepare() -> Option<Self> {
        let python = python_with("aiosmtpd")?;
        let port = free_port();
        Some(SmtpServer { python, folder: Folder::new(), port, child: None })
    }

    /// A server that runs.
    pub fn start() -> Option<Self> {
        let mut server = Self::prepare()?;
        server.run();
        Some(server)
    }

    /// Starts it, again after it was killed.
    pub fn run(&mut self) {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/suite/support/smtp_server.py");
        let mut child = Command::new(&self.python)
            .arg(script)
            .arg(self.port.to_string())
            .arg(&self.folder.0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line.trim(), "ready");
        self.child = Some(child);
    }

    /// Kills it where it stands.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Tells it how to behave: `ok`, `later`, `refused`, `hang mail`, …
    pub fn mode(&self, mode: &str) {
        let new = self.folder.file("mode.new");
        std::fs::write(&new, mode).unwrap();
        std::fs::rename(&new, self.folder.file("mode")).unwrap();
    }

    /// What it kept, oldest first.
    pub fn taken(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.folder.file("taken.jsonl")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Message-IDs of what it kept.
    pub fn ids(&self) -> Vec<String> {
        self.taken().iter().map(|letter| letter["headers"]["message-id"].as_str().unwrap().to_owned()).collect()
    }

    /// Which steps it has seen.
    pub fn steps(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.folder.file("steps")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// The settings that lead to it.
    pub fn config(&self) -> MailConfig {
        MailConfig {
            host: "127.0.0.1".to_owned(),
            port: self.port,
            security: MailSecurity::None,
            credentials: None,
            from: "Debrief <debrief@debrief.test>".to_owned(),
        }
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.kill();
    }
}
