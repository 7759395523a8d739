//! Every mesh is closed and outward, and has the volume and area of the shape's formula.

use std::f32::consts::PI;

use super::*;

fn corners(mesh: &SolidMesh) -> impl Iterator<Item = [Vec3; 3]> + '_ {
    mesh.triangles.iter().map(|t| t.map(|k| mesh.positions_m[k as usize]))
}

fn area(mesh: &SolidMesh) -> f32 {
    corners(mesh).map(|[a, b, c]| 0.5 * (b - a).cross(c - a).length()).sum()
}

fn volume(mesh: &SolidMesh) -> f32 {
    corners(mesh).map(|[a, b, c]| a.cross(b).dot(c) / 6.0).sum()
}

/// Closed (area vectors add to nothing), normals outward and unit, arrays of equal length.
fn assert_sound(mesh: &SolidMesh, what: &str) {
    let open: Vec3 = corners(mesh).map(|[a, b, c]| 0.5 * (b - a).cross(c - a)).sum();
    assert!(open.length() < 1e-4 * area(mesh), "{what} is open by {open}");
    assert_eq!(mesh.normals.len(), mesh.positions_m.len(), "{what}");
    assert_eq!(mesh.uvs_m.len(), mesh.positions_m.len(), "{what}");
    for n in &mesh.normals {
        assert!((n.length() - 1.0).abs() < 1e-4, "{what}: normal {n}");
    }
    for (t, [a, b, c]) in mesh.triangles.iter().zip(corners(mesh)) {
        let face = (b - a).cross(c - a);
        if face.length() > 1e-9 {
            for k in t {
                let n = mesh.normals[*k as usize];
                let face = face.normalize_or_zero();
                assert!(n.dot(face) > 0.3, "{what}: normal {n} on a face towards {face}");
            }
        }
    }
}

fn assert_measures(kind: &SolidKind, [volume_m3, area_m2]: [f32; 2]) {
    let mesh = mesh(kind);
    assert_sound(&mesh, &format!("{kind:?}"));
    let (v, a) = (volume(&mesh) / volume_m3, area(&mesh) / area_m2);
    assert!((0.97..1.005).contains(&v), "{kind:?}: {v} of the volume");
    assert!((0.98..1.005).contains(&a), "{kind:?}: {a} of the area");
}

#[test]
fn volumes_and_areas_are_those_of_the_formulas() {
    let (r, l) = (0.03, 0.1);
    assert_measures(
        &SolidKind::Cylinder { radius_m: r, length_m: l, rounding_m: 0.0 },
        [PI * r * r * l, 2.0 * PI * r * (r + l)],
    );
    assert_measures(
        &SolidKind::RoundCone { radii_m: [r, r], length_m: l },
        [PI * r * r * (l + 4.0 / 3.0 * r), 2.0 * PI * r * (l + 2.0 * r)],
    );
    assert_measures(&SolidKind::Ellipsoid { semi_axes_m: [r; 3] }, [4.0 / 3.0 * PI * r * r * r, 4.0 * PI * r * r]);
    let t = 0.008;
    assert_measures(&SolidKind::Torus { radius_m: r, tube_m: t }, [2.0 * PI * PI * r * t * t, 4.0 * PI * PI * r * t]);
    let e = 0.004;
    let core = [0.06 - 2.0 * e, 0.1 - 2.0 * e, 0.02 - 2.0 * e];
    let [x, y, z] = core;
    let (faces, edges) = (2.0 * (x * y + y * z + z * x), 4.0 * (x + y + z));
    assert_measures(
        &SolidKind::Box { size_m: [0.06, 0.1, 0.02], rounding_m: e },
        [
            x * y * z + faces * e + edges * PI * e * e / 4.0 + 4.0 / 3.0 * PI * e * e * e,
            faces + edges * PI * e / 2.0 + 4.0 * PI * e * e,
        ],
    );
    let along: Vec<[f32; 3]> = (0..9).map(|k| [0.0, 0.0125 * k as f32, 0.0]).collect();
    assert_measures(
        &SolidKind::Tube { path_m: along, radius_m: t },
        [PI * t * t * (0.1 + 4.0 / 3.0 * t), 2.0 * PI * t * (0.1 + 2.0 * t)],
    );
}

#[test]
fn a_hollow_turned_body_has_the_volume_of_its_wall() {
    let (r, wall, h) = (0.04, 0.005, 0.09);
    let profile_m = vec![[0.0, 0.0], [r, 0.0], [r, h], [r - wall, h], [r - wall, wall], [0.0, wall]];
    let inner = r - wall;
    assert_measures(
        &SolidKind::Lathe { profile_m },
        [PI * (r * r * h - inner * inner * (h - wall)), PI * (2.0 * r * r + 2.0 * r * h + 2.0 * inner * (h - wall))],
    );
}

#[test]
fn unequal_round_cones_and_bent_tubes_are_sound() {
    for radii_m in [[0.05, 0.02], [0.01, 0.04]] {
        assert_sound(&mesh(&SolidKind::RoundCone { radii_m, length_m: 0.1 }), "round cone");
    }
    let bend: Vec<[f32; 3]> =
        (0..12).map(|k| 0.2 * k as f32).map(|t| [0.05 * t.cos(), 0.05 * t.sin(), 0.02 * t]).collect();
    assert_sound(&mesh(&SolidKind::Tube { path_m: bend, radius_m: 0.006 }), "tube");
    assert_sound(&mesh(&SolidKind::Ellipsoid { semi_axes_m: [0.02, 0.05, 0.08] }), "ellipsoid");
}

#[test]
fn illegal_sizes_are_named() {
    let fault = |kind: SolidKind| kind.fault();
    assert_eq!(fault(SolidKind::Box { size_m: [1.0, 0.0, 1.0], rounding_m: 0.0 }), Some("size_m"));
    assert_eq!(fault(SolidKind::Torus { radius_m: 0.1, tube_m: f32::NAN }), Some("tube_m"));
    assert_eq!(fault(SolidKind::Tube { path_m: vec![[0.0; 3]], radius_m: 0.1 }), Some("path_m"));
    assert_eq!(fault(SolidKind::Ellipsoid { semi_axes_m: [0.1; 3] }), None);
}
