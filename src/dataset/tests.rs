//! Whole datasets of made-up samples, written, broken, resumed and read again.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use rayon::prelude::*;

use super::disk::Disk;
use super::plan::tests::plan;
use super::sidecar::Sidecar;
use super::*;
use crate::rig::HandSide;

const FORMATS: [OutputFormat; 6] = [
    OutputFormat::Loose,
    OutputFormat::Tar,
    OutputFormat::Coco,
    OutputFormat::Rhd,
    OutputFormat::Freihand,
    OutputFormat::Yolo,
];

/// Five samples in three shards of two splits; sample 1 always fails.
fn small_plan(format: OutputFormat) -> DatasetPlan {
    plan(format, &[("training", 3), ("evaluation", 2)], 2)
}

fn size(plan: &DatasetPlan) -> u32 {
    match plan.output.format {
        OutputFormat::Rhd => rhd::SIZE,
        OutputFormat::Freihand => freihand::SIZE,
        _ => 48,
    }
}

fn sample(plan: &DatasetPlan, index: u64) -> Sample {
    if plan.output.format == OutputFormat::Freihand {
        let mut sample = fixture::sample(index, size(plan), 1);
        sample.labels.hands[0].side = HandSide::Right;
        return sample;
    }
    fixture::sample(index, size(plan), 1 + (index % 2) as u8)
}

fn made(writer: &DatasetWriter, index: u64) -> Result<EncodedSample, SampleFailure> {
    match index {
        1 => Err(SampleFailure { index, cause: "no hand fits the picture".into() }),
        _ => Ok(writer.encode(&sample(writer.plan(), index)).unwrap()),
    }
}

fn write_all(writer: &DatasetWriter) -> Finished {
    for chunk in writer.chunks_to_do(ShardOf::ALL).unwrap() {
        writer.write_chunk(&chunk, chunk.samples().map(|index| made(writer, index))).unwrap();
    }
    writer.finalize().unwrap()
}

fn write_new(folder: &Path, plan: DatasetPlan) -> Manifest {
    let writer = DatasetWriter::open(folder, plan, OpenMode::New).unwrap();
    let Finished::Complete(manifest) = write_all(&writer) else { panic!("not complete") };
    *manifest
}

/// Every file below a folder by its path.
fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(root: &Path, folder: &Path, out: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, out);
            } else {
                let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
                out.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    let mut out = BTreeMap::new();
    walk(folder, folder, &mut out);
    out
}

fn put(folder: &Path, name: &str, bytes: &[u8]) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn assert_same(found: &BTreeMap<String, Vec<u8>>, expected: &BTreeMap<String, Vec<u8>>, what: &str) {
    let names = |tree: &BTreeMap<String, Vec<u8>>| tree.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(found), names(expected), "{what}");
    for (name, bytes) in expected {
        assert!(found[name] == *bytes, "{what}: `{name}` differs");
    }
}

#[test]
fn every_format_comes_back_as_it_was() {
    for format in FORMATS {
        let folder = tempfile::tempdir().unwrap();
        let plan = small_plan(format);
        write_new(folder.path(), plan.clone());
        let reader = HandloomReader::open(folder.path()).unwrap();
        let samples: Vec<StoredSample> = reader.samples().map(|sample| sample.unwrap()).collect();
        assert_eq!(samples.iter().map(|s| s.label.index).collect::<Vec<_>>(), [0, 2, 3, 4], "{format:?}");
        for stored in samples {
            let sample = sample(&plan, stored.label.index);
            let StoredSample { label, pictures } = stored;
            for (record, truth) in label.hands.iter().zip(&sample.labels.hands) {
                assert_eq!(record.keypoints_camera_m, truth.keypoints_camera_m.map(Some));
                assert_eq!((record.keypoints_px, record.visibility), (truth.keypoints_px, truth.visibility));
            }
            assert_eq!(label.hands.len(), sample.labels.hands.len());
            assert_eq!(label.scene, Some(sample.scene));
            match format {
                OutputFormat::Freihand => {
                    assert_eq!(pictures.rgb_jpeg, sample.rgb_jpeg);
                    // the mask went through JPEG: its rim may move by a pixel
                    let (found, truth) = (pictures.instance.unwrap(), sample.frame.instance);
                    let differ = found.data.iter().zip(&truth.data).filter(|(a, b)| **a != u8::from(**b == 1)).count();
                    assert!(differ * 100 < truth.data.len(), "{differ} px");
                }
                OutputFormat::Yolo => assert_eq!(pictures.rgb_jpeg, sample.rgb_jpeg),
                OutputFormat::Rhd => {
                    assert_eq!((pictures.rgb, pictures.part), (Some(sample.rgb), Some(sample.frame.part)));
                    let depth = pictures.depth_z_m.unwrap();
                    let near = depth.data.iter().zip(&sample.frame.depth_z_m.data).all(|(a, b)| (a - b).abs() < 4e-5);
                    assert!(near);
                }
                OutputFormat::Loose | OutputFormat::Tar | OutputFormat::Coco => {
                    assert_eq!((pictures.rgb, pictures.part), (Some(sample.rgb), Some(sample.frame.part)));
                    assert_eq!(pictures.depth_z_m, Some(sample.frame.depth_z_m));
                    assert_eq!(pictures.grey, sample.grey);
                    assert_eq!(pictures.instance, Some(sample.frame.instance));
                }
            }
        }
    }
}

#[test]
fn jpeg_is_the_sensors_own() {
    let folder = tempfile::tempdir().unwrap();
    let mut plan = small_plan(OutputFormat::Loose);
    plan.output.rgb = RgbFormat::Jpg;
    write_new(folder.path(), plan.clone());
    let jpeg = fs::read(folder.path().join("training/000002.rgb.jpg")).unwrap();
    assert_eq!(Some(jpeg), sample(&plan, 2).rgb_jpeg);
    let writer = DatasetWriter::open(folder.path(), plan.clone(), OpenMode::Resume).unwrap();
    let error = writer.encode(&Sample { rgb_jpeg: None, ..sample(&plan, 2) }).unwrap_err().to_string();
    assert!(error.contains("hint: set `output.rgb = \"png\"`"), "{error}");
}

#[test]
fn files_stand_where_the_format_says() {
    let expected = [
        (OutputFormat::Loose, "evaluation/000004.depth.exr"),
        (OutputFormat::Loose, "training/000000.json"),
        (OutputFormat::Tar, "training-000001.tar"),
        (OutputFormat::Tar, "evaluation-000000.idx"),
        (OutputFormat::Coco, "images/evaluation/000003.png"),
        (OutputFormat::Coco, "annotations/training.json"),
        (OutputFormat::Rhd, "RHD_published_v2/training/color/00002.png"),
        (OutputFormat::Rhd, "RHD_published_v2/evaluation/mask/00001.png"),
        (OutputFormat::Rhd, "RHD_published_v2/evaluation/anno_evaluation.pickle"),
    ];
    for format in FORMATS {
        let folder = tempfile::tempdir().unwrap();
        let manifest = write_new(folder.path(), small_plan(format));
        let tree = tree(folder.path());
        for (_, name) in expected.iter().filter(|(of, _)| *of == format) {
            assert!(tree.contains_key(*name), "{format:?}: `{name}` not in {:?}", tree.keys());
        }
        let seen: Vec<_> = tree.iter().filter(|(k, _)| !k.starts_with("shards/") && *k != "manifest.json").collect();
        assert_eq!(manifest.files, seen.len() as u64, "{format:?}");
        assert_eq!(manifest.bytes, seen.iter().map(|(_, bytes)| bytes.len() as u64).sum::<u64>());
        assert!(!tree.keys().any(|name| name.contains("tmp")), "{format:?}");
    }
}

#[test]
fn manifest_counts_samples_and_tells_failures() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = write_new(folder.path(), small_plan(OutputFormat::Tar));
    assert_eq!(manifest.samples, 4);
    let training = &manifest.splits[0];
    assert_eq!((training.planned, training.samples, training.failed), (3, 2, 1));
    assert_eq!(manifest.failures, [SampleFailure { index: 1, cause: "no hand fits the picture".into() }]);
    assert_eq!(HandloomReader::open(folder.path()).unwrap().manifest().unwrap(), Some(manifest));
}

/// Files of a finished dataset in the order in which they got their names.
fn order_of_files(plan: &DatasetPlan, folder: &Path, tree: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
    let disk = Disk::new(folder);
    let mut order = vec!["shards/plan.json".to_owned()];
    for chunk in plan.chunks() {
        let sidecar = Sidecar::load(&disk, plan, &chunk).unwrap().unwrap();
        order.extend(sidecar.files.into_iter().map(|file| file.path));
        order.push(format!("shards/{}.json", chunk.name));
    }
    let manifest = HandloomReader::open(folder).unwrap().manifest().unwrap().unwrap();
    order.extend(manifest.annotations.into_iter().map(|file| file.path));
    order.push("manifest.json".into());
    assert_eq!(order.len(), tree.len());
    order
}

#[test]
fn a_run_killed_after_any_file_ends_with_the_same_bytes() {
    for format in FORMATS {
        let folder = tempfile::tempdir().unwrap();
        let plan = small_plan(format);
        write_new(folder.path(), plan.clone());
        let whole = tree(folder.path());
        let order = order_of_files(&plan, folder.path(), &whole);
        for written in 0..=order.len() {
            let folder = tempfile::tempdir().unwrap();
            for name in &order[..written] {
                put(folder.path(), name, &whole[name]);
            }
            put(folder.path(), "shards/tmp/1-0", b"half a fi");
            let writer = DatasetWriter::open(folder.path(), plan.clone(), OpenMode::Resume).unwrap();
            assert!(matches!(write_all(&writer), Finished::Complete(_)));
            assert_same(&tree(folder.path()), &whole, &format!("{format:?} killed after {written} files"));
        }
    }
}

#[test]
fn damage_to_any_file_is_made_good() {
    for format in FORMATS {
        let folder = tempfile::tempdir().unwrap();
        let plan = small_plan(format);
        write_new(folder.path(), plan.clone());
        let whole = tree(folder.path());
        for (k, (name, bytes)) in whole.iter().enumerate().filter(|(_, (name, _))| *name != "shards/plan.json") {
            let path = folder.path().join(name);
            match k % 3 {
                0 => fs::remove_file(&path).unwrap(),
                1 => fs::write(&path, &bytes[..bytes.len() - 2]).unwrap(),
                _ => fs::write(&path, bytes.iter().map(|byte| byte ^ 1).collect::<Vec<_>>()).unwrap(),
            }
            let writer = DatasetWriter::open(folder.path(), plan.clone(), OpenMode::Resume).unwrap();
            write_all(&writer);
            assert_same(&tree(folder.path()), &whole, &format!("{format:?} after damage to `{name}`"));
        }
    }
}

#[test]
fn a_sidecar_that_says_something_else_does_not_count() {
    let folder = tempfile::tempdir().unwrap();
    let plan = small_plan(OutputFormat::Tar);
    write_new(folder.path(), plan.clone());
    let writer = DatasetWriter::open(folder.path(), plan, OpenMode::Resume).unwrap();
    let path = folder.path().join("shards/training-000001.json");
    let whole: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let changes: [(&str, serde_json::Value); 9] = [
        ("/format_version", 2.into()),
        ("/generator", "handloom 0.0.0".into()),
        ("/seed", 8.into()),
        ("/preset_hash", "def".into()),
        ("/shard", "training-000000".into()),
        ("/samples", 2.into()),
        ("/files/0/bytes", 512.into()),
        ("/files/0/blake3", "00".into()),
        ("/files", serde_json::json!([])),
    ];
    for (key, value) in changes {
        let mut changed = whole.clone();
        *changed.pointer_mut(key).unwrap() = value;
        fs::write(&path, changed.to_string()).unwrap();
        let to_do: Vec<String> = writer.chunks_to_do(ShardOf::ALL).unwrap().into_iter().map(|c| c.name).collect();
        assert_eq!(to_do, ["training-000001"], "{key}");
    }
    fs::write(&path, whole.to_string()).unwrap();
    assert!(writer.chunks_to_do(ShardOf::ALL).unwrap().is_empty());
}

#[test]
fn a_whole_dataset_leaves_nothing_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let plan = small_plan(OutputFormat::Coco);
    write_new(folder.path(), plan.clone());
    let writer = DatasetWriter::open(folder.path(), plan, OpenMode::Resume).unwrap();
    assert!(writer.chunks_to_do(ShardOf::ALL).unwrap().is_empty());
}

#[test]
fn neither_threads_nor_order_nor_parts_change_a_byte() {
    for format in FORMATS {
        let (one, many) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        write_new(one.path(), small_plan(format));
        for part in [2, 1] {
            let writer = DatasetWriter::open(many.path(), small_plan(format), OpenMode::Resume).unwrap();
            let mut chunks = writer.chunks_to_do(ShardOf { part, of: 2 }).unwrap();
            chunks.reverse();
            // every shard twice at the same time: duplicate writers are harmless
            let twice: Vec<&Chunk> = chunks.iter().chain(&chunks).collect();
            twice.into_par_iter().for_each(|chunk| {
                writer.write_chunk(chunk, chunk.samples().map(|index| made(&writer, index))).unwrap();
            });
            let finished = writer.finalize().unwrap();
            let missing = Finished::Missing(vec!["training-000000".into(), "evaluation-000000".into()]);
            assert_eq!(finished == missing, part == 2, "{finished:?}");
        }
        assert_same(&tree(many.path()), &tree(one.path()), &format!("{format:?}"));
    }
}

#[test]
fn a_shard_with_other_samples_than_its_own_stays_undone() {
    let folder = tempfile::tempdir().unwrap();
    let writer = DatasetWriter::open(folder.path(), small_plan(OutputFormat::Tar), OpenMode::New).unwrap();
    let chunk = &writer.plan().chunks()[2];
    for (indices, due) in [(vec![3], "the end where 4"), (vec![4, 3], "4 where 3"), (vec![3, 4, 5], "5 where the end")]
    {
        let samples = indices.iter().map(|index| match index {
            5 => Err(SampleFailure { index: 5, cause: String::new() }),
            _ => made(&writer, *index),
        });
        let error = writer.write_chunk(chunk, samples).unwrap_err().to_string();
        assert!(error.contains(due), "{error}");
    }
    assert_eq!(writer.chunks_to_do(ShardOf::ALL).unwrap().len(), 3);
    assert_eq!(tree(folder.path()).len(), 1, "only the plan is left");
}

#[test]
fn a_sample_that_fails_the_second_time_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let writer = DatasetWriter::open(folder.path(), small_plan(OutputFormat::Loose), OpenMode::New).unwrap();
    write_all(&writer);
    let chunk = &writer.plan().chunks()[2];
    let fail = |index| SampleFailure { index, cause: "lost texture".into() };
    writer.write_chunk(chunk, [Err(fail(3)), made(&writer, 4)]).unwrap();
    assert!(!tree(folder.path()).keys().any(|name| name.contains("000003")));
    assert!(writer.chunks_to_do(ShardOf::ALL).unwrap().is_empty());
}

#[test]
fn a_folder_is_only_taken_as_told() {
    let folder = tempfile::tempdir().unwrap();
    let open = |plan, mode| DatasetWriter::open(folder.path(), plan, mode).map(drop);
    put(folder.path(), "notes.txt", b"mine");
    let plan = small_plan(OutputFormat::Loose);
    assert!(matches!(open(plan.clone(), OpenMode::New), Err(DatasetError::NotEmpty { .. })));
    assert!(matches!(open(plan.clone(), OpenMode::Resume), Err(DatasetError::NotADataset { .. })));
    assert!(matches!(open(plan.clone(), OpenMode::Overwrite), Err(DatasetError::NotADataset { .. })));
    fs::remove_file(folder.path().join("notes.txt")).unwrap();

    open(plan.clone(), OpenMode::New).unwrap();
    assert!(matches!(open(plan.clone(), OpenMode::New), Err(DatasetError::NotEmpty { .. })));
    let other = DatasetPlan { seed: 8, ..plan.clone() };
    let error = open(other, OpenMode::Resume).unwrap_err().to_string();
    assert!(error.contains("`seed` is 7 there and 8 here"), "{error}");
    let bad = DatasetPlan { splits: Vec::new(), ..plan.clone() };
    assert!(matches!(open(bad, OpenMode::Resume), Err(DatasetError::BadPlan { .. })));

    put(folder.path(), "shards/plan.json", b"{\"format_version\": 2, \"more\": true}");
    for mode in [OpenMode::Resume, OpenMode::Overwrite] {
        let error = open(plan.clone(), mode).unwrap_err().to_string();
        assert!(error.contains("has format version 2, this build reads 1"), "{error}");
    }
}

#[test]
fn overwriting_deletes_the_dataset_and_nothing_else() {
    for format in FORMATS {
        let folder = tempfile::tempdir().unwrap();
        write_new(folder.path(), small_plan(format));
        put(folder.path(), "notes.txt", b"mine");
        put(folder.path(), "report.html", b"of the old dataset");
        put(folder.path(), "training/readme.md", b"mine");
        let other = plan(OutputFormat::Tar, &[("other", 1)], 1);
        DatasetWriter::open(folder.path(), other, OpenMode::Overwrite).unwrap();
        let left: Vec<String> = tree(folder.path()).into_keys().collect();
        assert_eq!(left, ["notes.txt", "shards/plan.json", "training/readme.md"], "{format:?}");
    }
}

#[test]
fn tar_headers_hold_no_time_and_the_index_points_at_members() {
    let folder = tempfile::tempdir().unwrap();
    write_new(folder.path(), small_plan(OutputFormat::Tar));
    let bytes = fs::read(folder.path().join("evaluation-000000.tar")).unwrap();
    assert_eq!(bytes.len() % 512, 0);
    let mut members = BTreeMap::new();
    for entry in tar::Archive::new(bytes.as_slice()).entries().unwrap() {
        let entry = entry.unwrap();
        assert_eq!((entry.header().mtime().unwrap(), entry.header().uid().unwrap()), (0, 0));
        members.insert(entry.path().unwrap().to_string_lossy().into_owned(), (entry.raw_file_position(), entry.size()));
    }
    assert_eq!(members.len(), 2 * 7);
    let index = fs::read_to_string(folder.path().join("evaluation-000000.idx")).unwrap();
    let mut lines = index.lines();
    assert_eq!(lines.next(), Some("v1.2 2"));
    for line in lines {
        for member in line.split(' ').collect::<Vec<_>>().chunks(4) {
            let place = members.remove(member[3]).unwrap();
            assert_eq!(place, (member[1].parse().unwrap(), member[2].parse().unwrap()));
            assert_eq!(member[3].split_once('.').unwrap().1, member[0]);
        }
    }
    assert!(members.is_empty());
}

#[test]
fn damaged_files_are_named_when_read() {
    let folder = tempfile::tempdir().unwrap();
    write_new(folder.path(), small_plan(OutputFormat::Loose));
    let reader = HandloomReader::open(folder.path()).unwrap();
    assert!(reader.changes().is_empty());
    let whole = fs::read(folder.path().join("evaluation/000004.mask.png")).unwrap();
    put(folder.path(), "evaluation/000004.mask.png", &whole[..whole.len() / 2]);
    assert!(reader.changes()[0].to_string().contains("000004.mask.png"));
    let errors: Vec<String> = reader.samples().filter_map(|sample| Some(sample.err()?.to_string())).collect();
    assert_eq!(errors.len(), 1);
    assert!(errors[0].contains("000004.mask.png` is damaged"), "{errors:?}");
    fs::remove_file(folder.path().join("shards/evaluation-000000.json")).unwrap();
    let reader = HandloomReader::open(folder.path()).unwrap();
    assert_eq!(reader.info().faults[0].message, "shard `evaluation-000000` is missing");
    assert_eq!(reader.info().splits, [("training".to_owned(), 2), ("evaluation".to_owned(), 0)]);
    assert_eq!(reader.samples().count(), 2);
}

#[test]
fn a_tar_file_cut_short_is_an_error_and_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    write_new(folder.path(), small_plan(OutputFormat::Tar));
    let whole = fs::read(folder.path().join("evaluation-000000.tar")).unwrap();
    for length in [0, 100, 700, whole.len() / 2] {
        put(folder.path(), "evaluation-000000.tar", &whole[..length]);
        let reader = HandloomReader::open(folder.path()).unwrap();
        assert!(reader.samples().any(|sample| sample.is_err_and(|e| e.to_string().contains("cut off"))), "{length}");
    }
}

#[test]
fn a_damaged_tar_index_is_named() {
    let folder = tempfile::tempdir().unwrap();
    write_new(folder.path(), small_plan(OutputFormat::Tar));
    let path = "evaluation-000000.idx";
    let whole = fs::read(folder.path().join(path)).unwrap();
    for bad in [&whole[..whole.len() / 2], b"v1.2 2\nrgb.png 512 18446744073709551615 x\n", b"v1.2 0\n", b"\xff"] {
        put(folder.path(), path, bad);
        let reader = HandloomReader::open(folder.path()).unwrap();
        let last = reader.samples().last().unwrap().unwrap_err().to_string();
        assert!(last.contains("evaluation-000000"), "{last}");
    }
}

#[test]
fn samples_of_another_dataset_are_written_under_a_new_index() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_new(from.path(), small_plan(OutputFormat::Tar));
    let reader = HandloomReader::open(from.path()).unwrap();
    let mut other = plan(OutputFormat::Loose, &[("mixed", 4)], 10);
    other.output.rgb = RgbFormat::Jpg;
    let writer = DatasetWriter::open(to.path(), other, OpenMode::New).unwrap();
    let again = |k: u64| {
        let StoredSample { label, pictures } = reader.read(3 - k).unwrap();
        Ok(writer.encode_stored(k, label, &pictures).unwrap())
    };
    writer.write_chunk(&writer.plan().chunks()[0], (0..4).map(again)).unwrap();
    let back = HandloomReader::open(to.path()).unwrap();
    for k in 0..4 {
        let (old, new) = (reader.read(3 - k).unwrap(), back.read(k).unwrap());
        assert_eq!((new.label.index, new.label.split.as_str()), (k, "mixed"));
        assert_eq!(new.label.id, format!("{k:06}"));
        assert_eq!((new.label.hands, new.label.scene), (old.label.hands, old.label.scene));
        assert_eq!((new.pictures.depth_z_m, new.pictures.part), (old.pictures.depth_z_m, old.pictures.part));
        assert!(new.pictures.rgb_jpeg.is_some() && old.pictures.rgb_jpeg.is_none());
    }
}

/// Writes the datasets that the Python readers in `tests/peers` read: `target/peers/{loose,tar,coco,rhd,freihand,yolo}`.
#[test]
fn datasets_for_the_peers_readers() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers");
    for (format, name) in FORMATS.into_iter().zip(["loose", "tar", "coco", "rhd", "freihand", "yolo"]) {
        let mut plan = small_plan(format);
        plan.output.rgb = RgbFormat::Jpg;
        let writer = DatasetWriter::open(&root.join(name), plan, OpenMode::Overwrite).unwrap();
        assert!(matches!(write_all(&writer), Finished::Complete(_)));
    }
}
