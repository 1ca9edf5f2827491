//! Readers: plugged in, known to a driver, offered, free, whole.

use xueka_readers::{ReaderAccess, ReaderProbe, ServiceAnswer, ServiceProbe};

use super::{
    Check, Finding, Machine,
    models::{BAD_FIRMWARE, SEIZED_READERS, SEIZING_MODULES, SIGNALS_BY_ESCAPE, SLOT_NAMES},
    usb::UsbDevice,
};

pub(super) fn examine(machine: &Machine, probe: &ServiceProbe) -> Vec<Finding> {
    let mut findings = Vec::new();
    let plugged: Vec<_> = machine
        .usb
        .iter()
        .filter(|device| is_reader(machine, device))
        .collect();
    if machine.drivers.is_empty() && !plugged.is_empty() && probe.readers.is_empty() {
        findings.push(Finding::fault(Check::DriverNotInstalled, &[]));
    }
    for device in &plugged {
        findings.extend(seized(device).or_else(|| not_served(machine, probe, device)));
        findings.extend(firmware(device));
    }
    findings.extend(would_seize(machine, &findings));
    for reader in &probe.readers {
        findings.push(access(machine, reader));
        findings.extend(escapes(machine, reader));
    }
    findings.extend(no_field(&probe.readers));
    let is_served = probe.service == ServiceAnswer::Serves;
    if is_served && probe.readers.is_empty() && plugged.is_empty() {
        findings.push(Finding::fault(Check::ReaderNone, &[]));
    }
    findings
}

fn is_reader(machine: &Machine, device: &UsbDevice) -> bool {
    let mut drivers = machine.drivers.iter();
    device.is_smart_card_class()
        || SEIZED_READERS.contains(&device.id)
        || drivers.any(|driver| driver.name_of(device.id).is_some())
}

/// A kernel module holds the reader, so pcscd cannot.
fn seized(device: &UsbDevice) -> Option<Finding> {
    let module = device
        .drivers()
        .find(|driver| SEIZING_MODULES.contains(driver))?;
    let values = [("reader", device.label()), ("module", module.to_owned())];
    let values = values
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    Some(Finding::fault(Check::KernelSeizes, &values))
}

/// No reader is held yet, but the next one plugged in would be.
fn would_seize(machine: &Machine, findings: &[Finding]) -> Option<Finding> {
    if findings
        .iter()
        .any(|finding| finding.check == Check::KernelSeizes)
    {
        return None;
    }
    let modules = machine.root.text("/proc/modules")?;
    let mut loaded = modules.lines().filter_map(|line| line.split(' ').next());
    // The others are only there because of these.
    let module = loaded.find(|module| matches!(*module, "pn533_usb" | "port100"))?;
    Some(Finding::warning(
        Check::KernelWouldSeize,
        &[("module", module)],
    ))
}

/// A reader that is plugged in, while pcscd offers none of that name.
fn not_served(machine: &Machine, probe: &ServiceProbe, device: &UsbDevice) -> Option<Finding> {
    let label = device.label();
    // Several drivers may know it, each by a name of its own.
    let drivers = machine.drivers.iter();
    let names: Vec<_> = drivers
        .filter_map(|driver| driver.name_of(device.id))
        .collect();
    let is_offered = probe.readers.iter().any(|reader| {
        let mut names = names.iter();
        names.any(|name| reader.name.starts_with(name))
            // A driver that takes every device of the class has no row for it.
            || (!device.name.is_empty() && reader.name.contains(&device.name))
    });
    if is_offered || machine.drivers.is_empty() {
        return None;
    }
    if names.is_empty() {
        let id = device.id.to_string();
        let values = [("reader", label.as_str()), ("id", &id)];
        return Some(Finding::fault(Check::DriverNotListed, &values));
    }
    if probe.service != ServiceAnswer::Serves {
        return None;
    }
    let holders = machine.holders();
    let values = [("reader", label.as_str()), ("holders", &holders)];
    Some(Finding::fault(Check::ReaderNotOffered, &values))
}

/// Firmware that the CCID driver refuses.
fn firmware(device: &UsbDevice) -> Option<Finding> {
    let mut rows = BAD_FIRMWARE.iter().filter(|row| row.id == device.id);
    let row = rows.find(|row| device.release < row.good_from)?;
    let release = |bcd: u16| format!("{:x}.{:02x}", bcd >> 8, bcd & 0xFF);
    let values = [
        ("reader", row.model.to_owned()),
        ("release", release(device.release)),
        ("good_from", release(row.good_from)),
    ];
    let values = values
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    Some(Finding::fault(Check::ReaderFirmware, &values))
}

fn access(machine: &Machine, reader: &ReaderProbe) -> Finding {
    let name = ("reader", reader.name.as_str());
    match reader.access {
        ReaderAccess::Free => Finding::good(Check::ReaderSeen, &[name]),
        ReaderAccess::InUse => {
            let holders = machine.holders();
            Finding::fault(Check::ReaderInUse, &[name, ("holders", &holders)])
        }
        ReaderAccess::NotPermitted => {
            let user = machine.own_user();
            Finding::fault(Check::ReaderNotPermitted, &[name, ("user", &user)])
        }
        ReaderAccess::Gone => Finding::warning(Check::ReaderFailed, &[name, ("code", "80100009")]),
        ReaderAccess::Failed { code } => {
            let code = format!("{code:08X}");
            Finding::fault(Check::ReaderFailed, &[name, ("code", &code)])
        }
    }
}

/// Light and buzzer that stay silent.
fn escapes(machine: &Machine, reader: &ReaderProbe) -> Option<Finding> {
    let has_signals = SIGNALS_BY_ESCAPE
        .iter()
        .any(|part| reader.name.contains(part));
    let mut drivers = machine.drivers.iter();
    let driver = drivers.find(|driver| driver.names(&reader.name));
    let is_kept_back = match reader.escapes {
        Some(pass) => !pass,
        None => driver.is_some_and(super::driver::Driver::keeps_escapes_back),
    };
    if !has_signals || !is_kept_back {
        return None;
    }
    let plist = driver.map_or("/etc/libccid_Info.plist".into(), |driver| {
        driver.plist.display().to_string()
    });
    let values = [("reader", reader.name.as_str()), ("plist", &plist)];
    Some(Finding::warning(Check::ReaderEscapes, &values))
}

/// Models of which every slot is listed but the field.
fn no_field(readers: &[ReaderProbe]) -> Vec<Finding> {
    let rows = SLOT_NAMES.iter().filter_map(|row| {
        let of_model = readers
            .iter()
            .filter(|reader| reader.name.contains(row.model));
        let names: Vec<_> = of_model.map(|reader| reader.name.as_str()).collect();
        let is_other = |name: &&str| row.others.iter().any(|part| name.contains(part));
        (!names.is_empty() && names.iter().all(is_other)).then(|| {
            let values = [("model", row.model), ("readers", &names.join(", "))];
            Finding::fault(Check::ReaderNoField, &values)
        })
    });
    rows.collect()
}
