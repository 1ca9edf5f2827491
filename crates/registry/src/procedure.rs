//! What happens to students and their cards besides issue and loss, as the part
//! of the registry that keeps it.

use jiff::{Timestamp, civil::Date};
use xueka_domain::{CardIdentity, ClassName, Cohort, Note, SchoolCode, StudentNumber};

use crate::{CardRecord, Registry, RegistryError, RequestId, Stamp, WhichCard, sqlite};

/// Students who move, leave or return together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StudentsMove {
    /// The students.
    pub students: Vec<StudentNumber>,
    /// What they do.
    pub to: MoveTo,
    /// Judge the students and change nothing.
    pub dry_run: bool,
}

/// Where students move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MoveTo {
    /// To another place (转学, 调班). What is not said stays.
    Place {
        /// The school.
        school: Option<SchoolCode>,
        /// The cohort.
        cohort: Option<Cohort>,
        /// The class.
        class_name: Option<ClassName>,
    },
    /// Away (离校): every card is cancelled and an open request lapses.
    Away {
        /// The day since when, if it is known.
        since: Option<Date>,
    },
    /// Back (返校). The cards of old stay cancelled.
    Back {
        /// The day since when, if it is known.
        since: Option<Date>,
    },
}

/// What became of a move, or after a dry run, what would.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoveOutcome {
    /// How many students move: all that were not there already; none do when one
    /// is refused.
    pub n_moved: u64,
    /// How many were there already.
    pub n_unchanged: u64,
    /// The students who cannot, in the order of the list.
    pub refused: Vec<RefusedMove>,
    /// The registry's version afterwards.
    pub version: u64,
}

/// A student who cannot move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RefusedMove {
    /// The student's place in the list, from 0.
    pub index: usize,
    /// Why.
    pub reason: MoveRefusal,
}

/// Why a student cannot move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MoveRefusal {
    /// No student has this number.
    UnknownStudent,
    /// The student has left the school; the return comes first.
    StudentLeft,
}

impl MoveRefusal {
    /// The refusal as a stable upper-case word for programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::UnknownStudent => "UNKNOWN_STUDENT",
            Self::StudentLeft => "STUDENT_LEFT",
        }
    }
}

/// What the desk noted of a card besides its state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CardNotes {
    /// What was in its purse when it was taken back, in fen.
    pub final_balance_fen: Option<i64>,
    /// When it was handed in.
    pub hand_in_time: Option<Timestamp>,
    /// Why a damage was taken back that had been registered in error.
    pub correction: Option<Note>,
    /// The calendar years in which the school years begin for which it was
    /// registered, the first one first.
    pub school_years: Vec<i16>,
}

impl Registry {
    /// Lets students move to another class or school, leave, or return, all of
    /// them or none. Who leaves gives up every card in the same transaction.
    ///
    /// # Errors
    ///
    /// [`RegistryError::RequestIdReused`].
    pub async fn move_students(
        &self,
        request: RequestId,
        stamp: Stamp,
        students: StudentsMove,
    ) -> Result<MoveOutcome, RegistryError> {
        self.database
            .change("moving students", move |sql| {
                sqlite::move_students(sql, &stamp, &request, &students)
            })
            .await
    }

    /// Takes an active card back to be exchanged for another (换卡), free of
    /// charge: it is blocked, and a reissue can be requested. The balance is
    /// what a transit outlet will refund, in fen, where it could be read.
    ///
    /// # Errors
    ///
    /// As [`report_exit`](Self::report_exit).
    pub async fn exchange(
        &self,
        request: RequestId,
        stamp: Stamp,
        which: WhichCard,
        balance_fen: Option<i64>,
    ) -> Result<CardRecord, RegistryError> {
        self.database
            .change("exchanging a card", move |sql| {
                sqlite::exchange(sql, &stamp, &request, &which, balance_fen)
            })
            .await
    }

    /// Notes that a card which is out of use was handed in. The first time stays.
    ///
    /// # Errors
    ///
    /// Refused as [`CardNotFound`](crate::Refusal::CardNotFound),
    /// [`StudentNotFound`](crate::Refusal::StudentNotFound),
    /// [`NoLiveCard`](crate::Refusal::NoLiveCard), or
    /// [`CardInUse`](crate::StepRefusal::CardInUse);
    /// [`RegistryError::RequestIdReused`].
    pub async fn hand_in(
        &self,
        request: RequestId,
        stamp: Stamp,
        which: WhichCard,
    ) -> Result<CardRecord, RegistryError> {
        self.database
            .change("taking a card back", move |sql| {
                sqlite::hand_in(sql, &stamp, &request, &which)
            })
            .await
    }

    /// Registers the card in hand, which a reading has just shown, for the school
    /// year of the stamp's day (学年刷卡). Registered again in the same year, it
    /// stays as it is.
    ///
    /// # Errors
    ///
    /// Refused as [`CardNotFound`](crate::Refusal::CardNotFound),
    /// [`NotTheSameCard`](crate::Refusal::NotTheSameCard), or
    /// [`IllegalTransition`](crate::Refusal::IllegalTransition) when it is not in
    /// use; [`RegistryError::RequestIdReused`].
    pub async fn register_year(
        &self,
        request: RequestId,
        stamp: Stamp,
        in_hand: CardIdentity,
    ) -> Result<CardRecord, RegistryError> {
        self.database
            .change("registering a card for a year", move |sql| {
                sqlite::register_year(sql, &stamp, &request, in_hand)
            })
            .await
    }

    /// The answer that [`register_year`](Self::register_year) gave to this
    /// request before; as [`collected`](Self::collected).
    ///
    /// # Errors
    ///
    /// [`RegistryError::RequestIdReused`].
    pub async fn year_registered(
        &self,
        request: RequestId,
    ) -> Result<Option<CardRecord>, RegistryError> {
        self.database
            .read("looking up a request", move |sql| {
                sqlite::year_registered(sql, &request)
            })
            .await
    }

    /// Takes a damage back that was registered in error: the same card is in
    /// hand and good, as with [`cancel_loss`](Self::cancel_loss). The note says
    /// how the error came about.
    ///
    /// # Errors
    ///
    /// As [`cancel_loss`](Self::cancel_loss), for a card that is not damaged.
    pub async fn correct_damage(
        &self,
        request: RequestId,
        stamp: Stamp,
        in_hand: CardIdentity,
        note: Note,
    ) -> Result<CardRecord, RegistryError> {
        self.database
            .change("taking a damage back", move |sql| {
                sqlite::correct_damage(sql, &stamp, &request, in_hand, &note)
            })
            .await
    }

    /// What the desk noted of a card; `None` when none is found.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub async fn card_notes(&self, which: WhichCard) -> Result<Option<CardNotes>, RegistryError> {
        self.database
            .read("looking up a card", move |sql| {
                sqlite::card_notes(sql, &which)
            })
            .await
    }
}
