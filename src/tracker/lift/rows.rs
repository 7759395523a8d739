//! Least squares for a point or a translation: three unknowns.

use glam::Vec3;

use crate::tracker::fit::normal::solve;

/// Normal equations.
#[derive(Default)]
pub(super) struct Rows {
    a: [[f64; 3]; 3],
    b: [f64; 3],
}

impl Rows {
    /// `row . x` should be `wanted`.
    pub(super) fn add(&mut self, row: Vec3, wanted: f32, weight: f32) {
        let (row, weight) = (row.as_dvec3(), f64::from(weight));
        for r in 0..3 {
            self.b[r] += weight * row[r] * f64::from(wanted);
            for c in 0..=r {
                self.a[r][c] += weight * row[r] * row[c];
            }
        }
    }

    /// `None` if the rows leave a direction open.
    pub(super) fn solved(self) -> Option<Vec3> {
        let [x, y, z] = solve(self.a, self.b)?;
        Some(Vec3::new(x as f32, y as f32, z as f32))
    }
}
