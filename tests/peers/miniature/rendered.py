"""Rendered sets: RHD, SynthHands, GANerated."""

import pickle

import numpy as np

from make_codecs import Old, dumps

from .draw import Picture, png, two_channels, write
from .expected import CENTRE, CORNER, counts, hand, picture_probes, sample, save, states
from .truth import corner, hand as truth, matrix, project

TIP_TO_BASE = [0, 4, 3, 2, 1, 8, 7, 6, 5, 12, 11, 10, 9, 16, 15, 14, 13, 20, 19, 18, 17]


def rhd(folder):
    """RHD_published_v2: pickles of float32 by NumPy 1 (protocol 3) and float64 by NumPy 2 (protocol 4)."""
    root = folder / "RHD_published_v2"
    scenes = [
        # split, focal length, left hand's knuckle, right hand's
        ("training", 299.0, (-0.11, 0.02, 0.52), (0.12, -0.03, 0.61)),
        ("training", 263.2, (-0.40, 0.05, 0.66), (0.05, 0.04, 0.49)),
        ("training", 305.9, (0.13, -0.05, 0.70), (-0.12, 0.06, 0.57)),
        ("evaluation", 281.5, (-0.10, 0.00, 0.44), (0.11, 0.01, 0.63)),
    ]
    samples, labels, numbers = [], {}, {}
    for seed, (split, focal, left_at, right_at) in enumerate(scenes):
        number = numbers.setdefault(split, 0)
        numbers[split] += 1
        k = matrix(focal, focal, 160, 160)
        hands = [("left", truth("left", f"rhd {seed}", left_at)), ("right", truth("right", f"rhd r{seed}", right_at, 0.93))]
        picture = Picture(320, 320, k, hands)
        # a piece of a person that is no hand
        picture.part[300:315, 20:60], picture.rgb[300:315, 20:60] = 1, (90, 40, 20)
        steps = np.round(picture.depth / 5 * 65535)
        steps[5, 7] = 65535
        name = f"{number:05d}"
        png(root / split / "color" / f"{name}.png", picture.rgb)
        png(root / split / "mask" / f"{name}.png", picture.part)
        png(root / split / "depth" / f"{name}.png", two_channels(steps, high=0, low=1))
        kind = np.float32 if split == "training" else np.float64
        xyz = np.concatenate([joints[TIP_TO_BASE] for _, joints in hands])
        uv = project(k, xyz)
        seen = np.concatenate([np.array(s)[TIP_TO_BASE] for s in picture.seen])
        label = {"K": k, "xyz": xyz, "uv_vis": np.column_stack([uv, seen])}
        labels.setdefault(split, {})[number] = {key: value.astype(kind) for key, value in label.items()}
        depth_m = np.where(steps == 65535, 0, steps / 65535 * 5)
        depth, rgb = picture_probes(picture, depth_m, [j for _, j in hands], k, extra=[(7, 5)])
        records = [
            hand(side, j, project(k, j), states(j, k, 320, 320, picture.seen[n])) for n, (side, j) in enumerate(hands)
        ]
        samples.append(
            sample(f"{split}/{name}", split, (320, 320), k, records, depth=depth, rgb=rgb, part=counts(picture.part))
        )
    write(root / "training" / "anno_training.pickle", dumps(labels["training"], Old, 3))
    write(root / "evaluation" / "anno_evaluation.pickle", pickle.dumps(labels["evaluation"], 4))
    order = {"training": 0, "evaluation": 1}
    samples.sort(key=lambda s: order[s["split"]])
    why = "rendered with cx = cy = 160 in a picture of 320 pixels: the middle, counted from the corner"
    save(folder, "rhd", CORNER, why, samples)


SYNTH_DEPTH = matrix(475.62, 475.62, 311.125, 245.965)
SYNTH_COLOUR = matrix(617.173, 617.173, 315.453, 242.259)
COLOUR_FROM_DEPTH_M = np.array([24.7, -0.0471, 3.72045]) / 1000


def synthhands(folder):
    """Colour camera beside the depth camera; joints in mm in the depth camera's frame; left hands."""
    root = folder / "SynthHands_Release"
    samples = []
    frames = [
        ("female_noobject/seq01/cam01/01", 0),
        ("female_noobject/seq01/cam01/01", 1),
        ("male_object/seq02/cam03/02", 0),
    ]
    for seed, (place, number) in enumerate(frames):
        joints = truth("left", f"synthhands {seed}", (0.03 - 0.04 * seed, 0.02, 0.42 + 0.03 * seed), 1 - 0.05 * seed)
        k = corner(SYNTH_DEPTH, 0.5)
        on_depth = Picture(640, 480, k, [("left", joints)])
        colour = Picture(640, 480, corner(SYNTH_COLOUR, 0.5), [("left", joints + COLOUR_FROM_DEPTH_M)])
        if "noobject" in place:
            for picture in (on_depth, colour):
                picture.rgb[picture.instance == 0] = (14, 255, 14)
        steps = np.round(on_depth.depth * 1000).astype(np.uint16)
        steps[6, 9], steps[7, 9] = 32001, 0
        name = root / place / f"{number:08d}"
        png(f"{name}_color.png", colour.rgb)
        png(f"{name}_color_on_depth.png", on_depth.rgb)
        png(f"{name}_depth.png", steps)
        write(f"{name}_joint_pos.txt", ",".join(f"{x * 1000:.4f}" for x in joints.ravel()) + "\n")
        depth_m = np.where(steps == 32001, 0, steps / 1000)
        depth, rgb = picture_probes(on_depth, depth_m, [joints], k, extra=[(9, 6), (9, 7)])
        record = hand("left", joints, project(k, joints), states(joints, k, 640, 480))
        samples.append(sample(f"{place}/{number:08d}", "train", (640, 480), k, [record], clip=place, depth=depth, rgb=rgb))
    why = "joints are in the depth camera's frame and projected as K xyz / z; pictures of the depth camera (color_on_depth)"
    save(folder, "synthhands", CENTRE, why, samples)


def ganerated(folder):
    """Crops of 256 x 256; left hands; three label files and the crop."""
    root = folder / "GANeratedHands_Release" / "data"
    samples = []
    frames = [("noObject/0001", 1), ("noObject/0001", 2), ("withObject/0002", 1)]
    for seed, (place, number) in enumerate(frames):
        joints = truth("left", f"ganerated {seed}", (0.02 * seed, -0.03, 0.45), 0.9 + 0.05 * seed)
        uv = project(SYNTH_COLOUR, joints)
        scale = 256 / (1.4 * (uv.max(0) - uv.min(0)).max())
        origin = uv.mean(0) - 128 / scale
        k_crop = matrix(*(SYNTH_COLOUR[0, 0] * scale,) * 2, *(scale * (SYNTH_COLOUR[:2, 2] - origin)))
        k = corner(k_crop, 0.5)
        picture = Picture(256, 256, k, [("left", joints)])
        name = root / place / f"{number:04d}"
        png(f"{name}_color_composed.png", picture.rgb)
        relative = (joints - joints[9]) / np.linalg.norm(joints[0] - joints[9])
        texts = {"joint_pos": relative, "joint_pos_global": joints * 1000, "joint2D": project(k_crop, joints)}
        for key, values in texts.items():
            write(f"{name}_{key}.txt", ",".join(f"{x:.6f}" for x in values.ravel()) + "\n")
        write(f"{name}_crop_params.txt", f"{origin[0]:.6f},{origin[1]:.6f},{scale:.6f}\n")
        _, rgb = picture_probes(picture, None, [joints], k)
        record = hand("left", joints, project(k, joints), states(joints, k, 256, 256))
        samples.append(sample(f"{place}/{number:04d}", "train", (256, 256), k, [record], clip=place, rgb=rgb))
    why = "joint2D is scale (K xyz / z - origin): indices of pixels, as in the uncropped picture"
    save(folder, "ganerated", CENTRE, why, samples)
