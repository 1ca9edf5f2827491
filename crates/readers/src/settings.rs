//! What can be chosen when readers are started and when a card is read.

use std::time::Duration;

use jiff::Timestamp;
use xueka_cards::ReadingProfile;

use crate::{DeskReader, uptime::since_boot};

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
    /// The readers that have an alias. [`check_desk_readers`] says whether they
    /// make sense.
    ///
    /// [`check_desk_readers`]: crate::check_desk_readers
    pub desk_readers: Vec<DeskReader>,
    /// Whether slots for security modules and contact cards are readers, too.
    pub contact_slots: bool,
    /// When readers show signals by light and buzzer.
    pub signals: SignalMode,
    /// How long the signal of a tap or a verdict waits for a call that follows
    /// at once. Some readers serve nobody for up to 400 ms while they blink.
    pub signal_grace: Duration,
    /// How many calls may wait for one reader, beside the one being served.
    pub queue_length: usize,
    /// How many events are kept for listeners that are slow or come back.
    pub n_kept_events: usize,
    /// Tells the time of events.
    pub clock: fn() -> Timestamp,
    /// Tells how long the machine has run, sleep included. It never goes back.
    pub uptime: fn() -> Duration,
}

/// When readers show signals by light and buzzer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignalMode {
    /// At each tap, whether the card could be read; and as with
    /// [`Self::Verdicts`].
    #[default]
    Taps,
    /// Whether the card that was verified is good, and when asked to.
    Verdicts,
    /// Only when asked to: whoever judges the card says what to show.
    Asked,
    /// Never.
    Off,
}

impl SignalMode {
    pub(crate) fn shows_taps(self) -> bool {
        self == Self::Taps
    }

    pub(crate) fn shows_verdicts(self) -> bool {
        matches!(self, Self::Taps | Self::Verdicts)
    }
}

impl Default for ReaderSettings {
    /// No profile, no reader named, no contact slots, signals at taps, 50 ms
    /// after them, 8 waiting calls, 1024 events, the system's clocks.
    fn default() -> Self {
        Self {
            profile: ReadingProfile::default(),
            contactless: Vec::new(),
            desk_readers: Vec::new(),
            contact_slots: false,
            signals: SignalMode::Taps,
            signal_grace: Duration::from_millis(50),
            queue_length: 8,
            n_kept_events: 1024,
            clock: Timestamp::now,
            uptime: since_boot,
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
