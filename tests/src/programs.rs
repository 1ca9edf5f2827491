//! Where the programs under test are, and the driver.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

/// The root of the workspace.
#[must_use]
pub fn workspace() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The path of one of the workspace's programs, as built from its present
/// sources.
///
/// `XUEKA_BIN_DIR` names the folder when they are built already. Without it
/// they are built first, so that a plain `cargo test` never runs old ones.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    built().join(name)
}

/// The path of our virtual reader driver, built as the programs are.
#[must_use]
pub fn driver() -> PathBuf {
    built().join("libifdxueka.so")
}

fn built() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| env::var_os("XUEKA_BIN_DIR").map_or_else(build, Into::into))
}

/// Builds programs and driver with the profile of this test; returns their
/// folder.
fn build() -> PathBuf {
    // This test is `<target>/<profile>/deps/<test>-<hash>`.
    let test = env::current_exe().unwrap();
    let folder = test.ancestors().nth(2).expect("a test has a target folder");
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    // The driver is a library, so it is none of the programs.
    for what in [&["--workspace", "--bins"], &["--package", "xueka-ifd"]] {
        let built = Command::new(&cargo)
            .args(["build", "--quiet", "--profile", profile])
            .args(what)
            .current_dir(workspace())
            .status()
            .expect("cargo can be run");
        assert!(built.success(), "what is to be tested does not build");
    }
    folder.to_path_buf()
}
