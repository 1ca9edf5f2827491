//! The daemon of the card desk as a library: gRPC services over the use cases
//! of `desk`, their security, the configuration and the shutdown.
//!
//! [`server::run`] serves on given listeners until told to stop; the program
//! `xuekad` is [`Daemon::start`] and [`Daemon::run`] after the command line.

mod args;
mod config;
mod convert;
mod daemon;
mod gate;
mod health;
mod keys;
mod listen;
pub mod logging;
mod reasons;
#[cfg(test)]
mod reference;
pub mod server;
mod services;
pub mod signals;
mod status;
mod whole;

pub use args::{Args, Simulation};
pub use config::{
    BlacklistConfig, CardsConfig, Config, ConfigError, ListenConfig, LogConfig, LogFormat,
    OctalMode, ReadersConfig, RegistryConfig, SocketRole, WebConfig,
};
pub use daemon::Daemon;
pub use listen::{ListenError, Listeners};
