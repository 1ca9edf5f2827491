//! `making`: card-making files and batches, at the school and at the district.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use tonic::{Status, transport::Channel};
use xueka_api::v1::{
    self, BatchStep, ChosenStudents, DeliverBatchRequest, GetBatchRequest, GetBatchResponse,
    ListBatchesRequest, ListBatchesResponse, MakeCardMakingFileRequest, MakeFactoryFileRequest,
    MakingBatch, MakingOutcome, StepBatchRequest, StudentConditions, TakeCardMakingFileRequest,
    TakeDeliveryRequest, TakeFactoryResultRequest,
    card_making_service_client::CardMakingServiceClient, make_card_making_file_request::Students,
};

use super::{Dial, request_id};
use crate::{
    args::{
        BatchArgs, BatchFileArgs, ListArgs, MakeArgs, MakingCommand, Menu, MenuFileArgs,
        ReceiveArgs, RequestIdArgs, ResultArgs, SelectionArgs, TakeArgs,
    },
    connection::Connection,
    exit::Exit,
    failure::Failure,
    layout::{self, Fields},
    output::Output,
    protocol_words, shapes,
    words::Word,
};

/// Does what was typed.
pub(super) async fn run(
    dial: &Dial,
    output: &mut Output,
    command: MakingCommand,
) -> Result<Exit, Failure> {
    let connection = dial.connect().await?;
    let call = Call {
        connection: &connection,
        output,
    };
    match command {
        MakingCommand::Preview(args) => call.preview(args).await,
        MakingCommand::Make(args) => call.make(args).await,
        MakingCommand::Check(args) => call.take(args, true, None).await,
        MakingCommand::Take(TakeArgs { file, request }) => {
            call.take(file, false, Some(request)).await
        }
        MakingCommand::Confirm(args) => call.step(args, BatchStep::Confirm).await,
        MakingCommand::Reject(args) => call.step(args, BatchStep::Reject).await,
        MakingCommand::Withdraw(args) => call.step(args, BatchStep::Withdraw).await,
        MakingCommand::Factory(args) => call.factory(args).await,
        MakingCommand::Result(args) => call.factory_result(args).await,
        MakingCommand::Deliver(args) => call.deliver(args).await,
        MakingCommand::Receive(args) => call.receive(args).await,
        MakingCommand::List(args) => call.list(args).await,
        MakingCommand::Show { batch } => call.show(batch).await,
    }
}

/// A call to the daemon, and where its answer goes.
struct Call<'a> {
    connection: &'a Connection,
    output: &'a mut Output,
}

impl Call<'_> {
    fn client(&self) -> CardMakingServiceClient<Channel> {
        CardMakingServiceClient::new(self.connection.channel.clone())
    }

    async fn preview(self, args: SelectionArgs) -> Result<Exit, Failure> {
        let request = selection(args, String::from("preview"), true);
        let answer = self
            .client()
            .make_card_making_file(self.connection.request(request))
            .await
            .map_err(|status| self.connection.failure(status))?;
        let outcome = answer.into_inner().outcome;
        self.tell(outcome, true, None)
    }

    async fn make(self, args: MakeArgs) -> Result<Exit, Failure> {
        let id = request_id(args.request)?;
        let file = PlacedFile::begin(&args.folder.folder, &id)?;
        let request = selection(args.selection, id.clone(), false);
        let answer = self
            .client()
            .make_card_making_file(self.connection.request(request))
            .await
            .map_err(|status| self.unsure(status, &id))?;
        let outcome = answer.into_inner().outcome;
        self.tell(outcome, false, Some(file))
    }

    async fn take(
        self,
        args: MenuFileArgs,
        dry_run: bool,
        request: Option<RequestIdArgs>,
    ) -> Result<Exit, Failure> {
        let id = request.map_or(Ok(String::from("check")), request_id)?;
        let request = TakeCardMakingFileRequest {
            request_id: id.clone(),
            menu: menu(args.menu).into(),
            file_name: name_of(&args.file),
            content: read(&args.file)?,
            accept_good_rows: args.good_rows,
            dry_run,
        };
        let answer = self
            .client()
            .take_card_making_file(self.connection.request(request))
            .await
            .map_err(|status| self.unsure(status, &id))?;
        let outcome = answer.into_inner().outcome;
        self.tell(outcome, dry_run, None)
    }

    async fn step(self, args: BatchArgs, step: BatchStep) -> Result<Exit, Failure> {
        let id = request_id(args.request)?;
        let request = StepBatchRequest {
            request_id: id.clone(),
            batch: args.batch,
            step: step.into(),
        };
        let answer = self
            .client()
            .step_batch(self.connection.request(request))
            .await
            .map_err(|status| self.unsure(status, &id))?;
        let outcome = answer.into_inner().outcome;
        self.tell(outcome, false, None)
    }

    async fn factory(self, args: BatchFileArgs) -> Result<Exit, Failure> {
        let id = request_id(args.batch.request)?;
        let file = PlacedFile::begin(&args.folder.folder, &id)?;
        let request = MakeFactoryFileRequest {
            request_id: id.clone(),
            batch: args.batch.batch,
        };
        let answer = self
            .client()
            .make_factory_file(self.connection.request(request))
            .await
            .map_err(|status| self.unsure(status, &id))?;
        let outcome = answer.into_inner().outcome;
        self.tell(outcome, false, Some(file))
    }

    async fn factory_result(self, args: ResultArgs) -> Result<Exit, Failure> {
        let ReceiveArgs {
            file,
            dry_run,
            good_rows,
            request,
        } = args.file;
        let id = request_id(request)?;
        let request = TakeFactoryResultRequest {
            request_id: id.clone(),
            batch: args.batch,
            file_name: name_of(&file),
            content: read(&file)?,
            accept_good_rows: good_rows,
            dry_run,
        };
        let answer = self
            .client()
            .take_factory_result(self.connection.request(request))
            .await
            .map_err(|status| self.unsure(status, &id))?;
        let outcome = answer.into_inner().outcome;
        self.tell(outcome, dry_run, None)
    }

    async fn deliver(self, args: BatchFileArgs) -> Result<Exit, Failure> {
        let id = request_id(args.batch.request)?;
        let file = PlacedFile::begin(&args.folder.folder, &id)?;
        let request = DeliverBatchRequest {
            request_id: id.clone(),
            batch: args.batch.batch,
        };
        let answer = self
            .client()
            .deliver_batch(self.connection.request(request))
            .await
            .map_err(|status| self.unsure(status, &id))?;
        let outcome = answer.into_inner().outcome;
        self.tell(outcome, false, Some(file))
    }

    async fn receive(self, args: ReceiveArgs) -> Result<Exit, Failure> {
        let id = request_id(args.request)?;
        let request = TakeDeliveryRequest {
            request_id: id.clone(),
            content: read(&args.file)?,
            accept_good_rows: args.good_rows,
            dry_run: args.dry_run,
        };
        let answer = self
            .client()
            .take_delivery(self.connection.request(request))
            .await
            .map_err(|status| self.unsure(status, &id))?;
        let outcome = answer.into_inner().outcome;
        self.tell(outcome, args.dry_run, None)
    }

    async fn show(self, batch: u64) -> Result<Exit, Failure> {
        let answer = self
            .client()
            .get_batch(self.connection.request(GetBatchRequest { batch }))
            .await
            .map_err(|status| self.connection.failure(status))?
            .into_inner();
        self.output.answer(&shapes::batch_file(&answer), |output| {
            batch_text(&answer, output)
        })?;
        Ok(Exit::Good)
    }

    /// One page, or all of them one after the other.
    async fn list(self, args: ListArgs) -> Result<Exit, Failure> {
        let mut request = ListBatchesRequest {
            page_size: args.page_size,
            page_token: args.page_token.unwrap_or_default(),
        };
        let mut is_first = true;
        loop {
            let answer = self
                .client()
                .list_batches(self.connection.request(request.clone()))
                .await
                .map_err(|status| self.connection.failure(status))?
                .into_inner();
            if args.all && self.output.is_json() {
                for batch in &answer.batches {
                    let shape = shapes::making_batch(batch);
                    self.output.answer(&shape, |_| String::new())?;
                }
            } else if is_first || !answer.batches.is_empty() {
                self.output.answer(&shapes::batches(&answer), |output| {
                    page_text(&answer, args.all, output)
                })?;
            }
            if !args.all || answer.next_page_token.is_empty() || self.output.is_closed() {
                return Ok(Exit::Good);
            }
            is_first = false;
            request.page_token = answer.next_page_token;
        }
    }

    fn unsure(&self, status: Status, request_id: &str) -> Failure {
        self.connection.failure(status).of_request(request_id)
    }

    /// Shows what became of it, and puts the file where it belongs.
    fn tell(
        self,
        outcome: Option<MakingOutcome>,
        is_dry_run: bool,
        file: Option<PlacedFile>,
    ) -> Result<Exit, Failure> {
        let outcome = outcome.ok_or(Failure::IncompleteAnswer)?;
        let placed = match file {
            Some(file) if !outcome.file_name.is_empty() => {
                Some(file.place(&outcome.file_name, &outcome.content)?)
            }
            _ => None,
        };
        let shape = shapes::making_outcome(&outcome, is_dry_run);
        self.output.answer(&shape, |output| {
            outcome_text(&outcome, is_dry_run, placed.as_deref(), output)
        })?;
        let is_good = outcome.refused == 0 && (outcome.good > 0 || outcome.already);
        Ok(if is_good { Exit::Good } else { Exit::Refused })
    }
}

fn selection(args: SelectionArgs, request_id: String, dry_run: bool) -> MakeCardMakingFileRequest {
    let students = if args.students.is_empty() {
        Students::Conditions(StudentConditions {
            school_code: args.school.unwrap_or_default(),
            cohort: args.cohort.unwrap_or_default(),
            class_name: args.class.unwrap_or_default(),
            ..StudentConditions::default()
        })
    } else {
        let student_numbers = args.students;
        Students::Chosen(ChosenStudents { student_numbers })
    };
    MakeCardMakingFileRequest {
        request_id,
        menu: menu(args.menu).into(),
        students: Some(students),
        accept_good: args.accept_good,
        dry_run,
    }
}

fn menu(menu: Menu) -> v1::MakingMenu {
    match menu {
        Menu::New => v1::MakingMenu::New,
        Menu::Reissue => v1::MakingMenu::Reissue,
    }
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(file).map_err(|cause| Failure::ReadFile {
        file: file.to_owned(),
        cause,
    })
}

fn name_of(file: &Path) -> String {
    let name = file.file_name();
    name.map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// A file whose name is known only with its content. It is begun before the
/// daemon is asked, so that a folder that cannot be written to is noticed before
/// anything is changed. Readable by its owner alone.
struct PlacedFile {
    folder: PathBuf,
    begun: PathBuf,
}

impl PlacedFile {
    fn begin(folder: &Path, request_id: &str) -> Result<Self, Failure> {
        let safe = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let name: String = request_id.chars().map(safe).collect();
        let begun = folder.join(format!(".{name}.{}.part", std::process::id()));
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&begun)
            .map_err(|cause| failed(&begun, cause))?;
        Ok(Self {
            folder: folder.to_owned(),
            begun,
        })
    }

    /// Writes the file under its name. One that is there already stays when it
    /// is the same, and else is left alone.
    fn place(self, name: &str, content: &[u8]) -> Result<PathBuf, Failure> {
        let name = Path::new(name).file_name().unwrap_or_default();
        let path = self.folder.join(name);
        self.write(content)
            .map_err(|cause| failed(&self.begun, cause))?;
        match fs::hard_link(&self.begun, &path) {
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {
                let is_same = fs::read(&path).is_ok_and(|there| there == content);
                is_same.then_some(()).ok_or_else(|| failed(&path, cause))?;
            }
            linked => linked.map_err(|cause| failed(&path, cause))?,
        }
        Ok(path)
    }

    fn write(&self, content: &[u8]) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).open(&self.begun)?;
        file.write_all(content)?;
        file.sync_all()
    }
}

impl Drop for PlacedFile {
    fn drop(&mut self) {
        // There is nobody to tell who has not been told of worse.
        fs::remove_file(&self.begun).ok();
    }
}

fn failed(path: &Path, cause: io::Error) -> Failure {
    let file = path.to_owned();
    Failure::WriteFile { file, cause }
}

fn outcome_text(
    outcome: &MakingOutcome,
    is_dry_run: bool,
    placed: Option<&Path>,
    output: &Output,
) -> String {
    let mut parts = Vec::new();
    if !outcome.refused_rows.is_empty() {
        parts.push(refused_text(outcome, output));
    }
    let mut fields = Fields::default();
    fields
        .add(output.word(Word::Rows), outcome.received.to_string())
        .add(output.word(Word::MakingGood), outcome.good.to_string())
        .add(output.word(Word::Refused), outcome.refused.to_string());
    parts.push(fields.to_text());
    let (batch, good) = (outcome.batch.to_string(), outcome.good.to_string());
    let values = [("batch", batch.as_str()), ("good", good.as_str())];
    parts.push(if is_dry_run && !outcome.already {
        output.with(Word::MakingChecked, &values)
    } else if outcome.done && outcome.batch != 0 {
        output.with(Word::MakingDone, &values)
    } else if outcome.done {
        output.with(Word::MakingReceived, &values)
    } else if outcome.already {
        output.word(Word::MakingAlready).to_owned()
    } else {
        output.word(Word::MakingStopped).to_owned()
    });
    if let Some(path) = placed {
        let file = path.to_string_lossy();
        parts.push(output.with(Word::MakingWritten, &[("file", &file)]));
    }
    parts.join("\n")
}

fn refused_text(outcome: &MakingOutcome, output: &Output) -> String {
    let heading = [Word::Row, Word::StudentNumber, Word::Column, Word::Problem];
    let heading = heading.map(|word| output.word(word).to_owned()).to_vec();
    let between = output.language.choose("，", "; ");
    let rows = outcome.refused_rows.iter().map(|row| {
        let card = match row.card_number.as_str() {
            "" => String::new(),
            number => format!(" ({number})"),
        };
        let remedy = match row.remedy.as_str() {
            "" => String::new(),
            remedy => format!("{between}{remedy}"),
        };
        vec![
            row.row.to_string(),
            row.student_number.clone(),
            row.column.clone(),
            format!("{}{card}{remedy}", row.message),
        ]
    });
    layout::columns(std::iter::once(heading).chain(rows).collect())
}

fn counts_text(batch: &MakingBatch, output: &Output) -> String {
    let counts = batch.counts.iter().map(|count| {
        let state = output.word(protocol_words::making_state(count.state()));
        format!("{state} {}", count.count)
    });
    counts
        .collect::<Vec<_>>()
        .join(output.language.choose("，", ", "))
}

fn menu_word(batch: &MakingBatch, output: &Output) -> String {
    output
        .word(protocol_words::making_menu(batch.menu()))
        .to_owned()
}

fn page_text(answer: &ListBatchesResponse, is_one_of_all: bool, output: &Output) -> String {
    if answer.batches.is_empty() {
        return output.word(Word::NoBatches).to_owned();
    }
    let heading = [
        Word::MakingBatch,
        Word::MakingMenu,
        Word::School,
        Word::MakingCounts,
    ];
    let heading = heading.map(|word| output.word(word).to_owned()).to_vec();
    let rows = answer.batches.iter().map(|batch| {
        vec![
            batch.batch.to_string(),
            menu_word(batch, output),
            batch.school_code.clone(),
            counts_text(batch, output),
        ]
    });
    let mut text = layout::columns(std::iter::once(heading).chain(rows).collect());
    if !is_one_of_all && !answer.next_page_token.is_empty() {
        let values = [("token", answer.next_page_token.as_str())];
        text.push('\n');
        text.push_str(&output.with(Word::NextPage, &values));
    }
    text
}

fn batch_text(answer: &GetBatchResponse, output: &Output) -> String {
    let batch = answer.batch.clone().unwrap_or_default();
    let of = |number: u32| match number {
        0 => String::new(),
        number => number.to_string(),
    };
    let mut fields = Fields::default();
    fields
        .add(output.word(Word::MakingBatch), batch.batch.to_string())
        .add(output.word(Word::MakingMenu), menu_word(&batch, output))
        .add(output.word(Word::School), batch.school_code.as_str())
        .add(output.word(Word::MakingFileNumber), of(batch.file_number))
        .add(output.word(Word::MakingCounts), counts_text(&batch, output))
        .add(output.word(Word::MakingSpoilt), batch.spoilt.to_string())
        .add(output.word(Word::MakingFeeDue), yuan(batch.fee_due_fen));
    let rows = answer.requests.iter().map(|request| {
        let state = protocol_words::making_state(request.state());
        vec![
            request.student_number.clone(),
            request.name.clone(),
            request.class_name.clone(),
            output.word(state).to_owned(),
            request.card_number.clone(),
        ]
    });
    [fields.to_text(), layout::columns(rows.collect())].join("\n\n")
}

/// An amount as it is paid.
fn yuan(fen: u64) -> String {
    format!("¥{}.{:02}", fen / 100, fen % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_has_two_places() {
        assert_eq!(yuan(0), "¥0.00");
        assert_eq!(yuan(2_005), "¥20.05");
    }

    #[test]
    fn a_file_stays_in_its_folder_and_replaces_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name, content: &[u8]| {
            let file = PlacedFile::begin(folder.path(), "r/1")?;
            file.place(name, content)
        };
        let path = place("../a.txt", b"1").unwrap();
        assert_eq!(path, folder.path().join("a.txt"));
        assert!(place("a.txt", b"1").is_ok(), "the same again");
        let other = place("a.txt", b"2").unwrap_err();
        let is_there = matches!(&other, Failure::WriteFile { cause, .. }
            if cause.kind() == io::ErrorKind::AlreadyExists);
        assert!(is_there, "{other:?}");
        assert_eq!(fs::read(&path).unwrap(), b"1");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(PlacedFile::begin(&folder.path().join("none"), "r").is_err());
    }
}
