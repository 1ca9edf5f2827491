//! `student show`, `find`, `move`, `leave` and `return`; rolls have a file of
//! their own.

use xueka_api::v1::{
    EnrolmentChange, GetStudentRequest, GetStudentResponse, MoveStudentsRequest,
    MoveStudentsResponse, SearchStudentsRequest, SearchStudentsResponse, StudentConditions,
    StudentPlace, StudentRecord, move_students_request::To,
    student_service_client::StudentServiceClient,
};

use super::{Dial, request_id, roll};
use crate::{
    args::{
        ConditionArgs, EnrolmentArgs, FindStudentsArgs, MoveArgs, RequestIdArgs, StudentCommand,
    },
    connection::Connection,
    describe,
    exit::Exit,
    failure::Failure,
    layout::{self, Fields},
    output::Output,
    protocol_words, shapes,
    words::Word,
};

/// Does what was typed.
pub(super) async fn run(
    dial: &Dial,
    output: &mut Output,
    command: StudentCommand,
) -> Result<Exit, Failure> {
    match command {
        StudentCommand::Import(args) => roll::import(dial, output, args).await,
        StudentCommand::Export(args) => roll::export(&dial.connect().await?, output, args).await,
        StudentCommand::Show { student } => show(&dial.connect().await?, output, student).await,
        StudentCommand::Find(args) => find(&dial.connect().await?, output, args).await,
        StudentCommand::Move(args) => {
            let (to, rest) = to_place(args);
            move_all(&dial.connect().await?, output, to, rest).await
        }
        StudentCommand::Leave(args) => {
            let to = To::Away(since(&args));
            move_all(&dial.connect().await?, output, to, args).await
        }
        StudentCommand::Return(args) => {
            let to = To::Back(since(&args));
            move_all(&dial.connect().await?, output, to, args).await
        }
    }
}

/// Which students are meant, as the protocol says it.
pub(super) fn conditions(args: ConditionArgs) -> StudentConditions {
    StudentConditions {
        student_number: args.number.unwrap_or_default(),
        name: args.name.unwrap_or_default(),
        school_code: args.school.unwrap_or_default(),
        cohort: args.cohort.unwrap_or_default(),
        class_name: args.class.unwrap_or_default(),
        with_left: args.with_left,
    }
}

async fn show(
    connection: &Connection,
    output: &mut Output,
    student_number: String,
) -> Result<Exit, Failure> {
    let answer = StudentServiceClient::new(connection.channel.clone())
        .get_student(connection.request(GetStudentRequest { student_number }))
        .await
        .map_err(|status| connection.failure(status))?
        .into_inner();
    output.answer(&shapes::student_file(&answer), |output| {
        file_text(&answer, output)
    })?;
    Ok(Exit::Good)
}

/// One page, or all of them one after the other.
async fn find(
    connection: &Connection,
    output: &mut Output,
    args: FindStudentsArgs,
) -> Result<Exit, Failure> {
    let mut conditions = conditions(args.conditions);
    // A card in hand may be that of somebody who left.
    conditions.with_left |= args.card.is_some();
    let mut request = SearchStudentsRequest {
        conditions: Some(conditions),
        printed: args
            .card
            .map_or_else(String::new, |card| card.reveal().to_owned()),
        page_size: args.list.page_size,
        page_token: args.list.page_token.unwrap_or_default(),
    };
    let mut is_first = true;
    loop {
        let answer = StudentServiceClient::new(connection.channel.clone())
            .search_students(connection.request(request.clone()))
            .await
            .map_err(|status| connection.failure(status))?
            .into_inner();
        if args.list.all && output.is_json() {
            for student in &answer.students {
                output.answer(&shapes::student_record(student), |_| String::new())?;
            }
        } else if is_first || !answer.students.is_empty() {
            output.answer(&shapes::found_students(&answer), |output| {
                page_text(&answer, args.list.all, output)
            })?;
        }
        let is_found = !is_first || !answer.students.is_empty();
        if !args.list.all || answer.next_page_token.is_empty() || output.is_closed() {
            return Ok(if is_found { Exit::Good } else { Exit::Refused });
        }
        is_first = false;
        request.page_token = answer.next_page_token;
    }
}

/// Where students move, and who.
fn to_place(args: MoveArgs) -> (To, EnrolmentArgs) {
    let place = StudentPlace {
        school_code: args.school.unwrap_or_default(),
        cohort: args.cohort.unwrap_or_default(),
        class_name: args.class.unwrap_or_default(),
    };
    let who = EnrolmentArgs {
        students: args.students,
        since: None,
        dry_run: args.dry_run,
        request: args.request,
    };
    (To::Place(place), who)
}

fn since(args: &EnrolmentArgs) -> EnrolmentChange {
    EnrolmentChange {
        since: args.since.map(|day| day.to_string()).unwrap_or_default(),
    }
}

async fn move_all(
    connection: &Connection,
    output: &mut Output,
    to: To,
    args: EnrolmentArgs,
) -> Result<Exit, Failure> {
    let EnrolmentArgs {
        students,
        dry_run,
        request,
        ..
    } = args;
    let answer = send(connection, to, students, dry_run, request).await?;
    output.answer(&shapes::moved_students(&answer, dry_run), |output| {
        moved_text(&answer, dry_run, output)
    })?;
    Ok(if answer.refused.is_empty() {
        Exit::Good
    } else {
        Exit::Refused
    })
}

async fn send(
    connection: &Connection,
    to: To,
    student_numbers: Vec<String>,
    dry_run: bool,
    request: RequestIdArgs,
) -> Result<MoveStudentsResponse, Failure> {
    let request_id = request_id(request)?;
    let request = MoveStudentsRequest {
        request_id: request_id.clone(),
        student_numbers,
        to: Some(to),
        dry_run,
    };
    let answer = StudentServiceClient::new(connection.channel.clone())
        .move_students(connection.request(request))
        .await
        .map_err(|status| connection.failure(status).of_request(&request_id))?;
    Ok(answer.into_inner())
}

fn moved_text(answer: &MoveStudentsResponse, is_dry_run: bool, output: &Output) -> String {
    let mut parts = Vec::new();
    let rows = answer.refused.iter();
    let rows = rows.map(|refused| vec![refused.student_number.clone(), refused.message.clone()]);
    if !answer.refused.is_empty() {
        parts.push(layout::columns(rows.collect()));
    }
    let (moved, unchanged) = (answer.moved.to_string(), answer.unchanged.to_string());
    let counts = [("moved", moved.as_str()), ("unchanged", unchanged.as_str())];
    parts.push(if !answer.refused.is_empty() {
        output.word(Word::MoveStopped).to_owned()
    } else if is_dry_run {
        output.with(Word::MoveChecked, &counts)
    } else {
        output.with(Word::MoveDone, &counts)
    });
    parts.join("\n")
}

fn file_text(answer: &GetStudentResponse, output: &Output) -> String {
    let mut parts = Vec::new();
    if let Some(record) = &answer.student {
        parts.push(record_text(record, output));
    }
    parts.extend(answer.cards.iter().map(|card| describe::card(card, output)));
    parts.join("\n\n")
}

fn record_text(record: &StudentRecord, output: &Output) -> String {
    let student = record.student.clone().unwrap_or_default();
    let word = |word: Word| output.word(word);
    let mut fields = Fields::default();
    fields
        .add(word(Word::StudentNumber), student.student_number)
        .add(word(Word::Name), student.name)
        .add(word(Word::Sex), word(protocol_words::sex(record.sex())))
        .add(word(Word::School), record.school_code.as_str())
        .add(word(Word::Cohort), cohort(record))
        .add(word(Word::ClassName), student.class_name)
        .add(
            word(Word::Enrolment),
            word(protocol_words::enrolment(record.enrolment())),
        )
        .add(word(Word::Since), record.enrolment_since.as_str())
        .add(
            word(Word::HasCard),
            word(protocol_words::holding(record.holding())),
        )
        .add(word(Word::Version), record.version.to_string());
    fields.to_text()
}

fn cohort(record: &StudentRecord) -> String {
    match record.cohort {
        0 => String::new(),
        year => year.to_string(),
    }
}

fn page_text(answer: &SearchStudentsResponse, is_one_of_all: bool, output: &Output) -> String {
    if answer.students.is_empty() {
        return output.word(Word::NoStudents).to_owned();
    }
    let heading = [
        Word::StudentNumber,
        Word::Name,
        Word::School,
        Word::Cohort,
        Word::ClassName,
        Word::Enrolment,
        Word::HasCard,
    ];
    let heading = heading.map(|word| output.word(word).to_owned()).to_vec();
    let rows = answer.students.iter().map(|record| {
        let student = record.student.clone().unwrap_or_default();
        let enrolment = protocol_words::enrolment(record.enrolment());
        let holding = protocol_words::holding(record.holding());
        vec![
            student.student_number,
            student.name,
            record.school_code.clone(),
            cohort(record),
            student.class_name,
            output.word(enrolment).to_owned(),
            output.word(holding).to_owned(),
        ]
    });
    let mut text = layout::columns(std::iter::once(heading).chain(rows).collect());
    if answer.more_cards {
        text.push('\n');
        text.push_str(output.word(Word::MoreCards));
    }
    if !is_one_of_all && !answer.next_page_token.is_empty() {
        let values = [("token", answer.next_page_token.as_str())];
        text.push('\n');
        text.push_str(&output.with(Word::NextPage, &values));
    }
    text
}
