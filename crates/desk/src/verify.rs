//! Is this card good, and if not, why?

use std::time::Duration;

use jiff::Timestamp;
use xueka_cards::{CardReading, ChipAuthentication};
use xueka_domain::{
    Asked, AssuranceLevel, CardIdentity, CardKey, Counter, Evidence, Judgement, RegistryFacts,
    Verdict, verify,
};
use xueka_readers::{ReadOptions, ReaderError};
use xueka_transport::ReaderName;

use crate::{Caller, CardInReader, Desk, DeskError};

/// A card and how sure the answer must be.
#[derive(Clone, Debug)]
pub struct VerifyRequest {
    /// Which card.
    pub question: Question,
    /// The least assurance that the caller accepts.
    pub minimum_assurance: AssuranceLevel,
}

/// Which card is asked about.
#[derive(Clone, Debug)]
pub enum Question {
    /// One named by number or UID.
    Key(CardKey),
    /// The one in a reader.
    InReader(CardInReader),
}

/// The answer.
#[derive(Clone, Debug)]
pub struct Verification {
    /// The verdict and why.
    pub judgement: Judgement,
    /// The registry's version that was asked.
    pub data_version: u64,
    /// When the registry was last known to be up to date.
    pub data_time: Timestamp,
    /// How old that makes the data.
    pub data_age: Duration,
    /// What the card said, when it was in a reader and could be read.
    pub reading: Option<CardReading>,
}

impl Desk {
    /// Says whether a card is good.
    ///
    /// A card that is in the reader and cannot be read gets the verdict
    /// `Unreadable`. A number and UID seen together are noted, so that the same
    /// UID with another number is found out, and so is how often the card was
    /// written, so that an older copy of it is. A card that lies on another reader
    /// as well is found out by reading that one, too.
    ///
    /// The reader of such a card shows by light and buzzer whether it is good,
    /// as far as its settings allow; nothing depends on whether it can.
    ///
    /// # Errors
    ///
    /// [`DeskError::Reader`] when there is no reader or no card, or the card
    /// left or changed; [`DeskError::Registry`].
    pub async fn verify(
        &self,
        caller: &Caller,
        request: VerifyRequest,
    ) -> Result<Verification, DeskError> {
        let (asked, seen, place) = match request.question {
            Question::Key(key) => (Asked::Key(key), None, None),
            Question::InReader(place) => {
                let (asked, seen) = self.ask_card(&place).await?;
                (asked, seen, Some(place))
            }
        };
        let registry = match asked.identity() {
            Ok(identity) => self.registry.facts(identity).await?,
            Err(_) => RegistryFacts {
                version: self.index().version(),
                ..RegistryFacts::default()
            },
        };
        let now = self.clock.now();
        let data_version = registry.version;
        let evidence = Evidence {
            asked,
            registry,
            data_age: Duration::ZERO,
            allowed_age: None,
            minimum_assurance: request.minimum_assurance,
        };
        let judgement = verify(&evidence, now);
        if let Some(place) = &place {
            // It may have come back under another name than it was asked by.
            let reader = seen.as_ref().map(|(reader, _)| reader.as_str());
            let is_good = judgement.verdict == Verdict::Valid;
            self.readers
                .show_verdict(reader.or(place.reader.as_deref()), is_good);
        }
        let reading = seen.map(|(_, reading)| reading);
        if let Some(reading) = &reading {
            self.note_sighting(caller, reading);
            if judgement.verdict != Verdict::Suspect {
                self.note_writes(caller, reading, &evidence.registry);
            }
        }
        Ok(Verification {
            judgement,
            data_version,
            // The registry itself was asked, so its data is of this moment.
            data_time: now,
            data_age: evidence.data_age,
            reading,
        })
    }

    async fn ask_card(
        &self,
        place: &CardInReader,
    ) -> Result<(Asked, Option<(ReaderName, CardReading)>), DeskError> {
        match self.read_card(place).await {
            Ok((reader, reading)) => {
                let in_two_places = self.is_elsewhere(&reader, &reading).await;
                let asked = asked(&reading, in_two_places);
                Ok((asked, Some((reader, reading))))
            }
            Err(DeskError::Reader(ReaderError::CardMute)) => Ok((MUTE, None)),
            Err(error) => Err(error),
        }
    }

    /// Whether the card that was just read lies in another reader's field as
    /// well. Such a field is read anew, because some services notice late that
    /// a card was taken away.
    async fn is_elsewhere(&self, reader: &ReaderName, reading: &CardReading) -> bool {
        let Ok(card) = CardIdentity::new(reading.number, reading.uid) else {
            return false;
        };
        for other in self.readers.others_showing(reader, &card) {
            let again = self
                .readers
                .read_card(Some(other.as_str()), ReadOptions::default())
                .await;
            if let Ok((_, again)) = again
                && CardIdentity::new(again.number, again.uid) == Ok(card)
            {
                return true;
            }
        }
        false
    }

    /// Notes a UID with its number, without keeping the caller waiting.
    fn note_sighting(&self, caller: &Caller, reading: &CardReading) {
        let (Some(number), Some(uid)) = (reading.number, reading.uid) else {
            return;
        };
        if uid.is_random() {
            return;
        }
        let registry = self.registry.clone();
        let stamp = self.stamp(caller);
        tokio::spawn(async move {
            if let Err(error) = registry.record_sighting(stamp, number, uid).await {
                tracing::warn!(%error, "a sighting was not recorded");
            }
        });
    }

    /// Notes how often a card was written when that is news, without keeping the
    /// caller waiting.
    fn note_writes(&self, caller: &Caller, reading: &CardReading, known: &RegistryFacts) {
        let Some(count) = reading.record_writes else {
            return;
        };
        let Ok(card) = CardIdentity::new(reading.number, reading.uid) else {
            return;
        };
        let is_news = known.card.as_ref().is_some_and(|known| {
            let seen = known.record_writes;
            seen.is_none_or(|seen| seen.is_behind(count))
        });
        if !is_news {
            return;
        }
        let registry = self.registry.clone();
        let stamp = self.stamp(caller);
        tokio::spawn(async move {
            let counts = vec![(Counter::RecordWrites, count)];
            if let Err(error) = registry.note_counts(stamp, card, counts).await {
                tracing::warn!(%error, "what a card counts was not recorded");
            }
        });
    }
}

/// What a card asks that is there and says nothing.
const MUTE: Asked = Asked::Reading {
    number: None,
    uid: None,
    valid_from: None,
    valid_until: None,
    assurance: AssuranceLevel::NothingRead,
    authentication_failed: false,
    in_two_places: false,
    record_writes: None,
};

fn asked(reading: &CardReading, in_two_places: bool) -> Asked {
    Asked::Reading {
        number: reading.number,
        uid: reading.uid,
        valid_from: reading.valid_from,
        valid_until: reading.valid_until,
        assurance: reading.assurance,
        authentication_failed: reading.chip == Some(ChipAuthentication::Failed),
        in_two_places,
        record_writes: reading.record_writes,
    }
}
