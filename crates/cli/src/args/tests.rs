//! What may be typed and what may not.

use clap::{CommandFactory, error::ErrorKind};

use super::*;

fn parse(line: &str) -> Result<Cli, ErrorKind> {
    Cli::try_parse_from(line.split_whitespace()).map_err(|error| error.kind())
}

#[test]
fn the_commands_do_not_contradict_themselves() {
    Cli::command().debug_assert();
}

#[test]
fn what_cannot_be_meant_is_refused() {
    use ErrorKind::{
        ArgumentConflict, InvalidSubcommand, InvalidValue, MissingRequiredArgument,
        UnknownArgument, ValueValidation,
    };
    let cases = [
        ("xueka fly", InvalidSubcommand, "no such command"),
        ("xueka read --wait soon", ValueValidation, "no duration"),
        ("xueka verify --number 12", ValueValidation, "too short"),
        ("xueka verify --uid XY", ValueValidation, "no hexadecimal"),
        (
            "xueka verify --number 1234 --uid 1EA68671",
            ArgumentConflict,
            "two cards",
        ),
        (
            "xueka verify --number 1234 --wait 3s",
            ArgumentConflict,
            "nothing to wait for",
        ),
        (
            "xueka verify --min-assurance much",
            InvalidValue,
            "no level",
        ),
        ("xueka card show", MissingRequiredArgument, "no card"),
        (
            "xueka card show --number 1234 --student 1",
            ArgumentConflict,
            "two cards",
        ),
        (
            "xueka card collect",
            MissingRequiredArgument,
            "nobody to collect it",
        ),
        (
            "xueka blacklist add --number 1234",
            MissingRequiredArgument,
            "no note",
        ),
        (
            "xueka blacklist list --page-size 0",
            ValueValidation,
            "too small",
        ),
        (
            "xueka watch --epoch 3",
            MissingRequiredArgument,
            "an epoch without a number",
        ),
        ("xueka sim insert", MissingRequiredArgument, "no card"),
        (
            "xueka sim insert transit-cpu --file card.toml",
            ArgumentConflict,
            "two descriptions",
        ),
        ("xueka verify 12", ValueValidation, "too short a print"),
        (
            "xueka verify 1234 --uid 1EA68671",
            ArgumentConflict,
            "a print and a UID",
        ),
        (
            "xueka card show 1234 --student 1",
            ArgumentConflict,
            "a print and a holder",
        ),
        (
            "xueka number teach",
            MissingRequiredArgument,
            "nothing printed",
        ),
        (
            "xueka number teach 1234 --uid 1EA68671 --wait 3s",
            ArgumentConflict,
            "nothing to wait for",
        ),
        (
            "xueka number teach --next 1234",
            MissingRequiredArgument,
            "no first card",
        ),
        (
            "xueka read --token secret",
            UnknownArgument,
            "no secrets here",
        ),
        (
            "xueka --server ftp://localhost readers",
            ValueValidation,
            "no such transport",
        ),
    ];
    for (line, expected, why) in cases {
        assert_eq!(parse(line).err(), Some(expected), "{line}: {why}");
    }
}

#[test]
fn what_cannot_be_meant_of_writing_and_raw_commands_is_refused() {
    use ErrorKind::{ArgumentConflict, MissingRequiredArgument, ValueValidation};
    let cases = [
        (
            "xueka card write plan",
            MissingRequiredArgument,
            "no number",
        ),
        (
            "xueka card write run",
            MissingRequiredArgument,
            "neither number nor plan",
        ),
        (
            "xueka card write run --plan 0123456789abcdef --valid-from 2026-09-01",
            ArgumentConflict,
            "a plan has its days",
        ),
        (
            "xueka card write plan --number 1234 --valid-until 31.7.2029",
            ValueValidation,
            "no date",
        ),
        (
            "xueka card write spoilt",
            MissingRequiredArgument,
            "no write",
        ),
        ("xueka exchange", MissingRequiredArgument, "nothing to send"),
        ("xueka exchange 00B", ValueValidation, "half a byte"),
    ];
    for (line, expected, why) in cases {
        assert_eq!(parse(line).err(), Some(expected), "{line}: {why}");
    }
}

#[test]
fn global_options_may_stand_behind_the_command() {
    let cli = parse("xueka verify --wait 1500ms --json --lang zh --timeout 1m").unwrap();
    assert!(cli.global.json);
    assert_eq!(cli.global.lang, Some(Language::Chinese));
    assert_eq!(cli.global.timeout, Duration::from_mins(1));
    let Command::Verify(verify) = cli.command else {
        panic!("another command: {:?}", cli.command);
    };
    assert_eq!(verify.in_reader.wait, Some(Duration::from_millis(1500)));
}

#[test]
fn a_virtual_card_is_a_kind_with_fields() {
    let cli = parse("xueka sim insert --slot 1 transit-cpu number=1000751012345678 tear:=2");
    let Command::Sim(SimCommand::Insert(insert)) = cli.unwrap().command else {
        panic!("another command");
    };
    assert_eq!(insert.slot, 1);
    assert_eq!(insert.kind.as_deref(), Some("transit-cpu"));
    assert_eq!(insert.fields, ["number=1000751012345678", "tear:=2"]);
}

#[test]
fn the_help_documents_every_exit_code() {
    for code in 0..=7 {
        assert!(AFTER_HELP.contains(&format!("\n  {code}  ")), "{code}");
    }
}
