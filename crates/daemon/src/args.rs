//! What the daemon can be told when it is started.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser};

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
    /// Play this scenario once the daemon is ready
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
}

impl Simulation {
    /// Whether anything is simulated.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.simulate.is_some() || !self.simulate_vpcd.is_empty()
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
    fn the_two_kinds_of_simulation_exclude_each_other() {
        let both = [
            "xuekad",
            "--simulate",
            "2",
            "--simulate-vpcd",
            "localhost:1",
        ];
        assert!(Args::try_parse_from(both).is_err());
    }
}
