//! Which `DESFire` a card is, in words.

use xueka_domain::Language;

use super::Explanation;
use crate::{DesfireGeneration, DesfireVersion};

/// Which generation of `DESFire` a card says it is, and how much memory it has.
#[must_use]
pub fn desfire_version(version: DesfireVersion, language: Language) -> Explanation {
    let name = match version.generation {
        DesfireGeneration::First => "DESFire (D40)".to_owned(),
        DesfireGeneration::Ev1 => "DESFire EV1".to_owned(),
        DesfireGeneration::Ev2 => "DESFire EV2".to_owned(),
        DesfireGeneration::Ev3 => "DESFire EV3".to_owned(),
        DesfireGeneration::Light => "DESFire Light".to_owned(),
        DesfireGeneration::Other { kind, major } => format!("DESFire {kind:02X}/{major:02X}"),
    };
    let n_bytes = version.n_bytes;
    let text = match (language, version.has_more) {
        (Language::English, false) => format!("The chip says it is a {name} with {n_bytes} bytes."),
        (Language::English, true) => {
            format!("The chip says it is a {name} with somewhat more than {n_bytes} bytes.")
        }
        (Language::Chinese, has_more) => {
            let more = if has_more { "以上" } else { "" };
            format!("芯片自称是 {name}，容量 {n_bytes} 字节{more}。")
        }
    };
    Explanation::new("DESFIRE_VERSION", text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_said_in_both_languages() {
        let version = |has_more| DesfireVersion {
            generation: DesfireGeneration::Ev2,
            n_bytes: 4096,
            has_more,
        };
        let cases = [
            (
                Language::English,
                false,
                "The chip says it is a DESFire EV2 with 4096 bytes.",
            ),
            (
                Language::English,
                true,
                "The chip says it is a DESFire EV2 with somewhat more than 4096 bytes.",
            ),
            (
                Language::Chinese,
                true,
                "芯片自称是 DESFire EV2，容量 4096 字节以上。",
            ),
        ];
        for (language, has_more, expected) in cases {
            let said = desfire_version(version(has_more), language);
            assert_eq!(
                (said.code, said.text.as_str()),
                ("DESFIRE_VERSION", expected)
            );
        }
    }
}
