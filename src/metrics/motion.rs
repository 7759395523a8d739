//! Smoothness along a track: acceleration error and jitter, from windows of consecutive frames.

use super::errors::Points;

/// Second difference p(t-1) - 2 p(t) + p(t+1) of a keypoint in three frames, metres per frame².
fn acceleration(window: [&Points; 3], k: usize) -> Option<glam::Vec3> {
    Some(window[0][k]? - 2.0 * window[1][k]? + window[2][k]?)
}

/// Acceleration error of every keypoint that is there in all six: millimetres per frame² (VIBE).
pub fn acceleration_errors_mm(truth: [&Points; 3], estimate: [&Points; 3]) -> impl Iterator<Item = f32> {
    (0..truth[0].len()).filter_map(move |k| {
        let error = 1000.0 * acceleration(truth, k)?.distance(acceleration(estimate, k)?);
        error.is_finite().then_some(error)
    })
}

/// Length of the third difference of every keypoint that is there in all four, times `fps`³: metres per second³ (`TransPose`).
pub fn jitters_m_s3(window: [&Points; 4], fps: f32) -> impl Iterator<Item = f32> {
    (0..window[0].len()).filter_map(move |k| {
        let p = |t: usize| window[t][k];
        let jitter = (p(3)? - 3.0 * p(2)? + 3.0 * p(1)? - p(0)?).length() * fps * fps * fps;
        jitter.is_finite().then_some(jitter)
    })
}

#[cfg(test)]
mod tests {
    use glam::Vec3;

    use super::*;

    #[test]
    fn polynomials_have_their_differences() {
        let at = |x: f32| -> Points { [Some(Vec3::new(x, 0.0, 0.4)); 21] };
        // x = t² mm has the second difference 2; a line has none
        let square = [0.0, 1.0, 4.0].map(|t| at(t * 0.001));
        let line = [0.0, 1.0, 2.0].map(|t| at(t * 0.001));
        let errors: Vec<f32> = acceleration_errors_mm(line.each_ref(), square.each_ref()).collect();
        assert!(errors.len() == 21 && errors.iter().all(|e| (e - 2.0).abs() < 1e-4));
        // x = t³ mm has the third difference 6: 6 mm by 30³ = 162 m/s³
        let cube = [0.0, 1.0, 8.0, 27.0].map(|t| at(t * 0.001));
        assert!(jitters_m_s3(cube.each_ref(), 30.0).all(|j| (j - 162.0).abs() < 0.1));
        let mut holes = cube;
        holes[2] = [None; 21];
        assert_eq!(jitters_m_s3(holes.each_ref(), 30.0).count(), 0);
    }
}
