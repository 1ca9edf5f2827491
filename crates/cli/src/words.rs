//! Every word that the command line says to people, in both languages.
//!
//! The one catalogue: a word is a name here and stands nowhere else in the
//! program. What the daemon says comes from it in the language asked for.

use std::env;

pub(crate) use xueka_domain::Language;

/// The language to speak unless `--lang` says it: Chinese when the
/// environment does, English otherwise.
pub(crate) fn language_of_environment() -> Language {
    language_of(|name| env::var(name).ok())
}

/// The first of the three variables that is set and not empty decides.
///
/// Source: POSIX.1-2017, Base Definitions §8.2.
fn language_of(variable: impl Fn(&str) -> Option<String>) -> Language {
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .filter_map(variable)
        .find(|value| !value.is_empty());
    match locale {
        Some(locale) if locale.to_ascii_lowercase().starts_with("zh") => Language::Chinese,
        _ => Language::English,
    }
}

/// The language by the name it has in `--lang` and in `accept-language`.
pub(crate) fn language_named(name: &str) -> Language {
    match name {
        "zh" => Language::Chinese,
        _ => Language::English,
    }
}

/// The name of a language in `accept-language`.
pub(crate) fn language_name(language: Language) -> &'static str {
    match language {
        Language::Chinese => "zh",
        Language::English => "en",
    }
}

impl Word {
    /// The word in a language.
    pub(crate) fn text(self, language: Language) -> &'static str {
        let [chinese, english] = self.both();
        match language {
            Language::Chinese => chinese,
            Language::English => english,
        }
    }

    /// The word with its places filled in: `{name}` stands for the value that
    /// `values` gives that name.
    pub(crate) fn with(self, language: Language, values: &[(&str, &str)]) -> String {
        let mut text = String::new();
        let mut rest = self.text(language);
        while let Some((before, place)) = rest.split_once('{') {
            let (name, after) = place.split_once('}').unwrap_or((place, ""));
            text.push_str(before);
            if let Some((_, value)) = values.iter().find(|(known, _)| *known == name) {
                text.push_str(value);
            }
            rest = after;
        }
        text.push_str(rest);
        text
    }
}

macro_rules! catalogue {
    ($($word:ident: $chinese:literal, $english:literal;)+) => {
        /// A word, label or sentence of the command line.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Word {
            $($word,)+
        }

        impl Word {
            #[cfg(test)]
            const ALL: &[Self] = &[$(Self::$word),+];

            /// Chinese, English.
            fn both(self) -> [&'static str; 2] {
                match self {
                    $(Self::$word => [$chinese, $english],)+
                }
            }
        }
    };
}

catalogue! {
    // Labels.
    Reader: "读卡器", "reader";
    State: "状态", "state";
    Family: "卡型", "card";
    Uid: "UID", "UID";
    Number: "卡号", "card number";
    MadeFor: "持卡人类别", "made for";
    ValidFrom: "有效期起", "valid from";
    ValidUntil: "有效期止", "valid until";
    AssuranceLabel: "可信程度", "assurance";
    Atr: "ATR", "ATR";
    Chip: "芯片", "chip";
    ShownUid: "刷卡时的随机 UID", "random UID shown";
    LayoutVersion: "卡片版本", "layout version";
    Reading: "读取结果", "reading";
    Missing: "缺少", "missing";
    Why: "说明", "why";
    Reason: "原因", "reason";
    Data: "数据", "data";
    ReplacedBy: "新卡卡号", "replaced by";
    Replaces: "旧卡卡号", "replaces";
    StudentNumber: "学籍号", "student number";
    Name: "姓名", "name";
    ClassName: "班级", "class";
    Issued: "发卡时间", "issued";
    Since: "自", "since";
    Version: "数据版本", "version";
    Balance: "余额", "balance";
    Note: "备注", "note";
    Card: "卡", "card";
    Role: "权限", "role";
    Made: "创建时间", "made";
    Ends: "到期时间", "ends";
    Slot: "卡槽", "slot";
    AttachedTo: "连接于", "attached to";
    Row: "行", "row";
    Column: "列", "column";
    Problem: "问题", "problem";
    Encoding: "编码", "encoding";
    Rows: "行数", "rows";
    Registered: "已登记", "registered";
    WouldRegister: "可登记", "would be registered";
    Unchanged: "未变", "unchanged";
    Refused: "拒收", "refused";

    Recorded: "已记录 {n_exchanges} 次交换，写入 {file}。其中没有密钥和个人数据；分享前仍请看一遍。", "{n_exchanges} exchanges recorded in {file}. Keys and personal data are not in it; look through it all the same before you share it.";

    // The doctor.
    SeverityGood: "正常", "good   ";
    SeverityWarning: "警告", "warning";
    SeverityFault: "故障", "fault  ";
    Examining: "正在检查……", "Looking at service, readers and daemon …";
    AllIsWell: "一切正常。", "All is well.";
    SomeWarnings: "可以读卡，但有警告。", "Cards can be read; there are warnings.";
    SomeFaults: "有故障，请按上面的方法处理。", "There are faults; do what is said above.";

    // Parts of lines.
    Simulated: "{name}（模拟）", "{name} (simulated)";
    RandomUid: "{uid}（随机，每次刷卡都不同）", "{uid} (random: another at each tap)";
    FromFile: "{number}（取自文件 {place}）", "{number} (from file {place})";
    FromBlock: "{number}（取自块 {place}）", "{number} (from block {place})";
    FromPage: "{number}（取自页 {place}）", "{number} (from page {place})";
    FromText: "{number}（取自 NDEF 文本）", "{number} (from an NDEF text)";
    DataAge: "版本 {version}，{age} 秒前更新", "version {version}, {age} s old";
    PartRefused: "{part}（状态字 {status_word}）", "{part} (status word {status_word})";
    Complete: "完整", "complete";
    CardArrived: "来卡：{card}", "card arrived: {card}";
    CardFailed: "来卡，读不出：{why}", "card arrived, not read: {why}";
    CardLeft: "卡已拿走", "card left";
    ReaderAttached: "读卡器已接上", "reader attached";
    ReaderDetached: "读卡器已拔下", "reader detached";
    ReaderMissing: "读卡器不见了：{why}", "reader missing: {why}";
    ReaderMissingSince: "{alias}：自 {time} 起不见。{why}", "{alias}: missing since {time}; {why}";
    SerialNumber: "序列号 {value}", "serial {value}";
    UsbPath: "USB 口 {value}", "USB {value}";
    EventsMissed: "漏掉 {count} 个事件", "{count} events missed";
    Empty: "空", "empty";
    Yuan: "{amount} 元", "{amount} yuan";

    // Students.
    Sex: "性别", "sex";
    School: "学校", "school";
    Cohort: "届", "cohort";
    Enrolment: "学籍状态", "enrolment";
    HasCard: "持卡状态", "card";
    IgnoredColumns: "忽略的列", "ignored columns";
    SexUnknown: "未知", "not known";
    SexMale: "男", "male";
    SexFemale: "女", "female";
    EnrolmentUnknown: "未知", "not known";
    EnrolmentEnrolled: "在校", "enrolled";
    EnrolmentOnLeave: "休学", "on leave";
    EnrolmentLeft: "离校", "left";
    HoldingUnknown: "未知", "not known";
    HoldingNoCard: "未制卡", "no card";
    HoldingInProduction: "制卡中", "in production";
    HoldingHolding: "持卡", "holding a card";
    HoldingAwaiting: "待换新卡", "awaiting a replacement";
    HoldingLeft: "离校", "left school";
    SendingRoll: "正在发送", "sending";
    JudgingRoll: "正在核对", "judging rows";
    RollTaken: "名册已导入：新增 {added} 人，更新 {changed} 人。", "The roll is taken in: {added} students added, {changed} changed.";
    RollAsKnown: "没有改动：名册与已登记的一致。", "Nothing changed: what the roll says is on record.";
    RollChecked: "试运行，没有写入。可新增 {added} 人，更新 {changed} 人。", "Dry run: nothing was written. {added} students would be added, {changed} changed.";
    RollStopped: "名册有错，没有导入任何一行。请改正后重试，或加 --good-rows 只收正确的行。", "Nothing was taken in, because rows are wrong. Correct them, or take the good ones with --good-rows.";
    VerdictsWritten: "逐行结果已写入 {file}。", "What became of each row is in {file}.";
    RollWritten: "已将 {students} 名学生写入 {file}。文件含个人信息，请妥善保管。", "{students} students are written to {file}. It holds personal data; keep it safe.";
    NoStudents: "没有符合条件的学生。", "No student fits.";
    MoreCards: "印有该号码的卡不止这些，可能还有学生未列出，请多输入几位。", "More cards bear this print, so students can be missing: type more of it.";
    MoveDone: "已办理 {moved} 人，{unchanged} 人原已如此。", "Done for {moved} students; {unchanged} were so already.";
    MoveChecked: "试运行，没有写入。可办理 {moved} 人，{unchanged} 人原已如此。", "Dry run: nothing was written. It would be done for {moved} students; {unchanged} are so already.";
    MoveStopped: "有学生不能办理，全部未办理。", "Nothing was done, because it cannot be for all.";

    // Card-making files.
    MakingBatch: "批次", "batch";
    MakingMenu: "制卡类型", "menu";
    MakingCounts: "状态与数量", "where they stand";
    MakingFileNumber: "学校文件号", "number of the file";
    MakingSpoilt: "废卡", "spoilt cards";
    MakingFeeDue: "待缴费用", "fees due";
    MakingGood: "可办理", "good";
    MakingNew: "新制", "new issue";
    MakingReissue: "补制", "reissue";
    MakingUnknown: "未知", "unknown";
    MakingRequested: "已上报", "requested";
    MakingConfirmed: "制卡确认", "confirmed";
    MakingInProduction: "制卡中", "in production";
    MakingDelivered: "已到卡", "delivered";
    MakingCollected: "已领卡", "collected";
    MakingWithdrawn: "已撤销", "withdrawn";
    MakingRejected: "已退回", "rejected";
    MakingChecked: "试运行，没有写入。可办理 {good} 个。", "Dry run: nothing was written. {good} would be done.";
    MakingDone: "已办理 {good} 个，批次 {batch}。", "Done for {good}; the batch is {batch}.";
    MakingReceived: "已办理 {good} 个。", "Done for {good}.";
    MakingAlready: "以前已经办理，没有作任何更改。", "This was done before; nothing was changed.";
    MakingStopped: "有错误，全部未办理。请改正后重试，或只收正确的（--accept-good、--good-rows）。", "Nothing was done, because of what is refused. Correct it, or go on with the good ones (--accept-good, --good-rows).";
    MakingWritten: "文件已写入 {file}。文件含个人信息，请妥善保管。", "The file is {file}. It holds personal data; keep it safe.";
    NoBatches: "没有批次。", "There is no batch.";

    // Sentences on the good way.
    NoReaders: "没有读卡器。请接上读卡器。", "No reader is attached. Plug one in.";
    NoService: "读卡器服务（pcscd）没有运行。请启动 pcscd。", "The smart-card service is not running. Start pcscd.";
    ServiceNotPermitted: "读卡器服务拒绝了守护进程。请运行 xueka doctor 查明原因。", "The smart-card service turns the daemon away. Run `xueka doctor` to learn why.";
    ServiceFailed: "读卡器服务工作不正常，守护进程会继续重试。请查看 pcscd 的日志。", "The smart-card service does not work; the daemon keeps trying. See the log of pcscd.";
    ServiceStalled: "读卡器服务（pcscd）没有响应。请重启 pcscd。", "The smart-card service does not answer. Restart pcscd.";
    SignalShown: "读卡器会显示。", "The reader shows it.";
    SignalNotShown: "此读卡器没有可用的灯和蜂鸣器，或配置中已关闭。", "This reader has no light or buzzer that can be used, or the configuration keeps it silent.";
    Imported: "已登记 {registered} 张卡。", "{registered} cards registered.";
    ImportChecked: "试运行，没有写入。可登记 {registered} 张卡。", "Dry run: nothing was written. {registered} cards would be registered.";
    ImportStopped: "名单有错，没有登记任何卡。请改正后重试，或加 --accept-good-rows 只收正确的行。", "Nothing was registered, because rows are wrong. Correct them, or take the good ones with --accept-good-rows.";
    Watching: "正在观察，按 Ctrl-C 结束。", "Watching; Ctrl-C ends.";
    WaitingForCard: "正在等卡，按 Ctrl-C 结束。", "Waiting for a card; Ctrl-C ends.";
    Importing: "正在核对", "judging rows";
    Collected: "已领卡。", "The card is handed out.";
    LossReported: "已挂失，此卡即刻停用。", "The loss is registered; the card is blocked from now on.";
    LossCancelled: "已解挂，此卡恢复使用。", "The loss is cancelled; the card is good again.";
    Blocked: "在黑名单上：{reason}", "Blocked: {reason}";
    NotBlocked: "不在黑名单上", "Not blocked";
    EntryAdded: "已加入黑名单。", "The card is blocked.";
    EntryRemoved: "已从黑名单移除（数据版本 {version}）。", "The entry is removed (data version {version}).";
    CopyGood: "副本可用：{cards} 张卡，版本 {version}，{age} 秒前签名。", "The copy is good: {cards} cards, version {version}, signed {age} seconds ago.";
    CopyAge: "依据版本 {version} 的副本，{age} 秒前签名。", "By the copy of version {version}, signed {age} seconds ago.";
    ListsSame: "两份名单相同。", "The lists are the same.";
    OnlyInFirst: "只在第一份名单中：{n}", "Only in the first list: {n}";
    OnlyInSecond: "只在第二份名单中：{n}", "Only in the second list: {n}";
    OnOtherTerms: "两份名单都有但条件不同：{n}", "In both lists, on other terms: {n}";
    NoSubscribers: "尚无订阅者领取过黑名单。", "Nobody has fetched the blacklist yet.";
    Behind: "尚未收到", "does not have it yet";
    NoEntries: "黑名单为空。", "The blacklist is empty.";
    NextPage: "还有更多，请接着用：--page-token {token}", "There is more; go on with: --page-token {token}";
    NoTrips: "没有交易记录。", "The log of the purse is empty.";
    FewerLoads: "充值次数比以前读到的少，此卡可能是复制卡。请留下此卡并联系学籍管理员。", "This purse counts fewer loads than it did before, so the card may be a copy. Keep it and ask the registrar.";
    FewerPayments: "消费次数比以前读到的少，此卡可能是复制卡。请留下此卡并联系学籍管理员。", "This purse counts fewer payments than it did before, so the card may be a copy. Keep it and ask the registrar.";
    NoTokens: "没有令牌。", "There are no tokens.";
    TokenShown: "令牌只显示这一次，请立即保存到文件，用 --token-file 使用。", "The token is shown this once. Keep it in a file and use it with --token-file.";
    TokenSaved: "令牌已写入 {file}。", "The token is in {file}.";
    TokenRevoked: "令牌 {name} 已作废。", "The token {name} is ended.";

    SeveralFound: "有 {count} 张卡符合，请用 --number 或 --uid 指定其中一张。", "{count} cards bear this print; name one with --number or --uid.";
    MoreFound: "符合的卡不止这些。", "More cards bear this print.";
    NotOnRecord: "未登记", "not on record";
    FoundAs: "符合的形式", "printed as";
    FormStandard: "常用形式", "standard";
    FormConfigured: "配置的形式", "configured";
    PlaceNext: "请拿走这张卡，放上印有 {printed} 的卡。", "Take this card away and place the one that says {printed}.";
    NotReadTryAgain: "读不出：{why}。请再放一次。", "not read: {why}; place it again.";
    NoFormTried: "卡面号码取自卡号或 UID 的部分太少：任何形式下，至少要有连续四位、并占卡面号码的一半。请核对所输入的号码，以及读到的是不是同一张卡；若都无误，卡面号码与芯片无关（例如卡厂的流水号），请直接刷卡，或按学籍号查找。", "No form of the card's number or UID shares four digits in a row, and half of the print, with it. Check what was typed, and that the card that was read is the one with this print. If both are right, the print has nothing to do with the chip, as a factory's serial number has not: tap the card instead, or find it by its student.";
    NoFormFits: "没有一种形式符合所有这些卡（试过 {tried} 种）。请核对所输入的号码；样式不同的卡形式可能不同，请每种分开教。", "No form fits all these cards ({tried} were tried). Check what was typed; cards that look different may have different forms: teach one kind at a time.";
    FormsFit: "符合的形式，最简单的在前（试过 {tried} 种，已登记 {cards} 张卡）：", "Forms that fit, the simplest first ({tried} were tried; {cards} cards are on record):";
    MoreFormsFit: "还有其他形式也符合。请再试几张卡：--next 卡面号码", "More forms fit. Show further cards: --next PRINTED";
    FormTellsApart: "能区分所有已登记的卡", "tells all cards on record apart";
    FormClashes: "{count} 张卡与别的卡号码相同，例如 {one} 和 {other}", "{count} cards share their print with another, such as {one} and {other}";
    FormClashesAtLeast: "至少 {count} 张卡与别的卡号码相同，例如 {one} 和 {other}", "at least {count} cards share their print with another, such as {one} and {other}";
    FormWithout: "{count} 张卡没有这种号码", "{count} cards have no such print";
    FormInUse: "已在使用", "in use already";
    FormPaste: "把其中一种形式的以上几行写进守护进程的配置文件，然后重启守护进程。", "Put the lines of one form into the daemon's configuration and restart the daemon.";
    ShortFits: "相符：这是该学生登记的卡。", "It fits: this is the student's card on record.";
    ShortClash: "不符：该学生登记的卡不是这个号码。请核对所输入的号码，或者这是另一张卡。", "It clashes: the student's card on record bears another. Check what was typed, or it is another card.";
    ShortNothing: "无法比较：该学生登记的卡没有足够长的卡号。", "Nothing to compare: the student's card on record has no number that is long enough.";
    ShortUnknown: "未知结论", "unknown outcome";

    // Verdicts.
    VerdictUnknown: "未知结论", "Unknown verdict";
    VerdictValid: "有效", "Valid";
    VerdictNotIssued: "未发卡", "Not issued";
    VerdictNotCollected: "未领卡", "Not collected";
    VerdictLost: "已挂失", "Lost";
    VerdictDamaged: "坏卡", "Damaged";
    VerdictReplaced: "已换卡", "Replaced";
    VerdictBlacklisted: "黑名单", "Blacklisted";
    VerdictExpired: "已过期", "Expired";
    VerdictNotYetValid: "未到有效期", "Not yet valid";
    VerdictCancelled: "已注销", "Cancelled";
    VerdictSuspect: "可疑", "Suspect";
    VerdictUnreadable: "无法读取", "Unreadable";
    VerdictCannotVerify: "无法核验", "Cannot verify";

    // Families.
    FamilyUnknown: "未知卡型", "unknown";
    FamilyTransitCpu: "市政交通一卡通（CPU 卡）", "Beijing transit CPU card";
    FamilyTUnion: "交通联合卡", "T-Union card";
    FamilyCityUnion: "城市一卡通", "CityUnion card";
    FamilyClassic1K: "M1 卡（MIFARE Classic 1K）", "MIFARE Classic 1K";
    FamilyClassic4K: "MIFARE Classic 4K 卡", "MIFARE Classic 4K";
    FamilyClassicMini: "MIFARE Classic Mini 卡", "MIFARE Classic Mini";
    FamilyUltralight: "MIFARE Ultralight 或 NTAG 卡", "MIFARE Ultralight or NTAG";
    FamilyDesfire: "MIFARE DESFire 卡", "MIFARE DESFire";
    FamilyOtherIso14443: "其他 ISO 14443-4 卡", "another ISO 14443-4 card";
    FamilyOtherStorage: "其他存储卡", "another storage card";
    FamilyIso7816: "接触式卡（ISO 7816）", "ISO 7816 card";

    // Assurance.
    AssuranceUnknown: "未知", "unknown";
    AssuranceNothingRead: "未读卡，号码由人提供", "no card was read";
    AssuranceUidOnly: "只读到 UID（可仿冒）", "UID only (can be imitated)";
    AssuranceNumberRead: "读到卡号（可复制）", "number read (can be copied)";
    AssuranceData: "数据已用密钥核对", "data checked with a key";
    AssuranceChip: "芯片已认证", "chip authenticated";

    // What a chip did when it was asked to prove its key.
    ChipNotAsked: "未要求证明", "not asked to prove a key";
    ChipPassed: "已证明持有密钥", "proved its key";
    ChipFailed: "未能证明密钥：是复制卡，或密钥属于别人", "failed to prove its key: a copy, or somebody else's card";
    ChipRefused: "拒绝证明密钥", "refused to prove its key";
    ChipNoKey: "没有要求证明：它的密钥由 UID 生成，而它不显示固定的 UID", "not asked: its key is made from a UID that it does not show";

    // For whom a card was made.
    KindUnknown: "卡上未写", "not said";
    KindOrdinary: "普通", "ordinary";
    KindStudent: "学生", "student";
    KindSenior: "老人", "senior";
    KindTest: "测试", "test";
    KindMilitary: "军人", "military";
    KindOther: "其他", "other";

    // Parts of a reading.
    PartUnknown: "未知部分", "unknown part";
    PartUid: "UID", "UID";
    PartFixedUid: "固定的 UID", "lasting UID";
    PartCardNumber: "卡号", "card number";
    PartValidFrom: "有效期起", "first day of validity";
    PartValidUntil: "有效期止", "last day of validity";
    PartCardKind: "持卡人类别", "for whom it was made";

    // What was done with a purse.
    TripUnknown: "未知", "unknown";
    TripLoad: "充值", "load";
    TripPurchase: "消费", "purchase";
    TripRide: "复合消费（乘车）", "ride";
    TripOther: "其他", "other";

    // A close look at a card.
    Ats: "ATS", "ATS";
    InspectRead: "读取情况：", "What could be read:";
    InspectHints: "仿制迹象（仅供参考，验卡请用 xueka verify）：", "Signs of a copy (for information; `xueka verify` judges):";
    InspectNoHints: "未发现。", "None.";
    InspectWhy: "卡型判断依据：", "Why it was recognised so:";
    InspectApplications: "查找过的应用：", "Applications that were looked for:";
    InspectAtr: "ATR 逐字节说明（位置、名称、内容、含义）：", "The ATR byte by byte (position, name, value, meaning):";
    InspectExchanges: "全部交互（> 命令，< 应答）：", "Every exchange (> command, < response):";
    InspectMasked: "密钥和个人数据已隐去（**）或以虚构内容代替。", "Keys and personal data are removed (**) or replaced by made-up ones.";
    ExchangesDropped: "另有 {count} 次交互未保留。", "{count} further exchanges were not kept.";
    ExchangeCardGone: "卡片移开，没有应答", "no answer: the card left";
    ExchangeCardReset: "卡片被其他程序复位，没有应答", "no answer: another program reset the card";
    ExchangeUnreachable: "无法访问卡片或读卡器，没有应答", "no answer: card or reader could not be reached";
    ClueUnknown: "未知", "unknown";
    ClueFor: "支持", "for it";
    ClueNeither: "中立", "neutral";
    ClueAgainst: "不符", "against";
    ClueWeak: "较弱", "weak";
    ClueStrong: "较强", "strong";
    ClueDecides: "决定", "decides";
    ApplicationUnknown: "未知", "unknown";
    ApplicationFound: "有", "found";
    ApplicationBlocked: "已锁定", "blocked";
    ApplicationAbsent: "无", "absent";
    HintUnknown: "未知", "unknown";
    HintWeak: "弱", "weak";
    HintFair: "中", "fair";
    HintStrong: "强", "strong";
    HintProof: "证据", "proof";

    // States of readers.
    ReaderUnknown: "未知", "unknown";
    ReaderEmpty: "空", "empty";
    ReaderCardPresent: "有卡", "card present";
    ReaderCardMute: "有卡，无应答", "card does not answer";
    ReaderStalled: "卡死，请拿走卡或重插读卡器", "stalled: take the card away or replug";
    ReaderWedged: "失灵，请拔下十秒后再插上", "wedged: unplug it for ten seconds";

    // States of cards.
    CardUnknown: "未知", "unknown";
    CardDelivered: "已到卡", "delivered";
    CardActive: "正常", "active";
    CardLost: "挂失", "lost";
    CardDamaged: "坏卡", "damaged";
    CardReplaced: "已换卡", "replaced";
    CardSpoilt: "废卡", "spoilt";
    CardCancelled: "注销", "cancelled";

    // Reasons of blacklist entries.
    BlockUnknown: "未知", "unknown";
    BlockByHand: "人工加入", "by hand";
    BlockLost: "挂失", "reported lost";
    BlockDamaged: "坏卡", "damaged";
    BlockReplaced: "已换卡", "replaced";
    BlockCancelled: "注销", "cancelled";
    BlockSpoilt: "废卡", "spoilt";

    // Roles.
    RoleUnknown: "未知", "unknown";
    RoleVerifier: "核验", "verifier";
    RoleClerk: "办事员", "clerk";
    RoleRegistrar: "登记员", "registrar";
    RoleAdministrator: "管理员", "administrator";
    RoleSimulator: "模拟器", "simulator";
    RoleEngineer: "工程师", "engineer";

    // Writing cards.
    Plan: "计划", "plan";
    NothingToWrite: "卡上已是这些内容，无需写入。", "The card holds all of it already; there is nothing to write.";
    PlaceUnknown: "未知位置 {place}", "unknown place {place}";
    PlaceBlock: "块 {place}", "block {place}";
    PlaceTrailer: "扇区 {place} 的密钥与存取控制位", "keys and access bits of sector {place}";
    PlacePage: "页 {place}", "page {place}";
    PlaceFile: "文件 {place}", "file {place}";
    PlaceApplication: "应用 {place}", "application {place}";
    PlaceFileSettings: "文件 {place} 的设置", "settings of file {place}";
    PlaceDesfireFile: "DESFire 文件 {place}", "DESFire file {place}";
    PlaceKey: "密钥 {place}", "key {place}";
    PlaceDirectory: "目录 {place}", "directory {place}";
    PlaceKeyFile: "目录 {place} 的密钥文件", "key file of directory {place}";
    PlaceWithKeys: "{place}（密钥 {keys}）", "{place} (keys {keys})";
    ContentTrailer: "密钥 A {key_a}，存取控制位 {access}，密钥 B {key_b}", "key A {key_a}, access bits {access}, key B {key_b}";
    ContentKey: "密钥 {name}", "key {name}";
    ContentNothing: "无", "nothing";
    WriteQuestion: "写入这张卡？写入期间请勿移动卡片。[y/N]", "Write the card? Leave it where it is meanwhile. [y/N]";
    SpoilQuestion: "作废这张卡？它将停用并列入黑名单，无法撤销。[y/N]", "Give the card up? It goes out of use and onto the blacklist for good. [y/N]";
    WriteWritten: "已写入，并已读回核对。", "Written, and read back.";
    WriteRolledBack: "卡片保持原有内容。", "The card holds what it held before.";
    WriteSpoilt: "卡片已损坏，不能再用：已停用并列入黑名单。", "The card is spoilt: it is out of use and on the blacklist.";
    WriteUnknown: "未知结果", "unknown outcome";
    NoOpenWrite: "这张卡没有未完成的写入。", "This card has no open write.";
    NoOpenWrites: "没有未完成的写入。", "There are no open writes.";

    // Failures of the program itself.
    FailNobodyToAsk: "此操作须由人确认：请在终端中运行，或加 --yes", "this wants a person to agree: run it on a terminal, or say --yes";
    FailDeclined: "未获确认，没有做任何改动", "nobody agreed, and nothing was done";
    FailNotRunning: "守护进程没有在 {server} 运行：请用 `xuekad --config …` 启动它，或用 --server 指定别的地址", "the daemon is not running at {server}: start it with `xuekad --config …`, or name another with --server";
    FailSocketNotPermitted: "无权打开 {server}：请让管理员把您加入该套接字所属的组，或用 --server 和 --token-file 换一种方式", "you may not open {server}: ask to be added to the group of that socket, or use --server and --token-file";
    FailUnreachable: "连不上 {server}：{cause}。请检查地址，或用 --server 指定别的地址", "cannot reach {server}: {cause}; check the address, or name another with --server";
    FailVariable: "环境变量 XUEKA_SERVER 不是地址：请写成 unix:/path 或 http://127.0.0.1:PORT", "the environment variable XUEKA_SERVER holds no address: write unix:/path or http://127.0.0.1:PORT";
    FailNotADaemon: "{server} 没有按 gRPC 应答：请检查地址是不是 xuekad 的", "what answers at {server} does not speak gRPC: check that the address is that of xuekad";
    FailNoAnswer: "{server} 在限时内没有应答：请重试，或用 --timeout 放宽限时", "{server} gave no answer in time: try again, or allow more with --timeout";
    FailConnectionLost: "与 {server} 的连接中断：请检查守护进程是否还在运行，然后重试", "the connection to {server} was lost: see whether the daemon still runs, and try again";
    FailOutcomeUnknown: "{message}；不知是否已办成，请加 --request-id {id} 重发，同一请求只会办一次", "{message}; whether it was done is unknown: send it again with --request-id {id}, it is done only once";
    FailWatchEnded: "守护进程结束了事件流：请等它重新启动后再看", "the daemon ended the stream of events: watch again when it has come back";
    FailAnswer: "守护进程的应答缺少内容：请让 xueka 与 xuekad 用同一版本", "the daemon's answer lacks a part: use the same version of xueka and xuekad";
    FailNotSimulating: "这个守护进程没有模拟读卡器：请用 `xuekad --simulate N` 启动", "this daemon does not simulate: start one with `xuekad --simulate N`";
    FailStatus: "守护进程回答 {code}：{message}", "the daemon answered {code}: {message}";
    FailReadFile: "读不了 {file}：{cause}", "cannot read {file}: {cause}";
    FailWriteFile: "写不了 {file}：{cause}", "cannot write {file}: {cause}";
    FailTokenFile: "{file} 里没有令牌：应当只有一行可见字符", "{file} holds no token: it must be one line of visible characters";
    FailTokenExposed: "令牌只发往本机：{server} 不是本机地址", "a token is sent to this machine only, and {server} is another";
    FailTokenFileExists: "{file} 已存在：请用一个新的文件名", "{file} exists: name a new file";
    FailTokenLost: "{cause}；令牌 {name} 已创建但没有存下，请用 `xueka token revoke {name}` 作废后重来", "{cause}; the token {name} was made and is not kept: end it with `xueka token revoke {name}` and begin again";
    FailPrintUnknown: "没有卡印有这个号码：请核对所输入的号码；`xueka number forms` 列出可用的形式", "no card that is known bears this print: check what was typed; `xueka number forms` lists the forms in use";
    FailOutput: "写不了标准输出：{cause}", "cannot write to standard output: {cause}";
    FailListMissing: "这里还没有黑名单副本：请用 `xueka blacklist pull` 下载", "there is no copy of the blacklist here: fetch it with `xueka blacklist pull`";
    FailListNotAList: "文件不是已签名的黑名单，或需要更新的程序：请重新下载，或升级 xueka", "the file is not a signed blacklist, or one that needs a newer program: fetch it anew, or update xueka";
    FailListLength: "黑名单不完整，或后面多出内容：请重新下载", "the list is not complete, or something follows it: fetch it anew";
    FailListKey: "黑名单由不受信任的密钥签名：请向黑名单的发布者索取公钥", "the list is signed with a key that is not trusted here: ask who runs the list for its key";
    FailListForged: "黑名单在签名之后被改动：请重新下载；仍不行请告知发布者", "the list was changed after it was signed: fetch it anew, and tell who runs the list if that does not help";
    FailListMalformed: "黑名单签名正确但内容有误：请告知发布者", "the list is signed and yet malformed: tell who runs the list";
    FailListRolledBack: "黑名单比以前见过的旧：请下载最新的", "the list is older than one seen before: fetch the latest";
    FailListGapped: "现有名单与此之间缺少改动：请重新下载整份名单", "a change is missing between the list at hand and this one: fetch the whole list";
    FailListDrifted: "现有名单与已签名的不一致：请重新下载整份名单；再次发生请告知发布者", "the list at hand drifted apart from the signed one: fetch the whole list, and tell who runs the list if that happens again";
    FailListStale: "黑名单已过期，不能作为依据：请下载最新的", "the list is too old to be relied on: fetch the latest";
    FailListFuture: "黑名单的签名时间在将来：请校准本机时钟", "the list was made in the future: set the clock of this machine";
    FailListMark: "{file} 应记录名单的进度，但内容不对，可能被人改过：请删除它并重新下载名单", "{file} remembers how far the list had come and does not hold that, so somebody may have changed it: remove it and fetch the list anew";
    FailKeyFile: "{file} 里没有所需的密钥：`xueka blacklist key new` 生成密钥，`xueka blacklist key show` 显示公钥", "{file} does not hold the key that is needed: `xueka blacklist key new` makes one, `xueka blacklist key show` prints the public half";
    FailRandom: "系统不给随机数，请用 --request-id 给请求命名", "the system gives no random numbers: name the request with --request-id";
    FailStart: "程序启动失败：{cause}", "the program cannot start: {cause}";
    FailDescription: "第 {place} 项不是 key=value 的形式：请写成 number=1000751012345678 这样", "item {place} is not of the form key=value: write it like number=1000751012345678";

    // What this program can do about an error of the daemon.
    PossibleNow: "{said}：此卡状态为“{state}”；现在可以：{actions}", "{said}: the card is {state}; possible now: {actions}";
    NothingPossible: "{said}：此卡状态为“{state}”；本程序没有命令能改变它", "{said}: the card is {state}; no command of this program changes that";
    Or: "，或", " or ";
    ActionCollect: "领卡（`xueka card collect`）", "hand it out (`xueka card collect`)";
    ActionReportLoss: "挂失（`xueka card report-loss`）", "report the loss (`xueka card report-loss`)";
    ActionCancelLoss: "解挂（`xueka card cancel-loss`）", "cancel the loss (`xueka card cancel-loss`)";
    NameReader: "请指定一个：--reader \"{reader}\"", "name one with --reader \"{reader}\"";
    FailTokenUnknown: "未获准：{file} 里的令牌不认识或已失效，请向管理员要一个新的", "not authenticated: the token in {file} is unknown or has ended; ask for a new one";
    FailNoToken: "未获准：没有发送令牌，请用 --token-file FILE 发送", "not authenticated: no token was sent; send one with --token-file FILE";
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str) -> Vec<&str> {
        let mut places: Vec<_> = text
            .split('{')
            .skip(1)
            .filter_map(|rest| rest.split_once('}').map(|(place, _)| place))
            .collect();
        places.sort_unstable();
        places
    }

    #[test]
    fn every_word_is_said_in_both_languages() {
        let is_chinese = |c: char| ('\u{4E00}'..='\u{9FFF}').contains(&c);
        // Names and layouts that are the same in every language.
        let shared = [Word::Uid, Word::Atr, Word::Ats, Word::PartUid];
        for word in Word::ALL {
            let [chinese, english] = word.both();
            assert!(!english.trim().is_empty(), "{word:?}");
            if !shared.contains(word) {
                assert!(chinese.contains(is_chinese), "{word:?}: {chinese}");
            }
            assert_eq!(places(chinese), places(english), "{word:?}");
        }
    }

    #[test]
    fn english_is_english() {
        let is_chinese = |c: char| ('\u{4E00}'..='\u{9FFF}').contains(&c);
        for word in Word::ALL {
            assert!(!word.both()[1].contains(is_chinese), "{word:?}");
        }
    }

    #[test]
    fn places_are_filled_in() {
        let values = [("server", "unix:/a{b}"), ("cause", "no")];
        let text = Word::FailUnreachable.with(Language::English, &values);
        assert!(text.starts_with("cannot reach unix:/a{b}: no;"), "{text}");
    }

    #[test]
    fn the_environment_chooses_the_language() {
        use Language::{Chinese, English};
        let cases = [
            ([None, None, None], English, "nothing said"),
            ([None, None, Some("zh_CN.UTF-8")], Chinese, "LANG"),
            (
                [None, Some("zh_CN"), Some("en_US")],
                Chinese,
                "messages win",
            ),
            ([Some("C.UTF-8"), Some("zh_CN"), None], English, "all wins"),
            ([Some(""), None, Some("zh")], Chinese, "empty is not set"),
        ];
        for (values, expected, why) in cases {
            let names = ["LC_ALL", "LC_MESSAGES", "LANG"];
            let language = language_of(|name| {
                let place = names.iter().position(|known| *known == name)?;
                values[place].map(str::to_owned)
            });
            assert_eq!(language, expected, "{why}");
        }
    }

    #[test]
    fn languages_keep_their_names() {
        for language in [Language::Chinese, Language::English] {
            assert_eq!(language_named(language_name(language)), language);
        }
    }
}
