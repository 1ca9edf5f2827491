//! What the daemon can be told when it is started.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser};
use xueka_transport::wire::Address;

/// The daemon of the card desk: reads student cards, keeps who was issued which
/// card and which cards are blocked, and answers over gRPC.
#[derive(Clone, Debug, Parser)]
#[command(name = "xuekad", version)]
pub struct Args {
    /// The configuration file; without it every setting has its default
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Check the configuration, say what is wrong with it, and end
    #[arg(long)]
    pub check_config: bool,
    /// Virtual readers instead of real ones.
    #[command(flatten)]
    pub simulation: Simulation,
}

/// Virtual readers instead of real ones.
#[derive(Clone, Debug, Default, ClapArgs)]
pub struct Simulation {
    /// Serve N virtual readers of the daemon itself, and no real ones
    #[arg(long, value_name = "N", conflicts_with = "simulate_vpcd",
          value_parser = clap::value_parser!(u16).range(1..=64))]
    pub simulate: Option<u16>,
    /// Put virtual cards on pcscd's virtual readers, which vpcd offers at these
    /// addresses, such as localhost:35963
    #[arg(long, value_name = "HOST:PORT", value_delimiter = ',')]
    pub simulate_vpcd: Vec<String>,
    /// Put virtual cards on pcscd's virtual readers, which our own driver offers
    /// at these addresses, such as `unix:/run/pcscd/xueka-0`
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',',
          conflicts_with_all = ["simulate", "simulate_vpcd"])]
    pub simulate_virtual_readers: Vec<Address>,
    /// Play this scenario once the daemon is ready
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
}

impl Simulation {
    /// Whether anything is simulated.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.simulate.is_some()
            || !self.simulate_vpcd.is_empty()
            || !self.simulate_virtual_readers.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn the_kinds_of_simulation_exclude_each_other() {
        let in_process = ["--simulate", "2"];
        let vpcd = ["--simulate-vpcd", "localhost:1"];
        let ours = ["--simulate-virtual-readers", "unix:/a,tcp:127.0.0.1:1"];
        for pair in [[in_process, vpcd], [in_process, ours], [vpcd, ours]] {
            let line = [&["xuekad"][..], pair.as_flattened()].concat();
            assert!(Args::try_parse_from(line).is_err(), "{pair:?}");
        }
        for one in [in_process, vpcd, ours] {
            let line = [&["xuekad"][..], &one].concat();
            assert!(
                Args::try_parse_from(line).unwrap().simulation.is_on(),
                "{one:?}"
            );
        }
    }

    #[test]
    fn virtual_readers_that_others_could_reach_are_refused() {
        let line = ["xuekad", "--simulate-virtual-readers", "tcp:0.0.0.0:1"];
        let error = Args::try_parse_from(line).unwrap_err().to_string();
        assert!(error.contains("loopback"), "{error}");
    }
}
