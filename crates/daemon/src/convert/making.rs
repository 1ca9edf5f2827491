//! Card-making files and batches.

use xueka_api::v1::{self, ErrorReason};
use xueka_desk::{MakingFault, MakingProblem, MakingResult};
use xueka_domain::{CardIdentity, CardNumber, Language, RequestKind, RequestState};
use xueka_registry::{Batch, BatchRefusal, BatchSide, CardRequest, OrderRefusal, RequestStep};

use super::{known, timestamp};
use crate::{reasons, status::ServiceError};

/// Under which menu.
pub(crate) fn request_kind(menu: i32) -> Result<RequestKind, ServiceError> {
    match known("menu", menu)? {
        v1::MakingMenu::New => Ok(RequestKind::New),
        v1::MakingMenu::Reissue => Ok(RequestKind::Reissue),
        v1::MakingMenu::Unspecified => Err(ServiceError::argument("menu", "has to be given")),
    }
}

/// Which step.
pub(crate) fn batch_step(step: i32) -> Result<RequestStep, ServiceError> {
    match known("step", step)? {
        v1::BatchStep::Confirm => Ok(RequestStep::Confirm),
        v1::BatchStep::Reject => Ok(RequestStep::Reject),
        v1::BatchStep::Withdraw => Ok(RequestStep::Withdraw),
        v1::BatchStep::Unspecified => Err(ServiceError::argument("step", "has to be given")),
    }
}

/// What became of a batch or a file.
pub(crate) fn making_outcome(result: MakingResult, language: Language) -> v1::MakingOutcome {
    let refused = result.n_refused();
    let rows = result.faults.iter();
    let rows = rows.map(|fault| refused_making_row(fault, language));
    let refused_rows = rows.collect();
    let outcome = result.outcome;
    let file = outcome.file.unwrap_or_else(|| xueka_registry::BatchFile {
        name: String::new(),
        content: Vec::new(),
    });
    v1::MakingOutcome {
        batch: outcome.batch.map_or(0, |batch| batch.0),
        received: result.n_received,
        good: outcome.n_good,
        refused,
        refused_rows,
        already: outcome.already,
        done: outcome.done,
        file_name: file.name,
        content: file.content,
        data_version: outcome.version,
    }
}

fn refused_making_row(fault: &MakingFault, language: Language) -> v1::RefusedMakingRow {
    let (column, reason, message, remedy) = match fault.problem {
        MakingProblem::InFile { column, problem } => {
            let [chinese, english] = column;
            (
                language.choose(chinese, english),
                problem.code(),
                problem.what(language),
                problem.remedy(language),
            )
        }
        MakingProblem::OnRecord(refusal) => {
            let (what, remedy) = refusal_words(refusal, language);
            ("", refusal.code(), what.to_owned(), remedy.to_owned())
        }
    };
    let student = fault.student.as_ref();
    v1::RefusedMakingRow {
        row: fault.row,
        column: column.into(),
        reason: reason.into(),
        message,
        remedy,
        student_number: student.map_or_else(String::new, |number| number.reveal().to_owned()),
        card_number: card_number(fault.card),
    }
}

fn card_number(card: Option<CardIdentity>) -> String {
    let number = card.and_then(|card| card.number());
    number.map(CardNumber::reveal).unwrap_or_default()
}

/// What is the matter, and what to do.
fn refusal_words(refusal: BatchRefusal, language: Language) -> (&'static str, &'static str) {
    let reason = |reason| (reasons::row(reason).text(language), "");
    let (chinese, english) = match refusal {
        BatchRefusal::Order(OrderRefusal::UnknownStudent) => {
            return reason(ErrorReason::StudentNotFound);
        }
        BatchRefusal::Order(OrderRefusal::StudentLeft) => return reason(ErrorReason::StudentLeft),
        BatchRefusal::NumberTaken => (
            ("该卡号已有登记", "请与卡厂核对，一个卡号只能给一名学生"),
            (
                "the card number is on record already",
                "ask the factory; no number is given twice",
            ),
        ),
        BatchRefusal::UidTaken => return reason(ErrorReason::UidTaken),
        BatchRefusal::StudentHasCard => return reason(ErrorReason::StudentHasCard),
        BatchRefusal::Order(OrderRefusal::AlreadyRequested) => (
            ("该学生已上报制卡，尚未领卡", "请勿重复上报"),
            (
                "a card for the student is requested already and not collected yet",
                "leave the student out",
            ),
        ),
        BatchRefusal::Order(OrderRefusal::HoldsCard) => (
            (
                "该学生已持有卡",
                "卡丢失或损坏时，请先挂失或登记坏卡，再按补制上报",
            ),
            (
                "the student holds a card already",
                "if it is lost or damaged, register that first and report it as a reissue",
            ),
        ),
        BatchRefusal::Order(OrderRefusal::NeedsReissue) => (
            ("该学生的卡已挂失、坏卡或换卡，属于补制", "请按补制上报"),
            (
                "the student's card is lost, damaged or was exchanged: this is a reissue",
                "report it as a reissue",
            ),
        ),
        BatchRefusal::Order(OrderRefusal::NothingToReplace) => (
            (
                "该学生没有挂失或坏卡登记",
                "请先挂失或登记坏卡；从未制卡的请按新制上报",
            ),
            (
                "no loss or damage is registered for the student",
                "register it first; who never had a card is reported as new",
            ),
        ),
        BatchRefusal::NameDiffers => (
            ("该学籍号登记的姓名不同", "请核对学籍号与姓名"),
            (
                "the student number is on record with another name",
                "check number and name",
            ),
        ),
        BatchRefusal::OtherSchool => (
            ("该学生登记在另一学校", "请核对学籍，转学的请先办理转学"),
            (
                "the student is on record at another school",
                "check the roll; register a move first",
            ),
        ),
        BatchRefusal::NoRequest => (
            ("该学生没有对应的制卡申请", "请核对批次与学籍号"),
            (
                "there is no request for a card of this student",
                "check the batch and the student number",
            ),
        ),
        BatchRefusal::NotNow => (
            ("该学生的制卡申请当前状态不允许此操作", "请查看批次状态"),
            (
                "the student's request is not where this could happen to it",
                "look at the batch",
            ),
        ),
    };
    match language {
        Language::Chinese => chinese,
        Language::English => english,
    }
}

/// A batch.
pub(crate) fn making_batch(batch: &Batch) -> v1::MakingBatch {
    let counts = batch.states.iter().map(|(state, count)| v1::MakingCount {
        state: making_state(*state).into(),
        count: *count,
    });
    let marks = &batch.marks;
    v1::MakingBatch {
        batch: batch.id.0,
        side: match batch.side {
            BatchSide::Made => v1::BatchSide::Made,
            BatchSide::Taken => v1::BatchSide::Taken,
        }
        .into(),
        menu: match batch.kind {
            RequestKind::New => v1::MakingMenu::New,
            RequestKind::Reissue => v1::MakingMenu::Reissue,
        }
        .into(),
        district_code: marks.district.map(|it| it.to_string()).unwrap_or_default(),
        school_code: marks
            .school
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        year: marks.year.unwrap_or_default().into(),
        file_number: marks.file_number.unwrap_or_default(),
        counts: counts.collect(),
        spoilt: batch.n_spoilt,
        fee_due_fen: batch.fee_due_fen,
        open_time: Some(timestamp(batch.open_time)),
    }
}

/// A student of a batch.
pub(crate) fn making_request(request: &CardRequest) -> v1::MakingRequest {
    let class_name = request.student.class_name.as_ref();
    v1::MakingRequest {
        request: request.id.0,
        student_number: request.student.number.reveal().to_owned(),
        name: request.student.name.reveal().to_owned(),
        class_name: class_name.map_or_else(String::new, |class| class.reveal().to_owned()),
        state: making_state(request.state).into(),
        card_number: card_number(request.card),
        fee_fen: request.fee.map_or(0, |fee| fee.amount_fen),
    }
}

fn making_state(state: RequestState) -> v1::MakingState {
    match state {
        RequestState::Requested => v1::MakingState::Requested,
        RequestState::Confirmed => v1::MakingState::Confirmed,
        RequestState::InProduction => v1::MakingState::InProduction,
        RequestState::Delivered => v1::MakingState::Delivered,
        RequestState::Collected => v1::MakingState::Collected,
        RequestState::Withdrawn => v1::MakingState::Withdrawn,
        RequestState::Rejected => v1::MakingState::Rejected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_has_words_of_its_own_in_both_languages() {
        let mut seen = std::collections::HashSet::new();
        for refusal in BatchRefusal::ALL {
            for language in [Language::Chinese, Language::English] {
                let (what, _) = refusal_words(refusal, language);
                assert!(seen.insert(what), "{refusal:?}: {what}");
            }
        }
    }
}
