//! Differences of a mesh's vertices, stored only where they are not zero.

use glam::Vec3;

/// Vertices without a difference between two with one are stored too if they are at most this many: longer runs add faster.
const BRIDGED: usize = 4;

/// A difference for each of some vertices, in runs of consecutive ones; the others' is zero.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct VertexDeltas {
    /// First vertex of each run and the number of its first delta.
    runs: Vec<(u32, u32)>,
    deltas_m: Vec<Vec3>,
}

impl VertexDeltas {
    /// Those of all vertices, metres; shorter ones than `least_m` are left out.
    pub fn from_dense(deltas_m: &[Vec3], least_m: f32) -> Self {
        let mut vertices: Vec<u32> = Vec::new();
        for (k, delta) in deltas_m.iter().enumerate() {
            if delta.length_squared() >= least_m * least_m {
                let next = vertices.last().map_or(k, |last| *last as usize + 1);
                vertices.extend(if k - next <= BRIDGED { next as u32..k as u32 } else { 0..0 });
                vertices.push(k as u32);
            }
        }
        let deltas_m = vertices.iter().map(|v| deltas_m[*v as usize]).collect();
        Self { runs: runs(&vertices), deltas_m }
    }

    /// Those of the given vertices, metres; `None` unless there are as many and the vertices' numbers rise.
    pub fn from_rising(vertices: &[u32], deltas_m: Vec<Vec3>) -> Option<Self> {
        let rising = vertices.windows(2).all(|w| w[0] < w[1]);
        (rising && vertices.len() == deltas_m.len()).then(|| Self { runs: runs(vertices), deltas_m })
    }

    /// Number of vertices that have a difference.
    pub fn len(&self) -> usize {
        self.deltas_m.len()
    }

    /// True if no vertex has a difference.
    pub fn is_empty(&self) -> bool {
        self.deltas_m.is_empty()
    }

    /// Runs of consecutive vertices: the first one's number, and the differences in metres.
    pub fn runs(&self) -> impl Iterator<Item = (usize, &[Vec3])> {
        let ends = self.runs.iter().skip(1).map(|r| r.1 as usize).chain([self.deltas_m.len()]);
        let slice = |((vertex, from), to): (&(u32, u32), usize)| {
            (*vertex as usize, self.deltas_m.get(*from as usize..to).unwrap_or_default())
        };
        self.runs.iter().zip(ends).map(slice)
    }

    /// Every vertex that has a difference, rising, with it (metres).
    pub fn iter(&self) -> impl Iterator<Item = (u32, Vec3)> {
        self.runs().flat_map(|(first, deltas)| deltas.iter().enumerate().map(move |(k, d)| ((first + k) as u32, *d)))
    }

    /// The difference of every one of `count` vertices, metres.
    pub fn to_dense(&self, count: usize) -> Vec<Vec3> {
        let mut dense = vec![Vec3::ZERO; count];
        self.add_to(1.0, &mut dense);
        dense
    }

    /// Those of the vertices `kept`, which are numbered anew in their order.
    #[must_use]
    pub fn picked(&self, kept: &[u32]) -> Self {
        let (mut vertices, mut deltas_m) = (Vec::new(), Vec::new());
        for (old, delta) in self.iter() {
            if let Ok(new) = kept.binary_search(&old) {
                vertices.push(new as u32);
                deltas_m.push(delta);
            }
        }
        Self { runs: runs(&vertices), deltas_m }
    }

    /// Add `factor` times the differences to points, metres.
    #[expect(clippy::inline_always, reason = "must be compiled for the caller's instruction set")]
    #[inline(always)]
    pub fn add_to(&self, factor: f32, points_m: &mut [Vec3]) {
        for (first, deltas) in self.runs() {
            for (p, d) in points_m.get_mut(first..).unwrap_or_default().iter_mut().zip(deltas) {
                *p = Vec3::new(p.x + factor * d.x, p.y + factor * d.y, p.z + factor * d.z);
            }
        }
    }
}

fn runs(vertices: &[u32]) -> Vec<(u32, u32)> {
    let starts = |k: &usize| *k == 0 || vertices[*k] != vertices[*k - 1] + 1;
    (0..vertices.len()).filter(starts).map(|k| (vertices[k], k as u32)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_zero_is_kept_in_runs() {
        let mut dense = vec![Vec3::ZERO; 40];
        for k in [3, 4, 7, 20, 39] {
            dense[k] = Vec3::splat(k as f32);
        }
        let deltas = VertexDeltas::from_dense(&dense, 1e-6);
        let runs: Vec<_> = deltas.runs().map(|(first, d)| (first, d.len())).collect();
        assert_eq!(runs, [(3, 5), (20, 1), (39, 1)], "two zeros are bridged");
        assert_eq!(deltas.to_dense(40), dense);
        let (vertices, values): (Vec<u32>, Vec<Vec3>) = deltas.iter().unzip();
        assert_eq!(VertexDeltas::from_rising(&vertices, values).unwrap(), deltas);
        let mut points = vec![Vec3::X; 40];
        deltas.add_to(0.5, &mut points);
        assert_eq!((points[20], points[21]), (Vec3::new(11.0, 10.0, 10.0), Vec3::X));
    }

    #[test]
    fn vertices_must_rise_and_match() {
        assert!(VertexDeltas::from_rising(&[1, 1], vec![Vec3::X; 2]).is_none());
        assert!(VertexDeltas::from_rising(&[1, 2], vec![Vec3::X]).is_none());
        assert!(VertexDeltas::from_rising(&[], Vec::new()).unwrap().is_empty());
    }

    #[test]
    fn picked_vertices_are_numbered_anew() {
        let deltas = VertexDeltas::from_rising(&[2, 5, 9], vec![Vec3::X, Vec3::Y, Vec3::Z]).unwrap();
        let picked: Vec<_> = deltas.picked(&[0, 5, 6, 9]).iter().collect();
        assert_eq!(picked, [(1, Vec3::Y), (3, Vec3::Z)]);
    }
}
