//! Physiological tremor: a narrow band of small oscillations around 8 to 12 Hz.

use std::f32::consts::TAU;

use crate::seed::Stream;

/// Sinusoids in a band: their beats make the amplitude come and go.
const WAVES: usize = 5;
/// Half the width of the band, hertz.
const HALF_BAND_HZ: f32 = 1.5;

/// A sum of sinusoids with random frequencies around a middle and random phases.
#[derive(Debug, Clone, PartialEq)]
pub struct Oscillation {
    /// Angular frequency, radians per second, and phase, radians.
    waves: [[f32; 2]; WAVES],
    amplitude: f32,
}

impl Oscillation {
    /// A band of a given middle and half width, hertz; `effective` is the root of the mean square.
    pub fn new(effective: f32, middle_hz: f32, half_band_hz: f32, stream: &mut Stream) -> Self {
        let wave = |_| {
            let hz = (middle_hz + half_band_hz * stream.uniform(-1.0, 1.0)).max(0.0);
            [TAU * hz, stream.uniform(0.0, TAU)]
        };
        let waves = [0; WAVES].map(wave);
        Self { waves, amplitude: effective * libm::sqrtf(2.0 / WAVES as f32) }
    }

    /// Tremor around a frequency.
    pub fn tremor(effective: f32, middle_hz: f32, stream: &mut Stream) -> Self {
        Self::new(effective, middle_hz, HALF_BAND_HZ, stream)
    }

    /// Value at a time.
    pub fn at(&self, time_s: f32) -> f32 {
        let wave = |[rate, phase]: &[f32; 2]| libm::sinf(rate * time_s + phase);
        self.amplitude * self.waves.iter().map(wave).sum::<f32>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::dataset_stream;

    /// Power at a frequency of a signal sampled at 100 Hz over 20 s, a Hann window against leakage.
    fn power(signal: &[f32], hz: f32) -> f32 {
        let n = signal.len() as f32;
        let (mut re, mut im) = (0.0, 0.0);
        for (k, x) in signal.iter().enumerate() {
            let window = 0.5 - 0.5 * (TAU * k as f32 / n).cos();
            let turn = TAU * hz * k as f32 / 100.0;
            re += x * window * turn.cos();
            im += x * window * turn.sin();
        }
        (re * re + im * im) / (n * n)
    }

    #[test]
    fn tremor_keeps_to_its_band_and_its_strength() {
        for item in 0..10 {
            let tremor = Oscillation::tremor(0.2, 10.0, &mut dataset_stream(2, "tremor", item));
            let signal: Vec<f32> = (0..2000).map(|k| tremor.at(0.01 * k as f32)).collect();
            let spectrum: Vec<(f32, f32)> =
                (1..500).map(|k| 0.1 * k as f32).map(|hz| (hz, power(&signal, hz))).collect();
            let total: f32 = spectrum.iter().map(|s| s.1).sum();
            let inside: f32 = spectrum.iter().filter(|s| (8.3..=11.7).contains(&s.0)).map(|s| s.1).sum();
            assert!(inside > 0.99 * total, "{}", inside / total);
            let effective = (signal.iter().map(|x| x * x).sum::<f32>() / 2000.0).sqrt();
            assert!((effective - 0.2).abs() < 0.08, "{effective}");
        }
    }
}
