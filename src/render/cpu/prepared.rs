//! What the renderer derives once from a rig: curvature and smaller copies of the skin maps.

use glam::Vec3;

use crate::rig::{Rig, RigMesh, SkinMaps};

/// Derived from a rig at its first use.
#[derive(Debug)]
pub(super) struct PreparedRig {
    /// Mean curvature per vertex in the bind pose, 1/m, 0 where the surface is hollow.
    pub(super) curvature: Vec<f32>,
    /// Skin maps at full, half, quarter... size.
    pub(super) maps: Option<MapPyramid>,
}

impl PreparedRig {
    pub(super) fn new(rig: &Rig) -> Self {
        Self { curvature: curvature(&rig.mesh), maps: rig.skin.as_ref().and_then(MapPyramid::new) }
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

/// Channels of a texel: four of the regions, two of the slope, two unused.
pub(super) type Texel = [u8; 8];

/// Skin maps at falling sizes; each level halves the one before.
#[derive(Debug)]
pub(super) struct MapPyramid {
    pub(super) levels: Vec<MapLevel>,
    /// Slope at byte 255.
    pub(super) max_slope: f32,
}

/// One size of the skin maps.
#[derive(Debug)]
pub(super) struct MapLevel {
    pub(super) size: usize,
    pub(super) texels: Vec<Texel>,
}

impl MapPyramid {
    /// `None` if the maps are empty or their sizes disagree.
    fn new(maps: &SkinMaps) -> Option<Self> {
        let size = maps.size as usize;
        if size == 0 || maps.regions.len() != size * size || maps.slope.len() != size * size {
            return None;
        }
        let texel = |(r, s): (&[u8; 4], &[u8; 2])| [r[0], r[1], r[2], r[3], s[0], s[1], 0, 0];
        let texels = maps.regions.iter().zip(&maps.slope).map(texel).collect();
        let mut levels = vec![MapLevel { size, texels }];
        while let Some(next) = levels.last().and_then(MapLevel::halved) {
            levels.push(next);
        }
        Some(Self { levels, max_slope: maps.max_slope })
    }
}

impl MapLevel {
    fn halved(&self) -> Option<Self> {
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
