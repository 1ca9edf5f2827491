//! What is said of one ATR, by either side.

use xueka_apdu::{
    AtrAnatomy, CheckCharacter, HistoricalCategory, InterfaceByte, InterfaceLetter,
    InterfaceMeaning,
};

/// The parts of an ATR.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    ts: Option<u8>,
    t0: Option<u8>,
    /// `TA(1) = 11`, with what it says behind it where both sides say it.
    interface: Vec<String>,
    historical: Vec<u8>,
    n_missing: usize,
    /// Bytes behind the historical ones, where they are more than one.
    n_behind: usize,
    /// Whether the one byte behind the historical ones fits.
    check_fits: Option<bool>,
    /// `80` and the tags and lengths of the objects, such as `73`.
    objects: Vec<String>,
}

impl Report {
    /// How two reports differ, if they do.
    pub(crate) fn difference(&self, theirs: &Self) -> Option<String> {
        (self != theirs).then(|| format!("\n  here  {self:?}\n  there {theirs:?}"))
    }

    /// Leaves out the objects behind the first one of which the tool does not
    /// follow the length. Says whether there was one.
    pub(crate) fn leave_out_unfollowed(&mut self) -> bool {
        let heads = self.objects.iter().skip(1);
        let first = heads.enumerate().find(|(_, head)| !is_followed(head));
        match first {
            Some((place, _)) => {
                self.objects.truncate(place + 2);
                true
            }
            None => false,
        }
    }

    /// What the tool prints.
    pub(crate) fn of_tool(output: &str) -> Self {
        let mut report = Self::default();
        for line in output.lines() {
            report.take(&plain(line));
        }
        report
    }

    fn take(&mut self, line: &str) {
        if let Some(rest) = line.strip_prefix("+ TS = ") {
            self.ts = byte(rest);
        } else if let Some(rest) = line.strip_prefix("+ T0 = ") {
            self.t0 = byte(rest);
        } else if let Some(rest) = line.strip_prefix("  T")
            && line.contains(" --> ")
        {
            self.interface.push(interface_line(rest));
        } else if let Some(rest) = line.strip_prefix("+ Historical bytes: ") {
            self.historical = rest.split_whitespace().filter_map(byte).collect();
        } else if let Some(rest) = line.strip_prefix(" ERROR! ATR is truncated: ") {
            self.n_missing = number(rest);
        } else if let Some(rest) = line.strip_prefix(" ERROR! ATR is too long: ") {
            self.n_behind = number(rest);
            // It prints them among the historical bytes and then cuts them off.
            let n_historical = self.historical.len() - self.n_behind;
            self.historical.truncate(n_historical);
        } else if let Some(rest) = line.strip_prefix("+ TCK = ") {
            self.check_fits = Some(rest.contains("(correct checksum)"));
        } else if let Some(rest) = line.strip_prefix("  Category indicator byte: ") {
            self.objects.push(rest[..2].to_owned());
        } else if let Some(rest) = line.strip_prefix("    Tag: ") {
            let (tag, rest) = rest.split_once(", len: ").unwrap();
            let length: String = rest.chars().take_while(char::is_ascii_hexdigit).collect();
            self.objects.push(format!("{tag}{length}"));
        }
    }

    /// The same of an ATR that was taken apart here.
    pub(crate) fn of_anatomy(anatomy: &AtrAnatomy<'_>) -> Self {
        let (n_checks, check_fits) = match anatomy.check() {
            CheckCharacter::NotNeeded | CheckCharacter::Missing => (0, None),
            CheckCharacter::Fits(_) => (1, Some(true)),
            CheckCharacter::Differs { .. } => (1, Some(false)),
            CheckCharacter::Unneeded { fits, .. } => (1, Some(fits)),
        };
        // The tool takes one byte behind the historical ones for the check
        // character, due or not, and several for too many.
        let n_behind = n_checks + anatomy.extra().len();
        let is_one = n_behind == 1;
        let mut report = Self {
            ts: anatomy.ts(),
            t0: anatomy.t0(),
            interface: anatomy.interface().map(interface_byte).collect(),
            historical: anatomy.historical().as_bytes().to_vec(),
            n_missing: anatomy.n_missing(),
            n_behind: if is_one { 0 } else { n_behind },
            check_fits: check_fits.filter(|_| is_one),
            objects: objects(anatomy),
        };
        // It ends, and says no more, where the bytes end before the first
        // historical one.
        if anatomy.is_cut_short() || (report.historical.is_empty() && n_behind == 0) {
            report.n_missing = 0;
        }
        report
    }
}

/// Whether the tool skips as many bytes as an object's head announces. It
/// expects the lengths that the standard gives some tags, whatever is
/// announced, and takes `A` to `F` for no length behind a tag it has no name
/// for.
fn is_followed(head: &str) -> bool {
    let (tag, length) = head.split_at(1);
    match tag {
        "3" => length == "1",
        "7" | "8" => matches!(length, "1" | "2" | "3"),
        "1" | "2" | "4" | "5" | "6" | "F" => true,
        _ => length.bytes().all(|digit| digit.is_ascii_digit()),
    }
}

/// A line without the colours around its parts.
fn plain(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some((before, colour)) = rest.split_once('\u{1B}') {
        text.push_str(before);
        rest = colour.split_once('m').map_or("", |(_, behind)| behind);
    }
    text + rest
}

fn byte(text: &str) -> Option<u8> {
    u8::from_str_radix(text.get(..2)?, 16).ok()
}

fn number(text: &str) -> usize {
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap()
}

/// `A(1) = 11 --> Fi=372, Di=1, …` in the form of [`interface_byte`].
fn interface_line(rest: &str) -> String {
    let (place, meaning) = rest.split_once(" --> ").unwrap();
    let after = |label: &str| {
        let (_, value) = meaning.split_once(label)?;
        let end = value.find(|c: char| !c.is_ascii_alphanumeric());
        Some(&value[..end.unwrap_or(value.len())])
    };
    let known = |labels: &[&str]| -> String {
        let values = labels
            .iter()
            .filter_map(|label| Some(format!(" {}", after(label)?)));
        values.collect()
    };
    let index = place.get(2..3).unwrap_or_default();
    let said = match (&place[..1], index) {
        ("D", _) => known(&["Protocol T = "]),
        ("A", "1") => known(&["Fi=", "Di="]),
        ("A", "2") => known(&["spec mode: T="]),
        ("C", "1") => known(&["Extra guard time: "]),
        ("C", "2") => known(&["960 x "]),
        ("A", _) => known(&["IFSC: "]),
        ("B", _) => known(&["Block Waiting Integer: ", "Character Waiting Integer: "]),
        ("C", _) => known(&["Error detection code: "]),
        _ => String::new(),
    };
    format!("T{place}{said}")
}

/// `TA(1) = 11 372 1`: the byte, and what it says.
fn interface_byte(byte: InterfaceByte) -> String {
    use InterfaceMeaning as M;
    let letter = match byte.letter {
        InterfaceLetter::A => 'A',
        InterfaceLetter::B => 'B',
        InterfaceLetter::C => 'C',
        InterfaceLetter::D => 'D',
    };
    let reserved = |value: Option<String>| value.unwrap_or_else(|| "RFU".to_owned());
    let said = match byte.meaning() {
        // What the tool knows from an older edition of the standard: 64 for
        // this value came later.
        M::Speed { fi, di: Some(di) } if byte.value & 0x0F == 0x7 => {
            assert_eq!(di, 64);
            format!(" {} 64", reserved(fi.map(|fi| fi.to_string())))
        }
        M::Speed { fi, di } => {
            let fi = reserved(fi.map(|fi| fi.to_string()));
            format!(" {fi} {}", reserved(di.map(|di| di.to_string())))
        }
        M::ExtraGuardTime(n) | M::WaitingTime(n) | M::BlockSize(n) => format!(" {n}"),
        M::Protocol { t, .. } | M::SpecificMode { t, .. } => format!(" {t}"),
        M::BlockWaiting { bwi, cwi } => format!(" {bwi} {cwi}"),
        // The tool takes the whole byte, of which one bit is defined.
        M::ErrorDetection { crc } => match (crc, byte.value) {
            (true, 1) => " CRC".to_owned(),
            (false, 0) => " LRC".to_owned(),
            _ => " RFU".to_owned(),
        },
        M::ProgrammingVoltage
        | M::ClockAndClasses { .. }
        | M::StandardContact(_)
        | M::Unspecified => String::new(),
    };
    format!("T{letter}({}) = {:02X}{said}", byte.index, byte.value)
}

/// The category and, where the tool reads them, the heads of the objects.
fn objects(anatomy: &AtrAnatomy<'_>) -> Vec<String> {
    let historical = anatomy.historical();
    let mut found: Vec<String> = historical
        .as_bytes()
        .first()
        .map(|category| format!("{category:02X}"))
        .into_iter()
        .collect();
    let has_objects = match historical.category() {
        HistoricalCategory::Objects => true,
        HistoricalCategory::ObjectsAndStatus => historical.status().is_some(),
        _ => false,
    };
    if has_objects {
        let heads = historical.objects();
        found.extend(heads.map(|it| format!("{:X}{:X}", it.tag, it.n_announced)));
    }
    found
}
