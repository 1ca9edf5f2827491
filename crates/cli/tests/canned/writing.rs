//! Its services that write cards and send raw commands.
//!
//! A plan is for a MIFARE Classic card; number 1111 is on the card already. The
//! name of the plan, or of the reader where none is named, chooses how a write
//! ends.

use tonic::{Code, Request, Response, Status};
use xueka_api::v1::{
    exchange_service_server::ExchangeService,
    personalisation_service_server::PersonalisationService, write_content::Content, *,
};

use super::{Desk, refusal};

const UID: [u8; 4] = [0x9B, 0x27, 0xD4, 0xE6];

fn step(kind: PlaceKind, place: &str, old: Content, new: Content) -> WriteStep {
    let content = |content| {
        Some(WriteContent {
            content: Some(content),
        })
    };
    WriteStep {
        kind: kind.into(),
        place: place.to_owned(),
        old_content: content(old),
        new_content: content(new),
        key_names: Vec::new(),
    }
}

fn steps() -> Vec<WriteStep> {
    let trailer = SectorTrailer {
        key_a_name: "school-a".to_owned(),
        access: vec![0x78, 0x77, 0x88, 0x00],
        key_b_name: "school-b".to_owned(),
    };
    vec![
        WriteStep {
            key_names: vec!["factory".to_owned(), "school-b".to_owned()],
            ..step(
                PlaceKind::ClassicBlock,
                "4",
                Content::Data(vec![0x00; 4]),
                Content::Data(vec![0x10, 0x00, 0x75, 0x10]),
            )
        },
        step(
            PlaceKind::ClassicTrailer,
            "1",
            Content::KeyName("factory".to_owned()),
            Content::Trailer(trailer),
        ),
        step(
            PlaceKind::DesfireApplication,
            "F48120",
            Content::Nothing(NoContent {}),
            Content::Data(vec![0x0B, 0x82]),
        ),
    ]
}

fn ended(write_id: u64, outcome: WriteOutcome) -> EndedWrite {
    EndedWrite {
        write_id,
        uid: UID.to_vec(),
        outcome: outcome.into(),
    }
}

#[tonic::async_trait]
impl PersonalisationService for Desk {
    async fn plan_write(
        &self,
        request: Request<PlanWriteRequest>,
    ) -> Result<Response<PlanWriteResponse>, Status> {
        let request = request.into_inner();
        Self::obey(&request.in_reader.unwrap_or_default().reader).await?;
        self.seen.note(format!(
            "plan: {} {} {}",
            request.card_number, request.valid_from, request.valid_until
        ));
        let is_written = request.card_number == "1111";
        Ok(Response::new(PlanWriteResponse {
            plan_id: if is_written { "" } else { "00abcdef01234567" }.to_owned(),
            reader: "Reader 0".to_owned(),
            family: CardFamily::MifareClassic1k.into(),
            uid: UID.to_vec(),
            card_number: request.card_number,
            steps: if is_written { Vec::new() } else { steps() },
        }))
    }

    /// The plan `torn` finds the card gone, `tried` a card that is spoilt, and
    /// `late` is of yesterday.
    async fn write_card(
        &self,
        request: Request<WriteCardRequest>,
    ) -> Result<Response<WriteCardResponse>, Status> {
        let request = request.into_inner();
        self.seen.note(format!("request: {}", request.request_id));
        let reader = request.in_reader.unwrap_or_default().reader;
        self.seen
            .note(format!("write: {} {reader}", request.plan_id));
        let outcome = match request.plan_id.as_str() {
            "torn" => return Err(refusal(Code::Aborted, ErrorReason::CardGone)),
            "late" => {
                return Err(refusal(Code::FailedPrecondition, ErrorReason::PlanOutdated));
            }
            "tried" => WriteOutcome::Spoilt,
            _ => WriteOutcome::Written,
        };
        Ok(Response::new(WriteCardResponse {
            write: Some(ended(7, outcome)),
        }))
    }

    /// On the reader `whole` lies a card without open write, on `broken` one
    /// that cannot be made whole.
    async fn recover_card(
        &self,
        request: Request<RecoverCardRequest>,
    ) -> Result<Response<RecoverCardResponse>, Status> {
        let request = request.into_inner();
        self.seen
            .note(format!("side: {}", request.side().as_str_name()));
        let reader = request.in_reader.unwrap_or_default().reader;
        Self::obey(&reader).await?;
        let write = match reader.as_str() {
            "whole" => None,
            "broken" => Some(ended(7, WriteOutcome::Spoilt)),
            _ => Some(ended(7, WriteOutcome::RolledBack)),
        };
        Ok(Response::new(RecoverCardResponse {
            reader: "Reader 0".to_owned(),
            write,
        }))
    }

    /// Two pages of one write, and an empty one behind the token `none`.
    async fn list_open_writes(
        &self,
        request: Request<ListOpenWritesRequest>,
    ) -> Result<Response<ListOpenWritesResponse>, Status> {
        let request = request.into_inner();
        let write = |write_id: u32, card_number: &str| OpenWrite {
            write_id: write_id.into(),
            uid: UID.to_vec(),
            card_number: card_number.to_owned(),
            open_time: Some(prost_types::Timestamp {
                seconds: 1_790_000_100 + i64::from(write_id),
                nanos: 0,
            }),
        };
        let (writes, next_page_token) = match request.page_token.as_str() {
            "" => (vec![write(7, "1000751012345678")], "7"),
            "7" => (vec![write(12, "")], ""),
            _ => (Vec::new(), ""),
        };
        Ok(Response::new(ListOpenWritesResponse {
            writes,
            next_page_token: next_page_token.to_owned(),
        }))
    }

    /// Write 7 is the only one there is.
    async fn declare_spoilt(
        &self,
        request: Request<DeclareSpoiltRequest>,
    ) -> Result<Response<DeclareSpoiltResponse>, Status> {
        let write_id = request.into_inner().write_id;
        if write_id != 7 {
            return Err(refusal(Code::NotFound, ErrorReason::WriteNotFound));
        }
        self.seen.note(format!("spoilt: {write_id}"));
        Ok(Response::new(DeclareSpoiltResponse {
            write: Some(ended(write_id, WriteOutcome::Spoilt)),
        }))
    }
}

#[tonic::async_trait]
impl ExchangeService for Desk {
    /// The first command succeeds, every further one finds nothing.
    async fn exchange_commands(
        &self,
        request: Request<ExchangeCommandsRequest>,
    ) -> Result<Response<ExchangeCommandsResponse>, Status> {
        let request = request.into_inner();
        Self::obey(&request.in_reader.unwrap_or_default().reader).await?;
        let mut responses = Vec::new();
        for command in &request.commands {
            self.seen
                .note(format!("command: {}", hex::encode_upper(command)));
            responses.push(if responses.is_empty() {
                vec![0x01, 0x02, 0x90, 0x00]
            } else {
                vec![0x6A, 0x82]
            });
        }
        Ok(Response::new(ExchangeCommandsResponse {
            reader: "Reader 0".to_owned(),
            responses,
        }))
    }
}
