//! When movements happen, and how far each has come: minimum jerk, one after the other or overlapping.
//!
//! A movement from rest to rest follows 10 τ³ - 15 τ⁴ + 6 τ⁵ (Flash and Hogan, 1985), the way of least jerk: speed and
//! acceleration vanish at both ends, and the peak speed is 15/8 of the mean. Movements that overlap add up.

use crate::preset::types::Sequence;
use crate::rig::Digit;
use crate::rig::joint::DIGITS;
use crate::seed::Stream;

/// Peak speed of a minimum-jerk movement over its mean speed.
pub const PEAK_OVER_MEAN: f32 = 1.875;
/// Digits start behind the wrist by at most this share of a movement, and take that much less time.
const MOST_ONSET: f32 = 0.3;
/// The next movement starts no sooner than after this share of one, and ends after it by this share of its own.
const MOST_OVERLAP: f32 = 0.5;

/// Share of the way that a minimum-jerk movement has made at a share of its time; 0 before it, 1 after it.
pub fn minimum_jerk(time: f32) -> f32 {
    let t = time.clamp(0.0, 1.0);
    t * t * t * (10.0 + t * (6.0 * t - 15.0))
}

/// One movement.
#[derive(Debug, Clone, PartialEq)]
pub struct Movement {
    /// When the arm starts, seconds since the clip's first frame; negative: it was under way.
    pub start_s: f32,
    /// How long it takes, seconds.
    pub duration_s: f32,
    /// How long each digit waits, thumb first, seconds.
    onset_s: [f32; 5],
    most_onset_s: f32,
}

impl Movement {
    /// When all of it is done, seconds.
    pub fn end_s(&self) -> f32 {
        self.start_s + self.duration_s
    }

    /// Share of the way that the arm and wrist have made.
    pub fn arm(&self, time_s: f32) -> f32 {
        minimum_jerk((time_s - self.start_s) / self.duration_s)
    }

    /// Share of the way that a digit has made.
    pub fn digit(&self, digit: Digit, time_s: f32) -> f32 {
        let start_s = self.start_s + self.onset_s[digit as usize];
        minimum_jerk((time_s - start_s) / (self.duration_s - self.most_onset_s))
    }
}

/// The movements of one hand until `end_s`; the first begins around time 0, under way or not.
pub fn movements(preset: &Sequence, end_s: f32, stream: &mut Stream) -> Vec<Movement> {
    let mut movements: Vec<Movement> = Vec::new();
    let mut free_s = 0.0;
    let mut first = true;
    while first || free_s < end_s {
        let (hold_s, duration_s) = (preset.hold_s.sample(stream), preset.move_s.sample(stream));
        let most_onset_s = MOST_ONSET * duration_s;
        let onset_s = DIGITS.map(|_| preset.onset_s.sample(stream).min(most_onset_s));
        let mut start_s = if first { -stream.unit() * duration_s + hold_s.max(0.0) * stream.unit() } else { free_s };
        if let Some(last) = movements.last() {
            let after = last.start_s + MOST_OVERLAP * last.duration_s;
            start_s = start_s.max(after).max(last.end_s() - MOST_OVERLAP * duration_s);
        }
        // the rest of this one's hold comes before the next
        free_s = start_s + duration_s + hold_s;
        movements.push(Movement { start_s, duration_s, onset_s, most_onset_s });
        first = false;
    }
    movements
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preset::Preset;
    use crate::seed::dataset_stream;

    #[test]
    fn minimum_jerk_rests_at_both_ends_and_peaks_in_the_middle() {
        let value = |t: f64| t * t * t * (10.0 + t * (6.0 * t - 15.0));
        let h = 1e-4;
        let speed = |t: f64| (value(t + h) - value(t - h)) / (2.0 * h);
        for k in 0..=100 {
            let t = f64::from(k) / 100.0;
            assert!((f64::from(minimum_jerk(t as f32)) - value(t)).abs() < 1e-6);
            // the derivative known from paper: 30 t² (1 - t)²
            assert!((speed(t) - 30.0 * t * t * (1.0 - t) * (1.0 - t)).abs() < 1e-6);
            assert!((minimum_jerk(t as f32) + minimum_jerk(1.0 - t as f32) - 1.0).abs() < 1e-6);
        }
        assert!((speed(0.5) - f64::from(PEAK_OVER_MEAN)).abs() < 1e-6);
        // no speed and no acceleration at the ends: the way is of third order there
        for (near, end) in [(1e-2_f32, 0.0), (1.0 - 1e-2, 1.0)] {
            assert!((minimum_jerk(near) - end).abs() < 1.01e-5, "{near}");
        }
        assert!(minimum_jerk(-3.0).to_bits() == 0 && minimum_jerk(7.0).to_bits() == 1.0_f32.to_bits());
    }

    #[test]
    fn an_earlier_movement_is_always_ahead() {
        let preset = Preset::default().sequence;
        for item in 0..60 {
            let movements = movements(&preset, 8.0, &mut dataset_stream(1, "timing", item));
            assert!(movements[0].start_s < 1.0 && movements.last().is_some_and(|m| m.end_s() > 7.0));
            for pair in movements.windows(2) {
                assert!(pair[1].start_s > pair[0].start_s && pair[1].end_s() > pair[0].end_s());
                for k in 0..300 {
                    let t = -1.0 + 0.03 * k as f32;
                    assert!(pair[0].arm(t) >= pair[1].arm(t) - 1e-5);
                    assert!(DIGITS.into_iter().all(|d| pair[0].digit(d, t) >= pair[1].digit(d, t) - 1e-5));
                }
            }
        }
    }
}
