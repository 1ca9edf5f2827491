//! Writing cards, as the protocol says it: places and bytes, keys by name alone.

use jiff::civil::Date;
use xueka_api::v1;
use xueka_cards::{CardContent, Content, Place, Side, Step};
use xueka_desk::{EndedWrite, PlannedWrite, TakenUp};
use xueka_domain::{CardIdentity, CardNumber};
use xueka_registry::{CardWrite, WriteOutcome};

use super::{card::parse_date, optional, reading::family, timestamp};
use crate::status::ServiceError;

/// What a card is to get.
pub(crate) fn content(request: &v1::PlanWriteRequest) -> Result<CardContent, ServiceError> {
    let number = request.card_number.parse::<CardNumber>();
    let number = number.map_err(|error| ServiceError::argument("card_number", error))?;
    Ok(CardContent {
        number,
        valid_from: day("valid_from", &request.valid_from)?,
        valid_until: day("valid_until", &request.valid_until)?,
    })
}

fn day(field: &'static str, text: &str) -> Result<Option<Date>, ServiceError> {
    let day = optional(text).map(parse_date).transpose();
    day.map_err(|()| ServiceError::argument(field, "a date is YYYY-MM-DD"))
}

/// A plan, for somebody to look at.
pub(crate) fn planned(planned: &PlannedWrite) -> v1::PlanWriteResponse {
    v1::PlanWriteResponse {
        plan_id: planned.id.to_string(),
        reader: planned.reader.to_string(),
        family: family(planned.family).into(),
        uid: planned.plan.uid.reveal().to_vec(),
        card_number: planned.number.map(CardNumber::reveal).unwrap_or_default(),
        steps: planned.plan.steps.iter().map(step).collect(),
    }
}

fn step(step: &Step) -> v1::WriteStep {
    v1::WriteStep {
        kind: place_kind(step.place).into(),
        place: step.place.to_string(),
        old_content: Some(part(&step.old)),
        new_content: Some(part(&step.new)),
        key_names: step.keys.iter().map(|key| key.name.clone()).collect(),
    }
}

fn place_kind(place: Place) -> v1::PlaceKind {
    match place {
        Place::ClassicBlock(_) => v1::PlaceKind::ClassicBlock,
        Place::ClassicTrailer { .. } => v1::PlaceKind::ClassicTrailer,
        Place::Page(_) => v1::PlaceKind::Page,
        Place::File { .. } => v1::PlaceKind::File,
        Place::FmcosDirectory { .. } => v1::PlaceKind::FmcosDirectory,
        Place::FmcosKeyFile { .. } => v1::PlaceKind::FmcosKeyFile,
        Place::FmcosKey { .. } => v1::PlaceKind::FmcosKey,
        Place::FmcosFile { .. } => v1::PlaceKind::FmcosFile,
        Place::DesfireApplication { .. } => v1::PlaceKind::DesfireApplication,
        Place::DesfireFileSettings { .. } => v1::PlaceKind::DesfireFileSettings,
        Place::DesfireFile { .. } => v1::PlaceKind::DesfireFile,
        Place::DesfireKey { .. } => v1::PlaceKind::DesfireKey,
    }
}

fn part(content: &Content) -> v1::WriteContent {
    use v1::write_content::Content as Told;
    let told = match content.clone() {
        Content::Bytes(bytes) => Told::Data(bytes),
        Content::Trailer {
            key_a,
            access,
            key_b,
        } => Told::Trailer(v1::SectorTrailer {
            key_a_name: key_a,
            access: access.to_vec(),
            key_b_name: key_b,
        }),
        Content::Key(name) => Told::KeyName(name),
        Content::Nothing => Told::Nothing(v1::NoContent {}),
    };
    v1::WriteContent {
        content: Some(told),
    }
}

/// Which content a torn card shall have; `None` to let the card decide.
pub(crate) fn side(side: v1::WriteSide) -> Option<Side> {
    match side {
        v1::WriteSide::Unspecified => None,
        v1::WriteSide::Old => Some(Side::Old),
        v1::WriteSide::New => Some(Side::New),
    }
}

/// A write that ended.
pub(crate) fn ended(write: &EndedWrite) -> v1::EndedWrite {
    v1::EndedWrite {
        write_id: write.id.map(|id| id.0).unwrap_or_default(),
        uid: write.uid.reveal().to_vec(),
        outcome: outcome(write.outcome).into(),
    }
}

fn outcome(outcome: WriteOutcome) -> v1::WriteOutcome {
    match outcome {
        WriteOutcome::Written => v1::WriteOutcome::Written,
        WriteOutcome::RolledBack => v1::WriteOutcome::RolledBack,
        WriteOutcome::Spoilt => v1::WriteOutcome::Spoilt,
    }
}

/// What came of taking up a write.
pub(crate) fn taken_up(taken_up: &TakenUp) -> v1::RecoverCardResponse {
    v1::RecoverCardResponse {
        reader: taken_up.reader.to_string(),
        write: taken_up.write.as_ref().map(ended),
    }
}

/// An open write, without its plan.
pub(crate) fn open_write(write: &CardWrite) -> v1::OpenWrite {
    let number = write.card.as_ref().and_then(CardIdentity::number);
    v1::OpenWrite {
        write_id: write.id.0,
        uid: write.uid.reveal().to_vec(),
        card_number: number.map(CardNumber::reveal).unwrap_or_default(),
        open_time: Some(timestamp(write.open_time)),
    }
}

#[cfg(test)]
mod tests {
    use v1::write_content::Content as Told;
    use xueka_cards::KeyUse;

    use super::*;

    #[test]
    fn a_step_is_told_with_keys_by_name() {
        let told = step(&Step {
            place: Place::ClassicTrailer { sector: 1 },
            keys: vec![KeyUse {
                name: "factory".to_owned(),
                slot: 0,
                diversified_by: Vec::new(),
            }],
            old: Content::Key("factory".to_owned()),
            new: Content::Trailer {
                key_a: "school-a".to_owned(),
                access: [0x78, 0x77, 0x88, 0x00],
                key_b: "school-b".to_owned(),
            },
        });
        let trailer = v1::SectorTrailer {
            key_a_name: "school-a".to_owned(),
            access: vec![0x78, 0x77, 0x88, 0x00],
            key_b_name: "school-b".to_owned(),
        };
        let content = |content| {
            Some(v1::WriteContent {
                content: Some(content),
            })
        };
        let expected = v1::WriteStep {
            kind: v1::PlaceKind::ClassicTrailer.into(),
            place: "1".to_owned(),
            old_content: content(Told::KeyName("factory".to_owned())),
            new_content: content(Told::Trailer(trailer)),
            key_names: vec!["factory".to_owned()],
        };
        assert_eq!(told, expected);
    }

    #[test]
    fn what_a_card_gets_is_checked() {
        let request = |number: &str, from: &str, until: &str| v1::PlanWriteRequest {
            in_reader: None,
            card_number: number.to_owned(),
            valid_from: from.to_owned(),
            valid_until: until.to_owned(),
        };
        let good = content(&request("1000751012345678", "2026-09-01", "")).unwrap();
        assert_eq!(good.valid_from, "2026-09-01".parse().ok());
        assert_eq!(good.valid_until, None);
        for (number, from, until, field) in [
            ("12", "", "", "card_number"),
            ("", "", "", "card_number"),
            ("1000751012345678", "1.9.2026", "", "valid_from"),
            ("1000751012345678", "", "2026-02-30", "valid_until"),
        ] {
            let error = content(&request(number, from, until)).unwrap_err();
            assert!(error.to_string().starts_with(field), "{error}");
        }
    }
}
