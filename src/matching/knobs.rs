//! The keys of a preset that statistics can be matched with: how each is turned, and by what it is judged.
//!
//! A knob reads the captured set and the set rendered with the preset as it stands, and changes the preset. Where a
//! statistic is the key itself (JPEG quality, focal length) it is copied; where it is a consequence of the key (light,
//! distance, blur) the key's quantiles move by what the statistic's quantiles lack, and rendering again shows the rest.

use crate::preset::{Choice, Distribution, Preset};
use crate::rig::HandSide;

use super::Rendered;
use super::fit::{LEVELS, distribution, quantiles, quantiles_of, short};
use super::noise::SensorNoise;
use super::statistics::{Quantity, Statistics};
use super::{depth, mixture, noise};

/// What a knob sees.
pub(super) struct Turn<'a> {
    /// The set to be matched.
    pub captured: &'a Statistics,
    /// What the preset renders as it stands.
    pub seen: &'a Rendered,
    /// Number of times the preset has been changed before.
    pub round: usize,
}

/// Keys that are turned together.
pub(super) struct Knob {
    /// Key paths.
    pub keys: &'static [&'static str],
    /// What must come nearer.
    pub judged: &'static [Quantity],
    /// Changes the preset.
    pub turn: fn(&Turn, &mut Preset) -> Option<()>,
}

const fn knob(
    keys: &'static [&'static str],
    judged: &'static [Quantity],
    turn: fn(&Turn, &mut Preset) -> Option<()>,
) -> Knob {
    Knob { keys, judged, turn }
}

/// All knobs in the order in which they are turned.
pub(super) const KNOBS: &[Knob] = &[
    knob(&["camera.width_px", "camera.height_px"], &[Quantity::Width, Quantity::Height], picture_size),
    knob(&["camera.focal_px"], &[Quantity::FieldOfView], focal_length),
    knob(&["camera.distance_m"], &[Quantity::Distance, Quantity::HandSize], distance),
    knob(&["camera.off_centre"], &[Quantity::OffCentre], off_centre),
    knob(&["camera.min_in_frame"], &[Quantity::InFrame], in_frame),
    knob(&["hands.count"], &[Quantity::HandsInPicture], hand_count),
    knob(&["hands.side"], &[Quantity::Left], side),
    knob(
        &["pose.gestures", "pose.grasps", "pose.synergies", "pose.coupled", "pose.near_limit"],
        &Quantity::CURLS,
        pose_shares,
    ),
    knob(&["film.exposure_ev"], &[Quantity::Light, Quantity::MedianLight], exposure),
    knob(
        &["film.red_gain", "film.blue_gain", "film.white_balance_error"],
        &[Quantity::RedGreen, Quantity::BlueGreen],
        white_balance,
    ),
    knob(&["sensor.jpeg_loss_percent"], &[Quantity::JpegQuality], jpeg),
    knob(&["sensor.blur_px"], &[Quantity::EdgeBlur], blur),
    knob(
        &["sensor.full_well_e", "sensor.read_noise_e"],
        &[
            Quantity::NoiseDark,
            Quantity::NoiseMid,
            Quantity::NoiseBright,
            Quantity::SpectrumHigh,
            Quantity::SpectrumTop,
        ],
        sensor_noise,
    ),
    knob(
        &["background.colour", "background.noise", "background.dead_leaves", "background.room", "background.gradient"],
        &[Quantity::SpectrumLow, Quantity::SpectrumMid, Quantity::SpectrumSlope, Quantity::Contrast],
        background_shares,
    ),
    knob(
        &["depth_sensor.noise_mm", "depth_sensor.noise_mm_per_m", "depth_sensor.noise_mm_per_m2"],
        &[Quantity::DepthNoise],
        depth_noise,
    ),
    knob(&["depth_sensor.step_mm"], &[Quantity::DepthStep], depth_step),
    knob(&["depth_sensor.holes"], &[Quantity::DepthHoles], depth_holes),
    knob(&["depth_sensor.edge_holes"], &[Quantity::DepthEdgeHoles], depth_edge_holes),
];

/// JPEG quality from which noise survives.
const HARMLESS_QUALITY: f32 = 96.5;
/// Largest factor by which the variance of noise changes in one round.
const MOST_FACTOR: f32 = 6.0;
/// Spread of a captured statistic over the rendered one's from which its key is spread, too.
const WIDER: f32 = 1.5;

/// Statistics that no key of a preset moves by itself, and why.
pub(super) const WITHOUT_KEY: &[(Quantity, &str)] = &[
    (Quantity::Direction, "hands point anywhere in the world; no key turns them in the picture"),
    (Quantity::ViewAzimuth, "hands are turned evenly about their axis; no key prefers a view"),
    (Quantity::ViewElevation, "hands point anywhere; no key prefers a view"),
    (Quantity::CentreX, "hands are moved off the centre in all directions alike"),
    (Quantity::CentreY, "hands are moved off the centre in all directions alike"),
    (Quantity::BackgroundDepth, "backgrounds have no depth"),
    (Quantity::SpectrumHigh, "follows blur, noise and JPEG"),
    (Quantity::SpectrumTop, "follows blur, noise and JPEG"),
    (Quantity::ClippedHigh, "follows exposure and lights"),
    (Quantity::ClippedLow, "follows exposure and lights"),
    (Quantity::VisibleKeypoints, "follows poses, things and occluders"),
];

impl Turn<'_> {
    /// Sorted values of a quantity in the captured set; `None` without any.
    fn wanted(&self, quantity: Quantity) -> Option<Vec<f32>> {
        Some(self.captured.sorted(quantity, 0.0)).filter(|v| !v.is_empty())
    }

    /// Mean and deviation of a quantity, captured and seen.
    fn moments(&self, quantity: Quantity) -> Option<[(f32, f32); 2]> {
        Some([self.captured.moments(quantity)?, self.seen.all.moments(quantity)?])
    }

    /// Whether the captured values are spread clearly wider than the rendered ones.
    fn is_wider(&self, quantity: Quantity) -> Option<bool> {
        let [wanted, seen] = self.moments(quantity)?;
        Some(wanted.1 > WIDER * seen.1)
    }

    /// Captured over rendered variance of noise: the median of some ranges of brightness.
    fn lack_of_noise(&self, ranges: std::ops::Range<usize>) -> Option<f32> {
        let [wanted, seen] = [&self.captured.noise, &self.seen.all.noise].map(super::statistics::Curve::means);
        let mut factors: Vec<f32> =
            ranges.filter_map(|k| Some((*wanted.get(k)?)? / (*seen.get(k)?)?.max(1e-4))).collect();
        factors.sort_by(f32::total_cmp);
        let factor = super::statistics::quantile(&factors, 0.5);
        (!factors.is_empty()).then(|| factor.clamp(1.0 / MOST_FACTOR, MOST_FACTOR))
    }

    /// Captured over rendered power of the upper half of the spectrum.
    fn lack_at_high_frequencies(&self) -> Option<f32> {
        let lack = |quantity| Some(self.captured.middle(quantity)? - self.seen.all.middle(quantity)?);
        let db = 0.5 * (lack(Quantity::SpectrumHigh)? + lack(Quantity::SpectrumTop)?);
        Some(libm::exp10f(db / 10.0).clamp(1.0 / MOST_FACTOR, MOST_FACTOR))
    }

    /// Quantiles of a key after its statistic's lack is added, on a scale where both add up.
    fn corrected(
        &self,
        key: &Distribution,
        quantity: Quantity,
        [to_scale, from_scale]: [fn(f32) -> f32; 2],
    ) -> Option<[f32; LEVELS]> {
        let wanted = quantiles(&self.wanted(quantity)?).map(to_scale);
        let seen = quantiles(&self.seen.all.sorted(quantity, 0.0)).map(to_scale);
        let now = quantiles_of(key).map(to_scale);
        Some(std::array::from_fn(|k| from_scale(now[k] + wanted[k] - seen[k])))
    }
}

/// A bell curve of a key, cut at three deviations and at the key's limits.
fn bell(key: &str, mean: f32, sd: f32) -> Distribution {
    let level = |k: usize| mean + sd * crate::sensor::noise::normal_quantile(f64::from(super::fit::level(k))) as f32;
    let clamp = crate::preset::limits::limit_of(key).map_or([f32::MIN, f32::MAX], |l| [l.low as f32, l.high as f32]);
    if sd < 0.005 {
        return distribution(key, &std::array::from_fn(level), 0.01);
    }
    let mean = short(mean.clamp(clamp[0], clamp[1]));
    let [low, high] = [mean - 3.0 * sd, mean + 3.0 * sd].map(|x| short(x.clamp(clamp[0], clamp[1])));
    Distribution::Normal { normal: [mean, short(sd)], clamp: [low.min(mean), high.max(mean)] }
}

fn identity(x: f32) -> f32 {
    x
}

fn log(x: f32) -> f32 {
    libm::logf(x.max(1e-6))
}

fn square(x: f32) -> f32 {
    x * x
}

fn root(x: f32) -> f32 {
    x.max(0.0).sqrt()
}

fn picture_size(turn: &Turn, preset: &mut Preset) -> Option<()> {
    let camera = &mut preset.camera;
    let before = camera.width_px as f32;
    camera.width_px = turn.captured.middle(Quantity::Width)?.round().clamp(16.0, 8192.0) as u32;
    camera.height_px = turn.captured.middle(Quantity::Height)?.round().clamp(16.0, 8192.0) as u32;
    // the field of view stays
    let factor = camera.width_px as f32 / before;
    camera.focal_px = distribution("camera.focal_px", &quantiles_of(&camera.focal_px).map(|f| f * factor), 0.5);
    Some(())
}

fn focal_length(turn: &Turn, preset: &mut Preset) -> Option<()> {
    let width = preset.camera.width_px as f32;
    let focal = quantiles(&turn.wanted(Quantity::FieldOfView)?).map(|f| f * width);
    preset.camera.focal_px = distribution("camera.focal_px", &focal, 0.002 * width);
    Some(())
}

/// The distance where it is known, else what the hands' size says of it.
fn distance(turn: &Turn, preset: &mut Preset) -> Option<()> {
    let key = &preset.camera.distance_m;
    let found = match (turn.wanted(Quantity::Distance), turn.round) {
        (Some(wanted), 0) => quantiles(&wanted),
        (Some(_), _) => turn.corrected(key, Quantity::Distance, [log, libm::expf])?,
        (None, _) => {
            // large hands are near: quantiles in falling order
            let wanted = quantiles(&turn.wanted(Quantity::HandSize)?);
            let seen = quantiles(&turn.seen.all.sorted(Quantity::HandSize, 0.0));
            let now = quantiles_of(key);
            let lens = turn.seen.all.middle(Quantity::FieldOfView);
            let focal = quantiles_of(&preset.camera.focal_px)[LEVELS / 2] / preset.camera.width_px as f32;
            let zoom = lens.map_or(1.0, |seen| focal / seen.max(1e-3));
            std::array::from_fn(|k| now[k] * zoom * seen[LEVELS - 1 - k] / wanted[LEVELS - 1 - k].max(1e-3))
        }
    };
    preset.camera.distance_m = distribution("camera.distance_m", &found, 0.005);
    Some(())
}

fn off_centre(turn: &Turn, preset: &mut Preset) -> Option<()> {
    let scale: [fn(f32) -> f32; 2] = [identity, identity];
    let now = scaled(&preset.camera.off_centre, 100.0);
    let found = turn.corrected(&now, Quantity::OffCentre, scale)?.map(|x| (x / 100.0).clamp(0.0, 1.0));
    preset.camera.off_centre = distribution("camera.off_centre", &found, 0.01);
    Some(())
}

/// A distribution by its quantiles, times a factor.
fn scaled(distribution: &Distribution, factor: f32) -> Distribution {
    Distribution::Choice { choice: quantiles_of(distribution).map(|q| q * factor).to_vec(), weights: Vec::new() }
}

fn in_frame(turn: &Turn, preset: &mut Preset) -> Option<()> {
    let wanted = turn.wanted(Quantity::InFrame)?;
    let least = super::statistics::quantile(&wanted, 0.05) / 100.0;
    preset.camera.min_in_frame = short(least.clamp(0.0, 1.0));
    Some(())
}

fn hand_count(turn: &Turn, preset: &mut Preset) -> Option<()> {
    // pictures without hands cannot be asked for, nor those with more than two
    let wanted: Vec<f32> = turn.wanted(Quantity::HandsInPicture)?.into_iter().filter(|n| *n > 0.5).collect();
    let two = wanted.iter().filter(|n| **n > 1.5).count() as f32 / wanted.len().max(1) as f32;
    preset.hands.count = choice([(1, 1.0 - two), (2, two)]);
    Some(())
}

fn choice<T: Copy>(shares: [(T, f32); 2]) -> Choice<T> {
    let rounded = |share: f32| (share * 100.0).round() / 100.0;
    match shares.map(|(value, share)| (value, rounded(share))) {
        [(value, share), (_, other)] | [(_, other), (value, share)] if other <= 0.0 && share > 0.0 => {
            Choice::always(value)
        }
        both => Choice { values: both.map(|b| b.0).to_vec(), weights: both.map(|b| b.1).to_vec() },
    }
}

/// Pictures of two hands have one of each side: what is left over or missing is that of single hands.
fn side(turn: &Turn, preset: &mut Preset) -> Option<()> {
    let left = turn.captured.moments(Quantity::Left)?.0 / 100.0;
    let counts = turn.wanted(Quantity::HandsInPicture)?;
    let two = counts.iter().filter(|n| **n > 1.5).count() as f32 / counts.len() as f32;
    let one = 1.0 - two;
    if one < 0.02 {
        return None;
    }
    let left = ((left * (one + 2.0 * two) - two) / one).clamp(0.0, 1.0);
    preset.hands.side = choice([(HandSide::Left, left), (HandSide::Right, 1.0 - left)]);
    Some(())
}

fn pose_shares(turn: &Turn, preset: &mut Preset) -> Option<()> {
    if turn.round > 0 {
        return None;
    }
    let pose = &mut preset.pose;
    let now = [pose.gestures, pose.grasps, pose.synergies, pose.coupled, pose.near_limit];
    let parts = ["gestures", "grasps", "synergies", "coupled", "near_limit"].map(|name| turn.seen.families.get(name));
    let found = mixture::shares(&now, &parts, turn.captured, &Quantity::CURLS);
    let &[gestures, grasps, synergies, coupled, near_limit] = found.as_slice() else { return None };
    (pose.gestures, pose.grasps, pose.synergies) = (gestures, grasps, synergies);
    (pose.coupled, pose.near_limit) = (coupled, near_limit);
    Some(())
}

/// Mean and spread of the light; which of two pictures is bright is mostly the scene's doing.
fn exposure(turn: &Turn, preset: &mut Preset) -> Option<()> {
    let [wanted, seen] = turn.moments(Quantity::Light)?;
    let now = super::statistics::moments(&quantiles_of(&preset.film.exposure_ev));
    let variance = now.1 * now.1 + wanted.1 * wanted.1 - seen.1 * seen.1;
    preset.film.exposure_ev = bell("film.exposure_ev", now.0 + wanted.0 - seen.0, root(variance));
    Some(())
}

fn white_balance(turn: &Turn, preset: &mut Preset) -> Option<()> {
    let [red, blue] = [turn.moments(Quantity::RedGreen)?, turn.moments(Quantity::BlueGreen)?];
    let film = &mut preset.film;
    for (gain, [wanted, seen]) in [(&mut film.red_gain, red), (&mut film.blue_gain, blue)] {
        let now = super::statistics::moments(&quantiles_of(gain)).0;
        *gain = Distribution::Constant(short((now * libm::exp2f(wanted.0 - seen.0)).clamp(0.1, 10.0)));
    }
    // colours of scenes differ, too: the error is raised only where they do not explain the spread
    if turn.is_wider(Quantity::RedGreen)? && turn.is_wider(Quantity::BlueGreen)? {
        let lacking = |[wanted, seen]: [(f32, f32); 2]| wanted.1 * wanted.1 - seen.1 * seen.1;
        let of_log = std::f32::consts::LN_2 * std::f32::consts::LN_2;
        let now = super::statistics::moments(&quantiles_of(&film.white_balance_error)).1;
        let sd = root(now * now + 0.5 * of_log * (lacking(red) + lacking(blue)));
        film.white_balance_error = bell("film.white_balance_error", 0.0, sd.min(0.15));
    }
    Some(())
}

fn jpeg(turn: &Turn, preset: &mut Preset) -> Option<()> {
    let mut loss = quantiles(&turn.wanted(Quantity::JpegQuality)?).map(|q| (100.0 - q).max(0.0));
    loss.reverse();
    preset.sensor.jpeg_loss_percent = distribution("sensor.jpeg_loss_percent", &loss, 0.25);
    Some(())
}

fn blur(turn: &Turn, preset: &mut Preset) -> Option<()> {
    let key = &preset.sensor.blur_px;
    let found = if turn.is_wider(Quantity::EdgeBlur)? {
        turn.corrected(key, Quantity::EdgeBlur, [square, root])?
    } else {
        // widths differ from picture to picture by their scenes: one blur for all
        let lack =
            square(turn.captured.middle(Quantity::EdgeBlur)?) - square(turn.seen.all.middle(Quantity::EdgeBlur)?);
        quantiles_of(key).map(|b| root(b * b + lack))
    };
    preset.sensor.blur_px = distribution("sensor.blur_px", &found, 0.1);
    Some(())
}

/// Without JPEG: first the sensor whose noise fits, then a factor on it. JPEG takes noise out of flat places, so with it
/// that sensor is the least there can be, and noise is raised until as much as in the captured set is left: read noise by the
/// dark third, shot noise by high frequencies.
fn sensor_noise(turn: &Turn, preset: &mut Preset) -> Option<()> {
    let sensor = &mut preset.sensor;
    let wells = super::statistics::moments(&quantiles_of(&sensor.full_well_e).map(log));
    let read = super::statistics::moments(&quantiles_of(&sensor.read_noise_e)).0;
    let well = libm::expf(wells.0);
    // 0 is noiseless
    let well = if well < 1.0 { 1e6 } else { well };
    let now = SensorNoise { shot: 1.0 / well, read: square(read / well) };
    let is_lossy = turn.captured.middle(Quantity::JpegQuality).is_some_and(|q| q < HARMLESS_QUALITY);
    let fitted = || noise::fit_sensor(&turn.captured.noise.means(), preset.film.curve);
    let found = match (turn.round, is_lossy) {
        (0, true) => {
            fitted().map_or(now, |fit| SensorNoise { shot: fit.shot.max(now.shot), read: fit.read.max(now.read) })
        }
        (0, false) => fitted()?,
        (_, true) => {
            let all = turn.lack_at_high_frequencies()?;
            let dark = turn.lack_of_noise(0..noise::BINS / 3).unwrap_or(all);
            SensorNoise { shot: now.shot * all, read: now.read * dark }
        }
        (_, false) => {
            // texture adds to both alike
            let seen = noise::fit_sensor(&turn.seen.all.noise.means(), preset.film.curve)?;
            let moved = |now: f32, wanted: f32, seen: f32| {
                (now + wanted - seen).clamp(now / MOST_FACTOR, now.max(1e-9) * MOST_FACTOR)
            };
            let wanted = fitted()?;
            SensorNoise { shot: moved(now.shot, wanted.shot, seen.shot), read: moved(now.read, wanted.read, seen.read) }
        }
    };
    let (well, read) = (found.full_well_e().min(1e6), found.read_noise_e());
    if well <= 0.0 {
        sensor.full_well_e = Distribution::Constant(0.0);
        return Some(());
    }
    let spread = |s: &Statistics| {
        let logs: Vec<f32> = s.values(Quantity::NoiseMid).iter().map(|v| 2.0 * log(*v)).collect();
        super::statistics::moments(&logs).1
    };
    let (wanted, seen) = (spread(turn.captured), spread(&turn.seen.all));
    let sd = root(wells.1 * wells.1 + wanted * wanted - seen * seen);
    let ends = |k: usize| well * libm::expf((super::fit::level(k) - 0.5) * 2.0 * sd * 3.0_f32.sqrt());
    sensor.full_well_e = distribution("sensor.full_well_e", &std::array::from_fn(ends), 0.02 * well);
    sensor.read_noise_e = Distribution::Constant(short(read.clamp(0.0, 1000.0)));
    Some(())
}

fn background_shares(turn: &Turn, preset: &mut Preset) -> Option<()> {
    // only once blur, noise and exposure are about right
    if turn.round < 3 {
        return None;
    }
    let shares = &mut preset.background;
    let now = [shares.colour, shares.noise, shares.dead_leaves, shares.room, shares.gradient, shares.pictures];
    let names = ["colour", "noise", "dead_leaves", "room", "gradient"].map(|name| turn.seen.backgrounds.get(name));
    // the user's own pictures keep their share
    let parts: Vec<Option<&Statistics>> = names.into_iter().chain([None]).collect();
    let judged = [Quantity::SpectrumLow, Quantity::SpectrumMid, Quantity::SpectrumSlope, Quantity::Contrast];
    let found = mixture::shares(&now, &parts, turn.captured, &judged);
    let &[colour, noise, dead_leaves, room, gradient, pictures] = found.as_slice() else { return None };
    (shares.colour, shares.noise, shares.dead_leaves) = (colour, noise, dead_leaves);
    (shares.room, shares.gradient, shares.pictures) = (room, gradient, pictures);
    Some(())
}

fn depth_noise(turn: &Turn, preset: &mut Preset) -> Option<()> {
    let step = turn.captured.middle(Quantity::DepthStep).unwrap_or(0.0);
    // rounding is noise of its own
    let without_steps = |v: Option<f32>| v.map(|v| (v - step * step / 12.0).max(0.0));
    let curve: Vec<Option<f32>> = turn.captured.depth_noise.means().into_iter().map(without_steps).collect();
    let [constant, linear, quadratic] = depth::fit_noise(&curve)?.map(|c| Distribution::Constant(short(c.min(100.0))));
    let sensor = &mut preset.depth_sensor;
    (sensor.noise_mm, sensor.noise_mm_per_m, sensor.noise_mm_per_m2) = (constant, linear, quadratic);
    Some(())
}

fn depth_step(turn: &Turn, preset: &mut Preset) -> Option<()> {
    let step = turn.captured.middle(Quantity::DepthStep)?;
    // finer steps than those of the written file cannot be had
    let written = preset.output.depth_unit_m * 1e3;
    preset.depth_sensor.step_mm =
        Distribution::Constant(if step > 1.5 * written { short(step.min(100.0)) } else { 0.0 });
    Some(())
}

fn depth_holes(turn: &Turn, preset: &mut Preset) -> Option<()> {
    preset.depth_sensor.holes = share(turn, Quantity::DepthHoles, &preset.depth_sensor.holes)?;
    Some(())
}

fn depth_edge_holes(turn: &Turn, preset: &mut Preset) -> Option<()> {
    preset.depth_sensor.edge_holes = share(turn, Quantity::DepthEdgeHoles, &preset.depth_sensor.edge_holes)?;
    Some(())
}

/// The share that is measured, then the key times what is lacking: what counts as an edge is not quite the same.
fn share(turn: &Turn, quantity: Quantity, now: &Distribution) -> Option<Distribution> {
    let [(wanted, _), (seen, _)] = turn.moments(quantity)?;
    let now = super::statistics::moments(&quantiles_of(now)).0;
    let found = if turn.round == 0 || now <= 0.0 { wanted / 100.0 } else { now * wanted / seen.max(0.01) };
    Some(Distribution::Constant(short(found.clamp(0.0, 1.0))))
}
