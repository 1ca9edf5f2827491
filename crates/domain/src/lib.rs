//! Cards, students, states and verdicts: the rules of the desk.
//!
//! Plain code: values in, values out. Time is an argument; nothing here reads
//! a clock, a disk or a database.

mod block;
mod counter;
mod evidence;
mod exit;
mod family;
mod holding;
mod identity;
mod issued;
mod message;
mod number;
mod printed;
mod request;
mod role;
mod roll;
mod school_year;
mod stage;
mod state;
mod student;
mod text;
mod uid;
mod verdict;
mod verify;

pub use block::{BlockChange, BlockEntry, BlockReason, Effect};
pub use counter::{Count, Counter};
pub use evidence::{Asked, CardFacts, Evidence, Judgement, RegistryFacts};
pub use exit::{Consequences, ExitReason, Fee, Reinstatement};
pub use family::{AssuranceLevel, CardFamily, CardKind};
pub use holding::{HeldCard, HoldingState};
pub use identity::{CardIdentity, CardKey, NoIdentity};
pub use issued::{Column, IssuedCard, IssuedState};
pub use message::Language;
pub use number::{CardNumber, InvalidCardNumber};
pub use printed::{
    ByteOrder, CheckDigit, Clashes, Clashing, Coding, Counting, DigitRange, Fitting, FormParts,
    InvalidForm, InvalidPrinted, InvalidShortNumber, Lesson, NumberForm, Printed, PrintedAs,
    ShortNumber, ShortNumberFit, ShortNumberRule, Subject, Take, fitting_forms,
};
pub use request::{IllegalRequest, RequestEvent, RequestKind, RequestState};
pub use role::Role;
pub use roll::{Cohort, DistrictCode, Enrolment, InvalidCode, RollEntry, SchoolCode, Sex};
pub use school_year::SchoolYear;
pub use stage::{InvalidStage, Stage};
pub use state::{CardEvent, CardState, IllegalTransition};
pub use student::{ClassName, InvalidStudentNumber, Student, StudentName, StudentNumber};
pub use text::{InvalidText, Note};
pub use uid::{InvalidUid, Uid};
pub use verdict::{Reason, Verdict};
pub use verify::{school_day, verify};
