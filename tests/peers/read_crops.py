"""Reads the arrays of `handloom crop` with numpy alone and undoes the crop."""

import json
import sys
from pathlib import Path

import numpy as np

folder = Path(sys.argv[1])
settings = json.loads((folder / "crops.json").read_text())
for split, count in settings["splits"]:
    load = lambda name: np.load(folder / split / f"{name}.npy", mmap_mode="r")
    depth, crop, camera = load("depth"), load("keypoints_crop"), load("keypoints_camera")
    centre, cube, m, k = load("centre"), load("cube"), load("picture_from_crop"), load("k")
    size = settings["size_px"]
    assert depth.shape == (count, size, size) and depth.dtype == np.float32, depth.shape
    assert crop.shape == camera.shape == (count, 21, 3)
    assert load("side").shape == load("subject").shape == (count,) and load("sample").shape == (count, 2)
    assert np.all((depth >= -1) & (depth <= 1)) and np.all(depth.min(axis=(1, 2)) < 1), "a crop without a hand"
    z = crop[..., 2] * cube[:, None] / 2 + centre[:, None, 2]
    pixel = np.einsum("nij,nkj->nki", m, np.concatenate([crop[..., :2], np.ones((count, 21, 1))], axis=2))
    x = (pixel[..., 0] - k[:, None, 0, 2]) * z / k[:, None, 0, 0]
    y = (pixel[..., 1] - k[:, None, 1, 2]) * z / k[:, None, 1, 1]
    error = np.abs(np.stack([x, y, z], axis=2) - camera).max()
    assert error < 1e-4, f"keypoints come back {error} m away"
    print(f"{folder}/{split}: {count} crops, keypoints within {error * 1e3:.4f} mm")
