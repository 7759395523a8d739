//! Which joints are bent, and how far, to make correctives.

use crate::rig::Dof;

/// Joints that are bent together.
pub(super) struct Group {
    pub(super) bends: &'static [Bend],
    /// Vertices change fully within the first distance of a joint and not at all beyond the second, mm at HB 86.
    pub(super) reach_mm: [f32; 2],
}

/// One joint and the angles at which it is corrected, away from the rest pose.
pub(super) struct Bend {
    pub(super) dof: Dof,
    pub(super) knots_deg: &'static [f32],
}

impl Group {
    /// Number of angles, the same for all its joints.
    pub(super) fn knots(&self) -> usize {
        self.bends.iter().map(|b| b.knots_deg.len()).min().unwrap_or(0)
    }
}

impl Bend {
    /// Name of the corrective at a knot, such as `index_pip_flexion_110`.
    pub(super) fn name(&self, knot: usize) -> String {
        format!("{}_{:.0}", self.dof.name(), self.knots_deg[knot])
    }
}

const fn bend(dof: Dof, knots_deg: &'static [f32]) -> Bend {
    Bend { dof, knots_deg }
}

/// In each finger the same joint at the same angles.
macro_rules! fingers {
    ($index:ident, $middle:ident, $ring:ident, $little:ident, $knots:expr) => {
        &[bend(Dof::$index, $knots), bend(Dof::$middle, $knots), bend(Dof::$ring, $knots), bend(Dof::$little, $knots)]
    };
}

/// All groups. Fingers bend together because the webs between them do.
pub(super) const GROUPS: &[Group] = &[
    Group {
        bends: fingers!(IndexMcpFlexion, MiddleMcpFlexion, RingMcpFlexion, LittleMcpFlexion, &[50.0, 90.0]),
        reach_mm: [26.0, 42.0],
    },
    Group {
        bends: fingers!(IndexMcpFlexion, MiddleMcpFlexion, RingMcpFlexion, LittleMcpFlexion, &[-30.0]),
        reach_mm: [26.0, 42.0],
    },
    Group {
        bends: fingers!(IndexPipFlexion, MiddlePipFlexion, RingPipFlexion, LittlePipFlexion, &[55.0, 105.0]),
        reach_mm: [15.0, 26.0],
    },
    Group {
        bends: fingers!(IndexDipFlexion, MiddleDipFlexion, RingDipFlexion, LittleDipFlexion, &[45.0, 85.0]),
        reach_mm: [11.0, 20.0],
    },
    Group {
        bends: &[
            bend(Dof::IndexMcpAbduction, &[22.0]),
            bend(Dof::RingMcpAbduction, &[-14.0]),
            bend(Dof::LittleMcpAbduction, &[-28.0]),
        ],
        reach_mm: [26.0, 42.0],
    },
    Group {
        bends: &[
            bend(Dof::IndexMcpAbduction, &[-14.0]),
            bend(Dof::RingMcpAbduction, &[13.0]),
            bend(Dof::LittleMcpAbduction, &[15.0]),
        ],
        reach_mm: [26.0, 42.0],
    },
    Group { bends: &[bend(Dof::ThumbMcpFlexion, &[28.0, 58.0])], reach_mm: [20.0, 34.0] },
    Group { bends: &[bend(Dof::ThumbIpFlexion, &[42.0, 82.0])], reach_mm: [16.0, 28.0] },
    Group { bends: &[bend(Dof::ThumbIpFlexion, &[-20.0])], reach_mm: [16.0, 28.0] },
    Group { bends: &[bend(Dof::ThumbCmcAbduction, &[58.0])], reach_mm: [55.0, 80.0] },
    Group { bends: &[bend(Dof::ThumbCmcAbduction, &[2.0])], reach_mm: [55.0, 80.0] },
    Group { bends: &[bend(Dof::ThumbCmcFlexion, &[33.0])], reach_mm: [55.0, 80.0] },
    Group { bends: &[bend(Dof::ThumbCmcFlexion, &[-24.0])], reach_mm: [55.0, 80.0] },
    Group { bends: &[bend(Dof::WristFlexion, &[40.0, 78.0])], reach_mm: [40.0, 70.0] },
    Group { bends: &[bend(Dof::WristFlexion, &[-38.0, -74.0])], reach_mm: [40.0, 70.0] },
    Group { bends: &[bend(Dof::WristDeviation, &[21.0])], reach_mm: [40.0, 70.0] },
    Group { bends: &[bend(Dof::WristDeviation, &[-37.0])], reach_mm: [40.0, 70.0] },
];
