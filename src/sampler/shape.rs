//! People: whose hand it is, and how it differs from the mean.
//!
//! A person's five surveyed sizes are drawn jointly; what a survey does not take (bones, girth of each digit, padding,
//! nails) is drawn beside them. All coefficients then give way, in proportion to their variance, until the mesh has the
//! drawn sizes: the draw is one of the joint normal distribution under the condition of these sizes.

use serde::Deserialize;

use crate::preset::types::Shape;
use crate::rig::population::{Noise, SIZE_COUNT};
use crate::rig::{HandShape, Person, Population, Rig, Sex};
use crate::seed::{Stream, dataset_stream};

/// The rig whose blend shapes have known statistics; other rigs' shapes of the same names share them.
const ADULT: &str = include_str!("../../rigs/adult/rig.toml");
/// Largest deviation from the mean of a group, standard deviations.
const MOST_SD: f32 = 3.0;
/// Ages between which the signs of old age come up, years.
const AGEING: [f32; 2] = [40.0, 80.0];

type Sizes = [f32; SIZE_COUNT];

/// The part of a rig's file that is about people.
#[derive(Deserialize)]
struct RigFile {
    population: Population,
}

/// A person as drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawnPerson {
    /// Sex and age.
    pub person: Person,
    /// The hand.
    pub shape: HandShape,
}

/// Draws people as a preset says.
#[derive(Debug, Clone)]
pub struct ShapeSampler {
    seed: u64,
    preset: Shape,
    population: Population,
    /// Of each blend shape of the rig that is drawn.
    noise: Vec<Option<Noise>>,
    /// Number and correlation of the factor of each blend shape.
    factor: Vec<Option<(usize, f32)>>,
    /// What each blend shape adds to the sizes, mm.
    measures: Vec<Sizes>,
    /// How coefficients are solved for; `None` where the rig lacks a shape that this needs.
    solution: Option<Solution>,
}

/// Sizes to coefficients.
#[derive(Debug, Clone)]
struct Solution {
    /// Indices of the solved blend shapes.
    places: [usize; SIZE_COUNT],
    /// Coefficients of these shapes alone per mm of each size.
    alone: [Sizes; SIZE_COUNT],
    /// Coefficients of all shapes per mm of each size, each giving way in proportion to its variance.
    shared: Vec<Sizes>,
}

impl Solution {
    /// From what each shape adds to the sizes, and the variance of its coefficient.
    fn new(measures: &[Sizes], variance: &[f32], places: [usize; SIZE_COUNT]) -> Option<Self> {
        let alone = inverse(&std::array::from_fn(|size| places.map(|k| measures[k][size])))?;
        let of_sizes = std::array::from_fn(|i| {
            std::array::from_fn(|j| measures.iter().zip(variance).map(|(m, v)| v * m[i] * m[j]).sum::<f32>())
        });
        let inverse = inverse(&of_sizes)?;
        let gain = |(m, v): (&Sizes, &f32)| {
            std::array::from_fn(|size| v * (0..SIZE_COUNT).map(|k| m[k] * inverse[k][size]).sum::<f32>())
        };
        Some(Self { places, alone, shared: measures.iter().zip(variance).map(gain).collect() })
    }
}

/// Inner product.
fn dot(a: &Sizes, b: &Sizes) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

impl ShapeSampler {
    /// People with hands of a rig.
    pub fn new(seed: u64, preset: &Shape, rig: &Rig) -> Result<Self, toml::de::Error> {
        let RigFile { population } = toml::from_str(ADULT)?;
        let names = || rig.shapes.iter().map(|s| &s.name);
        let factor = |name: &String| {
            let of = population.factors.iter().position(|f| f.shapes.contains(name))?;
            Some((of, population.factors[of].correlation))
        };
        let measures: Vec<Sizes> =
            names().map(|name| population.measures_mm.get(name).copied().unwrap_or_default()).collect();
        let places: Vec<usize> =
            population.solved.iter().filter_map(|name| names().position(|known| known == name)).collect();
        let noise: Vec<Option<Noise>> = names().map(|name| population.noise.get(name).copied()).collect();
        let mut variance: Vec<f32> = noise.iter().map(|n| n.map_or(0.0, |n| n.sd * n.sd)).collect();
        for k in &places {
            variance[*k] = 1.0;
        }
        let places = <[usize; SIZE_COUNT]>::try_from(places).ok();
        Ok(Self {
            seed,
            preset: preset.clone(),
            factor: names().map(factor).collect(),
            solution: places.and_then(|places| Solution::new(&measures, &variance, places)),
            noise,
            measures,
            population,
        })
    }

    /// A person: the same in every sample of the dataset, with the same left and right hand.
    pub fn subject(&self, number: u32) -> DrawnPerson {
        let person = self.person(&mut dataset_stream(self.seed, "subject", u64::from(number)));
        let mut stream = dataset_stream(self.seed, "shape of subject", u64::from(number));
        let group = self.group(person);
        let sizes = self.sizes(&group, &mut stream);
        // blend shapes have the size of the mean mesh; what differs between hands grows with them
        let scale = group.mean_mm[1] / self.population.mesh_mm[1].max(1.0);
        let mut shape = self.mean_hand(person);
        shape.0.iter_mut().for_each(|c| *c *= scale);
        if let Some(Solution { places, alone, .. }) = &self.solution {
            let missing = difference(&group.mean_mm, &self.measure(&shape));
            places.iter().zip(alone).for_each(|(k, row)| shape.0[*k] = dot(row, &missing));
        }
        shape.0.iter_mut().zip(self.deviations(&mut stream)).for_each(|(c, d)| *c += d * scale);
        if let Some(Solution { shared, .. }) = &self.solution {
            let missing = difference(&sizes, &self.measure(&shape));
            shape.0.iter_mut().zip(shared).for_each(|(c, row)| *c += dot(row, &missing));
        }
        DrawnPerson { person, shape }
    }

    /// Sizes of the mesh with the coefficients of a hand, mm: straight from the mean mesh.
    pub fn measure(&self, shape: &HandShape) -> Sizes {
        let added = |size: usize| shape.0.iter().zip(&self.measures).map(|(c, m)| c * m[size]).sum::<f32>();
        std::array::from_fn(|size| self.population.mesh_mm[size] + added(size))
    }

    fn person(&self, stream: &mut Stream) -> Person {
        let sex = self.preset.sex.sample(stream).unwrap_or_default();
        let is_child = stream.unit() < self.preset.children;
        let age = if is_child { &self.preset.child_age_years } else { &self.preset.age_years };
        Person { sex, age_years: age.sample(stream) }
    }

    /// The people whose sizes a person's are drawn from.
    fn group(&self, person: Person) -> Group {
        let survey = &self.population.survey;
        if person.is_child() {
            let mean_mm = survey.child.mean(person.age_years);
            return Group { mean_mm, log_sd: survey.child.log_sd };
        }
        let row = survey.get(person.sex);
        let years = person.age_years.min(survey.settled_years) - survey.adult_years;
        let mean = |k: usize| libm::expf(row.log_mean[k] + survey.ageing_per_year[k] * years);
        Group { mean_mm: std::array::from_fn(mean), log_sd: row.log_sd }
    }

    /// The five sizes of a person, mm: their logarithms are jointly normal.
    fn sizes(&self, group: &Group, stream: &mut Stream) -> Sizes {
        let root = cholesky(&self.population.survey.correlation);
        let normals: Sizes = std::array::from_fn(|_| stream.normal());
        std::array::from_fn(|k| {
            let z = dot(&root[k], &normals).clamp(-MOST_SD, MOST_SD);
            group.mean_mm[k] * libm::expf(group.log_sd[k] * self.preset.spread * z)
        })
    }

    /// Mean coefficients of people of a sex and age, those that are solved for left out.
    fn mean_hand(&self, person: Person) -> HandShape {
        let youth = if person.is_child() { self.population.survey.child.youth(person.age_years) } else { 0.0 };
        let aged = ((person.age_years - AGEING[0]) / (AGEING[1] - AGEING[0])).clamp(0.0, 1.0);
        let sex = match person.sex {
            _ if person.is_child() => 0.0,
            Sex::Female => -1.0,
            Sex::Male => 1.0,
        };
        let mean = |n: &Noise| n.male * sex + n.child * youth + n.old * aged;
        HandShape(self.noise.iter().map(|n| n.as_ref().map_or(0.0, mean)).collect())
    }

    /// Drawn deviations of the coefficients from their means.
    fn deviations(&self, stream: &mut Stream) -> Vec<f32> {
        let common: Vec<f32> = self.population.factors.iter().map(|_| stream.normal()).collect();
        let mut deviation = |(noise, factor): (&Option<Noise>, &Option<(usize, f32)>)| {
            let own = stream.normal();
            let z = factor.map_or(own, |(k, r)| libm::sqrtf(r) * common[k] + libm::sqrtf(1.0 - r) * own);
            noise.as_ref().map_or(0.0, |n| n.sd * self.preset.spread * z.clamp(-MOST_SD, MOST_SD))
        };
        self.noise.iter().zip(&self.factor).map(&mut deviation).collect()
    }
}

/// Sizes of people of one sex and age.
struct Group {
    /// Medians.
    mean_mm: Sizes,
    /// Of the logarithms.
    log_sd: Sizes,
}

fn difference(a: &Sizes, b: &Sizes) -> Sizes {
    std::array::from_fn(|k| a[k] - b[k])
}

/// Lower triangular L with L Lᵀ the matrix (Cholesky).
fn cholesky(matrix: &[Sizes; SIZE_COUNT]) -> [Sizes; SIZE_COUNT] {
    let mut l = [[0.0_f32; SIZE_COUNT]; SIZE_COUNT];
    for i in 0..SIZE_COUNT {
        for j in 0..=i {
            let rest = matrix[i][j] - (0..j).map(|k| l[i][k] * l[j][k]).sum::<f32>();
            l[i][j] = if i == j { libm::sqrtf(rest.max(0.0)) } else { rest / l[j][j].max(1e-6) };
        }
    }
    l
}

/// Inverse of a matrix (Gauss-Jordan with pivoting); `None` if there is none.
fn inverse(matrix: &[Sizes; SIZE_COUNT]) -> Option<[Sizes; SIZE_COUNT]> {
    let mut a = matrix.map(|row| row.map(f64::from));
    let mut b: [[f64; SIZE_COUNT]; SIZE_COUNT] = std::array::from_fn(|i| std::array::from_fn(|j| f64::from(i == j)));
    for column in 0..SIZE_COUNT {
        let pivot = (column..SIZE_COUNT).max_by(|i, j| a[*i][column].abs().total_cmp(&a[*j][column].abs()))?;
        a.swap(column, pivot);
        b.swap(column, pivot);
        let scale = a[column][column];
        if scale.abs() < 1e-9 {
            return None;
        }
        let (pivot_a, pivot_b) = (a[column].map(|v| v / scale), b[column].map(|v| v / scale));
        for row in 0..SIZE_COUNT {
            let factor = if row == column { 0.0 } else { a[row][column] };
            for k in 0..SIZE_COUNT {
                a[row][k] = if row == column { pivot_a[k] } else { a[row][k] - factor * pivot_a[k] };
                b[row][k] = if row == column { pivot_b[k] } else { b[row][k] - factor * pivot_b[k] };
            }
        }
    }
    Some(b.map(|row| row.map(|v| v as f32)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverse_times_matrix_is_one() {
        let matrix = std::array::from_fn(|i| {
            std::array::from_fn(|j| if i == j { 0.0 } else { ((3 * i + 7 * j) % 11) as f32 + 0.5 })
        });
        let found = inverse(&matrix).unwrap();
        for (i, row) in found.iter().enumerate() {
            for j in 0..SIZE_COUNT {
                let sum: f32 = row.iter().zip(&matrix).map(|(a, b)| a * b[j]).sum();
                assert!((sum - f32::from(u8::from(i == j))).abs() < 1e-4, "{i} {j} {sum}");
            }
        }
        assert_eq!(inverse(&[[1.0; SIZE_COUNT]; SIZE_COUNT]), None);
    }

    #[test]
    fn cholesky_gives_the_matrix_back() {
        let matrix =
            std::array::from_fn(|i| std::array::from_fn(|j| if i == j { 1.0 } else { 0.9 - 0.1 * (i + j) as f32 }));
        let l = cholesky(&matrix);
        for i in 0..SIZE_COUNT {
            for j in 0..SIZE_COUNT {
                let sum: f32 = (0..SIZE_COUNT).map(|k| l[i][k] * l[j][k]).sum();
                assert!((sum - matrix[i][j]).abs() < 1e-5, "{i} {j}");
            }
        }
    }
}
