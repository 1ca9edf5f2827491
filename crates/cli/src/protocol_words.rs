//! Which word of the catalogue stands for which value of the protocol.
//!
//! No match here has a catch-all arm: a new value does not compile until
//! someone gives it a word.

use xueka_api::v1::{
    self, ApplicationState, AssuranceLevel, BlockReason, CardFamily, CardKind, CardState,
    ChipAuthentication, ClueBearing, ClueWeight, Enrolment, ExchangeFailure, HintGrade,
    HoldingState, PlaceKind, ReaderState, ReadingPart, Role, Sex, ShortNumberFit, TripKind,
    Verdict,
};
use xueka_files::RollColumn;

use crate::words::Word;

/// The word for a verdict.
pub(crate) fn verdict(verdict: Verdict) -> Word {
    match verdict {
        Verdict::Unspecified => Word::VerdictUnknown,
        Verdict::Valid => Word::VerdictValid,
        Verdict::NotIssued => Word::VerdictNotIssued,
        Verdict::NotCollected => Word::VerdictNotCollected,
        Verdict::Lost => Word::VerdictLost,
        Verdict::Damaged => Word::VerdictDamaged,
        Verdict::Replaced => Word::VerdictReplaced,
        Verdict::Blacklisted => Word::VerdictBlacklisted,
        Verdict::Expired => Word::VerdictExpired,
        Verdict::NotYetValid => Word::VerdictNotYetValid,
        Verdict::Cancelled => Word::VerdictCancelled,
        Verdict::Suspect => Word::VerdictSuspect,
        Verdict::Unreadable => Word::VerdictUnreadable,
        Verdict::CannotVerify => Word::VerdictCannotVerify,
    }
}

/// What comparing a short number shows.
pub(crate) fn short_number_fit(fit: ShortNumberFit) -> Word {
    match fit {
        ShortNumberFit::Unspecified => Word::ShortUnknown,
        ShortNumberFit::Fits => Word::ShortFits,
        ShortNumberFit::Clash => Word::ShortClash,
        ShortNumberFit::NothingToCompare => Word::ShortNothing,
    }
}

/// The word for where a request for a card stands.
pub(crate) fn making_state(state: v1::MakingState) -> Word {
    match state {
        v1::MakingState::Unspecified => Word::MakingUnknown,
        v1::MakingState::Requested => Word::MakingRequested,
        v1::MakingState::Confirmed => Word::MakingConfirmed,
        v1::MakingState::InProduction => Word::MakingInProduction,
        v1::MakingState::Delivered => Word::MakingDelivered,
        v1::MakingState::Collected => Word::MakingCollected,
        v1::MakingState::Withdrawn => Word::MakingWithdrawn,
        v1::MakingState::Rejected => Word::MakingRejected,
    }
}

/// The word for a menu of card-making.
pub(crate) fn making_menu(menu: v1::MakingMenu) -> Word {
    match menu {
        v1::MakingMenu::Unspecified => Word::MakingUnknown,
        v1::MakingMenu::New => Word::MakingNew,
        v1::MakingMenu::Reissue => Word::MakingReissue,
    }
}

/// The word for a sex.
pub(crate) fn sex(sex: Sex) -> Word {
    match sex {
        Sex::Unspecified => Word::SexUnknown,
        Sex::Male => Word::SexMale,
        Sex::Female => Word::SexFemale,
    }
}

/// The word for whether a student attends.
pub(crate) fn enrolment(enrolment: Enrolment) -> Word {
    match enrolment {
        Enrolment::Unspecified => Word::EnrolmentUnknown,
        Enrolment::Enrolled => Word::EnrolmentEnrolled,
        Enrolment::OnLeave => Word::EnrolmentOnLeave,
        Enrolment::Left => Word::EnrolmentLeft,
    }
}

/// The word for whether a student has a card.
pub(crate) fn holding(holding: HoldingState) -> Word {
    match holding {
        HoldingState::Unspecified => Word::HoldingUnknown,
        HoldingState::NoCard => Word::HoldingNoCard,
        HoldingState::InProduction => Word::HoldingInProduction,
        HoldingState::Holding => Word::HoldingHolding,
        HoldingState::AwaitingReplacement => Word::HoldingAwaiting,
        HoldingState::Left => Word::HoldingLeft,
    }
}

/// A column of a roll, as the protocol says it.
pub(crate) fn roll_column(column: RollColumn) -> v1::RollColumn {
    match column {
        RollColumn::StudentNumber => v1::RollColumn::StudentNumber,
        RollColumn::Name => v1::RollColumn::Name,
        RollColumn::Sex => v1::RollColumn::Sex,
        RollColumn::SchoolCode => v1::RollColumn::SchoolCode,
        RollColumn::Cohort => v1::RollColumn::Cohort,
        RollColumn::ClassName => v1::RollColumn::ClassName,
        RollColumn::State => v1::RollColumn::State,
        RollColumn::StateSince => v1::RollColumn::StateSince,
    }
}

/// A column of a roll by what the protocol says; `None` for the row as a whole.
pub(crate) fn roll_column_of(column: v1::RollColumn) -> Option<RollColumn> {
    Some(match column {
        v1::RollColumn::Unspecified => return None,
        v1::RollColumn::StudentNumber => RollColumn::StudentNumber,
        v1::RollColumn::Name => RollColumn::Name,
        v1::RollColumn::Sex => RollColumn::Sex,
        v1::RollColumn::SchoolCode => RollColumn::SchoolCode,
        v1::RollColumn::Cohort => RollColumn::Cohort,
        v1::RollColumn::ClassName => RollColumn::ClassName,
        v1::RollColumn::State => RollColumn::State,
        v1::RollColumn::StateSince => RollColumn::StateSince,
    })
}

/// The word for a card family.
pub(crate) fn family(family: CardFamily) -> Word {
    match family {
        CardFamily::Unspecified => Word::FamilyUnknown,
        CardFamily::TransitCpu => Word::FamilyTransitCpu,
        CardFamily::TUnion => Word::FamilyTUnion,
        CardFamily::CityUnion => Word::FamilyCityUnion,
        CardFamily::MifareClassic1k => Word::FamilyClassic1K,
        CardFamily::MifareClassic4k => Word::FamilyClassic4K,
        CardFamily::MifareClassicMini => Word::FamilyClassicMini,
        CardFamily::Ultralight => Word::FamilyUltralight,
        CardFamily::Desfire => Word::FamilyDesfire,
        CardFamily::OtherIso14443 => Word::FamilyOtherIso14443,
        CardFamily::OtherStorage => Word::FamilyOtherStorage,
        CardFamily::Iso7816 => Word::FamilyIso7816,
    }
}

/// The word for an assurance level.
pub(crate) fn assurance(level: AssuranceLevel) -> Word {
    match level {
        AssuranceLevel::Unspecified => Word::AssuranceUnknown,
        AssuranceLevel::NothingRead => Word::AssuranceNothingRead,
        AssuranceLevel::UidOnly => Word::AssuranceUidOnly,
        AssuranceLevel::NumberRead => Word::AssuranceNumberRead,
        AssuranceLevel::DataAuthenticated => Word::AssuranceData,
        AssuranceLevel::ChipAuthenticated => Word::AssuranceChip,
    }
}

/// The word for what a chip did when it was asked to prove its key.
pub(crate) fn chip(chip: ChipAuthentication) -> Word {
    match chip {
        ChipAuthentication::Unspecified => Word::ChipNotAsked,
        ChipAuthentication::Passed => Word::ChipPassed,
        ChipAuthentication::Failed => Word::ChipFailed,
        ChipAuthentication::Refused => Word::ChipRefused,
        ChipAuthentication::NoKey => Word::ChipNoKey,
    }
}

/// The word for whom a card was made.
pub(crate) fn card_kind(kind: CardKind) -> Word {
    match kind {
        CardKind::Unspecified => Word::KindUnknown,
        CardKind::Ordinary => Word::KindOrdinary,
        CardKind::Student => Word::KindStudent,
        CardKind::Senior => Word::KindSenior,
        CardKind::Test => Word::KindTest,
        CardKind::Military => Word::KindMilitary,
        CardKind::Other => Word::KindOther,
    }
}

/// The word for a part of a reading.
pub(crate) fn reading_part(part: ReadingPart) -> Word {
    match part {
        ReadingPart::Unspecified => Word::PartUnknown,
        ReadingPart::Uid => Word::PartUid,
        ReadingPart::FixedUid => Word::PartFixedUid,
        ReadingPart::CardNumber => Word::PartCardNumber,
        ReadingPart::ValidFrom => Word::PartValidFrom,
        ReadingPart::ValidUntil => Word::PartValidUntil,
        ReadingPart::CardKind => Word::PartCardKind,
    }
}

/// The word for what a clue is worth.
pub(crate) fn clue_weight(weight: ClueWeight) -> Word {
    match weight {
        ClueWeight::Unspecified => Word::ClueUnknown,
        ClueWeight::Weak => Word::ClueWeak,
        ClueWeight::Strong => Word::ClueStrong,
        ClueWeight::Decides => Word::ClueDecides,
    }
}

/// The word for the side that a clue is on.
pub(crate) fn clue_bearing(bearing: ClueBearing) -> Word {
    match bearing {
        ClueBearing::Unspecified => Word::ClueUnknown,
        ClueBearing::For => Word::ClueFor,
        ClueBearing::Neither => Word::ClueNeither,
        ClueBearing::Against => Word::ClueAgainst,
    }
}

/// The word for what came of looking for an application.
pub(crate) fn application_state(state: ApplicationState) -> Word {
    match state {
        ApplicationState::Unspecified => Word::ApplicationUnknown,
        ApplicationState::Found => Word::ApplicationFound,
        ApplicationState::Blocked => Word::ApplicationBlocked,
        ApplicationState::Absent => Word::ApplicationAbsent,
    }
}

/// The word for how much a hint of a copy is worth.
pub(crate) fn hint_grade(grade: HintGrade) -> Word {
    match grade {
        HintGrade::Unspecified => Word::HintUnknown,
        HintGrade::Weak => Word::HintWeak,
        HintGrade::Fair => Word::HintFair,
        HintGrade::Strong => Word::HintStrong,
        HintGrade::Proof => Word::HintProof,
    }
}

/// The word for why an exchange brought no answer; `None` when it did.
pub(crate) fn exchange_failure(failure: ExchangeFailure) -> Option<Word> {
    match failure {
        ExchangeFailure::Unspecified => None,
        ExchangeFailure::CardGone => Some(Word::ExchangeCardGone),
        ExchangeFailure::CardReset => Some(Word::ExchangeCardReset),
        ExchangeFailure::Unreachable => Some(Word::ExchangeUnreachable),
    }
}

/// The word for what was done with a purse.
pub(crate) fn trip_kind(kind: TripKind) -> Word {
    match kind {
        TripKind::Unspecified => Word::TripUnknown,
        TripKind::Load => Word::TripLoad,
        TripKind::Purchase => Word::TripPurchase,
        TripKind::CompoundPurchase => Word::TripRide,
        TripKind::Other => Word::TripOther,
    }
}

/// The word for what a reader is doing.
pub(crate) fn reader_state(state: ReaderState) -> Word {
    match state {
        ReaderState::Unspecified => Word::ReaderUnknown,
        ReaderState::Empty => Word::ReaderEmpty,
        ReaderState::CardPresent => Word::ReaderCardPresent,
        ReaderState::CardMute => Word::ReaderCardMute,
        ReaderState::Stalled => Word::ReaderStalled,
        ReaderState::Wedged => Word::ReaderWedged,
    }
}

/// The word for the state of a card.
pub(crate) fn card_state(state: CardState) -> Word {
    match state {
        CardState::Unspecified => Word::CardUnknown,
        CardState::Delivered => Word::CardDelivered,
        CardState::Active => Word::CardActive,
        CardState::Lost => Word::CardLost,
        CardState::Damaged => Word::CardDamaged,
        CardState::Replaced => Word::CardReplaced,
        CardState::Spoilt => Word::CardSpoilt,
        CardState::Cancelled => Word::CardCancelled,
    }
}

/// The word for why a card is blocked.
pub(crate) fn block_reason(reason: BlockReason) -> Word {
    match reason {
        BlockReason::Unspecified => Word::BlockUnknown,
        BlockReason::ByHand => Word::BlockByHand,
        BlockReason::Lost => Word::BlockLost,
        BlockReason::Damaged => Word::BlockDamaged,
        BlockReason::Replaced => Word::BlockReplaced,
        BlockReason::Cancelled => Word::BlockCancelled,
        BlockReason::Spoilt => Word::BlockSpoilt,
    }
}

/// The word for a kind of place; its own `{place}` is to be filled in.
pub(crate) fn place_kind(kind: PlaceKind) -> Word {
    match kind {
        PlaceKind::Unspecified => Word::PlaceUnknown,
        PlaceKind::ClassicBlock => Word::PlaceBlock,
        PlaceKind::ClassicTrailer => Word::PlaceTrailer,
        PlaceKind::Page => Word::PlacePage,
        PlaceKind::File => Word::PlaceFile,
        PlaceKind::DesfireApplication => Word::PlaceApplication,
        PlaceKind::DesfireFileSettings | PlaceKind::FmcosFile => Word::PlaceFileSettings,
        PlaceKind::DesfireFile => Word::PlaceDesfireFile,
        PlaceKind::DesfireKey | PlaceKind::FmcosKey => Word::PlaceKey,
        PlaceKind::FmcosDirectory => Word::PlaceDirectory,
        PlaceKind::FmcosKeyFile => Word::PlaceKeyFile,
    }
}

/// The word for a role.
pub(crate) fn role(role: Role) -> Word {
    match role {
        Role::Unspecified => Word::RoleUnknown,
        Role::Verifier => Word::RoleVerifier,
        Role::Clerk => Word::RoleClerk,
        Role::Registrar => Word::RoleRegistrar,
        Role::Administrator => Word::RoleAdministrator,
        Role::Simulator => Word::RoleSimulator,
        Role::Engineer => Word::RoleEngineer,
    }
}
