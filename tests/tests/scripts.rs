//! The scripts that people and tests begin with: the demonstration, which must
//! not go stale, and the pcscd of one's own, which must not outlive its user.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output},
};

use xueka_tests::{driver, program, until, workspace};

/// Plays the demonstration with the programs in `programs`; returns what was
/// said and how many files are left of it.
fn demo(programs: &Path, arguments: &[&str]) -> (Output, usize) {
    let scratch = tempfile::tempdir().unwrap();
    let output = Command::new(workspace().join("scripts/demo.sh"))
        .args(arguments)
        .env("XUEKA_BIN_DIR", programs)
        .env("TMPDIR", scratch.path())
        .output()
        .unwrap();
    let n_left = fs::read_dir(scratch.path()).unwrap().count();
    (output, n_left)
}

#[test]
fn the_demonstration_reaches_its_end_and_leaves_nothing() {
    let xueka = program("xueka");
    for (arguments, readers) in [
        (&[][..], "--simulate-vpcd"),
        (&["--in-process"][..], "--simulate 2"),
    ] {
        let (output, n_left) = demo(xueka.parent().unwrap(), arguments);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{output:?}");
        assert!(said.contains(readers), "{said}");
        assert!(said.contains("That was the whole job"), "{said}");
        assert_eq!(n_left, 0, "{arguments:?}");
    }
}

#[test]
fn a_wrong_step_ends_the_demonstration_and_says_why() {
    let programs = tempfile::tempdir().unwrap();
    fs::copy(program("xuekad"), programs.path().join("xuekad")).unwrap();
    // A command line under which the lost card is still good.
    let stub = programs.path().join("xueka");
    let text = format!(
        "#!/bin/sh\nif [ \"$1 $2\" = 'card report-loss' ]; then\n\
         echo 'blocked from now on'; exit 0\nfi\nexec {} \"$@\"\n",
        program("xueka").display()
    );
    fs::write(&stub, text).unwrap();
    fs::set_permissions(&stub, fs::Permissions::from_mode(0o755)).unwrap();

    let (output, n_left) = demo(programs.path(), &["--in-process"]);

    let complained = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(
        complained.contains("the exit code is 0 and should be 1"),
        "{complained}"
    );
    assert_eq!(n_left, 0);
}

#[test]
fn a_private_pcscd_ends_with_whoever_started_it() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("pcscd");
    let script = workspace().join("scripts/private-pcscd.sh");
    // The starter dies without a word as soon as pcscd answers.
    let starter = Command::new("bash")
        .args([
            "-c",
            "\"$1\" start \"$2\" 2 && cat \"$2/pid\" && kill -KILL $$",
            "bash",
        ])
        .args([&script, &place])
        .output()
        .unwrap();
    let pid = String::from_utf8(starter.stdout).unwrap();
    assert!(!pid.trim().is_empty(), "it ran: {:?}", starter.stderr);

    until("its folder to be gone", || (!place.exists()).then_some(()));

    let process = Path::new("/proc").join(pid.trim());
    assert!(!process.exists(), "it is gone and reaped");
}

#[test]
fn a_private_pcscd_refuses_what_it_cannot_do() {
    let script = workspace().join("scripts/private-pcscd.sh");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("precious"), "data").unwrap();
    let full = folder.path().to_str().unwrap();
    let cases: [(&[&str], i32, &str); 4] = [
        (&["start", full, "2"], 1, "a folder with something in it"),
        (&["start", full, "17"], 2, "more readers than pcscd serves"),
        (&["stop", full], 1, "nothing is kept there"),
        (&["dance"], 2, "no such order"),
    ];
    for (arguments, code, why) in cases {
        let output = Command::new(&script).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{why}: {output:?}");
        assert!(!output.stderr.is_empty(), "{why} is said");
    }
    assert!(folder.path().join("precious").exists());
}

#[test]
fn the_virtual_reader_is_installed_into_a_folder_and_removed_again() {
    let folder = tempfile::tempdir().unwrap();
    let script = workspace().join("scripts/install-virtual-reader.sh");
    let run_named = |arguments: &[&str], readers: &str, name: &str| {
        Command::new(&script)
            .args(arguments)
            .env("DESTDIR", folder.path())
            .env("XUEKA_IFD", driver())
            .env("READERS", readers)
            .env("NAME", name)
            .env("MODE", "660")
            .output()
            .unwrap()
    };
    let run = |arguments: &[&str], readers: &str| run_named(arguments, readers, "Desk Reader");
    assert_eq!(
        run(&[], "17").status.code(),
        Some(2),
        "pcscd has room for 16"
    );
    let names = [
        ("A\"\nLIBPATH /tmp/other.so\n#", "an entry of its own"),
        ("A\nLIBPATH /tmp/other.so", "a line of its own"),
        ("A\r", "half a line"),
        ("A\"", "the end of the text"),
        ("A'", "a quote is a quote"),
        ("A;serial=1", "a setting"),
        ("A\\", "pcscd may take it for an escape"),
    ];
    for (name, why) in names {
        let refused = run_named(&[], "1", name);
        assert_eq!(refused.status.code(), Some(2), "{why}: {refused:?}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);

    let installed = run(&[], "2");

    assert!(installed.status.success(), "{installed:?}");
    let said = String::from_utf8(installed.stdout).unwrap();
    let files: Vec<&Path> = said
        .lines()
        .filter_map(|line| line.trim().split(' ').next())
        .map(Path::new)
        .filter(|path| path.starts_with(folder.path()))
        .collect();
    let [library, entry] = files[..] else {
        panic!("two files are named: {said}");
    };
    assert_eq!(fs::read(library).unwrap(), fs::read(driver()).unwrap());
    let text = fs::read_to_string(entry).unwrap();
    assert_eq!(text.matches("FRIENDLYNAME \"Desk Reader\"").count(), 2);
    assert!(text.contains("serial=XK0002;mode=660"), "{text}");
    let inside = library.strip_prefix(folder.path()).unwrap();
    let path = format!("LIBPATH /{}\n", inside.display());
    assert!(text.contains(&path), "as it will be there: {text}");
    assert!(said.contains("make uninstall-virtual-reader"), "{said}");

    let removed = run(&["uninstall"], "2");

    assert!(removed.status.success(), "{removed:?}");
    assert!(!library.exists() && !entry.exists());
}
