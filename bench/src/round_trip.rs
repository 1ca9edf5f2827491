//! A bare thread round trip: what any handle to a reader's thread must cost.

use std::thread::{self, JoinHandle};

use anyhow::anyhow;
use tokio::sync::{mpsc, oneshot};

/// A thread that does one thing when asked, behind two channels.
#[derive(Debug)]
pub(crate) struct RoundTrip {
    requests: Option<mpsc::Sender<oneshot::Sender<()>>>,
    thread: Option<JoinHandle<()>>,
}

impl RoundTrip {
    /// Starts the thread; `work` is what it does each time.
    pub(crate) fn start(mut work: impl FnMut() + Send + 'static) -> anyhow::Result<Self> {
        let (requests, mut inbox) = mpsc::channel::<oneshot::Sender<()>>(16);
        let thread = thread::Builder::new()
            .name("round-trip".into())
            .spawn(move || {
                while let Some(reply) = inbox.blocking_recv() {
                    work();
                    reply.send(()).ok();
                }
            })?;
        Ok(Self {
            requests: Some(requests),
            thread: Some(thread),
        })
    }

    /// There, the work, and back.
    pub(crate) async fn go(&self) -> anyhow::Result<()> {
        let (reply, answer) = oneshot::channel();
        let requests = self.requests.as_ref();
        let requests = requests.ok_or_else(|| anyhow!("the thread ended"))?;
        requests.send(reply).await?;
        Ok(answer.await?)
    }
}

impl Drop for RoundTrip {
    fn drop(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}
