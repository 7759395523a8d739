"""Reads the tar shards of a dataset with the webdataset package, and members through the offset index.

usage: read_webdataset.py FOLDER
"""

import io
import json
import sys
from pathlib import Path

import numpy as np
import webdataset
from PIL import Image


def check_sample(sample, unit_of_plan):
    key = sample["__key__"]
    assert "." not in key, key
    label = json.loads(sample["json"])
    assert label["id"] == key and label["pixel_origin"] == "corner", key
    size = (label["width"], label["height"])
    pictures = {}
    for name, content in sample.items():
        if name.endswith((".png", ".jpg")):
            pictures[name] = np.asarray(Image.open(io.BytesIO(content)))
            assert pictures[name].shape[:2] == size[::-1], f"{key}.{name}"
    rgb = pictures.get("rgb.jpg", pictures.get("rgb.png"))
    assert rgb is not None and rgb.shape[2] == 3, f"{key}: no colour picture"
    depth, mask = pictures.get("depth.png"), pictures.get("mask.png")
    if depth is not None:
        assert label["depth_unit_m"] == unit_of_plan, key
        assert depth.max() <= 65535 and depth.dtype != np.uint8, f"{key}: depth of 8 bits"
    for hand in label["hands"]:
        points = np.array(hand["keypoints_camera_m"])
        k = np.array(label["k"])
        seen = np.array(hand["visibility_coco"]) > 0
        uv = points @ k.T
        uv = uv[:, :2] / uv[:, 2:]
        if label["lens"] == "pinhole" and seen.any():
            stated = np.array([p if p else [np.nan, np.nan] for p in hand["keypoints_px"]])
            assert np.abs(uv - stated)[seen].max() < 0.01, f"{key}: projection"
        if depth is not None and mask is not None:
            check_depth(key, label, hand, depth, mask)


def check_depth(key, label, hand, depth, mask):
    """Visible keypoints that fall on their own hand lie a little behind the skin."""
    low, high = (2, 17) if hand["side"] == "left" else (18, 33)
    on_hand, behind = 0, 0
    for point, pixel, flag in zip(hand["keypoints_camera_m"], hand["keypoints_px"], hand["visibility_coco"]):
        if flag != 2:
            continue
        u, v = int(pixel[0]), int(pixel[1])
        if low <= mask[v, u] <= high:
            on_hand += 1
            behind += -0.01 < point[2] - depth[v, u] * label["depth_unit_m"] < 0.04
    assert behind >= 0.8 * on_hand, f"{key}: {behind} of {on_hand} visible keypoints lie behind their skin"


def check_index(tar, keys):
    """The index is NVIDIA DALI's; its offsets point at the members."""
    header, *lines = tar.with_suffix(".idx").read_text().splitlines()
    assert header == f"v1.2 {len(keys)}", header
    content = tar.read_bytes()
    for key, line in zip(keys, lines, strict=True):
        fields = line.split(" ")
        members = [fields[k : k + 4] for k in range(0, len(fields), 4)]
        for extension, offset, size, name in members:
            assert name == f"{key}.{extension}", name
            start = {"png": b"\x89PNG", "jpg": b"\xff\xd8", "exr": b"v/1\x01", "json": b"{"}[name.rsplit(".", 1)[1]]
            member = content[int(offset) : int(offset) + int(size)]
            assert member.startswith(start), f"{name}: the index points elsewhere"


def main(folder):
    folder = Path(folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    total = 0
    for tar in sorted(folder.glob("*.tar")):
        samples = list(webdataset.WebDataset(str(tar), shardshuffle=False, empty_check=False))
        for sample in samples:
            check_sample(sample, manifest["output"]["depth_unit_m"])
        # every sample has the same members, as Hugging Face's builder wants it
        kinds = {tuple(name for name in sorted(s) if not name.startswith("__")) for s in samples}
        assert len(kinds) == 1, kinds
        check_index(tar, [sample["__key__"] for sample in samples])
        total += len(samples)
    assert total == manifest["samples"], f"{total} samples, the manifest says {manifest['samples']}"
    print(f"webdataset: {total} samples read")


if __name__ == "__main__":
    main(sys.argv[1])
