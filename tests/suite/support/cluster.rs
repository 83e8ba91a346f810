//! A PostgreSQL of the test's own, to be stopped, crashed and followed by another.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::ports::free_port;
use super::program::Folder;

/// One server and its files; both go with the test.
pub struct Cluster {
    bin: PathBuf,
    account: Option<(u32, u32)>,
    folder: Folder,
    pub port: u16,
    settings: String,
}

/// The folder of the server's programs: of the newest where there are several.
fn programs() -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .filter(|bin| bin.join("initdb").exists())
        .collect();
    found.sort();
    found.pop()
}

/// PostgreSQL refuses to run as root: the account to run it as then, `postgres` or `nobody`.
fn account() -> Option<(u32, u32)> {
    let id = |args: &[&str]| {
        let output = Command::new("id").args(args).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse::<u32>().ok()
    };
    if id(&["-u"]) != Some(0) {
        return None;
    }
    ["postgres", "nobody"].into_iter().find_map(|name| Some((id(&["-u", name])?, id(&["-g", name])?)))
}

impl Cluster {
    /// A new server with these settings more (`name=value`); nothing where this machine has none.
    pub fn start(settings: &[&str]) -> Option<Self> {
        let cluster = Self::prepare(settings)?;
        cluster.run("initdb", &["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]);
        cluster.up();
        Some(cluster)
    }

    fn prepare(settings: &[&str]) -> Option<Self> {
        let (bin, account, folder, port) = (programs()?, account(), Folder::new(), free_port());
        if let Some((user, group)) = account {
            std::os::unix::fs::chown(&folder.0, Some(user), Some(group)).unwrap();
        }
        let mut all = format!(
            "-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={} -c timezone=UTC -c dynamic_shared_memory_type=mmap",
            folder.0.display()
        );
        for setting in settings {
            all.push_str(&format!(" -c {setting}"));
        }
        Some(Cluster { bin, account, folder, port, settings: all })
    }

    /// A second server that follows this one.
    pub fn follower(&self, settings: &[&str]) -> Self {
        let other = Self::prepare(settings).unwrap();
        other.run(
            "pg_basebackup",
            &[
                "--write-recovery-conf",
                "--checkpoint=fast",
                "--no-sync",
                "--dbname",
                &format!("host=127.0.0.1 port={} user=postgres application_name=follower", self.port),
            ],
        );
        other.up();
        other
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.bin.join(program));
        command
            .arg("--pgdata")
            .arg(self.folder.file("data"))
            .current_dir(&self.folder.0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if let Some((user, group)) = self.account {
            command.uid(user).gid(group);
        }
        command
    }

    fn run(&self, program: &str, args: &[&str]) {
        assert!(self.command(program).args(args).status().unwrap().success(), "{program} {args:?}");
    }

    /// Starts it and waits until it answers.
    pub fn up(&self) {
        let log = self.folder.file("log");
        self.run(
            "pg_ctl",
            &["start", "--wait", "--silent", "--log", log.to_str().unwrap(), "--options", &self.settings],
        );
    }

    /// Stops it in order and starts it again.
    pub fn restart(&self) {
        self.run("pg_ctl", &["stop", "--mode=fast", "--wait", "--silent"]);
        self.up();
    }

    /// Stops it as a crash would.
    pub fn crash(&self) {
        self.run("pg_ctl", &["stop", "--mode=immediate", "--wait", "--silent"]);
    }

    /// Makes a follower the one that takes changes.
    pub fn promote(&self) {
        self.run("pg_ctl", &["promote", "--wait", "--silent"]);
    }

    /// Its address with this database.
    pub fn address(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Makes a database and gives its address.
    pub fn database(&self, name: &str) -> String {
        self.execute(&format!("CREATE DATABASE {name}"));
        self.address(name)
    }

    /// Tells the server something.
    pub fn execute(&self, statement: &str) {
        PgConnection::establish(&self.address("postgres")).unwrap().batch_execute(statement).unwrap();
    }

    /// Where its files are.
    pub fn folder(&self) -> &Path {
        &self.folder.0
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self.command("pg_ctl").args(["stop", "--mode=immediate", "--wait", "--silent"]).status();
    }
}
