//! `sim`: virtual cards of a daemon that simulates.

use std::{fmt::Write as _, fs};

use tonic::{Code, Status};
use xueka_api::v1::{
    InsertCardRequest, ListSlotsRequest, RemoveCardRequest, SimulatorSlot,
    simulator_service_client::SimulatorServiceClient,
};

use super::Dial;
use crate::{
    args::{SimCommand, SimInsertArgs},
    connection::Connection,
    exit::Exit,
    failure::Failure,
    layout,
    output::Output,
    shapes,
    words::Word,
};

/// Does what was typed.
pub(super) async fn run(
    dial: &Dial,
    output: &mut Output,
    command: SimCommand,
) -> Result<Exit, Failure> {
    match command {
        SimCommand::Insert(args) => {
            let request = InsertCardRequest {
                slot: args.slot,
                // A description that is none is refused before anyone is asked.
                description: description(&args)?,
            };
            insert(&dial.connect().await?, output, request).await
        }
        SimCommand::Remove { slot } => remove(&dial.connect().await?, output, slot).await,
        SimCommand::List => list(&dial.connect().await?, output).await,
    }
}

/// The card in TOML: the file as it is, or what the fields come to.
fn description(args: &SimInsertArgs) -> Result<String, Failure> {
    if let Some(file) = &args.file {
        return fs::read_to_string(file).map_err(|cause| Failure::ReadFile {
            file: file.clone(),
            cause,
        });
    }
    let kind = args.kind.as_deref().unwrap_or_default();
    let mut lines = format!("kind = {}\n", toml_text(kind));
    for (field, place) in args.fields.iter().zip(1..) {
        let (key, value) = field
            .split_once('=')
            .ok_or(Failure::Description { place })?;
        let (key, value) = match key.strip_suffix(':') {
            Some(key) => (key, value.to_owned()),
            None => (key, toml_text(value)),
        };
        if !is_toml_key(key) || value.contains(['\n', '\r']) {
            return Err(Failure::Description { place });
        }
        lines.push_str(key);
        lines.push_str(" = ");
        lines.push_str(&value);
        lines.push('\n');
    }
    Ok(lines)
}

/// A bare or dotted key (TOML 1.0, "Keys").
fn is_toml_key(key: &str) -> bool {
    key.split('.').all(|part| {
        let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        !part.is_empty() && part.chars().all(is_bare)
    })
}

/// The text as a basic string (TOML 1.0, "String").
fn toml_text(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                // Writing to a string cannot fail.
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

async fn insert(
    connection: &Connection,
    output: &mut Output,
    request: InsertCardRequest,
) -> Result<Exit, Failure> {
    let answer = SimulatorServiceClient::new(connection.channel.clone())
        .insert_card(connection.request(request))
        .await
        .map_err(|status| failure(connection, status))?;
    show(output, answer.into_inner().slot)
}

async fn remove(connection: &Connection, output: &mut Output, slot: u32) -> Result<Exit, Failure> {
    let answer = SimulatorServiceClient::new(connection.channel.clone())
        .remove_card(connection.request(RemoveCardRequest { slot }))
        .await
        .map_err(|status| failure(connection, status))?;
    show(output, answer.into_inner().slot)
}

async fn list(connection: &Connection, output: &mut Output) -> Result<Exit, Failure> {
    let answer = SimulatorServiceClient::new(connection.channel.clone())
        .list_slots(connection.request(ListSlotsRequest {}))
        .await
        .map_err(|status| failure(connection, status))?
        .into_inner();
    output.answer(&shapes::slots(&answer), |output| {
        table(&answer.slots, output)
    })?;
    Ok(Exit::Good)
}

/// A daemon without simulator does not know the service.
fn failure(connection: &Connection, status: Status) -> Failure {
    match status.code() {
        Code::Unimplemented => Failure::NotSimulating,
        _ => connection.failure(status),
    }
}

fn show(output: &mut Output, slot: Option<SimulatorSlot>) -> Result<Exit, Failure> {
    let slot = slot.ok_or(Failure::IncompleteAnswer)?;
    output.answer(&shapes::slot_answer(&slot), |output| {
        table(std::slice::from_ref(&slot), output)
    })?;
    Ok(Exit::Good)
}

fn table(slots: &[SimulatorSlot], output: &Output) -> String {
    let heading = [Word::Slot, Word::AttachedTo, Word::Card];
    let heading = heading.map(|word| output.word(word).to_owned()).to_vec();
    let rows = slots.iter().map(|slot| {
        let card = if slot.card_kind.is_empty() {
            output.word(Word::Empty)
        } else {
            &slot.card_kind
        };
        vec![
            slot.slot.to_string(),
            slot.attached_to.clone(),
            card.to_owned(),
        ]
    });
    layout::columns(std::iter::once(heading).chain(rows).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(kind: &str, fields: &[&str]) -> Option<String> {
        let args = SimInsertArgs {
            slot: 0,
            kind: Some(kind.to_owned()),
            fields: fields.iter().map(|field| (*field).to_owned()).collect(),
            file: None,
        };
        description(&args).ok()
    }

    #[test]
    fn fields_become_toml() {
        let cases = [
            (
                &["number=1000751012345678"][..],
                Some("kind = \"k\"\nnumber = \"1000751012345678\"\n"),
                "digits are text",
            ),
            (
                &["random_uid:=true"],
                Some("kind = \"k\"\nrandom_uid = true\n"),
                "a value that is no text",
            ),
            (
                &["a=b=\"c\\"],
                Some("kind = \"k\"\na = \"b=\\\"c\\\\\"\n"),
                "what TOML would read otherwise",
            ),
            (
                &["a.b=c"],
                Some("kind = \"k\"\na.b = \"c\"\n"),
                "dotted key",
            ),
            (&["number"], None, "no value"),
            (&["=1"], None, "no key"),
            (&["a b=1"], None, "no bare key"),
            (&["a:=1\nb = 2"], None, "a second line"),
        ];
        for (fields, expected, why) in cases {
            assert_eq!(described("k", fields).as_deref(), expected, "{why}");
        }
    }

    #[test]
    fn a_description_that_is_none_is_named_by_its_place() {
        let args = SimInsertArgs {
            slot: 0,
            kind: Some("k".to_owned()),
            fields: vec!["a=1".to_owned(), "b".to_owned()],
            file: None,
        };
        assert!(matches!(
            description(&args),
            Err(Failure::Description { place: 2 })
        ));
    }
}
