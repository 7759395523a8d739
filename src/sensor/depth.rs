//! What a depth camera makes of exact depth: noise along the axis, rounding, holes. Moves no pixel.

use crate::frame::{NO_DEPTH, Plane};
use crate::scene::DepthSensor;
use crate::seed::Stream;

use super::noise::{PixelNoise, normal_quantile};

/// Difference of depth between neighbouring pixels from which they lie on both sides of an edge, metres.
pub const EDGE_JUMP_M: f32 = 0.02;

/// Depth as a depth camera stores it.
///
/// The noise grows with depth as in measured cameras (Nguyen, Izadi and Lovell 2012 for structured light: 1.2 mm plus
/// 1.9 mm/m² beyond 0.4 m). Pixels without a surface stay empty. Equal streams give equal depth.
pub fn measure_depth(depth_z_m: &Plane<f32>, sensor: &DepthSensor, rng: &mut Stream) -> Plane<f32> {
    let noise = PixelNoise::new(rng.next_u64());
    let [hole, edge_hole] = [sensor.holes, sensor.edge_holes].map(|p| normal_quantile(f64::from(p)) as f32);
    let mut deviates = vec![[0.0; 3]; depth_z_m.data.len()];
    noise.fill(&mut deviates, 0);
    let width = depth_z_m.width.max(1) as usize;
    let measure = |(k, (z, [along, anywhere, at_edge])): (usize, (&f32, &[f32; 3]))| {
        let (x, y) = ((k % width) as i64, (k / width) as i64);
        let lost = *anywhere < hole || (*at_edge < edge_hole && is_edge(depth_z_m, x, y, *z));
        if *z <= NO_DEPTH || lost { NO_DEPTH } else { rounded(z + sigma_m(sensor, *z) * along, sensor.step_m) }
    };
    let data = depth_z_m.data.iter().zip(&deviates).enumerate().map(measure).collect();
    Plane { width: depth_z_m.width, height: depth_z_m.height, data }
}

/// Standard deviation of the noise at a depth, metres.
fn sigma_m(sensor: &DepthSensor, z_m: f32) -> f32 {
    let [constant, linear, quadratic] = sensor.noise;
    constant + z_m * (linear + z_m * quadratic)
}

fn rounded(z_m: f32, step_m: f32) -> f32 {
    let stored = if step_m > 0.0 { step_m * libm::roundf(z_m / step_m) } else { z_m };
    stored.max(NO_DEPTH)
}

/// Whether the surface at a pixel ends there: a neighbour is empty or much nearer or farther.
fn is_edge(depth_z_m: &Plane<f32>, x: i64, y: i64, z: f32) -> bool {
    let neighbours = (-1..=1).flat_map(|dy| (-1..=1).map(move |dx| (dx, dy)));
    let mut seen = neighbours.filter_map(|(dx, dy)| depth_z_m.get(x + dx, y + dy));
    seen.any(|other| other <= NO_DEPTH || (other - z).abs() > EDGE_JUMP_M)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::dataset_stream;

    fn measured(plane: &Plane<f32>, sensor: &DepthSensor) -> Plane<f32> {
        measure_depth(plane, sensor, &mut dataset_stream(1, "depth", 0))
    }

    #[test]
    fn noise_grows_with_depth_as_told() {
        for z in [0.3_f32, 0.8, 2.0] {
            let sensor = DepthSensor { noise: [0.001, 0.0005, 0.002], ..DepthSensor::default() };
            let seen = measured(&Plane::filled(200, 150, z), &sensor);
            let n = seen.data.len() as f32;
            let variance = seen.data.iter().map(|v| (v - z) * (v - z)).sum::<f32>() / n;
            let expected = 0.001 + 0.0005 * z + 0.002 * z * z;
            assert!((variance.sqrt() / expected - 1.0).abs() < 0.02, "{z}: {}", variance.sqrt());
        }
    }

    #[test]
    fn depth_is_rounded_to_steps() {
        let seen = measured(&Plane::filled(3, 2, 0.5234), &DepthSensor { step_m: 0.005, ..DepthSensor::default() });
        assert!(seen.data.iter().all(|z| (z - 0.525).abs() < 1e-6), "{:?}", seen.data);
    }

    #[test]
    fn holes_are_as_frequent_as_told_and_edges_lose_more() {
        let (width, height) = (400, 300);
        let step = |k: u32| if k % width < width / 2 { 0.5 } else { 0.7 };
        let plane = Plane { width, height, data: (0..width * height).map(step).collect() };
        let share = |seen: &Plane<f32>, columns: std::ops::Range<u32>| {
            let all = columns.len() as f32 * height as f32;
            let empty = (0..height).flat_map(|y| columns.clone().map(move |x| (x, y)));
            empty.filter(|(x, y)| seen.data[(y * width + x) as usize] <= NO_DEPTH).count() as f32 / all
        };
        let seen = measured(&plane, &DepthSensor { holes: 0.05, edge_holes: 0.6, ..DepthSensor::default() });
        assert!((share(&seen, 0..190) - 0.05).abs() < 0.005);
        assert!((share(&seen, 199..201) - (1.0 - 0.95 * 0.4)).abs() < 0.06, "{}", share(&seen, 199..201));
        assert_eq!(measured(&plane, &DepthSensor::default()), plane);
    }

    #[test]
    fn nothing_stays_nothing_and_the_border_is_no_edge() {
        let sensor = DepthSensor { noise: [0.01, 0.0, 0.0], edge_holes: 1.0, ..DepthSensor::default() };
        assert!(measured(&Plane::filled(5, 5, NO_DEPTH), &sensor).data.iter().all(|z| *z <= NO_DEPTH));
        assert!(measured(&Plane::filled(5, 5, 0.4), &sensor).data.iter().all(|z| *z > NO_DEPTH));
    }
}
