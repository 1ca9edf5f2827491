//! Card-making files: made at the school, taken in at the district, sent to the
//! factory and delivered.

use std::collections::HashMap;

use jiff::{Timestamp, tz::TimeZone};
use sha2::{Digest as _, Sha256};
use xueka_domain::{
    CardIdentity, CardState, DistrictCode, Language, RequestKind, SchoolCode, StudentNumber,
};
use xueka_files::{
    ColumnName, FactoryLayout, FactoryResult, FactoryRow, Limits, MakingFile, MakingLayout,
    MakingRow, Mark, Marks, Menu, Outcome, ReissueCause, RowError, RowProblem, WriteError,
    parse_factory_result, parse_making_file, write_factory_result, write_making_file,
};
use xueka_registry::{
    Batch, BatchDraft, BatchFile, BatchId, BatchMarks, BatchOutcome, BatchRefusal, BatchRow,
    CardOrder, CardRequest, ProducedCard, Refusal, RegistryError, RequestId, RequestStep,
    StudentFilter, TakeOptions, TakenBatch, TakenCards, TakenRow,
};

use crate::{Caller, Desk, DeskError, FileFault, students::apart};

/// What holds for all card-making files of a desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MakingSettings {
    /// The district, which stands in the files and has to.
    pub district: Option<DistrictCode>,
    /// The school, where this is a school's desk.
    pub school: Option<SchoolCode>,
    /// What a reissue costs where a fee is due, in fen.
    pub fee_fen: u32,
    /// How the files for the district and for the factory look.
    pub file: MakingLayout,
    /// How the files from the factory and from the district look.
    pub factory_result: FactoryLayout,
}

impl Default for MakingSettings {
    fn default() -> Self {
        Self {
            district: None,
            school: None,
            fee_fen: 2_000,
            file: MakingLayout::default(),
            factory_result: FactoryLayout::default(),
        }
    }
}

impl MakingSettings {
    /// The most students of one file.
    pub const MOST_ROWS: usize = 10_000;
    /// The most bytes of one file: 3 MiB.
    pub const MOST_BYTES: usize = 3 * 1024 * 1024;

    fn limits() -> Limits {
        Limits {
            max_file_bytes: Self::MOST_BYTES,
            max_rows: Self::MOST_ROWS,
            ..Limits::default()
        }
    }
}

/// How something is made or taken in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MakingOptions {
    /// Go on with the good ones though others are refused.
    pub accept_good: bool,
    /// Judge and change nothing.
    pub dry_run: bool,
}

/// What became of a batch or a file, or after a dry run, what would.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MakingResult {
    /// What the registry made of it.
    pub outcome: BatchOutcome,
    /// Rows of the file, or students who were chosen.
    pub n_received: u64,
    /// All that is wrong with rows, in their order.
    pub faults: Vec<MakingFault>,
}

/// Something wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MakingFault {
    /// The row as people count, or the place of the student from 1.
    pub row: u64,
    /// The student, where the row tells.
    pub student: Option<StudentNumber>,
    /// What is wrong.
    pub problem: MakingProblem,
    /// The card in the way.
    pub card: Option<CardIdentity>,
}

/// Who found something wrong with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MakingProblem {
    /// The row is wrong by itself, or beside other rows of its file.
    InFile {
        /// The heading of the column in Chinese and in English; empty when it is
        /// the row as a whole.
        column: [&'static str; 2],
        /// What is wrong.
        problem: RowProblem,
    },
    /// The row does not fit what is on record.
    OnRecord(BatchRefusal),
}

impl MakingResult {
    /// How many rows have something wrong.
    #[must_use]
    pub fn n_refused(&self) -> u64 {
        let rows = self.faults.chunk_by(|one, next| one.row == next.row);
        u64::try_from(rows.count()).unwrap_or(u64::MAX)
    }

    fn new<C: ColumnName>(
        outcome: BatchOutcome,
        n_received: usize,
        errors: &[RowError<C>],
        students: &HashMap<u64, StudentNumber>,
    ) -> Self {
        let in_file = errors.iter().map(|error| MakingFault {
            row: error.row,
            student: students.get(&error.row).cloned(),
            problem: MakingProblem::InFile {
                column: [Language::Chinese, Language::English]
                    .map(|language| error.column.map_or("", |column| column.name(language))),
                problem: error.problem,
            },
            card: None,
        });
        let on_record = outcome.refused.iter().map(|refused| MakingFault {
            row: refused.row,
            student: students.get(&refused.row).cloned(),
            problem: MakingProblem::OnRecord(refused.reason),
            card: refused.card,
        });
        let mut faults: Vec<_> = in_file.chain(on_record).collect();
        faults.sort_by_key(|fault| fault.row);
        Self {
            outcome,
            n_received: u64::try_from(n_received).unwrap_or(u64::MAX),
            faults,
        }
    }

    /// What became of a batch of which no rows were told.
    fn of_batch(outcome: BatchOutcome) -> Self {
        let n_received = usize::try_from(outcome.n_good).unwrap_or(usize::MAX);
        Self::new::<xueka_files::MakingField>(outcome, n_received, &[], &HashMap::new())
    }
}

impl Desk {
    /// The numbers of the students for whom the conditions hold, in their order.
    ///
    /// # Errors
    ///
    /// [`DeskError::FileNotMade`] when they are more than one file holds;
    /// [`DeskError::Registry`].
    pub async fn students_of(
        &self,
        filter: StudentFilter,
    ) -> Result<Vec<StudentNumber>, DeskError> {
        let mut numbers = Vec::new();
        let mut after = None;
        loop {
            let page = self.registry.search_students(filter.clone(), after, 1_000);
            let page = page.await?;
            let found = page.students.into_iter();
            numbers.extend(found.map(|found| found.entry.student.number));
            let limit = MakingSettings::MOST_ROWS;
            if numbers.len() > limit {
                return Err(DeskError::FileNotMade(WriteError::TooManyRows { limit }));
            }
            after = page.next;
            if after.is_none() {
                return Ok(numbers);
            }
        }
    }

    /// Requests cards for students and makes the file for the district. The
    /// school is the one given, else that of the configuration.
    ///
    /// # Errors
    ///
    /// [`DeskError::FileNotMade`], [`DeskError::Registry`]; nothing was changed.
    pub async fn make_card_making_file(
        &self,
        caller: &Caller,
        request: RequestId,
        kind: RequestKind,
        students: Vec<StudentNumber>,
        school: Option<SchoolCode>,
        options: MakingOptions,
    ) -> Result<MakingResult, DeskError> {
        let stamp = self.stamp(caller);
        let marks = BatchMarks {
            district: self.making.district,
            school: school.or_else(|| self.making.school.clone()),
            year: Some(year_of(stamp.now)),
            file_number: None,
        };
        let by_row: HashMap<_, _> = (1..).zip(students.iter().cloned()).collect();
        let n_received = students.len();
        let order = CardOrder {
            students,
            kind,
            fee_fen: self.making.fee_fen,
            accept_good: options.accept_good,
            dry_run: options.dry_run,
        };
        let layout = self.making.file.clone();
        let write = move |draft: &BatchDraft| making_file(draft, &layout);
        let made = self
            .registry
            .make_batch(request, stamp, order, marks, write);
        let outcome = made.await?.map_err(DeskError::FileNotMade)?;
        let none: &[RowError<xueka_files::MakingField>] = &[];
        Ok(MakingResult::new(outcome, n_received, none, &by_row))
    }

    /// Takes a school's file in at the district.
    ///
    /// # Errors
    ///
    /// [`DeskError::FileNotUsable`], [`DeskError::Registry`]; nothing was
    /// changed.
    pub async fn take_card_making_file(
        &self,
        caller: &Caller,
        request: RequestId,
        kind: RequestKind,
        name: Option<&str>,
        content: Vec<u8>,
        options: MakingOptions,
    ) -> Result<MakingResult, DeskError> {
        let digest = Sha256::digest(&content).into();
        let layout = self.making.file.clone();
        let file = apart(move || {
            parse_making_file(&content, &layout, &MakingSettings::limits())
                .map_err(|error| FileFault::of(&error).into())
        });
        let file: MakingFile = file.await?;
        let expected = Marks {
            district: self.making.district,
            menu: Some(menu_of(kind)),
            ..Marks::default()
        };
        let said_by_name = name.and_then(|name| self.making.file.marks_of_name(name));
        agree(&file.marks, &[Some(expected), said_by_name])?;
        let options = take_options(digest, options, file.errors.is_empty());
        let rows = file.rows.iter().map(|row| TakenRow {
            row: row.row,
            student: row.value.student.number.clone(),
            name: row.value.student.name.clone(),
        });
        let batch = TakenBatch {
            kind,
            marks: BatchMarks {
                district: file.marks.district,
                school: file.marks.school.clone(),
                year: file.marks.year,
                file_number: file.marks.batch,
            },
            rows: rows.collect(),
            fee_fen: self.making.fee_fen,
            options,
        };
        let students = file.rows.iter();
        let by_row = students.map(|row| (row.row, row.value.student.number.clone()));
        let by_row = by_row.collect();
        let stamp = self.stamp(caller);
        let outcome = self.registry.take_batch(request, stamp, batch).await?;
        let n_rows = file.n_rows;
        Ok(MakingResult::new(outcome, n_rows, &file.errors, &by_row))
    }

    /// Takes those requests of a batch a step further that can take it.
    ///
    /// # Errors
    ///
    /// [`DeskError::Registry`].
    pub async fn step_batch(
        &self,
        caller: &Caller,
        request: RequestId,
        batch: BatchId,
        step: RequestStep,
    ) -> Result<MakingResult, DeskError> {
        let stamp = self.stamp(caller);
        let outcome = self.registry.step_batch(request, stamp, batch, step);
        Ok(MakingResult::of_batch(outcome.await?))
    }

    /// Sends the confirmed requests of a batch to the factory.
    ///
    /// # Errors
    ///
    /// [`DeskError::FileNotMade`], [`DeskError::Registry`]; nothing was changed.
    pub async fn send_batch_to_factory(
        &self,
        caller: &Caller,
        request: RequestId,
        batch: BatchId,
    ) -> Result<MakingResult, DeskError> {
        let stamp = self.stamp(caller);
        let layout = self.making.file.clone();
        let write = move |draft: &BatchDraft| making_file(draft, &layout);
        let sent = self.registry.send_to_factory(request, stamp, batch, write);
        let outcome = sent.await?.map_err(DeskError::FileNotMade)?;
        Ok(MakingResult::of_batch(outcome))
    }

    /// Takes in what the factory says, for the batch given or the one that the
    /// file names.
    ///
    /// # Errors
    ///
    /// [`DeskError::FileNotUsable`], [`DeskError::Registry`]; nothing was
    /// changed.
    pub async fn take_factory_result(
        &self,
        caller: &Caller,
        request: RequestId,
        batch: Option<BatchId>,
        name: Option<&str>,
        content: Vec<u8>,
        options: MakingOptions,
    ) -> Result<MakingResult, DeskError> {
        let digest = Sha256::digest(&content).into();
        let file = self.factory_result(content).await?;
        let number = batch.map(|batch| u32::try_from(batch.0).unwrap_or(u32::MAX));
        let expected = Marks {
            district: self.making.district,
            batch: number,
            ..Marks::default()
        };
        let said_by_name = name.and_then(|name| self.making.factory_result.marks_of_name(name));
        agree(&file.marks, &[Some(expected), said_by_name])?;
        let batch = batch.or_else(|| file.marks.batch.map(|number| BatchId(number.into())));
        let batch = batch.ok_or(RegistryError::Refused(Refusal::BatchNotFound))?;
        let options = take_options(digest, options, file.errors.is_empty());
        let cards = taken_cards(&file, options);
        let stamp = self.stamp(caller);
        let taken = self
            .registry
            .take_factory_result(request, stamp, batch, cards);
        Ok(result_of(taken.await?, &file))
    }

    /// Delivers the cards of a batch that the factory made.
    ///
    /// # Errors
    ///
    /// [`DeskError::FileNotMade`], [`DeskError::Registry`]; nothing was changed.
    pub async fn deliver_batch(
        &self,
        caller: &Caller,
        request: RequestId,
        batch: BatchId,
    ) -> Result<MakingResult, DeskError> {
        let stamp = self.stamp(caller);
        let layout = self.making.factory_result.clone();
        let write =
            move |draft: &BatchDraft, cards: &[ProducedCard]| delivery(draft, cards, &layout);
        let delivered = self.registry.deliver_batch(request, stamp, batch, write);
        let outcome = delivered.await?.map_err(DeskError::FileNotMade)?;
        Ok(MakingResult::of_batch(outcome))
    }

    /// Takes in the district's delivery at the school.
    ///
    /// # Errors
    ///
    /// [`DeskError::FileNotUsable`], [`DeskError::Registry`]; nothing was
    /// changed.
    pub async fn take_delivery(
        &self,
        caller: &Caller,
        request: RequestId,
        content: Vec<u8>,
        options: MakingOptions,
    ) -> Result<MakingResult, DeskError> {
        let digest = Sha256::digest(&content).into();
        let file = self.factory_result(content).await?;
        let expected = Marks {
            district: self.making.district,
            ..Marks::default()
        };
        agree(&file.marks, &[Some(expected)])?;
        let options = take_options(digest, options, file.errors.is_empty());
        let cards = taken_cards(&file, options);
        let stamp = self.stamp(caller);
        let taken = self.registry.receive_cards(request, stamp, cards);
        Ok(result_of(taken.await?, &file))
    }

    /// A batch with its requests.
    ///
    /// # Errors
    ///
    /// [`DeskError::Registry`], refused as [`Refusal::BatchNotFound`].
    pub async fn look_up_batch(
        &self,
        batch: BatchId,
    ) -> Result<(Batch, Vec<CardRequest>), DeskError> {
        let found = self.registry.find_batch(batch).await?;
        Ok(found.ok_or(RegistryError::Refused(Refusal::BatchNotFound))?)
    }

    /// At most `limit` batches, those after one or from the first.
    ///
    /// # Errors
    ///
    /// [`DeskError::Registry`].
    pub async fn list_batches(
        &self,
        after: Option<BatchId>,
        limit: usize,
    ) -> Result<Vec<Batch>, DeskError> {
        Ok(self.registry.list_batches(after, limit).await?)
    }

    async fn factory_result(&self, content: Vec<u8>) -> Result<FactoryResult, DeskError> {
        let layout = self.making.factory_result.clone();
        apart(move || {
            parse_factory_result(&content, &layout, &MakingSettings::limits())
                .map_err(|error| FileFault::of(&error).into())
        })
        .await
    }
}

fn menu_of(kind: RequestKind) -> Menu {
    match kind {
        RequestKind::New => Menu::New,
        RequestKind::Reissue => Menu::Reissue,
    }
}

/// The year on the calendar of this machine.
fn year_of(now: Timestamp) -> u16 {
    let year = TimeZone::system().to_datetime(now).year();
    u16::try_from(year).unwrap_or_default()
}

/// Refuses a file that says of itself other than what is said elsewhere.
fn agree(said: &Marks, elsewhere: &[Option<Marks>]) -> Result<(), FileFault> {
    let others = elsewhere.iter().flatten();
    let mut differences: Vec<Mark> = others.flat_map(|other| said.differences(other)).collect();
    differences.dedup();
    if differences.is_empty() {
        Ok(())
    } else {
        Err(FileFault::marks(&differences))
    }
}

/// Rows that are wrong by themselves stop all others, unless the good ones are
/// wanted alone; the others are judged all the same.
fn take_options(digest: [u8; 32], options: MakingOptions, is_whole: bool) -> TakeOptions {
    TakeOptions {
        digest,
        accept_good_rows: options.accept_good,
        dry_run: options.dry_run || !(is_whole || options.accept_good),
    }
}

fn taken_cards(file: &FactoryResult, options: TakeOptions) -> TakenCards {
    let rows = file.rows.iter().map(|row| {
        let card = ProducedCard {
            student: row.value.student.clone(),
            number: row.value.number,
            uid: row.value.uid,
            is_spoilt: row.value.outcome == Outcome::Spoilt,
        };
        (row.row, card)
    });
    TakenCards {
        rows: rows.collect(),
        options,
    }
}

fn result_of(outcome: BatchOutcome, file: &FactoryResult) -> MakingResult {
    let students = file.rows.iter();
    let by_row = students.filter_map(|row| Some((row.row, row.value.student.clone()?)));
    MakingResult::new(outcome, file.n_rows, &file.errors, &by_row.collect())
}

fn marks_of(draft: &BatchDraft, number: u64) -> Marks {
    Marks {
        district: draft.marks.district,
        school: draft.marks.school.clone(),
        year: draft.marks.year,
        menu: Some(menu_of(draft.kind)),
        batch: u32::try_from(number).ok(),
        rows: u32::try_from(draft.rows.len()).ok(),
    }
}

fn making_file(draft: &BatchDraft, layout: &MakingLayout) -> Result<BatchFile, WriteError> {
    let marks = marks_of(draft, draft.id.0);
    let rows: Vec<_> = draft.rows.iter().map(making_row).collect();
    let name = layout.file_name(&marks);
    Ok(BatchFile {
        content: write_making_file(&marks, &rows, layout)?,
        name: name.map_err(|mark| WriteError::MissingMark { mark })?,
    })
}

fn making_row(row: &BatchRow) -> MakingRow {
    MakingRow {
        student: row.entry.student.clone(),
        sex: row.entry.sex,
        school: row.entry.school.clone(),
        cohort: row.entry.cohort,
        // A card that was handed in to be exchanged had failed.
        cause: row.old_state.map(|state| match state {
            CardState::Lost => ReissueCause::Lost,
            _ => ReissueCause::Damaged,
        }),
        old_number: row.old_number,
    }
}

fn delivery(
    draft: &BatchDraft,
    cards: &[ProducedCard],
    layout: &FactoryLayout,
) -> Result<BatchFile, WriteError> {
    // The school knows its file by the number that it gave it.
    let number = draft.marks.file_number.map_or(draft.id.0, u64::from);
    let marks = Marks {
        rows: u32::try_from(cards.len()).ok(),
        ..marks_of(draft, number)
    };
    let rows = cards.iter().map(|card| FactoryRow {
        student: card.student.clone(),
        number: card.number,
        uid: card.uid,
        outcome: Outcome::Made,
    });
    let name = layout.file_name(&marks);
    Ok(BatchFile {
        content: write_factory_result(&marks, &rows.collect::<Vec<_>>(), layout)?,
        name: name.map_err(|mark| WriteError::MissingMark { mark })?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_contradicts_its_name_or_menu_is_refused() {
        let of = |menu, batch| Marks {
            menu,
            batch,
            ..Marks::default()
        };
        let said = of(Some(Menu::New), Some(7));
        let cases: [(Marks, &[Mark], &str); 4] = [
            (said.clone(), &[], "the same"),
            (Marks::default(), &[], "nothing is said"),
            (
                of(Some(Menu::Reissue), None),
                &[Mark::Menu],
                "the other menu",
            ),
            (of(None, Some(8)), &[Mark::Batch], "another file's name"),
        ];
        for (other, expected, why) in cases {
            let refused = agree(&said, &[Some(other), None]).err();
            let expected = (!expected.is_empty()).then(|| FileFault::marks(expected));
            assert_eq!(refused, expected, "{why}");
        }
    }

    #[test]
    fn rows_wrong_by_themselves_stop_all_unless_the_good_ones_are_wanted() {
        let cases = [
            (false, false, true, "one wrong row stops all"),
            (false, true, false, "a good file is taken"),
            (true, false, false, "the good rows are wanted"),
        ];
        for (accept_good, is_whole, expected, why) in cases {
            let options = MakingOptions {
                accept_good,
                dry_run: false,
            };
            let taken = take_options([0; 32], options, is_whole);
            assert_eq!(taken.dry_run, expected, "{why}");
        }
    }
}
