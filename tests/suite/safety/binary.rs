//! The built command, run as a person or a service runs it.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use postkey::config::Database;
use postkey_simulator::Simulator;
use secrecy::ExposeSecret;

/// Longer than anything takes that is waited for here.
const TOO_LONG: Duration = Duration::from_secs(30);

/// Where a command runs and what it is told.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) home: PathBuf,
    pub(crate) settings: Vec<(String, String)>,
}

impl Place {
    pub(crate) fn new(home: &Path, database: &Database) -> Self {
        let mut place = Self { home: home.to_owned(), settings: Vec::new() };
        place.set("POSTKEY_CONFIG", "/dev/null");
        place.set("POSTKEY_LISTEN", "127.0.0.1:0");
        place.set("POSTKEY_LOG", "warn");
        if let Database::Postgres(url) = database {
            place.set("POSTKEY_DATABASE_URL", url.expose_secret());
        }
        place
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.settings.retain(|(known, _)| known != name);
        self.settings.push((name.to_owned(), value.to_owned()));
    }

    /// Takes the simulator for Microsoft.
    pub(crate) fn with(mut self, sim: &Simulator) -> Self {
        self.set("POSTKEY_CLOUD", "custom");
        self.set("POSTKEY_CLOUD_AUTHORITY", &sim.authority());
        self.set("POSTKEY_CLOUD_GRAPH", &sim.graph());
        self
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.home.join(".local/share/postkey")
    }

    pub(crate) fn key(&self) -> PathBuf {
        self.home.join(".config/postkey/master.key")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.home.join("stderr.log")
    }

    fn command(&self, words: &[&str], umask: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        let script = format!("umask {umask}; exec \"$@\"");
        command.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_postkey")]).args(words);
        command.env_clear().env("HOME", &self.home).current_dir(&self.home);
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, words: &[&str], typed: &str) -> Output {
        let mut command = self.command(words, "022");
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.unwrap();
        // A command that has already refused reads nothing.
        let _ = child.stdin.take().unwrap().write_all(typed.as_bytes());
        let (sender, receiver) = mpsc::channel();
        let number = child.id();
        std::thread::spawn(move || sender.send(child.wait_with_output()));
        let ended = receiver.recv_timeout(TOO_LONG);
        if ended.is_err() {
            Command::new("kill").args(["-9", &number.to_string()]).status().unwrap();
        }
        ended.expect("the command goes on and on").unwrap()
    }

    /// Starts the server and waits until it says where it listens.
    pub(crate) fn serve(&self) -> Server {
        self.serve_with_umask("022")
    }

    pub(crate) fn serve_with_umask(&self, umask: &str) -> Server {
        let log = std::fs::OpenOptions::new().append(true).create(true).open(self.log()).unwrap();
        let mut command = self.command(&["serve"], umask);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let log = || std::fs::read_to_string(self.log()).unwrap_or_default();
        let url = line.trim().strip_prefix("Postkey listens on ").map(str::to_owned);
        let url = url.unwrap_or_else(|| panic!("it did not start: {line} {}", log()));
        Server { child, url, stdout }
    }
}

/// A running server. Killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
    stdout: BufReader<ChildStdout>,
}

impl Server {
    /// The set-up code that it printed at its first start.
    pub(crate) fn setup_code(&mut self) -> String {
        loop {
            let mut line = String::new();
            assert!(self.stdout.read_line(&mut line).unwrap() > 0, "it printed no code");
            let word = line.trim();
            if word.len() == 43 && !word.contains(' ') {
                return word.to_owned();
            }
        }
    }

    /// As a power cut does.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// As a service manager does. Gives all that it printed since.
    pub(crate) fn stop(mut self) -> String {
        Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        assert!(self.child.wait().unwrap().success());
        rest
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
