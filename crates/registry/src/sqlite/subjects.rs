//! The rows that a bulk change concerns, as its audit row names them.

/// Row ids, given in any order.
#[derive(Debug, Default)]
pub(crate) struct Rows(Vec<i64>);

impl Rows {
    pub(crate) fn push(&mut self, id: i64) {
        self.0.push(id);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The rows as `student:1-7,9`; empty when there are none.
    pub(crate) fn named(mut self, table: &str) -> String {
        self.0.sort_unstable();
        self.0.dedup();
        let mut runs: Vec<(i64, i64)> = Vec::new();
        for id in self.0 {
            match runs.last_mut() {
                Some((_, last)) if *last + 1 == id => *last = id,
                _ => runs.push((id, id)),
            }
        }
        let runs = runs.into_iter().map(|(first, last)| {
            if first == last {
                first.to_string()
            } else {
                format!("{first}-{last}")
            }
        });
        let runs = runs.collect::<Vec<_>>().join(",");
        if runs.is_empty() {
            runs
        } else {
            format!("{table}:{runs}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_named_as_a_run() {
        let cases: [(&[i64], &str); 5] = [
            (&[], ""),
            (&[7], "card:7"),
            (&[3, 1, 2], "card:1-3"),
            (&[9, 1, 2, 2, 5], "card:1-2,5,9"),
            (&[1, 3], "card:1,3"),
        ];
        for (ids, expected) in cases {
            let rows = Rows(ids.to_vec());
            assert_eq!(rows.named("card"), expected, "{ids:?}");
        }
    }
}
