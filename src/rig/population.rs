//! People: the statistics of their hands, as a `rig.toml` states them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Sizes that a survey takes and that a drawn hand hits: hand length, hand breadth, hand circumference, palm length,
/// wrist circumference.
pub const SIZE_COUNT: usize = 5;

/// Age from which people are adults.
pub const ADULT_YEARS: f32 = 18.0;

/// Female or male.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "plain names")]
pub enum Sex {
    #[default]
    Female,
    Male,
}

/// Who a hand belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// Whose measurements the hand is drawn from; children's do not depend on it.
    pub sex: Sex,
    /// Years; below 18 a child.
    pub age_years: f32,
}

impl Person {
    /// Below [`ADULT_YEARS`].
    pub fn is_child(&self) -> bool {
        self.age_years < ADULT_YEARS
    }
}

impl Default for Person {
    /// A woman of 30.
    fn default() -> Self {
        Self { sex: Sex::default(), age_years: 30.0 }
    }
}

/// How the hands of people differ, in terms of a rig's blend shapes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Population {
    /// The blend shapes whose coefficients are solved for so that the hand has the drawn sizes.
    pub solved: [String; SIZE_COUNT],
    /// Sizes of the mean mesh, mm.
    pub mesh_mm: [f32; SIZE_COUNT],
    /// Sizes of people.
    pub survey: Survey,
    /// What a coefficient of 1 of each blend shape adds to the sizes of the mesh, mm.
    pub measures_mm: BTreeMap<String, [f32; SIZE_COUNT]>,
    /// Statistics of the coefficients that are not solved for.
    pub noise: BTreeMap<String, Noise>,
    /// Blend shapes that go together.
    #[serde(rename = "factor")]
    pub factors: Vec<Factor>,
    /// Proportions of skeletons.
    pub plausible: Plausible,
}

/// Sizes of people, mm; within a group their logarithms are jointly normal.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Survey {
    /// Women.
    pub female: SurveyRow,
    /// Men.
    pub male: SurveyRow,
    /// Of the logarithms, within a group.
    pub correlation: [[f32; SIZE_COUNT]; SIZE_COUNT],
    /// Growth of an adult's sizes per year.
    pub ageing_per_year: [f32; SIZE_COUNT],
    /// Age at which adults have the sizes above, years.
    pub adult_years: f32,
    /// Age at which adults' sizes no longer change, years.
    pub settled_years: f32,
    /// Children.
    pub child: ChildSurvey,
}

impl Survey {
    /// The survey of one sex.
    pub fn get(&self, sex: Sex) -> &SurveyRow {
        match sex {
            Sex::Female => &self.female,
            Sex::Male => &self.male,
        }
    }
}

/// Sizes of one sex.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "plain names")]
pub struct SurveyRow {
    pub mean: [f32; SIZE_COUNT],
    pub log_mean: [f32; SIZE_COUNT],
    pub log_sd: [f32; SIZE_COUNT],
}

/// Sizes of children.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChildSurvey {
    /// Of the logarithms, at every age.
    pub log_sd: [f32; SIZE_COUNT],
    /// Age in years and mean sizes, youngest first.
    pub rows: Vec<ChildRow>,
}

/// Mean sizes of children of one age.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "plain names")]
pub struct ChildRow {
    pub age_years: f32,
    pub mean: [f32; SIZE_COUNT],
}

impl ChildSurvey {
    /// Mean sizes at an age, mm: straight between the rows.
    pub fn mean(&self, age_years: f32) -> [f32; SIZE_COUNT] {
        let after = self.rows.iter().position(|r| r.age_years >= age_years).unwrap_or(self.rows.len());
        match (after.checked_sub(1).and_then(|k| self.rows.get(k)), self.rows.get(after)) {
            (Some(a), Some(b)) => {
                let t = (age_years - a.age_years) / (b.age_years - a.age_years);
                std::array::from_fn(|k| a.mean[k] + (b.mean[k] - a.mean[k]) * t)
            }
            (Some(row), None) | (None, Some(row)) => row.mean,
            (None, None) => [0.0; SIZE_COUNT],
        }
    }

    /// 1 for the youngest, falling to 0 for the oldest.
    pub fn youth(&self, age_years: f32) -> f32 {
        match (self.rows.first(), self.rows.last()) {
            (Some(a), Some(b)) if b.age_years > a.age_years => {
                ((b.age_years - age_years) / (b.age_years - a.age_years)).clamp(0.0, 1.0)
            }
            _ => 0.0,
        }
    }
}

/// Statistics of one coefficient.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Noise {
    /// Standard deviation within a group.
    pub sd: f32,
    /// Mean of men; women's is the opposite.
    #[serde(default)]
    pub male: f32,
    /// Mean of the youngest children; fades with [`ChildSurvey::youth`].
    #[serde(default)]
    pub child: f32,
    /// Added at 80 years; rises from 0 at 40.
    #[serde(default)]
    pub old: f32,
}

/// Blend shapes with the same correlation between any two.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Factor {
    /// Names; a blend shape is in one factor at most.
    pub shapes: Vec<String>,
    /// 0 to 1.
    pub correlation: f32,
}

/// Proportions of drawn skeletons, each as mean and standard deviation.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plausible {
    /// Length of the bone that ends in each landmark but the wrist, as a multiple of wrist to middle MCP.
    pub bones: Vec<[f32; 2]>,
    /// Angles between neighbouring root bones, thumb to little finger, degrees.
    pub spread_deg: [[f32; 2]; 4],
    /// Curvature of the palm at the same places, per wrist to middle MCP.
    pub curvature: [[f32; 2]; 4],
}

impl Population {
    /// What is wrong with the numbers; `known` tells the names of blend shapes.
    pub fn faults(&self, known: &dyn Fn(&str) -> bool) -> Vec<String> {
        let mut faults = Vec::new();
        let noise = self.noise.keys().map(|name| (name, "noise"));
        let measures = self.measures_mm.keys().map(|name| (name, "measures_mm"));
        let factors = self.factors.iter().flat_map(|f| &f.shapes).map(|name| (name, "factor.shapes"));
        let solved = self.solved.iter().map(|name| (name, "solved"));
        for (name, place) in solved.chain(measures).chain(noise).chain(factors) {
            if !known(name) {
                faults.push(format!("`population.{place}` has `{name}`, which names no shape"));
            }
        }
        if self.survey.child.rows.windows(2).any(|w| w[0].age_years >= w[1].age_years) {
            faults.push("`population.survey.child.rows`: ages must rise".to_owned());
        }
        if self.factors.iter().any(|f| !(0.0..=1.0).contains(&f.correlation)) {
            faults.push("`population.factor.correlation`: legal are 0 to 1".to_owned());
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_grow_along_straight_lines() {
        let row = |age_years, length| ChildRow { age_years, mean: [length; SIZE_COUNT] };
        let survey = ChildSurvey { log_sd: [0.05; SIZE_COUNT], rows: vec![row(3.0, 100.0), row(13.0, 160.0)] };
        let length = |age| survey.mean(age)[0];
        let close = |found: f32, expected: f32| assert!((found - expected).abs() < 1e-4, "{found} {expected}");
        for (age, mm) in [(2.0, 100.0), (3.0, 100.0), (13.0, 160.0), (40.0, 160.0)] {
            close(length(age), mm);
        }
        assert!((length(8.0) - 130.0).abs() < 1e-4);
        for (age, youth) in [(3.0, 1.0), (8.0, 0.5), (20.0, 0.0)] {
            close(survey.youth(age), youth);
        }
    }
}
