//! Joint frames of a subject on the canonical joints and degrees of freedom, and the capsules around its bones.
//!
//! Neutral rotations, axes and bind pose are the same for all subjects; only joint offsets differ.

use glam::{Mat3, Quat, Vec3};

use crate::math::{RigidTransform, axes_along_y};
use crate::rig::joint::{DIGITS, Digit, FINGERS};
use crate::rig::skeleton::axis_angle;
use crate::rig::{Capsule, DOF_COUNT, Dof, HandPose, JOINT_COUNT, JOINTS, Joint, Skeleton};

use super::Subject;
use super::spec::{FingerSpec, RigSpec};

const M_PER_MM: f32 = 1e-3;

/// The subject's skeleton in metres; its bind pose is the modelled rest pose.
pub fn skeleton(subject: &Subject) -> Skeleton {
    let mut skeleton = reference(&subject.spec);
    let centres = joint_centres(subject, &skeleton);
    let frames = skeleton.hand_from_joint(&skeleton.bind_pose);
    for joint in JOINTS.into_iter().skip(1) {
        let Some(parent) = joint.parent() else { continue };
        let step = centres[joint.index()] - centres[parent.index()];
        skeleton.offset_m[joint.index()] = frames[parent.index()].rotation.conjugate() * step * M_PER_MM;
    }
    skeleton
}

/// Frames of all joints in the rest pose, millimetres.
pub fn rest_frames_mm(subject: &Subject) -> [RigidTransform; JOINT_COUNT] {
    let skeleton = skeleton(subject);
    skeleton.hand_from_joint(&skeleton.bind_pose).map(in_mm)
}

/// A transform in metres as one in millimetres.
pub(super) fn in_mm(frame: RigidTransform) -> RigidTransform {
    RigidTransform::new(frame.rotation, frame.translation_m / M_PER_MM)
}

/// Rotations, axes and bind pose that all subjects share; offsets are still zero.
fn reference(spec: &std::sync::Arc<RigSpec>) -> Skeleton {
    let size = spec.reference;
    let average = Subject::of_size(spec, size.hand_length_mm, size.hand_breadth_mm);
    let mut skeleton = Skeleton {
        offset_m: [Vec3::ZERO; JOINT_COUNT],
        neutral: [Quat::IDENTITY; JOINT_COUNT],
        axis: [Vec3::X; DOF_COUNT],
        bind_pose: HandPose::default(),
    };
    // supination turns the thumb side to the back of the hand; radial deviation turns the fingers to the thumb side
    skeleton.axis[Dof::ForearmTwist.index()] = Vec3::Y;
    skeleton.axis[Dof::WristDeviation.index()] = Vec3::NEG_Z;
    for digit in FINGERS {
        if let Some(row) = spec.proportions.fingers.get(digit) {
            add_finger(&mut skeleton, &average, digit, row);
        }
    }
    add_thumb(&mut skeleton, spec);
    skeleton
}

fn add_finger(skeleton: &mut Skeleton, average: &Subject, digit: Digit, row: &FingerSpec) {
    let Some([abduction, flexion, pip, dip]) = Dof::finger(digit) else { return };
    let roll = turn(Vec3::Y, -row.metacarpal_roll_deg);
    let along = average.palm_point(row.mcp) - average.cmc(digit);
    let metacarpal = Quat::from_mat3(&axes_along_y(along, roll * Vec3::Z).unwrap_or(Mat3::IDENTITY));
    // the finger's frame starts from the hand's axes, not from the splayed metacarpal
    let proximal = turn(Vec3::Z, -row.rest_abduction_deg) * turn(Vec3::Y, -row.finger_roll_deg);
    skeleton.neutral[digit.joints()[0].index()] = metacarpal;
    skeleton.neutral[digit.chain()[0].index()] = (metacarpal.conjugate() * proximal).normalize();
    skeleton.axis[abduction.index()] = Vec3::NEG_Z;
    for (dof, deg) in [flexion, pip, dip].into_iter().zip(row.rest_flexion_deg) {
        skeleton.bind_pose.set(dof, deg.to_radians());
    }
}

/// Thumb CMC: abduction lifts it from the plane of the palm towards +Z, flexion then sweeps it parallel to that plane,
/// pronation rolls its pad towards the fingers.
fn add_thumb(skeleton: &mut Skeleton, spec: &RigSpec) {
    let row = &spec.proportions.thumb;
    let direction = Vec3::from(row.direction).normalize_or(Vec3::X);
    let rest = Quat::from_mat3(&axes_along_y(direction, row.palmar.into()).unwrap_or(Mat3::IDENTITY));
    let lift = direction.cross(Vec3::Z).normalize_or(Vec3::X);
    let abduction = libm::asinf(direction.z);
    let pronation = row.rest_pronation_deg.to_radians();
    let neutral = (axis_angle(lift, -abduction) * rest * axis_angle(Vec3::Y, pronation)).normalize();
    skeleton.neutral[Joint::ThumbMetacarpal.index()] = neutral;
    skeleton.axis[Dof::ThumbCmcAbduction.index()] = neutral.conjugate() * lift;
    skeleton.axis[Dof::ThumbCmcFlexion.index()] = neutral.conjugate() * Vec3::Z;
    skeleton.axis[Dof::ThumbCmcPronation.index()] = Vec3::NEG_Y;
    let bind = &mut skeleton.bind_pose;
    bind.set(Dof::ThumbCmcAbduction, abduction);
    bind.set(Dof::ThumbCmcPronation, pronation);
    bind.set(Dof::ThumbMcpFlexion, row.rest_flexion_deg[0].to_radians());
    bind.set(Dof::ThumbIpFlexion, row.rest_flexion_deg[1].to_radians());
}

/// Joint centres in the rest pose, mm in the hand; only rotations of `skeleton` are used.
fn joint_centres(subject: &Subject, skeleton: &Skeleton) -> [Vec3; JOINT_COUNT] {
    let frames = skeleton.hand_from_joint(&skeleton.bind_pose);
    let along = |joint: Joint, length: f32| frames[joint.index()].rotation * Vec3::Y * length;
    let mut centre = [Vec3::ZERO; JOINT_COUNT];
    centre[Joint::Forearm.index()] = Vec3::NEG_Y * subject.forearm_length();
    for digit in DIGITS {
        let [a, b, c, tip] = digit.chain();
        let lengths = subject.bone_lengths(digit);
        centre[digit.joints()[0].index()] = subject.cmc(digit);
        if let Some(row) = subject.spec.proportions.fingers.get(digit) {
            centre[a.index()] = subject.palm_point(row.mcp);
        }
        centre[b.index()] = centre[a.index()] + along(a, lengths[0]);
        centre[c.index()] = centre[b.index()] + along(b, lengths[1]);
        centre[tip.index()] = centre[c.index()] + along(c, subject.tip_length(digit));
    }
    centre
}

/// Flesh around the bones: 3 round cones for the thumb, then 4 for each finger, proximal first.
pub fn capsules(subject: &Subject) -> Vec<Capsule> {
    let frames = rest_frames_mm(subject);
    let spec = &subject.spec.capsules;
    let mut out = Vec::new();
    for digit in DIGITS {
        let (b, d) = (subject.half_breadths(digit), subject.half_depths(digit));
        let r: [f32; 3] = std::array::from_fn(|k| (spec.breadth_factor * b[k]).min(spec.depth_factor * d[k]));
        let metacarpal = spec.metacarpal_mm.map(|v| v * subject.scale());
        let radii = match digit {
            Digit::Thumb => vec![(spec.thumb_metacarpal_mm * subject.scale(), r[0]), (r[0], r[1]), (r[1], r[2])],
            _ => vec![(metacarpal[0], metacarpal[1]), (r[0], r[0]), (r[0], r[1]), (r[1], r[2])],
        };
        for (pair, (start, end)) in digit.joints().windows(2).zip(radii) {
            let to = frames[pair[0].index()].inverse().point(frames[pair[1].index()].translation_m);
            let length = to.length();
            // the last sphere ends at the tip, the others are centred on the next joint
            let share = if pair[1].is_tip() && length > end { 1.0 - end / length } else { 1.0 };
            out.push(Capsule {
                joint: pair[0],
                start_m: Vec3::ZERO,
                end_m: to * share * M_PER_MM,
                start_radius_m: start * M_PER_MM,
                end_radius_m: end * M_PER_MM,
            });
        }
    }
    out
}

/// Rotation about a unit axis, degrees.
fn turn(axis: Vec3, degrees: f32) -> Quat {
    axis_angle(axis, degrees.to_radians())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sculpt::{Sex, testing};

    /// Joint centres (mm) and one axis of frames in the rest pose, 190 x 86 mm, from an independent implementation.
    const CENTRES: [(Joint, [f32; 3]); 10] = [
        (Joint::IndexFingerMetacarpal, [10.836, 13.87, -3.0]),
        (Joint::IndexFingerPhalanxDistal, [33.533_77, 157.157_48, 6.954_269]),
        (Joint::IndexFingerTip, [37.211_84, 178.692_62, 11.990_76]),
        (Joint::MiddleFingerTip, [1.841_27, 190.226_3, 15.376_27]),
        (Joint::RingFingerPhalanxIntermediate, [-23.502_773, 123.451_76, 3.842_988]),
        (Joint::RingFingerTip, [-30.551_727, 176.536_86, 18.933_334]),
        (Joint::PinkyFingerPhalanxProximal, [-34.572, 69.92, 2.5]),
        (Joint::PinkyFingerTip, [-59.840_263, 145.914_15, 21.011_358]),
        (Joint::ThumbPhalanxProximal, [48.321_96, 43.905_69, 25.547_037]),
        (Joint::ThumbTip, [96.029_02, 86.012_25, 49.403_116]),
    ];
    const RADIAL_AXES: [(Joint, [f32; 3]); 5] = [
        (Joint::IndexFingerMetacarpal, [0.966_604, -0.153_181, 0.205_458]),
        (Joint::RingFingerPhalanxDistal, [0.991_942, 0.121_795, 0.034_9]),
        (Joint::PinkyFingerMetacarpal, [0.907_141, 0.260_925, -0.330_172]),
        (Joint::PinkyFingerTip, [0.951_066, 0.290_77, 0.104_528]),
        (Joint::ThumbMetacarpal, [0.449_792, -0.767_962, 0.455_984]),
    ];

    #[test]
    fn rest_frames_are_those_of_the_reference() {
        let frames = rest_frames_mm(&testing::reference_subject());
        for (joint, expected) in CENTRES {
            let p = frames[joint.index()].translation_m;
            assert!(p.abs_diff_eq(expected.into(), 1e-3), "{joint:?} {p}");
        }
        for (joint, expected) in RADIAL_AXES {
            let x = frames[joint.index()].rotation * Vec3::X;
            assert!(x.abs_diff_eq(expected.into(), 1e-5), "{joint:?} {x}");
        }
        let elbow = frames[Joint::Forearm.index()].translation_m;
        assert!(elbow.abs_diff_eq(Vec3::new(0.0, -258.4, 0.0), 1e-2), "{elbow}");
    }

    #[test]
    fn neutral_rotations_do_not_depend_on_the_subject() {
        let spec = testing::spec();
        let (a, b) = (skeleton(&Subject::mean(&spec, Sex::Male)), skeleton(&Subject::of_size(&spec, 160.0, 80.0)));
        assert_eq!((a.neutral, a.axis, a.bind_pose), (b.neutral, b.axis, b.bind_pose));
        assert_ne!(a.offset_m, b.offset_m);
    }

    /// Where the joint goes when one angle grows by 0.2 rad from the bind pose, mm.
    fn motion(dof: Dof, joint: Joint, local: Vec3) -> Vec3 {
        let s = skeleton(&testing::reference_subject());
        let mut pose = s.bind_pose;
        let before = s.hand_from_joint(&pose)[joint.index()].point(local);
        pose.set(dof, pose.get(dof) + 0.2);
        (s.hand_from_joint(&pose)[joint.index()].point(local) - before) / M_PER_MM
    }

    #[test]
    fn positive_angles_move_as_documented() {
        let at = Vec3::ZERO;
        for (digit, tip) in [(Digit::Index, Joint::IndexFingerTip), (Digit::Little, Joint::PinkyFingerTip)] {
            let [abduction, mcp, pip, dip] = Dof::finger(digit).unwrap();
            assert!(motion(abduction, tip, at).x > 5.0, "radial");
            assert!([mcp, pip, dip].into_iter().all(|d| motion(d, tip, at).z > 3.0), "palmar");
        }
        assert!(motion(Dof::LittleCmcFlexion, Joint::PinkyFingerPhalanxProximal, at).z > 8.0);
        let lift = motion(Dof::ThumbCmcAbduction, Joint::ThumbTip, at);
        assert!(lift.z > 15.0 && lift.z > lift.x.abs().max(lift.y.abs()), "{lift}");
        let sweep = motion(Dof::ThumbCmcFlexion, Joint::ThumbTip, at);
        assert!(sweep.x < -10.0 && sweep.z.abs() < 5.0, "{sweep}");
        let pad = motion(Dof::ThumbCmcPronation, Joint::ThumbPhalanxDistal, Vec3::new(0.0, 0.0, 0.01));
        assert!(pad.x < 0.0 && pad.z < 0.0, "{pad}");
        // the elbow goes the other way: seen from the hand, flexion brings the forearm to the palm, supination turns its thumb side to the palm
        assert!(motion(Dof::WristFlexion, Joint::Forearm, at).z > 10.0);
        assert!(motion(Dof::WristDeviation, Joint::Forearm, at).x > 10.0);
        assert!(motion(Dof::ForearmTwist, Joint::Forearm, Vec3::new(0.03, 0.0, 0.0)).z > 3.0);
    }

    #[test]
    fn capsules_are_those_of_the_reference() {
        let s = testing::reference_subject();
        let c = capsules(&s);
        assert_eq!(c.len(), 19);
        assert_eq!(c[6].joint, Joint::IndexFingerPhalanxDistal);
        assert!((c[6].start_radius_m - 7.5981e-3).abs() < 1e-6 && (c[6].end_radius_m - 6.250_05e-3).abs() < 1e-6);
        let end = rest_frames_mm(&s)[c[6].joint.index()].point(c[6].end_m * 1e3);
        assert!(end.abs_diff_eq(Vec3::new(36.186_5, 172.689_24, 10.586_73), 1e-3), "{end}");
        assert!((c[0].start_radius_m - 0.01).abs() < 1e-7 && (c[0].end_radius_m - 10.008_25e-3).abs() < 1e-6);
    }

    #[test]
    fn limits_hold_the_bind_pose() {
        let s = testing::reference_subject();
        let (bind, limits) = (skeleton(&s).bind_pose, s.spec.limits());
        for (angle, limit) in bind.0.into_iter().zip(limits) {
            assert!(limit.soft_rad[0] <= angle + 1e-5 && angle <= limit.soft_rad[1], "{angle} {limit:?}");
        }
    }
}
