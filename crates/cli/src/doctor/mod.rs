//! Why readers do not work: causes with their cure.
//!
//! [`examine`] looks at [`Evidence`]: the files of the machine below a folder,
//! what the PC/SC service said, what the daemon said. It changes nothing, sends
//! nothing to a card, and asks nobody else. What it found stands in
//! [`Finding`]s; their words stand in `texts/`.
//!
//! The files are those of Linux. On other systems they are not there, and what
//! the service and the daemon say remains; that was not tried.

mod check;
mod daemon;
mod driver;
mod models;
mod processes;
mod readers;
mod root;
mod service;
mod texts;
mod usb;

use std::path::PathBuf;

use serde_json::{Value, json};
use xueka_domain::Language;
use xueka_readers::ServiceProbe;

pub(crate) use self::{check::Check, daemon::DaemonAnswer};
use self::{driver::Driver, processes::Process, root::Root, usb::UsbDevice};

/// What there is to go by.
#[derive(Debug)]
pub(crate) struct Evidence {
    /// The folder that stands for the root of the machine.
    pub(crate) root: PathBuf,
    /// What the PC/SC service said.
    pub(crate) service: ServiceProbe,
    /// The socket at which it was asked.
    pub(crate) socket: PathBuf,
    /// What the daemon said.
    pub(crate) daemon: DaemonAnswer,
    /// The address at which it was asked.
    pub(crate) server: String,
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) check: Check,
    pub(crate) severity: Severity,
    /// What fills the places of its texts.
    values: Vec<(&'static str, String)>,
}

/// How bad it is, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    /// It is as it should be.
    Good,
    /// Something does not work or will not, while cards can be read.
    Warning,
    /// Cards cannot be read.
    Fault,
}

/// Everything that was read of the machine, once.
struct Machine {
    root: Root,
    usb: Vec<UsbDevice>,
    drivers: Vec<Driver>,
    processes: Vec<Process>,
}

impl Machine {
    fn look(root: PathBuf) -> Self {
        let root = Root::new(root);
        Self {
            usb: UsbDevice::all(&root),
            drivers: Driver::all(&root),
            processes: Process::all(&root),
            root,
        }
    }

    /// The programs that may hold readers, for a sentence; empty when none is
    /// known.
    fn holders(&self) -> String {
        let own = std::process::id();
        let holders = self.processes.iter().filter(|process| process.id != own);
        let holders = holders.filter(|process| process.may_hold_readers(&self.root));
        let holders = holders.map(|process| format!("{} ({})", process.name, process.id));
        holders.collect::<Vec<_>>().join(", ")
    }

    /// The name of the user who asks.
    fn own_user(&self) -> String {
        let uid = processes::user_of(&self.root, "/proc/self".as_ref()).map(|(uid, _)| uid);
        let name = uid.and_then(|uid| processes::user_name(&self.root, uid));
        name.unwrap_or_else(|| "xueka".to_owned())
    }

    /// The pcscd that runs.
    fn pcscd(&self) -> Option<&Process> {
        let mut processes = self.processes.iter();
        processes.find(|process| process.name == "pcscd")
    }
}

/// Looks at everything; the worst findings come first, and otherwise what has
/// to be put right first.
pub(crate) fn examine(evidence: &Evidence) -> Vec<Finding> {
    let machine = Machine::look(evidence.root.clone());
    let mut findings = service::examine(&machine, evidence);
    findings.extend(readers::examine(&machine, &evidence.service));
    findings.push(daemon::examine(&machine, evidence));
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

/// The worst of all findings.
pub(crate) fn worst(findings: &[Finding]) -> Severity {
    let severities = findings.iter().map(|finding| finding.severity);
    severities.max().unwrap_or(Severity::Good)
}

/// All findings for programs.
pub(crate) fn document(findings: &[Finding], language: Language) -> Value {
    let found = findings.iter().map(|finding| finding.to_json(language));
    json!({
        "outcome": worst(findings).id(),
        "findings": found.collect::<Vec<_>>(),
    })
}

impl Severity {
    /// Its stable name.
    fn id(self) -> &'static str {
        match self {
            Self::Good => "GOOD",
            Self::Warning => "WARNING",
            Self::Fault => "FAULT",
        }
    }
}

impl Finding {
    fn new(severity: Severity, check: Check, values: &[(&'static str, &str)]) -> Self {
        let values = values.iter();
        Self {
            check,
            severity,
            values: values
                .map(|(name, value)| (*name, (*value).to_owned()))
                .collect(),
        }
    }

    fn good(check: Check, values: &[(&'static str, &str)]) -> Self {
        Self::new(Severity::Good, check, values)
    }

    fn warning(check: Check, values: &[(&'static str, &str)]) -> Self {
        Self::new(Severity::Warning, check, values)
    }

    fn fault(check: Check, values: &[(&'static str, &str)]) -> Self {
        Self::new(Severity::Fault, check, values)
    }

    /// What was seen, in one sentence.
    pub(crate) fn seen(&self, language: Language) -> String {
        self.fill(texts::of(self.check).seen, language)
    }

    /// Why it matters; empty for what is good.
    pub(crate) fn why(&self, language: Language) -> String {
        self.fill(texts::of(self.check).why, language)
    }

    /// What to do, commands to paste on lines of their own; empty for what is
    /// good.
    pub(crate) fn cure(&self, language: Language) -> String {
        self.fill(texts::of(self.check).cure, language)
    }

    fn to_json(&self, language: Language) -> Value {
        let text = |text: String| (!text.is_empty()).then_some(text);
        json!({
            "id": self.check.id(),
            "severity": self.severity.id(),
            "seen": self.seen(language),
            "why": text(self.why(language)),
            "cure": text(self.cure(language)),
        })
    }

    /// A text with its places filled in. A program that may hold a reader and
    /// is not known is said to be so.
    fn fill(&self, both: [&'static str; 2], language: Language) -> String {
        let [chinese, english] = both;
        let template = match language {
            Language::Chinese => chinese,
            Language::English => english,
        };
        let mut text = template.to_owned();
        for (name, value) in &self.values {
            let value = match (value.as_str(), language) {
                ("", Language::Chinese) => "未知",
                ("", Language::English) => "not known",
                (value, _) => value,
            };
            text = text.replace(&format!("<{name}>"), value);
        }
        text
    }
}

#[cfg(test)]
mod tests;
