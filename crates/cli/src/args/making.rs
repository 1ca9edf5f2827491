//! What may be typed after `xueka making`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};

use super::{ListArgs, RequestIdArgs};

/// What to do with card-making files and their batches.
#[derive(Debug, Subcommand)]
pub(crate) enum MakingCommand {
    /// At the school: say for whom cards would be requested, and change nothing.
    Preview(SelectionArgs),
    /// At the school: request cards and make the file for the district
    /// (生成制卡文件).
    Make(MakeArgs),
    /// At the district: say of each row of a school's file what would become of
    /// it, and change nothing.
    Check(MenuFileArgs),
    /// At the district: take a school's file in (数据上报). The same file a second
    /// time changes nothing.
    Take(TakeArgs),
    /// At the district: confirm a batch (制卡确认).
    Confirm(BatchArgs),
    /// At the district: send a batch back (退回).
    Reject(BatchArgs),
    /// At the school: cancel the requests of a batch (撤销), to correct them and
    /// make the file anew.
    Withdraw(BatchArgs),
    /// At the district: make the file for the factory, of what is confirmed.
    Factory(BatchFileArgs),
    /// At the district: take in what the factory says (制卡结果).
    Result(ResultArgs),
    /// At the district: deliver what was made, and make the file for the school.
    Deliver(BatchFileArgs),
    /// At the school: take in the district's delivery (到卡).
    Receive(ReceiveArgs),
    /// List the batches.
    List(ListArgs),
    /// Show a batch with its students.
    Show {
        /// The number of the batch.
        batch: u64,
    },
}

/// Under which menu cards are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Menu {
    /// 新制: students without a card.
    New,
    /// 补制: students whose card is registered as lost or damaged.
    Reissue,
}

/// For whom cards are requested.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("students-meant").required(true).multiple(true))]
pub(crate) struct SelectionArgs {
    /// New cards or reissues.
    #[arg(value_enum)]
    pub(crate) menu: Menu,
    /// Student numbers of those who are chosen one by one.
    #[arg(group = "students-meant", conflicts_with_all = ["school", "cohort", "class"])]
    pub(crate) students: Vec<String>,
    /// All of this school, by its code.
    #[arg(long, value_name = "CODE", group = "students-meant")]
    pub(crate) school: Option<String>,
    /// All of this cohort (届), by its year.
    #[arg(long, value_name = "YEAR", group = "students-meant")]
    pub(crate) cohort: Option<u32>,
    /// All of this class.
    #[arg(long, value_name = "CLASS", group = "students-meant")]
    pub(crate) class: Option<String>,
    /// Leave out those who are refused. Without it one of them means that no file
    /// is made.
    #[arg(long)]
    pub(crate) accept_good: bool,
}

/// For whom cards are requested, and where the file goes.
#[derive(Debug, Args)]
pub(crate) struct MakeArgs {
    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
    #[command(flatten)]
    pub(crate) folder: FolderArgs,
    #[command(flatten)]
    pub(crate) request: RequestIdArgs,
}

/// Where a file goes, whose name the daemon gives.
#[derive(Debug, Args)]
pub(crate) struct FolderArgs {
    /// The folder for the file. A file that is there already has to be the same.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) folder: PathBuf,
}

/// A school's file, and its menu.
#[derive(Debug, Args)]
pub(crate) struct MenuFileArgs {
    /// New cards or reissues.
    #[arg(value_enum)]
    pub(crate) menu: Menu,
    /// The file; its name is held against what it says.
    pub(crate) file: PathBuf,
    /// Judge it as if the rows that can be taken were taken alone.
    #[arg(long)]
    pub(crate) good_rows: bool,
}

/// A school's file, and how it is taken in.
#[derive(Debug, Args)]
pub(crate) struct TakeArgs {
    #[command(flatten)]
    pub(crate) file: MenuFileArgs,
    #[command(flatten)]
    pub(crate) request: RequestIdArgs,
}

/// A batch.
#[derive(Debug, Args)]
pub(crate) struct BatchArgs {
    /// The number of the batch.
    pub(crate) batch: u64,
    #[command(flatten)]
    pub(crate) request: RequestIdArgs,
}

/// A batch, and where its file goes.
#[derive(Debug, Args)]
pub(crate) struct BatchFileArgs {
    #[command(flatten)]
    pub(crate) batch: BatchArgs,
    #[command(flatten)]
    pub(crate) folder: FolderArgs,
}

/// What the factory says.
#[derive(Debug, Args)]
pub(crate) struct ResultArgs {
    /// The batch; the one that the file names when left out.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) batch: u64,
    #[command(flatten)]
    pub(crate) file: ReceiveArgs,
}

/// A file of cards, and how it is taken in.
#[derive(Debug, Args)]
pub(crate) struct ReceiveArgs {
    /// The file.
    pub(crate) file: PathBuf,
    /// Judge the rows and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Take the rows that can be taken though others are refused.
    #[arg(long)]
    pub(crate) good_rows: bool,
    #[command(flatten)]
    pub(crate) request: RequestIdArgs,
}
