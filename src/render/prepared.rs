//! What the renderer derives once from a rig: curvature, folding and smaller copies of the skin maps.

use std::sync::{Arc, Mutex, PoisonError};

use glam::Vec3;

use super::flexion::Folding;
use super::geometry::BODIES;
use crate::rig::{HandPart, Rig, RigMesh, SkinMaps};

/// Derived from a rig at its first use.
#[derive(Debug)]
pub(super) struct PreparedRig {
    /// Mean curvature per vertex in the bind pose, 1/m, 0 where the surface is hollow.
    pub(super) curvature: Vec<f32>,
    /// Which joints fold the skin at each vertex.
    pub(super) folding: Vec<Folding>,
    /// Millimetres of skin per unit of texture coordinates on each digit, the palm, and the arm.
    pub(super) mm_per_uv: [f32; BODIES as usize + 1],
    /// Skin maps at full, half, quarter... size.
    pub(super) maps: Option<MapPyramid>,
}

impl PreparedRig {
    pub(super) fn new(rig: &Rig) -> Self {
        Self {
            curvature: curvature(&rig.mesh),
            folding: Folding::of_rig(rig),
            mm_per_uv: mm_per_uv(&rig.mesh),
            maps: rig.skin.as_ref().and_then(MapPyramid::new),
        }
    }
}

/// Rigs whose derived data are kept.
const KEPT_RIGS: usize = 16;

/// What was derived from the rigs that were used last. Shared between threads.
#[derive(Debug, Default)]
pub(super) struct PreparedRigs(Mutex<Vec<(Arc<Rig>, Arc<PreparedRig>)>>);

impl PreparedRigs {
    /// Of a rig, derived now if it was not kept.
    pub(super) fn of(&self, rig: &Arc<Rig>) -> Arc<PreparedRig> {
        // what a panic of another thread leaves behind is valid whatever it is
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, prepared)) = kept.iter().find(|(known, _)| Arc::ptr_eq(known, rig)) {
            return Arc::clone(prepared);
        }
        if kept.len() >= KEPT_RIGS {
            kept.remove(0);
        }
        let prepared = Arc::new(PreparedRig::new(rig));
        kept.push((Arc::clone(rig), Arc::clone(&prepared)));
        prepared
    }
}

/// Passes of averaging over neighbours.
const SMOOTHING: usize = 6;
/// Curvature of a sphere of 4 mm: nothing on a hand is rounder at this scale.
const MAX_CURVATURE: f32 = 250.0;

/// How fast normals turn along the edges at each vertex, smoothed.
fn curvature(mesh: &RigMesh) -> Vec<f32> {
    let count = mesh.positions_m.len();
    let edges = || mesh.triangles.iter().flat_map(|[a, b, c]| [[*a, *b], [*b, *c], [*c, *a]]);
    let average = |value: &dyn Fn(usize, usize) -> (f32, f32)| -> Vec<f32> {
        let mut sums = vec![(0.0_f32, 0.0_f32); count];
        for [i, j] in edges().map(|e| e.map(|k| k as usize)) {
            let (at_i, at_j) = value(i, j);
            sums[i] = (sums[i].0 + at_i, sums[i].1 + 1.0);
            sums[j] = (sums[j].0 + at_j, sums[j].1 + 1.0);
        }
        sums.into_iter().map(|(sum, n)| sum / n.max(1.0)).collect()
    };
    let mut curvature = average(&|i, j| {
        let along = mesh.positions_m[j] - mesh.positions_m[i];
        let turn: Vec3 = mesh.normals[j] - mesh.normals[i];
        let k = turn.dot(along) / along.length_squared().max(1e-12);
        (k, k)
    });
    for _ in 0..SMOOTHING {
        let around = average(&|i, j| (curvature[j], curvature[i]));
        curvature = curvature.iter().zip(around).map(|(k, around)| (k + around) * 0.5).collect();
    }
    curvature.into_iter().map(|k| k.clamp(0.0, MAX_CURVATURE)).collect()
}

/// Square root of skin per texture area of each digit, of the palm, and of the arm.
fn mm_per_uv(mesh: &RigMesh) -> [f32; BODIES as usize + 1] {
    let mut areas = [(0.0_f32, 0.0_f32); BODIES as usize + 1];
    for (corners, part) in mesh.triangles.iter().zip(&mesh.triangle_part) {
        let [a, b, c] = corners.map(|k| k as usize);
        let skin =
            (mesh.positions_m[b] - mesh.positions_m[a]).cross(mesh.positions_m[c] - mesh.positions_m[a]).length();
        let texture = (mesh.uvs[b] - mesh.uvs[a]).perp_dot(mesh.uvs[c] - mesh.uvs[a]).abs();
        let body = if *part == HandPart::Arm.index() { BODIES } else { (*part / 3).min(BODIES - 1) };
        let area = &mut areas[usize::from(body)];
        *area = (area.0 + skin, area.1 + texture);
    }
    areas.map(|(skin, texture)| 1e3 * (skin / texture.max(1e-12)).sqrt())
}

/// Channels of a texel: four of the regions, eight of the slopes, four of the marks.
pub(super) const CHANNELS: usize = 16;

/// Skin maps at falling sizes; each level halves the one before.
#[derive(Debug)]
pub(super) struct MapPyramid {
    pub(super) levels: Vec<MapLevel<CHANNELS>>,
    /// Slope of each layer of relief at byte 255.
    pub(super) max_slopes: [f32; 4],
}

/// One size of the skin maps.
#[derive(Debug)]
pub(super) struct MapLevel<const N: usize> {
    pub(super) size: usize,
    pub(super) texels: Vec<[u8; N]>,
}

impl MapPyramid {
    /// `None` if the maps are empty or their sizes disagree.
    fn new(maps: &SkinMaps) -> Option<Self> {
        let size = maps.size as usize;
        let lengths = [maps.regions.len(), maps.slopes.len(), maps.marks.len()];
        if size == 0 || lengths != [size * size; 3] {
            return None;
        }
        let texel = |((region, slopes), marks): ((&[u8; 4], &[u8; 8]), &[u8; 4])| {
            let mut texel = [0; CHANNELS];
            texel[..4].copy_from_slice(region);
            texel[4..12].copy_from_slice(slopes);
            texel[12..].copy_from_slice(marks);
            texel
        };
        let texels = maps.regions.iter().zip(&maps.slopes).zip(&maps.marks).map(texel).collect();
        let mut levels = vec![MapLevel { size, texels }];
        while let Some(next) = levels.last().and_then(MapLevel::halved) {
            levels.push(next);
        }
        Some(Self { levels, max_slopes: maps.max_slopes })
    }
}

impl<const N: usize> MapLevel<N> {
    pub(super) fn halved(&self) -> Option<Self> {
        if self.size < 16 || !self.size.is_multiple_of(2) {
            return None;
        }
        let size = self.size / 2;
        let texel = |x: usize, y: usize| {
            let at = |dx, dy| self.texels[(2 * y + dy) * self.size + 2 * x + dx];
            let four = [at(0, 0), at(1, 0), at(0, 1), at(1, 1)];
            std::array::from_fn(|k| ((four.iter().map(|t| u16::from(t[k])).sum::<u16>() + 2) / 4) as u8)
        };
        let texels = (0..size * size).map(|i| texel(i % size, i / size)).collect();
        Some(Self { size, texels })
    }
}
