//! What is measured of a set of pictures, and the measurements of a whole set.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One thing measured of each picture or each hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "`facts` says what each is")]
pub enum Quantity {
    Width,
    Height,
    JpegQuality,
    Light,
    MedianLight,
    ClippedHigh,
    ClippedLow,
    Contrast,
    RedGreen,
    BlueGreen,
    NoiseDark,
    NoiseMid,
    NoiseBright,
    EdgeBlur,
    SpectrumLow,
    SpectrumMid,
    SpectrumHigh,
    SpectrumTop,
    SpectrumSlope,
    HandsInPicture,
    Left,
    HandSize,
    CentreX,
    CentreY,
    OffCentre,
    InFrame,
    VisibleKeypoints,
    Direction,
    ViewAzimuth,
    ViewElevation,
    Distance,
    FieldOfView,
    CurlThumb,
    CurlIndex,
    CurlMiddle,
    CurlRing,
    CurlLittle,
    DepthNoise,
    DepthStep,
    DepthHoles,
    DepthEdgeHoles,
    BackgroundDepth,
}

/// What a quantity is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Facts {
    /// In words.
    pub name: &'static str,
    /// Unit; empty for plain numbers.
    pub unit: &'static str,
    /// Difference that hardly matters, in that unit: gaps are not measured finer.
    pub step: f32,
    /// Whether values are degrees of a full circle.
    pub circular: bool,
}

const fn facts(name: &'static str, unit: &'static str, step: f32) -> Facts {
    Facts { name, unit, step, circular: false }
}

impl Quantity {
    /// All of them, in the order of tables.
    pub const ALL: [Self; 42] = [
        Self::Width,
        Self::Height,
        Self::JpegQuality,
        Self::Light,
        Self::MedianLight,
        Self::ClippedHigh,
        Self::ClippedLow,
        Self::Contrast,
        Self::RedGreen,
        Self::BlueGreen,
        Self::NoiseDark,
        Self::NoiseMid,
        Self::NoiseBright,
        Self::EdgeBlur,
        Self::SpectrumLow,
        Self::SpectrumMid,
        Self::SpectrumHigh,
        Self::SpectrumTop,
        Self::SpectrumSlope,
        Self::HandsInPicture,
        Self::Left,
        Self::HandSize,
        Self::CentreX,
        Self::CentreY,
        Self::OffCentre,
        Self::InFrame,
        Self::VisibleKeypoints,
        Self::Direction,
        Self::ViewAzimuth,
        Self::ViewElevation,
        Self::Distance,
        Self::FieldOfView,
        Self::CurlThumb,
        Self::CurlIndex,
        Self::CurlMiddle,
        Self::CurlRing,
        Self::CurlLittle,
        Self::DepthNoise,
        Self::DepthStep,
        Self::DepthHoles,
        Self::DepthEdgeHoles,
        Self::BackgroundDepth,
    ];

    /// The totals of each finger's flexion.
    pub const CURLS: [Self; 5] = [Self::CurlThumb, Self::CurlIndex, Self::CurlMiddle, Self::CurlRing, Self::CurlLittle];

    /// Heading under which reports show it.
    pub fn group(self) -> &'static str {
        match self {
            q if q <= Self::JpegQuality => "Pictures and files",
            q if q <= Self::BlueGreen => "Light and colour",
            q if q <= Self::SpectrumSlope => "Noise, blur and spectrum",
            q if q <= Self::FieldOfView => "Hands in the picture",
            q if q <= Self::CurlLittle => "Poses",
            _ => "Depth",
        }
    }

    /// What it is.
    pub const fn facts(self) -> Facts {
        match self {
            Self::Width => facts("width", "px", 1.0),
            Self::Height => facts("height", "px", 1.0),
            Self::JpegQuality => facts("JPEG quality", "", 1.0),
            Self::Light => facts("mean light", "EV", 0.05),
            Self::MedianLight => facts("median light", "EV", 0.05),
            Self::ClippedHigh => facts("pixels at white", "%", 0.2),
            Self::ClippedLow => facts("pixels at black", "%", 0.2),
            Self::Contrast => facts("contrast", "grey levels", 1.0),
            Self::RedGreen => facts("red to green", "EV", 0.02),
            Self::BlueGreen => facts("blue to green", "EV", 0.02),
            Self::NoiseDark => facts("noise in the dark third", "grey levels", 0.05),
            Self::NoiseMid => facts("noise in the middle third", "grey levels", 0.05),
            Self::NoiseBright => facts("noise in the bright third", "grey levels", 0.05),
            Self::EdgeBlur => facts("blur of strong edges", "px", 0.05),
            Self::SpectrumLow => facts("spectrum at 1/45 to 1/16 per px", "dB", 0.5),
            Self::SpectrumMid => facts("spectrum at 1/16 to 1/6 per px", "dB", 0.5),
            Self::SpectrumHigh => facts("spectrum at 1/6 to 1/3 per px", "dB", 0.5),
            Self::SpectrumTop => facts("spectrum at 1/3 to 1/2 per px", "dB", 0.5),
            Self::SpectrumSlope => facts("slope of the spectrum", "", 0.03),
            Self::HandsInPicture => facts("hands in a picture", "", 0.05),
            Self::Left => facts("left hands", "%", 3.0),
            Self::HandSize => facts("hand size", "% of the picture", 1.0),
            Self::CentreX => facts("hand's place across", "% of the width", 1.0),
            Self::CentreY => facts("hand's place down", "% of the height", 1.0),
            Self::OffCentre => facts("all hands off the centre", "% of the way out", 1.0),
            Self::InFrame => facts("keypoints in the picture", "%", 2.0),
            Self::VisibleKeypoints => facts("keypoints visible", "%", 2.0),
            Self::Direction => Facts { circular: true, ..facts("fingers point, from up", "°", 3.0) },
            Self::ViewAzimuth => Facts { circular: true, ..facts("seen from, around the hand", "°", 3.0) },
            Self::ViewElevation => facts("seen from, towards the fingertips", "°", 3.0),
            Self::Distance => facts("distance of the hands", "m", 0.01),
            Self::FieldOfView => facts("focal length", "picture widths", 0.005),
            Self::CurlThumb => facts("flexion of the thumb", "°", 3.0),
            Self::CurlIndex => facts("flexion of the index finger", "°", 3.0),
            Self::CurlMiddle => facts("flexion of the middle finger", "°", 3.0),
            Self::CurlRing => facts("flexion of the ring finger", "°", 3.0),
            Self::CurlLittle => facts("flexion of the little finger", "°", 3.0),
            Self::DepthNoise => facts("noise of depth", "mm", 0.1),
            Self::DepthStep => facts("step of depth", "mm", 0.15),
            Self::DepthHoles => facts("holes in depth", "%", 0.2),
            Self::DepthEdgeHoles => facts("holes in depth at edges", "%", 1.0),
            Self::BackgroundDepth => facts("depth behind the hands", "m", 0.02),
        }
    }
}

/// Mean of a value over pictures at fixed places, such as the amplitude at each frequency.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Curve {
    sums: Vec<f64>,
    counts: Vec<u64>,
}

impl Curve {
    /// Counts one picture's values; `None` where it has none.
    pub fn add(&mut self, values: &[Option<f32>]) {
        if self.sums.len() < values.len() {
            self.sums.resize(values.len(), 0.0);
            self.counts.resize(values.len(), 0);
        }
        for (k, value) in values.iter().enumerate() {
            self.sums[k] += f64::from(value.unwrap_or(0.0));
            self.counts[k] += u64::from(value.is_some());
        }
    }

    /// Mean at each place where there is enough to speak of one.
    pub fn means(&self) -> Vec<Option<f32>> {
        let most = self.counts.iter().copied().max().unwrap_or(0);
        let mean = |(sum, count): (&f64, &u64)| (*count > most / 50).then(|| (*sum / *count as f64) as f32);
        self.sums.iter().zip(&self.counts).map(mean).collect()
    }
}

/// Measurements of one picture.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Measures {
    /// Of the picture.
    pub picture: Vec<(Quantity, f32)>,
    /// Of each hand.
    pub hands: Vec<Vec<(Quantity, f32)>>,
    /// Amplitude at [`super::spectrum::frequencies`], decibels.
    pub spectrum: Vec<Option<f32>>,
    /// Variance of the noise in each of [`super::noise::BINS`] ranges of brightness, squared grey levels.
    pub noise: Vec<Option<f32>>,
    /// Variance of the noise of depth in each of [`super::depth::BINS`] ranges, square millimetres.
    pub depth_noise: Vec<Option<f32>>,
}

/// Measurements of a set of pictures.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Statistics {
    /// Pictures measured.
    pub pictures: u64,
    /// Hands measured.
    pub hands: u64,
    /// All values of each quantity.
    values: BTreeMap<Quantity, Vec<f32>>,
    /// As in [`Measures`].
    pub spectrum: Curve,
    /// As in [`Measures`].
    pub noise: Curve,
    /// As in [`Measures`].
    pub depth_noise: Curve,
}

impl Statistics {
    /// Counts one picture and its hands.
    pub fn add(&mut self, measures: &Measures) {
        self.pictures += 1;
        self.put(&measures.picture);
        for hand in &measures.hands {
            self.add_hand(hand);
        }
        self.spectrum.add(&measures.spectrum);
        self.noise.add(&measures.noise);
        self.depth_noise.add(&measures.depth_noise);
    }

    /// Counts one hand on its own.
    pub fn add_hand(&mut self, hand: &[(Quantity, f32)]) {
        self.hands += 1;
        self.put(hand);
    }

    fn put(&mut self, values: &[(Quantity, f32)]) {
        for (quantity, value) in values.iter().filter(|(_, value)| value.is_finite()) {
            self.values.entry(*quantity).or_default().push(*value);
        }
    }

    /// Values of a quantity in the order in which they were counted; empty if it could not be measured.
    pub fn values(&self, quantity: Quantity) -> &[f32] {
        self.values.get(&quantity).map_or(&[], Vec::as_slice)
    }

    /// Values of a quantity in rising order, those of a circle within half a turn of `around`.
    pub fn sorted(&self, quantity: Quantity, around: f32) -> Vec<f32> {
        let circular = quantity.facts().circular;
        let near = |v: &f32| if circular { around + wrapped_deg(v - around) } else { *v };
        let mut values: Vec<f32> = self.values(quantity).iter().map(near).collect();
        values.sort_by(f32::total_cmp);
        values
    }

    /// Middle of a quantity: the median, or the mean direction on a circle.
    pub fn middle(&self, quantity: Quantity) -> Option<f32> {
        if self.values(quantity).is_empty() {
            return None;
        }
        if quantity.facts().circular {
            return Some(mean_direction_deg(self.values(quantity)));
        }
        Some(quantile(&self.sorted(quantity, 0.0), 0.5))
    }

    /// Mean and standard deviation of a quantity.
    pub fn moments(&self, quantity: Quantity) -> Option<(f32, f32)> {
        let around = self.middle(quantity)?;
        Some(moments(&self.sorted(quantity, around)))
    }
}

/// Angle brought to -180..180 degrees.
pub fn wrapped_deg(angle: f32) -> f32 {
    angle - 360.0 * libm::floorf((angle + 180.0) / 360.0)
}

fn mean_direction_deg(values: &[f32]) -> f32 {
    let sum = |f: fn(f32) -> f32| values.iter().map(|v| f64::from(f(v.to_radians()))).sum::<f64>();
    libm::atan2(sum(libm::sinf), sum(libm::cosf)).to_degrees() as f32
}

/// Mean and standard deviation; zeros of nothing.
pub fn moments(values: &[f32]) -> (f32, f32) {
    let n = values.len().max(1) as f64;
    let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / n;
    let variance = values.iter().map(|v| (f64::from(*v) - mean) * (f64::from(*v) - mean)).sum::<f64>() / n;
    (mean as f32, variance.sqrt() as f32)
}

/// Value below which a share of sorted values lies, linear between them; 0 of nothing.
pub fn quantile(sorted: &[f32], share: f32) -> f32 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let at = share.clamp(0.0, 1.0) * last as f32;
    let (k, rest) = (at as usize, at.fract());
    sorted[k] + rest * (sorted[(k + 1).min(last)] - sorted[k])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_quantity_is_listed_once_in_order() {
        assert!(Quantity::ALL.is_sorted() && Quantity::ALL.windows(2).all(|w| w[0] != w[1]));
        assert_eq!(Quantity::ALL.last(), Some(&Quantity::BackgroundDepth));
    }

    #[test]
    fn angles_are_averaged_around_the_circle() {
        let mut statistics = Statistics::default();
        for angle in [170.0, -170.0, 178.0, -178.0] {
            statistics.add_hand(&[(Quantity::Direction, angle)]);
        }
        let middle = statistics.middle(Quantity::Direction).unwrap();
        assert!(wrapped_deg(middle - 180.0).abs() < 1e-3, "{middle}");
        let (_, sd) = statistics.moments(Quantity::Direction).unwrap();
        assert!((sd - 7.2).abs() < 0.1, "{sd}");
        assert_eq!(statistics.middle(Quantity::Light), None);
    }

    #[test]
    fn quantiles_lie_between_values() {
        assert!((quantile(&[1.0, 2.0, 4.0], 0.75) - 3.0).abs() < 1e-6);
        assert!(quantile(&[], 0.5).abs() < 1e-6);
    }

    #[test]
    fn curves_are_means_of_what_there_is() {
        let mut curve = Curve::default();
        curve.add(&[Some(1.0), None]);
        curve.add(&[Some(3.0), Some(5.0)]);
        assert_eq!(curve.means(), [Some(2.0), Some(5.0)]);
    }
}
