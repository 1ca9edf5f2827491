//! The list of known ATRs that pcsc-tools brings.

use std::{fs, path::Path};

/// The ATRs of the list.
pub(crate) struct List {
    /// How many lines name ATRs.
    pub(crate) n_lines: usize,
    /// How many of them are plain bytes.
    pub(crate) n_plain: usize,
    /// How many are patterns.
    pub(crate) n_patterns: usize,
    /// Lines that are neither.
    pub(crate) not_understood: Vec<String>,
    /// The plain ones, and two made of each pattern.
    pub(crate) atrs: Vec<Vec<u8>>,
}

/// What a pattern leaves open is filled once with the least of what it allows
/// and once with the greatest.
#[derive(Clone, Copy)]
enum Fill {
    Least,
    Greatest,
}

impl List {
    pub(crate) fn load(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let mut list = Self {
            n_lines: 0,
            n_plain: 0,
            n_patterns: 0,
            not_understood: Vec::new(),
            atrs: Vec::new(),
        };
        for line in text.lines() {
            let is_atr = !line.is_empty() && !line.starts_with(['#', '\t', ' ']);
            if is_atr {
                list.n_lines += 1;
                list.add(line.trim_end());
            }
        }
        list
    }

    fn add(&mut self, line: &str) {
        if let Ok(atr) = hex::decode(line.replace(' ', "")) {
            self.n_plain += 1;
            self.atrs.push(atr);
            return;
        }
        match (instance(line, Fill::Least), instance(line, Fill::Greatest)) {
            (Some(least), Some(greatest)) => {
                self.n_patterns += 1;
                self.atrs.extend([least, greatest]);
            }
            _ => self.not_understood.push(line.to_owned()),
        }
    }
}

/// An ATR that a pattern matches: `.` is any digit, `[…]` one of those in it,
/// `.*` at the end or between blanks any bytes, here none or one.
fn instance(pattern: &str, fill: Fill) -> Option<Vec<u8>> {
    let mut digits = String::new();
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            ' ' => {}
            '.' if rest.starts_with('*') => {
                rest = &rest[1..];
                digits.push_str(match fill {
                    Fill::Least => "",
                    Fill::Greatest => "5A",
                });
            }
            '.' => digits.push(match fill {
                Fill::Least => '0',
                Fill::Greatest => 'F',
            }),
            '[' => {
                let (class, behind) = rest.split_once(']')?;
                digits.push(one_of(class, fill)?);
                rest = behind;
            }
            digit if digit.is_ascii_hexdigit() => digits.push(digit),
            _ => return None,
        }
    }
    hex::decode(digits).ok()
}

/// A digit of a class such as `1-5` or `6,E`.
fn one_of(class: &str, fill: Fill) -> Option<char> {
    let mut digits = class.chars().filter(char::is_ascii_hexdigit);
    match fill {
        Fill::Least => digits.next(),
        Fill::Greatest => digits.next_back(),
    }
}

#[test]
fn patterns_are_filled_in() {
    let cases = [
        ("3B 0. [1-5]A", Some(("3B001A", "3B0F5A"))),
        ("3B .. 6[6,E]", Some(("3B0066", "3BFF6E"))),
        ("3B 45 .* 38", Some(("3B4538", "3B455A38"))),
        ("3B 00.*", Some(("3B00", "3B005A"))),
        ("3B (00|01)", None),
        ("3B 0", None),
    ];
    for (pattern, expected) in cases {
        let made = |fill| instance(pattern, fill).map(hex::encode_upper);
        let expected = expected.map(|(least, greatest)| (least.to_owned(), greatest.to_owned()));
        assert_eq!(
            made(Fill::Least).zip(made(Fill::Greatest)),
            expected,
            "{pattern}"
        );
    }
}
