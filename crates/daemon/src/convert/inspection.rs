//! Close looks at cards, as the protocol says them.

use xueka_api::v1;
use xueka_cards::{
    AskedAts, Bearing, Clue, Failure, FoundApplication, Grade, Hint, Inspection, MaskedExchange,
    MaskedOutcome, Weight, explain,
};
use xueka_domain::Language;
use xueka_transport::ReaderName;

/// What was found, in the caller's language.
pub(crate) fn inspection(
    reader: &ReaderName,
    inspection: &Inspection,
    language: Language,
) -> v1::InspectCardResponse {
    let clues = inspection.recognition.because.iter();
    let applications = inspection.applications.iter();
    let hints = inspection.hints.iter();
    let version = inspection.desfire_version;
    let version = version.map(|version| explain::desfire_version(version, language));
    v1::InspectCardResponse {
        reader: reader.to_string(),
        reading: Some(super::reading(&inspection.reading)),
        atr_parts: explain::atr(&inspection.reading.atr, language)
            .into_iter()
            .map(atr_part)
            .collect(),
        clues: clues.map(|it| clue(*it, language)).collect(),
        ats: match &inspection.ats {
            AskedAts::Given(bytes) => bytes.clone(),
            AskedAts::NotAsked | AskedAts::Refused(_) => Vec::new(),
        },
        applications: applications.map(|it| application(*it, language)).collect(),
        findings: version
            .into_iter()
            .chain(explain::outcome(&inspection.reading, language))
            .map(|said| v1::Finding {
                code: said.code.to_owned(),
                message: said.text,
            })
            .collect(),
        hints: hints.map(|it| hint(*it, language)).collect(),
    }
}

/// The same, with what passed.
pub(crate) fn trace(
    reader: &ReaderName,
    inspection: &Inspection,
    language: Language,
) -> v1::TraceCardResponse {
    let numbers: Vec<_> = inspection.reading.number.into_iter().collect();
    let trace = inspection.trace.masked(&numbers);
    v1::TraceCardResponse {
        inspection: Some(self::inspection(reader, inspection, language)),
        exchanges: trace.exchanges.iter().map(exchange).collect(),
        dropped_count: u32::try_from(trace.n_dropped).unwrap_or(u32::MAX),
    }
}

fn atr_part(part: explain::AtrPart) -> v1::AtrPart {
    v1::AtrPart {
        name: part.name,
        position: u32::try_from(part.position).unwrap_or(u32::MAX),
        value: part.bytes,
        message: part.text,
    }
}

fn clue(clue: Clue, language: Language) -> v1::Clue {
    let said = explain::clue(clue.seen, language);
    let weight = match clue.weight {
        Weight::Weak => v1::ClueWeight::Weak,
        Weight::Strong => v1::ClueWeight::Strong,
        Weight::Decides => v1::ClueWeight::Decides,
    };
    let bearing = match clue.bearing {
        Bearing::For => v1::ClueBearing::For,
        Bearing::Neither => v1::ClueBearing::Neither,
        Bearing::Against => v1::ClueBearing::Against,
    };
    v1::Clue {
        code: said.code.to_owned(),
        message: said.text,
        weight: weight.into(),
        bearing: bearing.into(),
    }
}

fn application(found: FoundApplication, language: Language) -> v1::ApplicationProbe {
    let said = explain::application(found.application, language);
    let state = match (found.is_there(), found.is_blocked()) {
        (true, false) => v1::ApplicationState::Found,
        (true, true) => v1::ApplicationState::Blocked,
        (false, _) => v1::ApplicationState::Absent,
    };
    v1::ApplicationProbe {
        code: said.code.to_owned(),
        message: said.text,
        aid: found.application.name().as_bytes().to_vec(),
        state: state.into(),
        status_word: found.status_word.into(),
    }
}

fn hint(hint: Hint, language: Language) -> v1::CopyHint {
    let said = explain::hint(hint, language);
    let grade = match hint.grade() {
        Grade::Weak => v1::HintGrade::Weak,
        Grade::Fair => v1::HintGrade::Fair,
        Grade::Strong => v1::HintGrade::Strong,
        Grade::Proof => v1::HintGrade::Proof,
    };
    v1::CopyHint {
        code: said.code.to_owned(),
        message: said.text,
        grade: grade.into(),
    }
}

fn exchange(exchange: &MaskedExchange) -> v1::MaskedExchange {
    let (response, failure) = match &exchange.outcome {
        MaskedOutcome::Response(bytes) => (bytes.to_string(), v1::ExchangeFailure::Unspecified),
        MaskedOutcome::Failed(failure) => (
            String::new(),
            match failure {
                Failure::CardGone => v1::ExchangeFailure::CardGone,
                Failure::CardReset => v1::ExchangeFailure::CardReset,
                Failure::Unreachable => v1::ExchangeFailure::Unreachable,
            },
        ),
    };
    v1::MaskedExchange {
        command: exchange.command.to_string(),
        response,
        failure: failure.into(),
    }
}
