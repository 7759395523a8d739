//! The one form of every random knob: what may be drawn, and the draw.

use std::fmt;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::seed::Stream;

/// How often a normal value is drawn again; each draw is kept with a probability above 0.4.
const REDRAWS: usize = 64;

/// A random number: a bare number, or a table that names its distribution.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(deny_unknown_fields)]
pub enum Distribution {
    /// Always this number.
    Constant(f32),
    /// Evenly between two numbers.
    Uniform {
        /// Low and high end.
        uniform: [f32; 2],
    },
    /// Evenly in the logarithm between two positive numbers: each doubling is equally likely.
    LogUniform {
        /// Low and high end.
        log_uniform: [f32; 2],
    },
    /// Bell curve, cut off at both ends.
    Normal {
        /// Mean and standard deviation.
        normal: [f32; 2],
        /// Low and high end; values outside are drawn again.
        clamp: [f32; 2],
    },
    /// One of a list.
    Choice {
        /// The list.
        choice: Vec<f32>,
        /// How likely each is, in proportion; empty: all alike.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        weights: Vec<f32>,
    },
}

impl Distribution {
    /// One draw; always inside [`range`](Self::range).
    pub fn sample(&self, stream: &mut Stream) -> f32 {
        let (low, high) = self.range();
        let drawn = match self {
            Self::Constant(value) => return *value,
            Self::Uniform { .. } => stream.uniform(low, high),
            Self::LogUniform { .. } => libm::expf(stream.uniform(libm::logf(low), libm::logf(high))),
            Self::Normal { normal, clamp } => truncated_normal(*normal, *clamp, stream),
            Self::Choice { choice, weights } => return pick(choice, weights, stream).copied().unwrap_or(low),
        };
        drawn.max(low).min(high)
    }

    /// Least and greatest number that can be drawn.
    pub fn range(&self) -> (f32, f32) {
        match self {
            Self::Constant(value) => (*value, *value),
            Self::Uniform { uniform: [a, b] }
            | Self::LogUniform { log_uniform: [a, b] }
            | Self::Normal { clamp: [a, b], .. } => (*a, *b),
            Self::Choice { choice, .. } => {
                let first = choice.first().copied().unwrap_or_default();
                choice.iter().fold((first, first), |(a, b), x| (a.min(*x), b.max(*x)))
            }
        }
    }
}

/// One of a list of names or whole numbers: a bare value, or `{ choice = [...], weights = [...] }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice<T> {
    /// What may be chosen; never empty in a loaded preset.
    pub values: Vec<T>,
    /// How likely each is, in proportion; empty: all alike.
    pub weights: Vec<f32>,
}

impl<T: Copy> Choice<T> {
    /// Always this value.
    pub fn always(value: T) -> Self {
        Self { values: vec![value], weights: Vec::new() }
    }

    /// One draw; `None` only if there is nothing to choose from, which loading a preset rules out.
    pub fn sample(&self, stream: &mut Stream) -> Option<T> {
        pick(&self.values, &self.weights, stream).copied()
    }
}

/// Bell curve cut off at both ends, by rejection: of normal draws, or of even draws where the cut leaves only the
/// flat top of the bell.
fn truncated_normal([mean, sd]: [f32; 2], [low, high]: [f32; 2], stream: &mut Stream) -> f32 {
    let narrow = high - low < 2.0 * sd;
    for _ in 0..REDRAWS {
        let x = if narrow { stream.uniform(low, high) } else { mean + sd * stream.normal() };
        let z = (x - mean) / sd;
        let keep = if narrow { stream.chance(libm::expf(-0.5 * z * z)) } else { (low..=high).contains(&x) };
        if keep {
            return x;
        }
    }
    mean
}

/// One of `values` in proportion to `weights`; evenly where there are none.
fn pick<'a, T>(values: &'a [T], weights: &[f32], stream: &mut Stream) -> Option<&'a T> {
    if weights.is_empty() {
        return values.get(stream.index(values.len()));
    }
    values.get(stream.weighted(weights)?)
}

/// The table form of [`Distribution`], before it is known which of them it is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DistributionTable {
    uniform: Option<[f32; 2]>,
    log_uniform: Option<[f32; 2]>,
    normal: Option<[f32; 2]>,
    clamp: Option<[f32; 2]>,
    choice: Option<Vec<f32>>,
    weights: Option<Vec<f32>>,
}

impl DistributionTable {
    fn named(self) -> Result<Distribution, &'static str> {
        match self {
            Self {
                uniform: Some(uniform),
                log_uniform: None,
                normal: None,
                clamp: None,
                choice: None,
                weights: None,
            } => Ok(Distribution::Uniform { uniform }),
            Self {
                log_uniform: Some(log_uniform),
                uniform: None,
                normal: None,
                clamp: None,
                choice: None,
                weights: None,
            } => Ok(Distribution::LogUniform { log_uniform }),
            Self {
                normal: Some(normal),
                clamp: Some(clamp),
                uniform: None,
                log_uniform: None,
                choice: None,
                weights: None,
            } => Ok(Distribution::Normal { normal, clamp }),
            Self { normal: Some(_), clamp: None, .. } => Err("`normal` needs `clamp = [low, high]` beside it"),
            Self { choice: Some(choice), weights, uniform: None, log_uniform: None, normal: None, clamp: None } => {
                Ok(Distribution::Choice { choice, weights: weights.unwrap_or_default() })
            }
            _ => Err(
                "a distribution names one of `uniform`, `log_uniform`, `normal` with `clamp`, `choice` with or without `weights`",
            ),
        }
    }
}

struct DistributionVisitor;

impl<'de> Visitor<'de> for DistributionVisitor {
    type Value = Distribution;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a number or a distribution such as `{ uniform = [low, high] }`")
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Distribution, E> {
        Ok(Distribution::Constant(value as f32))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Distribution, E> {
        Ok(Distribution::Constant(value as f32))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Distribution, E> {
        Ok(Distribution::Constant(value as f32))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Distribution, A::Error> {
        DistributionTable::deserialize(MapAccessDeserializer::new(map))?.named().map_err(A::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Distribution {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DistributionVisitor)
    }
}

/// The two written forms of [`Choice`].
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(deny_unknown_fields)]
enum ChoiceForm<T> {
    /// Always this one.
    Bare(T),
    /// One of a list.
    List {
        /// The list.
        choice: Vec<T>,
        /// How likely each is, in proportion; left out: all alike.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        weights: Vec<f32>,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChoiceTable<T> {
    choice: Vec<T>,
    #[serde(default = "Vec::new")]
    weights: Vec<f32>,
}

impl<T: Copy + Serialize> Serialize for Choice<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.values.as_slice(), self.weights.is_empty()) {
            ([value], true) => ChoiceForm::Bare(*value),
            _ => ChoiceForm::List { choice: self.values.clone(), weights: self.weights.clone() },
        }
        .serialize(serializer)
    }
}

impl<T: JsonSchema> JsonSchema for Choice<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("ChoiceOf{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        ChoiceForm::<T>::json_schema(generator)
    }
}

struct ChoiceVisitor<T>(std::marker::PhantomData<T>);

impl<T> Choice<T> {
    fn bare<E>(value: Result<T, E>) -> Result<Self, E> {
        value.map(|value| Self { values: vec![value], weights: Vec::new() })
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for ChoiceVisitor<T> {
    type Value = Choice<T>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("one value or `{ choice = [...] }`")
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Choice<T>, E> {
        Choice::bare(T::deserialize(value.into_deserializer()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Choice<T>, E> {
        Choice::bare(T::deserialize(value.into_deserializer()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Choice<T>, E> {
        Choice::bare(T::deserialize(value.into_deserializer()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Choice<T>, A::Error> {
        let ChoiceTable { choice, weights } = ChoiceTable::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Choice { values: choice, weights })
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Choice<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ChoiceVisitor(std::marker::PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::seed::dataset_stream;

    /// Any distribution a valid preset may hold.
    fn distributions() -> impl Strategy<Value = Distribution> {
        let ends = (-1e3_f32..1e3, 0.0_f32..1e3).prop_map(|(low, width)| [low, low + width]);
        prop_oneof![
            (-1e6_f32..1e6).prop_map(Distribution::Constant),
            ends.clone().prop_map(|uniform| Distribution::Uniform { uniform }),
            (1e-3_f32..1e3, 1.0_f32..1e3).prop_map(|(low, f)| Distribution::LogUniform { log_uniform: [low, low * f] }),
            (ends, 0.0_f32..=1.0, 0.0_f32..1e3).prop_map(|(clamp, at, sd)| Distribution::Normal {
                normal: [(clamp[0] + at * (clamp[1] - clamp[0])).clamp(clamp[0], clamp[1]), sd],
                clamp
            }),
            prop::collection::vec((-1e3_f32..1e3, 0.1_f32..2.0), 1..6).prop_map(|pairs| {
                let (choice, weights) = pairs.into_iter().unzip();
                Distribution::Choice { choice, weights }
            }),
        ]
    }

    proptest! {
        #[test]
        fn draws_stay_in_range(distribution in distributions(), seed: u64) {
            let mut stream = dataset_stream(seed, "test", 0);
            let (low, high) = distribution.range();
            for _ in 0..50 {
                let x = distribution.sample(&mut stream);
                prop_assert!((low..=high).contains(&x), "{x}");
            }
        }

        #[test]
        fn written_and_read_again(distribution in distributions()) {
            #[derive(Serialize, Deserialize)]
            struct File { x: Distribution }
            let text = toml::to_string(&File { x: distribution.clone() }).unwrap();
            prop_assert_eq!(toml::from_str::<File>(&text).unwrap().x, distribution);
        }
    }

    /// Greatest distance between the draws' share below x and the declared one (Kolmogorov and Smirnov).
    fn worst_share(distribution: &Distribution, declared: impl Fn(f64) -> f64) -> f64 {
        let mut stream = dataset_stream(11, "histogram", 0);
        let mut draws: Vec<f32> = (0..10_000).map(|_| distribution.sample(&mut stream)).collect();
        draws.sort_by(f32::total_cmp);
        let share = |k: usize| (k as f64 + 0.5) / draws.len() as f64;
        draws.iter().enumerate().map(|(k, x)| (share(k) - declared(f64::from(*x))).abs()).fold(0.0, f64::max)
    }

    #[test]
    fn draws_follow_the_declared_distribution() {
        // 10,000 draws are this near with a probability above 0.999
        let near = 0.02;
        let uniform = Distribution::Uniform { uniform: [2.0, 6.0] };
        assert!(worst_share(&uniform, |x| (x - 2.0) / 4.0) < near);
        let log_uniform = Distribution::LogUniform { log_uniform: [0.5, 8.0] };
        assert!(worst_share(&log_uniform, |x| (x / 0.5).log2() / 4.0) < near);
        // one clamp wide, one that leaves the top of the bell, one that starts at the mean
        for [mean, sd, low, high] in [[5.0, 10.0, -30.0, 18.0], [0.0, 10.0, -4.0, 6.0], [1.0, 1.0, 1.0, 9.0]] {
            let normal = Distribution::Normal { normal: [mean as f32, sd as f32], clamp: [low as f32, high as f32] };
            let bell = |x: f64| libm::erf((x - mean) / sd / std::f64::consts::SQRT_2);
            assert!(worst_share(&normal, |x| (bell(x) - bell(low)) / (bell(high) - bell(low))) < near, "{normal:?}");
        }
    }

    #[test]
    fn choices_follow_their_weights() {
        let choice = Distribution::Choice { choice: vec![1.0, 2.0, 3.0], weights: vec![0.5, 0.0, 1.5] };
        let mut stream = dataset_stream(11, "choice", 0);
        let draws: Vec<f32> = (0..8000).map(|_| choice.sample(&mut stream)).collect();
        let share = |value: f32| draws.iter().filter(|x| (**x - value).abs() < 0.5).count() as f64 / 8000.0;
        assert!((share(1.0) - 0.25).abs() < 0.02 && share(2.0) == 0.0 && (share(3.0) - 0.75).abs() < 0.02);

        let even = Choice { values: vec!['a', 'b'], weights: Vec::new() };
        let a = (0..8000).filter(|_| even.sample(&mut stream) == Some('a')).count();
        assert!((3800..4200).contains(&a), "{a}");
        assert_eq!(Choice::<char> { values: Vec::new(), weights: Vec::new() }.sample(&mut stream), None);
    }
}
