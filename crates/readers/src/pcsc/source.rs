//! All readers of the PC/SC service.

use std::{
    collections::BTreeMap,
    ffi::{CStr, CString},
    sync::Arc,
    time::Duration,
};

use pcsc::{Context, Error, PNP_NOTIFICATION, ReaderState, Scope, State};
use xueka_transport::{
    CancelWait, CardPresence, CardReader, ReaderName, ReaderSnapshot, ReaderSource, SourceError,
};

use super::{
    PcscReader,
    cancel::{Canceller, Gate},
    codes::{Meaning, establish_error, meaning, source_error},
    reader::KnownAtr,
    view::View,
};

/// The readers of the PC/SC service (pcscd).
///
/// It reaches for the service at the first [`wait`](ReaderSource::wait), and
/// again at the next whenever it was lost. Waits are cut at one second and the
/// readers listed and looked at anew, since not every system tells of every
/// change.
pub struct PcscSource {
    gate: Arc<Gate>,
    context: Option<Context>,
    watched: BTreeMap<CString, Watched>,
    /// The last answer; `None` after an error, so that the next is told
    /// whatever it is.
    told: Option<Vec<ReaderSnapshot>>,
    names: Vec<u8>,
}

/// One reader that is watched.
struct Watched {
    name: ReaderName,
    view: View,
    atr: KnownAtr,
}

impl PcscSource {
    /// The longest wait before readers are looked at anew.
    const LONGEST_WAIT: Duration = Duration::from_secs(1);

    /// pcsc-lite waits for at most 16 readers at once and refuses more
    /// (`PCSCLITE_MAX_READERS_CONTEXTS`); the notification of new readers
    /// counts as one.
    const MOST_WAITED_FOR: usize = 16;

    /// A source that has reached for nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            gate: Arc::default(),
            context: None,
            watched: BTreeMap::new(),
            told: None,
            names: vec![0; 4096],
        }
    }

    /// Waits until something differs from what was told before, or until the
    /// longest wait is over.
    fn watch(&mut self) -> Result<Vec<ReaderSnapshot>, SourceError> {
        // Also where no service is, and so nothing to wait for.
        if self.gate.take_cancellation() {
            return Err(SourceError::Cancelled);
        }
        let context = match &self.context {
            Some(context) => context.clone(),
            None => Context::establish(Scope::System).map_err(establish_error)?,
        };
        self.context = Some(context.clone());
        let mut seen = self.look(&context)?;
        if self.told.as_ref() == Some(&seen) {
            self.pause(&context)?;
            seen = self.look(&context)?;
        }
        self.told = Some(seen.clone());
        Ok(seen)
    }

    /// Lists the readers anew and looks at all of them.
    fn look(&mut self, context: &Context) -> Result<Vec<ReaderSnapshot>, SourceError> {
        self.look_at_all(context)?;
        Ok(self.watched.values().map(Watched::snapshot).collect())
    }

    fn look_at_all(&mut self, context: &Context) -> Result<(), SourceError> {
        let names = list(context, &mut self.names).map_err(source_error)?;
        self.watched.retain(|name, _| names.contains(name));
        for name in names {
            self.watched
                .entry(name)
                .or_insert_with_key(|name| Watched::new(name));
        }
        if self.watched.is_empty() {
            return Ok(());
        }
        let mut states: Vec<_> = self
            .watched
            .keys()
            .map(|name| ReaderState::new(name.clone(), State::UNAWARE))
            .collect();
        match context.get_status_change(Duration::ZERO, &mut states) {
            Ok(()) => {}
            // A reader left since it was listed: the next look finds it gone.
            Err(error) if is_harmless(error) => return Ok(()),
            Err(error) => return Err(source_error(error)),
        }
        for (watched, state) in self.watched.values_mut().zip(&states) {
            let event = state.event_state();
            watched.view.look(event, state.event_count(), state.atr());
            watched.atr.set(&watched.view.presence);
        }
        Ok(())
    }

    /// Waits for a change, for a second at most.
    fn pause(&self, context: &Context) -> Result<(), SourceError> {
        let mut states: Vec<_> = self
            .watched
            .iter()
            .map(|(name, watched)| ReaderState::new(name.clone(), watched.view.known()))
            .collect();
        if states.len() < Self::MOST_WAITED_FOR {
            states.push(ReaderState::new(PNP_NOTIFICATION(), State::UNAWARE));
        }
        let wait = || context.get_status_change(Self::LONGEST_WAIT, &mut states);
        match self.gate.pass(context, wait) {
            None => Err(SourceError::Cancelled),
            Some(Ok(())) => Ok(()),
            Some(Err(error)) if is_harmless(error) => Ok(()),
            Some(Err(error)) => Err(source_error(error)),
        }
    }

    /// Forgets a context that cannot be trusted any more, and all that was
    /// learnt through it.
    fn forget(&mut self) {
        for watched in self.watched.values() {
            watched.atr.set(&CardPresence::Empty);
        }
        self.watched.clear();
        self.told = None;
        self.context = None;
    }
}

impl Default for PcscSource {
    fn default() -> Self {
        Self::new()
    }
}

impl ReaderSource for PcscSource {
    fn wait(&mut self) -> Result<Vec<ReaderSnapshot>, SourceError> {
        let outcome = self.watch();
        if !matches!(outcome, Ok(_) | Err(SourceError::Cancelled)) {
            self.forget();
        }
        outcome
    }

    fn canceller(&self) -> Box<dyn CancelWait> {
        Box::new(Canceller(Arc::clone(&self.gate)))
    }

    fn reader(&self, name: &ReaderName) -> Box<dyn CardReader> {
        let watched = self
            .watched
            .iter()
            .find(|(_, watched)| watched.name == *name);
        Box::new(match watched {
            Some((known, watched)) => PcscReader::watched(known.clone(), watched.atr.clone()),
            None => PcscReader::by_name(name.as_str()),
        })
    }
}

impl Watched {
    fn new(name: &CStr) -> Self {
        Self {
            name: name.to_string_lossy().as_ref().into(),
            view: View::new(),
            atr: KnownAtr::default(),
        }
    }

    fn snapshot(&self) -> ReaderSnapshot {
        ReaderSnapshot {
            name: self.name.clone(),
            presence: self.view.presence.clone(),
            n_events: self.view.n_events,
        }
    }
}

/// Whether the next look sorts it out.
fn is_harmless(error: Error) -> bool {
    matches!(
        meaning(error),
        Meaning::NothingHappened | Meaning::ReaderGone
    )
}

/// The names of all readers; `buffer` grows when they do not fit.
fn list(context: &Context, buffer: &mut Vec<u8>) -> Result<Vec<CString>, Error> {
    loop {
        match context.list_readers(buffer) {
            Ok(names) => return Ok(names.map(CStr::to_owned).collect()),
            Err(Error::InsufficientBuffer) => {
                let needed = context.list_readers_len()?;
                buffer.resize(needed.max(buffer.len() * 2), 0);
            }
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cancellation_before_the_wait_is_not_lost() {
        let mut source = PcscSource::new();
        source.canceller().cancel();
        let error = source.wait().unwrap_err();
        assert!(matches!(error, SourceError::Cancelled), "{error:?}");
    }
}
