//! Synergies: the principal components of the library's hand shapes, and poses drawn from them.
//!
//! People move their fingers in few patterns (Santello 1998). The patterns here are those of the built-in gestures and
//! grasps: mean and principal components of the angles that do not follow others, found by Jacobi rotations.

use super::coupling::Coupling;
use crate::rig::{DOF_COUNT, DOFS, Dof, HandPose, Joint};
use crate::seed::Stream;

/// Sweeps of Jacobi rotations; the off-diagonal part shrinks quadratically and is gone after 6 or 7.
const SWEEPS: usize = 12;

/// Mean pose and patterns of variation, strongest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Synergies {
    mean: HandPose,
    components: Vec<Component>,
}

/// One pattern.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Component {
    /// Unit vector over the angles.
    pub direction: [f32; DOF_COUNT],
    /// Standard deviation of the library along it, radians.
    pub sd_rad: f32,
    /// Least and greatest of the library along it, standard deviations.
    pub range: [f32; 2],
}

impl Synergies {
    /// Those of some poses.
    pub fn new(poses: &[HandPose]) -> Self {
        let count = poses.len().max(1) as f64;
        let free = |k: usize| if follows(DOFS[k]) { 0.0 } else { 1.0 };
        let mean: [f64; DOF_COUNT] =
            std::array::from_fn(|k| poses.iter().map(|p| f64::from(p.0[k])).sum::<f64>() / count);
        let mut covariance = [[0.0; DOF_COUNT]; DOF_COUNT];
        for (i, row) in covariance.iter_mut().enumerate() {
            for (k, sum) in row.iter_mut().enumerate() {
                let product = |p: &HandPose| (f64::from(p.0[i]) - mean[i]) * (f64::from(p.0[k]) - mean[k]);
                *sum = free(i) * free(k) * poses.iter().map(product).sum::<f64>() / count;
            }
        }
        let mut mean_pose = HandPose::default();
        for (angle, m) in mean_pose.0.iter_mut().zip(mean) {
            *angle = m as f32;
        }
        let mut found = eigen(covariance);
        found.sort_by(|a, b| b.0.total_cmp(&a.0));
        let components = found
            .into_iter()
            .filter(|(variance, _)| *variance > 1e-9)
            .map(|(variance, direction)| component(poses, &mean_pose, variance, direction))
            .collect();
        Self { mean: mean_pose, components }
    }

    /// The patterns, strongest first.
    pub fn components(&self) -> &[Component] {
        &self.components
    }

    /// Share of the library's variance in the first `count` patterns.
    pub fn explained(&self, count: usize) -> f32 {
        let variance = |c: &Component| c.sd_rad * c.sd_rad;
        let all: f32 = self.components.iter().map(variance).sum();
        self.components.iter().take(count).map(variance).sum::<f32>() / all.max(1e-12)
    }

    /// A pose of the first `count` patterns with normal scores within the library's range; inside limits and couplings.
    pub fn sample(&self, count: usize, coupling: &Coupling, stream: &mut Stream) -> HandPose {
        let mut pose = self.mean;
        for Component { direction, sd_rad, range } in self.components.iter().take(count) {
            let score = stream.normal().max(range[0]).min(range[1]);
            for (angle, along) in pose.0.iter_mut().zip(direction) {
                *angle += score * sd_rad * along;
            }
        }
        coupling.apply(&mut pose);
        pose
    }
}

fn component(poses: &[HandPose], mean: &HandPose, variance: f64, direction: [f64; DOF_COUNT]) -> Component {
    let sd = variance.sqrt();
    // the sign of an eigenvector is free: most angles of a pattern grow with its score
    let sign = if direction.iter().sum::<f64>() < 0.0 { -1.0 } else { 1.0 };
    let direction = direction.map(|d| (sign * d) as f32);
    let score = |p: &HandPose| (0..DOF_COUNT).map(|k| (p.0[k] - mean.0[k]) * direction[k]).sum::<f32>() / sd as f32;
    let range = poses.iter().map(score).fold([0.0_f32; 2], |[low, high], s| [low.min(s), high.max(s)]);
    Component { direction, sd_rad: sd as f32, range }
}

/// Angles that follow others, or are drawn apart from the hand's shape.
fn follows(dof: Dof) -> bool {
    dof.joint() == Joint::Wrist || matches!(dof, Dof::ThumbCmcPronation | Dof::RingCmcFlexion | Dof::LittleCmcFlexion)
}

/// Eigenvalues and eigenvectors of a symmetric matrix by cyclic Jacobi rotations.
fn eigen<const N: usize>(mut a: [[f64; N]; N]) -> Vec<(f64, [f64; N])> {
    let mut vectors: [[f64; N]; N] = std::array::from_fn(|i| std::array::from_fn(|k| f64::from(u8::from(i == k))));
    for _ in 0..SWEEPS {
        for p in 0..N {
            for q in p + 1..N {
                if a[p][q].abs() < 1e-15 {
                    continue;
                }
                let theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
                let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
                let c = 1.0 / (t * t + 1.0).sqrt();
                rotate(&mut a, &mut vectors, [p, q], [c, t * c]);
            }
        }
    }
    (0..N).map(|k| (a[k][k], std::array::from_fn(|i| vectors[i][k]))).collect()
}

fn rotate<const N: usize>(a: &mut [[f64; N]; N], vectors: &mut [[f64; N]; N], [p, q]: [usize; 2], [c, s]: [f64; 2]) {
    for row in a.iter_mut().chain(vectors.iter_mut()) {
        let (x, y) = (row[p], row[q]);
        (row[p], row[q]) = (c * x - s * y, s * x + c * y);
    }
    let (x, y) = (a[p], a[q]);
    for k in 0..N {
        (a[p][k], a[q][k]) = (c * x[k] - s * y[k], s * x[k] + c * y[k]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::dataset_stream;

    #[test]
    fn eigenvectors_of_a_known_matrix() {
        // eigenvalues 1, 2 and 4
        let found = eigen([[2.0, 0.0, 0.0], [0.0, 2.5, 1.5], [0.0, 1.5, 2.5]]);
        let mut values: Vec<f64> = found.iter().map(|f| f.0).collect();
        values.sort_by(f64::total_cmp);
        assert!(values.iter().zip([1.0, 2.0, 4.0]).all(|(a, b)| (a - b).abs() < 1e-12), "{values:?}");
        let (_, v) = found.iter().find(|f| f.0 > 3.0).unwrap();
        assert!((v[1] - v[2]).abs() < 1e-12 && (v[1].abs() - 0.5_f64.sqrt()).abs() < 1e-12, "{v:?}");
    }

    #[test]
    fn poses_along_one_line_have_one_component() {
        let mut stream = dataset_stream(1, "line", 0);
        let poses: Vec<HandPose> = (0..500)
            .map(|_| {
                let mut pose = HandPose::default();
                let x = 0.2 * stream.normal();
                pose.set(Dof::IndexMcpFlexion, 0.5 + 0.6 * x);
                pose.set(Dof::RingPipFlexion, 0.8 * x);
                pose
            })
            .collect();
        let synergies = Synergies::new(&poses);
        assert_eq!(synergies.components().len(), 1);
        let first = synergies.components()[0];
        assert!((first.sd_rad - 0.2).abs() < 0.02, "{}", first.sd_rad);
        assert!((first.direction[Dof::IndexMcpFlexion.index()] - 0.6).abs() < 1e-4);
        assert!(first.range[0] < -2.0 && first.range[1] > 2.0);
    }
}
