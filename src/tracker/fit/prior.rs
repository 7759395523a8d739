//! What is known of a hand's angles before a keypoint is seen: natural poses, joints that go together, soft limits, the last pose.

use super::kinematics::{FIRST_DOF, unknown_of};
use super::normal::Normal;
use crate::rig::joint::FINGERS;
use crate::rig::{DOF_COUNT, Dof, HandPose, Limit};

/// Standard deviation beyond the soft limits, radians (6 degrees).
const BEYOND_SD_RAD: f32 = 0.105;
/// DIP flexion per PIP flexion, and its standard deviation, radians (8 degrees): the flexor's linkage.
const DIP_PER_PIP: [f32; 2] = [0.67, 0.14];
/// CMC flexion of ring and little finger per MCP flexion (the arch of the palm), and its standard deviation (5 degrees).
const RING_CMC_PER_MCP: [f32; 2] = [0.12, 0.087];
const LITTLE_CMC_PER_MCP: [f32; 2] = [0.22, 0.087];
/// Thumb pronation per CMC abduction and per CMC flexion, and its standard deviation (8 degrees).
const PRONATION_PER_ABDUCTION_FLEXION: [f32; 3] = [0.4, 0.3, 0.14];

/// A weighted sum of up to three angles is expected to have a value.
#[derive(Debug, Clone, Copy)]
struct Row {
    terms: [(usize, f32); 3],
    wanted: f32,
    /// One over the variance, per square radian.
    information: f32,
}

impl Row {
    fn new(terms: [(Dof, f32); 3], wanted: f32, sd: f32) -> Self {
        Self { terms: terms.map(|(dof, factor)| (dof.index(), factor)), wanted, information: 1.0 / (sd * sd) }
    }

    fn one(dof: usize, wanted: f32, sd: f32) -> Self {
        Self { terms: [(dof, 1.0), (dof, 0.0), (dof, 0.0)], wanted, information: 1.0 / (sd * sd) }
    }

    fn off(&self, pose: &HandPose) -> f32 {
        self.terms.iter().map(|(dof, factor)| factor * pose.0[*dof]).sum::<f32>() - self.wanted
    }
}

/// All expectations of one fit.
#[derive(Debug, Clone)]
pub(super) struct Prior {
    rows: Vec<Row>,
    limits: [Limit; DOF_COUNT],
}

/// The middle of every soft range: half closed, as a hand at rest.
pub(super) fn natural_pose(limits: &[Limit; DOF_COUNT]) -> HandPose {
    let mut pose = HandPose(limits.map(|limit| 0.5 * (limit.soft_rad[0] + limit.soft_rad[1])));
    pose.0[..FIRST_DOF].fill(0.0);
    pose
}

impl Prior {
    /// Of a rig's limits.
    pub(super) fn new(limits: &[Limit; DOF_COUNT]) -> Self {
        let natural = natural_pose(limits);
        // 95 % lie inside the soft range: four deviations wide
        let sd = |dof: usize| (0.25 * (limits[dof].soft_rad[1] - limits[dof].soft_rad[0])).max(0.01);
        let mut rows: Vec<Row> = (FIRST_DOF..DOF_COUNT).map(|dof| Row::one(dof, natural.0[dof], sd(dof))).collect();
        let follows = |dof: Dof, other: Dof, [share, sd]: [f32; 2]| {
            Row::new([(dof, 1.0), (other, -share), (other, 0.0)], 0.0, sd)
        };
        let fingers = FINGERS.into_iter().filter_map(Dof::finger);
        rows.extend(fingers.map(|[_, _, pip, dip]| follows(dip, pip, DIP_PER_PIP)));
        rows.push(follows(Dof::RingCmcFlexion, Dof::RingMcpFlexion, RING_CMC_PER_MCP));
        rows.push(follows(Dof::LittleCmcFlexion, Dof::LittleMcpFlexion, LITTLE_CMC_PER_MCP));
        let [abduction, flexion, sd] = PRONATION_PER_ABDUCTION_FLEXION;
        let thumb =
            [(Dof::ThumbCmcPronation, 1.0), (Dof::ThumbCmcAbduction, -abduction), (Dof::ThumbCmcFlexion, -flexion)];
        rows.push(Row::new(thumb, 0.0, sd));
        Self { rows, limits: *limits }
    }

    /// Also expecting angles near an earlier pose's.
    pub(super) fn after(&self, earlier: &HandPose, sd: f32) -> Self {
        let mut prior = self.clone();
        if sd > 0.0 && sd.is_finite() {
            prior.rows.extend((FIRST_DOF..DOF_COUNT).map(|dof| Row::one(dof, earlier.0[dof], sd)));
        }
        prior
    }

    /// Sum of squares over the variances.
    pub(super) fn cost(&self, pose: &HandPose) -> f64 {
        let square = |off: f32, information: f32| f64::from(off * off * information);
        let rows: f64 = self.rows.iter().map(|row| square(row.off(pose), row.information)).sum();
        let beyond = (FIRST_DOF..DOF_COUNT).map(|dof| self.beyond(pose, dof));
        rows + beyond.map(|off| square(off, 1.0 / (BEYOND_SD_RAD * BEYOND_SD_RAD))).sum::<f64>()
    }

    /// Angle beyond the soft limits, 0 inside.
    fn beyond(&self, pose: &HandPose, dof: usize) -> f32 {
        let [low, high] = self.limits[dof].soft_rad;
        (pose.0[dof] - high).max(0.0) + (pose.0[dof] - low).min(0.0)
    }

    /// Add the derivatives of the cost, times a factor.
    pub(super) fn add_to(&self, normal: &mut Normal, pose: &HandPose, factor: f64) {
        for row in &self.rows {
            let (weight, off) = (factor * f64::from(row.information), f64::from(row.off(pose)));
            for (a, fa) in row.terms {
                normal.add_gradient(unknown_of(a), weight * f64::from(fa) * off);
                for (b, fb) in row.terms.iter().filter(|(b, _)| *b <= a) {
                    normal.add(unknown_of(a), unknown_of(*b), weight * f64::from(fa * fb));
                }
            }
        }
        for dof in FIRST_DOF..DOF_COUNT {
            let off = self.beyond(pose, dof);
            if off.abs() > 0.0 {
                let weight = factor / f64::from(BEYOND_SD_RAD * BEYOND_SD_RAD);
                normal.add(unknown_of(dof), unknown_of(dof), weight);
                normal.add_gradient(unknown_of(dof), weight * f64::from(off));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assets::Assets;
    use crate::seed::dataset_stream;

    #[test]
    fn the_gradient_is_that_of_the_cost() {
        let rig = Assets::new().unwrap().open_rig("adult").unwrap();
        let mut s = dataset_stream(1, "prior", 0);
        for _ in 0..20 {
            let mut pose = HandPose(std::array::from_fn(|k| {
                s.uniform(rig.limits[k].hard_rad[0] - 0.2, rig.limits[k].hard_rad[1] + 0.2)
            }));
            let prior = Prior::new(&rig.limits).after(&natural_pose(&rig.limits), 0.3);
            let mut normal = Normal::zero();
            prior.add_to(&mut normal, &pose, 2.0);
            for dof in FIRST_DOF..DOF_COUNT {
                let at = pose.0[dof];
                let mut cost = |angle: f32| {
                    pose.0[dof] = angle;
                    prior.cost(&pose)
                };
                let h = 2e-3;
                let slope = (cost(at + h) - cost(at - h)) / f64::from(2.0 * h);
                pose.0[dof] = at;
                // the cost has 2 times the factor's gradient in `gradient`
                let found = normal.gradient(unknown_of(dof));
                assert!((found - slope).abs() < 2e-2 * (1.0 + slope.abs()), "{dof}: {found} {slope}");
            }
        }
    }
}
