//! Waiting until a virtual reader is there.
//!
//! On Linux the kernel tells of a socket that appears; where a port has to be
//! tried, and on other systems, attempts follow each other at growing pauses.

use std::time::Duration;

use xueka_transport::wire::Address;

use super::line::Line;

/// Pauses between attempts, doubled from the first to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LAST_PAUSE: Duration = Duration::from_millis(200);

/// Connects as soon as somebody listens; `None` when cancelled.
pub(super) fn wait_for(address: &Address, cancel: &Cancel) -> Option<Line> {
    let mut pause = FIRST_PAUSE;
    loop {
        // Begun before the attempt, so that nothing can appear in between.
        let appearance = match address {
            Address::Unix(path) => path.parent().and_then(Appearance::watch),
            Address::Tcp(_) => None,
        };
        if cancel.wait(Duration::ZERO) {
            return None;
        }
        if let Ok(line) = Line::connect(address) {
            return Some(line);
        }
        if let Some(appearance) = appearance {
            appearance.wait(cancel);
        } else {
            cancel.wait(pause);
            pause = LAST_PAUSE.min(pause * 2);
        }
    }
}

#[cfg(target_os = "linux")]
use linux::Appearance;
#[cfg(target_os = "linux")]
pub(super) use linux::Cancel;
#[cfg(not(target_os = "linux"))]
use other::Appearance;
#[cfg(not(target_os = "linux"))]
pub(super) use other::Cancel;

#[cfg(target_os = "linux")]
mod linux {
    use std::{io, os::fd::OwnedFd, path::Path, time::Duration};

    use rustix::{
        event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll},
        fs::inotify::{self, CreateFlags, WatchFlags},
    };

    /// Ends every wait, now and for ever.
    #[derive(Debug)]
    pub(in super::super) struct Cancel(OwnedFd);

    impl Cancel {
        pub(in super::super) fn new() -> io::Result<Self> {
            let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
            Ok(Self(eventfd(0, flags)?))
        }

        pub(in super::super) fn raise(&self) {
            // Fails only when it is raised 2⁶⁴ times already.
            rustix::io::write(&self.0, &1_u64.to_ne_bytes()).ok();
        }

        /// Lets time pass; whether the wait is over for good.
        pub(in super::super) fn wait(&self, limit: Duration) -> bool {
            let mut flag = [PollFd::new(&self.0, PollFlags::IN)];
            let limit = Timespec::try_from(limit).ok();
            poll(&mut flag, limit.as_ref()).is_ok_and(|n_ready| n_ready > 0)
        }
    }

    /// Something appears in a folder.
    pub(super) struct Appearance(OwnedFd);

    impl Appearance {
        /// Begins to watch; `None` where the folder is missing.
        pub(super) fn watch(folder: &Path) -> Option<Self> {
            let watch = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).ok()?;
            // The driver renames a socket that it listens on already.
            let flags = WatchFlags::MOVED_TO | WatchFlags::DELETE_SELF;
            inotify::add_watch(&watch, folder, flags).ok()?;
            Some(Self(watch))
        }

        /// Waits until something appears, or the wait is cancelled.
        pub(super) fn wait(&self, cancel: &Cancel) {
            let mut sources = [
                PollFd::new(&self.0, PollFlags::IN),
                PollFd::new(&cancel.0, PollFlags::IN),
            ];
            // The caller looks for itself whatever ended it.
            poll(&mut sources, None).ok();
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod other {
    use std::{
        io,
        path::Path,
        sync::{Condvar, Mutex, PoisonError},
        time::Duration,
    };

    /// Ends every wait, now and for ever.
    #[derive(Debug, Default)]
    pub(in super::super) struct Cancel {
        is_raised: Mutex<bool>,
        raised: Condvar,
    }

    impl Cancel {
        pub(in super::super) fn new() -> io::Result<Self> {
            Ok(Self::default())
        }

        pub(in super::super) fn raise(&self) {
            *self
                .is_raised
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = true;
            self.raised.notify_all();
        }

        /// Lets time pass; whether the wait is over for good.
        pub(in super::super) fn wait(&self, limit: Duration) -> bool {
            let is_raised = self
                .is_raised
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let waiting = |is_raised: &mut bool| !*is_raised;
            let waited = self.raised.wait_timeout_while(is_raised, limit, waiting);
            *waited.unwrap_or_else(PoisonError::into_inner).0
        }
    }

    /// Nothing tells of a socket here.
    pub(super) struct Appearance;

    impl Appearance {
        pub(super) fn watch(_: &Path) -> Option<Self> {
            None
        }

        pub(super) fn wait(&self, _: &Cancel) {}
    }
}
