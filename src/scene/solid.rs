//! Things of a scene that are not hands: parametric solids, what they are made of, and what their ids mean.

use glam::Vec3;
use serde::{Deserialize, Serialize};

use super::{Scene, SkinMaterial};
use crate::math::RigidTransform;

/// A thing, or a piece of one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Solid {
    /// What it is, for readers of the labels: "mug", "head".
    pub name: String,
    /// Person (part id 1) or object (part id 0).
    #[serde(default)]
    pub class: SolidClass,
    /// A piece of the solid before it: both are one thing with one instance id.
    #[serde(default)]
    pub joined: bool,
    /// Its shape.
    pub kind: SolidKind,
    /// Place and direction.
    pub world_from_solid: RigidTransform,
    /// Its surface.
    pub material: SurfaceMaterial,
}

/// What a solid belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SolidClass {
    /// A thing: part id 0.
    #[default]
    Object,
    /// A person or what the person wears: part id 1.
    Person,
    /// A thing in a hand: part id 0.
    Held {
        /// Number of the hand in the scene, from 0.
        hand: u8,
    },
}

impl SolidClass {
    /// The hand that holds a thing.
    pub fn holding_hand(self) -> Option<u8> {
        match self {
            Self::Held { hand } => Some(hand),
            Self::Object | Self::Person => None,
        }
    }
}

/// Shape of a solid, metres. Solids of revolution stand along +Y; the origin is the middle if nothing else is said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SolidKind {
    /// A box with rounded edges: block, book, telephone, plate.
    Box {
        /// Width, height, depth.
        size_m: [f32; 3],
        /// Radius of the edges.
        rounding_m: f32,
    },
    /// A cylinder with rounded edges: can, stick, coin.
    Cylinder {
        /// Radius.
        radius_m: f32,
        /// From end to end.
        length_m: f32,
        /// Radius of the edges.
        rounding_m: f32,
    },
    /// Two spheres and the cone that touches both; a capsule where the radii are equal.
    RoundCone {
        /// Radii of the lower and the upper sphere.
        radii_m: [f32; 2],
        /// From centre to centre of the spheres.
        length_m: f32,
    },
    /// An ellipsoid.
    Ellipsoid {
        /// Half of width, height, depth.
        semi_axes_m: [f32; 3],
    },
    /// A ring around the Y axis.
    Torus {
        /// From the axis to the middle of the tube.
        radius_m: f32,
        /// Radius of the tube.
        tube_m: f32,
    },
    /// A turned body: bottle, bowl, mug, vase.
    Lathe {
        /// Outline as (distance from the axis, height), first up the outside and then down the inside if it is hollow;
        /// it should begin and end on the axis.
        profile_m: Vec<[f32; 2]>,
    },
    /// Oval cross-sections one above the other, smoothly joined: trunk, head, limb, vase that is not round.
    Sections {
        /// From below: height, shift towards +Z, half width (X) and half depth (Z).
        sections_m: Vec<[f32; 4]>,
    },
    /// A round tube along a path with round ends: handle, cable, pen.
    Tube {
        /// Path, at least two points.
        path_m: Vec<[f32; 3]>,
        /// Radius.
        radius_m: f32,
    },
    /// A closed mesh of the user's.
    Mesh {
        /// Path as found, below the folder named in the preset.
        path: String,
        /// Factor from the file's unit to metres.
        scale: f32,
        /// Least and greatest corner, metres.
        bounds_m: [[f32; 3]; 2],
    },
}

impl SolidKind {
    /// Least and greatest corner of the box around it in its own space, metres.
    pub fn bounds_m(&self) -> [Vec3; 2] {
        let centred = |half: Vec3| [-half, half];
        match self {
            Self::Box { size_m, .. } => centred(Vec3::from(*size_m) * 0.5),
            Self::Cylinder { radius_m, length_m, .. } => centred(Vec3::new(*radius_m, 0.5 * length_m, *radius_m)),
            Self::RoundCone { radii_m: [lower, upper], length_m } => {
                let (r, half) = (lower.max(*upper), 0.5 * length_m);
                let (low, high) = ((-half - lower).min(half - upper), (half + upper).max(lower - half));
                [Vec3::new(-r, low, -r), Vec3::new(r, high, r)]
            }
            Self::Ellipsoid { semi_axes_m } => centred(Vec3::from(*semi_axes_m)),
            Self::Torus { radius_m, tube_m } => centred(Vec3::new(radius_m + tube_m, *tube_m, radius_m + tube_m)),
            Self::Lathe { profile_m } => {
                let r = profile_m.iter().map(|p| p[0]).fold(0.0, f32::max);
                let (low, high) = profile_m.iter().fold((f32::MAX, f32::MIN), |(l, h), p| (l.min(p[1]), h.max(p[1])));
                [Vec3::new(-r, low, -r), Vec3::new(r, high, r)]
            }
            Self::Sections { sections_m } => {
                let ends = sections_m.iter().map(|[h, z, w, d]| [Vec3::new(-w, *h, z - d), Vec3::new(*w, *h, z + d)]);
                ends.fold([Vec3::MAX, Vec3::MIN], |[l, h], [a, b]| [l.min(a), h.max(b)])
            }
            Self::Tube { path_m, radius_m } => {
                let path = path_m.iter().map(|p| Vec3::from(*p));
                let [low, high] = path.fold([Vec3::MAX, Vec3::MIN], |[l, h], p| [l.min(p), h.max(p)]);
                [low - *radius_m, high + *radius_m]
            }
            Self::Mesh { bounds_m, .. } => bounds_m.map(Vec3::from),
        }
    }

    /// Name of the first size that is not a number or out of range; lengths must lie above 0 and below 20 m.
    pub fn fault(&self) -> Option<&'static str> {
        let length = |x: f32| x > 0.0 && x < 20.0;
        let place = |x: &f32| x.is_finite() && x.abs() < 20.0;
        let rounding = |x: f32| (0.0..20.0).contains(&x);
        let fits: &[(&str, bool)] = match self {
            Self::Box { size_m, rounding_m } => {
                &[("size_m", size_m.iter().all(|x| length(*x))), ("rounding_m", rounding(*rounding_m))]
            }
            Self::Cylinder { radius_m, length_m, rounding_m } => &[
                ("radius_m", length(*radius_m)),
                ("length_m", length(*length_m)),
                ("rounding_m", rounding(*rounding_m)),
            ],
            Self::RoundCone { radii_m, length_m } => {
                &[("radii_m", radii_m.iter().all(|x| length(*x))), ("length_m", length(*length_m))]
            }
            Self::Ellipsoid { semi_axes_m } => &[("semi_axes_m", semi_axes_m.iter().all(|x| length(*x)))],
            Self::Torus { radius_m, tube_m } => &[("radius_m", length(*radius_m)), ("tube_m", length(*tube_m))],
            Self::Lathe { profile_m } => {
                let legal = profile_m.len() >= 2 && profile_m.iter().all(|[r, h]| (0.0..20.0).contains(r) && place(h));
                &[("profile_m", legal)]
            }
            Self::Sections { sections_m } => {
                let legal = |[h, z, w, d]: &[f32; 4]| place(h) && place(z) && rounding(*w) && rounding(*d);
                &[("sections_m", sections_m.len() >= 2 && sections_m.iter().all(legal))]
            }
            Self::Tube { path_m, radius_m } => {
                let legal = path_m.len() >= 2 && path_m.as_flattened().iter().all(place);
                &[("path_m", legal), ("radius_m", length(*radius_m))]
            }
            Self::Mesh { scale, .. } => &[("scale", scale.is_finite() && *scale > 0.0)],
        };
        fits.iter().find(|(_, fits)| !fits).map(|(field, _)| *field)
    }
}

/// What a surface is made of.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SurfaceMaterial {
    /// Diffuse albedo, linear; of a metal its reflectance.
    pub colour: [f32; 3],
    /// A second colour on the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<Pattern>,
    /// Perceptual roughness, 0..1.
    pub roughness: f32,
    /// 0 for everything else, 1 for metal.
    #[serde(default)]
    pub metalness: f32,
    /// Reflectance at normal incidence of what is no metal.
    #[serde(default = "plastic_f0")]
    pub f0: f32,
    /// Light that upright fibres of cloth scatter at grazing view, 0..1.
    #[serde(default)]
    pub sheen: f32,
    /// Skin of this tone instead of `colour`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skin: Option<SkinTone>,
}

/// Reflectance of a refractive index of 1.5.
fn plastic_f0() -> f32 {
    0.04
}

impl SurfaceMaterial {
    /// Something without pattern and sheen.
    pub fn plain(colour: [f32; 3], roughness: f32) -> Self {
        Self { colour, pattern: None, roughness, metalness: 0.0, f0: plastic_f0(), sheen: 0.0, skin: None }
    }

    /// Metal of the given reflectance.
    pub fn metal(colour: [f32; 3], roughness: f32) -> Self {
        Self { metalness: 1.0, ..Self::plain(colour, roughness) }
    }

    /// Skin of the tone and gloss of a hand's.
    pub fn skin(of: &SkinMaterial) -> Self {
        let tone = SkinTone { melanin: of.melanin, blood: of.blood };
        // n = 1.4, as on the hand
        Self { skin: Some(tone), f0: 0.028 * of.specular, ..Self::plain([0.5; 3], of.roughness) }
    }

    /// Cloth.
    pub fn cloth(colour: [f32; 3], pattern: Option<Pattern>, sheen: f32) -> Self {
        Self { pattern, sheen, f0: 0.03, ..Self::plain(colour, 0.9) }
    }
}

/// Tone of skin, as in [`super::SkinMaterial`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SkinTone {
    /// Volume fraction of melanosomes in the epidermis.
    pub melanin: f32,
    /// Volume fraction of blood in the dermis.
    pub blood: f32,
}

/// A pattern that repeats over the surface.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pattern {
    /// What repeats.
    pub kind: PatternKind,
    /// Its colour, linear.
    pub colour: [f32; 3],
    /// Distance from one to the next, metres.
    pub period_m: f32,
}

/// What a pattern repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PatternKind {
    /// Stripes around.
    Stripes,
    /// Stripes along.
    Pinstripes,
    /// Squares.
    Checks,
    /// Dots in rows.
    Dots,
    /// Irregular, as of woven or mottled stuff.
    Noise,
}

/// What one value of the instance picture stands for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instance {
    /// Value in the instance picture, from 1.
    pub id: u8,
    /// Hand, person or object.
    pub kind: InstanceKind,
    /// Name of a thing; `None` for a hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Number of the hand in the scene, from 0, with its arm and all it wears; of a held thing the hand that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hand: Option<u8>,
}

/// Kind of thing that an instance id stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstanceKind {
    /// A hand (parts 2..=33) with its arm and what both wear (part 1).
    Hand,
    /// Another piece of a person: part 1.
    Person,
    /// A thing: part 0.
    Object,
}

impl Scene {
    /// Instance id of each solid: they follow the hands', joined pieces share one.
    pub fn solid_ids(&self) -> Vec<u8> {
        let mut id = self.hands.len();
        let ids = self.solids.iter().enumerate().map(|(k, solid)| {
            id += usize::from(k == 0 || !solid.joined);
            id.min(255) as u8
        });
        ids.collect()
    }

    /// What each instance id stands for, in rising order.
    pub fn instances(&self) -> Vec<Instance> {
        let hands = (0..self.hands.len().min(255) as u8).map(|k| Instance {
            id: k + 1,
            kind: InstanceKind::Hand,
            name: None,
            hand: Some(k),
        });
        let mut all: Vec<Instance> = hands.collect();
        for (solid, id) in self.solids.iter().zip(self.solid_ids()) {
            if all.last().is_none_or(|last| last.id < id) {
                let kind = match solid.class {
                    SolidClass::Object | SolidClass::Held { .. } => InstanceKind::Object,
                    SolidClass::Person => InstanceKind::Person,
                };
                all.push(Instance { id, kind, name: Some(solid.name.clone()), hand: solid.class.holding_hand() });
            }
        }
        all
    }
}
