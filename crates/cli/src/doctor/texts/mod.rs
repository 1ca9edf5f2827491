//! What each finding says: what was seen, why it matters, what to do; Chinese
//! first, then English.
//!
//! `<name>` is a place that the finding fills in. Lines of a cure that begin
//! with two blanks are commands to paste.

mod daemon;
mod readers;
mod service;

use super::Check;

/// The texts of one check.
pub(super) struct Texts {
    pub(super) seen: [&'static str; 2],
    pub(super) why: [&'static str; 2],
    pub(super) cure: [&'static str; 2],
}

/// The texts of a finding that is good: only what was seen.
const fn good(chinese: &'static str, english: &'static str) -> Texts {
    Texts {
        seen: [chinese, english],
        why: ["", ""],
        cure: ["", ""],
    }
}

/// What is said of a check.
pub(super) fn of(check: Check) -> Texts {
    match check {
        Check::ServiceServes
        | Check::ServiceNotInstalled
        | Check::ServiceNotRunning
        | Check::ServiceSocketDead
        | Check::ServiceHangs
        | Check::ServiceFailed => service::of_service(check),
        Check::ServiceFull
        | Check::ServiceTurnsAway
        | Check::ServiceNotPermitted
        | Check::ServiceHidepid => service::of_permission(check),
        Check::ServiceVersion | Check::ServiceFilter | Check::ServiceRights => {
            service::of_hindrance(check)
        }
        Check::DriverNotInstalled
        | Check::DriverNotListed
        | Check::KernelSeizes
        | Check::KernelWouldSeize => readers::of_driver(check),
        Check::ReaderSeen
        | Check::ReaderNone
        | Check::ReaderNotOffered
        | Check::ReaderInUse
        | Check::ReaderNotPermitted
        | Check::ReaderFailed => readers::of_reader(check),
        Check::ReaderNoField | Check::ReaderEscapes | Check::ReaderFirmware => {
            readers::of_model(check)
        }
        Check::DaemonServes
        | Check::DaemonNotRunning
        | Check::DaemonSocketDead
        | Check::DaemonSocketClosed
        | Check::DaemonRefuses
        | Check::DaemonFailed
        | Check::DaemonTurnedAway => daemon::of_daemon(check),
    }
}

/// A polkit rule for one user, written where polkit looks for rules.
macro_rules! polkit_rule {
    () => {
        "  sudo tee /etc/polkit-1/rules.d/50-xueka-pcsc.rules <<'END'
  polkit.addRule(function(action, subject) {
      if ((action.id == \"org.debian.pcsc-lite.access_pcsc\" ||
           action.id == \"org.debian.pcsc-lite.access_card\") &&
          subject.user == \"<user>\") {
          return polkit.Result.YES;
      }
  });
  END
  sudo systemctl restart polkit pcscd"
    };
}
use polkit_rule;

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str) -> Vec<&str> {
        let known = [
            "socket",
            "n_readers",
            "code",
            "user",
            "holders",
            "option",
            "value",
            "place",
            "node",
            "reader",
            "id",
            "module",
            "release",
            "good_from",
            "model",
            "readers",
            "plist",
            "server",
            "n_clients",
            "most",
            "cause",
        ];
        let places = known.into_iter();
        places
            .filter(|place| text.contains(&format!("<{place}>")))
            .collect()
    }

    #[test]
    fn every_finding_is_told_in_both_languages() {
        let is_chinese = |c: char| ('\u{4E00}'..='\u{9FFF}').contains(&c);
        for check in Check::ALL.iter().copied() {
            let texts = of(check);
            for [chinese, english] in [texts.seen, texts.why, texts.cure] {
                assert_eq!(chinese.is_empty(), english.is_empty(), "{check:?}");
                assert_eq!(places(chinese), places(english), "{check:?}");
                assert!(!english.contains(is_chinese), "{check:?}: {english}");
                assert!(
                    chinese.is_empty() || chinese.contains(is_chinese),
                    "{check:?}"
                );
            }
            assert!(!texts.seen[0].is_empty(), "{check:?}");
            assert_eq!(
                texts.why[0].is_empty(),
                texts.cure[0].is_empty(),
                "{check:?}"
            );
        }
    }

    #[test]
    fn commands_are_the_same_in_both_languages() {
        for check in Check::ALL.iter().copied() {
            let [chinese, english] = of(check).cure.map(|cure| {
                let lines = cure.lines().filter(|line| line.starts_with("  "));
                lines.collect::<Vec<_>>()
            });
            assert_eq!(chinese, english, "{check:?}");
        }
    }
}
