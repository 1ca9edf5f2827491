//! Python with the packages that the tests use.

use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use crate::workspace;

/// The Python interpreter of a virtual environment in the target folder, which
/// has what `tests/python/requirements.txt` names.
///
/// It is made at the first call and again when the file changes; of several
/// tests that need it at once, one makes it and the others wait.
#[must_use]
pub fn python() -> PathBuf {
    let wanted = fs::read(requirements()).unwrap();
    let test = env::current_exe().unwrap();
    let target = test.ancestors().nth(3).expect("a test has a target folder");
    let folder = target.join("tests-python");
    let lock = File::create(target.join("tests-python.lock")).unwrap();
    lock.lock().unwrap();
    let made = folder.join("made-from");
    if fs::read(&made).ok().as_ref() != Some(&wanted) {
        make(&folder);
        fs::write(made, wanted).unwrap();
    }
    folder.join("bin/python")
}

fn requirements() -> PathBuf {
    workspace().join("tests/python/requirements.txt")
}

fn make(folder: &Path) {
    run(Command::new("python3")
        .args(["-m", "venv", "--clear"])
        .arg(folder));
    run(Command::new(folder.join("bin/pip"))
        .args([
            "--quiet",
            "--disable-pip-version-check",
            "install",
            "--requirement",
        ])
        .arg(requirements()));
}

fn run(command: &mut Command) {
    let output = command.output().expect("Python is here");
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}
