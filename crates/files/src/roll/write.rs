//! From students to a file that a school opens in a spreadsheet.

use std::borrow::Cow;

use xueka_domain::{Language, RollEntry};

use super::RollColumn;
use crate::{ColumnName as _, ListFormat, WriteError, list::write_list};

/// Writes a roll with all columns, headings and words in the given language; in
/// GB18030 always in Chinese.
///
/// What would run as a formula when the file is opened is made inert: by its
/// cell being text in a workbook, by an apostrophe before it in CSV. Such a
/// cell is refused when the file is read again; every other value comes back
/// as it was.
///
/// # Errors
///
/// [`WriteError`]; nothing is written then.
pub fn write_roll(
    entries: &[RollEntry],
    format: ListFormat,
    language: Language,
) -> Result<Vec<u8>, WriteError> {
    // By the Chinese headings a reader knows that it is not UTF-8, which a few
    // names alone could be taken for.
    let language = match format {
        ListFormat::CsvGb18030 => Language::Chinese,
        ListFormat::CsvUtf8 | ListFormat::Xlsx => language,
    };
    let headings: Vec<_> = RollColumn::ALL.iter().map(|c| c.name(language)).collect();
    let sheet = match language {
        Language::Chinese => "名册",
        Language::English => "roll",
    };
    let rows = entries.iter().map(|entry| cells(entry, language));
    write_list(format, sheet, &headings, rows)
}

fn cells(entry: &RollEntry, language: Language) -> Vec<Cow<'_, str>> {
    let cell = |column: &RollColumn| -> Cow<'_, str> {
        match column {
            RollColumn::StudentNumber => entry.student.number.reveal().into(),
            RollColumn::Name => entry.student.name.reveal().into(),
            RollColumn::Sex => entry.sex.map_or("", |sex| sex.word(language)).into(),
            RollColumn::SchoolCode => entry.school.as_ref().map_or("", |s| s.as_str()).into(),
            RollColumn::Cohort => entry
                .cohort
                .map_or(Cow::Borrowed(""), |cohort| cohort.to_string().into()),
            RollColumn::ClassName => entry
                .student
                .class_name
                .as_ref()
                .map_or("", |class| class.reveal())
                .into(),
            RollColumn::State => entry.enrolment.word(language).into(),
            RollColumn::StateSince => entry
                .enrolment_since
                .map_or(Cow::Borrowed(""), |day| day.to_string().into()),
        }
    };
    RollColumn::ALL.iter().map(cell).collect()
}
