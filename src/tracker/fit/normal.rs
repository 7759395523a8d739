//! Normal equations of the fit and their solution by Cholesky's factors.

use super::kinematics::UNKNOWNS;

/// Sums of products of derivatives and of derivatives and residuals; only the lower triangle is kept.
pub(super) struct Normal {
    matrix: [[f64; UNKNOWNS]; UNKNOWNS],
    gradient: [f64; UNKNOWNS],
}

impl Normal {
    pub(super) fn zero() -> Self {
        Self { matrix: [[0.0; UNKNOWNS]; UNKNOWNS], gradient: [0.0; UNKNOWNS] }
    }

    /// Add to an entry; `row >= column`.
    pub(super) fn add(&mut self, row: usize, column: usize, value: f64) {
        self.matrix[row][column] += value;
    }

    /// Add to half the gradient of the cost.
    pub(super) fn add_gradient(&mut self, row: usize, value: f64) {
        self.gradient[row] += value;
    }

    /// Half the gradient of the cost by one unknown.
    pub(super) fn gradient(&self, row: usize) -> f64 {
        self.gradient[row]
    }

    /// The damped step (Marquardt: the diagonal grows by the share `damping`); unknowns that are not free stay. `None` if the
    /// matrix is not positive definite.
    pub(super) fn step(&self, damping: f64, free: &[bool; UNKNOWNS]) -> Option<[f64; UNKNOWNS]> {
        let mut factor = self.matrix;
        let mut x = self.gradient.map(|g| -g);
        for row in 0..UNKNOWNS {
            for column in 0..row {
                if !(free[row] && free[column]) {
                    factor[row][column] = 0.0;
                }
            }
            factor[row][row] = if free[row] { factor[row][row] * (1.0 + damping) + 1e-12 } else { 1.0 };
            if !free[row] {
                x[row] = 0.0;
            }
        }
        factorise(&mut factor)?;
        substitute(&factor, &mut x);
        x.iter().all(|v| v.is_finite()).then_some(x)
    }
}

/// Replace the lower triangle of a symmetric matrix by its Cholesky factor; `None` if it is not positive definite.
fn factorise<const N: usize>(a: &mut [[f64; N]; N]) -> Option<()> {
    for row in 0..N {
        for column in 0..=row {
            let sum: f64 = (0..column).map(|k| a[row][k] * a[column][k]).sum();
            let rest = a[row][column] - sum;
            if row > column {
                a[row][column] = rest / a[column][column];
            } else if rest > 0.0 {
                a[row][row] = libm::sqrt(rest);
            } else {
                return None;
            }
        }
    }
    Some(())
}

/// Solve with a factor: forwards, then backwards.
fn substitute<const N: usize>(factor: &[[f64; N]; N], x: &mut [f64; N]) {
    for row in 0..N {
        let sum: f64 = (0..row).map(|k| factor[row][k] * x[k]).sum();
        x[row] = (x[row] - sum) / factor[row][row];
    }
    for row in (0..N).rev() {
        let sum: f64 = (row + 1..N).map(|k| factor[k][row] * x[k]).sum();
        x[row] = (x[row] - sum) / factor[row][row];
    }
}

/// Solution of a small symmetric positive definite system whose lower triangle is given.
pub(in crate::tracker) fn solve<const N: usize>(mut a: [[f64; N]; N], mut b: [f64; N]) -> Option<[f64; N]> {
    factorise(&mut a)?;
    substitute(&a, &mut b);
    b.iter().all(|v| v.is_finite()).then_some(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// M Mᵀ + 1/10 with an M without symmetry.
    fn matrix() -> [[f64; UNKNOWNS]; UNKNOWNS] {
        let m = |r: usize, c: usize| libm::sin((r * 31 + c * 17 + 1) as f64);
        let entry =
            |r: usize, c: usize| (0..UNKNOWNS).map(|k| m(r, k) * m(c, k)).sum::<f64>() + f64::from(r == c) / 10.0;
        std::array::from_fn(|r| std::array::from_fn(|c| entry(r, c)))
    }

    #[test]
    fn a_known_solution_is_found_and_what_is_not_free_stays() {
        let full = matrix();
        let mut free = [true; UNKNOWNS];
        free[4] = false;
        free[20] = false;
        let wanted: [f64; UNKNOWNS] = std::array::from_fn(|k| if free[k] { k as f64 - 9.0 } else { 0.0 });
        let mut normal = Normal::zero();
        for (row, entries) in full.iter().enumerate() {
            (0..=row).for_each(|column| normal.add(row, column, entries[column]));
            normal.add_gradient(row, -entries.iter().zip(&wanted).map(|(a, x)| a * x).sum::<f64>());
        }
        let found = normal.step(0.0, &free).unwrap();
        assert!(found.iter().zip(&wanted).all(|(a, b)| (a - b).abs() < 1e-6), "{found:?}");
        let damped = normal.step(10.0, &free).unwrap();
        assert!(damped.iter().map(|x| x * x).sum::<f64>() < wanted.iter().map(|x| x * x).sum());
    }

    #[test]
    fn what_is_not_positive_definite_has_no_solution() {
        assert_eq!(solve([[1.0, 0.0], [2.0, 1.0]], [1.0, 1.0]), None);
        assert_eq!(solve([[f64::NAN]], [1.0]), None);
        let [x, y] = solve([[4.0, 0.0], [2.0, 3.0]], [8.0, 8.0]).unwrap();
        assert!((x - 1.0).abs() < 1e-12 && (y - 2.0).abs() < 1e-12);
    }
}
