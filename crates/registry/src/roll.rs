//! The roll of students, as the part of the registry that keeps it.

use xueka_domain::StudentNumber;

use crate::{
    Registry, RegistryError, RequestId, RollOutcome, RollUpdate, Stamp, StudentFilter,
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
}
