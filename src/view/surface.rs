//! The surface of a fitted hand in few bytes: topology once, vertices each frame.

use glam::Vec3;

use crate::math::mirror_x;
use crate::posed::skin_of_right_hand_m;
use crate::rig::{HandSide, Rig};
use crate::tracker::HandFit;

/// Behind the wrist the forearm fades from here, metres along the arm...
const FADE_START_M: f32 = 0.005;
/// ...and ends here: 21 keypoints say nothing of it.
const FADE_END_M: f32 = 0.075;

/// A rig's mesh without the copies of vertices on texture seams and without the far forearm.
pub(super) struct HandSurface {
    rig: Rig,
    /// The rig's vertex behind each of ours.
    kept: Vec<u32>,
    triangles: Vec<[u32; 3]>,
    opacity: Vec<u8>,
}

/// Vertices of one hand, quantised over their own box.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PackedVertices {
    /// Lowest corner, camera frame, metres.
    pub(super) min_m: Vec3,
    /// One step of each axis, metres.
    pub(super) step_m: Vec3,
    /// x, y, z of each vertex in steps.
    pub(super) steps: Vec<[u16; 3]>,
}

impl HandSurface {
    /// Of the coarse version of a rig.
    pub(super) fn new(rig: &Rig) -> Self {
        let rig = rig.coarser();
        let first = first_at_same_place(&rig.mesh.positions_m);
        let opaque = |vertex: &u32| opacity(rig.mesh.positions_m[*vertex as usize]);
        let welded = rig.mesh.triangles.iter().map(|corners| corners.map(|c| first[c as usize]));
        let seen =
            |[a, b, c]: &[u32; 3]| a != b && b != c && c != a && [a, b, c].into_iter().any(|vertex| opaque(vertex) > 0);
        let triangles: Vec<[u32; 3]> = welded.filter(seen).collect();
        let mut kept: Vec<u32> = triangles.iter().flatten().copied().collect();
        kept.sort_unstable();
        kept.dedup();
        let number = |vertex: u32| kept.partition_point(|k| *k < vertex) as u32;
        let triangles = triangles.into_iter().map(|corners| corners.map(number)).collect();
        let opacity = kept.iter().map(opaque).collect();
        Self { rig, kept, triangles, opacity }
    }

    /// `/mesh.bin`.
    pub(super) fn topology(&self) -> Vec<u8> {
        let counts = [self.kept.len() as u32, self.triangles.len() as u32];
        let numbers = counts.iter().chain(self.triangles.as_flattened());
        numbers.flat_map(|n| n.to_le_bytes()).chain(self.opacity.iter().copied()).collect()
    }

    /// The vertices of a fit; `None` if it is not made of finite numbers or of another rig.
    pub(super) fn vertices(&self, fit: &HandFit, side: HandSide) -> Option<PackedVertices> {
        let at = fit.camera_from_hand;
        let finite = at.rotation.is_finite()
            && at.translation_m.is_finite()
            && fit.pose.0.iter().chain(&fit.shape.0).all(|value| value.is_finite());
        if !finite || fit.shape.0.len() > self.rig.shapes.len() {
            return None;
        }
        let skin = skin_of_right_hand_m(&self.rig, &fit.shape, &fit.pose);
        let mirrored = |p| if side == HandSide::Left { mirror_x(p) } else { p };
        Some(pack(self.kept.iter().map(|k| at.point(mirrored(skin[*k as usize])))))
    }
}

/// 255 on the hand, falling to 0 along the forearm; from a place of the bind pose, hand space.
fn opacity(bind_m: Vec3) -> u8 {
    let way = (-bind_m.y - FADE_START_M) / (FADE_END_M - FADE_START_M);
    (255.0 * (1.0 - way.clamp(0.0, 1.0))).round() as u8
}

/// For each point the number of the first one with the very same coordinates.
fn first_at_same_place(points: &[Vec3]) -> Vec<u32> {
    let bits = |k: &u32| points[*k as usize].to_array().map(f32::to_bits);
    let mut order: Vec<u32> = (0..points.len() as u32).collect();
    order.sort_by_key(bits);
    let mut first = vec![0; points.len()];
    for same in order.chunk_by(|a, b| bits(a) == bits(b)) {
        for k in same {
            first[*k as usize] = same[0];
        }
    }
    first
}

fn pack(points: impl Iterator<Item = Vec3> + Clone) -> PackedVertices {
    let (min_m, max_m) =
        points.clone().fold((Vec3::INFINITY, Vec3::NEG_INFINITY), |(low, high), p| (low.min(p), high.max(p)));
    let step_m = ((max_m - min_m) / f32::from(u16::MAX)).max(Vec3::splat(1e-9));
    let steps = points.map(|p| ((p - min_m) / step_m).round().to_array().map(|v| v as u16)).collect();
    PackedVertices { min_m, step_m, steps }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_on_seams_become_one() {
        let (a, b) = (Vec3::new(0.1, 0.2, 0.3), Vec3::new(0.1, 0.2, 0.4));
        assert_eq!(first_at_same_place(&[b, a, b, a, b]), [0, 1, 0, 1, 0]);
    }

    #[test]
    fn packed_points_come_back_within_half_a_step() {
        let points: Vec<Vec3> =
            (0..500).map(|k| Vec3::new(libm::sinf(k as f32), k as f32 * -0.01, 0.7) * 0.1).collect();
        let packed = pack(points.iter().copied());
        for (p, steps) in points.iter().zip(&packed.steps) {
            let back = packed.min_m + packed.step_m * Vec3::from(steps.map(f32::from));
            assert!((back - *p).abs().max_element() < 1e-5, "{back} is not {p}");
        }
    }

    #[test]
    fn the_forearm_fades_out_behind_the_wrist() {
        assert_eq!([0.1, 0.0, -0.04, -0.08].map(|y| opacity(Vec3::new(0.0, y, 0.0))), [255, 255, 128, 0]);
    }
}
