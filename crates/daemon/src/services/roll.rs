//! Taking in a roll: the parts of a file in; what was seen of it, refusals, the
//! file of verdicts and totals out.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_stream::{Stream, StreamExt, wrappers::ReceiverStream};
use tonic::{Status, Streaming};
use xueka_api::v1::{
    ImportOptions, ImportStudentsRequest, ImportStudentsResponse, import_students_request as asked,
    import_students_response::Part,
};
use xueka_desk::{Desk, DeskError, FileFault, RollOptions, TakenRoll};
use xueka_domain::Language;
use xueka_files::{FileError, ListFormat, RollColumn, write_verdicts};

use super::request_id;
use crate::{convert, gate::Call, status::ServiceError};

/// The most bytes of a file in one message.
const MOST_BYTES: usize = 1024 * 1024;

/// The bytes of the file of verdicts that one message carries.
const PIECE: usize = 256 * 1024;

type Answers = mpsc::Sender<Result<ImportStudentsResponse, Status>>;

/// Why the work ended before its end.
enum End {
    /// The caller is to be told.
    Failed(ServiceError),
    /// The connection failed with this.
    Broken(Status),
    /// The caller does not listen any more.
    Deserted,
}

impl<E: Into<ServiceError>> From<E> for End {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Takes in the file and answers.
pub(super) fn take_in(
    desk: Arc<Desk>,
    call: Call,
    parts: Streaming<ImportStudentsRequest>,
) -> impl Stream<Item = Result<ImportStudentsResponse, Status>> + Send {
    let (answers, stream) = mpsc::channel(64);
    tokio::spawn(async move {
        let status = match import(&desk, &call, parts, &answers).await {
            Ok(()) | Err(End::Deserted) => return,
            Err(End::Failed(error)) => error.into_status(call.language),
            Err(End::Broken(status)) => status,
        };
        // Whoever went away does not need to hear it.
        answers.send(Err(status)).await.ok();
    });
    ReceiverStream::new(stream)
}

async fn import(
    desk: &Desk,
    call: &Call,
    mut parts: Streaming<ImportStudentsRequest>,
    answers: &Answers,
) -> Result<(), End> {
    let asked = options(&mut parts).await?;
    let request = request_id(&asked.request_id)?;
    let settings = desk.roll_settings();
    let layout = convert::roll_layout(&settings.layout, asked.layout)?;
    let verdicts = convert::list_format("verdicts", asked.verdicts)?;
    let options = RollOptions {
        accept_good_rows: asked.accept_good_rows,
        correct_names: asked.correct_names,
        dry_run: asked.dry_run,
    };
    let bytes = receive(&mut parts, settings.limits.max_file_bytes).await?;
    let roll = desk.read_roll(bytes, layout).await?;
    tell(answers, Part::Seen(convert::seen_roll(&roll))).await?;
    let taken = desk
        .take_in_roll(&call.caller, request, roll, options)
        .await?;
    answer(taken, verdicts, call.language, answers).await
}

/// Tells what became of a roll. Should the file of verdicts not be made, the
/// totals are told all the same, for what was taken is taken.
async fn answer(
    taken: TakenRoll,
    verdicts: Option<ListFormat>,
    language: Language,
    answers: &Answers,
) -> Result<(), End> {
    for fault in &taken.faults {
        let refused = convert::refused_roll_row(fault, language);
        tell(answers, Part::Refused(refused)).await?;
    }
    let totals = convert::import_totals(&taken);
    let written = match verdicts {
        Some(format) => verdict_file(taken, format, language).await,
        None => Ok(Vec::new()),
    };
    let (file, failure) = match written {
        Ok(file) => (file, None),
        Err(failure) => (Vec::new(), Some(failure)),
    };
    for piece in file.chunks(PIECE) {
        tell(answers, Part::Verdicts(piece.to_vec())).await?;
    }
    tell(answers, Part::Totals(totals)).await?;
    failure.map_or(Ok(()), |failure| Err(failure.into()))
}

/// Written where nobody else waits for it: a list can have a million lines.
async fn verdict_file(
    taken: TakenRoll,
    format: ListFormat,
    language: Language,
) -> Result<Vec<u8>, ServiceError> {
    let writing = tokio::task::spawn_blocking(move || {
        let verdicts = convert::roll_verdicts(&taken, language);
        write_verdicts(&verdicts, format, language)
    });
    let written = writing
        .await
        .map_err(|_| ServiceError::Internal("a worker thread died"))?;
    written.map_err(|error| DeskError::FileNotMade(error).into())
}

/// The first message.
async fn options(parts: &mut Streaming<ImportStudentsRequest>) -> Result<ImportOptions, End> {
    match next(parts).await? {
        Some(asked::Part::Options(options)) => Ok(options),
        _ => Err(ServiceError::argument("options", "the first message carries them").into()),
    }
}

/// The whole file, refused at the first byte too many.
async fn receive(
    parts: &mut Streaming<ImportStudentsRequest>,
    limit: usize,
) -> Result<Vec<u8>, End> {
    let mut file = Vec::new();
    while let Some(part) = next(parts).await? {
        let asked::Part::Content(content) = part else {
            return Err(ServiceError::argument("options", "they come once, at first").into());
        };
        if content.len() > MOST_BYTES {
            return Err(ServiceError::argument("content", "at most 1 MiB in one message").into());
        }
        if content.len() > limit.saturating_sub(file.len()) {
            let too_large = FileError::<RollColumn>::TooLarge { limit };
            return Err(DeskError::from(FileFault::of(&too_large)).into());
        }
        file.extend(content);
    }
    Ok(file)
}

async fn next(parts: &mut Streaming<ImportStudentsRequest>) -> Result<Option<asked::Part>, End> {
    match parts.next().await {
        None => Ok(None),
        Some(Err(status)) => Err(End::Broken(status)),
        Some(Ok(message)) => message
            .part
            .map(Some)
            .ok_or_else(|| ServiceError::argument("part", "an empty message").into()),
    }
}

async fn tell(answers: &Answers, part: Part) -> Result<(), End> {
    let message = ImportStudentsResponse { part: Some(part) };
    answers.send(Ok(message)).await.map_err(|_| End::Deserted)
}
