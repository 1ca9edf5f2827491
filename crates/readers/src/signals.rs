//! Light and sound: what a reader shows the person in front of it.
//!
//! What to send is data, one plan for each way in which makers do it; the
//! table of models says which model has which. Only momentary states are set.
//! What a model keeps for good (its own beep at each card, for instance) is
//! never written, and the state of its lights is read before and put back.

use std::time::{Duration, Instant};

use xueka_transport::{CardReader, TransportError};

/// What a reader is to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    /// It is done, the card is good: green, one short beep.
    Ok,
    /// It is not done, or the card is not good: red, two beeps or a long one.
    Refuse,
    /// It goes on; leave the card where it is: both lights, no beep.
    Busy,
}

impl Signal {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ok, Self::Refuse, Self::Busy];

    /// How long it is shown, unless another one follows. What goes on is shown
    /// until it is over, but not for ever.
    pub(crate) fn shown_for(self) -> Duration {
        match self {
            Self::Ok | Self::Refuse => Duration::from_millis(600),
            Self::Busy => Duration::from_secs(10),
        }
    }
}

/// A signal that is to be shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PendingSignal {
    signal: Signal,
    due: Instant,
}

impl PendingSignal {
    /// As long a signal may come late: after that nobody knows any more what it
    /// was about.
    const STALE: Duration = Duration::from_secs(5);

    /// One to be shown when `grace` is over.
    pub(crate) fn new(signal: Signal, grace: Duration) -> Self {
        Self {
            signal,
            due: Instant::now() + grace,
        }
    }

    /// When it is to be shown.
    pub(crate) fn due(self) -> Instant {
        self.due
    }

    /// The signal, unless it comes too late.
    pub(crate) fn unless_stale(self) -> Option<Signal> {
        (self.due.elapsed() < Self::STALE).then_some(self.signal)
    }
}

/// How one kind of reader is made to show signals.
///
/// Every entry is an escape command, sent as it stands.
#[derive(Debug, PartialEq, Eq)]
pub struct SignalPlan {
    /// Asks for the state of the lights, which is the last byte of the answer;
    /// `None` where it cannot be asked for.
    pub ask: Option<&'static [u8]>,
    /// For [`Signal::Ok`].
    pub ok: &'static [&'static [u8]],
    /// For [`Signal::Refuse`].
    pub refuse: &'static [&'static [u8]],
    /// For [`Signal::Busy`].
    pub busy: &'static [&'static [u8]],
    /// Puts the lights back.
    pub restore: &'static [u8],
    /// Where in `restore` the state that was asked for is put, by OR.
    pub state_at: usize,
}

impl SignalPlan {
    /// ACR122U, by `FF 00 40 P2 04 T1 T2 n b`: P2 bits 0 and 1 are the final red
    /// and green, 2 and 3 change them, 4 and 5 how blinking begins, 6 and 7
    /// which blink; T1 and T2 in 100 ms, n times, b 01 beeps during T1. With P2
    /// 00 it changes nothing; the answer is `90` and the state of the lights.
    ///
    /// hardware-notes/reader-acs-acr122u.md
    pub const ACR122: Self = Self {
        ask: Some(&[0xFF, 0x00, 0x40, 0x00, 0x04, 0x00, 0x00, 0x00, 0x00]),
        ok: &[&[0xFF, 0x00, 0x40, 0xAE, 0x04, 0x01, 0x00, 0x01, 0x01]],
        refuse: &[&[0xFF, 0x00, 0x40, 0x5D, 0x04, 0x01, 0x01, 0x02, 0x01]],
        busy: &[&[0xFF, 0x00, 0x40, 0x0F, 0x04, 0x00, 0x00, 0x00, 0x00]],
        restore: &[0xFF, 0x00, 0x40, 0x0C, 0x04, 0x00, 0x00, 0x00, 0x00],
        state_at: 3,
    };

    /// ACR1252U and ACR1281U: `E0 00 00 29 01 bb` sets the lights, bit 0 red,
    /// bit 1 green, `E0 00 00 29 00` asks for them, `E0 00 00 28 01 tt` beeps
    /// for tt × 10 ms.
    ///
    /// hardware-notes/reader-acs-acr1252u.md
    pub const ACR1252: Self = Self {
        ask: Some(&[0xE0, 0x00, 0x00, 0x29, 0x00]),
        ok: &[
            &[0xE0, 0x00, 0x00, 0x29, 0x01, 0x02],
            &[0xE0, 0x00, 0x00, 0x28, 0x01, 0x0A],
        ],
        refuse: &[
            &[0xE0, 0x00, 0x00, 0x29, 0x01, 0x01],
            &[0xE0, 0x00, 0x00, 0x28, 0x01, 0x28],
        ],
        busy: &[&[0xE0, 0x00, 0x00, 0x29, 0x01, 0x03]],
        restore: &[0xE0, 0x00, 0x00, 0x29, 0x01, 0x00],
        state_at: 5,
    };

    /// ACR1255U-J1: as [`Self::ACR1252`], with the colours the other way round.
    ///
    /// hardware-notes/reader-acs-acr1281-acr1255.md
    pub const ACR1255: Self = Self {
        ok: &[
            &[0xE0, 0x00, 0x00, 0x29, 0x01, 0x01],
            &[0xE0, 0x00, 0x00, 0x28, 0x01, 0x0A],
        ],
        refuse: &[
            &[0xE0, 0x00, 0x00, 0x29, 0x01, 0x02],
            &[0xE0, 0x00, 0x00, 0x28, 0x01, 0x28],
        ],
        ..Self::ACR1252
    };

    /// ACR1222L: `FF 00 43 FF 00` takes the lights from the firmware and
    /// `FF 00 43 00 00` gives them back; `FF 00 44 bb 00` sets them, bit 0
    /// green, bit 2 orange, bit 3 red; the buzzer is that of the ACR1252U.
    ///
    /// hardware-notes/reader-acs-acr1222l.md
    pub const ACR1222L: Self = Self {
        ask: None,
        ok: &[
            &[0xFF, 0x00, 0x43, 0xFF, 0x00],
            &[0xFF, 0x00, 0x44, 0x01, 0x00],
            &[0xE0, 0x00, 0x00, 0x28, 0x01, 0x0A],
        ],
        refuse: &[
            &[0xFF, 0x00, 0x43, 0xFF, 0x00],
            &[0xFF, 0x00, 0x44, 0x08, 0x00],
            &[0xE0, 0x00, 0x00, 0x28, 0x01, 0x28],
        ],
        busy: &[
            &[0xFF, 0x00, 0x43, 0xFF, 0x00],
            &[0xFF, 0x00, 0x44, 0x04, 0x00],
        ],
        restore: &[0xFF, 0x00, 0x43, 0x00, 0x00],
        state_at: 0,
    };

    /// The commands of one signal, in their order.
    #[must_use]
    pub fn commands(&self, signal: Signal) -> &'static [&'static [u8]] {
        match signal {
            Signal::Ok => self.ok,
            Signal::Refuse => self.refuse,
            Signal::Busy => self.busy,
        }
    }

    /// The command that puts the lights back into the state that was asked for.
    fn restored(&self, state: u8) -> Vec<u8> {
        let mut command = self.restore.to_vec();
        if let Some(byte) = command.get_mut(self.state_at)
            && self.ask.is_some()
        {
            *byte |= state;
        }
        command
    }
}

/// The lights of one reader, on the thread that owns it.
///
/// A signal is a courtesy: it is given up for as long as the reader stays
/// attached when the reader or its driver takes no such command, when one takes
/// too long, or when several fail in a row.
#[derive(Debug, Default)]
pub(crate) struct Lights {
    plan: Option<&'static SignalPlan>,
    /// The state before the signal that is shown, where it can be asked for.
    before: Option<u8>,
    /// Whether they are not as they were before.
    are_lit: bool,
    is_given_up: bool,
    n_failures: u32,
    answer: Vec<u8>,
}

impl Lights {
    /// The longest that one command may take. Some readers answer when the
    /// blinking is over, within half a second.
    const PATIENCE: Duration = Duration::from_secs(1);
    /// As many failures in a row end the attempts.
    const N_FAILURES: u32 = 3;

    pub(crate) fn new(plan: Option<&'static SignalPlan>) -> Self {
        Self {
            plan,
            ..Self::default()
        }
    }

    /// Whether there is anything to show signals with.
    pub(crate) fn can_show(&self) -> bool {
        self.plan.is_some() && !self.is_given_up
    }

    /// Whether this is how they are lit.
    pub(crate) fn are_of(&self, plan: Option<&'static SignalPlan>) -> bool {
        self.plan == plan
    }

    /// Forgets failures: what was in the way of signals may be over.
    pub(crate) fn begin_anew(&mut self) {
        self.is_given_up = false;
        self.n_failures = 0;
    }

    /// Shows a signal until [`Self::put_back`].
    ///
    /// # Errors
    ///
    /// That of the first command that failed; there is nothing to do about it.
    pub(crate) fn show(
        &mut self,
        reader: &mut dyn CardReader,
        signal: Signal,
    ) -> Result<(), TransportError> {
        let Some(plan) = self.plan.filter(|_| !self.is_given_up) else {
            return Ok(());
        };
        if let (Some(ask), None) = (plan.ask, self.before) {
            self.send(reader, ask)?;
            self.before = self.answer.last().copied();
        }
        self.are_lit = true;
        for command in plan.commands(signal) {
            self.send(reader, command)?;
        }
        Ok(())
    }

    /// Puts the lights back as they were before the signal, also where signals
    /// were given up since: none is to stay lit.
    ///
    /// # Errors
    ///
    /// As [`Self::show`].
    pub(crate) fn put_back(&mut self, reader: &mut dyn CardReader) -> Result<(), TransportError> {
        let are_lit = std::mem::take(&mut self.are_lit);
        let Some(plan) = self.plan.filter(|_| are_lit) else {
            return Ok(());
        };
        let state = self.before.take();
        self.send(reader, &plan.restored(state.unwrap_or_default()))
    }

    fn send(&mut self, reader: &mut dyn CardReader, command: &[u8]) -> Result<(), TransportError> {
        let begin = Instant::now();
        let sent = reader.control(command, &mut self.answer);
        self.n_failures = if sent.is_ok() { 0 } else { self.n_failures + 1 };
        let is_in_vain = matches!(sent, Err(TransportError::Unsupported))
            || begin.elapsed() > Self::PATIENCE
            || self.n_failures >= Self::N_FAILURES;
        self.is_given_up |= is_in_vain;
        sent
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use xueka_transport::CardSession;

    use super::*;

    /// A reader that takes escape commands and answers them in turn.
    #[derive(Default)]
    struct Reader {
        taken: Vec<String>,
        answers: VecDeque<Result<Vec<u8>, TransportError>>,
    }

    impl CardReader for Reader {
        fn open(&mut self) -> Result<Box<dyn CardSession + '_>, TransportError> {
            Err(TransportError::NoCard)
        }

        fn control(
            &mut self,
            command: &[u8],
            response: &mut Vec<u8>,
        ) -> Result<(), TransportError> {
            self.taken.push(hex(command));
            response.clear();
            response.extend(
                self.answers
                    .pop_front()
                    .unwrap_or_else(|| Ok(vec![0x90, 0]))?,
            );
            Ok(())
        }
    }

    fn hex(bytes: &[u8]) -> String {
        let bytes: Vec<_> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
        bytes.concat()
    }

    #[test]
    fn lights_are_asked_for_once_and_put_back_as_they_were() {
        let cases = [
            (
                &SignalPlan::ACR122,
                vec![0x90, 0x01],
                vec![
                    "FF0040000400000000",
                    "FF0040AE0401000101",
                    "FF00405D0401010201",
                    "FF00400D0400000000",
                ],
                "the red light was on",
            ),
            (
                &SignalPlan::ACR1252,
                vec![0xE1, 0x00, 0x00, 0x00, 0x01, 0x03],
                vec![
                    "E000002900",
                    "E00000290102",
                    "E0000028010A",
                    "E00000290101",
                    "E00000280128",
                    "E00000290103",
                ],
                "both were on",
            ),
            (
                &SignalPlan::ACR1222L,
                vec![],
                vec![
                    "FF0043FF00",
                    "FF00440100",
                    "E0000028010A",
                    "FF0043FF00",
                    "FF00440800",
                    "E00000280128",
                    "FF00430000",
                ],
                "the firmware has them again",
            ),
        ];
        for (plan, state, expected, why) in cases {
            let mut reader = Reader::default();
            reader.answers.push_back(Ok(state));
            let mut lights = Lights::new(Some(plan));
            lights.show(&mut reader, Signal::Ok).unwrap();
            lights.show(&mut reader, Signal::Refuse).unwrap();
            lights.put_back(&mut reader).unwrap();
            assert_eq!(reader.taken, expected, "{why}");
        }
    }

    #[test]
    fn a_reader_that_takes_no_such_command_is_asked_once() {
        let mut reader = Reader::default();
        reader.answers.push_back(Err(TransportError::Unsupported));
        let mut lights = Lights::new(Some(&SignalPlan::ACR1252));
        lights.show(&mut reader, Signal::Ok).unwrap_err();
        assert!(!lights.can_show());
        lights.show(&mut reader, Signal::Ok).unwrap();
        lights.put_back(&mut reader).unwrap();
        assert_eq!(reader.taken.len(), 1);
    }

    #[test]
    fn what_is_lit_when_signals_are_given_up_is_put_back() {
        let mut reader = Reader::default();
        let state = vec![0xE1, 0, 0, 0, 1, 0x02];
        let lit = vec![0xE1, 0, 0, 0, 1, 0x01];
        reader
            .answers
            .extend([Ok(state), Ok(lit), Err(TransportError::Unsupported)]);
        let mut lights = Lights::new(Some(&SignalPlan::ACR1252));
        lights.show(&mut reader, Signal::Refuse).unwrap_err();
        assert!(!lights.can_show(), "it has no buzzer");
        lights.put_back(&mut reader).unwrap();
        lights.put_back(&mut reader).unwrap();
        let expected = ["E000002900", "E00000290101", "E00000280128", "E00000290102"];
        assert_eq!(reader.taken, expected, "put back once");
    }

    #[test]
    fn a_signal_that_comes_too_late_is_none() {
        let signal = PendingSignal::new(Signal::Ok, Duration::ZERO);
        assert_eq!(signal.unless_stale(), Some(Signal::Ok));
        let due = Instant::now().checked_sub(PendingSignal::STALE).unwrap();
        assert_eq!(PendingSignal { due, ..signal }.unless_stale(), None);
    }

    #[test]
    fn failures_in_a_row_end_the_attempts_and_single_ones_do_not() {
        let failures = |n_failures: usize| {
            let mut reader = Reader::default();
            reader
                .answers
                .extend((0..n_failures).map(|_| Err(TransportError::InUse)));
            let mut lights = Lights::new(Some(&SignalPlan::ACR1252));
            for _ in 0..n_failures {
                lights.show(&mut reader, Signal::Busy).unwrap_err();
            }
            lights.can_show()
        };
        assert!(failures(2));
        assert!(!failures(3));
    }

    #[test]
    fn no_plan_writes_what_a_model_keeps_for_good() {
        // `E0 00 00 21 01 bb` and `FF 00 52 bb 00` set what stays after the
        // reader lost power.
        let plans = [
            SignalPlan::ACR122,
            SignalPlan::ACR1252,
            SignalPlan::ACR1255,
            SignalPlan::ACR1222L,
        ];
        for plan in plans {
            let all = Signal::ALL.map(|signal| plan.commands(signal)).concat();
            for command in all {
                let is_kept = matches!(
                    command,
                    [0xE0, _, _, 0x21, 0x01, ..] | [0xFF, 0x00, 0x52, ..]
                );
                assert!(!is_kept, "{command:02X?}");
            }
        }
    }
}
