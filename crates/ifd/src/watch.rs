//! Waiting for something to happen to one reader.
//!
//! pcscd's thread for a reader waits in [`Watch::wait`]. What it waits for is
//! in the kernel's hands (epoll), so a connection can be taken out of its view
//! for the time of an exchange: the answer is read by the thread that asked,
//! and does not wake this one.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    time::{Duration, Instant},
};

use rustix::{
    buffer::spare_capacity,
    event::{
        EventfdFlags, PollFd, PollFlags, Timespec,
        epoll::{self, EventData, EventFlags},
        eventfd, poll,
    },
    io::Errno,
};

/// What the thread of a reader waits for.
#[derive(Debug)]
pub(crate) struct Watch {
    epoll: OwnedFd,
    /// Something changed that no socket tells of.
    nudge: OwnedFd,
    /// The reader is closed; stays raised.
    stop: OwnedFd,
}

impl Watch {
    pub(crate) fn new() -> io::Result<Self> {
        let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
        let watch = Self {
            epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?,
            nudge: eventfd(0, flags)?,
            stop: eventfd(0, flags)?,
        };
        watch.add(&watch.nudge)?;
        watch.add(&watch.stop)?;
        Ok(watch)
    }

    /// Whatever can be read from `source` from now on ends a wait.
    pub(crate) fn add(&self, source: impl AsFd) -> io::Result<()> {
        let nothing = EventData::new_u64(0);
        Ok(epoll::add(&self.epoll, source, nothing, EventFlags::IN)?)
    }

    /// Takes `source` out of view, or back into it.
    pub(crate) fn set_in_view(&self, source: impl AsFd, is_in_view: bool) {
        let flags = if is_in_view {
            EventFlags::IN
        } else {
            EventFlags::empty()
        };
        // Fails only for what was never added.
        epoll::modify(&self.epoll, source, EventData::new_u64(0), flags).ok();
    }

    /// Ends a wait, or the next one.
    pub(crate) fn nudge(&self) {
        raise(&self.nudge);
    }

    /// Ends every wait and every exchange, now and for ever: the reader is
    /// closed.
    pub(crate) fn stop(&self) {
        raise(&self.stop);
    }

    /// Waits until something happens, or `limit` is over.
    pub(crate) fn wait(&self, limit: Duration) {
        let mut events = Vec::with_capacity(4);
        let limit = timespec(limit);
        // Whatever it returns, the caller looks for itself.
        epoll::wait(&self.epoll, spare_capacity(&mut events), Some(&limit)).ok();
        rustix::io::read(&self.nudge, &mut [0; 8]).ok();
    }

    /// Waits until `source` can be read from, or written to where `to_write`;
    /// `false` at the deadline and when the reader is closed.
    pub(crate) fn wait_for(&self, source: BorrowedFd<'_>, to_write: bool, until: Instant) -> bool {
        let interest = if to_write {
            PollFlags::OUT
        } else {
            PollFlags::IN
        };
        loop {
            let mut sources = [
                PollFd::from_borrowed_fd(source, interest),
                PollFd::new(&self.stop, PollFlags::IN),
            ];
            let left = timespec(until.saturating_duration_since(Instant::now()));
            match poll(&mut sources, Some(&left)) {
                Err(Errno::INTR) => {}
                Err(_) | Ok(0) => return false,
                Ok(_) => {
                    let [source, stop] = &sources;
                    return stop.revents().is_empty() && !source.revents().is_empty();
                }
            }
        }
    }
}

fn raise(flag: &OwnedFd) {
    // Fails only when it is raised 2⁶⁴ times already.
    rustix::io::write(flag, &1_u64.to_ne_bytes()).ok();
}

fn timespec(duration: Duration) -> Timespec {
    // Limits are minutes at most; the fallback is for ever.
    Timespec::try_from(duration).unwrap_or(Timespec {
        tv_sec: i64::MAX,
        tv_nsec: 0,
    })
}
