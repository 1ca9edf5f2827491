//! Signals: two ask for an ordered shutdown, one must not kill.

use std::io;

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};

/// A value that becomes true on SIGTERM or SIGINT. Needs a Tokio runtime.
///
/// Also takes SIGXFSZ, so that a file-size limit is an error of the write that
/// met it and not the end of the process.
///
/// # Errors
///
/// When the system refuses a handler.
pub fn shutdown() -> io::Result<watch::Receiver<bool>> {
    let (stop, stopped) = watch::channel(false);
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let too_large = signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()))?;
    tokio::spawn(swallow(too_large));
    tokio::spawn(async move {
        let name = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        tracing::info!(signal = name, "shutting down");
        stop.send_replace(true);
    });
    Ok(stopped)
}

/// Having a handler is enough; the failed write tells the rest.
async fn swallow(mut signal: Signal) {
    while signal.recv().await.is_some() {}
}
