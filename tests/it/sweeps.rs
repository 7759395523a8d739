//! Every joint of the shipped rig swept through its range, on the mean man and woman.

use std::sync::Arc;

use glam::{Mat3, Vec3};
use handloom::assets::Assets;
use handloom::math::RigidTransform;
use handloom::posed::pose;
use handloom::rig::joint::{Digit, FINGERS};
use handloom::rig::{DOFS, Dof, HandPart, HandPose, HandShape, HandSide, Joint, Rig, Skeleton};
use handloom::sculpt::RigSpec;

use crate::synthetic;

/// Angles per degree of freedom, ends included.
const STEPS: usize = 7;

fn spec() -> Arc<RigSpec> {
    RigSpec::parse(include_str!("../../rigs/adult/rig.toml")).unwrap()
}

/// A subject of the shipped rig.
struct Person {
    name: &'static str,
    rig: Arc<Rig>,
    shape: HandShape,
    skeleton: Skeleton,
}

fn people() -> [Person; 2] {
    let rig = Assets::new().unwrap().open_rig("adult").unwrap();
    ["mean_male", "mean_female"].map(|name| {
        let shape = spec().subject(name).unwrap();
        Person { name, skeleton: rig.shaped_skeleton(&shape), rig: Arc::clone(&rig), shape }
    })
}

impl Person {
    fn bind(&self) -> HandPose {
        self.skeleton.bind_pose
    }

    /// Vertices in hand space, metres.
    fn posed(&self, angles: &HandPose) -> Vec<Vec3> {
        let hand = synthetic::hand(HandSide::Right, RigidTransform::IDENTITY);
        let hand = handloom::scene::SceneHand { shape: self.shape.clone(), pose: *angles, ..hand };
        let scene = synthetic::scene(8, 8.0, vec![hand]);
        pose(&scene, &[Arc::clone(&self.rig)]).unwrap().hands.remove(0).positions_m
    }

    /// Six times the volume (m³) inside the triangles of the parts; other parts' cones end at the origin, the wrist.
    fn volume(&self, p: &[Vec3], of: impl Fn(u8) -> bool) -> f32 {
        let corners = self.rig.mesh.triangles.iter().zip(&self.rig.mesh.triangle_part);
        let inside = corners.filter(|(_, part)| of(**part)).map(|(t, _)| t.map(|k| p[k as usize]));
        inside.map(|[a, b, c]| a.dot(b.cross(c))).sum()
    }

    /// Share of triangles that look against where their bones carried them.
    fn flipped(&self, rest: &[Vec3], p: &[Vec3], angles: &HandPose) -> f32 {
        let bind = self.skeleton.hand_from_slot(&self.bind());
        let posed = self.skeleton.hand_from_slot(angles);
        let turns: Vec<Mat3> =
            bind.iter().zip(&posed).map(|(b, p)| Mat3::from_quat((*p * b.inverse()).rotation)).collect();
        let mesh = &self.rig.mesh;
        let turn = |v: u32| {
            let influences = mesh.joints[v as usize].iter().zip(&mesh.weights[v as usize]);
            influences.fold(Mat3::ZERO, |sum, (j, w)| sum + turns[usize::from(*j)] * *w)
        };
        let normal = |p: &[Vec3], t: &[u32; 3]| {
            let [a, b, c] = t.map(|k| p[k as usize]);
            (b - a).cross(c - a)
        };
        let flips = mesh.triangles.iter().filter(|t| {
            let turned = t.iter().fold(Mat3::ZERO, |sum, v| sum + turn(*v)) * normal(rest, t);
            turned.dot(normal(p, t)) < 0.0
        });
        flips.count() as f32 / mesh.triangles.len() as f32
    }

    /// Places of vertices of a digit's last segment in the frame of its last joint, metres.
    fn tip_flesh(&self, digit: Digit) -> Vec<Vec3> {
        let rest = self.posed(&self.bind());
        let [.., last, _] = digit.chain();
        let frame = self.skeleton.hand_from_joint(&self.bind())[last.index()].inverse();
        let mesh = &self.rig.mesh;
        let of_last =
            (0..rest.len()).filter(|v| usize::from(mesh.joints[*v][0]) == last.index() && mesh.weights[*v][0] > 0.99);
        of_last.map(|v| frame.point(rest[v])).collect()
    }

    /// Points all over a digit's pad in the frame of its last joint.
    fn pad(&self, digit: Digit) -> Vec<Vec3> {
        let flesh = self.tip_flesh(digit);
        let length = flesh.iter().map(|p| p.y).fold(0.0, f32::max);
        let pad = |p: &Vec3| p.z > 0.004 && p.y > 0.4 * length && p.x.abs() < 0.005;
        flesh.into_iter().filter(pad).step_by(5).collect()
    }

    /// The pose that minimises a cost over some angles within the hard limits, by searches along one angle from many starts.
    fn search(&self, dofs: &[Dof], starts: usize, cost: impl Fn(&HandPose) -> f32) -> (f32, HandPose) {
        let range = |d: Dof| self.rig.limits[d.index()].hard_rad;
        let mut best = (f32::INFINITY, self.bind());
        for start in 0..starts {
            let mut at = self.bind();
            for (k, dof) in dofs.iter().enumerate() {
                let [low, high] = range(*dof);
                at.set(*dof, low + (high - low) * ((start * 7 + k * 3) as f32 * 0.381_966).fract());
            }
            let mut now = cost(&at);
            let mut step = 0.3;
            while step > 0.003 {
                let before = now;
                for (dof, sign) in dofs.iter().flat_map(|d| [(*d, 1.0), (*d, -1.0)]) {
                    let [low, high] = range(dof);
                    let mut tried = at;
                    tried.set(dof, (at.get(dof) + sign * step).clamp(low, high));
                    let found = cost(&tried);
                    if found < now {
                        (now, at) = (found, tried);
                    }
                }
                if now > before - 1e-6 {
                    step *= 0.5;
                }
            }
            if now < best.0 {
                best = (now, at);
            }
        }
        best
    }
}

#[test]
fn no_angle_changes_the_volume_or_turns_triangles_inside_out() {
    for person in people() {
        let rest = person.posed(&person.bind());
        // six times: the hand without the forearm is what a change is measured against
        let (whole, hand) =
            (person.volume(&rest, |_| true), person.volume(&rest, |part| part != HandPart::Arm.index()));
        assert!((1.2e-3..3.0e-3).contains(&hand), "{hand}");
        for dof in DOFS {
            let [low, high] = person.rig.limits[dof.index()].hard_rad;
            for step in 0..STEPS {
                let mut angles = person.bind();
                angles.set(dof, low + (high - low) * step as f32 / (STEPS - 1) as f32);
                let p = person.posed(&angles);
                assert!(p.iter().all(|p| p.is_finite()));
                let change = (person.volume(&p, |_| true) - whole) / hand;
                let flips = person.flipped(&rest, &p, &angles);
                let place = format!("{} {} {:.0}", person.name, dof.name(), angles.get(dof).to_degrees());
                println!("{place}: volume {:+.2} %, flips {:.2} %", change * 100.0, flips * 100.0);
                assert!(change.abs() < 0.05, "{place}: volume {change}");
                assert!(flips < 0.01, "{place}: flips {flips}");
            }
        }
    }
}

#[test]
fn fingertips_move_in_a_plane_as_pip_and_dip_bend() {
    for person in people() {
        for digit in FINGERS {
            let [_, _, pip, dip] = Dof::finger(digit).unwrap();
            for dof in [pip, dip] {
                let [low, high] = person.rig.limits[dof.index()].hard_rad;
                let rest = person.posed(&person.bind());
                let frames = person.skeleton.hand_from_joint(&person.bind());
                let (tip, joint) = (frames[digit.chain()[3].index()], frames[dof.joint().index()]);
                let nearest = |v: &usize| rest[*v].distance(tip.translation_m);
                let vertex = (0..rest.len()).min_by(|a, b| nearest(a).total_cmp(&nearest(b))).unwrap();
                let axis = joint.direction(person.skeleton.axis[dof.index()]);
                let height = |p: Vec3| (p - joint.translation_m).dot(axis);
                for step in 0..STEPS {
                    let mut angles = person.bind();
                    angles.set(dof, low + (high - low) * step as f32 / (STEPS - 1) as f32);
                    let p = person.posed(&angles)[vertex];
                    let out = (height(p) - height(rest[vertex])) / p.distance(joint.translation_m);
                    assert!(out.abs() < 2.0_f32.to_radians().sin(), "{} {}: {out}", person.name, dof.name());
                }
            }
        }
    }
}

#[test]
fn the_thumb_touches_the_pads_of_all_fingers() {
    use Dof as D;
    let thumb = [D::ThumbCmcAbduction, D::ThumbCmcFlexion, D::ThumbCmcPronation, D::ThumbMcpFlexion, D::ThumbIpFlexion];
    for person in people() {
        for digit in FINGERS {
            let mut dofs = thumb.to_vec();
            dofs.extend(Dof::finger(digit).unwrap());
            dofs.extend(match digit {
                Digit::Ring => vec![D::RingCmcFlexion],
                Digit::Little => vec![D::LittleCmcFlexion],
                _ => Vec::new(),
            });
            let pads = [Digit::Thumb, digit].map(|d| (d.chain()[2].index(), person.pad(d)));
            let cost = |angles: &HandPose| {
                let frames = person.skeleton.hand_from_joint(angles);
                let [a, b]: [Vec<Vec3>; 2] =
                    [0, 1].map(|k| pads[k].1.iter().map(|p| frames[pads[k].0].point(*p)).collect());
                let gaps = a.iter().flat_map(|a| b.iter().map(|b| a.distance(*b)));
                let facing = frames[pads[0].0].direction(Vec3::Z).dot(frames[pads[1].0].direction(Vec3::Z));
                gaps.fold(f32::INFINITY, f32::min) + 0.01 * (facing + 0.4).max(0.0)
            };
            let (gap, found) = person.search(&dofs, 8, cost);
            println!("{} thumb to {digit:?}: {:.1} mm", person.name, gap * 1e3);
            assert!(gap < 0.003, "{} {digit:?}: {gap} at {found:?}", person.name);
        }
    }
}

/// The palm's two transverse creases on the skin, in the wrist's frame, metres.
fn creases(person: &Person) -> Vec<Vec3> {
    // as drawn in rig.toml: fractions of hand breadth and length
    const DISTAL: [[f32; 2]; 5] = [[-0.50, 0.335], [-0.34, 0.365], [-0.15, 0.405], [0.02, 0.455], [0.11, 0.505]];
    const PROXIMAL: [[f32; 2]; 4] = [[0.37, 0.415], [0.22, 0.39], [0.0, 0.345], [-0.22, 0.27]];
    let mean = if person.name == "mean_male" { [0.0883, 0.1933] } else { [0.0782, 0.1811] };
    let rest = person.posed(&person.bind());
    let palm: Vec<Vec3> = (0..rest.len()).filter(|v| person.rig.mesh.palmar[*v] > 0.8).map(|v| rest[v]).collect();
    let on_skin = |x: f32, y: f32| {
        let beside = |p: &Vec3| (p.x - x).hypot(p.y - y);
        *palm.iter().min_by(|a, b| beside(a).total_cmp(&beside(b))).unwrap()
    };
    let between = |a: [f32; 2], b: [f32; 2]| {
        (0..8).map(move |k| [0, 1].map(|c| (a[c] + (b[c] - a[c]) * k as f32 / 8.0) * mean[c]))
    };
    let lines = DISTAL.windows(2).chain(PROXIMAL.windows(2));
    lines.flat_map(|w| between(w[0], w[1])).map(|[x, y]| on_skin(x, y)).collect()
}

#[test]
fn fingertips_reach_the_creases_of_the_palm() {
    for person in people() {
        let crease = creases(&person);
        for digit in FINGERS {
            let flesh: Vec<Vec3> = person.tip_flesh(digit).into_iter().step_by(7).collect();
            let last = digit.chain()[2].index();
            let cost = |angles: &HandPose| {
                let frame = person.skeleton.hand_from_joint(angles)[last];
                let points = flesh.iter().map(|p| frame.point(*p));
                points.flat_map(|p| crease.iter().map(move |c| p.distance(*c))).fold(f32::INFINITY, f32::min)
            };
            let [_, mcp, pip, dip] = Dof::finger(digit).unwrap();
            let (gap, found) = person.search(&[mcp, pip, dip], 3, cost);
            println!("{} {digit:?} to a crease: {:.1} mm", person.name, gap * 1e3);
            assert!(gap < 0.008, "{} {digit:?}: {gap} at {found:?}", person.name);
        }
    }
}

#[test]
fn bent_fingers_converge_towards_the_scaphoid() {
    for person in people() {
        let scaphoid = person.skeleton.hand_from_joint(&person.bind())[Joint::ThumbMetacarpal.index()].translation_m;
        let mut angles = person.bind();
        for digit in FINGERS {
            let [_, mcp, pip, dip] = Dof::finger(digit).unwrap();
            for (dof, deg) in [(mcp, 80.0_f32), (pip, 95.0), (dip, 60.0)] {
                angles.set(dof, deg.to_radians());
            }
        }
        // the transverse arch closes with the fist
        angles.set(Dof::RingCmcFlexion, 10.0_f32.to_radians());
        angles.set(Dof::LittleCmcFlexion, 18.0_f32.to_radians());
        let frames = person.skeleton.hand_from_joint(&angles);
        let radial = |digit: Digit, k: usize| {
            let [a, b] = [digit.chain()[1], digit.chain()[3]].map(|j| frames[j.index()].translation_m);
            // the finger's line in the plane of the palm, at the height of the knuckle and of the scaphoid
            let y = [a.y, scaphoid.y][k];
            a.x + (b.x - a.x) * (y - a.y) / (b.y - a.y)
        };
        let spread = |k: usize| radial(Digit::Index, k) - radial(Digit::Little, k);
        println!(
            "{}: {:?} -> {:?}",
            person.name,
            FINGERS.map(|d| radial(d, 0) * 1e3),
            FINGERS.map(|d| radial(d, 1) * 1e3)
        );
        assert!(spread(1) < 0.6 * spread(0) && spread(1) > -0.02, "{} {}", spread(0), spread(1));
    }
}
