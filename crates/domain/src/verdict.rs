//! What verification can conclude, in which order, and in which words.

use crate::Language;

/// What verification concludes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Reported lost or stolen.
    Lost,
    /// Registered as damaged, or ruined.
    Damaged,
    /// Replaced by another card.
    Replaced,
    /// Cancelled: the student left, or it was issued in error.
    Cancelled,
    /// On the blacklist by hand.
    Blacklisted,
    /// The right number on the wrong chip, one UID seen with two numbers, one
    /// card in two places at once, a count that ran backwards, or a chip that
    /// failed to prove its key.
    Suspect,
    /// There is nothing to judge: neither number nor lasting UID.
    Unreadable,
    /// The data at hand does not allow an answer, or the reading reached less
    /// than the assurance asked for.
    CannotVerify,
    /// Issued and not handed out yet.
    NotCollected,
    /// Past its last day of validity.
    Expired,
    /// Before its first day of validity.
    NotYetValid,
    /// No such card was issued here.
    NotIssued,
    /// Validly issued, collected, not blocked, within its dates.
    Valid,
}

impl Verdict {
    /// The one total order: when several verdicts apply, the first of this
    /// list is given.
    ///
    /// Known blocks come first, so that no doubt about a card or about the
    /// data hides them. What cannot be judged comes before what the data says
    /// of a card, and `Valid` is what remains.
    pub const ORDER: [Self; 13] = [
        Self::Lost,
        Self::Damaged,
        Self::Replaced,
        Self::Cancelled,
        Self::Blacklisted,
        Self::Suspect,
        Self::Unreadable,
        Self::CannotVerify,
        Self::NotCollected,
        Self::Expired,
        Self::NotYetValid,
        Self::NotIssued,
        Self::Valid,
    ];

    /// The place in [`ORDER`](Self::ORDER), counted from 0: the lower wins.
    #[must_use]
    pub fn rank(self) -> usize {
        Self::ORDER
            .iter()
            .position(|verdict| *verdict == self)
            .unwrap_or(Self::ORDER.len())
    }

    /// Whether the card is known to be blocked.
    #[must_use]
    pub fn is_known_block(self) -> bool {
        self.rank() <= Self::Blacklisted.rank()
    }
}

/// Why a verdict is what it is. Each reason leads to one verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The card is reported lost or stolen.
    LossReported,
    /// The card is registered as damaged.
    CardDamaged,
    /// The card was ruined in production or by a torn write.
    CardSpoilt,
    /// Another card took its place.
    CardReplaced,
    /// The card was cancelled.
    CardCancelled,
    /// Its number is blocked by hand.
    NumberBlocked,
    /// Its UID is blocked by hand.
    UidBlocked,
    /// The chip failed to prove that it knows its key.
    ChipAuthenticationFailed,
    /// The number is on record with another chip.
    WrongChip,
    /// The UID was seen with another number.
    UidWithOtherNumber,
    /// The card lies in two fields at once.
    InTwoPlaces,
    /// A count on the card is lower than it was seen before.
    CounterRanBackwards,
    /// The card gave neither a number nor a UID.
    NothingRead,
    /// The card has no number and makes up its UID.
    RandomUid,
    /// The clock stands before the last change on record.
    ClockBehind,
    /// The data is older than its allowed age.
    DataTooOld,
    /// Less assurance was reached than was asked for.
    AssuranceTooLow,
    /// The card waits at the school to be handed out.
    NotCollected,
    /// Its last day of validity is past.
    Expired,
    /// Its first day of validity is to come.
    NotYetValid,
    /// No card on record has this number or UID.
    NotIssued,
    /// Nothing speaks against the card.
    Good,
}

impl Reason {
    /// Every reason, by the order of its verdict; among reasons of one verdict
    /// the first of this list is given.
    pub const ALL: [Self; 22] = [
        Self::LossReported,
        Self::CardDamaged,
        Self::CardSpoilt,
        Self::CardReplaced,
        Self::CardCancelled,
        Self::NumberBlocked,
        Self::UidBlocked,
        Self::ChipAuthenticationFailed,
        Self::WrongChip,
        Self::UidWithOtherNumber,
        Self::InTwoPlaces,
        Self::CounterRanBackwards,
        Self::NothingRead,
        Self::RandomUid,
        Self::ClockBehind,
        Self::DataTooOld,
        Self::AssuranceTooLow,
        Self::NotCollected,
        Self::Expired,
        Self::NotYetValid,
        Self::NotIssued,
        Self::Good,
    ];

    /// The verdict to which the reason leads.
    #[must_use]
    pub fn verdict(self) -> Verdict {
        self.row().verdict
    }

    /// The reason as a stable upper-case word for programs, such as
    /// `LOSS_REPORTED`.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.row().code
    }

    /// The reason in words that a clerk can act on.
    #[must_use]
    pub fn message(self, language: Language) -> &'static str {
        match language {
            Language::Chinese => self.row().chinese,
            Language::English => self.row().english,
        }
    }

    /// The one table of reasons: verdict, code, words.
    #[allow(clippy::too_many_lines, reason = "a table is read by the line")]
    fn row(self) -> Row {
        match self {
            Self::LossReported => Row {
                verdict: Verdict::Lost,
                code: "LOSS_REPORTED",
                chinese: "此卡已挂失。请收下此卡；若持卡人本人到场，可将卡放在读卡器上办理解挂。",
                english: "This card is reported lost. Keep it; if its holder is here, put it on the reader and cancel the loss.",
            },
            Self::CardDamaged => Row {
                verdict: Verdict::Damaged,
                code: "CARD_DAMAGED",
                chinese: "此卡已登记坏卡，不能再用。请收回旧卡，等待换新卡。",
                english: "This card is registered as damaged and no longer valid. Take it in; the holder waits for a new one.",
            },
            Self::CardSpoilt => Row {
                verdict: Verdict::Damaged,
                code: "CARD_SPOILT",
                chinese: "此卡为废卡，不能发放或使用。请收回并为学生补制。",
                english: "This card was ruined in the making. Take it in and have another made for the student.",
            },
            Self::CardReplaced => Row {
                verdict: Verdict::Replaced,
                code: "CARD_REPLACED",
                chinese: "此卡已换卡，请使用新卡，并收回此卡。",
                english: "This card was replaced. Ask for the new card and take this one in.",
            },
            Self::CardCancelled => Row {
                verdict: Verdict::Cancelled,
                code: "CARD_CANCELLED",
                chinese: "此卡已注销，不能再用。请收回此卡。",
                english: "This card is cancelled and no longer valid. Take it in.",
            },
            Self::NumberBlocked => Row {
                verdict: Verdict::Blacklisted,
                code: "NUMBER_BLOCKED",
                chinese: "此卡号已被人工列入黑名单。请勿放行，并联系学籍管理员。",
                english: "This card number was put on the blacklist by hand. Do not accept it; ask the registrar.",
            },
            Self::UidBlocked => Row {
                verdict: Verdict::Blacklisted,
                code: "UID_BLOCKED",
                chinese: "此芯片已被人工列入黑名单。请勿放行，并联系学籍管理员。",
                english: "This chip was put on the blacklist by hand. Do not accept it; ask the registrar.",
            },
            Self::ChipAuthenticationFailed => Row {
                verdict: Verdict::Suspect,
                code: "CHIP_AUTHENTICATION_FAILED",
                chinese: "芯片未通过认证，可能是仿制卡。请留下此卡并联系学籍管理员。",
                english: "The chip failed to prove that it is genuine; it may be a copy. Keep the card and ask the registrar.",
            },
            Self::WrongChip => Row {
                verdict: Verdict::Suspect,
                code: "WRONG_CHIP",
                chinese: "卡号正确但芯片不符，可能是复制卡。请留下此卡并联系学籍管理员。",
                english: "The number is right but the chip is another than the one handed out; it may be a copy. Keep the card and ask the registrar.",
            },
            Self::UidWithOtherNumber => Row {
                verdict: Verdict::Suspect,
                code: "UID_WITH_OTHER_NUMBER",
                chinese: "同一芯片曾出现过另一个卡号，可能被改写。请留下此卡并联系学籍管理员。",
                english: "This chip was seen with another card number; it may have been rewritten. Keep the card and ask the registrar.",
            },
            Self::InTwoPlaces => Row {
                verdict: Verdict::Suspect,
                code: "IN_TWO_PLACES",
                chinese: "同一张卡此刻也在另一个读卡器上，两张中必有一张是复制的。请留下两张卡并联系学籍管理员。",
                english: "The same card lies on another reader at this moment, so one of the two is a copy. Keep both and ask the registrar.",
            },
            Self::CounterRanBackwards => Row {
                verdict: Verdict::Suspect,
                code: "COUNTER_RAN_BACKWARDS",
                chinese: "卡上的写卡次数比以前读到的少，可能是旧内容的复制卡。请留下此卡并联系学籍管理员。",
                english: "The card counts fewer writes than it did before; it may be a copy of what it held then. Keep the card and ask the registrar.",
            },
            Self::NothingRead => Row {
                verdict: Verdict::Unreadable,
                code: "NOTHING_READ",
                chinese: "读不到卡号和芯片号。请平放卡片再试一次；仍读不出则按坏卡登记。",
                english: "Neither number nor UID could be read. Lay the card flat and try again; if it still fails, register it as damaged.",
            },
            Self::RandomUid => Row {
                verdict: Verdict::Unreadable,
                code: "RANDOM_UID",
                chinese: "此卡没有可读的卡号，芯片号每次随机变化，无法识别。请改用印刷卡号查询。",
                english: "This card shows no number and a new random UID at each tap, so it cannot be told from others. Type its printed number instead.",
            },
            Self::ClockBehind => Row {
                verdict: Verdict::CannotVerify,
                code: "CLOCK_BEHIND",
                chinese: "本机时钟早于最近一次登记时间，无法判断。请校正时钟后再试。",
                english: "This computer's clock is behind the last change on record, so no answer is possible. Set the clock and try again.",
            },
            Self::DataTooOld => Row {
                verdict: Verdict::CannotVerify,
                code: "DATA_TOO_OLD",
                chinese: "本机数据已过期，无法判断。请检查网络，更新数据后再试。",
                english: "The data here is too old for an answer. Check the connection, let it update, and try again.",
            },
            Self::AssuranceTooLow => Row {
                verdict: Verdict::CannotVerify,
                code: "ASSURANCE_TOO_LOW",
                chinese: "核验强度未达到要求。请把卡放在支持该卡的读卡器上重新读取。",
                english: "The reading proves less than was asked for. Put the card on a reader that can read more of it and try again.",
            },
            Self::NotCollected => Row {
                verdict: Verdict::NotCollected,
                code: "NOT_COLLECTED",
                chinese: "此卡已到卡但尚未领取。请先办理领卡。",
                english: "This card has arrived but was not handed out. Hand it out first.",
            },
            Self::Expired => Row {
                verdict: Verdict::Expired,
                code: "EXPIRED",
                chinese: "此卡已过有效期。请为学生办理换卡。",
                english: "This card is past its last day of validity. Have the student's card renewed.",
            },
            Self::NotYetValid => Row {
                verdict: Verdict::NotYetValid,
                code: "NOT_YET_VALID",
                chinese: "此卡尚未到启用日期。请在启用日期后使用。",
                english: "This card is not valid yet. Use it from its first day of validity on.",
            },
            Self::NotIssued => Row {
                verdict: Verdict::NotIssued,
                code: "NOT_ISSUED",
                chinese: "没有此卡的发卡记录。请核对卡号，或确认是否为外校卡。",
                english: "No such card was issued here. Check the number, or whether it is another school's card.",
            },
            Self::Good => Row {
                verdict: Verdict::Valid,
                code: "GOOD",
                chinese: "此卡有效。",
                english: "The card is good.",
            },
        }
    }
}

struct Row {
    verdict: Verdict,
    code: &'static str,
    chinese: &'static str,
    english: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_has_every_verdict_once() {
        for (place, verdict) in Verdict::ORDER.into_iter().enumerate() {
            assert_eq!(verdict.rank(), place, "{verdict:?}");
        }
    }

    #[test]
    fn the_order_is_the_desks() {
        let before = |one: Verdict, other: Verdict| one.rank() < other.rank();
        let blocks = &Verdict::ORDER[..5];
        let unclear = [
            Verdict::NotCollected,
            Verdict::Expired,
            Verdict::NotYetValid,
        ];
        for block in blocks {
            assert!(block.is_known_block());
            assert!(before(*block, Verdict::Suspect), "{block:?}");
        }
        assert!(before(Verdict::Suspect, Verdict::CannotVerify));
        for verdict in unclear {
            assert!(before(Verdict::CannotVerify, verdict));
            assert!(before(verdict, Verdict::NotIssued));
        }
        for verdict in &Verdict::ORDER[5..] {
            assert!(!verdict.is_known_block());
            assert!(*verdict == Verdict::Valid || before(*verdict, Verdict::Valid));
        }
    }

    #[test]
    fn reasons_stand_in_the_order_of_their_verdicts() {
        let ranks: Vec<_> = Reason::ALL.map(|reason| reason.verdict().rank()).into();
        assert!(ranks.is_sorted());
        for verdict in Verdict::ORDER {
            assert!(ranks.contains(&verdict.rank()), "{verdict:?} has no reason");
        }
    }

    #[test]
    fn every_reason_has_its_own_code_and_words_in_both_languages() {
        let mut said = Vec::new();
        for reason in Reason::ALL {
            let code = reason.code();
            let is_word = |c: char| c.is_ascii_uppercase() || c == '_';
            assert!(!code.is_empty() && code.chars().all(is_word), "{code}");
            let chinese = reason.message(Language::Chinese);
            let english = reason.message(Language::English);
            assert!(chinese.ends_with('。') && !chinese.is_ascii(), "{code}");
            assert!(english.ends_with('.') && english.is_ascii(), "{code}");
            said.extend([code, chinese, english]);
        }
        let n_said = said.len();
        said.sort_unstable();
        said.dedup();
        assert_eq!(said.len(), n_said);
    }
}
