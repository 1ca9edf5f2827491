//! The virtual cards that everything is measured with, in a process of their own.

use std::{
    io,
    net::{SocketAddr, ToSocketAddrs},
    time::Duration,
};

use anyhow::{Context, bail};
use xueka_simulator::{Simulator, VirtualCard};

use crate::{child, clock, families};

/// The card that answers at once, by its name in orders.
pub(crate) const FAST: &str = "transit-cpu";
/// The same card, which takes as long as a real CPU card for a command, about.
pub(crate) const SLOW: &str = "transit-cpu in 5 ms";
pub(crate) const REAL_CARD: Duration = Duration::from_millis(5);
/// The same card, which takes longer than most.
pub(crate) const SLOWER: &str = "transit-cpu in 10 ms";

/// The role of the cards' process: puts cards on the readers of a driver, and
/// takes all away when its input ends.
///
/// Each line of input is an order about a slot, answered with one line:
///
/// - `insert SLOT CARD` puts that card there; the answer is the time of the
///   monotonic clock just before, in nanoseconds;
/// - `remove SLOT`, answered with an empty line;
/// - `commands SLOT`, answered with the commands that the card there has had,
///   in hexadecimal.
pub(crate) fn serve(driver: &str, addresses: &[String]) -> anyhow::Result<()> {
    let simulator = if driver == "vpcd" {
        let addresses = addresses.iter().map(|address| resolve(address));
        Simulator::on_vpcd(addresses.collect::<anyhow::Result<Vec<_>>>()?)
    } else {
        let addresses = addresses.iter().map(|address| address.parse());
        Simulator::on_virtual_readers(addresses.collect::<Result<Vec<_>, _>>()?)
    };
    child::say_ready();
    for order in io::stdin().lines() {
        println!("{}", obey(&simulator, &order?)?);
    }
    Ok(())
}

fn obey(simulator: &Simulator, order: &str) -> anyhow::Result<String> {
    let mut words = order.splitn(3, ' ');
    let verb = words.next().unwrap_or_default();
    let slot = words.next().unwrap_or_default().parse()?;
    match (verb, words.next()) {
        ("insert", Some(name)) => {
            let card = named(name)?;
            let moment = clock::monotonic_nanos();
            simulator.insert(slot, card)?;
            Ok(moment.to_string())
        }
        ("remove", None) => {
            simulator.remove(slot)?;
            Ok(String::new())
        }
        ("commands", None) => {
            let exchanges = simulator.exchanges(slot)?;
            let commands = exchanges.iter().map(|e| hex::encode_upper(&e.command));
            Ok(commands.collect::<Vec<_>>().join(" "))
        }
        _ => bail!("{order:?} is no order"),
    }
}

fn named(name: &str) -> anyhow::Result<VirtualCard> {
    Ok(match name {
        SLOW => families::transit_card().response_delay(REAL_CARD),
        SLOWER => families::transit_card().response_delay(REAL_CARD * 2),
        _ => {
            families::all()?
                .into_iter()
                .find(|family| family.name == name)
                .with_context(|| format!("there is no card {name:?}"))?
                .card
        }
    })
}

/// The address of a virtual reader: vpcd listens on all, so any will do.
fn resolve(address: &str) -> anyhow::Result<SocketAddr> {
    let mut found = address.to_socket_addrs()?;
    found
        .next()
        .with_context(|| format!("{address} is no address"))
}
