"""Reads a dataset in RHD's own layout the way RHD's users do: with pickle, numpy and Pillow.

usage: read_rhd.py FOLDER
"""

import pickle
import sys
from pathlib import Path

import numpy as np
from PIL import Image

SIZE = 320
# least share of what must hold for keypoints that lie on their own hand
MOST = 0.8


def picture(path, mode):
    with Image.open(path) as image:
        assert image.mode == mode, f"{path}: mode {image.mode}, expected {mode}"
        assert image.size == (SIZE, SIZE), f"{path}: {image.size}"
        return np.asarray(image)


def check_projection(name, anno):
    xyz, uv_vis, k = anno["xyz"], anno["uv_vis"], anno["K"]
    assert xyz.shape == (42, 3) and uv_vis.shape == (42, 3) and k.shape == (3, 3), name
    assert k[0, 2] > 0 and k[1, 2] > 0 and k[2, 2] == 1, name
    there = xyz[:, 2] > 0
    assert there[:21].any() or there[21:].any(), f"{name}: no hand"
    for hand in (there[:21], there[21:]):
        assert hand.all() or not hand.any(), f"{name}: half a hand"
    uv = xyz[there] @ k.T
    uv = uv[:, :2] / uv[:, 2:]
    error = np.abs(uv - uv_vis[there, :2]).max()
    assert error < 0.01, f"{name}: K xyz / z is {error} px away from uv"
    assert set(np.unique(uv_vis[:, 2])) <= {0.0, 1.0}, name
    assert (uv_vis[~there] == 0).all(), f"{name}: an absent hand is not zero"
    return there


def check_pictures(name, folder, anno, there):
    colour = picture(folder / "color" / f"{name}.png", "RGB")
    mask = picture(folder / "mask" / f"{name}.png", "L")
    depth = picture(folder / "depth" / f"{name}.png", "RGB").astype(np.uint32)
    assert colour.std() > 0, f"{name}: the picture is empty"
    assert mask.max() <= 33, f"{name}: part {mask.max()}"
    depth_m = (256 * depth[..., 0] + depth[..., 1]) / 65535.0 * 5.0
    hand = mask > 1
    assert hand.any(), f"{name}: no hand in the mask"
    assert (depth_m[hand] < 4.9).all(), f"{name}: a hand without depth"
    on_hand, behind, tips, right_tips = 0, 0, 0, 0
    for place in np.flatnonzero((anno["uv_vis"][:, 2] == 1) & there):
        u, v = np.floor(anno["uv_vis"][place, :2]).astype(int)
        hand, joint = divmod(place, 21)
        part = int(mask[v, u]) - 2 - 16 * hand
        if not 0 <= part <= 15:
            continue
        on_hand += 1
        # a joint lies inside the flesh, at most a few centimetres behind the skin
        behind += -0.01 < anno["xyz"][place, 2] - depth_m[v, u] < 0.04
        if joint in (1, 5, 9, 13, 17):
            tips += 1
            right_tips += part == (joint - 1) // 4 * 3
    return np.array([on_hand, behind, tips, right_tips])


def main(folder):
    root = Path(folder) / "RHD_published_v2"
    splits = [s for s in ("training", "evaluation") if (root / s).is_dir()]
    assert splits, f"{root}: no split"
    total, counts = 0, np.zeros(4, int)
    for split in splits:
        with open(root / split / f"anno_{split}.pickle", "rb") as file:
            annos = pickle.load(file)
        assert annos and all(isinstance(key, int) for key in annos), split
        numbers = {int(path.stem) for path in (root / split / "color").iterdir()}
        assert numbers == set(annos), f"{split}: pictures and annotations differ"
        for number, anno in annos.items():
            name = f"{number:05d}"
            there = check_projection(name, anno)
            counts += check_pictures(name, root / split, anno, there)
        total += len(annos)
    on_hand, behind, tips, right_tips = counts
    assert on_hand > 0 and behind >= MOST * on_hand, f"{behind} of {on_hand} visible keypoints lie behind their skin"
    assert tips > 0 and right_tips >= MOST * tips, f"{right_tips} of {tips} visible tips lie on their tip segment"
    print(f"rhd: {total} samples of {', '.join(splits)} read; {counts} keypoints on hand, behind skin; tips, right")


if __name__ == "__main__":
    main(sys.argv[1])
