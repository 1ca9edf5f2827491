//! The historical bytes of an ATR in words.

use xueka_apdu::{
    AtrAnatomy, AtrClaim, CompactMeaning, HistoricalBytes, HistoricalCategory, StorageCard,
    TypeBAnswer,
};
use xueka_domain::Language;

use super::{choose, status::status_word};

/// Name, bytes and what they say.
pub(super) type Part = (String, Vec<u8>, String);

/// The parts that the historical bytes make up: those of a storage card's
/// name, of a type B card's answer, of objects, or all in one.
pub(super) fn parts(anatomy: &AtrAnatomy<'_>, language: Language) -> Vec<Part> {
    let historical = anatomy.historical();
    let mut parts = Parts {
        taken: Vec::new(),
        rest: historical.as_bytes(),
        language,
    };
    match AtrClaim::of(anatomy.as_bytes()) {
        AtrClaim::Storage(card) => storage(&mut parts, card),
        AtrClaim::Sak(sak) => shown_as_contact(&mut parts, sak),
        AtrClaim::Iso14443(bytes) if TypeBAnswer::of(bytes).is_some() => type_b(&mut parts, bytes),
        _ => objects(&mut parts, historical),
    }
    parts.taken
}

/// Parts, each made of the bytes behind the one before it.
struct Parts<'a> {
    taken: Vec<Part>,
    rest: &'a [u8],
    language: Language,
}

impl Parts<'_> {
    /// Takes the next bytes, as many as there are.
    fn take(&mut self, n_bytes: usize, english: &str, chinese: &str) {
        let n_bytes = n_bytes.min(self.rest.len());
        let (bytes, rest) = self.rest.split_at(n_bytes);
        if bytes.is_empty() {
            return;
        }
        let first = 1 + self.taken.iter().map(|part| part.1.len()).sum::<usize>();
        let name = match bytes.len() {
            1 => format!("T{first}"),
            n => format!("T{first}-T{}", first + n - 1),
        };
        let text = choose(self.language, english, chinese).to_owned();
        self.taken.push((name, bytes.to_vec(), text));
        self.rest = rest;
    }

    /// Takes all that is left.
    fn take_rest(&mut self, english: &str, chinese: &str) {
        self.take(self.rest.len(), english, chinese);
    }
}

fn storage(parts: &mut Parts<'_>, card: StorageCard) {
    parts.take(1, "objects follow", "其后为数据对象");
    parts.take(2, "name of an application, 12 bytes", "应用标识，12 字节");
    parts.take(5, "the PC/SC workgroup", "PC/SC 工作组");
    let standard = match card.standard.label() {
        "" => choose(parts.language, "not given", "未给出"),
        label => label,
    };
    parts.take(
        1,
        &format!("standard: {standard}"),
        &format!("标准：{standard}"),
    );
    let name = match (card.name.acs_sak(), card.name.label()) {
        (Some(sak), _) => format!("SAK {sak:02X}"),
        (None, Some(label)) => label.to_owned(),
        (None, None) => choose(parts.language, "no known name", "名称未知").to_owned(),
    };
    parts.take(2, &format!("card: {name}"), &format!("卡名：{name}"));
    parts.take_rest("reserved", "保留");
}

fn shown_as_contact(parts: &mut Parts<'_>, sak: u8) {
    parts.take(
        1,
        "a contactless card shown by its driver as one with contacts",
        "驱动程序以接触式卡形式报告的非接触卡",
    );
    parts.take(1, &format!("SAK {sak:02X}"), &format!("SAK {sak:02X}"));
    parts.take_rest("what the driver adds", "驱动程序附加的内容");
}

fn type_b(parts: &mut Parts<'_>, bytes: &[u8]) {
    parts.take(
        4,
        "likely type B: application data",
        "很可能是 B 类卡：应用数据",
    );
    let size = TypeBAnswer::of(bytes).map_or(0, |answer| answer.frame_size());
    parts.take(
        3,
        &format!("likely type B: protocol info, frames of at most {size} bytes"),
        &format!("很可能是 B 类卡：协议信息，每帧最多 {size} 字节"),
    );
    parts.take_rest("likely type B: MBLI", "很可能是 B 类卡：MBLI");
}

fn objects(parts: &mut Parts<'_>, historical: HistoricalBytes<'_>) {
    let [english, chinese] = match historical.category() {
        HistoricalCategory::Nothing => return,
        HistoricalCategory::ObjectsAndStatus => {
            ["objects follow, and a status", "其后为数据对象和状态"]
        }
        HistoricalCategory::DirectoryReference => ["a reference to a directory", "目录引用"],
        HistoricalCategory::Objects => ["objects follow", "其后为数据对象"],
        HistoricalCategory::Reserved(_) => {
            parts.take_rest("reserved", "保留");
            return;
        }
        HistoricalCategory::Proprietary(_) => {
            parts.take_rest("in a form of the maker's own", "厂商自定义的内容");
            return;
        }
    };
    parts.take(1, english, chinese);
    for object in historical.objects() {
        let [english, chinese] = meaning(object.meaning());
        let (cut, cut_chinese) = if object.is_whole() {
            ("", "")
        } else {
            (", cut short", "（不完整）")
        };
        parts.take(
            1 + object.value.len(),
            &format!("{english}{cut}"),
            &format!("{chinese}{cut_chinese}"),
        );
    }
    if let Some([life, sw1, sw2]) = historical.status() {
        let word = u16::from_be_bytes([sw1, sw2]);
        let english = format!(
            "status: life cycle {life:02X}, {word:04X} ({})",
            status_word(word, Language::English)
        );
        let chinese = format!(
            "状态：生命周期 {life:02X}，{word:04X}（{}）",
            status_word(word, Language::Chinese)
        );
        parts.take(3, &english, &chinese);
    }
    parts.take_rest("in a form of the maker's own", "厂商自定义的内容");
}

fn meaning(meaning: CompactMeaning) -> [&'static str; 2] {
    match meaning {
        CompactMeaning::Country => ["country", "国家代码"],
        CompactMeaning::Issuer => ["issuer", "发卡机构"],
        CompactMeaning::Services => ["services of the card", "卡片服务"],
        CompactMeaning::InitialAccess => ["initial access data", "初始访问数据"],
        CompactMeaning::IssuerData => ["data of the issuer", "发卡机构数据"],
        CompactMeaning::PreIssuing => ["data from before the issuing", "预发行数据"],
        CompactMeaning::Capabilities => ["capabilities of the card", "卡片能力"],
        CompactMeaning::Status => ["status", "状态"],
        CompactMeaning::Application => ["name of an application", "应用标识"],
        CompactMeaning::Reserved => ["object of a reserved kind", "保留的数据对象"],
    }
}
