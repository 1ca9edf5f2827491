//! Students on the roll, as callers give and get them.

use xueka_domain::{
    ClassName, Cohort, Enrolment, HoldingState, RollEntry, SchoolCode, StudentName, StudentNumber,
};

/// One row of a roll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollRow {
    /// The row's number in its list, as people count; refusals repeat it.
    pub row: u64,
    /// What it says.
    pub entry: RollEntry,
}

/// A roll, or a part of one, to be taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollUpdate {
    /// The rows, in the order of the list.
    pub rows: Vec<RollRow>,
    /// Take the rows that can be taken though others are refused.
    pub accept_good_rows: bool,
    /// Let a row give a student on record another name. Without it such a row
    /// is refused, for it is more often a wrong student number.
    pub correct_names: bool,
    /// Judge the rows and change nothing.
    pub dry_run: bool,
}

/// What became of a roll, or after a dry run, what would.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollOutcome {
    /// Rows received.
    pub received: u64,
    /// Students that were not on record before.
    pub added: u64,
    /// Students of whom something changed.
    pub changed: u64,
    /// Rows that say what is on record already.
    pub unchanged: u64,
    /// The rows that were refused, in the order of the list.
    pub refused: Vec<RefusedRollRow>,
    /// Whether the rows were taken: not after a dry run, nor when a refused row
    /// stopped all, nor when there was nothing to change.
    pub taken: bool,
    /// The registry's version afterwards.
    pub version: u64,
}

/// One row of a roll that was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RefusedRollRow {
    /// The row's number, as given.
    pub row: u64,
    /// Why.
    pub reason: RollRefusal,
}

/// Why a row of a roll is refused. At fault is the student number, with
/// [`NameDiffers`](Self::NameDiffers) perhaps the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RollRefusal {
    /// An earlier row of the list says something else of this student.
    Contradicts,
    /// The student number is on record with another name.
    NameDiffers,
    /// The student has left the school; the return comes first.
    StudentLeft,
}

/// A student on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StudentOnRecord {
    /// Who it is, where, and whether the student attends.
    pub entry: RollEntry,
    /// Whether the student has a card.
    pub holding: HoldingState,
    /// The registry's version at which the student's own row last changed.
    pub version: u64,
}

/// Which students are looked for: all conditions that are given hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StudentFilter {
    /// What the student number begins with, or is.
    pub number: Option<StudentNumber>,
    /// What the name begins with, or is.
    pub name: Option<StudentName>,
    /// The school.
    pub school: Option<SchoolCode>,
    /// The cohort.
    pub cohort: Option<Cohort>,
    /// The class.
    pub class_name: Option<ClassName>,
    /// Also those who left.
    pub with_left: bool,
}

impl StudentFilter {
    /// Whether all conditions hold for a student.
    #[must_use]
    pub fn holds_for(&self, entry: &RollEntry) -> bool {
        fn is<T: PartialEq>(wanted: Option<&T>, found: Option<&T>) -> bool {
            wanted.is_none_or(|wanted| found == Some(wanted))
        }
        let begins = |wanted: Option<&str>, found: &str| {
            wanted.is_none_or(|wanted| found.starts_with(wanted))
        };
        let student = &entry.student;
        let number = self.number.as_ref().map(StudentNumber::reveal);
        let name = self.name.as_ref().map(StudentName::reveal);
        begins(number, student.number.reveal())
            && begins(name, student.name.reveal())
            && is(self.school.as_ref(), entry.school.as_ref())
            && is(self.cohort.as_ref(), entry.cohort.as_ref())
            && is(self.class_name.as_ref(), student.class_name.as_ref())
            && (self.with_left || entry.enrolment != Enrolment::Left)
    }
}

/// A page of students, in the order of their numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StudentPage {
    /// The students.
    pub students: Vec<StudentOnRecord>,
    /// After which number the next page begins; `None` on the last.
    pub next: Option<StudentNumber>,
}

impl RollRefusal {
    /// The refusal as a stable upper-case word for programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Contradicts => "CONTRADICTS",
            Self::NameDiffers => "NAME_DIFFERS",
            Self::StudentLeft => "STUDENT_LEFT",
        }
    }
}
