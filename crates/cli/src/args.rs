//! What may be typed: the commands, their options and their help.

mod making;
mod student;

use std::{fmt, path::PathBuf, str::FromStr, time::Duration};

use clap::{
    ArgGroup, Args, Parser, Subcommand, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};
use clap_complete::Shell;
use jiff::civil::Date;
use xueka_api::v1::{AssuranceLevel, LossReason, Role, Signal, WriteSide};
use xueka_domain::{CardNumber, Printed, Uid};

use crate::{
    connection::ServerAddress,
    duration,
    taught::TaughtPair,
    words::{self, Language},
};

pub(crate) use making::{
    BatchArgs, BatchFileArgs, MakeArgs, MakingCommand, Menu, MenuFileArgs, ReceiveArgs, ResultArgs,
    SelectionArgs, TakeArgs,
};
pub(crate) use student::{
    CellMark, ConditionArgs, Encoding, EnrolmentArgs, FindStudentsArgs, ListForm, MoveArgs,
    RollExportArgs, RollImportArgs, StudentCommand,
};

/// The last part of `--help`.
pub(crate) const AFTER_HELP: &str = "\
Exit codes:
  0  good: the command did what it says; the card is valid
  1  refused, or the card is not valid; with `blacklist check`: it is blocked;
     with an import: a row was refused; with `card write`: it is spoilt;
     with `doctor`: there are warnings
  2  wrong usage, or an argument that the daemon does not accept; with
     `doctor`: there are faults
  3  the daemon cannot be reached or gave no answer in time
  4  no card or no reader to work with: look at the reader and try again
  5  not permitted
  6  cannot verify: the data or the card does not allow an answer
  7  anything else

Environment:
  XUEKA_SERVER  the address that --server would name
  NO_COLOR      set to anything, no colour is used
  LC_ALL, LC_MESSAGES, LANG  choose the language unless --lang is given

With --json the answer is one JSON document on standard output (`watch` and the
lists with `--all`: one a line) and an error one on standard error. Fields
are named as in the protocol; enum values stand without their prefix, bytes in
upper-case hexadecimal, times as RFC 3339, durations as seconds with `s`;
what is absent or unspecified is null.";

/// The command line of the card desk: asks the daemon xuekad.
#[derive(Debug, Parser)]
#[command(name = "xueka", version, after_help = AFTER_HELP, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options that every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArgs {
    /// Address of the daemon: `unix:/path` or `http://127.0.0.1:PORT`
    /// [default: `$XUEKA_SERVER`, else the socket in `$XDG_RUNTIME_DIR/xueka`
    /// when there is one, else `unix:/run/xueka/xuekad.sock`].
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub(crate) server: Option<ServerAddress>,
    /// File that holds the token to send.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Answer in JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Language of the answer.
    #[arg(long, global = true, value_name = "LANG", value_parser = language_parser())]
    pub(crate) lang: Option<Language>,
    /// How long to wait for the daemon, beside any --wait for a card; `watch`
    /// and imports wait that long to connect and then as long as it takes.
    #[arg(long, global = true, value_name = "DURATION", default_value = "10s", value_parser = duration::parse)]
    pub(crate) timeout: Duration,
}

fn language_parser() -> impl TypedValueParser<Value = Language> {
    PossibleValuesParser::new(["zh", "en"]).map(|name| words::language_named(&name))
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the readers and what is in their fields.
    Readers,
    /// Read the card in a reader's field.
    Read(InReaderArgs),
    /// Tell of readers and cards that come and go, until stopped by Ctrl-C.
    Watch(WatchArgs),
    /// Show by light and buzzer what became of a card.
    Signal(SignalArgs),
    /// Say whether a card is good and, if not, why.
    Verify(VerifyArgs),
    /// Keep the cards of the registry.
    #[command(subcommand)]
    Card(CardCommand),
    /// Keep the roll of students.
    #[command(subcommand)]
    Student(StudentCommand),
    /// Have cards made: files from the school to the district, to the factory and
    /// back. For registrars.
    #[command(subcommand)]
    Making(MakingCommand),
    /// Know how UIDs and numbers are printed on cards.
    #[command(subcommand)]
    Number(NumberCommand),
    /// Keep and ask the blacklist.
    #[command(subcommand)]
    Blacklist(BlacklistCommand),
    /// Make and end tokens for programs.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Drive the virtual cards of a daemon that simulates.
    #[command(subcommand)]
    Sim(SimCommand),
    /// Send commands to the card in a reader as they are. For engineers, where
    /// the daemon's setting `readers.raw_exchange` allows it.
    ///
    /// Only commands that select or read are sent; the answers stand below them,
    /// with the status word at their end. The call is put on record.
    Exchange(ExchangeArgs),
    /// Record the card in a reader for tests: what passes is written to a file,
    /// with keys removed and personal data replaced. For administrators.
    Record(RecordArgs),
    /// Say why readers do not work, and what to do; needs no daemon.
    ///
    /// Exit code 0: all is well; 1: there are warnings; 2: there are faults.
    Doctor {
        /// Look at the files of the machine whose root is here.
        #[arg(long, value_name = "DIR", default_value = "/")]
        root: PathBuf,
    },
    /// Print the completions for a shell.
    Completions {
        /// Which shell.
        shell: Shell,
    },
}

/// The card that lies in a reader.
#[derive(Clone, Debug, Args)]
pub(crate) struct InReaderArgs {
    /// Name or alias of the reader, as `xueka readers` gives it; needed when
    /// there are several.
    #[arg(long, value_name = "NAME")]
    pub(crate) reader: Option<String>,
    /// How long to wait for a card, such as `30s` or `2m`.
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    pub(crate) wait: Option<Duration>,
}

/// Which card to record, and where.
#[derive(Debug, Args)]
pub(crate) struct RecordArgs {
    /// The file to write; it must not exist.
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) in_reader: InReaderArgs,
}

/// What to watch.
#[derive(Debug, Args)]
pub(crate) struct WatchArgs {
    /// Only this reader.
    #[arg(long, value_name = "NAME")]
    pub(crate) reader: Option<String>,
    /// Begin after the event with this sequence number, with what is still
    /// kept of the events since.
    #[arg(long, value_name = "N")]
    pub(crate) after: Option<u64>,
    /// The epoch in which that number was seen; without it, or when the daemon
    /// was restarted since, everything that is kept is told.
    #[arg(long, value_name = "E", requires = "after")]
    pub(crate) epoch: Option<u64>,
}

/// What to show, and where.
#[derive(Debug, Args)]
pub(crate) struct SignalArgs {
    /// What to show.
    #[arg(value_enum, value_name = "SIGNAL")]
    pub(crate) signal: ReaderSignal,
    /// Name or alias of the reader; needed when there are several.
    #[arg(long, value_name = "NAME")]
    pub(crate) reader: Option<String>,
}

/// What a reader can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReaderSignal {
    /// The card is good: green, one short beep.
    Ok,
    /// The card is not good: red, and a longer beep or two.
    Refuse,
    /// Leave the card where it is.
    Busy,
}

impl From<ReaderSignal> for Signal {
    fn from(signal: ReaderSignal) -> Self {
        match signal {
            ReaderSignal::Ok => Self::Ok,
            ReaderSignal::Refuse => Self::Refuse,
            ReaderSignal::Busy => Self::Busy,
        }
    }
}

/// Which card to verify.
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The card that bears this print: a number or UID in any form in use (see
    /// `xueka number forms`).
    #[arg(conflicts_with_all = ["number", "uid", "reader", "wait"])]
    pub(crate) printed: Option<Printed>,
    /// The card with this number.
    #[arg(long, value_name = "N", conflicts_with_all = ["uid", "reader", "wait"])]
    pub(crate) number: Option<CardNumber>,
    /// The card with this UID, in hexadecimal.
    #[arg(long, value_name = "HEX", conflicts_with_all = ["reader", "wait"])]
    pub(crate) uid: Option<Uid>,
    #[command(flatten)]
    pub(crate) in_reader: InReaderArgs,
    /// The least that the reading has to prove.
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub(crate) min_assurance: Option<Assurance>,
}

/// What a reading can prove, in rising order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Assurance {
    /// The UID was read.
    UidOnly,
    /// A number was read from a file that anyone can copy.
    NumberRead,
    /// Keyed data bound to the UID was checked.
    DataAuthenticated,
    /// The chip proved that it knows a key.
    ChipAuthenticated,
}

impl From<Assurance> for AssuranceLevel {
    fn from(level: Assurance) -> Self {
        match level {
            Assurance::UidOnly => Self::UidOnly,
            Assurance::NumberRead => Self::NumberRead,
            Assurance::DataAuthenticated => Self::DataAuthenticated,
            Assurance::ChipAuthenticated => Self::ChipAuthenticated,
        }
    }
}

/// What to do with cards of the registry.
#[derive(Debug, Subcommand)]
pub(crate) enum CardCommand {
    /// Take in a list of cards that were issued before (CSV).
    ///
    /// The first row names the columns, in Chinese or English. Required: 学籍号
    /// (`student_number`), 姓名 (`name`), and 卡号 (`card_number`) or `UID`.
    /// Optional: 班级 (`class`), 有效期起 (`valid_from`), 有效期止 (`valid_until`),
    /// 状态 (`state`: 正常 or `active`, 已到卡 or `delivered`). UTF-8 or GB18030;
    /// comma, tab or semicolon.
    Import(ImportArgs),
    /// Hand out the card in a reader to a student.
    Collect(CollectArgs),
    /// Show the registry's record of a card.
    Show(OnRecordArgs),
    /// Find all cards that bear a print, in any form in use.
    Find {
        /// What is printed on the card, or what a reader shows: a number or UID in
        /// any form in use (see `xueka number forms`).
        printed: Printed,
    },
    /// Explain the card in a reader: what it is and why, its ATR byte by byte,
    /// what could be read, and whether something hints at a copy.
    Inspect(InspectArgs),
    /// Report a card lost: it is blocked from that moment.
    ReportLoss(ReportLossArgs),
    /// Cancel a loss with the found card in a reader.
    CancelLoss(CancelLossArgs),
    /// Write cards of the school, by its profile. For registrars.
    #[command(subcommand)]
    Write(WriteCommand),
    /// Show how much is in the purse of the transit card in a reader. For
    /// registrars; the look is put on record.
    Balance(InReaderArgs),
    /// Show the last rides, purchases and loads of the transit card in a
    /// reader. For registrars; the look is put on record.
    Trips(InReaderArgs),
}

/// What to do about writing cards.
#[derive(Debug, Subcommand)]
pub(crate) enum WriteCommand {
    /// Show what would be written to the card in a reader, place by place;
    /// writes nothing.
    Plan {
        /// The card number that it gets.
        #[arg(long, value_name = "N")]
        number: CardNumber,
        #[command(flatten)]
        validity: ValidityArgs,
        #[command(flatten)]
        in_reader: InReaderArgs,
    },
    /// Write the card in a reader: shows the plan, asks, and writes.
    ///
    /// Leave the card where it is until the answer comes. One that left too
    /// early is finished when it is put on a reader again.
    Run(WriteRunArgs),
    /// List the writes that were begun and have not ended.
    List(ListArgs),
    /// Take up the open write of the card in a reader, where its tap did not do
    /// so by itself.
    Recover(RecoverArgs),
    /// Give up a card that cannot be made whole, or is gone: it goes out of use
    /// and onto the blacklist.
    Spoilt {
        /// The number of the open write, as `xueka card write list` shows it.
        #[arg(value_name = "WRITE")]
        write_id: u64,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
}

/// The days that a card gets beside its number.
#[derive(Debug, Args)]
pub(crate) struct ValidityArgs {
    /// The first day of validity, as `2026-09-01`; left out, it stays.
    #[arg(long, value_name = "DATE")]
    pub(crate) valid_from: Option<Date>,
    /// The last day of validity, as `2029-07-31`; left out, it stays.
    #[arg(long, value_name = "DATE")]
    pub(crate) valid_until: Option<Date>,
}

/// What to write, and where.
#[derive(Debug, Args)]
pub(crate) struct WriteRunArgs {
    /// The card number that it gets.
    #[arg(long, value_name = "N", required_unless_present = "plan")]
    pub(crate) number: Option<CardNumber>,
    #[command(flatten)]
    pub(crate) validity: ValidityArgs,
    /// By the plan that `xueka card write plan` has shown; asks nothing.
    #[arg(long, value_name = "PLAN", conflicts_with_all = ["number", "valid_from", "valid_until"])]
    pub(crate) plan: Option<String>,
    /// Do not ask.
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) in_reader: InReaderArgs,
    #[command(flatten)]
    pub(crate) request: RequestIdArgs,
}

/// Which card to make whole, and how.
#[derive(Debug, Args)]
pub(crate) struct RecoverArgs {
    /// What it shall hold: `old`, what it held before, or `new`, what was
    /// planned. Left out, it is `new` unless nothing was changed yet.
    #[arg(long, value_enum, value_name = "SIDE")]
    pub(crate) to: Option<Side>,
    #[command(flatten)]
    pub(crate) in_reader: InReaderArgs,
}

impl RecoverArgs {
    /// The side, as the protocol has it.
    pub(crate) fn side(&self) -> i32 {
        let side = match self.to {
            None => WriteSide::Unspecified,
            Some(Side::Old) => WriteSide::Old,
            Some(Side::New) => WriteSide::New,
        };
        side.into()
    }
}

/// A content of a card that was planned to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Side {
    /// What it held before.
    Old,
    /// What was planned.
    New,
}

/// What to send to which card.
#[derive(Debug, Args)]
pub(crate) struct ExchangeArgs {
    /// Command APDUs in hexadecimal, such as `00B0840020`; sent in their order.
    #[arg(required = true, value_name = "COMMAND")]
    pub(crate) commands: Vec<RawCommand>,
    #[command(flatten)]
    pub(crate) in_reader: InReaderArgs,
}

/// The bytes of a command. `Debug` shows their number alone.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct RawCommand(Box<[u8]>);

impl RawCommand {
    /// The bytes.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0.into_vec()
    }
}

impl FromStr for RawCommand {
    type Err = hex::FromHexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits: String = text.split_whitespace().collect();
        hex::decode(digits).map(|bytes| Self(bytes.into()))
    }
}

impl fmt::Debug for RawCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "command of {} bytes", self.0.len())
    }
}

/// The name of a changing request.
#[derive(Debug, Args)]
pub(crate) struct RequestIdArgs {
    /// Name of this request; sent again under the same name it is done once.
    /// Made up unless given.
    #[arg(long, value_name = "ID")]
    pub(crate) request_id: Option<String>,
}

/// Which list to take in, and how.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// The list.
    pub(crate) file: PathBuf,
    /// Take the rows that can be taken though others are refused.
    #[arg(long)]
    pub(crate) accept_good_rows: bool,
    /// Judge the rows and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) request: RequestIdArgs,
}

/// Who collects which card.
#[derive(Debug, Args)]
pub(crate) struct CollectArgs {
    /// Student number of the holder.
    #[arg(long, value_name = "S")]
    pub(crate) student: String,
    #[command(flatten)]
    pub(crate) in_reader: InReaderArgs,
    #[command(flatten)]
    pub(crate) request: RequestIdArgs,
}

/// A card on record.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("card").required(true))]
pub(crate) struct OnRecordArgs {
    /// The card that bears this print: a number or UID in any form in use (see
    /// `xueka number forms`).
    #[arg(group = "card")]
    pub(crate) printed: Option<Printed>,
    /// The card with this number.
    #[arg(long, value_name = "N", group = "card")]
    pub(crate) number: Option<CardNumber>,
    /// The card with this UID, in hexadecimal.
    #[arg(long, value_name = "HEX", group = "card")]
    pub(crate) uid: Option<Uid>,
    /// The live card of the student with this number.
    #[arg(long, value_name = "S", group = "card")]
    pub(crate) student: Option<String>,
}

/// Which card to explain, and how far.
#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// Show every exchange as well, without keys and personal data. For
    /// administrators.
    #[arg(long)]
    pub(crate) trace: bool,
    #[command(flatten)]
    pub(crate) in_reader: InReaderArgs,
}

/// Which card was lost, and how.
#[derive(Debug, Args)]
pub(crate) struct ReportLossArgs {
    #[command(flatten)]
    pub(crate) card: OnRecordArgs,
    /// It was stolen.
    #[arg(long)]
    pub(crate) stolen: bool,
    #[command(flatten)]
    pub(crate) request: RequestIdArgs,
}

impl ReportLossArgs {
    /// The reason to register.
    pub(crate) fn reason(&self) -> LossReason {
        if self.stolen {
            LossReason::Stolen
        } else {
            LossReason::Lost
        }
    }
}

/// Where the found card lies.
#[derive(Debug, Args)]
pub(crate) struct CancelLossArgs {
    #[command(flatten)]
    pub(crate) in_reader: InReaderArgs,
    #[command(flatten)]
    pub(crate) request: RequestIdArgs,
}

/// What to do with the blacklist.
#[derive(Debug, Subcommand)]
pub(crate) enum BlacklistCommand {
    /// Block a card by hand.
    Add {
        #[command(flatten)]
        card: BlockedCardArgs,
        /// Why, in your own words: 1 to 200 characters, no personal data.
        #[arg(long, value_name = "TEXT")]
        note: String,
        #[command(flatten)]
        request: RequestIdArgs,
    },
    /// Remove an entry that was added by hand.
    Remove {
        #[command(flatten)]
        card: BlockedCardArgs,
        #[command(flatten)]
        request: RequestIdArgs,
    },
    /// Say whether a card is blocked; exit code 1 when it is.
    Check(CheckArgs),
    /// List the entries.
    List(ListArgs),
    /// Show one entry.
    Show(BlockedCardArgs),
    /// Bring a copy of the blacklist in a file up to date, or fetch one.
    ///
    /// What comes is refused unless one of the given keys signed it, nothing is
    /// missing, and it is no older than what was there before. The daemon is told
    /// what this caller holds now; `xueka blacklist delivery` shows it.
    Pull(PullArgs),
    /// Say whether a copy in a file may be relied on; exit code 6 when not.
    Verify(CopyArgs),
    /// Say in which entries a copy differs from the daemon's list or another copy;
    /// exit code 1 when it does.
    Compare(CompareArgs),
    /// Make the key that signs the blacklist, or show its public half.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Say who holds the latest blocks since when, and who is behind; exit code 1
    /// when somebody is.
    Delivery(DeliveryArgs),
}

/// Which card is asked about, and whom to ask.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) card: CheckedCardArgs,
    /// Ask the copy in this file instead of the daemon, and say how old it is; exit
    /// code 6 when it may not be relied on.
    #[arg(
        long,
        value_name = "FILE",
        requires = "key",
        conflicts_with = "printed"
    )]
    pub(crate) offline: Option<PathBuf>,
    /// File with the public keys that are trusted.
    #[arg(long, value_name = "KEYS", requires = "offline")]
    pub(crate) key: Option<PathBuf>,
}

/// A copy of the blacklist.
#[derive(Debug, Args)]
pub(crate) struct CopyArgs {
    /// The file of the copy. A second file beside it, with `.mark` behind its name,
    /// remembers how far the copy had come: leave it there.
    pub(crate) file: PathBuf,
    /// File with the public keys that are trusted, one a line, as `xueka blacklist
    /// key show` prints them.
    #[arg(long, value_name = "KEYS")]
    pub(crate) key: PathBuf,
}

/// What to bring up to date, and how long.
#[derive(Debug, Args)]
pub(crate) struct PullArgs {
    #[command(flatten)]
    pub(crate) copy: CopyArgs,
    /// Go on with every change as it is made, until stopped by Ctrl-C.
    #[arg(long)]
    pub(crate) follow: bool,
}

/// What to compare.
#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    #[command(flatten)]
    pub(crate) copy: CopyArgs,
    /// Compare with the copy in this file instead of the daemon's list.
    #[arg(long, value_name = "FILE")]
    pub(crate) with: Option<PathBuf>,
}

/// What to do with the key that signs the blacklist.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a new key; prints its public half.
    New {
        /// The file to write; it must not exist. Give it to the daemon's user and
        /// name it in `blacklist.signing_key_file`.
        file: PathBuf,
    },
    /// Print the public half, to be given to those who keep copies.
    Show {
        /// The file with the key.
        file: PathBuf,
    },
}

/// Which blocks.
#[derive(Debug, Args)]
pub(crate) struct DeliveryArgs {
    /// The block of this number.
    #[arg(long, value_name = "N", conflicts_with_all = ["uid", "last"])]
    pub(crate) number: Option<CardNumber>,
    /// The block of this UID, in hexadecimal.
    #[arg(long, value_name = "HEX", conflicts_with = "last")]
    pub(crate) uid: Option<Uid>,
    /// So many blocks that were made last: 1 to 1,000.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(i32).range(1..=1000))]
    pub(crate) last: i32,
}

/// What an entry blocks.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("blocked").required(true))]
pub(crate) struct BlockedCardArgs {
    /// The card with this number.
    #[arg(long, value_name = "N", group = "blocked")]
    pub(crate) number: Option<CardNumber>,
    /// The card with this UID, in hexadecimal.
    #[arg(long, value_name = "HEX", group = "blocked")]
    pub(crate) uid: Option<Uid>,
}

/// Which card is asked about.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("checked").required(true))]
pub(crate) struct CheckedCardArgs {
    /// The card that bears this print: a number or UID in any form in use (see
    /// `xueka number forms`).
    #[arg(group = "checked")]
    pub(crate) printed: Option<Printed>,
    /// The card with this number.
    #[arg(long, value_name = "N", group = "checked")]
    pub(crate) number: Option<CardNumber>,
    /// The card with this UID, in hexadecimal.
    #[arg(long, value_name = "HEX", group = "checked")]
    pub(crate) uid: Option<Uid>,
}

/// What to do with printed numbers.
#[derive(Debug, Subcommand)]
pub(crate) enum NumberCommand {
    /// Find out from a few cards in which form they bear their UID or number.
    ///
    /// Types what is printed on the card in the reader and names the forms that
    /// fit, the simplest first, whether they tell all cards on record apart, and
    /// the lines that take them into use. Each further card narrows the choice;
    /// exit code 1 when no form fits.
    Teach(TeachArgs),
    /// List the forms in use.
    Forms,
    /// Compare the short number (坏卡卡号) typed from a bad card with the card on
    /// record of a student; exit code 1 when they clash.
    Short {
        /// The digits that were typed.
        short_number: String,
        /// Student number of the holder.
        #[arg(long, value_name = "S")]
        student: String,
    },
}

/// Cards and their prints.
#[derive(Debug, Args)]
pub(crate) struct TeachArgs {
    /// What is printed on the card in the reader.
    #[arg(required_unless_present = "pairs")]
    pub(crate) printed: Option<Printed>,
    /// The card has this number; no card is read.
    #[arg(long, value_name = "N", requires = "printed", conflicts_with_all = ["reader", "wait", "next"])]
    pub(crate) number: Option<CardNumber>,
    /// The card has this UID, in hexadecimal; no card is read.
    #[arg(long, value_name = "HEX", requires = "printed", conflicts_with_all = ["reader", "wait", "next"])]
    pub(crate) uid: Option<Uid>,
    /// What is printed on the card to be placed next; once for each further card.
    #[arg(long, value_name = "PRINTED", requires = "printed")]
    pub(crate) next: Vec<Printed>,
    /// A further card that is not read: what is printed on it, and its UID or
    /// number, as `0514229873=uid:1EA68671` or `12345678=number:1000751012345678`.
    #[arg(long = "pair", value_name = "PRINTED=CARD")]
    pub(crate) pairs: Vec<TaughtPair>,
    #[command(flatten)]
    pub(crate) in_reader: InReaderArgs,
}

/// Which part of a list.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// How many entries at most: 1 to 1,000.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(i32).range(1..=1000))]
    pub(crate) page_size: i32,
    /// Where to go on: what the page before named.
    #[arg(long, value_name = "TOKEN")]
    pub(crate) page_token: Option<String>,
    /// All pages; with --json one entry a line.
    #[arg(long)]
    pub(crate) all: bool,
}

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token; its secret is shown this once.
    Create {
        /// Its name: 1 to 64 letters, digits, dots, hyphens.
        name: String,
        /// What its bearer may do.
        #[arg(long, value_enum)]
        role: TokenRole,
        /// How long it lives, such as `12h` or `90d` [default: 90d].
        #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
        lifetime: Option<Duration>,
        /// Write the secret to this new file, readable by you alone, and do
        /// not show it.
        #[arg(long, value_name = "FILE")]
        save: Option<PathBuf>,
    },
    /// List the tokens that live, without their secrets.
    List,
    /// End a token at once.
    Revoke {
        /// Its name.
        name: String,
    },
}

/// What the bearer of a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TokenRole {
    /// Verify cards and check the blacklist.
    Verifier,
    /// Read, hand out, report loss.
    Clerk,
    /// What a clerk may, imports, writing cards, and the blacklist by hand.
    Registrar,
    /// Everything.
    Administrator,
    /// Drive the simulator.
    Simulator,
    /// Read cards and send commands to them as they are.
    Engineer,
}

impl From<TokenRole> for Role {
    fn from(role: TokenRole) -> Self {
        match role {
            TokenRole::Verifier => Self::Verifier,
            TokenRole::Clerk => Self::Clerk,
            TokenRole::Registrar => Self::Registrar,
            TokenRole::Administrator => Self::Administrator,
            TokenRole::Simulator => Self::Simulator,
            TokenRole::Engineer => Self::Engineer,
        }
    }
}

/// What to do with virtual cards.
#[derive(Debug, Subcommand)]
pub(crate) enum SimCommand {
    /// Put a virtual card into a slot.
    Insert(SimInsertArgs),
    /// Take the card out of a slot.
    Remove {
        /// Which slot, from 0.
        #[arg(long, value_name = "N", default_value_t = 0)]
        slot: u32,
    },
    /// List the slots and the cards in them.
    List,
}

/// Which virtual card, and where.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("description").required(true))]
pub(crate) struct SimInsertArgs {
    /// Which slot, from 0.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) slot: u32,
    // Made from the simulator's own table by its tests.
    #[arg(group = "description", help = include_str!("card_kinds.txt").trim_end())]
    pub(crate) kind: Option<String>,
    /// What is on it: `key=text`, such as `number=1000751012345678`, or
    /// `key:=value` for a value in TOML that is no text, such as `mute:=true`.
    #[arg(value_name = "KEY=VALUE", requires = "kind")]
    pub(crate) fields: Vec<String>,
    /// File that describes the card in TOML.
    #[arg(
        long,
        value_name = "FILE",
        group = "description",
        conflicts_with = "fields"
    )]
    pub(crate) file: Option<PathBuf>,
}

#[cfg(test)]
mod tests;
