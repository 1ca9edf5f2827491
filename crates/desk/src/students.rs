//! Students: the roll in and out, finding them, letting them move.

use std::collections::BTreeSet;

use xueka_domain::{Language, Printed, RollEntry, StudentNumber};
use xueka_files::{Limits, ListFormat, Roll, RollColumn, RollLayout, RowProblem, parse_roll};
use xueka_registry::{
    CardRecord, MoveOutcome, Refusal, RegistryError, RequestId, RollOutcome, RollRefusal, RollRow,
    RollUpdate, StudentFilter, StudentOnRecord, StudentsMove,
};

use crate::{Caller, Desk, DeskError, FileFault};

/// What holds for all rolls of a desk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RollSettings {
    /// How the rolls of the school look.
    pub layout: RollLayout,
    /// How much a roll may ask of us; its rows also bound what is given away.
    pub limits: Limits,
}

/// How a roll is taken in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RollOptions {
    /// Take the rows that can be taken though others are refused.
    pub accept_good_rows: bool,
    /// Let a row give a student on record another name.
    pub correct_names: bool,
    /// Judge the rows and change nothing.
    pub dry_run: bool,
}

/// What became of a roll, or after a dry run, what would.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenRoll {
    /// What the registry made of the rows that are good by themselves. When
    /// others are not, and the good ones are not wanted alone, it only judged
    /// them.
    pub outcome: RollOutcome,
    /// All that is wrong with rows, in the order of the file.
    pub faults: Vec<RollFault>,
    /// The rows with nothing wrong, rising.
    pub good: Vec<u64>,
    /// How many rows the file has, good or bad.
    pub n_rows: u64,
}

/// Something wrong with a row of a roll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RollFault {
    /// The row as people count: the header is row 1, blank rows count.
    pub row: u64,
    /// The column; `None` when it is the row as a whole.
    pub column: Option<RollColumn>,
    /// What is wrong.
    pub problem: RollProblem,
}

/// Who found something wrong with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RollProblem {
    /// The row is wrong by itself, or beside other rows of its file.
    InFile(RowProblem),
    /// The row does not fit what is on record.
    OnRecord(RollRefusal),
}

/// A student, with what is on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StudentFile {
    /// The student.
    pub student: StudentOnRecord,
    /// All cards, the first one first.
    pub cards: Vec<CardRecord>,
}

/// Students who were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundStudents {
    /// The students, in the order of their numbers.
    pub students: Vec<StudentOnRecord>,
    /// After which number the next page begins; `None` on the last.
    pub next: Option<StudentNumber>,
    /// Whether more cards bear the print than were looked at.
    pub more_cards: bool,
}

impl TakenRoll {
    /// How many rows have something wrong.
    #[must_use]
    pub fn n_refused(&self) -> u64 {
        let rows = self.faults.chunk_by(|one, next| one.row == next.row);
        u64::try_from(rows.count()).unwrap_or(u64::MAX)
    }
}

impl RollFault {
    /// In what column it is, for whom the registry refuses.
    fn column_of(refusal: RollRefusal) -> RollColumn {
        match refusal {
            RollRefusal::NameDiffers => RollColumn::Name,
            RollRefusal::Contradicts | RollRefusal::StudentLeft => RollColumn::StudentNumber,
        }
    }
}

impl Desk {
    /// How rolls look here, and how much they may ask.
    #[must_use]
    pub fn roll_settings(&self) -> &RollSettings {
        &self.rolls
    }

    /// Reads the file of a roll; holds no row against the registry yet.
    ///
    /// # Errors
    ///
    /// [`DeskError::FileNotUsable`].
    pub async fn read_roll(&self, bytes: Vec<u8>, layout: RollLayout) -> Result<Roll, DeskError> {
        let limits = self.rolls.limits;
        apart(move || parse_roll(&bytes, &layout, &limits).map_err(|e| FileFault::of(&e).into()))
            .await
    }

    /// Takes in a roll that was read. One row with something wrong means that
    /// none is taken, unless the good ones are wanted alone.
    ///
    /// # Errors
    ///
    /// [`DeskError::Registry`].
    pub async fn take_in_roll(
        &self,
        caller: &Caller,
        request: RequestId,
        roll: Roll,
        options: RollOptions,
    ) -> Result<TakenRoll, DeskError> {
        let is_spoilt = !roll.errors.is_empty() && !options.accept_good_rows;
        let mut good: Vec<_> = roll.rows.iter().map(|row| row.row).collect();
        let rows = roll.rows.into_iter().map(|row| RollRow {
            row: row.row,
            entry: row.value,
        });
        let update = RollUpdate {
            rows: rows.collect(),
            accept_good_rows: options.accept_good_rows,
            correct_names: options.correct_names,
            // The others are judged all the same, so that the caller hears of
            // every fault at once.
            dry_run: options.dry_run || is_spoilt,
        };
        let stamp = self.stamp(caller);
        let outcome = self.registry.upsert_students(request, stamp, update);
        let outcome = outcome.await?;
        let refused: BTreeSet<_> = outcome.refused.iter().map(|refused| refused.row).collect();
        good.retain(|row| !refused.contains(row));
        let in_file = roll.errors.iter().map(|error| RollFault {
            row: error.row,
            column: error.column,
            problem: RollProblem::InFile(error.problem),
        });
        let on_record = outcome.refused.iter().map(|refused| RollFault {
            row: refused.row,
            column: Some(RollFault::column_of(refused.reason)),
            problem: RollProblem::OnRecord(refused.reason),
        });
        let mut faults: Vec<_> = in_file.chain(on_record).collect();
        faults.sort_by_key(|fault| fault.row);
        Ok(TakenRoll {
            outcome,
            faults,
            good,
            n_rows: u64::try_from(roll.n_rows).unwrap_or(u64::MAX),
        })
    }

    /// Writes the students for whom the conditions hold into a roll; gives the
    /// file and how many they are. The look is on record when this returns.
    ///
    /// # Errors
    ///
    /// [`DeskError::FileNotMade`], [`DeskError::Registry`].
    pub async fn give_away_roll(
        &self,
        caller: &Caller,
        filter: StudentFilter,
        format: ListFormat,
        language: Language,
    ) -> Result<(Vec<u8>, u64), DeskError> {
        let limit = self.rolls.limits.max_rows;
        let stamp = self.stamp(caller);
        let entries = self.registry.take_away_roll(stamp, filter, limit).await?;
        let too_many = xueka_files::WriteError::TooManyRows { limit };
        let entries: Vec<RollEntry> = entries.ok_or(DeskError::FileNotMade(too_many))?;
        let n_students = u64::try_from(entries.len()).unwrap_or(u64::MAX);
        let file = apart(move || {
            xueka_files::write_roll(&entries, format, language).map_err(DeskError::FileNotMade)
        });
        Ok((file.await?, n_students))
    }

    /// A student, with what is on record.
    ///
    /// # Errors
    ///
    /// [`DeskError::Registry`], refused as [`Refusal::StudentNotFound`].
    pub async fn look_up_student(&self, number: StudentNumber) -> Result<StudentFile, DeskError> {
        let student = self.registry.find_student(number.clone()).await?;
        let cards = self.registry.cards_of_student(number).await?;
        match (student, cards) {
            (Some(student), Some(cards)) => Ok(StudentFile { student, cards }),
            _ => Err(RegistryError::from(Refusal::StudentNotFound).into()),
        }
    }

    /// At most `limit` students for whom the conditions hold and, with a print,
    /// one of whose cards bears it; those after `after` or from the first.
    ///
    /// # Errors
    ///
    /// [`DeskError::Registry`].
    pub async fn search_students(
        &self,
        filter: StudentFilter,
        printed: Option<Printed>,
        after: Option<StudentNumber>,
        limit: usize,
    ) -> Result<FoundStudents, DeskError> {
        let Some(printed) = printed else {
            let page = self.registry.search_students(filter, after, limit).await?;
            return Ok(FoundStudents {
                students: page.students,
                next: page.next,
                more_cards: false,
            });
        };
        let found = self.find_printed(printed).await?.on_record;
        let holders: BTreeSet<_> = found
            .cards
            .into_iter()
            .map(|found| found.card.student.number)
            .filter(|number| after.as_ref().is_none_or(|after| number > after))
            .collect();
        let mut students = Vec::new();
        for number in holders {
            let student = self.registry.find_student(number).await?;
            students.extend(student.filter(|student| filter.holds_for(&student.entry)));
        }
        let is_last = students.len() <= limit;
        students.truncate(limit);
        let last = students
            .last()
            .map(|last| last.entry.student.number.clone());
        Ok(FoundStudents {
            students,
            next: last.filter(|_| !is_last),
            more_cards: found.more,
        })
    }

    /// Lets students move, leave or return, all of them or none.
    ///
    /// # Errors
    ///
    /// [`DeskError::Registry`].
    pub async fn move_students(
        &self,
        caller: &Caller,
        request: RequestId,
        students: StudentsMove,
    ) -> Result<MoveOutcome, DeskError> {
        let stamp = self.stamp(caller);
        Ok(self
            .registry
            .move_students(request, stamp, students)
            .await?)
    }
}

/// Does what takes the processor for seconds where nobody else waits for it.
pub(crate) async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, DeskError> + Send + 'static,
) -> Result<T, DeskError> {
    let done = tokio::task::spawn_blocking(work).await;
    // The process ends, and the work with it.
    done.map_err(|_| RegistryError::Closed)?
}
