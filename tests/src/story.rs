//! The main job as a clerk does it at one reader, told through the command
//! line: the same words on every kind of virtual reader.

use std::io::Write;

use serde_json::Value;
use tempfile::NamedTempFile;

use crate::{Answer, Cli, Daemon, until, workspace};

/// One reader of a daemon, and the hand that puts virtual cards on it.
#[derive(Debug)]
pub struct Counter {
    cli: Cli,
    reader: String,
    slot: usize,
}

/// What a card is expected to be taken for.
#[derive(Clone, Copy, Debug)]
pub struct Tap {
    /// The virtual card, as `sim insert` takes it.
    pub card: &'static str,
    /// The family it is to be recognised as.
    pub family: &'static str,
    /// The number to be read, if any.
    pub number: Option<&'static str>,
    /// The UID to be read, if it is a lasting one.
    pub uid: Option<&'static str>,
    /// The verdict on it, after the example list was imported.
    pub verdict: &'static str,
    /// The exit code of `xueka verify`.
    pub code: i32,
    /// Why this card is here.
    pub why: &'static str,
}

/// Cards of each family and each standing. The example list knows some of them.
pub const TAPS: &[Tap] = &[
    Tap {
        card: "transit-cpu number=1000751012345678 uid=3A5C7E91",
        family: "TRANSIT_CPU",
        number: Some("1000751012345678"),
        uid: Some("3A5C7E91"),
        verdict: "VALID",
        code: 0,
        why: "a transit card on record with number and UID",
    },
    Tap {
        card: "t-union number=3104870012345678901 uid=5D18A3C2",
        family: "T_UNION",
        number: Some("3104870012345678901"),
        uid: Some("5D18A3C2"),
        verdict: "VALID",
        code: 0,
        why: "a T-Union card on record",
    },
    Tap {
        card: "city-union number=1000000098765432 uid=6A11B2C3",
        family: "CITY_UNION",
        number: Some("1000000098765432"),
        uid: Some("6A11B2C3"),
        verdict: "NOT_ISSUED",
        code: 1,
        why: "a CityUnion card that nobody here was given",
    },
    Tap {
        card: "mifare-classic-1k uid=9B27D4E6",
        family: "MIFARE_CLASSIC_1K",
        number: None,
        uid: Some("9B27D4E6"),
        verdict: "VALID",
        code: 0,
        why: "a memory card on record by its UID",
    },
    Tap {
        card: "mifare-classic-4k uid=7A11B2C3",
        family: "MIFARE_CLASSIC_4K",
        number: None,
        uid: Some("7A11B2C3"),
        verdict: "NOT_ISSUED",
        code: 1,
        why: "a memory card that nobody knows",
    },
    Tap {
        card: "ultralight uid=04A1B2C3D4E5F6",
        family: "ULTRALIGHT",
        number: None,
        uid: Some("04A1B2C3D4E5F6"),
        verdict: "VALID",
        code: 0,
        why: "a UID of seven bytes on record",
    },
    Tap {
        card: "desfire uid=04FFEEDDCCBBAA",
        family: "DESFIRE",
        number: None,
        uid: Some("04FFEEDDCCBBAA"),
        verdict: "NOT_ISSUED",
        code: 1,
        why: "a DESFire that nobody knows",
    },
    Tap {
        card: "desfire uid=random",
        family: "DESFIRE",
        number: None,
        uid: None,
        verdict: "UNREADABLE",
        code: 6,
        why: "a random UID names nobody",
    },
    Tap {
        card: "iso14443-4 uid=8A11B2C3",
        family: "OTHER_ISO14443",
        number: None,
        uid: Some("8A11B2C3"),
        verdict: "NOT_ISSUED",
        code: 1,
        why: "a card of no known family",
    },
    Tap {
        card: "contact",
        family: "ISO7816",
        number: None,
        uid: None,
        verdict: "UNREADABLE",
        code: 6,
        why: "a contact card has no UID",
    },
    Tap {
        card: "transit-cpu number=1000751012345694 uid=9A11B2C3",
        family: "TRANSIT_CPU",
        number: Some("1000751012345694"),
        uid: Some("9A11B2C3"),
        verdict: "EXPIRED",
        code: 1,
        why: "its last day on record is past",
    },
    Tap {
        card: "transit-cpu number=1000751012345678 uid=11111111",
        family: "TRANSIT_CPU",
        number: Some("1000751012345678"),
        uid: Some("11111111"),
        verdict: "SUSPECT",
        code: 1,
        why: "the right number on another chip",
    },
];

impl Counter {
    /// The counter at the reader over slot `slot` of the simulator.
    #[must_use]
    pub fn new(daemon: &Daemon, slot: usize, reader: &str) -> Self {
        Self {
            cli: daemon.cli(),
            reader: reader.into(),
            slot,
        }
    }

    /// The command line.
    #[must_use]
    pub fn cli(&self) -> &Cli {
        &self.cli
    }

    /// Puts a card on the reader; whatever lay there is gone before.
    pub fn tap(&self, card: &str) {
        self.clear();
        let line = format!("sim insert --slot {} {card}", self.slot);
        let _ = self.cli.run(&line).expect(0);
    }

    /// The same with a card described in TOML, as in scenario files.
    pub fn tap_toml(&self, description: &str) {
        self.clear();
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(description.as_bytes()).unwrap();
        let line = format!(
            "sim insert --slot {} --file {}",
            self.slot,
            file.path().display()
        );
        let _ = self.cli.run(&line).expect(0);
    }

    /// Takes the card away; the reader is empty when this returns.
    pub fn clear(&self) {
        let line = format!("sim remove --slot {}", self.slot);
        let _ = self.cli.run(&line).expect(0);
        until("the reader to be empty", || {
            (self.state() == "EMPTY").then_some(())
        });
    }

    /// What the daemon says that the reader is doing.
    #[must_use]
    pub fn state(&self) -> String {
        let document = self.cli.json("readers");
        let readers = document["readers"].as_array().unwrap();
        let is_it = |reader: &&Value| {
            [&reader["name"], &reader["alias"]].contains(&&Value::from(self.reader.as_str()))
        };
        let reader = readers
            .iter()
            .find(is_it)
            .unwrap_or_else(|| panic!("{} is listed: {document}", self.reader));
        reader["state"].as_str().unwrap().to_owned()
    }

    /// Runs a command that works on the card in this reader.
    #[must_use]
    pub fn at_reader(&self, words: &str) -> Answer {
        self.at_reader_for(words, "20s")
    }

    /// The same with another time to wait for a card.
    #[must_use]
    pub fn at_reader_for(&self, words: &str, wait: &str) -> Answer {
        let mut all: Vec<&str> = words.split(' ').collect();
        all.extend(["--json", "--wait", wait, "--reader", &self.reader]);
        self.cli.run_words(&all)
    }

    /// The verdict on the card in this reader.
    #[must_use]
    pub fn verdict(&self, code: i32) -> String {
        let answer = self.at_reader("verify").expect(code).document();
        answer["verdict"].as_str().unwrap().to_owned()
    }

    /// Imports the list of issued cards that stands in the repository.
    pub fn import_example(&self) {
        let list = workspace().join("examples/issued-cards.csv");
        let words = ["card", "import", "--json", list.to_str().unwrap()];
        let totals = self.cli.run_words(&words).expect(0).document();
        assert_eq!(totals["totals"]["registered"], 7, "{totals}");
    }

    /// Reads and verifies each of [`TAPS`].
    pub fn all_families(&self) {
        for tap in TAPS {
            self.tap(tap.card);
            let answer = self.at_reader("read").expect(0).document();
            let reading = &answer["reading"];
            let why = tap.why;
            assert_eq!(reading["family"], tap.family, "{why}: {answer}");
            assert_eq!(text(&reading["card_number"]), tap.number, "{why}: {answer}");
            let lasting = (reading["uid_random"] != true).then(|| text(&reading["uid"]));
            assert_eq!(lasting.flatten(), tap.uid, "{why}: {answer}");
            assert_eq!(self.verdict(tap.code), tap.verdict, "{why}");
        }
    }

    /// Reads a transit card, verifies it, reports it lost, sees it refused and
    /// blocked, cancels the loss with the card in the reader.
    pub fn loss_and_return(&self) {
        const CARD: &str = "transit-cpu number=1000751012345678 uid=3A5C7E91";
        const NUMBER: &str = "--number 1000751012345678";
        self.tap(CARD);
        let answer = self.at_reader("read").expect(0).document();
        let reading = &answer["reading"];
        assert_eq!(reading["number_source"], "PLAIN_FILE", "{answer}");
        assert_eq!(reading["assurance"], "NUMBER_READ", "{answer}");
        assert_eq!(reading["valid_from"], "2020-01-01", "{answer}");
        assert_eq!(reading["valid_until"], "2049-12-31", "{answer}");
        assert_eq!(reading["complete"], true, "{answer}");
        assert_eq!(self.verdict(0), "VALID");
        let checked = format!("blacklist check {NUMBER} --json");
        let _ = self.cli.run(&checked).expect(0);

        let lost = self.cli.json(&format!("card report-loss {NUMBER}"));
        assert_eq!(lost["card"]["state"], "LOST", "{lost}");
        assert_eq!(self.verdict(1), "LOST");
        let blocked = self.cli.run(&checked).expect(1).document();
        assert_eq!(blocked["reason"], "LOST", "{blocked}");
        let kept = self.cli.run(&format!("blacklist remove {NUMBER} --json"));
        assert_eq!(kept.expect(1).reason(), "ENTRY_FROM_STATE");

        self.tap("transit-cpu number=1000751012345678 uid=11111111");
        let other = self.at_reader("card cancel-loss").expect(1);
        assert_eq!(other.reason(), "NOT_THE_SAME_CARD");

        self.tap(CARD);
        let found = self.at_reader("card cancel-loss").expect(0).document();
        assert_eq!(found["card"]["state"], "ACTIVE", "{found}");
        assert_eq!(self.verdict(0), "VALID");
        let _ = self.cli.run(&checked).expect(0);
    }

    /// Hands out a delivered card: the tap binds its chip to the student.
    pub fn hand_out(&self) {
        self.tap("transit-cpu number=1000751012345686 uid=B1C2D3E4");
        assert_eq!(self.verdict(1), "NOT_COLLECTED");
        let taken = self.at_reader("card collect --student G202402002");
        assert_eq!(taken.expect(1).reason(), "NUMBER_TAKEN");

        let collected = self.at_reader("card collect --student G202401004");
        let card = &collected.expect(0).document()["card"];
        assert_eq!(card["state"], "ACTIVE", "{card}");
        assert_eq!(card["uid"], "B1C2D3E4", "the chip is bound");
        assert_eq!(self.verdict(0), "VALID");

        self.tap("transit-cpu number=1000751012345686 uid=00000001");
        assert_eq!(self.verdict(1), "SUSPECT", "bound to another chip");

        self.tap("transit-cpu number=1000751012349999 uid=00000002");
        let second = self.at_reader("card collect --student G202401004");
        assert_eq!(second.expect(1).reason(), "STUDENT_HAS_CARD");
    }
}

fn text(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.is_empty())
}
