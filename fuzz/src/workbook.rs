//! A workbook of which single parts are a fuzzer's.

use std::io::{Cursor, Write as _};

use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use crate::take_byte;

/// The parts that a workbook of one sheet cannot do without, each as a writer
/// would have it.
///
/// Source: ECMA-376-1:2016, §12.2.
const PARTS: [(&str, &str); 6] = [
    (
        "xl/worksheets/sheet1.xml",
        r#"<worksheet><dimension ref="A1:B2"/><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>student_number</t></is></c><c r="B1" t="s"><v>0</v></c></row><row r="2"><c r="A2" t="s"><v>1</v></c><c r="B2" t="str"><v>a</v></c></row></sheetData></worksheet>"#,
    ),
    (
        "xl/sharedStrings.xml",
        r#"<sst count="2" uniqueCount="2"><si><t>name</t></si><si><r><t>20240001</t></r></si></sst>"#,
    ),
    (
        "xl/styles.xml",
        r#"<styleSheet><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy/m/d"/></numFmts><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs></styleSheet>"#,
    ),
    (
        "xl/workbook.xml",
        r#"<workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="roll" sheetId="1" r:id="rId1"/></sheets></workbook>"#,
    ),
    (
        "xl/_rels/workbook.xml.rels",
        r#"<Relationships><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/><Relationship Id="rId3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#,
    ),
    (
        "[Content_Types].xml",
        r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"#,
    ),
];

/// The rows of a sheet that are a fuzzer's, and what is around them.
const SHEET: [&str; 2] = ["<worksheet><sheetData>", "</sheetData></worksheet>"];

/// A workbook. The first byte of the input says what the rest is: the file as it
/// stands, one of its parts, the rows of its sheet, or the cells of its second
/// row, told apart by line breaks.
///
/// Nothing is compressed, so that a fuzzer sees through the archive.
///
/// # Panics
///
/// When there is no memory for the archive.
#[must_use]
pub fn workbook(mut input: &[u8]) -> Vec<u8> {
    let choice = usize::from(take_byte(&mut input).unwrap_or_default()) % 12;
    let given = match choice {
        0 => return input.to_vec(),
        1..=4 => [SHEET[0].as_bytes(), input, SHEET[1].as_bytes()].concat(),
        5 | 6 => cells(input),
        part => return archive(part - 7, input),
    };
    archive(0, &given)
}

/// A sheet with good headings and the rest as cells below them.
fn cells(input: &[u8]) -> Vec<u8> {
    let mut sheet = format!(
        "{}<row r=\"1\"><c r=\"A1\" t=\"str\"><v>student_number</v></c>\
         <c r=\"B1\" t=\"str\"><v>name</v></c><c r=\"C1\" t=\"str\"><v>cohort</v></c>\
         <c r=\"D1\" t=\"str\"><v>state_since</v></c></row><row r=\"2\">",
        SHEET[0]
    )
    .into_bytes();
    for (cell, column) in input.split(|byte| *byte == b'\n').zip('A'..='D') {
        // The first byte of a cell chooses its type and its style.
        let (kind, value) = cell.split_first().unwrap_or((&0, &[]));
        let attributes = match kind % 6 {
            0 => "t=\"str\"",
            1 => "t=\"n\"",
            2 => "s=\"1\"",
            3 => "t=\"b\"",
            4 => "t=\"d\"",
            _ => "t=\"s\"",
        };
        sheet.extend(format!("<c r=\"{column}2\" {attributes}><v>").bytes());
        sheet.extend(value);
        sheet.extend(b"</v></c>");
    }
    sheet.extend(b"</row>");
    sheet.extend(SHEET[1].bytes());
    sheet
}

/// The archive with one part replaced; with none when there is no such part.
fn archive(replaced: usize, given: &[u8]) -> Vec<u8> {
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut archive = ZipWriter::new(Cursor::new(Vec::with_capacity(8192)));
    for (index, (name, content)) in PARTS.iter().enumerate() {
        let content = match index == replaced {
            true => given,
            false => content.as_bytes(),
        };
        archive.start_file(*name, stored).expect("a name");
        archive.write_all(content).expect("memory");
    }
    archive.finish().expect("memory").into_inner()
}
