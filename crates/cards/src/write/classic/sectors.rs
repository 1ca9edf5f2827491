//! The sectors of one card, opened by keys that a plan names.

use xueka_domain::Uid;
use xueka_transport::{CardSession, Dialect};
use zeroize::Zeroizing;

use crate::{
    KeyRing, MifareKey,
    dialogue::Dialogue,
    diversify::sector_key,
    family::classic_blocks::{BLOCK_BYTES, BlockRead, BlockReader},
    mifare::{AccessBits, Block, KeyKind, Sector},
    profile::place::{ProfileKey, SectorKey},
    read::ask_uid,
    write::{Content, KeyUse, WriteError},
};

/// How many authentications one step may take: each key of a plan, some of them
/// more than once.
const ATTEMPTS: u8 = 32;

/// The keys of a plan, found in the key file.
pub(in crate::write) struct SectorKeys(Vec<(KeyUse, SectorKey)>);

impl SectorKeys {
    /// Finds each of these keys, or makes it for the card with that UID.
    ///
    /// # Errors
    ///
    /// [`WriteError::NoSuchKey`]: the key file has none of the name, or one for
    /// another cipher.
    pub(in crate::write) fn find(
        uses: impl IntoIterator<Item = KeyUse>,
        ring: &KeyRing,
        uid: Uid,
    ) -> Result<Self, WriteError> {
        let mut found: Vec<(KeyUse, SectorKey)> = Vec::new();
        for used in uses {
            if found.iter().any(|(known, _)| *known == used) {
                continue;
            }
            let named = ring.get(&used.name).map(|key| ProfileKey {
                key: key.clone(),
                diversified_by: used.diversified_by.clone().into(),
            });
            let key = named.and_then(|named| sector_key(&named, Some(uid)));
            let (Some(key), Some(kind)) = (key, KeyKind::from_slot(used.slot)) else {
                return Err(WriteError::NoSuchKey { name: used.name });
            };
            found.push((used, SectorKey { key, kind }));
        }
        Ok(Self(found))
    }

    fn get(&self, name: &str, kind: KeyKind) -> Result<&SectorKey, WriteError> {
        let is_meant = |used: &KeyUse| used.name == name && used.slot == kind.slot();
        let found = self.0.iter().find(|(used, _)| is_meant(used));
        let found = found.map(|(_, key)| key);
        found.ok_or_else(|| WriteError::NoSuchKey {
            name: name.to_owned(),
        })
    }

    /// The keys of that name as either kind.
    fn values(&self) -> impl Iterator<Item = (&str, &MifareKey)> {
        self.0
            .iter()
            .map(|(used, key)| (used.name.as_str(), &key.key))
    }

    fn these<'k>(&'k self, uses: &[KeyUse]) -> Vec<&'k SectorKey> {
        let known = self.0.iter().filter(|(used, _)| uses.contains(used));
        // In the order of the step, not of the plan.
        let mut known = known.collect::<Vec<_>>();
        known.sort_by_key(|(used, _)| uses.iter().position(|other| other == used));
        known.into_iter().map(|(_, key)| key).collect()
    }
}

/// What a trailer shows to a key.
pub(super) struct Shown {
    /// Bytes 6 to 9: access bits and the free byte.
    pub(super) access: [u8; 4],
    /// Key B, where the access bits show it; other bytes where not.
    pub(super) key_b: MifareKey,
}

impl Shown {
    /// The access bits; `None` when they are damaged.
    pub(super) fn access_bits(&self) -> Option<AccessBits> {
        access_bits(self.access)
    }
}

/// The access bits in bytes 6 to 9 of a trailer.
pub(super) fn access_bits([first, second, third, _]: [u8; 4]) -> Option<AccessBits> {
    AccessBits::decode([first, second, third]).ok()
}

/// A card in a reader, with the keys of a plan.
pub(in crate::write) struct Sectors<'a> {
    card: Dialogue<'a>,
    blocks: BlockReader<'a>,
    keys: &'a SectorKeys,
}

impl<'a> Sectors<'a> {
    pub(in crate::write) fn new(
        session: &'a mut dyn CardSession,
        dialect: &'a Dialect,
        keys: &'a SectorKeys,
    ) -> Self {
        Self {
            card: Dialogue::new(session),
            blocks: BlockReader::new(dialect, ATTEMPTS),
            keys,
        }
    }

    /// The card's UID, asked anew.
    pub(super) fn uid(&mut self) -> Result<Uid, WriteError> {
        let asked = ask_uid(&mut self.card)?;
        asked.map_err(|refused| match refused {
            Some(word) => WriteError::refused(word),
            None => WriteError::OtherCard,
        })
    }

    /// Reads a block with the first of these keys that may.
    pub(super) fn read(&mut self, block: Block, uses: &[KeyUse]) -> Result<BlockRead, WriteError> {
        self.blocks.set_attempts(ATTEMPTS);
        let keys = self.keys.these(uses);
        Ok(self.blocks.read(&mut self.card, block, keys)?)
    }

    /// Sets a block with the first of these keys that may.
    pub(super) fn write(
        &mut self,
        block: Block,
        uses: &[KeyUse],
        data: &[u8; BLOCK_BYTES],
    ) -> Result<(), WriteError> {
        self.blocks.set_attempts(ATTEMPTS);
        let keys = self.keys.these(uses);
        let written = self.blocks.write(&mut self.card, block, keys, data)?;
        written.map_err(WriteError::refused)?;
        Ok(())
    }

    /// Whether this very key opens a sector.
    pub(super) fn opens(
        &mut self,
        sector: Sector,
        name: &str,
        kind: KeyKind,
    ) -> Result<bool, WriteError> {
        self.blocks.set_attempts(ATTEMPTS);
        let key = self.keys.get(name, kind)?;
        let opened = self.blocks.open(&mut self.card, sector.trailer(), key)?;
        match opened {
            Ok(()) => Ok(true),
            Err(refusal) if refusal.is_of_key => Ok(false),
            Err(refusal) => Err(WriteError::refused(refusal.status_word)),
        }
    }

    /// What the trailer shows to this very key; `None` where the key does not
    /// open the sector, or the card shows nothing.
    pub(super) fn look(
        &mut self,
        sector: Sector,
        name: &str,
        kind: KeyKind,
    ) -> Result<Option<Shown>, WriteError> {
        if !self.opens(sector, name, kind)? {
            return Ok(None);
        }
        let key = self.keys.get(name, kind)?;
        let trailer = sector.trailer();
        let shown = self.blocks.read(&mut self.card, trailer, [key])?;
        let bytes = Zeroizing::new(shown.unwrap_or_default());
        let Ok([_, _, _, _, _, _, access @ .., b0, b1, b2, b3, b4, b5]) =
            <[u8; BLOCK_BYTES]>::try_from(bytes.as_slice())
        else {
            return Ok(None);
        };
        Ok(Some(Shown {
            access,
            key_b: MifareKey::from([b0, b1, b2, b3, b4, b5]),
        }))
    }

    /// Whether a trailer holds these keys and access bits.
    pub(super) fn holds(&mut self, sector: Sector, content: &Content) -> Result<bool, WriteError> {
        let Content::Trailer {
            key_a,
            access,
            key_b,
        } = content
        else {
            return Err(WriteError::NoSuchPlace);
        };
        let bits = access_bits(*access).ok_or(WriteError::NoSuchPlace)?;
        let shown = self.look(sector, key_a, KeyKind::A)?;
        let Some(shown) = shown.filter(|shown| shown.access == *access) else {
            return Ok(false);
        };
        if bits.key_b_opens() {
            return self.opens(sector, key_b, KeyKind::B);
        }
        Ok(self.keys.get(key_b, KeyKind::B)?.key == shown.key_b)
    }

    /// The bytes of a trailer.
    pub(super) fn trailer_bytes(
        &self,
        content: &Content,
    ) -> Result<Zeroizing<[u8; BLOCK_BYTES]>, WriteError> {
        let Content::Trailer {
            key_a,
            access,
            key_b,
        } = content
        else {
            return Err(WriteError::NoSuchPlace);
        };
        let a = self.keys.get(key_a, KeyKind::A)?.key.reveal();
        let b = self.keys.get(key_b, KeyKind::B)?.key.reveal();
        let mut bytes = Zeroizing::new([0; BLOCK_BYTES]);
        let parts = a.iter().chain(access).chain(b);
        for (place, byte) in bytes.iter_mut().zip(parts) {
            *place = *byte;
        }
        Ok(bytes)
    }

    /// The name of the key with this value.
    pub(super) fn name_of(&self, value: &MifareKey) -> Option<String> {
        let mut known = self.keys.values();
        let found = known.find(|(_, key)| *key == value);
        found.map(|(name, _)| name.to_owned())
    }
}
