//! Errors of meshes: MPVPE and F-scores (`FreiHAND`).

use std::collections::BTreeMap;

use glam::{IVec3, Vec3};

use super::align::Similarity;

/// Thresholds of the F-scores, metres.
pub const F_THRESHOLDS_M: [f32; 2] = [0.005, 0.015];

/// Errors of one hand's mesh.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeshErrors {
    /// Mean distance of equal vertices, millimetres.
    pub mpvpe_mm: f32,
    /// F-scores at 5 and 15 mm, 0 to 1.
    pub f: [f32; 2],
}

/// Compares meshes whose vertices correspond; `None` if their numbers differ or are 0, or a vertex is not finite.
pub fn mesh_errors(truth_m: &[Vec3], estimate_m: &[Vec3]) -> Option<MeshErrors> {
    let finite = |mesh: &[Vec3]| mesh.iter().all(|p| p.is_finite());
    if truth_m.len() != estimate_m.len() || truth_m.is_empty() || !finite(truth_m) || !finite(estimate_m) {
        return None;
    }
    let sum: f64 = truth_m.iter().zip(estimate_m).map(|(a, b)| f64::from(a.distance(*b))).sum();
    Some(MeshErrors {
        mpvpe_mm: (1000.0 * sum / truth_m.len() as f64) as f32,
        f: F_THRESHOLDS_M.map(|t| f_score(truth_m, estimate_m, t)),
    })
}

/// The estimated mesh after the similarity that brings its vertices nearest to the true ones.
pub fn aligned_mesh_m(truth_m: &[Vec3], estimate_m: &[Vec3]) -> Option<Vec<Vec3>> {
    let similarity = Similarity::between(estimate_m, truth_m)?;
    Some(estimate_m.iter().map(|p| similarity.point(*p)).collect())
}

/// Harmonic mean of the share of estimated points that have a true one nearer than `threshold_m`, and the other way round.
pub fn f_score(truth_m: &[Vec3], estimate_m: &[Vec3], threshold_m: f32) -> f32 {
    let precision = share_near(estimate_m, &Grid::new(truth_m, threshold_m));
    let recall = share_near(truth_m, &Grid::new(estimate_m, threshold_m));
    if precision + recall > 0.0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 }
}

fn share_near(points_m: &[Vec3], grid: &Grid) -> f32 {
    points_m.iter().filter(|p| grid.has_near(**p)).count() as f32 / points_m.len().max(1) as f32
}

/// Points sorted into cubes as wide as the distance asked for, so that only 27 of them need be looked at.
struct Grid {
    cells: BTreeMap<[i32; 3], Vec<Vec3>>,
    cell_m: f32,
}

impl Grid {
    fn new(points_m: &[Vec3], cell_m: f32) -> Self {
        let mut cells: BTreeMap<[i32; 3], Vec<Vec3>> = BTreeMap::new();
        for p in points_m {
            cells.entry(Self::cell(*p, cell_m).to_array()).or_default().push(*p);
        }
        Self { cells, cell_m }
    }

    fn cell(p: Vec3, cell_m: f32) -> IVec3 {
        (p / cell_m).floor().as_ivec3()
    }

    /// Whether a point is strictly nearer than the cell's width.
    fn has_near(&self, p: Vec3) -> bool {
        let cell = Self::cell(p, self.cell_m);
        let near = |q: &Vec3| q.distance_squared(p) < self.cell_m * self.cell_m;
        // the middle first: it nearly always decides
        [13].into_iter().chain(0..27).any(|k: i32| {
            let step = IVec3::new(k % 3 - 1, k / 3 % 3 - 1, k / 9 - 1);
            self.cells.get(&(cell + step).to_array()).is_some_and(|points| points.iter().any(near))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cloud() -> Vec<Vec3> {
        // points 40 mm apart: neighbours do not help each other
        (0..125).map(|k| Vec3::new((k % 5) as f32, (k / 5 % 5) as f32, (k / 25) as f32) * 0.04 - 0.1).collect()
    }

    #[test]
    fn a_shifted_mesh_has_its_shift() {
        let shifted: Vec<Vec3> = cloud().iter().map(|p| *p + Vec3::new(0.0, 0.007, 0.0)).collect();
        let errors = mesh_errors(&cloud(), &shifted).unwrap();
        assert!((errors.mpvpe_mm - 7.0).abs() < 1e-3);
        assert_eq!(errors.f.map(f32::to_bits), [0.0_f32, 1.0].map(f32::to_bits));
        let aligned = mesh_errors(&cloud(), &aligned_mesh_m(&cloud(), &shifted).unwrap()).unwrap();
        assert!(aligned.mpvpe_mm < 1e-3);
    }

    #[test]
    fn precision_and_recall_are_both_asked_for() {
        // half of the estimate is far away: precision 1/2; every other true point has no neighbour: recall about 1/2
        let estimate: Vec<Vec3> =
            cloud().iter().enumerate().map(|(k, p)| if k % 2 == 0 { *p } else { *p + Vec3::X }).collect();
        let f = f_score(&cloud(), &estimate, 0.005);
        assert!((f - 63.0 / 125.0).abs() < 1e-6, "{f}");
        assert_eq!(mesh_errors(&cloud(), &estimate[1..]), None);
    }
}
