//! The one form of every random knob: what may be drawn, and the draw.

use std::fmt;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::seed::Stream;

/// How often a normal value outside its clamp is drawn again before it is clamped.
const REDRAWS: usize = 16;

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
            Self::Normal { normal: [mean, sd], .. } => {
                let mut draw = || mean + sd * stream.normal();
                (0..REDRAWS).map(|_| draw()).find(|x| (low..=high).contains(x)).unwrap_or(*mean)
            }
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

impl<'de, T: Deserialize<'de>> Visitor<'de> for ChoiceVisitor<T> {
    type Value = Choice<T>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("one value or `{ choice = [...] }`")
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Choice<T>, E> {
        T::deserialize(value.into_deserializer()).map(|value| Choice { values: vec![value], weights: Vec::new() })
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Choice<T>, E> {
        T::deserialize(value.into_deserializer()).map(|value| Choice { values: vec![value], weights: Vec::new() })
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Choice<T>, E> {
        T::deserialize(value.into_deserializer()).map(|value| Choice { values: vec![value], weights: Vec::new() })
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
