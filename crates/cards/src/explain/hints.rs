//! Hints of a copy in words.

use xueka_domain::Language;

use super::{Explanation, choose};
use crate::Hint;

/// What a hint says, and what else it may mean.
#[must_use]
pub fn hint(hint: Hint, language: Language) -> Explanation {
    let (code, english, chinese) = match hint {
        Hint::AtsOnStorageCard => (
            "ATS_ON_STORAGE_CARD",
            "The reader takes it for a memory card, yet it answered an ATS as a processor card does. Combined chips do so, and so do some copies.",
            "读卡器认为它是存储卡，但它像 CPU 卡一样给出了 ATS。复合芯片会如此，某些仿制卡也会如此。",
        ),
        Hint::CopierAts => (
            "COPIER_ATS",
            "Its ATS is the one of a chip sold for copying cards, whose UID can be rewritten.",
            "其 ATS 与市售可改写 UID 的复制卡芯片相同。",
        ),
        Hint::NoAtsOnProcessorCard => (
            "NO_ATS_ON_PROCESSOR_CARD",
            "The reader takes it for a processor card, yet knows of no ATS. Many readers cannot tell it.",
            "读卡器认为它是 CPU 卡，却得不到 ATS。许多读卡器本来就不提供。",
        ),
        Hint::SakAgainstFamily => (
            "SAK_AGAINST_FAMILY",
            "The SAK names another kind of card than was found.",
            "SAK 所示的卡型与识别结果不同。",
        ),
        Hint::Block0AgainstUid => (
            "BLOCK_0_AGAINST_UID",
            "Block 0 holds another UID than the one the card answered with: somebody rewrote one of the two.",
            "第 0 块中的 UID 与卡片应答的 UID 不同，其中之一被改写过。",
        ),
        Hint::Block0AgainstAtr => (
            "BLOCK_0_AGAINST_ATR",
            "Block 0 names another kind of card than the reader does.",
            "第 0 块所示的卡型与读卡器所报不同。",
        ),
        Hint::BlankUid => (
            "BLANK_UID",
            "The UID is the one of blank cards made for copying.",
            "该 UID 是供复制用的空白卡的初始 UID。",
        ),
        Hint::CascadeUid => (
            "CASCADE_UID",
            "A UID of four bytes never begins with 88 by the standard; some copies do not keep to it.",
            "按标准，4 字节 UID 不会以 88 开头，某些仿制卡不遵守这一点。",
        ),
        Hint::PublishedKey => (
            "PUBLISHED_KEY",
            "A published key opened the card: anybody could have written what it holds.",
            "公开的默认密钥即可打开此卡，任何人都能写入其中的内容。",
        ),
        Hint::AuthenticationFailed => (
            "AUTHENTICATION_FAILED",
            "The chip was asked to prove its key and failed: this is not the card that was issued.",
            "芯片未能证明自己持有密钥：这不是所发放的卡。",
        ),
    };
    Explanation::new(code, choose(language, english, chinese))
}
