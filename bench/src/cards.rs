//! The virtual cards that everything is measured with, in a process of their own.

use std::{
    io,
    net::{SocketAddr, ToSocketAddrs},
    time::Duration,
};

use anyhow::Context;
use xueka_simulator::Simulator;

use crate::{child, exchanges::transit_card};

/// How long a real CPU card takes for a command, about.
pub(crate) const REAL_CARD: Duration = Duration::from_millis(5);

/// The slot of the card that answers at once.
const FAST_SLOT: usize = 0;
/// The slot of the card that takes its time.
const SLOW_SLOT: usize = 1;

/// The role of the cards' process: puts a card that answers at once on the
/// first reader and one that takes its time on the second, and takes both away
/// when its input ends.
///
/// To each line of input it answers with one line: the commands that the slow
/// card has had so far, in hexadecimal.
pub(crate) fn serve(addresses: &[String]) -> anyhow::Result<()> {
    let addresses: Vec<SocketAddr> = addresses
        .iter()
        .map(|address| resolve(address))
        .collect::<anyhow::Result<_>>()?;
    let simulator = Simulator::on_vpcd(addresses);
    simulator.insert(FAST_SLOT, transit_card())?;
    simulator.insert(SLOW_SLOT, transit_card().response_delay(REAL_CARD))?;
    child::say_ready();
    for question in io::stdin().lines() {
        question?;
        let exchanges = simulator.exchanges(SLOW_SLOT)?;
        let commands = exchanges.iter().map(|e| hex::encode_upper(&e.command));
        println!("{}", commands.collect::<Vec<_>>().join(" "));
    }
    Ok(())
}

/// The address of a virtual reader: vpcd listens on all, so any will do.
fn resolve(address: &str) -> anyhow::Result<SocketAddr> {
    let mut found = address.to_socket_addrs()?;
    found
        .next()
        .with_context(|| format!("{address} is no address"))
}
