//! The roll of students, as the part of the registry that keeps it.

use xueka_domain::{RollEntry, StudentNumber};

use crate::{
    CardRecord, Registry, RegistryError, RequestId, RollOutcome, RollUpdate, Stamp, StudentFilter,
    StudentOnRecord, StudentPage, sqlite,
};

impl Registry {
    /// Takes in a roll, in one transaction: new students are put on record, and
    /// known ones are brought up to date. What a row leaves out stays as it is.
    ///
    /// Unless [`RollUpdate::accept_good_rows`] is set, one refused row means that
    /// none is taken. A row that says 离校 lets the student leave, with all that
    /// follows for cards; a student whom a roll leaves out stays.
    ///
    /// # Errors
    ///
    /// [`RegistryError::RequestIdReused`].
    pub async fn upsert_students(
        &self,
        request: RequestId,
        stamp: Stamp,
        update: RollUpdate,
    ) -> Result<RollOutcome, RegistryError> {
        self.database
            .change("taking in a roll", move |sql| {
                sqlite::upsert_students(sql, &stamp, &request, &update)
            })
            .await
    }

    /// The student with this number; `None` when there is none.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub async fn find_student(
        &self,
        number: StudentNumber,
    ) -> Result<Option<StudentOnRecord>, RegistryError> {
        self.database
            .read("looking up a student", move |sql| {
                sqlite::find_student(sql, &number)
            })
            .await
    }

    /// At most `limit` students (1 to 1,000; others are brought into that range)
    /// for whom the conditions hold, in the order of their numbers, those after
    /// `after` or from the first.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub async fn search_students(
        &self,
        filter: StudentFilter,
        after: Option<StudentNumber>,
        limit: usize,
    ) -> Result<StudentPage, RegistryError> {
        self.database
            .read("looking for students", move |sql| {
                sqlite::search_students(sql, &filter, after.as_ref(), limit)
            })
            .await
    }

    /// All cards of a student, those of old included, in the order in which they
    /// came on record; `None` when no student has this number.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub async fn cards_of_student(
        &self,
        number: StudentNumber,
    ) -> Result<Option<Vec<CardRecord>>, RegistryError> {
        self.database
            .read("looking up a student's cards", move |sql| {
                sqlite::cards_of_student(sql, &number)
            })
            .await
    }

    /// What the roll says of the students for whom the conditions hold, in the
    /// order of their numbers and from one moment; `None` when they are more than
    /// `limit`.
    ///
    /// That it was taken away stands in the audit trail before this returns, with
    /// the rows of the students. Reads on a thread of its own; about 300 bytes a
    /// student are held.
    ///
    /// # Errors
    ///
    /// None beyond those of every change.
    pub async fn take_away_roll(
        &self,
        stamp: Stamp,
        filter: StudentFilter,
        limit: usize,
    ) -> Result<Option<Vec<RollEntry>>, RegistryError> {
        let read = self
            .database
            .read_apart("reading the roll", move |sql| {
                sqlite::read_roll(sql, &filter, limit)
            })
            .await?;
        let Some((entries, subjects)) = read else {
            return Ok(None);
        };
        self.database
            .change("noting a look at the roll", move |sql| {
                sqlite::note_roll(sql, &stamp, &subjects)
            })
            .await?;
        Ok(Some(entries))
    }
}
