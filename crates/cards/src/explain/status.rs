//! Status words in words.

use xueka_domain::Language;

use super::choose;

/// What a card or reader says with a status word, as far as it is the same for
/// most of them.
///
/// Sources: ISO/IEC 7816-4:2020, §5.6; PC/SC Part 3, §3.2.2; PBOC and FMCOS
/// manuals as listed in hardware-notes/card-fm1208-fmcos.md; libfreefare
/// `freefare.h` for `DESFire`.
#[must_use]
pub fn status_word(status_word: u16, language: Language) -> &'static str {
    let (english, chinese) = match status_word {
        0x9000 => ("done", "成功"),
        0x6281 => ("the data may be damaged", "数据可能已损坏"),
        0x6282 => ("fewer bytes than asked for", "数据少于所要求的长度"),
        0x6283 => ("the application is blocked", "应用已被锁定"),
        0x6300 => ("failed, without saying why", "失败，未说明原因"),
        0x63C0..=0x63CF => ("wrong; a number of tries is left", "不正确，尚余若干次机会"),
        0x6400 => ("no answer in time", "应答超时"),
        0x6581 => ("the memory failed", "存储器出错"),
        0x6700 => ("wrong length", "长度不正确"),
        0x6900 => ("cannot be done", "无法处理"),
        0x6981 => ("not of this kind of file or card", "文件或卡片类型不符"),
        0x6982 => (
            "the right is missing: a key is needed",
            "没有权限，需要密钥",
        ),
        0x6983 => ("the key is blocked", "密钥已锁定"),
        0x6985 => ("not in this state", "当前状态不允许"),
        0x6986 => ("not allowed now", "当前不允许"),
        0x6987 => ("a MAC is missing", "缺少 MAC"),
        0x6988 | 0x9302 => ("the MAC is wrong", "MAC 不正确"),
        0x6A80 => ("wrong data", "数据不正确"),
        0x6A81 => (
            "not supported, or the application is locked",
            "不支持，或应用已锁定",
        ),
        0x6A82 => ("there is no such file or application", "没有该文件或应用"),
        0x6A83 => ("there is no such record", "没有该记录"),
        0x6A84 => ("there is no room", "空间不足"),
        0x6A86 => ("wrong parameters", "参数不正确"),
        0x6A88 => ("there is no such key or data", "没有该密钥或数据"),
        0x6B00 => ("beyond the end", "超出范围"),
        0x6D00 => ("the card does not know this command", "卡片不认识该命令"),
        0x6E00 => (
            "the card does not know this kind of command",
            "卡片不支持该类命令",
        ),
        0x9100 => ("done (DESFire)", "成功（DESFire）"),
        0x9140 => ("there is no such key (DESFire)", "没有该密钥（DESFire）"),
        0x919D => (
            "the right is missing: a key is needed (DESFire)",
            "没有权限，需要密钥（DESFire）",
        ),
        0x91A0 => (
            "there is no such application (DESFire)",
            "没有该应用（DESFire）",
        ),
        0x91AE => ("the keys differ (DESFire)", "密钥不一致（DESFire）"),
        0x91AF => ("more is to come (DESFire)", "还有数据（DESFire）"),
        0x91F0 => ("there is no such file (DESFire)", "没有该文件（DESFire）"),
        0x9303 => ("the application is locked for ever", "应用已永久锁定"),
        0x9401 => ("there is too little money", "余额不足"),
        0x9403 => ("the purse has no such key", "钱包没有该密钥"),
        0x9406 => ("there is no MAC to be had", "没有可用的 MAC"),
        _ => match status_word >> 8 {
            0x61 => ("more is to come", "还有数据"),
            0x6C => ("another length is wanted", "需要其他长度"),
            0x6F => ("an error of the card or reader", "卡片或读卡器内部出错"),
            0x93 | 0x94 => ("refused by the purse", "钱包应用拒绝"),
            _ => ("no published meaning", "没有公开的含义"),
        },
    };
    choose(language, english, chinese)
}
