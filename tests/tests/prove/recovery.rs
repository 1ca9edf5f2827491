//! pcscd is killed and started again while cards are read and tapped.
//!
//! One reader has a card that is read without a pause. On the other a card is
//! tapped in each round, around the time at which pcscd is away, for a little
//! longer than nothing could be read.

use std::{
    sync::mpsc::{Receiver, Sender, channel},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use tokio::runtime::Builder;
use xueka_api::v1::{ReadCardRequest, reader_service_client::ReaderServiceClient};
use xueka_simulator::{Simulator, VirtualCard};
use xueka_tests::{Daemon, PATIENCE, PrivatePcscd, Setup, Taps, number_read};

use crate::spread::Spread;

/// From pcscd's return to the first good reading.
const GOAL: Duration = Duration::from_secs(2);

/// How long pcscd stays away, beside the time that it takes to start: the
/// daemon's pauses between attempts grow meanwhile, up to a second.
const DOWN_MILLIS: [u64; 5] = [0, 150, 500, 1200, 3000];

/// How much longer than nothing could be read a card is held to the reader.
const LONGER: Duration = Duration::from_millis(10);

/// About as long as a real card takes for a command, so that there is hardly a
/// moment in which no reading is under way.
const CARD_TIME: Duration = Duration::from_millis(5);

/// The slot of the card that lies there and is read all the time.
const LYING: usize = 0;
/// The slot on which cards are tapped.
const TAPPED: usize = 1;

const LYING_NUMBER: &str = "1000751012345678";

/// When a card is put on the other reader.
#[derive(Clone, Copy, Debug)]
enum Tapped {
    /// At once before the kill, which meets its reading.
    BeforeTheKill,
    /// While pcscd is away.
    WhileAway,
    /// While pcscd is away, in exchange for one that lay there before.
    Exchanged,
    /// While pcscd starts.
    WhileStarting,
}

const TIMES: [Tapped; 4] = [
    Tapped::BeforeTheKill,
    Tapped::WhileAway,
    Tapped::Exchanged,
    Tapped::WhileStarting,
];

/// What one round took.
struct Round {
    /// From pcscd's return to the first good reading.
    recovery: Duration,
    /// From the kill to the first good reading.
    outage: Duration,
}

/// Kills pcscd so many times, prints what it took, and fails where a goal is
/// missed.
pub(crate) fn prove(n_rounds: u32) {
    let mut house = House::open();
    let pid = house.daemon.pid();
    let rounds: Vec<_> = (0..n_rounds).map(|index| house.round(index)).collect();
    let recovery = Spread::of(rounds.iter().map(|round| round.recovery));
    let outage = Spread::of(rounds.iter().map(|round| round.outage));
    let n_good = rounds.iter().filter(|it| it.recovery <= GOAL).count();
    println!("pcscd killed and started again {n_rounds} times during readings");
    println!("  recoveries within {GOAL:?}                {n_good} of {n_rounds}");
    println!("  from its return to a good reading     {recovery}");
    println!("  from the kill to a good reading       {outage}");
    println!("  taps longer than that, all told       {n_rounds} of {n_rounds}");
    assert_eq!(house.daemon.pid(), pid, "the same daemon all the time");
    assert!(recovery.max() <= GOAL, "a recovery took too long");
}

/// A pcscd with two readers, the daemon, and who reads and taps.
struct House {
    pcscd: PrivatePcscd,
    simulator: Simulator,
    calls: Calls,
    taps: Taps,
    daemon: Daemon,
}

impl House {
    fn open() -> Self {
        let pcscd = PrivatePcscd::start(2);
        let addresses = pcscd.addresses().iter().map(|it| it.parse().unwrap());
        let simulator = Simulator::on_virtual_readers(addresses);
        let daemon = Setup::with_readers_of(&pcscd).start();
        simulator.insert(LYING, card(LYING_NUMBER)).unwrap();
        let calls = Calls::begin(&daemon, &pcscd.readers()[LYING]);
        calls.first_good_after(Instant::now());
        Self {
            taps: daemon.taps(),
            pcscd,
            simulator,
            calls,
            daemon,
        }
    }

    fn round(&mut self, index: u32) -> Round {
        let when = TIMES[index as usize % TIMES.len()];
        let down = Duration::from_millis(DOWN_MILLIS[index as usize % DOWN_MILLIS.len()]);
        let number = format!("10007510{index:08}");
        let delay = match when {
            Tapped::BeforeTheKill => None,
            Tapped::WhileAway => Some(down / 2),
            Tapped::Exchanged => {
                let before = format!("10007520{index:08}");
                self.simulator.insert(TAPPED, card(&before)).unwrap();
                self.await_tap(&before);
                Some(down / 2)
            }
            // Spread over the time that pcscd takes to start.
            Tapped::WhileStarting => Some(down + Duration::from_millis(u64::from(index % 16) * 10)),
        };
        // Our driver tells pcscd at once, so the reading begins now.
        let tapped_before = delay.is_none().then(|| self.tap(&number, Duration::ZERO));
        let begun = tapped_before.map(|tap| tap.join().unwrap());

        let killing = Instant::now();
        self.pcscd.kill();
        let killed = Instant::now();
        let tap = delay.map(|delay| self.tap(&number, delay));
        thread::sleep(down);
        self.pcscd.restart();
        let returned = Instant::now();

        let good = self.calls.first_good_after(killed);
        let outage = good - killing;
        let begun = begun.or_else(|| Some(tap?.join().unwrap())).unwrap();
        let until = begun + outage + LONGER;
        thread::sleep(until.saturating_duration_since(Instant::now()));
        self.simulator.remove(TAPPED).unwrap();
        self.await_tap(&number);
        Round {
            recovery: good.saturating_duration_since(returned),
            outage,
        }
    }

    /// Puts a card on the other reader after `delay`; the thread gives the
    /// moment at which that was, once pcscd has noticed.
    fn tap(&self, number: &str, delay: Duration) -> JoinHandle<Instant> {
        let simulator = self.simulator.clone();
        let card = card(number);
        thread::spawn(move || {
            thread::sleep(delay);
            let begun = Instant::now();
            simulator.insert(TAPPED, card).unwrap();
            begun
        })
    }

    /// Waits until listeners were told of this card.
    fn await_tap(&mut self, number: &str) {
        let reader = &self.pcscd.readers()[TAPPED];
        self.taps.until(&format!("the tap of {number}"), |event| {
            let is_told = event.reader == *reader && number_read(event) == Some(number);
            is_told.then_some(())
        });
    }
}

fn card(number: &str) -> VirtualCard {
    VirtualCard::transit(number).response_delay(CARD_TIME)
}

/// Somebody who reads the lying card without a pause.
struct Calls {
    /// When each good reading began and ended.
    good: Receiver<(Instant, Instant)>,
}

impl Calls {
    fn begin(daemon: &Daemon, reader: &str) -> Self {
        let (told, good) = channel();
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let client = runtime.block_on(async { ReaderServiceClient::new(daemon.channel().await) });
        let reader = reader.to_owned();
        thread::spawn(move || runtime.block_on(call_on(client, reader, told)));
        Self { good }
    }

    /// When the first good reading ended that began after `moment`.
    fn first_good_after(&self, moment: Instant) -> Instant {
        loop {
            let next = self.good.recv_timeout(PATIENCE);
            let (began, ended) = next.expect("a good reading, in time");
            if began >= moment {
                return ended;
            }
        }
    }
}

/// Reads until nobody wants to know any more.
async fn call_on(
    mut client: ReaderServiceClient<tonic::transport::Channel>,
    reader: String,
    told: Sender<(Instant, Instant)>,
) {
    loop {
        let began = Instant::now();
        let request = ReadCardRequest {
            reader: reader.clone(),
            wait: None,
        };
        let Ok(answer) = client.read_card(request).await else {
            // It says at once that pcscd is away: a breath, and again.
            tokio::time::sleep(Duration::from_millis(1)).await;
            continue;
        };
        let reading = answer.into_inner().reading.unwrap_or_default();
        let is_good = reading.complete && reading.card_number == LYING_NUMBER;
        assert!(is_good, "a reading is whole or fails");
        if told.send((began, Instant::now())).is_err() {
            return;
        }
    }
}
