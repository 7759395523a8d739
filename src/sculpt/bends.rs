//! Which joints are bent, and how far, to make correctives.

use crate::rig::Dof;

/// Joints that are bent together.
pub(super) struct Group {
    pub(super) bends: &'static [Bend],
    pub(super) form: Form,
    /// True if its one corrective stands for what the joints do together beyond what each does alone.
    pub(super) together: bool,
}

/// What the skin of bent joints follows.
#[derive(Clone, Copy)]
pub(super) enum Form {
    /// The posed implicit surface.
    Surface {
        /// Vertices change fully within the first distance of a joint and not at all beyond the second, mm at HB 86.
        reach_mm: [f32; 2],
        /// Passes that smooth the differences.
        smoothing: usize,
    },
    /// An arc from the forearm to the hand.
    Arc {
        /// Where it begins behind the wrist and ends beyond it, mm at HB 86.
        leg_mm: f32,
    },
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

const fn surface(bends: &'static [Bend], reach_mm: [f32; 2], smoothing: usize) -> Group {
    Group { bends, form: Form::Surface { reach_mm, smoothing }, together: false }
}

const fn wrist(bends: &'static [Bend]) -> Group {
    Group { bends, form: Form::Arc { leg_mm: 27.0 }, together: false }
}

const MCP: [f32; 2] = [26.0, 42.0];
const CMC: [f32; 2] = [55.0, 80.0];
const ABDUCTED: Bend = bend(Dof::ThumbCmcAbduction, &[58.0]);
const FLEXED: Bend = bend(Dof::ThumbCmcFlexion, &[33.0]);

/// All groups; those of joints together come after those of each alone. Fingers bend together as the webs between them do.
pub(super) const GROUPS: &[Group] = &[
    surface(fingers!(IndexMcpFlexion, MiddleMcpFlexion, RingMcpFlexion, LittleMcpFlexion, &[50.0, 90.0]), MCP, 4),
    surface(fingers!(IndexMcpFlexion, MiddleMcpFlexion, RingMcpFlexion, LittleMcpFlexion, &[-30.0]), MCP, 3),
    surface(
        fingers!(IndexPipFlexion, MiddlePipFlexion, RingPipFlexion, LittlePipFlexion, &[55.0, 105.0]),
        [15.0, 26.0],
        2,
    ),
    surface(
        fingers!(IndexDipFlexion, MiddleDipFlexion, RingDipFlexion, LittleDipFlexion, &[45.0, 85.0]),
        [11.0, 20.0],
        2,
    ),
    surface(
        &[
            bend(Dof::IndexMcpAbduction, &[22.0]),
            bend(Dof::RingMcpAbduction, &[-14.0]),
            bend(Dof::LittleMcpAbduction, &[-28.0]),
        ],
        MCP,
        3,
    ),
    surface(
        &[
            bend(Dof::IndexMcpAbduction, &[-14.0]),
            bend(Dof::RingMcpAbduction, &[13.0]),
            bend(Dof::LittleMcpAbduction, &[15.0]),
        ],
        MCP,
        3,
    ),
    surface(&[bend(Dof::ThumbMcpFlexion, &[28.0, 58.0])], [20.0, 34.0], 3),
    surface(&[bend(Dof::ThumbIpFlexion, &[42.0, 82.0])], [16.0, 28.0], 2),
    surface(&[bend(Dof::ThumbIpFlexion, &[-20.0])], [16.0, 28.0], 2),
    surface(&[ABDUCTED], CMC, 4),
    surface(&[bend(Dof::ThumbCmcAbduction, &[2.0])], CMC, 4),
    surface(&[FLEXED], CMC, 4),
    surface(&[bend(Dof::ThumbCmcFlexion, &[-24.0])], CMC, 4),
    Group { together: true, ..surface(&[ABDUCTED, FLEXED], CMC, 4) },
    wrist(&[bend(Dof::WristFlexion, &[40.0, 78.0])]),
    wrist(&[bend(Dof::WristFlexion, &[-38.0, -74.0])]),
    wrist(&[bend(Dof::WristDeviation, &[21.0])]),
    wrist(&[bend(Dof::WristDeviation, &[-37.0])]),
];
