//! A PostgreSQL server of the tests' own: a folder, a Unix socket in it, and no
//! port. It ends with the test, however that ends.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// The user under which the server runs when the tests run as root, for it
/// refuses to run as root; the distribution's package makes it.
const SERVER_USER: &str = "postgres";

/// A server that runs.
pub(crate) struct Server {
    folder: TempDir,
    programs: PathBuf,
    running: Option<Running>,
    n_databases: AtomicU32,
}

/// The shell that holds the server, and the pipe whose end ends both.
struct Running {
    shell: Child,
    pipe: ChildStdin,
}

impl Server {
    /// Makes a server and starts it.
    pub(crate) fn start() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("xueka-pg-")
            .tempdir_in("/tmp")
            .unwrap();
        let mut server = Self {
            programs: programs(),
            folder,
            running: None,
            n_databases: AtomicU32::new(0),
        };
        if rustix::process::geteuid().is_root() {
            let owner = Command::new("chown")
                .arg(SERVER_USER)
                .arg(server.folder.path())
                .status();
            assert!(owner.unwrap().success(), "no user {SERVER_USER}");
        }
        let made = server
            .program("initdb")
            .args(["--username=xueka", "--auth=trust", "--encoding=UTF8"])
            .args(["--locale=C", "--no-sync", "--pgdata"])
            .arg(server.data())
            .stdout(Stdio::null())
            .status();
        assert!(made.unwrap().success(), "initdb failed");
        server.resume();
        server
    }

    /// Starts it where it was stopped, and waits until it answers.
    pub(crate) fn resume(&mut self) {
        // The machine outlives every test: what was handed to it need not be synced.
        let postgres = format!(
            "'{}' -D '{}' -k '{}' -c fsync=off -c listen_addresses= -c max_connections=200 2>'{}' & \
             server=$!; cat >/dev/null; kill -QUIT $server 2>/dev/null; wait $server",
            self.programs.join("postgres").display(),
            self.data().display(),
            self.folder.path().display(),
            self.folder.path().join("log").display(),
        );
        let mut shell = self
            .as_its_user("sh")
            .args(["-c", &postgres])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let pipe = shell.stdin.take().unwrap();
        self.running = Some(Running { shell, pipe });
        let begun = Instant::now();
        while !self.answers() {
            assert!(
                begun.elapsed() < Duration::from_mins(1),
                "{}",
                fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
            );
        }
    }

    /// Stops it as a power failure would: nothing is finished or tidied up.
    #[allow(dead_code, reason = "not every test program breaks the server off")]
    pub(crate) fn break_off(&mut self) {
        if let Some(mut running) = self.running.take() {
            let stopped = self
                .program("pg_ctl")
                .args(["stop", "--mode=immediate", "--silent", "--pgdata"])
                .arg(self.data())
                .status();
            assert!(stopped.unwrap().success());
            drop(running.pipe);
            running.shell.wait().unwrap();
        }
    }

    /// The address of a new, empty database.
    pub(crate) fn database(&self) -> String {
        let n = self.n_databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("registry_{n}");
        let made = self
            .program("createdb")
            .args(["--username=xueka", "--template=template0", "--host"])
            .arg(self.folder.path())
            .arg(&name)
            .status();
        assert!(made.unwrap().success(), "createdb failed");
        let socket = self.folder.path().display();
        format!("postgresql://xueka@/{name}?host={socket}")
    }

    /// Runs SQL on a database, past the registry.
    #[allow(dead_code, reason = "not every test program looks behind the registry")]
    pub(crate) fn run(&self, address: &str, statement: &str) {
        assert!(self.accepts(address, statement), "{statement}");
    }

    /// Whether a database takes a statement.
    #[allow(dead_code, reason = "not every test program looks behind the registry")]
    pub(crate) fn accepts(&self, address: &str, statement: &str) -> bool {
        let asked = self
            .program("psql")
            .args(["--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1"])
            .args(["--command", statement, address])
            .output();
        asked.unwrap().status.success()
    }

    fn answers(&self) -> bool {
        let asked = self
            .program("pg_isready")
            .args(["--quiet", "--username=xueka", "--host"])
            .arg(self.folder.path())
            .status();
        asked.unwrap().success()
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn program(&self, name: &str) -> Command {
        self.as_its_user(self.programs.join(name))
    }

    fn as_its_user(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = if rustix::process::geteuid().is_root() {
            let mut command = Command::new("setpriv");
            command
                .args(["--reuid", SERVER_USER, "--regid", SERVER_USER])
                .args(["--init-groups", "--"])
                .arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir(self.folder.path());
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut running) = self.running.take() {
            drop(running.pipe);
            running.shell.wait().ok();
        }
    }
}

/// The folder of the server's programs, which distributions keep off the search
/// path; of several versions the newest.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut folders: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let version = path.file_name()?.to_str()?.parse().ok()?;
            Some((version, path.join("bin")))
        })
        .collect();
    folders.sort_unstable();
    let newest = folders.pop().map(|(_, folder)| folder);
    let on_path = Command::new("pg_config").arg("--bindir").output();
    let on_path = on_path
        .ok()
        .and_then(|output| String::from_utf8(output.stdout).ok());
    let mut known = newest
        .into_iter()
        .chain(on_path.map(|path| path.trim().into()));
    let is_whole = |folder: &PathBuf| Path::new(folder).join("initdb").exists();
    known
        .find(is_whole)
        .expect("no PostgreSQL server here; `scripts/install-packages.sh test` installs it")
}
