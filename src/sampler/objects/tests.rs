use super::*;
use crate::assets::Assets;
use crate::preset::load_text;
use crate::sampler::shape::ShapeSampler;

struct Bench {
    rig: Arc<Rig>,
    preset: Preset,
    poses: PoseSampler,
    shapes: ShapeSampler,
}

fn bench() -> Bench {
    let rig = Assets::new().unwrap().open_rig("adult").unwrap();
    let preset = load_text("test", "format_version = 1\n[objects]\nheld = 1.0\n", &[]).unwrap().preset;
    let poses = PoseSampler::new(preset.seed, &preset.pose, &rig).unwrap();
    let shapes = ShapeSampler::new(preset.seed, &preset.shape, &rig).unwrap();
    Bench { rig, preset, poses, shapes }
}

/// Not a test: how often a single try of each grasp succeeds.
#[test]
#[ignore = "prints statistics"]
fn success_of_grasps() {
    let Bench { rig, preset, poses, shapes } = bench();
    let objects = ObjectSampler::new(&preset, &rig, &poses, Vec::new());
    for grasp in &poses.library().grasps {
        let (mut good, mut time) = (0, std::time::Duration::ZERO);
        let tries = 30;
        for n in 0..tries {
            let mut stream = SampleId { seed: 1, index: n }.stream("trial");
            let shape = shapes.subject(n as u32);
            let flesh = Flesh::new(&rig, &shape);
            let begin = std::time::Instant::now();
            let Some((_, _, pieces)) = objects.thing(grasp, HandSide::Right, &mut stream) else { continue };
            let hold = objects.holder.hold((&flesh, &shape), (grasp, &HandPose::default()), &pieces, &mut stream);
            time += begin.elapsed();
            good += u32::from(hold.is_some());
        }
        println!("{:24} {:?} {:?} {good}/{tries} {:.2} ms", grasp.shape.name, grasp.object.at, grasp.object.kind, time.as_secs_f32() * 1e3 / tries as f32);
    }
}
