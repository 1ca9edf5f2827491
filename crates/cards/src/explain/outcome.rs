//! What a reading got and what not, in words.

use xueka_domain::{AssuranceLevel, Language};

use super::{Explanation, choose, status::status_word};
use crate::{CardReading, ChipAuthentication, Gap, MissingPart, NumberSource};

/// What was read, what was not and why, and what that proves.
#[must_use]
pub fn outcome(reading: &CardReading, language: Language) -> Vec<Explanation> {
    let mut said = Vec::new();
    said.extend(reading.number_source.map(|source| number(source, language)));
    let missing = reading.missing.iter();
    said.extend(missing.map(|missing| self::missing(*missing, language)));
    if reading.number.is_none() && reading.is_complete() && reading.uid.is_some() {
        said.push(known_by_uid(language));
    }
    said.extend(reading.chip.map(|chip| self::chip(chip, language)));
    said.push(assurance(reading.assurance, language));
    said
}

fn number(source: NumberSource, language: Language) -> Explanation {
    let (code, english, chinese) = match source {
        NumberSource::PlainFile { sfi } => (
            "NUMBER_FROM_PLAIN_FILE",
            format!("The card number was read from file {sfi}."),
            format!("卡号读自文件 {sfi}。"),
        ),
        NumberSource::File { id } => (
            "NUMBER_FROM_FILE",
            format!("The card number was read from file {id:04X}."),
            format!("卡号读自文件 {id:04X}。"),
        ),
        NumberSource::DesfireFile { file } => (
            "NUMBER_FROM_DESFIRE_FILE",
            format!("The card number was read from file {file} of the school's application."),
            format!("卡号读自学校应用的文件 {file}。"),
        ),
        NumberSource::MifareBlock { block } => (
            "NUMBER_FROM_BLOCK",
            format!("The card number was read from block {block}, opened with a configured key."),
            format!("卡号读自第 {block} 块，用配置的密钥打开。"),
        ),
        NumberSource::Page { page } => (
            "NUMBER_FROM_PAGE",
            format!("The card number was read from page {page}."),
            format!("卡号读自第 {page} 页。"),
        ),
        NumberSource::NdefText => (
            "NUMBER_FROM_NDEF_TEXT",
            "The card number was read from a text message (NDEF).".to_owned(),
            "卡号读自 NDEF 文本消息。".to_owned(),
        ),
    };
    Explanation::new(code, choose(language, english, chinese))
}

fn missing(missing: MissingPart, language: Language) -> Explanation {
    let (code, english, chinese) = match missing.part {
        Gap::Uid => ("NO_UID", "the UID", "UID"),
        Gap::FixedUid => ("NO_FIXED_UID", "a UID that stays", "固定的 UID"),
        Gap::CardNumber => ("NO_CARD_NUMBER", "the card number", "卡号"),
        Gap::ValidFrom => ("NO_VALID_FROM", "the first day of validity", "有效期起"),
        Gap::ValidUntil => ("NO_VALID_UNTIL", "the last day of validity", "有效期止"),
        Gap::CardKind => ("NO_CARD_KIND", "for whom the card was made", "持卡人类别"),
    };
    let text = match (missing.part, missing.status_word, language) {
        (Gap::FixedUid, ..) => choose(
            language,
            "The card makes up its UID anew at each tap, and has no number that could be read.",
            "卡片每次刷卡都给出随机 UID，又没有可读的卡号。",
        )
        .to_owned(),
        (_, Some(word), Language::English) => format!(
            "Not read: {english}. The card refused it with {word:04X}: {}.",
            status_word(word, language)
        ),
        (_, Some(word), Language::Chinese) => format!(
            "未读到{chinese}：卡片拒绝，状态字 {word:04X}（{}）。",
            status_word(word, language)
        ),
        (_, None, Language::English) => {
            format!("Not read: {english}. What stands there makes no sense, or nothing was asked.")
        }
        (_, None, Language::Chinese) => {
            format!("未读到{chinese}：该处内容没有意义，或未曾询问。")
        }
    };
    Explanation::new(code, text)
}

fn chip(chip: ChipAuthentication, language: Language) -> Explanation {
    let (code, english, chinese) = match chip {
        ChipAuthentication::Passed => (
            "CHIP_PROVED",
            "The chip was asked to prove the school's key, and did.".to_owned(),
            "已要求芯片证明持有学校密钥，芯片做到了。".to_owned(),
        ),
        ChipAuthentication::Failed => (
            "CHIP_FAILED",
            "The chip was asked to prove the school's key, and answered wrongly: a copy, or a card with other keys.".to_owned(),
            "已要求芯片证明持有学校密钥，芯片的应答不正确：是仿制卡，或使用了其他密钥的卡。".to_owned(),
        ),
        ChipAuthentication::Refused { status_word: word } => (
            "CHIP_REFUSED",
            format!(
                "The chip was asked to prove the school's key and refused with {word:04X} ({}); that proves nothing either way.",
                status_word(word, Language::English)
            ),
            format!(
                "已要求芯片证明持有学校密钥，芯片拒绝，状态字 {word:04X}（{}），不能说明真假。",
                status_word(word, Language::Chinese)
            ),
        ),
        ChipAuthentication::NoKey => (
            "CHIP_NOT_ASKED",
            "The chip was not asked to prove the school's key, because its key is made from a UID that it does not show.".to_owned(),
            "未要求芯片证明密钥：其密钥由 UID 分散得出，而它未给出该 UID。".to_owned(),
        ),
    };
    Explanation::new(code, choose(language, english, chinese))
}

fn known_by_uid(language: Language) -> Explanation {
    Explanation::new(
        "KNOWN_BY_UID",
        choose(
            language,
            "No place for a card number is known for this card; a profile in the configuration can name one. Until then its UID names it.",
            "尚不知道此卡的卡号存放位置，可在配置的读卡方案中指定；在此之前以 UID 识别。",
        ),
    )
}

fn assurance(level: AssuranceLevel, language: Language) -> Explanation {
    let (code, english, chinese) = match level {
        AssuranceLevel::NothingRead => (
            "PROVES_NOTHING",
            "Nothing was read, so nothing is proved.",
            "什么也没有读到，不能证明任何事。",
        ),
        AssuranceLevel::UidOnly => (
            "PROVES_UID",
            "This proves little: chips with any UID are sold.",
            "证明力很弱：市面上有可任意设定 UID 的芯片。",
        ),
        AssuranceLevel::NumberRead => (
            "PROVES_NUMBER",
            "This does not prove that the card is genuine: what was read can be copied to another chip.",
            "不能证明卡片为真：所读内容可以复制到别的芯片上。",
        ),
        AssuranceLevel::DataAuthenticated => (
            "PROVES_DATA",
            "The data is protected by a key and belongs to this chip.",
            "数据受密钥保护，并属于这枚芯片。",
        ),
        AssuranceLevel::ChipAuthenticated => (
            "PROVES_CHIP",
            "The chip proved that it knows the key: it is genuine.",
            "芯片证明了自己持有密钥：卡片为真。",
        ),
    };
    Explanation::new(code, choose(language, english, chinese))
}
