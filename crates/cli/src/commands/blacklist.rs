//! `blacklist`: what is blocked, and why.

use xueka_api::v1::{
    AddEntryRequest, BlacklistEntry, BlockedCard, CheckCardRequest, CheckCardResponse,
    GetEntryRequest, ListEntriesRequest, ListEntriesResponse, RemoveEntryRequest,
    blacklist_service_client::BlacklistServiceClient, blocked_card,
};

use super::{
    Dial,
    found::{self, Found},
    list_copy, request_id,
};
use xueka_domain::{CardNumber, Uid};

use crate::{
    args::{
        BlacklistCommand, BlockedCardArgs, CheckArgs, CheckedCardArgs, CopyArgs, ListArgs,
        RequestIdArgs,
    },
    connection::Connection,
    describe,
    exit::Exit,
    failure::Failure,
    layout::{self, Fields},
    output::{Output, Tone},
    protocol_words, shapes,
    words::Word,
};

/// Does what was typed.
pub(super) async fn run(
    dial: &Dial,
    output: &mut Output,
    command: BlacklistCommand,
) -> Result<Exit, Failure> {
    match command {
        BlacklistCommand::Add {
            card,
            note,
            request,
        } => add(&dial.connect().await?, output, card, note, request).await,
        BlacklistCommand::Remove { card, request } => {
            remove(&dial.connect().await?, output, card, request).await
        }
        BlacklistCommand::Check(CheckArgs {
            card,
            offline: Some(file),
            key: Some(key),
        }) => list_copy::check(output, &CopyArgs { file, key }, &card),
        BlacklistCommand::Check(args) => check(&dial.connect().await?, output, args.card).await,
        BlacklistCommand::Show(card) => show(&dial.connect().await?, output, card).await,
        BlacklistCommand::List(args) => list(&dial.connect().await?, output, args).await,
        BlacklistCommand::Pull(args) => list_copy::pull(&dial.connect().await?, output, args).await,
        BlacklistCommand::Verify(args) => list_copy::verify(output, &args),
        BlacklistCommand::Compare(args) => list_copy::compare(dial, output, args).await,
        BlacklistCommand::Key(command) => list_copy::key(output, command),
        BlacklistCommand::Delivery(args) => {
            list_copy::delivery(&dial.connect().await?, output, args).await
        }
    }
}

pub(super) fn blocked(args: &BlockedCardArgs) -> Option<BlockedCard> {
    use blocked_card::Card;
    let number = args.number.map(|number| Card::CardNumber(number.reveal()));
    let uid = args.uid.map(|uid| Card::Uid(uid.reveal().to_vec()));
    number.or(uid).map(|card| BlockedCard { card: Some(card) })
}

async fn add(
    connection: &Connection,
    output: &mut Output,
    card: BlockedCardArgs,
    note: String,
    request: RequestIdArgs,
) -> Result<Exit, Failure> {
    let request_id = request_id(request)?;
    let request = AddEntryRequest {
        request_id: request_id.clone(),
        card: blocked(&card),
        note,
    };
    let answer = BlacklistServiceClient::new(connection.channel.clone())
        .add_entry(connection.request(request))
        .await
        .map_err(|status| connection.failure(status).of_request(&request_id))?;
    let entry = answer.into_inner().entry.ok_or(Failure::IncompleteAnswer)?;
    output.answer(&shapes::entry_answer(&entry), |output| {
        let added = output.word(Word::EntryAdded);
        format!("{added}\n{}", entry_text(&entry, output))
    })?;
    Ok(Exit::Good)
}

async fn remove(
    connection: &Connection,
    output: &mut Output,
    card: BlockedCardArgs,
    request: RequestIdArgs,
) -> Result<Exit, Failure> {
    let request_id = request_id(request)?;
    let request = RemoveEntryRequest {
        request_id: request_id.clone(),
        card: blocked(&card),
    };
    let version = BlacklistServiceClient::new(connection.channel.clone())
        .remove_entry(connection.request(request))
        .await
        .map_err(|status| connection.failure(status).of_request(&request_id))?
        .into_inner()
        .version;
    output.answer(&serde_json::json!({ "version": version }), |output| {
        output.with(Word::EntryRemoved, &[("version", &version.to_string())])
    })?;
    Ok(Exit::Good)
}

async fn check(
    connection: &Connection,
    output: &mut Output,
    args: CheckedCardArgs,
) -> Result<Exit, Failure> {
    let mut names = (args.number, args.uid);
    if let Some(printed) = &args.printed {
        match found::one(connection, output, printed).await? {
            Found::One(card) => names = (card.number, card.uid),
            Found::Several(exit) => return Ok(exit),
        }
    }
    let answer = ask(connection, names).await?;
    output.answer(&shapes::check(&answer), |output| {
        if answer.blocked {
            let reason = output.word(protocol_words::block_reason(answer.reason()));
            let text = output.with(Word::Blocked, &[("reason", reason)]);
            output.toned(Tone::Bad, &text)
        } else {
            output.toned(Tone::Good, output.word(Word::NotBlocked))
        }
    })?;
    Ok(if answer.blocked {
        Exit::Refused
    } else {
        Exit::Good
    })
}

/// Asks for the number and, where that is not blocked, for the UID: a card that
/// was found by its print can be blocked by either.
async fn ask(
    connection: &Connection,
    (number, uid): (Option<CardNumber>, Option<Uid>),
) -> Result<CheckCardResponse, Failure> {
    let mut answer = CheckCardResponse::default();
    for (number, uid) in [(number, None), (None, uid)] {
        let card = blocked(&BlockedCardArgs { number, uid });
        if card.is_none() || answer.blocked {
            continue;
        }
        answer = BlacklistServiceClient::new(connection.channel.clone())
            .check_card(connection.request(CheckCardRequest { card }))
            .await
            .map_err(|status| connection.failure(status))?
            .into_inner();
    }
    Ok(answer)
}

async fn show(
    connection: &Connection,
    output: &mut Output,
    card: BlockedCardArgs,
) -> Result<Exit, Failure> {
    let request = GetEntryRequest {
        card: blocked(&card),
    };
    let answer = BlacklistServiceClient::new(connection.channel.clone())
        .get_entry(connection.request(request))
        .await
        .map_err(|status| connection.failure(status))?;
    let entry = answer.into_inner().entry.ok_or(Failure::IncompleteAnswer)?;
    output.answer(&shapes::entry_answer(&entry), |output| {
        entry_text(&entry, output)
    })?;
    Ok(Exit::Good)
}

/// One page, or all of them one after the other.
async fn list(
    connection: &Connection,
    output: &mut Output,
    args: ListArgs,
) -> Result<Exit, Failure> {
    let mut page_token = args.page_token.unwrap_or_default();
    loop {
        let answer = page(connection, args.page_size, page_token).await?;
        if args.all && output.is_json() {
            for entry in &answer.entries {
                output.answer(&shapes::entry(entry), |_| String::new())?;
            }
        } else if !(args.all && answer.entries.is_empty()) {
            output.answer(&shapes::entries(&answer), |output| {
                page_text(&answer, args.all, output)
            })?;
        }
        if !args.all || answer.next_page_token.is_empty() || output.is_closed() {
            return Ok(Exit::Good);
        }
        page_token = answer.next_page_token;
    }
}

async fn page(
    connection: &Connection,
    page_size: i32,
    page_token: String,
) -> Result<ListEntriesResponse, Failure> {
    let request = ListEntriesRequest {
        page_size,
        page_token,
    };
    let answer = BlacklistServiceClient::new(connection.channel.clone())
        .list_entries(connection.request(request))
        .await
        .map_err(|status| connection.failure(status))?;
    Ok(answer.into_inner())
}

fn page_text(answer: &ListEntriesResponse, is_one_of_all: bool, output: &Output) -> String {
    if answer.entries.is_empty() {
        return output.word(Word::NoEntries).to_owned();
    }
    let rows = answer.entries.iter().map(|entry| {
        let reason = protocol_words::block_reason(entry.reason());
        vec![
            card_text(entry),
            output.word(reason).to_owned(),
            describe::optional_time(entry.create_time.as_ref()),
            entry.note.clone(),
        ]
    });
    let mut text = layout::columns(rows.collect());
    if !is_one_of_all && !answer.next_page_token.is_empty() {
        let values = [("token", answer.next_page_token.as_str())];
        text.push('\n');
        text.push_str(&output.with(Word::NextPage, &values));
    }
    text
}

fn entry_text(entry: &BlacklistEntry, output: &Output) -> String {
    let reason = protocol_words::block_reason(entry.reason());
    let since = describe::optional_time(entry.create_time.as_ref());
    let mut fields = Fields::default();
    fields
        .add(output.word(Word::Card), card_text(entry))
        .add(output.word(Word::Reason), output.word(reason))
        .add(output.word(Word::Note), entry.note.as_str())
        .add(output.word(Word::Since), since)
        .add(output.word(Word::Version), entry.version.to_string());
    fields.to_text()
}

pub(super) fn card_text(entry: &BlacklistEntry) -> String {
    use blocked_card::Card;
    match entry
        .card
        .as_ref()
        .and_then(|blocked| blocked.card.as_ref())
    {
        Some(Card::CardNumber(number)) => number.clone(),
        Some(Card::Uid(uid)) => format!("UID {}", hex::encode_upper(uid)),
        None => String::new(),
    }
}
