//! Drawn people against the surveys, measured on their meshes and skeletons.

use std::fmt::Write;
use std::sync::{Arc, OnceLock};

use glam::Vec3;
use handloom::assets::Assets;
use handloom::preset::types::Shape;
use handloom::preset::{Choice, Distribution, Preset};
use handloom::rig::joint::DIGITS;
use handloom::rig::population::SIZE_COUNT;
use handloom::rig::{HandShape, JOINT_COUNT, Joint, LANDMARK_COUNT, Rig, Sex, skeleton};
use handloom::sampler::shape::{DrawnPerson, ShapeSampler};
use handloom::sculpt::RigSpec;
use handloom::sculpt::measure::Ruler;
use rayon::prelude::*;

const SIZES: [&str; SIZE_COUNT] =
    ["hand length", "hand breadth", "hand circumference", "palm length", "wrist circumference"];

fn rig() -> &'static Arc<Rig> {
    static RIG: OnceLock<Arc<Rig>> = OnceLock::new();
    RIG.get_or_init(|| Assets::new().unwrap().open_rig("adult").unwrap())
}

fn spec() -> Arc<RigSpec> {
    RigSpec::parse(include_str!("../../rigs/adult/rig.toml")).unwrap()
}

/// The people of a preset's `[shape]`, changed.
fn people(change: impl FnOnce(&mut Shape)) -> ShapeSampler {
    let mut shape = Preset::default().shape;
    change(&mut shape);
    ShapeSampler::new(7, &shape, rig()).unwrap()
}

/// Adults of one sex with the ages of the survey.
fn adults(sex: Sex) -> ShapeSampler {
    people(|shape| {
        shape.sex = Choice::always(sex);
        shape.children = 0.0;
        shape.age_years = Distribution::Normal { normal: [30.0, 9.0], clamp: [18.0, 58.0] };
    })
}

/// 500 numbers of people, others for each sex.
fn first(sex: Sex) -> std::ops::Range<u32> {
    let start = if sex == Sex::Female { 0 } else { 500 };
    start..start + 500
}

fn children() -> ShapeSampler {
    people(|shape| shape.children = 1.0)
}

/// The rest-pose mesh of a hand, metres.
fn mesh(shape: &HandShape) -> Vec<Vec3> {
    let mut positions = rig().mesh.positions_m.clone();
    for (c, blend) in shape.0.iter().zip(&rig().shapes).filter(|(c, _)| c.abs() > 0.0) {
        blend.position_deltas_m.add_to(*c, &mut positions);
    }
    positions
}

/// Joint centres in the rest pose, metres.
fn joints(shape: &HandShape) -> [Vec3; JOINT_COUNT] {
    let skeleton = rig().shaped_skeleton(shape);
    skeleton.hand_from_joint(&skeleton.bind_pose).map(|f| f.translation_m)
}

/// The five sizes of a hand's mesh, mm.
fn sizes(ruler: &Ruler, shape: &HandShape) -> [f32; SIZE_COUNT] {
    ruler.measure(&mesh(shape), &joints(shape)).survey().map(|s| s * 1e3)
}

fn mean_and_sd(values: impl Iterator<Item = f32> + Clone) -> [f32; 2] {
    let n = values.clone().count() as f32;
    let mean = values.clone().sum::<f32>() / n;
    [mean, (values.map(|v| (v - mean) * (v - mean)).sum::<f32>() / (n - 1.0)).sqrt()]
}

#[test]
fn stated_measures_are_those_of_the_mesh() {
    let (spec, ruler) = (spec(), Ruler::new(rig()));
    let one = |k: usize, c: f32| {
        let mut shape = HandShape(vec![0.0; rig().shapes.len()]);
        shape.0[k] = c;
        sizes(&ruler, &shape)
    };
    let mean = sizes(&ruler, &HandShape::default());
    let mut table = format!("mesh_mm = {mean:.2?}\n");
    let mut worst = mean.iter().zip(spec.population.mesh_mm).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    for (k, blend) in rig().shapes.iter().enumerate() {
        let (low, high) = (one(k, -1.0), one(k, 1.0));
        let found: [f32; SIZE_COUNT] = std::array::from_fn(|s| 0.5 * (high[s] - low[s]));
        let stated = spec.population.measures_mm.get(&blend.name).copied().unwrap_or_default();
        worst = found.iter().zip(stated).map(|(a, b)| (a - b).abs()).fold(worst, f32::max);
        if found.iter().any(|v| v.abs() > 0.02) {
            writeln!(table, "{} = {found:.3?}", blend.name).unwrap();
        }
    }
    assert!(worst < 0.03, "the rows of `population` in rigs/adult/rig.toml must be:\n{table}");
}

#[test]
fn a_thousand_hands_measure_as_the_survey() {
    let (spec, ruler) = (spec(), Ruler::new(rig()));
    for sex in [Sex::Female, Sex::Male] {
        let people = adults(sex);
        let found: Vec<[f32; SIZE_COUNT]> =
            first(sex).into_par_iter().map(|n| sizes(&ruler, &people.subject(n).shape)).collect();
        let survey = spec.population.survey.get(sex);
        let statistics: Vec<[f32; 2]> = (0..SIZE_COUNT).map(|k| mean_and_sd(found.iter().map(|f| f[k]))).collect();
        for (k, [mean, sd]) in statistics.iter().enumerate() {
            let (mean, sd) = (mean / survey.mean[k] - 1.0, sd / (survey.mean[k] * survey.log_sd[k]) - 1.0);
            println!("{sex:?} {}: mean {:+.2} %, sd {:+.1} %", SIZES[k], 100.0 * mean, 100.0 * sd);
            assert!(mean.abs() < 0.02 && sd.abs() < 0.2, "{sex:?} {}: {mean} {sd}", SIZES[k]);
        }
        for (i, j) in (0..SIZE_COUNT).flat_map(|i| (0..i).map(move |j| (i, j))) {
            let z = |f: &[f32; SIZE_COUNT], k: usize| (f[k] - statistics[k][0]) / statistics[k][1];
            let correlation = found.iter().map(|f| z(f, i) * z(f, j)).sum::<f32>() / 499.0;
            let off = correlation - spec.population.survey.correlation[i][j];
            println!("{sex:?} {} and {}: {correlation:.2} ({off:+.3})", SIZES[i], SIZES[j]);
            assert!(off.abs() < 0.08, "{sex:?} {} {}: {correlation}", SIZES[i], SIZES[j]);
        }
    }
}

#[test]
fn hands_have_the_sizes_drawn_for_them() {
    let ruler = Ruler::new(rig());
    for (people, most) in [(adults(Sex::Female), 0.02), (adults(Sex::Male), 0.02), (children(), 0.04)] {
        let off = |number: u32| {
            let shape = people.subject(number).shape;
            let (found, wanted) = (sizes(&ruler, &shape), people.measure(&shape));
            std::array::from_fn(|k| (found[k] / wanted[k] - 1.0).abs())
        };
        let worst = (0..200)
            .into_par_iter()
            .map(off)
            .reduce(|| [0.0; SIZE_COUNT], |a: [f32; SIZE_COUNT], b| std::array::from_fn(|k| a[k].max(b[k])));
        println!("{worst:.4?}");
        assert!(worst.iter().all(|w| *w < most), "{worst:?}");
    }
}

/// Triangles of a drawn hand that are turned against the mean hand's, and folded neighbours across an edge.
fn inverted(positions: &[Vec3]) -> Vec<usize> {
    let normal = |p: &[Vec3], [a, b, c]: [u32; 3]| {
        let at = |v: u32| p[v as usize];
        (at(b) - at(a)).cross(at(c) - at(a))
    };
    let mesh = &rig().mesh;
    let turned = |t: &[u32; 3]| normal(positions, *t).dot(normal(&mesh.positions_m, *t)) <= 0.0;
    mesh.triangles.iter().enumerate().filter(|(_, t)| turned(t)).map(|(k, _)| k).collect()
}

#[test]
fn drawn_hands_have_no_inverted_face() {
    for (name, people) in [("women", adults(Sex::Female)), ("men", adults(Sex::Male)), ("children", children())] {
        let bad: Vec<(u32, Vec<usize>)> = (0..500_u32)
            .into_par_iter()
            .map(|n| (n, inverted(&mesh(&people.subject(n).shape))))
            .filter(|(_, bad)| !bad.is_empty())
            .collect();
        let place = |t: usize| (rig().mesh.positions_m[rig().mesh.triangles[t][0] as usize] * 1e3).round();
        let places: Vec<(u32, usize, Vec3)> = bad.iter().map(|(n, b)| (*n, b.len(), place(b[0]))).collect();
        assert!(bad.is_empty(), "{name}: {} hands {places:?}", bad.len());
    }
}

#[test]
fn every_edge_joins_two_triangles() {
    let mesh = &rig().mesh;
    // vertices on seams stand twice in the same place
    let mut order: Vec<usize> = (0..mesh.positions_m.len()).collect();
    let bits = |k: usize| mesh.positions_m[k].to_array().map(f32::to_bits);
    order.sort_by_key(|k| bits(*k));
    let mut weld = vec![0; order.len()];
    for (at, k) in order.iter().enumerate() {
        weld[*k] = if at > 0 && bits(order[at - 1]) == bits(*k) { weld[order[at - 1]] } else { *k };
    }
    let corners = |t: &[u32; 3]| t.map(|v| weld[v as usize]);
    let mut edges: Vec<[usize; 2]> =
        mesh.triangles.iter().map(corners).flat_map(|[a, b, c]| [[a, b], [b, c], [c, a]]).collect();
    edges.sort_unstable();
    assert!(edges.windows(2).all(|w| w[0] != w[1]), "an edge is used twice in one direction");
    assert!(edges.iter().all(|[a, b]| edges.binary_search(&[*b, *a]).is_ok()), "an edge has one side");
    // and shapes move the two sides of a seam together
    for blend in &rig().shapes {
        let deltas = blend.position_deltas_m.to_dense(mesh.positions_m.len());
        assert!(weld.iter().enumerate().all(|(k, w)| deltas[k] == deltas[*w]));
    }
}

/// Segment lengths (mm) of the digits from X-ray: distal with fleshy tip, middle (thumb: none), proximal, metacarpal, each
/// with its standard deviation. Buryanov and Kotiuk 2010, 66 adults.
const XRAY: [[[f32; 2]; 4]; 5] = [
    [[27.34, 1.71], [0.0, 0.0], [31.57, 3.13], [46.22, 3.94]],
    [[19.66, 2.34], [22.38, 2.51], [39.78, 4.94], [68.12, 6.27]],
    [[21.35, 1.95], [26.33, 3.00], [44.63, 3.81], [64.60, 5.38]],
    [[21.25, 2.30], [25.65, 3.29], [41.37, 3.87], [58.00, 5.06]],
    [[19.69, 2.53], [18.11, 2.54], [32.74, 2.77], [53.69, 4.36]],
];
/// Correlation of neighbouring bones' lengths among people, assumed: bones of one hand grow together.
const XRAY_CORRELATION: f32 = 0.5;

#[test]
fn bones_are_in_proportion() {
    let drawn: Vec<HandShape> =
        (0..500).flat_map(|n| [adults(Sex::Female).subject(n).shape, adults(Sex::Male).subject(n).shape]).collect();
    for digit in DIGITS {
        let bones: Vec<[f32; 2]> = XRAY[digit as usize].iter().rev().copied().filter(|row| row[0] > 0.0).collect();
        let joints_of = digit.joints();
        for k in 1..bones.len() {
            let ([a, sa], [b, sb]) = (bones[k - 1], bones[k]);
            let (va, vb) = (sa / a, sb / b);
            let sd = b / a * (va * va + vb * vb - 2.0 * XRAY_CORRELATION * va * vb).sqrt();
            let inside = drawn.iter().filter(|shape| {
                let at = joints(shape);
                let length = |k: usize| at[joints_of[k].index()].distance(at[joints_of[k + 1].index()]);
                (length(k) / length(k - 1) - b / a).abs() < 2.0 * sd
            });
            let share = inside.count() as f32 / drawn.len() as f32;
            println!("{digit:?} bone {k} over {}: {share:.3} inside", k - 1);
            assert!(share >= 0.95, "{digit:?} bone {k}: {share}");
        }
    }
}

/// Lengths of the 20 bones, angles (degrees) between neighbouring root bones, and curvature of the palm there, all at the
/// scale of wrist to middle MCP (Spurr 2020).
fn proportions(shape: &HandShape) -> Vec<f32> {
    let skeleton = rig().shaped_skeleton(shape);
    let at = skeleton::landmarks(&skeleton.hand_from_joint(&skeleton.bind_pose));
    let parent = handloom::rig::joint::LANDMARK_PARENT;
    let scale = at[0].distance(at[9]);
    let bones = (1..LANDMARK_COUNT).map(|k| at[k].distance(at[parent[k]]) / scale);
    let root: [Vec3; 5] = std::array::from_fn(|d| (at[1 + 4 * d] - at[0]) / scale);
    let angles = root.windows(2).map(|w| w[0].angle_between(w[1]).to_degrees());
    // normals at the root joints: of the two planes beside each, the only one at the ends
    let plane: Vec<Vec3> = root.windows(2).map(|w| w[1].cross(w[0]).normalize()).collect();
    let normal: [Vec3; 5] = std::array::from_fn(|d| (plane[d.max(1) - 1] + plane[d.min(3)]).normalize());
    let curvature = (0..4).map(|d| {
        let step = root[d + 1] - root[d];
        (normal[d + 1] - normal[d]).dot(step) / step.length_squared()
    });
    bones.chain(angles).chain(curvature).collect()
}

#[test]
fn skeletons_are_plausible() {
    let plausible = &spec().population.plausible;
    let intervals: Vec<[f32; 2]> =
        plausible.bones.iter().chain(&plausible.spread_deg).chain(&plausible.curvature).copied().collect();
    let people = people(|_| {});
    let drawn =
        |n: std::ops::Range<u32>| -> Vec<Vec<f32>> { n.map(|n| proportions(&people.subject(n).shape)).collect() };
    let row = |rows: &[Vec<f32>], k: usize| mean_and_sd(rows.iter().map(|r| r[k]));
    let stated = || {
        let many = drawn(1000..5000);
        (0..28).map(|k| format!("  {:.4?},\n", row(&many, k))).collect::<String>()
    };
    let found = drawn(0..1000);
    assert_eq!(intervals.len(), 28, "intervals of `population.plausible` must be:\n{}", stated());
    for (k, [mean, sd]) in intervals.into_iter().enumerate() {
        let off = found.iter().map(|r| (r[k] - mean).abs() / sd);
        let outside = off.clone().filter(|z| *z > 3.0).count();
        let worst = off.fold(0.0, f32::max);
        assert!(outside <= 10 && worst < 4.0, "{k}: {outside} outside, worst {worst} sd; should be:\n{}", stated());
    }
}

#[test]
fn a_person_is_the_same_in_every_dataset_of_a_seed() {
    let (a, b) = (people(|_| {}), people(|shape| shape.spread = 0.0));
    assert_eq!(a.subject(12), people(|_| {}).subject(12));
    assert_ne!(a.subject(12).shape, a.subject(13).shape);
    // sex and age do not depend on the spread, and without spread people of an age and sex are the same
    assert!((0..50).all(|n| a.subject(n).person == b.subject(n).person));
    let same = people(|shape| {
        (shape.spread, shape.children) = (0.0, 0.0);
        shape.sex = Choice::always(Sex::Male);
        shape.age_years = Distribution::Constant(30.0);
    });
    assert_eq!(same.subject(1).shape, same.subject(2).shape);
}

#[test]
fn children_are_as_many_and_as_old_as_asked() {
    let people = people(|shape| shape.children = 0.3);
    let drawn: Vec<DrawnPerson> = (0..2000).map(|n| people.subject(n)).collect();
    let (young, grown): (Vec<_>, Vec<_>) = drawn.iter().partition(|d| d.person.is_child());
    assert!((550..650).contains(&young.len()), "{}", young.len());
    assert!(young.iter().all(|d| (3.0..=13.0).contains(&d.person.age_years)));
    assert!(grown.iter().all(|d| (18.0..=80.0).contains(&d.person.age_years)));
    let ruler = Ruler::new(rig());
    for d in young.iter().take(100) {
        let [length, breadth, ..] = sizes(&ruler, &d.shape);
        assert!((88.0..190.0).contains(&length), "{length} at {}", d.person.age_years);
        assert!((0.38..0.54).contains(&(breadth / length)), "{}", breadth / length);
    }
    assert!(joints(&young[0].shape)[Joint::MiddleFingerTip.index()].is_finite());
}
