"""Reads our FreiHAND tree as FreiHAND's tools do: lists by picture number, K xyz / z in pixels from the first one's centre."""

import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image

folder = Path(sys.argv[1])
for split in ("training", "evaluation"):
    if not (folder / f"{split}_K.json").is_file():
        continue
    k, xyz, scale = (json.loads((folder / f"{split}_{name}.json").read_text()) for name in ("K", "xyz", "scale"))
    pictures = sorted((folder / split / "rgb").glob("*.jpg"))
    assert len(k) == len(xyz) == len(scale) == len(pictures) > 0
    on_hand = []
    for number, picture in enumerate(pictures):
        assert picture.name == f"{number:08d}.jpg" and Image.open(picture).size == (224, 224)
        points = np.array(xyz[number])
        assert points.shape == (21, 3) and abs(np.linalg.norm(points[9] - points[10]) - scale[number]) < 1e-6
        projected = points @ np.array(k[number]).T
        u, v = (projected[:, i] / projected[:, 2] for i in (0, 1))
        mask = np.array(Image.open(folder / split / "mask" / picture.name).convert("L")) > 127
        inside = (u > -0.5) & (u < 223.5) & (v > -0.5) & (v < 223.5)
        on_hand += list(mask[np.rint(v[inside]).astype(int), np.rint(u[inside]).astype(int)])
    assert np.mean(on_hand) > 0.7, f"{np.mean(on_hand):.2f} of the keypoints lie on the mask"
    print(f"{folder}/{split}: {len(pictures)} pictures, {np.mean(on_hand):.2f} of the keypoints on the mask")
