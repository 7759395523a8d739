//! One sample of the blend: read, or composed of two.

use glam::{Affine2, Vec2};

use super::background::without;
use super::compose::chosen;
use super::follow::{hide, moved, recount};
use super::layer::{Piece, foreground, instances, people, pieces};
use super::light::{LUMINANCE, Light, decode, map};
use super::occlude;
use super::paste::{Back, Front, Look, paste};
use super::preset::{BlendPreset, Compose, ComposeKind, OccluderCut, Order};
use super::select::{Item, Selection};
use super::sources::OpenSource;
use super::warp::{covering, picked, resampled, scaled_and_moved};
use crate::dataset::{DatasetError, Pictures, Provenance, SampleLabel, StoredSample};
use crate::frame::{NO_DEPTH, Plane};
use crate::label::Visibility;
use crate::rig::part::{BACKGROUND_ID, PERSON_ID};
use crate::scene::{Instance, InstanceKind};
use crate::seed::{SampleId, Stream};
use crate::sensor::{self, SensorImage};

/// Partners looked at for one composed picture.
const BACKGROUNDS_TRIED: u64 = 3;
/// Samples that occluders are looked for in.
const OCCLUDERS_TRIED: u64 = 24;

/// Why a sample of the blend could not be made.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what the fields are")]
pub enum MakeError {
    /// A source could not be read.
    #[error("source `{name}`")]
    Read {
        name: String,
        #[source]
        source: DatasetError,
    },
    /// A sample has no mask to cut by.
    #[error("source `{name}`: `{id}` has no mask, so that nothing can be cut out of it")]
    NoMask { name: String, id: String },
    /// A sample has no picture.
    #[error("source `{name}`: `{id}` has neither a colour nor a grey picture")]
    NoPicture { name: String, id: String },
    /// No occluder fits anywhere.
    #[error(
        "no arm or thing of {tried} samples of `{name}` fits before `{id}`: it would hide nothing, too much, or show where it was cut"
    )]
    NoPlace { name: String, id: String, tried: u64 },
    /// The composed picture could not be compressed.
    #[error(transparent)]
    Jpeg(#[from] sensor::SensorError),
}

/// Everything that a blend's samples are made from.
pub struct Maker<'a> {
    /// The preset.
    pub preset: &'a BlendPreset,
    /// Its sources, open.
    pub sources: &'a [OpenSource],
    /// What was chosen.
    pub selection: &'a Selection,
    /// Composed pictures are stored as JPEG.
    pub as_jpeg: bool,
    /// Grey pictures are stored: they are made where there are none.
    pub with_grey: bool,
}

/// A sample and the name it is known by.
struct Read {
    sample: StoredSample,
    name: String,
}

impl Maker<'_> {
    /// The sample of an item that stands at an index of the blend.
    pub fn make(&self, index: u64, split: usize, item: Item) -> Result<StoredSample, MakeError> {
        let mut stream = SampleId { seed: self.preset.seed, index }.stream("blend compose");
        match item {
            Item::Plain { source, index } => {
                let mut sample = self.read(source, index)?.sample;
                if let (None, Some(rgb), true) = (&sample.pictures.grey, &sample.pictures.rgb, self.with_grey) {
                    sample.pictures.grey = Some(sensor::grey(&image(rgb), LUMINANCE));
                }
                Ok(sample)
            }
            Item::Composed { rule, labelled, turn } => {
                let compose = &self.preset.compose[rule];
                let source = self.preset.source_index(compose.labelled()).unwrap_or_default();
                let main = self.read(source, labelled)?;
                let mut made = match compose.kind {
                    ComposeKind::HandOnBackground => self.on_background(compose, main, (split, turn), &mut stream)?,
                    ComposeKind::Occluder => self.occluded(compose, main, (split, turn), &mut stream)?,
                };
                self.finish(compose, &mut made, &mut stream)?;
                Ok(made)
            }
        }
    }

    /// A sample of a source, its persons and clips renumbered, its origin noted.
    fn read(&self, source: usize, number: u64) -> Result<Read, MakeError> {
        let source = &self.sources[source];
        let read = source.reader.read(number);
        let mut sample = read.map_err(|error| MakeError::Read { name: source.name.clone(), source: error })?;
        let label = &mut sample.label;
        label.clip = label.clip.map(|clip| clip + source.first_clip);
        // frames of a clip no longer follow each other
        label.time_s = None;
        for hand in &mut label.hands {
            hand.subject = hand.subject.map(|subject| subject + source.first_subject);
        }
        let before = label.source.take();
        let mut composed_with = before.as_ref().map_or_else(Vec::new, |before| before.composed_with.clone());
        composed_with.extend(before.map(|before| format!("there {} {}/{}", before.source, before.split, before.id)));
        label.source = Some(Provenance {
            source: source.name.clone(),
            format: source.reader.info().format.clone(),
            split: label.split.clone(),
            id: label.id.clone(),
            composed_with,
        });
        let name = format!("{} {}/{}", source.name, label.split, label.id);
        Ok(Read { sample, name })
    }

    /// The n-th partner of a composed picture: all take turns.
    fn partner(&self, compose: &Compose, split: usize, n: u64) -> Result<Read, MakeError> {
        let source = self.preset.source_index(compose.partner()).unwrap_or_default();
        let partners = &self.selection.partners[source][split];
        self.read(source, partners[(n % partners.len().max(1) as u64) as usize])
    }

    fn on_background(
        &self,
        compose: &Compose,
        main: Read,
        (split, turn): (usize, u64),
        stream: &mut Stream,
    ) -> Result<StoredSample, MakeError> {
        let Read { sample: StoredSample { mut label, pictures }, .. } = main;
        let rgb = shown(&label, &pictures)?;
        let mask = foreground(&pictures).ok_or_else(|| no_mask(&label))?;
        let behind = self.background(compose, &label, (split, turn))?;
        let size = [label.width, label.height];
        let to_from = placing(compose, &mask, stream);
        if to_from != Affine2::IDENTITY {
            moved(&mut label, to_from.matrix2.x_axis.x, to_from.translation, size);
        }
        let back = Ground::new(&behind.sample, &label, stream)?;
        let placed = picked(&mask, to_from, size, false);
        let z_m = pictures.depth_z_m.as_ref().map(|z| picked(z, to_from, size, NO_DEPTH));
        let part = pictures.part.as_ref().map(|part| picked(part, to_from, size, BACKGROUND_ID));
        let instance = pictures.instance.as_ref().map(|ids| picked(ids, to_from, size, 0));
        let by_depth = compose.order == Order::Depth;
        let front = Front { rgb: &rgb, mask: &mask, to_from, placed: &placed, z_m: z_m.as_ref().filter(|_| by_depth) };
        let ground = Back { light: &back.light, z_m: Some(&back.z_m).filter(|_| by_depth) };
        let (rgb, seen) = paste(front, ground, look(compose, true, stream));
        let pictures = Pictures {
            rgb: Some(rgb),
            rgb_jpeg: None,
            grey: None,
            depth_z_m: z_m.map(|z| chosen(&seen, &z, &back.z_m)),
            part: part.map(|part| chosen(&seen, &part, &Plane::filled(size[0], size[1], BACKGROUND_ID))),
            instance: instance.map(|ids| chosen(&seen, &ids, &Plane::filled(size[0], size[1], 0))),
        };
        label.instances = instances(&label);
        hide(&mut label, &pictures, &covered(&placed, &seen), &|_| Visibility::HiddenByObject);
        note(&mut label, compose, &format!("background {}", behind.name));
        Ok(StoredSample { label, pictures })
    }

    /// The background whose own hands are best covered by the pasted ones, of some.
    fn background(
        &self,
        compose: &Compose,
        label: &SampleLabel,
        (split, turn): (usize, u64),
    ) -> Result<Read, MakeError> {
        let source = self.preset.source_index(compose.partner()).unwrap_or_default();
        let partners = &self.selection.partners[source][split];
        let own: Vec<[f32; 4]> =
            label.hands.iter().filter_map(|hand| hand.box_visible_px.or(hand.box_keypoints_px)).collect();
        let mut best: Option<(f32, u64)> = None;
        for step in 0..BACKGROUNDS_TRIED.min(partners.len() as u64) {
            // neighbours in the random order, so that turns that follow each other look at others
            let n = turn.wrapping_mul(BACKGROUNDS_TRIED) + step;
            let number = partners[(n % partners.len() as u64) as usize];
            let other = self.sources[source].reader.label(number);
            let other = other.map_err(|error| MakeError::Read { name: compose.background.clone(), source: error })?;
            let itself = is_itself(compose, label, &other);
            let bare = if itself { f32::INFINITY } else { uncovered(&other, &own, [label.width, label.height]) };
            if best.is_none_or(|(least, _)| bare < least) {
                best = Some((bare, n));
            }
        }
        self.partner(compose, split, best.map_or(turn, |(_, n)| n))
    }

    fn occluded(
        &self,
        compose: &Compose,
        main: Read,
        (split, turn): (usize, u64),
        stream: &mut Stream,
    ) -> Result<StoredSample, MakeError> {
        let Read { sample: StoredSample { mut label, mut pictures }, .. } = main;
        let rgb = shown(&label, &pictures)?;
        for step in 0..OCCLUDERS_TRIED {
            let other = self.partner(compose, split, turn.wrapping_mul(OCCLUDERS_TRIED) + step)?;
            let StoredSample { label: theirs, pictures: their_pictures } = &other.sample;
            if is_itself(compose, &label, theirs) {
                continue;
            }
            let mut pieces = pieces(theirs, their_pictures);
            pieces.retain(|piece| match compose.cut {
                OccluderCut::Any => true,
                OccluderCut::Object => piece.kind == InstanceKind::Object,
                OccluderCut::Arm => piece.kind == InstanceKind::Person,
            });
            super::split::shuffle(&mut pieces, stream);
            let focal = label.k.zip(theirs.k).map(|(k, other)| k[0][0] / other[0][0]);
            for piece in &pieces {
                let scale = compose.scale.sample(stream);
                let found = occlude::place(piece, &label, scale, focal, compose.max_hidden, stream);
                let Some(to_from) = found else { continue };
                let their_rgb = shown(theirs, their_pictures)?;
                let size = [label.width, label.height];
                let placed = smooth_place(&piece.mask, to_from, size);
                let front = Front { rgb: &their_rgb, mask: &piece.mask, to_from, placed: &placed, z_m: None };
                let light = decode(&rgb);
                let (out, seen) = paste(front, Back { light: &light, z_m: None }, look(compose, false, stream));
                let own_z = their_pictures.depth_z_m.as_ref().map(|z| picked(z, to_from, size, NO_DEPTH));
                let natural = focal.map(|ratio| ratio / to_from.matrix2.x_axis.length());
                cover(&mut label, &mut pictures, piece, &seen, own_z.as_ref().map(|z| (z, natural)));
                pictures.rgb = Some(out);
                let what = format!("occluder {} of {}", piece.name, other.name);
                note(&mut label, compose, &what);
                return Ok(StoredSample { label, pictures });
            }
        }
        let name = compose.foreground.clone();
        Err(MakeError::NoPlace { name, id: label.id, tried: OCCLUDERS_TRIED })
    }

    /// What composed pictures have in common: their counts, grey picture and file.
    fn finish(&self, compose: &Compose, made: &mut StoredSample, stream: &mut Stream) -> Result<(), MakeError> {
        let StoredSample { label, pictures } = made;
        recount(label, pictures);
        // no scene draws this picture again
        label.scene = None;
        label.frame = None;
        pictures.rgb_jpeg = None;
        let Some(rgb) = &pictures.rgb else { return Ok(()) };
        let image = image(rgb);
        pictures.grey = Some(sensor::grey(&image, LUMINANCE));
        if self.as_jpeg {
            let quality = compose.jpeg_quality.sample(stream).clamp(1.0, 100.0) as u8;
            pictures.rgb_jpeg = Some(sensor::jpeg_encode(&image, quality)?);
        }
        Ok(())
    }
}

fn image(rgb: &Plane<[u8; 3]>) -> SensorImage {
    SensorImage { width: rgb.width, height: rgb.height, rgb: rgb.data.clone() }
}

/// True if both are the same sample of one source.
fn is_itself(compose: &Compose, label: &SampleLabel, other: &SampleLabel) -> bool {
    compose.foreground == compose.background && (&label.split, &label.id) == (&other.split, &other.id)
}

/// Changes a label's origin: composed by a rule, of itself and another.
fn note(label: &mut SampleLabel, compose: &Compose, with: &str) {
    if let Some(source) = &mut label.source {
        let itself = format!("{} {}/{}", source.source, source.split, source.id);
        source.composed_with.extend([format!("labelled {itself}"), with.to_owned()]);
        source.source.clone_from(&compose.name);
    }
}

fn shown(label: &SampleLabel, pictures: &Pictures) -> Result<Plane<[u8; 3]>, MakeError> {
    let (name, id) = origin(label);
    pictures.shown().ok_or(MakeError::NoPicture { name, id })
}

fn no_mask(label: &SampleLabel) -> MakeError {
    let (name, id) = origin(label);
    MakeError::NoMask { name, id }
}

fn origin(label: &SampleLabel) -> (String, String) {
    (label.source.as_ref().map_or_else(String::new, |source| source.source.clone()), label.id.clone())
}

fn look(compose: &Compose, change_back: bool, stream: &mut Stream) -> Look {
    Look {
        edge_px: compose.edge_px.sample(stream),
        light: compose.harmonise.light.sample(stream),
        sharpness: compose.harmonise.sharpness,
        noise: compose.harmonise.noise,
        change_back,
        seed: stream.next_u64(),
    }
}

fn covered(placed: &Plane<bool>, seen: &Plane<bool>) -> Plane<bool> {
    let data = placed.data.iter().zip(&seen.data).map(|(placed, seen)| *placed && !*seen).collect();
    Plane { width: placed.width, height: placed.height, data }
}

/// Area of another sample's hands that no box of ours covers, as a share of the picture; both are taken to fill it alike.
fn uncovered(other: &SampleLabel, own: &[[f32; 4]], size: [u32; 2]) -> f32 {
    let scale = Vec2::new(size[0] as f32 / other.width.max(1) as f32, size[1] as f32 / other.height.max(1) as f32);
    let area = |b: [f32; 4]| (b[2].max(0.0)) * (b[3].max(0.0));
    let common = |a: [f32; 4], b: [f32; 4]| {
        let side = |k: usize| (a[k] + a[k + 2]).min(b[k] + b[k + 2]) - a[k].max(b[k]);
        side(0).max(0.0) * side(1).max(0.0)
    };
    let bare = other.hands.iter().filter_map(|hand| hand.box_visible_px.or(hand.box_keypoints_px)).map(|b| {
        let b = [b[0] * scale.x, b[1] * scale.y, b[2] * scale.x, b[3] * scale.y];
        area(b) - own.iter().map(|o| common(*o, b)).fold(0.0, f32::max)
    });
    bare.sum::<f32>() / (size[0] * size[1]).max(1) as f32
}

/// Scales and moves what is cut out, but never shows where the picture cut it off: a border that it touches stays at or
/// beyond the border.
fn placing(compose: &Compose, mask: &Plane<bool>, stream: &mut Stream) -> Affine2 {
    let size = Vec2::new(mask.width as f32, mask.height as f32);
    let scale = compose.scale.sample(stream);
    let shift = Vec2::new(compose.shift.sample(stream), compose.shift.sample(stream)) * size;
    if (scale - 1.0).abs() < 1e-6 && shift == Vec2::ZERO {
        return Affine2::IDENTITY;
    }
    let (width, height) = (i64::from(mask.width), i64::from(mask.height));
    let at = |x: i64, y: i64| mask.get(x, y) == Some(true);
    let low = [(0..height).any(|y| at(0, y)), (0..width).any(|x| at(x, 0))];
    let high = [(0..height).any(|y| at(width - 1, y)), (0..width).any(|x| at(x, height - 1))];
    // cut off on both sides it cannot shrink
    let scale = if (0..2).any(|k| low[k] && high[k]) { scale.max(1.0) } else { scale };
    let free = size * (1.0 - scale) * 0.5 + shift;
    let mut offset = free.to_array();
    for (k, offset) in offset.iter_mut().enumerate() {
        if low[k] {
            *offset = offset.min(0.0);
        }
        if high[k] {
            *offset = offset.max(size[k] * (1.0 - scale));
        }
    }
    scaled_and_moved(scale, Vec2::from(offset))
}

/// Pixels of the result that a placed mask covers, its steps rounded off where it is enlarged.
fn smooth_place(mask: &Plane<bool>, to_from: Affine2, size: [u32; 2]) -> Plane<bool> {
    let share = map(mask, |inside| [f32::from(u8::from(inside))]);
    map(&resampled(&share, to_from, size, Some([0.0])), |[share]| share >= 0.5)
}

/// Puts a piece into the planes of a sample and hides what lies behind it.
fn cover(
    label: &mut SampleLabel,
    pictures: &mut Pictures,
    piece: &Piece,
    seen: &Plane<bool>,
    own: Option<(&Plane<f32>, Option<f32>)>,
) {
    label.instances = instances(label);
    let id = label.instances.iter().map(|i| i.id).max().unwrap_or(0).saturating_add(1);
    if let Some(behind) = &pictures.depth_z_m {
        let natural = own.and_then(|(_, natural)| natural);
        let z = occlude::depth_in_front(own.map(|(z, _)| z), seen, behind, natural, label);
        pictures.depth_z_m = Some(chosen(seen, &z, behind));
    }
    let part = if piece.kind == InstanceKind::Person { PERSON_ID } else { BACKGROUND_ID };
    put(pictures.part.as_mut(), seen, part);
    put(pictures.instance.as_mut(), seen, id);
    label.instances.push(Instance { id, kind: piece.kind, name: Some(piece.name.clone()), hand: None });
    let cause = if piece.kind == InstanceKind::Person { Visibility::HiddenByArm } else { Visibility::HiddenByObject };
    hide(label, pictures, seen, &|_| cause);
}

fn put(plane: Option<&mut Plane<u8>>, seen: &Plane<bool>, value: u8) {
    for (id, seen) in plane.into_iter().flat_map(|plane| &mut plane.data).zip(&seen.data) {
        if *seen {
            *id = value;
        }
    }
}

/// A sample as a background: people are taken out, things are background, and it fills the size of another picture.
struct Ground {
    light: Light,
    z_m: Plane<f32>,
}

impl Ground {
    fn new(behind: &StoredSample, front: &SampleLabel, stream: &mut Stream) -> Result<Self, MakeError> {
        let StoredSample { label, pictures } = behind;
        let size = [front.width, front.height];
        let to_from = covering([label.width, label.height], size, [stream.unit(), stream.unit()]);
        let hole = people(label, pictures);
        let light = without(&decode(&shown(label, pictures)?), &hole, stream);
        let light = resampled(&light, to_from, size, None);
        let mut z_m = Plane::filled(size[0], size[1], NO_DEPTH);
        if let Some(z) = &pictures.depth_z_m {
            // as far away as things of their size would be for the other camera
            let focal = front.k.zip(label.k).map(|(k, own)| k[0][0] / (own[0][0] * to_from.matrix2.x_axis.x));
            z_m = map(&picked(z, to_from, size, NO_DEPTH), |z| z * focal.unwrap_or(1.0));
            let hole = picked(&hole, to_from, size, false);
            z_m.data.iter_mut().zip(&hole.data).filter(|(_, hole)| **hole).for_each(|(z, _)| *z = NO_DEPTH);
        }
        Ok(Self { light, z_m })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blend::load::load_text;

    fn rule(keys: &str) -> Compose {
        let text = format!(
            "source = [{{ name = \"a\", path = \"a\" }}]\n[[compose]]\nname = \"x\"\nkind = \"hand_on_background\"\nforeground = \"a\"\nbackground = \"a\"\nshare = 1\n{keys}"
        );
        load_text("test", &text, &[]).unwrap().compose.remove(0)
    }

    #[test]
    fn what_a_border_cuts_off_stays_cut_off_by_it() {
        let rule = rule("scale = { uniform = [0.5, 1.5] }\nshift = { uniform = [-0.5, 0.5] }");
        // an arm from the left border, ending inside
        let data = (0..80 * 60).map(|k| k % 80 < 50 && (20..40).contains(&(k / 80))).collect();
        let mask = Plane { width: 80, height: 60, data };
        let mut moves = [0.0_f32; 2];
        for index in 0..200 {
            let mut stream = SampleId { seed: 0, index }.stream("test");
            let to_from = placing(&rule, &mask, &mut stream);
            let corner = to_from.transform_point2(Vec2::ZERO);
            assert!(corner.x <= 1e-4, "{corner}");
            moves = [moves[0].min(corner.y), moves[1].max(corner.y)];
        }
        assert!(moves[0] < -20.0 && moves[1] > 20.0, "{moves:?}");
        let whole = Plane::filled(80, 60, true);
        let mut stream = SampleId { seed: 0, index: 0 }.stream("test");
        let to_from = placing(&rule, &whole, &mut stream);
        let (a, b) = (to_from.transform_point2(Vec2::ZERO), to_from.transform_point2(Vec2::new(80.0, 60.0)));
        assert!(a.max_element() <= 1e-4 && b.x >= 79.999 && b.y >= 59.999, "{a} {b}");
    }

    #[test]
    fn backgrounds_whose_hands_are_covered_are_best() {
        use crate::dataset::{HandRecord, SampleName};
        let mut other = SampleLabel::captured(SampleName { index: 0, id: "0", split: "train" }, 100, 100);
        assert!(uncovered(&other, &[], [100, 100]) <= 0.0);
        let mut hand = HandRecord::unknown(1);
        hand.box_visible_px = Some([10.0, 10.0, 20.0, 20.0]);
        other.hands.push(hand);
        assert!((uncovered(&other, &[[0.0, 0.0, 50.0, 50.0]], [100, 100])).abs() < 1e-6);
        assert!((uncovered(&other, &[[20.0, 10.0, 50.0, 50.0]], [100, 100]) - 0.02).abs() < 1e-6);
        assert!((uncovered(&other, &[], [200, 200]) - 0.04).abs() < 1e-6);
    }
}
