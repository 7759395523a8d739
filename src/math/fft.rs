//! Discrete Fourier transform of square pictures whose side is a power of two.

/// A complex number: real and imaginary part.
pub type Complex = [f32; 2];

/// Transforms rows, then columns, in place: sum of `a e^(+2 pi i k x / n)`, not scaled. `data` has `size * size` values.
pub fn transform_square(data: &mut [Complex], size: usize) {
    let turns = turns(size);
    for row in data.chunks_exact_mut(size) {
        transform(row, &turns);
    }
    transpose(data, size);
    for row in data.chunks_exact_mut(size) {
        transform(row, &turns);
    }
    transpose(data, size);
}

/// The first half of the unit circle in `size` steps.
fn turns(size: usize) -> Vec<Complex> {
    let angle = |k: usize| std::f64::consts::TAU * k as f64 / size as f64;
    (0..size / 2).map(|k| [libm::cos(angle(k)) as f32, libm::sin(angle(k)) as f32]).collect()
}

/// Radix-2 transform of a row: bit reversal, then butterflies of growing span.
fn transform(row: &mut [Complex], turns: &[Complex]) {
    let size = row.len();
    let unused_bits = usize::BITS - size.trailing_zeros();
    for k in 1..size {
        let swapped = k.reverse_bits() >> unused_bits;
        if k < swapped {
            row.swap(k, swapped);
        }
    }
    let mut half = 1;
    while half < size {
        let stride = size / (2 * half);
        for block in row.chunks_exact_mut(2 * half) {
            let (low, high) = block.split_at_mut(half);
            for (k, (a, b)) in low.iter_mut().zip(high).enumerate() {
                let [c, s] = turns[k * stride];
                let turned = [b[0] * c - b[1] * s, b[0] * s + b[1] * c];
                *b = [a[0] - turned[0], a[1] - turned[1]];
                *a = [a[0] + turned[0], a[1] + turned[1]];
            }
        }
        half *= 2;
    }
}

fn transpose(data: &mut [Complex], size: usize) {
    for y in 0..size {
        for x in 0..y {
            data.swap(y * size + x, x * size + y);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_sum_it_stands_for() {
        let size = 8;
        let given: Vec<Complex> = (0..size * size).map(|k| [(k * k % 17) as f32 - 8.0, (k % 5) as f32]).collect();
        let mut data = given.clone();
        transform_square(&mut data, size);
        for (u, v) in [(0, 0), (1, 0), (3, 5), (7, 2)] {
            let mut sum = [0.0_f64; 2];
            for (k, [re, im]) in given.iter().enumerate() {
                let angle = std::f64::consts::TAU * (u * (k % size) + v * (k / size)) as f64 / size as f64;
                let (s, c) = (libm::sin(angle), libm::cos(angle));
                sum[0] += f64::from(*re) * c - f64::from(*im) * s;
                sum[1] += f64::from(*re) * s + f64::from(*im) * c;
            }
            let found = data[v * size + u];
            assert!((f64::from(found[0]) - sum[0]).abs() < 1e-3 && (f64::from(found[1]) - sum[1]).abs() < 1e-3);
        }
    }
}
