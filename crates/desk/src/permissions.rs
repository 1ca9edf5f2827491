//! Who may do what: one table.

use xueka_domain::Role;

/// Something the desk does for a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UseCase {
    /// List readers, read the card in one.
    ReadCards,
    /// Hear of all taps.
    WatchTaps,
    /// Ask whether a card is good.
    VerifyCards,
    /// See the registry's record of a card.
    SeeCards,
    /// See whose a card is.
    SeePersons,
    /// Look up students and what they hold.
    SeeRoll,
    /// Take the whole roll, or a part of it, away as a file.
    ExportRoll,
    /// Take in a roll; let students move, leave and return.
    ChangeRoll,
    /// Make, take in and deliver batches of cards: many students at once.
    MakeCards,
    /// Have it worked out how numbers are printed, over all cards on record.
    TeachNumbers,
    /// Hand out cards, report and cancel losses.
    ChangeCards,
    /// Take in cards in bulk.
    RegisterInBulk,
    /// Ask whether a card is blocked.
    CheckBlacklist,
    /// Keep a copy of the whole blacklist, and have that noted.
    FollowBlacklist,
    /// See the entries of the blacklist.
    SeeBlacklist,
    /// Add and remove entries by hand.
    ChangeBlacklist,
    /// See why a card was recognised as what it was, and what hints at a copy.
    InspectCards,
    /// See every exchange with a card, without keys and numbers: it tells how a
    /// school protects its cards.
    TraceCards,
    /// See what is in the purse of a card and what was done with it.
    LookIntoPurses,
    /// Write cards of the school, and make those whole that left too early.
    WriteCards,
    /// Send commands to a card as they are.
    ExchangeRaw,
    /// Record what passes between a reader and a card.
    RecordCards,
    /// Make, list and end tokens.
    ManageTokens,
    /// Put virtual cards on virtual readers.
    Simulate,
}

impl UseCase {
    /// Whether a caller with this role may do it.
    #[must_use]
    pub fn is_open_to(self, role: Role) -> bool {
        match self {
            Self::CheckBlacklist | Self::VerifyCards => {
                !matches!(role, Role::Simulator | Role::Engineer)
            }
            Self::FollowBlacklist => {
                matches!(role, Role::Verifier | Role::Registrar | Role::Administrator)
            }
            Self::ReadCards => role != Role::Verifier,
            Self::WatchTaps => !matches!(role, Role::Verifier | Role::Engineer),
            Self::SeeCards
            | Self::SeePersons
            | Self::SeeRoll
            | Self::ChangeCards
            | Self::SeeBlacklist
            | Self::InspectCards => {
                matches!(role, Role::Clerk | Role::Registrar | Role::Administrator)
            }
            Self::RegisterInBulk
            | Self::ExportRoll
            | Self::ChangeRoll
            | Self::MakeCards
            | Self::ChangeBlacklist
            | Self::TeachNumbers
            | Self::WriteCards
            | Self::LookIntoPurses => {
                matches!(role, Role::Registrar | Role::Administrator)
            }
            Self::ManageTokens | Self::RecordCards | Self::TraceCards => {
                role == Role::Administrator
            }
            Self::Simulate => matches!(role, Role::Simulator | Role::Administrator),
            Self::ExchangeRaw => matches!(role, Role::Engineer | Role::Administrator),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use Role::{Administrator, Clerk, Engineer, Registrar, Simulator, Verifier};

    /// Each use case, who may do it, and why they.
    const CASES: [(UseCase, &[Role], &str); 24] = [
        (
            UseCase::ReadCards,
            &[Clerk, Registrar, Administrator, Simulator, Engineer],
            "a verifier has its own reader",
        ),
        (
            UseCase::WatchTaps,
            &[Clerk, Registrar, Administrator, Simulator],
            "taps tell UIDs and numbers",
        ),
        (
            UseCase::VerifyCards,
            &[Verifier, Clerk, Registrar, Administrator],
            "what a verifier is for",
        ),
        (
            UseCase::SeeCards,
            &[Clerk, Registrar, Administrator],
            "records name persons",
        ),
        (
            UseCase::SeePersons,
            &[Clerk, Registrar, Administrator],
            "a gate learns nothing",
        ),
        (
            UseCase::SeeRoll,
            &[Clerk, Registrar, Administrator],
            "whoever stands before a student",
        ),
        (
            UseCase::ExportRoll,
            &[Registrar, Administrator],
            "many persons at once",
        ),
        (
            UseCase::ChangeRoll,
            &[Registrar, Administrator],
            "many students at once",
        ),
        (
            UseCase::MakeCards,
            &[Registrar, Administrator],
            "files full of persons",
        ),
        (
            UseCase::TeachNumbers,
            &[Registrar, Administrator],
            "it goes through all cards",
        ),
        (
            UseCase::ChangeCards,
            &[Clerk, Registrar, Administrator],
            "the desk's work",
        ),
        (
            UseCase::RegisterInBulk,
            &[Registrar, Administrator],
            "many cards at once",
        ),
        (
            UseCase::CheckBlacklist,
            &[Verifier, Clerk, Registrar, Administrator],
            "what a verifier is for",
        ),
        (
            UseCase::FollowBlacklist,
            &[Verifier, Registrar, Administrator],
            "a gate checks without a network; a desk asks",
        ),
        (
            UseCase::SeeBlacklist,
            &[Clerk, Registrar, Administrator],
            "notes are the desk's",
        ),
        (
            UseCase::ChangeBlacklist,
            &[Registrar, Administrator],
            "blocks by hand",
        ),
        (
            UseCase::InspectCards,
            &[Clerk, Registrar, Administrator],
            "whoever has a doubtful card in hand",
        ),
        (
            UseCase::TraceCards,
            &[Administrator],
            "it tells how the school protects its cards",
        ),
        (
            UseCase::LookIntoPurses,
            &[Registrar, Administrator],
            "trips tell where a child was",
        ),
        (
            UseCase::WriteCards,
            &[Registrar, Administrator],
            "it changes what a card says of itself",
        ),
        (
            UseCase::ExchangeRaw,
            &[Administrator, Engineer],
            "answers are not masked",
        ),
        (
            UseCase::RecordCards,
            &[Administrator],
            "it tells how cards are protected",
        ),
        (
            UseCase::ManageTokens,
            &[Administrator],
            "tokens give rights",
        ),
        (
            UseCase::Simulate,
            &[Administrator, Simulator],
            "what a simulator is for",
        ),
    ];

    #[test]
    fn each_role_may_what_the_table_says() {
        for (use_case, allowed, why) in CASES {
            for role in [
                Verifier,
                Clerk,
                Registrar,
                Administrator,
                Simulator,
                Engineer,
            ] {
                assert_eq!(
                    use_case.is_open_to(role),
                    allowed.contains(&role),
                    "{role:?} {use_case:?}: {why}"
                );
            }
        }
    }
}
