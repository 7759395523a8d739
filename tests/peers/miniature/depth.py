"""Depth sets: NYU, MSRA, ICVL."""

import struct

import numpy as np

from .captured import mat_file
from .draw import Picture, png, two_channels, write
from .expected import CENTRE, hand, picture_probes, sample, save, states
from .truth import corner, hand as truth, matrix, project

NYU = matrix(588.036865, 587.075073, 320, 240)
CREATIVE = matrix(241.42, 241.42, 160, 120)
KNUCKLES = ["KNU3_A", "KNU3_B", "KNU2_A", "KNU2_B", "KNU1_A", "KNU1_B"]
NYU_NAMES = [f"F{f}_{k}" for f in (1, 2, 3, 4) for k in KNUCKLES] + [f"TH_{k}" for k in KNUCKLES]
NYU_NAMES += [f"PALM_{n}" for n in range(1, 7)]


def nyu_points(joints):
    """36 points: little, ring, middle, index, thumb from tip to base with points between, then the palm."""
    points = []
    for digit in (4, 3, 2, 1, 0):
        base, pip, dip, tip = joints[1 + 4 * digit : 5 + 4 * digit]
        points += [tip, dip, 0.6 * dip + 0.4 * pip, pip, base, 0.8 * base + 0.2 * joints[0]]
    wrist, index, little = joints[0], joints[5], joints[17]
    across = (index - little) * 0.3
    points += [wrist - across, wrist + across, 0.4 * wrist + 0.6 * joints[9], 0.5 * (index + wrist), 0.5 * (little + wrist)]
    return np.array([*points, wrist])


def nyu(folder):
    """Three Kinects; y up; depth in green and blue; a compressed .mat and a plain one."""
    samples = []
    for split, frames, compressed in (("train", 2, True), ("test", 1, False)):
        uvd, xyz = np.zeros((3, frames, 36, 3)), np.zeros((3, frames, 36, 3))
        for kinect in range(3):
            for frame in range(frames):
                joints = truth("right", f"nyu {split} {frame} {kinect}", (0.05 * kinect - 0.04, 0.02, 0.72 + 0.04 * frame))
                k = corner(NYU, 0.5)
                points = nyu_points(joints)
                pixels = project(NYU, points)
                uvd[kinect, frame] = np.column_stack([pixels, points[:, 2] * 1000])
                xyz[kinect, frame] = points * [1000, -1000, 1000]
                picture = Picture(640, 480, k, [("right", joints)])
                steps = np.round(picture.depth * 1000)
                steps[8, 6] = 0
                name = f"{kinect + 1}_{frame + 1:07d}.png"
                png(folder / split / f"depth_{name}", two_channels(steps, high=1, low=2))
                png(folder / split / f"rgb_{name}", picture.rgb)
                if kinect == 0:
                    png(folder / split / f"synthdepth_{name}", two_channels(steps, high=1, low=2))
                depth, rgb = picture_probes(picture, steps / 1000, [joints], k, extra=[(6, 8)])
                extra = {n: (points[NYU_NAMES.index(n)], project(k, points[NYU_NAMES.index(n)]))
                         for n in ("PALM_1", "PALM_2", "PALM_3", "F4_KNU2_A", "F1_KNU1_B", "TH_KNU1_B")}
                record = hand(None, joints, project(k, joints), states(joints, k, 640, 480), extra=extra)
                samples.append(
                    sample(
                        f"{split}/{kinect + 1}_{frame + 1:07d}", split, (640, 480), k, [record],
                        clip=split, frame=frame, depth=depth, rgb=rgb,
                    )
                )
        names = np.empty((1, 36), object)
        names[0] = NYU_NAMES
        write(folder / split / "joint_data.mat",
              mat_file({"joint_names": names, "joint_uvd": uvd, "joint_xyz": xyz}, compressed))
    why = "joint_uvd is K xyz / z with the middle at (320, 240), pixel indices as the loaders use them"
    save(folder, "nyu", CENTRE, why, samples)


# wrist; index, middle, ring, little; thumb last
MSRA = [0, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 1, 2, 3, 4]


def msra(folder):
    """Two subjects, two gestures; cut-out float depth; y up and z negative; right hands."""
    samples = []
    root = folder / "cvpr15_MSRAHandGestureDB"
    for person, gesture, frames in ((0, "1", 2), (0, "TIP", 1), (3, "5", 1)):
        rows = []
        for frame in range(frames):
            joints = truth("right", f"msra {person} {gesture} {frame}", (0.03, -0.02, 0.55 + 0.1 * frame), 1 - 0.03 * person)
            k = corner(CREATIVE, 0.5)
            picture = Picture(320, 240, k, [("right", joints)])
            mm = np.where(picture.instance == 1, picture.depth * 1000, 0).astype("<f4")
            rows_in, columns_in = np.nonzero(mm)
            left, right, top, bottom = columns_in.min() - 1, columns_in.max() + 3, rows_in.min() - 2, rows_in.max() + 2
            data = struct.pack("<6i", 320, 240, left, top, right, bottom) + mm[top:bottom, left:right].tobytes()
            write(root / f"P{person}" / gesture / f"{frame:06d}_depth.bin", data)
            rows.append(" ".join(f"{x:.4f}" for x in (joints[MSRA] * [1000, -1000, -1000]).ravel()))
            depth, _ = picture_probes(picture, mm.astype(float) / 1000, [joints], k)
            record = hand("right", joints, project(k, joints), states(joints, k, 320, 240), subject=person)
            samples.append(
                sample(
                    f"P{person}/{gesture}/{frame:06d}", f"P{person}", (320, 240), k, [record],
                    clip=f"P{person}/{gesture}", frame=frame, depth=depth,
                )
            )
        write(root / f"P{person}" / gesture / "joint.txt", f"{frames}\n" + "\n".join(rows) + "\n")
    why = "no 2D labels; loaders project with the middle at (160, 120) into pixel indices"
    save(folder, "msra", CENTRE, why, samples)


# canonical joints of palm (none); thumb, index, middle, ring, little: root, mid, tip
ICVL = [None, 1, 3, 4, 5, 7, 8, 9, 11, 12, 13, 15, 16, 17, 19, 20]


def icvl(folder):
    """Text labels of u v z; a training list and two test lists; a rotated copy in a folder of its own."""
    samples = []
    places = [
        ("Training", "labels.txt", "201403121135/image_0000.png"),
        ("Training", "labels.txt", "201403121135/image_0001.png"),
        ("Training", "labels.txt", "22-5/201403121140/image_0000.png"),
        ("Testing", "test_seq_1.txt", "test_seq_1/image_0000.png"),
        ("Testing", "test_seq_2.txt", "test_seq_2/image_0000.png"),
    ]
    lists = {}
    for seed, (split, list_, name) in enumerate(places):
        joints = truth("right", f"icvl {seed}", (-0.04 + 0.02 * seed, 0.03, 0.38 + 0.05 * seed))
        palm = 0.45 * joints[0] + 0.55 * joints[9]
        k = corner(CREATIVE, 0.5)
        picture = Picture(320, 240, k, [("right", joints)], plane_m=0.9)
        steps = np.round(picture.depth * 1000).astype(np.uint16)
        steps[3, 5] = 0
        png(folder / split / "Depth" / name, steps)
        points = np.array([palm if c is None else joints[c] for c in ICVL])
        uvz = np.column_stack([project(CREATIVE, points), points[:, 2] * 1000])
        lists.setdefault((split, list_), []).append(f"{name} " + " ".join(f"{x:.4f}" for x in uvz.ravel()))
        known = np.full((21, 3), np.nan)
        for c in ICVL[1:]:
            known[c] = joints[c]
        depth, _ = picture_probes(picture, steps / 1000, [joints], k, extra=[(5, 3)])
        record = hand(None, known, project(k, known), states(known, k, 320, 240), extra={"palm": (palm, project(k, palm))})
        samples.append(
            sample(
                f"{split}/Depth/{name[:-4]}", "train" if split == "Training" else "test", (320, 240), k, [record],
                clip=f"{split}/{name.rsplit('/', 1)[0]}", depth=depth,
            )
        )
    for (split, list_), rows in lists.items():
        write(folder / split / list_, "\n".join(rows) + "\n\n")
    why = "u v of the labels are used as pixel indices with the middle at (160, 120)"
    save(folder, "icvl", CENTRE, why, samples)
