//! A PC/SC client that does what it is told, line by line, and says what came
//! of it: so a test can see what programs see, without being one itself.
//!
//! A program of its own because libpcsclite takes the socket of pcscd from the
//! environment of its process. The orders and answers stand in `Probe`
//! (`tests/src/probe.rs`), which speaks to this.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "in a test a panic is the failure"
)]

use std::{
    ffi::CString,
    io::{self, BufRead, Write},
    time::Duration,
};

use pcsc::{
    Attribute, Card, Context, Disposition, Protocols, ReaderState, Scope, ShareMode, State,
};
use rustix::time::{ClockId, clock_gettime};

/// Room for any answer.
const ROOM: usize = pcsc::MAX_BUFFER_SIZE_EXTENDED;

fn main() {
    let mut client = Client {
        context: Context::establish(Scope::User).expect("pcscd answers"),
        card: None,
        watched: None,
    };
    for line in io::stdin().lock().lines() {
        let line = line.unwrap();
        let answer = match client.obey(&line.split('\t').collect::<Vec<_>>()) {
            Ok(answer) => format!("ok\t{answer}"),
            Err(error) => format!("{error:?}"),
        };
        let mut out = io::stdout().lock();
        writeln!(out, "{answer}").unwrap();
        out.flush().unwrap();
    }
}

struct Client {
    context: Context,
    card: Option<Card>,
    watched: Option<ReaderState>,
}

impl Client {
    fn obey(&mut self, words: &[&str]) -> Result<String, pcsc::Error> {
        match *words {
            ["list"] => {
                let names = self.context.list_readers_owned()?;
                let names: Vec<_> = names.iter().map(|name| name.to_str().unwrap()).collect();
                Ok(names.join("\t"))
            }
            ["watch", reader] => {
                let name = CString::new(reader).unwrap();
                self.watched = Some(ReaderState::new(name, State::UNAWARE));
                self.change(Duration::ZERO)
            }
            ["change", millis] => self.change(Duration::from_millis(millis.parse().unwrap())),
            ["connect", reader] => self.connect(reader, ShareMode::Shared, Protocols::ANY),
            ["direct", reader] => self.connect(reader, ShareMode::Direct, Protocols::UNDEFINED),
            ["reset"] => {
                let card = self.card.as_mut().expect("connected");
                card.reconnect(ShareMode::Shared, Protocols::ANY, Disposition::ResetCard)?;
                Ok(String::new())
            }
            ["disconnect"] => {
                let card = self.card.take().expect("connected");
                let left = card.disconnect(Disposition::LeaveCard);
                left.map_err(|(_, error)| error).map(|()| String::new())
            }
            ["transmit", command] => {
                let mut room = vec![0; ROOM];
                let card = self.card.as_ref().expect("connected");
                let answer = card.transmit(&hex::decode(command).unwrap(), &mut room)?;
                Ok(hex::encode_upper(answer))
            }
            ["control", code, command] => {
                let mut room = vec![0; 512];
                let code = u32::from_str_radix(code, 16).unwrap();
                let card = self.card.as_ref().expect("connected");
                let command = hex::decode(command).unwrap();
                let answer = card.control(code.into(), &command, &mut room)?;
                Ok(hex::encode_upper(answer))
            }
            ["attribute", name] => {
                let card = self.card.as_ref().expect("connected");
                Ok(hex::encode_upper(
                    card.get_attribute_owned(attribute(name))?,
                ))
            }
            _ => panic!("no such order: {words:?}"),
        }
    }

    fn connect(
        &mut self,
        reader: &str,
        mode: ShareMode,
        protocols: Protocols,
    ) -> Result<String, pcsc::Error> {
        // Dropped, the connection before would reset the card.
        if let Some(card) = self.card.take() {
            card.disconnect(Disposition::LeaveCard).ok();
        }
        let name = CString::new(reader).unwrap();
        self.card = Some(self.context.connect(&name, mode, protocols)?);
        Ok(String::new())
    }

    /// Waits for another state than the last one: flags, number of events, and
    /// the monotonic clock in nanoseconds.
    fn change(&mut self, limit: Duration) -> Result<String, pcsc::Error> {
        let states = std::slice::from_mut(self.watched.as_mut().expect("watched"));
        self.context.get_status_change(limit, states)?;
        let clock = clock_gettime(ClockId::Monotonic);
        let now = clock.tv_sec * 1_000_000_000 + clock.tv_nsec;
        let state = &mut states[0];
        state.sync_current_state();
        let flags = state.event_state() & !State::CHANGED;
        Ok(format!("{flags:?}\t{}\t{now}", state.event_count()))
    }
}

fn attribute(name: &str) -> Attribute {
    match name {
        "vendor" => Attribute::VendorName,
        "model" => Attribute::VendorIfdType,
        "version" => Attribute::VendorIfdVersion,
        "serial" => Attribute::VendorIfdSerialNo,
        "channel" => Attribute::ChannelId,
        "atr" => Attribute::AtrString,
        "presence" => Attribute::IccPresence,
        "maxinput" => Attribute::Maxinput,
        _ => panic!("no such attribute: {name}"),
    }
}
