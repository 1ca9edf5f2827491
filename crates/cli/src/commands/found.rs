//! Cards by what is printed on them, for the commands that take a print.

use xueka_api::v1::{
    FindCardsRequest, FindCardsResponse, FoundCard, number_service_client::NumberServiceClient,
};
use xueka_domain::{CardNumber, Printed, Uid};

use crate::{
    connection::Connection,
    describe,
    exit::Exit,
    failure::Failure,
    layout,
    output::{self, Output},
    protocol_words, shapes,
    words::Word,
};

/// What a print led to.
pub(super) enum Found {
    /// The one card that bears it.
    One(Named),
    /// Several, which were told; the command ends so.
    Several(Exit),
}

/// By what a card is named in a call: its number or, where it has none, its UID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// Its number.
    pub(super) number: Option<CardNumber>,
    /// Its UID.
    pub(super) uid: Option<Uid>,
}

/// Everything that bears a print.
pub(super) async fn all(
    connection: &Connection,
    printed: &Printed,
) -> Result<FindCardsResponse, Failure> {
    let request = FindCardsRequest {
        printed: printed.reveal().to_owned(),
    };
    let answer = NumberServiceClient::new(connection.channel.clone())
        .find_cards(connection.request(request))
        .await
        .map_err(|status| connection.failure(status))?;
    Ok(answer.into_inner())
}

/// The one card that bears a print. Several are told, for nobody but the clerk
/// can know which is meant.
pub(super) async fn one(
    connection: &Connection,
    output: &mut Output,
    printed: &Printed,
) -> Result<Found, Failure> {
    let answer = all(connection, printed).await?;
    match answer.cards.as_slice() {
        [] => Err(Failure::PrintUnknown),
        [only] => Ok(Found::One(Named::of(only)?)),
        several => {
            let count = several.len().to_string();
            tell(output, &answer)?;
            if !output.is_json() {
                let remark = output.with(Word::SeveralFound, &[("count", &count)]);
                output::remark(&remark);
            }
            Ok(Found::Several(Exit::Refused))
        }
    }
}

impl Named {
    fn of(found: &FoundCard) -> Result<Self, Failure> {
        let number = Some(found.card_number.as_str()).filter(|text| !text.is_empty());
        let uid = Some(found.uid.as_slice()).filter(|bytes| !bytes.is_empty());
        let number = number.map(str::parse).transpose();
        let uid = uid.map(Uid::try_from).transpose();
        match (number, uid) {
            (Ok(None), Ok(None)) | (Err(_), _) | (_, Err(_)) => Err(Failure::IncompleteAnswer),
            (Ok(number), Ok(uid)) => Ok(Self { number, uid }),
        }
    }
}

/// `card find`.
pub(super) async fn list(
    connection: &Connection,
    output: &mut Output,
    printed: &Printed,
) -> Result<Exit, Failure> {
    let answer = all(connection, printed).await?;
    if answer.cards.is_empty() && !output.is_json() {
        return Err(Failure::PrintUnknown);
    }
    tell(output, &answer)?;
    Ok(if answer.cards.is_empty() {
        Exit::Refused
    } else {
        Exit::Good
    })
}

fn tell(output: &mut Output, answer: &FindCardsResponse) -> Result<(), Failure> {
    output.answer(&shapes::found(answer), |output| text(answer, output))
}

/// A line for each card: by what to name it, whose it is, how it stands, and in
/// which forms it bears the print.
fn text(answer: &FindCardsResponse, output: &Output) -> String {
    let heading = [
        Word::Number,
        Word::Uid,
        Word::State,
        Word::Name,
        Word::ClassName,
        Word::FoundAs,
    ];
    let heading = heading.map(|word| output.word(word).to_owned()).to_vec();
    let rows = answer.cards.iter().map(|found| {
        let student = found.card.as_ref().and_then(|card| card.student.as_ref());
        let state = match &found.card {
            Some(card) => output.word(protocol_words::card_state(card.state())),
            None => output.word(Word::NotOnRecord),
        };
        vec![
            found.card_number.clone(),
            hex::encode_upper(&found.uid),
            state.to_owned(),
            student
                .map(|student| student.name.clone())
                .unwrap_or_default(),
            student
                .map(|student| student.class_name.clone())
                .unwrap_or_default(),
            found.forms.join(describe::between_forms(output)),
        ]
    });
    let mut text = layout::columns(std::iter::once(heading).chain(rows).collect());
    if answer.more {
        text.push('\n');
        text.push_str(output.word(Word::MoreFound));
    }
    text
}
