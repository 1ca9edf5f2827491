//! The commands: each asks the daemon and shows the answer.

mod blacklist;
mod card;
mod completions;
mod doctor;
mod exchange;
mod found;
mod import;
mod inspect;
mod list_copy;
mod making;
mod number;
mod purse;
mod readers;
mod record;
mod roll;
mod sim;
mod student;
mod token;
mod verify;
mod watch;
mod write;

use std::time::Duration;

use xueka_api::v1::CardInReader;
use xueka_domain::Language;

use crate::{
    args::{Cli, Command, GlobalArgs, InReaderArgs, RequestIdArgs},
    connection::{Connection, ServerAddress, chosen_address},
    exit::Exit,
    failure::Failure,
    output::Output,
    words::Word,
};

/// Does what was typed.
pub(crate) async fn run(cli: Cli, output: &mut Output) -> Result<Exit, Failure> {
    let dial = Dial {
        options: cli.global,
        language: output.language,
    };
    match cli.command {
        Command::Readers => readers::list(&dial.connect().await?, output).await,
        Command::Read(args) => readers::read(&dial.connect().await?, output, args).await,
        Command::Watch(args) => watch::run(&dial.connect().await?, output, args).await,
        Command::Signal(args) => readers::signal(&dial.connect().await?, output, args).await,
        Command::Verify(args) => verify::run(&dial.connect().await?, output, args).await,
        Command::Card(command) => card::run(&dial, output, command).await,
        Command::Student(command) => student::run(&dial, output, command).await,
        Command::Making(command) => making::run(&dial, output, command).await,
        Command::Number(command) => number::run(&dial.connect().await?, output, command).await,
        Command::Blacklist(command) => blacklist::run(&dial, output, command).await,
        Command::Token(command) => token::run(&dial.connect().await?, output, command).await,
        Command::Sim(command) => sim::run(&dial, output, command).await,
        Command::Exchange(args) => exchange::run(&dial.connect().await?, output, args).await,
        Command::Record(args) => record::run(&dial.connect().await?, output, args).await,
        Command::Doctor { root } => doctor::run(&dial, output, root).await,
        Command::Completions { shell } => completions::print(shell, output),
    }
}

/// How to connect, for commands that have something to look at before.
#[derive(Debug)]
struct Dial {
    options: GlobalArgs,
    language: Language,
}

impl Dial {
    /// Where the daemon is looked for.
    fn address(&self) -> Result<ServerAddress, Failure> {
        chosen_address(&self.options)
    }

    async fn connect(&self) -> Result<Connection, Failure> {
        Connection::open(&self.options, self.language).await
    }
}

/// The card in a reader, as the protocol asks for it.
fn in_reader(args: InReaderArgs) -> CardInReader {
    CardInReader {
        reader: args.reader.unwrap_or_default(),
        wait: args.wait.map(span),
    }
}

/// Tells whoever waits for a card that we do.
fn tell_wait(wait: Option<Duration>, output: &Output) {
    if wait.is_some_and(|wait| !wait.is_zero()) {
        output.tell_waiting(Word::WaitingForCard);
    }
}

/// A span of time as the protocol carries it. What is beyond its range is so
/// far away that the longest span means the same.
fn span(span: Duration) -> prost_types::Duration {
    prost_types::Duration {
        seconds: i64::try_from(span.as_secs()).unwrap_or(i64::MAX),
        nanos: i32::try_from(span.subsec_nanos()).unwrap_or_default(),
    }
}

/// The name of a changing request: the one given, or 128 random bits.
fn request_id(args: RequestIdArgs) -> Result<String, Failure> {
    if let Some(request_id) = args.request_id {
        return Ok(request_id);
    }
    let mut bits = [0; 16];
    getrandom::fill(&mut bits).map_err(|_| Failure::Random)?;
    Ok(hex::encode(bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_ids_are_made_up_unless_given() {
        let made_up = || request_id(RequestIdArgs { request_id: None }).unwrap();
        let (first, second) = (made_up(), made_up());
        assert_eq!(first.len(), 32);
        assert_ne!(first, second);
        let given = Some("a1".to_owned());
        assert_eq!(
            request_id(RequestIdArgs { request_id: given }).unwrap(),
            "a1"
        );
    }

    #[test]
    fn spans_keep_their_parts() {
        let expected = prost_types::Duration {
            seconds: 1,
            nanos: 500_000_000,
        };
        assert_eq!(span(Duration::from_millis(1500)), expected);
        assert_eq!(span(Duration::MAX).seconds, i64::MAX);
    }
}
