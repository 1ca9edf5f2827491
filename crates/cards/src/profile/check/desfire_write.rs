//! `[desfire.write]`: the keys by which an application is written and made.

use toml::Spanned;

use super::{Checked, DESFIRE_AID, key, profile_key, wrong, wrong_cipher};
use crate::{
    Key, KeyRing,
    profile::{
        document::{DesfireTable, DesfireWriteTable, NamedKeyTable},
        place::{DesfireFactory, DesfireKey, DesfireWrite},
    },
    write::KeyUse,
};

/// The number of the key that rules over the others.
const MASTER: u16 = 0;

/// Checks the table. `read` is the key that opens the files for reading.
pub(super) fn write(
    written: &Spanned<DesfireWriteTable>,
    table: &DesfireTable,
    read: Option<&DesfireKey>,
    keys: &KeyRing,
) -> Checked<DesfireWrite> {
    let inner = written.as_ref();
    let Some(number) = &inner.key.as_ref().number else {
        return wrong(&inner.key, "which key of the application? give number");
    };
    if *number.as_ref() > 13 {
        return wrong(number, "an application's keys are 0 to 13");
    }
    let key = named(&inner.key, u16::from(*number.as_ref()), keys)?;
    let read = table.key.as_ref().zip(read).map(|(name, read)| KeyUse {
        name: name.as_ref().clone(),
        slot: read.number.into(),
        diversified_by: read.key.diversified_by.to_vec(),
    });
    if let Some(read) = &read {
        agree(&inner.key, &key, read)?;
    }
    let factory = match (&inner.factory_key, &inner.master_key) {
        (None, None) => None,
        (Some(lone), None) => return wrong(lone, "factory_key needs master_key"),
        (None, Some(lone)) => return wrong(lone, "master_key needs factory_key"),
        (Some(factory), Some(master)) => Some(factory_of(
            factory,
            master,
            &key,
            read.as_ref(),
            inner,
            keys,
        )?),
    };
    if let (Some(lone), None) = (&inner.card_key, &factory) {
        return wrong(lone, "card_key needs factory_key and master_key");
    }
    Ok(DesfireWrite { key, factory })
}

fn factory_of(
    factory: &Spanned<String>,
    master: &Spanned<NamedKeyTable>,
    key: &KeyUse,
    read: Option<&KeyUse>,
    table: &DesfireWriteTable,
    keys: &KeyRing,
) -> Checked<DesfireFactory> {
    aes(factory, keys)?;
    let named_master = key_without_number(master, keys)?;
    let mut finished = Vec::new();
    for own in [read, Some(key), Some(&named_master)].into_iter().flatten() {
        agree(master, &named_master, own)?;
        if own.name == *factory.as_ref() {
            return wrong(factory, "the factory's key is another than the school's");
        }
        if !finished.contains(own) {
            finished.push(own.clone());
        }
    }
    // The key that changes the others is the last to change.
    finished.sort_by_key(|own| own.slot == MASTER);
    let card_key = table.card_key.as_ref();
    Ok(DesfireFactory {
        name: factory.as_ref().as_str().into(),
        keys: finished.into(),
        card_key: card_key
            .map(|table| key_without_number(table, keys))
            .transpose()?,
    })
}

fn key_without_number(table: &Spanned<NamedKeyTable>, keys: &KeyRing) -> Checked<KeyUse> {
    match &table.as_ref().number {
        None => named(table, MASTER, keys),
        Some(number) => wrong(number, "this key is always number 0"),
    }
}

/// Two keys at one place are one key.
fn agree(at: &Spanned<NamedKeyTable>, one: &KeyUse, other: &KeyUse) -> Checked<()> {
    if one.slot == other.slot && one != other {
        return wrong(at, "two keys of the profile have the same number");
    }
    Ok(())
}

fn named(table: &Spanned<NamedKeyTable>, slot: u16, keys: &KeyRing) -> Checked<KeyUse> {
    let inner = table.as_ref();
    let key = aes(&inner.name, keys)?;
    let checked = profile_key(key, inner.diversify.as_ref(), DESFIRE_AID)?;
    Ok(KeyUse {
        name: inner.name.as_ref().clone(),
        slot,
        diversified_by: checked.diversified_by.into(),
    })
}

fn aes<'a>(name: &Spanned<String>, keys: &'a KeyRing) -> Checked<&'a Key> {
    match key(name, keys)? {
        key @ Key::Aes128(_) => Ok(key),
        other => wrong_cipher(name, other, "an AES key"),
    }
}

#[cfg(test)]
mod tests {
    use crate::{KeyRing, ProfileError, ProfileText, ReadingProfile};

    const KEYS: &str = "zeros = \"aes:00000000000000000000000000000000\"\n\
        read = \"aes:101112131415161718191A1B1C1D1E1F\"\n\
        write = \"aes:202122232425262728292A2B2C2D2E2F\"\n\
        master = \"aes:303132333435363738393A3B3C3D3E3F\"\n\
        genuine = \"3des:000102030405060708090A0B0C0D0E0F\"\n";

    const PROFILE: &str = r#"name = "School"
source = "a test"
[[desfire]]
application = "F51234"
key = "read"
key_number = 1
number = { file = 1, communication = "full", offset = 0, length = 8, coding = "bcd" }
[desfire.write]
key = { name = "write", number = 2, diversify = ["uid"] }
factory_key = "zeros"
master_key = { name = "master" }
card_key = { name = "master" }
"#;

    fn read(text: &str) -> Result<ReadingProfile, ProfileError> {
        let keys = KeyRing::from_text(KEYS).unwrap();
        let file = "school.toml";
        ReadingProfile::new(&[ProfileText { file, text }], &keys)
    }

    #[test]
    fn the_keys_of_a_finished_card_end_with_its_master_key() {
        let profile = read(PROFILE).unwrap();
        let write = profile.desfire()[0].write.as_ref().unwrap();
        assert_eq!((write.key.name.as_str(), write.key.slot), ("write", 2));
        let factory = write.factory.as_ref().unwrap();
        let keys = factory.keys.iter().map(|key| (key.name.as_str(), key.slot));
        let expected = [("read", 1), ("write", 2), ("master", 0)];
        assert_eq!(keys.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_mistake_is_told_by_its_line() {
        let cases = [
            (9, "key = { name = \"write\" }", "which key"),
            (9, "key = { name = \"write\", number = 14 }", "0 to 13"),
            (9, "key = { name = \"none\", number = 2 }", "no key named"),
            (9, "key = { name = \"genuine\", number = 2 }", "AES"),
            (9, "key = { name = \"write\", number = 1 }", "same number"),
            (9, "key = { name = \"zeros\", number = 2 }", "factory"),
            (9, "key = { name = \"write\", number = 0 }", "same number"),
            (10, "", "needs factory_key"),
            (10, "factory_key = \"none\"", "no key named"),
            (10, "factory_key = \"master\"", "another than the school's"),
            (11, "", "needs master_key"),
            (
                11,
                "master_key = { name = \"master\", number = 0 }",
                "always number 0",
            ),
            (11, "master_key = { name = \"genuine\" }", "AES"),
            (12, "card_key = { name = \"none\" }", "no key named"),
            (
                12,
                "card_key = { name = \"master\", number = 1 }",
                "always number 0",
            ),
        ];
        for (changed, new, expected) in cases {
            let mut lines = PROFILE.lines().collect::<Vec<_>>();
            lines[changed - 1] = new;
            let Err(ProfileError::Profile { line, problem, .. }) = read(&lines.join("\n")) else {
                panic!("not refused: {new}");
            };
            assert!(problem.contains(expected), "{new}: {problem}");
            assert!((9..=12).contains(&line), "{new}: line {line}");
        }
        let mut lines = PROFILE.lines().collect::<Vec<_>>();
        lines.drain(9..11);
        let problem = read(&lines.join("\n")).unwrap_err().to_string();
        assert!(problem.contains("line 10: card_key needs"), "{problem}");
    }
}
