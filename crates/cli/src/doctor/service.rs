//! The PC/SC service: there, willing, and unhindered.

use std::path::{Path, PathBuf};

use xueka_readers::{ReaderAccess, ServiceAnswer};

use super::{Check, Evidence, Finding, Machine};

/// Where the service's program may be.
const PROGRAMS: [&str; 4] = [
    "/usr/sbin/pcscd",
    "/usr/bin/pcscd",
    "/usr/local/sbin/pcscd",
    "/run/current-system/sw/bin/pcscd",
];

/// The variable by which pcscd hides readers (pcscd(8)).
const FILTER: &str = "PCSCLITE_FILTER_IGNORE_READER_NAMES";

/// Where the environment of the service is set, beside units.
const SERVICE_SETTINGS: [&str; 3] = [
    "/etc/default/pcscd",
    "/etc/sysconfig/pcscd",
    "/etc/conf.d/pcscd",
];

/// Folders of changes to its unit.
const UNIT_CHANGES: [&str; 2] = [
    "/etc/systemd/system/pcscd.service.d",
    "/run/systemd/system/pcscd.service.d",
];

pub(super) fn examine(machine: &Machine, evidence: &Evidence) -> Vec<Finding> {
    let mut findings = vec![answer(machine, evidence)];
    findings.extend(hidepid(machine, evidence));
    findings.extend(filter(machine));
    findings.extend(rights(machine));
    findings
}

/// What the service's answer means, with what lies on the disk.
fn answer(machine: &Machine, evidence: &Evidence) -> Finding {
    let socket = evidence.socket.display().to_string();
    let user = machine.own_user();
    let is_refused = is_refused(evidence.service.service);
    if let Some(full) = full(machine, &evidence.socket).filter(|_| is_refused) {
        return full;
    }
    match evidence.service.service {
        ServiceAnswer::Serves => {
            let n_readers = evidence.service.readers.len().to_string();
            Finding::good(Check::ServiceServes, &[("n_readers", &n_readers)])
        }
        ServiceAnswer::NoService if machine.root.has(&evidence.socket) => {
            Finding::fault(Check::ServiceSocketDead, &[("socket", &socket)])
        }
        ServiceAnswer::NoService if !is_installed(machine) => {
            Finding::fault(Check::ServiceNotInstalled, &[])
        }
        ServiceAnswer::NoService => Finding::fault(Check::ServiceNotRunning, &[]),
        ServiceAnswer::TurnsAway => {
            let holders = machine.holders();
            let values = [("user", user.as_str()), ("holders", &holders)];
            Finding::fault(Check::ServiceTurnsAway, &values)
        }
        ServiceAnswer::NotPermitted => {
            Finding::fault(Check::ServiceNotPermitted, &[("user", &user)])
        }
        ServiceAnswer::VersionMismatch => Finding::fault(Check::ServiceVersion, &[]),
        ServiceAnswer::Hangs => Finding::fault(Check::ServiceHangs, &[]),
        ServiceAnswer::Failed { code } => {
            Finding::fault(Check::ServiceFailed, &[("code", &format!("{code:08X}"))])
        }
    }
}

/// pcscd at its limit gives either of the two, and so does polkit's refusal
/// (seen on pcsc-lite 1.9.9).
fn is_refused(answer: ServiceAnswer) -> bool {
    matches!(
        answer,
        ServiceAnswer::NotPermitted | ServiceAnswer::TurnsAway
    )
}

/// Whether pcscd has as many clients as it serves.
///
/// Source: pcscd(8), `--max-thread`; Linux, proc(5), `net/unix`.
fn full(machine: &Machine, socket: &Path) -> Option<Finding> {
    const CONNECTED: &str = "03";
    const MOST_CLIENTS: usize = 200;
    let sockets = machine.root.text("/proc/net/unix")?;
    let path = socket.to_str()?;
    let clients = sockets.lines().filter(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        fields.get(5) == Some(&CONNECTED) && fields.get(7) == Some(&path)
    });
    let n_clients = clients.count();
    let words = machine.pcscd().map(|pcscd| pcscd.words(&machine.root));
    let words = words.unwrap_or_default();
    let mut words = words.into_iter();
    let is_limit = |word: &String| matches!(word.as_str(), "-t" | "--max-thread");
    let limit = words.find(is_limit).and(words.next());
    let most = limit
        .and_then(|word| word.parse().ok())
        .unwrap_or(MOST_CLIENTS);
    let holders = machine.holders();
    let values = [
        ("n_clients", n_clients.to_string()),
        ("most", most.to_string()),
        ("holders", holders),
    ];
    let values = values
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    (n_clients >= most).then(|| Finding::fault(Check::ServiceFull, &values))
}

fn is_installed(machine: &Machine) -> bool {
    machine.pcscd().is_some() || PROGRAMS.iter().any(|program| machine.root.has(program))
}

/// Hidden processes: polkit, asked by pcscd who we are, cannot look.
///
/// Source: pcsc-lite issue 224.
fn hidepid(machine: &Machine, evidence: &Evidence) -> Option<Finding> {
    let mounts = machine.root.text("/proc/mounts")?;
    let option = mounts.lines().find_map(|line| {
        let mut fields = line.split_whitespace();
        if fields.nth(1) != Some("/proc") {
            return None;
        }
        let options = fields.nth(1)?.split(',');
        options
            .filter_map(|option| option.strip_prefix("hidepid="))
            .find(|value| !matches!(*value, "0" | "off"))
    })?;
    let is_refused = is_refused(evidence.service.service)
        || evidence
            .service
            .readers
            .iter()
            .any(|reader| reader.access == ReaderAccess::NotPermitted);
    let values = [("option", option)];
    Some(if is_refused {
        Finding::fault(Check::ServiceHidepid, &values)
    } else {
        Finding::warning(Check::ServiceHidepid, &values)
    })
}

/// Readers that pcscd was told to hide.
fn filter(machine: &Machine) -> Option<Finding> {
    let (place, value) = filter_in_environment(machine).or_else(|| filter_in_settings(machine))?;
    let place = place.display().to_string();
    let values = [("value", value.as_str()), ("place", &place)];
    Some(Finding::warning(Check::ServiceFilter, &values))
}

fn filter_in_environment(machine: &Machine) -> Option<(PathBuf, String)> {
    let pcscd = machine.pcscd()?;
    let value = pcscd.variable(&machine.root, FILTER)?;
    let place = Path::new("/proc")
        .join(pcscd.id.to_string())
        .join("environ");
    Some((place, value)).filter(|(_, value)| !value.is_empty())
}

/// `NAME=value`, or `Environment=NAME=value` in a unit, quoted or not.
fn filter_in_settings(machine: &Machine) -> Option<(PathBuf, String)> {
    let changes = UNIT_CHANGES
        .iter()
        .flat_map(|folder| machine.root.entries(folder));
    let files = SERVICE_SETTINGS.iter().map(PathBuf::from).chain(changes);
    let mut found = files.filter_map(|file| {
        let text = machine.root.text(&file)?;
        let lines = text.lines().map(str::trim);
        let value = lines
            .filter(|line| !line.starts_with(['#', ';']))
            .find_map(|line| line.split_once(&format!("{FILTER}=")))?
            .1
            .trim_matches(['"', '\'', ' '])
            .to_owned();
        Some((file, value)).filter(|(_, value)| !value.is_empty())
    });
    found.next()
}

/// A pcscd that may not open the devices of the readers.
fn rights(machine: &Machine) -> Option<Finding> {
    let pcscd = machine.pcscd()?;
    let (uid, groups) = pcscd.user(&machine.root)?;
    let readers = machine.usb.iter().filter(|device| {
        let is_known = machine
            .drivers
            .iter()
            .any(|driver| driver.name_of(device.id).is_some());
        is_known || device.is_smart_card_class()
    });
    let mut closed = readers.filter(|device| {
        let node = machine.root.at(&device.node);
        owner_and_mode(&node).is_some_and(|(owner, group, mode)| {
            !may_read_and_write(uid, &groups, owner, group, mode)
        })
    });
    let device = closed.next()?;
    let user = super::processes::user_name(&machine.root, uid).unwrap_or_else(|| uid.to_string());
    let values = [
        ("user", user.as_str()),
        ("node", device.node.as_str()),
        ("reader", &device.label()),
    ];
    Some(Finding::fault(Check::ServiceRights, &values))
}

#[cfg(unix)]
fn owner_and_mode(node: &Path) -> Option<(u32, u32, u32)> {
    use std::os::unix::fs::MetadataExt as _;
    let node = node.metadata().ok()?;
    Some((node.uid(), node.gid(), node.mode()))
}

#[cfg(not(unix))]
fn owner_and_mode(_node: &Path) -> Option<(u32, u32, u32)> {
    None
}

/// Whether the bits of a file let that user read and write. Of a file with an
/// access list the bits of the group are the most that the list grants, so they
/// count for everybody: a wrong alarm would be worse than none.
fn may_read_and_write(uid: u32, groups: &[u32], owner: u32, group: u32, mode: u32) -> bool {
    const READ_AND_WRITE: u32 = 0o6;
    let grants = |shift: u32| (mode >> shift) & READ_AND_WRITE == READ_AND_WRITE;
    let in_group = groups.contains(&group);
    uid == 0 || (uid == owner && grants(6)) || grants(0) || (grants(3) && (in_group || group != 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bits_of_a_device_say_who_may_use_it() {
        let cases = [
            (0, vec![], 0, 0, 0o000, true, "root may all"),
            (7, vec![7], 7, 0, 0o600, true, "the owner"),
            (7, vec![7], 0, 0, 0o660, false, "the group of root"),
            (7, vec![9], 0, 9, 0o660, true, "a member"),
            (7, vec![7], 0, 9, 0o660, true, "perhaps by an access list"),
            (7, vec![9], 0, 9, 0o640, false, "a member who may only read"),
            (7, vec![7], 0, 0, 0o666, true, "everybody"),
            (
                7,
                vec![7],
                0,
                0,
                0o664,
                false,
                "everybody may read: Debian's default",
            ),
        ];
        for (uid, groups, owner, group, mode, expected, why) in cases {
            let may = may_read_and_write(uid, &groups, owner, group, mode);
            assert_eq!(may, expected, "{why}");
        }
    }
}
