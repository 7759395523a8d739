//! A watch: strap, case, face and hands.

use glam::{Mat3, Quat, Vec3};

use super::band::Loop;
use super::limb::Limb;
use crate::math::RigidTransform;
use crate::scene::{SolidKind, SurfaceMaterial, Watch};
use crate::solid::{self, SolidMesh};

/// The case begins this much outside the strap's inside, metres: it is hollowed to the wrist.
const CASE_GAP_M: f32 = -0.0008;

/// Its pieces and what they are made of.
pub(super) fn pieces(limb: &Limb, watch: &Watch) -> Vec<(SolidMesh, SurfaceMaterial)> {
    let strap = &watch.strap;
    let place = Loop::around(limb, strap.at_m, strap.width_m, strap.gap_m);
    let (out, along) = (place.first, place.along);
    let across = out.cross(along);
    // y of the case points away from the wrist, z along the arm
    let turn = Quat::from_mat3(&Mat3::from_cols(out.cross(along), out, along));
    let bottom = place.centre + out * (place.radius_m[0] + CASE_GAP_M);
    let (radius, height) = (watch.case_radius_m, watch.case_height_m);
    let put = |kind: &SolidKind, up: f32, aside: Vec3| {
        let mut mesh = solid::mesh(kind);
        mesh.carry(&RigidTransform::new(turn, bottom + out * up + aside));
        mesh
    };
    let case = SolidKind::Cylinder { radius_m: radius, length_m: height, rounding_m: 0.25 * height };
    let face = SolidKind::Cylinder { radius_m: 0.84 * radius, length_m: 0.0012, rounding_m: 0.0003 };
    let pointer = |length: f32| SolidKind::Box { size_m: [0.0012, 0.0005, length], rounding_m: 0.0002 };
    let mark = watch.face.pattern.map_or([0.02; 3], |p| p.colour);
    let marks = SurfaceMaterial::plain(mark, 0.4);
    let face_material = SurfaceMaterial { pattern: None, ..watch.face };
    let crown = SolidKind::Ellipsoid { semi_axes_m: [0.0018, 0.0016, 0.0016] };
    vec![
        (place.mesh(strap.width_m, strap.thickness_m), strap.material),
        (put(&case, 0.5 * height, Vec3::ZERO), watch.case),
        (put(&face, height, Vec3::ZERO), face_material),
        (put(&pointer(0.62 * radius), height + 0.0009, along * (0.27 * radius)), marks),
        (put(&pointer(0.40 * radius), height + 0.0011, along * (-0.16 * radius) + across * 0.001), marks),
        (put(&crown, 0.5 * height, along * -(radius + 0.001)), watch.case),
    ]
}
