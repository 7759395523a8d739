//! Numbers of the implicit surface and of the quad cage, as read from `rig.toml`. Millimetres are at HB 86.

use serde::Deserialize;

use super::spec::PerFinger;

/// The implicit surface.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "plain names")]
pub struct FieldSpec {
    pub finger: DigitSpec,
    pub thumb: DigitSpec,
    pub rays: RaysSpec,
    pub forearm: ForearmFieldSpec,
    pub webs: WebSpec,
    pub muscle: MuscleSpec,
    pub first_web: FirstWebSpec,
    pub detail: DetailSpec,
    pub roots: RootSpec,
    pub fat: FatSpec,
}

/// The three segments of a digit.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "plain names")]
pub struct DigitSpec {
    pub fillets: [f32; 2],
    pub proximal: ProfileSpec,
    pub middle: ProfileSpec,
    pub distal: ProfileSpec,
}

/// A segment as a row of cross-sections.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileSpec {
    /// Superellipse of the cross-section.
    pub exponent: f32,
    /// Factor on the half breadth at the start.
    pub cap_start: f32,
    /// Factor on the half breadth at the end.
    pub cap_end: f32,
    /// t, joint, breadth, dorsal, palmar, shift, knuckle.
    pub rows: Vec<[f32; 7]>,
}

/// Metacarpal rays.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "plain names")]
pub struct RaysSpec {
    pub t: [f32; 3],
    pub lead_in: LeadIn,
    pub cap_start: f32,
    pub cap_end: f32,
    pub fillet: f32,
    pub index: RaySpec,
    pub middle: RaySpec,
    pub ring: RaySpec,
    pub little: RaySpec,
}

/// Station before the first of a ray, as factors on the first.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "plain names")]
pub struct LeadIn {
    pub t: f32,
    pub breadth: f32,
    pub dorsal: f32,
    pub palmar: f32,
}

/// Half sizes of one ray.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "plain names")]
pub struct RaySpec {
    pub breadth: [f32; 3],
    pub dorsal: [f32; 3],
    pub palmar: [f32; 3],
}

/// Forearm and wrist.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForearmFieldSpec {
    /// Superellipse of the cross-section.
    pub exponent: f32,
    /// Axial length of the elbow's cap.
    pub cap_start: f32,
    /// Axial length of the cap inside the palm.
    pub cap_end: f32,
    /// Fillet to the palm.
    pub fillet: f32,
    /// y as a fraction of HL, breadth, dorsal, palmar, shift, share of wrist factor, share of forearm factor.
    pub rows: Vec<[f32; 7]>,
}

/// Webs between neighbouring fingers.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebSpec {
    /// Fraction of the proximal phalanx, palmar offset, radius.
    pub bridges: Vec<[f32; 3]>,
    /// How far the ends lie inside the fingers.
    pub inset: f32,
    /// Among bridges.
    pub fillet: f32,
    /// To the palm.
    pub palm_fillet: f32,
}

/// A round cone along a bone.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "plain names")]
pub struct ConeSpec {
    pub start: [f32; 3],
    pub end: [f32; 3],
    pub radius: [f32; 2],
}

/// Muscle masses of the palm.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "plain names")]
pub struct MuscleSpec {
    pub thenar_outer: ConeSpec,
    pub thenar_inner: ConeSpec,
    pub thenar_fillet: f32,
    pub thumb_fillet: f32,
    pub hypothenar: ConeSpec,
    pub hypothenar_fillet: f32,
}

/// Skin fold between thumb and index.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "plain names")]
pub struct FirstWebSpec {
    pub thumb: [f32; 3],
    pub index: [f32; 3],
    pub palm: [f32; 3],
    pub radius: [f32; 3],
    pub fillet: f32,
    pub palm_fillet: f32,
}

/// An ellipsoid that is added.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "plain names")]
pub struct BumpSpec {
    pub centre: [f32; 3],
    pub radii: [f32; 3],
    pub fillet: f32,
}

/// Small forms.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "plain names")]
pub struct DetailSpec {
    pub ulnar_head: BumpSpec,
    pub hollow_point: [f32; 3],
    pub hollow_radii: [f32; 3],
    pub hollow_fillet: f32,
    pub knuckle: BumpSpec,
}

/// Fillets at the roots of the fingers.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "plain names")]
pub struct RootSpec {
    pub palm_fillet: [f32; 2],
    pub palm_range: [f32; 2],
    pub mix: f32,
    pub finger_fillet: [f32; 2],
    pub finger_range: [f32; 2],
}

/// What one unit of fat adds, as shares.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FatSpec {
    /// Breadth, dorsal and palmar depth of digits between their joints.
    pub shaft: [f32; 3],
    /// Dorsal and palmar depth of the metacarpal rays.
    pub ray: [f32; 2],
    /// Radii of thenar and hypothenar.
    pub muscle: f32,
    /// Radii of the knuckles.
    pub knuckle: f32,
    /// Fillets of the digits' segments.
    pub fillet: f32,
}

/// The quad cage.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CageSpec {
    /// Least and largest fraction of the proximal phalanx at which a web may lie.
    pub web_limits: [f32; 2],
    /// Fractions wrist to MCP of the palm's rows; the last row lies on the webs.
    pub rows: [f32; 6],
    /// Half width of a finger's three columns.
    pub column_half_width_mm: [f32; 4],
    /// y as a fraction of HL, half breadth, half depth, share of the wrist.
    pub forearm_rows: Vec<[f32; 4]>,
    /// Elbow end, y as a fraction of HL.
    pub forearm_end: f32,
    /// Bone, fraction, share of the previous and of the next bone, shear.
    pub finger_rings: Vec<[f32; 5]>,
    /// Likewise.
    pub thumb_rings: Vec<[f32; 5]>,
}

impl RaysSpec {
    /// The rays as one value per finger.
    pub fn each(&self) -> PerFinger<RaySpec> {
        PerFinger { index: self.index, middle: self.middle, ring: self.ring, little: self.little }
    }
}
