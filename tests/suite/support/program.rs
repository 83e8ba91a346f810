//! The program as a process of its own.

use std::cell::RefCell;
use std::io::{BufRead, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use super::ports::free_port;

/// A folder that goes with the test.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        let path = std::env::temp_dir().join(format!("debrief-cli-{}", debrief::auth::secrets::random_hex(6)));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The program on this database; `DEBRIEF_BINARY` names another build of it, for figures.
pub fn debrief(database: &Path) -> Command {
    let built = std::env::var_os("DEBRIEF_BINARY").unwrap_or_else(|| env!("CARGO_BIN_EXE_debrief").into());
    let mut command = Command::new(built);
    command.env_clear().arg("--database-url").arg(database).stdin(Stdio::null());
    command
}

/// Exit code, standard output and standard error.
pub fn run(command: &mut Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    (
        output.status.code().unwrap_or(-1),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// A running server.
pub struct Server {
    child: Child,
    lines: RefCell<Lines<BufReader<ChildStdout>>>,
    pub base_url: String,
}

impl Server {
    /// Starts it and waits until it is ready.
    pub fn start(command: &mut Command) -> Self {
        Self::start_on(command, free_port())
    }

    /// The same at this port.
    pub fn start_on(command: &mut Command, port: u16) -> Self {
        let mut child = command
            .args(["--bind", &format!("127.0.0.1:{port}")])
            .stdout(Stdio::piped())
            // What it says there stands beside the test that failed.
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = lines.next().expect("the server ended before it was ready, see above").unwrap();
        assert!(ready.contains("ready"), "{ready}");
        Server { child, lines: RefCell::new(lines), base_url: format!("http://127.0.0.1:{port}") }
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it says next on its standard output.
    pub fn next_line(&self) -> String {
        self.lines.borrow_mut().next().unwrap().unwrap()
    }

    /// Kills it where it stands, as a power cut would.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop; gives its exit code.
    pub fn stop(mut self) -> i32 {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.child.wait().unwrap().code().unwrap_or(-1)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A test that failed leaves no server behind.
        let _ = self.child.kill();
    }
}
