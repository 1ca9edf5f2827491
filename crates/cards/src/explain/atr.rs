//! An ATR part by part in words.

use xueka_apdu::{AtrAnatomy, CheckCharacter, InterfaceByte, InterfaceLetter, InterfaceMeaning};
use xueka_domain::Language;

use super::{choose, hexadecimal, historical};

/// One part of an ATR.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AtrPart {
    /// What the standard calls it: `TS`, `T0`, `TA1`, `T1`, `T2-T5`, `TCK`;
    /// empty for bytes that are no part of it.
    pub name: String,
    /// At which byte it begins, from 0.
    pub position: usize,
    /// Its bytes; empty for a part that should be there and is not.
    pub bytes: Vec<u8>,
    /// What it says.
    pub text: String,
}

/// Every byte of an ATR with what it says, of one that breaks the rules as far
/// as it goes.
#[must_use]
pub fn atr(bytes: &[u8], language: Language) -> Vec<AtrPart> {
    let anatomy = AtrAnatomy::of(bytes);
    let mut parts = Parts::default();
    if let Some(ts) = anatomy.ts() {
        parts.add("TS", &[ts], initial_character(ts, language));
    }
    if let Some(t0) = anatomy.t0() {
        parts.add("T0", &[t0], format_byte(t0, language));
    }
    for byte in anatomy.interface() {
        let name = format!("T{}{}", letter(byte.letter), byte.index);
        parts.add(&name, &[byte.value], interface(byte, language));
    }
    for (name, bytes, text) in historical::parts(&anatomy, language) {
        parts.add(&name, &bytes, text);
    }
    if anatomy.is_cut_short() || anatomy.n_missing() > 0 {
        parts.add("", &[], missing(anatomy.n_missing(), language));
    }
    let (check, text) = check_character(anatomy.check(), language);
    if !text.is_empty() {
        parts.add("TCK", check.as_slice(), text);
    }
    if !anatomy.extra().is_empty() {
        let text = choose(language, "bytes behind the end", "多余的字节");
        parts.add("", anatomy.extra(), text.to_owned());
    }
    parts.0
}

/// Parts, each behind the one before it.
#[derive(Default)]
struct Parts(Vec<AtrPart>);

impl Parts {
    fn add(&mut self, name: &str, bytes: &[u8], text: String) {
        let position = self
            .0
            .last()
            .map_or(0, |last| last.position + last.bytes.len());
        self.0.push(AtrPart {
            name: name.to_owned(),
            position,
            bytes: bytes.to_vec(),
            text,
        });
    }
}

fn initial_character(ts: u8, language: Language) -> String {
    let (english, chinese) = match ts {
        0x3B => ("direct convention", "正向约定"),
        0x3F => ("inverse convention", "反向约定"),
        _ => (
            "no initial character: this is no ATR",
            "不是起始字符，这不是 ATR",
        ),
    };
    choose(language, english, chinese).to_owned()
}

fn format_byte(t0: u8, language: Language) -> String {
    let follows = followers(t0 >> 4, 1, language);
    let n_historical = t0 & 0x0F;
    match language {
        Language::English => format!("{follows}; {n_historical} historical bytes"),
        Language::Chinese => format!("{follows}；历史字节 {n_historical} 个"),
    }
}

/// Which interface bytes of a group follow.
fn followers(announced: u8, index: u8, language: Language) -> String {
    let letters = ["TA", "TB", "TC", "TD"].iter().enumerate();
    let named: Vec<_> = letters
        .filter(|(bit, _)| announced & (1 << bit) != 0)
        .map(|(_, letters)| format!("{letters}{index}"))
        .collect();
    if named.is_empty() {
        return choose(language, "no interface bytes follow", "其后没有接口字节").to_owned();
    }
    let named = named.join(choose(language, ", ", "、"));
    match language {
        Language::English => format!("followed by {named}"),
        Language::Chinese => format!("其后有 {named}"),
    }
}

fn letter(letter: InterfaceLetter) -> char {
    match letter {
        InterfaceLetter::A => 'A',
        InterfaceLetter::B => 'B',
        InterfaceLetter::C => 'C',
        InterfaceLetter::D => 'D',
    }
}

fn interface(byte: InterfaceByte, language: Language) -> String {
    use InterfaceMeaning as M;
    let (english, chinese) = match byte.meaning() {
        M::Speed {
            fi: Some(fi),
            di: Some(di),
        } => (
            format!(
                "speed: Fi {fi}, Di {di}, a bit takes {} clock cycles",
                cycles(fi, di)
            ),
            format!("速率：Fi {fi}，Di {di}，每位 {} 个时钟周期", cycles(fi, di)),
        ),
        M::Speed { .. } => ("speed: a reserved value".into(), "速率：保留值".into()),
        M::ProgrammingVoltage => (
            "programming voltage, no longer used".into(),
            "编程电压，已不再使用".into(),
        ),
        M::ExtraGuardTime(255) => (
            "extra guard time: the least".into(),
            "附加保护时间：最小值".into(),
        ),
        M::ExtraGuardTime(n) => (
            format!("extra guard time: {n} bit times"),
            format!("附加保护时间：{n} 位时间"),
        ),
        M::Protocol { t: 15, follows } => {
            let index = byte.index.saturating_add(1);
            (
                format!(
                    "global bytes (T=15); {}",
                    followers(follows, index, Language::English)
                ),
                format!(
                    "全局接口字节（T=15）；{}",
                    followers(follows, index, Language::Chinese)
                ),
            )
        }
        M::Protocol { t, follows } => {
            let index = byte.index.saturating_add(1);
            (
                format!(
                    "protocol T={t}; {}",
                    followers(follows, index, Language::English)
                ),
                format!(
                    "协议 T={t}；{}",
                    followers(follows, index, Language::Chinese)
                ),
            )
        }
        M::SpecificMode { t, can_change, .. } => (
            format!(
                "begins with T={t}, {} change",
                if can_change { "can" } else { "cannot" }
            ),
            format!(
                "以 T={t} 开始，{}改变",
                if can_change { "可" } else { "不可" }
            ),
        ),
        M::WaitingTime(n) => (
            format!("waiting time of T=0: {n}"),
            format!("T=0 的等待时间：{n}"),
        ),
        M::BlockSize(n) => (
            format!("blocks of at most {n} bytes (T=1)"),
            format!("每块最多 {n} 字节（T=1）"),
        ),
        M::BlockWaiting { bwi, cwi } => (
            format!("waiting times of T=1: blocks {bwi}, characters {cwi}"),
            format!("T=1 的等待时间：块 {bwi}，字符 {cwi}"),
        ),
        M::ErrorDetection { crc } => {
            let kind = if crc { "CRC" } else { "LRC" };
            (
                format!("blocks are checked by {kind}"),
                format!("块校验方式：{kind}"),
            )
        }
        M::ClockAndClasses { classes, .. } => {
            let voltages = voltages(classes);
            (format!("voltages: {voltages}"), format!("电压：{voltages}"))
        }
        M::StandardContact(value) => (
            format!("use of contact C6: {value:02X}"),
            format!("触点 C6 的用途：{value:02X}"),
        ),
        M::Unspecified => (
            "no published meaning here".into(),
            "此处没有公开的含义".into(),
        ),
    };
    choose(language, english, chinese)
}

/// Clock cycles a bit, with a decimal where it takes one.
fn cycles(fi: u16, di: u8) -> String {
    let tenths = u32::from(fi) * 10 / u32::from(di).max(1);
    match (tenths / 10, tenths % 10) {
        (whole, 0) => whole.to_string(),
        (whole, tenth) => format!("{whole}.{tenth}"),
    }
}

fn voltages(classes: u8) -> String {
    let known = [(0b001, "5 V"), (0b010, "3 V"), (0b100, "1.8 V")];
    let named: Vec<_> = known
        .iter()
        .filter(|(bit, _)| classes & bit != 0)
        .map(|(_, volts)| *volts)
        .collect();
    if named.is_empty() {
        return "-".to_owned();
    }
    named.join(", ")
}

fn missing(n_missing: usize, language: Language) -> String {
    match (language, n_missing) {
        (Language::English, 0) => "the ATR ends too early".to_owned(),
        (Language::English, n) => {
            format!("the ATR ends too early: {n} historical bytes are missing")
        }
        (Language::Chinese, 0) => "ATR 不完整".to_owned(),
        (Language::Chinese, n) => format!("ATR 不完整：缺少 {n} 个历史字节"),
    }
}

/// The byte, where there is one, and what is said of it; nothing where none is
/// due and none is there.
fn check_character(check: CheckCharacter, language: Language) -> (Option<u8>, String) {
    match check {
        CheckCharacter::NotNeeded => (None, String::new()),
        CheckCharacter::Fits(found) => {
            let text = choose(language, "check character, fits", "校验字符，正确");
            (Some(found), text.to_owned())
        }
        CheckCharacter::Differs { found, expected } => {
            let expected = hexadecimal(&[expected]);
            let text = match language {
                Language::English => format!("check character, wrong: {expected} would fit"),
                Language::Chinese => format!("校验字符，不正确，应为 {expected}"),
            };
            (Some(found), text)
        }
        CheckCharacter::Missing => {
            let text = choose(language, "the check character is missing", "缺少校验字符");
            (None, text.to_owned())
        }
        CheckCharacter::Unneeded { found, fits } => {
            let (english, chinese) = if fits {
                (
                    "check character that T=0 does not ask for, fits",
                    "T=0 不要求的校验字符，正确",
                )
            } else {
                ("a byte too many", "多余的一个字节")
            };
            (Some(found), choose(language, english, chinese).to_owned())
        }
    }
}
