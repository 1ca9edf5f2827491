//! Files of a fixed layout, made of what a fuzzer gives.

use encoding_rs::GB18030;
use xueka_files::{FactoryLayout, MakingLayout};

use crate::take_byte;

/// A layout as TOML, and what stands before and behind the rows of a good file.
struct Frame {
    layout: &'static str,
    header: &'static str,
    line_end: &'static str,
    gb18030: bool,
}

/// Card-making files: ours, one with widths, one of another school's making.
const MAKING: [Frame; 3] = [
    Frame {
        layout: "",
        header: "学籍卡制卡\t1\t0106\t00123\t2024\tbz\t0007",
        line_end: "\r\n",
        gb18030: true,
    },
    Frame {
        layout: r#"
encoding = "gb18030"
line_end = "lf"
file_name = "{district}{year}.txt"
trailer = "完\t{rows}"
columns = [
    { field = "student_number", width = 10 },
    { constant = "卡", width = 2 },
    { field = "name", width = 12 },
    { field = "cohort", width = 4 },
]
"#,
        header: "",
        line_end: "\n",
        gb18030: true,
    },
    Frame {
        layout: r#"
encoding = "utf8"
line_end = "crlf"
delimiter = "|"
file_name = "{school}_{menu}_{batch}.txt"
header = "{school}|{menu}|{batch}"
trailer = "完\t{rows}"
columns = [
    { field = "name" },
    { field = "student_number" },
    { constant = "1" },
    { field = "sex" },
    { field = "cause" },
    { field = "school_code" },
]
"#,
        header: "00123|xz|0007",
        line_end: "\r\n",
        gb18030: false,
    },
];

/// Factory results: ours, and one with widths.
const FACTORY: [Frame; 2] = [
    Frame {
        layout: "",
        header: "学籍卡制卡结果\t1\t0106\t2024\t0007",
        line_end: "\r\n",
        gb18030: true,
    },
    Frame {
        layout: r#"
encoding = "utf8"
line_end = "lf"
file_name = "{batch}.txt"
trailer = "完\t{rows}"
columns = [
    { field = "outcome", width = 6 },
    { field = "uid", width = 14 },
    { field = "card_number", width = 19 },
    { field = "student_number", width = 10 },
]
"#,
        header: "",
        line_end: "\n",
        gb18030: false,
    },
];

/// A card-making file and the layout that it may have. The first byte of the
/// input chooses the layout, whether the rest is the file or only its rows, and
/// whether rows are given as text.
///
/// # Panics
///
/// When a layout above is wrong.
#[must_use]
pub fn making_file(input: &[u8]) -> (MakingLayout, Vec<u8>) {
    framed(input, &MAKING, |layout| {
        toml::from_str(layout).expect("a layout")
    })
}

/// As [`making_file`], a factory result.
///
/// # Panics
///
/// When a layout above is wrong.
#[must_use]
pub fn factory_result(input: &[u8]) -> (FactoryLayout, Vec<u8>) {
    framed(input, &FACTORY, |layout| {
        toml::from_str(layout).expect("a layout")
    })
}

fn framed<L: Default>(
    mut input: &[u8],
    frames: &[Frame],
    layout: impl Fn(&str) -> L,
) -> (L, Vec<u8>) {
    let choice = take_byte(&mut input).unwrap_or_default();
    let (only_rows, as_text) = (choice & 1 == 0, choice & 2 == 0);
    let frame = &frames[usize::from(choice >> 2) % frames.len()];
    let layout = match frame.layout {
        "" => L::default(),
        toml => layout(toml),
    };
    let encoded = |text: &str| match frame.gb18030 {
        true => GB18030.encode(text).0.into_owned(),
        false => text.as_bytes().to_vec(),
    };
    if !only_rows {
        return (layout, input.to_vec());
    }
    let mut file = Vec::new();
    if !frame.header.is_empty() {
        file.extend(encoded(&format!("{}{}", frame.header, frame.line_end)));
    }
    // A fuzzer need not find out how this layout ends its lines.
    let rows: Vec<_> = input.split(|byte| *byte == b'\n').collect();
    for row in &rows {
        match as_text {
            true => file.extend(encoded(&String::from_utf8_lossy(row))),
            false => file.extend(*row),
        }
        file.extend(frame.line_end.as_bytes());
    }
    file.extend(encoded(&format!("完\t{}{}", rows.len(), frame.line_end)));
    (layout, file)
}
