"""Captured sets with colour: STB, Dexter+Object, FreiHAND, HO-3D, DexYCB, InterHand2.6M."""

import io
import json
import pickle

import numpy as np
import scipy.io

from make_codecs import Python2, dumps

from .draw import Picture, jpg, png, two_channels, write
from .expected import CENTRE, counts, hand, picture_probes, sample, save, states
from .truth import corner, hand as truth, matrix, project, rotation


def axis_angle(v):
    """Rotation matrix of a Rodrigues vector."""
    angle = np.linalg.norm(v)
    x, y, z = np.asarray(v) / angle
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def mat_file(variables, compressed):
    out = io.BytesIO()
    scipy.io.savemat(out, variables, do_compression=compressed, oned_as="row")
    return b"MATLAB 5.0 MAT-file, Platform: PCWIN64".ljust(116) + out.getvalue()[116:]


# 0 palm centre; little, ring, middle, index, thumb, each from base to tip
STB_ORDER = [17, 18, 19, 20, 13, 14, 15, 16, 9, 10, 11, 12, 5, 6, 7, 8, 1, 2, 3, 4]
BUMBLEBEE = matrix(822.79041, 822.79041, 318.47345, 250.31296)
BASELINE_M = 0.120054
F200_COLOUR = matrix(607.92271, 607.88192, 314.78337, 236.42484)
F200_DEPTH = matrix(475.62768, 474.77709, 336.41179, 238.77962)
DEPTH_FROM_COLOUR = axis_angle((0.00531, -0.01196, 0.00301)), np.array([-24.0381, -0.4563, -1.2326]) / 1000


def stb(folder):
    """Four cameras, two label files per sequence. The labels of SK are in the depth camera's frame."""
    samples = []
    for sequence, frames, compressed in (("B1Counting", 2, True), ("B2Random", 1, False)):
        labels = {"BB": [], "SK": []}
        for frame in range(frames):
            seed = f"stb {sequence} {frame}"
            for rig, at in (("BB", (0.06, 0.03, 0.55)), ("SK", (-0.02, -0.04, 0.46))):
                at = np.array(at) + 0.015 * frame
                joints = truth("left", seed, at)
                palm = 0.5 * (joints[0] + joints[9]) + np.array([0.003, 0.001, -0.002])
                labels[rig].append(np.concatenate([[palm], joints[STB_ORDER]]).T * 1000)
                turn, shift = DEPTH_FROM_COLOUR
                if rig == "BB":
                    views = [("BB_left", BUMBLEBEE, lambda p: p), ("BB_right", BUMBLEBEE, lambda p: p - [BASELINE_M, 0, 0])]
                else:
                    views = [("SK_color", F200_COLOUR, lambda p: (p - shift) @ turn), ("SK_depth", F200_DEPTH, lambda p: p)]
                for view, k, move in views:
                    samples.append(stb_view(folder, sequence, view, frame, k, move(joints), move(palm)))
        for rig, rows in labels.items():
            path = folder / "labels" / f"{sequence}_{rig}.mat"
            write(path, mat_file({"handPara": np.stack(rows, -1)}, compressed))
    samples.sort(key=lambda s: (s["clip"], ["BB_left", "BB_right", "SK_color", "SK_depth"].index(s["view"]), s["frame"]))
    why = "3D labels only; the set's own scripts project them as K xyz / z"
    save(folder, "stb", CENTRE, why, samples)


def stb_view(folder, sequence, view, frame, k, joints, palm):
    k = corner(k, 0.5)
    picture = Picture(640, 480, k, [("left", joints)])
    path = folder / "images" / sequence / f"{view}_{frame}.png"
    depth = rgb = None
    if view == "SK_depth":
        steps = np.round(picture.depth * 1000)
        steps[4, 8] = 0
        png(path, two_channels(steps, high=1, low=0))
        depth, _ = picture_probes(picture, steps / 1000, [joints], k, extra=[(8, 4)])
    else:
        png(path, picture.rgb)
        _, rgb = picture_probes(picture, None, [joints], k)
    states_ = states(joints, k, 640, 480)
    # the set has no wrist
    points, pixels = joints.copy(), project(k, joints)
    points[0], pixels[0], states_[0] = np.nan, np.nan, "absent"
    record = hand("left", points, pixels, states_, extra={"palm": (palm, project(k, palm))})
    split = "evaluation" if sequence.startswith("B1") else "training"
    return sample(
        f"{sequence}/{view}_{frame}", split, (640, 480), k, [record],
        clip=sequence, view=view, frame=frame, depth=depth, rgb=rgb,
    )


DEXTER_DEPTH = matrix(224.502, 230.494, 160, 120)
DEXTER_COLOUR = matrix(587.45209, 600.67456, 325, 249)
COLOUR_FROM_DEPTH = (
    np.array([[0.9999, 0.0034, 0.0161], [-0.0033, 1.0000, -0.0079], [-0.0162, 0.0079, 0.9998]]),
    np.array([19.0473, -1.8514, -4.7501]) / 1000,
)
TIPS = [4, 8, 12, 16, 20]


def dexter_object(folder):
    """Five fingertips and three corners of a cuboid; x and y of the 3D file run against the picture."""
    samples = []
    for sequence, frames in (("Grasp1", 2), ("Pinch", 1)):
        rows_2d, rows_3d = [], []
        for frame in range(frames):
            joints = truth("left", f"dexter {sequence} {frame}", (0.02, 0.01 - 0.02 * frame, 0.5))
            corners = joints[12] + np.array([[0.03, 0.02, 0.01], [0.06, 0.02, 0.015], [0.03, 0.05, 0.02]])
            points = np.concatenate([joints[TIPS], corners])
            missing = 2 if frame == 1 else None
            uv = project(DEXTER_DEPTH, points)
            texts_2d = [f"{u:.3f}, {v:.3f}" for u, v in uv]
            texts_3d = [f"{-x * 1000:.4f}, {-y * 1000:.4f}, {z * 1000:.4f}" for x, y, z in points]
            if missing is not None:
                texts_2d[missing], texts_3d[missing] = "0, 0", "0, 0, 32001"
            rows_2d.append("; ".join(texts_2d) + ";")
            rows_3d.append("; ".join(texts_3d) + ";")
            known = np.full((21, 3), np.nan)
            known[TIPS] = joints[TIPS]
            if missing is not None:
                known[TIPS[missing]] = np.nan
            name = f"image_{frame:05d}"
            for view, base, size in (("depth", DEXTER_DEPTH, (320, 240)), ("color", DEXTER_COLOUR, (640, 480))):
                turn, shift = COLOUR_FROM_DEPTH if view == "color" else (np.eye(3), np.zeros(3))
                k = corner(base, 0.5)
                seen = joints @ turn.T + shift
                picture = Picture(*size, k, [("left", seen)])
                path = folder / "data" / sequence / view / f"{name}.png"
                depth = rgb = None
                if view == "depth":
                    steps = np.round(picture.depth * 1000).astype(np.uint16)
                    steps[3, 2], steps[4, 2] = 32001, 0
                    png(path, steps)
                    depth_m = np.where(steps == 32001, 0, steps / 1000)
                    depth, _ = picture_probes(picture, depth_m, [seen], k, extra=[(2, 3), (2, 4)])
                else:
                    png(path, picture.rgb)
                    _, rgb = picture_probes(picture, None, [seen], k)
                moved = known @ turn.T + shift
                extra = {f"cuboid_{n}": (c @ turn.T + shift, project(k, c @ turn.T + shift)) for n, c in enumerate(corners)}
                record = hand("left", moved, project(k, moved), states(moved, k, *size), extra=extra)
                samples.append(
                    sample(f"{sequence}/{view}/{name}", "test", size, k, [record], clip=sequence, frame=frame, depth=depth, rgb=rgb)
                )
        write(folder / "data" / sequence / "annotations" / f"{sequence}2D.txt", "\n".join(rows_2d) + "\n")
        write(folder / "data" / sequence / "annotations" / f"{sequence}3D.txt", "\n".join(rows_3d) + "\n")
    why = "public loaders project K (R xyz + t) / z into pixel indices; depth and colour have cameras of their own"
    save(folder, "dexter_object", CENTRE, why, samples)


def freihand(folder):
    """Two poses in four versions; JSON lists at the root; right hands."""
    samples = []
    for split, poses, versions in (("training", 2, 4), ("evaluation", 2, 1)):
        lists = {"K": [], "xyz": [], "scale": [], "mano": []}
        for pose in range(poses):
            joints = truth("right", f"freihand {split} {pose}", (0.01 * pose, -0.02, 0.68 + 0.05 * pose), 1 - 0.08 * pose)
            k_file = matrix(480.2 + 7 * pose, 481.3 + 7 * pose, 111.4 + pose, 112.7)
            k = corner(k_file, 0.5)
            picture = Picture(224, 224, k, [("right", joints)])
            lists["K"].append(k_file.tolist())
            lists["xyz"].append(joints.round(7).tolist())
            scale = float(np.linalg.norm(joints[9] - joints[10]))
            lists["scale"].append(round(scale, 8))
            lists["mano"].append([[round(0.01 * n - 0.3 + 0.1 * pose, 4) for n in range(61)]])
            for version in range(versions):
                number = pose + poses * version
                shown = picture.rgb.copy()
                shown[picture.instance == 0] = (shown[picture.instance == 0] + np.uint8(20 * version)).astype(np.uint8)
                jpg(folder / split / "rgb" / f"{number:08d}.jpg", shown)
                record = hand("right", joints, project(k, joints), states(joints, k, 224, 224))
                instance = counts(picture.instance) if split == "training" else None
                probes = [[c, r, *map(int, shown[r, c])] for c, r in ((2, 2), (112, 200), (200, 20))]
                samples.append(
                    sample(
                        f"{split}/rgb/{number:08d}", split, (224, 224), k, [record],
                        clip=f"{split} {pose}", rgb=probes, instance=instance, lossy=True,
                    )
                )
            if split == "training":
                jpg(folder / split / "mask" / f"{pose:08d}.jpg", picture.instance * 255, quality=95)
        if split == "evaluation":
            del lists["mano"]
        for key, values in lists.items():
            write(folder / f"{split}_{key}.json", json.dumps(values))
    samples.sort(key=lambda s: (s["split"] != "training", s["id"]))
    why = "the set's own scripts project K xyz / z into pixel indices"
    save(folder, "freihand", CENTRE, why, samples)


# wrist; index, middle, little, ring, thumb without tips; tips of thumb, index, middle, ring, little
MANO = [0, 5, 6, 7, 9, 10, 11, 17, 18, 19, 13, 14, 15, 1, 2, 3, 4, 8, 12, 16, 20]
FLIP = np.array([1, -1, -1])
HO3D_STEP_M = 0.00012498664727900177


def ho3d(folder):
    """Pickles as Python 2 wrote them (v2) and newer ones; OpenGL axes; PNG and JPEG; evaluation knows the wrist only."""
    samples, lists = [], {"train": [], "evaluation": []}
    frames = [
        ("train", "ABF10", 0, "png"),
        ("train", "ABF10", 1, "png"),
        ("train", "SM2", 0, "jpg"),
        ("evaluation", "AP10", 0, "png"),
    ]
    for seed, (split, sequence, frame, kind) in enumerate(frames):
        joints = truth("right", f"ho3d {seed}", (0.04 - 0.03 * seed, 0.02, 0.52 + 0.04 * seed))
        k_file = matrix(614.627, 614.101, 320.262, 238.469)
        k = corner(k_file, 0.5)
        picture = Picture(640, 480, k, [("right", joints)])
        folder_ = folder / split / sequence
        (png if kind == "png" else jpg)(folder_ / "rgb" / f"{frame:04d}.{kind}", picture.rgb)
        steps = np.round(picture.depth / HO3D_STEP_M)
        steps[9, 4] = 0
        png(folder_ / "depth" / f"{frame:04d}.png", two_channels(steps, high=1, low=0))
        own = (joints * FLIP)[MANO].astype(np.float32)
        label = {
            "camIDList": ["0", "1", "2"],
            "camMat": k_file,
            "handJoints3D": own if split == "train" else own[0],
            "objName": "021_bleach_cleanser",
            "objLabel": 12,
            "objRot": np.array([[0.1], [-0.2], [0.3]], np.float32),
            "objTrans": np.array([0.05, -0.02, -0.6], np.float32),
            "objCorners3DRest": np.arange(24, dtype=np.float64).reshape(8, 3) / 100,
        }
        if split == "train":
            label["handPose"] = np.linspace(-0.5, 0.5, 48, dtype=np.float32)
            label["handTrans"] = np.array([0.01, 0.02, -0.5], np.float32)
            label["handBeta"] = np.linspace(-1, 1, 10, dtype=np.float32)
        else:
            label["handBoundingBox"] = [210, 120, 420, 390]
        data = pickle.dumps(label, 4) if sequence == "SM2" else dumps(label, Python2, 2)
        write(folder_ / "meta" / f"{frame:04d}.pkl", data)
        lists[split].append(f"{sequence}/{frame:04d}")
        points = joints.copy()
        if split == "evaluation":
            points[1:] = np.nan
        depth, rgb = picture_probes(picture, steps * HO3D_STEP_M, [joints], k, extra=[(4, 9)])
        record = hand("right", points, project(k, points), states(points, k, 640, 480))
        samples.append(
            sample(
                f"{split}/{sequence}/{frame:04d}", split, (640, 480), k, [record],
                clip=f"{split}/{sequence}", depth=depth, rgb=rgb, lossy=True if kind == "jpg" else None,
            )
        )
    for split, names in lists.items():
        write(folder / f"{split}.txt", "\n".join(names) + "\n")
    why = "the set's own scripts project camMat diag(1, -1, -1) xyz / z into pixel indices"
    save(folder, "ho3d", CENTRE, why, samples)


DEXYCB_SERIALS = {"836212060125": (613.762, 613.876, 313.278, 244.602), "932122062010": (617.103, 616.928, 307.521, 251.934)}


def dexycb(folder):
    """Two subjects, two cameras; one frame without a hand; left hand of the second subject."""
    samples = []
    sessions = [("20200709-subject-01", "20200709_141754", "right", 2), ("20200813-subject-02", "20200813_145341", "left", 1)]
    for serial, (fx, fy, cx, cy) in DEXYCB_SERIALS.items():
        text = f"color:\n  fx: {fx}\n  fy: {fy}\n  ppx: {cx}\n  ppy: {cy}\n"
        text += "depth:\n  fx: 385.1\n  fy: 385.2\n  ppx: 321.3\n  ppy: 238.4\n"
        write(folder / "calibration" / "intrinsics" / f"{serial}_640x480.yml", text)
    for person, (subject, session, side, frames) in enumerate(sessions):
        meta = f"extrinsics: {session}\nmano_calib:\n- 20200709_140042_subject-01_{side}\nmano_sides:\n- {side}\n"
        meta += f"num_frames: {frames}\nserials:\n" + "".join(f"- '{s}'\n" for s in DEXYCB_SERIALS)
        meta += "ycb_grasp_ind: 0\nycb_ids:\n- 2\n- 5\n"
        write(folder / subject / session / "meta.yml", meta)
        for camera, (serial, numbers) in enumerate(DEXYCB_SERIALS.items()):
            for frame in range(frames):
                seed = f"dexycb {person} {camera} {frame}"
                joints = truth(side, seed, (0.05 - 0.06 * camera, 0.03, 0.75 + 0.05 * person))
                k_file = matrix(*numbers)
                k = corner(k_file, 0.5)
                gone = person == 0 and camera == 1 and frame == 1
                picture = Picture(640, 480, k, [] if gone else [(side, joints)])
                at = folder / subject / session / serial
                jpg(at / f"color_{frame:06d}.jpg", picture.rgb)
                steps = np.round(picture.depth * 1000).astype(np.uint16)
                steps[2, 3] = 0
                png(at / f"aligned_depth_to_color_{frame:06d}.png", steps)
                seg = np.where(picture.instance == 1, 255, 0).astype(np.uint8)
                seg[300:330, 10:50], seg[331:340, 10:20] = 2, 5
                arrays = {
                    "seg": seg,
                    "pose_y": np.arange(24, dtype=np.float32).reshape(2, 3, 4) / 10,
                    "pose_m": np.zeros((1, 51), np.float32) if gone else np.linspace(-1, 1, 51, dtype=np.float32)[None],
                    "joint_3d": np.full((1, 21, 3), -1, np.float32) if gone else joints[None].astype(np.float32),
                    "joint_2d": np.full((1, 21, 2), -1, np.float32) if gone else project(k_file, joints)[None].astype(np.float32),
                }
                data = io.BytesIO()
                np.savez_compressed(data, **arrays)
                write(at / f"labels_{frame:06d}.npz", data.getvalue())
                records = [] if gone else [hand(side, joints, project(k, joints), states(joints, k, 640, 480), subject=person)]
                depth, _ = picture_probes(picture, steps / 1000, [] if gone else [joints], k, extra=[(3, 2)])
                samples.append(
                    sample(
                        f"{subject}/{session}/{serial}/{frame:06d}", "train", (640, 480), k, records, frame=frame,
                        clip=f"{subject}/{session}", depth=depth, seg=counts(seg), hand_pixels=int((seg == 255).sum()),
                    )
                )
    why = "joint_2d is K xyz / z: pixel indices"
    save(folder, "dexycb", CENTRE, why, samples)


# per hand: thumb, index, middle, ring, little from tip to base, then the wrist; right hand first
INTERHAND = [4, 3, 2, 1, 8, 7, 6, 5, 12, 11, 10, 9, 16, 15, 14, 13, 20, 19, 18, 17, 0]


def interhand(folder):
    """World coordinates in mm and cameras; one, both and interacting hands, some joints invalid; two subjects."""
    size = (334, 512)
    files = {split: {"images": [], "annotations": [], "camera": {}, "joint": {}} for split in ("train", "test")}
    samples = []
    frames = [
        ("train", 0, "ROM01_No_Interaction_2_Hand", "400262", 35, "right", 0),
        ("train", 0, "ROM01_No_Interaction_2_Hand", "400263", 35, "right", 0),
        ("train", 1, "ROM07_Rt_Finger_Occlusions", "400262", 51, "interacting", 3),
        ("test", 0, "ROM02_Interaction_2_Hand", "400280", 17, "left", 5),
    ]
    for number, (split, capture, sequence, camera, frame, kind, subject) in enumerate(frames):
        content = files[split]
        n = int(camera) % 7
        turn = rotation(0.3 + 0.05 * n, -0.4 + 0.1 * n, 0.2)
        at_mm = np.array([120.0 - 30 * n, -340.0, 95.0 + 10 * n])
        focal, princpt = [1261.6 + n, 1259.4 - n], [169.2 + n, 254.6 - n]
        cameras = content["camera"].setdefault(str(capture), {"campos": {}, "camrot": {}, "focal": {}, "princpt": {}})
        for key, value in (("campos", at_mm.tolist()), ("camrot", turn.tolist()), ("focal", focal), ("princpt", princpt)):
            cameras[key][camera] = value
        # the hands are where the first camera of the sequence sees them well
        n0 = 400262 % 7 if split == "train" else n
        turn0, at0 = rotation(0.3 + 0.05 * n0, -0.4 + 0.1 * n0, 0.2), np.array([120.0 - 30 * n0, -340.0, 95.0 + 10 * n0])
        seed = f"interhand {sequence} {frame}"
        world = np.full((42, 3), 0.0)
        valid = np.zeros(42, int)
        for side, offset, x in (("right", 0, 0.09), ("left", 21, -0.09)):
            if kind in (side, "interacting"):
                here = truth(side, f"{seed} {side}", (x if kind == "interacting" else 0.0, 0.0, 1.15))
                world[offset : offset + 21] = (here[INTERHAND] * 1000) @ turn0 + at0
                valid[offset : offset + 21] = 1
        if kind == "interacting":
            valid[[2, 30]] = 0
        seen = []
        k_file = matrix(*focal, *princpt)
        k = corner(k_file, 0.5)
        records = []
        for side, offset in (("right", 0), ("left", 21)):
            if not valid[offset : offset + 21].any():
                continue
            own = (world[offset : offset + 21] - at_mm) @ turn.T / 1000
            joints, ok = np.empty((21, 3)), np.empty(21, bool)
            joints[INTERHAND], ok[INTERHAND] = own, valid[offset : offset + 21] == 1
            seen.append((side, joints))
            known = np.where(ok[:, None], joints, np.nan)
            records.append(hand(side, known, project(k, known), states(known, k, *size), subject=subject))
        picture = Picture(*size, k, seen, plane_m=1.6)
        name = f"Capture{capture}/{sequence}/cam{camera}/image{frame:04d}.jpg"
        jpg(folder / "images" / split / name, picture.rgb)
        content["joint"].setdefault(str(capture), {})[str(frame)] = {
            "world_coord": world.round(4).tolist(),
            "joint_valid": valid[:, None].tolist(),
            "hand_type": kind,
            "hand_type_valid": True,
        }
        content["images"].append(
            {"id": number, "file_name": name, "width": size[0], "height": size[1], "capture": capture, "subject": subject,
             "seq_name": sequence, "camera": camera, "frame_idx": frame}
        )
        content["annotations"].append(
            {"id": 100 + number, "image_id": number, "bbox": [40.0, 60.0, 250.0, 330.0], "joint_valid": valid.tolist(),
             "hand_type": kind, "hand_type_valid": 1}
        )
        samples.append(
            sample(f"{split}/{name[:-4]}", split, size, k, records, clip=f"{split}/Capture{capture}/{sequence}", lossy=True)
        )
    for split, content in files.items():
        base = folder / "annotations" / split / f"InterHand2.6M_{split}"
        write(f"{base}_data.json", json.dumps({"images": content["images"], "annotations": content["annotations"]}))
        write(f"{base}_camera.json", json.dumps(content["camera"]))
        write(f"{base}_joint_3d.json", json.dumps(content["joint"]))
    why = "the set's own scripts project R (X - campos) as focal xy / z + princpt into pixel indices"
    save(folder, "interhand", CENTRE, why, samples)
