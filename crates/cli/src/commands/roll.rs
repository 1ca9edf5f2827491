//! `student import` and `student export`: the roll of students as a file.
//!
//! The file goes to the daemon as it is, which reads and judges it: what a roll
//! is looks the same from everywhere.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use tonic::Streaming;
use xueka_api::v1::{
    self, ExportStudentsRequest, ImportOptions, ImportStudentsRequest, ImportStudentsResponse,
    ImportTotals, RefusedRollRow, RollLayout, RollPlace, SeenRoll,
    import_students_request as asked, import_students_response::Part, roll_place,
    student_service_client::StudentServiceClient,
};
use xueka_files::{ColumnName as _, Place, RollColumn};

use super::{Dial, request_id, student::conditions};
use crate::{
    args::{CellMark, Encoding, ListForm, RollExportArgs, RollImportArgs},
    connection::Connection,
    exit::Exit,
    failure::Failure,
    layout::{self, Fields},
    output::Output,
    protocol_words, shapes,
    words::{Language, Word},
};

/// The bytes of the file in one message.
const PIECE: usize = 256 * 1024;

/// What became of a roll.
#[derive(Debug, Default)]
struct Outcome {
    seen: SeenRoll,
    refused: Vec<RefusedRollRow>,
    verdicts: Vec<u8>,
    totals: ImportTotals,
}

/// Takes in a roll.
pub(super) async fn import(
    dial: &Dial,
    output: &mut Output,
    args: RollImportArgs,
) -> Result<Exit, Failure> {
    let content = fs::read(&args.file).map_err(|cause| Failure::ReadFile {
        file: args.file.clone(),
        cause,
    })?;
    // What cannot be written is noticed before anything is changed.
    let verdicts = args.verdicts.as_deref().map(NewFile::create).transpose()?;
    let options = options(&args)?;
    let request_id = options.request_id.clone();
    let connection = dial.connect().await?;
    let progress = progress_bar(content.len(), output);
    let outcome = exchange(&connection, options, content, &progress, output).await;
    progress.finish_and_clear();
    let outcome = outcome.map_err(|failure| failure.of_request(&request_id))?;
    if let Some(mut file) = verdicts {
        file.write(&outcome.verdicts)?;
        file.keep();
    }
    let is_dry_run = args.dry_run;
    let shape = shapes::taken_roll(&outcome.seen, &outcome.refused, &outcome.totals, is_dry_run);
    output.answer(&shape, |output| taken_text(&outcome, &args, output))?;
    Ok(if outcome.totals.refused == 0 {
        Exit::Good
    } else {
        Exit::Refused
    })
}

/// Writes a roll.
pub(super) async fn export(
    connection: &Connection,
    output: &mut Output,
    args: RollExportArgs,
) -> Result<Exit, Failure> {
    let mut file = NewFile::create(&args.file)?;
    let format = list_format(ListForm::of_file(args.form, &args.file));
    let request = ExportStudentsRequest {
        conditions: Some(conditions(args.conditions)),
        format: format.into(),
    };
    let mut pieces = StudentServiceClient::new(connection.channel.clone())
        .export_students(connection.endless_request(request))
        .await
        .map_err(|status| connection.failure(status))?
        .into_inner();
    let mut students = 0;
    while let Some(piece) = pieces
        .message()
        .await
        .map_err(|status| connection.failure(status))?
    {
        students += piece.students;
        file.write(&piece.content)?;
    }
    file.keep();
    let name = args.file.to_string_lossy();
    output.answer(&shapes::written_roll(students, &name), |output| {
        let students = students.to_string();
        output.with(
            Word::RollWritten,
            &[("students", &students), ("file", &name)],
        )
    })?;
    Ok(Exit::Good)
}

/// A file that is being written, readable by its owner alone; it goes again
/// unless it is kept.
struct NewFile {
    path: PathBuf,
    open: File,
    is_kept: bool,
}

impl NewFile {
    fn create(path: &Path) -> Result<Self, Failure> {
        let open = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(|cause| failed(path, cause))?;
        Ok(Self {
            path: path.to_owned(),
            open,
            is_kept: false,
        })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let written = self.open.write_all(bytes);
        written.map_err(|cause| failed(&self.path, cause))
    }

    fn keep(mut self) {
        self.is_kept = true;
    }
}

fn failed(path: &Path, cause: io::Error) -> Failure {
    let file = path.to_owned();
    Failure::WriteFile { file, cause }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.is_kept {
            // There is nobody to tell who has not been told of worse.
            fs::remove_file(&self.path).ok();
        }
    }
}

/// How to take the roll in, as the protocol says it.
fn options(args: &RollImportArgs) -> Result<ImportOptions, Failure> {
    let request = crate::args::RequestIdArgs {
        request_id: args.request.request_id.clone(),
    };
    let verdicts = args.verdicts.as_deref();
    let verdicts = verdicts.map(|file| list_format(ListForm::of_file(args.verdicts_form, file)));
    let places = args.columns.iter().map(|given| RollPlace {
        column: protocol_words::roll_column(given.column).into(),
        place: Some(match &given.place {
            Place::Number(number) => {
                roll_place::Place::Number(u32::try_from(*number).unwrap_or(u32::MAX))
            }
            Place::Heading(heading) => roll_place::Place::Heading(heading.clone()),
        }),
    });
    let delimiter = match args.delimiter {
        None => v1::Delimiter::Unspecified,
        Some(CellMark::Comma) => v1::Delimiter::Comma,
        Some(CellMark::Tab) => v1::Delimiter::Tab,
        Some(CellMark::Semicolon) => v1::Delimiter::Semicolon,
    };
    let encoding = match args.encoding {
        None => v1::TextEncoding::Unspecified,
        Some(Encoding::Utf8) => v1::TextEncoding::Utf8,
        Some(Encoding::Gb18030) => v1::TextEncoding::Gb18030,
        Some(Encoding::Utf16) => v1::TextEncoding::Utf16,
    };
    Ok(ImportOptions {
        request_id: request_id(request)?,
        dry_run: args.dry_run,
        accept_good_rows: args.good_rows,
        correct_names: args.correct_names,
        layout: Some(RollLayout {
            header_row: args.header_row,
            places: places.collect(),
            delimiter: delimiter.into(),
            encoding: encoding.into(),
            sheet: args.sheet.clone().unwrap_or_default(),
        }),
        verdicts: verdicts.unwrap_or_default().into(),
    })
}

fn list_format(form: ListForm) -> v1::ListFormat {
    match form {
        ListForm::Csv => v1::ListFormat::CsvUtf8,
        ListForm::CsvGb18030 => v1::ListFormat::CsvGb18030,
        ListForm::Xlsx => v1::ListFormat::Xlsx,
    }
}

async fn exchange(
    connection: &Connection,
    options: ImportOptions,
    content: Vec<u8>,
    progress: &ProgressBar,
    output: &Output,
) -> Result<Outcome, Failure> {
    let sent = progress.clone();
    let n_pieces = content.len().div_ceil(PIECE);
    let pieces = (0..n_pieces).map(move |at| {
        let rest = content.get(at * PIECE..).unwrap_or_default();
        let (piece, _) = rest.split_at_checked(PIECE).unwrap_or((rest, &[]));
        sent.inc(piece.len() as u64);
        asked::Part::Content(piece.to_vec())
    });
    let parts = std::iter::once(asked::Part::Options(options))
        .chain(pieces)
        .map(|part| ImportStudentsRequest { part: Some(part) });
    let answers = StudentServiceClient::new(connection.channel.clone())
        .import_students(connection.endless_request(tokio_stream::iter(parts)))
        .await
        .map_err(|status| connection.failure(status))?
        .into_inner();
    gather(connection, answers, progress, output).await
}

/// To the end of the stream, for an error can follow the totals.
async fn gather(
    connection: &Connection,
    mut answers: Streaming<ImportStudentsResponse>,
    progress: &ProgressBar,
    output: &Output,
) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::default();
    let mut is_whole = false;
    while let Some(answer) = answers
        .message()
        .await
        .map_err(|status| connection.failure(status))?
    {
        match answer.part {
            Some(Part::Seen(seen)) => {
                outcome.seen = seen;
                progress.set_message(output.word(Word::JudgingRoll));
                progress.enable_steady_tick(Duration::from_millis(100));
            }
            Some(Part::Refused(row)) => outcome.refused.push(row),
            Some(Part::Verdicts(piece)) => outcome.verdicts.extend(piece),
            Some(Part::Totals(totals)) => {
                outcome.totals = totals;
                is_whole = true;
            }
            None => {}
        }
    }
    is_whole.then_some(outcome).ok_or(Failure::IncompleteAnswer)
}

/// Shown on standard error, and there only to a person.
fn progress_bar(n_bytes: usize, output: &Output) -> ProgressBar {
    let bar = ProgressBar::new(n_bytes as u64);
    let style = "{msg} {spinner} {wide_bar} {binary_bytes}/{binary_total_bytes}";
    if let Ok(style) = ProgressStyle::with_template(style) {
        bar.set_style(style);
    }
    bar.set_message(output.word(Word::SendingRoll));
    bar
}

fn taken_text(outcome: &Outcome, args: &RollImportArgs, output: &Output) -> String {
    let mut parts = Vec::new();
    if !outcome.refused.is_empty() {
        parts.push(refused_text(&outcome.refused, output));
    }
    let (seen, totals) = (&outcome.seen, &outcome.totals);
    let ignored = seen.ignored_columns.iter().map(u32::to_string);
    let mut fields = Fields::default();
    fields
        .add(output.word(Word::Encoding), encoding_name(seen))
        .add(
            output.word(Word::IgnoredColumns),
            ignored.collect::<Vec<_>>().join(", "),
        )
        .add(output.word(Word::Rows), totals.received.to_string())
        .add(output.word(Word::Unchanged), totals.unchanged.to_string())
        .add(output.word(Word::Refused), totals.refused.to_string());
    parts.push(fields.to_text());
    parts.push(conclusion(totals, args, output));
    if let Some(file) = &args.verdicts {
        let file = file.to_string_lossy();
        parts.push(output.with(Word::VerdictsWritten, &[("file", &file)]));
    }
    parts.join("\n")
}

/// What the clerk takes away from it.
fn conclusion(totals: &ImportTotals, args: &RollImportArgs, output: &Output) -> String {
    let (added, changed) = (totals.added.to_string(), totals.changed.to_string());
    let counts = [("added", added.as_str()), ("changed", changed.as_str())];
    if args.dry_run {
        output.with(Word::RollChecked, &counts)
    } else if totals.taken {
        output.with(Word::RollTaken, &counts)
    } else if totals.refused > 0 {
        output.word(Word::RollStopped).to_owned()
    } else {
        output.word(Word::RollAsKnown).to_owned()
    }
}

fn encoding_name(seen: &SeenRoll) -> &'static str {
    match seen.encoding() {
        v1::TextEncoding::Unspecified => "XLSX",
        v1::TextEncoding::Utf8 => "UTF-8",
        v1::TextEncoding::Gb18030 => "GB18030",
        v1::TextEncoding::Utf16 => "UTF-16",
    }
}

fn refused_text(refused: &[RefusedRollRow], output: &Output) -> String {
    let heading = [Word::Row, Word::Column, Word::Problem];
    let heading = heading.map(|word| output.word(word).to_owned()).to_vec();
    let rows = refused.iter().map(|refused| {
        let column = protocol_words::roll_column_of(refused.column());
        vec![
            refused.row.to_string(),
            column
                .map_or("", |column: RollColumn| column.name(output.language))
                .to_owned(),
            fault_text(refused, output.language),
        ]
    });
    layout::columns(std::iter::once(heading).chain(rows).collect())
}

/// What is wrong, and what to do where there is something.
fn fault_text(refused: &RefusedRollRow, language: Language) -> String {
    let between = language.choose("，", "; ");
    match refused.remedy.as_str() {
        "" => refused.message.clone(),
        remedy => format!("{}{between}{remedy}", refused.message),
    }
}
