//! Every cause on a machine that was prepared to have it.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use tempfile::TempDir;
use xueka_api::v1::SourceState;
use xueka_readers::{ReaderAccess, ReaderProbe, ServiceAnswer};

use super::*;

const PLIST: &str = "/usr/lib/pcsc/drivers/ifd-ccid.bundle/Contents/Info.plist";
const ACR122U: &str = "ACS ACR122U PICC Interface 00 00";

/// A healthy desk: pcscd serves one ACR122U, the daemon runs.
struct Desk {
    folder: TempDir,
    evidence: Evidence,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let desk = Self {
            evidence: Evidence {
                root: folder.path().into(),
                service: ServiceProbe {
                    service: ServiceAnswer::Serves,
                    readers: vec![reader(ACR122U)],
                },
                socket: "/run/pcscd/pcscd.comm".into(),
                daemon: DaemonAnswer::Serves(SourceState::Ready),
                server: "unix:/run/xueka/xuekad.sock".into(),
            },
            folder,
        };
        desk.write("/usr/sbin/pcscd", "")
            .write("/run/pcscd/pcscd.comm", "")
            .write("/proc/mounts", "proc /proc proc rw,nosuid,relatime 0 0\n")
            .write("/proc/modules", "usbcore 1 0 - Live 0x0\n")
            .write(
                "/proc/self/status",
                "Name:\txueka\nUid:\t1000\t1000\t1000\t1000\n",
            )
            .write(
                "/etc/passwd",
                "root:x:0:0::/root:/bin/sh\nclerk:x:1000:1000::/:/bin/sh\n",
            )
            .driver("0x0001")
            .usb("072f", "2200", "0214", "0b")
            .process(400, "pcscd", 0)
    }

    fn write(self, path: &str, text: &str) -> Self {
        let place = self.folder.path().join(path.trim_start_matches('/'));
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, text).unwrap();
        self
    }

    fn without(self, path: &str) -> Self {
        let place = self.folder.path().join(path.trim_start_matches('/'));
        if place.is_dir() {
            fs::remove_dir_all(place).unwrap();
        } else {
            fs::remove_file(place).unwrap();
        }
        self
    }

    /// libccid, knowing the ACR122U and the ACR1252U.
    fn driver(self, options: &str) -> Self {
        let array = |key: &str, values: [&str; 2]| {
            let [first, second] = values;
            format!(
                "<key>{key}</key><array><string>{first}</string><string>{second}</string></array>"
            )
        };
        let text = [
            format!("<key>ifdDriverOptions</key><string>{options}</string>"),
            array("ifdVendorID", ["0x072F", "0x072F"]),
            array("ifdProductID", ["0x2200", "0x223B"]),
            array(
                "ifdFriendlyName",
                ["ACS ACR122U", "ACS ACR1252 Dual Reader"],
            ),
        ];
        self.write(PLIST, &text.concat())
    }

    /// One USB device with one interface of that class.
    fn usb(self, vendor: &str, product: &str, release: &str, class: &str) -> Self {
        let at = |file: &str| format!("/sys/bus/usb/devices/1-2/{file}");
        self.write(&at("idVendor"), vendor)
            .write(&at("idProduct"), product)
            .write(&at("bcdDevice"), release)
            .write(&at("product"), "A Reader\n")
            .write(&at("busnum"), "1\n")
            .write(&at("devnum"), "7\n")
            .write("/sys/bus/usb/devices/1-2:1.0/bInterfaceClass", class)
            .write("/sys/bus/usb/devices/usb1/idVendor", "1d6b")
            .write("/sys/bus/usb/devices/usb1/idProduct", "0002")
            .write("/dev/bus/usb/001/007", "")
    }

    fn held_by(self, driver: &str) -> Self {
        let link = "sys/bus/usb/devices/1-2:1.0/driver";
        let target = format!("../../../../bus/usb/drivers/{driver}");
        std::os::unix::fs::symlink(target, self.folder.path().join(link)).unwrap();
        self
    }

    fn process(self, id: u32, name: &str, uid: u32) -> Self {
        let status = format!("Name:\t{name}\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\nGroups:\t \n");
        self.write(&format!("/proc/{id}/comm"), &format!("{name}\n"))
            .write(&format!("/proc/{id}/status"), &status)
    }

    fn mode(self, path: &str, mode: u32) -> Self {
        let place = self.folder.path().join(path.trim_start_matches('/'));
        fs::set_permissions(place, fs::Permissions::from_mode(mode)).unwrap();
        self
    }

    fn answers(mut self, service: ServiceAnswer) -> Self {
        self.evidence.service = ServiceProbe {
            service,
            readers: Vec::new(),
        };
        self
    }

    fn lists(mut self, names: &[&str]) -> Self {
        self.evidence.service.readers = names.iter().map(|name| reader(name)).collect();
        self
    }

    fn reader_is(mut self, access: ReaderAccess) -> Self {
        self.evidence.service.readers[0].access = access;
        self.evidence.service.readers[0].escapes = None;
        self
    }

    fn daemon(mut self, answer: DaemonAnswer) -> Self {
        self.evidence.daemon = answer;
        self
    }

    fn findings(&self) -> Vec<Finding> {
        examine(&self.evidence)
    }

    /// The one finding that is not good; its words in English.
    fn only(&self, severity: Severity, check: Check) -> String {
        let findings = self.findings();
        let bad: Vec<_> = findings
            .iter()
            .filter(|finding| finding.severity > Severity::Good)
            .collect();
        let [finding] = bad[..] else {
            panic!("{findings:#?}");
        };
        assert_eq!((finding.severity, finding.check), (severity, check));
        for language in [Language::Chinese, Language::English] {
            let said = [
                finding.seen(language),
                finding.why(language),
                finding.cure(language),
            ];
            for text in said {
                assert!(!text.is_empty());
                assert!(!has_place(&text), "{text}");
            }
        }
        let english = Language::English;
        [
            finding.seen(english),
            finding.why(english),
            finding.cure(english),
        ]
        .join("\n")
    }
}

/// Whether a place was left unfilled; the cures have `<<'END'` and `>…<`.
fn has_place(text: &str) -> bool {
    let mut parts = text.split('<').skip(1);
    parts.any(|part| {
        part.split_once('>').is_some_and(|(name, _)| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        })
    })
}

fn reader(name: &str) -> ReaderProbe {
    ReaderProbe {
        name: name.to_owned(),
        access: ReaderAccess::Free,
        escapes: Some(true),
    }
}

#[track_caller]
fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no {part:?} in\n{text}");
    }
}

#[test]
fn a_healthy_desk_is_clean() {
    let findings = Desk::new().findings();
    assert_eq!(worst(&findings), Severity::Good, "{findings:#?}");
    let checks: Vec<_> = findings.iter().map(|finding| finding.check).collect();
    let expected = [Check::ServiceServes, Check::ReaderSeen, Check::DaemonServes];
    assert_eq!(checks, expected);
}

#[test]
fn a_service_that_does_not_answer_has_its_reason_on_the_disk() {
    let gone = || {
        Desk::new()
            .answers(ServiceAnswer::NoService)
            .without("/proc/400")
    };
    let dead = gone().only(Severity::Fault, Check::ServiceSocketDead);
    says(
        &dead,
        &["/run/pcscd/pcscd.comm", "systemctl restart pcscd.socket"],
    );

    let stopped = gone().without("/run/pcscd/pcscd.comm");
    let stopped = stopped.only(Severity::Fault, Check::ServiceNotRunning);
    says(&stopped, &["systemctl enable --now pcscd.socket"]);

    let missing = gone()
        .without("/run/pcscd/pcscd.comm")
        .without("/usr/sbin/pcscd");
    let missing = missing.only(Severity::Fault, Check::ServiceNotInstalled);
    says(
        &missing,
        &["apt-get install pcscd libccid", "dnf", "pacman"],
    );
}

#[test]
fn a_service_that_answers_badly_is_told_by_its_answer() {
    use ServiceAnswer::{Failed, Hangs, NotPermitted, TurnsAway, VersionMismatch};
    let cases = [
        (Hangs, Check::ServiceHangs, "systemctl restart pcscd"),
        (VersionMismatch, Check::ServiceVersion, "libpcsclite1"),
        (
            NotPermitted,
            Check::ServiceNotPermitted,
            "subject.user == \"clerk\"",
        ),
        (
            TurnsAway,
            Check::ServiceTurnsAway,
            "Too many context running",
        ),
        (
            Failed { code: 0x8010_0014 },
            Check::ServiceFailed,
            "80100014",
        ),
    ];
    for (answer, check, part) in cases {
        let said = Desk::new().answers(answer).only(Severity::Fault, check);
        says(&said, &[part]);
    }
}

#[test]
fn a_service_with_as_many_clients_as_it_serves_is_full() {
    let head = "Num       RefCount Protocol Flags    Type St Inode Path\n\
        0000: 00000002 00000000 00010000 0001 01 100 /run/pcscd/pcscd.comm\n\
        0000: 00000003 00000000 00000000 0001 03 101 /run/other.sock\n";
    let client = "0000: 00000003 00000000 00000000 0001 03 102 /run/pcscd/pcscd.comm\n";
    let with_clients = |n_clients: usize, answer| {
        let text = format!("{head}{}", client.repeat(n_clients));
        Desk::new().write("/proc/net/unix", &text).answers(answer)
    };
    for answer in [ServiceAnswer::TurnsAway, ServiceAnswer::NotPermitted] {
        let said = with_clients(200, answer).only(Severity::Fault, Check::ServiceFull);
        says(&said, &["has 200 clients, serves 200 at most"]);
    }
    with_clients(199, ServiceAnswer::NotPermitted)
        .only(Severity::Fault, Check::ServiceNotPermitted);
    for option in ["-t", "--max-thread"] {
        let line = format!("/usr/sbin/pcscd\0--foreground\0{option}\x004\0");
        let desk = with_clients(4, ServiceAnswer::TurnsAway).write("/proc/400/cmdline", &line);
        let said = desk.only(Severity::Fault, Check::ServiceFull);
        says(&said, &["serves 4 at most"]);
    }
}

#[test]
fn hidden_processes_are_a_fault_where_somebody_was_refused() {
    let hidden = "sysfs /sys sysfs rw 0 0\nproc /proc proc rw,relatime,hidepid=invisible 0 0\n";
    let said = Desk::new()
        .write("/proc/mounts", hidden)
        .only(Severity::Warning, Check::ServiceHidepid);
    says(&said, &["hidepid=invisible", "remount,hidepid=0"]);

    let refused = Desk::new()
        .write("/proc/mounts", hidden)
        .answers(ServiceAnswer::NotPermitted);
    let checks: Vec<_> = refused
        .findings()
        .iter()
        .map(|f| (f.check, f.severity))
        .collect();
    assert!(
        checks.contains(&(Check::ServiceHidepid, Severity::Fault)),
        "{checks:?}"
    );

    for off in ["hidepid=0", "hidepid=off"] {
        let open = hidden.replace("hidepid=invisible", off);
        let findings = Desk::new().write("/proc/mounts", &open).findings();
        assert_eq!(worst(&findings), Severity::Good, "{off}");
    }
}

#[test]
fn a_filter_is_found_in_the_environment_and_in_settings() {
    let variable = "PCSCLITE_FILTER_IGNORE_READER_NAMES";
    let unit = "/etc/systemd/system/pcscd.service.d/override.conf";
    let cases = [
        ("/proc/400/environ", format!("A=1\0{variable}=Yubico\0")),
        (
            "/etc/default/pcscd",
            format!("# a comment\n{variable}=\"Yubico\"\n"),
        ),
        (
            unit,
            format!("[Service]\nEnvironment=\"{variable}=Yubico\"\n"),
        ),
    ];
    for (place, text) in cases {
        let said = Desk::new()
            .write(place, &text)
            .only(Severity::Warning, Check::ServiceFilter);
        says(&said, &["\"Yubico\"", place]);
    }
    let unused = format!("#{variable}=Yubico\n{variable}=\n");
    let findings = Desk::new().write("/etc/default/pcscd", &unused).findings();
    assert_eq!(
        worst(&findings),
        Severity::Good,
        "neither a comment nor an empty value"
    );
}

#[test]
fn a_service_with_too_few_rights_is_named_with_the_device() {
    let said = Desk::new()
        .without("/proc/400")
        .process(400, "pcscd", 65_534)
        .mode("/dev/bus/usb/001/007", 0o600)
        .only(Severity::Fault, Check::ServiceRights);
    says(&said, &["65534", "/dev/bus/usb/001/007", "udevadm trigger"]);
}

#[test]
fn a_reader_without_a_driver_or_a_row_in_it_is_named() {
    let bare = Desk::new().without("/usr/lib/pcsc").lists(&[]);
    let said = bare.only(Severity::Fault, Check::DriverNotInstalled);
    says(&said, &["apt-get install libccid"]);

    let unknown = Desk::new().usb("1fc9", "00a7", "0100", "0b").lists(&[]);
    let said = unknown.only(Severity::Fault, Check::DriverNotListed);
    says(&said, &["A Reader (1fc9:00a7)", "ccid.apdu.fr"]);
}

#[test]
fn a_device_that_is_no_reader_is_no_concern() {
    let mouse = Desk::new().usb("046d", "c077", "7200", "03").lists(&[]);
    let said = mouse.only(Severity::Fault, Check::ReaderNone);
    says(&said, &["lsusb"]);
}

#[test]
fn a_kernel_module_that_holds_a_reader_is_named_with_the_cure() {
    for module in ["pn533_usb", "port100"] {
        let desk = Desk::new()
            .held_by(module)
            .write(
                "/proc/modules",
                "pn533_usb 20480 0 - Live 0x0\nnfc 1 2 - Live 0x0\n",
            )
            .lists(&[]);
        let said = desk.only(Severity::Fault, Check::KernelSeizes);
        says(
            &said,
            &[
                module,
                "/etc/modprobe.d/xueka-readers.conf",
                "modprobe -r pn533_usb",
            ],
        );
    }
    let loaded = Desk::new().held_by("usbfs").write(
        "/proc/modules",
        "nfc 1 2 - Live 0x0\npn533_usb 20480 0 - Live 0x0\n",
    );
    let said = loaded.only(Severity::Warning, Check::KernelWouldSeize);
    says(&said, &["pn533_usb"]);
}

#[test]
fn a_reader_that_is_plugged_in_and_not_offered_is_named_with_who_may_hold_it() {
    let desk = Desk::new().lists(&[]).process(77, "scdaemon", 1000);
    let said = desk.only(Severity::Fault, Check::ReaderNotOffered);
    says(&said, &["072f:2200", "scdaemon (77)"]);
}

#[test]
fn a_reader_that_two_drivers_know_may_have_the_name_of_either() {
    let other = "/usr/lib/pcsc/drivers/ifd-acsccid.bundle/Contents/Info.plist";
    let text = "<key>ifdVendorID</key><array><string>0x072F</string></array>\
        <key>ifdProductID</key><array><string>0x2200</string></array>\
        <key>ifdFriendlyName</key><array><string>Another Name</string></array>";
    for name in [ACR122U, "Another Name 00 00"] {
        let findings = Desk::new().write(other, text).lists(&[name]).findings();
        assert_eq!(worst(&findings), Severity::Good, "{name}: {findings:#?}");
    }
}

#[test]
fn holders_are_known_by_name_or_by_their_library() {
    let library = "7f00-7f01 r-xp 0 0 0 /usr/lib/x86_64-linux-gnu/libpcsclite.so.1.0.0\n";
    let desk = Desk::new()
        .reader_is(ReaderAccess::InUse)
        .process(70, "gsd-smartcard", 1000)
        .process(71, "browser", 1000)
        .write("/proc/71/maps", library)
        .process(72, "editor", 1000)
        .write("/proc/72/maps", "7f00-7f01 r-xp 0 0 0 /usr/lib/libc.so.6\n")
        .write("/proc/400/maps", library);
    let said = desk.only(Severity::Fault, Check::ReaderInUse);
    says(
        &said,
        &[
            ACR122U,
            "gsd-smartcard (70), browser (71)\n",
            "gpgconf --kill scdaemon",
        ],
    );
    assert!(!said.contains("pcscd (400)"), "{said}");

    let said = Desk::new()
        .reader_is(ReaderAccess::InUse)
        .only(Severity::Fault, Check::ReaderInUse);
    says(&said, &["It may be: not known"]);
}

#[test]
fn a_reader_that_cannot_be_used_says_why() {
    let refused = Desk::new().reader_is(ReaderAccess::NotPermitted);
    let said = refused.only(Severity::Fault, Check::ReaderNotPermitted);
    says(&said, &["access_card", "clerk"]);

    let failed = Desk::new().reader_is(ReaderAccess::Failed { code: 0x8010_0066 });
    says(
        &failed.only(Severity::Fault, Check::ReaderFailed),
        &["80100066"],
    );

    let gone = Desk::new().reader_is(ReaderAccess::Gone);
    says(
        &gone.only(Severity::Warning, Check::ReaderFailed),
        &["80100009"],
    );
}

#[test]
fn a_model_without_its_field_is_noticed() {
    let other_slots = [
        [
            "ACS ACR1252 Dual Reader [ACR1252 Dual Reader SAM] 00 00",
            "",
        ],
        [
            "ACS ACR1281 1S Dual Reader ICC 0",
            "ACS ACR1281 1S Dual Reader SAM 0",
        ],
        [
            "HID Global OMNIKEY 5422 Smartcard Reader [OMNIKEY 5422 Smartcard Reader] 00 00",
            "",
        ],
    ];
    for names in other_slots {
        let names: Vec<_> = names.into_iter().filter(|name| !name.is_empty()).collect();
        let desk = Desk::new().without("/sys").lists(&names);
        says(&desk.only(Severity::Fault, Check::ReaderNoField), &names);
    }
    let whole = [
        "ACS ACR1252 Dual Reader [ACR1252 Dual Reader PICC] 01 00",
        "ACS ACR1252 Dual Reader [ACR1252 Dual Reader SAM] 00 00",
        "ACS ACR1281 1S Dual Reader PICC 0",
        "HID Global OMNIKEY 5422 Smartcard Reader [OMNIKEY 5422CL Smartcard Reader] 01 00",
    ];
    let findings = Desk::new().without("/sys").lists(&whole).findings();
    assert_eq!(worst(&findings), Severity::Good, "{findings:#?}");
}

#[test]
fn escapes_that_are_kept_back_are_a_warning_where_signals_need_them() {
    let mut by_answer = Desk::new();
    by_answer.evidence.service.readers[0].escapes = Some(false);
    let said = by_answer.only(Severity::Warning, Check::ReaderEscapes);
    says(&said, &[ACR122U, PLIST, "ifdDriverOptions"]);

    let mut by_options = Desk::new().driver("0x0000");
    by_options.evidence.service.readers[0].escapes = None;
    by_options.only(Severity::Warning, Check::ReaderEscapes);

    let mut other = Desk::new().without("/sys").lists(&["Virtual PCD 00 00"]);
    other.evidence.service.readers[0].escapes = Some(false);
    assert_eq!(
        worst(&other.findings()),
        Severity::Good,
        "it has no signals"
    );
}

#[test]
fn firmware_that_the_driver_refuses_is_named() {
    let old = Desk::new().usb("072f", "2200", "0205", "0b");
    let said = old.only(Severity::Fault, Check::ReaderFirmware);
    says(&said, &["ACS ACR122U is 2.05, older than 2.06"]);

    let just_good = Desk::new().usb("072f", "2200", "0206", "0b").findings();
    assert_eq!(worst(&just_good), Severity::Good);
}

#[test]
fn the_daemon_is_told_apart_in_what_it_lacks() {
    use Severity::{Fault, Warning};
    let turned_away = DaemonAnswer::Serves(SourceState::NotPermitted);
    let cases = [
        (
            DaemonAnswer::NotRunning,
            Warning,
            Check::DaemonNotRunning,
            "systemctl start xuekad",
        ),
        (
            DaemonAnswer::SocketDead,
            Warning,
            Check::DaemonSocketDead,
            "journalctl -u xuekad",
        ),
        (
            DaemonAnswer::SocketClosed,
            Fault,
            Check::DaemonSocketClosed,
            "usermod -aG \"$(stat -c %G /run/xueka/xuekad.sock)\" clerk",
        ),
        (
            DaemonAnswer::Refuses,
            Warning,
            Check::DaemonRefuses,
            "--token-file",
        ),
        (
            DaemonAnswer::Failed("odd".into()),
            Fault,
            Check::DaemonFailed,
            "odd",
        ),
        (
            turned_away,
            Fault,
            Check::DaemonTurnedAway,
            "subject.user == \"desk\"",
        ),
    ];
    for (answer, severity, check, part) in cases {
        let desk = Desk::new()
            .write(
                "/etc/passwd",
                "clerk:x:1000:1000::/:/bin/sh\ndesk:x:990:990::/:/bin/sh\n",
            )
            .process(900, "xuekad", 990)
            .daemon(answer);
        says(&desk.only(severity, check), &[part]);
    }
}

#[test]
fn the_worst_comes_first() {
    use Severity::{Fault, Good, Warning};

    let desk = Desk::new()
        .write("/proc/modules", "pn533_usb 20480 0 - Live 0x0\n")
        .reader_is(ReaderAccess::InUse)
        .daemon(DaemonAnswer::NotRunning);
    let severities: Vec<_> = desk.findings().iter().map(|f| f.severity).collect();
    assert_eq!(severities, [Fault, Warning, Warning, Good]);
}

#[test]
fn a_machine_without_any_of_these_files_is_no_trouble() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = Desk::new();
    desk.evidence.root = folder.path().into();
    assert_eq!(worst(&desk.findings()), Severity::Good);
    desk.evidence.root = Path::new("/no/such/folder").into();
    assert_eq!(worst(&desk.findings()), Severity::Good);
}

#[test]
fn the_document_for_programs_is_as_described() {
    let desk = Desk::new()
        .without("/sys")
        .answers(ServiceAnswer::VersionMismatch);
    let document = document(&desk.findings(), Language::English);
    assert_eq!(document, crate::shapes::tests::documented("doctor"));
}
