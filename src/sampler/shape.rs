//! People: whose hand it is, and how it differs from the mean.

use serde::Deserialize;

use crate::preset::types::{Sex, Shape};
use crate::rig::{HandShape, Rig};
use crate::seed::dataset_stream;

/// The rig whose blend shapes have known statistics; other rigs' shapes of the same names share them.
const ADULT: &str = include_str!("../../rigs/adult/rig.toml");
/// Largest deviation from the mean of a sex, standard deviations.
const MOST_SD: f32 = 3.0;

/// How the hands of a population differ: the `shape` and `correlation` tables of a rig's file.
#[derive(Debug, Clone, Deserialize)]
struct Population {
    #[serde(default)]
    shape: Vec<ShapeStatistics>,
    #[serde(default)]
    correlation: Vec<Correlation>,
}

/// Mean coefficients of both sexes, and the spread within one.
#[derive(Debug, Clone, Deserialize)]
struct ShapeStatistics {
    name: String,
    female: f32,
    male: f32,
    sd: f32,
}

/// Within a sex. No shape is in two pairs.
#[derive(Debug, Clone, Deserialize)]
struct Correlation {
    between: [String; 2],
    value: f32,
}

/// Draws people as a preset says.
#[derive(Debug, Clone)]
pub struct ShapeSampler {
    seed: u64,
    preset: Shape,
    /// Of each blend shape of the rig; `None` for names without statistics, which keep to the mean.
    statistics: Vec<Option<ShapeStatistics>>,
    /// Indices of correlated blend shapes, and their correlation.
    correlations: Vec<(usize, usize, f32)>,
}

impl ShapeSampler {
    /// People with hands of a rig.
    pub fn new(seed: u64, preset: &Shape, rig: &Rig) -> Result<Self, toml::de::Error> {
        let population: Population = toml::from_str(ADULT)?;
        let index = |name: &String| rig.shapes.iter().position(|s| s.name == *name);
        let known = |name: &String| population.shape.iter().find(|s| s.name == *name).cloned();
        let correlations = population.correlation.iter();
        Ok(Self {
            seed,
            preset: preset.clone(),
            statistics: rig.shapes.iter().map(|s| known(&s.name)).collect(),
            correlations: correlations
                .filter_map(|c| Some((index(&c.between[0])?, index(&c.between[1])?, c.value)))
                .collect(),
        })
    }

    /// The hand of a person: the same in every sample of the dataset, for the left and the right hand.
    pub fn subject(&self, number: u32) -> HandShape {
        let mut stream = dataset_stream(self.seed, "subject", u64::from(number));
        let sex = self.preset.sex.sample(&mut stream).unwrap_or(Sex::Female);
        let mut deviation: Vec<f32> = self.statistics.iter().map(|_| stream.normal()).collect();
        for (a, b, value) in &self.correlations {
            deviation[*b] = value * deviation[*a] + (1.0 - value * value).max(0.0).sqrt() * deviation[*b];
        }
        let coefficient = |(statistics, deviation): (&Option<ShapeStatistics>, f32)| {
            statistics.as_ref().map_or(0.0, |s| {
                let mean = if sex == Sex::Female { s.female } else { s.male };
                mean + s.sd * self.preset.spread * deviation.clamp(-MOST_SD, MOST_SD)
            })
        };
        HandShape(self.statistics.iter().zip(deviation).map(coefficient).collect())
    }
}
