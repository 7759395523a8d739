//! Anthropometry on a mesh: lengths, breadths and tape measures from plane sections.

use glam::{Vec2, Vec3};

use crate::rig::Joint;

use super::Template;

/// Sizes as surveys take them, mm.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "plain names")]
pub struct Anthropometry {
    pub hand_length: f32,
    pub hand_breadth: f32,
    pub hand_circumference: f32,
    pub wrist_circumference: f32,
    pub palm_thickness: f32,
    pub forearm_circumference: f32,
}

/// Survey-like sizes of a rest mesh.
pub fn anthropometry(template: &Template) -> Anthropometry {
    let s = template.field.subject();
    let (hl, hb) = (s.hand_length_mm, s.hand_breadth_mm);
    // oblique section through the index and little metacarpal heads
    let centre = |joint: Joint| template.field.point_from_joint(joint, Vec3::ZERO);
    let (index, little) = (centre(Joint::IndexFingerPhalanxProximal), centre(Joint::PinkyFingerPhalanxProximal));
    let across = ((index - little) * Vec3::new(1.0, 1.0, 0.0)).normalize_or(Vec3::X);
    let heads = section(template, 0.5 * (index + little), across.cross(Vec3::Z), |p| p.x < 0.52 * hb && p.y > 0.0);
    let flat: Vec<Vec2> = heads.iter().map(|p| Vec2::new(p.dot(across), p.z)).collect();
    let level = |y: f32| -> Vec<Vec2> {
        section(template, Vec3::Y * y * hl, Vec3::Y, |_| true).iter().map(|p| Vec2::new(p.x, p.z)).collect()
    };
    let middle: Vec<f32> = level(0.42).iter().filter(|p| p.x.abs() < 4.0).map(|p| p.y).collect();
    Anthropometry {
        hand_length: template.positions.iter().map(|p| p.y).fold(0.0, f32::max),
        hand_breadth: extent(flat.iter().map(|p| p.x)),
        hand_circumference: tape(&flat),
        wrist_circumference: tape(&level(-0.03)),
        palm_thickness: extent(middle.into_iter()),
        forearm_circumference: tape(&level(-1.0)),
    }
}

fn extent(values: impl Iterator<Item = f32> + Clone) -> f32 {
    values.clone().fold(f32::NEG_INFINITY, f32::max) - values.fold(f32::INFINITY, f32::min)
}

/// Points where edges cross the plane through `origin`, those that `keep` accepts.
pub fn section(template: &Template, origin: Vec3, normal: Vec3, keep: impl Fn(Vec3) -> bool) -> Vec<Vec3> {
    let mut out = Vec::new();
    for face in &template.faces {
        for k in 0..4 {
            let (a, b) = (template.positions[face.v[k] as usize], template.positions[face.v[(k + 1) % 4] as usize]);
            let (da, db) = ((a - origin).dot(normal), (b - origin).dot(normal));
            if da < 0.0 && db >= 0.0 {
                out.push(a + (b - a) * (da / (da - db)));
            }
        }
    }
    out.retain(|p| keep(*p));
    out
}

/// Length of a tape around the points: perimeter of their convex hull (gift wrapping by angle, monotone chain).
pub fn tape(points: &[Vec2]) -> f32 {
    let mut sorted = points.to_vec();
    sorted.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
    let half = |points: &mut dyn Iterator<Item = &Vec2>| {
        let mut hull: Vec<Vec2> = Vec::new();
        for p in points {
            while hull.len() >= 2
                && (hull[hull.len() - 1] - hull[hull.len() - 2]).perp_dot(*p - hull[hull.len() - 1]) <= 0.0
            {
                hull.pop();
            }
            hull.push(*p);
        }
        hull.windows(2).map(|w| w[0].distance(w[1])).sum::<f32>()
    };
    half(&mut sorted.iter()) + half(&mut sorted.iter().rev())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sculpt::{Sex, Subject, template, testing};

    #[test]
    fn tape_goes_around_the_hull() {
        let square = [(0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0), (1.0, 1.0), (1.0, 0.0)].map(Vec2::from);
        assert!((tape(&square) - 8.0).abs() < 1e-6);
    }

    #[test]
    fn mean_hands_measure_as_the_survey() {
        let spec = testing::spec();
        for sex in [Sex::Female, Sex::Male] {
            let found = anthropometry(&template(&Subject::mean(&spec, sex), 2));
            let [length, breadth, circumference, _, wrist] = spec.survey.get(sex).mean;
            let pairs = [
                (found.hand_length, length),
                (found.hand_breadth, breadth),
                (found.hand_circumference, circumference),
                (found.wrist_circumference, wrist),
            ];
            for (found, expected) in pairs {
                assert!((found / expected - 1.0).abs() < 0.02, "{sex:?} {found} {expected}");
            }
        }
    }
}
