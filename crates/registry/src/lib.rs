//! Students, cards, blacklist entries and the audit trail, kept in a database.
//!
//! Callers see [`Registry`], a cloneable handle whose methods are the things
//! that happen at a desk, and values. Which database is behind it, and its
//! language, stay in here.

mod batch;
mod card_request;
mod card_write;
mod error;
mod journal;
mod ledger;
mod making;
mod options;
mod procedure;
mod record;
mod registry;
mod roll;
mod sql;
mod sqlite;
mod stamp;
mod step;
mod student_record;
mod token_name;

pub use batch::{
    Batch, BatchDraft, BatchFile, BatchId, BatchMarks, BatchOutcome, BatchRefusal, BatchRow,
    BatchSide, ProducedCard, RefusedBatchRow, TakeOptions, TakenBatch, TakenCards, TakenRow,
};
pub use card_request::{
    Arrival, ArrivedCard, CardOrder, CardRequest, CardRequestId, FeeState, OrderOutcome,
    OrderRefusal, RefusedOrder, RefusedStep, RequestFee, RequestFilter, RequestRefusal,
    RequestStep, StepOutcome,
};
pub use card_write::{CardWrite, CardWriteId, NewCardWrite, PlanText, WriteOutcome};
pub use error::{Refusal, RegistryError};
pub use ledger::{Held, ListReceipt, Subscriber};
pub use options::{Commit, OnCommit, OpenOptions};
pub use procedure::{CardNotes, MoveOutcome, MoveRefusal, MoveTo, RefusedMove, StudentsMove};
pub use record::{
    AuditReport, BlacklistEntry, BlacklistPage, CardLook, CardRecord, ClashReport, Collection,
    FoundCard, FoundCards, NewToken, PageMark, RefusedRow, Registration, RegistrationOutcome,
    RowRefusal, Token, WhichCard,
};
pub use registry::Registry;
pub use stamp::{Actor, InvalidName, RequestId, Stamp};
pub use step::StepRefusal;
pub use student_record::{
    RefusedRollRow, RollOutcome, RollRefusal, RollRow, RollUpdate, StudentFilter, StudentOnRecord,
    StudentPage,
};
pub use token_name::TokenName;
