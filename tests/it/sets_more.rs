//! More miniature copies of the field's datasets through their readers: text labels and large JSON lists.

use std::path::Path;
use std::process::Command;

use handloom::dataset::DatasetReader;
use handloom::dataset::orders::ORDERS;
use handloom::label::Visibility;
use handloom::rig::HandSide;
use handloom::sets;
use serde_json::{Value, json};

use crate::sets::{after, folder, full, reads_back, refusal};

/// Changes the text of a file.
type Change<'a, T> = &'a dyn Fn(T) -> T;
/// Changes what a JSON file holds.
type Edit<'a> = &'a dyn Fn(&mut Value);

/// What every sample that cannot be read says.
fn errors(reader: &dyn DatasetReader) -> Vec<String> {
    (0..reader.count()).filter_map(|number| reader.read(number).err()).map(|error| full(&error)).collect()
}

/// What a set says was wrong when it was opened.
fn faults(reader: &dyn DatasetReader) -> Vec<String> {
    reader.info().faults.iter().map(|fault| fault.message.clone()).collect()
}

/// Does something to the text of a file.
fn edit(path: &Path, change: impl FnOnce(String) -> String) {
    let text = std::fs::read_to_string(path).unwrap();
    let changed = change(text.clone());
    assert_ne!(text, changed, "nothing was changed in {}", path.display());
    std::fs::write(path, changed).unwrap();
}

const SYNTH: &str = "SynthHands_Release/female_noobject/seq01/cam01/01/00000001";
const GAN: &str = "GANeratedHands_Release/data/noObject/0001/0002";
const DEXTER: &str = "data/Grasp1";

#[test]
fn sets_with_text_labels_read_back_as_they_were_made() {
    for set in ["synthhands", "ganerated", "dexter_object"] {
        reads_back(set, set);
    }
}

#[test]
fn the_folder_may_be_the_release_or_above_it() {
    for (set, inner) in [
        ("synthhands", "SynthHands_Release"),
        ("ganerated", "GANeratedHands_Release"),
        ("ganerated", "GANeratedHands_Release/data"),
        ("dexter_object", "data"),
    ] {
        let (whole, inside) = (sets::open(&folder(set)).unwrap(), sets::open(&folder(set).join(inner)).unwrap());
        assert_eq!(inside.info().format, set);
        for number in 0..whole.count() {
            assert_eq!(whole.label(number).unwrap(), inside.label(number).unwrap(), "{set}");
        }
    }
}

#[test]
fn frames_without_all_their_files_are_left_out_and_listed() {
    for (set, file) in [
        ("synthhands", format!("{SYNTH}_joint_pos.txt")),
        ("synthhands", format!("{SYNTH}_depth.png")),
        ("ganerated", format!("{GAN}_color_composed.png")),
        ("ganerated", format!("{GAN}_crop_params.txt")),
        ("dexter_object", format!("{DEXTER}/color/image_00001.png")),
    ] {
        let whole = sets::open(&folder(set)).unwrap().count();
        let (_copy, reader) = after(set, |root| std::fs::remove_file(root.join(&file)).unwrap());
        let found = &reader.info().faults;
        let name = if set == "dexter_object" { "has no picture 1;" } else { file.as_str() };
        assert!(found.len() == 1 && found[0].message.contains(name), "{set}: {found:?}");
        assert!(found[0].id.is_some(), "{set}");
        assert_eq!(reader.count(), whole - 1, "{set}");
        assert_eq!(errors(reader.as_ref()), [""; 0], "{set}");
    }
}

#[test]
fn bad_numbers_are_named_with_file_and_place() {
    let first = |text: String, to: &str| text.replacen(text.split([',', ';']).next().unwrap(), to, 1);
    let cases: [(&str, String, Change<String>, &str); 8] = [
        ("synthhands", format!("{SYNTH}_joint_pos.txt"), &|t| first(t, "nan"), "number 1 is `nan`"),
        ("synthhands", format!("{SYNTH}_joint_pos.txt"), &|t| t + ",5", "holds 64 numbers, expected 63"),
        (
            "synthhands",
            format!("{SYNTH}_joint_pos.txt"),
            &|t| t.replacen(",464.", ",-464.", 1),
            "z of `wrist` is -464.6",
        ),
        ("ganerated", format!("{GAN}_joint2D.txt"), &|_| "1,2".into(), "holds 2 numbers, expected 42"),
        ("ganerated", format!("{GAN}_joint_pos_global.txt"), &|t| first(t, "x"), "number 1 is `x`"),
        ("ganerated", format!("{GAN}_crop_params.txt"), &|_| "1,2,0".into(), "the scale is 0, expected more than 0"),
        (
            "dexter_object",
            "data/Pinch/annotations/Pinch3D.txt".into(),
            &|t| first(t, "inf"),
            "line 1: number 1 is `inf`",
        ),
        (
            "dexter_object",
            "data/Pinch/annotations/Pinch3D.txt".into(),
            &|t| t.split_once(';').unwrap().1.splitn(5, ';').take(4).collect::<Vec<_>>().join(";"),
            "line 1: holds 12 numbers",
        ),
    ];
    for (set, file, change, said) in cases {
        let (_copy, reader) = after(set, |root| edit(&root.join(&file), change));
        let found = errors(reader.as_ref());
        let bad = if set == "dexter_object" { 2 } else { 1 };
        assert_eq!(found.len(), bad, "{set}: {found:?}");
        assert!(found[0].contains(said) && found[0].contains(&file), "{set}: {found:?}, expected {said}");
    }
}

#[test]
fn a_picture_of_another_size_is_named() {
    let cases = [
        ("synthhands", format!("{SYNTH}_color_on_depth.png")),
        ("ganerated", format!("{GAN}_color_composed.png")),
        ("dexter_object", format!("{DEXTER}/color/image_00001.png")),
    ];
    for (set, file) in cases {
        let (_copy, reader) = after(set, |root| image::RgbImage::new(10, 12).save(root.join(&file)).unwrap());
        let found = errors(reader.as_ref());
        assert!(found.len() == 1 && found[0].contains("10 x 12"), "{set}: {found:?}");
    }
}

#[test]
fn dexter_object_counts_lines_and_pictures() {
    // a line too few in one file
    let (_copy, reader) = after("dexter_object", |root| {
        edit(&root.join(DEXTER).join("annotations/Grasp12D.txt"), |text| text.lines().next().unwrap().to_owned());
    });
    let found = faults(reader.as_ref());
    assert!(found.len() == 1 && found[0].contains("holds 1 lines, `Grasp13D.txt` holds 2"), "{found:?}");
    assert_eq!(reader.count(), 6);
    // a picture too many
    let (_copy, reader) = after("dexter_object", |root| {
        let folder = root.join(DEXTER).join("depth");
        std::fs::copy(folder.join("image_00000.png"), folder.join("image_00007.png")).unwrap();
    });
    let found = faults(reader.as_ref());
    assert!(found.len() == 1 && found[0].contains("image_00007.png"), "{found:?}");
    // the first picture is missing: the others keep their lines
    let (_copy, reader) = after("dexter_object", |root| {
        std::fs::remove_file(root.join(DEXTER).join("depth/image_00000.png")).unwrap();
    });
    let whole = sets::open(&folder("dexter_object")).unwrap();
    let ids = |reader: &dyn DatasetReader| -> Vec<_> {
        (0..reader.count()).map(|n| reader.label(n).unwrap()).map(|l| (l.id, l.hands[0].keypoints_px)).collect()
    };
    assert_eq!(ids(reader.as_ref())[..], ids(whole.as_ref())[1..]);
}

#[test]
fn dexter_object_compares_2d_with_3d() {
    let (_copy, reader) = after("dexter_object", |root| {
        edit(&root.join("data/Pinch/annotations/Pinch2D.txt"), |text| text.replacen("143.804", "163.804", 1));
    });
    let found = faults(reader.as_ref());
    assert!(found.len() == 1 && found[0].contains("line 1: `thumb tip` lies 20.0 px"), "{found:?}");
    // where 3D is missing, 2D stands in
    let (_copy, reader) = after("dexter_object", |root| {
        edit(&root.join("data/Pinch/annotations/Pinch3D.txt"), |text| {
            text.replacen("30.1204, -64.5493, 417.5141", "0, 0, 32001", 1)
        });
    });
    let pinch: Vec<_> = (0..6).map(|n| reader.label(n).unwrap()).filter(|l| l.id.starts_with("Pinch")).collect();
    let [depth, colour] = &pinch[..] else { panic!("{} samples", pinch.len()) };
    assert_eq!(depth.hands[0].keypoints_camera_m[4], None);
    assert_eq!(depth.hands[0].keypoints_px[4].map(|p| p.to_array()), Some([144.304, 156.135]));
    assert_eq!(colour.hands[0].keypoints_px[4], None);
}

/// Units, axes and offsets that a careless reader gets wrong.
#[test]
fn traps_of_sets_with_text_labels() {
    let reader = sets::open(&folder("synthhands")).unwrap();
    let label = reader.label(0).unwrap();
    // the flat green is told of frames without object only, and depth of 32001 is none
    assert_eq!(label.extra["screen_rgb"], serde_json::json!([14, 255, 14]));
    assert!(reader.label(2).unwrap().extra.is_empty());
    let depth = reader.read(0).unwrap().pictures.depth_z_m.unwrap();
    assert!(depth.data.iter().all(|z| *z < 5.0));
    // millimetres, and relative joints are not taken for global ones
    let label = sets::open(&folder("ganerated")).unwrap().label(0).unwrap();
    let palm = label.hands[0].keypoints_camera_m[0].unwrap().distance(label.hands[0].keypoints_camera_m[9].unwrap());
    assert!((0.05..0.12).contains(&palm), "{palm}");
    // y of the file runs up
    let label = sets::open(&folder("dexter_object")).unwrap().label(0).unwrap();
    let thumb = label.hands[0].keypoints_camera_m[4].unwrap();
    assert!(thumb.y > 0.0 && label.hands[0].keypoints_px[4].unwrap().y > 120.0, "{thumb}");
    assert_eq!(label.hands[0].keypoints_px.iter().flatten().count(), 5);
    assert!(label.hands[0].extra_points.contains_key("cuboid_0"));
}

#[test]
fn sets_with_json_lists_read_back_as_they_were_made() {
    reads_back("interhand", "interhand");
    reads_back("coco", "coco");
    reads_back("coco_wholebody", "coco");
}

const COCO: &str = "annotations/train.json";
const IH: &str = "annotations/train/InterHand2.6M_train";

#[test]
fn pictures_that_lists_speak_of_and_that_are_missing_are_left_out() {
    for (set, picture) in [
        ("coco", "images/train/000000000035.jpg"),
        ("coco_wholebody", "val2017/000000000785.jpg"),
        ("interhand", "images/train/Capture0/ROM01_No_Interaction_2_Hand/cam400263/image0035.jpg"),
    ] {
        let whole = sets::open(&folder(set)).unwrap().count();
        let (_copy, reader) = after(set, |root| std::fs::remove_file(root.join(picture)).unwrap());
        let found = &reader.info().faults;
        assert!(found.len() == 1 && found[0].message.contains(picture) && found[0].id.is_some(), "{set}: {found:?}");
        assert_eq!(reader.count(), whole - 1, "{set}");
        assert_eq!(errors(reader.as_ref()), [""; 0], "{set}");
        // pictures that no list speaks of are a note
        let (_copy, reader) = after(set, |root| {
            let stray = Path::new(picture).with_file_name("stray.jpg");
            std::fs::copy(root.join(picture), root.join(stray)).unwrap();
        });
        assert_eq!((reader.count(), faults(reader.as_ref()).len()), (whole, 0), "{set}");
        assert!(reader.info().notes.iter().any(|note| note.starts_with("1 pictures")), "{set}");
    }
}

/// Changes a JSON file.
fn edit_json(path: &Path, change: impl FnOnce(&mut Value)) {
    let mut value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    change(&mut value);
    std::fs::write(path, serde_json::to_vec(&value).unwrap()).unwrap();
}

#[test]
fn what_is_wrong_in_a_coco_list_is_named() {
    let cases: [(Edit, &str, [u64; 2]); 14] = [
        (
            &|v| v["annotations"][0]["keypoints"] = json!([1, 2, 2]),
            "annotation 9011 holds 3 numbers, expected 63",
            [3, 4],
        ),
        (&|v| v["annotations"][0]["keypoints"][3] = json!(null), "annotation 9011: keypoint 1 is [NaN,", [3, 4]),
        (&|v| v["annotations"][0]["keypoints"][0] = json!(1e38), "keypoint 0 is at 100000000000000", [3, 4]),
        (&|v| v["annotations"][0]["keypoints"][2] = json!(7), "flag of keypoint 0 is 7, legal are 0, 1 and 2", [3, 4]),
        (&|v| v["annotations"][0]["keypoints"] = json!([5, 5, 2].repeat(21)), "are at the same place", [3, 4]),
        (&|v| v["annotations"][0]["image_id"] = json!(77), "annotation 9011 is of image 77", [3, 3]),
        (&|v| v["annotations"][0]["id"] = json!(9010), "annotation id 9010 stands twice", [3, 4]),
        (&|v| v["annotations"][0]["hand_type"] = json!(5), "`hand_type` is 5", [3, 4]),
        (&|v| v["annotations"][0]["bbox"] = json!([1, 2, 3]), "the box is [1.0, 2.0, 3.0]", [3, 4]),
        (&|v| v["annotations"][0]["joint_cam"] = json!([1, 2]), "`joint_cam` holds 2 numbers", [3, 4]),
        (
            &|v| v["images"][1]["id"] = json!(500),
            "image id 500 stands twice; `train/000000000035.jpg` is left out",
            [2, 2],
        ),
        (&|v| v["images"][1]["width"] = json!(null), "image 501 (`train/000000000035.jpg`) has no width", [2, 2]),
        (
            &|v| v["images"][1]["file_name"] = json!("../x.jpg"),
            "image 501 is `../x.jpg`, which is no path below",
            [2, 2],
        ),
        (
            &|v| v["images"][1]["file_name"] = json!("train/000000000012.jpg"),
            "`train/000000000012.jpg` is listed twice; image 501 is left out",
            [2, 2],
        ),
    ];
    for (change, said, counts) in cases {
        let (_copy, reader) = after("coco", |root| edit_json(&root.join(COCO), change));
        let found = faults(reader.as_ref());
        assert!(found.iter().any(|f| f.contains(said) && f.contains(COCO)), "{found:?}, expected {said}");
        let hands: u64 = (0..reader.count()).map(|n| reader.read(n).unwrap().label.hands.len() as u64).sum();
        assert_eq!([reader.count(), hands], counts, "{said}");
    }
}

#[test]
fn keypoints_in_another_order_are_found_from_pixels_alone() {
    let set = tempfile::tempdir().unwrap();
    let out = set.path().to_str().unwrap();
    let small = ["--count", "16", "--format", "coco", "--set", "camera.width_px=160", "--set", "camera.height_px=160"];
    let made =
        Command::new(env!("CARGO_BIN_EXE_handloom")).args(["generate", "rhd", "--out", out]).args(small).output();
    assert!(made.unwrap().status.success());
    let lists = std::fs::read_dir(set.path().join("annotations")).unwrap().map(|entry| entry.unwrap().path());
    // that of the larger split
    let list = lists.map(|path| std::fs::read(path).unwrap()).max_by_key(Vec::len).unwrap();
    let list: Value = serde_json::from_slice(&list).unwrap();
    // what the order gives, and a name; the first is ours
    let own: [usize; 21] = std::array::from_fn(|k| k);
    for (name, order) in [("", own)].into_iter().chain(ORDERS) {
        let mut list = list.clone();
        for hand in list["annotations"].as_array_mut().unwrap() {
            let numbers = hand["keypoints"].as_array().unwrap().clone();
            let mut moved = numbers.clone();
            for (canonical, place) in order.iter().enumerate() {
                moved[3 * place..3 * place + 3].clone_from_slice(&numbers[3 * canonical..3 * canonical + 3]);
            }
            // all are there, whatever is seen
            moved.iter_mut().skip(2).step_by(3).for_each(|flag| *flag = json!(2));
            let hand = hand.as_object_mut().unwrap();
            hand.insert("keypoints".into(), moved.into());
            hand.remove("joint_cam");
        }
        let other = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(other.path().join("annotations")).unwrap();
        std::fs::write(other.path().join("annotations/train.json"), serde_json::to_vec(&list).unwrap()).unwrap();
        let said = match sets::open_as(other.path(), "coco") {
            Ok(reader) => faults(reader.as_ref()).join("\n"),
            Err(error) => error.to_string(),
        };
        assert_eq!(said.contains("in the order of "), !name.is_empty(), "{name}: {said}");
        assert!(said.contains(name), "{name}: {said}");
    }
}

#[test]
fn damaged_json_is_named_with_its_place() {
    let [world, data] = ["joint_3d", "data"].map(|what| format!("{IH}_{what}.json"));
    for (set, file) in [("coco", COCO), ("interhand", &world), ("interhand", &data)] {
        let half = refusal(set, |root| edit(&root.join(file), |text| text[..text.len() / 2].to_owned()));
        assert!(half.contains(file) && half.contains("line 1"), "{half}");
        let nan = refusal(set, |root| {
            edit(&root.join(file), |text| {
                let at = text.find(", 1").unwrap() + 2;
                format!("{}NaN{}", &text[..at], &text[at..])
            });
        });
        assert!(nan.contains(file) && nan.contains("NaN"), "{nan}");
    }
}

#[test]
fn what_is_wrong_in_interhand_is_named() {
    let data = format!("{IH}_data.json");
    let cases: [(&str, Edit, &str, u64); 6] = [
        (
            &data,
            &|v| v["annotations"][0]["joint_valid"] = json!([1, 1]),
            "`joint_valid` of image 0 holds 2 numbers, expected 42",
            3,
        ),
        (&data, &|v| v["annotations"][0]["hand_type"] = json!("both"), "`hand_type` of image 0 is `both`", 4),
        (
            &data,
            &|v| v["annotations"][0]["hand_type"] = json!("left"),
            "image 0 is of type `left`, but has valid joints of the right",
            4,
        ),
        (&data, &|v| v["annotations"][0]["image_id"] = json!(77), "an annotation is of image 77", 3),
        (&data, &|v| v["annotations"][1]["image_id"] = json!(0), "image 0 has two annotations", 3),
        (&data, &|v| v["images"][1]["id"] = json!(0), "image id 0 stands twice", 3),
    ];
    for (file, change, said, count) in cases {
        let (_copy, reader) = after("interhand", |root| edit_json(&root.join(file), change));
        let found = faults(reader.as_ref());
        assert!(found.iter().any(|f| f.contains(said) && f.contains(file)), "{found:?}, expected {said}");
        assert_eq!(reader.count(), count, "{said}");
        assert_eq!(errors(reader.as_ref()), [""; 0], "{said}");
    }
    // found when a sample is read
    let (world, camera) = (format!("{IH}_joint_3d.json"), format!("{IH}_camera.json"));
    let late: [(&str, Edit, &str, usize); 5] = [
        (
            &world,
            &|v| v["0"]["35"]["world_coord"] = json!([[1, 2, 3]]),
            "frame 35 of capture 0 holds another number",
            2,
        ),
        (&world, &|v| v["0"]["35"]["world_coord"][3][2] = json!(null), "joint 3 at [287.4294, 175.1786, NaN] mm", 2),
        (&world, &|v| v["0"]["35"]["world_coord"][3][2] = json!(-9000), "expected finite numbers before the camera", 2),
        (&world, &|v| drop(v["1"].as_object_mut().unwrap().remove("51")), "frame 51 of capture 1 is not there", 1),
        (&camera, &|v| drop(v.as_object_mut().unwrap().remove("1")), "camera `400262` of capture 1 is not there", 1),
    ];
    for (file, change, said, count) in late {
        let (_copy, reader) = after("interhand", |root| edit_json(&root.join(file), change));
        let found = errors(reader.as_ref());
        assert!(found.iter().all(|f| f.contains(said) && f.contains(file)), "{found:?}, expected {said}");
        assert_eq!(found.len(), count, "{said}");
    }
    for (change, said) in [
        (
            &(|v: &mut Value| v["0"]["camrot"]["400262"][0][0] = json!(2)) as &dyn Fn(&mut Value),
            "`camrot` is no rotation",
        ),
        (
            &|v| v["0"]["focal"]["400262"] = json!([1200]),
            "camera `400262` of capture 0: `focal` is [1200.0], expected 2 numbers",
        ),
        (&|v| drop(v["1"]["princpt"].as_object_mut().unwrap().remove("400262")), "`princpt` is [], expected 2"),
    ] {
        let found = refusal("interhand", |root| edit_json(&root.join(&camera), change));
        assert!(found.contains(said) && found.contains(&camera), "{found}, expected {said}");
    }
}

/// A COCO list of one picture in a folder of its own.
fn tiny(name: &str, annotations: &Value, categories: &Value) -> (tempfile::TempDir, Box<dyn DatasetReader>) {
    let folder = tempfile::tempdir().unwrap();
    image::RgbImage::new(320, 240).save(folder.path().join("a.png")).unwrap();
    let images = json!([{ "id": 1, "file_name": "a.png", "width": 320, "height": 240 }]);
    let list = json!({ "images": images, "annotations": annotations, "categories": categories });
    std::fs::write(folder.path().join(name), list.to_string()).unwrap();
    let reader = sets::open(folder.path()).unwrap();
    (folder, reader)
}

/// x, y, flag of 21 keypoints; keypoint k is at (10 k, k).
fn row(flag: impl Fn(usize) -> u8) -> Vec<Value> {
    (0..21).flat_map(|k| [json!(10 * k), json!(k), json!(flag(k))]).collect()
}

#[test]
fn flags_mean_what_their_list_uses_them_for() {
    use Visibility::{Absent, Hidden, Unstated, Visible};
    let seen = |name: &str, flag: fn(usize) -> u8| {
        let annotations = json!([{ "id": 1, "image_id": 1, "category_id": 1, "keypoints": row(flag) }]);
        let (_folder, reader) = tiny(name, &annotations, &json!([]));
        reader.label(0).unwrap().hands[0].visibility[..3].to_vec()
    };
    assert_eq!(seen("train.json", |k| k as u8 % 3), [Absent, Hidden, Visible]);
    // nothing is called visible: 1 only says that there is a label
    assert_eq!(seen("train.json", |k| k as u8 % 2), [Absent, Unstated, Absent]);
    // RHD's: from tip to base, 1 is visible, 0 hidden if there is a place
    assert_eq!(seen("rhd_train.json", |k| u8::from(k != 4)), [Visible, Hidden, Visible]);
}

#[test]
fn mmpose_lists_of_rhd_have_the_order_of_rhd() {
    let joints: Vec<Value> = (0..21).map(|k| json!([k, -k, 400 + k])).collect();
    let annotations = json!([{
        "id": 1, "image_id": 1, "keypoints": row(|_| 1), "hand_type": [0, 1], "joint_cam": joints,
        "cam_param": { "focal": [300, 300], "princpt": [159.5, 119.5] }
    }]);
    for (name, tip, base) in [("rhd_test.json", 1, 4), ("other_test.json", 4, 1)] {
        let (_folder, reader) = tiny(name, &annotations, &json!([]));
        let label = reader.label(0).unwrap();
        assert_eq!((label.split.as_str(), label.k.unwrap()[0][2]), ("test", 160.0));
        let hand = &label.hands[0];
        assert_eq!(hand.side, Some(HandSide::Left));
        let wanted = |place: usize| [0.001, -0.001, 0.001].map(|x| x * place as f32);
        for (k, place) in [(4, tip), (1, base), (0, 0)] {
            let found = hand.keypoints_camera_m[k].unwrap() - glam::Vec3::new(0.0, 0.0, 0.4);
            assert!(found.abs_diff_eq(glam::Vec3::from(wanted(place)), 1e-6), "{name} {k}: {found}");
            assert!((hand.keypoints_px[k].unwrap().x - 10.0 * place as f32 - 0.5).abs() < 1e-6);
        }
    }
}

#[test]
fn only_annotations_of_hands_are_hands() {
    let body: Vec<i32> = vec![5; 51];
    let annotations = json!([
        { "id": 1, "image_id": 1, "category_id": 1, "keypoints": body },
        { "id": 2, "image_id": 1, "category_id": 2, "bbox": [10, 20, 30, 40], "keypoints": [] },
        { "id": 3, "image_id": 1, "category_id": 3, "bbox": [10, 20, 30, 40] },
        { "id": 4, "image_id": 1, "category_id": 2, "keypoints": row(|_| 2), "bbox": [1, 2, 3, 4] }
    ]);
    let names: Vec<String> = (0..17).map(|k| k.to_string()).collect();
    let categories = json!([{ "id": 1, "name": "person", "keypoints": names }, { "id": 2, "name": "left_hand" }, { "id": 3, "name": "cup" }]);
    let (_folder, reader) = tiny("x.json", &annotations, &categories);
    let label = reader.label(0).unwrap();
    assert_eq!((label.split.as_str(), label.hands.len()), ("x", 2));
    // the box stands for keypoints only where there are none
    assert_eq!(label.hands[0].box_keypoints_px, Some([10.0, 20.0, 30.0, 40.0]));
    assert_eq!(label.hands[1].box_keypoints_px, Some([0.5, 0.5, 200.0, 20.0]));
    assert_eq!(label.hands[1].box_visible_px, None);
    assert_eq!(label.extra["bbox"], json!([[10.0, 20.0, 30.0, 40.0], [1.0, 2.0, 3.0, 4.0]]));
    assert!(reader.info().notes.iter().any(|note| note.contains("2 annotations that are not of hands")));
}

#[test]
fn more_specific_formats_come_before_coco() {
    for set in ["interhand", "freihand", "ho3d", "dexycb"] {
        assert_eq!(sets::open(&folder(set)).unwrap().info().format, set);
        assert!(sets::open_as(&folder(set), "coco").is_err(), "{set}");
    }
}

/// Runs `handloom convert` and returns its exit code.
fn convert(from: &Path, to: &Path, format: &str) -> Option<i32> {
    let [from, to] = [from, to].map(|path| path.to_str().unwrap());
    let mut command = Command::new(env!("CARGO_BIN_EXE_handloom"));
    command.args(["convert", from, to, "--format", format]).output().unwrap().status.code()
}

/// A converted COCO dataset without what only we know of.
fn as_coco(folder: &Path) -> Box<dyn DatasetReader> {
    std::fs::remove_dir_all(folder.join("shards")).unwrap();
    std::fs::remove_file(folder.join("manifest.json")).unwrap();
    let reader = sets::open(folder).unwrap();
    assert_eq!((reader.info().format.as_str(), faults(reader.as_ref())), ("coco", Vec::new()));
    reader
}

#[test]
fn what_coco_holds_comes_back_from_it() {
    let out = tempfile::tempdir().unwrap();
    for set in ["synthhands", "ganerated", "interhand", "coco", "coco_wholebody", "freihand"] {
        let target = out.path().join(set);
        assert_eq!(convert(&folder(set), &target, "coco"), Some(0), "{set}");
        let (old, new) = (sets::open(&folder(set)).unwrap(), as_coco(&target));
        let names =
            |reader: &dyn DatasetReader| reader.info().splits.iter().map(|(_, count)| *count).collect::<Vec<_>>();
        assert_eq!(names(old.as_ref()), names(new.as_ref()), "{set}");
        for number in 0..old.count() {
            let (a, b) = (old.read(number).unwrap(), new.read(number).unwrap());
            assert_eq!(a.pictures.rgb, b.pictures.rgb, "{set}");
            assert_eq!(a.pictures.rgb_jpeg, b.pictures.rgb_jpeg, "{set}");
            let (a, b) = (a.label, b.label);
            let at = format!("{set} {}", a.id);
            assert_eq!((a.clip, a.frame, a.width, a.height), (b.clip, b.frame, b.width, b.height), "{at}");
            for (p, q) in a.k.iter().flatten().flatten().zip(b.k.iter().flatten().flatten()) {
                assert!((p - q).abs() < 1e-3, "{at}: {:?} {:?}", a.k, b.k);
            }
            assert_eq!((a.k.is_some(), a.hands.len()), (b.k.is_some(), b.hands.len()), "{at}");
            for (a, b) in a.hands.iter().zip(&b.hands) {
                assert_eq!((a.side, a.visibility), (b.side, b.visibility), "{at}");
                for k in 0..21 {
                    let (p, q) = (a.keypoints_camera_m[k], b.keypoints_camera_m[k]);
                    assert!(
                        p.is_some() == q.is_some() && p.zip(q).is_none_or(|(p, q)| p.distance(q) < 1e-6),
                        "{at} {k}"
                    );
                    let (p, q) = (a.keypoints_px[k], b.keypoints_px[k]);
                    assert!(
                        p.is_some() == q.is_some() && p.zip(q).is_none_or(|(p, q)| p.distance(q) < 0.01),
                        "{at} {k}"
                    );
                }
            }
        }
    }
}

#[test]
fn samples_of_two_cameras_are_converted_together() {
    let out = tempfile::tempdir().unwrap();
    let [loose, coco] = ["loose", "coco"].map(|format| out.path().join(format));
    assert_eq!(convert(&folder("dexter_object"), &loose, "loose"), Some(0));
    let reader = sets::open(&loose).unwrap();
    for number in 0..reader.count() {
        let sample = reader.read(number).unwrap();
        let is_depth = sample.label.source.as_ref().unwrap().id.contains("/depth/");
        let has = (sample.pictures.depth_z_m.is_some(), sample.pictures.rgb.is_some());
        assert_eq!(has, (is_depth, !is_depth), "{}", sample.label.id);
        assert_eq!(sample.label.depth_unit_m.is_some(), is_depth);
        assert_eq!(sample.label.lacks.len(), 1);
    }
    let check = |folder: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_handloom"));
        command.arg("check").arg(folder).output().unwrap().status.code()
    };
    assert_eq!(check(&loose), Some(0));
    // a picture that is gone is no picture that was never there
    std::fs::remove_file(loose.join("test/000000.depth.png")).unwrap();
    assert_eq!(check(&loose), Some(1));
    // COCO speaks of colour pictures only: the others are listed as failures
    assert_eq!(convert(&folder("dexter_object"), &coco, "coco"), Some(1));
    let reader = as_coco(&coco);
    assert_eq!(reader.count(), 3);
    assert_eq!(reader.label(0).unwrap().hands[0].keypoints_px.iter().flatten().count(), 5);
}
