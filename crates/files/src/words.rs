//! What is wrong with a file, and what to do about it, in both languages.
//!
//! One table for the command line, the desk and the files of verdicts.

use xueka_domain::Language::{self, Chinese, English};

use crate::{FileError, RowError, RowProblem};

/// A column of some kind of file.
pub trait ColumnName: Copy + Eq + std::fmt::Debug + 'static {
    /// Every column of that kind of file.
    const ALL: &'static [Self];

    /// The heading in Chinese, the name of the field in English.
    fn name(self, language: Language) -> &'static str;

    /// The column as it is called when it is missing.
    fn name_when_missing(self, language: Language) -> &'static str {
        self.name(language)
    }
}

impl<C: ColumnName> FileError<C> {
    /// What is wrong and what to do, as one sentence.
    #[must_use]
    pub fn told(&self, language: Language) -> String {
        let (chinese, english) = self.in_both();
        match language {
            Chinese => chinese,
            English => english,
        }
    }

    #[allow(
        clippy::too_many_lines,
        reason = "it is a table: a row per error, its words in two languages side by side"
    )]
    fn in_both(&self) -> (String, String) {
        let fixed = |chinese: &str, english: &str| (chinese.to_owned(), english.to_owned());
        match *self {
            Self::TooLarge { limit } => {
                let size = size(limit as u64);
                (
                    format!("文件超过 {size}，请分成几个"),
                    format!("the file has more than {size}; split it"),
                )
            }
            Self::NotText => fixed(
                "文件不是 UTF-8 或 GB18030 文本，请另存为 CSV UTF-8",
                "the file is not text in UTF-8 or GB18030; save it as CSV UTF-8",
            ),
            Self::WrongEncoding { expected } => {
                let name = expected.name();
                (
                    format!("文件的编码不是 {name}，请按 {name} 重新生成"),
                    format!("the file is not in {name}; make it anew in {name}"),
                )
            }
            Self::AmbiguousEncoding => fixed(
                "无法判断文件的编码是 UTF-8 还是 GB18030，请在版式里加上含汉字的首行",
                "the file could be UTF-8 or GB18030; give the layout a header with Chinese words",
            ),
            Self::OldWorkbook => fixed(
                "文件是旧式或加密的工作簿，请另存为不加密的 XLSX",
                "the workbook is of the old kind or has a password; save it as XLSX without one",
            ),
            Self::BrokenWorkbook => fixed(
                "工作簿无法读取，请用电子表格打开后另存为 XLSX",
                "the workbook cannot be read; open it in a spreadsheet and save it as XLSX",
            ),
            Self::UnpacksTooLarge { limit } => {
                let size = size(limit);
                (
                    format!("工作簿解压后超过 {size}，请分成几个"),
                    format!("the workbook unpacks to more than {size}; split it"),
                )
            }
            Self::NoSheet => fixed(
                "工作簿里没有所要的工作表，请检查配置或工作表名",
                "the workbook has not the sheet that is asked for; check its name",
            ),
            Self::Empty => fixed(
                "第 1 行是空的，应当是列名",
                "row 1 is empty; it must name the columns",
            ),
            Self::TooManyColumns { limit } => (
                format!("超过 {limit} 列，请删去无关的列"),
                format!("more than {limit} columns; remove those that do not belong here"),
            ),
            Self::UnknownColumn { position } => (
                format!(
                    "第 1 行第 {position} 列的列名不认识，请改名或删去该列；认识的列名：{}。如果所有列名都像是错的，请另存为 CSV UTF-8",
                    all_names::<C>(Chinese)
                ),
                format!(
                    "row 1: column {position} has an unknown heading; rename or remove it. Known are: {}. If all look wrong, save the file as CSV UTF-8",
                    all_names::<C>(English)
                ),
            ),
            Self::DuplicateColumn { position, column } => (
                format!(
                    "第 {position} 列重复了“{}”，请删去一个",
                    column.name(Chinese)
                ),
                format!(
                    "column {position} repeats {}; remove one of them",
                    column.name(English)
                ),
            ),
            Self::MissingColumn { column } => (
                format!(
                    "第 1 行缺少“{}”列，请补上",
                    column.name_when_missing(Chinese)
                ),
                format!(
                    "row 1: the column {} is missing; add it",
                    column.name_when_missing(English)
                ),
            ),
            Self::TooManyRows { limit } => {
                let limit = grouped(limit as u64);
                (
                    format!("名单超过 {limit} 行，请分成几个"),
                    format!("the list has more than {limit} rows; split it"),
                )
            }
            Self::RowTooLong { row, limit } => {
                let size = size(limit as u64);
                (
                    format!("第 {row} 行超过 {size}；可能少了一个引号"),
                    format!("row {row} has more than {size}; a closing quote may be missing"),
                )
            }
            Self::WrongLayout => fixed(
                "第 1 行不是这种文件的首行，请检查是否选错了文件或版式",
                "line 1 is not the header of this kind of file; check the file and the layout",
            ),
            Self::Truncated => fixed(
                "缺少末行，文件可能不完整，请重新生成或重新传送",
                "the last line is missing, so the end may be too; make or send the file anew",
            ),
            Self::Disagreement { mark } => (
                format!("首行与末行的“{}”不一致，请重新生成文件", mark.name(Chinese)),
                format!(
                    "header and trailer disagree on the {}; make the file anew",
                    mark.name(English)
                ),
            ),
            Self::CountMismatch { said, found } => (
                format!("文件写明 {said} 行，实有 {found} 行，请重新生成或重新传送"),
                format!("the file says {said} rows and has {found}; make or send it anew"),
            ),
        }
    }
}

fn all_names<C: ColumnName>(language: Language) -> String {
    let names: Vec<_> = C::ALL.iter().map(|column| column.name(language)).collect();
    names.join(match language {
        Chinese => "、",
        English => ", ",
    })
}

/// A number of bytes: `160 MiB`, `256 KiB`, `100 B`.
fn size(n_bytes: u64) -> String {
    const KIB: u64 = 1 << 10;
    const MIB: u64 = 1 << 20;
    match n_bytes {
        n if n >= MIB && n % MIB == 0 => format!("{} MiB", n / MIB),
        n if n >= KIB && n % KIB == 0 => format!("{} KiB", n / KIB),
        n => format!("{n} B"),
    }
}

/// A number with its thousands parted: `1,000,000`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

impl<C: ColumnName> RowError<C> {
    /// Where, what is wrong and what to do, as one sentence.
    #[must_use]
    pub fn told(&self, language: Language) -> String {
        let row = self.row;
        let problem = self.problem.told(language);
        match (language, self.column.map(|column| column.name(language))) {
            (Chinese, Some(column)) => format!("第 {row} 行“{column}”列：{problem}"),
            (Chinese, None) => format!("第 {row} 行：{problem}"),
            (English, Some(column)) => format!("row {row}, column {column}: {problem}"),
            (English, None) => format!("row {row}: {problem}"),
        }
    }
}

impl RowProblem {
    /// What is wrong.
    #[must_use]
    pub fn what(self, language: Language) -> String {
        self.in_both().0.in_language(language)
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(self, language: Language) -> String {
        self.in_both().1.in_language(language)
    }

    /// What is wrong and what to do, as one sentence.
    #[must_use]
    pub fn told(self, language: Language) -> String {
        let (what, remedy) = self.in_both();
        let stop = match language {
            Chinese => "，",
            English => "; ",
        };
        [what, remedy]
            .map(|part| part.in_language(language))
            .join(stop)
    }

    /// What is wrong, and what to do, each in Chinese and English.
    #[allow(
        clippy::too_many_lines,
        reason = "it is a table: a row per problem, its words in two languages side by side"
    )]
    fn in_both(self) -> (Words, Words) {
        const RETYPE: Words = Words::fixed("请重新输入", "retype the cell");
        const QUOTE: Words = Words::fixed("可能少了一个引号", "a closing quote may be missing");
        const FILE: Words = Words::fixed("请重新生成文件", "make the file anew");
        match self {
            Self::CellCount { found, expected } => (
                Words::of(
                    format!("有 {found} 格，应为 {expected} 格"),
                    format!("{found} cells instead of {expected}"),
                ),
                Words::fixed("多了或少了分隔符", "a delimiter is missing or too many"),
            ),
            Self::LineWidth { found, expected } => (
                Words::of(
                    format!("有 {found} 个字节，应为 {expected} 个"),
                    format!("{found} bytes instead of {expected}"),
                ),
                Words::fixed("请检查文件的版式", "check the layout of the file"),
            ),
            Self::SplitCharacter => (
                Words::fixed(
                    "列的边界落在一个字的中间",
                    "a column ends within a character",
                ),
                Words::fixed("请检查文件的版式", "check the layout of the file"),
            ),
            Self::CellTooLong { limit } => {
                let size = size(limit as u64);
                (
                    Words::of(format!("超过 {size}"), format!("longer than {size}")),
                    QUOTE,
                )
            }
            Self::LineBreak => (
                Words::fixed("格内有换行", "a line break within the cell"),
                QUOTE,
            ),
            Self::ControlCharacter => (Words::fixed("含控制字符", "a control character"), RETYPE),
            Self::InvisibleCharacter => (
                Words::fixed("含看不见的字符", "an invisible character"),
                RETYPE,
            ),
            Self::LostCharacter => (
                Words::fixed(
                    "有字符在以前转换时丢失",
                    "a character was lost when the file was converted before",
                ),
                RETYPE,
            ),
            Self::Formula => (
                Words::fixed("开头像公式", "begins like a formula"),
                Words::fixed("请去掉开头的符号", "remove the leading character"),
            ),
            Self::Empty => (
                Words::fixed("不能为空", "is empty"),
                Words::fixed("请填写", "fill it in"),
            ),
            Self::NotText => (
                Words::fixed(
                    "该格不是文本，开头的零可能已经丢失",
                    "the cell is not text, so leading zeros may be lost",
                ),
                Words::fixed(
                    "请把该列设为文本后重新输入",
                    "format the column as text and type it anew",
                ),
            ),
            Self::SpreadsheetError => (
                Words::fixed(
                    "该格是电子表格的错误值",
                    "the cell holds a spreadsheet error",
                ),
                RETYPE,
            ),
            Self::NoNumberAndNoUid => (
                Words::fixed("没有卡号，也没有 UID", "neither a card number nor a UID"),
                Words::fixed("至少填一个", "give at least one"),
            ),
            Self::RoundedNumber => (
                Words::fixed(
                    "号码已被电子表格取整",
                    "a spreadsheet has rounded the number",
                ),
                Words::fixed(
                    "请把该列设为文本后重新输入",
                    "format the column as text and type it anew",
                ),
            ),
            Self::CardNumber(_) => (
                Words::fixed("不是卡号", "is no card number"),
                Words::fixed("应为 4 至 19 位数字", "it has 4 to 19 digits"),
            ),
            Self::Uid(_) => (
                Words::fixed("不是 UID", "is no UID"),
                Words::fixed(
                    "应为 4、7、8 或 10 个字节的十六进制",
                    "it has 4, 7, 8 or 10 bytes in hexadecimal",
                ),
            ),
            Self::RandomUid => (
                Words::fixed(
                    "是随机 UID（08 开头的 4 字节），不代表任何卡",
                    "is a random UID (4 bytes beginning 08), which names no card",
                ),
                Words::fixed("请留空", "leave it empty"),
            ),
            Self::StudentNumber => (
                Words::fixed("不是学籍号", "is no student number"),
                Words::fixed(
                    "应为 1 至 32 个字母、数字或连字符",
                    "it has 1 to 32 letters, digits or hyphens",
                ),
            ),
            Self::StudentName => (
                Words::fixed("不是姓名", "is no name"),
                Words::fixed("应为 1 至 64 个字", "it has 1 to 64 characters"),
            ),
            Self::ClassName => (
                Words::fixed("不是班级", "is no class"),
                Words::fixed("应不超过 64 个字", "it has at most 64 characters"),
            ),
            Self::Date => (
                Words::fixed("不是日期", "is no date"),
                Words::fixed(
                    "请写成 2024-09-01 或 20240901",
                    "write it as 2024-09-01 or 20240901",
                ),
            ),
            Self::DatesReversed => (
                Words::fixed(
                    "有效期止早于有效期起",
                    "the last day of validity lies before the first",
                ),
                Words::fixed("请改正日期", "correct the dates"),
            ),
            Self::State => (
                Words::fixed("不是状态", "is no state"),
                Words::fixed(
                    "请写“正常”或“已到卡”",
                    "write active (正常) or delivered (已到卡)",
                ),
            ),
            Self::Sex => (
                Words::fixed("不是性别", "is no sex"),
                Words::fixed("请写“男”或“女”", "write male (男) or female (女)"),
            ),
            Self::SchoolCode => (
                Words::fixed("不是学校代码", "is no school code"),
                Words::fixed(
                    "应为 1 至 16 个字母、数字或连字符",
                    "it has 1 to 16 letters, digits or hyphens",
                ),
            ),
            Self::Cohort => (
                Words::fixed("不是届", "is no cohort"),
                Words::fixed("请写成 2024 或 2024届", "write it as 2024 or 2024届"),
            ),
            Self::Enrolment => (
                Words::fixed("不是学籍状态", "is no state of enrolment"),
                Words::fixed(
                    "请写“在校”“休学”或“离校”",
                    "write enrolled (在校), on_leave (休学) or left (离校)",
                ),
            ),
            Self::Cause => (
                Words::fixed("不是补制原因", "is no cause of a reissue"),
                Words::fixed("请写“挂失”或“坏卡”", "write lost (挂失) or damaged (坏卡)"),
            ),
            Self::Outcome => (
                Words::fixed("不是制卡结果", "is no outcome of production"),
                Words::fixed("请写“成功”或“废卡”", "write made (成功) or spoilt (废卡)"),
            ),
            Self::CauseOfNewCard => (
                Words::fixed("新制文件里有补制的学生", "a reissue in a file of new cards"),
                Words::fixed(
                    "请把该学生放进补制文件",
                    "put the student into a reissue file",
                ),
            ),
            Self::OtherSchool => (
                Words::fixed("不是本文件的学校", "is not the school of the file"),
                FILE,
            ),
            Self::Constant => (
                Words::fixed("与版式规定的内容不同", "is not what the layout says"),
                Words::fixed("请检查文件的版式", "check the layout of the file"),
            ),
            Self::Duplicate { first } => (
                Words::of(
                    format!("与第 {first} 行相同"),
                    format!("the same as row {first}"),
                ),
                Words::fixed("请删去一行", "remove one of them"),
            ),
            Self::Contradiction { other } => (
                Words::of(
                    format!("与第 {other} 行是同一学籍号，内容却不同"),
                    format!("row {other} says something else of the same student"),
                ),
                Words::fixed("请只留下正确的一行", "keep the one that is right"),
            ),
            Self::CardTwice { other } => (
                Words::of(
                    format!("与第 {other} 行是同一张卡"),
                    format!("the same card as in row {other}"),
                ),
                Words::fixed("请核对实物卡后改正", "look at the cards and correct it"),
            ),
        }
    }
}

/// The same in both languages.
struct Words {
    chinese: std::borrow::Cow<'static, str>,
    english: std::borrow::Cow<'static, str>,
}

impl Words {
    const fn fixed(chinese: &'static str, english: &'static str) -> Self {
        Self {
            chinese: std::borrow::Cow::Borrowed(chinese),
            english: std::borrow::Cow::Borrowed(english),
        }
    }

    fn of(chinese: String, english: String) -> Self {
        Self {
            chinese: chinese.into(),
            english: english.into(),
        }
    }

    fn in_language(self, language: Language) -> String {
        match language {
            Chinese => self.chinese.into_owned(),
            English => self.english.into_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RollColumn;

    #[test]
    fn what_cannot_be_written_is_told_in_both_languages() {
        let error = crate::WriteError::TooManyRows { limit: 10 };
        assert_eq!(error.told(Chinese), "超过 10 行，请分成几个，或改用 CSV");
        assert_eq!(
            error.told(English),
            "more than 10 rows; divide them, or write CSV"
        );
    }

    #[test]
    fn a_row_error_says_where_what_and_what_to_do() {
        let error = RowError {
            row: 7,
            column: Some(RollColumn::StudentNumber),
            problem: RowProblem::NotText,
        };
        assert_eq!(
            error.told(Chinese),
            "第 7 行“学籍号”列：该格不是文本，开头的零可能已经丢失，请把该列设为文本后重新输入"
        );
        assert_eq!(
            error.told(English),
            "row 7, column student_number: the cell is not text, so leading zeros may be lost; \
             format the column as text and type it anew"
        );
    }

    #[test]
    fn numbers_are_told_as_people_write_them() {
        for (number, expected) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), expected);
        }
        for (n_bytes, expected) in [(100, "100 B"), (4096, "4 KiB"), (160 << 20, "160 MiB")] {
            assert_eq!(size(n_bytes), expected);
        }
    }
}
