//! Things to hold: everyday forms of a given size, made of simple solids.
//!
//! In a thing's space +Y is its axis; a flat thing's normal is +Z and its longest side lies along +Y.

use std::f32::consts::{FRAC_PI_2, PI};

use glam::Vec3;

use crate::math::RigidTransform;
use crate::preset::types::ThingKind;
use crate::rig::skeleton::axis_angle;
use crate::sampler::pose::gestures::{ObjectKind, ObjectPlace};
use crate::scene::SolidKind;
use crate::seed::Stream;

/// A thing of simple solids.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Made {
    /// Its pieces, each with its place in the thing's space.
    pub pieces: Vec<(RigidTransform, SolidKind)>,
    /// Where it is gripped, metres.
    pub grip_m: Vec3,
    /// How far along its axis it may be gripped elsewhere, metres.
    pub slide_m: f32,
    /// It may be turned about its axis.
    pub round: bool,
}

/// Things that a grasp for a form can hold at a size (diameter; of a plate the thickness, metres).
pub(super) fn suits(kind: ThingKind, form: ObjectKind, size_m: f32) -> bool {
    use ThingKind as T;
    match form {
        ObjectKind::Cylinder => match kind {
            T::Can | T::Bottle | T::Glass | T::Mug => size_m > 0.035,
            T::Hammer => (0.012..0.035).contains(&size_m),
            T::Rod => size_m < 0.05,
            _ => false,
        },
        ObjectKind::Stick => matches!(kind, T::Rod | T::Pen | T::Screwdriver),
        ObjectKind::Sphere => matches!(kind, T::Ball | T::Egg | T::Cube),
        ObjectKind::Disk => matches!(kind, T::Lid | T::Dish),
        ObjectKind::Plate => match kind {
            T::Card => size_m < 0.004,
            T::Phone => (0.005..0.013).contains(&size_m),
            T::Book => size_m > 0.006,
            T::Block => size_m > 0.003,
            _ => false,
        },
    }
}

/// A thing of a kind and size, to be held at a place of the hand.
#[expect(clippy::too_many_lines, reason = "one arm per thing")]
pub(super) fn make(kind: ThingKind, size_m: f32, at: ObjectPlace, stream: &mut Stream) -> Made {
    let (d, r) = (size_m, 0.5 * size_m);
    let mut within = |low: f32, high: f32| stream.uniform(low, high);
    match kind {
        ThingKind::Can => {
            let length_m = within(0.09, 0.16);
            turned(vec![SolidKind::Cylinder { radius_m: r, length_m, rounding_m: 0.05 * d }], 0.15 * length_m)
        }
        ThingKind::Rod => {
            let length_m = within(0.12, 0.32);
            turned(
                vec![SolidKind::Cylinder { radius_m: r, length_m, rounding_m: within(0.1, 0.9) * r }],
                0.25 * length_m,
            )
        }
        ThingKind::Bottle => {
            let profile_m = bottle(r, within(0.10, 0.15), within(0.03, 0.07), within(0.3, 0.5) * r);
            turned(vec![SolidKind::Lathe { profile_m }], 0.015)
        }
        ThingKind::Glass => turned(vec![cup(r, within(0.09, 0.14), within(0.8, 1.0))], 0.015),
        ThingKind::Mug => {
            let height = within(0.085, 0.11);
            let mut mug = turned(vec![cup(r, height, 1.0)], 0.01);
            let ear = SolidKind::Tube { path_m: ear(r, height), radius_m: 0.005 };
            mug.pieces.push((RigidTransform::IDENTITY, ear));
            mug
        }
        ThingKind::Pen => {
            let length = within(0.13, 0.16);
            let tip = within(1.6, 2.6) * d;
            let half = 0.5 * length;
            let profile_m = vec![
                [0.0, -half],
                [0.2 * r, -half],
                [r, tip - half],
                [r, half - 0.002],
                [r - 0.001, half],
                [0.0, half],
            ];
            Made {
                grip_m: Vec3::Y * (tip + 0.012 - half),
                slide_m: 0.008,
                ..turned(vec![SolidKind::Lathe { profile_m }], 0.0)
            }
        }
        ThingKind::Screwdriver => {
            let (handle, shaft) = (within(0.07, 0.1), within(0.06, 0.12));
            let grip = SolidKind::RoundCone { radii_m: [r, 0.8 * r], length_m: (handle - 1.8 * r).max(0.02) };
            let blade = SolidKind::Cylinder { radius_m: 0.25 * r.max(0.006), length_m: shaft, rounding_m: 5e-4 };
            let mut tool = turned(vec![grip], 0.15 * handle);
            tool.pieces.push((moved(Vec3::Y * 0.5 * (handle + shaft)), blade));
            tool
        }
        ThingKind::Hammer => {
            let length = within(0.2, 0.3);
            let handle = SolidKind::Cylinder { radius_m: r, length_m: length, rounding_m: 0.6 * r };
            let head = SolidKind::Box { size_m: [within(0.07, 0.11), 0.028, 0.026], rounding_m: 0.004 };
            let mut tool = Made { grip_m: Vec3::Y * (-0.22 * length), ..turned(vec![handle], 0.02) };
            tool.pieces.push((moved(Vec3::Y * (0.5 * length - 0.01)), head));
            tool
        }
        ThingKind::Ball => turned(vec![SolidKind::Ellipsoid { semi_axes_m: [r; 3] }], 0.0),
        ThingKind::Egg => {
            let longer = within(1.15, 1.4) * r;
            turned(vec![SolidKind::Ellipsoid { semi_axes_m: [r, longer, r] }], 0.0)
        }
        ThingKind::Cube => {
            let side = [within(0.8, 0.95) * d, within(0.8, 1.2) * d, within(0.8, 0.95) * d];
            flat(SolidKind::Box { size_m: side, rounding_m: within(0.05, 0.25) * r }, Vec3::ZERO)
        }
        ThingKind::Lid => {
            let length_m = within(0.01, 0.03);
            turned(vec![SolidKind::Cylinder { radius_m: r, length_m, rounding_m: within(0.1, 0.45) * length_m }], 0.0)
        }
        ThingKind::Dish => {
            let deep = within(0.012, 0.03);
            let profile_m =
                vec![[0.0, 0.0], [0.7 * r, 0.0], [r, deep], [r - 0.003, deep], [0.7 * r, 0.004], [0.0, 0.004]];
            turned(vec![SolidKind::Lathe { profile_m }], 0.0)
        }
        ThingKind::Card | ThingKind::Phone | ThingKind::Book | ThingKind::Block => {
            let (width, length) = match kind {
                ThingKind::Card => (within(0.05, 0.1), within(0.085, 0.15)),
                ThingKind::Phone => (within(0.066, 0.078), within(0.135, 0.165)),
                ThingKind::Book => (within(0.1, 0.14), within(0.15, 0.21)),
                _ => (within(0.03, 0.06), within(0.06, 0.12)),
            };
            let rounding_m = if kind == ThingKind::Phone { 0.4 * d } else { (0.1 * d).min(0.002) };
            // gripped near an edge, in the palm at the edge itself
            let inset = 0.022;
            let grip_m = match at {
                ObjectPlace::Palm => Vec3::new(0.006 - 0.5 * width, 0.0, 0.0),
                _ => Vec3::new((inset - 0.5 * width).min(0.0), within(-0.2, 0.2) * length, 0.0),
            };
            let grip_m =
                if at == ObjectPlace::Side { Vec3::new(0.0, (inset - 0.5 * length).min(0.0), 0.0) } else { grip_m };
            flat(SolidKind::Box { size_m: [width, length, d], rounding_m }, grip_m)
        }
    }
}

fn turned(kinds: Vec<SolidKind>, slide_m: f32) -> Made {
    // outlines start at their foot
    let foot = |kind: &SolidKind| match kind {
        SolidKind::Lathe { profile_m } => profile_m.iter().map(|p| p[1]).fold(0.0, f32::max) * 0.5,
        _ => 0.0,
    };
    let grip_m = Vec3::Y * kinds.first().map_or(0.0, foot);
    let pieces = kinds.into_iter().map(|kind| (RigidTransform::IDENTITY, kind)).collect();
    Made { pieces, grip_m, slide_m, round: true }
}

fn flat(kind: SolidKind, grip_m: Vec3) -> Made {
    Made { pieces: vec![(RigidTransform::IDENTITY, kind)], grip_m, slide_m: 0.0, round: false }
}

fn moved(by: Vec3) -> RigidTransform {
    RigidTransform::new(glam::Quat::IDENTITY, by)
}

/// Outline of a bottle: body, shoulder of a quarter of a circle, neck, cap.
fn bottle(r: f32, body: f32, shoulder: f32, neck: f32) -> Vec<[f32; 2]> {
    let mut profile = vec![[0.0, 0.0], [r - 0.004, 0.0], [r, 0.004], [r, body]];
    profile.extend((1..=8).map(|k| {
        let (sin, cos) = libm::sincosf(FRAC_PI_2 * k as f32 / 8.0);
        // quarter of an ellipse that ends upright at the neck
        [neck + (r - neck) * (1.0 - sin), body + shoulder * (1.0 - cos)]
    }));
    let top = body + shoulder;
    profile.extend([[neck, top + 0.015], [neck + 0.002, top + 0.015], [neck + 0.002, top + 0.03], [0.0, top + 0.03]]);
    profile
}

/// A hollow cup that narrows towards its foot.
fn cup(r: f32, height: f32, foot: f32) -> SolidKind {
    let wall = 0.003;
    let profile_m = vec![
        [0.0, 0.0],
        [foot * r - 0.002, 0.0],
        [foot * r, 0.002],
        [r, height - 0.001],
        [r - 0.5 * wall, height],
        [r - wall, height - 0.001],
        [foot * r - wall, 0.006],
        [0.0, 0.006],
    ];
    SolidKind::Lathe { profile_m }
}

/// Path of a mug's ear.
fn ear(r: f32, height: f32) -> Vec<[f32; 3]> {
    let half = 0.32 * height;
    let point = |k: i32| {
        let turn = axis_angle(Vec3::Z, PI * (k as f32 / 10.0 - 0.5));
        let at = turn * Vec3::X;
        [r + 0.0025 + at.x * 0.027, 0.5 * height + at.y * half, 0.0]
    };
    (0..=10).map(point).collect()
}
