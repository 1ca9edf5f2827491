//! From a card's arrival to the published tap.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use tokio::runtime::Runtime;
use xueka_api::v1::{WatchTapsRequest, card_arrived, watch_taps_response::Event};
use xueka_readers::{PcscSource, ReaderSettings, ReaderState, Readers, TapChange, TapWatcher};

use crate::{
    N_ROUNDS,
    child::Role,
    clock::monotonic_nanos,
    echo,
    raw::{Raw, Script},
    reading::await_empty,
    report::Section,
    sample::{Series, median},
    service::{await_socket, socket_in, start_daemon},
};

/// Taps a round: 60 of each side.
const N_TAPS: usize = 4;
/// The slot on which cards are tapped.
const SLOT: usize = 0;
/// A card of which the UID is all that is read: one exchange, for plain C and
/// for us.
const CARD: &str = "ntag213";
const GET_UID: [u8; 5] = [0xFF, 0xCA, 0x00, 0x00, 0x00];
/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How much later than plain C, waiting for the card and asking for its UID,
/// the tap of the same card is published.
pub(crate) fn measure(raw: &Raw, reader: &str, cards: &mut Role) -> anyhow::Result<Section> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (mut plain, mut own, mut heard) = <(Series, Series, Series)>::default();
    for _ in 0..N_ROUNDS {
        plain.push(median(tap_plain_c(raw, reader, cards)?));
        own.push(median(tap_readers(&runtime, reader, cards)?));
    }
    let listener = tap_daemon(&runtime, reader, cards, N_ROUNDS * N_TAPS)?;
    heard.push(median(listener));
    Ok(
        Section::new("From a card's arrival at our driver to the published tap")
            .time("plain C has the UID", plain.median())
            .time("the tap is published", own.median())
            .time("the tap of the daemon is heard over gRPC", heard.median())
            .figure(
                "published tap, later than plain C has the UID",
                own.minus(&plain).median() / 1e6,
                "ms",
                0.5,
            ),
    )
}

/// Times from arrival to UID in plain C, in nanoseconds.
fn tap_plain_c(raw: &Raw, reader: &str, cards: &mut Role) -> anyhow::Result<Vec<f64>> {
    let commands = [GET_UID.to_vec()];
    let script = Script {
        reader,
        in_transaction: false,
        awaits_cards: true,
        commands: &commands,
    };
    let mut comparator = raw.await_cards(script, N_TAPS)?;
    let mut times = Vec::with_capacity(N_TAPS);
    for _ in 0..N_TAPS {
        comparator.await_ready()?;
        cards.order(&insertion())?;
        let answered = comparator.answered()?;
        times.push(since_arrival(cards, answered)?);
        take_away(cards)?;
    }
    Ok(times)
}

/// Times from arrival to the published tap, in nanoseconds.
fn tap_readers(runtime: &Runtime, reader: &str, cards: &mut Role) -> anyhow::Result<Vec<f64>> {
    await_empty(reader)?;
    let readers = Readers::start(Box::new(PcscSource::new()), ReaderSettings::default())?;
    await_attached(&readers, reader)?;
    let mut taps = readers.watch(0, 0);
    let mut times = Vec::with_capacity(N_TAPS);
    for _ in 0..N_TAPS {
        cards.order(&insertion())?;
        runtime.block_on(until(&mut taps, |change| match change {
            TapChange::CardArrived(outcome) => Some(outcome.is_ok()),
            _ => None,
        }))?;
        let published = monotonic_nanos();
        times.push(since_arrival(cards, published)?);
        take_away(cards)?;
        runtime.block_on(until(&mut taps, |change| {
            matches!(change, TapChange::CardLeft).then_some(true)
        }))?;
    }
    runtime.block_on(readers.shutdown());
    Ok(times)
}

/// Times from arrival to the event of a daemon, in nanoseconds.
fn tap_daemon(
    runtime: &Runtime,
    reader: &str,
    cards: &mut Role,
    n_taps: usize,
) -> anyhow::Result<Vec<f64>> {
    await_empty(reader)?;
    let folder = tempfile::tempdir()?;
    let _daemon = start_daemon(folder.path())?;
    let socket = socket_in(folder.path());
    await_socket(&socket)?;
    let mut times = Vec::with_capacity(n_taps);
    runtime.block_on(async {
        let mut client = echo::connect(&socket).await?;
        let request = WatchTapsRequest {
            reader: reader.into(),
            ..WatchTapsRequest::default()
        };
        let mut taps = client.watch_taps(request).await?.into_inner();
        // Cards of the first taps may come before the daemon has the reader.
        for _ in 0..n_taps {
            cards.order(&insertion())?;
            loop {
                let event = taps.message().await?.context("the daemon ended")?.event;
                if let Some(Event::CardArrived(arrived)) = event {
                    let is_read =
                        matches!(arrived.outcome, Some(card_arrived::Outcome::Reading(_)));
                    ensure!(is_read, "the card was not read");
                    break;
                }
            }
            times.push(since_arrival(cards, monotonic_nanos())?);
            take_away(cards)?;
            while !matches!(
                taps.message().await?.context("the daemon ended")?.event,
                Some(Event::CardLeft(_))
            ) {}
        }
        anyhow::Ok(())
    })?;
    Ok(times)
}

fn insertion() -> String {
    format!("insert {SLOT} {CARD}")
}

fn take_away(cards: &mut Role) -> anyhow::Result<()> {
    cards.ask(&format!("remove {SLOT}")).map(drop)
}

/// From the arrival that the cards now tell of to `moment`.
#[allow(
    clippy::cast_precision_loss,
    reason = "a time between two moments is short"
)]
fn since_arrival(cards: &mut Role, moment: u128) -> anyhow::Result<f64> {
    let arrived: u128 = cards.answer()?.parse()?;
    let nanos = moment.checked_sub(arrived);
    Ok(nanos.context("an answer came before the card")? as f64)
}

async fn until(
    taps: &mut TapWatcher,
    wanted: impl Fn(&TapChange) -> Option<bool>,
) -> anyhow::Result<()> {
    while let Some(event) = taps.next().await {
        if let Some(is_good) = wanted(&event.change) {
            ensure!(is_good, "the card was not read");
            return Ok(());
        }
    }
    bail!("no more taps are told")
}

fn await_attached(readers: &Readers, name: &str) -> anyhow::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    let is_ready = || {
        let list = readers.list();
        let mut found = list.readers.iter();
        // The model is known once the reader was asked which one it is.
        found.any(|it| {
            it.name.as_str() == name && it.state == ReaderState::Empty && !it.model.is_empty()
        })
    };
    while !is_ready() {
        ensure!(Instant::now() < deadline, "{name} is not attached");
        thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}
