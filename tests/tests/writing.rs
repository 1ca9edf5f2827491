//! Cards written through both programs, on readers of a real pcscd: by profile,
//! torn, and made whole at the next tap, though the daemon was killed meanwhile.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;
use xueka_simulator::{Fault, Simulator, VirtualCard};
use xueka_tests::{Answer, Cli, Daemon, PrivatePcscd, Setup, Signal, until};

const NUMBER: &str = "1000751012345678";
const UID: [u8; 4] = [0x9B, 0x27, 0xD4, 0xE6];

/// A place on each kind of chip that can be written, and its keys.
const PROFILE: &str = r#"
name = "School"
source = "a test"
[[mifare_classic]]
keys = [{ name = "school-a", kind = "A" }]
copies = { first = { sector = 1, block = 0 }, second = { sector = 2, block = 1 }, blocks = 2 }
number = { offset = 0, length = 8, coding = "bcd" }
valid_until = { offset = 8, coding = "bcd-yymmdd" }
[mifare_classic.write]
keys = [{ name = "factory", kind = "A" }]
trailer = { key_a = "school-a", key_b = "school-b", data = "100", trailer = "011" }
[[ultralight]]
copies = { first = 5, second = 11, pages = 5 }
number = { offset = 0, length = 8, coding = "bcd" }
valid_until = { offset = 8, coding = "bcd-yymmdd" }
[ultralight.write]
[[cpu]]
directory = "3F01"
copies = { first = { sfi = 21 }, second = { file = "0016", offset = 2 }, length = 20 }
number = { offset = 0, length = 8, coding = "bcd" }
valid_until = { offset = 8, coding = "bcd-yymmdd" }
[cpu.write]
key = { name = "cpu", id = 0 }
[[desfire]]
application = "F48120"
key = "read"
key_number = 1
number = { file = 1, communication = "full", offset = 4, length = 8, coding = "bcd" }
valid_until = { file = 1, communication = "full", offset = 12, coding = "bcd-yymmdd" }
[desfire.write]
key = { name = "write", number = 2 }
factory_key = "zeros"
master_key = { name = "master" }
card_key = { name = "zeros" }
"#;

const KEYS: &str = r#"
factory = "FFFFFFFFFFFF"
school-a = "A0A1A2A3A4A5"
school-b = "B0B1B2B3B4B5"
cpu = "3des:00112233445566778899AABBCCDDEEFF"
zeros = "aes:00000000000000000000000000000000"
master = "aes:A0A1A2A3A4A5A6A7A8A9AAABACADAEAF"
read = "aes:101112131415161718191A1B1C1D1E1F"
write = "aes:202122232425262728292A2B2C2D2E2F"
"#;

/// An FM1208 with two empty files.
const FM1208: &str = "kind = 'fm1208'\n\
    [[file]]\nid = '0015'\nread = 'F0'\nwrite = 'F1'\naccess = 'FF'\n\
    data = '0000000000000000000000000000000000000000000000000000'\n\
    [[file]]\nid = '0016'\nread = 'F0'\nwrite = 'F1'\naccess = 'FF'\n\
    data = '0000000000000000000000000000000000000000000000000000'\n";

/// A pcscd with one reader, the hand that puts cards on it, and the files of a
/// school.
struct School {
    pcscd: PrivatePcscd,
    simulator: Simulator,
    folder: TempDir,
}

impl School {
    fn new() -> Self {
        let pcscd = PrivatePcscd::start(1);
        let addresses = pcscd.addresses().iter();
        let simulator =
            Simulator::on_virtual_readers(addresses.map(|address| address.parse().unwrap()));
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("keys.toml");
        fs::write(&keys, KEYS).unwrap();
        fs::set_permissions(&keys, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(folder.path().join("school.toml"), PROFILE).unwrap();
        Self {
            pcscd,
            simulator,
            folder,
        }
    }

    /// A daemon with the school's registry, profile and keys.
    fn daemon(&self) -> Daemon {
        let file = |name: &str| self.folder.path().join(name);
        let cards = format!(
            "[cards]\nkey_file = '{}'\nprofiles = ['{}']\n",
            file("keys.toml").display(),
            file("school.toml").display()
        );
        Setup::with_readers_of(&self.pcscd)
            .registry(file("registry.db"))
            .configured(&cards)
            .start()
    }

    fn put(&self, card: VirtualCard) {
        self.simulator.insert(0, card).unwrap();
    }

    fn n_exchanges(&self) -> usize {
        self.simulator.exchanges(0).unwrap().len()
    }
}

fn write(cli: &Cli, more: &str) -> Answer {
    let line = format!(
        "card write run --number {NUMBER} --valid-until 2029-07-31 --wait 10s --yes --json{more}"
    );
    cli.run(&line)
}

fn number(cli: &Cli) -> Option<String> {
    let read = cli.json("read --wait 10s");
    read["reading"]["card_number"].as_str().map(str::to_owned)
}

fn open_writes(cli: &Cli) -> Vec<Value> {
    let listed = cli.json("card write list");
    listed["writes"].as_array().unwrap().clone()
}

fn blank_classic() -> VirtualCard {
    VirtualCard::mifare_classic_1k().uid(UID)
}

#[test]
fn a_blank_card_of_each_kind_is_written_and_read_by_the_same_profile() {
    let school = School::new();
    let daemon = school.daemon();
    let cli = daemon.cli();
    let cards = [
        (blank_classic(), "MIFARE_CLASSIC_1K"),
        (VirtualCard::ntag213(), "ULTRALIGHT"),
        (VirtualCard::from_toml(FM1208).unwrap(), "OTHER_ISO14443"),
        (VirtualCard::desfire(), "DESFIRE"),
    ];
    for (card, family) in cards {
        school.put(card);
        let answer = write(&cli, "").expect(0).document();
        assert_eq!(answer["plan"]["family"], family, "{answer}");
        assert_eq!(answer["write"]["outcome"], "WRITTEN", "{answer}");
        school.simulator.put_back(0).unwrap();
        let read = cli.json("read --wait 10s");
        assert_eq!(read["reading"]["card_number"], NUMBER, "{family}: {read}");
        assert_eq!(read["reading"]["valid_until"], "2029-07-31", "{family}");
        // What is there already is not written again.
        let again = write(&cli, "").expect(0).document();
        assert_eq!(again["plan"]["steps"], json!([]), "{family}: {again}");
        assert_eq!(again["write"], Value::Null, "{family}: {again}");
    }
    assert!(open_writes(&cli).is_empty());
    let log = daemon.log();
    for secret in ["A0A1A2A3A4A5", "00112233445566778899AABBCCDDEEFF", NUMBER] {
        assert!(!log.to_uppercase().contains(secret), "{secret} is logged");
    }
}

#[test]
fn a_plan_is_shown_with_keys_by_name_and_carried_out_by_its_name() {
    let school = School::new();
    let daemon = school.daemon();
    let cli = daemon.cli();
    school.put(blank_classic());
    let line = format!("card write plan --number {NUMBER} --wait 10s");
    let shown = cli.run(&line).expect(0).stdout;
    for said in [
        "block 4 (keys ",
        "keys and access bits of sector 1",
        "key A school-a",
        "factory",
    ] {
        assert!(shown.contains(said), "{said}: {shown}");
    }
    for secret in ["FFFFFFFFFFFF", "A0A1A2A3A4A5", "B0B1B2B3B4B5"] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
    let chinese = cli.run(&format!("{line} --lang zh")).expect(0).stdout;
    assert!(chinese.contains("扇区 1 的密钥"), "{chinese}");
    assert_eq!(number(&cli), None, "a plan writes nothing");

    // Nobody can be asked here, so nothing is written unless that was said.
    let unasked = cli
        .run(&format!("card write run --number {NUMBER} --json"))
        .expect(2);
    assert_eq!(unasked.reason(), "NOT_AGREED");
    assert_eq!(number(&cli), None);

    let plan = cli.json(&line)["plan_id"].as_str().unwrap().to_owned();
    let line = format!("card write run --plan {plan} --request-id one --json");
    let first = cli.run(&line).expect(0).document();
    let again = cli.run(&line).expect(0).document();
    assert_eq!(first, again, "a request that is sent again");
    assert_eq!(number(&cli).as_deref(), Some(NUMBER));

    let unknown = cli.run("card write run --plan 0123456789abcdef --json");
    assert_eq!(unknown.expect(1).reason(), "PLAN_OUTDATED");
}

#[test]
fn a_card_that_is_torn_is_finished_at_its_next_tap() {
    let school = School::new();
    let daemon = school.daemon();
    let cli = daemon.cli();
    let (at_command, id) = torn(&school, &cli);
    assert_eq!(open_writes(&cli)[0]["write_id"], id);
    assert_eq!(open_writes(&cli)[0]["uid"], "9B27D4E6");

    school.simulator.put_back(0).unwrap();
    until("the card to be made whole", || {
        open_writes(&cli).is_empty().then_some(())
    });
    let whole = number(&cli);
    assert!(
        whole.is_none() || whole.as_deref() == Some(NUMBER),
        "torn at {at_command}: {whole:?}"
    );
    let none = cli.json("card write recover --wait 10s");
    assert_eq!(none["write"], Value::Null, "{none}");
    let _ = write(&cli, "").expect(0);
    assert_eq!(number(&cli).as_deref(), Some(NUMBER));
}

/// A blank card that left while it was written: at which command, and the
/// number of its open write.
fn torn(school: &School, cli: &Cli) -> (u32, Value) {
    school.put(blank_classic());
    let line = format!("card write plan --number {NUMBER} --wait 10s");
    let _ = cli.run(&line).expect(0);
    let planned = u32::try_from(school.n_exchanges()).unwrap();
    // Behind the plan, the card is looked at before it is noted and written.
    for at_command in planned + 1..planned + 100 {
        school.put(blank_classic().tear_at_command(at_command));
        let answer = write(cli, "");
        assert_ne!(answer.code, 0, "{answer:?}");
        if answer.reason() == "WRITE_UNDER_WAY" {
            let told: Value = serde_json::from_str(&answer.stderr).unwrap();
            let id = told["metadata"]["write_id"].as_str().unwrap();
            return (at_command, id.parse::<u64>().unwrap().into());
        }
        assert!(open_writes(cli).is_empty(), "at {at_command}");
    }
    panic!("the card was never torn");
}

#[test]
fn a_daemon_that_is_killed_during_a_write_finishes_it_when_it_is_back() {
    let school = School::new();
    let mut daemon = school.daemon();
    let (at_command, _) = torn(&school, &daemon.cli());
    school.simulator.put_back(0).unwrap();
    until("the first card to be made whole", || {
        open_writes(&daemon.cli()).is_empty().then_some(())
    });

    // Another that hangs for a while just where that one was torn.
    let pause = Fault::Delay(Duration::from_secs(4));
    school.put(blank_classic().uid([1, 2, 3, 4]).fault(at_command, pause));
    let words = [
        "card", "write", "run", "--number", NUMBER, "--wait", "10s", "--yes",
    ];
    let mut writing = quietly(daemon.cli().command(&words)).spawn().unwrap();
    until("the write to be in the journal", || {
        (open_writes(&daemon.cli()).len() == 1).then_some(())
    });
    daemon.stop(Signal::KILL);
    assert!(!writing.wait().unwrap().success());

    let daemon = school.daemon();
    let cli = daemon.cli();
    assert_eq!(open_writes(&cli).len(), 1, "it is known still");
    school.simulator.put_back(0).unwrap();
    until("the card to be made whole", || {
        open_writes(&cli).is_empty().then_some(())
    });
    let _ = write(&cli, "").expect(0);
    assert_eq!(number(&cli).as_deref(), Some(NUMBER));
}

fn quietly(mut command: Command) -> Command {
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

#[test]
fn a_card_that_is_given_up_is_blocked() {
    let school = School::new();
    let daemon = school.daemon();
    let cli = daemon.cli();
    let (_, id) = torn(&school, &cli);
    let asked = cli.run(&format!("card write spoilt {id} --json")).expect(2);
    assert_eq!(asked.reason(), "NOT_AGREED");
    let line = format!("card write spoilt {id} --yes");
    let spoilt = cli.json(&line);
    assert_eq!(spoilt["write"]["outcome"], "SPOILT", "{spoilt}");
    assert_eq!(cli.json(&line), spoilt, "done again");
    assert!(open_writes(&cli).is_empty());
    let blocked = cli.run("blacklist check --uid 9B27D4E6 --json").expect(1);
    assert_eq!(blocked.document()["reason"], "SPOILT");
    let none = cli.run("card write spoilt 9999 --yes --json").expect(1);
    assert_eq!(none.reason(), "WRITE_NOT_FOUND");
}

#[test]
fn a_transit_card_is_not_written_and_a_clerk_writes_none() {
    let school = School::new();
    let daemon = school.daemon();
    let cli = daemon.cli();
    for card in [
        VirtualCard::transit(NUMBER),
        VirtualCard::t_union("3104870012345678901"),
        VirtualCard::city_union("1000000098765432"),
    ] {
        school.put(card);
        let refused = write(&cli, "").expect(1);
        assert_eq!(refused.reason(), "CARD_NOT_WRITABLE");
        let told: Value = serde_json::from_str(&refused.stderr).unwrap();
        assert_eq!(told["metadata"]["cause"], "TRANSIT_CARD", "{told}");
    }
    let token = make_token(&daemon, "clerk");
    for line in [
        "card write list",
        "card write recover",
        "card write spoilt 1 --yes",
        "card write plan --number 1000751012345678",
        "card write run --plan 0123456789abcdef",
    ] {
        let refused = cli.run(&format!("{line} --token-file {token}"));
        assert_eq!(refused.code, 5, "{refused:?}");
    }
}

/// A token for a role; the file that holds it.
fn make_token(daemon: &Daemon, role: &str) -> String {
    let file = daemon.folder().join(role);
    let file = file.to_str().unwrap().to_owned();
    let words = ["token", "create", role, "--role", role, "--save", &file];
    let _ = daemon.cli().run_words(&words).expect(0);
    assert!(Path::new(&file).exists());
    file
}
