//! What can be chosen when readers are started and when a card is read.

use std::time::Duration;

use jiff::Timestamp;
use xueka_cards::ReadingProfile;

/// How readers behave.
#[derive(Clone)]
pub struct ReaderSettings {
    /// Where cards keep their numbers, and the keys that open those places.
    pub profile: ReadingProfile,
    /// Parts of the names of readers that are known to be contactless.
    ///
    /// They get pseudo-APDUs whatever the ATR looks like; every other reader
    /// gets them only for a card with an ATR of the contactless form.
    pub contactless: Vec<String>,
    /// How many calls may wait for one reader, beside the one being served.
    pub queue_length: usize,
    /// How many events are kept for listeners that are slow or come back.
    pub n_kept_events: usize,
    /// Tells the time of events.
    pub clock: fn() -> Timestamp,
}

impl Default for ReaderSettings {
    /// No profile, no reader named, 8 waiting calls, 1024 events, the system's
    /// clock.
    fn default() -> Self {
        Self {
            profile: ReadingProfile::default(),
            contactless: Vec::new(),
            queue_length: 8,
            n_kept_events: 1024,
            clock: Timestamp::now,
        }
    }
}

/// How one card is to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// How long to wait for a tap when the field is empty; counted as
    /// [`MAX_WAIT`](Self::MAX_WAIT) where it is longer. `None` or zero: do not
    /// wait.
    ///
    /// It bounds the wait for a card, not the reading of one.
    pub wait: Option<Duration>,
    /// Whether to ask at the end, in the same transaction, if the card that
    /// was read is still the one in the field.
    pub confirm: bool,
}

impl ReadOptions {
    /// The longest wait for a tap.
    pub const MAX_WAIT: Duration = Duration::from_mins(10);
}
