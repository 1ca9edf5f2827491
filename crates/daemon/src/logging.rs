//! The log: text or JSON, one event a line, on standard error.

use std::io;

use tracing_subscriber::EnvFilter;

use crate::config::{ConfigError, LogConfig, LogFormat};

/// Begins logging; called once, before anything is logged.
///
/// # Errors
///
/// [`ConfigError::LogFilter`] when the filter makes no sense.
pub fn start(config: &LogConfig) -> Result<(), ConfigError> {
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter(config)?)
        .with_writer(io::stderr)
        .with_ansi(false);
    match config.format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
    Ok(())
}

/// What is to be logged, by the configuration.
pub(crate) fn filter(config: &LogConfig) -> Result<EnvFilter, ConfigError> {
    EnvFilter::try_new(&config.filter).map_err(|error| ConfigError::LogFilter(error.to_string()))
}
