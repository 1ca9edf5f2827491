//! Batches of cards to be made (制卡批次): how a card-making file becomes
//! requests, cards and a delivery, at the school and at the district.

use jiff::Timestamp;
use xueka_domain::{
    CardIdentity, CardNumber, CardState, DistrictCode, RequestKind, RequestState, RollEntry,
    SchoolCode, StudentName, StudentNumber, Uid,
};

use crate::{
    CardOrder, CardRequest, OrderRefusal, Registry, RegistryError, RequestId, RequestStep, Stamp,
    sqlite,
};

/// The name of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BatchId(pub u64);

/// Where the card-making file of a batch came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BatchSide {
    /// It was made here, at a school.
    Made,
    /// It was taken in here, at the district.
    Taken,
}

/// What the card-making file of a batch says of itself, as far as it does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BatchMarks {
    /// The district.
    pub district: Option<DistrictCode>,
    /// The school.
    pub school: Option<SchoolCode>,
    /// The year.
    pub year: Option<u16>,
    /// The number of the file at its school.
    pub file_number: Option<u32>,
}

/// A batch of cards to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Its name.
    pub id: BatchId,
    /// Made here or taken in here.
    pub side: BatchSide,
    /// New issue or reissue.
    pub kind: RequestKind,
    /// What its file says of itself.
    pub marks: BatchMarks,
    /// How many of its requests stand where; states without any are left out.
    pub states: Vec<(RequestState, u64)>,
    /// How many cards the factory spoilt.
    pub n_spoilt: u64,
    /// What its students pay together and have not paid, in fen.
    pub fee_due_fen: u64,
    /// When it was made or taken in.
    pub open_time: Timestamp,
}

/// A student of a batch, as the files of the batch tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchRow {
    /// What the roll says.
    pub entry: RollEntry,
    /// Where the card stands that is replaced; with a reissue only.
    pub old_state: Option<CardState>,
    /// The number of the card that is replaced, where it is known.
    pub old_number: Option<CardNumber>,
}

/// What a file of a batch is written from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchDraft {
    /// The batch.
    pub id: BatchId,
    /// New issue or reissue.
    pub kind: RequestKind,
    /// What its file says of itself.
    pub marks: BatchMarks,
    /// Its students, in the order of their requests.
    pub rows: Vec<BatchRow>,
}

/// A card of a batch, as the factory and the delivery tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProducedCard {
    /// Whose it is; there unless it was spoilt.
    pub student: Option<StudentNumber>,
    /// Its number.
    pub number: Option<CardNumber>,
    /// Its UID; number or UID is there.
    pub uid: Option<Uid>,
    /// Whether it was ruined.
    pub is_spoilt: bool,
}

/// A file of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchFile {
    /// Its name; no path.
    pub name: String,
    /// Its bytes. They hold names and numbers.
    pub content: Vec<u8>,
}

/// How a file of rows is taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TakeOptions {
    /// SHA-256 of the file, by which it is known when it comes again.
    pub digest: [u8; 32],
    /// Take the rows that can be taken though others are refused.
    pub accept_good_rows: bool,
    /// Judge the rows and change nothing.
    pub dry_run: bool,
}

/// A row of a card-making file, at the district.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenRow {
    /// The row's number in its file; refusals repeat it.
    pub row: u64,
    /// Who.
    pub student: StudentNumber,
    /// The name, which has to be the one on record.
    pub name: StudentName,
}

/// A card-making file to be taken in at the district.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenBatch {
    /// The menu under which it is taken.
    pub kind: RequestKind,
    /// What it says of itself.
    pub marks: BatchMarks,
    /// Its rows, no student twice.
    pub rows: Vec<TakenRow>,
    /// What a reissue costs where a fee is due, in fen.
    pub fee_fen: u32,
    /// How it is taken.
    pub options: TakeOptions,
}

/// A factory result or a delivery to be taken in: rows with their numbers in
/// the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenCards {
    /// The cards.
    pub rows: Vec<(u64, ProducedCard)>,
    /// How it is taken.
    pub options: TakeOptions,
}

/// What became of something that was asked of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchOutcome {
    /// The batch; `None` when none was made.
    pub batch: Option<BatchId>,
    /// How many students, requests or rows are good.
    pub n_good: u64,
    /// Those that are refused, in the order of their rows.
    pub refused: Vec<RefusedBatchRow>,
    /// The file was taken in before, or the step was taken before: nothing was
    /// changed.
    pub already: bool,
    /// Whether something was changed.
    pub done: bool,
    /// The file that was written.
    pub file: Option<BatchFile>,
    /// The registry's version afterwards.
    pub version: u64,
}

/// A row, or a student, that is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedBatchRow {
    /// The row in the file; in an order, the place of the student from 1.
    pub row: u64,
    /// Why.
    pub reason: BatchRefusal,
    /// The card in the way.
    pub card: Option<CardIdentity>,
}

/// Why a row of a batch's file is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BatchRefusal {
    /// No card is requested for the student.
    Order(OrderRefusal),
    /// The student number is on record with another name.
    NameDiffers,
    /// The student is of another school than the file.
    OtherSchool,
    /// No request of the student is in the batch, or at a delivery none is open.
    NoRequest,
    /// The request is not where this could happen to it.
    NotNow,
    /// The card number is on record, or was said of another card.
    NumberTaken,
    /// The UID is another card's that is known by its UID alone.
    UidTaken,
    /// The student has a card.
    StudentHasCard,
}

impl BatchRefusal {
    /// All refusals; kept answers name them by their places, so only ever add
    /// at the end.
    pub const ALL: [Self; 13] = [
        Self::Order(OrderRefusal::UnknownStudent),
        Self::Order(OrderRefusal::StudentLeft),
        Self::Order(OrderRefusal::AlreadyRequested),
        Self::Order(OrderRefusal::HoldsCard),
        Self::Order(OrderRefusal::NeedsReissue),
        Self::Order(OrderRefusal::NothingToReplace),
        Self::NameDiffers,
        Self::NoRequest,
        Self::NotNow,
        Self::NumberTaken,
        Self::UidTaken,
        Self::StudentHasCard,
        Self::OtherSchool,
    ];

    /// The refusal as a stable upper-case word for programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Order(refusal) => refusal.code(),
            Self::NameDiffers => "NAME_DIFFERS",
            Self::OtherSchool => "OTHER_SCHOOL",
            Self::NoRequest => "NO_REQUEST",
            Self::NotNow => "NOT_NOW",
            Self::NumberTaken => "NUMBER_TAKEN",
            Self::UidTaken => "UID_TAKEN",
            Self::StudentHasCard => "STUDENT_HAS_CARD",
        }
    }
}

impl BatchSide {
    /// Both sides.
    pub const ALL: [Self; 2] = [Self::Made, Self::Taken];

    /// The side as a stable upper-case word for programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Made => "MADE",
            Self::Taken => "TAKEN",
        }
    }
}

impl Registry {
    /// Requests cards for students and makes the card-making file for them, in
    /// one transaction; `write` makes the file and is called within it, perhaps
    /// more than once. Students are judged as in
    /// [`request_cards`](Self::request_cards); a dry run makes the file, too,
    /// and forgets it.
    ///
    /// # Errors
    ///
    /// [`RegistryError::RequestIdReused`]; inside, what `write` refused.
    pub async fn make_batch<E: Send + 'static>(
        &self,
        request: RequestId,
        stamp: Stamp,
        order: CardOrder,
        marks: BatchMarks,
        mut write: impl FnMut(&BatchDraft) -> Result<BatchFile, E> + Send + 'static,
    ) -> Result<Result<BatchOutcome, E>, RegistryError> {
        self.database
            .change("making a card-making file", move |sql| {
                sqlite::make_batch(sql, &stamp, &request, &order, &marks, &mut write)
            })
            .await
    }

    /// Takes a card-making file in at the district: requests cards for its
    /// students, in one transaction. One refused row means that none is taken,
    /// unless the good ones are wanted alone; a file that was taken before
    /// changes nothing.
    ///
    /// # Errors
    ///
    /// [`RegistryError::RequestIdReused`].
    pub async fn take_batch(
        &self,
        request: RequestId,
        stamp: Stamp,
        batch: TakenBatch,
    ) -> Result<BatchOutcome, RegistryError> {
        self.database
            .change("taking in a card-making file", move |sql| {
                sqlite::take_batch(sql, &stamp, &request, &batch)
            })
            .await
    }

    /// Takes those requests of a batch a step further that can take it.
    ///
    /// # Errors
    ///
    /// Refused as [`BatchNotFound`](crate::Refusal::BatchNotFound);
    /// [`RegistryError::RequestIdReused`].
    pub async fn step_batch(
        &self,
        request: RequestId,
        stamp: Stamp,
        batch: BatchId,
        step: RequestStep,
    ) -> Result<BatchOutcome, RegistryError> {
        self.database
            .change("taking a batch further", move |sql| {
                sqlite::step_batch(sql, &stamp, &request, batch, step)
            })
            .await
    }

    /// Sends the confirmed requests of a batch to the factory: makes the file for
    /// it as in [`make_batch`](Self::make_batch). When none is confirmed, the
    /// file that was made last is given again.
    ///
    /// # Errors
    ///
    /// Those of [`step_batch`](Self::step_batch); inside, what `write` refused.
    pub async fn send_to_factory<E: Send + 'static>(
        &self,
        request: RequestId,
        stamp: Stamp,
        batch: BatchId,
        mut write: impl FnMut(&BatchDraft) -> Result<BatchFile, E> + Send + 'static,
    ) -> Result<Result<BatchOutcome, E>, RegistryError> {
        self.database
            .change("making a file for the factory", move |sql| {
                sqlite::send_to_factory(sql, &stamp, &request, batch, &mut write)
            })
            .await
    }

    /// Takes in what the factory says of the cards of a batch. A student of whom
    /// there are only spoilt cards is confirmed again, for the next file for the
    /// factory.
    ///
    /// # Errors
    ///
    /// Those of [`step_batch`](Self::step_batch).
    pub async fn take_factory_result(
        &self,
        request: RequestId,
        stamp: Stamp,
        batch: BatchId,
        cards: TakenCards,
    ) -> Result<BatchOutcome, RegistryError> {
        self.database
            .change("taking in a factory result", move |sql| {
                sqlite::take_result(sql, &stamp, &request, batch, &cards)
            })
            .await
    }

    /// Delivers the cards of a batch that the factory made: they are on record
    /// from now on, and the file for the school names them. When there are none,
    /// the file that was made last is given again.
    ///
    /// # Errors
    ///
    /// Those of [`step_batch`](Self::step_batch); inside, what `write` refused.
    pub async fn deliver_batch<E: Send + 'static>(
        &self,
        request: RequestId,
        stamp: Stamp,
        batch: BatchId,
        mut write: impl FnMut(&BatchDraft, &[ProducedCard]) -> Result<BatchFile, E> + Send + 'static,
    ) -> Result<Result<BatchOutcome, E>, RegistryError> {
        self.database
            .change("delivering a batch", move |sql| {
                sqlite::deliver_batch(sql, &stamp, &request, batch, &mut write)
            })
            .await
    }

    /// Takes in the cards that have come to the school, each for the open
    /// request of its student, which comes to
    /// [`Delivered`](RequestState::Delivered) from wherever it stands.
    ///
    /// # Errors
    ///
    /// [`RegistryError::RequestIdReused`].
    pub async fn receive_cards(
        &self,
        request: RequestId,
        stamp: Stamp,
        cards: TakenCards,
    ) -> Result<BatchOutcome, RegistryError> {
        self.database
            .change("taking in a delivery", move |sql| {
                sqlite::receive_cards(sql, &stamp, &request, &cards)
            })
            .await
    }

    /// A batch with its requests, oldest first; `None` when there is none.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub async fn find_batch(
        &self,
        id: BatchId,
    ) -> Result<Option<(Batch, Vec<CardRequest>)>, RegistryError> {
        self.database
            .read("looking up a batch", move |sql| sqlite::find_batch(sql, id))
            .await
    }

    /// At most `limit` batches (1 to 1,000; others are brought into that range),
    /// the oldest first, those after `after` or from the first.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub async fn list_batches(
        &self,
        after: Option<BatchId>,
        limit: usize,
    ) -> Result<Vec<Batch>, RegistryError> {
        self.database
            .read("listing batches", move |sql| {
                sqlite::list_batches(sql, after, limit)
            })
            .await
    }
}
