//! The daemon as a process, on a socket and a registry of its own.

use std::{
    fs::{self, File},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use hyper_util::rt::TokioIo;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tonic::transport::{Channel, Endpoint, Uri};

use crate::{Cli, PrivatePcscd, VirtualDriver, program, until};

/// What a daemon is to be started with.
#[derive(Debug)]
pub struct Setup {
    folder: TempDir,
    socket: PathBuf,
    registry: PathBuf,
    log: String,
    more: String,
    arguments: Vec<String>,
    wrapper: Vec<String>,
    pcscd_socket: PathBuf,
}

/// How a daemon ended that did not serve.
#[derive(Debug)]
pub struct Refusal {
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote.
    pub text: String,
}

impl Setup {
    /// A daemon without readers: where it looks for pcscd there is none.
    #[must_use]
    pub fn bare() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("xueka-daemon-")
            .tempdir()
            .unwrap();
        // A folder of its own, because tests put disks in its place.
        let data = folder.path().join("data");
        fs::create_dir(&data).unwrap();
        Self {
            socket: folder.path().join("xuekad.sock"),
            registry: data.join("registry.db"),
            log: "info".into(),
            more: String::new(),
            arguments: Vec::new(),
            wrapper: Vec::new(),
            pcscd_socket: folder.path().join("no-pcscd"),
            folder,
        }
    }

    /// A daemon with `n_readers` virtual readers of its own.
    #[must_use]
    pub fn simulated(n_readers: usize) -> Self {
        Self::bare()
            .argument("--simulate")
            .argument(n_readers.to_string())
    }

    /// A daemon on the readers of `pcscd`, with virtual cards for them.
    #[must_use]
    pub fn on(pcscd: &PrivatePcscd) -> Self {
        let option = match pcscd.driver() {
            VirtualDriver::Ours => "--simulate-virtual-readers",
            VirtualDriver::Vpcd => "--simulate-vpcd",
        };
        Self::with_readers_of(pcscd)
            .argument(option)
            .argument(pcscd.addresses().join(","))
    }

    /// A daemon on the readers of `pcscd`, as in service: it knows nothing of
    /// virtual cards.
    #[must_use]
    pub fn with_readers_of(pcscd: &PrivatePcscd) -> Self {
        let mut setup = Self::bare();
        setup.pcscd_socket = pcscd.socket();
        setup
    }

    /// A daemon that looks for pcscd at `socket`.
    #[must_use]
    pub fn with_pcscd_at(socket: &Path) -> Self {
        let mut setup = Self::bare();
        socket.clone_into(&mut setup.pcscd_socket);
        setup
    }

    /// Adds a command-line argument.
    #[must_use]
    pub fn argument(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Adds text at the end of the configuration file.
    #[must_use]
    pub fn configured(mut self, text: &str) -> Self {
        self.more.push_str(text);
        self
    }

    /// Keeps the registry elsewhere than in the daemon's own folder.
    #[must_use]
    pub fn registry(mut self, path: impl Into<PathBuf>) -> Self {
        self.registry = path.into();
        self
    }

    /// Serves another socket than the one in the daemon's own folder.
    #[must_use]
    pub fn socket(mut self, path: impl Into<PathBuf>) -> Self {
        self.socket = path.into();
        self
    }

    /// Sets what is logged, as a `tracing` filter.
    #[must_use]
    pub fn log(mut self, filter: &str) -> Self {
        filter.clone_into(&mut self.log);
        self
    }

    /// Runs the daemon where the folder of its registry is a disk of `bytes`
    /// bytes that nobody else sees.
    #[must_use]
    pub fn on_small_disk(self, bytes: u32) -> Self {
        self.mounted(&format!("mount -t tmpfs -o size={bytes} small \"$1\""))
    }

    /// Runs the daemon where the folder of its registry cannot be written to.
    #[must_use]
    pub fn on_read_only_disk(self) -> Self {
        self.mounted("mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\"")
    }

    /// Runs `mount`, for which `$1` is the registry's folder, in a mount
    /// namespace that goes with the daemon.
    fn mounted(mut self, mount: &str) -> Self {
        let options = if rustix::process::geteuid().is_root() {
            "-m"
        } else {
            "-Urm"
        };
        let folder = self.registry.parent().unwrap().to_str().unwrap();
        let script = format!("{mount} && shift && exec \"$@\"");
        self.wrapper = ["unshare", options, "sh", "-c", &script, "sh", folder]
            .map(Into::into)
            .into();
        self
    }

    /// Starts the daemon; it serves when this returns.
    ///
    /// # Panics
    ///
    /// When it ends instead, or does not serve in time.
    #[must_use]
    pub fn start(self) -> Daemon {
        let mut daemon = self.spawn();
        until("the daemon to serve", || {
            if let Some(status) = daemon.child.try_wait().unwrap() {
                panic!("the daemon ended, {status}");
            }
            UnixStream::connect(&daemon.socket).ok()
        });
        daemon
    }

    /// Starts a daemon that is expected to end by itself, saying why.
    ///
    /// # Panics
    ///
    /// When it does not end.
    #[must_use]
    pub fn refused(self) -> Refusal {
        let mut daemon = self.spawn();
        let status = until("the daemon to refuse", || daemon.child.try_wait().unwrap());
        Refusal {
            status,
            text: daemon.log(),
        }
    }

    fn spawn(self) -> Daemon {
        let folder = self.folder.path();
        let configuration = folder.join("xuekad.toml");
        let text = format!(
            "[listen]\nsocket = '{}'\n[registry]\npath = '{}'\n[log]\nfilter = '{}'\n{}",
            self.socket.display(),
            self.registry.display(),
            self.log,
            self.more
        );
        fs::write(&configuration, text).unwrap();
        let log = File::create(folder.join("log")).unwrap();
        // Should the test be killed, the kernel kills the daemon.
        let mut words = self.wrapper;
        words.extend(["setpriv", "--pdeathsig", "KILL"].map(Into::into));
        let child = Command::new(&words[0])
            .args(&words[1..])
            .arg(program("xuekad"))
            .arg("--config")
            .arg(&configuration)
            .args(&self.arguments)
            .env("PCSCLITE_CSOCK_NAME", &self.pcscd_socket)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("util-linux is here");
        Daemon {
            socket: self.socket,
            folder: self.folder,
            child,
        }
    }
}

/// A daemon that runs; it is stopped in order when this value goes.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
    socket: PathBuf,
    folder: TempDir,
}

impl Daemon {
    /// Its socket.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// A folder that goes with the daemon, for files of the test.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// All it has logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        let bytes = fs::read(self.folder.path().join("log")).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The command line, as a client of this daemon.
    #[must_use]
    pub fn cli(&self) -> Cli {
        Cli::new(&self.socket)
    }

    /// A gRPC connection to it.
    pub async fn channel(&self) -> Channel {
        let socket = self.socket.clone();
        let connect = tower::service_fn(move |_: Uri| {
            let socket = socket.clone();
            async move {
                tokio::net::UnixStream::connect(socket)
                    .await
                    .map(TokioIo::new)
            }
        });
        Endpoint::from_static("http://localhost")
            .connect_with_connector(connect)
            .await
            .expect("the daemon accepts connections")
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends it `signal`, which asks it to stop, and waits; returns how it
    /// ended and how long that took.
    pub fn stop(&mut self, signal: Signal) -> (ExitStatus, Duration) {
        let began = Instant::now();
        // Not reaped yet, so the id is still the child's.
        kill_process(Pid::from_child(&self.child), signal).ok();
        let status = until("the daemon to end", || self.child.try_wait().unwrap());
        (status, began.elapsed())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            self.stop(Signal::TERM);
        }
        if thread::panicking() {
            eprintln!("--- the daemon's log\n{}", self.log());
        }
    }
}
