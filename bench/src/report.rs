//! What was measured, as a table for people and as JSON for programs.

use std::fmt::{self, Write as _};

use serde_json::{Value, json};

use crate::exchanges::FamilyExchanges;

/// Everything that one run found out.
#[derive(Debug, Default)]
pub(crate) struct Report {
    sections: Vec<Section>,
    exchanges: Vec<FamilyExchanges>,
}

/// What was measured side by side.
#[derive(Debug)]
pub(crate) struct Section {
    /// What it is about, as a heading.
    title: &'static str,
    lines: Vec<Line>,
}

/// One measured time, or one comparison.
#[derive(Debug)]
enum Line {
    /// A median time in nanoseconds; shown to explain the comparisons.
    Time { what: String, nanoseconds: f64 },
    /// Something counted; shown to explain the figures.
    Count { what: String, value: f64 },
    /// A figure that is judged.
    Figure {
        what: String,
        value: f64,
        unit: &'static str,
        goal: Goal,
    },
}

/// What a figure is to be.
#[derive(Clone, Copy, Debug)]
enum Goal {
    AtMost(f64),
    AtLeast(f64),
}

impl Goal {
    /// Whether a figure reaches it; one that could not be had does not.
    fn is_reached_by(self, value: f64) -> bool {
        match self {
            Self::AtMost(goal) => value <= goal,
            Self::AtLeast(goal) => value >= goal,
        }
    }

    fn value(self) -> f64 {
        match self {
            Self::AtMost(goal) | Self::AtLeast(goal) => goal,
        }
    }
}

impl Report {
    /// Prints what was measured side by side, and keeps it.
    pub(crate) fn add(&mut self, section: Section) {
        println!("{section}");
        self.sections.push(section);
    }

    /// Prints the exchanges of a reading, by card family, and keeps them.
    pub(crate) fn add_exchanges(&mut self, families: Vec<FamilyExchanges>) {
        println!("Exchanges of one reading, as the virtual card saw them");
        for family in &families {
            println!("{family}");
        }
        self.exchanges = families;
    }

    /// Whether every figure reached its goal.
    pub(crate) fn reached_all(&self) -> bool {
        let mut lines = self.sections.iter().flat_map(|section| &section.lines);
        lines.all(Line::reached)
    }

    /// The report for programs.
    pub(crate) fn to_json(&self) -> Value {
        let exchanges = self.exchanges.iter().map(FamilyExchanges::to_json);
        json!({
            "sections": self.sections.iter().map(Section::to_json).collect::<Vec<_>>(),
            "exchanges": exchanges.collect::<Vec<_>>(),
            "reached_all": self.reached_all(),
        })
    }
}

impl Section {
    /// An empty section.
    pub(crate) fn new(title: &'static str) -> Self {
        Self {
            title,
            lines: Vec::new(),
        }
    }

    /// Adds a median time.
    pub(crate) fn time(mut self, what: impl Into<String>, nanoseconds: f64) -> Self {
        let what = what.into();
        self.lines.push(Line::Time { what, nanoseconds });
        self
    }

    /// Adds something counted.
    pub(crate) fn count(mut self, what: impl Into<String>, value: f64) -> Self {
        let what = what.into();
        self.lines.push(Line::Count { what, value });
        self
    }

    /// Adds a figure and the goal that it should not exceed.
    pub(crate) fn figure(
        mut self,
        what: impl Into<String>,
        value: f64,
        unit: &'static str,
        goal: f64,
    ) -> Self {
        self.lines.push(Line::Figure {
            what: what.into(),
            value,
            unit,
            goal: Goal::AtMost(goal),
        });
        self
    }

    /// Adds a figure and the goal that it should come up to.
    pub(crate) fn figure_at_least(
        mut self,
        what: impl Into<String>,
        value: f64,
        unit: &'static str,
        goal: f64,
    ) -> Self {
        self.lines.push(Line::Figure {
            what: what.into(),
            value,
            unit,
            goal: Goal::AtLeast(goal),
        });
        self
    }

    fn to_json(&self) -> Value {
        let lines: Vec<_> = self.lines.iter().map(Line::to_json).collect();
        json!({ "title": self.title, "lines": lines })
    }
}

impl Line {
    /// Whether the goal was reached.
    fn reached(&self) -> bool {
        match self {
            Self::Time { .. } | Self::Count { .. } => true,
            Self::Figure { value, goal, .. } => goal.is_reached_by(*value),
        }
    }

    fn to_json(&self) -> Value {
        match self {
            Self::Time { what, nanoseconds } => {
                json!({ "what": what, "median_ns": nanoseconds })
            }
            Self::Count { what, value } => json!({ "what": what, "value": value }),
            Self::Figure {
                what,
                value,
                unit,
                goal,
            } => json!({
                "what": what,
                "value": value,
                "unit": unit,
                "goal": goal.value(),
                "reached": self.reached(),
            }),
        }
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title)?;
        for line in &self.lines {
            writeln!(f, "  {line}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time { what, nanoseconds } => {
                write!(f, "{what:<62} {:>10}", in_words(*nanoseconds))
            }
            Self::Count { what, value } => write!(f, "{what:<62} {value:>10.1}"),
            Self::Figure {
                what,
                value,
                unit,
                goal,
            } => {
                let verdict = if self.reached() { "reached" } else { "MISSED" };
                let mut figure = format!("{value:.2}");
                if !unit.is_empty() {
                    write!(figure, " {unit}")?;
                }
                let goal = goal.value();
                write!(f, "{what:<62} {figure:>10}   goal {goal:.2}: {verdict}")
            }
        }
    }
}

/// A time with a unit that keeps three or four digits.
fn in_words(nanoseconds: f64) -> String {
    if nanoseconds < 1e6 {
        format!("{:.1} µs", nanoseconds / 1e3)
    } else {
        format!("{:.2} ms", nanoseconds / 1e6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_figure(value: f64) -> Report {
        let mut report = Report::default();
        report.add(Section::new("Title").figure("what", value, "", 1.1));
        report
    }

    #[test]
    fn a_goal_is_reached_up_to_its_own_value() {
        let cases = [
            (1.1, true, "the goal itself"),
            (1.11, false, "above"),
            (f64::NAN, false, "nothing measured"),
        ];
        for (value, reached, why) in cases {
            assert_eq!(with_figure(value).reached_all(), reached, "{why}");
        }
    }

    #[test]
    fn a_rate_reaches_its_goal_from_below() {
        let section = |value| Section::new("Title").figure_at_least("what", value, "", 7.5);
        for (value, reached) in [(7.5, true), (7.49, false), (f64::NAN, false)] {
            let mut report = Report::default();
            report.add(section(value));
            assert_eq!(report.reached_all(), reached, "{value}");
        }
    }

    #[test]
    fn a_missed_goal_shows() {
        let section = |value| Section::new("Title").figure("what", value, "", 1.1);
        assert!(section(2.0).to_string().contains("MISSED"));
        assert!(!section(1.0).to_string().contains("MISSED"));
    }
}
