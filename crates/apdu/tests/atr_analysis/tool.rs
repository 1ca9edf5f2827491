//! `ATR_analysis`, run for many ATRs.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

/// Where distributions put the script and its list.
const SCRIPTS: [&str; 2] = ["/usr/bin/ATR_analysis", "/usr/local/bin/ATR_analysis"];
const LISTS: [&str; 3] = [
    "/usr/share/pcsc/smartcard_list.txt",
    "/usr/local/pcsc/smartcard_list.txt",
    "/usr/local/share/pcsc/smartcard_list.txt",
];

/// The script and its list.
pub(crate) struct Tool {
    script: &'static Path,
    list: &'static Path,
}

impl Tool {
    /// The tool; `None` where it is not installed.
    pub(crate) fn find() -> Option<Self> {
        let first = |paths: &[&'static str]| {
            let mut paths = paths.iter().copied().map(Path::new);
            paths.find(|path| path.is_file())
        };
        Some(Self {
            script: first(&SCRIPTS)?,
            list: first(&LISTS)?,
        })
    }

    pub(crate) fn list(&self) -> &Path {
        self.list
    }

    /// What the script prints for each of these ATRs.
    pub(crate) fn analyse(&self, atrs: &[Vec<u8>]) -> Vec<String> {
        // It looks each ATR up in a list, and fetches a newer one when it is
        // not there. A list that has all of them spares both.
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("smartcard_list.txt"), ".*\n\tany card\n\n").unwrap();
        let player =
            PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/atr_analysis/every_atr.pl");
        let mut perl = Command::new("perl")
            .arg(player)
            .arg(self.script)
            .env("HOME", home.path())
            .env("XDG_CACHE_HOME", home.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = perl.stdin.take().unwrap();
        let lines: String = atrs.iter().map(|atr| spaced(atr) + "\n").collect();
        // Both pipes are bounded, so one thread fills while another empties.
        let writer = thread::spawn(move || stdin.write_all(lines.as_bytes()));
        let output = perl.wait_with_output().unwrap();
        writer.join().unwrap().unwrap();
        assert!(output.status.success(), "{}", output.status);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.split("=== ").skip(1).map(str::to_owned).collect()
    }
}

fn spaced(atr: &[u8]) -> String {
    let bytes: Vec<_> = atr.iter().map(|byte| format!("{byte:02X}")).collect();
    bytes.join(" ")
}
