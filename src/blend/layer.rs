//! What the planes of a sample show: hands, people, things, and which of it is cut out or taken out.

use glam::Vec2;

use crate::dataset::{Pictures, SampleLabel};
use crate::frame::Plane;
use crate::rig::joint::LANDMARK_PARENT;
use crate::rig::part::{BACKGROUND_ID, PERSON_ID};
use crate::scene::{Instance, InstanceKind};

/// Flesh around a bone, as a share of the palm's length (wrist to the middle finger's knuckle).
const FLESH: f32 = 0.3;
/// How far the forearm goes on behind the wrist, in palms, where no mask tells.
const FOREARM: f32 = 2.5;

/// Everything in front of the background: hands, people, things. `None` if the sample has no mask.
pub fn foreground(pictures: &Pictures) -> Option<Plane<bool>> {
    match (&pictures.part, &pictures.instance) {
        (Some(part), Some(instance)) => {
            let shown = |(p, i): (&u8, &u8)| *p != BACKGROUND_ID || *i != 0;
            let data = part.data.iter().zip(&instance.data).map(shown).collect();
            Some(Plane { width: part.width, height: part.height, data })
        }
        (Some(ids), None) | (None, Some(ids)) => Some(map(ids, |id| id != 0)),
        (None, None) => None,
    }
}

/// People with what they hold: from masks, or around the keypoints where there are none.
pub fn people(label: &SampleLabel, pictures: &Pictures) -> Plane<bool> {
    match (&pictures.instance, &pictures.part) {
        (Some(instance), _) if !label.instances.is_empty() => {
            let theirs = |i: &Instance| i.kind != InstanceKind::Object || i.hand.is_some();
            let ids: Vec<u8> = label.instances.iter().filter(|i| theirs(i)).map(|i| i.id).collect();
            map(instance, |id| ids.contains(&id))
        }
        (_, Some(part)) => map(part, |id| id != BACKGROUND_ID),
        (Some(instance), None) => map(instance, |id| id != 0),
        (None, None) => around_bones(label),
    }
}

/// Capsules around the bones and along the forearm.
fn around_bones(label: &SampleLabel) -> Plane<bool> {
    let mut mask = Plane::filled(label.width, label.height, false);
    for hand in &label.hands {
        let p = &hand.keypoints_px;
        let (Some(wrist), Some(knuckle)) = (p[0], p[9]) else { continue };
        let palm = wrist.distance(knuckle);
        for (k, parent) in LANDMARK_PARENT.into_iter().enumerate().skip(1) {
            if let (Some(a), Some(b)) = (p[parent], p[k]) {
                capsule(&mut mask, a, b, FLESH * palm);
            }
        }
        capsule(&mut mask, wrist, wrist + (wrist - knuckle) * FOREARM, 1.5 * FLESH * palm);
    }
    mask
}

fn capsule(mask: &mut Plane<bool>, a: Vec2, b: Vec2, radius: f32) {
    let width = mask.width as usize;
    for (k, inside) in mask.data.iter_mut().enumerate() {
        let p = Vec2::new((k % width) as f32 + 0.5, (k / width) as f32 + 0.5);
        let along = ((p - a).dot(b - a) / (b - a).length_squared().max(1e-6)).clamp(0.0, 1.0);
        *inside = *inside || p.distance_squared(a + (b - a) * along) <= radius * radius;
    }
}

/// What the instance ids of a sample stand for: its own list, or its hands where it has none.
pub fn instances(label: &SampleLabel) -> Vec<Instance> {
    if !label.instances.is_empty() {
        return label.instances.clone();
    }
    let hand = |(k, hand): (usize, &crate::dataset::HandRecord)| Instance {
        id: hand.instance,
        kind: InstanceKind::Hand,
        name: None,
        hand: Some(k as u8),
    };
    label.hands.iter().enumerate().map(hand).collect()
}

/// A piece of a sample that may stand in front of another sample's hands.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// Where it is seen.
    pub mask: Plane<bool>,
    /// [`InstanceKind::Object`] or, of an arm, [`InstanceKind::Person`].
    pub kind: InstanceKind,
    /// What it is called.
    pub name: String,
    /// Points at which it goes on unseen (pixel centres): they may not come to lie inside a picture.
    pub open_ends: Vec<Vec2>,
    /// Depth of its nearest point, metres.
    pub nearest_m: Option<f32>,
}

/// Least size of a piece, pixels.
const LEAST_PX: usize = 250;
/// Of its rim this share may be where something nearer hides it; its shape is not its own there.
const MOST_HIDDEN: f32 = 0.06;

/// The things and arms of a sample that can be cut out whole, or that go on only where an end can be kept out of sight.
pub fn pieces(label: &SampleLabel, pictures: &Pictures) -> Vec<Piece> {
    let Some(instance) = &pictures.instance else { return Vec::new() };
    let part = pictures.part.as_ref();
    let listed = instances(label);
    let candidates = listed.iter().filter_map(|i| {
        let (kind, name) = match i.kind {
            InstanceKind::Object => (InstanceKind::Object, i.name.clone().unwrap_or_else(|| "object".to_owned())),
            InstanceKind::Hand => (InstanceKind::Person, "arm".to_owned()),
            InstanceKind::Person => return None,
        };
        let arm = |k: usize| kind == InstanceKind::Object || part.is_some_and(|p| p.data[k] == PERSON_ID);
        let data = instance.data.iter().enumerate().map(|(k, id)| *id == i.id && arm(k)).collect();
        Some((Plane { width: instance.width, height: instance.height, data }, kind, name))
    });
    candidates.filter_map(|(mask, kind, name)| piece(mask, kind, name, pictures)).collect()
}

fn piece(mask: Plane<bool>, kind: InstanceKind, name: String, pictures: &Pictures) -> Option<Piece> {
    let (width, height) = (i64::from(mask.width), i64::from(mask.height));
    let seen: Vec<i64> = (0..width * height).filter(|k| mask.data[*k as usize]).collect();
    if seen.len() < LEAST_PX {
        return None;
    }
    let depth = pictures.depth_z_m.as_ref();
    let (mut open_ends, mut rim, mut hidden) = (Vec::new(), 0.0_f32, 0.0_f32);
    for k in &seen {
        let (x, y) = (k % width, k / width);
        for (dx, dy) in [(1, 0), (-1, 0), (0, 1), (0, -1)] {
            match mask.get(x + dx, y + dy) {
                Some(true) => {}
                None => {
                    rim += 1.0;
                    open_ends.push(Vec2::new(x as f32 + 0.5, y as f32 + 0.5));
                }
                Some(false) => {
                    rim += 1.0;
                    let beside = (y + dy) * width + x + dx;
                    match beside_is(pictures, depth, *k as usize, beside as usize) {
                        Beside::Behind => {}
                        Beside::SameBody => open_ends.push(Vec2::new(x as f32 + 0.5, y as f32 + 0.5)),
                        Beside::InFront => hidden += 1.0,
                    }
                }
            }
        }
    }
    let whole = hidden <= MOST_HIDDEN * rim;
    let depths = depth.into_iter().flat_map(|d| seen.iter().map(|k| d.data[*k as usize])).filter(|z| *z > 0.0);
    let nearest_m = depths.reduce(f32::min);
    whole.then_some(Piece { mask, kind, name, open_ends, nearest_m })
}

enum Beside {
    Behind,
    SameBody,
    InFront,
}

/// How the pixel beside a piece's rim lies to it.
fn beside_is(pictures: &Pictures, depth: Option<&Plane<f32>>, own: usize, beside: usize) -> Beside {
    let Some(instance) = &pictures.instance else { return Beside::Behind };
    if instance.data[own] == instance.data[beside] {
        return Beside::SameBody;
    }
    let in_front = match depth.map(|d| (d.data[own], d.data[beside])) {
        Some((own, beside)) => beside > 0.0 && beside < own,
        // without depth anything may be in front
        None => instance.data[beside] != 0,
    };
    if in_front { Beside::InFront } else { Beside::Behind }
}

fn map<T: Copy, U>(plane: &Plane<T>, f: impl Fn(T) -> U) -> Plane<U> {
    super::light::map(plane, f)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::SampleName;

    /// An arm (instance 1, part 1) from the left border to x = 40, its hand (part 33) beyond, a thing (instance 2).
    fn sample() -> (SampleLabel, Pictures) {
        let mut label = SampleLabel::captured(SampleName { index: 0, id: "0", split: "train" }, 80, 60);
        let instance = |id, kind, name: Option<&str>| Instance { id, kind, name: name.map(str::to_owned), hand: None };
        label.instances = vec![
            Instance { hand: Some(0), ..instance(1, InstanceKind::Hand, None) },
            instance(2, InstanceKind::Object, Some("mug")),
        ];
        let at = |k: u32| (k % 80, k / 80);
        let arm = |k: u32| at(k).1 >= 20 && at(k).1 < 34 && at(k).0 < 60;
        let thing = |k: u32| at(k).0 >= 20 && at(k).0 < 40 && at(k).1 >= 40 && at(k).1 < 56;
        let plane = |f: &dyn Fn(u32) -> u8| Plane { width: 80, height: 60, data: (0..4800).map(f).collect() };
        let pictures = Pictures {
            instance: Some(plane(&|k| if arm(k) { 1 } else { 2 * u8::from(thing(k)) })),
            part: Some(plane(&|k| match arm(k) {
                true if at(k).0 < 40 => 1,
                true => 33,
                false => 0,
            })),
            ..Pictures::default()
        };
        (label, pictures)
    }

    #[test]
    fn arms_are_open_at_the_border_and_at_the_wrist() {
        let (label, pictures) = sample();
        let pieces = pieces(&label, &pictures);
        assert_eq!(pieces.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["arm", "mug"]);
        let arm = &pieces[0];
        assert_eq!(arm.kind, InstanceKind::Person);
        assert_eq!(arm.open_ends.len(), 28);
        assert!(arm.open_ends.iter().all(|p| (p.x - 0.5).abs() < 1e-6 || (p.x - 39.5).abs() < 1e-6));
        assert!(pieces[1].open_ends.is_empty() && pieces[1].nearest_m.is_none());
    }

    #[test]
    fn a_thing_behind_fingers_is_no_piece() {
        let (label, mut pictures) = sample();
        // the hand comes to lie over half of the thing
        for (k, id) in pictures.instance.as_mut().unwrap().data.iter_mut().enumerate() {
            if *id == 2 && k % 80 < 30 {
                *id = 1;
            }
        }
        assert!(pieces(&label, &pictures).iter().all(|piece| piece.name != "mug"));
    }

    #[test]
    fn hands_are_found_without_masks() {
        let (mut label, pictures) = sample();
        let of_masks = people(&label, &pictures);
        assert_eq!(of_masks.data.iter().filter(|m| **m).count(), 60 * 14);
        assert_eq!(foreground(&pictures).unwrap().data.iter().filter(|m| **m).count(), 60 * 14 + 20 * 16);
        let mut hand = crate::dataset::HandRecord::unknown(1);
        hand.keypoints_px = std::array::from_fn(|k| Some(Vec2::new(40.0 + k as f32, 30.0)));
        label.hands.push(hand);
        let around = people(&label, &Pictures::default());
        assert_eq!(around.get(45, 30), Some(true));
        assert_eq!(around.get(20, 30), Some(true));
        assert_eq!(around.get(45, 50), Some(false));
        assert_eq!(foreground(&Pictures::default()), None);
    }
}
