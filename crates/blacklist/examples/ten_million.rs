//! Says what ten million entries cost here: memory, and the time to fill, sign,
//! load, ask and change a list.
//!
//! ```console
//! cargo run --release -p xueka-blacklist --example ten_million
//! ```
//!
//! Memory is what the kernel counts as resident, so it holds whatever the
//! allocator adds. Needs Linux for that, and 2 GiB.

use std::{
    error::Error,
    fs,
    hint::black_box,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use xueka_blacklist::{
    Blacklist, Builder, Change, Day, Entry, Issue, ListSigner, ListVerifier, Shared, Snapshot,
    SourceId, Terms,
};
use xueka_domain::{BlockReason, CardKey};

const N: u64 = 10_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    // One city's numbers with a hole at every twentieth, and numbers at large.
    let dense = |n: u64| 1_000_751_000_000_000 + n * 20 / 19;
    let at_large = |n: u64| n.wrapping_mul(0x9E37_79B9_7F4A_7C15) % 10_000_000_000_000_000;
    measure("dense", dense, true, false)?;
    measure("at large", at_large, false, false)?;
    measure(
        "at large, each with its own first day",
        at_large,
        false,
        true,
    )
}

fn measure(
    name: &str,
    number: impl Fn(u64) -> u64,
    is_first: bool,
    has_days: bool,
) -> Result<(), Box<dyn Error>> {
    let day = Day::try_from(jiff::civil::date(2026, 9, 1))?;
    let key = |n| -> Result<CardKey, Box<dyn Error>> {
        Ok(CardKey::Number(format!("{:016}", number(n)).parse()?))
    };
    let before = resident()?;
    let mut builder = Builder::default();
    for n in 0..N {
        let day = if has_days {
            // Some thousand days, as they come.
            Day::try_from(
                day.date()
                    .saturating_sub(jiff::Span::new().days(i64::try_from(number(n) % 3_000)?)),
            )?
        } else {
            day
        };
        let terms = Terms {
            reason: BlockReason::Lost,
            source: SourceId::REGISTRY,
            from: Some(day),
            until: None,
        };
        builder.extend([Entry {
            key: key(n)?,
            terms,
        }])?;
    }
    let (list, took) = timed(|| builder.finish(1));
    println!("{name}: {} keys", list.len());
    println!("  put in place   {took:.2?}");
    per_entry("counted", list.heap_bytes() as u64);
    if is_first {
        // Later ones get the memory that the first one gave back.
        per_entry("resident", resident()?.saturating_sub(before));
    }

    let signer = ListSigner::new(&[7; 32]);
    let trusted = ListVerifier::new(&[signer.public()]).ok_or("no key")?;
    let now: Timestamp = "2026-09-01T08:00:00Z".parse()?;
    let issue = Issue {
        epoch: 1,
        made_time: now,
        fresh_for: Duration::from_hours(24),
    };
    let (file, took) = timed(|| Snapshot::sign(&list, &issue, &signer));
    println!("  signed         {took:.2?}");
    per_entry("in the file", file.len() as u64);
    drop(list);
    for _ in 0..3 {
        let (loaded, took) = timed(|| Snapshot::open(&file, &trusted, None, now));
        println!("  loaded         {took:.2?}, {} keys", loaded?.list().len());
    }
    let list = Snapshot::open(&file, &trusted, None, now)?.into_list();
    drop(file);
    ask(&list, &key)?;
    change(list, &key)
}

/// Asks a million times, numbers that are there and numbers that are not.
fn ask(
    list: &Blacklist,
    key: &impl Fn(u64) -> Result<CardKey, Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    const N_ASKED: u32 = 1_000_000;
    for (name, first) in [("a hit", 0), ("a miss", N)] {
        let keys = (0..u64::from(N_ASKED)).map(|n| key(first + n * 7_919 % N));
        let keys: Vec<CardKey> = keys.collect::<Result<_, _>>()?;
        let (n_found, took) = timed(|| {
            keys.iter()
                .filter(|key| list.check(**key).is_some())
                .count()
        });
        println!("  {name:<14} {:.0?}, {n_found} found", took / N_ASKED);
    }
    Ok(())
}

/// Changes one entry at a time, each seen by those who ask.
fn change(
    list: Blacklist,
    key: &impl Fn(u64) -> Result<CardKey, Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    const N_CHANGES: u32 = 10_000;
    let shared = Shared::new(list);
    let changes = (0..N_CHANGES).map(|n| -> Result<Change, Box<dyn Error>> {
        Ok(Change::Block(Entry {
            key: key(u64::from(n) * 997)?,
            terms: Terms::of(BlockReason::ByHand),
        }))
    });
    let changes: Vec<Change> = changes.collect::<Result<_, _>>()?;
    let (result, took) = timed(|| {
        let mut each = changes.iter();
        each.try_for_each(|change| shared.change(|list| list.change(&[*change])))
    });
    result?;
    println!("  one change     {:.1?}", took / N_CHANGES);
    let ends: Vec<Change> = changes
        .iter()
        .filter_map(|change| match change {
            Change::Block(entry) => Some(Change::Unblock {
                key: entry.key,
                origin: xueka_blacklist::Origin::Hand,
            }),
            Change::Unblock { .. } => None,
        })
        .collect();
    let (result, took) = timed(|| shared.change(|list| list.change(&ends)));
    result?;
    println!("  ten thousand   {took:.1?} at once");
    Ok(())
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = black_box(work());
    (result, start.elapsed())
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a figure to read, of far fewer than 2^52 bytes"
)]
fn per_entry(name: &str, n_bytes: u64) {
    let each = n_bytes as f64 / N as f64;
    println!("  {name:<14} {each:.2} bytes an entry");
}

/// The bytes of this process that lie in memory.
fn resident() -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let n_kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    Ok(n_kib.ok_or("no VmRSS")?.parse::<u64>()? * 1024)
}
