//! A roll of a million students, taken in with every check, beside the tools
//! that load a file without any: `iconv` and the `.import` of `sqlite3`.
//!
//! Both sides read the same file in GB18030 and fill a database of their own
//! with the same keys, durably. Ours also decodes strictly, judges every cell,
//! finds students who stand there twice, and keeps the audit row and the answer.

use std::{
    fmt::Write as _,
    fs,
    io::{BufWriter, Write as _},
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, ensure};
use encoding_rs::GB18030;
use tokio::runtime::{Builder, Runtime};
use xueka_files::{Limits, RollLayout, parse_roll};
use xueka_registry::{OpenOptions, Registry, RollRow, RollUpdate, Stamp};

use crate::{
    report::{Report, Section},
    sample::{Series, nanoseconds},
};

/// Rows of the roll.
const N_ROWS: usize = 1_000_000;

/// Rounds; each takes both sides some ten seconds.
const N_ROUNDS: usize = 3;

/// The table and the keys that the registry has for students.
const SCHEMA: &str = "\
CREATE TABLE students (number TEXT NOT NULL UNIQUE, name TEXT NOT NULL, sex TEXT,
    school TEXT, cohort INTEGER, class_name TEXT);
CREATE INDEX students_by_name ON students (name, number);
CREATE INDEX students_by_class ON students (class_name, school, number);
CREATE INDEX students_by_school ON students (school, cohort, number);
CREATE INDEX students_by_cohort ON students (cohort, number);
";

/// Syllables of names.
const SURNAMES: [&str; 16] = [
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高",
    "欧阳",
];
const GIVEN: [&str; 32] = [
    "伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰", "娟", "涛", "明",
    "超", "秀", "霞", "平", "刚", "桂", "英", "华", "玉", "梅", "鑫", "浩", "宇", "轩", "梓", "涵",
];

/// Measures both sides in turns.
pub(crate) fn measure() -> anyhow::Result<Report> {
    let folder = tempfile::tempdir()?;
    let roll = folder.path().join("roll.csv");
    write_roll(&roll)?;
    let runtime = Builder::new_current_thread().build()?;
    let (mut ours, mut reading, mut tools) = <(Series, Series, Series)>::default();
    for _ in 0..N_ROUNDS {
        let (whole, read) = take_in(&runtime, &roll, folder.path())?;
        ours.push(whole);
        reading.push(read);
        tools.push(load_with_tools(&roll, folder.path())?);
    }
    let mut report = Report::default();
    report.add(
        Section::new("A roll of 1,000,000 students in GB18030")
            .time(
                "iconv and sqlite3 .import with the same keys",
                tools.median(),
            )
            .time("taken in with every check", ours.median())
            .time("of it reading and judging the file", reading.median())
            .figure(
                "taken in, to iconv and .import",
                ours.ratio_to(&tools),
                "",
                0.85,
            ),
    );
    Ok(report)
}

/// A roll as a district's program writes it: by school, cohort and class, the
/// names in no order.
fn write_roll(path: &Path) -> anyhow::Result<()> {
    let mut file = BufWriter::new(fs::File::create(path)?);
    let mut line = String::new();
    let mut put =
        |line: &str| -> anyhow::Result<()> { Ok(file.write_all(&GB18030.encode(line).0)?) };
    put("学籍号,姓名,性别,学校代码,届,班级\r\n")?;
    for row in 0..N_ROWS {
        // Some order in which neighbours differ: a full cycle over the names.
        let mixed = row.wrapping_mul(7919);
        let part = |parts: &[&'static str], divisor: usize| {
            let at = mixed / divisor % parts.len().max(1);
            parts.get(at).copied().unwrap_or_default()
        };
        line.clear();
        write!(
            line,
            "G{:018},{}{}{},{},{:07},{},高一({})班\r\n",
            110_106_200_000_000_000 + row as u64,
            part(&SURNAMES, 1),
            part(&GIVEN, 16),
            part(&GIVEN, 512),
            if row % 2 == 0 { "男" } else { "女" },
            106_001 + row / 1_200,
            2026 + row / 400 % 3,
            1 + row / 40 % 10,
        )?;
        put(&line)?;
    }
    Ok(file.flush()?)
}

/// Takes the roll into a new registry; gives how long the whole took, and the
/// file alone.
fn take_in(runtime: &Runtime, roll: &Path, folder: &Path) -> anyhow::Result<(f64, f64)> {
    let database = folder.join("registry.db");
    let address = database.to_str().context("the folder's name is UTF-8")?;
    let registry = runtime.block_on(Registry::open(address, OpenOptions::default()))?;
    let begin = Instant::now();
    let bytes = fs::read(roll)?;
    let read = parse_roll(&bytes, &RollLayout::default(), &Limits::default())?;
    let reading = nanoseconds(begin.elapsed());
    let rows = read.rows.into_iter().map(|row| RollRow {
        row: row.row,
        entry: row.value,
    });
    let update = RollUpdate {
        rows: rows.collect(),
        accept_good_rows: false,
        correct_names: false,
        dry_run: false,
    };
    let stamp = Stamp {
        actor: "bench".parse()?,
        now: jiff::Timestamp::now(),
    };
    let taken = registry.upsert_students("one".parse()?, stamp, update);
    let outcome = runtime.block_on(taken)?;
    let whole = nanoseconds(begin.elapsed());
    ensure!(outcome.added == N_ROWS as u64, "every row is taken");
    runtime.block_on(registry.close());
    remove(folder, "registry.db")?;
    Ok((whole, reading))
}

/// Loads the roll with the tools; gives how long that took.
fn load_with_tools(roll: &Path, folder: &Path) -> anyhow::Result<f64> {
    let database = folder.join("tools.db");
    let text = folder.join("roll.utf8.csv");
    run(Command::new("sqlite3").arg(&database).arg(SCHEMA))?;
    let begin = Instant::now();
    run(Command::new("iconv")
        .args(["-f", "GB18030", "-t", "UTF-8"])
        .arg(roll)
        .stdout(fs::File::create(&text)?))?;
    run(Command::new("sqlite3").arg(&database).arg(format!(
        ".import --csv --skip 1 '{}' students",
        text.display()
    )))?;
    let whole = nanoseconds(begin.elapsed());
    let count = Command::new("sqlite3")
        .arg(&database)
        .arg("SELECT count(*) FROM students")
        .output()?;
    let count = String::from_utf8_lossy(&count.stdout).trim().to_owned();
    ensure!(count == N_ROWS.to_string(), "every row is loaded");
    remove(folder, "tools.db")?;
    Ok(whole)
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let status = command.stdin(Stdio::null()).status();
    let status = status.with_context(|| format!("{command:?} cannot be run"))?;
    ensure!(status.success(), "{command:?}: {status}");
    Ok(())
}

/// Removes a database with all that lies beside it.
fn remove(folder: &Path, name: &str) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(name) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
