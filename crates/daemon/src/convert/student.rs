//! Students and rolls, as the protocol says them.

use std::collections::BTreeMap;

use xueka_api::v1::{self, ErrorReason, roll_place};
use xueka_desk::{RollFault, RollProblem, TakenRoll};
use xueka_domain::{Cohort, Enrolment, HoldingState, Language, Sex};
use xueka_files::{
    ColumnName as _, Delimiter, Finding, ListFormat, Place, Roll, RollColumn, RollLayout,
    RowVerdict, TextEncoding,
};
use xueka_registry::{MoveRefusal, MoveTo, RollRefusal, StudentFilter, StudentOnRecord};

use super::{
    card::{parse_date, student},
    date_text, known, optional,
};
use crate::{reasons, status::ServiceError};

/// A student on record in the words of the protocol.
pub(crate) fn student_record(found: &StudentOnRecord) -> v1::StudentRecord {
    let entry = &found.entry;
    let school = entry.school.as_ref();
    v1::StudentRecord {
        student: Some(student(&entry.student)),
        sex: match entry.sex {
            None => v1::Sex::Unspecified,
            Some(Sex::Male) => v1::Sex::Male,
            Some(Sex::Female) => v1::Sex::Female,
        }
        .into(),
        school_code: school.map(|code| code.as_str().into()).unwrap_or_default(),
        cohort: entry.cohort.map(|c| c.year().into()).unwrap_or_default(),
        enrolment: match entry.enrolment {
            Enrolment::Enrolled => v1::Enrolment::Enrolled,
            Enrolment::OnLeave => v1::Enrolment::OnLeave,
            Enrolment::Left => v1::Enrolment::Left,
        }
        .into(),
        enrolment_since: date_text(entry.enrolment_since),
        holding: match found.holding {
            HoldingState::NoCard => v1::HoldingState::NoCard,
            HoldingState::InProduction => v1::HoldingState::InProduction,
            HoldingState::Holding => v1::HoldingState::Holding,
            HoldingState::AwaitingReplacement => v1::HoldingState::AwaitingReplacement,
            HoldingState::Left => v1::HoldingState::Left,
        }
        .into(),
        version: found.version,
    }
}

/// Which students are meant.
pub(crate) fn conditions(asked: &v1::StudentConditions) -> Result<StudentFilter, ServiceError> {
    macro_rules! parsed_if_given {
        ($field:ident) => {
            optional(&asked.$field)
                .map(str::parse)
                .transpose()
                .map_err(|e| ServiceError::argument(concat!("conditions.", stringify!($field)), e))
        };
    }
    Ok(StudentFilter {
        number: parsed_if_given!(student_number)?,
        name: parsed_if_given!(name)?,
        school: parsed_if_given!(school_code)?,
        cohort: cohort("conditions.cohort", asked.cohort)?,
        class_name: parsed_if_given!(class_name)?,
        with_left: asked.with_left,
    })
}

fn cohort(field: &'static str, year: u32) -> Result<Option<Cohort>, ServiceError> {
    if year == 0 {
        return Ok(None);
    }
    // A year beyond all sixteen bits is no cohort either.
    let year = u16::try_from(year).unwrap_or(u16::MAX);
    let cohort = Cohort::try_from(year).map_err(|e| ServiceError::argument(field, e))?;
    Ok(Some(cohort))
}

/// Where students move.
pub(crate) fn move_to(to: Option<v1::move_students_request::To>) -> Result<MoveTo, ServiceError> {
    use v1::move_students_request::To;
    let since = |field, change: &v1::EnrolmentChange| {
        let day = optional(&change.since).map(parse_date).transpose();
        day.map_err(|()| ServiceError::argument(field, "a date is written YYYY-MM-DD"))
    };
    match to {
        Some(To::Place(place)) => move_to_place(&place),
        Some(To::Away(change)) => Ok(MoveTo::Away {
            since: since("away.since", &change)?,
        }),
        Some(To::Back(change)) => Ok(MoveTo::Back {
            since: since("back.since", &change)?,
        }),
        None => Err(ServiceError::argument("to", "say where they move")),
    }
}

fn move_to_place(place: &v1::StudentPlace) -> Result<MoveTo, ServiceError> {
    if *place == v1::StudentPlace::default() {
        let problem = "give a school, a cohort or a class";
        return Err(ServiceError::argument("place", problem));
    }
    let school = optional(&place.school_code).map(str::parse).transpose();
    let class_name = optional(&place.class_name).map(str::parse).transpose();
    Ok(MoveTo::Place {
        school: school.map_err(|e| ServiceError::argument("place.school_code", e))?,
        cohort: cohort("place.cohort", place.cohort)?,
        class_name: class_name.map_err(|e| ServiceError::argument("place.class_name", e))?,
    })
}

/// A student who cannot move, in words, with what is possible now.
pub(crate) fn refused_move(
    student_number: String,
    refusal: MoveRefusal,
    language: Language,
) -> v1::RefusedMove {
    let (reason, allowed) = match refusal {
        MoveRefusal::UnknownStudent => (ErrorReason::StudentNotFound, None),
        MoveRefusal::StudentLeft => (ErrorReason::StudentLeft, Some(v1::StudentMove::Back)),
    };
    v1::RefusedMove {
        student_number,
        reason: refusal.code().into(),
        message: reasons::row(reason).text(language).into(),
        allowed: allowed.into_iter().map(Into::into).collect(),
    }
}

/// How a file looks: as the configuration has it, but for what is asked.
pub(crate) fn roll_layout(
    configured: &RollLayout,
    asked: Option<v1::RollLayout>,
) -> Result<RollLayout, ServiceError> {
    let mut layout = configured.clone();
    let Some(asked) = asked else {
        return Ok(layout);
    };
    if let Some(row) = asked.header_row {
        layout.header_row = row.into();
    }
    layout.columns.extend(places(&asked.places)?);
    layout.delimiter = match known("layout.delimiter", asked.delimiter)? {
        v1::Delimiter::Unspecified => layout.delimiter,
        v1::Delimiter::Comma => Some(Delimiter::Comma),
        v1::Delimiter::Tab => Some(Delimiter::Tab),
        v1::Delimiter::Semicolon => Some(Delimiter::Semicolon),
    };
    layout.encoding = match known("layout.encoding", asked.encoding)? {
        v1::TextEncoding::Unspecified => layout.encoding,
        v1::TextEncoding::Utf8 => Some(TextEncoding::Utf8),
        v1::TextEncoding::Gb18030 => Some(TextEncoding::Gb18030),
        v1::TextEncoding::Utf16 => Some(TextEncoding::Utf16),
    };
    layout.sheet = optional(&asked.sheet).map(Into::into).or(layout.sheet);
    Ok(layout)
}

fn places(asked: &[v1::RollPlace]) -> Result<BTreeMap<RollColumn, Place>, ServiceError> {
    let field = "layout.places";
    let mut places = BTreeMap::new();
    for asked in asked {
        let column = match known(field, asked.column)? {
            v1::RollColumn::Unspecified => None,
            v1::RollColumn::StudentNumber => Some(RollColumn::StudentNumber),
            v1::RollColumn::Name => Some(RollColumn::Name),
            v1::RollColumn::Sex => Some(RollColumn::Sex),
            v1::RollColumn::SchoolCode => Some(RollColumn::SchoolCode),
            v1::RollColumn::Cohort => Some(RollColumn::Cohort),
            v1::RollColumn::ClassName => Some(RollColumn::ClassName),
            v1::RollColumn::State => Some(RollColumn::State),
            v1::RollColumn::StateSince => Some(RollColumn::StateSince),
        };
        let column = column.ok_or_else(|| ServiceError::argument(field, "say which column"))?;
        let place = match &asked.place {
            Some(roll_place::Place::Number(number @ 1..)) => {
                Place::Number(usize::try_from(*number).unwrap_or(usize::MAX))
            }
            Some(roll_place::Place::Heading(heading)) if !heading.trim().is_empty() => {
                Place::Heading(heading.clone())
            }
            _ => {
                let problem = "a place counts from 1, or a heading";
                return Err(ServiceError::argument(field, problem));
            }
        };
        if places.insert(column, place).is_some() {
            return Err(ServiceError::argument(field, "a column is given twice"));
        }
    }
    Ok(places)
}

/// In what form a list is wanted; `None` when none is given.
pub(crate) fn list_format(
    field: &'static str,
    asked: i32,
) -> Result<Option<ListFormat>, ServiceError> {
    Ok(match known(field, asked)? {
        v1::ListFormat::Unspecified => None,
        v1::ListFormat::CsvUtf8 => Some(ListFormat::CsvUtf8),
        v1::ListFormat::CsvGb18030 => Some(ListFormat::CsvGb18030),
        v1::ListFormat::Xlsx => Some(ListFormat::Xlsx),
    })
}

/// What was seen of a roll's file.
pub(crate) fn seen_roll(roll: &Roll) -> v1::SeenRoll {
    let encoding = match roll.text {
        None => v1::TextEncoding::Unspecified,
        Some((TextEncoding::Utf8, _)) => v1::TextEncoding::Utf8,
        Some((TextEncoding::Gb18030, _)) => v1::TextEncoding::Gb18030,
        Some((TextEncoding::Utf16, _)) => v1::TextEncoding::Utf16,
    };
    let delimiter = match roll.text {
        None => v1::Delimiter::Unspecified,
        Some((_, Delimiter::Comma)) => v1::Delimiter::Comma,
        Some((_, Delimiter::Tab)) => v1::Delimiter::Tab,
        Some((_, Delimiter::Semicolon)) => v1::Delimiter::Semicolon,
    };
    let ignored = roll.ignored_columns.iter();
    v1::SeenRoll {
        rows: u64::try_from(roll.n_rows).unwrap_or(u64::MAX),
        encoding: encoding.into(),
        delimiter: delimiter.into(),
        ignored_columns: ignored
            .map(|&at| u32::try_from(at).unwrap_or(u32::MAX))
            .collect(),
    }
}

/// Something wrong with a row, in the words of the protocol.
pub(crate) fn refused_roll_row(fault: &RollFault, language: Language) -> v1::RefusedRollRow {
    let finding = finding(fault, language);
    v1::RefusedRollRow {
        row: fault.row,
        column: fault
            .column
            .map_or(v1::RollColumn::Unspecified, roll_column)
            .into(),
        reason: finding.code.into(),
        message: finding.what.into_owned(),
        remedy: finding.remedy.into_owned(),
    }
}

/// What became of each row, in the order of the file.
pub(crate) fn roll_verdicts(taken: &TakenRoll, language: Language) -> Vec<RowVerdict> {
    let good = taken.good.iter().map(|&row| RowVerdict {
        row,
        accepted: true,
        findings: Vec::new(),
    });
    let by_row = taken.faults.chunk_by(|one, next| one.row == next.row);
    let refused = by_row.filter_map(|faults| {
        Some(RowVerdict {
            row: faults.first()?.row,
            accepted: false,
            findings: faults.iter().map(|f| finding(f, language)).collect(),
        })
    });
    let mut verdicts: Vec<_> = good.chain(refused).collect();
    verdicts.sort_by_key(|verdict| verdict.row);
    verdicts
}

/// The totals of an import.
pub(crate) fn import_totals(taken: &TakenRoll) -> v1::ImportTotals {
    let outcome = &taken.outcome;
    v1::ImportTotals {
        received: taken.n_rows,
        added: outcome.added,
        changed: outcome.changed,
        unchanged: outcome.unchanged,
        refused: taken.n_refused(),
        taken: outcome.taken,
        data_version: outcome.version,
    }
}

fn finding(fault: &RollFault, language: Language) -> Finding {
    let (code, what, remedy) = match fault.problem {
        RollProblem::InFile(problem) => {
            let (what, remedy) = (problem.what(language), problem.remedy(language));
            (problem.code(), what.into(), remedy.into())
        }
        RollProblem::OnRecord(refusal) => {
            let (what, remedy) = refusal_words(refusal, language);
            (refusal.code(), what.into(), remedy.into())
        }
    };
    Finding {
        column: fault
            .column
            .map_or("", |column| column.name(language))
            .into(),
        code,
        what,
        remedy,
    }
}

/// What is the matter, and what to do.
fn refusal_words(refusal: RollRefusal, language: Language) -> (&'static str, &'static str) {
    let (chinese, english) = match refusal {
        RollRefusal::Contradicts => (
            ("前面的行对该学生的记载不同", "请只保留一行"),
            (
                "an earlier row says something else of this student",
                "keep one of the rows",
            ),
        ),
        RollRefusal::NameDiffers => (
            (
                "该学籍号登记的姓名不同",
                "请核对学籍号；确需更正姓名时，请选择更正姓名后再导入",
            ),
            (
                "the student number is on record with another name",
                "check the number; if the name on record is wrong, import with names corrected",
            ),
        ),
        RollRefusal::StudentLeft => (
            ("该学生已离校", "请先办理返校"),
            (
                "the student has left the school",
                "register the return first",
            ),
        ),
    };
    match language {
        Language::Chinese => chinese,
        Language::English => english,
    }
}

fn roll_column(column: RollColumn) -> v1::RollColumn {
    match column {
        RollColumn::StudentNumber => v1::RollColumn::StudentNumber,
        RollColumn::Name => v1::RollColumn::Name,
        RollColumn::Sex => v1::RollColumn::Sex,
        RollColumn::SchoolCode => v1::RollColumn::SchoolCode,
        RollColumn::Cohort => v1::RollColumn::Cohort,
        RollColumn::ClassName => v1::RollColumn::ClassName,
        RollColumn::State => v1::RollColumn::State,
        RollColumn::StateSince => v1::RollColumn::StateSince,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(column: v1::RollColumn, place: roll_place::Place) -> v1::RollPlace {
        v1::RollPlace {
            column: column.into(),
            place: Some(place),
        }
    }

    #[test]
    fn what_is_asked_goes_before_what_is_configured() {
        let configured: RollLayout = RollLayout {
            header_row: 3,
            columns: BTreeMap::from([
                (RollColumn::Name, Place::Number(2)),
                (RollColumn::Sex, Place::Number(4)),
            ]),
            sheet: Some("2024".into()),
            ..RollLayout::default()
        };
        assert_eq!(roll_layout(&configured, None).unwrap(), configured);

        let asked = v1::RollLayout {
            header_row: Some(0),
            places: vec![
                place(
                    v1::RollColumn::Name,
                    roll_place::Place::Heading("学生".into()),
                ),
                place(v1::RollColumn::StudentNumber, roll_place::Place::Number(1)),
            ],
            delimiter: v1::Delimiter::Tab.into(),
            encoding: v1::TextEncoding::Gb18030.into(),
            sheet: String::new(),
        };
        let expected = RollLayout {
            header_row: 0,
            columns: BTreeMap::from([
                (RollColumn::StudentNumber, Place::Number(1)),
                (RollColumn::Name, Place::Heading("学生".into())),
                (RollColumn::Sex, Place::Number(4)),
            ]),
            delimiter: Some(Delimiter::Tab),
            encoding: Some(TextEncoding::Gb18030),
            sheet: Some("2024".into()),
        };
        assert_eq!(roll_layout(&configured, Some(asked)).unwrap(), expected);
    }

    #[test]
    fn a_place_that_is_none_is_refused() {
        use v1::RollColumn::{Name, Unspecified};
        let heading = |text: &str| roll_place::Place::Heading(text.into());
        let two = vec![place(Name, heading("a")), place(Name, heading("b"))];
        let cases = [
            (vec![place(Unspecified, heading("a"))], "no column"),
            (vec![place(Name, heading(" "))], "no heading"),
            (
                vec![place(Name, roll_place::Place::Number(0))],
                "counts from 1",
            ),
            (two, "one column in two places"),
        ];
        for (places, why) in cases {
            let asked = v1::RollLayout {
                places,
                ..v1::RollLayout::default()
            };
            let refused = roll_layout(&RollLayout::default(), Some(asked)).unwrap_err();
            let is_argument =
                matches!(refused, ServiceError::Argument { field, .. } if field == "layout.places");
            assert!(is_argument, "{why}: {refused}");
        }
    }

    #[test]
    fn a_move_needs_somewhere_to_go() {
        use v1::move_students_request::To;
        let nowhere = To::Place(v1::StudentPlace::default());
        let never = To::Away(v1::EnrolmentChange {
            since: "yesterday".into(),
        });
        for to in [None, Some(nowhere), Some(never)] {
            assert!(move_to(to.clone()).is_err(), "{to:?}");
        }
        let since = "2026-09-01".to_owned();
        let back = move_to(Some(To::Back(v1::EnrolmentChange { since })));
        let since = Some(jiff::civil::date(2026, 9, 1));
        assert_eq!(back.unwrap(), MoveTo::Back { since });
    }

    #[test]
    fn a_wrong_condition_is_named_without_its_content() {
        type Spoil = fn(&mut v1::StudentConditions);
        let cases: [(Spoil, &str); 4] = [
            (
                |c| c.student_number = "学9".into(),
                "conditions.student_number",
            ),
            (|c| c.name = "甲\n".into(), "conditions.name"),
            (|c| c.school_code = "一中".into(), "conditions.school_code"),
            (|c| c.cohort = 66_000, "conditions.cohort"),
        ];
        for (spoil, expected) in cases {
            let mut asked = v1::StudentConditions::default();
            spoil(&mut asked);
            let ServiceError::Argument { field, problem } = conditions(&asked).unwrap_err() else {
                panic!("{expected} is an argument");
            };
            assert_eq!(field, expected);
            assert!(!problem.contains(['学', '甲', '一']), "{problem}");
        }
        let any = conditions(&v1::StudentConditions::default()).unwrap();
        assert_eq!(any, StudentFilter::default());
    }
}
