//! Smoothing of keypoints over time: the one-euro filter, or a Kalman filter of constant velocity.

use glam::Vec3;
use serde::{Deserialize, Serialize};

use crate::rig::LANDMARK_COUNT;

/// How keypoints are smoothed.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Smoothing {
    /// As they are.
    #[default]
    None,
    /// The one-euro filter (Casiez et al. 2012): a low pass whose cut-off rises with speed. Little delay in fast motion, little
    /// jitter at rest. There is no agreed set of parameters for hands: lower `min_cutoff_hz` until a resting hand is quiet, then
    /// raise `beta` until a fast one does not lag.
    OneEuro {
        /// Cut-off at rest, Hz.
        min_cutoff_hz: f32,
        /// Hz of cut-off per m/s of speed.
        beta: f32,
        /// Cut-off of the speed itself, Hz.
        derivative_cutoff_hz: f32,
    },
    /// A Kalman filter of constant velocity: knows how far to trust a keypoint from its confidence, and predicts.
    Kalman {
        /// Change of velocity that hands show within a second, m/s per root second (the root of the spectral density of white
        /// acceleration).
        agility: f32,
        /// Standard deviation of the coordinates of a keypoint of confidence 1, metres; at confidence c it is this over c.
        noise_m: f32,
    },
}

/// A longer time between shots begins anew, seconds.
const LONGEST_GAP_S: f64 = 0.3;
/// Speed of which nothing is known, m/s.
const FIRST_SPEED: f32 = 1.0;
/// Least confidence that is reckoned with.
const LEAST_CONFIDENCE: f32 = 0.05;

/// Smooths the keypoints of one hand.
#[derive(Debug, Clone)]
pub struct Smoother {
    smoothing: Smoothing,
    states: [Option<State>; LANDMARK_COUNT],
}

/// What is remembered of one point.
#[derive(Debug, Clone, Copy, PartialEq)]
struct State {
    time_s: f64,
    point_m: Vec3,
    velocity: Vec3,
    /// Variances of place and velocity and their covariance, the same for all coordinates (Kalman filter only).
    variance: [f32; 3],
}

impl Smoother {
    /// Knows nothing yet.
    pub fn new(smoothing: Smoothing) -> Self {
        Self { smoothing, states: [None; LANDMARK_COUNT] }
    }

    /// Forget everything, as for a new hand.
    pub fn reset(&mut self) {
        self.states = [None; LANDMARK_COUNT];
    }

    /// The smoothed keypoints of the moment `time_s`, seconds; times may be uneven. A keypoint that is `None` stays so, and what is
    /// known of it is kept for .3 s; a longer gap, or a time that does not rise, begins anew.
    pub fn update(
        &mut self,
        time_s: f64,
        points_m: &[Option<Vec3>; LANDMARK_COUNT],
        confidence: &[f32; LANDMARK_COUNT],
    ) -> [Option<Vec3>; LANDMARK_COUNT] {
        std::array::from_fn(|k| {
            let point = points_m[k].filter(|p| p.is_finite())?;
            let earlier = self.states[k].filter(|s| is_near(time_s - s.time_s));
            let state = match self.smoothing {
                Smoothing::None => State::new(time_s, point, 0.0, earlier),
                Smoothing::OneEuro { min_cutoff_hz, beta, derivative_cutoff_hz } => match earlier {
                    None => State::new(time_s, point, 0.0, None),
                    Some(state) => state.one_euro(time_s, point, [min_cutoff_hz, beta, derivative_cutoff_hz]),
                },
                Smoothing::Kalman { agility, noise_m } => {
                    let noise_m = noise_m / confidence[k].clamp(LEAST_CONFIDENCE, 1.0);
                    match earlier {
                        None => State::new(time_s, point, noise_m, None),
                        Some(state) => state.predicted(time_s, agility).corrected(point, noise_m),
                    }
                }
            };
            // numbers that overflow are not kept
            self.states[k] = Some(state).filter(State::is_finite);
            self.states[k].map(|s| s.point_m)
        })
    }

    /// Where the keypoints will be at a later moment, going on as they go; for the region to look at next. `None` for points that
    /// are not known or were last seen too long before.
    pub fn predict(&self, time_s: f64) -> [Option<Vec3>; LANDMARK_COUNT] {
        self.states.map(|state| {
            let state = state?;
            let ahead = time_s - state.time_s;
            (ahead.abs() <= f64::EPSILON || is_near(ahead)).then(|| state.point_m + state.velocity * ahead as f32)
        })
    }
}

fn is_near(ahead_s: f64) -> bool {
    ahead_s > 0.0 && ahead_s <= LONGEST_GAP_S
}

/// Share of the new value in a low pass of this cut-off.
fn share(cutoff_hz: f32, step_s: f32) -> f32 {
    let tau = 1.0 / (std::f32::consts::TAU * cutoff_hz);
    1.0 / (1.0 + tau / step_s)
}

impl State {
    /// Velocity from the last point, if there is one.
    fn new(time_s: f64, point_m: Vec3, noise_m: f32, earlier: Option<Self>) -> Self {
        let velocity = earlier.map_or(Vec3::ZERO, |e| (point_m - e.point_m) / (time_s - e.time_s) as f32);
        Self { time_s, point_m, velocity, variance: [noise_m * noise_m, 0.0, FIRST_SPEED * FIRST_SPEED] }
    }

    fn is_finite(&self) -> bool {
        self.point_m.is_finite() && self.velocity.is_finite() && self.variance.iter().all(|v| v.is_finite())
    }

    /// One step of the one-euro filter; the speed is that of the point, not of each coordinate, so that the result does not
    /// depend on the camera's orientation.
    fn one_euro(&self, time_s: f64, point_m: Vec3, [min_cutoff_hz, beta, derivative_cutoff_hz]: [f32; 3]) -> Self {
        let step_s = (time_s - self.time_s) as f32;
        // against the last filtered point
        let velocity = (point_m - self.point_m) / step_s;
        let velocity = self.velocity.lerp(velocity, share(derivative_cutoff_hz, step_s));
        let cutoff_hz = min_cutoff_hz + beta * velocity.length();
        let point_m = self.point_m.lerp(point_m, share(cutoff_hz, step_s));
        Self { time_s, point_m, velocity, ..*self }
    }

    /// Going on with the same velocity, less and less surely.
    fn predicted(&self, time_s: f64, agility: f32) -> Self {
        let t = (time_s - self.time_s) as f32;
        let [place, both, speed] = self.variance;
        let q = agility * agility;
        let variance = [
            place + t * (2.0 * both + t * speed) + q * t * t * t / 3.0,
            both + t * speed + q * t * t / 2.0,
            speed + q * t,
        ];
        Self { time_s, point_m: self.point_m + self.velocity * t, velocity: self.velocity, variance }
    }

    fn corrected(&self, point_m: Vec3, noise_m: f32) -> Self {
        let [place, both, speed] = self.variance;
        let total = (place + noise_m * noise_m).max(f32::MIN_POSITIVE);
        let gain = [place / total, both / total];
        let off = point_m - self.point_m;
        Self {
            time_s: self.time_s,
            point_m: self.point_m + off * gain[0],
            velocity: self.velocity + off * gain[1],
            variance: [place * (1.0 - gain[0]), both * (1.0 - gain[0]), speed - gain[1] * both],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::dataset_stream;

    const SURE: [f32; LANDMARK_COUNT] = [1.0; LANDMARK_COUNT];

    fn all(p: Vec3) -> [Option<Vec3>; LANDMARK_COUNT] {
        [Some(p); LANDMARK_COUNT]
    }

    const EURO: Smoothing = Smoothing::OneEuro { min_cutoff_hz: 1.2, beta: 0.4, derivative_cutoff_hz: 1.0 };

    /// The filter as its authors wrote it, for one coordinate, in double precision, as two low passes and rates.
    fn one_euro_of_a_coordinate(times: &[f64], values: &[f64], min_cutoff: f64, beta: f64, d_cutoff: f64) -> Vec<f64> {
        let alpha = |rate: f64, cutoff: f64| {
            let (te, tau) = (1.0 / rate, 1.0 / (2.0 * std::f64::consts::PI * cutoff));
            1.0 / (1.0 + tau / te)
        };
        let (mut filtered, mut speed) = (vec![values[0]], 0.0);
        for k in 1..values.len() {
            let rate = 1.0 / (times[k] - times[k - 1]);
            let last = filtered[k - 1];
            let raw = (values[k] - last) * rate;
            let a = alpha(rate, d_cutoff);
            speed = a * raw + (1.0 - a) * speed;
            let a = alpha(rate, min_cutoff + beta * f64::abs(speed));
            filtered.push(a * values[k] + (1.0 - a) * last);
        }
        filtered
    }

    #[test]
    fn one_euro_is_the_published_filter_at_uneven_times() {
        let mut s = dataset_stream(1, "smooth", 0);
        let (mut times, mut values) = (vec![0.0], vec![0.3]);
        for k in 1..200 {
            times.push(times[k - 1] + f64::from(s.uniform(0.008, 0.05)));
            values.push(values[k - 1] + f64::from(0.02 * s.normal()));
        }
        let expected = one_euro_of_a_coordinate(&times, &values, 1.2, 0.4, 1.0);
        let direction = s.direction();
        let mut smoother = Smoother::new(EURO);
        for ((t, x), wanted) in times.iter().zip(&values).zip(&expected) {
            let found = smoother.update(*t, &all(direction * *x as f32), &SURE)[7].unwrap();
            assert!(found.abs_diff_eq(direction * *wanted as f32, 2e-5), "{t}: {found} {wanted}");
        }
    }

    #[test]
    fn a_step_is_answered_as_a_low_pass_does() {
        // beta 0: y grows as 1 - (1 - a)^n, a = 1 / (1 + 1 / (2 pi fc te))
        let smoothing = Smoothing::OneEuro { min_cutoff_hz: 2.0, beta: 0.0, derivative_cutoff_hz: 1.0 };
        let mut smoother = Smoother::new(smoothing);
        smoother.update(0.0, &all(Vec3::ZERO), &SURE);
        let a = 1.0 / (1.0 + 1.0 / (std::f64::consts::TAU * 2.0 * 0.02));
        for n in 1..50 {
            let found = smoother.update(f64::from(n) * 0.02, &all(Vec3::X), &SURE)[0].unwrap().x;
            assert!((f64::from(found) - (1.0 - (1.0_f64 - a).powi(n))).abs() < 1e-4, "{n}");
        }
    }

    #[test]
    fn gaps_and_times_that_do_not_rise_begin_anew() {
        for smoothing in [EURO, Smoothing::Kalman { agility: 2.0, noise_m: 0.005 }] {
            let mut smoother = Smoother::new(smoothing);
            smoother.update(0.0, &all(Vec3::ZERO), &SURE);
            let near = smoother.update(0.02, &all(Vec3::X * 0.01), &SURE)[0].unwrap();
            assert!(near.x > 0.0 && near.x < 0.01);
            assert_eq!(smoother.clone().update(0.5, &all(Vec3::X), &SURE)[0], Some(Vec3::X));
            assert_eq!(smoother.clone().update(0.02, &all(Vec3::X), &SURE)[0], Some(Vec3::X));
            // a short gap does not
            let mut some = all(Vec3::X * 0.01);
            some[3] = None;
            assert_eq!(smoother.update(0.04, &some, &SURE)[3], None);
            assert_ne!(smoother.update(0.06, &all(Vec3::X * 0.02), &SURE)[3], Some(Vec3::X * 0.02));
            assert_eq!(smoother.update(0.08, &all(Vec3::NAN), &SURE)[0], None);
            smoother.reset();
            assert_eq!(smoother.predict(0.08)[0], None);
        }
    }

    #[test]
    fn kalman_finds_a_straight_motion_and_predicts_it() {
        let mut s = dataset_stream(2, "smooth", 0);
        let velocity = Vec3::new(0.3, -0.1, 0.2);
        let mut smoother = Smoother::new(Smoothing::Kalman { agility: 0.03, noise_m: 0.004 });
        let (mut raw, mut smoothed) = (0.0, 0.0);
        for k in 0..200 {
            let t = f64::from(k) / 60.0;
            let truth = velocity * t as f32;
            let seen = truth + 0.004 * Vec3::new(s.normal(), s.normal(), s.normal());
            let found = smoother.update(t, &all(seen), &SURE)[0].unwrap();
            if k >= 100 {
                raw += seen.distance(truth);
                smoothed += found.distance(truth);
            }
        }
        assert!(smoothed < 0.5 * raw, "{smoothed} {raw}");
        let ahead = smoother.predict(200.0 / 60.0)[0].unwrap();
        assert!(ahead.distance(velocity * (200.0 / 60.0)) < 0.006, "{ahead}");
        assert_eq!(smoother.predict(9.0)[0], None);
    }

    /// Batch least squares is what a Kalman filter without process noise computes step by step.
    #[test]
    fn kalman_without_agility_is_a_straight_line_by_least_squares() {
        let mut s = dataset_stream(3, "smooth", 0);
        let times: Vec<f64> = (0..20).map(|k| f64::from(k) * 0.05).collect();
        let values: Vec<f64> = times.iter().map(|t| 0.3 * t + f64::from(0.01 * s.normal())).collect();
        let mut smoother = Smoother::new(Smoothing::Kalman { agility: 0.0, noise_m: 0.01 });
        let mut last = Vec3::ZERO;
        for (t, x) in times.iter().zip(&values) {
            last = smoother.update(*t, &all(Vec3::X * *x as f32), &SURE)[0].unwrap();
        }
        // place and velocity at time 0; the velocity is 0 but for FIRST_SPEED
        let (mut a, mut b) = ([[0.0, 0.0], [0.0, 1.0 / f64::from(FIRST_SPEED * FIRST_SPEED)]], [0.0, 0.0]);
        for (t, x) in times.iter().zip(&values) {
            let w = 1.0 / (0.01 * 0.01);
            a[0][0] += w;
            a[1][0] += w * t;
            a[1][1] += w * t * t;
            b[0] += w * x;
            b[1] += w * t * x;
        }
        let [place, velocity] = crate::tracker::fit::normal::solve(a, b).unwrap();
        let expected = place + velocity * times[19];
        assert!((f64::from(last.x) - expected).abs() < 1e-5, "{last} {expected}");
    }

    #[test]
    fn confidence_weighs() {
        let smoothing = Smoothing::Kalman { agility: 1.0, noise_m: 0.003 };
        let after = |confidence: f32| {
            let mut smoother = Smoother::new(smoothing);
            for k in 0..10 {
                smoother.update(f64::from(k) * 0.02, &all(Vec3::ZERO), &SURE);
            }
            smoother.update(0.2, &all(Vec3::X * 0.1), &[confidence; LANDMARK_COUNT])[0].unwrap().x
        };
        assert!(after(0.1) < 0.3 * after(1.0), "{} {}", after(0.1), after(1.0));
    }

    #[test]
    fn none_changes_nothing_and_settings_survive_a_file() {
        let mut smoother = Smoother::new(Smoothing::None);
        smoother.update(0.0, &all(Vec3::X), &SURE);
        assert_eq!(smoother.update(0.1, &all(Vec3::Y), &SURE)[0], Some(Vec3::Y));
        assert!(smoother.predict(0.2)[0].unwrap().abs_diff_eq(Vec3::new(-1.0, 2.0, 0.0), 1e-5));
        for smoothing in [Smoothing::None, EURO, Smoothing::Kalman { agility: 2.0, noise_m: 0.005 }] {
            let text = serde_json::to_string(&smoothing).unwrap();
            assert_eq!(serde_json::from_str::<Smoothing>(&text).unwrap(), smoothing, "{text}");
        }
    }
}
