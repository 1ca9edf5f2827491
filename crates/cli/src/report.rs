//! Everything that is told of a failure, to people and to programs: the exit
//! code, the gRPC code, the reason, the words, and what the daemon added.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use xueka_api::v1::ErrorReason;

use crate::{
    exit::{self, Exit},
    layout::printable,
    next_step,
    words::{Language, Word},
};

/// Everything that is told of a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    /// How the program ends.
    pub(crate) exit: Exit,
    /// The gRPC code, as the protocol spells it.
    pub(crate) code: &'static str,
    /// The reason as a stable word; empty when the daemon gave none.
    pub(crate) reason: String,
    /// The same in words, with what to do.
    pub(crate) message: String,
    /// What people are told instead of the message and the metadata, where
    /// this program can say it better.
    pub(crate) for_people: Option<String>,
    /// What the daemon added.
    pub(crate) metadata: BTreeMap<String, String>,
    /// Fields of the request that are wrong, each with what is.
    pub(crate) fields: BTreeMap<String, String>,
}

impl Report {
    /// What is told of an error that the daemon answered with.
    pub(crate) fn of_status(status: &Status, language: Language) -> Self {
        let info = status.get_details_error_info();
        let reason = info
            .as_ref()
            .filter(|info| info.domain == xueka_api::ERROR_DOMAIN)
            .and_then(|info| ErrorReason::from_reason(&info.reason));
        let violations = status.get_details_bad_request();
        let code = code_name(status.code());
        let message = if info.is_some() {
            // The daemon says in words what happened and what to do.
            status.message().to_owned()
        } else {
            Word::FailStatus.with(language, &[("code", code), ("message", status.message())])
        };
        let metadata: BTreeMap<_, _> = info
            .as_ref()
            .map(|info| info.metadata.clone().into_iter().collect())
            .unwrap_or_default();
        Self {
            exit: exit::of_error(status.code(), reason),
            code,
            reason: info
                .as_ref()
                .map(|info| info.reason.clone())
                .unwrap_or_default(),
            for_people: reason
                .and_then(|reason| next_step::of_answer(reason, &message, &metadata, language)),
            message,
            metadata,
            fields: violations
                .into_iter()
                .flat_map(|bad| bad.field_violations)
                .map(|violation| (violation.field, violation.description))
                .collect(),
        }
    }

    /// The report as the one JSON document on standard error.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "code": self.code,
            "reason": self.reason,
            "message": self.message,
            "metadata": self.metadata,
            "fields": self.fields,
        })
    }

    /// The report for people: what happened, then a line for each detail that
    /// the message does not have already.
    pub(crate) fn to_text(&self) -> String {
        let said = self.for_people.as_ref().unwrap_or(&self.message);
        let lines: Vec<_> = said.lines().map(printable).collect();
        let mut text = format!("xueka: {}", lines.join("\n"));
        let metadata = self.metadata.iter().filter(|_| self.for_people.is_none());
        for (name, value) in metadata.chain(&self.fields) {
            if value.lines().all(|line| said.contains(line)) {
                continue;
            }
            text.push_str("\n  ");
            text.push_str(name);
            text.push_str(": ");
            text.push_str(&value.lines().map(printable).collect::<Vec<_>>().join(", "));
        }
        text
    }
}

/// A gRPC code as the protocol spells it.
pub(crate) fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
