//! The hand as one implicit surface in the rest pose or another. Millimetres in hand space; negative inside.

use glam::{Mat3, Vec3};
use rayon::prelude::*;

use crate::math::{RigidTransform, axes_along_y, smoothstep};
use crate::rig::joint::{DIGITS, Digit, FINGERS};
use crate::rig::{Dof, HandPose, JOINT_COUNT, Joint, SLOT_COUNT};

use super::Subject;
use super::field_spec::{ConeSpec, DigitSpec, FieldSpec, ProfileSpec};
use super::primitives::{Profile, RoundCone, RoundTriangle, Station, ellipsoid, smooth_max, smooth_min};
use super::skeleton::{in_mm, rest_frames_mm, skeleton};

/// Farther from a limb than this nothing of it is evaluated, mm: more than any fillet.
const REACH: f32 = 26.0;
const GRADIENT_STEP: f32 = 0.25;
/// How much thinner the skin's stretch makes a joint at 90 degrees.
const TAUT: f32 = 0.06;

/// A bone's frame with what is needed to enter it quickly.
#[derive(Debug, Clone, Copy)]
struct BoneFrame {
    origin: Vec3,
    axes: Mat3,
    inverse: Mat3,
}

impl BoneFrame {
    fn new(origin: Vec3, axes: Mat3) -> Self {
        Self { origin, axes, inverse: axes.transpose() }
    }

    fn local(&self, p: Vec3) -> Vec3 {
        self.inverse * (p - self.origin)
    }

    fn point(&self, q: Vec3) -> Vec3 {
        self.origin + self.axes * q
    }
}

impl From<RigidTransform> for BoneFrame {
    fn from(f: RigidTransform) -> Self {
        Self::new(f.translation_m, Mat3::from_quat(f.rotation))
    }
}

/// A limb in its bone's frame, with a sphere around it.
#[derive(Debug, Clone)]
struct Limb {
    frame: BoneFrame,
    profile: Profile,
    centre: Vec3,
    radius: f32,
}

impl Limb {
    fn new(frame: BoneFrame, profile: Profile) -> Self {
        let (centre, radius) = profile.bounds();
        Self { frame, centre: frame.point(centre), radius, profile }
    }

    /// Distance where it matters; farther off a lower bound.
    fn distance(&self, p: Vec3) -> f32 {
        let gap = p.distance(self.centre) - self.radius;
        if gap > REACH { gap } else { self.profile.distance(self.frame.local(p)) }
    }
}

/// Three limbs of one digit and the sizes that local coordinates need.
#[derive(Debug, Clone)]
struct DigitLimbs {
    limbs: [Limb; 3],
    fillets: [f32; 2],
    lengths: [f32; 3],
}

impl DigitLimbs {
    fn distance(&self, p: Vec3) -> f32 {
        let [a, b, c] = [0, 1, 2].map(|k: usize| self.limbs[k].distance(p));
        smooth_min(smooth_min(a, b, self.fillets[0]), c, self.fillets[1])
    }
}

/// Where a point lies in the frame of one bone of a digit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DigitPoint {
    /// +X radial, +Y distal, +Z palmar, mm from the joint's centre.
    pub local_mm: Vec3,
    /// Length of the bone, mm; of the last one to the fleshy tip.
    pub length_mm: f32,
    /// Half breadth at the joint and at the end of the bone, mm.
    pub half_breadth_mm: [f32; 2],
    /// Half depth at the joint and at the end of the bone, mm.
    pub half_depth_mm: [f32; 2],
}

/// The implicit surface of one subject.
#[derive(Debug, Clone)]
pub struct HandField {
    subject: Subject,
    frames: [BoneFrame; JOINT_COUNT],
    fingers: [DigitLimbs; 4],
    thumb: DigitLimbs,
    rays: [Limb; 4],
    ray_lengths: [f32; 4],
    forearm: Limb,
    bridges: Vec<RoundCone>,
    thenar: [RoundCone; 2],
    hypothenar: RoundCone,
    first_web: RoundTriangle,
}

impl HandField {
    /// The surface of a subject in the rest pose.
    pub fn new(subject: &Subject) -> Self {
        Self::with_frames(subject, &rest_frames_mm(subject), RigidTransform::IDENTITY, [[1.0; 2]; 5])
    }

    /// The surface of a subject in a pose: every part goes rigidly with its bone, fillets form anew.
    pub fn posed(subject: &Subject, pose: &HandPose) -> Self {
        let skeleton = skeleton(subject);
        let frames = skeleton.hand_from_slot(pose).map(in_mm);
        let bent = |dof: Dof| (pose.get(dof) - skeleton.bind_pose.get(dof)) / std::f32::consts::FRAC_PI_2;
        let taut = |digit| joints(digit).map(|dof| 1.0 - TAUT * bent(dof).clamp(0.0, 1.2));
        let joints = std::array::from_fn(|k| frames[k]);
        Self::with_frames(subject, &joints, frames[SLOT_COUNT - 1], DIGITS.map(taut))
    }

    /// From the frames of all joints, and the forearm's at the wrist without the wrist's bend, mm; `taut` is a factor on
    /// the size of each digit's two outer joints, thumb first.
    fn with_frames(
        subject: &Subject,
        frames: &[RigidTransform; JOINT_COUNT],
        forearm_frame: RigidTransform,
        taut: [[f32; 2]; 5],
    ) -> Self {
        let frames = frames.map(BoneFrame::from);
        let spec = &subject.spec.field;
        let finger = |d| digit_limbs(subject, &frames, d, &spec.finger, taut[d as usize]);
        Self {
            fingers: FINGERS.map(finger),
            thumb: digit_limbs(subject, &frames, Digit::Thumb, &spec.thumb, taut[Digit::Thumb as usize]),
            rays: FINGERS.map(|d| ray(subject, &frames, d)),
            ray_lengths: FINGERS.map(|d| metacarpal_length(&frames, d)),
            forearm: forearm(subject, forearm_frame.into()),
            bridges: bridges(subject, &frames),
            thenar: thenar(subject, &frames, &rest_frames_mm(subject).map(BoneFrame::from)),
            hypothenar: hypothenar(subject, &frames),
            first_web: first_web(subject, &frames),
            subject: subject.clone(),
            frames,
        }
    }

    /// The subject it belongs to.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// Frame of a joint in the surface's pose: hand from joint, mm.
    pub fn point_from_joint(&self, joint: Joint, local_mm: Vec3) -> Vec3 {
        self.frames[joint.index()].point(local_mm)
    }

    /// A hand point in a joint's frame, mm.
    pub fn joint_from_point(&self, joint: Joint, p: Vec3) -> Vec3 {
        self.frames[joint.index()].local(p)
    }

    /// Axes of a joint's frame in the rest pose, as columns.
    pub fn joint_axes(&self, joint: Joint) -> Mat3 {
        self.frames[joint.index()].axes
    }

    /// A hand point in the frames of a digit's three bones (thumb: metacarpal, proximal, distal), with their sizes.
    pub fn digit_point(&self, digit: Digit, p: Vec3) -> [DigitPoint; 3] {
        let (b, d) = (self.subject.half_breadths(digit), self.subject.half_depths(digit));
        let mut lengths = self.subject.bone_lengths(digit);
        lengths[2] = self.subject.tip_length(digit);
        let chain = digit.chain();
        std::array::from_fn(|k| {
            let from = k.saturating_sub(1);
            DigitPoint {
                local_mm: self.joint_from_point(chain[k], p),
                length_mm: lengths[k],
                half_breadth_mm: [b[from], b[k]],
                half_depth_mm: [d[from], d[k]],
            }
        })
    }

    /// Distance to the three segments of one digit alone, mm.
    pub fn digit_distance(&self, digit: Digit, p: Vec3) -> f32 {
        match FINGERS.iter().position(|f| *f == digit) {
            Some(k) => self.fingers[k].distance(p),
            None => self.thumb.distance(p),
        }
    }

    /// Digit whose surface is nearest.
    pub fn nearest_digit(&self, p: Vec3) -> Digit {
        let mut best = (f32::INFINITY, Digit::Thumb);
        for digit in DIGITS {
            let d = self.digit_distance(digit, p);
            if d < best.0 {
                best = (d, digit);
            }
        }
        best.1
    }

    /// Distance to the hand's surface, mm.
    pub fn distance(&self, p: Vec3) -> f32 {
        let spec = &self.subject.spec.field;
        let c = self.subject.scale();
        let mut palm = self.palm(p, spec, c);
        let knuckle = spec.detail.knuckle;
        for (ray, length) in self.rays.iter().zip(self.ray_lengths) {
            let deep = Vec3::new(c, c, c * self.subject.palm_thickness);
            let q = ray.frame.local(p) - Vec3::from(knuckle.centre) * deep - Vec3::Y * length;
            let size = self.subject.knuckle * (1.0 + spec.fat.knuckle * self.subject.fat);
            let bump = ellipsoid(q, Vec3::from(knuckle.radii) * deep * size);
            palm = smooth_min(palm, bump, knuckle.fillet * c);
        }
        let (fingers, fillet) = self.all_fingers(p, c);
        smooth_min(palm, fingers, fillet * c)
    }

    /// The four fingers together, and the size of their fillet to the palm here.
    fn all_fingers(&self, p: Vec3, c: f32) -> (f32, f32) {
        let roots = self.subject.spec.field.roots;
        let mut distance = [0.0; 4];
        let mut along = [0.0; 4];
        let mut all = f32::INFINITY;
        for (k, finger) in self.fingers.iter().enumerate() {
            distance[k] = finger.distance(p);
            let t = finger.limbs[0].frame.local(p).y / finger.lengths[0];
            along[k] = 2.0 * t - self.subject.web_place(t);
            if k == 0 {
                all = distance[0];
                continue;
            }
            let beyond = smoothstep(0.5 * (along[k] + along[k - 1]), roots.finger_range[0], roots.finger_range[1]);
            let size = c * (roots.finger_fillet[0] * (1.0 - beyond) + roots.finger_fillet[1] * beyond);
            all = smooth_min(all, distance[k], size);
        }
        // the fillet of the nearest finger, mixed smoothly towards its neighbour: a switch would leave a step in the palm
        let nearest = distance.into_iter().fold(f32::INFINITY, f32::min);
        let (mut sum, mut weights) = (0.0, 0.0);
        for k in 0..4 {
            let gap = (distance[k] - nearest) / (roots.mix * c);
            if gap > 20.0 {
                continue;
            }
            let weight = libm::expf(-gap);
            let fade = smoothstep(along[k], roots.palm_range[0], roots.palm_range[1]);
            sum += weight * (roots.palm_fillet[0] * (1.0 - fade) + roots.palm_fillet[1] * fade);
            weights += weight;
        }
        (all, sum / weights)
    }

    /// Rays, webs, muscles, first web, wrist, ulnar head and thumb, with the hollow carved out.
    fn palm(&self, p: Vec3, spec: &FieldSpec, c: f32) -> f32 {
        let rays = fold(self.rays.iter().map(|r| r.distance(p)), spec.rays.fillet * c);
        let webs = fold(self.bridges.iter().map(|b| b.distance(p)), spec.webs.fillet * c);
        let mut palm = smooth_min(rays, webs, spec.webs.palm_fillet * c);
        palm = smooth_min(palm, self.hypothenar.distance(p), spec.muscle.hypothenar_fillet * c);
        palm = smooth_min(palm, self.forearm.distance(p), spec.forearm.fillet * c);
        let head = spec.detail.ulnar_head;
        let ulnar = ellipsoid(self.forearm.frame.local(p) - Vec3::from(head.centre) * c, Vec3::from(head.radii) * c);
        palm = smooth_min(palm, ulnar, head.fillet * c);
        let thenar = fold(self.thenar.iter().map(|t| t.distance(p)), spec.muscle.thenar_fillet * c);
        let mut thumb = smooth_min(self.thumb.distance(p), thenar, spec.muscle.thumb_fillet * c);
        thumb = smooth_min(thumb, self.first_web.distance(p), spec.first_web.fillet * c);
        let hand = smooth_min(palm, thumb, spec.first_web.palm_fillet * c);
        let centre = self.subject.palm_point(spec.detail.hollow_point);
        let hollow = ellipsoid(p - centre, Vec3::from(spec.detail.hollow_radii) * c);
        smooth_max(hand, -hollow, spec.detail.hollow_fillet * c)
    }

    /// Distance and gradient (four points of a tetrahedron).
    pub fn distance_and_gradient(&self, p: Vec3) -> (f32, Vec3) {
        let corners = [Vec3::new(1.0, -1.0, -1.0), Vec3::new(-1.0, -1.0, 1.0), Vec3::new(-1.0, 1.0, -1.0), Vec3::ONE];
        let gradient: Vec3 = corners.into_iter().map(|k| k * self.distance(p + k * GRADIENT_STEP)).sum();
        (self.distance(p), gradient / (4.0 * GRADIENT_STEP))
    }

    /// Distances of many points, in their order.
    pub fn distances(&self, points: &[Vec3]) -> Vec<f32> {
        points.par_iter().map(|p| self.distance(*p)).collect()
    }

    /// [`Self::distance_and_gradient`] of many points, in their order.
    pub fn distances_and_gradients(&self, points: &[Vec3]) -> Vec<(f32, Vec3)> {
        points.par_iter().map(|p| self.distance_and_gradient(*p)).collect()
    }
}

fn fold(distances: impl Iterator<Item = f32>, k: f32) -> f32 {
    distances.fold(f32::INFINITY, |all, d| if all.is_finite() { smooth_min(all, d, k) } else { d })
}

/// The two outer joints of a digit (finger: PIP, DIP; thumb: MCP, IP).
fn joints(digit: Digit) -> [Dof; 2] {
    Dof::finger(digit).map_or([Dof::ThumbMcpFlexion, Dof::ThumbIpFlexion], |[_, _, pip, dip]| [pip, dip])
}

fn digit_limbs(
    s: &Subject,
    frames: &[BoneFrame; JOINT_COUNT],
    digit: Digit,
    spec: &DigitSpec,
    taut: [f32; 2],
) -> DigitLimbs {
    let mut lengths = s.bone_lengths(digit);
    lengths[2] = s.tip_length(digit);
    let (b, d) = (s.half_breadths(digit), s.half_depths(digit));
    let chain = digit.chain();
    let fat = s.spec.field.fat;
    let limb = |k: usize, row: &ProfileSpec| {
        let cap_end = row.cap_end * b[k];
        let reach = if k == 2 { lengths[2] - cap_end } else { lengths[k] };
        let stations: Vec<Station> = row
            .rows
            .iter()
            .map(|&[t, at, breadth, dorsal, palmar, shift, knuckle]| {
                let at = at as usize;
                let tight = taut.get(at).map_or(1.0, |f| 1.0 + knuckle * (f - 1.0));
                let joint = (1.0 + knuckle * (s.knuckle - 1.0)) * tight;
                let [pb, pd, pp] = fat.shaft.map(|v| 1.0 + v * s.fat * (1.0 - knuckle));
                // at their roots digits grow no broader: that would close the webs
                let pb = if k == 0 { 1.0 + (pb - 1.0) * t } else { pb };
                let (breadth, dorsal, palmar) =
                    (breadth * b[at] * joint * pb, dorsal * d[at] * pd * tight, palmar * d[at] * pp);
                Station { y: t * reach, section: [breadth, dorsal, palmar, shift * s.scale()] }
            })
            .collect();
        let cap_start = row.cap_start * b[k.saturating_sub(1)];
        Limb::new(frames[chain[k].index()], Profile::new(&stations, [cap_start, cap_end], row.exponent))
    };
    DigitLimbs {
        limbs: [limb(0, &spec.proximal), limb(1, &spec.middle), limb(2, &spec.distal)],
        fillets: spec.fillets.map(|k| k * s.scale() * (1.0 + fat.fillet * s.fat)),
        lengths,
    }
}

fn metacarpal_length(frames: &[BoneFrame; JOINT_COUNT], digit: Digit) -> f32 {
    frames[digit.joints()[0].index()].origin.distance(frames[digit.joints()[1].index()].origin)
}

fn ray(s: &Subject, frames: &[BoneFrame; JOINT_COUNT], digit: Digit) -> Limb {
    let spec = &s.spec.field.rays;
    let by_finger = spec.each();
    let row = by_finger.get(digit).unwrap_or(&by_finger.index);
    let (c, depth) = (s.scale(), s.scale() * s.palm_thickness);
    let padding = s.spec.field.fat.ray.map(|v| 1.0 + v * s.fat);
    let metacarpal = &frames[digit.joints()[0].index()];
    let along = frames[digit.chain()[0].index()].origin - metacarpal.origin;
    let axes = axes_along_y(along, metacarpal.axes.z_axis).unwrap_or(metacarpal.axes);
    let length = along.length();
    let lead = spec.lead_in;
    let station = |t: f32, b: f32, dorsal: f32, palmar: f32| Station {
        y: t * length,
        section: [b * c, dorsal * depth * padding[0], palmar * depth * padding[1], 0.0],
    };
    let mut stations =
        vec![station(lead.t, lead.breadth * row.breadth[0], lead.dorsal * row.dorsal[0], lead.palmar * row.palmar[0])];
    stations.extend((0..3).map(|k| station(spec.t[k], row.breadth[k], row.dorsal[k], row.palmar[k])));
    let profile = Profile::new(&stations, [spec.cap_start * c, spec.cap_end * c], 2.0);
    Limb::new(BoneFrame::new(metacarpal.origin, axes), profile)
}

fn forearm(s: &Subject, frame: BoneFrame) -> Limb {
    let spec = &s.spec.field.forearm;
    let c = s.scale();
    let stations: Vec<Station> = spec
        .rows
        .iter()
        .map(|&[y, b, dorsal, palmar, shift, wrist, forearm]| {
            let k = c * (1.0 + wrist * (s.wrist - 1.0) + forearm * (s.forearm - 1.0));
            Station { y: y * s.hand_length_mm, section: [b * k, dorsal * k, palmar * k, shift * c] }
        })
        .collect();
    let profile = Profile::new(&stations, [spec.cap_start * c, spec.cap_end * c], spec.exponent);
    Limb::new(frame, profile)
}

fn bridges(s: &Subject, frames: &[BoneFrame; JOINT_COUNT]) -> Vec<RoundCone> {
    let spec = &s.spec.field.webs;
    let c = s.scale();
    let mut out = Vec::new();
    for pair in FINGERS.windows(2) {
        for &[t, z, radius] in &spec.bridges {
            let end = |digit: Digit, x: f32| {
                frames[digit.chain()[0].index()].point(Vec3::new(
                    x * c,
                    s.bone_lengths(digit)[0] * s.web_place(t),
                    z * c,
                ))
            };
            let (start, end) = (end(pair[0], -spec.inset), end(pair[1], spec.inset));
            out.push(RoundCone { start, end, radius: [radius * c; 2] });
        }
    }
    out
}

/// Point [x mm, fraction of a length, z mm] of a bone.
fn on_bone(frame: &BoneFrame, row: [f32; 3], length: f32, c: f32) -> Vec3 {
    frame.point(Vec3::new(row[0] * c, row[1] * length, row[2] * c))
}

/// The thumb's muscles; they thicken as the inner one shortens.
fn thenar(s: &Subject, frames: &[BoneFrame; JOINT_COUNT], rest: &[BoneFrame; JOINT_COUNT]) -> [RoundCone; 2] {
    let ConeSpec { start, end, radius } = s.spec.field.muscle.thenar_outer;
    let inner = s.spec.field.muscle.thenar_inner;
    let (bone, length, c) = (Joint::ThumbMetacarpal.index(), s.bone_lengths(Digit::Thumb)[0], s.scale());
    let at = |row| on_bone(&frames[bone], row, length, c);
    let origin = s.point(inner.start);
    let rest_length = origin.distance(on_bone(&rest[bone], inner.end, length, c));
    let bulge = (rest_length / origin.distance(at(inner.end))).clamp(0.75, 1.35);
    let thick = |r: [f32; 2], factor: f32| r.map(|v| v * c * muscle(s) * factor);
    [
        RoundCone { start: at(start), end: at(end), radius: thick(radius, bulge.sqrt()) },
        RoundCone { start: origin, end: at(inner.end), radius: thick(inner.radius, bulge) },
    ]
}

fn hypothenar(s: &Subject, frames: &[BoneFrame; JOINT_COUNT]) -> RoundCone {
    let ConeSpec { start, end, radius } = s.spec.field.muscle.hypothenar;
    let frame = &frames[Joint::PinkyFingerMetacarpal.index()];
    let length = metacarpal_length(frames, Digit::Little);
    let at = |row| on_bone(frame, row, length, s.scale());
    RoundCone { start: at(start), end: at(end), radius: radius.map(|v| v * s.scale() * muscle(s)) }
}

/// Factor on the radii of thenar and hypothenar.
fn muscle(s: &Subject) -> f32 {
    s.thenar * (1.0 + s.spec.field.fat.muscle * s.fat)
}

fn first_web(s: &Subject, frames: &[BoneFrame; JOINT_COUNT]) -> RoundTriangle {
    let spec = s.spec.field.first_web;
    let c = s.scale();
    let index = &frames[Joint::IndexFingerMetacarpal.index()];
    let length = metacarpal_length(frames, Digit::Index);
    let thumb = on_bone(&frames[Joint::ThumbMetacarpal.index()], spec.thumb, s.bone_lengths(Digit::Thumb)[0], c);
    RoundTriangle {
        corners: [thumb, on_bone(index, spec.index, length, c), s.point(spec.palm)],
        radius: spec.radius.map(|r| r * c),
    }
}
