//! `StudentService`.

use std::{pin::Pin, sync::Arc};

use tokio_stream::Stream;
use tonic::{Request, Response, Status, Streaming};
use xueka_api::v1::{
    ExportStudentsRequest, ExportStudentsResponse, GetStudentRequest, GetStudentResponse,
    ImportStudentsRequest, ImportStudentsResponse, MoveStudentsRequest, MoveStudentsResponse,
    SearchStudentsRequest, SearchStudentsResponse, student_service_server::StudentService,
};
use xueka_desk::Desk;
use xueka_domain::StudentNumber;
use xueka_files::ListFormat;
use xueka_registry::StudentsMove;

use super::{call_of, page_size, request_id, roll, served};
use crate::{convert, gate::Call, status::ServiceError};

/// The most students who move at once.
const MOST_MOVES: usize = 10_000;

/// The bytes of a file that one message carries.
const PIECE: usize = 256 * 1024;

/// The roll of students.
pub(crate) struct Students {
    desk: Arc<Desk>,
}

impl Students {
    pub(crate) fn new(desk: Arc<Desk>) -> Self {
        Self { desk }
    }

    async fn get(&self, request: GetStudentRequest) -> Result<GetStudentResponse, ServiceError> {
        let number = student_number("student_number", &request.student_number)?;
        let file = self.desk.look_up_student(number).await?;
        let cards = file.cards.iter();
        Ok(GetStudentResponse {
            student: Some(convert::student_record(&file.student)),
            cards: cards.map(|card| convert::card(card, true)).collect(),
        })
    }

    async fn search(
        &self,
        request: SearchStudentsRequest,
    ) -> Result<SearchStudentsResponse, ServiceError> {
        let filter = convert::conditions(&request.conditions.unwrap_or_default())?;
        let printed = convert::optional(&request.printed).map(str::parse);
        let printed = printed
            .transpose()
            .map_err(|error| ServiceError::argument("printed", error))?;
        let after = convert::optional(&request.page_token)
            .map(after_of)
            .transpose()?;
        let limit = page_size(request.page_size)?;
        let found = self.desk.search_students(filter, printed, after, limit);
        let found = found.await?;
        Ok(SearchStudentsResponse {
            students: found.students.iter().map(convert::student_record).collect(),
            next_page_token: found.next.as_ref().map(page_token).unwrap_or_default(),
            more_cards: found.more_cards,
        })
    }

    async fn move_all(
        &self,
        call: Call,
        request: MoveStudentsRequest,
    ) -> Result<MoveStudentsResponse, ServiceError> {
        let id = request_id(&request.request_id)?;
        if !(1..=MOST_MOVES).contains(&request.student_numbers.len()) {
            let problem = "1 to 10,000 student numbers";
            return Err(ServiceError::argument("student_numbers", problem));
        }
        let numbers = request.student_numbers.iter();
        let numbers = numbers.map(|text| student_number("student_numbers", text));
        let students = StudentsMove {
            students: numbers.collect::<Result<_, _>>()?,
            to: convert::move_to(request.to)?,
            dry_run: request.dry_run,
        };
        let outcome = self.desk.move_students(&call.caller, id, students).await?;
        let refused = outcome.refused.iter().map(|refused| {
            let number = request.student_numbers.get(refused.index).cloned();
            convert::refused_move(number.unwrap_or_default(), refused.reason, call.language)
        });
        Ok(MoveStudentsResponse {
            moved: outcome.n_moved,
            unchanged: outcome.n_unchanged,
            refused: refused.collect(),
            data_version: outcome.version,
        })
    }

    async fn export(
        &self,
        call: Call,
        request: ExportStudentsRequest,
    ) -> Result<Export, ServiceError> {
        let filter = convert::conditions(&request.conditions.unwrap_or_default())?;
        let format = convert::list_format("format", request.format)?;
        let format = format.unwrap_or(ListFormat::CsvUtf8);
        let given = self
            .desk
            .give_away_roll(&call.caller, filter, format, call.language);
        let (file, n_students) = given.await?;
        Ok(Box::pin(tokio_stream::iter(pieces(file, n_students))))
    }
}

type Export = Pin<Box<dyn Stream<Item = Result<ExportStudentsResponse, Status>> + Send>>;

/// A file in messages, made one by one.
fn pieces(
    file: Vec<u8>,
    n_students: u64,
) -> impl Iterator<Item = Result<ExportStudentsResponse, Status>> + Send {
    let n_pieces = file.len().div_ceil(PIECE);
    (0..n_pieces).map(move |at| {
        let rest = file.get(at * PIECE..).unwrap_or_default();
        let (piece, _) = rest.split_at_checked(PIECE).unwrap_or((rest, &[]));
        Ok(ExportStudentsResponse {
            students: if at == 0 { n_students } else { 0 },
            content: piece.to_vec(),
        })
    })
}

fn student_number(field: &'static str, text: &str) -> Result<StudentNumber, ServiceError> {
    text.parse()
        .map_err(|error| ServiceError::argument(field, error))
}

/// Where a page begins. It goes through programs that do not know what it is,
/// so it does not show the number as it is.
fn page_token(after: &StudentNumber) -> String {
    hex::encode(after.reveal())
}

fn after_of(token: &str) -> Result<StudentNumber, ServiceError> {
    let bytes = hex::decode(token).map_err(|_| ServiceError::PageToken)?;
    let text = String::from_utf8(bytes).map_err(|_| ServiceError::PageToken)?;
    text.parse().map_err(|_| ServiceError::PageToken)
}

#[tonic::async_trait]
impl StudentService for Students {
    type ImportStudentsStream =
        Pin<Box<dyn Stream<Item = Result<ImportStudentsResponse, Status>> + Send>>;

    async fn import_students(
        &self,
        request: Request<Streaming<ImportStudentsRequest>>,
    ) -> Result<Response<Self::ImportStudentsStream>, Status> {
        let call = call_of(&request)?;
        let answers = roll::take_in(Arc::clone(&self.desk), call, request.into_inner());
        Ok(Response::new(Box::pin(answers)))
    }

    type ExportStudentsStream = Export;

    async fn export_students(
        &self,
        request: Request<ExportStudentsRequest>,
    ) -> Result<Response<Export>, Status> {
        served(request, |call, request| self.export(call, request)).await
    }

    async fn get_student(
        &self,
        request: Request<GetStudentRequest>,
    ) -> Result<Response<GetStudentResponse>, Status> {
        served(request, |_, request| self.get(request)).await
    }

    async fn search_students(
        &self,
        request: Request<SearchStudentsRequest>,
    ) -> Result<Response<SearchStudentsResponse>, Status> {
        served(request, |_, request| self.search(request)).await
    }

    async fn move_students(
        &self,
        request: Request<MoveStudentsRequest>,
    ) -> Result<Response<MoveStudentsResponse>, Status> {
        served(request, |call, request| self.move_all(call, request)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_told_piece_by_piece() {
        let cases = [
            (1, vec![1], "a short one"),
            (PIECE, vec![PIECE], "just one piece"),
            (2 * PIECE + 3, vec![PIECE, PIECE, 3], "a rest"),
        ];
        for (n_bytes, expected, why) in cases {
            let file: Vec<u8> = (0..n_bytes).map(|at| at.to_le_bytes()[0]).collect();
            let told: Vec<_> = pieces(file.clone(), 7).map(Result::unwrap).collect();
            let lengths: Vec<_> = told.iter().map(|piece| piece.content.len()).collect();
            assert_eq!(lengths, expected, "{why}");
            let counts: u64 = told.iter().map(|piece| piece.students).sum();
            assert_eq!(counts, 7, "{why}: counted once");
            let whole: Vec<_> = told.into_iter().flat_map(|piece| piece.content).collect();
            assert!(whole == file, "{why}: the bytes in their order");
        }
    }

    #[test]
    fn a_page_goes_on_after_its_last_student() {
        let number: StudentNumber = "G2024-007".parse().unwrap();
        let token = page_token(&number);
        assert!(!token.contains("2024"), "{token}");
        assert_eq!(after_of(&token).unwrap(), number);
        for wrong in ["G2024", "zz", "ff", "e5ada6"] {
            assert!(
                matches!(after_of(wrong), Err(ServiceError::PageToken)),
                "{wrong}"
            );
        }
    }
}
