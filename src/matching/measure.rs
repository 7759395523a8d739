//! All measures of one picture.

use glam::{Vec2, Vec3};

use crate::frame::Plane;

use super::hands::{self, ObservedHand};
use super::statistics::{Measures, Quantity};
use super::{blur, colour, depth, jpeg, luma, noise, spectrum, traces};

/// One captured or rendered picture with what is known of it.
#[derive(Debug, Clone, Default)]
pub struct Observation<'a> {
    /// Display values of the colour camera.
    pub rgb: Option<&'a Plane<[u8; 3]>>,
    /// Display values of a grey camera; looked at only where there is no colour.
    pub grey: Option<&'a Plane<u8>>,
    /// The file that `rgb` (or `grey`) was decoded from, if it was a JPEG.
    pub jpeg: Option<&'a [u8]>,
    /// Metres along the axis, 0 where there is none.
    pub depth_z_m: Option<&'a Plane<f32>>,
    /// Focal length in columns, pixels.
    pub focal_px: Option<f32>,
    /// Labelled hands.
    pub hands: Vec<ObservedHand>,
}

/// Measures a picture and its hands; what cannot be measured is left out.
pub fn measure(seen: &Observation) -> Measures {
    let mut found = Measures::default();
    let luma = seen.rgb.map(luma::of_rgb).or_else(|| seen.grey.map(luma::of_grey));
    if let Some(luma) = &luma {
        found.picture.extend([(Quantity::Width, luma.width as f32), (Quantity::Height, luma.height as f32)]);
        // a picture without traces lost nothing
        let quality = match seen.jpeg {
            Some(file) => jpeg::facts(file).ok().map(|facts| facts.quality),
            None => Some(traces::quality(luma, seen.rgb).unwrap_or(100)),
        };
        found.picture.extend(quality.map(|q| (Quantity::JpegQuality, f32::from(q))));
        add_picture(luma, &mut found);
    }
    if let Some([red, blue]) = seen.rgb.and_then(colour::white_balance) {
        found.picture.extend([(Quantity::RedGreen, red), (Quantity::BlueGreen, blue)]);
    }
    let size = luma.as_ref().map(|l| (l.width, l.height)).or(seen.depth_z_m.map(|d| (d.width, d.height)));
    if let Some((width, height)) = size {
        let size = Vec2::new(width as f32, height as f32);
        found.picture.extend(hands::of_picture(&seen.hands, size, seen.focal_px));
        found.hands = seen.hands.iter().map(|hand| hands::of_hand(hand, size)).collect();
    }
    if let Some(depth_z_m) = seen.depth_z_m {
        add_depth(depth_z_m, &seen.hands, &mut found);
    }
    found
}

/// Exposure, noise, blur and spectrum.
fn add_picture(luma: &Plane<f32>, found: &mut Measures) {
    if let Some(exposure) = colour::exposure(luma) {
        found.picture.extend([
            (Quantity::Light, exposure.light_ev),
            (Quantity::MedianLight, exposure.median_ev),
            (Quantity::ClippedHigh, exposure.clipped_high),
            (Quantity::ClippedLow, exposure.clipped_low),
            (Quantity::Contrast, exposure.contrast),
        ]);
    }
    found.noise = noise::by_brightness(luma);
    let thirds = [Quantity::NoiseDark, Quantity::NoiseMid, Quantity::NoiseBright];
    let noise = thirds.into_iter().zip(noise::thirds(&found.noise)).filter_map(|(q, sigma)| Some((q, sigma?)));
    found.picture.extend(noise);
    found.picture.extend(blur::edge_sigma_px(luma).map(|sigma| (Quantity::EdgeBlur, sigma)));
    if let Some(spectrum) = spectrum::measure(luma) {
        let bands = [Quantity::SpectrumLow, Quantity::SpectrumMid, Quantity::SpectrumHigh, Quantity::SpectrumTop];
        found.picture.extend(bands.into_iter().zip(spectrum.bands_db));
        found.picture.push((Quantity::SpectrumSlope, spectrum.slope));
        found.spectrum = spectrum.rings_db;
    }
}

fn add_depth(depth_z_m: &Plane<f32>, hands: &[ObservedHand], found: &mut Measures) {
    let measured = depth::measure(depth_z_m);
    let nearest = hands.iter().flat_map(|h| h.keypoints_camera_m).flatten().map(|p: Vec3| p.z).reduce(f32::min);
    let values = [
        (Quantity::DepthNoise, measured.noise_mm),
        (Quantity::DepthStep, measured.step_mm),
        (Quantity::DepthHoles, measured.holes),
        (Quantity::DepthEdgeHoles, measured.edge_holes),
        (Quantity::BackgroundDepth, nearest.and_then(|z| depth::background_m(depth_z_m, z))),
    ];
    found.picture.extend(values.into_iter().filter_map(|(q, value)| Some((q, value?))));
    found.depth_noise = measured.noise;
}
