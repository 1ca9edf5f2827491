//! Clues to the family in words.

use xueka_apdu::StorageName;
use xueka_domain::Language;

use super::{Explanation, applications::application, choose, status::status_word};
use crate::Seen;

/// What was seen, and why it counts.
#[must_use]
#[allow(clippy::too_many_lines, reason = "a table is read by the line")]
pub fn clue(seen: Seen, language: Language) -> Explanation {
    let (code, english, chinese) = match seen {
        Seen::ContactSlot => plain(
            "CONTACT_SLOT",
            "The slot takes cards with contacts, or that cannot be excluded. Nothing was sent to the card.",
            "该卡槽用于接触式卡，或不能排除这种可能，因此未向卡片发送任何命令。",
        ),
        Seen::AtrMalformed => plain(
            "ATR_MALFORMED",
            "The ATR does not follow ISO 7816-3.",
            "ATR 不符合 ISO 7816-3。",
        ),
        Seen::AtrOther => plain(
            "ATR_OTHER",
            "The ATR has not the form in which readers report contactless cards.",
            "ATR 不是读卡器报告非接触卡所用的形式。",
        ),
        Seen::AtrNames(card) => named("ATR_NAMES", "", " ", card.name),
        Seen::AtrNamesOldForm(card) => named(
            "ATR_NAMES_OLD_FORM",
            " in a form older than the standard",
            "（早于标准的形式）",
            card.name,
        ),
        Seen::AtrGivesSak(sak) => (
            "ATR_GIVES_SAK",
            format!("The ATR gives the card's own SAK, {sak:02X}."),
            format!("ATR 给出了卡片自身的 SAK：{sak:02X}。"),
        ),
        Seen::AtrIso14443 { type_b: true, .. } => plain(
            "ATR_ISO_14443_TYPE_B",
            "The ATR is that of a processor card (ISO 14443-4), likely of type B.",
            "ATR 表明是 CPU 卡（ISO 14443-4），很可能是 B 类。",
        ),
        Seen::AtrIso14443 { desfire: true, .. } => plain(
            "ATR_DESFIRE",
            "The ATR repeats the ATS of a MIFARE DESFire.",
            "ATR 中的历史字节与 MIFARE DESFire 的 ATS 相同。",
        ),
        Seen::AtrIso14443 { .. } => plain(
            "ATR_ISO_14443",
            "The ATR is that of a processor card (ISO 14443-4).",
            "ATR 表明是 CPU 卡（ISO 14443-4）。",
        ),
        Seen::ReaderMeans {
            reported,
            meant,
            always,
        } => reader_means(reported, meant, always),
        Seen::Uid { random: true, .. } => plain(
            "UID_RANDOM",
            "The UID is random, another at each tap: it names nothing.",
            "UID 为随机值，每次刷卡都不同，不能识别卡片。",
        ),
        Seen::Uid { n_bytes, .. } => (
            "UID",
            format!("The UID has {n_bytes} bytes."),
            format!("UID 为 {n_bytes} 字节。"),
        ),
        Seen::NoUid => plain("NO_UID", "The reader gave no UID.", "读卡器未给出 UID。"),
        Seen::Ats { desfire: true, .. } => plain(
            "ATS_DESFIRE",
            "The card's own ATS is that of a MIFARE DESFire.",
            "卡片自身的 ATS 与 MIFARE DESFire 相同。",
        ),
        Seen::Ats { copier: true, .. } => plain(
            "ATS_COPIER",
            "The card's own ATS is that of a chip sold for copying memory cards.",
            "卡片自身的 ATS 与市售复制存储卡的芯片相同。",
        ),
        Seen::Ats { .. } => plain(
            "ATS",
            "The card has an ATS of its own, so it has a processor.",
            "卡片自身给出了 ATS，因此带有处理器。",
        ),
        Seen::NoAts(word) => (
            "NO_ATS",
            format!(
                "The reader knows of no ATS ({word:04X}: {}). Memory cards have none; some readers cannot tell.",
                status_word(word, Language::English)
            ),
            format!(
                "读卡器没有得到 ATS（{word:04X}：{}）。存储卡没有 ATS，有些读卡器也不提供。",
                status_word(word, Language::Chinese)
            ),
        ),
        Seen::Application(found) => (
            "APPLICATION",
            format!(
                "It answers as {}.",
                application(found, Language::English).text
            ),
            format!("具有应用：{}。", application(found, Language::Chinese).text),
        ),
        Seen::NoApplication => plain(
            "NO_APPLICATION",
            "None of the published applications answered.",
            "没有任何已公开的应用应答。",
        ),
        Seen::Number(_) => plain(
            "NUMBER",
            "The card number stands where this family keeps it.",
            "卡号位于该卡型存放卡号的位置。",
        ),
    };
    Explanation::new(code, choose(language, english, chinese))
}

/// Code, English, Chinese.
type Words = (&'static str, String, String);

fn plain(code: &'static str, english: &str, chinese: &str) -> Words {
    (code, english.to_owned(), chinese.to_owned())
}

fn named(code: &'static str, form_english: &str, form_chinese: &str, name: StorageName) -> Words {
    let value = name.value();
    if let Some(sak) = name.acs_sak() {
        return (
            code,
            format!("The ATR{form_english} names no card, and gives the SAK {sak:02X} instead."),
            format!("ATR{form_chinese}未给出卡名，而给出了 SAK：{sak:02X}。"),
        );
    }
    match name.label() {
        Some(label) => (
            code,
            format!("The ATR{form_english} names a memory card: {label} ({value:04X})."),
            format!("ATR{form_chinese}表明是存储卡：{label}（{value:04X}）。"),
        ),
        None => (
            code,
            format!("The ATR{form_english} says a memory card of no known name ({value:04X})."),
            format!("ATR{form_chinese}表明是存储卡，但名称未知（{value:04X}）。"),
        ),
    }
}

fn reader_means(reported: StorageName, meant: StorageName, always: bool) -> Words {
    let code = if always {
        "READER_MEANS"
    } else {
        "READER_MAY_MEAN"
    };
    let label = meant.label().unwrap_or("?");
    let (reported, meant) = (reported.value(), meant.value());
    if always {
        (
            code,
            format!("This reader is known to write {reported:04X} for {label} ({meant:04X})."),
            format!("已知此型号读卡器用 {reported:04X} 表示 {label}（{meant:04X}）。"),
        )
    } else {
        (
            code,
            format!(
                "This reader is known to write {reported:04X} for {label} ({meant:04X}) as well."
            ),
            format!("已知此型号读卡器有时也用 {reported:04X} 表示 {label}（{meant:04X}）。"),
        )
    }
}
