//! Numbers in text files: lists whose numbers stand apart by commas, semicolons or spaces.

use std::path::Path;

use glam::Vec3;

use super::foreign;
use crate::dataset::DatasetError;

/// What several sets write where a coordinate is not known.
pub(super) const MISSING: f32 = 32001.0;

/// Where a list of numbers stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    /// The file.
    pub(super) path: &'a Path,
    /// Line, from 1; `None` if the file is one list.
    pub(super) line: Option<usize>,
}

impl Place<'_> {
    /// An error here.
    pub(super) fn fault(self, fault: &str) -> DatasetError {
        let line = self.line.map_or_else(String::new, |line| format!("line {line}: "));
        foreign(self.path, format!("{line}{fault}"))
    }

    /// Exactly as many finite numbers as expected.
    pub(super) fn numbers(self, text: &str, expected: usize) -> Result<Vec<f32>, DatasetError> {
        let numbers = self.some_numbers(text)?;
        if numbers.len() == expected {
            return Ok(numbers);
        }
        Err(self.fault(&format!("holds {} numbers, expected {expected}", numbers.len())))
    }

    /// Finite numbers, however many.
    pub(super) fn some_numbers(self, text: &str) -> Result<Vec<f32>, DatasetError> {
        let apart = |c: char| c == ',' || c == ';' || c.is_whitespace();
        let words = text.split(apart).filter(|word| !word.is_empty());
        let parse = |(k, word): (usize, &str)| {
            let number = word.parse().ok().filter(|x: &f32| x.is_finite());
            number.ok_or_else(|| self.fault(&format!("number {} is `{word}`, expected a finite number", k + 1)))
        };
        words.enumerate().map(parse).collect()
    }

    /// Points in the camera frame from millimetres; `None` where a coordinate is [`MISSING`]. `name` names the n-th.
    pub(super) fn points_mm<'n>(
        self,
        numbers: &[f32],
        name: impl Fn(usize) -> &'n str,
    ) -> Result<Vec<Option<Vec3>>, DatasetError> {
        let points = numbers.as_chunks::<3>().0.iter().enumerate();
        let check = |(n, p): (usize, &[f32; 3])| {
            if p.contains(&MISSING) {
                return Ok(None);
            }
            if p[2] > 0.0 {
                return Ok(Some(Vec3::from(*p) / 1000.0));
            }
            Err(self.fault(&format!(
                "z of `{}` is {} mm, expected more than 0 (in front of the camera)",
                name(n),
                p[2]
            )))
        };
        points.map(check).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(line: Option<usize>) -> Place<'static> {
        Place { path: Path::new("a/b.txt"), line }
    }

    #[test]
    fn commas_semicolons_and_spaces_part_numbers() {
        assert_eq!(file(None).some_numbers("1, -2.5;3e1 \t4;\r\n").unwrap(), [1.0, -2.5, 30.0, 4.0]);
        assert!(file(None).some_numbers(" ;\n").unwrap().is_empty());
    }

    #[test]
    fn what_is_no_number_is_named_with_its_place() {
        let line = file(Some(7));
        for (text, bad) in [("1,2,nan", "nan"), ("1,2,inf", "inf"), ("1,2,x4", "x4"), ("1,2,1e99", "1e99")] {
            let said = line.some_numbers(text).unwrap_err().to_string();
            assert_eq!(said, format!("`a/b.txt`: line 7: number 3 is `{bad}`, expected a finite number"));
        }
        let said = file(None).numbers("1 2", 3).unwrap_err().to_string();
        assert_eq!(said, "`a/b.txt`: holds 2 numbers, expected 3");
    }

    #[test]
    fn missing_points_are_none_and_points_behind_the_camera_are_named() {
        let points = file(None).points_mm(&[0.0, 0.0, 32001.0, 10.0, -20.0, 500.0], |_| "tip").unwrap();
        assert_eq!(points, [None, Some(Vec3::new(0.01, -0.02, 0.5))]);
        let said = file(None).points_mm(&[1.0, 2.0, -3.0], |n| ["wrist"][n]).unwrap_err().to_string();
        assert!(said.contains("z of `wrist` is -3 mm"), "{said}");
    }
}
