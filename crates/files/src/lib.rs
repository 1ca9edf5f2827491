//! Rolls, card lists, card-making files and factory results: bytes in, values
//! out, and back.
//!
//! How each kind of file looks is in `docs/files.md`.
//!
//! A file is decoded as a whole before anything is split, because the second
//! byte of a GB18030 character may be `|`, `\` or a letter. What cannot be
//! decoded without loss is refused, never repaired. Nothing here reads a disk
//! or knows a database; sizes are bounded, and no error repeats the content of
//! a cell, which may be someone's name or number.

mod cell;
mod decode;
mod error;
mod factory;
mod headings;
mod issued_cards;
mod limits;
mod list;
mod making;
mod marks;
mod once;
mod pattern;
mod roll;
mod sheet;
mod table;
mod text_layout;
mod verdicts;
mod words;

pub use decode::TextEncoding;
pub use error::{FileError, RowError, RowProblem, WriteError};
pub use factory::{
    FactoryField, FactoryLayout, FactoryResult, FactoryRow, Outcome, parse_factory_result,
    write_factory_result,
};
pub use headings::{chinese_heading, column_of_heading};
pub use issued_cards::{IssuedCardList, parse_issued_cards};
pub use limits::Limits;
pub use making::{
    MakingField, MakingFile, MakingLayout, MakingRow, ReissueCause, parse_making_file,
    write_making_file,
};
pub use marks::{Mark, Marks, Menu};
pub use once::Numbered;
pub use pattern::{InvalidPattern, Pattern};
pub use roll::{Place, Roll, RollColumn, RollLayout, parse_roll, write_roll};
pub use sheet::ListFormat;
pub use table::Delimiter;
pub use text_layout::{InvalidLayout, LayoutField, TextLayout};
pub use verdicts::{Finding, RowVerdict, write_verdicts};
pub use words::ColumnName;

/// The most bytes a file may have: 160 MiB, so that a list of real rows, which
/// have about 90 bytes each, meets [`MAX_ROWS`] first.
pub const MAX_FILE_BYTES: usize = 160 * 1024 * 1024;
/// The most rows a list may have, its header not counted.
pub const MAX_ROWS: usize = 1_000_000;
/// The most columns a list may have.
pub const MAX_COLUMNS: usize = 64;
/// The most bytes one cell may have, counted in UTF-8: 4 KiB.
pub const MAX_CELL_BYTES: usize = 4 * 1024;
/// The most bytes one row may have, counted in UTF-8 without the line breaks in
/// its cells: 256 KiB, which is as many as all its cells may have. Up to 8 KiB
/// more may pass.
pub const MAX_ROW_BYTES: usize = MAX_COLUMNS * MAX_CELL_BYTES;
