//! A copy of a school's card is refused, on virtual readers and a registry in a
//! file.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "in a test a panic is the failure"
)]

use std::{sync::Arc, time::Duration};

use xueka_cards::{ChipAuthentication, KeyRing, ProfileText, ReadingProfile};
use xueka_desk::{
    Caller, CardInReader, Desk, NumberForms, Question, SystemClock, Verification, VerifyRequest,
};
use xueka_domain::{AssuranceLevel, Reason, Role, Verdict};
use xueka_readers::{ReaderSettings, Readers};
use xueka_simulator::{Simulator, VirtualCard};

const PROFILE: &str = r#"
name = "a school"
source = "a test"
[[cpu]]
directory = "3F01"
number = { sfi = 21, offset = 0, length = 8, coding = "ascii" }
internal_authentication = { key_id = 0, key = "genuine" }
"#;

fn settings() -> ReaderSettings {
    let keys = "genuine = \"3des:00112233445566778899AABBCCDDEEFF\"";
    let profile = ProfileText {
        file: "school.toml",
        text: PROFILE,
    };
    let keys = KeyRing::from_text(keys).unwrap();
    ReaderSettings {
        profile: ReadingProfile::new(&[profile], &keys).unwrap(),
        ..ReaderSettings::default()
    }
}

#[tokio::test]
async fn a_chip_that_fails_to_prove_its_key_is_suspect() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("registry.db");
    let (simulator, source) = Simulator::in_process(1);
    let readers = Readers::start(Box::new(source), settings()).unwrap();
    let clock = Arc::new(SystemClock);
    let numbers = NumberForms::default();
    let desk = Desk::open(path.to_str().unwrap(), true, readers, clock, numbers).await;
    let desk = desk.unwrap();
    let caller = Caller {
        actor: "test".parse().unwrap(),
        role: Role::Clerk,
    };
    let request = VerifyRequest {
        question: Question::InReader(CardInReader {
            reader: None,
            wait: Some(Duration::from_secs(10)),
        }),
        minimum_assurance: AssuranceLevel::NothingRead,
    };
    let chip = |verification: &Verification| verification.reading.as_ref().unwrap().chip;

    simulator.insert(0, VirtualCard::fm1208()).unwrap();
    let genuine = desk.verify(&caller, request.clone()).await.unwrap();
    assert_eq!(chip(&genuine), Some(ChipAuthentication::Passed));
    assert_eq!(genuine.judgement.verdict, Verdict::NotIssued);
    assert_eq!(
        genuine.judgement.assurance,
        AssuranceLevel::ChipAuthenticated
    );

    simulator.remove(0).unwrap();
    simulator.insert(0, VirtualCard::cpu_tid()).unwrap();
    let copy = desk.verify(&caller, request).await.unwrap();
    assert_eq!(chip(&copy), Some(ChipAuthentication::Failed));
    assert_eq!(copy.judgement.verdict, Verdict::Suspect);
    assert_eq!(copy.judgement.reason, Reason::ChipAuthenticationFailed);
    desk.close().await;
}
