//! The gRPC services: each method checks its request, calls one use case and
//! answers in the words of the protocol.

mod blacklist;
mod distribution;
mod exchange;
mod inspection;
mod issuance;
mod making;
mod number;
mod personalisation;
mod purse;
mod reader;
mod recording;
mod register;
mod roll;
mod simulator;
mod student;
mod token;

use tonic::{Request, Response, Status};
use xueka_desk::CardInReader;
use xueka_registry::RequestId;

pub(crate) use blacklist::Blacklist;
pub(crate) use distribution::Distribution;
pub(crate) use exchange::Exchanges;
pub(crate) use inspection::Inspections;
pub(crate) use issuance::Issuance;
pub(crate) use making::CardMaking;
pub(crate) use number::Numbers;
pub(crate) use personalisation::Personalisation;
pub(crate) use purse::Purses;
pub(crate) use reader::Readers;
pub(crate) use recording::Recordings;
pub(crate) use simulator::Simulation;
pub(crate) use student::Students;
pub(crate) use token::Tokens;

use crate::{convert, gate::Call, status::ServiceError};

/// Who calls and in which language it reads. The gate puts this into every
/// request that it lets through.
/// The most items of one page, and how many when none are asked for.
const LARGEST_PAGE: usize = 1_000;
const USUAL_PAGE: usize = 100;

fn call_of<T>(request: &Request<T>) -> Result<Call, Status> {
    let call = request.extensions().get::<Call>();
    call.cloned()
        .ok_or_else(|| Status::internal("the request passed no gate"))
}

/// Does the work of a method and answers with what it made, or with why it
/// failed, in the caller's language.
async fn served<Q, A, F>(
    request: Request<Q>,
    work: impl FnOnce(Call, Q) -> F,
) -> Result<Response<A>, Status>
where
    F: Future<Output = Result<A, ServiceError>>,
{
    let call = call_of(&request)?;
    let language = call.language;
    let made = work(call, request.into_inner()).await;
    made.map(Response::new)
        .map_err(|error| error.into_status(language))
}

/// The request id of a request that changes something.
/// How many items of a list are asked for.
fn page_size(asked: i32) -> Result<usize, ServiceError> {
    match usize::try_from(asked) {
        Ok(0) => Ok(USUAL_PAGE),
        Ok(size) if size <= LARGEST_PAGE => Ok(size),
        _ => Err(ServiceError::argument("page_size", "1 to 1,000, or 0")),
    }
}

fn request_id(text: &str) -> Result<RequestId, ServiceError> {
    text.parse()
        .map_err(|error| ServiceError::argument("request_id", error))
}

/// The card in a reader, as a request names it; absent stands for the only
/// reader, without waiting.
fn place(in_reader: Option<xueka_api::v1::CardInReader>) -> Result<CardInReader, ServiceError> {
    let in_reader = in_reader.unwrap_or_default();
    Ok(CardInReader {
        reader: convert::optional(&in_reader.reader).map(str::to_owned),
        wait: convert::wait("in_reader.wait", in_reader.wait)?,
    })
}
