//! Keeps the flesh of moving fingers apart: digits that would pass through each other open a little, smoothly in time.

use super::super::pose::{Flesh, Repair};
use crate::rig::joint::DIGITS;
use crate::rig::{DOFS, HandPose, Joint};

/// Step by which digits are opened, as a share of the way to the open hand.
const STEP: f32 = 0.08;
/// Share of the tolerated overlap that opened frames may use.
const GOAL: f32 = 0.9;
/// Frames of trouble are opened from this long before to this long after, seconds; the share rises and falls meanwhile.
const REACH_S: f32 = 0.16;
/// Times that frames are looked at again after smoothing.
const ROUNDS: usize = 5;

/// Share of the way to the open hand, thumb first.
type Shares = [f32; 5];

/// Opens digits of consecutive frames so far that no frame's flesh overlaps deeper than the repair's tolerance, if that is
/// possible.
pub fn open_where_needed(flesh: &Flesh, repair: &Repair, rate_hz: f32, poses: &mut [HandPose]) {
    let open = repair.open_pose();
    let tolerance = repair.tolerance_m(flesh) * GOAL;
    let reach = (REACH_S * rate_hz).max(2.0) as usize;
    let mut shares = vec![Shares::default(); poses.len()];
    for _ in 0..ROUNDS {
        let needed: Vec<Shares> =
            poses.iter().zip(&shares).map(|(pose, from)| needed(flesh, repair, tolerance, pose, *from)).collect();
        if needed == shares {
            break;
        }
        shares = smoothed(&needed, reach);
    }
    for (pose, shares) in poses.iter_mut().zip(&shares) {
        *pose = opened(repair, pose, &open, shares);
    }
}

/// Shares, at least the given ones, with which a pose keeps to the tolerance.
fn needed(flesh: &Flesh, repair: &Repair, tolerance: f32, pose: &HandPose, from: Shares) -> Shares {
    let open = repair.open_pose();
    let mut shares = from;
    loop {
        let pose = opened(repair, pose, &open, &shares);
        let contacts = flesh.contacts(&flesh.skeleton.hand_from_joint(&pose), tolerance);
        let mut grew = false;
        for digit in contacts.iter().flat_map(|c| c.joints).filter_map(Joint::digit) {
            let share = &mut shares[digit as usize];
            grew |= *share < 1.0;
            *share = (*share + STEP).min(1.0);
        }
        if !grew {
            return shares;
        }
    }
}

fn opened(repair: &Repair, pose: &HandPose, open: &HandPose, shares: &Shares) -> HandPose {
    let mut result = *pose;
    for dof in DOFS {
        let share = dof.joint().digit().map_or(0.0, |digit| shares[digit as usize]);
        result.set(dof, pose.get(dof) + (open.get(dof) - pose.get(dof)) * share);
    }
    repair.coupling().apply(&mut result);
    result
}

/// Smooth in time and nowhere less than given: the largest within reach, then twice the mean of half that reach.
fn smoothed(shares: &[Shares], reach: usize) -> Vec<Shares> {
    let (half, wide) = (reach / 2, 2 * (reach / 2));
    let window = |k: usize, by: usize| k.saturating_sub(by)..(k + by + 1).min(shares.len());
    let mut smooth = shares.to_vec();
    for digit in DIGITS.map(|d| d as usize) {
        let of = |row: &[f32], k: usize| row[window(k, wide)].iter().copied().fold(0.0, f32::max);
        let row: Vec<f32> = shares.iter().map(|s| s[digit]).collect();
        let mut row: Vec<f32> = (0..row.len()).map(|k| of(&row, k)).collect();
        for _ in 0..2 {
            // beyond the clip's ends the share stays as it is there
            let last = row.len() - 1;
            let at = |k: usize, by: usize| row[(k + by).saturating_sub(half).min(last)];
            let mean = |k: usize| (0..=2 * half).map(|by| at(k, by)).sum::<f32>() / (2 * half + 1) as f32;
            row = (0..=last).map(mean).collect();
        }
        for (to, from) in smooth.iter_mut().zip(row) {
            to[digit] = from;
        }
    }
    smooth
}
