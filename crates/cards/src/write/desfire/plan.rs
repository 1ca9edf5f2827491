//! What is to change on a `DESFire`, after a look at it.

use xueka_domain::Uid;
use xueka_transport::CardSession;

use super::{CARD, DesfireMedium, Entered, MASTER, denied};
use crate::{
    ReadingProfile,
    family::desfire::changes::BACKUP_DATA_FILE,
    profile::place::{DesfireFactory, DesfireFile, DesfirePlace, DesfireWrite},
    write::{CardContent, Content, KeyUse, Place, Step, WriteError, WriteTools},
};

/// Settings of an application that is made: key 0 changes the keys and makes
/// files, everybody may list them, key 0 and these settings may change.
const APPLICATION_SETTINGS: u8 = 0x0B;
/// Its keys are of AES.
const AES: u8 = 0x80;

/// In access rights: everybody, and nobody.
const EVERYBODY: u16 = 0xE;
const NOBODY: u16 = 0xF;

/// Plans by the first place of the profile that says how it is written.
///
/// # Errors
///
/// [`WriteError`].
pub(in crate::write) fn plan(
    session: &mut dyn CardSession,
    tools: WriteTools<'_>,
    profile: &ReadingProfile,
    uid: Uid,
    content: &CardContent,
) -> Result<Vec<Step>, WriteError> {
    let mut places = profile.desfire().iter();
    let place = places.find_map(|place| place.write.as_ref().map(|write| (place, write)));
    let (place, write) = place.ok_or(WriteError::NotWritable)?;
    let planner = Planner {
        place,
        write,
        content,
    };
    let mut card = DesfireMedium::new(session, tools, uid);
    let found = card.application(place.application)?;
    match (found, &write.factory) {
        (Some(_), _) => planner.for_application(&mut card),
        (None, Some(factory)) => planner.for_card(&mut card, factory),
        (None, None) => Err(WriteError::NotWritable),
    }
}

/// One place of a profile, and what is to stand there.
struct Planner<'a> {
    place: &'a DesfirePlace,
    write: &'a DesfireWrite,
    content: &'a CardContent,
}

impl Planner<'_> {
    /// For a card without the application. It is refused here already when its
    /// own key does not open it.
    fn for_card(
        &self,
        card: &mut DesfireMedium<'_>,
        factory: &DesfireFactory,
    ) -> Result<Vec<Step>, WriteError> {
        let card_key = factory.card_key.as_slice();
        if card_key.is_empty() {
            return Err(WriteError::NotWritable);
        }
        card.enter_open(CARD, card_key)?;
        let highest = factory.keys.iter().map(|key| key.slot).max();
        let n_keys = highest.map_or(1, |highest| highest.saturating_add(1));
        let n_keys = u8::try_from(n_keys).map_err(|_| WriteError::NoSuchPlace)?;
        let mut steps = vec![Step {
            place: Place::DesfireApplication {
                application: self.place.application.0,
            },
            keys: card_key.to_vec(),
            old: Content::Nothing,
            new: Content::Bytes(vec![APPLICATION_SETTINGS, AES | n_keys]),
        }];
        for (file, (start, end)) in self.place.fields.ranges() {
            steps.push(self.new_file(factory, file, end));
            steps.push(self.new_content(file, start, end)?);
        }
        let keys = factory.keys.iter();
        steps.extend(keys.map(|key| self.new_key(factory, key, Content::Nothing)));
        Ok(steps)
    }

    /// For a card that has the application: missing files, what differs in
    /// those there, and keys that still are the factory's.
    fn for_application(&self, card: &mut DesfireMedium<'_>) -> Result<Vec<Step>, WriteError> {
        let application = self.place.application;
        let mut steps = Vec::new();
        for (file, (start, end)) in self.place.fields.ranges() {
            let masters = self.write.factory.as_ref();
            let masters = masters.map_or(Vec::new(), |factory| keys_at(factory, MASTER));
            let settings = card.file(application, file.number, &masters)?;
            match (settings.as_deref(), &self.write.factory) {
                (Some([BACKUP_DATA_FILE, ..]), _) => {
                    steps.extend(self.changed_content(card, file, start, end)?);
                }
                // Without backup a tear would leave neither old nor new.
                (Some(_), _) => return Err(WriteError::NotPermitted),
                (None, Some(factory)) => {
                    card.enter_open(application, &masters)?;
                    steps.push(self.new_file(factory, file, end));
                    steps.push(self.new_content(file, start, end)?);
                }
                (None, None) => return Err(WriteError::NotWritable),
            }
        }
        if let Some(factory) = &self.write.factory {
            for key in &factory.keys {
                let keys = keys_at(factory, key.slot);
                match card.standing_key(application, key.slot, &keys)? {
                    Entered::Open(Some(found)) if found.name == key.name => {}
                    Entered::Open(Some(found)) => {
                        steps.push(self.new_key(factory, key, Content::Key(found.name)));
                    }
                    Entered::Closed => return Err(denied()),
                    Entered::Open(None) | Entered::Missing => return Err(WriteError::NoSuchPlace),
                }
            }
        }
        Ok(steps)
    }

    fn new_file(&self, factory: &DesfireFactory, file: DesfireFile, n_bytes: usize) -> Step {
        let read = self.place.key.as_ref();
        let read = read.map_or(EVERYBODY, |key| key.number.into());
        // Key 0 may change these rights.
        let rights = read << 12 | NOBODY << 8 | self.write.key.slot << 4;
        let mut settings = vec![BACKUP_DATA_FILE, file.communication.setting()];
        settings.extend(rights.to_le_bytes());
        settings.extend(n_bytes.to_le_bytes().into_iter().take(3));
        Step {
            place: Place::DesfireFileSettings {
                application: self.place.application.0,
                file: file.number,
            },
            keys: keys_at(factory, MASTER),
            old: Content::Nothing,
            new: Content::Bytes(settings),
        }
    }

    /// What a file is given that is made by the same plan, and holds zeros.
    fn new_content(&self, file: DesfireFile, start: usize, end: usize) -> Result<Step, WriteError> {
        let zeros = vec![0; end.saturating_sub(start)];
        let bytes = self.laid_out(file, start, &zeros)?;
        self.content_step(file, start, Content::Nothing, bytes)
    }

    /// What changes in a file that is there; `None`: nothing.
    fn changed_content(
        &self,
        card: &mut DesfireMedium<'_>,
        file: DesfireFile,
        start: usize,
        end: usize,
    ) -> Result<Option<Step>, WriteError> {
        card.enter_open(self.place.application, &self.writing_keys())?;
        let offset = u16::try_from(start).map_err(|_| WriteError::DoesNotFit)?;
        let n_bytes = end.saturating_sub(start);
        let travel = file.communication;
        let old = card.card.read(file.number, travel, offset, n_bytes)?;
        let old = old.ok_or(WriteError::NoSuchPlace)?;
        let new = self.laid_out(file, start, &old)?;
        if new == *old {
            return Ok(None);
        }
        let step = self.content_step(file, start, Content::Bytes(old.to_vec()), new)?;
        Ok(Some(step))
    }

    fn content_step(
        &self,
        file: DesfireFile,
        start: usize,
        old: Content,
        new: Vec<u8>,
    ) -> Result<Step, WriteError> {
        Ok(Step {
            place: Place::DesfireFile {
                application: self.place.application.0,
                file: file.number,
                communication: file.communication,
                offset: u16::try_from(start).map_err(|_| WriteError::DoesNotFit)?,
            },
            keys: self.writing_keys(),
            old,
            new: Content::Bytes(new),
        })
    }

    /// What stands in a file from `start` on, with number and dates in it.
    fn laid_out(
        &self,
        file: DesfireFile,
        start: usize,
        bytes: &[u8],
    ) -> Result<Vec<u8>, WriteError> {
        // Fields count from the beginning of the file.
        let mut whole = [&vec![0; start], bytes].concat();
        self.content.lay_out(&self.place.fields, file, &mut whole)?;
        Ok(whole.split_off(start))
    }

    fn new_key(&self, factory: &DesfireFactory, key: &KeyUse, old: Content) -> Step {
        let mut keys = keys_at(factory, key.slot);
        if key.slot != MASTER {
            keys.extend(keys_at(factory, MASTER));
        }
        Step {
            place: Place::DesfireKey {
                application: self.place.application.0,
                key: u8::try_from(key.slot).unwrap_or(u8::MAX),
            },
            keys,
            old,
            new: Content::Key(key.name.clone()),
        }
    }

    fn writing_keys(&self) -> Vec<KeyUse> {
        match &self.write.factory {
            Some(factory) => keys_at(factory, self.write.key.slot),
            None => vec![self.write.key.clone()],
        }
    }
}

/// What may stand at a number: the school's key, or still the factory's.
fn keys_at(factory: &DesfireFactory, slot: u16) -> Vec<KeyUse> {
    let own = factory.keys.iter().filter(|key| key.slot == slot).cloned();
    let new = KeyUse {
        name: factory.name.to_string(),
        slot,
        diversified_by: Vec::new(),
    };
    own.chain([new]).collect()
}
