//! `handloom crop` on a rendered dataset: the arrays against the labels and the depth they were cut from.

use std::path::Path;
use std::process::Command;

use glam::{Vec2, Vec3};
use handloom::crop::{CropSettings, DepthCrop};
use handloom::dataset::codec::Array;
use handloom::dataset::codec::npy::read_npy;
use handloom::dataset::{DatasetReader, HandloomReader};
use handloom::label::Visibility;

fn handloom(args: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_handloom")).args(args).output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn array(folder: &Path, name: &str) -> Array {
    read_npy(&std::fs::read(folder.join(format!("{name}.npy"))).unwrap()).unwrap()
}

fn vec3(array: &Array, index: &[usize]) -> Vec3 {
    let at = |k: usize| array.get(&[index, &[k]].concat()).unwrap() as f32;
    Vec3::new(at(0), at(1), at(2))
}

#[test]
fn crops_hold_the_hand_and_points_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (data, out) = (path("data"), path("crops"));
    let sizes = ["--set", "camera.width_px=160", "--set", "camera.height_px=120", "--set", "camera.focal_px=150"];
    let made = handloom(
        &[&["generate", "quickstart", "--count", "6", "--format", "tar", "--out", &data], &sizes[..]].concat(),
    );
    assert!(made.0, "{}", made.1);
    let cut = handloom(&["crop", &data, &out, "--cube-mm", "240", "--size", "64"]);
    assert!(cut.0 || cut.1.contains("no surface of the hand"), "{}", cut.1);

    let split = Path::new(&out).join("train");
    let [depth, in_crop, camera_m, centre, back, sample, side] =
        ["depth", "keypoints_crop", "keypoints_camera", "centre", "picture_from_crop", "sample", "side"]
            .map(|name| array(&split, name));
    let count = sample.shape()[0];
    assert!(count >= 6);
    assert_eq!((depth.shape(), in_crop.shape()), (&[count, 64, 64][..], &[count, 21, 3][..]));

    let reader = HandloomReader::open(Path::new(&data)).unwrap();
    let settings = CropSettings { cube_m: 0.24, size_px: 64, passes: 2 };
    let (mut on_hand, mut visible) = (0, 0);
    for row in 0..count {
        let number = sample.get(&[row, 0]).unwrap() as u64;
        let stored = reader.read(number).unwrap();
        let instance = sample.get(&[row, 1]).unwrap() as u8;
        let hand = stored.label.hands.iter().find(|hand| hand.instance == instance).unwrap();
        let camera = stored.label.camera().unwrap();
        assert_eq!(side.get(&[row]).unwrap() as u8, u8::from(hand.side == Some(handloom::rig::HandSide::Right)));
        // the row's own numbers lead back to the camera frame, without anything of ours
        let place = vec3(&centre, &[row]);
        for k in 0..21 {
            let answer = vec3(&in_crop, &[row, k]);
            let truth = vec3(&camera_m, &[row, k]);
            assert_eq!(truth, hand.keypoints_camera_m[k].unwrap());
            let m = |i: usize, j: usize| back.get(&[row, i, j]).unwrap() as f32;
            let pixel = Vec2::new(m(0, 0) * answer.x + m(0, 2), m(1, 1) * answer.y + m(1, 2));
            let found = camera.unproject(pixel, answer.z * 0.12 + place.z);
            assert!(found.distance(truth) < 1e-4, "{found} {truth}");
            if hand.visibility[k] == Visibility::Visible {
                visible += 1;
                let z = depth.get(&[row, answer.y.clamp(0.0, 63.0) as usize, answer.x.clamp(0.0, 63.0) as usize]);
                on_hand += u32::from((z.unwrap() as f32 * 0.12 + place.z - truth.z).abs() < 0.045);
            }
        }
        let again = DepthCrop::cut(stored.pictures.depth_z_m.as_ref().unwrap(), &camera, place, &settings).unwrap();
        assert!(
            (0..64 * 64)
                .all(|p| (again.image.data[p] - depth.get(&[row, p / 64, p % 64]).unwrap() as f32).abs() < 1e-7)
        );
    }
    assert!(on_hand * 10 >= visible * 8, "{on_hand} of {visible} visible keypoints lie on the crop's surface");

    let again = handloom(&["crop", &data, &out]);
    assert!(!again.0 && again.1.contains("is not empty"), "{}", again.1);
    let strange = handloom(&["crop", &data, &path("data"), "--overwrite"]);
    assert!(!strange.0 && strange.1.contains("replaces a folder of crops, nothing else"), "{}", strange.1);
    let large = handloom(&["crop", &data, &path("other"), "--cube-mm", "0.25"]);
    assert!(!large.0 && large.1.contains("legal are 20 to 2000"), "{}", large.1);
}
