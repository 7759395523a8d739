//! The skin of a fitted hand.

use glam::Vec3;

use crate::math::mirror_x;
use crate::posed::skin_of_right_hand_m;
use crate::rig::{HandSide, Rig};
use crate::tracker::estimate::HandFit;

/// Vertices of the rig's mesh, bent and placed as fitted; camera frame, metres, one per vertex of `rig.mesh`.
pub fn mesh_of(rig: &Rig, fit: &HandFit, side: HandSide) -> Vec<Vec3> {
    let mut vertices = skin_of_right_hand_m(rig, &fit.shape, &fit.pose);
    for vertex in &mut vertices {
        let own = if side == HandSide::Left { mirror_x(*vertex) } else { *vertex };
        *vertex = fit.camera_from_hand.point(own);
    }
    vertices
}

/// Triangles between the vertices of [`mesh_of`], counter-clockwise seen from outside: those of the rig, and for a left hand, as
/// the mirror turns them round, with the second and third corner exchanged.
pub fn triangles_of(rig: &Rig, side: HandSide) -> Vec<[u32; 3]> {
    let corners = |[a, b, c]: &[u32; 3]| if side == HandSide::Left { [*a, *c, *b] } else { [*a, *b, *c] };
    rig.mesh.triangles.iter().map(corners).collect()
}
