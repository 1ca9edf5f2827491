//! Verdicts, as the protocol says them.

use xueka_api::v1;
use xueka_desk::{UseCase, Verification};
use xueka_domain::{CardNumber, Language, Role, Verdict};

/// A verification in the words of the protocol, as far as a caller with this
/// role may know it: which card replaced this one is for those who see records,
/// what the card said for those who may read cards.
pub(crate) fn verification(
    verification: &Verification,
    language: Language,
    role: Role,
) -> v1::VerifyCardResponse {
    let judgement = &verification.judgement;
    let successor = judgement.replaced_by;
    let reading = verification.reading.as_ref();
    v1::VerifyCardResponse {
        verdict: verdict(judgement.verdict).into(),
        reason: judgement.reason.code().into(),
        message: judgement.reason.message(language).into(),
        assurance: super::reading::assurance(judgement.assurance).into(),
        data_version: verification.data_version,
        data_time: Some(super::timestamp(verification.data_time)),
        data_age: Some(super::duration(verification.data_age)),
        replaced_by: successor
            .filter(|_| UseCase::SeeCards.is_open_to(role))
            .map(CardNumber::reveal)
            .unwrap_or_default(),
        reading: reading
            .filter(|_| UseCase::ReadCards.is_open_to(role))
            .map(super::reading::reading),
    }
}

fn verdict(verdict: Verdict) -> v1::Verdict {
    match verdict {
        Verdict::Valid => v1::Verdict::Valid,
        Verdict::NotIssued => v1::Verdict::NotIssued,
        Verdict::NotCollected => v1::Verdict::NotCollected,
        Verdict::Lost => v1::Verdict::Lost,
        Verdict::Damaged => v1::Verdict::Damaged,
        Verdict::Replaced => v1::Verdict::Replaced,
        Verdict::Blacklisted => v1::Verdict::Blacklisted,
        Verdict::Expired => v1::Verdict::Expired,
        Verdict::NotYetValid => v1::Verdict::NotYetValid,
        Verdict::Cancelled => v1::Verdict::Cancelled,
        Verdict::Suspect => v1::Verdict::Suspect,
        Verdict::Unreadable => v1::Verdict::Unreadable,
        Verdict::CannotVerify => v1::Verdict::CannotVerify,
    }
}
