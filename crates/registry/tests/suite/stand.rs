//! A registry to try things on, with made-up students and cards by index.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering},
};

use jiff::{SignedDuration, Timestamp};
use xueka_domain::{
    CardFamily, CardIdentity, CardKey, CardNumber, Coding, Enrolment, FormParts, IssuedCard,
    IssuedState, NumberForm, RollEntry, Student, StudentNumber, Subject, Take, Uid,
};
use xueka_registry::{
    CardRecord, Collection, Commit, OpenOptions, Refusal, Registration, RegistrationOutcome,
    Registry, RegistryError, RequestId, RollOutcome, RollRow, RollUpdate, Stamp, StudentOnRecord,
    WhichCard,
};

/// An open registry, and what it told at each commit.
pub(crate) struct Stand {
    pub(crate) registry: Registry,
    pub(crate) commits: Arc<Mutex<Vec<Commit>>>,
    n_requests: AtomicU32,
}

impl Stand {
    pub(crate) async fn open(address: &str) -> Self {
        let commits = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&commits);
        let options = OpenOptions {
            on_commit: Some(Box::new(move |commit: &Commit| {
                told.lock().unwrap().push(commit.clone());
            })),
            forms: forms(),
            ..OpenOptions::default()
        };
        Self {
            registry: Registry::open(address, options).await.unwrap(),
            commits,
            n_requests: AtomicU32::new(0),
        }
    }

    /// A request id that was not used before.
    pub(crate) fn request(&self) -> RequestId {
        let n = self.n_requests.fetch_add(1, Ordering::Relaxed);
        format!("request-{n}").parse().unwrap()
    }

    /// Puts students on record, each with a card that is cancelled again, so
    /// that they hold none. Their numbers are 900000 and up.
    pub(crate) async fn enrol(&self, students: impl IntoIterator<Item = u32>) {
        for n in students {
            let row = issued(n, Some(900_000 + n), None);
            self.take_in(vec![row]).await;
            let which = WhichCard::Key(number_key(900_000 + n));
            let reason = xueka_domain::ExitReason::LeftSchool;
            self.registry
                .report_exit(self.request(), stamp(0), which, reason)
                .await
                .unwrap();
        }
    }

    pub(crate) async fn take_in(&self, rows: Vec<IssuedCard>) -> RegistrationOutcome {
        self.registry
            .register_issued(self.request(), stamp(0), list(rows))
            .await
            .unwrap()
    }

    pub(crate) async fn collect(
        &self,
        student: u32,
        identity: CardIdentity,
    ) -> Result<CardRecord, RegistryError> {
        self.registry
            .collect(self.request(), stamp(1), collection(student, identity))
            .await
    }

    pub(crate) async fn lose(&self, key: CardKey) -> Result<CardRecord, RegistryError> {
        let reason = xueka_domain::ExitReason::Lost;
        self.registry
            .report_exit(self.request(), stamp(2), WhichCard::Key(key), reason)
            .await
    }

    pub(crate) async fn find_again(
        &self,
        identity: CardIdentity,
    ) -> Result<CardRecord, RegistryError> {
        self.registry
            .cancel_loss(self.request(), stamp(3), identity)
            .await
    }

    /// Takes in a roll of these entries, each in the row of its place.
    pub(crate) async fn enter(&self, entries: Vec<RollEntry>) -> RollOutcome {
        self.registry
            .upsert_students(self.request(), stamp(0), roll(entries))
            .await
            .unwrap()
    }

    pub(crate) async fn student(&self, n: u32) -> StudentOnRecord {
        let found = self.registry.find_student(student_number(n)).await;
        found.unwrap().unwrap()
    }

    pub(crate) async fn card(&self, key: CardKey) -> CardRecord {
        let found = self.registry.find_card(WhichCard::Key(key)).await.unwrap();
        found.unwrap()
    }
}

/// The forms in which the stand finds cards: the standard ones; the last three
/// bytes of the UID as facility and number; the number's ninth digit to its last
/// but one.
pub(crate) fn forms() -> Vec<NumberForm> {
    let facility = FormParts {
        take: Take::Last(3),
        coding: Coding::Facility,
        ..FormParts::default()
    };
    let digits = FormParts {
        of: Subject::Number,
        from_digit: 9,
        to_digit: -2,
        ..FormParts::default()
    };
    let parts = [facility, digits].map(|parts| NumberForm::new(parts).unwrap());
    NumberForm::standard().into_iter().chain(parts).collect()
}

/// Who and when: `minute` minutes after a fixed moment.
pub(crate) fn stamp(minute: i64) -> Stamp {
    Stamp {
        actor: "uid:1000".parse().unwrap(),
        now: time(minute),
    }
}

pub(crate) fn time(minute: i64) -> Timestamp {
    let begin: Timestamp = "2026-09-01T08:00:00Z".parse().unwrap();
    begin + SignedDuration::from_mins(minute)
}

pub(crate) fn student_number(n: u32) -> StudentNumber {
    format!("S{n:05}").parse().unwrap()
}

pub(crate) fn student(n: u32) -> Student {
    Student {
        number: student_number(n),
        name: format!("学生{n}").parse().unwrap(),
        class_name: Some("高一(3)班".parse().unwrap()),
    }
}

pub(crate) fn number(n: u32) -> CardNumber {
    format!("10007510{n:08}").parse().unwrap()
}

pub(crate) fn number_key(n: u32) -> CardKey {
    CardKey::Number(number(n))
}

/// A seven-byte UID, which never is a random one.
pub(crate) fn uid(n: u32) -> Uid {
    format!("04{n:08X}5A80").parse().unwrap()
}

pub(crate) fn uid_key(n: u32) -> CardKey {
    CardKey::Uid(uid(n))
}

/// A card that shows its number and UID, of the same index.
pub(crate) fn card(n: u32) -> CardIdentity {
    CardIdentity::new(Some(number(n)), Some(uid(n))).unwrap()
}

/// A card that shows a number and a UID of different indices.
pub(crate) fn mixed(n_number: Option<u32>, n_uid: Option<u32>) -> CardIdentity {
    CardIdentity::new(n_number.map(number), n_uid.map(uid)).unwrap()
}

pub(crate) fn collection(n_student: u32, identity: CardIdentity) -> Collection {
    Collection {
        student: student_number(n_student),
        identity,
        family: CardFamily::TransitCpu,
        valid_from: None,
        valid_until: Some("2029-07-31".parse().unwrap()),
    }
}

pub(crate) fn issued(n_student: u32, n_number: Option<u32>, n_uid: Option<u32>) -> IssuedCard {
    IssuedCard {
        row: u64::from(n_student),
        student: student(n_student),
        number: n_number.map(number),
        uid: n_uid.map(uid),
        family: None,
        valid_from: None,
        valid_until: None,
        state: IssuedState::Active,
    }
}

pub(crate) fn list(rows: Vec<IssuedCard>) -> Registration {
    Registration {
        rows,
        accept_good_rows: false,
        dry_run: false,
    }
}

/// What a roll says of a student.
pub(crate) fn entry(n: u32) -> RollEntry {
    RollEntry {
        student: student(n),
        sex: None,
        school: Some("0106001".parse().unwrap()),
        cohort: Some("2027届".parse().unwrap()),
        enrolment: Enrolment::Enrolled,
        enrolment_since: None,
    }
}

pub(crate) fn roll(entries: Vec<RollEntry>) -> RollUpdate {
    let rows = entries.into_iter().zip(1..);
    RollUpdate {
        rows: rows.map(|(entry, row)| RollRow { row, entry }).collect(),
        accept_good_rows: false,
        correct_names: false,
        dry_run: false,
    }
}

/// The rule that forbade it.
pub(crate) fn refusal<T: std::fmt::Debug>(outcome: Result<T, RegistryError>) -> Refusal {
    match outcome {
        Err(RegistryError::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}
