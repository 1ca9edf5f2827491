//! Sending commands to the card in a reader as they are.

use xueka_cards::{RawCommand, RawRefusal, ReadError, read_card};
use xueka_domain::CardIdentity;
use xueka_registry::CardLook;
use xueka_transport::{CardSession, ReaderName};

use crate::{Caller, CardInReader, Desk, DeskError};

impl Desk {
    /// Sends commands to a card, one after the other within one hold on it, and
    /// gives its answers, each with SW1 SW2 at its end. Then the card is read,
    /// and it is put on record that it was asked.
    ///
    /// The commands begin anew when another program resets the card meanwhile:
    /// a [`RawCommand`] changes nothing on it.
    ///
    /// # Errors
    ///
    /// [`DeskError::RawExchangeOff`]; [`DeskError::CommandRefused`] names the
    /// first command that is not sent, and none is; [`DeskError::Reader`];
    /// [`DeskError::NoIdentity`] and [`DeskError::Registry`] when it cannot be put
    /// on record: nothing is told then.
    pub async fn exchange_raw(
        &self,
        caller: &Caller,
        place: &CardInReader,
        commands: &[Vec<u8>],
    ) -> Result<(ReaderName, Vec<Vec<u8>>), DeskError> {
        if !self.allows_raw_exchange {
            return Err(DeskError::RawExchangeOff);
        }
        let commands = checked(commands)?;
        let work = move |session: &mut dyn CardSession, dialect: &_, profile: &_| {
            let responses = exchange(session, &commands)?;
            let reading = read_card(session, dialect, profile)?;
            Ok((reading, responses))
        };
        let (reader, (reading, responses)) = self
            .readers
            .visit_card(place.reader.as_deref(), place.wait, work)
            .await?;
        let card = CardIdentity::new(reading.number, reading.uid)?;
        let stamp = self.stamp(caller);
        let look = CardLook::RawExchange;
        self.registry.note_look(stamp, card, look).await?;
        Ok((reader, responses))
    }
}

/// The commands, when all of them may be sent.
fn checked(commands: &[Vec<u8>]) -> Result<Vec<RawCommand>, DeskError> {
    let refused = |position, refusal: RawRefusal| DeskError::CommandRefused { position, refusal };
    let commands = commands.iter().enumerate().map(|(position, bytes)| {
        RawCommand::new(bytes).map_err(|refusal| refused(position, refusal))
    });
    commands.collect()
}

fn exchange(
    session: &mut dyn CardSession,
    commands: &[RawCommand],
) -> Result<Vec<Vec<u8>>, ReadError> {
    let responses = commands.iter().map(|command| {
        let mut response = Vec::new();
        session.transmit(command.as_bytes(), &mut response)?;
        Ok(response)
    });
    responses.collect()
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use xueka_domain::Role;
    use xueka_readers::{ReaderSettings, Readers};
    use xueka_registry::RegistryError;
    use xueka_simulator::{Simulator, VirtualCard};

    use super::*;
    use crate::{NumberForms, SystemClock};

    async fn desk(folder: &tempfile::TempDir, is_allowed: bool) -> (Simulator, Desk) {
        let path = folder.path().join("registry.db");
        let (simulator, source) = Simulator::in_process(1);
        let readers = Readers::start(Box::new(source), ReaderSettings::default()).unwrap();
        let address = path.to_str().unwrap();
        let (clock, numbers) = (Arc::new(SystemClock), NumberForms::default());
        let desk = Desk::open(address, true, readers, clock, numbers).await;
        let card = VirtualCard::transit("1000751012345678");
        simulator.insert(0, card).unwrap();
        (simulator, desk.unwrap().with_raw_exchange(is_allowed))
    }

    async fn exchanged(desk: &Desk, commands: &[&[u8]]) -> Result<Vec<Vec<u8>>, DeskError> {
        let caller = Caller {
            actor: "test".parse().unwrap(),
            role: Role::Engineer,
        };
        let place = CardInReader {
            reader: None,
            wait: Some(Duration::from_secs(10)),
        };
        let commands: Vec<Vec<u8>> = commands.iter().map(|bytes| bytes.to_vec()).collect();
        let (_, responses) = desk.exchange_raw(&caller, &place, &commands).await?;
        Ok(responses)
    }

    /// GET CHALLENGE for eight bytes, which this card refuses.
    const CHALLENGE: &[u8] = &[0x00, 0x84, 0x00, 0x00, 0x08];
    /// The card's number in BCD.
    const NUMBER_BYTES: &[u8] = &[0x10, 0x00, 0x75, 0x10, 0x12, 0x34, 0x56, 0x78];
    /// READ BINARY of the first bytes of the file with the number.
    const NUMBER: &[u8] = &[0x00, 0xB0, 0x84, 0x00, 0x08];

    #[tokio::test]
    async fn commands_are_answered_in_their_order_and_put_on_record() {
        let folder = tempfile::tempdir().unwrap();
        let (_simulator, desk) = desk(&folder, true).await;
        let before = desk.registry.verify_audit().await.unwrap();
        let responses = exchanged(&desk, &[NUMBER, CHALLENGE]).await.unwrap();
        assert_eq!(responses[0], [NUMBER_BYTES, &[0x90, 0x00]].concat());
        assert_eq!(responses[1].len(), 2, "a status word is an answer");
        let after = desk.registry.verify_audit().await.unwrap();
        assert_eq!(after.n_good, before.n_good + 1);

        desk.registry.close().await;
        let error = exchanged(&desk, &[NUMBER]).await.unwrap_err();
        assert!(
            matches!(error, DeskError::Registry(RegistryError::Closed)),
            "nothing is told that is not on record: {error}"
        );
    }

    #[tokio::test]
    async fn without_the_setting_nothing_is_sent() {
        let folder = tempfile::tempdir().unwrap();
        let (_simulator, desk) = desk(&folder, false).await;
        let error = exchanged(&desk, &[NUMBER]).await.unwrap_err();
        assert!(matches!(error, DeskError::RawExchangeOff), "{error}");
    }

    #[tokio::test]
    async fn one_command_that_can_do_harm_keeps_all_from_being_sent() {
        let folder = tempfile::tempdir().unwrap();
        let (simulator, desk) = desk(&folder, true).await;
        exchanged(&desk, &[NUMBER]).await.unwrap();
        let n_sent = simulator.exchanges(0).unwrap().len();
        let erase: &[u8] = &[0x80, 0x0E, 0x00, 0x00, 0x00];
        let error = exchanged(&desk, &[NUMBER, erase]).await.unwrap_err();
        let DeskError::CommandRefused { position, refusal } = error else {
            panic!("{error}");
        };
        assert_eq!(position, 1);
        assert!(matches!(refusal, RawRefusal::Dangerous(_)), "{refusal}");
        assert_eq!(simulator.exchanges(0).unwrap().len(), n_sent);
    }
}
