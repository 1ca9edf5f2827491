//! `blacklist pull`, `verify`, `compare`, `key`, `delivery`, and `check` without a
//! daemon: copies of the blacklist.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use jiff::{Timestamp, tz::TimeZone};
use xueka_api::v1::{
    ListDeliveriesRequest, ListDeliveriesResponse,
    distribution_service_client::DistributionServiceClient,
};
use xueka_blacklist::{Day, ListError, ListSigner, ListVerifier, Snapshot};
use xueka_client::{CopyError, Difference, ListCopy, PullError};
use xueka_domain::{BlockReason, CardKey};
use zeroize::Zeroizing;

use super::{Dial, blacklist::blocked};
use crate::{
    args::{
        BlockedCardArgs, CheckedCardArgs, CompareArgs, CopyArgs, DeliveryArgs, KeyCommand, PullArgs,
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

/// How many cards of a difference are named to people.
const MOST_NAMED: usize = 20;

/// Brings a copy up to date, once or as long as the daemon runs.
pub(super) async fn pull(
    connection: &Connection,
    output: &mut Output,
    args: PullArgs,
) -> Result<Exit, Failure> {
    let failed = |error| pull_failure(connection, error);
    let trusted = trusted(&args.copy.key)?;
    let path = &args.copy.file;
    let opened = match ListCopy::open(path, trusted.clone()) {
        // Whatever lies there, the list that comes takes its place.
        Err(CopyError::Refused(_)) => ListCopy::begin(path, trusted),
        opened => opened,
    };
    let mut copy = opened.map_err(Failure::Copy)?;
    let pulled = xueka_client::pull(connection.client(), &mut copy, Timestamp::now);
    pulled.await.map_err(failed)?;
    tell(output, &copy)?;
    if !args.follow {
        return Ok(Exit::Good);
    }
    let mut told = Ok(());
    let following = xueka_client::follow(connection.client(), &mut copy, Timestamp::now, |copy| {
        told = tell(output, copy);
        told.is_ok() && !output.is_closed()
    });
    let followed = following.await;
    told?;
    followed.map_err(failed)?;
    if output.is_closed() {
        return Ok(Exit::Good);
    }
    Err(Failure::WatchEnded)
}

fn pull_failure(connection: &Connection, error: PullError) -> Failure {
    match error {
        PullError::Call(status) => connection.failure(*status),
        PullError::Copy(error) => Failure::Copy(error),
        PullError::Incomplete => Failure::IncompleteAnswer,
    }
}

/// Says whether a copy may be relied on.
pub(super) fn verify(output: &mut Output, args: &CopyArgs) -> Result<Exit, Failure> {
    let copy = ListCopy::open(&args.file, trusted(&args.key)?).map_err(Failure::Copy)?;
    copy.list(Timestamp::now()).map_err(Failure::Copy)?;
    tell(output, &copy)?;
    Ok(Exit::Good)
}

fn tell(output: &mut Output, copy: &ListCopy) -> Result<(), Failure> {
    let now = Timestamp::now();
    let Some(snapshot) = copy.at_any_age() else {
        return Err(Failure::Copy(CopyError::Missing));
    };
    output.answer(&shapes::list_copy(snapshot, now), |output| {
        let header = snapshot.header();
        let age = now.duration_since(header.made_time).as_secs().max(0);
        let values = [
            ("cards", header.n_keys.to_string()),
            ("version", header.version.to_string()),
            ("age", age.to_string()),
        ];
        let values = values.each_ref().map(|(name, value)| (*name, &**value));
        output.with(Word::CopyGood, &values)
    })
}

/// Says by a copy alone whether a card is blocked.
pub(super) fn check(
    output: &mut Output,
    args: &CopyArgs,
    card: &CheckedCardArgs,
) -> Result<Exit, Failure> {
    let number = card.number.map(CardKey::Number);
    let key = number.or(card.uid.map(CardKey::Uid));
    let key = key.ok_or(Failure::PrintUnknown)?;
    let copy = ListCopy::open(&args.file, trusted(&args.key)?).map_err(Failure::Copy)?;
    let now = Timestamp::now();
    let day = Day::try_from(TimeZone::system().to_datetime(now).date());
    // A clock outside of 2000 to 2179 is wrong.
    let day = day.map_err(|_| Failure::Copy(ListError::FromTheFuture.into()))?;
    let answer = copy.check(key, day, now);
    let answer = answer.map_err(Failure::Copy)?;
    let reason = answer.terms.map(|terms| reason(terms.reason));
    output.answer(&shapes::offline_answer(&answer, reason), |output| {
        let age = answer.age.as_secs().to_string();
        let version = answer.mark.version.to_string();
        let age = output.with(Word::CopyAge, &[("version", &version), ("age", &age)]);
        let told = match reason {
            Some(reason) => {
                let reason = output.word(protocol_words::block_reason(reason));
                let text = output.with(Word::Blocked, &[("reason", reason)]);
                output.toned(Tone::Bad, &text)
            }
            None => output.toned(Tone::Good, output.word(Word::NotBlocked)),
        };
        format!("{told}\n{age}")
    })?;
    Ok(reason.map_or(Exit::Good, |_| Exit::Refused))
}

fn reason(reason: BlockReason) -> xueka_api::v1::BlockReason {
    use xueka_api::v1::BlockReason as R;
    match reason {
        BlockReason::ByHand => R::ByHand,
        BlockReason::Lost => R::Lost,
        BlockReason::Damaged => R::Damaged,
        BlockReason::Replaced => R::Replaced,
        BlockReason::Cancelled => R::Cancelled,
        BlockReason::Spoilt => R::Spoilt,
    }
}

/// Says in which entries a copy differs from another one, or from the daemon's
/// list.
pub(super) async fn compare(
    dial: &Dial,
    output: &mut Output,
    args: CompareArgs,
) -> Result<Exit, Failure> {
    let trusted = trusted(&args.copy.key)?;
    let opened = |bytes: &[u8]| {
        Snapshot::open_at_any_age(bytes, &trusted).map_err(|error| Failure::Copy(error.into()))
    };
    let first = opened(&read(&args.copy.file)?)?;
    let second = if let Some(file) = &args.with {
        opened(&read(file)?)?
    } else {
        let connection = dial.connect().await?;
        let fetched = xueka_client::fetch(connection.client()).await;
        let bytes = fetched.map_err(|error| pull_failure(&connection, error))?;
        opened(&bytes)?
    };
    let difference = Difference::between(first.list(), second.list());
    let now = Timestamp::now();
    output.answer(
        &shapes::difference(&first, &second, &difference, now),
        |output| {
            if difference.is_empty() {
                return output.toned(Tone::Good, output.word(Word::ListsSame));
            }
            let kinds = [
                (Word::OnlyInFirst, &difference.only_in_first),
                (Word::OnlyInSecond, &difference.only_in_second),
                (Word::OnOtherTerms, &difference.on_other_terms),
            ];
            let kinds = kinds.into_iter().filter(|(_, cards)| !cards.is_empty());
            let lines = kinds.map(|(word, cards)| {
                let title = output.with(word, &[("n", &cards.len().to_string())]);
                let named = cards.iter().take(MOST_NAMED).map(card_text);
                let more = (cards.len() > MOST_NAMED).then(|| "…".to_owned());
                let named: Vec<_> = named.chain(more).collect();
                format!("{title}\n  {}", named.join("\n  "))
            });
            lines.collect::<Vec<_>>().join("\n")
        },
    )?;
    Ok(if difference.is_empty() {
        Exit::Good
    } else {
        Exit::Refused
    })
}

fn card_text(key: &CardKey) -> String {
    match key {
        CardKey::Number(number) => number.reveal(),
        CardKey::Uid(uid) => format!("UID {}", hex::encode_upper(uid.reveal())),
    }
}

/// Makes a key that signs lists, or shows the half of one that may be shown.
pub(super) fn key(output: &mut Output, command: KeyCommand) -> Result<Exit, Failure> {
    let (file, signer) = match command {
        KeyCommand::New { file } => {
            let signer = new_key(&file)?;
            (file, signer)
        }
        KeyCommand::Show { file } => {
            let text = Zeroizing::new(read(&file)?);
            let text = std::str::from_utf8(&text).unwrap_or_default();
            let signer = ListSigner::from_text(text);
            let signer = signer.ok_or(Failure::KeyFile { file: file.clone() })?;
            (file, signer)
        }
    };
    output.answer(&shapes::list_key(&signer, &file), |_| {
        signer.public_text().trim_end().to_owned()
    })?;
    Ok(Exit::Good)
}

fn new_key(path: &Path) -> Result<ListSigner, Failure> {
    let mut secret = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *secret).map_err(|_| Failure::Random)?;
    let text = ListSigner::secret_text(&secret);
    let written = || -> io::Result<()> {
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    written().map_err(|cause| Failure::WriteFile {
        file: path.to_owned(),
        cause,
    })?;
    Ok(ListSigner::new(&secret))
}

/// The keys in a file of public keys.
fn trusted(file: &Path) -> Result<ListVerifier, Failure> {
    let text = read(file)?;
    let text = std::str::from_utf8(&text).unwrap_or_default();
    ListVerifier::from_text(text).ok_or_else(|| Failure::KeyFile { file: file.into() })
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(file).map_err(|cause| Failure::ReadFile {
        file: PathBuf::from(file),
        cause,
    })
}

/// Says who has which block, and who is behind.
pub(super) async fn delivery(
    connection: &Connection,
    output: &mut Output,
    args: DeliveryArgs,
) -> Result<Exit, Failure> {
    let (number, uid) = (args.number, args.uid);
    let request = ListDeliveriesRequest {
        card: blocked(&BlockedCardArgs { number, uid }),
        page_size: args.last,
    };
    let answer = DistributionServiceClient::new(connection.channel.clone())
        .list_deliveries(connection.request(request))
        .await
        .map_err(|status| connection.failure(status))?
        .into_inner();
    output.answer(&shapes::deliveries(&answer), |output| {
        deliveries_text(&answer, output)
    })?;
    let is_behind = answer.deliveries.iter().any(|it| !it.behind.is_empty());
    Ok(if is_behind { Exit::Refused } else { Exit::Good })
}

fn deliveries_text(answer: &ListDeliveriesResponse, output: &Output) -> String {
    if answer.subscribers.is_empty() {
        return output.word(Word::NoSubscribers).to_owned();
    }
    let subscribers = answer.subscribers.iter().map(|subscriber| {
        vec![
            subscriber.name.clone(),
            subscriber.version.to_string(),
            describe::optional_time(subscriber.heard_time.as_ref()),
        ]
    });
    let mut text = layout::columns(subscribers.collect());
    for delivery in &answer.deliveries {
        let Some(entry) = &delivery.entry else {
            continue;
        };
        let reason = protocol_words::block_reason(entry.reason());
        let mut fields = Fields::default();
        fields
            .add(output.word(Word::Card), super::blacklist::card_text(entry))
            .add(output.word(Word::Reason), output.word(reason));
        for receipt in &delivery.receipts {
            let since = describe::optional_time(receipt.receive_time.as_ref());
            fields.add(&receipt.subscriber, since);
        }
        for name in &delivery.behind {
            fields.add(name, output.toned(Tone::Bad, output.word(Word::Behind)));
        }
        text.push_str("\n\n");
        text.push_str(&fields.to_text());
    }
    text
}
