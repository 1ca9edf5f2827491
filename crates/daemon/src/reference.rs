//! The reference of the protocol, made from what the protocol files say, what
//! the table of roles says, and an introduction: `docs/api.md`, and the service
//! configuration for clients, `docs/service-config.json`.
//!
//! Both are committed. The tests fail when they are not what would be made now;
//! `UPDATE_GENERATED=1 cargo test -p xueka-daemon reference` makes them anew.

use std::{collections::BTreeMap, env, fmt::Write, fs, path::PathBuf};

use prost::Message;
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto,
    FileDescriptorSet, MethodDescriptorProto, SourceCodeInfo, field_descriptor_proto::Label,
    field_descriptor_proto::Type, method_options::IdempotencyLevel,
};
use serde_json::{Value, json};
use xueka_domain::Role;

use crate::gate::{Rule, rule};

/// What stands before the services.
const INTRODUCTION: &str = include_str!("reference_introduction.md");
/// All roles with their words.
const ROLES: [(Role, &str); 6] = [
    (Role::Verifier, "verifier"),
    (Role::Clerk, "clerk"),
    (Role::Registrar, "registrar"),
    (Role::Administrator, "administrator"),
    (Role::Simulator, "simulator"),
    (Role::Engineer, "engineer"),
];
/// The field numbers of descriptors by which a comment's place is named.
const MESSAGES: i32 = 4;
const ENUMS: i32 = 5;
const SERVICES: i32 = 6;
const METHODS_OF_SERVICE: i32 = 2;
const FIELDS_OF_MESSAGE: i32 = 2;
const MESSAGES_OF_MESSAGE: i32 = 3;
const ENUMS_OF_MESSAGE: i32 = 4;
const VALUES_OF_ENUM: i32 = 2;

/// The project's own files among the descriptors.
fn files() -> Vec<FileDescriptorProto> {
    let set = FileDescriptorSet::decode(xueka_api::FILE_DESCRIPTOR_SET).unwrap();
    let mut files = set.file;
    files.retain(|file| file.package() == "xueka.v1");
    files
}

/// The comments of one file by their places.
struct Comments(BTreeMap<Vec<i32>, String>);

impl Comments {
    fn of(source: &SourceCodeInfo) -> Self {
        let commented = source.location.iter().filter_map(|location| {
            let comment = location.leading_comments.as_ref()?;
            let lines = comment.lines();
            let lines = lines.map(|line| line.strip_prefix(' ').unwrap_or(line));
            let text = lines.collect::<Vec<_>>().join("\n");
            Some((location.path.clone(), text.trim().to_owned()))
        });
        Self(commented.collect())
    }

    fn at(&self, path: &[i32]) -> &str {
        let comment = self.0.get(path);
        comment.unwrap_or_else(|| panic!("{path:?} has no comment"))
    }
}

/// The page that is being written.
struct Page {
    text: String,
    comments: Comments,
}

impl Page {
    /// A paragraph or several.
    fn say(&mut self, text: &str) {
        write!(self.text, "{text}\n\n").unwrap();
    }

    /// An item of a list, with its further lines below it.
    fn item(&mut self, head: &str, text: &str) {
        let indented = text.replace('\n', "\n  ").replace("\n  \n", "\n\n");
        writeln!(self.text, "- {head}: {indented}").unwrap();
    }

    fn service(&mut self, file: &FileDescriptorProto) {
        for (service, at) in file.service.iter().zip(0..) {
            self.say(&format!("## {}", service.name()));
            let comment = self.comments.at(&[SERVICES, at]).to_owned();
            self.say(&comment);
            for (method, nth) in service.method.iter().zip(0..) {
                let path = [SERVICES, at, METHODS_OF_SERVICE, nth];
                let called = format!("/xueka.v1.{}/{}", service.name(), method.name());
                self.method(method, &called, &path);
            }
        }
    }

    fn method(&mut self, method: &MethodDescriptorProto, called: &str, path: &[i32]) {
        self.say(&format!("### {}", method.name()));
        let side = |is_stream, message: &str| {
            let stream = if is_stream { "stream of " } else { "" };
            format!("{stream}{}", link(message))
        };
        self.say(&format!(
            "{} → {}. Roles: {}. {}",
            side(method.client_streaming(), method.input_type()),
            side(method.server_streaming(), method.output_type()),
            roles(called),
            repeatable(method)
        ));
        let comment = self.comments.at(path).to_owned();
        self.say(&comment);
    }

    fn message(&mut self, message: &DescriptorProto, outer: &str, path: &[i32]) {
        let name = format!("{outer}{}", message.name());
        self.say(&format!("### {name}"));
        let comment = self.comments.at(path).to_owned();
        self.say(&comment);
        for (field, nth) in message.field.iter().zip(0..) {
            let place = [path, &[FIELDS_OF_MESSAGE, nth]].concat();
            let head = format!("`{}` ({})", field.name(), shape(field));
            let comment = self.comments.at(&place).to_owned();
            self.item(&head, &comment);
        }
        if !message.field.is_empty() {
            self.text.push('\n');
        }
        let outer = format!("{name}.");
        for (inner, nth) in message.nested_type.iter().zip(0..) {
            let place = [path, &[MESSAGES_OF_MESSAGE, nth]].concat();
            self.message(inner, &outer, &place);
        }
        for (inner, nth) in message.enum_type.iter().zip(0..) {
            let place = [path, &[ENUMS_OF_MESSAGE, nth]].concat();
            self.enumeration(inner, &outer, &place);
        }
    }

    fn enumeration(&mut self, enumeration: &EnumDescriptorProto, outer: &str, path: &[i32]) {
        self.say(&format!("### {outer}{}", enumeration.name()));
        let comment = self.comments.at(path).to_owned();
        self.say(&comment);
        for (value, nth) in enumeration.value.iter().zip(0..) {
            let place = [path, &[VALUES_OF_ENUM, nth]].concat();
            let head = format!("`{}` = {}", value.name(), value.number());
            let comment = self.comments.at(&place).to_owned();
            self.item(&head, &comment);
        }
        self.text.push('\n');
    }
}

/// Who may call a method.
fn roles(called: &str) -> String {
    let Some(Rule::May(use_case)) = rule(called) else {
        panic!("{called} has no row in the table of roles");
    };
    let may = ROLES.iter().filter(|(role, _)| use_case.is_open_to(*role));
    let may: Vec<&str> = may.map(|(_, word)| *word).collect();
    may.join(", ")
}

/// What a caller does that got no answer.
fn repeatable(method: &MethodDescriptorProto) -> &'static str {
    match idempotency(method) {
        IdempotencyLevel::NoSideEffects => "Changes nothing, so it may be sent again.",
        IdempotencyLevel::Idempotent => "Sent again, it is not done twice.",
        IdempotencyLevel::IdempotencyUnknown => "Sent again, it is done again.",
    }
}

fn idempotency(method: &MethodDescriptorProto) -> IdempotencyLevel {
    let options = method.options.as_ref();
    options.map_or(IdempotencyLevel::IdempotencyUnknown, |options| {
        options.idempotency_level()
    })
}

/// The type of a field, in words.
fn shape(field: &FieldDescriptorProto) -> String {
    let named = || link(field.type_name());
    let one = match field.r#type() {
        Type::Message | Type::Enum | Type::Group => named(),
        Type::String => "text".to_owned(),
        Type::Bytes => "bytes".to_owned(),
        Type::Bool => "true or false".to_owned(),
        other => other
            .as_str_name()
            .trim_start_matches("TYPE_")
            .to_lowercase(),
    };
    match (field.label(), field.proto3_optional()) {
        (Label::Repeated, _) => format!("list of {one}"),
        (_, true) => format!("{one}, optional"),
        _ => one,
    }
}

/// A link to a message or enumeration of the project; the plain name of others.
fn link(type_name: &str) -> String {
    match type_name.strip_prefix(".xueka.v1.") {
        Some(name) => format!("[{name}](#{})", name.to_lowercase().replace('.', "")),
        None => format!("`{}`", type_name.trim_start_matches('.')),
    }
}

fn reference() -> String {
    let files = files();
    let mut text = INTRODUCTION.to_owned();
    for file in files.iter().filter(|file| !file.service.is_empty()) {
        for service in &file.service {
            let name = service.name();
            writeln!(text, "- [{name}](#{})", name.to_lowercase()).unwrap();
        }
    }
    text.push('\n');
    for is_about_services in [true, false] {
        if !is_about_services {
            text.push_str("# Messages\n\n");
        }
        for file in &files {
            let comments = Comments::of(file.source_code_info.as_ref().unwrap());
            let mut page = Page { text, comments };
            if is_about_services {
                page.service(file);
            } else {
                for (message, at) in file.message_type.iter().zip(0..) {
                    page.message(message, "", &[MESSAGES, at]);
                }
                for (enumeration, at) in file.enum_type.iter().zip(0..) {
                    page.enumeration(enumeration, "", &[ENUMS, at]);
                }
            }
            text = page.text;
        }
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

/// Whether a request may wait for a card, in itself or in a part of it.
fn may_wait(files: &[FileDescriptorProto], type_name: &str) -> bool {
    let messages = files.iter().flat_map(|file| &file.message_type);
    let mut named = messages.filter(|message| type_name.ends_with(&format!(".{}", message.name())));
    named.any(|message| {
        let mut fields = message.field.iter();
        fields.any(|field| field.name() == "wait" || may_wait(files, field.type_name()))
    })
}

/// Time limits and retries for a client that takes them from a file.
fn service_config() -> Value {
    let files = files();
    let mut groups = BTreeMap::<(bool, bool), Vec<Value>>::new();
    for file in &files {
        for service in &file.service {
            for method in &service.method {
                if method.client_streaming() || method.server_streaming() {
                    continue;
                }
                let is_repeatable = idempotency(method) != IdempotencyLevel::IdempotencyUnknown;
                let is_quick = !may_wait(&files, method.input_type());
                let name = json!({
                    "service": format!("xueka.v1.{}", service.name()),
                    "method": method.name(),
                });
                groups
                    .entry((is_repeatable, is_quick))
                    .or_default()
                    .push(name);
            }
        }
    }
    // Of a method that neither is quick nor may be sent again there is nothing to say.
    groups.remove(&(false, false));
    let configs = groups.into_iter().map(|((is_repeatable, is_quick), name)| {
        let mut config = json!({ "name": name });
        if is_quick {
            config["timeout"] = json!("10s");
        }
        if is_repeatable {
            config["retryPolicy"] = json!({
                "maxAttempts": 4,
                "initialBackoff": "0.2s",
                "maxBackoff": "5s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            });
        }
        config
    });
    json!({ "methodConfig": configs.collect::<Vec<_>>() })
}

/// Compares a file in `docs/` with what it should hold, or makes it so.
fn settle(name: &str, made: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs")
        .join(name);
    if env::var_os("UPDATE_GENERATED").is_some() {
        fs::write(&path, made).unwrap();
        return;
    }
    let there = fs::read_to_string(&path).unwrap();
    assert!(
        there == made,
        "docs/{name} is out of date: run UPDATE_GENERATED=1 cargo test -p xueka-daemon reference"
    );
}

#[test]
fn the_reference_is_up_to_date() {
    settle("api.md", &reference());
}

#[test]
fn the_service_configuration_is_up_to_date() {
    let pretty = serde_json::to_string_pretty(&service_config()).unwrap();
    settle("service-config.json", &format!("{pretty}\n"));
}

#[test]
fn what_changes_something_under_a_request_id_may_be_sent_again() {
    let files = files();
    let messages: BTreeMap<String, &DescriptorProto> = files
        .iter()
        .flat_map(|file| &file.message_type)
        .map(|message| (format!(".xueka.v1.{}", message.name()), message))
        .collect();
    for method in files
        .iter()
        .flat_map(|file| &file.service)
        .flat_map(|it| &it.method)
    {
        let Some(request) = messages.get(method.input_type()) else {
            panic!("{} has no request", method.name());
        };
        if request
            .field
            .iter()
            .any(|field| field.name() == "request_id")
        {
            let level = idempotency(method);
            assert_eq!(level, IdempotencyLevel::Idempotent, "{}", method.name());
        }
    }
}
